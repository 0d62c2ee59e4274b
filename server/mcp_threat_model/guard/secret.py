"""By which names and places a value is a secret: those of variables and options, and a request's headers."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from itertools import pairwise

from mcp_threat_scoring.patterns.pattern import pattern

_SURE = frozenset(
    {"authorization", "bearer", "cookie", "credential", "creds", "jwt", "pass", "passcode", "passphrase", "passwd",
     "password", "passwords", "pw", "pwd", "secret", "secrets", "sid", "token"}
)  # fmt: skip
"""Words that call whatever stands behind them a secret."""
_PERHAPS = frozenset(
    {"auth", "connection", "credentials", "dsn", "key", "keys", "pat", "sig", "signature", "tokens"}
)  # fmt: skip
"""Words that stand before keys, and before ways to sign in, columns and profiles as well."""
_SURE_ENDS = ("token", "secret", "password", "passwd", "passphrase", "pass", "pwd", "credential", "apikey", "secretkey")
_PERHAPS_ENDS = ("key", "keys", "tokens", "secrets", "passwords")
"""What names that are written together end in."""
_NO_ENDS = frozenset(
    {"bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass", "donkey", "hockey",
     "hotkey", "jockey", "monkey", "turkey", "whiskey"}
)  # fmt: skip
"""Words that only end like them."""
_KEY_OF = frozenset(
    {"access", "account", "admin", "api", "auth", "encryption", "license", "master", "private", "secret",
     "service", "shared", "signing"}
)  # fmt: skip
"""Words before `key` that make it a secret in any case."""
_ABOUT = frozenset(
    {"algorithm", "audience", "column", "count", "dir", "endpoint", "expiry", "field", "file", "flow", "format",
     "issuer", "length", "limit", "method", "mode", "name", "names", "path", "prefix", "provider", "scheme",
     "scope", "scopes", "server", "timeout", "ttl", "type"}
)  # fmt: skip
"""Last words of names that say something about a secret: where it lies, of what kind it is."""
_COUNTS = frozenset({"max", "min", "num", "public"})
"""Words of names that hold no secret, whatever else they say: `--max-tokens`, `PUBLIC_KEY`."""
_IDS = frozenset(
    {"account", "address", "app", "base", "board", "branch", "channel", "client", "cluster", "commit", "contract",
     "database", "device", "doc", "document", "drive", "folder", "guid", "id", "ids", "org", "organization",
     "page", "project", "ref", "repo", "rev", "revision", "serial", "sha", "sheet", "site", "space", "spreadsheet",
     "subscription", "table", "team", "tenant", "udid", "uuid", "vault", "workspace"}
)  # fmt: skip
"""Words of names whose values say which thing is meant: whoever consents has to see it, however generated it looks."""
_CAMEL = pattern(r"([a-z])([A-Z])")
_PARTS = pattern(r"[a-z0-9]+")
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
    parts = _parts(name)
    if not _may_be_secret(parts):
        return False
    return is_sure_name(name) or any(part in _PERHAPS or _ends(part, _PERHAPS_ENDS) for part in parts)


def is_sure_name(name: str) -> bool:
    """Whether it is named like nothing else: of `--password` any value is one, of `--auth` not every."""
    parts = _parts(name)
    if not _may_be_secret(parts):
        return False
    pairs = set(pairwise(parts))
    return (
        any(part in _SURE or _ends(part, _SURE_ENDS) for part in parts)
        or ("session", "id") in pairs
        or any(second == "key" and first in _KEY_OF for first, second in pairs)
    )


def names_id(name: str) -> bool:
    """Whether a name says which thing is meant, and no secret: `--project`, `TENANT_ID`, `--spreadsheet`."""
    return not is_secret_name(name) and not _IDS.isdisjoint(
        form for part in _parts(name) for form in (part, part.removesuffix("s"))
    )


def _may_be_secret(parts: Sequence[str]) -> bool:
    return bool(parts) and parts[-1] not in _ABOUT and _COUNTS.isdisjoint(parts)


def _ends(part: str, ends: tuple[str, ...]) -> bool:
    return part.endswith(ends) and part not in _NO_ENDS


def _parts(name: str) -> list[str]:
    """The words of a name in lower case, without numbers behind them: `apiKey2` is `api` and `key`."""
    parts = [part.rstrip("0123456789") for part in _PARTS.findall(_CAMEL.sub(r"\1_\2", name[:200]).lower())]
    return [part for part in parts if part]
