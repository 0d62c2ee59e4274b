"""The views in which rules look for hostile content.

Ordinary items never get this far: one search over an item's JSON decides whether anything in it is worth reading
closely. What is, is read passage by passage and sentence by sentence:

=============  ====================================================================================================
``said``       every sentence as a line of concepts (see :mod:`hostile.acts`), recovered hidden ones included
``described``  sentences that name an attack in order to describe it ("detects … such as …")
``hidden``     the concept lines of hidden passages alone
``prose``      every sentence in normalised words
``openly``     name, title and the sentences of the description
``markup``     every text in lower case as sent, for what only a renderer or a chat template reads
``keys``       names of parameters and other keys, in words
``defaults``   default, constant, example and permitted values
``names``      the item's name and title in words
=============  ====================================================================================================

Facts: ``hidden.CHANNEL`` and ``odd.KIND`` count recovered passages and disguises, ``text.unread`` says that a text was
too long to be read closely from end to end, ``siblings`` counts the other tools of the server.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from mcp_threat_scoring.hostile.acts import Acts, Known, Line, line_of
from mcp_threat_scoring.hostile.context import Said, Surroundings
from mcp_threat_scoring.hostile.learned import TELLING, Learned
from mcp_threat_scoring.hostile.senses import stem
from mcp_threat_scoring.manifest import Item, well_formed
from mcp_threat_scoring.patterns.pattern import matches, pattern
from mcp_threat_scoring.structs import Struct, field
from mcp_threat_scoring.text.normalise import Normal, is_odd, line_at, line_starts
from mcp_threat_scoring.text.passages import MAX_STRINGS, WHOLE, Passage, Piece, pieces, read_piece
from mcp_threat_scoring.text.prose import split_words
from mcp_threat_scoring.text.views import Subject, View

MAX_SENTENCES = 2_000
MAX_SENTENCE = 1_200
LONG_WORD = 4
"""Letters from which a word of an item's name says what it is about."""
SENTENCE = 12
"""Letters from which a text may say something."""
SHORTEST = 4
"""Letters of the shortest sentence."""
MAX_READ = 400_000
"""Characters read closely per item."""
_END = pattern(r"[.!?]+[\"')\]]*\s+|[。！？；।؟]+|\r?\n[ \t]*\r?\n|\r?\n[ \t]*(?:[-*•#>]|\d{1,2}[.)])|[.:!?]\s*\r?\n")
LONG_NAME = 24
"""Characters from which a name may hold a sentence."""
MEMO = 20_000
MEMO_LENGTH = 200
_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "no.", "approx.", "incl.")
_NON_LATIN = pattern(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Cyrillic}\p{Arabic}\p{Devanagari}\p{Greek}\p{Hebrew}\p{Thai}]{3}"
    r"|[a-zA-Z][\p{Cyrillic}\p{Greek}\p{Armenian}]|[\p{Cyrillic}\p{Greek}\p{Armenian}][a-zA-Z]|[\x{ff21}-\x{ff5a}]{3}"
)
"""Other scripts, scripts mixed within a word, and full-width letters."""
_LINE_BREAKS = str.maketrans("\r\n\t\x0b\x0c\u2028\u2029\x85", "        ")


class SaidView(View):
    """Lines whose every part can be shown in the words that the target used."""

    lines: list[Passage] = []
    marks: list[list[tuple[int, int, int, int]]] = []

    @classmethod
    def of(cls, lines: list[tuple[str, Passage, list[tuple[int, int, int, int]]]]) -> SaidView:
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


class Reader(Struct, frozen=True, eq=False):
    """What is needed to read an item closely."""

    acts: Acts
    screen: Screen
    learned: Learned | None = None

    @property
    def marks(self) -> tuple[Any, ...]:
        """What a long text is searched for."""
        return self.screen.marks if self.learned is None else (*self.screen.marks, self.learned)

    def passes_over(self, text: str) -> bool:
        """Whether nothing in a plain text calls for a close look."""
        return not (self.screen.touches(text) or (self.learned is not None and self.learned.touches(text)))


class Wording(Struct, frozen=True):
    """One line as it was read, for what was learned of such lines."""

    text: str
    concepts: tuple[str, ...]
    passage: Passage
    first: bool
    own: frozenset[str]

    @property
    def said(self) -> Said:
        """The line without what was found in it."""
        return Said(self.text, self.passage.role, self.passage.pointer)


class Screen(Struct, frozen=True, eq=False):
    """What decides which items are read closely, and which parts of long texts."""

    strong: Any
    """Pattern of what is enough by itself."""
    every: Any
    """Pattern of that and of weaker ones: what is looked at in an item that is read."""
    shapes: tuple[Any, ...]
    """Patterns of forms, one by one."""
    memo: dict[str, bool] = field(default_factory=dict)
    """Short texts seen before: the tools of a server describe the same parameters in the same words."""

    def holds(self, text: str) -> bool:
        """Whether a text calls for a close look."""
        data = text.encode()
        if matches(self.strong, data) or any(matches(shape, data) for shape in self.shapes):
            return True
        return not text.isascii() and (is_odd(text) or _NON_LATIN.search(text) is not None)

    def touches(self, text: str) -> bool:
        """Whether anything in a plain text may belong to what calls for a close look."""
        known = self.memo.get(text)
        if known is None:
            data = text.encode()
            known = matches(self.every, data) or any(matches(shape, data) for shape in self.shapes)
            if len(text) < MEMO_LENGTH and len(self.memo) < MEMO:
                self.memo[text] = known
        return known

    @property
    def marks(self) -> tuple[Any, ...]:
        """Patterns of all that a long text is searched for."""
        return (self.every, *self.shapes)


