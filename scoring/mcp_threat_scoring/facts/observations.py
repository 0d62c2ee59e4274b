"""Observations that no pattern can make: joins inside a schema, comparisons inside a list, what looks like a key.

They are added to a subject as facts and views, so that what follows from them stays in the rules.

Of one item (:func:`observe_item`):

====================  ==============================================================================================
view ``free_params``  names, in words, of text parameters that no enum, const or pattern limits; one a line
view ``flags``        names of boolean parameters in words, one a line
view ``given``        required arguments that are values and no text, one a line: ``number``, ``switch`` or ``choice``
                      (of several), and the name in words
view ``header_params``  names of parameters that are sent as an HTTP header (``x-mcp-header``)
view ``refs``         what ``$ref`` and ``$dynamicRef`` point at, as sent, one a line
view ``uri``          the URI or URI template of a resource
``schema.freeform``   text parameters without enum, const, pattern, format or length (a count)
``schema.undescribed``  parameters without a description (a count)
``schema.open``       object parameters that take any member (a count); ``schema.closed``: the tool takes no unknown one
``schema.secrets``    defaults, examples and permitted values that look like a real credential (a count)
``schema.expansion``  size of the schema with its references written out, up to a million
``schema.slow_pattern``  patterns that backtracking engines can hang on (a count)
``hints.odd``         hints that are there and neither true nor false (a count)
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

from mcp_threat_scoring.facts.schema import SchemaFacts, expansion
from mcp_threat_scoring.manifest import Item, well_formed
from mcp_threat_scoring.text.prose import split_words
from mcp_threat_scoring.text.views import HINTS, MAX_PLACES, Subject, spelt, view_of

Places = list[tuple[str, str]]

TELLING = 40
"""Characters from which on a description that two tools share makes them twins; "No description" is shorter."""
MOST = 0.8
"""Share of the names that must be sorted into namespaces before the server is taken for a collection."""

_LOOKALIKE = str.maketrans({
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ј": "j", "ѕ": "s", "ԁ": "d",
    "һ": "h", "ѵ": "v", "ԛ": "q", "ԝ": "w", "к": "k", "м": "m", "т": "t", "в": "b", "н": "h", "α": "a", "ο": "o",
    "ι": "i", "υ": "u", "ν": "v", "κ": "k", "τ": "t", "ρ": "p", "η": "n", "ɡ": "g", "ı": "i", "ß": "ss",
})  # fmt: skip
"""Cyrillic and Greek letters that look like Latin ones (Unicode UTS #39, confusables), the lower-case ones."""


def skeleton(name: str) -> str:
    """What a name looks like to a hurried reader: no case, no punctuation, no foreign script."""
    if name.isascii():
        return "".join(filter(str.isalnum, name.lower()))
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_LOOKALIKE)
    return "".join(char for char in folded if char.isalnum())


def observe_item(item: Item, subject: Subject) -> None:
    """Add what this module sees of one tool, prompt, resource or template to its subject."""
    uri = item.text("uri") or item.text("uriTemplate")
    if uri and item.kind in ("resource", "resource_template"):
        key = "uri" if item.kind == "resource" else "uriTemplate"
        subject.views["uri"] = view_of([(uri[:1_000], f"{item.pointer}/{key}")])
    if item.kind != "tool":
        return
    schema = item.mapping("inputSchema")
    seen = SchemaFacts()
    seen.read(schema, f"{item.pointer}/inputSchema")
    for name, segments in (("free_params", seen.free), ("flags", seen.flags), ("given", seen.given),
                           ("header_params", seen.headers), ("refs", seen.refs)):  # fmt: skip
        if segments:
            subject.views[name] = view_of((well_formed(text), place) for text, place in segments)
    hints = {hint: item.annotations.get(hint) for hint in HINTS} if item.annotations else {}
    odd = {hint: value for hint, value in hints.items() if not isinstance(value, bool | None)}
    subject.note("hints.odd", [(f"{item.pointer}/annotations/{hint}", f"{hint}: {spelt(odd[hint])}") for hint in odd])
    subject.note("schema.freeform", seen.freeform)
    subject.note("schema.undescribed", seen.undescribed)
    subject.note("schema.open", seen.open)
    subject.note("schema.secrets", seen.secrets)
    subject.note("schema.slow_pattern", seen.slow)
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
        if len(text := " ".join(tool.text("description").lower().split())) >= TELLING:
            by_text[text[:2_000]].append(tool)
    for items in by_name.values():
        by_look[skeleton(items[0].name[:200])].append(items[0])
    put("tools.duplicate", [place for items in _pairs(by_name) for place in _named(items[1:])])
    put("tools.lookalike", [place for look, items in by_look.items() if look and len(items) > 1
                            for place in _named(items)])  # fmt: skip
    told_alike = [items for items in _pairs(by_text) if len({item.name for item in items}) > 1]
    put("tools.same_text", [place for items in told_alike for place in _named(items, "description")])
    put("tools.mixed_script", _named(tool for tool in tools if not tool.name.isascii() and _mixed(tool.name)))
    spaces = Counter(head for tool in tools if (head := _namespace(tool.name)))
    if spaces and sum(spaces.values()) >= MOST * len(tools):
        facts["tools.upstreams"] = sum(1 for count in spaces.values() if count > 1)
    # Spelt, because a hint may be anything: a list cannot be a member of a set.
    hints = {repr([tool.annotations.get(hint) for hint in HINTS]) for tool in tools if tool.annotations}
    annotated = sum(bool(tool.annotations) for tool in tools)
    facts["hints.alike"] = annotated == len(tools) > 3 and len(hints) == 1 and hints != {repr([None] * len(HINTS))}
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
