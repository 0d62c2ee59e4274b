"""Which addresses are reached: public ones, unless the user allows more; some never."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_threat_model.guard.address import INSTANCE_METADATA, check_address, embedded_ipv4, scope_of
from mcp_threat_scoring.errors import TargetError

PRIVATE = [
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.1.1", "192.0.0.8", "192.0.2.1",
    "198.18.0.1", "198.51.100.7", "203.0.113.9", "240.0.0.1", "0.1.2.3", "192.88.99.1",
    "fe80::1", "fc00::1", "fd12:3456::1", "2001:db8::1", "2001:2::1", "3fff::1", "4000::1", "100::1", "5f00::1",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.255.255.254", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "2a00:1450::1"]
HIDING_PRIVATE = {
    "v4-mapped": "::ffff:10.0.0.1",
    "v4-compatible": "::10.0.0.1",
    "NAT64": "64:ff9b::a9fe:a9fe",
    "local NAT64": "64:ff9b:1::a00:1",
    "6to4": "2002:7f00:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "ISATAP": "2606:4700::5efe:a00:1",
    "ISATAP, universal": "2606:4700::200:5efe:10.0.0.1",
}


def ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)


@pytest.mark.parametrize("text", PRIVATE + LOOPBACK)
def test_what_is_not_public_is_refused_and_the_hint_names_the_switch(text: str) -> None:
    with pytest.raises(TargetError) as refusal:
        check_address(ip(text), allow_private=False)
    assert refusal.value.code == "blocked_address"
    assert "--allow-private-network" in refusal.value.hint


@pytest.mark.parametrize(("texts", "scope"), [(PRIVATE, "private"), (LOOPBACK, "loopback"), (PUBLIC, "public")])
def test_scopes(texts: list[str], scope: str) -> None:
    assert {text: scope_of(ip(text)) for text in texts} == dict.fromkeys(texts, scope)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_need_no_consent(text: str) -> None:
    assert check_address(ip(text), allow_private=False) == "public"


@pytest.mark.parametrize("text", HIDING_PRIVATE.values(), ids=HIDING_PRIVATE)
def test_an_ipv6_address_cannot_hide_a_private_ipv4_one(text: str) -> None:
    assert embedded_ipv4(ip(text))
    with pytest.raises(TargetError):
        check_address(ip(text), allow_private=False)


def test_an_ipv6_network_may_reach_public_ipv4_through_nat64_and_mapping() -> None:
    assert check_address(ip("64:ff9b::808:808"), allow_private=False) == "public"
    assert check_address(ip("::ffff:8.8.8.8"), allow_private=False) == "public"


def test_6to4_and_teredo_are_not_public_even_around_public_addresses() -> None:
    assert scope_of(ip("2002:808:808::1")) == "private"


@pytest.mark.parametrize("text", [*PRIVATE, *LOOPBACK])
def test_the_user_may_allow_private_addresses(text: str) -> None:
    assert check_address(ip(text), allow_private=True) in ("private", "loopback")


@pytest.mark.parametrize("text", ["224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255", "::ffff:224.0.0.1"])
def test_multicast_and_broadcast_are_never_reached(text: str) -> None:
    with pytest.raises(TargetError):
        check_address(ip(text), allow_private=True)


@pytest.mark.parametrize("address", sorted(INSTANCE_METADATA, key=str), ids=str)
def test_credential_services_are_reached_only_when_the_user_names_them(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    with pytest.raises(TargetError, match="not reached by default") as caught:
        check_address(address, allow_private=False)
    assert "--allow-private-network" in caught.value.hint
    with pytest.raises(TargetError, match="credentials") as caught:
        check_address(address, allow_private=True, named_by_target=True)
    assert not caught.value.hint, "nothing makes it be reached"
    check_address(address, allow_private=True)


def test_a_mapped_credential_service_is_one_too() -> None:
    with pytest.raises(TargetError, match="credentials"):
        check_address(ip("::ffff:169.254.169.254"), allow_private=True, named_by_target=True)


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_our_ipv4_table_is_never_laxer_than_the_standard_library(address: ipaddress.IPv4Address) -> None:
    if scope_of(address) == "public":
        assert address.is_global
        assert not address.is_multicast


@settings(deadline=None)
@given(st.ip_addresses(v=6))
def test_our_ipv6_table_is_never_laxer_than_the_standard_library(address: ipaddress.IPv6Address) -> None:
    if scope_of(address) == "public" and address.ipv4_mapped is None and not embedded_ipv4(address):
        assert address.is_global


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_address_it_maps(address: ipaddress.IPv4Address) -> None:
    assert scope_of(ip(f"::ffff:{address}")) == scope_of(address)
