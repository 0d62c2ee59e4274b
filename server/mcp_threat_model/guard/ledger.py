"""What happened on the wire during one scan, and how much may happen.

HTTP libraries and protocol clients drop statuses and headers and reword errors; the ledger still has them.
"""

from __future__ import annotations

from collections.abc import Mapping

from mcp_threat_model.guard.connect import Contacts
from mcp_threat_model.guard.mask import Mask
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.structs import Struct, field

MAX_NOTES = 200
"""Answers kept in the ledger; a scan needs a few dozen."""


class WireBounds(Struct, frozen=True):
    """How much one client may read. Bytes are counted before anything is parsed."""

    body_bytes: int
    """Of one answer."""
    total_bytes: int
    """Of all answers together."""
    requests: int = 200
    """A server that ends its event stream at once makes a client reconnect for ever."""
    seconds: float = 10.0
    """For each connect, and for each wait between two pieces of an answer."""


class Note(Struct):
    """What became of one request. Header names are lower case; a repeated header keeps its values apart."""

    method: str
    url: str
    status: int = 0
    """0 until, or when never, answered."""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tls: str = ""
    problem: TargetError | None = None
    """Why it could not be sent, or read to its end."""

    def header(self, name: str) -> str:
        """The first value of a header, or the empty string."""
        return self.headers.get(name, ("",))[0]


class Ledger(Struct):
    """What happened on the wire during one scan, as it was sent: whoever shows some of it goes through `mask`."""

    mask: Mask = field(default_factory=Mask)
    contacts: Contacts = field(default_factory=Contacts)
    notes: list[Note] = field(default_factory=list)
    received: int = 0
    """Bytes of all bodies."""
    sent: int = 0
    """Requests."""

    def open_note(self, method: str, url: str) -> Note:
        """Start the note of one more request."""
        note = Note(method, url)
        self.sent += 1
        if len(self.notes) < MAX_NOTES:
            self.notes.append(note)
        return note

    def problems(self) -> list[TargetError]:
        """Everything that was refused or failed, in the order of the requests."""
        return [note.problem for note in self.notes if note.problem is not None]
