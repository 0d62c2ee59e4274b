"""The views in which rules look for hostile content.

Ordinary items never get this far: see :mod:`hostile.screen`. What does is read passage by passage and sentence by
sentence:

=============  ====================================================================================================
``said``       every sentence as a line of concepts (see :mod:`hostile.acts`), recovered hidden ones included
``described``  sentences that name an attack in order to describe it ("detects … such as …")
``hidden``     the concept lines of hidden passages alone, names of constants left out
``prose``      every sentence in normalised words
``openly``     name, title and the sentences of the description
``markup``     every text in lower case as sent, for what only a renderer or a chat template reads
``keys``       names of parameters and other keys, in words; of links and other names too, if they have several
``defaults``   default, constant, example and permitted values
``presets``    addresses among them, each with the parameter that it is for: ``fixed reply to = a@b.example``;
               ``expected`` instead of ``fixed`` where that is nothing odd, and then not among the ``defaults``
``names``      the item's name and title in words
=============  ====================================================================================================

Facts: ``hidden.CHANNEL`` and ``odd.KIND`` count recovered passages and disguises, ``text.unread`` says that the
texts were too long, or too many, to be read closely from end to end, ``siblings`` counts the other tools of the server.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, get_args

from mcp_threat_scoring.hostile.acts import Acts
from mcp_threat_scoring.hostile.context import Surroundings
from mcp_threat_scoring.hostile.learned import Learned
from mcp_threat_scoring.hostile.lines import LINE_BREAKS, UNREAD, Page, SaidView, Wording
from mcp_threat_scoring.hostile.screen import Screen
from mcp_threat_scoring.hostile.structures import Known
from mcp_threat_scoring.hostile.weighing import TELLING
from mcp_threat_scoring.manifest import Item, well_formed
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct, replace
from mcp_threat_scoring.text.normalise import Oddity, is_odd, line_starts
from mcp_threat_scoring.text.passages import WHOLE, Channel, Passage, Piece, Role, pieces, read_piece
from mcp_threat_scoring.text.prose import split_words
from mcp_threat_scoring.text.run_on import SHORTEST, WORDS, in_words, parted
from mcp_threat_scoring.text.views import Subject, View

ORDERING = frozenset(
    ["before", "first", "without", "secretly", "ignore", "decree", "pretext", "tell", "redirect", "history",
     "secretpath", "url", "email"]
)  # fmt: skip
"""Concepts with which a line may be an order though it begins like a statement."""
JOINED = "joined"
"""Where texts stand that are several words without a blank, with the texts."""
_ADDRESS = pattern(r"\S@\S|^\w+://|^\+?[0-9a-z][0-9a-z -]{9,}$|^(?:~|\$home)/\.")
"""A default or the like that may lead to somebody, or to something private: an address, a number, a hidden file."""
LONGEST_KEY = 100
"""Letters read of a key."""
MAX_READ = 400_000
"""Characters read closely per item."""
PLACE = 20
"""What a text counts for besides its characters."""
_URGENT: Mapping[Role, int] = {"name": 0, "title": 1, "text": 2, "schema": 3, "key": 4, "value": 5, "other": 6}
"""What is read first of an item that holds more than is read."""
ODDITIES: tuple[str, ...] = tuple(kind for one in get_args(Oddity) for kind in get_args(one) or (one,))
"""What ``odd.KIND`` may end in."""
HIDING_PLACES: tuple[str, ...] = tuple(one for one in get_args(Channel) if one != "open")
"""What ``hidden.CHANNEL`` may end in."""


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
        """Whether nothing in a plain text calls for a close look. Of long texts, parts are read in any case."""
        if len(text) > WHOLE or self.screen.holds(text):
            return False
        return self.learned is None or not (self.learned.leans(text) or self.learned.touches(text))


def _spelled_out(texts: Iterable[Piece]) -> Iterable[tuple[Piece, bool]]:
    """The texts, and names and links of several words besides in words: `do_not_tell_the_user` is an order too. A name
    that is words already is a title. With each, whether it is such words."""
    for piece in texts:
        if piece.role in ("name", "title") and (said := parted(well_formed(piece.text))):
            yield Piece(said, piece.pointer, "title"), False
            if "%" not in piece.text:  # else how it is written tells as well
                continue
        titled = piece.role == "name" and len(piece.text.split()) >= WORDS
        yield replace(piece, role="title") if titled else piece, False
        if len(piece.text) >= SHORTEST and (said := in_words(well_formed(piece.text))):
            yield Piece(said, piece.pointer, "other"), True


def _joined(texts: Iterable[Piece]) -> Iterable[tuple[str, str]]:
    """The texts that are several words without a blank, each with its place."""
    for piece in texts:
        if len(piece.text) >= SHORTEST and not piece.text.count(" ") and in_words(well_formed(piece.text)):
            yield piece.pointer, piece.text


def _chosen(value: str, pointer: str, screen: Screen) -> tuple[list[str], list[str]]:
    """What a value adds to the ``defaults``; and to the ``presets`` if it may be somebody's address."""
    _, parameter, inside = pointer.rpartition("/properties/")
    name, _, keyword = inside.partition("/")
    if not parameter or _ADDRESS.search(value) is None:
        return [value], []
    told = f"{split_words(name[:LONGEST_KEY])} = {value}"
    if screen.expected.search(told) is not None:
        return [], [f"expected {told}"]
    return [value], [f"{'example' if 'example' in keyword else 'fixed'} {told}"]


