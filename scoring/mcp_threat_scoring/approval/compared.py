"""How much could be compared with what was approved: what is not seen any more, or unusable, or in no lock.

What was not compared is said and never passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from mcp_threat_scoring.approval.lock import LockedServer
from mcp_threat_scoring.approval.notice import Change
from mcp_threat_scoring.phrases import counted, joined

NOT_COMPARED: Final = "not_compared"
NOT_LOCKED: Final = "server_not_locked"
_ITS_OWN: Final = ("server", "instructions", "tools", "prompts", "resources", "resource_templates", "auth")
"""Parts of which less is seen when the server shows less. How it is started is up to whoever scans it."""
Alike = Literal["", "values", "words"]
"""What a server that is in no lock has in common with one that is: nothing, or all but its hidden values, or only the
words, which mean another one beside the lock."""
_ALIKE: Final[Mapping[Alike, str]] = {
    "": "",
    "values": " with these values",
    "words": ", where these words mean another server (they are looked up beside the lock)",
}


def seen(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    """What is seen less well than when it was approved, and what cannot be used at all."""
    if lost := sorted(set(now.unseen) - set(then.unseen)):
        yield Change(
            "less_was_seen",
            "medium",
            "Less of the server could be seen than when it was approved",
            f"Not observed any more: {_parts(lost)}. What is not seen was not compared.",
        )
    before, after = then.partial, now.partial or {}
    own = [part for part in _ITS_OWN if part in after]
    if before is not None and (cut := [part for part in own if part not in before and part not in then.unseen]):
        yield Change(
            "partly_seen",
            "medium",
            "Only a part is seen of what was seen wholly when it was approved",
            f"Partly observed: {_parts(cut)}. What is missing was not compared.",
        )
    if before is not None and (other := [part for part in own if part in before and before[part] != after[part]]):
        yield Change(
            "missing_changed",
            "low",
            "Something else is missing of what was only partly seen",
            f"Partly observed: {_parts(other)}. What is missing was not compared.",
        )
    yield from _damaged(then, now)


def _parts(names: Sequence[str]) -> str:
    return joined([name.replace("_", " ") for name in names])


def _damaged(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    if then.damaged is None:
        return
    before, after = Counter(then.damaged), Counter(now.damaged)
    unknown = after.pop("", 0)  # what cannot be hashed cannot be called the same
    if new := sum((after - before).values()) + unknown:
        yield Change(
            "unusable_changed",
            "high",
            "Items that cannot be used are not as they were approved",
            f"There {'is' if new == 1 else 'are'} {counted(new, 'such item')} that {'was' if new == 1 else 'were'} "
            "not there before. A client may hand them to the model all the same, and nobody has judged them.",
            remediation="Read them in the server's own answer, and have them mended before you lock it anew.",
        )
    elif before - after:
        yield Change("unusable_removed", "info", "Items that could not be used are gone", "They were never judged.")


def not_compared(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    """What the lock does not hold, as one of an earlier version does not."""
    kept = then.exact or {}
    missing = [part.replace("_", " ") for part in (now.exact or {}) if part not in kept]
    for what, held in (
        ("values that it is started with", then.declared),
        ("authorization servers", then.authorization_servers),
        ("parts that were only partly seen", then.partial),
        ("items that could not be used", then.damaged),
    ):
        if held is None:
            missing.append(what)
    if any(tool.title is None or tool.rest is None for tool in then.tools.values()):
        missing.append("titles and further members of tools")
    if missing:
        yield Change(
            NOT_COMPARED,
            "low",
            "Not everything could be compared",
            f"The lock does not hold, to the letter: {joined(missing)}.",
            remediation="If you still approve of the server, lock it anew: the lock then holds all of it.",
        )


def not_locked(lock: str, *, alike: Alike) -> Change:
    """The server is not in that lock; `alike` says in what one is there whose target is shown the same.

    As grave as a server that the policy does not name: nothing that it says or can do was ever approved.
    """
    return Change(
        NOT_LOCKED,
        "high",
        "Nobody approved this server",
        f"It is not in {{}}{_ALIKE[alike]}, so that there is nothing to compare it with.",
        (lock,),
        remediation="Remove it, or read what is found of it and approve of it with mcp-threat-model lock --add.",
    )
