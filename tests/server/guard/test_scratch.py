"""The directory that a started target calls its own: private, told of, and gone afterwards."""

from __future__ import annotations

import os
from pathlib import Path

from mcp_threat_model.guard.scratch import left_files, make_scratch, remove_scratch


def test_a_scratch_directory_is_private() -> None:
    root = make_scratch()
    assert root.stat().st_mode & 0o077 == 0
    remove_scratch(root)
    assert not root.exists()


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    root = make_scratch()
    (root / "home" / "link").symlink_to(tmp_path / "kept")
    remove_scratch(root)
    assert not root.exists()
    assert (tmp_path / "kept" / "file").exists()


def test_what_is_deeper_than_any_path_is_removed() -> None:
    root = make_scratch()
    here = os.open(root / "home", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d" * 100, dir_fd=here)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    remove_scratch(root)
    assert not root.exists()


def test_what_was_left_is_counted_and_named_in_order() -> None:
    root = make_scratch()
    for name in ("home/b", "home/a", "tmp/mounted", "cwd/x"):
        (root / name).write_text("x")
    (root / "home" / "dir").mkdir()
    assert left_files(root, frozenset({root / "tmp/mounted"}), 2) == (["cwd/x", "home/a"], 3)
    remove_scratch(root)
