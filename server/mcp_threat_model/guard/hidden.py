"""What in one text may be a secret: the one place that decides it for command lines, addresses and headers.

Names, lengths and kinds may be told; the values that are found here never are. Names of options and variables, headers,
user names and passwords in addresses, parameters, formats of keys, and long runs of chance are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal
from urllib.parse import unquote

from mcp_threat_model.guard.looks import (
    SHORTEST_RUN,
    ids,
    is_computed,
    is_generated,
    is_mixed,
    is_ordinary,
    is_path,
    is_reference,
    keys,
    random_runs,
    unpinned,
)
from mcp_threat_model.guard.secret import (
    MIN_UNNAMED_SECRET,
    OPEN_HEADERS,
    REDACTED,
    SCHEMES,
    is_open,
    is_secret_name,
    is_sure_name,
    names_id,
)
from mcp_threat_scoring.facts.leak import is_words
from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct, replace

Expected = Literal["", "secret", "word", "id", "header", "variable", "perhaps", "password", "login", "command"]
"""What the name before a value makes of it: a secret, a secret unless it reads as words, an id, ``Name: value``,
``NAME=value``, a secret by its looks only, a secret unless it is a number, ``user:password``, a command in one string.
"""


class Hidden(Struct, frozen=True):
    """A part of a text that is not shown."""

    start: int
    end: int
    name: str
    """What it is, for people."""
    sure: bool = True
    """Whether its name, its place or its looks say that it is a secret; else it only may be one."""


_ADDRESS = pattern(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|//[^\s/@\"'`]+:[^\s/@\"'`]+@)[^\s\"'`]+")
_LOGIN = pattern(
    r"(?:^|[\s=\"'])[\w.-]+:([^\s@/\"']+)@(?:localhost|[a-z]+\(|[a-zA-Z][\w-]*(?:\.[\w-]+)+|(?:[0-9]+\.){3})"
)
"""``user:password@host`` without a scheme, as drivers of databases take it."""
_HEADER = pattern(r"(?s)^\s*([A-Za-z][\w-]{0,60})\s{0,3}[:=][ \t]*(\S.*)$")
_SCHEME = pattern(rf"(?is)^(?:{'|'.join(sorted(SCHEMES))})\s+(\S.*)$")
_BEARER = pattern(r"(?i)(?:^|[^\w-])bearer\s+([^\s\"']{8,})")
_BEFORE_NAME = pattern(r"(?:^|[^\w./-])-{0,2}$")
_NAMED = pattern(r"([A-Za-z_][\w.-]{0,60})\\*[\"']?\s{0,3}[=:]")
_VALUE = pattern(r"^\s{0,3}(?:\\*\"([^\"\\]*)|\\*'([^'\\]*)|\[([^\]]*)|((?:\$\{[^}]*\}|[^\s\"',;&{}\[\])])+))")
_PAIR = pattern(r"(?:^|;)\s*([A-Za-z][\w. ]{0,40}?)\s*=([^;=]+)")
"""One of a connection string, whose values may hold blanks."""
_RUN_OF_HOST = pattern(r"[^.:@]+")
"""One label of a host's name. The others are for whoever consents to see."""
_PARAMETER = pattern(r"[?&;#](?:([^=&;#]*)=)?([^=&;#][^&;#]*)")
_KEY_NAMES = pattern(
    r"(?i)(?:^|[_-])(?:api)?_?-?(?:key|token|secret|auth|password|passwd|pass|pwd|sig|signature|jwt|pat)$"
)
_LOOKED_AT = 4_096
"""Characters in which a value ends; of a longer one, everything behind it is hidden too."""
_NO_VALUE = frozenset(
    {"auto", "default", "env", "false", "no", "none", "null", "off", "on", "prompt", "stdin", "true", "yes"}
)
"""Words that say that there is no secret, or where else it comes from."""
_DIGITS = pattern(r"[0-9.:/-]*(?:/[a-z]{3})?")


def is_key_name(name: str) -> bool:
    """Whether a parameter of an address is named like a credential."""
    return _KEY_NAMES.search(name) is not None


def expected_by(name: str) -> Expected:
    """What a name lets expect of its value."""
    if is_secret_name(name):
        return "secret" if is_sure_name(name) else "word"
    return "id" if names_id(name) else ""


def is_no_secret(value: str, expected: Expected) -> bool:
    """Whether what stands behind the name of a secret is none."""
    plain = value.lower() in SCHEMES or value.lower() in _NO_VALUE or is_reference(value) or is_computed(value)
    return plain or (expected == "word" and (is_words(value) or is_path(value)))


def mask(text: str, found: Iterable[Hidden], mark: str = REDACTED) -> str:
    """The text with a mark in the place of what is hidden."""
    shown, at = "", 0
    for one in merged(found):
        shown, at = f"{shown}{text[at : one.start]}{mark}", one.end
    return shown + text[at:]


