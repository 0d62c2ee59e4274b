"""YAML rule documents: read strictly, with every problem reported by file and line.

A rule file is one YAML document, optionally followed by ``---`` and a second one with its cases. The cases are cut off
as text before parsing, because a scan has no use for them and parsing is what loading costs.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from mcp_threat_scoring.errors import RuleProblem
from mcp_threat_scoring.model import Model, ValidationError, faults
from mcp_threat_scoring.rule_cache import RuleCache

Doc = TypeVar("Doc", bound=Model)
_CUT = "\n---\n"


def rules_dir() -> Path:
    """The rules shipped in the wheel, or the checkout's own ``rules/`` folder."""
    here = Path(__file__).resolve().parent
    packaged = here / "rules"
    return packaged if packaged.is_dir() else here.parents[1] / "rules"


@lru_cache(maxsize=1)
def rule_cache() -> RuleCache:
    """What the shipped rules parsed to the last time."""
    return RuleCache(rules_dir())


class _StrictLoader(yaml.CSafeLoader):
    """CSafeLoader that refuses a key given twice, as the second would silently win, and takes dates for text."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool):
            raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
        if key in mapping:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def split_document(text: str) -> tuple[str, str]:
    """The rule part and the cases part (empty when there is none) of a file's text."""
    head, _, tail = text.removeprefix("---\n").partition(_CUT)
    return head, tail


MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
"""Nesting of a rule document. libyaml's composer recurses without a guard, so depth is measured on its events first."""


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def bounded(text: str, path: str, problems: list[RuleProblem]) -> bool:
    """Whether a user's file is small and flat enough to be parsed; if not, a problem is noted."""
    if len(text) > MAX_BYTES:
        problems.append(RuleProblem(path, 0, f"larger than {MAX_BYTES // 1024} KiB; no rule is"))
        return False
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                problems.append(RuleProblem(path, _line(event), "aliases are not allowed in rules"))
                return False
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                problems.append(RuleProblem(path, _line(event), f"nested more than {MAX_DEPTH} deep"))
                return False
    except yaml.YAMLError:
        return True  # the parser will say what is wrong, and where
    return True


def parse_yaml(text: str, path: str, problems: list[RuleProblem], first_line: int = 0) -> Any:
    """Parse one document; what is wrong is appended to `problems` and None comes back."""
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of CSafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 + first_line if error.problem_mark else 0
        problems.append(RuleProblem(path, line, error.problem or "not valid YAML"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problems.append(RuleProblem(path, 0, f"not valid YAML: {type(error).__name__}"))
    return None


def _line_of(text: str, location: tuple[int | str, ...], first_line: int) -> int:
    """The line of the deepest part of `location` that can be found: only called for files that are wrong."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return 0
    for step in location:
        if isinstance(node, yaml.MappingNode):
            inner = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if inner is None:
                continue  # a tag of the union, or the missing key itself
            node = inner[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
    return node.start_mark.line + 1 + first_line if node else 0


def validate(
    model: type[Doc], data: Any, text: str, path: str, problems: list[RuleProblem], first_line: int = 0
) -> Doc | None:
    """Check a parsed document against its model; all its errors are appended to `problems`, each with its line."""
    try:
        return model.read(data)
    except ValidationError as error:
        found = list(faults(model, data)) or [((), str(error))]
        for place, said in found:
            where = ".".join(str(step) for step in place)
            line = _line_of(text, place, first_line)
            problems.append(RuleProblem(path, line, f"{where + ': ' if where else ''}{said}"))
    return None


def read_text(path: Path, shown: str, problems: list[RuleProblem]) -> str | None:
    """A rule file's text, or None with a problem noted."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(RuleProblem(shown, 0, f"cannot be read: {type(error).__name__}"))
        return None


def load_document(
    model: type[Doc], path: Path, shown: str, problems: list[RuleProblem], *, shipped: bool = True
) -> Doc | None:
    """Read, parse and check the first document of a file; one that is not `shipped` with us is bounded first."""
    cached = rule_cache().get(path) if shipped else None
    if cached is not None:
        with suppress(ValidationError):  # the slow way finds the line of what is wrong
            return model.read_json(cached)
    text = read_text(path, shown, problems)
    if text is None or not (shipped or bounded(text, shown, problems)):
        return None
    head, _ = split_document(text)
    before = len(problems)
    data = parse_yaml(head, shown, problems)
    if len(problems) > before:
        return None
    if data is None:
        problems.append(RuleProblem(shown, 0, "the file is empty"))
        return None
    if shipped:
        rule_cache().put(path, data)
    return validate(model, data, head, shown, problems)


def load_cases(model: type[Doc], path: Path, shown: str, problems: list[RuleProblem]) -> Doc | None:
    """Read, parse and check the second document (the cases) of a file; None when it has none."""
    text = read_text(path, shown, problems)
    if text is None:
        return None
    head, tail = split_document(text)
    if not tail.strip():
        return None
    offset = head.count("\n") + 2
    before = len(problems)
    data = parse_yaml(tail, shown, problems, offset)
    return None if len(problems) > before else validate(model, data, tail, shown, problems, offset)
