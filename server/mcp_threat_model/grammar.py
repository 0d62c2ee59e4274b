"""The whole grammar of the command line: commands, options, defaults, and how words that are off are told.

Nothing is imported here that a command needs to do its work: help answers at once, and every start parses first. So the
words that an option takes are written down once more; a test holds them against the core's.
"""

from __future__ import annotations

import argparse

from mcp_threat_model.parser import Command, HelpAsWritten, Parser, path_name
from mcp_threat_model.render import FORMATS
from mcp_threat_model.terminal import PROGRAM

LAYERS = ("L1", "L2", "L3", "L4", "L5", "L6", "L7")
PROFILES = ("graded", "owasp-0.8")
SEVERITIES = ("low", "medium", "high", "critical")
POLICY_FILE = "mcp-threat-model.yaml"
SERVE_HOST = "127.0.0.1"
SERVE_PORT = 8000

_TARGETS = """\
targets:
  https://host/mcp       streamable HTTP, or legacy SSE
  'stdio:COMMAND ARG'    start that program (never through a shell) and speak MCP; needs --allow-launch
  path/to/file.json, -   a saved description: a tools/list result or response, a list of tools, a capture,
                         a registry server.json, an MCPB manifest.json, a client's entry, or name + prose
  config:CLIENT/NAME     a server of an installed client
  registry:NAME, npm:NAME, pypi:NAME
                         a published server; cannot be read yet, and is answered with "unsupported"

exit codes:
  0 all reported   1 internal error   2 usage   3 no target could be read   4 some could not
  11 low   12 medium   13 high   14 critical: the highest severity, when --fail-at is met
"""

_TERMS = """\
example:
  mcp-threat-model score --cvss-base 8.5 \\
    --factor autonomy_of_action=0.7 --factor goal_driven_planning=0.4 --factor self_modification=0.1 \\
    --factor dynamic_tool_use=0.7 --factor persistent_memory=0.4 --factor contextual_awareness=0.6 \\
    --factor dynamic_identity=0.5 --factor multi_agent_interactions=0.3 --factor non_determinism=0.5 \\
    --factor opacity_reflexivity=0.5

the same with --input, as JSON:
  {"cvss_base": 8.5, "factors": {"autonomy_of_action": 0.7, "goal_driven_planning": 0.4, ...}}
  with "cvss_vector" in the place of "cvss_base", and "profile", "threat_multiplier" and "mitigation_factor" as needed

factors of owasp-0.8, each 0, 0.5 or 1:
  autonomy, tools, language, context, non_determinism, opacity, persistence, identity, multi_agent, self_mod
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole grammar of the command line."""
    parser = Parser(
        prog=PROGRAM,
        description="Threat-model any MCP server: an AIVSS score with every term shown, the seven MAESTRO layers, "
        "and a verdict.",
        epilog="Without a command and with standard input not a terminal, it serves MCP over stdio.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", parser_class=Command)
    add = commands.add_parser
    add(
        "scan",
        help="threat-model one or more MCP servers",
        options=_scan,
        epilog=_TARGETS,
        formatter_class=HelpAsWritten,
    )
    add("clients", help="every MCP server configured on this machine; starts nothing", options=_clients)
    add("lock", help="pin what was approved of these servers", options=_lock)
    add("check", help="what changed since it was locked", options=_check)
    add("limits", help="the least privilege, as a client's configuration", options=_limits)
    add(
        "score", help="AIVSS calculator: factors in, score and every term out", options=_score, epilog=_TERMS,
        formatter_class=HelpAsWritten,
    )  # fmt: skip
    add("threats", help="the MAESTRO threat catalogue", options=_threats)
    add("serve", help="run the MCP server", options=_serve)
    add("evaluate", help="accuracy on a labelled corpus", options=_evaluate)
    add("demo", help="scan the bundled example server over real stdio", options=_demo)
    add("schema", help="print the JSON Schema of the JSON report", options=_nothing_more)
    return parser


def _scan(scan: Command) -> None:
    scan.add_several("targets", metavar="TARGET", help="what to threat-model, see below")
    scan.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    scan.add_argument(
        "--output", metavar="FILE", type=path_name, help="write the report there; default, and with -: standard output"
    )
    scan.add_argument("--profile", choices=PROFILES, default="graded", help="which AIVSS is the headline")
    _reading(scan)
    scan.add_argument(
        "--fail-at",
        choices=SEVERITIES,
        help="exit with 11-14 when the highest severity is this or graver",
    )
    _policy(scan)


def _policy(command: argparse.ArgumentParser) -> None:
    """Which policy holds for the exit code and what SARIF shows as accepted."""
    policy = command.add_mutually_exclusive_group()
    policy.add_argument(
        "--policy", metavar="FILE", type=path_name, help=f"default: {POLICY_FILE} of this directory, if there is one"
    )
    policy.add_argument("--no-policy", action="store_true", help="use no policy file")


