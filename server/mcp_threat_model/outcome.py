"""What became of one target: a report, or the error that says why not; how any error becomes a result, and what several
reports come to together."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_model.source.interface import Target
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.facts.runs import EVERYWHERE, Runs
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import as_asked
from mcp_threat_scoring.report import ErrorOut, Report
from mcp_threat_scoring.report_set import FleetOut
from mcp_threat_scoring.structs import Struct, field


class Outcome(Struct, frozen=True):
    """What became of one target. A `fault` is ours: an error nobody foresaw."""

    result: Report | ErrorOut
    fault: Exception | None = None
    manifest: Manifest | None = field(default=None)
    """What the report was made of, for what compares servers or pins them."""


def failure(label: str, error: Exception) -> Outcome:
    """The error as a result. Only a TargetError was foreseen; of any other nothing but its type is told."""
    shown = as_asked(label)
    known = _target_error(error)
    if known:
        return Outcome(
            ErrorOut(target=shown, code=known.code, message=_sentence(known.message), hint=_sentence(known.hint))
        )
    message = f"internal error ({type(_first_leaf(error)).__name__}): this target could not be analysed."
    hint = "Please report it, with the target's tools/list if you can share it."
    return Outcome(ErrorOut(target=shown, code="unsupported", message=message, hint=hint), fault=error)


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _target_error(error: BaseException) -> TargetError | None:
    """The TargetError itself, or the first one inside a task group's exception group."""
    if isinstance(error, TargetError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for member in error.exceptions if (found := _target_error(member))), None)
    return None


def _first_leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class Whole(Struct, frozen=True):
    """What became of the set: nothing where there is none. With a `fault` of ours, the fleet says that it failed."""

    fleet: FleetOut | None = None
    fault: Exception | None = None


def together(targets: Sequence[Target], outcomes: Sequence[Outcome]) -> Whole:
    """What the servers that could be read make possible in one client; nothing for fewer than two.

    Nothing is raised: whatever goes wrong here, the reports that there are stand.
    """
    read = [
        (target, outcome.result, outcome.manifest)
        for target, outcome in zip(targets, outcomes, strict=True)
        if isinstance(outcome.result, Report) and outcome.manifest is not None
    ]
    if len(read) < 2:
        return Whole()
    try:
        from mcp_threat_scoring.analyze import knowledge
        from mcp_threat_scoring.fleet.chains import Member, fleet, private_domains

        members = [Member(target.safe, report, manifest, _runs(target)) for target, report, manifest in read]
        return Whole(fleet(members, private_domains(knowledge().ruleset)))
    except Exception as error:
        missing = FleetOut(
            servers=[target.safe for target, _, _ in read],
            paths=[],
            shadows=[],
            summary=f"What these servers make possible together could not be worked out: internal error "
            f"({type(error).__name__}). The reports of each stand. Please report it.",
        )
        return Whole(missing, error)


def _runs(target: Target) -> Runs:
    try:
        return target.way().runs
    except TargetError:
        return EVERYWHERE  # it was taken out of its configuration while it was read