def worth_reading(raw: Mapping[str, Any], screen: Screen) -> bool:
    """Whether anything in an item calls for a close look. This is all that an ordinary item costs."""
    return screen.holds(well_formed(json.dumps(raw, ensure_ascii=False)))


def texts_of(raw: Mapping[str, Any]) -> Iterable[str]:
    """The texts of an item that may hold a sentence, for a first look: no keys, no types. Bounded in number."""
    stack: list[object] = [raw]
    left = MAX_STRINGS
    while stack and left > 0:
        left -= 1
        value = stack.pop()
        if isinstance(value, str):
            if len(value) >= SENTENCE:
                yield well_formed(value)
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def sentences(text: str) -> Iterable[tuple[int, int]]:
    """Where each sentence of a normalised text begins and ends."""
    at = 0
    for found in _END.finditer(text):
        start, end = found.span()
        if text[max(0, start - 5) : start + 1].endswith(_ABBREVIATIONS):
            continue
        yield from _cut(at, start + 1 if text[start] in ".!?" else start)
        at = end
    yield from _cut(at, len(text))


def _cut(start: int, end: int) -> Iterable[tuple[int, int]]:
    while end - start > MAX_SENTENCE:
        yield start, start + MAX_SENTENCE
        start += MAX_SENTENCE
    if end > start:
        yield start, end


class _Page:
    """The lines of all views, as they are collected."""

    def __init__(self, reader: Reader, known: Known) -> None:
        self.reader, self.known = reader, known
        self.said: list[tuple[str, Passage, list[tuple[int, int, int, int]]]] = []
        self.described = list(self.said)
        self.hidden = list(self.said)
        self.prose = list(self.said)
        self.lines: list[Wording] = []
        self.all_lines: list[Said] = []
        """Those that were not read closely too, for what is around the others."""
        self.own = frozenset(stem(word) for word in split_words(known.self[:100]).split() if len(word) >= LONG_WORD)
        self.openly = list(self.said)
        self.facts: dict[str, bool | int | str] = {}
        self.places: dict[str, tuple[tuple[str, str], ...]] = {}

    def count(self, fact: str, pointer: str, words: str, by: int = 1) -> None:
        """One more of something that is a fact, with where it was seen first."""
        self.facts[fact] = int(self.facts.get(fact, 0)) + by
        self.places.setdefault(fact, ((pointer, words),))

    def mention(self, piece: Piece) -> None:
        """Take in the lines of a plain text in which nothing calls for a close look."""
        text = "" if piece.role == "key" else piece.text[:WHOLE].lower()
        for start, end in sentences(text):
            if len(self.all_lines) >= MAX_SENTENCES:
                break
            if end - start >= SHORTEST:
                line = text[start:end].translate(_LINE_BREAKS).strip()
                self.all_lines.append(Said(line, piece.role, piece.pointer))

    def read(self, passage: Passage) -> None:
        """Take in one passage."""
        normal, hidden = passage.normal, passage.channel != "open"
        for kind, number in normal.oddities.items():
            at = normal.first_odd[kind]
            self.count(f"odd.{kind}", passage.pointer, normal.raw[max(0, at - 8) : at + 12], number)
        spoken = index = 0
        opening = passage.role == "text" and not hidden
        concepts = self.reader.acts.find(normal.text, self.known)
        for start, end in sentences(normal.text):
            if len(self.prose) >= MAX_SENTENCES:
                break
            text = normal.text[start:end].translate(_LINE_BREAKS)
            if len(text) < SHORTEST:
                continue
            entry = (text, passage, [(0, end - start, start, end)])
            self.prose.append(entry)
            if passage.role in ("name", "title", "text"):
                self.openly.append(entry)
            first = index
            while index < len(concepts) and concepts[index][1] < end:
                index += 1
            line = line_of(normal.text, concepts[first:index])
            self.lines.append(Wording(text.strip(), tuple(line.concepts), passage, opening, self.own))
            self.all_lines.append(self.lines[-1].said)
            opening = False
            if index == first:
                continue
            spoken += len(line.concepts)
            told = _line(line, passage)
            describing = not hidden and "detect" in line.concepts and passage.role in ("text", "schema")
            (self.described if describing else self.said).append(told)
            if hidden:
                self.hidden.append(told)
        if hidden and (spoken or passage.channel in ("tags", "selectors", "bits")):
            self.count(f"hidden.{passage.channel}", passage.pointer, f"{len(normal.text)} characters")


