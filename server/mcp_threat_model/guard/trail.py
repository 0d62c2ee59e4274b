"""What one call reaches on this machine and beyond, told to whoever keeps a log of it.

The places that start programs and open connections say so here, below everything that could forget to; which call it
belongs to is known from the context, which tasks and threads inherit. Nobody listens unless a log was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Trail(Protocol):
    """Keeps what happened in one call."""

    def note(self, event: str, **facts: object) -> None:
        """Keep one thing that happened. `facts` hold no secrets; they may hold a target's words."""
        ...


_current: ContextVar[Trail | None] = ContextVar("trail", default=None)


def note(event: str, **facts: object) -> None:
    """Say what happened, in whatever call this is."""
    trail = _current.get()
    if trail is not None:
        trail.note(event, **facts)


@contextmanager
def following(trail: Trail | None) -> Iterator[None]:
    """Everything that happens inside belongs to that call."""
    before = _current.set(trail)
    try:
        yield
    finally:
        _current.reset(before)
