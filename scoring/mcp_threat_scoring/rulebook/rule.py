"""What a rule file may say. Unknown keys are errors; the set of operators is closed.

A file holds one idea. It is either one rule (`match`) or a family of variants that differ in a word
(`variants`), each of which becomes a rule named ``file.variant``. The cases that prove it follow as a second YAML
document, which a scan never reads.
"""

from functools import cache
from typing import Annotated, Literal

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.model import TAG, Model, read_json
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.report import Effect, FindingKind, LayerId, Level, Severity
from mcp_threat_scoring.rulebook.compound import Compound
from mcp_threat_scoring.structs import Meta, Raw, ValidationError, field, force_setattr

Over = Literal["tools", "prompts", "resources", "resource_templates", "server", "any"]
"""`any`: every item and the server's own texts, in the views of :mod:`hostile.views`."""
NAME = "[a-z0-9][a-z0-9_.-]*"
_NAME = pattern(NAME)
Polarity = Literal["presence", "weak", "gap", "control"]


class TextTest(Model, frozen=True, kw_only=True, tag_field=TAG, tag="field"):
    """A view of the subject's text matches. `regex` is RE2 with ``{class}`` macros; `has` lists whole entries.

    A pattern may be written over several lines; where it is parted means nothing.
    """

    field: str
    regex: str | None = None
    has: list[str] | None = None

    def __post_init__(self) -> None:
        if (self.regex is None) == (self.has is None):
            raise ValueError("a field test needs either regex or has")
        if self.regex is not None and "\n" in self.regex:
            force_setattr(self, "regex", self.regex.replace("\n", ""))


class FactTest(Model, frozen=True, kw_only=True, tag_field=TAG, tag="fact"):
    """A named observation has one of these values, or is a number of at least / at most so much."""

    fact: str
    equals: bool | int | str | list[str] | None = None
    at_least: int | None = None
    at_most: int | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.equals, self.at_least, self.at_most)) != 1:
            raise ValueError("a fact test needs exactly one of equals, at_least, at_most")

    def admits(self, value: object) -> bool:
        """Whether a value is one that it asks for; among those that it names, `true` is not 1."""
        if self.at_least is not None:
            return isinstance(value, int) and value >= self.at_least
        if self.at_most is not None:
            return isinstance(value, int) and value <= self.at_most
        wanted = self.equals if isinstance(self.equals, list) else [self.equals]
        return any(type(one) is type(value) and one == value for one in wanted)


class SignalTest(Model, frozen=True, kw_only=True, tag_field=TAG, tag="signal"):
    """Another rule fired on the same subject; in a rule over the server: anywhere, on at least `at_least` items."""

    signal: str
    at_least: int = 1
    share: Annotated[float, Meta(ge=0, le=1, description="…and on at least this share of the tools.")] | None = None


class AbilityTest(Model, frozen=True, kw_only=True, tag_field=TAG, tag="ability"):
    """The tool (in a rule over the server: at least so many tools) has this ability."""

    ability: str
    at_least: int = 1
    share: Annotated[float, Meta(ge=0, le=1)] | None = None


class EffectTest(Model, frozen=True, kw_only=True, tag_field=TAG, tag="effect"):
    """The tool's effect is at least this one (destructive implies write); `sure` asks for that much probability."""

    effect: Effect
    sure: float = 0.5
    at_least: int = 1
    share: Annotated[float, Meta(ge=0, le=1)] | None = None


class DomainTest(Model, frozen=True, kw_only=True, tag_field=TAG, tag="domain"):
    """The tool (over the server: at least so many tools) works in this business domain."""

    domain: str
    at_least: int = 1
    share: Annotated[float, Meta(ge=0, le=1)] | None = None


class AnyOf(Compound, frozen=True, kw_only=True, tag_field=TAG, tag="any"):
    """At least one holds."""

    any: Annotated[list["Test"], Meta(min_length=1)]


class AllOf(Compound, frozen=True, kw_only=True, tag_field=TAG, tag="all"):
    """All hold."""

    all: Annotated[list["Test"], Meta(min_length=1)]


