"""Every bound on what a target may cost us, in one place, each with its reason.

The target is an attacker: it decides how much it sends, how long it takes, how often it asks back and how many
processes it starts, so nothing of it is read, parsed, kept or waited for without a number from here. A bound that is
reached is never silent: the part it cut is `partial` in the report's coverage, or the target ends with an error code.
"""

from __future__ import annotations

from mcp_threat_scoring.structs import Struct, fields, replace

KIB = 1024
MIB = 1024 * KIB

SLOW_HINT = "Allow more time with --timeout SECONDS."
BUSY_HINT = "Check that it is running, and try again when it is less busy; no single answer is waited for longer."
TOO_MUCH_HINT = "No ordinary server sends that much; to judge it all the same, save its tools/list and scan that file."
"""What to do when the target's deadline, the one of a single answer, or a bound on what it sends was reached."""


class Limits(Struct, frozen=True):
    """All bounds. Times are seconds, sizes are bytes unless the name says otherwise.

    The sizes are chosen together: what they let through at once stays under 300 MiB of memory, whatever shape it has.
    """

    total_s: float = 30.0
    """One target, from launch or connect to the last answer. A first `npx` start is the slow honest case."""
    request_s: float = 10.0
    """One request after the handshake. Honest servers list their tools in milliseconds; some ask a backend first."""
    probe_s: float = 0.5
    """How long a running peer may leave `server/discover` unanswered: some old servers ignore what they do not know."""
    probe_unread_s: float = 5.0
    """The same when nobody can tell whether the peer has read the question yet (HTTP, or a slow start)."""
    grace_s: float = 1.0
    """After its input is closed, a started target may take this long to leave by itself (containers need it)."""

    message_bytes: int = 8 * MIB
    """One JSON-RPC message: a line on stdio, an event on SSE. The largest real tool list known is 2.9 MiB."""
    body_bytes: int = 16 * MIB
    """One HTTP response body, decoded. An event stream may carry several messages."""
    total_bytes: int = 16 * MIB
    """Everything one target may send: twice the largest tool list, several times over. In memory a text with one rare
    character takes four times its size, and examining a mebibyte takes about a second."""
    metadata_bytes: int = 256 * KIB
    """One authorization metadata document (RFC 9728, RFC 8414). Real ones stay under 10 KiB."""
    file_bytes: int = 64 * MIB
    """One saved description on disk or standard input."""
    text_bytes: int = 64 * MIB
    """The same in memory, where one character beyond U+FFFF anywhere makes every one of a text take four bytes: with an
    emoji in it, 16 MiB are read."""
    stderr_bytes: int = 64 * KIB
    """How much of a started target's standard error is kept; the rest is read and dropped, so that it never blocks."""

    nodes_per_message: int = 500_000
    """JSON values in one message, counted before parsing: `[[],[],…` turns 3 bytes into some 60 bytes of objects."""
    nodes_total: int = 1_500_000
    """JSON values kept of one target."""
    depth: int = 64
    """Levels of nesting kept of an item; deeper parts are replaced by a mark. Real schemas stay under 20."""
    string_chars: int = 50_000
    """Characters kept of one string; a longer one is cut and marked with the hash of the whole. The longest real
    description known has 6,549."""

    items: int = 10_000
    """Items of one kind (tools, prompts, …). The largest public servers list some 1,200."""
    pages: int = 200
    """Pages of one list."""
    cursor_chars: int = 16_384
    """Length of a pagination cursor that is sent back."""
    messages: int = 50_000
    """Messages of all kinds that are read from one target; a flood of small ones costs time, not bytes."""
    batch: int = 100
    """Messages in one JSON-RPC batch (2025-03-26 allows batches)."""
    reverse_requests: int = 100
    """Requests of the target to us that are answered (with a refusal); more are counted, not answered."""
    junk_lines: int = 1_000
    """Lines that are no JSON-RPC before the target is called no MCP server. Banners and logs have a few."""
    event_kinds: int = 200
    """Different oddities kept as evidence."""

    processes: int = 256
    """Processes a started target may have at once. A browser-driving server has some 30."""
    memory_bytes: int = 3 * 1024 * MIB
    """Resident memory of a started target with all its children."""
    data_bytes: int = 6 * 1024 * MIB
    """Private writable memory of one process (RLIMIT_DATA). Address space is no measure: node and .NET reserve much."""
    cpu_s: int = 120
    """Processor time of one process of a started target (RLIMIT_CPU); a backstop behind the deadline."""
    file_size_bytes: int = 512 * MIB
    """One file a started target may write (RLIMIT_FSIZE)."""
    disk_bytes: int = 1024 * MIB
    """Everything a started target may leave in its throw-away home. `npx` unpacks some hundred MiB there."""
    open_files: int = 1_024
    """Descriptors of one process of a started target."""
    left_files: int = 50
    """Names of files left in the throw-away home that are looked at."""

    redirects: int = 3
    """HTTP redirects that are followed, each address checked anew."""
    authorization_servers: int = 4
    """Authorization servers of one resource whose metadata are read."""

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if not value > 0:  # also refuses NaN
                raise ValueError(f"limit {spec.name} must be positive, not {value!r}")

    def with_total(self, seconds: float) -> Limits:
        """The same bounds with another deadline for the whole target; no single request may outlast it."""
        return replace(self, total_s=seconds, request_s=min(self.request_s, seconds))


DEFAULT_LIMITS = Limits()
