"""The only way for a target's text into a report.

A report is read by a person in a terminal, a browser or a pull request, and by a model. Text from the target is
therefore made inert first: invisible and directional characters become visible names, control characters and escape
sequences become pictures, markup that a renderer would act on is defanged, and the length is bounded.

Words from a target's prose go through :func:`excerpt` besides: a few words, joined by dots instead of spaces, so that
the reader can find the place and no sentence stands there to be obeyed. Names and commands stay as they are unless they
read like prose, which :mod:`datamark` decides. So do the words of people whom nobody vouches for, in a policy or a rule
of the user's own: those go through :func:`neutralise_prose` and are shown whole, with dots.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from string import ascii_letters, digits
from typing import Any, NewType

from mcp_threat_scoring.datamark import (
    MARK,
    WORDS_OF_TITLE,
    WORDS_SHOWN,
    is_prose,
    is_prose_in_command,
    is_sentence,
    marked,
    prose_in_name,
    words_in_command,
    words_of,
    wrapped,
)
from mcp_threat_scoring.patterns.pattern import pattern

SafeText = NewType("SafeText", str)
"""Text that may stand in a report. Only this module makes it from a target's text."""

EXCERPT_LENGTH = 80
NAME_LENGTH = 128
ADDRESS_LENGTH = 2_000
PROSE_LENGTH = 2_000
COMMAND_WORDS = 12
"""Words of a command that reads like prose."""
LETTERS_OF_NAME = 64
"""Longest name in one word that is shown whole; the specification asks names to stay within it."""
CHANGED = " (name changed)"
SHORT = 32
"""Characters up to which an excerpt is remembered."""

UNWRITABLE = "⟨U+"
"""How the name of a character begins that cannot be written as it is."""
UNWRITABLE_LENGTH = len("⟨U+10FFFF")
_NAME_LETTERS = ascii_letters + digits + "_-./"

_COMBINING_SHOWN = 2


def _visible(char: str) -> str:
    point = ord(char)
    if point < 0x20:
        return " " if char in "\t\n\r" else chr(0x2400 + point)
    if point == 0x7F:
        return "␡"
    category = unicodedata.category(char)
    if (
        category in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
        or 0xFE00 <= point <= 0xFE0F
        or 0xE0100 <= point <= 0xE01EF
        or char in "\u034f\u115f\u1160\u2800\u3164\uffa0\u17b4\u17b5"
    ):
        return f"⟨U+{point:04X}⟩"
    return " " if category == "Zs" else char


# Characters that start something in Markdown, HTML or a terminal get a look-alike that does not.
_DEFANG = str.maketrans({"<": "‹", ">": "›", "`": "ˋ", "[": "［", "]": "］", "|": "¦"})
_ENTITY = pattern(r"&(#?\w{1,10};)")
_ACTIVE = pattern(r"(?i)(^|[^a-z0-9+._-])(javascript|vbscript|mailto|data):([a-z]+/|[,;]|)")
"""Schemes of addresses that act, or carry what does. Of a word that is common in names, what follows it tells."""
_MAIL = pattern(r"([\w.+-])@([\w-]+\.[a-zA-Z])")


def _calm(text: str) -> str:
    """Accents heaped on a letter, cut down to what a language needs."""
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= _COMBINING_SHOWN:
            kept.append(char)
    return "".join(kept)


