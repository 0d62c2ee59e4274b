"""Checking against the lock: what is to the letter as it was approved needs no analysis; everything else gets one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_threat_model.cli import main

SHOP = {"tools": [{"name": "get_order", "description": "Get an order."}]}


@pytest.fixture
def shop(tmp_path, monkeypatch, capsys):
    """A locked file, in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("shop.json").write_text(json.dumps(SHOP))
    Path("till.json").write_text(json.dumps(SHOP))
    assert main(["lock", "shop.json", "till.json"]) == 0
    capsys.readouterr()
    return Path("shop.json")


def test_unchanged_servers_are_not_analysed_again(shop):
    code = (
        "import sys; from mcp_threat_model.cli import main; code = main(['check']);"
        "sys.exit(code or int('mcp_threat_scoring.analyze' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("unchanged") == 2


def test_white_space_and_order_do_not_matter(shop, capsys):
    shop.write_text(json.dumps({"tools": [dict(reversed(list(SHOP["tools"][0].items())))]}, indent=8))

    assert main(["check"]) == 0
    assert capsys.readouterr().out.count("unchanged") == 2


def test_a_changed_one_beside_an_unchanged_one_is_told(shop, capsys):
    shop.write_text(
        json.dumps({"tools": [*SHOP["tools"], {"name": "delete_order", "description": "Delete an order."}]})
    )

    assert main(["check"]) == 13
    out = capsys.readouterr().out
    assert out.count("unchanged") == 1
    assert "CHANGED     shop.json" in out
    assert "`delete_order`" in out


def test_a_score_is_compared_with_one_of_its_own_profile(shop, capsys):
    assert main(["lock", "shop.json", "--profile", "owasp-0.8"]) == 0
    lock = Path("mcp-threat-model.lock.json")
    text = json.loads(lock.read_text())
    text["servers"]["shop.json"] |= {"score": 0.5, "severity": "Low", "locked_by": "0.0.1"}
    lock.write_text(json.dumps(text))
    capsys.readouterr()

    assert main(["check"]) == 12  # graded is the headline, as always
    assert "The risk score rose: It was 0.5 Low" in capsys.readouterr().out.replace("\n           ", " ")


def test_a_lock_of_another_version_is_checked_in_full(shop, capsys):
    lock = Path("mcp-threat-model.lock.json")
    text = json.loads(lock.read_text())
    for server in text["servers"].values():
        server["locked_by"] = "0.0.0"
        server["score"] = 0.0
    lock.write_text(json.dumps(text))

    assert main(["check"]) != 0
    assert "The risk score rose" in capsys.readouterr().out


def test_a_lock_from_before_there_was_a_hash_of_the_whole_still_works(shop, capsys):
    lock = Path("mcp-threat-model.lock.json")
    text = json.loads(lock.read_text())
    for server in text["servers"].values():
        del server["whole"], server["locked_by"]
    lock.write_text(json.dumps(text))

    assert main(["check"]) == 0
    assert capsys.readouterr().out.count("unchanged") == 2


@pytest.mark.parametrize("form", ["json", "jsonl", "sarif", "markdown"])
def test_other_formats_hold_the_whole_report(shop, capsys, form):
    assert main(["check", "--format", form]) == 0
    assert "shop.json" in capsys.readouterr().out


def test_one_that_is_gone_is_not_unchanged(shop, capsys):
    shop.unlink()

    assert main(["check"]) == 4
    assert "NOT CHECKED shop.json" in capsys.readouterr().out


def test_a_lock_that_approves_nothing_says_so_and_what_to_do(shop, capsys):
    Path("mcp-threat-model.lock.json").write_text('{"lock_version": 1, "servers": {}}')

    assert main(["check"]) == 3
    said = capsys.readouterr()
    assert "mcp-threat-model.lock.json approves no server yet; approve one with mcp-threat-model lock --add" in said.err
    assert said.out == ""


@pytest.mark.parametrize("label", ["", "ftp://x", "stdio:", "a\0b", "https:// x", "x" * 9_000])
def test_a_server_in_the_lock_that_is_no_target_is_named(shop, capsys, label):
    lock = Path("mcp-threat-model.lock.json")
    text = json.loads(lock.read_text())
    lock.write_text(json.dumps({**text, "servers": {label: text["servers"]["shop.json"]}}))

    assert main(["check"]) == 2
    assert "holds a server that is no target" in capsys.readouterr().err


def test_what_stands_in_the_lock_is_compared_as_it_is(shop, capsys):
    lock = Path("mcp-threat-model.lock.json")
    text = json.loads(lock.read_text())
    tools = text["servers"]["shop.json"]["tools"]
    tools["get\x1b_order"] = tools.pop("get_order")
    text["servers"]["shop.json"]["whole"] = ""
    lock.write_text(json.dumps(text))

    assert main(["check"]) == 11
    out = capsys.readouterr().out
    assert "Gone: `get␛_order`" in out
    assert "`get_order` only reads" in out
