"""What was given in secret is found again however it is written, and nothing else is taken out."""

from __future__ import annotations

import json

import pytest

from mcp_threat_model.guard.command_line import guessed_values
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.redact import keys_in
from mcp_threat_model.guard.secret import header_secrets
from mcp_threat_model.guard.url import check_url
from mcp_threat_scoring.errors import TargetError

ORIGIN = "https://mcp.example.com"


def parsed(text: str, *values: str) -> object:
    mask = Mask(values)
    return json.loads(text, object_pairs_hook=lambda pairs: dict(mask.members(pairs)))


class TestTexts:
    def test_the_longest_value_goes_first(self) -> None:
        assert Mask(["abcd", "abcdefgh"]).text("abcdefgh, abcd") == "***, ***"

    def test_the_other_case_of_a_long_value_is_found(self) -> None:
        assert Mask(["Sekret-Value"]).text("SEKRET-VALUE sekret-value") == "*** ***"

    def test_the_other_case_of_a_short_value_may_be_any_word(self) -> None:
        assert Mask(["Test"]).text("Test test") == "*** test"

    def test_a_value_beyond_ascii_is_found_in_a_header(self) -> None:
        assert Mask(["schlüssel"]).text("schlüssel".encode().decode("latin-1")) == "***"

    @pytest.mark.parametrize("value", ["\udcff-not-utf-8", "\ud800-half-a-pair"])
    def test_a_value_that_is_no_unicode_is_no_trouble(self, value: str) -> None:
        assert Mask([value]).text(f"x {value}") == "x ***"

    def test_very_short_values_are_not_searched_for(self) -> None:
        assert Mask(["1", "abc"]).text("1 abc") == "1 abc"

    def test_only_what_a_target_answered_counts_as_an_echo(self) -> None:
        mask = Mask(["sekret-value"])
        mask.text("sekret-value")
        mask.heard("nothing")
        assert not mask.echoed
        mask.heard("sekret-value")
        assert mask.echoed

    def test_what_nobody_called_a_secret_is_hidden_but_tells_nothing(self) -> None:
        mask = Mask(["sekret-value", "eu-central-1"], guessed=["eu-central-1"])
        assert mask.heard("in eu-central-1") == "in ***"
        assert not mask.echoed
        mask.heard("sekret-value, in eu-central-1")
        assert mask.echoed

    def test_guesses_alone_are_nothing_to_listen_for(self) -> None:
        assert not Mask(["eu-central-1"], guessed=["eu-central-1"]).listens
        assert Mask(["sekret-value"]).listens

    def test_an_error_is_cleared_in_both_sentences(self) -> None:
        error = Mask(["sekret-value"]).error(TargetError("not_mcp", "no sekret-value", "use SEKRET-VALUE"))
        assert (error.message, error.hint, str(error)) == ("no ***", "use ***", "no ***")


class TestWhatIsGuessed:
    def test_of_an_environment(self) -> None:
        env = {"REGION": "eu-central-1", "API_TOKEN": "zq81kfhw72mm", "STORE": "redis://a:sekret-value@host/0"}
        assert guessed_values(("x", "--api-key", "hunter22"), env) == ("eu-central-1",)

    def test_of_headers(self) -> None:
        headers = {"X-Region": "eu-central-1", "X-Api-Key": "zq81kfhw72mm", "X-Who": "Bearer sekret-value"}
        told = header_secrets(headers, ORIGIN, guesses=False)
        assert set(header_secrets(headers, ORIGIN)) - set(told) == {"eu-central-1"}


class TestJson:
    @pytest.mark.parametrize(
        "written", ["zq/Secret9", r"zq\/Secret9", r"zq\u002fSecret9", "".join(f"\\u{ord(c):04X}" for c in "zq/Secret9")]
    )
    def test_every_way_to_write_a_string(self, written: str) -> None:
        text = f'{{"a": "x{written}y", "{written}": {{"{written}": ["{written}", [["{written}"]], 1, null]}}}}'
        assert parsed(text, "zq/Secret9") == {"a": "x***y", "***": {"***": ["***", [["***"]], 1, None]}}

    def test_lists_may_nest_as_deeply_as_a_parser_lets_them(self) -> None:
        deep = "[" * 900 + '"zq/Secret9"' + "]" * 900
        assert "Secret9" not in json.dumps(parsed(f'{{"a": {deep}}}', "zq/Secret9"))

    def test_nothing_given_changes_nothing(self) -> None:
        assert not Mask(["1"])
        assert Mask().members([("a", ["b"])]) == [("a", ["b"])]


class TestHeaders:
    @pytest.mark.parametrize(
        ("headers", "secrets"),
        [
            ({"authorization": "Bearer zqTOKEN"}, {"Bearer zqTOKEN", "zqTOKEN"}),
            ({"authorization": "zqTOKEN"}, {"zqTOKEN"}),
            ({"authorization": "Basic dXNlcjpwYXNzd29yZA=="},
             {"Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA==", "user:password", "password"}),
            ({"authorization": "Basic !!"}, {"Basic !!"}),
            ({"cookie": "sid=0123456789; theme=dark"},
             {"sid=0123456789; theme=dark", "theme=dark", "0123456789"}),
            ({"x-api-key": "k123"}, {"k123"}),
            ({"x-custom": "a-long-value"}, {"a-long-value"}),
            ({"x-custom": "Bearer zqTOKEN-1"}, {"Bearer zqTOKEN-1", "zqTOKEN-1"}),
            ({"x-custom": "words of a person"}, {"words of a person"}),
            ({"x-tenant": "acme"}, set()),
            ({"x-forwarded-host": "mcp.example.com"}, set()),
            ({"x-version": "2025-11-25"}, set()),
            ({"x-accepts": "application/json"}, set()),
            ({"x-page": "https://example.com/a"}, set()),
            ({"authorization": ""}, set()),
        ],
    )  # fmt: skip
    def test_values_and_the_credentials_in_them(self, headers: dict[str, str], secrets: set[str]) -> None:
        assert set(header_secrets(headers, ORIGIN)) == secrets


def test_keys_in_an_address_are_secrets_as_they_are_written_and_as_they_are_meant() -> None:
    endpoint = check_url(
        "https://example.com/mcp/0123456789abcdef0?token=a%2Fbcdefgh&page=2&key=list", allow_private=True
    )
    assert set(keys_in(endpoint)) == {"0123456789abcdef0", "a%2Fbcdefgh", "a/bcdefgh"}
