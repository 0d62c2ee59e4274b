"""One spelling per URL: what is checked is what is connected to."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_threat_model.guard.redact import redact_url
from mcp_threat_model.guard.url import check_url
from mcp_threat_scoring.errors import TargetError

LOOPBACK_SPELLINGS = [
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7F.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://１２７.０.０.１/", "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/", "http://127.0.0.1./", "HTTP://127.0.0.1/",
]  # fmt: skip
NO_ADDRESS = {
    "spaces": "https://exa mple.com/",
    "a tab": "https://example.com/\t",
    "a line break": "https://example.com/\r\nx: y",
    "a backslash": "https://example.com\\@evil.test/",
    "no host": "https:///mcp",
    "no scheme": "example.com/mcp",
    "a file": "file:///etc/passwd",
    "gopher": "gopher://example.com/",
    "a bad port": "https://example.com:99999/",
    "port zero": "https://example.com:0/",
    "a number too big": "http://256.256.256.256/",
    "five numbers": "http://1.2.3.4.5/",
    "a name that ends in a number": "http://example.1/",
    "octal nonsense": "http://0999.0.0.1/",
    "a signed number": "http://127.0.0.+1/",
    "an underscored number": "http://1_27.0.0.1/",
    "escapes in the host": "http://%31%32%37.0.0.1/",
    "a zone": "http://[fe80::1%25eth0]/",
    "broken brackets": "http://[::1/",
    "a future address": "http://[v1.fe80]/",
    "an empty label": "http://example..com/",
    "a label too long": f"http://{'a' * 64}.com/",
    "a forbidden character": "http://exam|ple.com/",
    "a slash that only looks it": "http://example.com／evil.test/",
    "too long": "https://example.com/" + "a" * 3000,
}


@pytest.mark.parametrize("url", LOOPBACK_SPELLINGS)
def test_every_spelling_of_loopback_is_loopback(url: str) -> None:
    with pytest.raises(TargetError) as refusal:
        check_url(url, allow_private=False)
    assert refusal.value.code == "blocked_address"
    allowed = check_url(url, allow_private=True)
    assert allowed.host in ("127.0.0.1", "::1", "::ffff:7f00:1", "::ffff:127.0.0.1")


@pytest.mark.parametrize("url", NO_ADDRESS.values(), ids=NO_ADDRESS)
def test_what_is_no_plain_web_address_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(TargetError) as refusal:
        check_url(url, allow_private=True)
    assert refusal.value.code == "blocked_address"
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize(
    "url", ["https://user:pa55@example.com/", "https://user@example.com/", "https://@example.com/"]
)
def test_userinfo_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(TargetError, match="user name") as refusal:
        check_url(url, allow_private=True)
    assert "pa55" not in refusal.value.message + refusal.value.hint


def test_a_name_is_not_judged_before_it_is_resolved() -> None:
    assert check_url("https://localhost/mcp", allow_private=False).address is None


def test_public_plain_http_is_a_target_that_the_user_may_name() -> None:
    assert check_url("http://example.com/mcp", allow_private=False).url == "http://example.com/mcp"


def test_plain_http_named_by_a_target_needs_consent() -> None:
    with pytest.raises(TargetError, match="plain http"):
        check_url("http://example.com/", allow_private=False, named_by="target")
    assert check_url("http://example.com/", allow_private=True, named_by="target").scheme == "http"
    assert check_url("https://example.com/", allow_private=False, named_by="target").scheme == "https"


def test_ports_of_other_protocols_are_for_users_who_allow_private_addresses() -> None:
    for allow_private, named_by in ((False, "user"), (False, "target"), (True, "target")):
        with pytest.raises(TargetError, match="port 25"):
            check_url("https://example.com:25/", allow_private=allow_private, named_by=named_by)  # type: ignore[arg-type]
    assert check_url("http://127.0.0.1:25/", allow_private=True).port == 25


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Example.COM:443", "https://example.com/"),
        ("https://example.com./mcp?a=1#part", "https://example.com/mcp?a=1"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://[2606:4700:0::1111]:8443/", "https://[2606:4700::1111]:8443/"),
        ("http://134744072/", "http://8.8.8.8/"),
    ],
)
def test_urls_have_one_spelling(url: str, canonical: str) -> None:
    assert check_url(url, allow_private=False).url == canonical


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_breaks_the_check(text: str) -> None:
    for url in (text, f"https://{text}/", f"http://example.com:{text}"):
        with suppress(TargetError):
            endpoint = check_url(url, allow_private=True)
            assert check_url(endpoint.url, allow_private=True) == endpoint, "a canonical URL is its own canonical form"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/mcp", "https://example.com/mcp"),
        ("https://example.com/mcp?api_key=SECRET&debug=1", "https://example.com/mcp?api_key=…&debug=…"),
        ("https://example.com/s/9f86d081884c7d659a2feaa0c55ad015/mcp", "https://example.com/s/…/mcp"),
        ("https://example.com/1c2d3e4f-0000-4000-8000-1234567890ab/sse", "https://example.com/…/sse"),
        ("https://example.com/streamable-http-2025-06-18", "https://example.com/streamable-http-2025-06-18"),
    ],
)
def test_secrets_in_addresses_are_not_shown(url: str, shown: str) -> None:
    assert redact_url(check_url(url, allow_private=False)) == shown
