"""Names of variables, headers and arguments tell secrets from OAuth settings and configuration."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.facts.credential import credential_kind, declared_auth

SECRETS = [
    "API_KEY",
    "SHOP_API_KEY",
    "apiKey",
    "--api-key",
    "SHOP_TOKEN",
    "DISCORD_BOT_TOKEN",
    "GITHUB_PERSONAL_ACCESS_TOKEN",
    "CDATA_PAT",
    "HUB_PAT_TOKEN",
    "DB_PASSWORD",
    "REDIS_PWD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "LARA_ACCESS_KEY_SECRET",
    "OKTA_PRIVATE_KEY",
    "MDB_MCP_CONNECTION_STRING",
    "DATABASE_URL",
    "POSTGRES_URL",
    "MONGODB_URI",
    "LINKEDIN_COOKIE",
    "STRIPE_SECRET_KEY",
    "PICA_SECRET",
    "DESCOPE_MANAGEMENT_KEY",
    "APITOKEN",
    "PROXMOX_TOKEN_VALUE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "APOLLO_KEY",
    "SENTRY_DSN",
    "Authorization",
    "X-Api-Key",
    "X-Auth-Token",
    "Cookie",
    "uberall.access_token",
]
OAUTH = [
    "OAUTH_CLIENT_ID",
    "CLIENT_SECRET",
    "AZURE_CLIENT_ID",
    "REDIRECT_URI",
    "SHOP_REFRESH_TOKEN",
    "TOKEN_URL",
    "OIDC_ISSUER",
]
PLAIN = [
    "NODE_ENV",
    "TZ",
    "AWS_REGION",
    "AWS_PROFILE",
    "SHOP_URL",
    "LOG_LEVEL",
    "MAX_TOKENS",
    "NEO4J_RESPONSE_TOKEN_LIMIT",
    "TOKEN_LIMIT",
    "KEY",
    "API_KEY_FILE",
    "SECRET_NAME",
    "PUBLIC_KEY",
    "PRIMARY_KEY",
    "PROJECT_KEY",
    "X-Request-Id",
    "Content-Type",
    "KEYBOARD_LAYOUT",
    "MONKEY",
    "SSL_KEYFILE",
    "TOKENIZER",
    "PATH",
    "PASSENGER_COUNT",
]


class TestCredentialKind:
    @pytest.mark.parametrize("name", SECRETS)
    def test_secrets(self, name: str) -> None:
        assert credential_kind(name) == "secret"

    @pytest.mark.parametrize("name", OAUTH)
    def test_oauth_settings(self, name: str) -> None:
        assert credential_kind(name) == "oauth"

    @pytest.mark.parametrize("name", PLAIN)
    def test_configuration(self, name: str) -> None:
        assert credential_kind(name) == "config"

    def test_the_packages_own_word_counts(self) -> None:
        assert credential_kind("SHOP_IDENTIFIER", declared_secret=True) == "secret"


class TestDeclaredAuth:
    def test_a_clients_configuration_marks_nothing_so_names_decide(self) -> None:
        found = declared_auth(["SHOP_URL", "SHOP_API_KEY"])
        assert (found.kind, found.secrets, found.unmarked) == ("secret", ("SHOP_API_KEY",), ())

    def test_a_format_that_can_mark_is_taken_at_its_word_and_its_silence_is_told(self) -> None:
        found = declared_auth(["SHOP_URL", "SHOP_API_KEY"], marks=True)
        assert (found.kind, found.unmarked) == ("none", ("SHOP_API_KEY",))

    def test_a_mark_beats_an_innocent_name(self) -> None:
        found = declared_auth(["SHOP_IDENTIFIER"], marked=["SHOP_IDENTIFIER"], marks=True)
        assert (found.kind, found.secrets, found.unmarked) == ("secret", ("SHOP_IDENTIFIER",), ())

    def test_a_client_secret_is_handed_over_like_any_other(self) -> None:
        found = declared_auth(["SHOP_CLIENT_ID", "SHOP_CLIENT_SECRET"])
        assert (found.kind, found.secrets) == ("secret", ("SHOP_CLIENT_SECRET",))
        assert found.oauth == ("SHOP_CLIENT_ID", "SHOP_CLIENT_SECRET")

    def test_a_client_id_alone_is_oauth(self) -> None:
        assert declared_auth(["SHOP_CLIENT_ID"]).kind == "oauth"

    def test_a_declared_flow_is_oauth_even_beside_a_key(self) -> None:
        assert declared_auth(["SHOP_API_KEY"], marked=["SHOP_API_KEY"], marks=True, flow=True).kind == "oauth"

    def test_nothing_asked_for(self) -> None:
        assert declared_auth(["TZ", "LOG_LEVEL"]).kind == "none"
