"""The two multipliers of AIVSS: how real the threat is, and how well it is held in check. Both from evidence only.

Threat (AIVSS v0.8, Table 4a): what is known of attacks, not how bad one would be. Mitigation (Table 4b): what stands
in the way. Only controls of the server as a whole count, so that no tool can lower a score by what it says of itself. A
claim is no evidence of a control (Table 4b, partial: some exist), so it counts in the graded profile alone, which
follows the public listings, and never in the upper bound of the range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from mcp_threat_scoring.aivss.atoms import Atoms, compiled
from mcp_threat_scoring.aivss.condition import Condition, Conditional, ToolCondition
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import PROFILES, ProfileTable
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.phrases import joined, sentence
from mcp_threat_scoring.report_score import ProfileId
from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.structs import Meta, Struct


class ThreatLevel(Conditional, frozen=True, kw_only=True):
    """One thing known of attacks, and the multiplier it means in each profile."""

    value: Mapping[ProfileId, float]

    def __post_init__(self) -> None:
        super().__post_init__()
        for profile, value in self.value.items():
            if not PROFILES[profile].threat.admits(value):
                raise ValueError(f"{profile} takes a threat multiplier of {PROFILES[profile].threat}")


class Control(Conditional, frozen=True, kw_only=True):
    """Something that stands in the way of misuse, and what it is worth. `claimed`: somebody only says that it does."""

    when: Condition
    claimed: bool = False
    credit: Annotated[float, Meta(gt=0, le=0.4)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(isinstance(part, ToolCondition) for part in leaves(self.when)):
            raise ValueError("a control is of the server as a whole; a further tool could lower the score")


class Owasp(Model, frozen=True, kw_only=True):
    """Credits needed for the levels of AIVSS v0.8, Table 4b. `strong` cannot be reached by reading."""

    partial: float


class MultipliersDoc(Model, frozen=True, kw_only=True):
    """``rules/multipliers.yaml``."""

    threat: Annotated[list[ThreatLevel], Meta(min_length=1)]
    controls: list[Control]
    owasp: Owasp

    def __post_init__(self) -> None:
        if self.threat[-1].when is not None:
            raise ValueError("the last threat level has no condition")


class Multiplier(Struct, frozen=True):
    """A multiplier and why."""

    value: float
    reason: str


class MultiplierModel:
    """``rules/multipliers.yaml``, compiled."""

    def __init__(self, doc: MultipliersDoc, atoms: Atoms) -> None:
        self.doc = doc
        self._threat = tuple(
            (compiled(level.when, atoms), {p: Multiplier(v, sentence(level.reason)) for p, v in level.value.items()})
            for level in doc.threat
        )
        self._controls = tuple((control, compiled(control.when, atoms)) for control in doc.controls)

    def threat(self, table: ProfileTable, scene: Scene) -> Multiplier:
        """The threat multiplier: of the gravest thing known."""
        return next(value[table.id] for holds, value in self._threat if holds(scene.answers))

    def mitigation(self, table: ProfileTable, scene: Scene) -> Multiplier:
        """The mitigation factor: 1 less the credits, within what the profile allows."""
        held = self._held(table, scene)
        value = self._factor(table, held)
        if not held:
            return Multiplier(value, "Nothing was seen that stands in the way of misuse.")
        said = joined([control.reason for control in held])
        unchecked = ", which nobody has checked" if any(control.claimed for control in held) else ""
        return Multiplier(value, sentence(said + unchecked))

    def held_by(self, table: ProfileTable, scene: Scene) -> float:
        """The mitigation factor alone."""
        return self._factor(table, self._held(table, scene))

    def _held(self, table: ProfileTable, scene: Scene) -> list[Control]:
        # A mere claim counts in no upper bound.
        believed = not table.mitigation.levels and scene.certainty != "conceivable"
        answers = scene.answers
        return [control for control, holds in self._controls if holds(answers) and (believed or not control.claimed)]

    def _factor(self, table: ProfileTable, held: Sequence[Control]) -> float:
        credit = sum(control.credit for control in held)
        if table.mitigation.levels:
            enough = credit >= self.doc.owasp.partial - 1e-9
            return sorted(table.mitigation.levels)[1] if enough else table.mitigation_default
        return round(max(table.mitigation.low, table.mitigation.high - credit), 2)


def multiplier_model(root: Path, atoms: Atoms) -> MultiplierModel:
    """Read and compile ``multipliers.yaml`` under that folder.

    Raises:
        RuleError: the file is missing or wrong; every problem is named.
    """
    problems: list[RuleProblem] = []
    doc = load_document(MultipliersDoc, root / "multipliers.yaml", "multipliers.yaml", problems)
    if doc is None:
        raise RuleError(problems)
    return MultiplierModel(doc, atoms)
