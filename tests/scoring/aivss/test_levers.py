"""Range and levers, and the laws of the whole score: more power never scores less, more certainty never widens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mcp_threat_scoring.aivss.atoms import Atoms
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.score import score
from mcp_threat_scoring.aivss.world import World
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED
from mcp_threat_scoring.picture import Picture, paint
from mcp_threat_scoring.report_score import AivssOut, AivssProfileOut, ProfileId
from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.rulebook.documents import rules_dir
from mcp_threat_scoring.rulebook.rule import FactTest
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.rulebook.signal_rule import SignalRule

Fake = Callable[..., Picture]
Tool = Callable[..., Any]
UNKNOWN = {"auth.requirement": "unknown", "transport.kind": "none", "transport.scope": "unknown"}
BOTH: tuple[ProfileId, ...] = ("graded", "owasp-0.8")
ABILITIES = (
    "process.exec", "code.eval", "fs.read", "fs.write", "net.fetch", "net.send", "db.query", "secrets.read", "browser",
    "money.move", "identity.admin", "memory.write", "untrusted.read", "deploy",
)  # fmt: skip
SIGNALS = ("tool.proxy", "tool.signing_key", "schema.user_param", "tool.model_call")
lasting = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
painting = settings(deadline=None, max_examples=20)  # reads manifests with the real rules


class TestLevers:
    def test_denying_the_tools_that_destroy_is_tried_and_recomputed(
        self, fake: Fake, tool: Tool, writing: Tool, destroying: Tool
    ) -> None:
        tools = [
            tool("read_note", domains=("notes",)),
            writing("add_note", domains=("notes",)),
            destroying("drop_note"),
        ]
        found = score(fake(tools), "graded")
        lever = next(one for one in found.levers if "`drop_note`" in one.change and "add_note" not in one.change)

        assert lever.change == "Deny the tool that can delete, overwrite or undo: `drop_note`"
        assert lever.score_after == score(fake(tools[:2]), "graded").score < found.score

    def test_the_best_comes_first_and_every_one_helps(self, fake: Fake, destroying: Tool, writing: Tool) -> None:
        found = score(
            fake(
                [destroying(domains=("billing",)), writing(abilities=("process.exec",), signals=("tool.free_command",))]
            ),
            "graded",
        )
        after = [one.score_after for one in found.levers]

        assert after == sorted(after)
        assert 0 < len(after) <= 5
        assert all(one < found.score for one in after)

    def test_several_tools_are_counted_and_listed(self, fake: Fake, writing: Tool) -> None:
        found = score(fake([writing(f"set_{name}", domains=("notes",)) for name in "abcdef"]), "graded")

        assert any(
            one.change == "Deny the six tools that can change anything: `set_a`, `set_b` and four more"
            for one in found.levers
        )

    def test_an_open_door_can_be_shut(self, fake: Fake, writing: Tool) -> None:
        picture = fake([writing(domains=("notes",))], facts={"auth.requirement": "none"})
        shut = score(fake([writing(domains=("notes",))], facts={"auth.requirement": "required"}), "graded")
        lever = next(one for one in score(picture, "graded").levers if one.change == "Require callers to sign in")

        assert lever.score_after == pytest.approx(shut.score, abs=0.1)

    def test_a_narrow_token_is_only_advised_where_there_is_a_credential(self, fake: Fake, writing: Tool) -> None:
        def advised(*signals: str) -> bool:
            levers = score(fake([writing(domains=("notes",))], facts=UNKNOWN, signals=signals), "graded").levers
            return any(one.change.startswith("Use a token") for one in levers)

        assert advised("auth.credential")
        assert not advised()

    def test_what_a_lever_denies_is_what_the_table_names(self) -> None:
        """A tool that only probably has an ability does not make the score, and is named with those that do."""
        ruleset = default_ruleset()
        script = {"properties": {"command": {"type": "string"}}}
        documents = [
            {"name": "run_command", "description": "Run a shell command.", "inputSchema": script},
            {"name": "update_note", "description": "Update a note."},
            {"name": "update_page", "description": "Update a page."},
        ]
        painted = _painted(documents, ruleset)
        probable = replace(painted.tools[1], abilities={"process.exec": 0.6})
        found = score(replace(painted, tools=(painted.tools[0], probable, painted.tools[2])), "graded")

        assert any(
            one.change == "Deny the two tools that can run code or commands: `run_command` and `update_note`"
            for one in found.levers
        )

    def test_a_program_that_runs_commands_can_be_sandboxed(self, fake: Fake, destroying: Tool) -> None:
        runs = destroying(abilities=("process.exec",), signals=("tool.exec", "tool.free_command"))

        def advised(kind: str, *signals: str) -> bool:
            levers = score(fake([runs], facts={"transport.kind": kind}, signals=signals), "graded").levers
            return any(one.change.startswith("Run it in a sandbox") for one in levers)

        assert advised("stdio")
        assert advised("none")  # a saved description does not say
        assert not advised("http")
        assert not advised("stdio", "auth.credential")  # what stands before a service is nothing without its network

    @pytest.mark.parametrize("ability", ["net.fetch", "net.send", "money.move", "browser"])
    def test_what_works_over_the_network_is_not_advised_to_do_without(
        self, fake: Fake, destroying: Tool, tool: Tool, ability: str
    ) -> None:
        runs = destroying(abilities=("process.exec",), signals=("tool.exec", "tool.free_command"))
        found = score(fake([runs, tool(abilities=(ability,))], facts={"transport.kind": "stdio"}), "graded")

        assert not any("sandbox" in one.change for one in found.levers)

    def test_what_needs_the_network_can_still_be_kept_from_other_files(self, fake: Fake, writing: Tool) -> None:
        writes = writing(abilities=("fs.write",), domains=("ai",), signals=("file-path.taken",))
        levers = score(fake([writes], facts={"transport.kind": "stdio"}), "graded").levers

        assert [one.change for one in levers if "sandbox" in one.change] == [
            "Run it in a sandbox that holds only the files of the task"
        ]

    def test_what_works_on_other_machines_has_no_use_for_a_sandbox_of_this_one(
        self, fake: Fake, destroying: Tool
    ) -> None:
        runs = destroying(abilities=("process.exec",), signals=("tool.exec", "tool.free_command", "tool.remote_host"))
        levers = score(fake([runs], facts={"transport.kind": "stdio"}), "graded").levers

        assert not any("sandbox" in one.change for one in levers)

    def test_what_writes_no_file_of_the_user_needs_no_sandbox(self, fake: Fake, writing: Tool) -> None:
        def advised(*signals: str) -> bool:
            tools = [writing(abilities=("fs.write",), signals=signals)]
            levers = score(fake(tools, facts={"transport.kind": "stdio"}), "graded").levers
            return any("sandbox" in one.change for one in levers)

        assert advised("file-path.taken")
        assert not advised()

    def test_what_is_not_understood_is_denied_with_what_can_change_anything(
        self, fake: Fake, tool: Tool, writing: Tool, destroying: Tool
    ) -> None:
        tools = [tool(), writing(), destroying(), tool("zxq", told=False), tool("qxz", told=False)]
        said = [one.change for one in score(fake(tools), "graded").levers]
        maybe = ", and the two that may, as nothing says that they do not: `zxq` and `qxz`"

        assert f"Deny the two tools that can change anything: `delete_it` and `create_it`{maybe}" in said
        assert f"Deny the tool that can delete, overwrite or undo: `delete_it`{maybe}" in said

    def test_where_all_is_denied_nothing_is_advised(self, fake: Fake, writing: Tool) -> None:
        picture = fake([writing()])

        assert score(picture, "graded").levers
        assert score(picture, "graded", advise=False).levers == []

    def test_a_server_that_can_do_nothing_has_no_levers(self, fake: Fake) -> None:
        assert score(fake(), "graded").levers == []

    def test_a_listing_has_levers_without_names(self, fake: Fake, writing: Tool) -> None:
        found = score(fake([writing("")], from_listing=True), "graded")

        assert any(one.change == "Deny the tools that can change anything" for one in found.levers)

    def test_taking_tools_away_equals_never_having_had_them(self) -> None:
        """The levers recompute what rules over the server conclude from tools; here with the real rules."""
        ruleset = default_ruleset()
        documents = [
            {"name": "get_order", "description": "Get an order of a customer."},
            {"name": "delete_order", "description": "Delete an order of a customer."},
            {
                "name": "run_command",
                "description": "Run a shell command.",
                "inputSchema": {"properties": {"command": {"type": "string"}}},
            },
        ]  # fmt: skip
        whole = score(_painted(documents, ruleset), "graded")
        without = score(_painted(documents[:1], ruleset), "graded")
        lever = next(one for one in whole.levers if "run_command" in one.change and "delete_order" in one.change)

        assert lever.score_after == without.score


def _painted(tools: list[dict[str, Any]], ruleset: Any) -> Picture:
    return paint(
        build_manifest(target_kind="file", target_value="x", tools=tools, coverage={"tools": OBSERVED}), ruleset
    )


class TestNames:
    def test_what_the_scoring_rules_ask_for_exists(self) -> None:
        """A misspelt signal, ability or domain would never hold, and nobody would notice."""
        ruleset = default_ruleset()
        known = {str(rule.id) for rule in ruleset.rules}
        for name in ("exposure.yaml", "factors.yaml", "multipliers.yaml"):
            for key, value in _leaves(yaml.safe_load((rules_dir() / name).read_text("utf-8"))):
                assert key != "signal" or value in known, (name, value)
                assert key != "ability" or value in ruleset.abilities, (name, value)
                assert key != "domain" or value in ruleset.domains, (name, value)


def _leaves(node: Any) -> Iterator[tuple[str, Any]]:
    yield from node.items() if isinstance(node, dict) else ()
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _leaves(inner)


class TestRange:
    def test_it_holds_the_score_and_both_bounds_are_on_the_scale(self, fake: Fake, writing: Tool) -> None:
        for profile in BOTH:
            found = score(fake([writing()], facts=UNKNOWN), profile)
            assert 0 <= found.range.low <= found.score <= found.range.high <= 10

    def test_not_knowing_the_login_widens_it_up_to_an_open_door(self, fake: Fake, writing: Tool) -> None:
        known = score(fake([writing()]), "graded")
        unknown = score(fake([writing()], facts=UNKNOWN), "graded")
        open_door = score(fake([writing()], facts={"auth.requirement": "none"}), "graded")

        assert known.range.high < unknown.range.high
        assert open_door.score <= unknown.range.high

    def test_a_list_of_tools_that_was_cut_may_hide_one_that_changes_things(self, fake: Fake, tool: Tool) -> None:
        whole = score(fake([tool(domains=("weather",))]), "graded")
        cut = score(fake([tool(domains=("weather",))], facts={"coverage.tools": "partial"}), "graded")

        assert whole.range.high < 6.0 < cut.range.high

    def test_both_profiles_stand_beside_each_other(self, fake: Fake, writing: Tool) -> None:
        picture = fake([writing()])
        first, second = score(picture, "graded"), score(picture, "owasp-0.8")

        assert first.other_profile == _alone(second)
        assert second.other_profile == _alone(first)

    def test_twice_the_same_is_the_same(self, fake: Fake, writing: Tool) -> None:
        picture = fake([writing()], facts=UNKNOWN)

        assert score(picture, "graded").to_json() == score(picture, "graded").to_json()


def _alone(whole: AivssOut) -> AivssProfileOut:
    return AivssProfileOut(**{name: getattr(whole, name) for name in AivssProfileOut.__struct_fields__})


@st.composite
def surfaces(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """Tools, facts and signals of some server."""
    tools = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "write": st.sampled_from([0.02, 0.3, 0.6, 0.95]),
                    "destructive": st.sampled_from([0.01, 0.3, 0.6, 0.95]),
                    "abilities": st.lists(st.sampled_from(ABILITIES), max_size=2, unique=True).map(tuple),
                    "domains": st.lists(
                        st.sampled_from(["weather", "notes", "billing", "crypto", "code-hosting"]),
                        max_size=2,
                        unique=True,
                    ).map(tuple),
                    "signals": st.lists(st.sampled_from(SIGNALS), max_size=1).map(tuple),
                    "told": st.booleans(),
                    "read_only": st.sampled_from([None, True, False]),
                }
            ),
            min_size=1,
            max_size=6,
        )
    )
    for one in tools:
        one["write"] = max(one["write"], one["destructive"])
    facts = {
        "auth.requirement": draw(st.sampled_from(["none", "required", "unknown"])),
        "transport.kind": draw(st.sampled_from(["http", "stdio", "none"])),
        "transport.scope": draw(st.sampled_from(["public", "private", "loopback", "unknown"])),
        "coverage.tools": draw(st.sampled_from(["observed", "partial"])),
    }
    claims = st.lists(
        st.sampled_from(["claim.audit", "claim.scopes", "auth.scope_broad", "pkg.typosquat"]), unique=True
    )
    return tools, facts, draw(claims)


def _takes(parameter: str) -> dict[str, Any]:
    return {"properties": {parameter: {"type": "string"}}}


POOL: list[dict[str, Any]] = [
    {"name": "get_forecast", "description": "Get the weather forecast of a city."},
    {"name": "search_documentation", "description": "Search the product documentation."},
    {"name": "list_invoices", "description": "List the invoices of a customer."},
    {"name": "read_messages", "description": "Read the messages of a channel."},
    {"name": "send_message", "description": "Send a message to a channel."},
    {"name": "create_invoice", "description": "Create an invoice.", "annotations": {"readOnlyHint": True}},
    {"name": "refund_payment", "description": "Refund a payment in full."},
    {"name": "delete_customer", "description": "Delete a customer for good."},
    {"name": "run_query", "description": "Run a SQL query.", "inputSchema": _takes("sql")},
    {"name": "run_command", "description": "Run a shell command.", "inputSchema": _takes("command")},
    {"name": "fetch_url", "description": "Fetch a URL.", "inputSchema": _takes("url")},
    {"name": "write_file", "description": "Write a file.", "inputSchema": _takes("path")},
    {"name": "deploy_site", "description": "Deploy a site to production."},
    {"name": "invite_user", "description": "Invite a user and give them a role."},
    {"name": "browser_click", "description": "Click an element on the page."},
]


def _sure(odds: float) -> float:
    return 0.95 if odds >= 0.5 else 0.02


class TestScene:
    @painting
    @given(st.lists(st.booleans(), min_size=len(POOL), max_size=len(POOL)))
    def test_every_signal_is_what_it_would_be_without_the_tools(self, kept: list[bool]) -> None:
        """Levers do not read the manifest again; what they conclude must be what reading it again would give."""
        ruleset = default_ruleset()
        fewer = [one for one, keep in zip(POOL, kept, strict=True) if keep]
        mask = sum(1 << index for index, keep in enumerate(kept) if keep)
        scene, again = Scene(World(_painted(POOL, ruleset), Atoms()), mask), _painted(fewer, ruleset)
        # Shares of all tools are facts, which only reading again would change; and a tool that the client denies is
        # still on the server's list, so what it says of its siblings stays as it is.
        counts = {rule.id for rule in ruleset.rules if rule.doc.id == "ann.absent" or _asks_siblings(rule)}

        for rule in ruleset.rules:
            assert rule.id in counts or scene.has(str(rule.id)) == again.has(str(rule.id)), rule.id


def _asks_siblings(rule: SignalRule) -> bool:
    """Whether what a tool's neighbours say of it counts for a rule."""
    return any(isinstance(test, FactTest) and test.fact.startswith("siblings") for test in leaves(rule.test))


