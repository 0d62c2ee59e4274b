"""Reads the catalogue of threats from the files in `rules/`, and checks what no single file can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.maestro.threat import (
    Catalogue,
    Control,
    ControlFile,
    LayerFile,
    SignalName,
    Threat,
    ThreatFile,
)
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import LAYERS, MitigationOut
from mcp_threat_scoring.rulebook.documents import load_cases as load_cases_document
from mcp_threat_scoring.rulebook.documents import load_document, rules_dir
from mcp_threat_scoring.structs import Meta

THREAT_FILES = (*(f"threats/{layer}.yaml" for layer in LAYERS), "threats/cross_layer.yaml")


def load_catalogue(root: Path | None = None) -> Catalogue:
    """Read and check the catalogue under `root`, the project's own rules unless given.

    Raises:
        RuleError: a file is missing or wrong; every problem of every file is named.
    """
    root = root or rules_dir()
    problems: list[RuleProblem] = []
    threats: list[Threat] = []
    for name in THREAT_FILES:
        if document := load_document(ThreatFile, root / name, name, problems):
            threats += document.threats
            problems += _misplaced(name, document.threats)
    controls = load_document(ControlFile, root / "controls.yaml", "controls.yaml", problems)
    layers = load_document(LayerFile, root / "layers.yaml", "layers.yaml", problems)
    if controls:
        problems += _contradictions(threats, controls.controls)
    if problems or controls is None or layers is None:
        raise RuleError(problems)
    return Catalogue(
        threats=tuple(threats),
        controls={c.id: MitigationOut(id=c.id, owner=c.owner, action=c.action) for c in controls.controls},
        layers=layers.layers,
        clauses=layers.clauses,
        questions=layers.questions,
    )


def _misplaced(name: str, threats: Sequence[Threat]) -> list[RuleProblem]:
    """A threat stands in the file of its primary layer."""
    layer = name.removeprefix("threats/").removesuffix(".yaml")
    wanted = "X" if layer == "cross_layer" else layer
    return [
        RuleProblem(name, 0, f"{threat.id} is of layer {threat.layer} and does not belong here")
        for threat in threats
        if threat.layer != wanted
    ]


def _contradictions(threats: Sequence[Threat], controls: Sequence[Control]) -> list[RuleProblem]:
    """An id used twice, a mitigation that does not exist, a threat that asks for nothing."""
    problems: list[RuleProblem] = []
    known = {control.id for control in controls}
    seen: set[str] = set()
    for threat in threats:
        if threat.id in seen:
            problems.append(RuleProblem("threats", 0, f"{threat.id} stands twice"))
        seen.add(threat.id)
        if not (threat.when.asks or threat.when.or_all):
            problems.append(RuleProblem("threats", 0, f"{threat.id} asks for no signal"))
        problems.extend(
            RuleProblem("threats", 0, f"{threat.id} names the control {control}, which does not exist")
            for control in threat.mitigations
            if control not in known
        )
    return problems


class Case(Model, frozen=True, kw_only=True):
    """One proof of a threat: a set of observed signals, or a capture for the real rules to read."""

    name: str
    fires: bool
    signals: tuple[SignalName, ...] | None = None
    manifest: Mapping[str, Any] | None = None
    copies: Annotated[int, Meta(ge=1, le=5000)] = 1
    """How many times the tools of `manifest` stand in the list, each with a number of its own."""


class CaseFile(Model, frozen=True, kw_only=True):
    """The second document of a file in `threats/`."""

    cases: Mapping[str, Annotated[tuple[Case, ...], Meta(min_length=2)]]


def load_cases(root: Path | None = None) -> dict[str, tuple[Case, ...]]:
    """The cases of every threat, by id. For tests; a scan never reads them.

    Raises:
        RuleError: a file is missing or wrong.
    """
    root = root or rules_dir()
    problems: list[RuleProblem] = []
    cases: dict[str, tuple[Case, ...]] = {}
    for name in THREAT_FILES:
        if document := load_cases_document(CaseFile, root / name, name, problems):
            cases.update(document.cases)
    if problems:
        raise RuleError(problems)
    return cases
