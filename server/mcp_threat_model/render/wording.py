"""Words that several outputs share: what a decision, a basis or an owner is called, and what stands first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from mcp_threat_scoring.capability import unclear
from mcp_threat_scoring.phrases import UNNAMED
from mcp_threat_scoring.report import Breadth, Report, TargetOut, ToolOut
from mcp_threat_scoring.report_set import PathOut

DECISIONS: Final = {
    "allow": "ALLOW",
    "allow_with_limits": "ALLOW WITH LIMITS",
    "review": "REVIEW FIRST",
    "block": "BLOCK",
}
EFFECTS: Final = ("destructive", "write", "unclear", "read")
"""Effects, gravest first."""
BASES: Final = {
    "server": "seen of the server",
    "host_assumed": "assumed of the host",
    "listing": "from a listing's prose",
    "default": "nothing seen; the default",
    "given": "given",
}
OWNERS: Final = {"server": "server author", "client": "client user", "platform": "platform"}
FRAMEWORKS: Final = {
    "maestro": "MAESTRO",
    "owasp_mcp": "OWASP MCP",
    "owasp_asi": "OWASP ASI",
    "owasp_llm": "OWASP LLM",
    "owasp_t": "OWASP T",
    "cosai": "CoSAI",
    "safe_mcp": "SAFE-MCP",
    "atlas": "ATLAS",
    "cwe": "CWE",
}
METRICS: Final = {
    "AV": "attack vector",
    "AC": "attack complexity",
    "AT": "attack requirements",
    "PR": "privileges required",
    "UI": "user interaction",
    "S": "scope",
    "C": "confidentiality",
    "I": "integrity",
    "A": "availability",
    "VC": "confidentiality here",
    "VI": "integrity here",
    "VA": "availability here",
    "SC": "confidentiality beyond",
    "SI": "integrity beyond",
    "SA": "availability beyond",
}
"""CVSS base metrics (v3.1 section 2, v4.0 section 2): "here" is the vulnerable system, "beyond" what comes after it."""


def title(report: Report) -> str:
    """What to call the server, and its version; a saved list of tools names none, so where it was read."""
    return " ".join(filter(None, (called(report), report.server.version)))


def called(report: Report) -> str:
    """What to call the server, without its version."""
    return report.server.title or report.server.name or _unnamed(report.target)


def named(report: Report, count: int) -> str:
    """The title for a list of `count` targets, with the target wherever the title alone might be another's.

    Any server can take any name: so it stands alone only for one target whose user calls it that as well.
    """
    own = report.server.title or report.server.name
    if count == 1 and (own in report.target.names or not own):
        return title(report)
    return f"{' '.join(filter(None, (own or UNNAMED, report.server.version)))} ({report.target.value})"


def _unnamed(target: TargetOut) -> str:
    return f"{UNNAMED} ({target.file})" if target.file not in ("", "-") else UNNAMED


def reached(report: Report) -> str:
    """How the server was reached, in a sentence; of a saved description, whether that tells how it is."""
    if way := report.target.origin.way:
        return f"Reached {way}."
    seen = report.coverage.get("transport")
    told = seen is not None and seen.status == "observed"
    tells = "which says how the server is reached" if told else "so how the server is reached is not known"
    return f"Read from a saved description, {tells}."


def breadth(found: Breadth) -> str:
    """How far the authority reaches that callers bring. None brought limits nothing, which "none" would not say."""
    return "no limit, since callers bring no authority of their own" if found == "none" else found


def many(count: int, noun: str) -> str:
    """``1 tool``, ``2 tools``, ``1,204 tools``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def tool_count(report: Report) -> str:
    """How many tools there are; of a server whose tools nobody listed, that they are not listed."""
    count = len(report.capabilities.tools)
    return many(count, "tool") if count or _seen_of_tools(report) != "not_observed" else "tools not listed"


def none_seen(report: Report) -> str:
    """In place of the counts of a server without tools."""
    return {"observed": "none", "not_observed": "not listed"}.get(_seen_of_tools(report), "none seen")


def no_tools(report: Report) -> str:
    """In place of the table of a server without tools."""
    return "It offers no tools." if _seen_of_tools(report) == "observed" else "No tool was seen."


def unlisted(report: Report) -> str:
    """What is said of the tools of a server that is known by its description."""
    return "It lists no tools." if _seen_of_tools(report) == "observed" else "Nobody listed its tools."


def _seen_of_tools(report: Report) -> str:
    seen = report.coverage.get("tools")
    return seen.status if seen else "not_observed"


def effects(report: Report) -> dict[str, int]:
    """How many tools of each effect there are, gravest first, and none that nobody has."""
    counts = Counter(map(effect, report.capabilities.tools))
    return {name: counts[name] for name in EFFECTS if counts[name]}


def effect(tool: ToolOut) -> str:
    """What a tool does, for a reader: one that is called reading for want of a word that says more is unclear."""
    return "unclear" if unclear(tool.effect, tool.confidence, tool.declared) else tool.effect


def gravest_first(tools: Iterable[ToolOut]) -> list[ToolOut]:
    """What can do most harm stands first; otherwise the order of the server."""
    return sorted(tools, key=lambda tool: EFFECTS.index(effect(tool)))


def unseen(report: Report) -> list[tuple[str, str]]:
    """The parts that were not, or only partly, seen, each with the reason."""
    return [
        (part.replace("_", " "), seen.reason if seen.status == "not_observed" else f"seen in part: {seen.reason}")
        for part, seen in report.coverage.items()
        if seen.status != "observed"
    ]


def servers(path: PathOut) -> list[str]:
    """The servers of a path in order; steps within one server are one stop."""
    return [server for server, _ in groupby(step.server for step in path.steps)]


def spread(low: float, high: float) -> str:
    """A range for a reader; nothing where both ends are the same."""
    return "" if low == high else f"{low:.1f} to {high:.1f}"


def sure(confidence: float) -> str:
    """A probability for a reader, who is never told that an estimate is certain."""
    return "over 99 %" if confidence >= 0.995 else f"{100 * confidence:.0f} %"


def hint(name: str, value: bool | str) -> str:
    """What a tool declares of itself, as JSON writes it."""
    return f"{name}: {value if isinstance(value, str) else str(value).lower()}"
