"""The picture: everything the rules concluded about one target. What follows reads this, and never the manifest.

Rules run in three rounds, each seeing what the rounds before concluded:

1. over every tool (and prompt, resource, template) by itself, on its texts and schema;
2. over every tool again, for rules that ask what was concluded about it (its effect, abilities, domains);
3. over the server as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mcp_threat_scoring.capability import ToolProfile, profile
from mcp_threat_scoring.engine import Engine, engine
from mcp_threat_scoring.facts.observations import observe_item
from mcp_threat_scoring.facts.server import server_subject
from mcp_threat_scoring.facts.stated_scope import stated_scopes
from mcp_threat_scoring.hostile.survey import hostile_facts, suspicions
from mcp_threat_scoring.hostile.suspicion import Suspicion, hostile_engine
from mcp_threat_scoring.judge import conclusions, delicacy, server_judge, tool_judge
from mcp_threat_scoring.manifest import Item, Manifest, PartName, ScopeFact
from mcp_threat_scoring.neutralise import SafeText, neutralise_name, trusted
from mcp_threat_scoring.report import Effect, implies
from mcp_threat_scoring.rulebook.rule import Over
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.signal import Evidence, Signals
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.clauses import READS_ONLY, clauses, reads_only
from mcp_threat_scoring.text.views import Subject, tool_subject

_PARTS: Mapping[str, PartName] = {
    "tools": "tools", "prompts": "prompts", "resources": "resources", "resourceTemplates": "resource_templates",
    "initialize": "instructions",
}  # fmt: skip

NOT_SEARCHED = "it was not searched for orders: too much else calls for it"
NOT_TO_ITS_END = "it was not searched to its end for orders"
"""What is said of an item that is kept whole and was not read to its end."""


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
        return [tool for tool in self.tools if implies(tool.effect, effect) and not (effect != "read" and tool.silent)]


def part_of(pointer: str) -> PartName:
    """The part of a target that an item, or a text of the server's own, belongs to."""
    return _PARTS.get(pointer.split("/")[1] if pointer else "", "server")


def paint(manifest: Manifest, ruleset: Ruleset) -> Picture:
    """Run the three rounds of rules over a manifest.

    Raises:
        RuleError: a pattern or reference in a rule is wrong, or a file that the rules need.
    """
    compiled = engine(ruleset)
    prose = () if manifest.tools else clauses(manifest.listing, compiled.grammar)
    signals = Signals()

    tools, weight = _tools(manifest, prose, compiled, signals)  # rounds 1 and 2
    _other_items(manifest, compiled, signals)
    close = _closely_read(manifest, ruleset)
    for suspicion in close.hostile:
        for signal in suspicion.signals:
            signals.add(signal)

    whole = _whole(manifest, ruleset, close, weight)  # round 3
    for signal in compiled.matchers["server"].match(whole, server_judge(tools, signals)):
        signals.add(signal)

    return Picture(
        signals=signals,
        tools=tuple(tools),
        facts=whole.facts,
        domains=_domains(ruleset, tools, signals, listing=bool(prose)),
        ruleset=ruleset,
        server_name=_server_name(manifest),
        stated_scopes=tuple(stated_scopes(manifest.tools)),
        from_listing=not manifest.tools and manifest.listing is not None,
        unread=close.unread,
        partly_read=close.partly_read,
        not_whole=frozenset(close.lacking),
        hostile=close.hostile,
    )


def _tools(
    manifest: Manifest, prose: tuple[Item, ...], compiled: Engine, signals: Signals
) -> tuple[list[ToolProfile], int]:
    """Rounds 1 and 2 over every tool, or every clause of a listing: the profiles, and how much a model has to read to
    know the tools, summed up."""
    ruleset = compiled.ruleset
    prefix, among = compiled.kin.read(
        [tool.name for tool in manifest.tools], [tool.text("description") for tool in manifest.tools]
    )
    said_of_all: dict[str, bool | int | str] = {READS_ONLY: True} if reads_only(prose) else {}
    tools: list[ToolProfile] = []
    weight = 0
    for item in manifest.tools or prose:
        subject = tool_subject(item, prefix, compiled.grammar)
        observe_item(item, subject)
        subject.facts |= {**among, **said_of_all}
        if item.name:  # prose about a server is not worded like tools
            compiled.diction.observe(subject)
        reading = compiled.matchers["tools"].read(subject)
        fired = reading.fire()
        tool = profile(item, fired, ruleset, subject.facts)
        reading.learn(conclusions(tool, ruleset))
        reading.ask(tool_judge(tool, fired))
        fired += reading.fire_late()
        for signal in fired:
            signals.add(signal)
        tools.append(tool)
        weight += int(subject.facts.get("tool.weight", 0))
    ranks = {tool.pointer: delicacy(tool, ruleset) for tool in tools}
    signals.arrange("tool.private_data", lambda signal: ranks.get(signal.subject, 0))
    return tools, weight


