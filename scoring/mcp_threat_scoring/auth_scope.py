"""With what authority the tools act: what a scope, a credential's name or a declared requirement gives away.

A scope's name is all that a listing shows of it. It is cut into resource, action and breadth by the conventions that
the large issuers document (RFC 6749, section 3.3 leaves the vocabulary to them):

==================  ===================================================================================
Google              ``https://www.googleapis.com/auth/drive.readonly``, ``…/auth/cloud-platform``
Microsoft Graph     ``Mail.ReadWrite``, ``User.Read.All``, ``https://graph.microsoft.com/.default``
GitHub              ``repo``, ``read:org``, ``admin:repo_hook``, ``delete_repo``
Slack, Linear …     ``chat:write``, ``channels:history``; also ``write:packages``, ``issues.read``
OpenID Connect      ``openid``, ``profile``, ``email``, ``offline_access`` (Core 1.0, sections 5.4 and 11)
==================  ===================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from mcp_threat_scoring.manifest import AuthFacts, ScopeFact, well_formed
from mcp_threat_scoring.neutralise import as_scope, neutralise_name
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.report import BREADTHS, AuthOut, Breadth, ScopeOut
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.prose import split_words

if TYPE_CHECKING:
    from mcp_threat_scoring.picture import Picture

Stated = Sequence[tuple[ScopeFact, str]]
Action = Literal["identity", "read", "write", "admin", "unknown"]

MAX_SCOPES = 500
"""Scopes looked at. An authorization server for a whole office suite offers some 700; the rest is more of the same."""
AUTH_SIGNALS = (
    "auth.none", "list.locked", "auth.static_key", "auth.scope_broad", "auth.scope_exceeds_tools", "auth.scope_single",
    "auth.no_pkce", "auth.bad_url", "auth.issuer_mismatch", "auth.resource_mismatch", "auth.key_in_url",
    "pkg.env_secret", "auth.needs_admin", "ctl.oauth_prm", "ctl.fine_scopes", "ctl.pkce",
)  # fmt: skip
"""Signals that are evidence of the authority, the telling ones first."""

_IDENTITY = frozenset({
    "openid", "profile", "email", "address", "phone", "offline_access", "online_access", "offline", "identity",
    "userinfo.email", "userinfo.profile", "user.read", "user:email", "read:user", "users.profile:read",
})  # fmt: skip
_ADMIN = pattern(
    r"(?:^|[:._/\s-])(?:admin|administrator|root|superuser|super|owner|sudo|full|full[_-]?(?:access|control)|master|god|"
    r"manage[_-]?all|all[_-]?access|unrestricted)(?:$|[:._/\s-])"
)
_ALL = pattern(r"(?:^|[:._/\s-])(?:\*|all|everything)(?:$|[:._/\s-])")
_WRITE = pattern(
    r"(?:^|[:._/\s-])(?:write|readwrite|read[_-]?write|rw|create|update|edit|delete|modify|manage|post|send|publish|upload|"
    r"insert|push|execute|exec|run|deploy|destroy|remove|set|change|compose|import|"
    r"impersonat(?:e|ion)|control|access[_-]?as[_-]?user)(?:$|[:._/\s-])"
)
_READ = pattern(
    r"(?:^|[:._/\s-])(?:read|readonly|read[_-]?only|ro|view|viewer|list|get|search|history|query|metadata|readbasic|export|select|describe)"
    r"(?:$|[:._/\s-])"
)
_CAMEL = pattern(r"([a-z])([A-Z])")
_WHOLE: Mapping[str, tuple[Action, Breadth]] = {
    # Scopes that are one bare word; what they cover is in the issuers' documentation.
    "repo": ("write", "broad"), "public_repo": ("write", "narrow"), "delete_repo": ("write", "narrow"),
    "workflow": ("write", "broad"), "gist": ("write", "narrow"), "user": ("write", "narrow"),
    "notifications": ("write", "narrow"), "api": ("write", "broad"), "read_api": ("read", "broad"),
    "sudo": ("admin", "admin"), "drive": ("write", "broad"), "gmail": ("write", "broad"),
    "calendar": ("write", "narrow"), "spreadsheets": ("write", "broad"), "documents": ("write", "broad"),
    "contacts": ("write", "narrow"), "cloud-platform": ("admin", "admin"), ".default": ("unknown", "broad"),
    "user_impersonation": ("write", "broad"), "mail.google.com": ("write", "broad"),
    "default": ("unknown", "unknown"), "mcp": ("unknown", "unknown"), "read": ("read", "broad"),
    "write": ("write", "broad"), "tools": ("unknown", "unknown"), "drive.file": ("write", "narrow"),
    "tasks": ("write", "narrow"), "bot": ("write", "narrow"),
}  # fmt: skip


class Scope(Struct, frozen=True):
    """One scope, taken apart. `resource` is in words and may be empty."""

    name: str
    resource: str
    action: Action
    breadth: Breadth


def parse_scope(name: str) -> Scope:
    """Take a scope's name apart. Never fails: what is not understood is `unknown`."""
    text = well_formed(name[:300]).strip()
    bare = text.rstrip("/").rsplit("/", 1)[-1] if "://" in text else text
    lower = bare.lower()
    if lower in _IDENTITY:
        return Scope(name, "identity", "identity", "none")
    known = _WHOLE.get(lower)
    if known:
        return Scope(name, split_words(bare), *known)
    # Microsoft and others write the action in camel case; dots and colons stay as they are.
    spaced = _CAMEL.sub(r"\1_\2", bare).lower()
    forms = (lower, spaced)
    admin, everything, writes, reads = (
        any(pattern.search(form) for form in forms) for pattern in (_ADMIN, _ALL, _WRITE, _READ)
    )
    resource = spaced
    for breadth in (_ADMIN, _ALL, _WRITE, _READ):
        resource = breadth.sub(" ", resource)
    resource = split_words(resource)
    if (admin and not reads) or (everything and not reads and not resource):
        return Scope(name, resource, "admin", "admin")
    if everything or writes or reads:
        action: Action = "read" if reads and not writes else "write"
        return Scope(name, resource, action, "broad" if everything or not resource else "narrow")
    return Scope(name, resource or split_words(bare), "unknown", "unknown")


