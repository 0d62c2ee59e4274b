"""Real-looking credentials are told from placeholders, and never shown whole."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.facts.leak import credential_in, is_placeholder, redact

# Put together from pieces, so that no scanner takes this file for a leak.
MIX = "Q3eGwR7tYu1oPa5sDf9hJkL2zXcV8bNm4QwErTyUi0p"
REAL = {
    "AWS": "AKIA" + "Q3EGWRTYUIOPASDF",
    "GitHub": "ghp_" + MIX[:36],
    "GitLab": "glpat-" + MIX[:20],
    "Slack": "xoxb-" + MIX[:24],
    "Google": "AIza" + MIX[:35],
    "OpenAI": "sk-proj-" + MIX[:40],
    "Stripe": "sk_live_" + MIX[:24],
    "JWT": "eyJ" + MIX[:12] + ".eyJ" + MIX[12:24] + "." + MIX[:20],
    "URL": "postgres://shop:" + "h7Gd-92kQz" + "@db.internal/shop",
    "PEM": "-----BEGIN RSA PRIVATE " + "KEY-----",
}
NONE = [
    "", "short", "AKIAIOSFODNN7EXAMPLE", "sk-your-api-key-goes-here-0123456789abcdef", "ghp_" + "x" * 36,
    "postgres://user:password@localhost/db", "postgres://${USER}:${PASSWORD}@host/db", "https://api.example.com/v1/items",
    "550e8400-e29b-41d4-a716-446655440000", "2f7c1a9e" * 8, "sk_test_" + MIX[:24],
]  # fmt: skip


class TestCredentialIn:
    @pytest.mark.parametrize("value", REAL.values(), ids=REAL)
    def test_formats_that_issuers_document(self, value: str) -> None:
        assert credential_in(f"key: {value}")

    @pytest.mark.parametrize("value", NONE)
    def test_placeholders_ids_and_addresses_are_none(self, value: str) -> None:
        assert credential_in(value) == ""

    def test_a_long_text_is_read_only_so_far(self) -> None:
        assert credential_in(" " * 5_000 + REAL["AWS"]) == ""


class TestRedact:
    @pytest.mark.parametrize("value", REAL.values(), ids=REAL)
    def test_only_the_beginning_is_shown(self, value: str) -> None:
        assert value[4:12] not in redact(value)


class TestIsPlaceholder:
    @pytest.mark.parametrize("value", ["YOUR_API_KEY", "changeme", "xxxxxxxx", "key-0000000000", "<placeholder>"])
    def test_words_that_stand_for_a_key(self, value: str) -> None:
        assert is_placeholder(value)
