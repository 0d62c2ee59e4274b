"""What the names of environment variables, headers and arguments give away: secrets, OAuth settings, configuration.

Values never get here: a manifest holds names only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct

CredentialKind = Literal["secret", "oauth", "config"]
Declared = Literal["secret", "oauth", "none"]

_CAMEL = pattern(r"([a-z])([A-Z])")
_OAUTH_NAME = pattern(
    r"(?i)(?:^|_)(?:oauth2?|client_?id|client_?secret|refresh_?tokens?|redirect_?ur[il]|authorization_?server|token_?ur[il]|"
    r"oidc|issuer_?url)(?:_|$)"
)
_OAUTH_SECRET = pattern(r"(?i)(?:client_?secret|refresh_?token)s?$")
_SECRET_NAME = pattern(
    r"(?i)(?:^|[_\s.])(?:api_?(?:key|token|secret)s?|(?:access|management|signing|encryption|private|licen[cs]e|account|admin|"
    r"service_?role|integration|subscription|storage)_?keys?|access_?key_?(?:id|secret)|tokens?(?:_value)?|bearer|authorization|pat|"
    r"secrets?|secret_?(?:access_?)?keys?|key_?secret|passwords?|passwd|pwd|pass|passphrase|credentials?(?:_json)?|creds|service_?account(?:_?(?:key|json|file))?|"
    r"session_?key|cookies?|connection_?(?:string|ur[il])|(?:database|db|mongo(?:db)?|postgres(?:ql)?|mysql|redis)_?ur[il]|dsn|"
    r"webhook_?(?:ur[il]|secret)|mnemonic|seed_?phrase|jwt|kubeconfig|key)$"
)
"""The last words of a name decide: API_KEY_PATH is a path. `KEY` alone counts behind another word ("APOLLO_KEY")."""
_SECRET_HEADER = pattern(
    r"(?i)^(?:authorization|proxy-authorization|cookie|api-?key|x-[a-z-]*(?:key|token|secret|auth[a-z]*|pat))$"
)
_NO_SECRET = pattern(
    r"(?i)(?:max|num|min|limit|count|context|output|input|completion|prompt|page|next|response)_?tokens?(?:_|$)|"
    r"(?:public|primary|project|space|table|partition|sort|foreign|cache|idempotency|routing|hot|host|short|column|object|issue|"
    r"board|index)_?keys?$|^keys?$"
)


def _words(name: str) -> str:
    return str(_CAMEL.sub(r"\1_\2", name)).replace("-", "_")


def credential_kind(name: str, *, declared_secret: bool = False) -> CredentialKind:
    """Whether a variable, header or argument of that name holds a secret, OAuth settings, or configuration.

    `declared_secret` is the package's own word for it (``isSecret`` in a registry entry). A client secret and a refresh
    token are both: they count as OAuth here, and as static credentials in :func:`declared_auth`.
    """
    # camelCase and kebab-case arguments ("apiKey", "--api-key") become the same words
    name = well_formed(name[:200]).strip()
    bare = _words(name.lstrip("-"))
    if _OAUTH_NAME.search(bare):
        return "oauth"
    if declared_secret or _SECRET_HEADER.search(name):
        return "secret"
    return "secret" if _SECRET_NAME.search(bare) and not _NO_SECRET.search(bare) else "config"


class DeclaredAuth(Struct, frozen=True):
    """What a published description asks its user for."""

    kind: Declared
    secrets: tuple[str, ...]
    """Names that hold a static credential, client secrets and refresh tokens included."""
    oauth: tuple[str, ...]
    """Names that belong to an OAuth flow."""
    unmarked: tuple[str, ...]
    """Names that read like secrets although the description, which can mark secrets, does not mark them."""


def declared_auth(
    names: Iterable[str],
    *,
    marked: Iterable[str] = (),
    marks: bool = False,
    flow: bool = False,
) -> DeclaredAuth:
    """How callers authenticate, by what is asked of them before the server was ever reached.

    `names` are all environment variables, headers and arguments; `marked` those the description calls secret; `marks`
    says that its format can (a registry entry's ``isSecret``, a catalogue's list of secrets), so that its silence about
    the others counts; `flow` that it declares an OAuth flow of its own.
    """
    sure = tuple(dict.fromkeys(marked))
    everything = tuple(dict.fromkeys((*names, *sure)))
    kinds = {name: credential_kind(name, declared_secret=name in sure) for name in everything}
    secretive = tuple(
        name for name, kind in kinds.items()
        if kind == "secret" or name in sure or _OAUTH_SECRET.search(_words(well_formed(name[:200])))
    )  # fmt: skip
    oauth = tuple(name for name, kind in kinds.items() if kind == "oauth")
    secrets = tuple(name for name in secretive if name in sure) if marks else secretive
    kind: Declared = "oauth" if flow else "secret" if secrets else "oauth" if oauth and not marks else "none"
    return DeclaredAuth(kind, secrets, oauth, tuple(name for name in secretive if name not in sure) if marks else ())
