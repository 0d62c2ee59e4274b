"""The catalogue of threats as a page for people, docs/threats.md.

The page is made from the rules alone, so that it cannot say anything else than they do; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, get_args

from tests.made_pages.marks import DOCS

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.maestro.catalogue import load_catalogue
from mcp_threat_scoring.maestro.threat import Catalogue, Framework, Threat, When
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.documents import load_document, rules_dir
from mcp_threat_scoring.structs import Meta

PAGE = DOCS / "threats.md"
CHAINS = ("X", "Chains across layers", "Threats that need two or more layers at once.")
_OWNERS = {"server": "server author", "client": "client user", "platform": "platform"}


class FrameworkDoc(Model, frozen=True, kw_only=True):
    """One list of another publisher: its title and the titles of the ids that threats cite."""

    title: str
    url: str = ""
    items: Annotated[Mapping[str, str], Meta(min_length=1)]


class FrameworksDoc(Model, frozen=True, kw_only=True):
    """`frameworks.yaml`."""

    maestro: FrameworkDoc
    owasp_mcp: FrameworkDoc
    owasp_asi: FrameworkDoc
    owasp_llm: FrameworkDoc
    owasp_t: FrameworkDoc
    cosai: FrameworkDoc
    safe_mcp: FrameworkDoc
    atlas: FrameworkDoc
    cwe: FrameworkDoc

    def of(self, framework: Framework) -> FrameworkDoc:
        """The list of that name."""
        found: FrameworkDoc = getattr(self, framework)
        return found


def load_frameworks() -> FrameworksDoc:
    """Read `frameworks.yaml`. A scan does not need it.

    Raises:
        RuleError: it is missing or wrong.
    """
    problems: list[RuleProblem] = []
    document = load_document(FrameworksDoc, rules_dir() / "frameworks.yaml", "frameworks.yaml", problems)
    if document is None:
        raise RuleError(problems)
    return document


def _signals(names: tuple[str, ...], word: str) -> str:
    return f" {word} ".join(f"`{name}`" for name in names)


def _rule(when: When) -> str:
    parts = [_signals(when.all, "and")] if when.all else []
    for group in (when.any, when.and_any):
        if group:
            told = _signals(group, "or")
            parts.append(f"({told})" if len(group) > 1 and (parts or when.and_any) else told)
    if when.none:
        parts.append("not " + _signals(when.none, "nor"))
    ways = [" and ".join(parts)] if when.asks else []
    ways += [_signals(alternative, "and") for alternative in when.or_all]
    return "; or ".join(ways)


class _Places(dict[str, str]):
    def __missing__(self, place: str) -> str:
        return f"*the tools of* `tool.{place}`"


def _threat(threat: Threat, catalogue: Catalogue, frameworks: FrameworksDoc) -> Iterator[str]:
    yield f"### {threat.id} {threat.title}\n"
    related = f" · also touches {', '.join(threat.related_layers)}" if threat.related_layers else ""
    yield f"Severity {threat.severity}{related} · `{threat.slug}`\n"
    told = threat.description.format_map(_Places(tools="*the tools*", server="*the server*"))
    yield told.replace("*the server*", "*The server*", 1) + "\n" if told.startswith("*") else told + "\n"
    same = " (on one tool)" if threat.per_tool else ""
    yield f"- **Fires on**{same}: {_rule(threat.when)}"
    if threat.amplified_by:
        yield f"- **One step graver with**: {_signals(threat.amplified_by, 'or')}"
    if threat.dampened_by:
        yield f"- **One step lighter with**: {_signals(threat.dampened_by, 'or')}"
    todo = [f"[{k}](#{k.lower()}) ({_OWNERS[catalogue.controls[k].owner]})" for k in threat.mitigations]
    yield f"- **What to do**: {', '.join(todo)}"
    yield "- **If it happened**:"
    yield from (f"  - {entry}" for entry in threat.response)
    cited = [
        ", ".join(f"{one} {title}" if (title := frameworks.of(name).items[one]) not in one else one for one in ids)
        for name, ids in threat.references.items()
    ]
    yield f"- **See**: {'; '.join(cited)}\n"


def threats_page(catalogue: Catalogue, frameworks: FrameworksDoc) -> str:
    """The whole catalogue in Markdown, layer by layer, with an index by OWASP MCP Top 10 entry."""
    lines = [
        "# Threat catalogue\n",
        "<!-- Made by `make docs`. Edit `rules/`. -->\n",
        f"{len(catalogue.threats)} threats on the seven MAESTRO layers. A threat fires on the signals that the rules "
        "found in a server; it is *confirmed* by exact observations, *likely* by heuristic ones, and *possible* (one "
        "step less grave) if it needs a weak sign or a missing piece of information. A layer is mapped only by a "
        "threat of its own that is at least likely, or by a safeguard that settles it.\n",
        "Cited lists: " + "; ".join(frameworks.of(name).title for name in get_args(Framework)) + ".\n",
        "| OWASP MCP Top 10 | threats |\n| --- | --- |",
    ]
    for entry, title in frameworks.owasp_mcp.items.items():
        ids = ", ".join(f"{threat.id}" for threat in catalogue.citing(entry))
        lines.append(f"| {entry} {title} | {ids} |")
    lines.append("")
    sections = [(layer.id, layer.name, layer.definition) for layer in catalogue.layers]
    for layer_id, name, definition in (*sections, CHAINS):
        lines += [f"## {'' if layer_id == 'X' else layer_id + ' '}{name}\n", definition.strip() + "\n"]
        for threat in catalogue.of_layer(layer_id):
            lines.extend(_threat(threat, catalogue, frameworks))
    lines.append("## Countermeasures\n")
    for control in catalogue.controls.values():
        helped = ", ".join(threat.id for threat in catalogue.threats if control.id in threat.mitigations)
        lines.append(f"### {control.id}\n\n{_OWNERS[control.owner].capitalize()}: {control.action} ({helped})\n")
    return "\n".join(lines).rstrip() + "\n"


def write() -> None:
    """Write the page."""
    PAGE.write_text(threats_page(load_catalogue(), load_frameworks()), encoding="utf-8")
