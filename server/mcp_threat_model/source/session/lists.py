"""Lists: every page of each, within bounds, raw; the tools twice.

Events noted: ``repeated_cursor``, ``oversized_item``, ``needs_credentials`` (a list is kept for callers who sign in),
``unserved_capability``, ``undeclared_capability``, ``duplicate_name``, ``list_changed`` (two readings differ),
``second_read_failed``, ``second_read_skipped``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from mcp_threat_model.source.beside import beside, join
from mcp_threat_model.source.cuts import Missing, bound_item
from mcp_threat_model.source.session.conversation import METHOD_NOT_FOUND, RequestError
from mcp_threat_model.source.session.handshake import Session
from mcp_threat_model.source.session.wire import PeerGoneError, Tap, quoted
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import OBSERVED, Coverage, PartName, not_observed, partial, sha256_of
from mcp_threat_scoring.structs import Struct, field

NAMED_DUPLICATES = 20


class Listing(Struct, frozen=True):
    """One thing a server lists: its method, where the items stand, and the capability that promises it."""

    part: PartName
    method: str
    key: str
    capability: str
    identity: str
    optional: bool = False
    """A server that has the capability need not know this list."""


LISTINGS = (
    Listing("tools", "tools/list", "tools", "tools", "name"),
    Listing("prompts", "prompts/list", "prompts", "prompts", "name"),
    Listing("resources", "resources/list", "resources", "resources", "uri"),
    Listing(
        "resource_templates", "resources/templates/list", "resourceTemplates", "resources", "uriTemplate", optional=True
    ),
)
TOOLS = LISTINGS[0]


class Reading(Struct):
    """What one list gave."""

    items: list[object] = field(default_factory=list)
    count: int = 0
    """Items seen, kept or not."""
    damaged: int = 0
    missing: Missing = field(default_factory=Missing)
    """What was cut out of the damaged ones."""
    cut: str = ""
    lacking: bool = False
    """Whether it was cut short; what is cut out of single items leaves them in it."""
    failed: TargetError | None = None
    beside: dict[str, Any] = field(default_factory=dict)
    """What the pages hold besides their items."""
    unserved: bool = False
    """The peer knows no such method: it said so at the first question."""


async def read_list(
    session: Session, listing: Listing, known: Counter[str] | None = None, *, seconds: float | None = None
) -> Reading:
    """All pages of one list, as far as the bounds and the peer allow; each is waited for `seconds`, if they are given.

    With the hashes of an earlier read in `known`, only items that are not among them are kept, and what is left
    in `known` afterwards has disappeared.
    """
    read = Reading()
    seen: set[str] = set()
    params: dict[str, Any] = {}
    session.nodes = 0
    for number in range(session.limits.pages):
        try:
            result = await session.call(listing.method, params, seconds)
            page = result.get(listing.key)
            if not isinstance(page, list):
                raise RequestError("malformed", f"{listing.method} was answered without a list")
        except (RequestError, PeerGoneError) as failure:
            read.failed = failure.with_traceback(None)  # its frames would keep every page alive in a circle
            read.cut = f"the list breaks off after {items_of(read.count)}: {failure.message}"
            read.unserved = not params and getattr(failure, "rpc_code", None) == METHOD_NOT_FOUND
            return read
        _keep(session, read, page, known)
        join(read.beside, beside(result, (listing.key,), {}), str(number + 1))
        cursor = result.get("nextCursor")
        if read.cut or cursor is None or cursor == "":
            return read
        if not isinstance(cursor, str) or len(cursor) > session.limits.cursor_chars:
            read.cut = "the cursor of the next page cannot be used, so later pages are missing"
        elif cursor in seen:
            session.tap.note("repeated_cursor", f"{listing.method} goes in circles")
            read.cut = "the cursor repeats, so it is unknown whether more items exist"
        if read.cut:
            return read
        seen.add(cursor)
        params = {"cursor": cursor}
    read.cut = f"more than {session.limits.pages} pages; {items_of(read.count)} read"
    return read


def _keep(session: Session, read: Reading, page: list[object], known: Counter[str] | None) -> None:
    room = session.limits.items - read.count
    if len(page) > room:
        read.cut = f"more than {session.limits.items} items; at least {len(page) - room} more were not read"
    if session.nodes > session.limits.nodes_total:
        room = 0
        read.cut = f"the list has more than {session.limits.nodes_total} JSON values; {items_of(read.count)} read"
    for raw in page[:room]:
        kept, cuts = bound_item(raw, session.limits, read.missing)
        read.count += 1
        read.damaged += bool(cuts)
        digest = "" if known is None else sha256_of(kept)
        if known is not None and known[digest] > 0:
            known[digest] -= 1
        else:
            read.items.append(kept)


def judge(read: Reading, listing: Listing, promised: bool, tap: Tap) -> None:
    """Note what is odd about a list; a missing tool list ends the session, unless the server says so itself.

    Raises:
        TargetError: the list of tools could not be read, and the server did not say that it has none.
    """
    read.lacking = bool(read.cut)
    if read.damaged:
        tap.note("oversized_item", f"{listing.key}: text or nesting beyond the bounds was cut", read.damaged)
        read.cut = "; ".join(filter(None, (read.cut, f"in {items_of(read.damaged)}, {read.missing.said()}")))
    if read.failed is not None and read.failed.code == "auth_required":
        tap.note("needs_credentials", listing.key)
    elif read.failed is not None and promised and not read.count:
        tap.note("unserved_capability", listing.key)
    if read.items and not promised:
        tap.note("undeclared_capability", listing.key)
    if listing is TOOLS and read.failed is not None and not read.count:
        said_so = isinstance(read.failed, RequestError) and read.failed.rpc_code is not None
        if not said_so:
            raise read.failed
    names = Counter(str(raw.get(listing.identity)) for raw in read.items if isinstance(raw, dict))
    for name, count in names.most_common(NAMED_DUPLICATES):
        if count > 1:
            tap.note("duplicate_name", f"{listing.key}: {quoted(name)}", count)


def worth(read: Reading, listing: Listing, promised: bool) -> Coverage:
    """What a list is worth, once it was judged.

    That there is nothing of what a server does not declare, is seen where it knows no such list, or lists nothing to
    the end. Any other failure leaves open what it may show to somebody else.
    """
    if not promised and not read.count and (read.unserved or not read.cut):
        return Coverage("observed", f"the server declares no {listing.capability}")
    if read.unserved and listing.optional:
        return Coverage("observed", f"the server knows no {listing.part.replace('_', ' ')}")
    if read.failed is not None and not read.count:
        return not_observed(read.failed.message)
    return partial(read.cut, lacking=read.lacking) if read.cut else OBSERVED


async def read_again(session: Session, read: Reading, tap: Tap) -> tuple[object, ...]:
    """List the tools once more. New and changed ones join the first, so that they are examined too."""
    first = read.items
    known = Counter(sha256_of(raw) for raw in first)
    second = await read_list(session, TOOLS, known)
    if second.failed is not None or second.cut:
        tap.note("second_read_failed", "the tools could not be listed a second time")
        return tuple(first)
    join(read.beside, second.beside, "again")
    gone = sum(known.values())
    if second.items or gone:
        detail = f"of {len(first)} tools, {len(second.items)} were new or changed and {gone} gone at the second reading"
        tap.note("list_changed", detail)
    return (*first, *second.items[: session.limits.items])


def items_of(count: int) -> str:
    """A number of items in words."""
    return "1 item" if count == 1 else f"{count} items"
