"""What a script learns from the exit code. Nothing is imported here: every start needs some of them."""

from __future__ import annotations

from typing import Final

EXIT_INTERNAL: Final = 1
EXIT_USAGE: Final = 2
EXIT_NONE_READ: Final = 3
EXIT_SOME_READ: Final = 4
EXIT_SEVERITY: Final = {"low": 11, "medium": 12, "high": 13, "critical": 14}
"""The highest severity found, when `--fail-at` is met."""
EXIT_INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it."""