def _other_items(manifest: Manifest, compiled: Engine, signals: Signals) -> None:
    """Round 1 over prompts, resources and templates. Nothing is concluded of them that a second round could ask for."""
    groups: Mapping[Over, tuple[Item, ...]] = {
        "prompts": manifest.prompts,
        "resources": manifest.resources,
        "resource_templates": manifest.resource_templates,
    }
    for over, items in groups.items():
        for item in items:
            subject = tool_subject(item, "", compiled.grammar)
            observe_item(item, subject)
            for signal in compiled.matchers[over].read(subject).fire():
                signals.add(signal)


class _Close(Struct, frozen=True):
    """What was read closely, for orders, and what of the target was not read to its end."""

    hostile: tuple[Suspicion, ...]
    unread: tuple[str, ...]
    partly_read: tuple[str, ...]
    lacking: Mapping[str, str]
    """What is missing of an item, by its pointer."""


def _closely_read(manifest: Manifest, ruleset: Ruleset) -> _Close:
    """Look closely at what calls for it."""
    unread: list[str] = []
    hostile = suspicions(manifest, hostile_engine(ruleset), unread)
    partly_read = [one.pointer for one in hostile if one.unread]
    lacking = dict.fromkeys(unread, NOT_SEARCHED) | dict.fromkeys(partly_read, NOT_TO_ITS_END)
    lacking |= {item.pointer: item.missing for item in manifest.items() if item.missing}
    return _Close(hostile, tuple(unread), tuple(partly_read), lacking)


def _whole(manifest: Manifest, ruleset: Ruleset, close: _Close, weight: int) -> Subject:
    """The server as a whole, with what was concluded of its items: what the rules of round 3 are asked about."""
    whole = server_subject(manifest)
    whole.facts["tools.weight"] = weight
    whole.facts |= {f"coverage.{part_of(pointer)}": "partial" for pointer in (*close.unread, *close.partly_read)}
    whole.note("items.unread", list(close.lacking.items()))
    facts, places = hostile_facts(close.hostile, ruleset.by_id)
    whole.facts |= facts
    whole.places |= places
    return whole


def _domains(ruleset: Ruleset, tools: list[ToolProfile], signals: Signals, *, listing: bool) -> tuple[str, ...]:
    """The lines of business of the server, commonest first; one of the server as a whole counts as much as that of a
    quarter of its tools."""
    counted = Counter(domain for tool in tools for domain in tool.domains)
    for domain in ruleset.domains:
        counted[domain] += max(1, len(tools) // 4) if _about(domain, signals, counted, listing=listing) else 0
    # Sorting keeps the order of the rules among those that are equally common.
    return tuple(sorted((domain for domain in ruleset.domains if counted[domain]), key=lambda one: -counted[one]))


def _about(domain: str, signals: Signals, counted: Mapping[str, int], *, listing: bool) -> bool:
    """Whether the server as a whole works in a line of business: of a listing, by its name or where a clause does.

    What its prose says beside its clauses is of its callers: the key they need makes it no keeper of secrets.
    """
    found = signals.of(f"server-domain.{domain}")
    if not listing or counted[domain]:
        return bool(found)
    return any(one.pointer != "/description" for signal in found for one in signal.evidence)


def _server_name(manifest: Manifest) -> SafeText:
    name = manifest.server.title or manifest.server.name or (manifest.listing.name if manifest.listing else "")
    return neutralise_name(name) if name else trusted("this server")
