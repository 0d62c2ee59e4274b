"""What a file declares: told apart value by value, and never told."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.declared import SLOW_HASHES, THE_REST, Declared

SECRET = "hunter2-hunter2"
ENTRY = {"command": "npx", "args": ["-y", "shop"], "env": {"TOKEN": SECRET, "TZ": "UTC"}, "cwd": "/srv"}


def hashes(entry, target="config:cursor/shop", **how) -> dict[str, str]:
    return dict(Declared(entry, **how).hashes(target))


def test_each_value_has_the_name_that_it_has_in_the_file():
    assert sorted(hashes(ENTRY, secret=True)) == ["args", "command", "cwd", "env.TOKEN", "env.TZ"]
    assert list(hashes({"packages": [{"identifier": "shop", "transport": {"type": "stdio"}}]})) == [
        "packages.0.identifier",
        "packages.0.transport.type",
    ]


@pytest.mark.parametrize("secret", [True, False])
def test_a_value_that_changes_changes_its_hash_alone(secret):
    before = hashes(ENTRY, secret=secret)
    after = hashes({**ENTRY, "env": {"TOKEN": SECRET + ".", "TZ": "UTC"}}, secret=secret)

    assert [name for name in before if before[name] != after[name]] == ["env.TOKEN"]


def test_equal_secrets_have_other_hashes_under_other_names_and_in_other_entries():
    one = hashes({"env": {"A": SECRET, "B": SECRET}}, secret=True)
    other = hashes({"env": {"A": SECRET}}, "config:cursor/till", secret=True)

    assert len({*one.values(), *other.values()}) == 3


def test_nothing_but_hashes_comes_out():
    assert SECRET not in repr(Declared(ENTRY, secret=True))
    assert SECRET not in str(hashes(ENTRY, secret=True))


def test_of_very_many_values_the_last_share_one_hash():
    many = {f"K{n:03}": n for n in range(100)}
    before, after = hashes({"env": many}, secret=True), hashes({"env": {**many, "K099": ""}}, secret=True)

    assert len(before) == SLOW_HASHES + 1
    assert [name for name in before if before[name] != after[name]] == [THE_REST]


def test_empty_things_and_nameless_members_count():
    assert list(hashes({"": 1, "env": {}, "args": []})) == ["", "args", "env"]
    assert hashes({}) == {}
