"""Ways out, one file each. The table of formats is the only place that knows them all, and it imports none of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from mcp_threat_scoring.errors import UsageError

if TYPE_CHECKING:
    from mcp_threat_model.render.interface import Renderer

_RENDERERS: Final[dict[str, tuple[str, str]]] = {
    "text": ("mcp_threat_model.render.text", "render_text"),
    "json": ("mcp_threat_model.render.json", "render_json"),
    "jsonl": ("mcp_threat_model.render.json", "render_jsonl"),
    "markdown": ("mcp_threat_model.render.markdown", "render_markdown"),
    "sarif": ("mcp_threat_model.render.sarif", "render_sarif"),
    "html": ("mcp_threat_model.render.html", "render_html"),
}

FORMATS: Final = tuple(_RENDERERS)
"""Every format the command line names, in the order of its help."""


def renderer(name: str) -> Renderer:
    """The renderer of that format; its module is imported now, so that nobody pays for the others.

    Raises:
        UsageError: there is no format of that name.
    """
    if name not in _RENDERERS:
        raise UsageError(f"unsupported: --format {name}; use one of {', '.join(_RENDERERS)}")
    module, function = _RENDERERS[name]
    return cast("Renderer", getattr(import_module(module), function))
