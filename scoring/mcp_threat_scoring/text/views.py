"""Views: the same item seen in the ways a rule may ask about it.

A view is a text made of segments, one line each, and every segment knows its JSON Pointer, so that a match can be
shown where it stands. Linguistics lives in :mod:`text.prose` (splitting names, cutting sentences, taking negated
clauses apart) and :mod:`text.grammar` (finding the verb), so that rules stay plain patterns.

===============  ==================================================================================================
``name``         the name as sent
``words``        the name in lower-case words: ``getOrCreate_user-v2`` → ``get or create user v2``; a prefix that all
                 tools of the server share is taken off
``head``         ``words`` from the verb on: ``board item delete`` → ``delete``; missing when no word is a verb, or only
                 one that names the thing which the description opens with looking at, or with changing
``title``        title and annotated title, lower case
``summary``      the first sentence of the description, lower case
``lead``         the first sentence from its verb on: "this tool lets you create an order" → "create an order"; where it
                 is but a heading, the next one that has a verb
``further``      the other verbs of that clause, one a line: "list, create or delete" → create, delete
``sentences``    the other sentences of its main part, lower case, one a line
``acts``         those of them that have a verb, from that verb on
``besides``      what the tool itself does as well, told in the form of its first verb, from each such verb on: "lists
                 kennels and deletes the empty ones. Also sends a letter" → deletes …, sends …
``negated``      clauses that say what is *not* done ("does not delete", "without …"), taken out of all of the above
``sections``     argument, return and example sections of the description
``args``         names of the arguments in words, one a line
``params``       the same with the names nested inside them
``param_text``   their descriptions, lower case, one a line
``enums``        their permitted values in words, one a line
``actions``      the permitted values of arguments that choose what is done (``action``, ``method``, ``operation`` …)
``outputs``      property names of the output schema in words
===============  ==================================================================================================
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from mcp_threat_scoring.manifest import Item, canonical_json, well_formed
from mcp_threat_scoring.structs import Struct, field
from mcp_threat_scoring.text.grammar import NO_GRAMMAR, Grammar
from mcp_threat_scoring.text.prose import read_prose, split_words
from mcp_threat_scoring.text.schema_walk import SchemaWalk

HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
HINT_SHOWN = 60
"""Characters of a hint that is text; a boolean needs none."""
HEADING_WORDS = 4
"""Words below which an opening "sentence" without a verb is a heading …"""
OPENING = 4
"""… and the one that says what the tool does is looked for among the first few."""
MAX_PLACES = 20
"""Places kept of one observation; the count goes on."""


class View(Struct):
    """Lines of text with their places."""

    text: str
    starts: list[int]
    pointers: list[str]
    data: bytes | None = None
    """The text as bytes, once somebody asked for it."""

    def encoded(self) -> bytes:
        """The text as RE2 reads it."""
        if self.data is None:
            self.data = self.text.encode()
        return self.data

    def pointer_at(self, offset: int) -> str:
        """The JSON Pointer of the segment that holds that offset."""
        return self.pointers[bisect_right(self.starts, offset) - 1] if self.pointers else ""

    def shown(self, start: int, end: int) -> str:
        """The words to show for a part of the text."""
        return self.text[start:end]


def spelt(hint: object) -> str:
    """A hint as JSON spells it, raw: ``true``, ``"true"``, ``1``, ``null``; of a list or an object, that it is one."""
    if isinstance(hint, list | dict):
        return "a list" if isinstance(hint, list) else "an object"
    return canonical_json(hint[:HINT_SHOWN] if isinstance(hint, str) else hint)


EMPTY = View("", [], [])
_ORIGIN = [0]
"""Where the lines of a view of one place begin; shared, and never changed."""


def view_of(segments: Iterable[tuple[str, str]]) -> View:
    """Join (text, pointer) segments, one line each."""
    texts: list[str] = []
    starts: list[int] = []
    pointers: list[str] = []
    at = 0
    for text, pointer in segments:
        texts.append(text)
        starts.append(at)
        pointers.append(pointer)
        at += len(text) + 1
    return View("\n".join(texts), starts, pointers) if texts else EMPTY


def _view_at(texts: list[str], pointer: str) -> View:
    """Lines that all stand at one place."""
    return View("\n".join(texts) if len(texts) > 1 else texts[0], _ORIGIN, [pointer])


class Subject(Struct):
    """What a rule looks at: views by name, and facts by name."""

    pointer: str
    kind: str
    views: dict[str, View]
    facts: dict[str, bool | int | str] = field(default_factory=dict)
    places: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Where a fact was seen: (JSON Pointer, words to show), for facts that are about something inside."""
    finders: dict[str, Callable[[], tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    """The same for facts that are looked for only when somebody asks: most are only ever counted."""

    def note(self, fact: str, places: Sequence[tuple[str, str]]) -> None:
        """A fact of which there are so many, with the first places where it was seen; none leave it unsaid."""
        if places:
            self.facts[fact] = len(places)
            self.places[fact] = tuple((pointer, well_formed(words)) for pointer, words in places[:MAX_PLACES])

    def where(self, fact: str) -> tuple[tuple[str, str], ...]:
        """The places of a fact; none if it is about the whole."""
        if fact in self.finders:
            return self.finders[fact]()
        return self.places.get(fact, ())


def _describe(description: str, pointer: str, views: dict[str, View], grammar: Grammar) -> None:
    prose = read_prose(description)
    sentences = prose.sentences
    if sentences:
        views["summary"] = _view_at(sentences[:1], pointer)
        leads = [grammar.lead(sentence) for sentence in sentences]
        if len(sentences) > 1 and leads[0] and grammar.is_heading(sentences[0], sentences[1]):
            leads[0] = ""
        reach = OPENING if sentences[0].count(" ") < HEADING_WORDS else 1
        first = next((index for index, lead in enumerate(leads[:reach]) if lead), -1)
        if first >= 0:
            views["lead"] = _view_at([leads[first]], pointer)
            further = grammar.further(leads[first])
            if further:
                views["further"] = _view_at(further, pointer)
        acts = [lead for index, lead in enumerate(leads) if lead and index != first]
        besides = [
            clause
            for index, sentence in enumerate(sentences)
            if index or leads[0]
            for clause in grammar.besides(sentence, "" if index else leads[0])
        ]
        if besides:
            views["besides"] = _view_at(besides, pointer)
        if acts:
            views["acts"] = _view_at(acts, pointer)
        if len(sentences) > 1:
            views["sentences"] = _view_at(sentences[1:], pointer)
    if prose.negated:
        views["negated"] = _view_at(prose.negated, pointer)
    if prose.sections:
        views["sections"] = _view_at([prose.sections], pointer)


def tool_subject(item: Item, prefix: str = "", grammar: Grammar = NO_GRAMMAR) -> Subject:
    """All views and facts of one tool, prompt, resource or template."""
    pointer = item.pointer
    words = split_words(item.name[:200])
    if prefix and words.startswith(prefix):
        words = words[len(prefix) :]
    here = [f"{pointer}/name"]
    views: dict[str, View] = {"name": View(item.name[:200], _ORIGIN, here), "words": View(words, _ORIGIN, here)}
    annotations = item.annotations
    titles = [(well_formed(value[:200]).lower(), f"{pointer}/{place}")
              for value, place in ((item.raw.get("title"), "title"), (annotations.get("title"), "annotations/title"))
              if isinstance(value, str) and value]  # fmt: skip
    if titles:
        views["title"] = view_of(titles)
    description = item.text("description")
    if description:
        _describe(description, f"{pointer}/description", views, grammar)
    # what the name turns on, once it is known what the description opens with: nothing beside a plain look
    plain = "further" not in views and "besides" not in views
    told = "lead" if "lead" in views else "summary"
    opening = views[told].text if plain and told in views else ""
    head = grammar.head(words, opening if told == "lead" else "", opening if told == "summary" else "")
    if head and "summary" in views:
        lead = views["lead"].text if "lead" in views else ""
        head = grammar.worked_on(head, words, lead, views["summary"].text)
    if head:
        views["head"] = View(head, _ORIGIN, here)
    facts: dict[str, bool | int | str] = {}
    schema = item.mapping("inputSchema")
    if schema:
        walk = SchemaWalk()
        walk.read(schema, f"{pointer}/inputSchema")
        for name, segments in (("args", walk.args), ("params", walk.names), ("param_text", walk.texts),
                               ("enums", walk.enums), ("actions", walk.actions)):  # fmt: skip
            if segments:
                views[name] = view_of(segments)
        facts["schema.nodes"], facts["schema.depth"] = walk.nodes, walk.depth
    properties = schema.get("properties")
    facts["params.count"] = len(properties) if isinstance(properties, dict) else 0
    output = item.mapping("outputSchema")
    if output:
        walk = SchemaWalk()
        walk.read(output, f"{pointer}/outputSchema")
        views["outputs"] = view_of(walk.names)
    facts["output_schema"] = bool(output)
    facts["description"] = bool(description)
    facts["annotations"] = bool(annotations)
    for key in HINTS:
        if isinstance(annotations.get(key), bool):
            facts[key] = annotations[key]
    return Subject(pointer, item.kind, views, facts)
