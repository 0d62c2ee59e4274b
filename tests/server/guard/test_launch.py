"""What a command line means, what environment it gets, and what of it may be shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mcp_threat_model.guard.launch import absolute, environment, plan_launch
from mcp_threat_model.guard.sandbox import Sandbox, bubblewrap
from mcp_threat_model.guard.secret import is_secret_name
from mcp_threat_scoring.errors import TargetError


class TestPlan:
    def test_the_program_is_found_before_anybody_is_asked(self) -> None:
        launch = plan_launch(["sh", "-c", "x"], {"B": "2", "A": "1"}, "off", False)
        assert Path(launch.command[0]).is_absolute()
        assert launch.asked == ("sh", "-c", "x")
        assert launch.env_names == ("A", "B")

    def test_a_command_that_looks_like_a_shell_line_stays_words(self) -> None:
        assert plan_launch(["echo", "$(id)", ";", "rm"], {}, "off", False).command[1:] == ("$(id)", ";", "rm")

    @pytest.mark.parametrize("env", [{"": "x"}, {"A=B": "x"}, {"A": "x\0y"}, {"A": "\ud800"}])
    def test_an_environment_that_cannot_be_is_refused(self, env: dict[str, str]) -> None:
        with pytest.raises(TargetError, match="environment variable"):
            plan_launch(["true"], env, "off", False)

    @pytest.mark.parametrize("word", ["x\0y", "half of a pair: \ud800"])
    def test_a_word_that_no_program_can_be_given_is_refused(self, word: str) -> None:
        with pytest.raises(TargetError, match="word of the command"):
            plan_launch(["true", word], {}, "off", False)

    def test_a_file_name_that_is_no_text_is_passed_on_as_it_came(self) -> None:
        assert plan_launch(["true", "\udc80"], {}, "off", False).command[1:] == ("\udc80",)

    def test_a_name_with_escape_sequences_is_inert_in_the_error(self) -> None:
        with pytest.raises(TargetError) as caught:
            plan_launch(["\x1b[31mnothing"], {}, "off", False)
        assert "\x1b" not in caught.value.message

    def test_a_required_sandbox_that_is_not_there_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "mcp_threat_model.guard.sandbox.bubblewrap", lambda: ("", (), "bubblewrap (bwrap) is not installed")
        )
        with pytest.raises(TargetError, match="a sandbox is required, but there is none: bubblewrap") as caught:
            plan_launch(["true"], {}, "require", False)
        assert caught.value.code == "launch_failed"
        assert "--sandbox auto" in caught.value.hint

    def test_a_container_runtime_is_not_put_into_a_sandbox_that_it_cannot_work_in(self, tmp_path: Path) -> None:
        docker = tmp_path / "docker"
        docker.write_text("#!/bin/sh\n")
        docker.chmod(0o755)
        assert plan_launch([str(docker), "run"], {}, "auto", False).sandbox.kind == "none"
        with pytest.raises(TargetError, match="a container runtime cannot work inside"):
            plan_launch([str(docker), "run"], {}, "require", False)


class TestArguments:
    def test_files_of_the_current_directory_are_named_in_full(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "server.py").touch()
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path)
        assert absolute("server.py") == str(tmp_path / "server.py")
        assert absolute("./sub") == str(tmp_path / "sub")
        assert absolute(".") == str(tmp_path)

    @pytest.mark.parametrize(
        "word", ["sub", "-m", "--x=server.py", "missing.py", "https://x/server.py", "/etc", "x" * 9999]
    )
    def test_other_words_stay_as_they_are(self, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path)
        assert absolute(word) == word


class TestSecrets:
    @pytest.mark.parametrize(
        "name", ["API_KEY", "--api-key", "GITHUB_TOKEN", "dbPassword", "AUTH", "--secret", "SENTRY_DSN"]
    )
    def test_names_of_secrets(self, name: str) -> None:
        assert is_secret_name(name)

    @pytest.mark.parametrize("name", ["PATH", "AUTHOR", "--port", "keyboard", "TOKENIZER", "LOG_LEVEL", "--directory"])
    def test_names_of_other_things(self, name: str) -> None:
        assert not is_secret_name(name)


class TestEnvironment:
    def test_nothing_of_ours_but_the_path_and_the_language(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("SSH_AUTH_SOCK", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "PYTHONPATH", "LD_PRELOAD", "HOME"):
            monkeypatch.setenv(name, "canary")
        monkeypatch.setenv("PATH", "/usr/bin")
        built = environment({"X": "1"}, tmp_path, Sandbox("none", True, ""))
        assert "canary" not in built.values()
        assert built["PATH"] == "/usr/bin"
        assert built["HOME"] == str(tmp_path / "home")
        assert built["X"] == "1"

    def test_what_was_given_wins(self, tmp_path: Path) -> None:
        assert environment({"HOME": "/h"}, tmp_path, Sandbox("bubblewrap", False, ""))["HOME"] == "/h"


@pytest.mark.skipif(not bubblewrap()[0], reason="no sandbox")
def test_the_sandbox_opens_what_this_interpreter_needs() -> None:
    launch = plan_launch([sys.executable, "-c", "1"], {}, "require", False)
    real = Path(sys.executable).resolve()
    hidden = [Path("/root"), Path("/home"), Path("/tmp")]
    if any(real.is_relative_to(place) for place in hidden):
        assert any(real.is_relative_to(root) for root in launch.sandbox.readable)
