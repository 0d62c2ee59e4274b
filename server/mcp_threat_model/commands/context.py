"""What a scan knows beside its reports: where findings stand in the scanned files, and what the policy accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from mcp_threat_model.render.interface import Context
from mcp_threat_model.source.interface import Saved, Target
from mcp_threat_scoring.report import ErrorOut, FindingOut, Report
from mcp_threat_scoring.report_set import FleetOut

if TYPE_CHECKING:
    from mcp_threat_model.outcome import Outcome
    from mcp_threat_model.source.saved.places import Places
    from mcp_threat_scoring.approval.policy import Judgement

_SAFE = "/:@!$&'()*+,;=-._~"


def context_of(
    targets: Sequence[Target | None],
    outcomes: Sequence[Outcome],
    results: Sequence[Report | ErrorOut],
    judged: Mapping[int, Judgement],
    fleet: FleetOut | None = None,
) -> Context:
    """What is known of those results; `judged` are the policy's judgements by the results' places in the list."""
    paths: dict[int, str] = {}
    accepted: dict[int, Mapping[str, str]] = {}
    for index, result in enumerate(results):
        target = targets[index] if index < len(targets) else None
        if isinstance(target, Saved) and target.file and isinstance(outcomes[index].result, Report):
            paths[id(result)] = target.file
        if index in judged:
            accepted[id(result)] = judged[index].accepted
    known: dict[str, Places] = {}

    def line(report: Report, pointer: str) -> int | None:
        path = paths.get(id(report))
        if path is None or not pointer:
            return None
        if path not in known:
            from mcp_threat_model.source.saved.places import Places  # a YAML parser, for outputs that show lines

            known[path] = Places.of(path)
        return known[path].line(pointer)

    def uri(report: Report) -> str | None:
        path = paths.get(id(report))
        return None if path is None else relative_uri(path)

    def reason(report: Report, finding: FindingOut) -> str | None:
        return accepted.get(id(report), {}).get(finding.fingerprint)

    return Context(fleet=fleet, line=line, uri=uri, accepted=reason)


def relative_uri(path: str, base: Path | None = None) -> str:
    """The path as code scanning wants it: from the working directory, with slashes; a file elsewhere as file URI."""
    base = (base or Path.cwd()).resolve()
    whole = (base / path).resolve()
    if whole.is_relative_to(base):
        return quote(whole.relative_to(base).as_posix(), safe=_SAFE.replace(":", ""))
    return whole.as_uri()