def without_keys(text: str) -> str:
    """A name as it may be shown: people paste keys where names belong."""
    return mask(text, (one for one in hidden_anywhere(well_formed(text)) if one.sure))


def merged(found: Iterable[Hidden]) -> list[Hidden]:
    """The same parts, in order, where those that overlap are one: of the name of what is larger."""
    kept: list[Hidden] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and one.start < kept[-1].end:
            last = kept.pop()
            kept.append(Hidden(last.start, max(last.end, one.end), last.name, last.sure or one.sure))
        else:
            kept.append(one)
    return kept


def hidden_value(value: str, expected: Expected, name: str) -> list[Hidden]:
    """What is hidden of a value, by what is expected in its place; `name` is what it is called there."""
    if not value or is_reference(value):
        return []
    looks = hidden_anywhere(value, chance=expected != "id")
    whole = Hidden(0, len(value), name)
    one_value = not is_path(value) and "://" not in value
    if looks and one_value and expected in ("perhaps", "password", "variable"):
        return [Hidden(0, len(value), name, sure=expected == "password" or any(one.sure for one in looks))]
    match expected:
        case "secret" | "word":
            behind = _SCHEME.search(value)
            start = behind.start(1) if behind else 0
            plain = is_no_secret(value, expected) or is_no_secret(value[start:], expected) or _ADDRESS.match(value)
            return looks if plain else [Hidden(start, len(value), name)]
        case "header":
            found = _HEADER.search(value)
            return moved(hidden_header(found[1], found[2]), found.start(2)) if found else looks
        case "perhaps":
            return looks or ([replace(whole, sure=False)] if one_value and is_mixed(value) else [])
        case "password":
            return looks or ([whole] if one_value and not _DIGITS.fullmatch(value) else [])
        case "login":
            user, colon, password = value.partition(":")
            plain = not colon or password.isdigit() or password == user or is_reference(password) or "://" in value
            return looks if plain else [Hidden(len(user) + 1, len(value), name)]
        case "variable":
            odd = one_value and not is_ordinary(value)
            return looks or ([Hidden(0, len(value), name, sure=False)] if odd else [])
    return looks


def hidden_header(name: str, value: str) -> list[Hidden]:
    """What is hidden of a header's value: the credentials behind a scheme, or all of it unless it is plainly open."""
    if is_reference(value) or value.strip().lower() in SCHEMES:
        return []
    told = f"the header {name}"
    behind = _SCHEME.search(value)
    if behind:
        return [] if is_reference(behind[1]) else [Hidden(behind.start(1), len(value), told)]
    if is_secret_name(name):
        return [] if is_no_secret(value, expected_by(name)) else [Hidden(0, len(value), told)]
    if name.lower() in OPEN_HEADERS or is_ordinary(value) or is_path(value) or is_open(value) or "://" in value:
        return hidden_anywhere(value)
    return [Hidden(0, len(value), told, sure=any(one.sure for one in hidden_anywhere(value)))]


def hidden_address(url: str) -> list[Hidden]:
    """What is hidden of an address: passwords, user names that are keys, generated segments, and parameters."""
    scheme, slashes, rest = url.partition("//")
    at = len(scheme) + len(slashes)
    host = _before(rest, "/?#")
    login, sign, _ = host.rpartition("@")
    if not sign and ":" in host and not host.rpartition(":")[2].isdigit():
        login = rest.rpartition("@")[0]  # a password may hold what ends a host
    found: list[Hidden] = []
    if login:
        found += moved(_hidden_login(login, web=scheme.lower().endswith(("http:", "https:")), rest=rest), at)
        at, rest = at + len(login), rest[len(login) :]
    for one in _RUN_OF_HOST.finditer(_before(rest, "/?#")):
        if is_generated(one[0]):
            found.append(Hidden(at + one.start(), at + one.end(), "a part of an address", sure=any(keys(one[0]))))
    before, *segments = _before(rest, "?#").split("/")
    at, before = at + len(before) + 1, ""
    for segment in segments:
        name, equals, value = segment.rpartition("=")
        named: Expected = expected_by(name if equals else before)
        if named in ("secret", "word") and not is_no_secret(value, "secret" if equals else "word"):
            found.append(Hidden(at + len(segment) - len(value), at + len(segment), "a part of an address"))
        elif named != "id" and is_generated(unpinned(segment)):
            found.append(Hidden(at, at + len(segment), "a part of an address", sure=any(keys(segment))))
        at, before = at + len(segment) + 1, segment
    pinned = unpinned(url)
    for one in _PARAMETER.finditer(url):
        name, value = unquote(one[1] or ""), unquote(one[2])
        if hidden_anywhere(name):
            found.append(Hidden(one.start(1), one.end(2), "a parameter in an address"))
            continue
        if is_reference(value) or not pinned[one.start(2) : one.end(2)].strip():
            continue
        sure = _is_key(name, value) or any(looks.sure for looks in hidden_anywhere(value))
        if sure or not (names_id(name) or is_ordinary(value) or is_path(value) or "://" in value):
            found.append(Hidden(one.start(2), one.end(2), f"the parameter {name} in an address", sure))
    return found


