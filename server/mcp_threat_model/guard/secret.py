"""What in a command line, an environment or a request's headers is a secret, and how a command line is shown without.

Apart from :mod:`launch`: saved descriptions hold command lines too, and nothing of them is started.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from mcp_threat_scoring.patterns.pattern import pattern

SECRET_PARTS = frozenset(
    {"auth", "pat", "dsn", "pwd", "authorization", "cookie", "bearer", "credentials", "connection"}
)
SECRET_ENDS = ("key", "keys", "token", "tokens", "secret", "secrets", "password", "passwd", "passphrase", "credential")
SCHEMES = frozenset({"apikey", "basic", "bearer", "digest", "dpop", "hmac", "negotiate", "signature", "token"})
"""Words that stand before a credential in a header, in lower case; most are in IANA's registry of HTTP schemes."""
REDACTED = "***"
MIN_UNNAMED_SECRET = 8
_OPEN = pattern(r"\d[\d.-]*[.-][\d.-]*|(?:application|audio|font|image|multipart|text|video)/\S+")
"""Values of headers that are no secrets: dates and versions, media types (RFC 6838). Both stand in honest answers."""
MIN_SECRET = 4
"""Shorter values than this are not searched for: replacing every `1` would destroy the text and hide nothing."""


def redact(text: str, secrets: Sequence[str]) -> str:
    """Take every given value out of a text, the longest first."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= MIN_SECRET:
            text = text.replace(secret, REDACTED)
    return text


def redact_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """A command line for the report: values of options that look like secrets, and passwords in URLs, taken out."""
    return tuple(redact(word, [secret]) if secret else word for word, secret in _words_with_secrets(argv))


def secret_values(argv: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """What must never be seen again: secret arguments, and environment values unless they are plainly something else.

    A path, a URL without a password and a short word are no secrets unless their name says so.
    """
    found = [secret for _, secret in _words_with_secrets(argv)]
    for name, value in env.items():
        found.append(value if is_secret_name(name) or not _is_plain(value) else _password(value))
    return _long_enough(found)


def guessed_values(argv: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """Those of them that no name and no place calls a secret: a region or a team may stand in honest answers."""
    sure = {secret for _, secret in _words_with_secrets(argv)}
    sure |= {value if is_secret_name(name) else _password(value) for name, value in env.items()}
    return tuple(one for one in secret_values(argv, env) if one not in sure)


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
        if not named and (_is_plain(value) or _is_open(value) or value.lower() in origin):
            continue
        told = named or words[0].lower() in SCHEMES
        if told or guesses:
            found.append(value)
        if told:
            found += words[1:]
            found += _user_and_password(words)
            pairs = (part.partition("=")[2].strip('"') for part in value.replace(",", " ").replace(";", " ").split())
            found += [one for one in pairs if len(one) >= MIN_UNNAMED_SECRET]
    return _long_enough(found)


def _is_plain(value: str) -> bool:
    """Whether a value that nothing calls a secret is none: a path, a URL, or a short word."""
    return len(value) < MIN_UNNAMED_SECRET or value.startswith(("/", ".", "~")) or "://" in value


def _is_open(value: str) -> bool:
    return value.isascii() and _OPEN.fullmatch(value) is not None


def _long_enough(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if len(one) >= MIN_SECRET))


def _user_and_password(words: Sequence[str]) -> list[str]:
    """What a server reads in `Basic …` (RFC 7617): both together, and the password."""
    if len(words) != 2 or words[0].lower() != "basic":
        return []
    try:
        both = base64.b64decode(words[1], validate=True).decode()
    except (binascii.Error, ValueError):
        return []
    return [both, both.partition(":")[2]]


def _words_with_secrets(argv: Sequence[str]) -> list[tuple[str, str]]:
    """Each word with the secret in it, or with the empty string."""
    found: list[tuple[str, str]] = []
    next_is_secret = False
    for word in argv:
        name, equals, value = word.partition("=")
        if next_is_secret and not word.startswith("-"):
            found.append((word, word))
        elif equals and is_secret_name(name):
            found.append((word, value))
        else:
            found.append((word, _password(word)))
        next_is_secret = word.startswith("-") and not equals and is_secret_name(name)
    return found


def _password(word: str) -> str:
    """The password in a URL, if there is one."""
    _, found, rest = word.partition("://")
    user, at, _ = rest.partition("/")[0].rpartition("@")
    return user.partition(":")[2] if found and at else ""


def is_secret_name(name: str) -> bool:
    """Whether a variable or option is named like a secret: `API_KEY`, `--token` …"""
    parts = name.lower().replace("-", "_").strip("_/").split("_")
    return any(part in SECRET_PARTS or part.endswith(SECRET_ENDS) for part in parts)
