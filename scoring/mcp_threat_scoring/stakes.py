"""What is at stake with a server, in phrases: what its tools can do before the trade it is in, where that is graver.

A line of business speaks for a whole server only where the server is about it: by its own name, or by a fair part of
its tools, and of those that change something. One stray word of one tool is of that tool alone. Where no trade is
certain, what the tools do is said instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from mcp_threat_scoring.capability import ToolProfile
from mcp_threat_scoring.engine import engine
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.phrases import joined, listed, plural, quoted
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.rulebook.vocabulary import AbilityDoc
from mcp_threat_scoring.structs import Struct, replace
from mcp_threat_scoring.text.prose import split_words

ABOUT = 0.25
"""The part of a server's tools, and of those that change something, that makes it one of a trade, on average."""
LEAST = 0.2
"""The part that it needs of all its tools."""
NAMED = 0.15
"""The same of a trade that the server's own name tells of: many names are only names."""
BESIDE = 0.5
"""A second trade, or ability, is told if it has at least this part of what the first has."""
MANY = 3
"""Tools from which their descriptions alone tell a trade; with fewer, a name or a title has to say it too."""
SURE = 0.95
"""How likely one tool must have a grave ability for the whole server to be known by it."""
FAIR = 1 / 3
"""The part of the tools that must have any other ability; of several tools, at least two."""
TOLD = 2
GONE = "things removed or overwritten that nobody can bring back"
GONE_THINGS = "{} removed or overwritten that nobody can bring back"
CHANGED = "unwanted changes to what it works on"
CHANGED_THINGS = "unwanted changes to {}"
CHANGED_BY = "unwanted changes with {}"
SEVERAL = 2
"""Tools whose names have a noun in common, for it to be one of what they work on and no chance."""
_NOUN = pattern("[a-z]{3,16}")
"""One plain word: whoever named the tools can say no more than that in a sentence of the report."""
_CLOSING = frozenset(
    ("by", "in", "to", "from", "for", "with", "of", "at", "on", "as", "into", "and", "or", "via", "using", "without")
)
_EMPTY = frozenset(
    ("all", "data", "info", "information", "status", "name", "names", "ids", "content", "details", "item", "items",
     "value", "values", "type", "types", "list", "new", "tool", "tools", "mode", "batch", "async", "now", "one", "many")
)  # fmt: skip
"""Words that say of no thing what it is."""


class Stakes(Struct, frozen=True):
    """Noun phrases that finish sentences, gravest first."""

    harms: tuple[str, ...] = ()
    """"A mistaken or injected call could lead to …"."""
    assets: tuple[str, ...] = ()
    """"What can leak or mislead is what it tells of …"."""
    readers: tuple[str, ...] = ()
    """Names of the tools that read what belongs to somebody, where no noun says what that is."""
    people: tuple[str, ...] = ()
    """Names of the tools that return what people are or own, where no harm that is told speaks of it."""
    things: tuple[str, ...] = ()
    """What is told that is nobody's own: it cannot leak, and can still mislead."""
    answers: bool = False
    """Some tool answers, and what it answers is all that can do harm."""
    leak_first: bool = False
    """What can leak weighs more than what can be changed: somebody's own is read, and nothing known is changed."""


def stakes(picture: Picture) -> Stakes:
    """What a wrong call could lead to; where no trade or ability says it, also what could leak or mislead."""
    if not picture.tools:
        return Stakes()
    abilities = [able.id for able in picture.ruleset.abilities.values() if able.grave]
    grave = {ability: tools for ability in abilities if (tools := _surely(picture, ability))}
    harms = _harms(picture, picture.acting("write"), grave)
    if harms:
        return Stakes(harms, people=_of_people(picture, harms))
    changing, theirs = picture.acting("write"), _theirs(picture)
    named = any(tool.domains or tool.effect == "destructive" for tool in changing) or _things(picture, changing)
    return replace(
        _leaks(picture, theirs, harmless=not named),
        harms=_plainly(picture),
        people=_of_people(picture) if changing else (),
        answers=not changing,
        leak_first=bool(changing and theirs) and not named,
    )


