"""The calculator: the terms a person or a script gives, checked against their profile, and the score they make.

One document in, one AIVSS object out. Nothing is guessed: a factor that is not given is an error, unless the score of a
server stands behind it, whose own terms are then taken as they are, with their reasons and bounds. The other profile is
null in the answer, because its factors are other questions on another scale and cannot be converted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

from mcp_threat_scoring.aivss.cvss_base import cvss_base
from mcp_threat_scoring.aivss.formula import Aivss, aivss, factor_sum
from mcp_threat_scoring.aivss.tables import MAX_SCORE, PROFILES, Allowed, ProfileTable
from mcp_threat_scoring.errors import FactorError
from mcp_threat_scoring.neutralise import excerpt, neutralise_name
from mcp_threat_scoring.report_score import AivssOut, AivssProfileOut, CvssOut, FactorOut, MetricOut, RangeOut

FIELDS: Final = ("profile", "cvss_base", "cvss_vector", "factors", "threat_multiplier", "mitigation_factor")
_CVSS: Final = Allowed(0.0, MAX_SCORE)


def calculate(document: object, own: AivssProfileOut | None = None) -> AivssOut:
    """Score the document `{profile, cvss_base or cvss_vector, factors, threat_multiplier, mitigation_factor}`.

    `profile` is graded unless given; the multipliers take the profile's default unless given; the base and all ten
    factors must be given. With `own`, the score of a server under the same profile, each term that is not given is its
    own, and keeps its basis, reason, evidence and bounds: the range is that of what is still not known. Raises
    FactorError, in one sentence that names the field and what it may hold, for anything missing, unknown, out of range,
    not a plain number, or contradictory.
    """
    if not isinstance(document, Mapping):
        raise FactorError("The calculator's input is one JSON object with: " + ", ".join(FIELDS) + ".")
    _known(document, FIELDS, "field")
    table = _profile(document.get("profile", "graded"))
    base, vector = document.get("cvss_base"), document.get("cvss_vector")
    cvss = own.cvss if own and base is None and vector is None else _cvss(table, base, vector)
    factors = _with_own(table, document.get("factors"), own)
    threat = _multiplier(document, "threat_multiplier", table.threat, table.threat_default)
    mitigation = _multiplier(document, "mitigation_factor", table.mitigation, table.mitigation_default)
    held = mitigation[0]
    if own and document.get("threat_multiplier") is None:
        threat = own.threat_multiplier, own.threat_multiplier_reason
    if own and document.get("mitigation_factor") is None:
        mitigation, held = (own.mitigation_factor, own.mitigation_reason), own.mitigation_high

    def scored(base_score: float, values: Iterable[float], mitigated: float) -> Aivss:
        return aivss(table, base_score, factor_sum(values), threat[0], mitigated)

    result = scored(cvss.base_score, [one.value for one in factors], mitigation[0])
    low = scored(cvss.base_low, [one.low for one in factors], mitigation[0]).score
    high = scored(cvss.base_high, [one.high for one in factors], held).score
    spanned = own.range.spanned_by if own and (low, high) == (own.range.low, own.range.high) else []
    return AivssOut(
        profile=table.id,
        score=result.score,
        severity=result.severity,
        range=RangeOut(low=low, high=high, spanned_by=spanned),
        cvss=cvss,
        factor_sum=result.factor_sum,
        aars=result.aars,
        threat_multiplier=threat[0],
        threat_multiplier_reason=threat[1],
        mitigation_factor=mitigation[0],
        mitigation_reason=mitigation[1],
        mitigation_high=held,
        factors=factors,
        formula=result.formula,
        below_cvss_base=result.below_cvss_base,
        repaired_score=result.repaired,
        levers=[],
    )


def check(document: Mapping[object, object]) -> None:
    """Check the terms that are given, where a server stands for those that are not.

    Raises:
        FactorError: one is unknown, out of range, not a plain number, or contradictory.
    """
    _known(document, FIELDS, "field")
    table = _profile(document.get("profile", "graded"))
    if "cvss_base" in document or "cvss_vector" in document:
        _cvss(table, document.get("cvss_base"), document.get("cvss_vector"))
    if "factors" in document:
        _factors(table, document["factors"], partly=True)
    _multiplier(document, "threat_multiplier", table.threat, table.threat_default)
    _multiplier(document, "mitigation_factor", table.mitigation, table.mitigation_default)


def _profile(value: object) -> ProfileTable:
    for profile in PROFILES.values():
        if value == profile.id:
            return profile
    raise FactorError(f"profile is one of {', '.join(PROFILES)}; not {_shown(value)}.")


def _cvss(table: ProfileTable, base: object, vector: object) -> CvssOut:
    if vector is None:
        if base is None:
            raise FactorError("cvss_base or cvss_vector is missing: the score needs a CVSS base.")
        number = _number("cvss_base", base, _CVSS)
        return CvssOut(version=None, vector=None, base_score=number, base_low=number, base_high=number, metrics=[])
    if not isinstance(vector, str):
        raise FactorError("cvss_vector is a string such as CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:N.")
    found = cvss_base(vector)
    if found.version != table.cvss_version:
        other = next(profile.id for profile in PROFILES.values() if profile.cvss_version == found.version)
        raise FactorError(
            f"Profile {table.id} takes a CVSS {table.cvss_version} vector, and this one is CVSS {found.version}: "
            f"give a {table.cvss_version} vector, or use profile {other}."
        )
    if base is not None and abs(_number("cvss_base", base, _CVSS) - found.score) > 0.049:
        raise FactorError(f"cvss_base {base} and cvss_vector disagree: the vector's base score is {found.score:.1f}.")
    metrics = [MetricOut(id=key, value=value, reason="Given.", evidence=[]) for key, value in found.metrics]
    return CvssOut(
        version=found.version,
        vector=found.vector,
        base_score=found.score,
        base_low=found.score,
        base_high=found.score,
        metrics=metrics,
    )


def _with_own(table: ProfileTable, given: object, own: AivssProfileOut | None) -> list[FactorOut]:
    """The ten factors in the profile's order: those that are given, and a server's own for the others."""
    known = {factor.id: factor for factor in own.factors} if own else {}
    values = {} if given is None and own else _factors(table, given, partly=own is not None)
    return [
        FactorOut(
            id=spec.id,
            name=spec.name,
            value=values[spec.id],
            low=values[spec.id],
            high=values[spec.id],
            basis="given",
            rationale="Given.",
            evidence=[],
        )
        if spec.id in values
        else known[spec.id]
        for spec in table.factors
    ]


def _factors(table: ProfileTable, given: object, *, partly: bool = False) -> dict[str, float]:
    """The ten factors in the profile's order; `partly`: some of them, where others are known already."""
    ids = [spec.id for spec in table.factors]
    if given is None:
        raise FactorError(f"factors is missing: profile {table.id} needs {', '.join(ids)}.")
    if not isinstance(given, Mapping):
        raise FactorError("factors is an object of factor ids and numbers.")
    elsewhere = {spec.id: other.id for other in PROFILES.values() if other is not table for spec in other.factors}
    for key in given:
        if key not in ids and key in elsewhere:
            raise FactorError(f"Factor {key} belongs to profile {elsewhere[key]}, not to {table.id}.")
    _known(given, ids, "factor")
    found = {str(factor): _number(f"Factor {factor}", value, table.factor_values) for factor, value in given.items()}
    if partly:
        return found
    missing = [factor for factor in ids if factor not in given]
    if missing:
        noun = "Factor" if len(missing) == 1 else "Factors"
        verb = "is" if len(missing) == 1 else "are"
        raise FactorError(f"{noun} {', '.join(missing)} {verb} missing: profile {table.id} needs all ten.")
    return {factor: found[factor] for factor in ids}


