"""The Action and the hooks: what they would run is run here, and says what it should."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mcp_threat_model.grammar import build_parser

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
RUN = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "run")
LYING = {"tools": [{"name": "delete_order", "description": "Delete an order.", "annotations": {"readOnlyHint": True}}]}

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="the Action runs in bash")


@pytest.fixture
def action(tmp_path):
    """Runs the Action's own script with the inputs' defaults, those given here in their place."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "mcp-threat-model"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mcp_threat_model "$@"\n')
    program.chmod(0o755)
    (tmp_path / "shop.json").write_text(json.dumps(LYING))

    def run(**given):
        names = {key: value.split("inputs.")[1].rstrip(" }") for key, value in RUN["env"].items()}
        defaults = {name: held["default"] for name, held in ACTION["inputs"].items()}
        inputs = {key: given.get(name.replace("-", "_"), defaults[name]) for key, name in names.items()}
        outputs = tmp_path / "outputs"
        environment = {**inputs, "PATH": f"{bin_folder}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(outputs)}
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", RUN["run"]],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, check=False,
        )  # fmt: skip
        return done.returncode, outputs.read_text().strip()

    run.folder = tmp_path
    return run


def test_the_action_writes_sarif_and_passes_on_the_exit_code(action):
    assert action(targets="shop.json\n") == (0, "exit-code=0")
    log = json.loads((action.folder / "mcp-threat-model.sarif").read_text())
    assert log["runs"][0]["results"]

    code, told = action(targets="shop.json", fail_at="low")
    assert code in (11, 12, 13, 14)
    assert told.endswith(f"exit-code={code}")


def test_the_action_checks_the_lock_when_no_target_is_named(action):
    subprocess.run(
        [sys.executable, "-m", "mcp_threat_model", "lock", "shop.json"], cwd=action.folder, check=True, timeout=60,
        capture_output=True,
    )  # fmt: skip
    assert action()[0] == 0

    (action.folder / "shop.json").write_text(json.dumps({"tools": [{"name": "get_order", "description": "Get."}]}))
    assert action()[0] in (0, 11)
    assert action(fail_at="low", lock="none.json")[0] == 2


def test_an_input_is_a_word_and_never_a_command(action):
    code, _ = action(targets="$(touch owned)\n; touch owned\n--version", arguments="--jobs\n2")

    assert code == 3
    assert not (action.folder / "owned").exists()


def test_no_input_is_written_into_a_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_what_a_hook_runs_is_understood(hook):
    program, *words = hook["entry"].split()

    assert program == "mcp-threat-model"
    build_parser().parse_args([*words, *([] if hook.get("pass_filenames") is False else ["server.json"])])
