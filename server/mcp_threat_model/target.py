"""The TARGET forms of the command line and of the MCP tools: one table of them, and text parsed by it.

Nothing here touches a file, the network or a process; :mod:`mcp_threat_model.reading` reads what was parsed.
"""

from __future__ import annotations

from typing import Final

from mcp_threat_model.clients.form import ConfigTarget
from mcp_threat_model.source.forms.address import HttpTarget
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.forms.published import PackageTarget, RegistryTarget
from mcp_threat_model.source.forms.saved import FileTarget, StdinTarget
from mcp_threat_model.source.interface import Target
from mcp_threat_scoring.errors import UsageError

FORMS: Final[tuple[type[Target], ...]] = (
    StdinTarget,
    StdioTarget,
    ConfigTarget,
    RegistryTarget,
    PackageTarget,
    HttpTarget,
    FileTarget,
)
"""Every form, in the order in which they are asked; a path can be anything, and so it comes last."""
MAX_TARGET_LENGTH = 8_192
"""Characters. Longer than any address or command line a person would type; a manifest has its own way in."""


def parse_target(text: str) -> Target:
    """Parse one TARGET. Blanks around it belong to no form; a file whose name begins with one is ``./ name``.

    Raises:
        UsageError: the text is none of the forms, or an incomplete one.
    """
    text = text.strip()
    if not text:
        raise UsageError("a target is empty; give an address, a 'stdio:' command, or a file")
    if is_json(text):
        raise UsageError("a target is JSON itself; save it and name the file, or pass it on standard input as '-'")
    if len(text) > MAX_TARGET_LENGTH:
        raise UsageError(f"a target is {len(text):,} characters long; at most {MAX_TARGET_LENGTH:,} are read")
    if "\0" in text:
        raise UsageError("a target holds a zero character; no address, command or path can")
    return next(target for form in FORMS if (target := form.parse(text)) is not None)


def is_json(text: str) -> bool:
    """Whether it is a description itself, pasted where its name was wanted: an object, or a list of them."""
    return "".join(text[:64].split()).startswith(('{"', "{}", "[{", "[]"))
