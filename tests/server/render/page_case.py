"""Reports for the renderers of pages: one with every part filled, one that attacks from every string, big ones."""

from __future__ import annotations

from typing import Any, get_origin

from msgspec.structs import fields
from tests.server.conftest import EVIDENCE, make_report

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import CheckOut, ErrorOut, Report
from mcp_threat_scoring.report_score import MetricOut, ScenarioOut
from mcp_threat_scoring.report_set import FleetOut, PathOut, ShadowOut, StepOut

ERROR = ErrorOut(
    target="https://example.com/mcp",
    code="auth_required",
    message="The server wants a token before it lists its tools.",
    hint="Pass one with --header 'Authorization: Bearer …'.",
)
FLEET = FleetOut(
    servers=["shop", "chat", "bank"],
    paths=[
        PathOut(
            kind="steer",
            severity="critical",
            steps=[
                StepOut(server="chat", role="stranger", tools=["read_channel"], does="returns what others wrote"),
                StepOut(server="bank", role="power", tools=["pay"], does="moves money"),
            ],
            explanation="An order hidden in what `read_channel` returns can make the assistant use `pay`.",
            remediation="Have the client ask before every call of `pay`.",
        ),
        PathOut(
            kind="carry",
            severity="high",
            steps=[
                StepOut(server="chat", role="stranger", tools=["read_channel"], does="returns what others wrote"),
                StepOut(server="shop", role="private", tools=["list_orders"], does="reads what is private"),
                StepOut(server="chat", role="out", tools=["post"], does="sends to the outside"),
            ],
            explanation="Orders can be carried out with `post`.",
            remediation="Keep `shop` and `chat` apart.",
        ),
    ],
    shadows=[
        ShadowOut(
            kind="same_name",
            severity="low",
            servers=["shop", "chat"],
            tools=["search"],
            explanation="`shop` and `chat` each offer `search`.",
            remediation="Switch one of them off.",
        )
    ],
    summary="Together the three servers can do what none does alone.",
)
HOSTILE = (
    "</title></style></script><script>window.hit=1</script><img src=x onerror=window.hit=1>\"'><b>{{7*7}}{% raw %}"
    " | a | b |\n\n# head\n- [x](javascript:alert(1)) ![i](https://192.0.2.1/x) @team #12 $x$ `tick``two` </details>"
)
"""What neutralising would have taken apart: a renderer must not depend on that."""


def full_report(**changes: object) -> Report:
    """The sample with the parts that it leaves empty filled too."""
    report = make_report()
    metrics = [
        MetricOut(id=metric, value="H", reason="What `delete_customer` removes is gone.", evidence=[EVIDENCE])
        for metric in ("AV", "C", "I")
    ]
    scenario = ScenarioOut(
        id="injected-write",
        title="An injected assistant changes things",
        vector="CVSS:3.1/AV:N",
        base_score=7.5,
        score=8.1,
    )
    aivss = report.aivss
    filled = {"cvss": aivss.cvss.changed({"metrics": metrics}), "scenarios": [scenario]}
    layer = report.maestro.layers[2]
    threat = layer.threats[0].changed(
        {
            "description": "Whoever may write a note can steer `refund_order`.",
            "tools": ["refund_order"],
            "response": ["Stop the session.", "Compare the refunds with what people asked for."],
        }
    )
    layers = [one.changed({"threats": [threat]}) if one.id == "L3" else one for one in report.maestro.layers]
    return report.changed(
        {
            "aivss": aivss.changed(filled | {"other_profile": aivss.other_profile.changed(filled)}),
            "maestro": report.maestro.changed({"layers": layers, "cross_layer": [threat]}),
            "server": report.server.changed({"instructions": "Look an order up first."}),
            "auth": report.auth.changed({"schemes": ["bearer"], "evidence": [EVIDENCE]}),
            "checks": [
                CheckOut(id="auth.key_in_url", title="A key travels in the address", result=result, surfaces=["auth"])
                for result in ("found", "not_found", "not_observed")
            ],
            **changes,
        }
    )  # fmt: skip


def hostile_report() -> Report:
    """Every free string of a report is an attack."""
    hostile: Report = _poisoned(full_report())
    return hostile


def _poisoned(value: Any, annotation: Any = None) -> Any:
    if isinstance(value, Model):
        return value.changed(
            {field.name: _poisoned(getattr(value, field.name), field.type) for field in fields(type(value))}
        )
    if isinstance(value, dict):
        return {key: _poisoned(one, str) for key, one in value.items()}
    if isinstance(value, list):
        return [_poisoned(one, str if annotation == list[str] else None) for one in value]
    free = annotation is str or (get_origin(annotation) is not None and str in getattr(annotation, "__args__", ()))
    return HOSTILE if isinstance(value, str) and free else value


def big_report(count: int, evidence: int = 8) -> Report:
    """A server with that many tools, each with as much evidence as the analysis keeps."""
    report = full_report()
    tool = report.capabilities.tools[1]
    tools = [
        tool.changed(
            {
                "name": f"delete_customer_record_of_region_{index}",
                "pointer": f"/tools/{index}",
                "confidence": round(0.5 + (index * 7 % 50) / 100, 2),
                "effect": ("destructive", "write", "read")[index % 3],
                "evidence": [EVIDENCE] * evidence,
            }
        )
        for index in range(count)
    ]
    return report.changed({"capabilities": report.capabilities.changed({"tools": tools})})
