"""What rules talk about: word classes, abilities, business domains, and the weights fitted for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

EFFECT_QUESTIONS = ("write", "destructive")


class _Doc(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class LexiconDoc(_Doc):
    """``rules/lexicon.yaml``."""

    verbs: dict[str, list[str]]
    words: dict[str, list[str]] = {}
    irregular: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = Field(default={}, description="Verb classes taken together under one name.")
    compounds: list[str] = Field(default=[], description='Two words that are one thing ("pull request").')
    nouns: list[str] = Field(default=[], description="Verbs that are as often nouns in names and titles.")
    things_first: list[str] = Field(default=[], description="Those of them that are nouns even at a name's beginning.")
    skipped: list[str] = Field(default=[], description="Words that may stand before a sentence's verb.")


class AbilityDoc(_Doc):
    """One thing a tool can do. `bias` is the prior log-odds before any evidence."""

    id: str
    title: str
    reach: Literal["host", "account", "public"]
    bias: float = -4.0
    signal: str | None = Field(default=None, description="Server-level signal that says some tool has it.")


class EffectDoc(_Doc):
    """Prior log-odds of a tool writing, and of destroying, before any evidence."""

    write: float
    destructive: float


class AbilitiesDoc(_Doc):
    """``rules/abilities.yaml``."""

    effects: EffectDoc
    abilities: Annotated[list[AbilityDoc], Field(min_length=1)]


class DomainDoc(_Doc):
    """A line of business, the assets at stake, and what harm to them means in plain words."""

    id: str
    title: str
    assets: str
    harm: str
    sensitivity: Literal["low", "medium", "high"] = "medium"
    private: bool = Field(default=True, description="What is read there normally belongs to somebody.")
    words: list[str] = Field(min_length=1, description="RE2 patterns in lower case, whole words, with {class} macros.")


class DomainsDoc(_Doc):
    """``rules/domains.yaml``."""

    domains: list[DomainDoc]


class WeightsDoc(_Doc):
    """``rules/weights.yaml``: written by the fitting command, read by a scan. Log-odds."""

    source: str
    spread: float = Field(default=1.0, description="Standard deviation of the prior that the fit chose.")
    bias: dict[str, float] = {}
    weights: dict[str, dict[str, float]] = Field(default={}, description="signal id → question → weight")
