"""Everything a target says, passage by passage: what it says openly, and what it says where nobody looks.

A passage is a normalised text with its place. Hidden ones are recovered from tag characters, variation selectors,
zero-width bits, comments, link titles, codes (:mod:`text.codes`), ciphers (:mod:`text.ciphers`), digit-for-letter
spelling, letters set apart, words run together (:mod:`text.run_on`; those that only name a constant are a
sort of their own), right-to-left overrides, and text pushed out of
sight by white space.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.patterns.pattern import matches, pattern
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.ciphers import CIPHERED, Cipher, unciphered
from mcp_threat_scoring.text.codes import CODED, LONGEST_RUN, Code, decoded
from mcp_threat_scoring.text.normalise import Normal, normalise
from mcp_threat_scoring.text.run_on import RUN_ON, run_on, spread
from mcp_threat_scoring.text.schema_walk import escape

Channel = Literal[
    Code, Cipher, "open", "tags", "selectors", "bits", "bidi", "comment", "title", "digits", "spaced", "run-on",
    "constant", "far",
]  # fmt: skip
Role = Literal["name", "title", "text", "schema", "key", "value", "other"]

MAX_STRINGS = 10_000
"""Strings of one role (names, descriptions, permitted values …) that are read of one item."""
LONG_NAME = 24
"""Characters from which a name may hold a sentence."""
WHOLE = 16_000
"""Characters up to which a text is read from end to end; of longer ones, what stands around suspicious words."""
WINDOW = 400
MAX_AROUND = 50_000
"""Characters read around what one kind of suspicious words is found in; some sixty places."""
EDGE = 2_000

_COMMENT = pattern(
    r"(?s)<!--(.+?)(?:-->|\z)|(?m:^)\s*\[(?://|comment|_|#)\]:\s*(?:#|<>)?\s*[(\"'<]([^\n]+?)[)\"'>]?\s*(?:\n|\z)|/\*(.{12,}?)\*/|"
    r"<[a-z]+[^>]*(?:hidden|display: ?none|font-size: ?0|opacity: ?0|color: ?(?:white|#fff))[^>]*>(.+?)(?:</|\z)"
)
_LINK = pattern(r"\]\(\s*[^\s)]*\s+\"([^\"\n]{8,})\"\s*\)|\]\(\s*[^\s)]*\s+'([^'\n]{8,})'\s*\)|!\[([^\]\n]{12,})\]\(")
_DIGITS = pattern(r"[a-z][0134578@$][a-z]|[0134578@$][a-z]{1,3}[0134578@$]")
_UNDIGIT = str.maketrans("0134578@$!", "oleastbasi")
_UNDIGIT_I = str.maketrans("0134578@$!", "oieastbasi")
_DISGUISED = pattern(
    r"ignore|instruct|previous|password|system prompt|secret|credential|execute|conversation|do not tell|"
    r"api key|private key"
)
_SENTENCES = pattern(r"[.!?;]\s|\n")
_SPACED = pattern(r"(?:\b[a-z][ ._*·•|/-]{1,3}){6,}[a-z]\b")
MANY_LETTERS = 12
"""Letters set apart from which a run is language if some stand in it more than once: a list names each only once."""
_JOINED_WORDS = pattern(
    r"instructions?|credentials|conversation|password|previous|argument|override|without|account|message|always|before|"
    r"forget|ignore|nobody|prompt|reveal|secret|system|delete|every|prior|rules|never|their|files?|first|that|this|sent|"
    r"send|tell|read|user|with|copy|keys?|call|tool|must|from|then|your|hide|mail|data|all|not|the|and|api|ssh|env|you|"
    r"run|put|pay|any|his|her|is|to|it|of|in|do"
)
_FAR = pattern(r"(?:[ \t\x{a0}\x{2000}-\x{200a}\x{3000}]{100,}|(?:[ \t]*\r?\n){12,})[^\s]")


_ROUNDABOUT = pattern(
    r"(?i)<!--|\[(?://|comment|_|#)\]:|/\*|<[a-z]+[^>]*(?:hidden|none|size|opacity|color)|\]\(|"
    r"\s{60}|(?:\n[ \t]*){12}|[a-z][0134578@$][a-z]|[0134578@$][a-z]{1,3}[0134578@$]|(?:[a-z][ ._*·•|/-]){6}|"
    + CIPHERED
)


class Passage(Struct):
    """One text of the target, as it is meant."""

    normal: Normal
    pointer: str
    role: Role
    channel: Channel = "open"


class Piece(Struct):
    """One string of the target with its place and what it is for."""

    text: str
    pointer: str
    role: Role


_ROLES: Mapping[str, Role] = {"name": "name", "title": "title", "description": "text", "instructions": "text"}
_FIRST = ("name", "title", "description", "instructions")
"""What people and models read first; then come schemas, and then the rest."""
_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_FORMAL = frozenset({"type", "$schema", "format", "required"})
"""Keywords of a schema whose values are no words of the target, as long as they are what they should be."""
_VALUES = frozenset({"default", "enum", "const", "examples"})
_DIALECT = pattern(r"\Ahttps?://json-schema\.org/[a-z0-9./_-]{0,40}#?\z")
"""JSON Schema, draft 2020-12, section 8.1.1: the dialects that have a name of their own."""


def says(token: str) -> bool:
    """Whether what should be a name or another short word may say something: it has blanks, or is long."""
    return len(token) >= LONG_NAME or " " in token


def _rank(key: str) -> int:
    return _FIRST.index(key) if key in _FIRST else len(_FIRST) + (not key.endswith("Schema"))


def _formal(keyword: str, value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a member of a schema is a known type, a dialect, or a short word, and so nothing to be read."""
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict | list):
            return False
        if not isinstance(one, str) or one in _TYPES:
            continue
        if keyword == "$schema" and _DIALECT.search(one) is not None:
            continue
        known = schema.get("properties") if keyword == "required" else None
        if says(one) and not (isinstance(known, dict) and one in known):
            return False
    return True


