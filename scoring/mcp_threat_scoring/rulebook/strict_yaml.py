"""YAML read strictly: no key twice, nothing deeper or larger than a person writes, and every problem with its line.

Apart from :mod:`rulebook.documents` because a scan reads rules as they were parsed before, and importing a YAML parser
takes a tenth of the time that it has.
"""

from __future__ import annotations

from typing import Any

import yaml

from mcp_threat_scoring.errors import RuleProblem


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


def line_of(text: str, location: tuple[int | str, ...], first_line: int) -> int:
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
