"""What a lock names and what is named beside it are held together by their meaning, and not by their spelling."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import pytest

from mcp_threat_model.cli import main

SHOP = {"tools": [{"name": "get_order", "description": "Get an order."}]}
CHANGED = {"tools": [*SHOP["tools"], {"name": "run_shell", "description": "Run a shell command."}]}
HELLO = Path(__file__).parents[1] / "targets" / "hello_stdio.py"
LOCK = "mcp-threat-model.lock.json"
START = "--allow-launch"


@pytest.fixture
def told(capsys):
    """What `check` says of each server, and its exit code."""

    def check(*words: str) -> tuple[list[str], int]:
        capsys.readouterr()
        code = main(["check", *words])
        lines = capsys.readouterr().out.splitlines()
        return [" ".join(line.split()) for line in lines if line and not line.startswith(" ")], code

    return check


@pytest.fixture
def ci(tmp_path, monkeypatch):
    """A folder with a locked file that changed since, and one inside it with a copy of the file as it was."""
    folder = tmp_path / "ci"
    (folder / "copy").mkdir(parents=True)
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder)
    for name in ("shop.json", "copy/shop.json"):
        Path(name).write_text(json.dumps(SHOP))
    assert main(["lock", "shop.json"]) == 0
    Path("shop.json").write_text(json.dumps(CHANGED))
    return folder


class TestFiles:
    def test_another_file_of_the_name_is_not_the_one_that_was_locked(self, ci, monkeypatch, told):
        monkeypatch.chdir("copy")

        assert told("--lock", f"../{LOCK}") == (["CHANGED shop.json"], 13)
        assert told("--lock", f"../{LOCK}", "shop.json") == (["NOT LOCKED shop.json"], 13)

    def test_it_is_said_that_the_words_mean_another_one(self, ci, monkeypatch, capsys):
        monkeypatch.chdir("copy")
        main(["check", "--lock", f"../{LOCK}", "shop.json"])

        assert "where these words mean another server" in " ".join(capsys.readouterr().out.split())

    @pytest.mark.parametrize("spelling", ["shop.json", "./shop.json", "copy/../shop.json", "{ci}/shop.json"])
    def test_a_file_is_found_however_it_is_spelled(self, ci, told, spelling):
        assert told(spelling.format(ci=ci)) == (["CHANGED shop.json"], 13)

    @pytest.mark.parametrize("spelling", ["../shop.json", "{ci}/shop.json"])
    def test_a_file_is_found_from_wherever_it_is_named(self, ci, monkeypatch, told, spelling):
        for folder in ("empty", "../copy"):
            monkeypatch.chdir(folder)
            assert told("--lock", f"../{LOCK}", spelling.format(ci=ci)) == (["CHANGED shop.json"], 13)

    def test_a_lock_with_a_whole_path_is_found_by_a_relative_one(self, ci, told):
        assert main(["lock", str(ci / "shop.json")]) == 0
        assert told("shop.json") == ([f"unchanged {ci}/shop.json"], 0)

    def test_a_link_to_the_file_is_the_file(self, ci, told):
        Path("link.json").symlink_to("shop.json")
        assert told("link.json") == (["CHANGED shop.json"], 13)

    def test_one_that_is_gone_is_still_the_one_that_was_locked(self, ci, monkeypatch, told):
        Path("shop.json").unlink()
        monkeypatch.chdir("empty")

        assert told("--lock", f"../{LOCK}", "../shop.json") == (["NOT CHECKED shop.json"], 3)

    def test_an_entry_that_is_no_target_is_in_nobodys_way(self, ci, told):
        text = json.loads(Path(LOCK).read_text())
        text["servers"]["stdio:'"] = text["servers"]["shop.json"] | {"target": "stdio:'"}
        Path(LOCK).write_text(json.dumps(text))

        assert told("./shop.json") == (["CHANGED shop.json"], 13)


class TestLocking:
    def test_words_that_mean_another_file_beside_the_lock_are_not_written(self, ci, monkeypatch, capsys):
        monkeypatch.chdir("copy")
        before = Path("..", LOCK).read_bytes()

        for add in ([], ["--add"]):
            assert main(["lock", "shop.json", "--lock", f"../{LOCK}", *add]) == 2
            assert f"shop.json means another server beside ../{LOCK} than here" in capsys.readouterr().err
        assert Path("..", LOCK).read_bytes() == before

    def test_the_whole_path_can_be_locked(self, ci, monkeypatch, told):
        monkeypatch.chdir("copy")
        assert main(["lock", f"{ci}/copy/shop.json", "--lock", f"../{LOCK}", "--add"]) == 0
        assert told("--lock", f"../{LOCK}", "shop.json") == ([f"unchanged {ci}/copy/shop.json"], 0)

    def test_one_that_is_locked_anew_keeps_its_name(self, ci, monkeypatch, told):
        monkeypatch.chdir("empty")
        assert main(["lock", "../shop.json", "--lock", f"../{LOCK}", "--add"]) == 0
        assert list(json.loads(Path("..", LOCK).read_text())["servers"]) == ["shop.json"]
        assert told("--lock", f"../{LOCK}") == (["unchanged shop.json"], 0)


class TestPrograms:
    @pytest.mark.parametrize("secret", ["", " --token=hunter2-hunter2-hunter2"])
    def test_a_command_is_told_by_the_files_that_it_names(self, tmp_path, monkeypatch, told, secret):
        for name in ("here", "there"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "hello.py").write_text(HELLO.read_text())
        monkeypatch.chdir(tmp_path / "here")
        locked, other = (f"stdio:{shlex.join([sys.executable, word])}{secret}" for word in ("hello.py", "./hello.py"))
        assert main(["lock", locked, START]) == 0
        [name] = json.loads(Path(LOCK).read_text())["servers"]

        assert told(locked, START) == ([f"unchanged {name}"], 0)
        if not secret:  # of a command that the lock holds in part, other words cannot be looked up
            assert told(other, START) == ([f"unchanged {name}"], 0)
        monkeypatch.chdir(tmp_path / "there")
        assert told("--lock", f"../here/{LOCK}", locked, START) == ([f"NOT LOCKED {name}"], 13)
        there = locked.replace("hello.py", "../here/hello.py")
        if not secret:
            assert told("--lock", f"../here/{LOCK}", there, START) == ([f"unchanged {name}"], 0)


@pytest.fixture
def projects(tmp_path, monkeypatch):
    """Two projects of Claude Code, each with a `db` of its own, locked in the first."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    held = {}
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        server = tmp_path / name / "db.py"
        server.write_text(HELLO.read_text().replace("hello", f"hello_{name}"))
        held[str(tmp_path / name)] = {"mcpServers": {"db": {"command": sys.executable, "args": [str(server)]}}}
    (home / ".claude.json").write_text(json.dumps({"projects": held}))
    monkeypatch.chdir(tmp_path / "a")
    assert main(["lock", "--all-clients", START]) == 0
    return tmp_path


