"""What docs/rules.md and docs/schema.md show of rules and reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import get_args, get_type_hints

from tests.made_pages.marks import DOCS, filled

from mcp_threat_scoring.errors import RuleProblem
from mcp_threat_scoring.model import Model, json_schema
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.rulebook.case import CaseManifest
from mcp_threat_scoring.rulebook.documents import load_document, rules_dir
from mcp_threat_scoring.rulebook.fields import FIELDS, ITEMS
from mcp_threat_scoring.rulebook.observed import FACTS, FAMILIES, Known
from mcp_threat_scoring.rulebook.rule import Over, SignalDoc
from mcp_threat_scoring.rulebook.ruleset import load_rules, signal_files

GROUPS: Mapping[str, str] = {
    "hostile": "Text that gives orders", "contradiction": "Claims that the tools belie", "auth": "Authority",
    "transport": "How it is reached", "package": "How it is packaged and started", "schema": "Parameters",
    "server": "The server as a whole", "claim": "What it claims of itself", "prose": "Prose",
    "effect": "Whether a tool reads, writes or destroys", "ability": "What a tool can do",
    "threat": "What threats are built on",
}  # fmt: skip


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def rule_tables() -> str:
    """Every rule file by its folder: id, title, what it is about, the finding it makes, and what it misses."""
    problems: list[RuleProblem] = []
    by_folder: defaultdict[str, list[SignalDoc]] = defaultdict(list)
    root = rules_dir()
    for path in map(Path, signal_files(root)):
        doc = load_document(SignalDoc, path, path.name, problems)
        if doc is not None:
            by_folder[path.parent.name].append(doc)
    if problems:
        raise ValueError("\n".join(map(str, problems)))
    blocks = []
    for folder in sorted(by_folder, key=lambda name: (list(GROUPS).index(name) if name in GROUPS else 99, name)):
        lines = [
            f"### {GROUPS.get(folder, folder.capitalize())}",
            "",
            "| rule | says | over | finding | misses | fires wrongly on |",
            "|---|---|---|---|---|---|",
        ]
        for doc in sorted(by_folder[folder], key=lambda one: one.id):
            made = f"{doc.finding.kind}, {doc.finding.severity}" if doc.finding else ""
            made = f"hostile_content, up to {doc.technique.severity}" if doc.technique else made
            wrongly = " ".join(doc.falsepositives)
            lines.append(
                f"| `{doc.id}` | {_cell(doc.title)} | {doc.over} | {made} | {_cell(doc.misses)} | {_cell(wrongly)} |"
            )
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


WHERE: Mapping[Over, str] = {
    "tools": "tools", "prompts": "prompts", "resources": "resources", "resource_templates": "templates",
    "server": "the server", "any": "any text",
}  # fmt: skip


def _names(kinds: Mapping[Over, Mapping[str, Known]], end: str = "") -> list[str]:
    """Every name once, with what it may be asked over."""
    found: dict[tuple[str, str], list[Over]] = {}
    for over, names in kinds.items():
        for name, known in names.items():
            found.setdefault((name, known.meaning), []).append(over)
    rows = []
    for (name, meaning), overs in found.items():
        part = {kinds[over][name].part for over in overs if over not in ITEMS or over == "any"} or {"the item"}
        where = "all items" if set(ITEMS) <= set(overs) else ", ".join(WHERE[over] for over in overs)
        rows.append(f"| `{name}{end}` | {where} | {', '.join(sorted(part))} | {_cell(meaning)} |")
    return rows


def name_tables() -> str:
    """The fields and facts that a rule may ask for."""
    heading = ["| name | in rules over | read from | what it is |", "|---|---|---|---|"]
    return "\n".join(
        [
            "### Fields", "", *heading, *_names(FIELDS), "",
            "### Facts", "", *heading, *_names(FACTS), *_names(FAMILIES, ".…"),
        ]
    )  # fmt: skip


def case_keys() -> str:
    """The keys that the manifest of a case may have."""
    lines = ["| key | holds |", "|---|---|"]
    for name, kind in get_type_hints(CaseManifest).items():
        lines.append(f"| `{name}` | {', '.join(_keys(kind)) or HELD[name]} |")
    return "\n".join(lines)


def _keys(kind: object) -> Iterator[str]:
    """The keys of the models in a type, those inside them in brackets."""
    for model in _parts(kind):
        if isinstance(model, type) and issubclass(model, Model):
            for key, held in get_type_hints(model).items():
                inner = ", ".join(_keys(held))
                yield f"`{key}` ({inner})" if inner else f"`{key}`"


HELD: Mapping[str, str] = {
    "tools": "tools as the protocol sends them", "prompts": "the same", "resources": "the same",
    "resourceTemplates": "the same", "name": "a listing's name", "description": "a listing's prose",
    "cut": "how much was not kept of a tool, by its name",
}  # fmt: skip


def _parts(kind: object) -> Iterator[object]:
    yield kind
    for one in get_args(kind):
        yield from _parts(one)


def report_parts() -> str:
    """The members of a report, from its model."""
    schema = json_schema(Report)
    lines = ["| member | is |", "|---|---|"]
    for name, held in schema["properties"].items():
        ref = (
            held.get("$ref")
            or held.get("items", {}).get("$ref")
            or held.get("additionalProperties", {}).get("$ref", "")
        )
        described = schema["$defs"].get(ref.rpartition("/")[2], {}).get("description", "") if ref else ""
        many = "a list of: " if held.get("type") == "array" else "by part: " if held.get("type") == "object" else ""
        told = f"{many}{_cell(described)}" if described else _cell(str(held.get("default", held.get("type", ""))))
        lines.append(f"| `{name}` | {told} |")
    return "\n".join(lines)


REACH: Mapping[str, str] = {
    "host": "the machine it runs on", "account": "the account it acts in", "public": "the outside world",
}  # fmt: skip


def ability_table() -> str:
    """Every ability that a tool can have, and whose things it touches."""
    lines = ["| ability | a tool with it | touches |", "|---|---|---|"]
    for one in load_rules().abilities.values():
        lines.append(f"| `{one.id}` | {_cell(one.title)} | {REACH[one.reach]} |")
    return "\n".join(lines)


BLOCKS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "rules": ("rules.md", rule_tables),
    "names": ("rules.md", name_tables),
    "keys": ("rules.md", case_keys),
    "parts": ("schema.md", report_parts),
    "abilities": ("schema.md", ability_table),
}


def write() -> None:
    """Write the pages."""
    for name, (page, block) in BLOCKS.items():
        path = DOCS / page
        path.write_text(filled(path.read_text(encoding="utf-8"), name, block()), encoding="utf-8")