def _line(line: Line, passage: Passage) -> tuple[str, Passage, list[tuple[int, int, int, int]]]:
    marks: list[tuple[int, int, int, int]] = []
    at = 0
    for concept, (first, last) in zip(line.concepts, line.spans, strict=True):
        if concept != ";":
            marks.append((at, at + len(concept), first, last))
        at += len(concept) + 1
    return " ".join(line.concepts), passage, marks


def _spelled_out(texts: Iterable[Piece]) -> Iterable[Piece]:
    """The texts, and long names besides in words: `do_not_tell_the_user` is an order too."""
    for piece in texts:
        yield piece
        if piece.role in ("key", "name") and len(piece.text) >= LONG_NAME and " " not in piece.text:
            yield Piece(piece.text.replace("_", " ").replace("-", " "), piece.pointer, "schema")


def lines_of(texts: Iterable[Piece], reader: Reader, known: Known) -> list[Wording]:
    """Every line of some texts, whether it calls for a close look or not: what the fit learns from."""
    page = _Page(reader, known)
    for piece in _spelled_out(texts):
        if piece.role != "key":
            for passage in read_piece(piece, ())[0]:
                page.read(passage)
    return page.lines


def extent(texts: Iterable[Piece]) -> int:
    """Letters of everything that an item says, names of parameters aside."""
    return sum(len(piece.text) for piece in texts if piece.role != "key")


def _weigh(page: _Page, learned: Learned, size: int) -> None:
    """Facts about what the wording of the lines alone says; see :mod:`hostile.learned`."""
    around = Surroundings(page.all_lines, learned.senses)
    scored = [
        (
            learned.score(line.text, line.concepts, line.passage.role, line.first, line.own, around.of(line.said)),
            -index,
            line,
        )
        for index, line in enumerate(page.lines)
    ]
    telling = sorted((one for one in scored if learned.against([one[0]], size) > 0), reverse=True)[:TELLING]
    if not telling:
        return
    page.facts["learned"] = round(100 * learned.against([score for score, _, _ in telling], size))
    for _, _, line in telling:
        technique = learned.technique(line.text, line.concepts, line.passage.role)
        page.count(f"learned.{technique}", line.passage.pointer, learned.telling(line.text))


def hostile_subject(pointer: str, kind: str, texts: Sequence[Piece], reader: Reader, known: Known) -> Subject:
    """The views and facts of an item's texts."""
    page = _Page(reader, known)
    markup: list[tuple[str, str]] = []
    keys: list[tuple[str, str]] = []
    defaults: list[tuple[str, str]] = []
    names: list[tuple[str, str]] = []
    budget = MAX_READ
    for piece in _spelled_out(texts):
        if budget <= 0:
            page.count("text.unread", piece.pointer, "not read closely")
            break
        plain = piece.text.isascii() and (piece.text.isprintable() or not is_odd(piece.text))
        short = piece.role == "key" and len(piece.text) < LONG_NAME
        if plain and (short or reader.passes_over(piece.text)):
            flat = piece.text.lower().translate(_LINE_BREAKS)  # nothing in it calls for more
            budget -= 20
            page.mention(piece)
        else:
            passages, complete = read_piece(piece, reader.marks)
            if not complete:
                page.count("text.unread", piece.pointer, f"{len(piece.text)} characters")
            for passage in passages:
                budget -= len(passage.normal.text) + 20
                page.read(passage)
            flat = "  ".join(p.normal.text for p in passages if p.channel == "open").translate(_LINE_BREAKS)
            markup.append((flat, piece.pointer))
        if piece.role == "key":
            keys.append((split_words(flat[:100]), piece.pointer))
        elif piece.role == "value":
            defaults.append((flat[:400], piece.pointer))
        elif piece.role in ("name", "title"):
            names.append((split_words(flat[:200]), piece.pointer))
    if reader.learned is not None:
        _weigh(page, reader.learned, extent(texts))
    views: dict[str, View] = {
        name: SaidView.of(lines)
        for name, lines in (("said", page.said), ("described", page.described), ("hidden", page.hidden),
                            ("prose", page.prose), ("openly", page.openly))
        if lines
    }  # fmt: skip
    for name, segments in (("markup", markup), ("keys", keys), ("defaults", defaults), ("names", names)):
        if segments:
            texts_ = [text for text, _ in segments]
            views[name] = View("\n".join(texts_), line_starts(texts_), [place for _, place in segments])
    return Subject(pointer, kind, views, page.facts, page.places)


def item_subject(item: Item, reader: Reader, siblings: Collection[str]) -> Subject:
    """An item as a subject for the rules over any text."""
    name = item.name.lower()
    texts = pieces(item.raw, item.pointer)
    params = {piece.text.lower() for piece in texts if piece.role in ("key", "value") and len(piece.text) < 100}
    subject = hostile_subject(item.pointer, item.kind, texts, reader, Known(name, siblings, params))
    subject.facts["siblings"] = len(siblings) - (name in siblings)
    return subject