def pieces(
    raw: Mapping[str, Any], pointer: str, names: Mapping[str, Role] = _ROLES, left_out: list[str] | None = None
) -> list[Piece]:
    """Every string of an item, keys of objects too, what is read first standing first; values that may be chosen once
    more as one text, for an order may be cut up among them.

    Iterative, so depth cannot hurt. Each role has room for :data:`MAX_STRINGS`, so that none crowds out another; the
    places of those beyond go into `left_out`.
    """
    found: list[Piece] = []
    room: dict[Role, int] = {}
    stack: list[tuple[object, str, Role, bool]] = []

    def keep(text: str, place: str, role: Role) -> None:
        if (left := room.get(role, MAX_STRINGS)) > 0:
            room[role] = left - 1
            found.append(Piece(text, place, role))
        elif left_out is not None:
            left_out.append(place)

    for key in sorted(raw, key=_rank)[::-1]:
        role = names.get(key, "schema" if key.endswith("Schema") else "other")
        stack.append((raw[key], f"{pointer}/{escape(key)}", role, False))
        if says(key):
            stack.append((key, f"{pointer}/{escape(key)}", "key", False))
    while stack:
        value, place, role, values = stack.pop()
        if isinstance(value, str):
            if value:
                keep(value, place, "value" if values else role)
        elif isinstance(value, dict):
            in_properties = place.endswith(("/properties", "/patternProperties"))
            titled = place == f"{pointer}/annotations"  # a tool may have its title there: MCP, ToolAnnotations
            for key, inner in reversed(value.items()):
                where = f"{place}/{escape(key)}"
                formal = False
                if role == "schema" and not in_properties:
                    formal = key in _FORMAL and not isinstance(inner, dict)
                    if formal and _formal(key, inner, value):
                        continue
                spoken: Role = "title" if titled and key == "title" else role
                stack.append((inner, where, spoken, values or formal or (role == "schema" and key in _VALUES)))
                if in_properties or role == "other" or says(key):
                    stack.append((key, where, "key", False))
        elif isinstance(value, list):
            if values and (said := spread(value)):
                keep(said, place, "value")
            stack.extend((inner, f"{place}/{index}", role, values) for index, inner in reversed(list(enumerate(value))))
    return found


def roundabout(text: str) -> bool:
    """Whether anything in a text may be said in a roundabout way. A quick look before many slower ones."""
    data = text.encode()
    return any(matches(one, data) for one in (_ROUNDABOUT, RUN_ON, *CODED))


