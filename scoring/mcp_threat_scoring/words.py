"""What the sentences of a report need to know, and the summary at its top, composed from evidence.

Nothing here decides anything; it only says, in plain words and always in the same words, what was decided elsewhere.
A sentence is left out rather than said about nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from mcp_threat_scoring.capability import unclear
from mcp_threat_scoring.maestro.gravest import gravest
from mcp_threat_scoring.manifest import Coverage
from mcp_threat_scoring.neutralise import SafeText
from mcp_threat_scoring.phrases import (
    capital,
    counted,
    joined,
    listed,
    lowered,
    number,
    quoted,
    sentence,
    with_credentials,
)
from mcp_threat_scoring.report import AuthOut, CapabilitiesOut, FindingOut, MaestroOut, ToolOut
from mcp_threat_scoring.report_score import AivssOut, RangeOut
from mcp_threat_scoring.stakes import Stakes
from mcp_threat_scoring.structs import Struct

_PART_WORDS = {
    "server": "who the server says it is",
    "instructions": "the server's instructions",
    "tools": "the list of tools",
    "prompts": "the prompts",
    "resources": "the resources",
    "resource_templates": "the resource templates",
    "transport": "how the server is reached",
    "auth": "how callers are authenticated",
    "launch": "how it is started",
}
DOUBTS_TOLD = 2
_PLURAL_PARTS = ("instructions", "prompts", "resources", "resource_templates")


_INTEGRITY = ("I", "VI")
"""What CVSS 3.1 and 4.0 call harm to what data are."""


class WordsContext(Struct, frozen=True):
    """What the sentences need to know of the target besides its signals. All names are neutralised."""

    server: SafeText
    names: Mapping[str, SafeText]
    """Name of each item by its pointer, e.g. ``/tools/3``."""
    coverage: Mapping[str, Coverage]
    tools: int
    listing: bool = False
    """Only a name and a paragraph of prose are known."""
    told: bool = True
    """Whether some word of it says what is done."""
    abroad: Set[str] = frozenset()
    """Pointers of the tools that are described in another language than English, in words that no rule knows."""
    stakes: Stakes = Stakes()
    reached: bool = False
    """It is reached over HTTP: how it is started is nobody's business but its owner's."""
    locked: bool = False
    """It shows its tools only to callers with credentials."""
    credentials_given: bool = False
    lacking: bool = False
    """Tools of the list are missing, or could not be used."""
    awaited: bool = False
    """It lists no tools yet, and announces that this changes."""
    unboxed: bool = False
    """It was started without a sandbox."""

    @property
    def name(self) -> str:
        """The server's name in quotes, or "this server"."""
        return quoted(self.server) if self.server else "this server"

    def surface(self) -> str:
        """What was there to read, as a noun phrase: ``the 12 tools of `shop` ``."""
        if self.listing:
            return f"the description of {self.name}"
        state = self.coverage.get("tools")
        if state is None or state.status == "not_observed":
            return f"what is known of {self.name} without its tools"
        if self.tools == 0:
            return f"the empty list of tools of {self.name}"
        return f"the only tool of {self.name}" if self.tools == 1 else f"the {number(self.tools)} tools of {self.name}"

    def damaged(self, part: str) -> bool:
        """Whether a part was seen, but not wholly."""
        state = self.coverage.get(part)
        return state is not None and state.status == "partial"

    def unseen(self, part: str) -> bool:
        """Whether nothing of a part was seen."""
        state = self.coverage.get(part)
        return state is not None and state.status == "not_observed"

    def missing(self, parts: Sequence[str]) -> list[str]:
        """A sentence for each of these parts that was not, or not wholly, seen."""
        alike: dict[tuple[str, str], list[str]] = {}
        for part in parts:
            state = self.coverage.get(part)
            if state is not None and state.status != "observed":
                seen = "only partly seen" if state.status == "partial" else "not seen"
                alike.setdefault((seen, state.reason.rstrip(".")), []).append(part)
        told: list[str] = []
        for (seen, reason), missed in alike.items():
            verb = "were" if len(missed) > 1 or missed[0] in _PLURAL_PARTS else "was"
            words = joined([_PART_WORDS.get(part, part) for part in missed])
            told.append(sentence(f"{words} {verb} {seen}{': ' + reason if reason else ''}"))
        return told


