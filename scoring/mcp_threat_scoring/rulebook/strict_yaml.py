"""YAML read strictly: no key twice, nothing deeper or larger than a person writes, and every problem with its line.

Apart from :mod:`rulebook.documents` because a scan reads rules as they were parsed before, and importing a YAML parser
takes a tenth of the time that it has.
"""

from __future__ import annotations

from typing import Any

import yaml

from mcp_threat_scoring.errors import RuleProblem
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.patterns.pattern import pattern


class _StrictLoader(yaml.CSafeLoader):
    """CSafeLoader that refuses a key given twice, as the second would silently win, and takes dates for text."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):  # a tag may stand before anything
        raise yaml.constructor.ConstructorError(None, None, "this is no mapping", node.start_mark)
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool):
            raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
        if key in mapping:
            said = f"the key '{neutralise_name(key)}' is given twice"
            raise yaml.constructor.ConstructorError(None, None, said, key_node.start_mark)
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


def _number(loader: _StrictLoader, node: yaml.ScalarNode) -> int | float:
    """A number no longer than one is written: YAML 1.1 also counts in sixties (``1:30:00``), in squared time."""
    if len(node.value) > MAX_DIGITS:
        said = f"a number of more than {MAX_DIGITS} characters"
        raise yaml.constructor.ConstructorError(None, None, said, node.start_mark)
    whole = node.tag == "tag:yaml.org,2002:int"
    number: int | float = loader.construct_yaml_int(node) if whole else loader.construct_yaml_float(node)
    return number


def _text(loader: _StrictLoader, node: yaml.ScalarNode) -> str:
    """A date, as it is written."""
    return str(loader.construct_scalar(node))


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_StrictLoader.add_constructor("tag:yaml.org,2002:int", _number)
_StrictLoader.add_constructor("tag:yaml.org,2002:float", _number)
_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)


_QUOTED = pattern(r"(?s)'(.*)'")
"""What an error of the parser repeats of the file."""
_ANOTHER_DOCUMENT = "another document begins here; a file has one, and a rule's cases are the only second one"
MAX_BYTES = 1024 * 1024
MAX_DIGITS = 40
MAX_DEPTH = 40
"""Nesting of a rule document. libyaml's composer recurses without a guard, so depth is measured on its events first."""


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def bounded(text: str, path: str, problems: list[RuleProblem]) -> bool:
    """Whether a user's file is small and flat enough to be parsed; if not, a problem is noted."""
    if len(text) > MAX_BYTES:
        problems.append(RuleProblem(path, 0, f"larger than {MAX_BYTES // 1024} KiB; no rule is"))
        return False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip("\ufeff").startswith("%"):  # libyaml compares each with all before it
            problems.append(RuleProblem(path, number, "directives are not allowed in rules"))
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
        said = _QUOTED.sub(lambda word: f"'{neutralise_name(word[1])}'", error.problem or "not valid YAML")
        said = _ANOTHER_DOCUMENT if said == "but found another document" else said
        problems.append(RuleProblem(path, line, said))
    except (yaml.YAMLError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        problems.append(RuleProblem(path, 0, f"not valid YAML: {type(error).__name__}"))
    return None


class Lines:
    """Where the parts of a document stand. Only made for files that are wrong, and the text is parsed once for all."""

    def __init__(self, text: str, first_line: int = 0) -> None:
        self._first_line = first_line
        self._inside: dict[int, dict[str, yaml.Node]] = {}
        try:
            self._root = yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            self._root = None

    def of(self, place: tuple[int | str, ...]) -> int:
        """The line of the deepest part of `place` that can be found; 0 where there is no document."""
        node = self._root
        for step in place:
            if isinstance(node, yaml.MappingNode):
                # What is not there is a tag of the union, or the missing key itself.
                node = self._values(node).get(str(step), node)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
        return node.start_mark.line + 1 + self._first_line if node else 0

    def _values(self, node: yaml.MappingNode) -> dict[str, yaml.Node]:
        """The values of a mapping by key, looked through once however often it is asked."""
        if id(node) not in self._inside:
            self._inside[id(node)] = {str(key.value): value for key, value in node.value}
        return self._inside[id(node)]