def widest(breadths: Iterable[Breadth]) -> Breadth:
    """The widest of several; a scope that nobody understood never hides one that is wide."""
    return max(breadths, key=BREADTHS.index, default="unknown")


def scopes_of(auth: AuthFacts, stated: Stated = ()) -> list[tuple[Scope, str, str]]:
    """The scopes that were seen, each once, with where they were read and their JSON Pointer.

    `stated` are those that tools name themselves.
    """
    seen: dict[str, tuple[Scope, str, str]] = {}
    seen_at = [(fact, f"/auth/scopes/{index}") for index, fact in enumerate(auth.scopes[:MAX_SCOPES])]
    for fact, pointer in (*seen_at, *stated):
        if fact.name and fact.name not in seen:
            seen[fact.name] = (parse_scope(fact.name), fact.source, pointer)
    return list(seen.values())


def asked_scopes(auth: AuthFacts, stated: Stated = ()) -> list[tuple[Scope, str, str]]:
    """The scopes a caller is asked for; what an authorization server offers besides them counts only without them."""
    scopes = scopes_of(auth, stated)
    return [one for one in scopes if one[1] != "authorization_server"] or scopes


def authority(picture: Picture, auth: AuthFacts) -> AuthOut:
    """What was seen of authentication, and how far the scopes reach.

    The breadth is the widest of :func:`asked_scopes`. ``none`` says that callers bring no authority of their own (no
    authentication, or identity scopes only), not that the server has none.
    """
    scopes = scopes_of(auth, picture.stated_scopes)
    asked = asked_scopes(auth, picture.stated_scopes)
    breadth: Breadth = widest(scope.breadth for scope, _, _ in asked)
    if not asked and auth.requirement == "none":
        breadth = "none"
    schemes: list[str] = [neutralise_name(scheme) for scheme in auth.schemes[:20]]
    if not schemes and picture.has("pkg.env_secret"):
        schemes = ["credential in the environment"]
    evidence = [one for name in AUTH_SIGNALS for one in picture.evidence(name, 2)]
    return AuthOut(
        requirement=auth.requirement,
        schemes=schemes,
        scopes=[ScopeOut(name=as_scope(s.name), breadth=s.breadth, source=source) for s, source, _ in scopes],
        breadth=breadth,
        evidence=evidence[:12],
    )
