"""The command line, to the letter: what goes to standard output, what to standard error, and the exit code."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcp_threat_model.cli import main
from mcp_threat_model.guard.limits import DEFAULT_LIMITS
from mcp_threat_scoring.aivss.tables import OWASP_0_8
from mcp_threat_scoring.report import Report

PROGRAM = [sys.executable, "-m", "mcp_threat_model"]
FACTORS = {
    "autonomy_of_action": 0.6, "goal_driven_planning": 0.4, "self_modification": 0.1, "dynamic_tool_use": 0.7,
    "persistent_memory": 0.4, "contextual_awareness": 0.6, "dynamic_identity": 0.5, "multi_agent_interactions": 0.3,
    "non_determinism": 0.5, "opacity_reflexivity": 0.5,
}  # fmt: skip
LONG = "x" * 300
"""A name that no file system takes."""


@pytest.fixture
def tools(tmp_path: Path) -> str:
    """A saved description that can be read."""
    file = tmp_path / "tools.json"
    file.write_text(json.dumps({"tools": [{"name": "delete_customer", "description": "Delete a customer for good."}]}))
    return str(file)


def run(*arguments: str, stdin: str | None = "", **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False, **more
    )


def test_help_is_printed_without_importing_what_is_heavy() -> None:
    heavy = ("mcp", "pydantic", "anyio", "asyncio", "rich", "httpx", "yaml", "re2", "cvss", "jinja2")
    code = (
        "import sys; from mcp_threat_model.cli import main; code = main(['--help']);"
        f"sys.exit(code or ' '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("scan", "score", "threats", "serve", "evaluate", "demo", "schema"):
        assert f"    {command} " in done.stdout


def test_a_scan_of_a_file_imports_no_protocol_library_and_no_event_loop(tools: str) -> None:
    heavy = ("mcp", "httpx", "httpx2", "rich", "jinja2", "asyncio")
    code = (
        "import sys; from mcp_threat_model.cli import main; main(['scan', sys.argv[1]]);"
        f"sys.exit(' '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, tools], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["scan", "score", "threats", "serve", "evaluate", "demo", "schema"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: mcp-threat-model {command}" in capsys.readouterr().out


def test_the_report_goes_to_standard_output_and_nothing_else_does(tools: str) -> None:
    done = run("scan", tools, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [report["target"]["value"] for report in json.loads(done.stdout)["reports"]] == [tools]


def test_a_description_on_standard_input(tools: str) -> None:
    done = run("scan", "-", "--format", "json", stdin=Path(tools).read_text())
    assert done.returncode == 0
    assert json.loads(done.stdout)["reports"][0]["target"] == {"kind": "stdin", "value": "-"}


def test_jsonl_keeps_the_order_of_the_arguments(tools: str, tmp_path: Path) -> None:
    done = run("scan", str(tmp_path / "missing.json"), tools, "npm:a", "--format", "jsonl")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("code", "report") for line in lines] == ["unreachable", "report", "unsupported"]
    assert done.returncode == 4
    assert done.stderr.count("\n") == 2


def test_text_to_a_pipe_has_no_colour_and_fits_eighty_columns(tools: str) -> None:
    done = run("scan", tools)
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "delete_customer" in done.stdout


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ("not json", "malformed", "line 1, column 1"),
        ("{}", "malformed", "not a description of an MCP server"),
        ("[" * 100_000, "too_large", "levels deep"),
        ("", "malformed", "empty"),
    ],
)
def test_a_file_that_is_no_description_is_one_sentence_and_exit_3(
    tmp_path: Path, content: str, code: str, says: str
) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    done = run("scan", str(file), "--format", "json")
    error = json.loads(done.stdout)["errors"][0]
    assert (done.returncode, error["code"], error["target"]) == (3, code, str(file))
    assert says in error["message"]
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_directory_and_a_missing_file(tmp_path: Path) -> None:
    done = run("scan", str(tmp_path), str(tmp_path / "missing"), "--format", "json")
    assert done.returncode == 3
    assert [error["code"] for error in json.loads(done.stdout)["errors"]] == ["unreachable", "unreachable"]


def test_an_empty_tool_list_is_a_report(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"tools": []}')
    done = run("scan", str(file), "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["reports"][0]["capabilities"]["tools"] == []


def test_a_program_is_not_started_without_consent(tmp_path: Path) -> None:
    done = run("scan", f"stdio:touch {tmp_path}/started", "--format", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["errors"][0]["code"] == "consent_required"
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scna"], "invalid choice"),
        (["scan"], "at least one target"),
        (["scan", "a", "--unknown"], "unrecognized arguments: --unknown (see mcp-threat-model scan --help)"),
        (["--unknown"], "unrecognized arguments: --unknown (see mcp-threat-model --help)"),
        (["scan", "a", "--form", "json"], "unrecognized arguments"),
        (["scan", "a", "--format", "pdf"], "invalid choice"),
        (["scan", "a", "--fail-at", "info"], "invalid choice"),
        (["scan", ""], "a target is empty"),
        (["scan", "ftp://x/y"], "use https://"),
        (["scan", '{"tools": []}'], "a target is JSON itself"),
        (["scan", ' [ {"name": "' + "a" * 9000], "a target is JSON itself"),
        (["scan", "-", "-"], "once"),
        (["scan", "a", "--timeout", "0"], "--timeout 0: it must be more than 0"),
        (["scan", "a", "--timeout", "nan"], "--timeout nan: it must be more than 0"),
        (["scan", "a", "--policy", "p.yaml", "--no-policy"], "not allowed with argument"),
        (["check", "--bogus"], "(see mcp-threat-model check --help)"),
        (["scan", "https://"], "https:// names no host"),
        (["scan", "a", "--timeout", "soon"], "invalid float value"),
        (["scan", "a", "--jobs", "0"], "--jobs 0 is not between"),
        (["scan", "https://x.example/", "--header", "no colon"], "--header needs a name and a value"),
        (["scan", "https://x.example/", "--header", "A: b\r\nC: d"], "control characters"),
        (["scan", "https://x.example/", "--header", "Bad Name: b"], "does not allow"),
        (["scan", "a", "--env", "NOVALUE"], "--env needs a name and a value"),
        (["scan", "a", "--output", "/no/such/folder/x"], "there is no directory"),
        (["scan", "a", "--output", "/"], "is a directory"),
        (["serve", "--port", "70000"], "is not a port"),
        (["serve", "--host", "0.0.0.0"], "--host is for --transport streamable-http"),
        (["serve", "--port", "9"], "--port is for --transport streamable-http"),
        (["serve", "--allow-host", "shop"], "--allow-host is for --transport streamable-http"),
        (["clients", "--project", "/no/such/folder"], "there is no such directory"),
        (["clients", "--project", __file__], "there is no such directory"),
        (["clients", "--project", ""], "--project: it is empty"),
        (["scan", "a", "--output", ""], "--output: it is empty, and has to name a file or folder"),
        (["check", "--lock", ""], "--lock: it is empty"),
        (["scan", "a", "--policy", ""], "--policy: it is empty"),
        (["score", "--input", ""], "--input: it is empty"),
        (["scan", "a", "--rules", ""], "--rules: it is empty"),
        (["scan", "a", "--audit-log", ""], "--audit-log: it is empty"),
        (["scan", "a", "--format", "json", "b", "-c"], "unrecognized arguments: -c (see mcp-threat-model scan --help)"),
        (["check", "a", "--nope", "b"], "unrecognized arguments: --nope (see mcp-threat-model check --help)"),
        (["limits", "a", "--format", "json", "b"], "unrecognized arguments: b (see mcp-threat-model limits --help)"),
        (["lock", "a", "--lock", "/no/such/folder/x"], "--lock /no/such/folder/x: there is no directory"),
        (["clients", "--project", LONG], "there is no such directory"),
        (["evaluate", LONG], "there is no corpus directory"),
        (["scan", "a", "--rules", LONG], "is not a folder"),
        (["scan", "a", "--output", LONG], "file name too long"),
        (["scan", "a", "--output", f"{LONG}/x"], "file name too long"),
        (["lock", "a", "--lock", LONG], "file name too long"),
        (["scan", "a", "--audit-log", LONG], "file name too long"),
        (["threats", "--layer", "L8"], "invalid choice"),
        (["evaluate", "/no/such/folder"], "there is no corpus directory"),
        (["score"], "give the terms"),
        (["score", "--factor", "autonomy"], "is not ID=VALUE"),
        (["score", "--factor", "autonomy=much"], "is not a number"),
        (["score", "--factor", "a=1", "--factor", "a=1"], "given twice"),
        (["score", "--input", "x", "--cvss-base", "1"], "not both"),
        (["score", "--input", "/no/such/file"], "there is no file"),
        (["score", "--cvss-base", "11"], "cvss_base"),
        (["score", "--cvss-base", "5"], "factors is missing"),
    ],
)
def test_words_that_are_off_are_one_sentence_and_exit_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_an_option_that_no_target_can_feel_is_warned_of(tools: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", tools, "--header", "A: b", "--allow-launch"]) == 0
    told = capsys.readouterr().err
    assert "warning: --header has no effect" in told
    assert "warning: --allow-launch has no effect" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scan", "{}", "--jobs", "3"], "--jobs has no effect, because there are no two targets"),
        (["scan", "{}", "{}", "--jobs", "3"], "--jobs has no effect, because saved descriptions"),
        (["scan", "stdio:no-such-program", "--sandbox", "off", "--allow-network"], "--sandbox off leaves the network"),
        (["limits", "{}", "--env", "A=b"], "--env has no effect"),
        (["lock", "{}", "--sandbox", "require"], "--sandbox has no effect"),
        (["check", "--allow-private-network"], "--allow-private-network has no effect"),
    ],
)
def test_every_command_that_reads_targets_warns_alike(
    arguments: list[str], says: str, tools: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    main(["lock", tools])
    capsys.readouterr()
    main([word.format(tools) for word in arguments])
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("entry", "option", "felt"),
    [
        ({"command": "no-such-program"}, ["--env", "A=b"], True),
        ({"command": "no-such-program"}, ["--sandbox", "off"], True),
        ({"command": "no-such-program"}, ["--header", "A: b"], False),
        ({"url": "http://127.0.0.1:9/mcp"}, ["--header", "A: b"], True),
        ({"url": "http://127.0.0.1:9/mcp"}, ["--allow-private-network"], True),
        ({"url": "http://127.0.0.1:9/mcp"}, ["--allow-launch"], False),
    ],
)
@pytest.mark.parametrize("target", ["config:cursor/shop", "--all-clients"])
def test_what_a_configured_server_is_in_the_end_counts_for_that_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    target: str, entry: dict[str, str], option: list[str], felt: bool,
) -> None:  # fmt: skip
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"shop": entry}}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert main(["scan", target, *option]) == 3
    assert ("has no effect" not in capsys.readouterr().err) is felt


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--lock", "{}"],
        ["evaluate", "{}"],
        ["scan", "a.json", "--policy", "{}"],
        ["scan", "a.json", "--rules", "{}"],
        ["scan", "a.json", "--output", "{}/x"],
        ["scan", "a.json", "--audit-log", "{}/x"],
        ["scan", "a.json", "--format", "{}"],
        ["scan", "a.json", "{}"],
        ["scan", "a.json", "--{}"],
        ["{}"],
        ["score", "--input", "{}"],
        ["serve", "--host", "{}", "--port", "70000"],
    ],
)
def test_no_word_of_the_command_line_acts_on_a_terminal(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    evil = "e\x1b[31m\u202e\x07\x9b\u2066vil\nmcp-threat-model: all is well"
    assert main([word.format(evil) for word in arguments]) in (2, 3)
    told = capsys.readouterr().err
    assert not {"\x1b", "\u202e", "\x07", "\x9b", "\u2066"} & set(told)
    assert "\nmcp-threat-model: all is well" not in told


def test_several_faults_of_one_file_have_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 2\nfail_at: huge\n")
    assert main(["scan", "a.json", "--policy", str(policy)]) == 2
    assert capsys.readouterr().err.splitlines()[0] == "mcp-threat-model: the policy is wrong:"


def test_the_name_of_a_file_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content in ("{}", "{", ""):
        file = tmp_path / "foo.json"
        file.write_text(content)
        assert main(["scan", str(file), "--format", "json"]) == 3
        assert capsys.readouterr().err.count("foo.json") == 1


def test_jsonl_of_a_whole_machine_is_one_result_a_line(
    tools: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text('{"mcpServers": {"a": {"command": "no-such-program"}}}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    targets = [tools, tools, "--all-clients"]
    assert main(["scan", *targets, "--format", "jsonl"]) == 4
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [("aivss" in line, "code" in line) for line in lines] == [(True, False), (True, False), (False, True)]
    assert told.err.count("jsonl leaves out") == 1
    assert main(["scan", *targets, "--format", "json"]) == 4
    told = capsys.readouterr()
    assert "fleet" in json.loads(told.out)
    assert "leaves out" not in told.err


def test_the_value_of_a_header_is_never_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan", "a", "--header", "s3cret"])
    main(["scan", "a", "--header", "A: s3cret\n"])
    assert "s3cret" not in capsys.readouterr().err


def test_an_internal_error_is_exit_1_without_a_traceback(
    tools: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> Report:
        raise ZeroDivisionError

    monkeypatch.setattr("mcp_threat_scoring.analyze.analyze", broken)
    assert main(["scan", tools, "--format", "json"]) == 1
    told = capsys.readouterr()
    assert "internal error (ZeroDivisionError)" in told.err
    assert "Traceback" not in told.err
    assert len(json.loads(told.out)["errors"]) == 1
    monkeypatch.setenv("MCP_THREAT_MODEL_DEBUG", "1")
    main(["scan", tools])
    assert "Traceback" in capsys.readouterr().err, "a developer can ask for it"


class TestOutputFile:
    """`--output` writes the whole report or nothing."""

    def test_it_is_written_and_standard_output_stays_empty(self, tools: str, tmp_path: Path) -> None:
        file = tmp_path / "report.json"
        done = run("scan", tools, "--format", "json", "--output", str(file))
        assert (done.returncode, done.stdout) == (0, "")
        assert json.loads(file.read_text())["reports"]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "tools.json"]

    def test_a_dash_is_standard_output(
        self, tools: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert main(["scan", tools, "--format", "json"]) == 0
        plain = capsys.readouterr().out
        assert main(["scan", tools, "--format", "json", "--output", "-"]) == 0
        assert capsys.readouterr().out == plain
        assert not Path("-").exists()

        Path("-").write_bytes(Path(tools).read_bytes())
        assert main(["scan", "./-", "--format", "json", "--output", "-"]) == 0
        assert main(["scan", "./-", "--output", "./-"]) == 2  # which is a file

    def test_an_old_report_keeps_its_permissions(self, tools: str, tmp_path: Path) -> None:
        file = tmp_path / "report.json"
        file.write_text("old")
        file.chmod(0o640)
        assert main(["scan", tools, "--output", str(file)]) == 0
        assert file.stat().st_mode & 0o777 == 0o640
        assert "delete_customer" in file.read_text()

    def test_a_link_is_followed_not_replaced(self, tools: str, tmp_path: Path) -> None:
        link, file = tmp_path / "link", tmp_path / "report.txt"
        file.write_text("old")
        link.symlink_to(file)
        assert main(["scan", tools, "--output", str(link)]) == 0
        assert link.is_symlink()
        assert "delete_customer" in file.read_text()

    def test_a_device_is_written_to(self, tools: str) -> None:
        assert main(["scan", tools, "--output", os.devnull]) == 0

    @pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
    def test_a_link_to_itself_is_no_file(self, tools: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        loop = tmp_path / "loop"
        loop.symlink_to(loop)
        assert main(["scan", tools, "--output", str(loop)]) == 2
        assert "is a symbolic link that leads back to itself; name a file" in capsys.readouterr().err
        assert main(["lock", tools, "--lock", str(loop)]) == 2
        assert "is a symbolic link that leads back to itself; name a file" in capsys.readouterr().err
        assert not Path(os.devnull).is_file()

    def test_a_full_disk_is_said_and_leaves_the_old_report(
        self, tools: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "report.txt"
        file.write_text("old")

        def full(*_: object) -> Path:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        assert main(["scan", tools, "--output", str(file)]) == 1
        assert "no space left on device" in capsys.readouterr().err
        assert file.read_text() == "old"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["report.txt", "tools.json"]


class TestStreams:
    """Standard output may be a terminal, a closed pipe, or speak another language."""

    def test_a_reader_that_has_gone_is_no_error(self, tools: str) -> None:
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [*PROGRAM, "scan", tools], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    @pytest.mark.parametrize("arguments", [["scan", "{}"], ["scan", "{}", "--format", "json"], ["threats"], ["--help"],
                                           ["--version"], ["schema"], ["scan", "--help"]])  # fmt: skip
    def test_a_full_disk_behind_standard_output_is_one_sentence_and_exit_1(
        self, tools: str, arguments: list[str]
    ) -> None:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*PROGRAM, *(word.format(tools) for word in arguments)],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            )  # fmt: skip
        told = "mcp-threat-model: the output could not be written: no space left on device\n"
        assert (done.returncode, done.stderr) == (1, told)

    @pytest.mark.skipif(os.name != "posix", reason="needs a shell that can close a stream")
    @pytest.mark.parametrize("arguments", [["scan", "{}"], ["scan", "{}", "--format", "json"], ["--version"]])
    def test_a_report_that_nobody_can_get_is_no_success(self, tools: str, arguments: list[str]) -> None:
        words = [word.format(tools) for word in arguments]
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, *words],
            stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
        told = "mcp-threat-model: the output could not be written: standard output is closed\n"
        assert (done.returncode, done.stderr) == (1, told)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_behind_standard_error_stops_nothing(self, tools: str) -> None:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*PROGRAM, "scan", tools, "no-such-file"],
                stdout=subprocess.PIPE, stderr=full, text=True, timeout=60, check=False,
            )  # fmt: skip
        assert done.returncode == 4
        assert "delete_customer" in done.stdout

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
    def test_an_encoding_without_our_characters_still_shows_a_report(self, tools: str, encoding: str) -> None:
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        text = subprocess.run([*PROGRAM, "scan", tools], capture_output=True, env=environment, timeout=60, check=False)
        document = subprocess.run(
            [*PROGRAM, "scan", tools, "--format", "json"], capture_output=True, env=environment, timeout=60, check=False
        )
        assert (text.returncode, text.stderr) == (0, b"")
        assert b"delete_customer" in text.stdout
        assert json.loads(document.stdout.decode("utf-8"))["reports"]

    def test_a_path_that_is_no_text_is_named_in_escapes(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [*PROGRAM, "scan", os.fsencode(tmp_path) + b"/\xff.json"], capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 3
        assert b"U+DCFF" in done.stderr

    def test_standard_output_that_is_closed_is_no_traceback(self, tools: str) -> None:
        done = subprocess.run(
            ["/bin/sh", "-c", '"$0" -m mcp_threat_model scan "$1" >&-', sys.executable, tools],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr

    def test_an_interrupt_is_one_word_and_exit_130(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        process = subprocess.Popen([*PROGRAM, "scan", str(pipe)], stderr=subprocess.PIPE, text=True)
        writer = os.open(pipe, os.O_WRONLY)  # returns when the scan is reading
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
        os.close(writer)
        assert (process.returncode, told) == (130, "mcp-threat-model: interrupted\n")


class FakeTerminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


class TestTerminal:
    """A person looks at it."""

    @pytest.fixture
    def show(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
        """Runs a command with standard output on a terminal, and returns what it shows."""
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)

        def run_on_terminal(*arguments: str, code: int = 0) -> str:
            terminal = FakeTerminal()
            monkeypatch.setattr(sys, "stdout", terminal)  # not earlier: pytest puts its own there before each test
            assert main(arguments) == code
            return terminal.shown()

        return run_on_terminal

    def test_a_terminal_gets_colour(self, tools: str, show: Callable[..., str]) -> None:
        assert "\x1b[1" in show("scan", tools)
        assert "\x1b[1" in show("threats", "--layer", "L1")

    @pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
    def test_unless_it_is_not_wanted(
        self, tools: str, show: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        shown = show("scan", tools)
        assert "delete_customer" in shown
        assert "\x1b" not in shown

    def test_errors_are_not_told_twice(self, tmp_path: Path, tools: str, show: Callable[..., str]) -> None:
        assert "NOT READ" not in show("scan", tools, str(tmp_path / "missing"), code=4)

    def test_without_a_command_help_is_printed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "stdin", FakeTerminal())
        assert main([]) == 0
        assert "usage: mcp-threat-model" in capsys.readouterr().out

    def test_progress_is_shown_on_standard_error(
        self, tools: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        watched = FakeTerminal()
        monkeypatch.setattr(sys, "stderr", watched)
        assert main(["scan", tools, "npm:a"]) == 4
        assert f"{tools}: " in watched.shown()


def test_without_a_command_and_without_a_terminal_it_serves_mcp() -> None:
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    done = run(stdin=json.dumps(hello) + "\n")
    assert json.loads(done.stdout.splitlines()[0])["result"]["serverInfo"]["name"] == "mcp-threat-model"


class TestCalculator:
    """`score`: the same terms as JSON or as flags."""

    def test_the_published_example_to_the_printed_digit(self, tmp_path: Path) -> None:
        file = tmp_path / "terms.json"
        terms = {"cvss_base": 8.5, "factors": FACTORS, "threat_multiplier": 1.05, "mitigation_factor": 0.85}
        file.write_text(json.dumps(terms))
        done = run("score", "--input", str(file))
        answer = json.loads(done.stdout)
        assert done.returncode == 0
        assert [answer[key] for key in ("factor_sum", "aars", "score", "severity")] == [4.6, 0.72, 7.8, "High"]
        assert run("score", "--input", "-", stdin=json.dumps(terms)).stdout == done.stdout
        flags = [word for name, value in FACTORS.items() for word in ("--factor", f"{name}={value}")]
        by_flags = run(
            "score", "--cvss-base", "8.5", *flags, "--threat-multiplier", "1.05", "--mitigation-factor", "0.85"
        )
        assert by_flags.stdout == done.stdout

    def test_a_factor_that_is_missing_is_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["score", "--cvss-base", "5", "--factor", "autonomy_of_action=0.5"]) == 2
        assert "goal_driven_planning" in capsys.readouterr().err

    def test_input_that_is_not_json_says_where(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "x"
        file.write_text("{,}")
        assert main(["score", "--input", str(file)]) == 2
        assert "line 1, column 2" in capsys.readouterr().err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert "ErrorOut" in json.loads(capsys.readouterr().out)["$defs"]


def test_the_example_of_the_calculators_help_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--help"]) == 0
    told = capsys.readouterr().out
    example = told.partition("example:\n")[2].partition("\n\n")[0]
    program, *words = shlex.split(example.replace("\\\n", " "))
    assert program == "mcp-threat-model"
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["cvss"]["base_score"] == 8.5
    listed = told.partition("factors of owasp-0.8, each 0, 0.5 or 1:\n")[2].split("\n")[0]
    assert listed.strip().split(", ") == [spec.id for spec in OWASP_0_8.factors]


def test_the_help_names_the_time_that_a_target_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--help"]) == 0
    assert f"default {DEFAULT_LIMITS.total_s:g}" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["registry:a/b", "npm:a", "pypi:a"])
def test_what_cannot_be_read_yet_is_no_promise_of_the_help(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--help"]) == 0
    kind = target.partition(":")[0]
    told = capsys.readouterr().out
    assert f"{kind}:NAME" in told
    assert main(["scan", target, "--format", "json"]) == 3
    [error] = json.loads(capsys.readouterr().out)["errors"]
    assert f'"{error["code"]}"' in told


def test_the_catalogue_is_printed_whole_or_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["threats"]) == 0
    whole = capsys.readouterr().out
    assert main(["threats", "--layer", "L3"]) == 0
    layer = capsys.readouterr().out
    assert all(f"\nL{number} " in f"\n{whole}" for number in range(1, 8))
    assert layer.startswith("L3 ")
    assert "\nL4 " not in layer
    assert max(map(len, whole.splitlines())) <= 80


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mcp-threat-model 0.")


def test_the_demo_scans_the_example_over_stdio() -> None:
    done = run("demo", "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["reports"][0]
    assert report["server"]["name"] == "shop-backoffice"
    assert report["capabilities"]["write_capable"]
    assert len(report["aivss"]["factors"]) == 10
