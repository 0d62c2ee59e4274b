"""Small readers of JSON values that expect lies: what is not of the kind that is wanted is read as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text(value: object) -> str:
    """The value if it is a string, else nothing."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects among a list's members; nothing when it is no list."""
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []
