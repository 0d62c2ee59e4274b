"""A command line is shown exactly, but for what may be a secret in it."""

from __future__ import annotations

import shlex

import pytest

from mcp_threat_model.guard.command_line import redact_argv, secret_values, told_secrets
from mcp_threat_model.guard.secret import REDACTED


class TestWhatIsShown:
    """What is no secret stands there as it will be started."""

    @pytest.mark.parametrize(
        "command",
        [
            "npx -y @modelcontextprotocol/server-filesystem@2025.8.21 /home/me/Documents",
            "npx -p @acme/neo4j-mcp@1.2.3 neo4j-mcp",
            "docker run --rm -i -p 8080:80 -p 127.0.0.1:53:53/udp -e MODE=production -e TZ=Europe/Berlin img:1.2",
            "docker run -v /home/me/keys:/keys:ro -v token:/run/secrets -u 1000:1000 img",
            f"docker run ghcr.io/acme/mcp@sha256:{'9f86d081' * 8}",
            f"uvx --from git+https://github.com/acme/mcp@{'9f86d081' * 5} mcp",
            f"nix run github:acme/mcp/{'9f86d081' * 5} -- --port 8080",
            f"nix run 'gitlab:acme/mcp?rev={'9f86d081' * 5}#srv'",
            "deploy -p prod -p ./settings.toml -p my-project",
            "python -u server.py -p prod",
            "srv --header 'Accept: application/json' --header 'X-Tenant: acme' -H 'Authorization: Bearer ${TOKEN}'",
            "srv --api-key ${input:acme-key} --token=$TOKEN --password %PASSWORD% --secret '<your secret>'",
            "srv --token-file /run/secrets/token --auth-type oauth --max-tokens 4096",
            "srv --model claude-3-5-sonnet-20241022 --model Qwen/Qwen2.5-VL-7B-Instruct --model gpt-4o-mini",
            "srv https://mcp.acme.io/sse?profile=read-only&page=2 git@github.com:acme/mcp.git npm:alias@npm:pkg@1.2.3",
            "/nix/store/0c4r5abcdef0123456789-python/bin/python -m srv",
            "sh -c 'cd /srv && exec node build/index.js --port 8080'",
            "sh -c 'API_KEY=$(curl http://acme.io) npx x'",
        ],
    )
    def test_ordinary_words(self, command: str) -> None:
        argv = shlex.split(command)
        assert redact_argv(argv) == tuple(argv)

    def test_around_a_secret(self) -> None:
        argv = ["sh", "-c", "TOKEN=hunter22 npx x --header 'Authorization: Bearer abcdefgh' | tee log"]
        assert redact_argv(argv)[2] == "TOKEN=*** npx x --header 'Authorization: Bearer ***' | tee log"

    @pytest.mark.parametrize(
        ("script", "shown"),
        [
            ("TOKEN=hunter22 curl http://acme.io | sh", "TOKEN=*** curl http://acme.io | sh"),
            ("A=b;PASSWORD=x curl http://acme.io;C=d", "A=b;PASSWORD=*** curl http://acme.io;C=d"),
            ("npx x --token hunter22;rm -r .", "npx x --token ***;rm -r ."),
        ],
    )
    @pytest.mark.parametrize("before", [["sh", "-c"], ["ssh", "host"], ["cmd", "/c"]])
    def test_a_name_hides_no_command(self, before: list[str], script: str, shown: str) -> None:
        assert redact_argv([*before, script]) == (*before, shown)

    def test_what_is_hidden_already_stays_as_it_is(self) -> None:
        argv = ["x", "--token", "***", "https://u:***@acme.io/?key=…"]
        assert redact_argv(argv) == tuple(argv)
        assert told_secrets(argv) == ()


class TestWhatIsTold:
    def test_names_and_lengths(self) -> None:
        argv = ["x", "--header", "Authorization: Bearer zq81kfhw72mm", "postgres://u:zq81kfhw@h/db"]
        assert told_secrets(argv) == (
            (2, "the header Authorization (12 characters)"), (3, "a password in an address (8 characters)"),
        )  # fmt: skip

    @pytest.mark.parametrize("word", ["YOUR_API_KEY", "short", "${KEY}"])
    def test_nothing_of_what_stands_for_a_value(self, word: str) -> None:
        assert told_secrets(["x", "--api-key", word]) == ()

    def test_nothing_of_what_only_may_be_a_secret(self) -> None:
        argv = ["x", "--seen", "1c2d3e4f-0000-4000-8000-1234567890ab"]
        assert redact_argv(argv) == ("x", "--seen", "***")
        assert told_secrets(argv) == ()


class TestWhatIsHidden:
    def test_one_value_wherever_it_stands(self) -> None:
        assert redact_argv(["x", "--token", "hunter22hunter", "a=hunter22hunter"]) == ("x", "--token", "***", "a=***")

    def test_what_goes_beyond_a_bound(self) -> None:
        shown = redact_argv(["x", "a " * 9_000, *["word"] * 1_000])
        assert shown[1] == "***"
        assert shown[-1] == "***"

    @pytest.mark.parametrize(
        "word", ["\ud800", "\x00", "ключ=значение", "=", "-", "--=", "://", "a://@", ":@", '"', "-p"]
    )
    def test_no_word_is_too_odd(self, word: str) -> None:
        for argv in ([word], ["x", "--token", word], ["x", "-p", word], ["x", "-H", word], ["x", "-e", word]):
            assert len(redact_argv(argv)) == len(argv)

    def test_secret_arguments_are_taken_out_of_the_command_line(self) -> None:
        argv = [
            "x",
            "--api-key",
            "k1-value",
            "--token=t1-value",
            "--port",
            "80",
            "postgres://u:p4ss@h/db",
            "PASSWORD=pw-1",
        ]
        assert redact_argv(argv) == (
            "x", "--api-key", "***", "--token=***", "--port", "80", "postgres://u:***@h/db", "PASSWORD=***",
        )  # fmt: skip

    def test_an_option_after_a_secret_option_is_not_its_value(self) -> None:
        assert redact_argv(["--token", "--verbose", "x"]) == ("--token", "--verbose", "x")

    def test_values_that_are_plainly_no_secrets_are_not_searched_for(self) -> None:
        env = {
            "HOST": "https://example.com",
            "DIR": "/srv/data/x",
            "MODE": "prod",
            "A": "random-value",
            "SHORT_KEY": "abcd",
        }
        assert set(secret_values([], env)) == {"random-value", "abcd"}


@pytest.mark.parametrize("program", ["env", "sudo", "doas"])
def test_a_value_with_blanks_is_hidden_where_no_word_is_a_whole_command(program: str) -> None:
    assert redact_argv([program, "clock", "--password", "a long pass phrase"])[-1] == REDACTED


def test_a_value_that_is_no_text_is_a_secret_like_any_other() -> None:
    assert secret_values([], {"API_KEY": "hunter2 \udc80"}) == ("hunter2 \udc80",)
