"""Reads the catalogue of threats from the files in `rules/`, and checks what no single file can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.maestro.threat import (
    Catalogue,
    ControlFile,
    LayerFile,
    SignalName,
    Threat,
    ThreatFile,
)
from mcp_threat_scoring.model import Model, Place
from mcp_threat_scoring.report import LAYERS, MitigationOut
from mcp_threat_scoring.rulebook.documents import load_cases as load_cases_document
from mcp_threat_scoring.rulebook.documents import load_document, note_in, rules_dir
from mcp_threat_scoring.structs import Meta

THREAT_FILES = (*(f"threats/{layer}.yaml" for layer in LAYERS), "threats/cross_layer.yaml")


def load_catalogue(root: Path | None = None) -> Catalogue:
    """Read and check the catalogue under `root`, the project's own rules unless given.

    Raises:
        RuleError: a file is missing or wrong; every problem of every file is named.
    """
    root = root or rules_dir()
    problems: list[RuleProblem] = []
    found: dict[str, Sequence[Threat]] = {}
    for name in THREAT_FILES:
        if document := load_document(ThreatFile, root / name, name, problems):
            found[name] = document.threats
    controls = load_document(ControlFile, root / "controls.yaml", "controls.yaml", problems)
    layers = load_document(LayerFile, root / "layers.yaml", "layers.yaml", problems)
    known = [control.id for control in controls.controls] if controls else None
    faults = list(_contradictions(found, known))
    for name in found:
        note_in(root / name, name, [(place, said) for file, place, said in faults if file == name], problems)
    if problems or controls is None or layers is None:
        raise RuleError(problems)
    return Catalogue(
        threats=tuple(threat for threats in found.values() for threat in threats),
        controls={c.id: MitigationOut(id=c.id, owner=c.owner, action=c.action) for c in controls.controls},
        layers=layers.layers,
        clauses=layers.clauses,
        questions=layers.questions,
    )


def _contradictions(
    found: Mapping[str, Sequence[Threat]], controls: Sequence[str] | None
) -> Iterator[tuple[str, Place, str]]:
    """A threat in the file of another layer, an id used twice, a mitigation that does not exist, a threat that asks for
    nothing: each with its file and place. Without `controls`, which could not be read, none is missed.
    """
    seen: dict[str, str] = {}
    for name, threats in found.items():
        layer = name.removeprefix("threats/").removesuffix(".yaml").replace("cross_layer", "X")
        for index, threat in enumerate(threats):
            at = ("threats", index)
            if threat.layer != layer:
                yield name, (*at, "layer"), f"{threat.id} is of layer {threat.layer} and does not belong here"
            if threat.id in seen:
                yield name, (*at, "id"), f"{threat.id} stands twice; the first is in {seen[threat.id]}"
            seen.setdefault(threat.id, name)
            if not (threat.when.asks or threat.when.or_all):
                yield name, (*at, "when"), f"{threat.id} asks for no signal"
            for number, control in enumerate(threat.mitigations):
                if controls is not None and control not in controls:
                    near = ", ".join(get_close_matches(control, controls, n=3, cutoff=0.0))
                    said = f"{threat.id} names the control {control}, which does not exist; the nearest are {near}"
                    yield name, (*at, "mitigations", number), said


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
