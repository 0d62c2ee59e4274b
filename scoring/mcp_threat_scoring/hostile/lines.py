"""The lines of an item as they are read: where each one stands, what was found in it, and how to show it."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_threat_scoring.hostile.acts import Acts, Line, line_of
from mcp_threat_scoring.hostile.context import Said
from mcp_threat_scoring.hostile.pardons import Pardons
from mcp_threat_scoring.hostile.structures import Known
from mcp_threat_scoring.patterns.pattern import pattern, spans
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.normalise import Normal, line_at, line_starts
from mcp_threat_scoring.text.passages import WHOLE, Passage, Piece, read_piece
from mcp_threat_scoring.text.prose import split_words
from mcp_threat_scoring.text.stems import stem
from mcp_threat_scoring.text.views import View

MAX_SENTENCES = 2_000
UNREAD = "text.unread"
SHOWN = "text.shown"
"""The fact that something of an item was not read closely."""
MAX_SENTENCE = 250
"""Letters read as one line: among more, an order would be lost."""
LONG_WORD = 4
"""Letters from which a word of an item's name says what it is about."""
SHORTEST = 4
"""Letters of the shortest sentence."""
_END = pattern(r"[.!?]+[\"')\]]*\s+|[。！？；।؟]+|\r?\n[ \t]*\r?\n|\r?\n[ \t]*(?:[-*•#>]|\d{1,2}[.)])|[.:!?]\s*\r?\n")
_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "no.", "approx.", "incl.")
LINE_BREAKS = str.maketrans("\r\n\t\x0b\x0c\u2028\u2029\x85", "        ")
OPENLY = frozenset({"name", "title", "text"})
"""Roles of texts in which an item says of itself what it is."""
Entry = tuple[str, Passage, list[tuple[int, int, int, int]]]
"""A line, the passage it is from, and the places of its parts there."""


class SaidView(View):
    """Lines whose every part can be shown in the words that the target used."""

    lines: list[Passage] = []
    marks: list[list[tuple[int, int, int, int]]] = []

    @classmethod
    def of(cls, lines: list[Entry]) -> SaidView:
        """Put lines together, each with the passage it is from and the places of its parts there."""
        texts = [text for text, _, _ in lines]
        passages = [passage for _, passage, _ in lines]
        return cls(
            "\n".join(texts),
            line_starts(texts),
            [passage.pointer for passage in passages],
            None,
            passages,
            [marks for _, _, marks in lines],
        )

    def shown(self, start: int, end: int) -> str:
        """The target's own words for a part of one line."""
        index = line_at(self.starts, start)
        from_, until = start - self.starts[index], end - self.starts[index]
        places = [(a, b) for first, last, a, b in self.marks[index] if first < until and last > from_]
        normal = self.lines[index].normal
        if not places:
            return normal.text[from_:until]
        begin, finish = min(a for a, _ in places), max(b for _, b in places)
        if len(self.marks[index]) == 1 and self.marks[index][0][1] == finish - begin:  # a line of plain words
            begin, finish = begin + from_, begin + until
        return _raw(normal, begin, finish, self.lines[index].channel != "open")


def _raw(normal: Normal, start: int, end: int, hidden: bool) -> str:
    if hidden:
        return normal.text[start:end]
    first, last = normal.raw_span(start, end)
    return normal.raw[first:last]


class Wording(Struct, frozen=True):
    """One line as it was read, for what was learned of such lines."""

    text: str
    concepts: tuple[str, ...]
    passage: Passage
    first: bool
    own: frozenset[str]
    pardoned: bool = False
    """Whether it is the opposite of an order, whatever it is worded like."""

    @property
    def said(self) -> Said:
        """The line without what was found in it."""
        return Said(self.text, self.passage.role, self.passage.pointer)


def sentences(text: str) -> Iterable[tuple[int, int]]:
    """Where each sentence of a normalised text begins and ends."""
    at = 0
    for start, end in spans(_END, text):
        if text[max(0, start - 5) : start + 1].endswith(_ABBREVIATIONS):
            continue
        yield from _cut(text, at, start + 1 if text[start] in ".!?" else start)
        at = end
    yield from _cut(text, at, len(text))


