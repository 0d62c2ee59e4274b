"""What changed since a server was approved, as far as hashes tell: the part is named, and what it was cannot be shown.

A lock of an earlier version lacks some of them: :mod:`approval.compared` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mcp_threat_scoring.approval.lock import LockedServer
from mcp_threat_scoring.approval.notice import Change, Command
from mcp_threat_scoring.report import Report, Severity
from mcp_threat_scoring.structs import Struct


class Part(Struct, frozen=True):
    """One part of a server that has a hash. `shown` are the fields of a lock that show it to people."""

    name: str
    id: str
    severity: Severity
    title: str
    shown: tuple[str, ...] = ()
    meaning: str = ""


PARTS: Final = (
    Part("name", "server_renamed", "high", "The server calls itself something else", ("name",)),
    Part("version", "version_changed", "info", "The server's version changed", ("version",)),
    Part("command", "command_changed", "high", "The command that starts the server changed", ("command",)),
    Part("address", "address_changed", "high", "The server is reached another way", ("transport", "url")),
    Part("title", "title_changed", "medium", "The server's title changed", (),
         "Clients show it to people in the place of the name."),
    Part("listing", "listing_changed", "low", "What is written about the server changed", (),
         "It is the description that people choose it by."),
    Part("protocol_version", "protocol_changed", "info", "The server speaks another version of the protocol",
         ("protocol_version",)),
    Part("capabilities", "capabilities_changed", "low", "The server announces other capabilities", (),
         "They say what it offers to a client, and may send it unasked."),
    Part("further_words_about_itself", "introduction_changed", "medium", "What the server says of itself changed", (),
         "Clients show its description, icon and address to people, and may hand them to the model."),
    Part("metadata_of_answers", "metadata_changed", "low", "What stands beside the server's answers changed", (),
         "A client may hand the metadata of an answer to the model."),
    Part("schemes", "schemes_changed", "low", "Callers authenticate in another way", (),
         "The schemes that the server asks for are not those of then."),
)  # fmt: skip
_BY_NAME: Final = {"environment": "env_names", "scopes": "scopes"}
"""Parts that are compared name by name; their hash counts where no name that is shown differs."""
_LATE: Final = ("further_words_about_itself", "metadata_of_answers")
"""Parts of the manifest's hash that older locks lack."""
_COMMAND: Final = frozenset({"command", "args"})
_ADDRESS: Final = frozenset({"url", "httpUrl", "serverUrl", "type"})
_INSTALLS: Final = frozenset({"packages", "remotes", "server"})
"""Members of a published file that say what is installed and started, or where it is reached."""
_ABOUT: Final = frozenset({
    "$schema", "_meta", "answer", "author", "description", "documentation", "homepage", "icon", "icons", "keywords",
    "license", "long_description", "privacy_policies", "repository", "screenshots", "status", "support", "websiteUrl",
})  # fmt: skip
"""… and those that only tell people about it."""
SHOWN_BEFORE: Final = 12
"""Characters before the first difference that are shown with it."""


def differs(then: LockedServer, now: LockedServer, part: str) -> bool:
    """Whether the hash of a part is another; False where the lock has none."""
    before = (then.exact or {}).get(part)
    return before is not None and before != (now.exact or {}).get(part)


def parts(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    """The parts of the server itself."""
    for part in PARTS:
        before, after = _words(then, part), _words(now, part)
        kind = Command if part.name == "command" else str
        if before == after and not differs(then, now, part.name):
            continue
        if before and not after:
            yield Change(part.id, part.severity, part.title, "Approved was {}; now there is none.", (kind(before),))
        elif before and before != after:
            words = tuple(map(kind, _where_they_differ(before, after)))
            yield Change(part.id, part.severity, part.title, "Approved was {}; now it is {}.", words)
        elif before:
            said = "Approved was {}; now it differs from that where it is not shown."
            yield Change(part.id, part.severity, part.title, said, (kind(before),))
        else:
            yield Change(part.id, part.severity, part.title, part.meaning or "There was none when it was approved.")
    for name, field in _BY_NAME.items():
        if differs(then, now, name) and set(getattr(then, field)) == set(getattr(now, field)):
            said = "They look like those that were approved, and differ where they are not shown."
            yield Change(f"{name}_changed", "medium", f"Names of the server's {name} changed", said)


def _where_they_differ(before: str, after: str) -> tuple[str, str]:
    """Both, without a long beginning that they have in common: only the first words of each will be shown."""
    pairs = zip(before, after, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after)))
    cut = max(0, same - SHOWN_BEFORE)
    return ("…" + before[cut:], "…" + after[cut:]) if cut > SHOWN_BEFORE else (before, after)


