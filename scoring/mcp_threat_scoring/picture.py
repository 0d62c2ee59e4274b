"""The picture: everything the rules concluded about one target. What follows reads this, and never the manifest.

Rules run in three rounds, each seeing what the rounds before concluded:

1. over every tool (and prompt, resource, template) by itself, on its texts and schema;
2. over every tool again, for rules that ask what was concluded about it (its effect, abilities, domains);
3. over the server as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from mcp_threat_scoring.capability import ToolProfile, profile
from mcp_threat_scoring.diction.learned import Diction, load_diction
from mcp_threat_scoring.facts.observations import observe_item
from mcp_threat_scoring.facts.server import server_subject
from mcp_threat_scoring.facts.siblings import Kin
from mcp_threat_scoring.facts.stated_scope import stated_scopes
from mcp_threat_scoring.hostile.survey import hostile_facts, suspicions
from mcp_threat_scoring.hostile.suspicion import Suspicion, hostile_engine
from mcp_threat_scoring.judge import conclusions, delicacy, server_judge, tool_judge
from mcp_threat_scoring.manifest import Item, Manifest, PartName, ScopeFact
from mcp_threat_scoring.matching.match import Matcher, matcher_over
from mcp_threat_scoring.neutralise import SafeText, neutralise_name, trusted
from mcp_threat_scoring.report import Effect
from mcp_threat_scoring.rulebook.rule import Over
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.signal import Evidence, Signals
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.clauses import READS_ONLY, clauses, reads_only
from mcp_threat_scoring.text.grammar import Grammar
from mcp_threat_scoring.text.views import tool_subject

_RANK: Mapping[Effect, int] = {"read": 0, "write": 1, "destructive": 2}
_KINDS: tuple[Over, ...] = ("tools", "prompts", "resources", "resource_templates")
_PARTS: Mapping[str, PartName] = {
    "tools": "tools", "prompts": "prompts", "resources": "resources", "resourceTemplates": "resource_templates",
    "initialize": "instructions",
}  # fmt: skip

NOT_SEARCHED = "it was not searched for orders: too much else calls for it"
NOT_TO_ITS_END = "it was not searched to its end for orders"
"""What is said of an item that is kept whole and was not read to its end."""


class _Kinds(dict[Over, Matcher]):
    """The matcher by what its rules are over, made when there is such a thing: few servers have prompts."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset

    def __missing__(self, over: Over) -> Matcher:
        self[over] = matcher_over(self._ruleset, over)
        return self[over]


class Engine(Struct, frozen=True, eq=False):
    """A rule set compiled for the three rounds."""

    ruleset: Ruleset
    matchers: _Kinds
    grammar: Grammar
    kin: Kin
    diction: Diction


@lru_cache(maxsize=4)
def engine(ruleset: Ruleset) -> Engine:
    """Compile a rule set once.

    Raises:
        RuleError: a pattern or reference in a rule is wrong.
    """
    grammar = ruleset.lexicon.grammar()
    kin = Kin(ruleset.lexicon, grammar)
    return Engine(ruleset, _Kinds(ruleset), grammar, kin, load_diction(ruleset.root))


def compile_rules(ruleset: Ruleset) -> None:
    """Compile every pattern of every rule now: for rules that nobody has tried yet.

    Raises:
        RuleError: with everything that is wrong.
    """
    compiled = engine(ruleset)
    for over in (*_KINDS, "server"):
        compiled.matchers[over].compile()
    hostile_engine(ruleset).matcher.compile()


class Picture(Struct, frozen=True, eq=False):
    """Signals, tool profiles and facts of one target."""

    signals: Signals
    tools: tuple[ToolProfile, ...]
    facts: Mapping[str, bool | int | str]
    domains: tuple[str, ...]
    """Domains of the server, commonest first."""
    ruleset: Ruleset
    server_name: SafeText
    stated_scopes: tuple[tuple[ScopeFact, str], ...] = ()
    """Scopes that tools name themselves, each with its JSON Pointer."""
    from_listing: bool = False
    """The "tools" are clauses of a listing's prose: nobody listed any."""
    hostile: tuple[Suspicion, ...] = ()
    """What may give orders, each item that was read closely; see :mod:`hostile.suspicion`."""
    unread: tuple[str, ...] = ()
    """Pointers of items that called for a close look when enough had been read."""
    partly_read: tuple[str, ...] = ()
    """Pointers of items that hold more than is read of one."""
    not_whole: frozenset[str] = frozenset()
    """Pointers of all items of which something was not read, those that were cut on their way in among them."""

    @property
    def orders(self) -> frozenset[str]:
        """Names and the like, as sent, that a rule read as orders though there is no blank in them."""
        return frozenset(order for one in self.hostile for order in one.orders)

    @property
    def hostile_weights(self) -> Mapping[str, float]:
        """Log-odds of every rule over any text.

        Raises:
            RuleError: a file that those rules need is missing or wrong.
        """
        return hostile_engine(self.ruleset).weights

    def has(self, signal_id: str) -> bool:
        """Whether that signal fired anywhere."""
        return signal_id in self.signals

    def evidence(self, signal_id: str, limit: int = 5) -> list[Evidence]:
        """The first few pieces of evidence for it."""
        return self.signals.evidence(signal_id, limit)

    def able(self, ability: str) -> list[ToolProfile]:
        """The tools with that ability."""
        return [tool for tool in self.tools if ability in tool.abilities]

    def acting(self, effect: Effect) -> list[ToolProfile]:
        """The tools with at least that effect."""
        return [
            tool
            for tool in self.tools
            if _RANK[tool.effect] >= _RANK[effect] and not (effect != "read" and tool.silent)
        ]


