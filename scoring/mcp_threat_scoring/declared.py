"""What a file declares of how a server is installed, started or reached, so that a change of any of it is seen.

The values themselves are kept from every report: there is no way to them but a hash for each, under the name that it
has in the file. A client's entry holds keys and passwords, and a lock file is committed for many to read; its values
are therefore hashed with scrypt (RFC 7914), salted with the target and the name. What a publisher declares is public.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

HASH_LENGTH: Final = 32
"""Hexadecimal digits kept of a hash: 128 bits, which nobody can aim at."""
SLOW_COST: Final = 2**14
"""scrypt's N, with blocks of 8: each guess takes 16 MiB and some 50 ms. A short password can still be found."""
SLOW_HASHES: Final = 24
"""Values of one entry that get a slow hash each: little more than a second. Of more, the rest gets one together."""
PUBLIC_HASHES: Final = 500
PUBLIC_DEPTH: Final = 3
"""Levels of a published file that have names of their own: ``packages.0.registryBaseUrl``."""
SECRET_DEPTH: Final = 1
"""Of a client's entry: ``env.NODE_OPTIONS``, but all of ``args`` together."""
THE_REST: Final = "everything else"


class Declared:
    """The values of one entry. `secret` is true where some of them may be secrets; only hashes of them come out."""

    __slots__ = ("_known", "_secret", "_values")

    def __init__(self, entry: Mapping[str, Any] | None = None, *, secret: bool = False) -> None:
        depth, kept = (SECRET_DEPTH, SLOW_HASHES) if secret else (PUBLIC_DEPTH, PUBLIC_HASHES)
        named = sorted((name, _spelt(value)) for name, value in _leaves(entry or {}, depth, lists=not secret))
        rest = named[kept:]
        self._values = [*named[:kept], *([(THE_REST, _spelt(rest))] if rest else [])]
        self._secret = secret
        self._known: dict[str, list[tuple[str, str]]] = {}

    def __repr__(self) -> str:
        """How many there are, and none of them."""
        return f"Declared({len(self._values)} values)"

    def __eq__(self, other: object) -> bool:
        """Whether the same is declared."""
        return isinstance(other, Declared) and (self._values, self._secret) == (other._values, other._secret)

    def __hash__(self) -> int:
        """Of the names alone."""
        return hash(tuple(name for name, _ in self._values))

    def hashes(self, target: str) -> list[tuple[str, str]]:
        """The name of each value, as the file has it, with a hash. `target` is what the file belongs to."""
        if target not in self._known:
            self._known[target] = [(name, self._hash(target, name, value)) for name, value in self._values]
        return self._known[target]

    def _hash(self, target: str, name: str, value: str) -> str:
        if not self._secret:
            return hashlib.sha256(value.encode()).hexdigest()[:HASH_LENGTH]
        salt = _spelt([target, name]).encode()
        return hashlib.scrypt(value.encode(), salt=salt, n=SLOW_COST, r=8, p=1, dklen=HASH_LENGTH // 2).hex()


def _spelt(value: object) -> str:
    """Canonical JSON, also of what only TOML knows (a date)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _leaves(value: object, depth: int, *, lists: bool, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    inner: list[tuple[str, object]] = []
    if isinstance(value, dict):
        inner = [(str(key), member) for key, member in value.items()]
    elif isinstance(value, list) and lists:
        inner = [(str(index), member) for index, member in enumerate(value)]
    if inner and depth >= 0:
        for key, member in inner:
            yield from _leaves(member, depth - 1, lists=lists, path=(*path, key))
    elif path:
        yield ".".join(path), value