def _reach(auth: AuthOut) -> str:
    if auth.requirement == "none":
        return "and the caller needs no credentials"
    if auth.breadth in ("broad", "admin"):
        scopes = listed([quoted(scope.name) for scope in auth.scopes if scope.breadth == auth.breadth])
        return f"under authority that reaches far beyond one task ({scopes})" if scopes else "under broad authority"
    return "under narrow authority" if auth.breadth == "narrow" else ""


def _names(tools: Sequence[ToolOut]) -> str:
    return f"({listed([quoted(tool.name) for tool in tools[:4]], len(tools))})"


def _share(count: int, total: int) -> str:
    if count < total:
        return f"{number(count)} of its {number(total)} tools"
    return {1: "its only tool", 2: "both of its tools"}.get(total, f"all of its {number(total)} tools")


def _too_little(tools: Sequence[ToolOut], which: str, abroad: Set[str]) -> str:
    """What is said of tools that are called reading for want of a word that says more: of a word that is known, where
    all of them are described in another language."""
    are, only = ("is", "it only reads") if len(tools) == 1 else ("are", "they only read")
    if all(tool.pointer in abroad for tool in tools):
        which = f"{which} {_names(tools)}, which {are} not described in English,"
        return f"too little is understood of {which} to say that {only}"
    return f"too little is told of {which} {_names(tools)} to say that {only}"


def _what_it_does(context: WordsContext, capabilities: CapabilitiesOut, auth: AuthOut, *, assumed: bool) -> str:
    """What the tools do; `assumed` is that the score takes something for changed."""
    tools = capabilities.tools
    destructive = [tool for tool in tools if tool.effect == "destructive"]
    writing = [tool for tool in tools if tool.effect == "write"]
    open_ = [tool for tool in tools if unclear(tool.effect, tool.confidence, tool.declared)]
    reach = _reach(auth)
    if destructive or writing:
        doing = []
        if destructive:
            s = "s" if len(destructive) == 1 else ""
            doing.append(
                f"{_share(len(destructive), len(tools))} make{s} changes that are hard to undo {_names(destructive)}"
            )
        if writing:
            s = "s" if len(writing) == 1 else ""
            who = number(len(writing)) if destructive else _share(len(writing), len(tools))
            doing.append(f"{who} change{s} something {_names(writing)}")
        if open_:
            doing.append(_too_little(open_, number(len(open_)), context.abroad))
        return ", ".join(filter(None, (joined(doing), reach)))
    if tools:
        none = {1: "its only tool reads", 2: "neither of its tools changes anything"}
        only = none.get(len(tools), f"none of its {number(len(tools))} tools changes anything")
        if open_:
            only = _too_little(open_, _share(len(open_), len(tools)), context.abroad)
            only += ", and no other tool changes anything" if len(open_) < len(tools) else ""
        if context.lacking and assumed:
            only += ", and what could not be read of the list is taken to change something"
        return ", ".join(filter(None, (only, reach)))
    state = context.coverage.get("tools")
    none_offered = state is not None and state.status == "observed"
    if not context.listing:
        if context.locked:
            which = "other credentials than were given" if context.credentials_given else "credentials"
            return f"it shows its tools only to callers with {which}, so none could be read"
        if context.awaited:
            return "it offers no tools yet, and announces that this changes"
        return "it offers no tools" if none_offered else "no tool of it could be read"
    so_far = "it lists no tools, and " if none_offered else ""
    if capabilities.write_capable:
        return ", ".join(filter(None, (f"{so_far}by its description it changes things", reach)))
    if assumed and not context.told:
        return f"{so_far}its description does not say what it does, so that it may change things"
    return f"{so_far}its description names no change that it makes"


def _at_stake(stakes: Stakes) -> list[str]:
    """What a wrong call could lead to, and what could leak or mislead; the graver first."""
    harm = f"a mistaken or injected call could lead to {'; or to '.join(stakes.harms)}" if stakes.harms else ""
    leak = ""
    if stakes.assets:
        leak = f"what can leak or mislead is what it tells of {'; and of '.join(stakes.assets)}"
    elif stakes.readers:
        leak = f"what can leak or mislead is what {listed([quoted(name) for name in stakes.readers])} return"
        leak += "s" if len(stakes.readers) == 1 else ""
    elif stakes.people:
        verb = "tells" if len(stakes.people) == 1 else "tell"
        leak = f"what {listed([quoted(name) for name in stakes.people])} {verb} of people could leak"
    elif stakes.things:
        leak = f"what it tells of {joined(stakes.things)} could mislead whoever acts on it"
    elif stakes.answers:
        leak = "what its answers say could mislead whoever acts on them"
    return [said for said in ((leak, harm) if stakes.leak_first else (harm, leak)) if said]


