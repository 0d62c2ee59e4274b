"""Whether what a launch command fetches is named by an exact version, as each kind's own tool reads versions.

npm and JSR take `1.2` as any of 1.2.x (semver ranges); PyPI, NuGet and RubyGems take it as 1.2.0; a tag of an
image is exact by custom alone, and only with three numbers; a commit is exact by its whole hash, and an image by its
digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_threat_scoring.patterns.pattern import pattern

_SEMVER = r"(?:@[\w.-]+/)?[\w.-]+@v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?"
_EXACT: Mapping[str, Any] = {
    kind: pattern(written)
    for kind, written in {
        "npm": _SEMVER,
        "jsr": _SEMVER,
        "pypi": r"[\w.-]+(?:\[[\w,.-]*\])?(?:===?|@)\d[\w.+!]*",
        "nuget": r"[\w.-]+@\d+(?:\.\d+){1,3}(?:[-+][\w.+-]+)?",
        "go": r"[\w./~-]+@(?:v\d+\.\d+\.\d+(?:[-+][\w.+-]+)?|[0-9a-f]{40})",
        "jbang": r"[\w.-]+:[\w.-]+(?::[\w.-]+)?:\d[\w.-]*(?:@\w+)?",
        "image": r"[\w.-]+(?:[:/][\w.-]+)*(?::v?\d+\.\d+\.\d[\w.-]*|@sha256:[0-9a-f]{64})",
        "gem": r"[\w.-]+@\d+(?:\.\w+)*",
        "flake": r"(?:\w+:[^/?#\s]+/[^/?#\s]+|(?:flake:)?[\w-]+(?:/[\w.-]+)?)/[0-9a-f]{40}(?:[?#]\S*)?"
        r"|[^#\s]+[?&](?:rev=[0-9a-f]{40}|narHash=sha256-[\w+/=%-]+)(?:[&#]\S*)?",
        "git": r"\S+[@#][0-9a-f]{40}(?:#\S*)?",
    }.items()
}
"""An address of the network is in none: what stands there is not told by its name."""
_MOVES = pattern(r"(?:-SNAPSHOT|[.-](?:latest|next|canary|nightly|main|master|edge|dev))$")
"""How a version ends that is published again and again under one name, for images and jars."""


def is_exact(kind: str, name: str) -> bool:
    """Whether this can only ever be one version."""
    exact = _EXACT.get(kind)
    if exact is None or not exact.fullmatch(name):
        return False
    return kind not in ("image", "jbang") or not _MOVES.search(name.partition("@")[0] if kind == "jbang" else name)
