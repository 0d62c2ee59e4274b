"""No payload comes through from the files of a project: its lock, its policy, its rules.

Whoever proposes a change can write them, and they are read before anybody looked. What counts as coming through is what
counts for a manifest: see :mod:`test_no_payload_survives`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from tests.test_no_payload_survives import PAYLOADS, acts, available, leaks

from mcp_threat_model.cli import main
from mcp_threat_model.lock_file import read_lock
from mcp_threat_model.mcp_server import build_server
from mcp_threat_model.policy_file import read_policy
from mcp_threat_scoring.errors import UsageError

LOCK = Path("mcp-threat-model.lock.json")
POLICY = Path("mcp-threat-model.yaml")
SHOP = {"tools": [{"name": "get_order", "description": "Get an order."},
                  {"name": "delete_order", "description": "Delete an order for good."}]}  # fmt: skip
CHOSEN = {"auth_requirement", "auth_breadth", "profile", "severity", "verdict", "effect"}
"""Members that may only be one of a few words."""
DEMO = '\x1b[31m<img src=x onerror=alert(1)>\u202e[x](javascript:alert(1)) <script>fetch("x")</script>'


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """A project with a server that is locked; its lock."""
    monkeypatch.chdir(tmp_path)
    Path("shop.json").write_text(json.dumps(SHOP))
    assert main(["lock", "shop.json"]) == 0
    capsys.readouterr()
    lock: dict[str, Any] = json.loads(LOCK.read_text())
    return lock


def planted(value: Any, text: str, name: str = "") -> Any:
    """The value with the text in the place of every string that may be any, and of every key that may."""
    if isinstance(value, dict):
        inside = {key: planted(one, text, key) for key, one in value.items()}
        return {text: next(iter(inside.values()), "0" * 32)} if name in ("tools", "prompts", "resources") else inside
    if isinstance(value, list):
        return [text, f"{text}2"]
    return text if isinstance(value, str) and name not in CHOSEN else value


def damaged(value: Any, text: str) -> Iterator[Any]:
    """The value with the text once in the place of each member that may not hold it, and as a key beside them."""
    if not isinstance(value, dict):
        return
    if "shop.json" not in value:
        yield {**value, text: 1}
    for key, one in value.items():
        yield {**value, key: text if key in CHOSEN or not isinstance(one, str) else [text]}
        yield from ({**value, key: inner} for inner in damaged(one, text))


def write(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command; what it said, on both outputs."""

    def run(*words: str) -> str:
        capsys.readouterr()
        code = main(list(words))
        told = capsys.readouterr()
        said = told.out + told.err
        assert code != 1, said
        assert "Traceback" not in said
        return said

    return run


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_word_of_a_lock_comes_through(base: dict[str, Any], run: Callable[..., str], name: str) -> None:
    text = PAYLOADS[name].encode("utf-8", "replace").decode()
    entry = planted(base["servers"]["shop.json"], text)
    LOCK.write_text(
        json.dumps({**base, "servers": {"shop.json": {**entry, "transport": "http", "whole": "", "target_sha256": ""}}})
    )
    for form in available():
        said = run("check", "--format", form)
        assert "change.server_renamed" in said or "calls itself something else" in said
        assert not list(leaks(said, name)), (form, said)


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_label_of_a_lock_comes_through(base: dict[str, Any], run: Callable[..., str], name: str) -> None:
    text = PAYLOADS[name].encode("utf-8", "replace").decode()
    servers = {text: base["servers"]["shop.json"]}
    LOCK.write_text(json.dumps({**base, "servers": servers}))
    for form in available():
        said = run("check", "--format", form)
        assert not list(of_label(said, name)), (form, said)
    assert not list(of_label(run("lock", "--add", "shop.json"), name))


def of_label(said: str, name: str) -> Iterator[str]:
    """What of a payload in the place of a label came through. A single word may be a path, and is told as one."""
    return leaks(said, name) if " " in PAYLOADS[name] else acts(said)


def test_a_locked_file_by_an_odd_name_is_checked_and_named_harmlessly(
    base: dict[str, Any], run: Callable[..., str]
) -> None:
    odd = "<img src=x onerror=alert(1)> .json"
    Path(odd).write_text(json.dumps({"tools": SHOP["tools"][:1]}))
    LOCK.write_text(json.dumps({**base, "servers": {odd: base["servers"]["shop.json"]}}))
    for form in available():
        said = run("check", "--format", form)
        assert "delete_order" in said
        assert "<img src=x" not in said


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_fault_of_a_lock_repeats_it(base: dict[str, Any], run: Callable[..., str], name: str) -> None:
    text = PAYLOADS[name].encode("utf-8", "replace").decode()
    for broken in damaged(base, text):
        LOCK.write_text(json.dumps(broken))
        with pytest.raises(UsageError) as caught:
            read_lock(LOCK)
        assert not list(leaks(str(caught.value), name)), caught.value
        assert len(str(caught.value)) < 500
    assert not list(leaks(run("check"), name))