def neutralise(text: object, limit: int = EXCERPT_LENGTH) -> SafeText:
    """Make any value of the target's safe to show, in at most about `limit` characters."""
    value = text if isinstance(text, str) else _plain(text, limit)
    head = value[: limit + 1]
    shown = head if head.isascii() and head.isprintable() else _calm("".join(_visible(char) for char in head))
    shown = " ".join(shown.split()) if "  " in shown else shown.strip()
    shown = shown.translate(_DEFANG)
    if ":" in shown:
        if "::" in shown:  # words: any of them may come to stand first in a line, where GitHub Actions obeys it
            shown = " ".join(f"∶∶{word[2:]}" if word[:2] == "::" else word for word in shown.split(" "))
        shown = shown.replace("://", "[:]//")
        lowered = shown.lower()
        if "javascript:" in lowered or "data:" in lowered or "vbscript:" in lowered or "mailto:" in lowered:
            shown = _ACTIVE.sub(_scheme_defused, shown)
    if "@" in shown:
        shown = _MAIL.sub(r"\1[@]\2", shown)
    if "&" in shown:
        shown = _ENTITY.sub(_defused, shown)
    if len(value) > limit or len(shown) > limit * 2:
        shown = _cut(shown, limit * 2 - 1 if len(value) <= limit else limit).rstrip() + "…"
    return SafeText(shown)


def _cut(shown: str, length: int) -> str:
    """The beginning of a text, without the half of a character's name, which would be read as a word."""
    kept = shown[:length]
    opened = kept.rfind(UNWRITABLE[0], -UNWRITABLE_LENGTH)
    return kept if opened < 0 or "⟩" in kept[opened:] else kept[:opened]


def _defused(entity: Any) -> str:
    """The entity with another ampersand. A function, because RE2 misspells what is not ASCII in a template."""
    return f"＆{entity[1]}"


def _scheme_defused(found: Any) -> str:
    before, scheme, rest = found.groups()
    return f"{before}{scheme}:" if scheme.lower() == "data" and not rest else f"{before}{scheme}[:]{rest}"


def _plain(value: object, limit: int) -> str:
    """A value that is no text, spelt without building more of it than can be shown."""
    if value is None or isinstance(value, bool | float):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value.bit_length() < 8 * limit else "a huge number"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"an object of {len(value)}" if isinstance(value, dict) else type(value).__name__


def excerpt(text: object, words: int = WORDS_SHOWN) -> SafeText:
    """A few words of a target's prose: enough to find the place by, too few and too broken up to be obeyed."""
    if isinstance(text, str) and len(text) <= SHORT:
        return _short_excerpt(text, words)
    return _excerpt(text, words)


@lru_cache(maxsize=4_096)
def _short_excerpt(text: str, words: int) -> SafeText:
    """The same words are found in one tool after the other."""
    return _excerpt(text, words)


def _excerpt(text: object, words: int) -> SafeText:
    shown = neutralise(text)
    parts = words_of(shown)
    if len(parts) < 2:
        return SafeText(_word(shown))
    return shown if len(parts) < 3 else SafeText(marked(parts, words))


def neutralise_name(text: object) -> SafeText:
    """A tool's, server's or parameter's name. One that had to be changed says so."""
    shown = neutralise(text, NAME_LENGTH)
    if shown == text and len(shown) <= LETTERS_OF_NAME and not shown.strip(_NAME_LETTERS):
        return shown
    if not isinstance(text, str):
        return shown
    if words := prose_in_name(shown):
        return SafeText(marked(words, WORDS_SHOWN) + CHANGED)
    if " " not in shown and len(shown) > LETTERS_OF_NAME:
        return SafeText(_word(shown) + CHANGED)
    return shown if shown == text.strip() and UNWRITABLE not in shown else SafeText(shown + CHANGED)


def neutralise_order(text: str) -> SafeText:
    """What a rule read as an order, broken up whatever its words are joined by."""
    words = _split(neutralise(text, NAME_LENGTH))
    return SafeText(marked(words, WORDS_SHOWN))


def neutralise_prose(text: object, limit: int = PROSE_LENGTH) -> SafeText:
    """What somebody wrote whom nobody vouches for, to be read whole: a mark between all words where they are many.

    A word that is longer than names are is cut, because it may be a whole text in another spelling.
    """
    shown = neutralise(text, limit)
    words = words_of(shown)
    return SafeText(wrapped(list(map(_word, words))) if is_prose(words) else " ".join(map(_word, shown.split())))


