"""Observations that no pattern can make: joins inside a schema, comparisons inside a list, what looks like a key.

They are added to a subject as facts and views, so that what follows from them stays in the rules.

Of one item (:func:`observe_item`):

====================  ==============================================================================================
view ``free_params``  names, in words, of text parameters that no enum, const or pattern limits; one a line
view ``flags``        names of boolean parameters in words, one a line
view ``header_params``  names of parameters that are sent as an HTTP header (``x-mcp-header``)
view ``refs``         what ``$ref`` and ``$dynamicRef`` point at, as sent, one a line
view ``uri``          the URI or URI template of a resource
``schema.freeform``   text parameters without enum, const, pattern, format or length (a count)
``schema.undescribed``  parameters without a description (a count)
``schema.open``       object parameters that take any member (a count); ``schema.closed``: the tool takes no unknown one
``schema.secrets``    defaults, examples and permitted values that look like a real credential (a count)
``schema.expansion``  size of the schema with its references written out, up to a million
``schema.slow_pattern``  patterns that backtracking engines can hang on (a count)
``params.paged``      the tool offers a limit, page or cursor
``tool.weight``       characters of the description and the schemas: what the model's context pays for it
====================  ==============================================================================================

Of the list of tools (:func:`observe_list`): ``tools.duplicate``, ``tools.lookalike`` (names that differ only in script,
case or punctuation), ``tools.same_text`` (different names, same description), ``tools.mixed_script``, ``tools.weight``,
``tools.upstreams`` (namespaces that the names are sorted into), ``hints.alike`` (every tool carries the same hints).
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import re2

from mcp_threat_scoring.manifest import Item, well_formed
from mcp_threat_scoring.views import MAX_NODES, Subject, escape, split_words, view_of

Places = list[tuple[str, str]]

MAX_PLACES = 20
"""Places kept of one observation; the count goes on."""
MAX_EXPANSION = 1_000_000
_KEY_LENGTH = 16
"""Characters below which a value is not taken for a credential: every format that is known is longer."""

_CREDENTIAL = re2.compile(
    r"(?:^|[^A-Za-z0-9])(?:AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|"
    r"glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{20,}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|"
    r"sk-(?:[a-z]{2,10}[0-9]{0,2}-)?[A-Za-z0-9_-]{32,}|[sr]k_live_[0-9A-Za-z]{20,}|whsec_[A-Za-z0-9]{24,}|"
    r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|hf_[A-Za-z]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}|"
    r"dop_v1_[a-f0-9]{64}|lin_api_[A-Za-z0-9]{32,}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,})|"
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----|[a-z][a-z0-9+]{2,20}://[^\s/:@{}<>$]{1,60}:[^\s/:@{}<>$*]{6,80}@[a-z0-9]"
)
"""Formats that issuers document, so that leaked keys can be told from random text, and URLs with a password inside."""
_PLACEHOLDER = re2.compile(
    r"(?i)example|sample|dummy|placeholder|your|change.?me|redacted|xxxx|\*\*\*|\.\.\.|…|1234567|abcdef|test|user:pass|"
    r"username:|localhost|127\.0\.0\.1|:password@|:secret@"
)
_SLOW_PATTERN = re2.compile(r"\((?:\?:)?(?:\\.|\[[^\]]*\]|[^\\()\[\]*+?|])[+*]\)[+*]")
"""A group that repeats what already repeats, with nothing between: ``(a+)+``, CWE-1333."""
_META_SCHEMA = re2.compile(r"^https?://json-schema\.org/")
_PAGING = frozenset(
    ("limit", "max", "results", "page", "cursor", "offset", "count", "top", "first", "take", "skip", "page size",
     "per page", "page token", "next token", "page number", "max results", "max items", "max count", "num results",
     "number of results", "start index", "next page token", "continuation token", "starting after", "n results")
)  # fmt: skip
"""Parameter names, in words, that keep an answer to a part of the whole."""

_LOOKALIKE = str.maketrans({
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ј": "j", "ѕ": "s", "ԁ": "d",
    "һ": "h", "ѵ": "v", "ԛ": "q", "ԝ": "w", "к": "k", "м": "m", "т": "t", "в": "b", "н": "h", "α": "a", "ο": "o",
    "ι": "i", "υ": "u", "ν": "v", "κ": "k", "τ": "t", "ρ": "p", "η": "n", "ɡ": "g", "ı": "i", "ß": "ss",
})  # fmt: skip
"""Cyrillic and Greek letters that look like Latin ones (Unicode UTS #39, confusables), the lower-case ones."""


def redact(secret: str) -> str:
    """Enough of a credential to find it again, too little to use it."""
    return f"{secret[:4]}… ({len(secret)} characters)"


def is_placeholder(value: str) -> bool:
    """Whether a value only stands for a credential: ``YOUR_API_KEY``, ``xxxx``, ``changeme``."""
    return bool(_PLACEHOLDER.search(value)) or len(set(value[4:])) < 6  # noqa: PLR2004 - "sk-0000000000"


def credential_in(text: str) -> str:
    """The part of a text that looks like a real credential, or the empty string. Placeholders are none."""
    if len(text) < _KEY_LENGTH:
        return ""
    found = _CREDENTIAL.search(text[:4_000])
    if found is None:
        return ""
    value: str = found.group(0).strip(" \"'=:,;")
    return "" if is_placeholder(value) else value


def skeleton(name: str) -> str:
    """What a name looks like to a hurried reader: no case, no punctuation, no foreign script."""
    if name.isascii():
        return "".join(filter(str.isalnum, name.lower()))
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_LOOKALIKE)
    return "".join(char for char in folded if char.isalnum())