def _meant(passage: Passage, reader: Reader, known: Known) -> tuple[Passage, int]:
    """A passage without what it shows and does not say, and how many such parts there are in words of its own."""

    def concepts(text: str) -> list[str]:
        return [concept for meaning, _, _ in reader.acts.find(text, known) for concept in meaning]

    return reader.screen.mentions.without(passage, concepts)


def lines_of(texts: Iterable[Piece], reader: Reader, known: Known) -> list[Wording]:
    """Every line of some texts, whether it calls for a close look or not: what the fit learns from."""
    page = Page(reader.acts, known, reader.screen.pardons)
    for piece, _ in _spelled_out(texts):
        if piece.role != "key":
            for passage in read_piece(piece, ())[0]:
                page.read(_meant(passage, reader, known)[0])
    return page.lines


def extent(texts: Iterable[Piece]) -> int:
    """Letters of everything that an item says, names of parameters aside."""
    return sum(len(piece.text) for piece in texts if piece.role != "key")


def _spared(line: Wording, screen: Screen) -> bool:
    """Whether a line that is worded like an order is none, by its form or by what it is about."""
    if screen.states(line.text) and ORDERING.isdisjoint(line.concepts):
        return True
    return line.passage.channel == "open" and screen.pardons.words(line.concepts, line.text, line.passage.normal.text)


def _weigh(page: Page, learned: Learned, screen: Screen, size: int) -> None:
    """Facts about what the wording of the lines alone says; see :mod:`hostile.learned`."""
    leaning = [
        (index, line)
        for index, line in enumerate(page.lines)
        if not line.pardoned and learned.leans(line.text) and not _spared(line, screen)
    ]
    if not leaning:
        return
    around = Surroundings(page.all_lines(), learned.senses)
    scored = [
        (
            learned.score(line.text, line.concepts, line.passage.role, line.first, line.own, around.of(line.said)),
            -index,
            line,
        )
        for index, line in leaning
    ]
    telling = sorted((one for one in scored if learned.against([one[0]], size) > 0), reverse=True)[:TELLING]
    if not telling:
        return
    page.facts["learned"] = round(100 * learned.against([score for score, _, _ in telling], size))
    for _, _, line in telling:
        technique = learned.technique(line.text, line.concepts, line.passage.role)
        page.count(f"learned.{technique}", line.passage.pointer, learned.telling(line.text))


