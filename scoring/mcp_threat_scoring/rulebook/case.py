"""The cases that prove a rule: the second document of its file, which a scan never reads. Unknown keys are errors.

:mod:`proof` runs them: in the tests those of the shipped rules, and those of a user's rules when they are named. A
misspelt key would be worse here than in a rule: a case in which nothing must fire holds of an empty manifest.
"""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from mcp_threat_scoring.manifest import PartName, Requirement
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.rulebook.observed import AUTH, EVENTS, LAUNCH, TRANSPORT
from mcp_threat_scoring.structs import Meta

Facts = dict[str, str | bool | int]
Pages = list[dict[str, Any]]


def _declared(facts: Facts, known: Collection[str], whose: str) -> None:
    for name in facts:
        if name not in known:
            near = get_close_matches(name[:64], sorted(known), n=3, cutoff=0.0)
            shown = neutralise_name(name)
            raise ValueError(f"no source notes a fact '{shown}' of {whose}; there is {', '.join(near)}, …")


class CaseInfo(Model, frozen=True, kw_only=True):
    """``serverInfo``."""

    name: str = ""
    version: str = ""
    title: str = ""


class CaseHello(Model, frozen=True, kw_only=True):
    """What the server answers to ``initialize``."""

    protocolVersion: str = ""  # noqa: N815  (the protocol's own name)
    capabilities: dict[str, Any] = {}
    serverInfo: CaseInfo = CaseInfo()  # noqa: N815
    instructions: str = ""


class CaseTransport(Model, frozen=True, kw_only=True):
    """How it is reached."""

    kind: Literal["stdio", "http", "sse", "none"] = "none"
    url: str = ""
    scope: Literal["loopback", "private", "public", "unknown"] = "unknown"
    facts: Facts = {}

    def __post_init__(self) -> None:
        _declared(self.facts, TRANSPORT, "transport")


class CaseLaunch(Model, frozen=True, kw_only=True):
    """How it is started."""

    argv: list[str] = []
    hidden: list[tuple[int, str]] = []
    env_names: list[str] = []
    secret_env_names: list[str] = []
    header_names: list[str] = []
    package: str = ""
    package_version: str = ""
    registry: str = ""
    sandbox: str = ""
    facts: Facts = {}

    def __post_init__(self) -> None:
        _declared(self.facts, LAUNCH, "launch")


class CaseScope(Model, frozen=True, kw_only=True):
    """One OAuth scope, and where it was read."""

    name: str
    source: Literal["challenge", "resource_metadata", "authorization_server", "declared", "tool", "text"]


class CaseAuth(Model, frozen=True, kw_only=True):
    """What was seen of authentication and authorization."""

    requirement: Requirement = "unknown"
    schemes: list[str] = []
    scopes: list[CaseScope] = []
    facts: Facts = {}
    servers: dict[str, str] = {}

    def __post_init__(self) -> None:
        _declared(self.facts, AUTH, "auth")


class CaseEvent(Model, frozen=True, kw_only=True):
    """Something odd that it did while it was read."""

    code: str
    detail: str = ""
    count: int = 1

    def __post_init__(self) -> None:
        _declared({self.code: True}, EVENTS, "a session (an event)")


class CaseCoverage(Model, frozen=True, kw_only=True):
    """Whether a part was seen."""

    status: Literal["observed", "partial", "not_observed"]
    reason: str = ""


class CaseManifest(Model, frozen=True, kw_only=True):
    """A whole target: lists and introduction as a capture has them, the rest as the sources note it.

    ``name`` and ``description`` are a listing in prose. A part that is named is observed, unless ``coverage`` says
    otherwise.
    """

    tools: Pages | None = None
    prompts: Pages | None = None
    resources: Pages | None = None
    resourceTemplates: Pages | None = None  # noqa: N815
    initialize: CaseHello | None = None
    transport: CaseTransport | None = None
    launch: CaseLaunch | None = None
    auth: CaseAuth | None = None
    events: list[CaseEvent] = []
    coverage: dict[PartName, CaseCoverage] = {}
    cut: dict[str, str] = {}
    """Tools of which not all was kept, by name, each with how much is missing."""
    name: str | None = None
    description: str = ""


class RuleCase(Model, frozen=True, kw_only=True):
    """An example that must, or must not, make the rule fire.

    `item` is one item (for `over: tools` a tool); `manifest` a whole target. `fires` may name the variant.
    """

    name: str
    item: dict[str, Any] | None = None
    manifest: CaseManifest | None = None
    fires: bool | str | Annotated[list[str], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if (self.item is None) == (self.manifest is None):
            raise ValueError("a case needs either item or manifest")


class CasesDoc(Model, frozen=True, kw_only=True):
    """The second document of a rule file."""

    cases: Annotated[list[RuleCase], Meta(min_length=2)]