def _reading(command: argparse.ArgumentParser, *, sets: bool = True) -> None:
    """How targets may be read: the same for every command that reads them, `sets` of them or a single one."""
    command.add_argument("--allow-launch", action="store_true", help="consent to start the stdio targets")
    command.add_argument(
        "--sandbox", choices=("auto", "require", "off"), default="auto",
        help="for stdio targets; auto, the default, is a sandbox where there is one",
    )  # fmt: skip
    command.add_argument("--allow-network", action="store_true", help="let a sandboxed stdio target use the network")
    command.add_argument(
        "--allow-private-network",
        action="store_true",
        help="for HTTP targets: allow loopback and private addresses, and plain http for authorization metadata",
    )
    command.add_argument(
        "--timeout", metavar="SECONDS", type=float, help="seconds for one target, all in all; default 30"
    )
    command.add_argument("--header", metavar="'K: V'", action="append", default=[], help="sent to HTTP targets")
    command.add_argument("--env", metavar="K=V", action="append", default=[], help="given to stdio targets")
    _logging(command)
    if not sets:
        command.set_defaults(jobs=None)
        return
    command.add_argument("--jobs", metavar="N", type=int, help="targets read at the same time, default 4")
    command.add_argument(
        "--all-clients",
        action="store_true",
        help="also every server that an installed client has configured and not switched off",
    )


def _logging(command: argparse.ArgumentParser) -> None:
    """What is the same wherever servers are judged."""
    command.add_argument(
        "--rules",
        metavar="DIR",
        type=path_name,
        action="append",
        default=[],
        help="a folder with signal rules of your own",
    )
    command.add_argument(
        "--audit-log",
        metavar="FILE",
        type=path_name,
        help="append what was asked, allowed, started and reached, as JSON lines",
    )


def _clients(clients: argparse.ArgumentParser) -> None:
    clients.add_argument(
        "--project", metavar="DIR", type=path_name, help="project to look into, default the current directory"
    )
    clients.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _lock(lock: Command) -> None:
    from mcp_threat_model.lock_file import LOCK_FILE  # only the commands that open one load what reads it

    lock.add_several("targets", metavar="TARGET", help="as for scan")
    lock.add_argument("--lock", metavar="FILE", type=path_name, default=LOCK_FILE, help=f"default: {LOCK_FILE}")
    lock.add_argument("--add", action="store_true", help="keep what is in the file beside the new entries")
    lock.add_argument("--profile", choices=PROFILES, default="graded", help="which AIVSS is pinned")
    _reading(lock)


def _check(check: Command) -> None:
    from mcp_threat_model.lock_file import LOCK_FILE

    check.add_several("targets", metavar="TARGET", help="default: everything in the lock file")
    check.add_argument("--lock", metavar="FILE", type=path_name, default=LOCK_FILE, help=f"default: {LOCK_FILE}")
    check.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    check.add_argument("--profile", choices=PROFILES, default="graded", help="which AIVSS is the headline of a report")
    check.add_argument(
        "--fail-at",
        choices=SEVERITIES,
        help="exit with 11-14 when the gravest change is this or graver; default low, or what the policy says; "
        "what else the policy counts, counts as well",
    )
    _policy(check)
    _reading(check)


def _limits(limits: argparse.ArgumentParser) -> None:
    from mcp_threat_scoring.client_formats import (
        FORMATS as CLIENTS,
    )  # filled in for this command alone, which needs them

    limits.add_argument("target", metavar="TARGET", help="as for scan")
    limits.add_argument("--client", choices=tuple(CLIENTS), default="generic", help="whose configuration to write")
    limits.add_argument("--as", metavar="NAME", dest="name", help="what the client's configuration calls the server")
    limits.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    limits.set_defaults(profile="graded")
    _reading(limits, sets=False)


def _score(score: argparse.ArgumentParser) -> None:
    score.add_argument("--input", metavar="FILE|-", type=path_name, help="the terms as JSON; or give them as flags")
    score.add_argument("--profile", choices=PROFILES, help="default: graded")
    score.add_argument("--cvss-base", metavar="NUMBER", type=float, help="0 to 10; or give the vector")
    score.add_argument(
        "--cvss-vector",
        metavar="VECTOR",
        help="CVSS 3.1 for graded, 4.0 for owasp-0.8; e.g. CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
    )
    score.add_argument(
        "--factor", metavar="ID=VALUE", action="append", default=[], help="once for each of the profile's ten factors"
    )
    score.add_argument("--threat-multiplier", metavar="NUMBER", type=float, help="default: the profile's")
    score.add_argument("--mitigation-factor", metavar="NUMBER", type=float, help="default: the profile's")


def _threats(threats: argparse.ArgumentParser) -> None:
    threats.add_argument("--layer", type=str.upper, choices=LAYERS, help="only that layer")


def _serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--transport", choices=("stdio", "streamable-http"), default="stdio", help="default: stdio")
    serve.add_argument("--host", help=f"for streamable-http, default {SERVE_HOST}")
    serve.add_argument("--port", type=int, help=f"for streamable-http, default {SERVE_PORT}")
    serve.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="for streamable-http: a further host name that this machine is addressed by",
    )
    serve.add_argument(
        "--allow-launch",
        action="store_true",
        help="for streamable-http on loopback: start programs that the person at the client agrees to; over stdio that "
        "is always so",
    )
    _logging(serve)


def _evaluate(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument("corpus", metavar="CORPUS_DIR", help="folder with the labelled rows")
    evaluate.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def _nothing_more(_: argparse.ArgumentParser) -> None:
    """The command has no options."""
