"""What rules talk about: word classes, abilities, business domains, and the weights fitted for them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from mcp_threat_scoring.model import Model, Place
from mcp_threat_scoring.structs import Meta

EFFECT_QUESTIONS = ("write", "destructive")
ABOUT = "about-"
"""What the names of word classes begin with that say what a whole server is about."""


class LexiconDoc(Model, frozen=True, kw_only=True):
    """``rules/lexicon.yaml``."""

    verbs: dict[str, list[str]]
    words: dict[str, list[str]] = {}
    irregular: dict[str, list[str]] = {}
    groups: Annotated[dict[str, list[str]], Meta(description="Verb classes taken together under one name.")] = {}
    compounds: Annotated[
        dict[str, list[str]], Meta(description='Words that are one thing with what follows ("pull": [request]).')
    ] = {}
    nouns: Annotated[list[str], Meta(description="Verbs that are as often nouns in names and titles.")] = []
    things_first: Annotated[
        list[str], Meta(description="Those of them that are nouns even at a name's beginning.")
    ] = []
    skipped: Annotated[list[str], Meta(description="Words that may stand before a sentence's verb.")] = []


def doubled(lexicon: LexiconDoc) -> Iterator[tuple[Place, str]]:
    """Verbs that stand in more than one class, or twice in one: what is left behind when it is done is one thing."""
    seen: dict[str, str] = {}
    for name, verbs in lexicon.verbs.items():
        for index, verb in enumerate(verbs):
            if verb in seen:
                where = f"twice in {name}" if seen[verb] == name else f"in {seen[verb]} and in {name}"
                yield ("verbs", name, index), f"'{verb}' stands {where}; a verb stands in one class only"
            seen.setdefault(verb, name)


class AbilityDoc(Model, frozen=True, kw_only=True):
    """One thing a tool can do. `bias` is the prior log-odds before any evidence."""

    id: str
    title: str
    reach: Literal["host", "account", "public"]
    bias: float = -4.0
    entails: Annotated[Literal["write"] | None, Meta(description="What a tool with it does at least.")] = None
    signal: Annotated[str | None, Meta(description="Server-level signal that says some tool has it.")] = None
    harm: Annotated[str, Meta(description='Finishes "a call could lead to ...".')] = ""
    assets: Annotated[str, Meta(description='Finishes "what can leak or mislead is what it tells of ...".')] = ""
    grave: Annotated[bool, Meta(description="One tool with it is worth telling, whatever the server is about.")] = False
    within: Annotated[
        list[str], Meta(description="Lines of business and abilities whose harm says as much already.")
    ] = []


class EffectDoc(Model, frozen=True, kw_only=True):
    """Prior log-odds of a tool writing, and of destroying, before any evidence."""

    write: float
    destructive: float


class AbilitiesDoc(Model, frozen=True, kw_only=True):
    """``rules/abilities.yaml``."""

    effects: EffectDoc
    abilities: Annotated[list[AbilityDoc], Meta(min_length=1)]


class DomainDoc(Model, frozen=True, kw_only=True):
    """A line of business, the assets at stake, and what harm to them means in plain words."""

    id: str
    title: str
    assets: str
    harm: str
    sensitivity: Literal["low", "medium", "high"] = "medium"
    private: Annotated[bool, Meta(description="What is read there normally belongs to somebody.")] = True
    personal: Annotated[bool, Meta(description="It is what people are, own or say, named before all else.")] = False
    words: Annotated[
        list[str], Meta(min_length=1, description="RE2 patterns in lower case, whole words, with {class} macros.")
    ]
    unless: Annotated[
        list[str], Meta(description="Terms of another trade that hold one of the words: a tide table, a hotel guest.")
    ] = []


class DomainsDoc(Model, frozen=True, kw_only=True):
    """``rules/domains.yaml``."""

    domains: list[DomainDoc]


class WeightsDoc(Model, frozen=True, kw_only=True):
    """``rules/weights.yaml``: written by the fitting command, read by a scan. Log-odds."""

    source: str
    spread: Annotated[float, Meta(description="Standard deviation of the prior that the fit chose.")] = 1.0
    bias: dict[str, float] = {}
    weights: Annotated[dict[str, dict[str, float]], Meta(description="signal id → question → weight")] = {}
