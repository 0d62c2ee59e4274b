"""`mcp-threat-model clients`: every MCP server configured on this machine. Nothing is started."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from mcp_threat_model.clients.discover import Installed, discover
from mcp_threat_model.clients.hygiene import Checked, check, shown_name
from mcp_threat_model.clients.locations import CLIENTS, Machine
from mcp_threat_model.guard.secret import is_secret_name
from mcp_threat_model.render.layout import Page, Span, Style, plain
from mcp_threat_model.render.wording import many
from mcp_threat_model.terminal import complain, emit, wants_colour
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.neutralise import as_kept, neutralise
from mcp_threat_scoring.rulebook.ruleset import default_ruleset

_STYLE: dict[str, Style] = {"info": "dim", "low": "good", "medium": "fair", "high": "poor", "critical": "bad"}
PATH_SHOWN = 300


def run(arguments: argparse.Namespace) -> int:
    """List the servers, what they are given, and what is wrong with their configuration.

    Raises:
        UsageError: the project is no directory.
    """
    import sys

    project = None
    if arguments.project is not None:
        if not os.path.isdir(arguments.project):  # noqa: PTH112  (a Path raises where a name is too long)
            raise UsageError(f"--project {arguments.project}: there is no such directory")
        project = Path(arguments.project).resolve()
    installed = discover(Machine.here(project))
    checked = check(installed.servers, default_ruleset())
    for broken in installed.broken:
        complain(f"{neutralise(broken.path, PATH_SHOWN)}: {neutralise(broken.problem, PATH_SHOWN)}")
    if arguments.format == "json":
        emit(json.dumps(as_json(installed, checked), indent=2) + "\n", utf8=True)
        return 0
    page = as_page(installed, checked)
    if wants_colour(sys.stdout):
        from mcp_threat_model.render.terminal import coloured

        emit(coloured(page.lines))
    else:
        emit(plain(page.lines))
    return 0


def _given(entry: Any) -> list[dict[str, object]]:
    """Variables and headers by name and kind; of a value never more than that it is there."""
    plain_text = set(entry.plain_secrets())
    return [
        {
            "name": shown_name(name),
            "as": place,
            "secret": is_secret_name(name) or name in plain_text,
            "plain_text": name in plain_text,
            "length": len(value),
        }
        for place, held in (("env", entry.env), ("header", entry.headers))
        for name, value in held.items()
    ]


def as_json(installed: Installed, checked: tuple[Checked, ...]) -> dict[str, object]:
    """The same as data."""
    return {
        "schema_version": "1.0",
        "servers": [
            {
                "target": f"config:{one.entry.client}/{one.name}",
                "client": one.entry.client,
                "scope": one.entry.scope,
                "path": neutralise(one.entry.path, PATH_SHOWN),
                "name": shown_name(one.entry.name),
                "project": as_kept(one.entry.project),
                "transport": "http" if one.entry.url else "stdio",
                "reached": one.reached,
                "given": _given(one.entry),
                "disabled": one.entry.disabled,
                "auto_approved": one.entry.auto_approved,
                "findings": [finding.to_plain() for finding in one.findings],
            }
            for one in checked
        ],
        "files": [neutralise(path, PATH_SHOWN) for path in installed.files],
        "broken": [
            {"client": one.client, "path": neutralise(one.path, PATH_SHOWN), "problem": neutralise(one.problem, 200)}
            for one in installed.broken
        ],
    }


def as_page(installed: Installed, checked: tuple[Checked, ...]) -> Page:
    """The list for a person."""
    page = Page()
    if not checked:
        looked = ", ".join(client.title for client in CLIENTS)
        page.flow(f"No MCP server is configured for {looked} on this machine or in this project.")
        return page
    titles = {client.id: client.title for client in CLIENTS}
    last = ("", "", "")
    for one in checked:
        entry = one.entry
        if (entry.client, entry.path, entry.project) != last:
            last = (entry.client, entry.path, entry.project)
            of = f" {as_kept(entry.project)}" if entry.project and entry.inside else ""
            page.heading(titles[entry.client], f"{entry.scope}{of}: {neutralise(entry.path, PATH_SHOWN)}")
        state = " (disabled)" if entry.disabled else ""
        page.flow(f"{one.reached}{state}", first=[Span(f"  {one.name}  ", "strong")], indent=4)
        given = _given(entry)
        if given:
            told = ", ".join(
                f"{item['name']}{' (secret in plain text)' if item['plain_text'] else ''}" for item in given
            )
            page.flow(told, first=[Span("    gets: ", "dim")], indent=10)
        for finding in one.findings:
            mark = Span(f"    {finding.severity.upper():<8} ", _STYLE[finding.severity])
            page.flow(f"{finding.title}. {finding.remediation}", first=[mark], indent=13)
    count = sum(bool(one.findings) for one in checked)
    page.blank()
    page.flow(
        f"{len(checked)} configured in {many(len(installed.files), 'file')}; something is wrong with {count}. "
        "Nothing was started. To threat-model one: mcp-threat-model scan config:CLIENT/NAME"
    )
    return page