def _words(server: LockedServer, part: Part) -> str:
    held = [getattr(server, field) for field in part.shown]
    return " ".join(" ".join(one) if isinstance(one, list) else one for one in held).strip()


def declared(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    """What the file gives to install, start or reach the server, by its names there."""
    before, after = then.declared, now.declared or {}
    if before is None:
        return
    by_name = {f"env.{name}" for name in set(then.env_names) ^ set(now.env_names)}  # told already
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    changed -= {name for name in changed if _is_told(name, then, now)}
    for kind, names, title, said in (
        ("declared_changed", changed, "A value that the server is installed, started or reached with changed", "{}."),
        ("declared_added", after.keys() - before.keys() - by_name,
         "The server is installed, started or reached with more", "New: {}."),
        ("declared_removed", before.keys() - after.keys() - by_name,
         "The server is installed, started or reached with less", "Gone: {}."),
    ):  # fmt: skip
        by_severity: dict[Severity, list[str]] = {}
        for name in sorted(names):
            by_severity.setdefault(_grave(name), []).append(name)
        for severity, some in by_severity.items():
            yield Change(kind, severity, title, said, (some,))


def _head(name: str) -> str:
    return name.partition(".")[0].partition("#")[0]


def _is_told(name: str, then: LockedServer, now: LockedServer) -> bool:
    """Whether the command or the address, which the value belongs to, was found to differ by itself."""
    head = _head(name)
    return (head in _COMMAND and differs(then, now, "command")) or (head in _ADDRESS and differs(then, now, "address"))


def _grave(name: str) -> Severity:
    head = _head(name)
    return "high" if head in _INSTALLS else "low" if head in _ABOUT else "medium"


def authority(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    """Who lets callers in: the authorization servers, and the addresses they send people to."""
    before, after = then.authorization_servers, now.authorization_servers or {}
    title = "Callers are sent to another place to sign in"
    if before is not None and (new := sorted(after.keys() - before.keys())):
        yield Change("authorization_server_changed", "high", title, "New authorization servers are {}.", (new,))
    if before is not None and (gone := sorted(before.keys() - after.keys())):
        yield Change(
            "authorization_server_removed", "low", "An authorization server is no longer named", "{}.", (gone,)
        )
    # Where metadata cannot be read any more there is no hash, and the coverage says so.
    if told := sorted(name for name, held in (before or {}).items() if not held and after.get(name)):
        said = "The addresses of {} could not be read when it was approved, and can be now."
        yield Change("authorization_server_changed", "medium", title, said, (told,))
    moved = sorted(name for name, held in (before or {}).items() if held and after.get(name) and after[name] != held)
    if moved:
        yield Change("authorization_server_changed", "high", title, "Addresses of {} are others now.", (moved,))
    if then.auth_requirement != now.auth_requirement and not (
        then.auth_requirement == "required" and now.auth_requirement in ("none", "optional")
    ):
        said = f"Authentication was {then.auth_requirement}, and is now {now.auth_requirement}."
        yield Change("authentication_changed", "info", "Authentication is asked for differently", said)


def remainder(then: LockedServer, now: LockedServer, report: Report) -> Iterator[Change]:
    """That something differs, where nothing above says what: so that "unchanged" is never said of two things."""
    late = any((now.exact or {}).get(part) and part not in (then.exact or {}) for part in _LATE)  # told, not compared
    saved = report.target.origin.saved and then.exact is not None and then.locked_by == now.locked_by
    if (then.manifest_sha256 != now.manifest_sha256 and not late) or (saved and then.whole != now.whole):
        yield Change(
            "something_changed",
            "low",
            "Something else about the server changed",
            "The hash of all that was seen of it is not that of the lock, although no part that was compared differs.",
        )