class _Schema:
    """One walk over a schema, through every keyword that may hold another one."""

    __slots__ = (
        "closed", "defs", "flags", "free", "freeform", "headers", "nodes", "open", "paged", "refs", "secrets", "slow",
        "undescribed", "weight",
    )  # fmt: skip

    def __init__(self) -> None:
        self.free: Places = []
        self.freeform: Places = []
        self.flags: Places = []
        self.headers: Places = []
        self.refs: Places = []
        self.secrets: Places = []
        self.slow: Places = []
        self.open: Places = []
        self.undescribed: Places = []
        self.paged = self.closed = False
        self.nodes = self.weight = 0
        self.defs: dict[str, Mapping[str, Any]] = {}

    def walk(self, root: Mapping[str, Any], pointer: str) -> None:
        self.closed = root.get("additionalProperties") is False
        stack: list[tuple[Mapping[str, Any], str, str, str]] = [(root, pointer, "", pointer)]
        while stack and self.nodes < MAX_NODES:
            node, place, name, owner = stack.pop()
            self.nodes += 1
            if name:
                self._parameter(node, place, name, owner)
            for key, value in node.items():
                if isinstance(value, str):
                    self.weight += len(key) + len(value) + 6
                    if key == "default" or key == "const" or key == "example":
                        self._literal(value, f"{place}/{escape(key)}")
                    elif (key == "$ref" or key == "$dynamicRef") and not _META_SCHEMA.match(value):
                        self.refs.append((value[:500], f"{place}/{key}"))
                    elif key == "pattern" and _SLOW_PATTERN.search(value[:2_000]):
                        self.slow.append((f"{place}/pattern", value[:200]))
                elif isinstance(value, dict):
                    self.weight += len(key) + 5
                    if key == "properties":
                        for inner, child in value.items():
                            self.weight += len(inner) + 5
                            if isinstance(child, dict):
                                where = f"{place}/properties/{escape(inner)}"
                                stack.append((child, where, inner[:100] or "?", where))
                    elif key in ("$defs", "definitions", "patternProperties", "dependentSchemas"):
                        for inner, child in value.items():
                            if isinstance(child, dict):
                                where = f"{place}/{escape(key)}/{escape(inner)}"
                                stack.append((child, where, "", where))
                    elif key not in ("default", "const", "example", "enum"):
                        stack.append((value, f"{place}/{escape(key)}", name, owner))
                elif isinstance(value, list):
                    self._list(key, value, place, name, owner, stack)
                else:
                    self.weight += len(key) + 8

    def _list(self, key: str, values: list[Any], place: str, name: str, owner: str, stack: list[Any]) -> None:
        nested = key not in ("enum", "examples", "required", "default")
        for index, value in enumerate(values[:200]):
            if isinstance(value, str):
                self.weight += len(value) + 3
                if key == "examples" or key == "enum":
                    self._literal(value, f"{place}/{key}/{index}")
            elif nested and isinstance(value, dict):
                stack.append((value, f"{place}/{escape(key)}/{index}", name, owner))

    def _literal(self, value: str, place: str) -> None:
        if len(value) >= _KEY_LENGTH and (found := credential_in(value)):
            self.secrets.append((place, redact(found)))

    def _parameter(self, node: Mapping[str, Any], place: str, name: str, owner: str) -> None:
        kind = node.get("type")
        if place == owner:
            if not node.get("description") and not node.get("title"):
                self.undescribed.append((owner, name))
            if node.get("x-mcp-header") not in (None, False, ""):
                self.headers.append((split_words(name), owner))
            if not self.paged and split_words(name) in _PAGING:
                self.paged = True
        if kind == "boolean":
            self.flags.append((split_words(name), owner))
        elif kind == "object" or (isinstance(kind, list) and "object" in kind):
            if not node.get("properties") and node.get("additionalProperties", True) in (True, {}):
                self.open.append((owner, name))
        elif (kind == "string" or (isinstance(kind, list) and "string" in kind)) and not (
            node.keys() & {"enum", "const", "pattern"}
        ):
            self.free.append((split_words(name), owner))
            if not node.keys() & {"format", "maxLength"}:
                self.freeform.append((owner, name))