@pytest.mark.parametrize("name", PAYLOADS)
async def test_no_word_of_a_lock_comes_through_to_an_assistant(base: dict[str, Any], name: str) -> None:
    text = PAYLOADS[name].encode("utf-8", "replace").decode()
    entry = {**planted(base["servers"]["shop.json"], text), "transport": "http", "whole": "", "target_sha256": ""}
    locks = [{"shop.json": entry}, {text: base["servers"]["shop.json"]}, {"shop.json": {**entry, text: 1}},
             {"shop.json": {**entry, "severity": text}}]  # fmt: skip
    async with Client(build_server()) as client:
        for servers in locks:
            write(LOCK, json.dumps({**base, "servers": servers}))
            answer = await client.call_tool("check_changes", {})
            said = " ".join(getattr(block, "text", "") for block in answer.content)
            for output in (said, json.dumps(answer.structured_content, ensure_ascii=False)):
                assert not list(of_label(output, name) if text in servers else leaks(output, name)), output
    assert not answer.is_error or "not a lock file" in said


def test_what_is_shown_of_a_lock_is_short_and_what_is_compared_is_not(
    base: dict[str, Any], run: Callable[..., str]
) -> None:
    entry = base["servers"]["shop.json"]
    entry.update(url="https://a.example/" + "x" * 100_000, version="1" * 100_000, whole="")
    LOCK.write_text(json.dumps(base))
    said = run("check")
    assert "The server is reached another way" in said
    assert len(said) < 2_000

    entry.update(url="", version="", env_names=["\x1b[31mKEY"])
    LOCK.write_text(json.dumps(base))
    said = run("check")
    assert "Gone: `␛［31mKEY`" in said
    assert "\x1b" not in said


def test_a_score_that_is_none_is_no_lock(base: dict[str, Any], run: Callable[..., str]) -> None:
    base["servers"]["shop.json"]["score"] = -1e308
    LOCK.write_text(json.dumps(base))
    assert "not a lock file" in run("check")


def policies(text: str) -> Iterator[Any]:
    good = {"rule": text[:300], "server": text[:300], "tool": text[:300], "reason": text, "until": "2001-01-01"}
    known = {"rule": "*", "reason": text, "until": "2999-01-01"}
    yield {"version": 1, "servers": [text[:300]], "accept": [good, {**good, "server": "*", "tool": "*"}]}
    yield {"version": 1, "accept": [known]}
    yield {"version": 1, text: 1}
    yield {"version": 1, "fail_at": text, "thresholds": {"score": text, text: text}, "servers": text}
    yield {"version": text, "accept": [{**good, "until": text}, {**good, text: text}, text]}
    yield {"version": 1, "accept": {text: {text: text}}}


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_word_of_a_policy_comes_through(base: dict[str, Any], run: Callable[..., str], name: str) -> None:
    text = PAYLOADS[name].encode("utf-8", "replace").decode()
    for policy in policies(text):
        POLICY.write_text(json.dumps(policy))
        for form in ("text", "json", "sarif"):
            said = run("scan", "shop.json", "--format", form)
            assert "policy mcp-threat-model.yaml" in said or "the policy is wrong" in said
            # A reason is told whole in SARIF, as prose by whoever accepted a finding; it acts nowhere.
            assert not list(acts(said) if form == "sarif" else leaks(said, name)), (policy, form, said)
            if "the policy is wrong" in said:
                break  # before anything is read, and so in no format
    assert not list(leaks(run("check"), name))


@pytest.mark.parametrize("text", [*PAYLOADS.values(), DEMO], ids=[*PAYLOADS, "demo"])
@pytest.mark.parametrize(
    "written",
    [
        "version: 1\nfail_at: !{tag} x\n", "{quoted}: 1\n{quoted}: 1\n", "version: 1\n? [{quoted}]\n: 1\n",
        "version: 1\n{quoted}: *{tag}\n", "version: 1\n{raw}\n",
    ],
)  # fmt: skip
def test_no_fault_of_yaml_repeats_it(tmp_path: Path, text: str, written: str) -> None:
    tag = "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "replace"))
    raw = text.encode("utf-8", "replace").decode()
    path = tmp_path / "policy.yaml"
    path.write_text(written.format(tag=tag, quoted=json.dumps(raw), raw=raw), encoding="utf-8")
    said = ""
    try:
        read_policy(path, "policy.yaml")  # some payloads are comments
    except UsageError as error:
        said = str(error)
    name = next((one for one, given in PAYLOADS.items() if given == text), "plain")
    assert not list(leaks(said, name)), said


def rules(text: str) -> Iterator[dict[str, Any]]:
    good = {"id": "own.rule", "title": "Own", "over": "tools", "match": {"field": "name", "regex": "x"}}
    yield {**good, text: 1}
    yield {**good, "over": text, "polarity": text, "match": {text: text}}
    yield {**good, "id": text}
    for match in ({"field": text, "regex": "x"}, {"fact": text}, {"signal": text}, {"ability": text}, {"domain": text},
                  {"field": "name", "regex": f"({text}"}):  # fmt: skip
        yield {**good, "match": match}
    yield {**good, "suggests": {text: 1.0}}


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_word_of_a_rule_comes_through(base: dict[str, Any], run: Callable[..., str], name: str) -> None:
    text = PAYLOADS[name].encode("utf-8", "replace").decode()
    Path("rules").mkdir()
    for rule in rules(text):
        Path("rules/own.rule.yaml").write_text(json.dumps(rule))
        said = run("scan", "shop.json", "--rules", "rules")
        assert "own.rule.yaml" in said
        assert not list(leaks(said, name)), (rule, said)