class TestLaws:
    @painting
    @given(st.lists(st.sampled_from(POOL), unique_by=lambda one: one["name"], min_size=1), st.data())
    def test_with_the_real_rules_too_a_further_tool_never_lowers_the_score(
        self, tools: list[dict[str, Any]], data: st.DataObject
    ) -> None:
        kept = data.draw(st.lists(st.sampled_from(tools), unique_by=lambda one: one["name"]))
        ordered = [one for one in tools if one in kept]
        for profile in BOTH:
            less = score(_painted(ordered, default_ruleset()), profile)
            more = score(_painted(tools, default_ruleset()), profile)
            assert less.score <= more.score
            assert less.range.high <= more.range.high

    @lasting
    @given(surfaces(), st.data())
    def test_a_further_tool_never_lowers_and_a_missing_one_never_raises(
        self, fake: Fake, tool: Tool, surface: Any, data: st.DataObject
    ) -> None:
        described, facts, signals = surface
        tools = [tool(f"t{index}", **one) for index, one in enumerate(described)]
        kept = data.draw(st.lists(st.sampled_from(tools), unique=True))
        for profile in BOTH:
            less = score(fake(kept, signals=signals, facts=facts), profile)
            more = score(fake(tools, signals=signals, facts=facts), profile)
            assert less.score <= more.score
            assert less.factor_sum <= more.factor_sum
            assert less.range.low <= more.range.low
            assert less.range.high <= more.range.high

    @lasting
    @given(surfaces(), st.sampled_from(["none", "required"]))
    def test_more_certainty_never_widens_the_range(self, fake: Fake, tool: Tool, surface: Any, login: str) -> None:
        described, facts, signals = surface
        tools = [tool(f"t{index}", **one) for index, one in enumerate(described)]
        sure = [replace(one, write=_sure(one.write), destructive=_sure(one.destructive)) for one in tools]
        for profile in BOTH:
            vague = score(fake(tools, signals=signals, facts={**facts, "auth.requirement": "unknown"}), profile).range
            clear = score(fake(sure, signals=signals, facts={**facts, "auth.requirement": login}), profile).range
            assert round(clear.high - clear.low, 1) <= round(vague.high - vague.low, 1)

    @lasting
    @given(surfaces())
    def test_the_score_lies_in_its_range_and_every_lever_lowers_it(self, fake: Fake, tool: Tool, surface: Any) -> None:
        described, facts, signals = surface
        tools = [tool(f"t{index}", **one) for index, one in enumerate(described)]
        for profile in BOTH:
            found = score(fake(tools, signals=signals, facts=facts), profile)
            assert 0 <= found.range.low <= found.score <= found.range.high <= 10
            assert all(one.score_after < found.score for one in found.levers)
            assert all(one.low <= one.value <= one.high for one in found.factors)
