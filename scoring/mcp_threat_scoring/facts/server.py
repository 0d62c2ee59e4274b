"""The server as a whole as a subject for rules: its own texts as views, and everything observed of it as facts.

Fact names are ``part.name``: ``transport.kind``, ``coverage.tools``, ``event.list_changed`` (a count) …; what a source
notes of transport, authorization and launch appears under the name of its part. All of them, and the views, are
declared in :mod:`rulebook.observed` and :mod:`rulebook.fields`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mcp_threat_scoring.auth_scope import scopes_of
from mcp_threat_scoring.facts.credential import credential_kind, declared_auth
from mcp_threat_scoring.facts.fetched import all_exact, fetched
from mcp_threat_scoring.facts.leak import credential_in, is_placeholder, is_words, redact
from mcp_threat_scoring.facts.observations import observe_list
from mcp_threat_scoring.facts.stated_scope import stated_scopes
from mcp_threat_scoring.facts.well_known import lookalike
from mcp_threat_scoring.manifest import AWAITED, Event, Item, LaunchFacts, Manifest, well_formed
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.text.prose import split_words
from mcp_threat_scoring.text.views import HINTS, Subject, View, view_of

_HINTS = frozenset(HINTS)
_OFFICIAL = pattern(
    r"(?i)\bofficial (?:mcp )?(?:server )?(?:for |of |from )?(?:the )?([a-z][a-z0-9]{2,30})|"
    r"\b([a-z][a-z0-9]{2,30})(?:'s)? official\b"
)
_LITERAL = pattern(r"^[A-Za-z0-9+_][A-Za-z0-9+/_.~-]{7,}={0,2}$")
"""What may be a key: no reference such as ``${KEY}``, no path, no prose."""
_NO_BRAND = frozenset({
    "mcp", "server", "the", "for", "and", "our", "your", "this", "api", "cli", "sdk", "model", "context", "protocol",
    "documentation", "docs", "integration",
})  # fmt: skip
_PLACES = {"transport": "/transport", "auth": "/auth", "launch": "/launch", "capability": "/initialize/capabilities"}
"""Where in the manifest the facts of a part stand."""
LEFT = "left_files"
SERVER_TEXT = 20_000
"""Characters of instructions and listing prose that rules read."""


def _share(items: tuple[Item, ...], holds: int) -> int:
    """Percent, rounded down: 100 means every one."""
    return 100 * holds // len(items) if items else 0


def _facts(manifest: Manifest) -> dict[str, bool | int | str]:
    transport, auth, launch = manifest.transport, manifest.auth, manifest.launch
    tools = manifest.tools
    facts: dict[str, bool | int | str] = {
        "transport.kind": transport.kind,
        "transport.scope": transport.scope,
        "auth.requirement": auth.requirement,
        "auth.scopes": len(auth.scopes),
        "launch.declared": bool(launch.argv or launch.package),
        "launch.package": bool(launch.package),
        "launch.version_pinned": bool(launch.package_version),
        "launch.all_exact": all_exact(launch.argv),
        "launch.env": len(launch.env_names),
        "launch.secrets": len(launch.secret_env_names),
        "server.name": bool(manifest.server.name),
        "server.version": bool(manifest.server.version),
        "server.instructions": bool(manifest.server.instructions),
        "listing": manifest.listing is not None,
        "tools.count": len(tools),
        "prompts.count": len(manifest.prompts),
        "resources.count": len(manifest.resources),
        "resource_templates.count": len(manifest.resource_templates),
        "bad_items.count": len(manifest.bad_items),
        "tools.annotated": _share(tools, sum(bool(tool.annotations) for tool in tools)),
        "tools.hinted": _share(tools, sum(not _HINTS.isdisjoint(tool.annotations) for tool in tools)),
        "tools.read_only": _share(tools, sum(tool.annotations.get("readOnlyHint") is True for tool in tools)),
        "tools.output_schema": _share(tools, sum(bool(tool.mapping("outputSchema")) for tool in tools)),
    }
    facts["tools.awaited"] = manifest.coverage.get("tools") == AWAITED
    facts["tools.lacking"] = any(seen.lacking for part, seen in manifest.coverage.items() if part == "tools")
    facts["tools.unread"] = sum(bad.pointer.startswith("/tools/") for bad in manifest.bad_items)
    for part, seen in manifest.coverage.items():
        facts[f"coverage.{part}"] = seen.status
    for event in manifest.events:
        facts[f"event.{event.code}"] = int(facts.get(f"event.{event.code}", 0)) + event.count
    for prefix, more in (("transport", transport.facts), ("auth", auth.facts), ("launch", launch.facts)):
        for name, value in more.items():
            facts[f"{prefix}.{name}"] = value
    for name, value in manifest.server.capabilities.items():
        facts[f"capability.{name}"] = True
        if isinstance(value, dict):
            for key, flag in value.items():
                if isinstance(flag, bool):
                    facts[f"capability.{name}.{key}"] = flag
    return facts


def server_subject(manifest: Manifest) -> Subject:
    """Views and facts of the server as a whole."""
    server, launch = manifest.server, manifest.launch
    views: dict[str, View] = {}

    def put(name: str, *segments: tuple[str, str]) -> None:
        kept = [(well_formed(text), pointer) for text, pointer in segments if text]
        if kept:
            views[name] = view_of(kept)

    put(
        "words",
        (split_words(server.name[:200]), "/initialize/serverInfo/name"),
        (split_words(server.title[:200]), "/initialize/serverInfo/title"),
        (split_words(launch.package[:200]), "/launch/package"),
        *(((split_words(manifest.listing.name[:200])), "/name") for _ in (0,) if manifest.listing),
    )
    put("instructions", (server.instructions[:SERVER_TEXT].lower(), "/initialize/instructions"))
    if manifest.listing:
        put("listing", (manifest.listing.description[:SERVER_TEXT].lower(), "/description"))
    put("events", *((f"{e.code} {e.detail[:200]}", f"/events/{i}") for i, e in enumerate(manifest.events[:200])))
    put("left_files", *((_seen(e), f"/events/{i}") for i, e in enumerate(manifest.events[:200]) if e.code == LEFT))
    put("version", (server.version[:200], "/initialize/serverInfo/version"))
    put("protocol", (server.protocol_version[:50], "/initialize/protocolVersion"))
    put("url", (manifest.transport.url[:2_000], "/transport/url"))
    put("package", (launch.package[:500], "/launch/package"))
    put("argv", *((word[:1_000], f"/launch/argv/{index}") for index, word in enumerate(launch.argv[:200])))
    put("fetched", *((what, f"/launch/argv/{index}") for what, index in fetched(launch.argv)))
    put("env", *((name[:200], f"/launch/env/{index}") for index, name in enumerate(launch.env_names[:500])))
    put(
        "secret_env",
        *((name[:200], f"/launch/env/{index}") for index, name in enumerate(launch.secret_env_names[:500])),
    )
    put("headers", *((name[:200], f"/launch/headers/{index}") for index, name in enumerate(launch.header_names[:200])))
    scopes = manifest.auth.scopes[:500]
    put("scopes", *((scope.name[:300].lower(), f"/auth/scopes/{index}") for index, scope in enumerate(scopes)))
    put(
        "schemes",
        *((scheme[:100].lower(), f"/auth/schemes/{n}") for n, scheme in enumerate(manifest.auth.schemes[:50])),
    )
    facts = _facts(manifest)
    found, places = observe_list(manifest.tools)
    facts |= found
    subject = Subject("", "server", views, facts, places)
    _authority(manifest, subject)
    _names(manifest, subject)
    for fact, value in facts.items():
        part, _, name = fact.partition(".")
        if fact not in places and part in _PLACES:
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            places[fact] = ((f"{_PLACES[part]}/{name.replace('.', '/')}", well_formed(f"{name}: {shown}"[:200])),)
    for index, event in reversed(list(enumerate(manifest.events[:200]))):
        places[f"event.{event.code}"] = ((f"/events/{index}", well_formed(_seen(event))),)
    return subject


def _seen(event: Event) -> str:
    """What was seen, to be shown: a name without its quotes, else the detail; the code in words where there is none."""
    detail = event.detail[:200]
    if detail.startswith("“") and detail.find("”") == len(detail) - 1:
        detail = detail[1:-1]
    return detail or event.code.replace("_", " ")


def _authority(manifest: Manifest, subject: Subject) -> None:
    """What is asked of the user, by names: environment, headers, arguments, scopes."""
    launch = manifest.launch
    places = {name: f"/launch/env/{index}" for index, name in enumerate(launch.env_names[:500])}
    places |= {name: f"/launch/headers/{index}" for index, name in enumerate(launch.header_names[:200])}
    if places or launch.argv or launch.package:
        declared = declared_auth(places, marked=launch.secret_env_names[:500], marks=bool(launch.registry))
        subject.facts["auth.declared"] = declared.kind
        subject.note("env.secrets", [(places.get(name, "/launch/env"), name) for name in declared.secrets])
        subject.note("env.unmarked", [(places.get(name, "/launch/env"), name) for name in declared.unmarked])
    subject.note("argv.secrets", _literals(launch))
    asked = [
        one
        for one in scopes_of(manifest.auth, stated_scopes(manifest.tools))
        if one[1] != "authorization_server" and one[0].action != "identity"
    ]
    subject.note("scopes.asked", [(place, scope.name) for scope, _, place in asked])
    for action in ("read", "write", "admin"):
        subject.note(f"scopes.{action}", [(place, s.name) for s, _, place in asked if s.action == action])
    subject.note("scopes.changing", [(place, s.name) for s, _, place in asked if s.action in ("write", "admin")])
    subject.note("scopes.broad", [(place, s.name) for s, _, place in asked if s.breadth in ("broad", "admin")])
    subject.note("scopes.unread", [(place, s.name) for s, _, place in asked if s.action == "unknown"])


def _literals(launch: LaunchFacts) -> list[tuple[str, str]]:
    """Arguments that are a credential: those that were taken out of the command, and those that stand in it by their
    format, or by the flag before them. Only the beginning of these is shown."""
    argv = launch.argv[:200]
    found = [(f"/launch/argv/{index}", told) for index, told in launch.hidden[:200]]
    for index, word in enumerate(argv):
        flag, joined, value = word.partition("=")
        if not (joined and flag.startswith("-")):
            flag, value = (argv[index - 1], word) if index and argv[index - 1].startswith("-") else ("", "")
        secret = credential_in(word)
        if (
            not secret
            and flag
            and credential_kind(flag) == "secret"
            and _LITERAL.match(well_formed(value))
            and not is_placeholder(value)
            and not is_words(value)
        ):
            secret = value
        if secret:
            found.append((f"/launch/argv/{index}", redact(secret)))
    return found


def _names(manifest: Manifest, subject: Subject) -> None:
    try:
        port = urlsplit(manifest.transport.url[:2_000]).port
    except ValueError:
        port = None
    if port:
        subject.facts["transport.port"] = port
    subject.note("brand.foreign", _foreign_brand(manifest))
    if known := lookalike(manifest.launch.package[:200]):
        subject.note("package.lookalike", [("/launch/package", f"{manifest.launch.package} ~ {known}")])
    name = manifest.server.name[:200]
    if name and not name.isascii() and (known := lookalike(name)):
        subject.note("server.lookalike", [("/initialize/serverInfo/name", f"{name} ~ {known}")])


def _foreign_brand(manifest: Manifest) -> list[tuple[str, str]]:
    """Claims to be somebody's official server, at an address that does not bear the name."""
    try:
        host = (urlsplit(manifest.transport.url[:2_000]).hostname or "").lower()
    except ValueError:
        return []
    if not host or manifest.transport.scope == "loopback":
        return []
    server = manifest.server
    texts = [(server.name, "/initialize/serverInfo/name"), (server.title, "/initialize/serverInfo/title"),
             (server.instructions[:SERVER_TEXT], "/initialize/instructions")]  # fmt: skip
    if manifest.listing:
        texts.append((manifest.listing.description[:SERVER_TEXT], "/description"))
    found: list[tuple[str, str]] = []
    for text, pointer in texts:
        claim = _OFFICIAL.search(well_formed(text))
        brand = next((group for group in claim.groups() if group), "").lower() if claim else ""
        if claim and brand not in _NO_BRAND and brand not in host.replace("-", ""):
            found.append((pointer, claim.group(0)))
    return found