def _cut(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    while end - start > MAX_SENTENCE:
        blank = text.rfind(" ", start + MAX_SENTENCE // 2, start + MAX_SENTENCE)
        stop = start + MAX_SENTENCE if blank < 0 else blank
        yield start, stop
        start = stop
    if end > start:
        yield start, end


class Page:
    """The lines of all views, as they are collected."""

    def __init__(self, acts: Acts, known: Known, pardons: Pardons) -> None:
        self.acts, self.known, self._pardons = acts, known, pardons
        self.said: list[Entry] = []
        self.described = list(self.said)
        self.hidden = list(self.said)
        self.prose = list(self.said)
        self.lines: list[Wording] = []
        self.order: list[Said | Piece] = []
        """The lines, and between them the texts that were not read closely, for what is around a line."""
        self.own = frozenset(stem(word) for word in split_words(known.self[:100]).split() if len(word) >= LONG_WORD)
        self.openly = list(self.said)
        self.facts: dict[str, bool | int | str] = {}
        self.places: dict[str, tuple[tuple[str, str], ...]] = {}

    def count(self, fact: str, pointer: str, words: str, by: int = 1) -> None:
        """One more of something that is a fact, with where it was seen first."""
        self.facts[fact] = int(self.facts.get(fact, 0)) + by
        self.places.setdefault(fact, ((pointer, words),))

    def shown(self, pointer: str, parts: int) -> None:
        """A passage has some parts, or none, that it shows and does not say."""
        if parts:
            self.count(SHOWN, pointer, "shown", parts)

    def all_lines(self) -> list[Said]:
        """Every line of the item in its order, whether it was read closely or not."""
        found: list[Said] = []
        room = MAX_SENTENCES
        for one in self.order:
            if isinstance(one, Said):
                found.append(one)
            elif one.role != "key" and room > 0:
                text = one.text[:WHOLE].lower()
                for start, end in sentences(text):
                    if end - start >= SHORTEST:
                        room -= 1
                        found.append(Said(text[start:end].translate(LINE_BREAKS).strip(), one.role, one.pointer))
        return found

    def pass_over(self, piece: Piece) -> None:
        """Take in a text that is not read closely: what an item says of itself openly tells what it is about."""
        self.order.append(piece)
        if piece.role not in OPENLY:
            return
        for passage in read_piece(piece, ())[0]:
            text = passage.normal.text
            for start, end in sentences(text):
                if end - start >= SHORTEST and len(self.openly) < MAX_SENTENCES:
                    line = text[start:end].translate(LINE_BREAKS)
                    self.openly.append((line, passage, [(0, end - start, start, end)]))

    def read(self, passage: Passage) -> None:
        """Take in one passage."""
        normal, hidden = passage.normal, passage.channel != "open"
        for kind, number in normal.oddities.items():
            at = normal.first_odd[kind]
            self.count(f"odd.{kind}", passage.pointer, normal.raw[max(0, at - 8) : at + 12], number)
        spoken = index = 0
        opening = passage.role == "text" and not hidden
        concepts = self.acts.find(normal.text, self.known)
        for start, end in sentences(normal.text):
            if len(self.prose) >= MAX_SENTENCES:
                self.count(UNREAD, passage.pointer, "not read closely")
                break
            text = normal.text[start:end].translate(LINE_BREAKS)
            if len(text) < SHORTEST:
                continue
            entry = (text, passage, [(0, end - start, start, end)])
            self.prose.append(entry)
            if passage.role in OPENLY:
                self.openly.append(entry)
            first = index
            while index < len(concepts) and concepts[index][1] < end:
                index += 1
            line = line_of(normal.text, concepts[first:index])
            spared = not hidden and self._pardons.describes(line.concepts, text, normal.text)
            self.lines.append(Wording(text.strip(), tuple(line.concepts), passage, opening, self.own, spared))
            self.order.append(self.lines[-1].said)
            opening = False
            if index == first:
                continue
            spoken += len(line.concepts)
            told = _line(line, passage)
            describing = not hidden and "detect" in line.concepts and passage.role in ("text", "schema")
            (self.described if describing or spared else self.said).append(told)
            if hidden and passage.channel != "constant":
                self.hidden.append(told)
        if hidden and (spoken or passage.channel in ("tags", "selectors", "bits")):
            self.count(f"hidden.{passage.channel}", passage.pointer, f"{len(normal.text)} characters")


def _line(line: Line, passage: Passage) -> Entry:
    marks: list[tuple[int, int, int, int]] = []
    at = 0
    for concept, (first, last) in zip(line.concepts, line.spans, strict=True):
        if concept != ";":
            marks.append((at, at + len(concept), first, last))
        at += len(concept) + 1
    return " ".join(line.concepts), passage, marks
