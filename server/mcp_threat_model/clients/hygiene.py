"""What is wrong with the way servers are configured, before any of them is started.

Each entry becomes a manifest of what the configuration alone says, and the same rules as everywhere judge it. What only
the set of entries can show, one name for two programs or two names that look alike, is looked at here.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from mcp_threat_model.clients.entry import Configured
from mcp_threat_model.guard.command_line import redact_argv
from mcp_threat_model.guard.hidden import without_keys
from mcp_threat_model.guard.redact import shown_url
from mcp_threat_scoring.facts.observations import skeleton
from mcp_threat_scoring.finding import findings
from mcp_threat_scoring.neutralise import SafeText, as_address, as_kept, neutralise, neutralise_command, neutralise_name
from mcp_threat_scoring.phrases import capital
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.report import FindingOut, Severity
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.structs import Struct, replace

COMMAND_SHOWN = 300


class Checked(Struct, frozen=True):
    """An entry and what is wrong with it. All texts are safe to show."""

    entry: Configured
    name: SafeText
    """What the server is called: with its project where that is another one."""
    reached: SafeText
    """The command without its secrets, or the address without its keys."""
    findings: tuple[FindingOut, ...]


def shown_name(name: str) -> SafeText:
    """A name of a server, variable or header as it may be shown, also where a key was pasted in its place."""
    return neutralise_name(without_keys(name))


@lru_cache(maxsize=4)
def _about_servers(ruleset: Ruleset) -> Ruleset:
    """The rules that can say something of an entry, which has no tools: compiling the others takes most of the time."""
    return replace(ruleset, rules=tuple(rule for rule in ruleset.rules if rule.over == "server"))


def check(entries: Sequence[Configured], ruleset: Ruleset) -> tuple[Checked, ...]:
    """Judge every entry by itself, and the entries beside each other."""
    rules = _about_servers(ruleset)
    across = _twice(entries)
    checked: list[Checked] = []
    for index, entry in enumerate(entries):
        found = findings(paint(entry.manifest(), rules))
        command = " ".join(redact_argv(entry.argv))
        reached = as_address(shown_url(entry.url), COMMAND_SHOWN) if entry.url else neutralise_command(command)
        own = (*found, *_plain_secrets(entry), *across[index])
        checked.append(Checked(entry, shown_name(entry.called), reached, own))
    return tuple(checked)


def _finding(
    rule_id: str, title: str, severity: Severity, entry: Configured, explanation: str, remediation: str
) -> FindingOut:
    place = f"config:{entry.client}/{shown_name(entry.called)}"
    return FindingOut(
        rule_id=rule_id,
        kind="weakness" if severity != "high" else "exposure",
        title=title,
        severity=severity,
        confidence="high",
        tool=None,
        pointer="",
        excerpt=place,
        explanation=explanation,
        remediation=remediation,
        references=[],
        fingerprint=hashlib.sha256(f"{rule_id}\0{place}".encode()).hexdigest()[:32],
    )


def _plain_secrets(entry: Configured) -> list[FindingOut]:
    given = [f"the value of {shown_name(name)}" for name in entry.plain_secrets()]
    names = [*given, *(str(neutralise(name)) for name in entry.secrets_in_address())][:5]
    if not names:
        return []
    shown = capital(", ".join(names))
    return [
        _finding(
            "config.plain_secret",
            "A secret stands in the configuration as plain text",
            "medium",
            entry,
            f"{shown} {'is' if len(names) == 1 else 'are'} written into the file, where every program of this user, "
            "every backup and, for a project's file, everybody with the repository can read it.",
            "Move it into a secret store or an environment variable and refer to it, e.g. ${NAME}; then rotate it.",
        )
    ]


def _same(one: Configured, other: Configured) -> bool:
    return (one.argv, one.url) == (other.argv, other.url)


def _apart(one: Configured, other: Configured) -> bool:
    """Whether they are of two projects, so that nobody can take one for the other."""
    return bool(one.project and other.project) and one.project != other.project


def _twice(entries: Sequence[Configured]) -> dict[int, list[FindingOut]]:
    """One name that means two programs, and names that look alike but are not."""
    found: defaultdict[int, list[FindingOut]] = defaultdict(list)
    by_look: defaultdict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        by_look[skeleton(entry.name)].append(index)
    for indices in by_look.values():
        for index in indices[1:]:
            entry = entries[index]
            before = (entries[one] for one in indices if one < index)
            other = next((one for one in before if not _apart(one, entry) and not _same(one, entry)), None)
            if other is None:
                continue
            of_another = f" {as_kept(other.inside)}" if other.inside else ""
            where = f"{other.client} ({other.scope}{of_another})"
            if other.name == entry.name:
                found[index].append(
                    _finding(
                        "config.same_name",
                        "Two different servers have the same name",
                        "low",
                        entry,
                        f"{where} starts another program, or reaches another address, under this name; which one "
                        "answers depends on where the client is opened.",
                        "Give one of them another name, or make both entries the same.",
                    )
                )
            else:
                found[index].append(
                    _finding(
                        "config.lookalike_name",
                        "A server's name can pass for another one's",
                        "medium",
                        entry,
                        f"It reads like {shown_name(other.name)} of {where}, and is another server.",
                        "Check which of the two was meant to be installed, and remove the other.",
                    )
                )
    return found
