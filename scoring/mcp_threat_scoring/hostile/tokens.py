"""Pieces of a line as they are learned from: words as they are, names by their sort, ``--force`` as ``§flag``.

Whatever names somebody or something (addresses, hosts, numbers, file names) is replaced by its sort: nothing is learned
from names.
"""

from __future__ import annotations

from mcp_threat_scoring.patterns.pattern import pattern

OTHER_STEM = 6
"""Letters kept of a word of an alphabet that is not Latin: nothing is known of its endings."""
_SECRET = pattern(
    r"ssh|id_rsa|id_ed|\.env|\.aws|\.kube|npmrc|netrc|gnupg|passwd|shadow|credential|secret|token|keys?\b|wallet|\.pem|"
    r"cookie|keychain|history|\.docker|login|\.pgpass|keyring|vault|\.config"
)
_STARTUP = pattern(
    r"bashrc|zshrc|profile|hooks|cron|autostart|launch|systemd|claude|cursor|agents\.md|mcp|settings|gitconfig|"
    r"gitattrib|hosts|sudoers|authorized|rules|postinstall|package\.json|gemini|copilot"
)
_FILE = pattern(
    r"^[\w~./\\-]+\.(?:json|ya?ml|toml|txt|md|env|sh|ps1|bat|py|js|ts|cfg|conf|ini|pem|key|log|sql|db|sqlite|zip|csv|html|xml|plist)$"
)
_HOST = pattern(
    r"^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:[a-z]{2,12}:\d.*|xn--[a-z0-9-]+|com|net|org|io|dev|ai|app|info|biz|xyz|cloud|tech|site|"
    r"online|store|shop|pro|top|live|link|page|web|run|sh|gg|gov|edu|mil|int|name|mobi|agency|company|digital|services|"
    r"solutions|systems|support|email|network|software|tools|space|website|world|zone|club|icu|rest|fun|host|press|team|"
    r"example|test|invalid|localhost|local|internal|corp|lan|home|onion|eth|evil|[a-z]{2})$"
)
"""A name whose end is one that hosts have, or with a port; ``sys.path`` is none."""
_NO_COUNTRY = frozenset("id is in at my it no so do be as to by or if on up me us go js py md".split())  # noqa: SIM905
"""Ends of two letters that names in programs have."""


def sort_of(token: str) -> str:
    """What sort of name a piece of text is; empty for a word."""
    if token.isalpha():
        return ""
    if "://" in token or token.startswith("www."):
        return "§url"
    if "@" in token[1:]:
        return "§mail"
    if token[0] in "~/." or "/" in token[1:-1] or "\\" in token:
        if token[0] not in "~/." and _HOST.search(token.partition("/")[0]) is not None:
            return "§host"
        if token[0] in "~/." or token.count("/") > 1 or _FILE.search(token) is not None:
            return _path(token)
        return ""
    if "." in token[1:-1]:
        if _FILE.search(token) is not None:
            return _path(token)
        if _HOST.search(token) is not None and token.rpartition(".")[2] not in _NO_COUNTRY:
            return "§host"
    if (token[0] == "-" and token[1:2].isalpha()) or token.startswith("--"):
        return "§flag"
    return "§num" if any(char.isdigit() for char in token) else ""


def _path(token: str) -> str:
    if _SECRET.search(token) is not None:
        return "§secretpath"
    return "§startpath" if _STARTUP.search(token) is not None else "§path"
