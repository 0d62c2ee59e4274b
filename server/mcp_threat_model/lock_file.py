"""The lock file on disk, and what it calls a target."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from mcp_threat_model.guard.files import UnreadableError, read_regular
from mcp_threat_model.source.interface import Target
from mcp_threat_scoring.approval.lock import Lock, Shown
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.faults import reason
from mcp_threat_scoring.model import ValidationError
from mcp_threat_scoring.neutralise import as_asked

LOCK_FILE: Final = "mcp-threat-model.lock.json"
"""Its name, where no other is given."""
MAX_LOCK_BYTES = 32 * 1024 * 1024


def shown(target: Target) -> Shown:
    """The target as the lock knows it: without its secrets, and with a hash where that leaves something out."""
    text, whole = as_asked(target.label), target.whole
    return Shown(text, "" if text == whole else hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest())


def read_lock(path: Path) -> Lock:
    """Read a lock file.

    Raises:
        UsageError: there is none, or it is not one.
    """
    shown = as_asked(str(path))
    try:
        text = read_regular(path, MAX_LOCK_BYTES).decode()
    except UnreadableError as error:
        if error.why == "missing":
            raise UsageError(f"there is no {shown}; write one with mcp-threat-model lock TARGET") from None
        raise UsageError(f"the lock file {shown} {error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the lock file {shown} is not UTF-8 text") from None
    try:
        return Lock.read_json(text)
    except ValidationError as error:
        raise UsageError(f"{shown} is not a lock file of this version: {reason(error).rstrip('.')}") from None