def expansion(schema: Mapping[str, Any]) -> int:
    """Nodes of the schema once every local reference is written out, cycles cut; at most about `MAX_EXPANSION`."""
    sizes: dict[str, int] = {}
    tables: dict[str, Mapping[str, Any]] = {}
    for table in ("$defs", "definitions"):
        held = schema.get(table)
        if isinstance(held, dict):
            tables |= {f"#/{table}/{escape(name)}": child for name, child in held.items() if isinstance(child, dict)}
    if not tables:
        return 0

    def parts(node: Mapping[str, Any]) -> tuple[int, list[str]]:
        own, refs, stack, left = 0, [], [node], MAX_NODES
        while stack and left:
            left -= 1
            for key, value in stack.pop().items():
                own += 1
                if key == "$ref" and isinstance(value, str):
                    refs.append(value)
                elif key not in ("$defs", "definitions"):
                    inner = value.values() if isinstance(value, dict) and key == "properties" else (
                        value if isinstance(value, list) else [value]
                    )  # fmt: skip
                    stack.extend(one for one in inner if isinstance(one, dict))
        return own, refs

    split = {name: parts(child) for name, child in list(tables.items())[:MAX_NODES]}
    state: dict[str, int] = {}
    for start in split:  # depth first, without recursion: a chain of references may be long
        todo = [start]
        while todo:
            name = todo[-1]
            if name in sizes:
                todo.pop()
                continue
            own, refs = split[name]
            waiting = [ref for ref in refs if ref in split and ref not in sizes and state.get(ref) != 1]
            if state.get(name) != 1 and waiting:
                state[name] = 1
                todo.extend(dict.fromkeys(waiting))
                continue
            sizes[name] = min(MAX_EXPANSION, own + sum(sizes.get(ref, 0) for ref in refs))
            state[name] = 2
            todo.pop()
    own, refs = parts(schema)
    return min(MAX_EXPANSION, own + sum(sizes.get(ref, 0) for ref in refs))


def _note(subject: Subject, fact: str, places: Sequence[tuple[str, str]]) -> None:
    if places:
        subject.facts[fact] = len(places)
        subject.places[fact] = tuple((pointer, well_formed(words)) for pointer, words in places[:MAX_PLACES])


