"""The kinds of targets are a closed set, and each answers every question."""

from __future__ import annotations

from typing import get_args

import pytest

from mcp_threat_scoring.origin import ORIGINS, TargetKind, file_name, own_names
from mcp_threat_scoring.report import TargetOut


def test_every_kind_has_an_answer() -> None:
    assert list(ORIGINS) == list(get_args(TargetKind))


def test_what_was_reached_was_not_saved() -> None:
    assert [kind for kind, origin in ORIGINS.items() if not origin.saved] == ["http", "stdio", "config"]


def test_what_has_lines_is_saved() -> None:
    assert all(origin.saved for origin in ORIGINS.values() if origin.is_path)


@pytest.mark.parametrize(
    ("kind", "value", "names"),
    [
        ("config", "config:cursor/shop", ("config:cursor/shop", "shop")),
        ("config", "config:cursor/acme/shop", ("config:cursor/acme/shop", "acme/shop")),
        ("file", "captures/shop.tools.json", ("captures/shop.tools.json", "shop.tools")),
        ("file", ".shop", (".shop", ".shop")),
        ("http", "https://shop.test/mcp", ("https://shop.test/mcp",)),
        ("stdin", "-", ("-",)),
    ],
)
def test_a_target_is_called_by_itself_and_by_what_its_user_called_it(
    kind: TargetKind, value: str, names: tuple[str, ...]
) -> None:
    assert own_names(kind, value) == names
    assert TargetOut(kind=kind, value=value).names == names


@pytest.mark.parametrize("path", ["shop.json", "a/shop.json", "a\\shop.json", "a/b/shop.json/"])
def test_a_file_is_told_by_its_last_part(path: str) -> None:
    assert file_name(path) == "shop.json"


def test_only_a_file_has_a_file_name() -> None:
    assert TargetOut(kind="file", value="a/shop.json").file == "shop.json"
    assert TargetOut(kind="http", value="https://shop.test/shop.json").file == ""