def _what_could_happen(
    context: WordsContext, maestro: MaestroOut, findings: Sequence[FindingOut], *, blocked: bool
) -> str:
    passages = [finding for finding in findings if finding.kind == "hostile_content"]
    hostile = [finding for finding in passages if finding.confidence != "low"]
    said = []
    if passages:
        where = [quoted(name) for name in dict.fromkeys(f.tool for f in hostile or passages if f.tool)]
        place = f"the text of {listed(where[:4], len(where))}" if where else "its own text"
        if blocked:
            said.append(f"{place} carries hostile content, so nothing else the server says can be taken at its word")
        elif hostile:
            said.append(f"{place} holds what may be an order, and a person should read it before use")
        else:
            said.append(f"{place} reads a little like an order and is worth reading before use")
    said += _at_stake(context.stakes)
    worst = next(iter(gravest(maestro, findings)), None)
    if worst is not None and worst.likelihood != "possible":
        tools = f" through {listed([quoted(n) for n in worst.tools[:4]], len(worst.tools))}" if worst.tools else ""
        said.append(f"the gravest threat is {worst.id} ({lowered(worst.title)}){tools}")
    return "; ".join(said)


def _what_is_not_known(context: WordsContext, aivss: AivssOut) -> str:
    matter = ("tools", "auth", "transport") if context.reached else ("tools", "auth", "transport", "launch")
    said = []
    if unseen := [_PART_WORDS[part] for part in matter if context.unseen(part)]:
        open_parts = joined([p if p.startswith("how") else f"what {p} holds" for p in unseen], "or")
        advice = f": {with_credentials(other=context.credentials_given)}" if context.locked else ""
        said.append(f"it is not known {open_parts}{advice}")
    if cut := [_PART_WORDS[part] for part in matter if context.damaged(part) and not _started_openly(context, part)]:
        said.append(f"{joined(cut)} {'was' if len(cut) == 1 else 'were'} only partly seen")
    if context.unboxed:
        said.append("it ran without a sandbox, so that what it reaches and changes beside answering was not watched")
    if aivss.range.low < aivss.range.high:
        said.append(_bounds(aivss.range))
    return "; ".join(said)


def _started_openly(context: WordsContext, part: str) -> bool:
    """Whether all that is missing of a part is what a sandbox would have shown."""
    return part == "launch" and context.unboxed


def _bounds(bounds: RangeOut) -> str:
    """The range with what spans it: what was not seen need not be what matters, nor the only thing that does."""
    said = f"the score lies between {bounds.low:.1f} and {bounds.high:.1f}"
    if not bounds.spanned_by:
        return said
    widest, *others = bounds.spanned_by
    if not others:
        return f"{said}, depending on {widest}"
    rest = len(others) - DOUBTS_TOLD
    more = [counted(rest, "more thing")] if rest > 0 else []
    return f"{said}, depending most on {widest}, then on {joined([*others[:DOUBTS_TOLD], *more])}"


def summary(
    *,
    context: WordsContext,
    capabilities: CapabilitiesOut,
    auth: AuthOut,
    findings: Sequence[FindingOut],
    aivss: AivssOut,
    maestro: MaestroOut,
    blocked: bool,
) -> str:
    """Two or three plain sentences: what makes the server risky, what could happen, what is not known."""
    name = context.name if context.server else "This server"
    assumed = any(metric.id in _INTEGRITY and metric.value == "H" for metric in aivss.cvss.metrics)
    does = _what_it_does(context, capabilities, auth, assumed=assumed)
    first = f"{name} scores {aivss.score:.1f} ({aivss.severity}): {does}"
    rest = (
        _what_could_happen(context, maestro, findings, blocked=blocked),
        _what_is_not_known(context, aivss),
    )
    return " ".join([sentence(first), *(sentence(capital(said)) for said in rest if said)])
