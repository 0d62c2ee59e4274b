"""CVSS base scores, from a vector alone, through the `cvss` library. No CVSS number in a report has another origin.

Only base metrics count. CVSS v4.0 folds the exploit maturity E and the environmental metrics into one score (section
2 of its specification): with `/E:U` a base of 9.4 reads 7.6. AIVSS has its own threat and mitigation terms, so a vector
is reduced to its base metrics first, or the same evidence would count twice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from mcp_threat_scoring.aivss.tables import CvssVersion
from mcp_threat_scoring.errors import FactorError
from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.structs import Struct

# CVSS v3.1 specification, section 2; CVSS v4.0 specification, section 2. In the order their vectors are written.
BASE_METRICS: Final[dict[CvssVersion, tuple[str, ...]]] = {
    "3.1": ("AV", "AC", "PR", "UI", "S", "C", "I", "A"),
    "4.0": ("AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"),
}

_MAX_VECTOR = 512
"""Characters. The longest valid vector, v4.0 with every metric, has under 200."""


class CvssBase(Struct, frozen=True):
    """A base vector in its canonical order, its metrics, and its score (0.0 to 10.0, one decimal)."""

    version: CvssVersion
    vector: str
    metrics: tuple[tuple[str, str], ...]
    score: float


@lru_cache(maxsize=4096)
def cvss_base(vector: str) -> CvssBase:
    """Read a CVSS v3.1 or v4.0 vector, drop what is not a base metric, and score the rest.

    Raises FactorError in one sentence if the version is another one, or if a metric is missing, given twice, unknown,
    or has a value it cannot have.
    """
    from cvss import CVSS3, CVSS4  # 10 ms of tables, needed only once something is scored
    from cvss.exceptions import CVSSError

    if len(vector) > _MAX_VECTOR:
        raise FactorError(f"The CVSS vector is longer than {_MAX_VECTOR} characters.")
    version = _version(vector)
    calculator = CVSS3 if version == "3.1" else CVSS4
    try:
        whole = calculator(vector)  # reads every metric: a wrong one is an error even where it is then dropped
        given = dict(field.split(":", 1) for field in vector.split("/")[1:])
        metrics = tuple((metric, given[metric]) for metric in BASE_METRICS[version])
        base = "/".join((f"CVSS:{version}", *(f"{metric}:{value}" for metric, value in metrics)))
        score = float((whole if base == vector else calculator(base)).base_score)
    except CVSSError as error:
        raise FactorError(f"The CVSS vector cannot be read: {neutralise(str(error), 160)}.") from error
    return CvssBase(version, base, metrics, score)


def _version(vector: str) -> CvssVersion:
    if vector.startswith("CVSS:3.1/"):
        return "3.1"
    if vector.startswith("CVSS:4.0/"):
        return "4.0"
    raise FactorError(
        f"A CVSS vector starts with CVSS:3.1/ or CVSS:4.0/; this one starts with {neutralise(vector, 9)!r}."
    )