def part_of(pointer: str) -> PartName:
    """The part of a target that an item, or a text of the server's own, belongs to."""
    return _PARTS.get(pointer.split("/")[1] if pointer else "", "server")


def _about(domain: str, signals: Signals, counted: Mapping[str, int], *, listing: bool) -> bool:
    """Whether the server as a whole works in a line of business: of a listing, by its name or where a clause does.

    What its prose says beside its clauses is of its callers: the key they need makes it no keeper of secrets.
    """
    found = signals.of(f"server-domain.{domain}")
    if not listing or counted[domain]:
        return bool(found)
    return any(one.pointer != "/description" for signal in found for one in signal.evidence)


def paint(manifest: Manifest, ruleset: Ruleset) -> Picture:
    """Run the three rounds of rules over a manifest.

    Raises:
        RuleError: a pattern or reference in a rule is wrong, or a file that the rules need.
    """
    compiled = engine(ruleset)
    signals = Signals()
    tools: list[ToolProfile] = []
    weight = 0
    prefix, among = compiled.kin.read(
        [tool.name for tool in manifest.tools], [tool.text("description") for tool in manifest.tools]
    )
    prose = () if manifest.tools else clauses(manifest.listing, compiled.grammar)
    said_of_all: dict[str, bool | int | str] = {READS_ONLY: True} if reads_only(prose) else {}
    groups: Mapping[Over, tuple[Item, ...]] = {
        "tools": manifest.tools or prose,
        "prompts": manifest.prompts,
        "resources": manifest.resources,
        "resource_templates": manifest.resource_templates,
    }
    for over, items in groups.items():
        for item in items:
            subject = tool_subject(item, prefix if over == "tools" else "", compiled.grammar)
            observe_item(item, subject)
            if over == "tools":
                subject.facts |= {**among, **said_of_all}
                if item.name:  # prose about a server is not worded like tools
                    compiled.diction.observe(subject)
            reading = compiled.matchers[over].read(subject)
            fired = reading.fire()
            if over == "tools":
                tool = profile(item, fired, ruleset, subject.facts)
                tools.append(tool)
                weight += int(subject.facts.get("tool.weight", 0))
                reading.learn(conclusions(tool, ruleset))
                reading.ask(tool_judge(tool, fired))
                fired += reading.fire_late()
            for signal in fired:
                signals.add(signal)
    ranks = {tool.pointer: delicacy(tool, ruleset) for tool in tools}
    signals.arrange("tool.private_data", lambda signal: ranks.get(signal.subject, 0))
    whole = server_subject(manifest)
    whole.facts["tools.weight"] = weight
    unread: list[str] = []
    hostile = suspicions(manifest, hostile_engine(ruleset), unread)
    partly_read = [one.pointer for one in hostile if one.unread]
    whole.facts |= {f"coverage.{part_of(pointer)}": "partial" for pointer in (*unread, *partly_read)}
    lacking = dict.fromkeys(unread, NOT_SEARCHED) | dict.fromkeys(partly_read, NOT_TO_ITS_END)
    lacking |= {item.pointer: item.missing for item in manifest.items() if item.missing}
    whole.note("items.unread", list(lacking.items()))
    facts, places = hostile_facts(hostile, ruleset.by_id)
    whole.facts |= facts
    whole.places |= places
    for suspicion in hostile:
        for signal in suspicion.signals:
            signals.add(signal)
    for signal in compiled.matchers["server"].match(whole, server_judge(tools, signals)):
        signals.add(signal)
    counted = Counter(domain for tool in tools for domain in tool.domains)
    for domain in ruleset.domains:
        counted[domain] += max(1, len(tools) // 4) if _about(domain, signals, counted, listing=bool(prose)) else 0
    ranked = sorted(
        (d for d in ruleset.domains if counted[d]), key=lambda d: (-counted[d], list(ruleset.domains).index(d))
    )
    name = manifest.server.title or manifest.server.name or (manifest.listing.name if manifest.listing else "")
    return Picture(
        signals=signals,
        tools=tuple(tools),
        facts=whole.facts,
        domains=tuple(ranked),
        ruleset=ruleset,
        server_name=neutralise_name(name) if name else trusted("this server"),
        stated_scopes=tuple(stated_scopes(manifest.tools)),
        from_listing=not manifest.tools and manifest.listing is not None,
        unread=tuple(unread),
        partly_read=tuple(partly_read),
        not_whole=frozenset(lacking),
        hostile=hostile,
    )