def _word(shown: str) -> str:
    return shown if len(shown) <= LETTERS_OF_NAME else _cut(shown, LETTERS_OF_NAME).rstrip("…") + "…"


def neutralise_command(command: str, limit: int = 300) -> SafeText:
    """A command line that others may have written. An ordinary one stays what it is; prose in its place does not.

    It may have been neutralised before. Where a person is asked whether to start it, it is shown exactly instead.
    """
    shown = neutralise(_before(command), limit)
    return SafeText(marked(words_of(shown), COMMAND_WORDS)) if is_prose_in_command(words_in_command(shown)) else shown


def left_out_of_name(name: str) -> int:
    """How many characters of a name :func:`neutralise_name` does not show; 0 for one that is shown whole."""
    if len(name) <= LETTERS_OF_NAME and " " not in name:
        return 0
    shown = neutralise_name(name).removesuffix(CHANGED)
    return max(0, len(name) - len(shown) + 1) if shown.endswith("…") and not name.endswith("…") else 0


def _before(text: str) -> str:
    """Undo what :func:`neutralise` does to addresses, so that it can be done again."""
    return text.replace("[:]", ":").replace("[@]", "@")


def neutralise_again(text: object, limit: int = NAME_LENGTH) -> SafeText:
    """A name that was neutralised when it was written to a file, where others may have put something else since.

    What still stands there as it was made comes out the same. What reads like prose is broken up.
    """
    shown = neutralise(_before(text) if isinstance(text, str) else text, limit)
    bare = shown.removesuffix(CHANGED)
    parts = bare.split(MARK)
    if 1 < len(parts) <= WORDS_SHOWN and " " not in bare and not any(map(prose_in_name, parts)):
        return shown
    words = prose_in_name(bare)
    return SafeText(marked(words, WORDS_SHOWN) + CHANGED) if words else shown


_POINTER_LETTERS = "/" + ascii_letters + digits + "_.-"
_POINTER_SIGNS = _POINTER_LETTERS + "$~:^*"
"""With signs that keywords, placeholders and patterns are written with, and that a sentence may be joined by."""
_POINTER_TOKEN = 64


def _is_plain_pointer(pointer: str) -> bool:
    # string methods: every piece of evidence passes here, and a call of the pattern matcher costs ten times as much
    return (
        len(pointer) < 2_000
        and not pointer.strip(_POINTER_SIGNS)
        and pointer[:1] in ("", "/")
        and (len(pointer) <= _POINTER_TOKEN or max(map(len, pointer.split("/"))) <= _POINTER_TOKEN)
        and not (pointer.strip(_POINTER_LETTERS) and any(map(prose_in_name, _tokens(pointer))))
    )


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")]


def neutralise_pointer(pointer: str) -> SafeText:
    """A JSON Pointer into the manifest. Its tokens are names that the target chose, those of parameters for one.

    An ordinary pointer stays what it is and can be followed. A token that is no plain word is cut short and made inert:
    the pointer then still shows the way, as far as that is safe.
    """
    if _is_plain_pointer(pointer):
        return SafeText(pointer)
    safe = (excerpt(token[:200]) for token in _tokens(pointer)[:60])
    return SafeText("/".join(token.replace("~", "~0").replace("/", "~1") for token in safe))


def as_asked(text: str, limit: int = 500) -> SafeText:
    """What the caller asked for, shown as it was given, so that a script finds it again.

    It is the caller's own text and not the target's; only what is not printable ASCII is treated like the target's. An
    ellipsis is no reason for that: it is our own mark for what was left out of an address. What a client's
    configuration calls its servers is not the caller's own.
    """
    if text.startswith("config:"):
        return as_kept(text, limit)
    plain = text.replace("…", "")
    if plain.isascii() and plain.isprintable():
        return SafeText(text if len(text) <= limit else text[: limit - 1] + "…")
    return as_address(text, limit) if text.startswith(("http://", "https://")) else neutralise(text, limit)


