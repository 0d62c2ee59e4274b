"""What was made of the rules is kept by whoever is done with its targets; looking at a target writes nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ANALYZE = """
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.intake import build_manifest
analyze(build_manifest(target_kind="file", target_value="x", coverage={}, tools=[{"name": "delete_order"}]))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program whose rules nobody has read yet."""
    for folder in ("rules", "scoring", "server"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(checkout: Path, *words: str) -> None:
    paths = os.pathsep.join(str(checkout / folder) for folder in ("server", "scoring"))
    subprocess.run(
        [sys.executable, *words], env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=checkout, stdout=subprocess.DEVNULL, timeout=120, check=True,
    )  # fmt: skip


def test_analysing_writes_no_file_and_a_scan_keeps_the_rules_for_the_next_one(checkout: Path) -> None:
    kept = checkout / "rules" / "__pycache__" / "rules.json"
    before = sorted(checkout.rglob("*"))
    run(checkout, "-c", _ANALYZE)
    assert sorted(checkout.rglob("*")) == before

    target = checkout / "tools.json"
    target.write_text('[{"name": "delete_order"}]')
    run(checkout, "-m", "mcp_threat_model", "scan", str(target))
    first = kept.read_bytes()
    run(checkout, "-m", "mcp_threat_model", "scan", str(target))
    assert kept.read_bytes() == first, "the second scan made something anew"