def _recovered(text: str) -> Iterable[tuple[Channel, str, bool]]:
    """What is said in a text in a roundabout way, and whether that is all of it."""
    for found in _COMMENT.finditer(text):
        yield "comment", next((group for group in found.groups() if group), ""), True
    for found in _LINK.finditer(text):
        yield "title", next((group for group in reversed(found.groups()) if group), ""), True
    yield from decoded(text)
    for said, constant in run_on(text):
        yield "constant" if constant else "run-on", said, True
    far = _FAR.search(text)
    if far is not None and len(text) - far.end() > 12:
        yield "far", text[far.end() - 1 :], True


def _disguised(plain: str) -> Iterable[tuple[Channel, str]]:
    """What a normalised text says when it is read the way it is meant: turned round, shifted, spelt with digits."""
    yield from unciphered(plain)
    if _DIGITS.search(plain):
        for table in (_UNDIGIT, _UNDIGIT_I):
            if said := " ".join(_spelt_with_digits(plain, table)):
                yield "digits", said
                break
    if _SPACED.search(plain):
        runs = [found.group(0) for found in _SPACED.finditer(plain)]
        joined = [" ".join("".join(char for char in word if char.isalnum()) for word in _apart(run)) for run in runs]
        text = " ".join(_JOINED_WORDS.sub(lambda found: f" {found.group(0)} ", one) for one in joined)
        if len(_JOINED_WORDS.findall(text)) >= 2 or any(map(_spelt, joined)):
            yield "spaced", " ".join(text.split())


def _spelt_with_digits(plain: str, table: Mapping[int, int]) -> list[str]:
    """The sentences that hold words with digits for letters, where several do and these are words of orders. One alone
    is a password, or what stands for one: ``s3cret``."""
    shown = plain.translate(table)
    if len(_DISGUISED.findall(shown)) <= len(_DISGUISED.findall(plain)):
        return []
    found = [(sum(bool(_DIGITS.search(word)) for word in one.split()), one) for one in _SENTENCES.split(plain)]
    return [one.translate(table) for words, one in found if words] if sum(words for words, _ in found) > 1 else []


def _spelt(letters: str) -> bool:
    """Whether letters set apart are those of words, rather than marks, options or axes."""
    plain = letters.replace(" ", "")
    return len(plain) >= MANY_LETTERS and 4 * len(set(plain)) < 3 * len(plain)


def _apart(run: str) -> list[str]:
    """The words of letters set apart, where words stand further apart than letters do."""
    return run.split("  ") if "  " in run else [run]


def windows(text: str, marks: Sequence[Any]) -> tuple[list[tuple[int, int]], bool]:
    """Which parts of a long text are read: both ends and what surrounds suspicious words. And whether that was all."""
    if len(text) <= WHOLE:
        return [(0, len(text))], True
    parts = [(0, EDGE), (max(0, len(text) - EDGE), len(text))]
    complete = True
    for mark in marks:
        last = read = 0
        for found in mark.finditer(text):
            start, end = found.span()
            if start < last:
                continue
            last = end + WINDOW
            end = min(end, start + LONGEST_RUN)
            read += end - start + 2 * WINDOW
            if read > MAX_AROUND:
                complete = False
                break
            parts.append((max(0, start - WINDOW), min(len(text), end + WINDOW)))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged, complete


def read_piece(piece: Piece, marks: Sequence[Any]) -> tuple[list[Passage], bool]:
    """All passages of one string, and whether the whole of it was read."""
    text = well_formed(piece.text)
    found: list[Passage] = []
    parts, complete = windows(text, marks)
    for start, end in parts:
        part = text[start:end] if (start, end) != (0, len(text)) else text
        normal = normalise(part)
        found.append(Passage(normal, piece.pointer, piece.role))
        hidden: list[tuple[Channel, str, bool]] = [
            ("tags", normal.tags, True),
            ("selectors", normal.selectors, True),
            ("bits", normal.bits, True),
        ]
        hidden = [one for one in hidden if one[1]]
        hidden += [("bidi", run, True) for run in normal.reversed_runs]
        if piece.role != "key" and (roundabout(part) or normal.oddities):
            hidden += _recovered(part)
            if normal.text != part and normal.oddities:
                hidden += [one for one in _recovered(normal.text) if one[0] == "comment"]
            told = [normal.text, *(said.lower() for _, said, _ in hidden)]
            hidden += [(channel, said, True) for plain in told for channel, said in _disguised(plain)]
        for channel, said, whole in hidden:
            found.append(Passage(normalise(said[:WHOLE]), piece.pointer, piece.role, channel))
            complete = complete and whole and len(said) <= WHOLE
    return found, complete
