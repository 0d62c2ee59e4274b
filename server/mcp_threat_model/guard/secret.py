"""By which names and places a value is a secret: those of variables and options, and a request's headers."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence

from mcp_threat_scoring.patterns.pattern import pattern

SECRET_PARTS = frozenset(
    {"auth", "pat", "dsn", "pwd", "authorization", "cookie", "bearer", "credentials", "connection"}
)
SECRET_ENDS = ("key", "keys", "token", "tokens", "secret", "secrets", "password", "passwd", "passphrase", "credential")
_ABOUT = frozenset({"file", "path", "dir", "type", "mode", "method", "ttl", "timeout", "limit", "count"})
"""Last words of names that say something about a secret: where it lies, of what kind it is."""
_COUNTS = frozenset({"max", "min", "num", "public"})
"""Words of names that hold no secret, whatever else they say: `--max-tokens`, `PUBLIC_KEY`."""
SCHEMES = frozenset({"apikey", "basic", "bearer", "digest", "dpop", "hmac", "negotiate", "signature", "token"})
"""Words that stand before a credential in a header, in lower case; most are in IANA's registry of HTTP schemes."""
OPEN_HEADERS = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-type", "host",
     "origin", "user-agent"}
)  # fmt: skip
"""Headers whose values everybody sends alike."""
REDACTED = "***"
MIN_UNNAMED_SECRET = 8
_OPEN = pattern(r"\d[\d.-]*[.-][\d.-]*|(?:application|audio|font|image|multipart|text|video)/\S+")
"""Values of headers that are no secrets: dates and versions, media types (RFC 6838). Both stand in honest answers."""
MIN_SECRET = 4
"""Shorter values than this are not searched for: replacing every `1` would destroy the text and hide nothing."""


def header_secrets(headers: Mapping[str, str], origin: str, *, guesses: bool = True) -> tuple[str, ...]:
    """What of the headers given for `origin` must never be seen again: the values, and the credentials inside them.

    Credentials are what follows a scheme (`Bearer …`), and the values of cookies and of parameters. A header with
    another name than a secret's is left alone where its value is plainly something else, or stands in the address;
    without `guesses`, so is every one that neither its name nor a scheme calls a secret.
    """
    found: list[str] = []
    for name, value in headers.items():
        words = value.split()
        named = is_secret_name(name)
        if not named and (is_plain(value) or is_open(value) or value.lower() in origin):
            continue
        told = named or words[0].lower() in SCHEMES
        if told or guesses:
            found.append(value)
        if told:
            found += words[1:]
            found += _user_and_password(words)
            pairs = (part.partition("=")[2].strip('"') for part in value.replace(",", " ").replace(";", " ").split())
            found += [one for one in pairs if len(one) >= MIN_UNNAMED_SECRET]
    return long_enough(found)


def is_plain(value: str) -> bool:
    """Whether a value that nothing calls a secret is none: a path, a URL, or a short word."""
    return len(value) < MIN_UNNAMED_SECRET or value.startswith(("/", ".", "~")) or "://" in value


def is_open(value: str) -> bool:
    """Whether a value is a date, a version or a media type."""
    return value.isascii() and _OPEN.fullmatch(value) is not None


def long_enough(values: Sequence[str]) -> tuple[str, ...]:
    """The values that are searched for, each once."""
    return tuple(dict.fromkeys(one for one in values if len(one) >= MIN_SECRET))


def _user_and_password(words: Sequence[str]) -> list[str]:
    """What a server reads in `Basic …` (RFC 7617): both together, and the password."""
    if len(words) != 2 or words[0].lower() != "basic":
        return []
    try:
        both = binascii.a2b_base64(words[1], strict_mode=True).decode()
    except (binascii.Error, ValueError):
        return []
    return [both, both.partition(":")[2]]


def is_secret_name(name: str) -> bool:
    """Whether a variable or option is named like a secret: `API_KEY`, `--token` …"""
    parts = name.lower().replace("-", "_").strip("_/").split("_")
    if parts[-1] in _ABOUT or not _COUNTS.isdisjoint(parts):
        return False
    return any(part in SECRET_PARTS or part.endswith(SECRET_ENDS) for part in parts)