def _urgent_first(texts: Sequence[Piece]) -> Sequence[Piece]:
    """The texts as they are read: what nobody may miss first, where they are more than are read."""
    if sum(len(piece.text) + PLACE for piece in texts) <= MAX_READ:
        return texts
    return sorted(texts, key=lambda piece: _URGENT[piece.role])


def hostile_subject(pointer: str, kind: str, texts: Sequence[Piece], reader: Reader, known: Known) -> Subject:
    """The views and facts of an item's texts."""
    page = Page(reader.acts, known, reader.screen.pardons)
    markup: list[tuple[str, str]] = []
    keys: list[tuple[str, str]] = []
    defaults: list[tuple[str, str]] = []
    presets: list[tuple[str, str]] = []
    names: list[tuple[str, str]] = []
    budget = MAX_READ
    page.places[JOINED] = tuple(_joined(texts))
    for piece, spelt in _spelled_out(_urgent_first(texts)):
        if budget <= 0:
            page.count(UNREAD, piece.pointer, "not read closely")
            break
        plain = piece.text.isascii() and (piece.text.isprintable() or not is_odd(piece.text))
        short = piece.role == "key" and len(piece.text) < SHORTEST
        if plain and (short or reader.passes_over(piece.text)):
            flat = piece.text.lower().translate(LINE_BREAKS)  # nothing in it calls for more
            budget -= PLACE
            page.pass_over(piece)
        else:
            passages, complete = read_piece(piece, reader.marks)
            if not complete:
                page.count(UNREAD, piece.pointer, f"{len(piece.text)} characters")
            meant = [_meant(passage, reader, known) for passage in passages]
            for passage, shown in meant:
                page.shown(piece.pointer, shown)
                budget -= len(passage.normal.text) + PLACE
                page.read(passage)
            flat = "  ".join(p.normal.text for p, _ in meant if p.channel == "open").translate(LINE_BREAKS)
            markup.append((flat, piece.pointer))
        if piece.role == "key" or spelt:
            keys.append((split_words(flat[:LONGEST_KEY]), piece.pointer))
        elif piece.role == "value":
            plain_values, addresses = _chosen(flat[:400], piece.pointer, reader.screen)
            defaults += [(one, piece.pointer) for one in plain_values]
            presets += [(one, piece.pointer) for one in addresses]
        elif piece.role in ("name", "title"):
            names.append((split_words(flat[:200]), piece.pointer))
    if reader.learned is not None:
        _weigh(page, reader.learned, reader.screen, extent(texts))
    views: dict[str, View] = {
        name: SaidView.of(lines)
        for name, lines in (("said", page.said), ("described", page.described), ("hidden", page.hidden),
                            ("prose", page.prose), ("openly", page.openly))
        if lines
    }  # fmt: skip
    for name, segments in (
        ("markup", markup),
        ("keys", keys),
        ("defaults", defaults),
        ("presets", presets),
        ("names", names),
    ):
        if segments:
            texts_ = [text for text, _ in segments]
            views[name] = View("\n".join(texts_), line_starts(texts_), [place for _, place in segments])
    return Subject(pointer, kind, views, page.facts, page.places)


def item_subject(item: Item, reader: Reader, siblings: Collection[str]) -> Subject:
    """An item as a subject for the rules over any text."""
    name = item.name.lower()
    left_out: list[str] = []
    texts = pieces(item.raw, item.pointer, left_out=left_out)
    params = {piece.text.lower() for piece in texts if piece.role in ("key", "value") and len(piece.text) < 100}
    subject = hostile_subject(item.pointer, item.kind, texts, reader, Known(name, siblings, params))
    if left_out:
        subject.facts[UNREAD] = len(left_out)
    subject.facts["siblings"] = len(siblings) - (name in siblings)
    return subject
