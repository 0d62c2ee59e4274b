"""Servers that want credentials first: what shows all the same is told, in the error or in the report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from mcp import Client

from mcp_threat_model.commands.delivery import deliver
from mcp_threat_model.mcp_server import build_server
from mcp_threat_model.outcome import Outcome
from mcp_threat_model.reading import ScanOptions
from mcp_threat_model.scan import scan
from mcp_threat_model.serving.access import Access
from mcp_threat_model.source.forms.address import HttpTarget
from mcp_threat_scoring.report import ErrorOut, Report

sys.path.insert(0, str(Path(__file__).parents[1] / "targets"))
from http_target import Handler, Reply, Request, honest, open_metadata, refusing, serve

PRM = "/.well-known/oauth-protected-resource/mcp"
ASM = "/.well-known/oauth-authorization-server"
ELSEWHERE = "https://elsewhere.example"
PLAIN_HTTP = "the way to log in leads over plain http (high, auth.plain_http_issuer)"
"""Every server here is reached over plain http."""


def metadata(base: str, *, resource: Mapping[str, object] | None = None, server: Mapping[str, object] | None = None):
    """Good documents of both kinds, before what is given for either."""
    return {
        PRM: {
            "resource": f"{base}/mcp", "authorization_servers": [base], "scopes_supported": ["orders:read"],
            **(resource or {}),
        },
        ASM: {
            "issuer": base, "authorization_endpoint": f"{base}/a", "token_endpoint": f"{base}/t",
            "code_challenge_methods_supported": ["S256"], **(server or {}),
        },
    }  # fmt: skip


async def scanned(make: Callable[[str], Handler], headers: Mapping[str, str] | None = None) -> Outcome:
    """One scan of a server that is made with its own address."""
    options = ScanOptions(allow_private_network=True, headers=headers or {})
    async with serve(honest) as target:
        target.handler = make(target.url(""))
        [outcome] = await scan([HttpTarget(target.url())], options)
    assert outcome.fault is None
    return outcome


async def refused(challenge: str = "Bearer", headers: Mapping[str, str] | None = None, **documents: object) -> ErrorOut:
    result = (
        await scanned(lambda base: open_metadata(metadata(base, **documents), refusing(challenge)), headers)
    ).result
    assert isinstance(result, ErrorOut)
    assert result.code == "auth_required"
    return result


class TestNobodyIsLetIn:
    @pytest.mark.parametrize(
        ("documents", "fault"),
        [
            (
                {"server": {"code_challenge_methods_supported": ["plain"]}},
                "the authorization server does not announce PKCE with S256 (medium, auth.no_pkce)",
            ),
            (
                {"server": {"issuer": ELSEWHERE}},
                "the authorization server's description names another issuer (high, auth.issuer_mismatch)",
            ),
            (
                {"resource": {"resource": f"{ELSEWHERE}/mcp"}},
                "the login description is about another resource (medium, auth.resource_mismatch)",
            ),
            (
                {"resource": {"scopes_supported": ["admin:*"]}},
                "callers are asked for an administrator's scope (medium, auth.scope_admin)",
            ),
        ],
    )
    async def test_what_is_wrong_with_the_way_to_log_in_is_in_the_error(
        self, documents: dict[str, object], fault: str
    ) -> None:
        error = await refused(**documents)
        assert ". Seen to be wrong already: " in error.message
        assert fault in error.message

    async def test_the_gravest_comes_first(self) -> None:
        error = await refused(server={"code_challenge_methods_supported": []})
        _, _, faults = error.message.partition("Seen to be wrong already: ")
        assert [one.partition(" (")[2] for one in faults.rstrip(".").split("; ")] == [
            "high, auth.plain_http_issuer)",
            "medium, auth.no_pkce)",
        ]

    async def test_of_a_good_one_nothing_else_is_said(self) -> None:
        error = await refused()
        assert error.message.endswith(f". Seen to be wrong already: {PLAIN_HTTP}.")
        bare = (await scanned(lambda _: open_metadata({}, refusing()))).result
        assert isinstance(bare, ErrorOut)
        assert bare.message == "it requires authentication (HTTP 401)."

    async def test_scopes_that_reach_far_are_named(self) -> None:
        error = await refused('Bearer scope="repo read:org"', server={"scopes_supported": ["admin:*"]})
        assert "; broad scopes: `repo`." in error.message, "what the server offers besides is asked of nobody"
        assert "; admin scopes: `*`." in (await refused('Bearer scope="*"')).message

    async def test_names_of_scopes_are_inert_and_few(self) -> None:
        names = [f"<b>admin{number}:*\u202e" for number in range(400)]
        message = (await refused(resource={"scopes_supported": names})).message
        assert not {"<", ">", "\u202e"} & set(message)
        assert len(message) < 1_500

    async def test_credentials_that_are_not_taken_hide_nothing(self) -> None:
        error = await refused(headers={"Authorization": "Bearer CANARY-TOKEN"}, server={"issuer": ELSEWHERE})
        assert error.message.startswith("it did not accept the credentials given")
        assert "auth.issuer_mismatch" in error.message
        assert "CANARY-TOKEN" not in error.message

    @pytest.mark.parametrize("tool", ["score_agent", "inspect_server_manifest", "list_maestro_threats"])
    async def test_the_tools_say_the_same(self, tool: str) -> None:
        server = build_server(Access(options=ScanOptions(allow_private_network=True)))
        async with serve(honest) as target, Client(server) as client:
            documents = metadata(target.url(""), server={"issuer": ELSEWHERE})
            target.handler = open_metadata(documents, refusing('Bearer scope="repo"'))
            answer = await client.call_tool(tool, {"target": target.url()})
        assert answer.is_error
        [said] = answer.content
        assert "auth_required: it requires authentication" in said.text
        assert "broad scopes: `repo`. Seen to be wrong already: " in said.text
        assert "auth.issuer_mismatch" in said.text


def behind_a_login(status: int) -> Handler:
    """The handshake is for everybody, the tools are not."""

    def handler(request: Request) -> Reply:
        return Reply(status, {"www-authenticate": "Bearer"}) if request.rpc == "tools/list" else honest(request)

    return open_metadata({}, handler)


@pytest.mark.parametrize("status", [401, 403])
class TestOnlyTheToolsAreKept:
    async def report(self, status: int, headers: Mapping[str, str] | None = None) -> Report:
        result = (await scanned(lambda _: behind_a_login(status), headers)).result
        assert isinstance(result, Report)
        return result

    async def test_that_credentials_are_needed_is_observed_with_evidence(self, status: int) -> None:
        report = await self.report(status)
        assert report.auth.requirement == "required"
        assert "list.locked" in [one.rule_id for one in report.auth.evidence]
        assert f"it answered {status} to tools/list" in report.coverage["tools"].reason
        assert report.coverage["tools"].reason.startswith("needs credentials")

    async def test_to_ask_for_a_login_is_no_fault(self, status: int) -> None:
        assert "proto.wrong_answers" not in [finding.rule_id for finding in (await self.report(status)).findings]

    async def test_it_is_attacked_over_the_network_and_is_no_program(self, status: int) -> None:
        report = await self.report(status)
        for profile in (report.aivss, report.aivss.other_profile):
            assert "/AV:N/" in profile.cvss.vector
            assert profile.range.low < profile.score < profile.range.high

    async def test_summary_and_verdict_say_what_to_do(self, status: int) -> None:
        report = await self.report(status)
        assert "it shows its tools only to callers with credentials" in report.summary
        assert "--header" in report.summary
        assert "how it is started" not in report.summary
        assert report.verdict.decision == "review"
        assert "--header" in report.verdict.reasons[0]

    async def test_who_gave_some_needs_others(self, status: int) -> None:
        report = await self.report(status, {"Authorization": "Bearer weak"})
        assert "only to callers with other credentials than were given" in report.summary
        assert "scan it again with other credentials" in report.verdict.reasons[0]

    async def test_standard_error_says_it_too(self, status: int, capsys: pytest.CaptureFixture[str]) -> None:
        outcome = await scanned(lambda _: behind_a_login(status))
        assert deliver([outcome], "json") == 0
        assert f"its tools were not read: {outcome.result.coverage['tools'].reason}" in capsys.readouterr().err
