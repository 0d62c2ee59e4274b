"""The facts that rules may ask for: what each says, what part of a target it is read from, and when its absence counts.

Facts with an open end are families: ``siblings.CLASS``. What each source may note is declared here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from mcp_threat_scoring.manifest import PARTS
from mcp_threat_scoring.rulebook.rule import Over
from mcp_threat_scoring.structs import Struct


class Known(Struct, frozen=True):
    """One field or fact. `part` is the part of the manifest that it is read from; besides those, ``session`` is what
    only shows while a target is spoken with, and ``document`` whatever was read as JSON.
    """

    part: str
    meaning: str
    probed: bool = False
    """It is there, true or false, if and only if somebody looked: its absence is no answer."""
    given: tuple[str, bool | str] | None = None
    """The fact, and its value, without which this one cannot be seen."""
    unless: tuple[str, ...] = ()
    """Facts that say that it was not looked for."""


TRANSPORT: Final[Mapping[str, str]] = {
    "kind": "`stdio`, `http`, `sse`, or `none` for a saved description that names no way in",
    "scope": "where the address lies: `loopback`, `private`, `public` or `unknown`",
    "scheme": "`http` or `https`",
    "port": "the port of the address, or that was connected to",
    "nonstandard_port": "it is not the scheme's own",
    "cleartext": "plain http: whoever is on the path can read and change everything",
    "tls_valid": "https only: true, as a connection with a bad certificate is not read",
    "era": "`handshake` or `modern` (2026-07-28)",
    "origin_checked": "a request with a foreign `Origin` was refused rather than served",
    "host_checked": "loopback only: a request with a foreign `Host` was refused rather than served",
    "cors_any": "a foreign origin may read answers",
    "cors_credentials": "… and those to requests that carry the user's credentials",
    "rate_limited": "a limit was announced or enforced; false only after five answers without a word of any",
    "version_banner": "`Server` or `X-Powered-By` tell a version",
    "banner": "… and the words (the target's)",
    "session_id_issued": "the server opened a session",
    "weak_session": "its id is guessable: short, a plain number, or the same for two sessions",
    "cookie_auth": "with credentials needed and accepted only: a cookie was all that was given",
    "redirected": "true: the endpoint sent us on, on its own origin",
    "cache_public": "with credentials given only: an answer may be kept in shared caches",
    "secrets_given": "something that must stay secret was handed to the target, and looked for in its answers",
}
AUTH: Final[Mapping[str, str]] = {
    "requirement": "whether callers need credentials: `none`, `optional`, `required` or `unknown`",
    "scopes": "OAuth scopes that are named anywhere (a count)",
    "declared": "what the description asks its user for: `secret`, `oauth` or `none`",
    "status": "HTTP status with which requests without credentials were refused or served",
    "handshake_open": "the handshake was answered without credentials",
    "lists_unauthenticated": "`tools/list` was answered without credentials",
    "key_in_url": "the address that was given holds something like a key",
    "credentials_given": "the user gave credentials",
    "credentials_accepted": "… and the handshake was answered with them",
    "challenged": "a `WWW-Authenticate` header was seen",
    "challenge_malformed": "… and part of it breaks RFC 9110",
    "challenge_error": "… and its `error`, such as `insufficient_scope`",
    "resource_metadata": "where RFC 9728 metadata was found: `header`, `path`, `root` or `none`",
    "resource_missing": "the metadata names no `resource`",
    "resource_mismatch": "… or one that does not cover the endpoint",
    "token_in_query": "the metadata allows tokens in the URL",
    "authorization_servers": "how many the metadata names",
    "authorization_server": "where server metadata was found: `resource_metadata`, `origin` or `none`",
    "authorization_servers_read": "how many answered with metadata",
    "issuer_mismatch": "server metadata names another issuer than it was asked for",
    "foreign_issuer": "an authorization server is on another host than the endpoint",
    "issuer_host": "… and that host (the target's words)",
    "foreign_domain": "… under another registrable domain, and not of a known identity provider",
    "plain_http": "an authorization server or one of its endpoints is plain http",
    "pkce_s256": "every server read announces PKCE with S256",
    "dynamic_registration": "a server read has a registration endpoint (RFC 7591)",
    "client_id_document": "a server read takes client ID metadata documents",
    "iss_parameter": "every server read sends `iss` back (RFC 9207)",
    "implicit_flow": "a server read offers the implicit flow",
    "password_grant": "a server read offers the password grant",
    "dpop": "a server read, or the resource, supports sender-constrained tokens",
    "metadata_private_address": "the target named a metadata address that is not public, refused or (allowed) read",
    "metadata_refused": "… or one with userinfo, another scheme or another protocol's port",
    "metadata_plain_http": "the target named a metadata address with plain http, refused or (allowed) read",
    "metadata_unreadable": "metadata was named or found, but could not be read",
}
LAUNCH: Final[Mapping[str, str]] = {
    "declared": "a command or a package is named",
    "package": "a package is named",
    "version_pinned": "… and its version",
    "all_exact": "The launch command fetches something, and names an exact version of all of it",
    "env": "environment variables it is given (a count)",
    "secrets": "those of them that the package declares secret (a count)",
    "source_named": "a published description only: it names where the source code is",
    "contact_named": "a published description only: it names a page, an address or a source to turn to",
    "deprecated": "a registry's answer only: the registry marks the entry as deprecated or deleted",
    "sandboxed": "it was started in a sandbox",
    "network": "… that has a network",
    "attempts_heard": "… in which attempts to reach other hosts are heard",
    "auto_approve": "a client's configuration only: some of its tools run without asking",
    "shares_client": "a client's configuration only: the client runs other servers beside it",
    "plain_secrets": "a client's configuration only: secrets in it that stand there as plain text (a count)",
}


def _events(given: tuple[str, bool | str] | None, told: Mapping[str, str]) -> dict[str, Known]:
    return {name: Known("session", meaning, given=given) for name, meaning in told.items()}


EVENTS: Final[Mapping[str, Known]] = {
    **_events(None, {
        "bad_utf8": "messages with text that is not UTF-8",
        "discover_ignored": "`server/discover` was left unanswered",
        "duplicate_name": "names that one list holds more than once",
        "elicitation_offsite": "requests that send the person to a plain http address, or to somebody else's",
        "elicitation_secret": "requests for a form in which the person is to write a secret",
        "junk_output": "lines that are no protocol message",
        "list_changed_notice": "notices that a list has changed",
        "needs_credentials": "lists that were refused to a caller without credentials, or with these",
        "oversized_batch": "batches of more messages than are read",
        "oversized_item": "items that were cut to the bounds",
        "redirected": "redirects on the endpoint's own origin",
        "repeated_cursor": "lists whose pages go in circles",
        "reverse_request": "requests that the server made of us",
        "second_read_failed": "the tools could not be listed a second time",
        "second_read_skipped": "… or no time was left for it",
        "undeclared_capability": "lists that hold something although their capability was not announced",
        "unknown_protocol_version": "the server answered with a revision that nobody knows",
        "unserved_capability": "lists that were announced and could not be read",
        "verbose_error": "errors that tell the inside of the program",
        "wrong_id": "answers to what was not asked",
    }),
    **_events(("transport.kind", "stdio"), {
        "attacked_supervisor": "the process that watches it was stopped or killed",
        "died_of_probe": "it ended when it was asked something that it does not know",
        "left_children": "processes that were running after it had left",
        "left_files": "files that it left in its throw-away home",
        "stderr_flood": "it wrote ten times more to its standard error than is kept",
    }),
    **_events(("launch.attempts_heard", True), {
        "asked_host": "hosts that it asked for, in a sandbox without a network",
        "tried_address": "addresses that it tried to reach there",
    }),
    **_events(("transport.secrets_given", True), {
        "secret_echoed": "what it was given in secret came back in its answers",
    }),
    **_events(("transport.kind", "sse"), {"foreign_endpoint": "the address for messages is on another origin"}),
    **_events(("transport.session_id_issued", True), {"session_lost": "it forgot a session that it had opened"}),
    **_events(("auth.credentials_given", True), {"list_varies": "a stranger was shown other tools than the user"}),
    "list_changed": Known(
        "session", "readings of the tools that differ", unless=("event.second_read_failed", "event.second_read_skipped")
    ),
    "repeated_key": Known("document", "objects that name a key more than once"),
}  # fmt: skip
"""Each is a count, and the code of an event; what was seen stands in its detail, which the field ``events`` shows."""
_OF_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "tools.count": ("tools", "tools that were read"),
    "tools.lacking": ("tools", "tools of the list are missing or could not be used: nobody knows what they do"),
    "tools.unread": ("tools", "tools that came and could not be used (a count)"),
    "tools.awaited": ("server", "the list of tools is empty so far, and announced to change"),
    "tools.weight": ("tools", "characters of all their descriptions and schemas"),
    "tools.annotated": ("tools", "per cent of the tools that carry annotations"),
    "tools.hinted": ("tools", "per cent that carry one of the four hints"),
    "tools.read_only": ("tools", "per cent that say that they only read"),
    "tools.output_schema": ("tools", "per cent that describe what they return"),
    "tools.duplicate": ("tools", "names that stand in the list again"),
    "tools.lookalike": ("tools", "names that differ only in script, case or punctuation"),
    "tools.same_text": ("tools", "tools of different names with the same description"),
    "tools.mixed_script": ("tools", "names that mix scripts which look alike"),
    "tools.upstreams": ("tools", "namespaces that the names are sorted into"),
    "hints.alike": ("tools", "every tool carries the same hints"),
    "prompts.count": ("prompts", "prompts that were read"),
    "resources.count": ("resources", "resources that were read"),
    "resource_templates.count": ("resource_templates", "resource templates that were read"),
    "bad_items.count": ("server", "items that could not be used"),
    "items.unread": ("tools", "items of which something was cut, or not searched for orders"),
    "server.name": ("server", "the server names itself"),
    "server.version": ("server", "… and its version"),
    "server.instructions": ("instructions", "it gives instructions"),
    "server.lookalike": ("server", "its name is written with look-alike letters"),
    "listing": ("server", "there is a listing's prose"),
    "brand.foreign": ("server", "claims to be official, at an address that does not bear the name"),
    "package.lookalike": ("launch", "the package's name is a slip away from a well-known one"),
    "env.secrets": ("launch", "names of variables and headers that hold static credentials (a count)"),
    "env.unmarked": ("launch", "… that the published description does not mark as secret"),
    "argv.secrets": ("launch", "words of the launch command that are themselves a credential"),
    "scopes.asked": ("auth", "scopes a caller is asked for, other than to be known; of them"),
    "scopes.read": ("auth", "… those to read"),
    "scopes.write": ("auth", "… those to write"),
    "scopes.admin": ("auth", "… those of an administrator"),
    "scopes.changing": ("auth", "… either of these two"),
    "scopes.broad": ("auth", "… those that reach far"),
    "scopes.unread": ("auth", "… those of which nobody knows"),
    "hostile.in-schema": ("tools", "likely hostile items with it in a schema"),
    "hostile.in-instructions": ("instructions", "likely hostile instructions"),
}
_OF_ITEMS: Final[Mapping[str, str]] = {
    "description": "it has a description",
    "annotations": "it has annotations",
    "readOnlyHint": "what it says of itself, if it does",
    "destructiveHint": "the same",
    "idempotentHint": "the same",
    "openWorldHint": "the same",
    "output_schema": "it describes what it returns",
    "params.count": "its parameters",
    "schema.nodes": "schema objects inside its schema",
    "schema.depth": "how deeply they nest",
}
_OF_TOOLS: Final[Mapping[str, str]] = {
    "schema.declared": "it has a schema",
    "schema.freeform": "text parameters without enum, const, pattern, format or length (a count)",
    "schema.undescribed": "parameters without a description (a count)",
    "schema.open": "object parameters that take any member (a count)",
    "schema.closed": "it takes no unknown parameter",
    "schema.secrets": "values that look like a real credential (a count)",
    "schema.expansion": "size of the schema with its references written out, up to a million",
    "schema.slow_pattern": "patterns that backtracking engines can hang on (a count)",
    "hints.odd": "hints that are there and neither true nor false (a count)",
    "params.paged": "it offers a limit, page or cursor",
    "listing.reads_only": "a clause of a listing whose prose says as a whole that it only reads",
    "tool.weight": "characters of the description and the schemas",
    "domain.private": "it works on what belongs to somebody",
    "domain.sensitive": "… or is particularly sensitive",
}
_OF_ANY: Final[Mapping[str, str]] = {
    "siblings": "other tools of the server (a count)",
    "name.twin": "its name can pass for that of another tool of the list",
    "name.dressed": "its name is written with letters that only look like others, or that no screen shows",
    "text.unread": "texts that were too long to be read closely from end to end",
    "text.shown": "texts with parts that they show and do not say (a count)",
    "learned": "log-odds of its wording, in hundredths",
}


def _server() -> Iterator[tuple[str, Known]]:
    for head, told in (("transport", TRANSPORT), ("auth", AUTH), ("launch", LAUNCH)):
        yield from ((f"{head}.{name}", Known(head, meaning, probed=True)) for name, meaning in told.items())
    yield from ((f"event.{name}", known) for name, known in EVENTS.items())
    yield from ((name, Known(part, meaning)) for name, (part, meaning) in _OF_LISTS.items())
    for part in PARTS:
        yield f"coverage.{part}", Known(part, "`observed`, `partial` or `not_observed`")


def _items(part: Over, *groups: Mapping[str, str]) -> Mapping[str, Known]:
    return {name: Known(part, meaning) for group in groups for name, meaning in group.items()}


FACTS: Final[Mapping[Over, Mapping[str, Known]]] = MappingProxyType(
    {
        "tools": _items("tools", _OF_ITEMS, _OF_TOOLS),
        "prompts": _items("prompts", _OF_ITEMS),
        "resources": _items("resources", _OF_ITEMS),
        "resource_templates": _items("resource_templates", _OF_ITEMS),
        "server": dict(_server()),
        "any": _items("tools", _OF_ANY),
    }
)
"""The facts by what a rule is over."""

FAMILIES: Final[Mapping[Over, Mapping[str, Known]]] = MappingProxyType(
    {
        "tools": {
            "siblings": Known("tools", "per cent of the server's tools whose name turns on a verb of that class, or "
                                       "whose text is about that topic"),
            "diction": Known("tools", "log-odds that its single words add to that question, in hundredths"),
        },
        "prompts": {},
        "resources": {},
        "resource_templates": {},
        "server": {
            "capability": Known("server", "the capability, or that flag of it, as the server announced it"),
            "hostile": Known("tools", "likely hostile items that show that technique"),
        },
        "any": {
            "hidden": Known("tools", "passages recovered from that hiding place"),
            "odd": Known("tools", "disguises of that kind"),
            "learned": Known("tools", "lines whose wording alone leans to that technique"),
        },
    }
)  # fmt: skip
"""Facts whose names end in something that other files, or the target, decide: by the word before the first dot."""
