"""What the sandbox hides and what it must open: decided on files alone, without starting anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_threat_model.guard import readable, sandbox
from mcp_threat_model.guard.readable import readable_roots
from mcp_threat_model.guard.sandbox import Sandbox, hidden_dirs, plan_sandbox


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with a secret in it, and the only place that is hidden."""
    place = tmp_path / "homes" / "me"
    (place / ".ssh").mkdir(parents=True)
    monkeypatch.setattr(readable, "homes", lambda: (place,))
    return place


def program(path: Path, text: str = "\x7fELF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def opened(command: Path | str, *arguments: Path | str, home: Path) -> list[str]:
    roots = readable_roots(str(command), [str(one) for one in arguments], [home])
    return [str(root.relative_to(home)) for root in roots]


class TestWhatIsOpened:
    def test_nothing_for_a_program_of_the_system(self, home: Path) -> None:
        assert opened("/bin/sh", home=home) == []

    def test_a_single_program_alone(self, home: Path) -> None:
        assert opened(program(home / ".local/bin/server"), home=home) == [".local/bin/server"]

    def test_the_home_of_a_version_manager(self, home: Path) -> None:
        assert opened(program(home / ".nvm/versions/node/v22/bin/node"), home=home) == [".nvm"]

    def test_a_virtual_environment_with_its_base_and_its_project(self, home: Path) -> None:
        base = program(home / "python/bin/python3")
        (home / "python/lib/python3.12").mkdir(parents=True)
        venv = home / "code/project/.venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin/python").symlink_to(base)
        (venv / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.12\n")
        (home / "code/project/pyproject.toml").touch()
        assert opened(venv / "bin/python", home=home) == ["python", "code/project"]

    def test_the_interpreter_that_a_script_names(self, home: Path) -> None:
        node = program(home / ".volta/bin/node")
        script = program(home / "bin/server", f"#!{node} --flag\n")
        assert opened(script, home=home) == [".volta", "bin/server"]

    def test_the_interpreter_behind_env(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(home / "tools/bin/node")
        monkeypatch.setenv("PATH", f"{home}/tools/bin:/usr/bin:/bin")
        script = program(home / "bin/server", "#!/usr/bin/env -S node --x\n")
        assert "tools/bin/node" in opened(script, home=home)

    def test_the_project_of_a_script_argument(self, home: Path) -> None:
        script = program(home / "code/app/build/index.js")
        (home / "code/app/package.json").touch()
        assert opened("/bin/sh", script, home=home) == ["code/app"]

    def test_a_package_of_node_opens_its_neighbours_too(self, home: Path) -> None:
        script = program(home / "app/node_modules/@x/server/node_modules/y/index.js")
        assert opened("/bin/sh", script, home=home) == ["app/node_modules"]

    def test_a_command_of_a_package_is_a_link_to_a_module_among_its_neighbours(self, home: Path) -> None:
        program(home / "app/node_modules/@x/server/dist/index.js", "#!/usr/bin/env node\n")
        link = home / "app/node_modules/.bin/server"
        link.parent.mkdir()
        link.symlink_to("../@x/server/dist/index.js")
        assert opened("/bin/sh", link, home=home) == ["app/node_modules"]

    def test_a_script_without_a_suffix_is_known_by_its_first_line(self, home: Path) -> None:
        (home / "code/app").mkdir(parents=True)
        (home / "code/app/pyproject.toml").touch()
        script = program(home / "code/app/bin/server", "#!/usr/bin/env python3\n")
        assert opened("/bin/sh", script, home=home) == ["code/app"]

    def test_a_script_that_lies_in_the_home_itself_opens_only_itself(self, home: Path) -> None:
        (home / "package.json").touch()
        assert opened("/bin/sh", program(home / "server.py"), home=home) == ["server.py"]

    def test_a_file_that_is_no_code_opens_only_itself(self, home: Path) -> None:
        assert opened("/bin/sh", f"--config={program(home / 'etc/app.json')}", home=home) == ["etc/app.json"]

    @pytest.mark.parametrize("word", ["", ".", "..", "/"])
    def test_never_the_home_itself(self, home: Path, word: str) -> None:
        assert opened("/bin/sh", f"{home}/{word}", word, home=home) == []

    def test_links_that_lead_in_a_circle(self, home: Path) -> None:
        (home / "a").symlink_to(home / "b")
        (home / "b").symlink_to(home / "a")
        assert opened(home / "a", home / "b", home=home) == []

    def test_only_parts_of_a_version_manager_that_may_keep_credentials(self, home: Path) -> None:
        tool = program(home / ".local/share/uv/tools/server/bin/server")
        program(home / ".local/share/uv/credentials/credentials.toml")
        assert opened(tool, home=home) == [".local/share/uv/tools"]

    @pytest.mark.parametrize("name", [".ssh/id", ".aws/credentials", ".netrc", ".config/gh/hosts.yml"])
    def test_a_key_is_never_opened_even_when_it_is_named_or_linked_to(self, home: Path, name: str) -> None:
        (home / "link.txt").symlink_to(program(home / name))
        assert opened("/bin/sh", home / name, home / "link.txt", home=home) == []


class TestPlan:
    def test_off_is_said_plainly(self) -> None:
        box = plan_sandbox("off", False, "/bin/sh", [])
        assert (box.kind, box.network) == ("none", True)
        assert "switched off" in box.describe()

    def test_a_system_without_one_is_said_plainly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox.sys, "platform", "darwin")
        sandbox.bubblewrap.cache_clear()
        try:
            box = plan_sandbox("auto", False, "/bin/sh", [])
        finally:
            sandbox.bubblewrap.cache_clear()
        assert "there is no sandbox for darwin yet" in box.describe()
        assert "use the network" in box.describe()

    def test_one_that_does_not_work_is_no_sandbox(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path / "bwrap", "#!/bin/sh\nexit 1\n")
        monkeypatch.setattr(sandbox.sys, "platform", "linux")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        sandbox.bubblewrap.cache_clear()
        try:
            assert "does not work here" in plan_sandbox("auto", False, "/bin/sh", []).reason
        finally:
            sandbox.bubblewrap.cache_clear()

    def test_the_network_is_closed_unless_it_is_allowed(self, tmp_path: Path) -> None:
        closed = Sandbox("bubblewrap", False, "", program="bwrap").wrap(["x"], tmp_path)
        opened = Sandbox("bubblewrap", True, "", program="bwrap").wrap(["x"], tmp_path)
        assert "--unshare-net" in closed
        assert "--share-net" not in closed
        assert "--share-net" in opened

    def test_no_value_of_the_environment_stands_on_the_command_line(self, tmp_path: Path) -> None:
        assert "--setenv" not in Sandbox("bubblewrap", False, "", program="bwrap").wrap(["x"], tmp_path)

    def test_what_is_hidden_is_empty_and_cannot_be_filled(self, tmp_path: Path) -> None:
        words = Sandbox("bubblewrap", False, "", program="bwrap").wrap(["x"], tmp_path)
        for place in hidden_dirs():
            assert ["--tmpfs", str(place)] in [words[at : at + 2] for at in range(len(words))]
            assert ["--remount-ro", str(place)] in [words[at : at + 2] for at in range(len(words))]

    def test_homes_are_hidden(self) -> None:
        assert any(Path.home().is_relative_to(place) for place in hidden_dirs())
