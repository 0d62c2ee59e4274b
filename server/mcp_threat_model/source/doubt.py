"""What was read, and yet is not all that may be meant: a part of a target that is only `partial`, with the reason."""

from __future__ import annotations

from mcp_threat_scoring.manifest import Coverage, PartName, not_observed, partial

_ORDER: tuple[PartName, ...] = ("tools", "prompts", "resources", "resource_templates", "launch")
_ABSENT = not_observed("")


def doubt(coverage: dict[PartName, Coverage], repeated: int) -> None:
    """That many objects repeat a key, so the part that was read first is only `partial`, wherever they stand.

    Another reader may have seen the other value of the key: RFC 8259, section 4, leaves open which one counts.
    """
    first: PartName = next((part for part in _ORDER if coverage.get(part, _ABSENT).status != "not_observed"), "server")
    noun = "object repeats" if repeated == 1 else "objects repeat"
    lessen(coverage, first, f"{repeated:,} {noun} a key, and only the last value was read; a client may read the first")


def lessen(coverage: dict[PartName, Coverage], part: PartName, reason: str, *, lacking: bool = False) -> None:
    """The part is only `partial`, for this reason besides those it has; `lacking`: whole items of it are missing."""
    seen = coverage[part]
    coverage[part] = partial("; ".join(filter(None, (seen.reason, reason))), lacking=lacking or seen.lacking)