def _harms(picture: Picture, changing: Sequence[ToolProfile], sure: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    lines, abilities = picture.ruleset.domains, picture.ruleset.abilities.values()
    # What takes over the host comes first, then what more of the tools can do; the rulebook has the last word.
    grave = sorted(
        (able for able in abilities if able.id in sure), key=lambda able: (able.reach != "host", -len(sure[able.id]))
    )
    if not changing and not grave:
        return ()
    trades = _trades(picture, changing) if changing else []
    covered = {trade for _, trade in trades}
    first: list[str] = []
    for able in grave:
        # A trade that says as much as a grave ability stands where that would, and is told as surely.
        first += [lines[trade].harm for _, trade in trades if trade in able.within][:1]
        if covered.isdisjoint(able.within):
            first.append(able.harm)
            covered.add(able.id)
    lesser = _able(picture, changing, [able for able in abilities if not able.grave and able.harm], covered)
    told = [*((part, lines[trade].harm) for part, trade in trades), *((part, able.harm) for part, able in lesser)]
    # What is grave is told of each; the rest has to make do with the room that is left.
    harms = tuple(dict.fromkeys([*first, *_foremost(told)]))
    return harms[: max(TOLD, len(set(first)))]


def _leaks(picture: Picture, theirs: Sequence[ToolProfile], *, harmless: bool) -> Stakes:
    """What could leak or mislead: told by a trade or an ability; else by the nouns of the tools, or, where nothing is
    changed, by the names of those that read somebody's own. `harmless`: nothing that is known is changed."""
    lines, abilities = picture.ruleset.domains, picture.ruleset.abilities.values()
    trades = [(part, trade) for part, trade in _trades(picture, picture.tools) if _read_there(picture, trade, theirs)]
    # What all of those that read somebody's own have to do with is no stray word; of a single one, what people say.
    shared = [
        line.assets
        for line in lines.values()
        if line.sensitivity == "high"
        and (line.personal if len(theirs) == 1 else theirs)
        and all(line.id in one.domains for one in theirs)
    ]
    if shared and harmless and not trades:
        return Stakes(assets=tuple(shared[:TOLD]))
    able = _able(picture, picture.tools, [able for able in abilities if able.assets], {trade for _, trade in trades})
    told = [*((part, lines[trade].assets) for part, trade in trades), *((part, one.assets) for part, one in able)]
    if told or picture.from_listing:
        return Stakes(assets=_foremost(told))
    if picture.acting("write"):
        return Stakes()
    nouns = _things(picture, picture.tools) or _things(picture, theirs)
    things = (joined(nouns),) if nouns else ()
    if not theirs:
        return Stakes(things=things)
    return Stakes(assets=things) if things else Stakes(readers=tuple(str(tool.name) for tool in theirs))


def _theirs(picture: Picture) -> list[ToolProfile]:
    """The tools that read what belongs to somebody."""
    places = {signal.subject for signal in picture.signals.of("tool.private_data")}
    return [tool for tool in picture.tools if tool.pointer in places]


def _of_people(picture: Picture, harms: Collection[str] = ()) -> tuple[str, ...]:
    """The tools that return what people are or own. A trade that is told says itself what of it can leak."""
    lines, grave = picture.ruleset.domains, {able.id for able in picture.ruleset.abilities.values() if able.grave}
    if picture.from_listing or any(line.harm in harms for line in lines.values()):
        return ()
    told = {signal.subject for signal in picture.signals.of("tool.pii_read")}
    return tuple(
        str(tool.name)
        for tool in _theirs(picture)
        if tool.effect == "read"
        and grave.isdisjoint(tool.abilities)
        and (tool.pointer in told or any(lines[trade].personal for trade in tool.domains))
    )


def _read_there(picture: Picture, trade: str, theirs: Sequence[ToolProfile]) -> bool:
    """Whether something of a trade is read that can leak: of a sensitive one, more than what anybody may read."""
    line = picture.ruleset.domains[trade]
    if picture.from_listing or line.sensitivity != "high":
        return True
    return any(trade in tool.domains for tool in (*theirs, *picture.acting("write")))


def _plainly(picture: Picture) -> tuple[str, ...]:
    """What the effects alone say."""
    changing = picture.acting("write")
    if not changing:
        return ()
    destroying = [tool for tool in changing if tool.effect == "destructive"]
    things = joined(_things(picture, destroying or changing))
    if destroying:
        return (GONE_THINGS.format(things) if things else GONE,)
    if things or picture.from_listing:
        return (CHANGED_THINGS.format(things) if things else CHANGED,)
    return (CHANGED_BY.format(listed([quoted(str(tool.name)) for tool in changing])),)


def _things(picture: Picture, changing: Sequence[ToolProfile]) -> list[str]:
    """What the names of most of these tools end in, commonest first, if those of two tools or more do."""
    if picture.from_listing:
        return []
    every = Counter(_thing(picture, tool) for tool in picture.tools)
    among = Counter(_thing(picture, tool) for tool in changing)
    found = [thing for thing, _ in among.most_common() if thing and every[thing] >= SEVERAL][:TOLD]
    return found if sum(among[thing] for thing in found) * 2 > len(changing) else []


def _thing(picture: Picture, tool: ToolProfile) -> str:
    """The noun after the verb of a tool's name, for many of its kind: ``list_bid_names_by_day`` → ``bids``."""
    words = engine(picture.ruleset).grammar.head(split_words(str(tool.name))).split()[1:]
    end = next((n for n, word in enumerate(words) if word in _CLOSING), len(words))
    last = next((word for word in reversed(words[:end]) if word not in _EMPTY), "")
    return plural(last) if _NOUN.fullmatch(last) else ""


def _surely(picture: Picture, ability: str) -> frozenset[str]:
    """The tools that have it for certain; of a listing, whatever its few words say."""
    sure = 0.0 if picture.from_listing else SURE
    return frozenset(str(tool.name) for tool in picture.tools if tool.abilities.get(ability, -1.0) >= sure)


def _able(
    picture: Picture, tools: Sequence[ToolProfile], abilities: Iterable[AbilityDoc], covered: Collection[str]
) -> list[tuple[float, AbilityDoc]]:
    """What a fair part of the tools can do, most of them first, as far as nothing told already says as much."""
    known, least = set(covered), min(2, len(picture.tools))
    counts = Counter(ability for tool in tools for ability in tool.abilities)
    found: list[tuple[float, AbilityDoc]] = []
    for able in sorted(abilities, key=lambda able: -counts[able.id]):
        part = counts[able.id] / max(len(tools), 1)
        if part >= FAIR and counts[able.id] >= least and known.isdisjoint(able.within):
            found.append((part, able))
            known.add(able.id)
    return found


def _foremost(told: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    """The first of these, and what has not much less of the tools."""
    return tuple(dict.fromkeys(what for part, what in told if part >= told[0][0] * BESIDE))[:TOLD]


def _trades(picture: Picture, acting: Sequence[ToolProfile]) -> list[tuple[float, str]]:
    """What the server is about, commonest first, with its part of all tools and of those that matter here."""
    every = Counter(domain for tool in picture.tools for domain in tool.domains)
    among = Counter(domain for tool in acting for domain in tool.domains)
    found: list[tuple[float, str]] = []
    for name in picture.domains:
        of_all, of_these = every[name] / len(picture.tools), among[name] / len(acting)
        named = _by_name(picture, name)
        if named and picture.from_listing:  # half of all that is known of it
            found.append((1.0, name))
        elif named and max(of_all, of_these) >= NAMED:
            found.append((max(of_all, of_these) + ABOUT, name))
        elif among[name] and of_all >= LEAST and (of_all + of_these) / 2 >= ABOUT and _told_by_names(picture, name):
            found.append(((of_all + of_these) / 2, name))
    return sorted(found, key=lambda told: -told[0])


def _by_name(picture: Picture, domain: str) -> bool:
    """Whether the server's own name or title tells of a trade."""
    signals = picture.signals.of(f"server-domain.{domain}")
    return any(one.pointer != "/description" for signal in signals for one in signal.evidence)


def _told_by_names(picture: Picture, domain: str) -> bool:
    """Whether more than the descriptions of a tool or two tell of a trade."""
    signals = picture.signals.of(f"domain.{domain}")
    return (
        picture.from_listing
        or len(signals) >= MANY
        or any(one.pointer.endswith(("/name", "/title")) for signal in signals for one in signal.evidence)
    )