def _multiplier(document: Mapping[object, object], key: str, allowed: Allowed, default: float) -> tuple[float, str]:
    value = document.get(key)
    if value is None:
        return default, f"Not given: the profile's default, {default:.2f}."
    return _number(key, value, allowed), "Given."


def _number(name: str, value: object, allowed: Allowed) -> float:
    """The value as a float. A bool is not a number here, a numeric string is not either, and NaN is in no range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        said = f"the text “{excerpt(value)}”" if isinstance(value, str) else _shown(value)
        raise FactorError(f"{name} is a number, {allowed}; not {said}.")
    if not allowed.low <= value <= allowed.high or not allowed.admits(value):
        raise FactorError(f"{name} is {allowed}; not {_shown(value)}.")
    return float(value)


def _shown(value: object) -> str:
    """A wrong value in a few words. Only short things are printed: a list or a whole number may be endless."""
    if isinstance(value, str):
        return excerpt(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**9):
        return f"{value:g}"
    return "a very large number" if isinstance(value, int) else f"a {type(value).__name__}"


def _known(given: Mapping[object, object], names: Iterable[str], noun: str) -> None:
    allowed = list(names)
    for key in given:
        if key in allowed:
            continue
        near = difflib.get_close_matches(str(key)[:64], allowed, n=1)
        hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(allowed)}."
        raise FactorError(f"There is no {noun} {neutralise_name(key)}.{hint}")
