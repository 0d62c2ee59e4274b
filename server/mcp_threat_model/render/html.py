"""The report as one page that needs nothing else: no request, no font, no image, no library.

The page forbids itself everything but its own style sheet and script, which its policy names by their hashes. Every
string is escaped by the template engine; nothing here marks text of a report as markup.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mcp_threat_model import __version__
from mcp_threat_model.render import wording
from mcp_threat_model.render.dial import dial
from mcp_threat_model.render.fleet_picture import picture
from mcp_threat_model.render.interface import NOTHING_MORE, Context
from mcp_threat_model.render.prose import pieces
from mcp_threat_scoring.report import SEVERITIES, ErrorOut, Report
from mcp_threat_scoring.signal import EvidenceOut

TOOLS_WITH_EVIDENCE: Final = 300
"""Tools whose evidence is on the page; a server with more is read by a program, from JSON."""
TOOLS_SHOWN: Final = 2_000
NAMES_SHOWN: Final = 24
"""Names of a long list before it is cut; the table of tools has them all."""
_TEMPLATES: Final = Path(__file__).with_name("templates")


def render_html(results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> str:
    """All results as one page: an index where there are several, then each report, and what could not be read."""
    style, script = _asset("page.css"), _asset("page.js")
    reports = [(f"r{number}", one) for number, one in enumerate(results, 1) if isinstance(one, Report)]
    return environment().get_template("page.html").render(
        results=[(f"r{number}", one, isinstance(one, Report)) for number, one in enumerate(results, 1)],
        reports=reports,
        errors=[(f"r{number}", one) for number, one in enumerate(results, 1) if isinstance(one, ErrorOut)],
        fleet=context.fleet,
        accepted=context.accepted,
        fleet_picture=picture(context.fleet) if context.fleet else None,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704  (our own file)
        script=Markup(script),  # noqa: S704  (our own file)
        version=__version__.partition("+")[0],
        **_limits(),
    )  # fmt: skip


def _limits() -> dict[str, int]:
    return {"evidence_limit": TOOLS_WITH_EVIDENCE, "tools_limit": TOOLS_SHOWN, "names_limit": NAMES_SHOWN}


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy (W3C CSP 3) under which only our own style sheet and script are applied."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=4)
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The template engine, with what the templates may call. A word that it does not know is an error."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "prose": _prose,
        "percent": _percent,
        "told": _told,
        "signed": _signed,
        "sure": wording.sure,
    }
    made.globals |= {
        "words": wording,
        "severities": SEVERITIES,
        "dial": dial,
        "address": _address,
        "gravest_first": wording.gravest_first,
        "terms": _terms,
    }
    return made


def _prose(text: str) -> Markup:
    """A sentence with its names as code; everything in it escaped."""
    return Markup("").join(
        Markup("<code>{}</code>").format(piece.text) if piece.code else escape(piece.text) for piece in pieces(text)
    )


def _percent(value: float, top: float = 1.0) -> str:
    """A share of the width, for an SVG attribute."""
    return f"{round(100 * value / top, 2):g}%"


def _told(word: str) -> str:
    """An id of ours for people: ``not_certain`` is "not certain"."""
    return word.replace("_", " ")


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _address(reference: str) -> str | None:
    """Where a reference of ours leads, if it is a page on the web."""
    if reference.startswith("https://"):
        return reference
    kind, _, number = reference.partition("-")
    if kind == "CWE" and number.isdigit():
        return f"https://cwe.mitre.org/data/definitions/{number}.html"
    return None


def _terms(evidence: Sequence[EvidenceOut]) -> list[EvidenceOut]:
    """Evidence without its repetitions."""
    return list({(one.rule_id, one.pointer, one.excerpt): one for one in evidence}.values())
