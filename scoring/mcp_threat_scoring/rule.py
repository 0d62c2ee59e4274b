"""What a rule file may say. Unknown keys are errors; the set of operators is closed.

A file holds one idea. It is either one rule (`match`) or a family of variants that differ in a word
(`variants`), each of which becomes a rule named ``file.variant``. The cases that prove it follow as a second YAML
document, which a scan never reads.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mcp_threat_scoring.report import FindingKind, LayerId, Level, Severity

Over = Literal["tools", "prompts", "resources", "resource_templates", "server", "any"]
"""`any`: every item and the server's own texts, in the views of :mod:`hostile_views`."""
Polarity = Literal["presence", "weak", "gap", "control"]


class _Doc(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class TextTest(_Doc):
    """A view of the subject's text matches. `regex` is RE2 with ``{class}`` macros; `has` lists whole entries."""

    field: str
    regex: str | None = None
    has: list[str] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TextTest:
        if (self.regex is None) == (self.has is None):
            raise ValueError("a field test needs either regex or has")
        return self


class FactTest(_Doc):
    """A named observation has one of these values, or is a number of at least / at most so much."""

    fact: str
    equals: bool | int | str | list[str] | None = None
    at_least: int | None = None
    at_most: int | None = None

    @model_validator(mode="after")
    def _one_way(self) -> FactTest:
        if sum(value is not None for value in (self.equals, self.at_least, self.at_most)) != 1:
            raise ValueError("a fact test needs exactly one of equals, at_least, at_most")
        return self


class SignalTest(_Doc):
    """Another rule fired on the same subject; in a rule over the server: anywhere, on at least `at_least` items."""

    signal: str
    at_least: int = 1
    share: float | None = Field(default=None, ge=0, le=1, description="…and on at least this share of the tools.")


class AbilityTest(_Doc):
    """The tool (in a rule over the server: at least so many tools) has this ability."""

    ability: str
    at_least: int = 1
    share: float | None = Field(default=None, ge=0, le=1)


class EffectTest(_Doc):
    """The tool's effect is at least this one (destructive implies write); `sure` asks for that much probability."""

    effect: Literal["read", "write", "destructive"]
    sure: float = 0.5
    at_least: int = 1
    share: float | None = Field(default=None, ge=0, le=1)


class DomainTest(_Doc):
    """The tool (over the server: at least so many tools) works in this business domain."""

    domain: str
    at_least: int = 1
    share: float | None = Field(default=None, ge=0, le=1)


class AnyOf(_Doc):
    """At least one holds."""

    any: Annotated[list[Test], Field(min_length=1)]


class AllOf(_Doc):
    """All hold."""

    all: Annotated[list[Test], Field(min_length=1)]


class Not(_Doc):
    """It does not hold."""

    negated: Test = Field(alias="not")


def _kind(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    for key in ("field", "fact", "signal", "ability", "effect", "domain", "any", "all", "not"):
        if key in keys or (key == "not" and "negated" in keys):
            return key
    return "unknown"


from pydantic import Discriminator, Tag  # noqa: E402 - the union below is what needs them

Test = Annotated[
    Annotated[TextTest, Tag("field")]
    | Annotated[FactTest, Tag("fact")]
    | Annotated[SignalTest, Tag("signal")]
    | Annotated[AbilityTest, Tag("ability")]
    | Annotated[EffectTest, Tag("effect")]
    | Annotated[DomainTest, Tag("domain")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[Not, Tag("not")],
    Discriminator(_kind),
]
for _model in (AnyOf, AllOf, Not):
    _model.model_rebuild()


class FindingDoc(_Doc):
    """What to report when the rule fires. Without it the rule only feeds the scores and threats."""

    kind: FindingKind
    severity: Severity
    confidence: Level
    explanation: str
    remediation: str
    once: bool = Field(default=False, description="One finding for the whole server, with the tools named.")


class TechniqueDoc(_Doc):
    """What to say of a technique of hostile text; the confidence comes from everything found in the item together.

    Each is a clause that follows "it": ``asks`` ("asks to …"), ``obeyed`` ("the model would …").
    """

    severity: Severity
    addresses: str = Field(default="the model", description="Who is spoken to.")
    asks: str
    obeyed: str
    remediation: str


class Variant(_Doc):
    """One member of a family. What it leaves out, it takes from the file."""

    match: Test
    title: str | None = None
    suggests: dict[str, float] = {}


class SignalDoc(_Doc):
    """One signal rule file."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="Equals the file's stem; never renamed.")
    title: str
    since: str = "0.1.0"
    status: Literal["experimental", "stable", "deprecated"] = "stable"
    over: Over
    polarity: Polarity = "presence"
    method: Literal["exact", "heuristic"] = "heuristic"
    settles: list[LayerId] = Field(default=[], description="Layers a positive control settles.")
    match: Test | None = None
    variants: dict[str, Variant] = {}
    suggests: dict[str, float] = Field(default={}, description="Prior weight in log-odds, by question.")
    finding: FindingDoc | None = None
    technique: TechniqueDoc | None = Field(default=None, description="Only for rules over any text.")
    references: list[str] = []
    misses: str = Field(default="", description="What the rule does not catch.")
    falsepositives: list[str] = []

    @model_validator(mode="after")
    def _one_way(self) -> SignalDoc:
        if (self.match is None) == (not self.variants):
            raise ValueError("a rule needs either match or variants")
        return self


class RuleCase(_Doc):
    """An example that must, or must not, make the rule fire.

    `item` is one item (for `over: tools` a tool); `manifest` a whole capture. `fires` may name the variant.
    """

    name: str
    item: dict[str, Any] | None = None
    manifest: dict[str, Any] | None = None
    fires: bool | str | list[str]


class CasesDoc(_Doc):
    """The second document of a rule file."""

    cases: Annotated[list[RuleCase], Field(min_length=2)]
