"""How well the declared way to authenticate is read: secret, OAuth or none, from what a description asks of its user.

Rows are catalogue entries with ``auth`` (the truth: ``secret``, ``oauth``, anything else is none) and the declaration:
``secrets`` (objects with ``env``), ``env`` (other variables), ``oauth`` (declared flows). Each is judged twice: with
the marks that a registry entry carries (which variables are secret; the truth rests on the same marks, so this only
shows that they are taken over), and by the names alone, as from a client's configuration, where nothing is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_threat_model.evaluate.corpus import read_rows
from mcp_threat_model.evaluate.metrics import count
from mcp_threat_model.evaluate.tables import Study, Table
from mcp_threat_scoring.facts.credential import Declared, declared_auth
from mcp_threat_scoring.neutralise import neutralise_name

_KINDS: tuple[Declared, ...] = ("secret", "oauth", "none")
_SHOWN = 20


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _truth(row: Mapping[str, Any]) -> Declared:
    kind = row.get("auth")
    return "secret" if kind == "secret" else "oauth" if kind == "oauth" else "none"


def _said(row: Mapping[str, Any], *, marks: bool) -> Declared:
    held = row.get("secrets")
    secrets = [one.get("env") for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    names = _strings(secrets)
    return declared_auth(
        [*names, *_strings(row.get("env"))], marked=names if marks else (), marks=marks, flow=bool(row.get("oauth"))
    ).kind


def declared(study: Study) -> Table:
    """Per class and reading: precision, recall, F1; the accuracy over all in a row of its own."""
    entries = [
        row
        for path in sorted(study.folder.glob("*.jsonl"))
        for row in read_rows(path)
        if isinstance(row.get("auth"), str) and "secrets" in row
    ]
    rows: list[tuple[Any, ...]] = []
    notes: list[str] = []
    for reading, marks in (("secrets marked", True), ("names alone", False)):
        calls = [(_truth(row), _said(row, marks=marks)) for row in entries]
        for kind in _KINDS:
            counts = count((truth == kind, said == kind) for truth, said in calls)
            rows.append((reading, kind, counts.tp + counts.fn, counts.precision, counts.recall, counts.f1))
        if calls:
            share = sum(truth == said for truth, said in calls) / len(calls)
            rows.append((reading, "all (accuracy)", len(calls), share, share, share))
        wrong = [
            f"{neutralise_name(row.get('server'))} ({truth}, read as {said})"
            for row, (truth, said) in zip(entries, calls, strict=True)
            if truth != said
        ]
        if wrong:
            notes.append(f"{reading}, called wrong: {', '.join(wrong[:_SHOWN])}")
    return Table(
        "declared_auth", "Declared authentication", ("reading", "kind", "servers", "precision", "recall", "f1"),
        rows if entries else [], notes,
    )  # fmt: skip