def observe_item(item: Item, subject: Subject) -> None:
    """Add what this module sees of one tool, prompt, resource or template to its subject."""
    uri = item.text("uri") or item.text("uriTemplate")
    if uri and item.kind in ("resource", "resource_template"):
        key = "uri" if item.kind == "resource" else "uriTemplate"
        subject.views["uri"] = view_of([(uri[:1_000], f"{item.pointer}/{key}")])
    if item.kind != "tool":
        return
    schema = item.mapping("inputSchema")
    seen = _Schema()
    seen.walk(schema, f"{item.pointer}/inputSchema")
    for name, segments in (("free_params", seen.free), ("flags", seen.flags), ("header_params", seen.headers),
                           ("refs", seen.refs)):  # fmt: skip
        if segments:
            subject.views[name] = view_of((well_formed(text), place) for text, place in segments)
    _note(subject, "schema.freeform", seen.freeform)
    _note(subject, "schema.undescribed", seen.undescribed)
    _note(subject, "schema.open", seen.open)
    _note(subject, "schema.secrets", seen.secrets)
    _note(subject, "schema.slow_pattern", seen.slow)
    subject.facts["schema.closed"] = seen.closed
    subject.facts["params.paged"] = seen.paged
    subject.facts["schema.declared"] = bool(schema)
    subject.facts["tool.weight"] = len(item.text("description")) + seen.weight
    if seen.refs:
        subject.facts["schema.expansion"] = expansion(schema)


def _pairs(groups: Mapping[Any, list[Item]]) -> Iterable[list[Item]]:
    return (items for items in groups.values() if len(items) > 1)


def _named(items: Iterable[Item], place: str = "name") -> Places:
    return [(f"{item.pointer}/{place}", item.name) for item in items]


def observe_list(tools: Sequence[Item]) -> tuple[dict[str, bool | int | str], dict[str, tuple[tuple[str, str], ...]]]:
    """Compare the tools of one server with each other: facts, and where they were seen."""
    facts: dict[str, bool | int | str] = {}
    places: dict[str, tuple[tuple[str, str], ...]] = {}

    def put(fact: str, found: Places) -> None:
        if found:
            facts[fact] = len(found)
            places[fact] = tuple(found[:MAX_PLACES])

    by_name: defaultdict[str, list[Item]] = defaultdict(list)
    by_look: defaultdict[str, list[Item]] = defaultdict(list)
    by_text: defaultdict[str, list[Item]] = defaultdict(list)
    for tool in tools:
        by_name[tool.name].append(tool)
        if len(text := " ".join(tool.text("description").lower().split())) >= 24:  # noqa: PLR2004 - "Get the item."
            by_text[text[:2_000]].append(tool)
    for items in by_name.values():
        by_look[skeleton(items[0].name[:200])].append(items[0])
    put("tools.duplicate", [place for items in _pairs(by_name) for place in _named(items[1:])])
    put("tools.lookalike", [place for look, items in by_look.items() if look and len(items) > 1
                            for place in _named(items)])  # fmt: skip
    put("tools.same_text", [place for items in _pairs(by_text)
                            if len({item.name for item in items}) > 1 for place in _named(items, "description")])  # fmt: skip
    put("tools.mixed_script", _named(tool for tool in tools if not tool.name.isascii() and _mixed(tool.name)))
    spaces = Counter(head for tool in tools if (head := _namespace(tool.name)))
    if sum(spaces.values()) >= 0.8 * len(tools):
        facts["tools.upstreams"] = sum(1 for count in spaces.values() if count > 1)
    hints = {
        tuple(tool.annotations.get(hint) for hint in ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"))
        for tool in tools
        if tool.annotations
    }  # fmt: skip
    annotated = sum(bool(tool.annotations) for tool in tools)
    facts["hints.alike"] = annotated == len(tools) > 3 and len(hints) == 1 and hints != {(None,) * 4}  # noqa: PLR2004
    return facts, places


def _mixed(name: str) -> bool:
    """Letters of Latin and of a script that has look-alikes of them, in one word."""
    for word in split_words(name[:200]).split():
        scripts = {unicodedata.name(char, "").split(" ", 1)[0] for char in word if char.isalpha()}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK"}:
            return True
    return False


def _namespace(name: str) -> str:
    for mark in ("__", ".", "/", ":"):
        head, found, rest = name.partition(mark)
        if found and head and rest:
            return head
    return ""
