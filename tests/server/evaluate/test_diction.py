"""Learning what single words say of tools, on a handful of servers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from mcp_threat_model.evaluate import diction
from mcp_threat_model.evaluate.diction import Made, fit_diction, learn, made_up, told
from mcp_threat_scoring.diction.learned import Diction
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.structs import replace

SERVERS = 30


def tools() -> list[Made]:
    """On every server one tool that pours and one that counts, of which no rule knows anything."""
    return [
        Made("a", f"a/{number}", {f"n:{verb}", "n:batch", f"n:own{number}"}, frozenset(truth), {"write": 0.0})
        for number in range(SERVERS)
        for verb, truth in (("pour", ("write",)), ("count", ()))
    ]


def test_words_are_learned_and_names_of_one_server_are_not() -> None:
    document, [found] = learn(tools(), ["write", "fs.read"])
    assert document.questions == ["write"], "fs.read is met nowhere"
    assert document.weights.keys() == {"n:batch", "n:count", "n:pour"}
    [pours], [counts] = (Diction(lambda: document).odds({f"n:{verb}"}) for verb in ("pour", "count"))
    assert pours > 0 > counts
    assert found.alone == (SERVERS, SERVERS, 0)
    assert found.beside == (SERVERS, 0, 0), "by weights that its server had no part in"


def test_an_author_s_file_is_read_as_servers(tmp_path: Path) -> None:
    rows = [
        {"name": "kettle_pour", "description": "Pours.", "arguments": {"batch": "which", "how": ["slowly", "fast"]},
         "effect": "destructive", "abilities": ["none"]},
        {"name": "kettle_list", "description": "Lists.", "arguments": {}, "effect": "read", "abilities": ["fs.read"]},
        {"name": "kettle_show", "description": "Shows.", "arguments": {}, "effect": "read", "abilities": ["none"]},
    ]  # fmt: skip
    (tmp_path / "tools-1.jsonl").write_text(json.dumps({"server": "brewery", "tools": rows}), encoding="utf-8")
    pours, lists, _ = made_up(tmp_path, default_ruleset())
    assert (pours.author, pours.server) == ("tools-1", "tools-1/brewery")
    assert pours.truth >= {"write", "destructive"}
    assert lists.truth == {"fs.read"}
    assert {"n:pour", "p:batch", "e:fast"} <= pours.noticed
    assert "n:kettle" not in pours.noticed, "what all names begin with says nothing of one"
    assert lists.given["write"] < 0


def test_the_fit_writes_the_model_and_tells_how_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (tmp_path / "tests" / "labelled").mkdir(parents=True)
    monkeypatch.setattr(diction, "made_up", lambda *_: iter(tools()))
    say = io.StringIO()
    fit_diction(replace(default_ruleset(), root=rules), say)
    assert json.loads((rules / "diction.json").read_text(encoding="utf-8"))["questions"] == ["write"]
    assert "write            0.500 1.000 | 1.000 1.000" in say.getvalue()


def test_without_tools_the_model_stays_as_it_is(tmp_path: Path) -> None:
    say = io.StringIO()
    fit_diction(replace(default_ruleset(), root=tmp_path / "rules"), say)
    assert "left as it is" in say.getvalue()
    assert told([]).count("\n") == 1