def as_address(text: str, limit: int = 500) -> SafeText:
    """An address that people will copy: ``http://`` or ``https://`` stays what it is, the rest is the target's text."""
    scheme, found, rest = text.partition("://")
    if found and scheme in ("http", "https"):
        return SafeText(f"{scheme}://{_address(rest, limit)}")
    return _address(text, limit)


def _address(text: str, limit: int) -> SafeText:
    """Without blanks, quoted ones too, it is whole: what has some is prose in the place of an address."""
    shown = neutralise(text, limit)
    words = prose_in_name(shown, address=True)
    return SafeText(marked(words, WORDS_SHOWN)) if words else shown


def as_origin(text: str, limit: int = 120) -> SafeText:
    """A host, a scheme or a scope that a server names: a sentence may be joined by what these are written with."""
    if _is_sentence(text[:limit]):
        return neutralise_order(text[:limit])
    shown = neutralise(text, limit)
    words = prose_in_name(shown)
    return SafeText(marked(words, WORDS_SHOWN)) if words else shown


def as_server(address: str, limit: int = 120) -> SafeText:
    """The address of a server that another one names, without the path where that is long enough for an order."""
    from urllib.parse import unquote  # not for `--help`

    scheme, found, rest = address[:ADDRESS_LENGTH].partition("://")
    host = rest[: min(at for sign in "/?#" if (at := f"{rest}{sign}".find(sign)) >= 0)]
    if found and len(_split(unquote(rest[len(host) :], errors="ignore"))) > WORDS_OF_TITLE:
        address = f"{scheme}://{host}/…"
    return as_origin(address, limit)


def as_scope(text: str) -> SafeText:
    """The name of a scope. One that is a plain address has to be given to clients as it is."""
    rest = text.removeprefix("https://")
    if rest == text or len(text) > NAME_LENGTH or rest.strip(_NAME_LETTERS) or _is_sentence(rest):
        return neutralise_name(text)
    return SafeText(text)


def _is_sentence(text: str) -> bool:
    return is_sentence(_split(text))


def _split(text: str) -> list[str]:
    from mcp_threat_scoring.text.joints import unjoined, unnumbered
    from mcp_threat_scoring.text.prose import split_words  # not for `--help`

    return split_words(unnumbered(unjoined(text))).split()


def visible(line: str) -> str:
    """A line of ours for a terminal: what would move its cursor or turn its words round is shown by name.

    Nothing else of it is changed. A line break is shown as a space, so that nobody's words pass for a line of ours.
    """
    return line if line.isascii() and line.isprintable() else _calm("".join(_visible(char) for char in line))


def as_kept(text: str, limit: int = 500) -> SafeText:
    """What a file says was asked for once: the label of a locked or configured server, which others may have put there.

    An address, a command or a path stays as it is, so that a script finds it again. Anything else is the target's text.
    """
    kind, colon, rest = text.partition(":")
    if kind == "config" and colon:
        client, slash, name = rest.removesuffix(CHANGED).partition("/")
        shown = SafeText(f"config:{neutralise_again(client)}{slash}{neutralise_name(name)}")
        return SafeText(shown + CHANGED) if rest.endswith(CHANGED) and not shown.endswith(CHANGED) else shown
    shown = neutralise(text, limit)
    ascii_but_ours = text.replace("…", "").isascii()  # our own mark for what was left out of an address
    plain = ascii_but_ours and shown.replace("[:]//", "://").replace("[@]", "@") == text
    if colon and kind == "stdio":
        prose = is_prose_in_command(words_in_command(shown.partition(":")[2]))
        return SafeText(text if plain and not prose else f"stdio:{neutralise_command(rest, limit)}")
    return SafeText(text) if plain and not prose_in_name(shown) else neutralise_name(text)


def trusted(text: str) -> SafeText:
    """Mark words of our own (rule titles, explanations) as safe. Never call it on a target's text."""
    return SafeText(text)
