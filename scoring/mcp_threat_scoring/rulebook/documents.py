"""YAML rule documents: read strictly, with every problem reported by file and line.

A rule file is one YAML document, optionally followed by ``---`` and a second one with its cases. The cases are cut off
as text before parsing, because a scan has no use for them and parsing is what loading costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from mcp_threat_scoring.errors import RuleProblem
from mcp_threat_scoring.model import Model, Place, ValidationError
from mcp_threat_scoring.neutralise import neutralise_name, neutralise_prose
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.rulebook.cache import RuleCache

Doc = TypeVar("Doc", bound=Model)
_MARK = pattern(r"(?m)^---(?:[ \t]+#.*|[ \t]*)\r?$")
"""A line that begins a document (YAML 1.1, section 9.1.3.1), with nothing else on it but blanks and a comment."""
PLACE_SHOWN = 200
MAX_FAULTS = 1_000
"""Errors of one document that are kept, each with its line."""


def rules_dir() -> Path:
    """The rules shipped in the wheel, or the checkout's own ``rules/`` folder."""
    core = Path(__file__).resolve().parents[1]
    packaged = core / "rules"
    return packaged if packaged.is_dir() else core.parents[1] / "rules"


@lru_cache(maxsize=1)
def rule_cache() -> RuleCache:
    """What the shipped rules parsed to the last time."""
    return RuleCache(rules_dir())


def split_document(text: str) -> tuple[str, str]:
    """The rule part and the cases part (empty when there is none) of a file's text.

    The line between them belongs to neither; each part keeps its lines. A line that only opens the rule, with nothing
    but comments before it, parts nothing.
    """
    mark = _MARK.search(text)
    if mark and not _says_something(text[: mark.start()]):
        text = f"{text[: mark.start()]}{text[mark.end() :]}"
        mark = _MARK.search(text)
    if mark is None:
        return text, ""
    return text[: mark.start()].removesuffix("\n"), text[mark.end() :].removeprefix("\n")


def _says_something(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _nothing(text: str) -> str:
    """What is said of a file in which there is no rule."""
    if not text.strip("\ufeff \t\r\n"):
        return "the file is empty"
    if not _says_something(text):
        return "the file is empty but for comments"
    return "the file holds cases, and no rule above them"


def validate(
    model: type[Doc], data: Any, text: str, path: str, problems: list[RuleProblem], first_line: int = 0
) -> Doc | None:
    """Check a parsed document against its model; its errors are appended to `problems`, each with its line.

    Of more than `MAX_FAULTS` errors the last one that is kept says how many there are besides.
    """
    try:
        return model.read(data)
    except ValidationError as error:
        from mcp_threat_scoring.faults import faults, reason  # only where something is wrong

        _note(faults(model, data), text, path, problems, first_line, reason(error))
    return None


def _note(
    found: Iterable[tuple[Place, str]], text: str, path: str, problems: list[RuleProblem], first_line: int = 0,
    otherwise: str = "",
) -> None:  # fmt: skip
    """Append what is wrong, each with its line; `otherwise` says it where nothing of it has a place."""
    from mcp_threat_scoring.rulebook.strict_yaml import Lines

    waiting = iter(found)
    kept = list(islice(waiting, MAX_FAULTS)) or ([((), otherwise)] if otherwise else [])
    more = sum(1 for _ in waiting)
    lines = Lines(text, first_line) if kept else None
    for number, (place, said) in enumerate(kept, 1):
        where = ".".join(neutralise_name(step) for step in place)
        where = where if len(where) <= PLACE_SHOWN else f"…{where[-PLACE_SHOWN:]}"
        line = lines.of(place) if lines else 0
        problem = RuleProblem(path, line, f"{where + ': ' if where else ''}{said}")
        problems.append(problem._replace(more=more) if number == len(kept) else problem)


def note_in(path: Path, shown: str, found: Iterable[tuple[Place, str]], problems: list[RuleProblem]) -> None:
    """Append what is wrong with a file that was read, and what only other files show, each with its line."""
    kept = list(found)
    text = read_text(path, shown, problems) if kept else None
    if text is not None:
        _note(kept, split_document(text)[0], shown, problems)


def read_text(path: Path, shown: str, problems: list[RuleProblem]) -> str | None:
    """A rule file's text, or None with a problem noted."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(RuleProblem(shown, 0, f"cannot be read: {type(error).__name__}"))
        return None


def load_document(
    model: type[Doc],
    path: Path | str,
    shown: str,
    problems: list[RuleProblem],
    *,
    shipped: bool = True,
    further: Callable[[Doc], Iterable[tuple[Place, str]]] | None = None,
) -> Doc | None:
    """Read, parse and check the first document of a file.

    One that is not `shipped` with us is bounded first, and its words for people, which reach every output, made inert.
    `further` finds what no model can; like all checks, it is made when a file is new, and not of one that was kept.
    """
    cached = rule_cache().get(str(path)) if shipped else None
    if cached is not None:
        with suppress(ValidationError):  # the slow way finds the line of what is wrong
            return model.read_json(cached)
    from mcp_threat_scoring.rulebook.strict_yaml import bounded, parse_yaml

    text = read_text(Path(path), shown, problems)
    if text is None or not (shipped or bounded(text, shown, problems)):
        return None
    head, _ = split_document(text)
    before = len(problems)
    data = parse_yaml(head, shown, problems)
    if len(problems) > before:
        return None
    if data is None or (isinstance(data, dict) and list(data) == ["cases"]):  # behind comments, they stand first
        problems.append(RuleProblem(shown, 0, _nothing(text)))
        return None
    document = validate(model, data if shipped else inert(data), head, shown, problems)
    if document is not None and further is not None:
        _note(further(document), head, shown, problems)
        document = document if len(problems) == before else None
    if shipped and document is not None:
        rule_cache().put(str(path), document)
    return document


def inert(value: Any) -> Any:
    """The data of a rule file with all words made inert, except for what the rule asks.

    Single words, and so names, kinds and levels, stay what they are. Keys are left to the model, which knows them.
    """
    if isinstance(value, str):
        return neutralise_prose(value)
    if isinstance(value, list):
        return [inert(one) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "match" else inert(one) for key, one in value.items()}
    return value


def load_cases(
    model: type[Doc],
    path: Path,
    shown: str,
    problems: list[RuleProblem],
    *,
    shipped: bool = True,
    further: Callable[[Doc], Iterable[tuple[Place, str]]] | None = None,
) -> Doc | None:
    """Read, parse and check the second document (the cases) of a file; None when it has none.

    One that is not `shipped` with us is bounded first; its words are left as they are, since rules read them. `further`
    finds what no model can.
    """
    from mcp_threat_scoring.rulebook.strict_yaml import bounded, parse_yaml

    text = read_text(path, shown, problems)
    if text is None or not (shipped or bounded(text, shown, problems)):
        return None
    head, tail = split_document(text)
    if not tail.strip():
        return None
    offset = head.count("\n") + 2
    before = len(problems)
    data = parse_yaml(tail, shown, problems, offset)
    document = None if len(problems) > before else validate(model, data, tail, shown, problems, offset)
    if document is not None and further is not None:
        _note(further(document), tail, shown, problems, offset)
    return document if len(problems) == before else None