def _hidden_login(login: str, *, web: bool, rest: str) -> Iterator[Hidden]:
    """What is hidden of a user and a password. Services on the web take a key as the user; a user whom the address
    names again is an organization."""
    user, _, password = login.partition(":")
    if password and not is_reference(password):
        yield Hidden(len(user) + 1, len(login), "a password in an address")
    if is_reference(user):
        return
    key = bool(hidden_anywhere(user)) or (not is_ordinary(user) if not password else web and is_mixed(user))
    if key:
        yield Hidden(0, len(user), "a user name in an address that is a key", sure=not password)
    elif web and not password and len(user) >= MIN_UNNAMED_SECRET and f"/{user}" not in rest:
        yield Hidden(0, len(user), "a user name in an address that may be a key", sure=not is_words(user))


def _is_key(name: str, value: str) -> bool:
    """Whether a parameter of an address is a credential. A bare `key` is one there, as issuers of keys document it."""
    named = is_key_name(name) or is_secret_name(name)
    return is_sure_name(name) or name.lower() in ("auth", "key", "sig") or (named and not is_words(value))


def hidden_anywhere(text: str, *, chance: bool = True) -> list[Hidden]:
    """What is hidden of a text wherever it stands: by its looks, or by a name inside it; without `chance`, what only
    looks generated is shown."""
    if len(text) < SHORTEST_RUN and text.isalnum():
        return []
    addresses = [found.span() for found in _ADDRESS.finditer(text)]
    found = [one for start, end in addresses for one in moved(hidden_address(text[start:end]), start)]
    outside, at = "", 0
    for start, end in addresses:
        outside, at = f"{outside}{text[at:start]}{' ' * (end - start)}", end
    outside += text[at:]
    found += [Hidden(one.start(1), one.end(1), "a password") for one in _LOGIN.finditer(outside)]
    found += _named(outside)
    found += _looks(outside, chance=chance)
    return [one for one in found if not is_reference(text[one.start : one.end])]


def _looks(text: str, *, chance: bool) -> list[Hidden]:
    shaped = [Hidden(*span, "a key by its format") for span in keys(text)]
    bearers = (one for one in _BEARER.finditer(text) if not is_no_secret(one[1], "word"))
    shaped += [Hidden(one.start(1), one.end(1), "a bearer token") for one in bearers]
    if not chance:
        return shaped
    shaped += [Hidden(*span, "a generated value", sure=False) for span in random_runs(text)]
    return [*shaped, *(Hidden(*span, "an id", sure=False) for span in ids(text))]


def _named(text: str) -> Iterator[Hidden]:
    """Values behind the name of a secret, in JSON and lists of pairs."""
    for found in _NAMED.finditer(text):
        expected = expected_by(found[1])
        if expected not in ("secret", "word") or not _BEFORE_NAME.search(
            text[max(0, found.start() - 3) : found.start()]
        ):
            continue
        start, end = _value_at(text, found.end())
        held = text[start:end]
        if held.lower() in SCHEMES:
            start, end = _value_at(text, end)
            held = text[start:end]
        elif behind := _SCHEME.search(held):
            start += behind.start(1)
        if start < end and not is_path(held) and not is_no_secret(held, expected):
            yield Hidden(start, end, found[1])


def hidden_pairs(text: str) -> list[Hidden]:
    """What is hidden of a connection string, whose values may hold blanks; not to be asked about a command."""
    if ";" not in text:
        return []
    pairs = [pair for pair in _PAIR.finditer(text) if is_secret_name(pair[1].replace(" ", "_"))]
    return [Hidden(one.start(2), one.end(2), one[1]) for one in pairs if not is_reference(one[2])]


def _value_at(text: str, at: int) -> tuple[int, int]:
    """Where the value lies that begins there, in quotes or not."""
    found = _VALUE.search(text[at : at + _LOOKED_AT])
    if found is None:
        return at, at
    start, end = found.span(found.lastindex)
    return at + start, len(text) if end == _LOOKED_AT else at + end


def moved(found: Iterable[Hidden], by: int) -> list[Hidden]:
    """The same parts in a text of which theirs is a part."""
    return [Hidden(one.start + by, one.end + by, one.name, one.sure) for one in found]


def _before(text: str, ends: str) -> str:
    return text[: min((at for end in ends if (at := text.find(end)) >= 0), default=len(text))]