class Not(Compound, frozen=True, kw_only=True, tag_field=TAG, tag="not"):
    """It does not hold."""

    negated: "Test" = field(name="not")


Test = TextTest | FactTest | SignalTest | AbilityTest | EffectTest | DomainTest | AnyOf | AllOf | Not
"""What a rule asks of a subject. People write the key that only one of them has; it tells them apart."""


BLANKS = ("tool", "tools", "s", "excerpt", "count")
"""What an explanation may hold in braces; :mod:`finding` fills it in."""


class FindingDoc(Model, frozen=True, kw_only=True):
    """What to report when the rule fires. Without it the rule only feeds the scores and threats."""

    kind: FindingKind
    severity: Severity
    confidence: Level
    explanation: str
    remediation: str
    once: Annotated[bool, Meta(description="One finding for the whole server, with the tools named.")] = False


class TechniqueDoc(Model, frozen=True, kw_only=True):
    """What to say of a technique of hostile text; the confidence comes from everything found in the item together.

    Each is a clause that follows "it": ``asks`` ("asks to …"), ``obeyed`` ("the model would …").
    """

    severity: Severity
    addresses: Annotated[str, Meta(description="Who is spoken to.")] = "the model"
    asks: str
    obeyed: str
    remediation: str


class VariantHead(Model, frozen=True, kw_only=True):
    """What one member of a family says of itself. What it leaves out, it takes from the file."""

    title: str | None = None
    suggests: dict[str, float] = {}
    graded: Annotated[
        dict[str, str], Meta(description="By question, the fact that gives its log-odds, in hundredths.")
    ] = {}


class Variant(VariantHead, frozen=True, kw_only=True):
    """One member of a family."""

    match: Test


class SignalHead(Model, frozen=True, kw_only=True):
    """One signal rule file, without what it asks."""

    id: Annotated[str, Meta(pattern=rf"^{NAME}$", description="Equals the file's stem; never renamed.")]
    title: str
    status: Literal["experimental", "stable", "deprecated"] = "stable"
    over: Over
    polarity: Polarity = "presence"
    method: Literal["exact", "heuristic"] = "heuristic"
    settles: Annotated[list[LayerId], Meta(description="Layers a positive control settles.")] = []
    suggests: Annotated[dict[str, float], Meta(description="Prior weight in log-odds, by question.")] = {}
    finding: FindingDoc | None = None
    technique: Annotated[TechniqueDoc | None, Meta(description="Only for rules over any text.")] = None
    references: list[str] = []
    misses: Annotated[str, Meta(description="What the rule does not catch.")] = ""
    falsepositives: list[str] = []


class SignalDoc(SignalHead, frozen=True, kw_only=True):
    """One signal rule file."""

    match: Test | None = None
    variants: dict[str, Variant] = {}

    def __post_init__(self) -> None:
        if (self.match is None) == (not self.variants):
            raise ValueError("a rule needs either match or variants")
        if not all(map(_NAME.fullmatch, self.variants)):
            raise ValueError("a variant's name consists of small letters, digits, dots, hyphens and underscores")


class KeptVariant(VariantHead, frozen=True, kw_only=True):
    """A variant as it is kept once it was checked."""

    match: Raw


NOTHING = Raw(b"null")


class KeptDoc(SignalHead, frozen=True, kw_only=True):
    """A rule file as it is kept once it was checked. A scan asks few of the tests: each is read when it does."""

    match: Raw = NOTHING
    variants: dict[str, KeptVariant] = {}


class TestDoc(Model, frozen=True):
    """A test alone."""

    __test__ = False  # for pytest, which takes it for tests
    test: Test


@cache
def read_test(kept: bytes) -> Test:
    """A test that was kept: the same object for the same text, since what is found of a test is found by its object.

    Raises:
        RuleError: what was kept is damaged.
    """
    try:
        return read_json(TestDoc, b'{"test":' + kept + b"}").test
    except ValidationError as error:
        problem = f"what was kept of a rule cannot be read ({error}); delete rules/__pycache__"
        raise RuleError([RuleProblem("rules.json", 0, problem)]) from None
