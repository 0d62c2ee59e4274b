"""What in a command line or an environment is a secret, and how it is taken out of what is shown.

Apart from :mod:`launch`: saved descriptions hold command lines too, and nothing of them is started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SECRET_PARTS = frozenset(
    {"auth", "pat", "dsn", "pwd", "authorization", "cookie", "bearer", "credentials", "connection"}
)
SECRET_ENDS = ("key", "keys", "token", "tokens", "secret", "secrets", "password", "passwd", "passphrase", "credential")
REDACTED = "***"
MIN_UNNAMED_SECRET = 8
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
        plain = len(value) < MIN_UNNAMED_SECRET or value.startswith(("/", ".", "~")) or "://" in value
        found.append(value if is_secret_name(name) or not plain else _password(value))
    return tuple(dict.fromkeys(one for one in found if len(one) >= MIN_SECRET))


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
