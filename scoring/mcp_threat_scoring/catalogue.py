"""Reads the catalogue of threats from the files in `rules/`.

A threat file is two YAML documents, the threats and their cases. A scan reads only the first; :func:`load_cases`
reads the second for the tests. Every problem of every file is reported at once, with its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import ValidationError

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.report import MitigationOut
from mcp_threat_scoring.threat import (
    LAYER_IDS,
    Case,
    CaseFile,
    Catalogue,
    Control,
    ControlFile,
    Doc,
    LayerFile,
    Threat,
    ThreatFile,
)

THREAT_FILES = (*(f"threats/{layer}.yaml" for layer in LAYER_IDS), "threats/cross_layer.yaml")
DOCUMENT_END = "\n---\n"
_PACKAGED = Path(__file__).parent / "rules"
_CHECKOUT = Path(__file__).parents[2] / "rules"


class _Source(NamedTuple):
    path: str
    text: str


class _UniqueKeys(yaml.CSafeLoader):
    """The C parser; a key that stands twice in one mapping is an error, not a silent winner."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made = {self.construct_object(k, deep=True): self.construct_object(v, deep=True) for k, v in node.value}
        if len(made) != len(node.value):
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if key in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r} stands twice", key_node.start_mark
                    )
                seen.add(key)
        return made


_UniqueKeys.add_constructor(
    "tag:yaml.org,2002:map",
    lambda loader, node: loader.construct_mapping(node),  # type: ignore[no-untyped-call]
)
D = TypeVar("D", bound=Doc)


def _line_of(text: str, location: Sequence[int | str]) -> int:
    """The line (from 1) of the deepest node on the way to `location`; only used once something is wrong."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == step), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def read_document(path: str, text: str, model: type[D], problems: list[RuleProblem]) -> D | None:
    """Read one YAML document into `model`. What is wrong is added to `problems`, and the answer is None."""
    try:
        return model.model_validate(yaml.load(text, Loader=_UniqueKeys))  # noqa: S506 - a SafeLoader with unique keys
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        problems.append(RuleProblem(path, mark.line + 1 if mark else 0, f"not readable as YAML: {reason}"))
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            where = ".".join(str(step) for step in detail["loc"])
            problems.append(RuleProblem(path, _line_of(text, detail["loc"]), f"{where}: {detail['msg']}"))
    return None


def rules_directory() -> Path:
    """Where the rules lie: inside the installed package, or beside the sources of a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def _read(root: Path, name: str, problems: list[RuleProblem]) -> _Source | None:
    try:
        text = (root / name).read_text(encoding="utf-8")
    except OSError as error:
        problems.append(RuleProblem(name, 0, f"cannot be read: {error.strerror}"))
        return None
    return _Source(name, text)


def load_catalogue(root: Path | None = None) -> Catalogue:
    """Read and check the catalogue under `root`, the project's own rules unless given.

    Raises:
        RuleError: a file is missing or wrong; every problem of every file is named.
    """
    root = root or rules_directory()
    problems: list[RuleProblem] = []
    threats: list[Threat] = []
    for name in THREAT_FILES:
        if (source := _read(root, name, problems)) is None:
            continue
        document = read_document(name, source.text.partition(DOCUMENT_END)[0], ThreatFile, problems)
        threats += document.threats if document else ()
    controls = layers = None
    if (source := _read(root, "controls.yaml", problems)) is not None:
        controls = read_document("controls.yaml", source.text, ControlFile, problems)
    if (source := _read(root, "layers.yaml", problems)) is not None:
        layers = read_document("layers.yaml", source.text, LayerFile, problems)
    if problems or controls is None or layers is None:
        raise RuleError(problems)
    problems += _contradictions(threats, controls.controls)
    if problems:
        raise RuleError(problems)
    return Catalogue(
        threats=tuple(threats),
        controls={c.id: MitigationOut(id=c.id, owner=c.owner, action=c.action) for c in controls.controls},
        control_references={c.id: c.references for c in controls.controls},
        layers=layers.layers,
        clauses=layers.clauses,
        questions=layers.questions,
    )


def _contradictions(threats: Sequence[Threat], controls: Sequence[Control]) -> list[RuleProblem]:
    """What no single file can show: an id used twice, a mitigation that does not exist, a threat that asks nothing."""
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


def load_cases(root: Path | None = None) -> dict[str, tuple[Case, ...]]:
    """The cases of every threat, by id. For tests; a scan never reads them.

    Raises:
        RuleError: a file is missing or wrong.
    """
    root = root or rules_directory()
    problems: list[RuleProblem] = []
    cases: dict[str, tuple[Case, ...]] = {}
    for name in THREAT_FILES:
        if (source := _read(root, name, problems)) is None:
            continue
        head, _, tail = source.text.partition(DOCUMENT_END)
        padding = "\n" * (head.count("\n") + 2)  # so that lines count from the top of the file
        document = read_document(name, padding + tail, CaseFile, problems)
        cases.update(document.cases if document else {})
    if problems:
        raise RuleError(problems)
    return cases
