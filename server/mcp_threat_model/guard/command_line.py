"""The secrets of a command line: by the options before them, and by what :mod:`hidden` sees in each word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePath
from typing import Final

from mcp_threat_model.guard.hidden import (
    Expected,
    Hidden,
    expected_by,
    hidden_anywhere,
    hidden_pairs,
    hidden_value,
    mask,
    merged,
    moved,
)
from mcp_threat_model.guard.looks import is_path
from mcp_threat_model.guard.secret import (
    MIN_SECRET,
    MIN_UNNAMED_SECRET,
    REDACTED,
    SCHEMES,
    is_plain,
    is_secret_name,
    long_enough,
)
from mcp_threat_model.guard.starters import COMMAND_IN_A_WORD
from mcp_threat_scoring.facts.leak import says_placeholder
from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.patterns.pattern import pattern

_HEADER_ENDS: Final = ("header", "headers")
_VARIABLES: Final = frozenset({"-e", "--env", "--envs", "--environment", "--env-var", "--set-env", "--build-arg"})
_LOGINS: Final = frozenset({"-u", "-U", "--user", "--username", "--userinfo", "--proxy-user"})
_USER = pattern(r"[A-Za-z_][\w@-]*")
_PASSWORD_OPTIONS: Final[Mapping[str, str]] = {
    "mariadb": "-p", "mongo": "-p", "mongodump": "-p", "mongosh": "-p", "mysql": "-p", "mysqladmin": "-p",
    "mysqldump": "-p", "redis-cli": "-a", "sqlcmd": "-P", "sshpass": "-p",
}  # fmt: skip
"""The letter that stands before a password, for programs whose manuals say so."""
_BARE = pattern(r"[\w-]+")
_SETS: Final = frozenset({"set", "setenv"})
"""Commands of shells, and of tools, that take a name and its value as two words."""
_ATTACHED: Final[Mapping[str, Expected]] = {"-H": "header", "-e": "variable", "-p": "perhaps", "-u": "login"}
"""Options of one letter whose value may follow without a space."""
_VARIABLE = pattern(r"(?s)^[A-Z][A-Z0-9_]*=")
_PIECE = pattern(r"(?:[^\s\"'|;&]|\"[^\"]*\"|'[^']*'|[\"'])+")
"""A word of a command that stands in one string, its quotes included."""
_COMMAND = pattern(r"^(?:-[a-z]{0,3}c|/[cCkK]|--?[cC]ommand)$")
"""Options of shells before a command in one string: nothing of it but secrets is hidden."""
_DEPTH: Final = 4
_LOOKED_AT: Final = 8_192
_WORDS: Final = 400
"""Characters and words of one command line that are looked at; what goes beyond is hidden."""


def hidden_words(argv: Sequence[str], depth: int = 0) -> list[list[Hidden]]:
    """What is hidden of each word."""
    found: list[list[Hidden]] = []
    expected: Expected = "" if depth else "command"
    name, left = "", _LOOKED_AT
    shell = depth == 0 and bool(argv) and PurePath(argv[0]).name in COMMAND_IN_A_WORD
    logs_in = any(_logs_in(word, after) for word, after in pairwise([*argv, ""]))
    letter, sets = "", False
    for index, word in enumerate(map(well_formed, argv)):
        left -= len(word)
        if left < 0 or index >= _WORDS:
            found.append([Hidden(0, len(word), "a part of a long command", sure=False)])
            continue
        letter = _PASSWORD_OPTIONS.get(PurePath(word).name, letter) if expected in ("", "command") else letter
        if (shell or expected == "command") and len(word.split()) > 1:
            found.append(merged(_inside(word, depth)))
        elif expected not in ("", "command") and (not word.startswith("-") or _odd(word)):
            kind: Expected = "password" if expected == "perhaps" and logs_in else expected
            which = expected_by(word.partition("=")[0]) if kind == "variable" else kind
            inside = _inside(word, depth, chance=which != "id")
            found.append(merged(_value(word, kind, name) + hidden_pairs(word) + inside))
        elif letter and word.startswith(letter) and len(word) > 2:
            found.append([Hidden(2, len(word), letter)])
        else:
            found.append(merged(_word(word, depth, logs_in=logs_in) + hidden_pairs(word)))
        if letter == word:
            expected, name = "secret", word
        elif sets and not word.startswith("-"):
            expected, name = expected_by(word), word
        else:
            expected, name = _after(word, expected, name)
        sets = word in _SETS or word == "--set" or (sets and word.startswith("-"))
    return found


@lru_cache(maxsize=64)
def _hidden(argv: tuple[str, ...]) -> list[list[Hidden]]:
    return hidden_words(argv)


def redact_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """A command line as it may be shown: everything in it that may be a secret is left out."""
    found = _hidden(tuple(argv))
    again = [value for value in _values(argv, found) if len(value) >= MIN_UNNAMED_SECRET]
    shown = []
    for word, held in zip(argv, found, strict=True):
        text = mask(word, held)
        for value in again:
            text = text.replace(value, REDACTED)
        shown.append(text)
    return tuple(shown)


def told_secrets(argv: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """Which words hold what is surely a secret written out, and what of it may be said. Placeholders are none."""
    return tuple(
        (index, f"{one.name} ({one.end - one.start} characters)")
        for index, (word, held) in enumerate(zip(argv, _hidden(tuple(argv)), strict=True))
        for one in held
        if one.sure and _is_written_out(word[one.start : one.end])
    )


def _is_written_out(value: str) -> bool:
    """Whether a value is more than a word in the place of one. An address is judged by what is secret in it."""
    inner = hidden_anywhere(value) if "://" in value else []
    parts = [value[one.start : one.end] for one in inner] or [value]
    return any(len(part) >= MIN_UNNAMED_SECRET and len(set(part)) > 3 and not says_placeholder(part) for part in parts)


def secret_values(argv: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """What must never be seen again: secret arguments, and environment values unless they are plainly something else.

    A path, a URL without a password and a short word are no secrets unless their name says so.
    """
    found = _values(argv, _hidden(tuple(argv)))
    for name, value in env.items():
        found += [value] if is_secret_name(name) or not is_plain(value) else _values([value], _hidden_in(value))
    return long_enough(found)


def guessed_values(argv: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """Those of them that no name and no place calls a secret: a region or a team may stand in honest answers."""
    sure = set(_values(argv, _hidden(tuple(argv)), sure=True))
    for name, value in env.items():
        sure |= {value} if is_secret_name(name) else set(_values([value], _hidden_in(value), sure=True))
    return tuple(one for one in secret_values(argv, env) if one not in sure)


def _hidden_in(value: str) -> list[list[Hidden]]:
    return [hidden_anywhere(well_formed(value))]


def _values(argv: Sequence[str], found: Sequence[Sequence[Hidden]], *, sure: bool = False) -> list[str]:
    every = [
        word[one.start : one.end]
        for word, held in zip(argv, found, strict=True)
        for one in held
        if one.sure or not sure
    ]
    return sorted((one for one in every if len(one) >= MIN_SECRET), key=len, reverse=True)


def _odd(word: str) -> bool:
    """Whether a word that begins like an option is a value all the same."""
    return bool(hidden_anywhere(word)) and "=" not in word


def _after(word: str, expected: Expected, name: str) -> tuple[Expected, str]:
    """What the word lets expect of the next one."""
    if (word.startswith("-") and "=" not in word) or _COMMAND.search(word):
        return _expects(word), word
    if word.lower() == "bearer" and expected == "":
        return "word", word
    called, _, scheme = word.replace("=", ":").partition(":")
    if scheme.strip().lower() in SCHEMES and is_secret_name(called):
        return "secret", called
    header = word.removesuffix(":")
    if expected == "header" and _BARE.fullmatch(word) and is_secret_name(word):
        return "secret", f"the header {word}"
    if header != word and (expected == "header" or is_secret_name(header)):  # a header in several words
        return ("secret" if is_secret_name(header) else "variable"), f"the header {header}"
    if expected in ("secret", "header") and word.rpartition(":")[2].strip().lower() in SCHEMES:
        return "secret", name
    if expected == "word" and word.lower() in SCHEMES:
        return "word", name
    return "", ""


def _expects(name: str) -> Expected:
    if is_secret_name(name):
        return expected_by(name)
    if name == "-H" or name.lower().replace("-", "_").rpartition("_")[2] in _HEADER_ENDS:
        return "header"
    if name in _VARIABLES:
        return "variable"
    if _COMMAND.search(name):
        return "command"
    return "login" if name in _LOGINS else "perhaps" if name == "-p" else expected_by(name)


def _logs_in(word: str, after: str) -> bool:
    """Whether a user is named, beside whom `-p` stands before a password."""
    attached = word[:2] == "-u" and len(word) > 2 and _USER.fullmatch(word[2:])
    return bool(attached or (word in _LOGINS and _USER.fullmatch(after)))


def _word(word: str, depth: int, *, logs_in: bool) -> list[Hidden]:
    """A word by itself: ``--name=value``, ``NAME=value``, an option of one letter with its value, or anything else."""
    name, equals, _ = word.partition("=")
    found: list[Hidden] = []
    chance = True
    if word.startswith("-"):
        if equals:
            found = _value(word, _expects(name), name, len(name) + 1)
            chance = _expects(name) != "id"
        if not found and len(word) > 2 and (attached := _ATTACHED.get(word[:2])):
            found = _value(word, "password" if attached == "perhaps" and logs_in else attached, word[:2], 2)
    elif equals and (_VARIABLE.search(word) or is_secret_name(name)):
        found = _value(word, "variable", "")
        chance = expected_by(name) != "id"
    elif _is_header(word):
        found = hidden_value(word, "header", "")
    return found + _inside(word, depth, chance=chance)


def _value(word: str, expected: Expected, name: str, at: int = 0) -> list[Hidden]:
    """What is hidden of the value that begins there, with or without quotes around it."""
    if expected == "variable" and "=" in word[at:]:
        name, _, value = word[at:].partition("=")
        expected = expected_by(name) or "variable"
        at += len(name) + 1
    value = word[at:].strip("\"'")
    return moved(hidden_value(value, expected, name), at + word[at:].find(value))


def _is_header(word: str) -> bool:
    name, colon, value = word.partition(":")
    named = bool(colon) and not is_path(value) and " " not in name.strip()
    first = value.split(maxsplit=1)[0].lower() if value.split() else ""
    return named and (is_secret_name(name) or (first in SCHEMES and len(value.split()) > 1))


def _inside(word: str, depth: int, *, chance: bool = True) -> list[Hidden]:
    """What is hidden of a word that may be a whole command, or a part of one in quotes."""
    found = hidden_anywhere(word, chance=chance)
    pieces = [(one.start() + one[0].find(bare), bare) for one in _PIECE.finditer(word) if (bare := one[0].strip("\"'"))]
    if depth < _DEPTH and any(bare != word for _, bare in pieces):
        inner = hidden_words([bare for _, bare in pieces], depth + 1)
        found += [one for (start, _), held in zip(pieces, inner, strict=True) for one in moved(held, start)]
    return found
