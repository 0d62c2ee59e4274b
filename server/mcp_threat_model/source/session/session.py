"""One MCP session with a hostile peer: shake hands in either era, list everything, keep it raw.

The questions are asked here, message by message, and not through the SDK's client: that refuses a whole page for one
malformed tool, drops unknown fields (a changed one would go unseen), stops at an unknown protocol version, and waits
ten fixed seconds for a peer that ignores `server/discover`. Any :class:`Link` can carry the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.source.beside import HELLO, SERVER_INFO, beside, further
from mcp_threat_model.source.cuts import Missing, bound
from mcp_threat_model.source.doubt import doubt, lessen
from mcp_threat_model.source.session.handshake import Session
from mcp_threat_model.source.session.lists import LISTINGS, TOOLS, Listing, Reading, judge, read_again, read_list, worth
from mcp_threat_model.source.session.wire import Link, Tap
from mcp_threat_scoring.manifest import OBSERVED, Coverage, PartName, ServerFacts, not_observed, partial
from mcp_threat_scoring.structs import Struct

__all__ = ["Session", "SessionParts", "read_link"]


class SessionParts(Struct, frozen=True):
    """Everything one session showed: raw items, and what each part of it is worth."""

    server: ServerFacts
    era: Literal["handshake", "modern"]
    items: Mapping[PartName, tuple[object, ...]]
    coverage: Mapping[PartName, Coverage]


async def read_link(
    link: Link, limits: Limits, *, tap: Tap, probe: bool = True, seconds: float | None = None
) -> SessionParts:
    """Read one peer through a link of ours: handshake, every list, and the tools a second time.

    What it does not declare is asked for all the same, because some clients do, and last, because some old servers
    die of a question that they do not know.

    `probe` false skips `server/discover`, for a peer that is known to die of it. `seconds` is what is left of the time
    for the whole target.

    Raises:
        TargetError: the handshake failed, or no tool list came; everything less is said in the coverage.
    """
    session = Session(link, limits, tap, seconds)
    hello = await session.shake_hands(probe)
    declared = hello.get("capabilities")
    declared = declared if isinstance(declared, dict) else {}
    items: dict[PartName, tuple[object, ...]] = {}
    coverage: dict[PartName, Coverage] = {}
    answers: dict[str, dict[str, Any]] = {}
    timeouts = 0

    async def take(listing: Listing, *, promised: bool) -> Reading:
        nonlocal timeouts
        if timeouts > promised:
            coverage[listing.part] = not_observed("not asked, because the target had stopped answering")
            return Reading()
        # Some leave unanswered what they do not know; nobody waits long for what nobody promised.
        patience = None if promised or listing is TOOLS else limits.probe_unread_s
        read = await read_list(session, listing, seconds=patience)
        judge(read, listing, promised, tap)
        answers[listing.key] = read.beside
        timeouts += read.failed is not None and read.failed.code == "timeout"
        coverage[listing.part] = worth(read, listing, promised)
        items[listing.part] = tuple(read.items)
        return read

    offered = [listing for listing in LISTINGS if declared.get(listing.capability) is not None]
    first = await take(TOOLS, promised=TOOLS in offered)
    for listing in offered:
        if listing is not TOOLS:
            await take(listing, promised=True)
    repeated = session.repeated
    if first.items and session.out_of_time:
        tap.note("second_read_skipped", "no time was left to list the tools a second time")
    elif first.items and not first.cut:
        items["tools"] = await read_again(session, first, tap)
    again = session.repeated - repeated  # the same objects, or others
    for listing in LISTINGS:
        if listing is not TOOLS and listing not in offered:
            await take(listing, promised=False)
    missing = Missing()
    server = _server_facts(session, hello, answers, missing)
    coverage["server"] = OBSERVED if server.name else partial("the server does not say its name")
    coverage["instructions"] = Coverage("observed", "" if server.instructions else "the server gives none")
    if told := missing.said():
        lessen(coverage, "instructions", f"of what the server says of itself, {told}")
    if session.repeated:
        doubt(coverage, max(again, session.repeated - again))
    return SessionParts(server, "modern" if session.modern else "handshake", items, coverage)


def _server_facts(
    session: Session, hello: Mapping[str, Any], answers: Mapping[str, dict[str, Any]], missing: Missing
) -> ServerFacts:
    meta = hello.get("_meta")
    info = hello.get("serverInfo", meta.get(SERVER_INFO) if isinstance(meta, dict) else None)
    info = info if isinstance(info, dict) else {}
    limits = session.limits

    def text(holder: Mapping[str, Any], key: str) -> str:
        value = holder.get(key)
        return str(bound(value, limits, missing)[0]) if isinstance(value, str) else ""

    def whole(value: object) -> dict[str, Any]:
        kept = bound(value, limits, missing)[0]
        return kept if isinstance(kept, dict) else {}

    around = {"initialize": beside(hello, HELLO, info), **answers}
    return ServerFacts(
        name=text(info, "name"),
        version=text(info, "version"),
        title=text(info, "title"),
        protocol_version=session.version if session.modern else text(hello, "protocolVersion"),
        instructions=text(hello, "instructions"),
        capabilities=whole(hello.get("capabilities")),
        info=whole(further(info)),
        beside=whole({place: held for place, held in around.items() if held}),
    )