class TestProjects:
    DB = "config:claude-code/db"

    def both(self, projects):
        return [f"unchanged {self.DB}", f"unchanged {self.DB} (in {projects}/b)"]

    def test_a_name_with_its_project_is_the_name_alone_in_the_project(self, projects, told):
        assert told(f"{self.DB} (in {projects}/a)", START) == (self.both(projects)[:1], 0)

    def test_a_name_in_the_lock_is_that_of_the_project_beside_the_lock(self, projects, monkeypatch, told):
        monkeypatch.chdir(projects / "b")
        lock = ("--lock", f"../a/{LOCK}", START)

        assert told(*lock, self.DB) == (self.both(projects)[1:], 0)
        assert told(*lock, f"{self.DB} (in {projects}/a)") == (self.both(projects)[:1], 0)
        lines, code = told(*lock, "--all-clients")
        assert (sorted(lines), code) == (self.both(projects), 0)

    def test_a_server_that_is_in_the_lock_is_not_said_to_be_missing(self, projects, monkeypatch, capsys):
        monkeypatch.chdir(projects / "b")
        capsys.readouterr()

        assert main(["check", "--lock", f"../a/{LOCK}", START]) == 0
        assert "configured and not in" not in capsys.readouterr().err

    def test_one_that_is_not_in_the_lock_is_told_by_its_name_here(self, projects, monkeypatch, capsys):
        text = json.loads(Path(LOCK).read_text())
        del text["servers"][f"{self.DB} (in {projects}/b)"]
        Path(LOCK).write_text(json.dumps(text))
        monkeypatch.chdir(projects / "b")
        capsys.readouterr()

        assert main(["check", "--lock", f"../a/{LOCK}", START]) == 0
        assert f"configured and not in ../a/{LOCK}: {self.DB}; " in capsys.readouterr().err

    def test_another_projects_server_is_not_locked_in_its_place(self, projects, monkeypatch, capsys):
        monkeypatch.chdir(projects / "b")

        assert main(["lock", self.DB, "--lock", f"../a/{LOCK}", START]) == 2
        assert "means another server beside" in capsys.readouterr().err
        assert main(["lock", self.DB, "--add", "--lock", f"../a/{LOCK}", START]) == 0
        assert sorted(json.loads(Path("..", "a", LOCK).read_text())["servers"]) == [
            self.DB,
            f"{self.DB} (in {projects}/b)",
        ]

    def test_a_users_own_server_is_one_in_every_project(self, projects, monkeypatch, told):
        home = Path(os.environ["HOME"]) / ".claude.json"
        held = json.loads(home.read_text())
        home.write_text(
            json.dumps(held | {"mcpServers": {"all": held["projects"][f"{projects}/a"]["mcpServers"]["db"]}})
        )
        assert main(["lock", "config:claude-code/all", START]) == 0
        monkeypatch.chdir(projects / "b")

        assert told("--lock", f"../a/{LOCK}", "config:claude-code/all", START) == (
            ["unchanged config:claude-code/all"],
            0,
        )
