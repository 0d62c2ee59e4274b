"""What the same rules reach on servers that the fit did not see: the honest number beside the fitted one."""

from __future__ import annotations

from mcp_threat_model.evaluate.fit import Problem, out_of_fold, problems_of
from mcp_threat_model.evaluate.metrics import Counts, calibration_error, count, macro_accuracy
from mcp_threat_model.evaluate.tables import Study, Table
from mcp_threat_scoring.capability import probability

MIN_SERVERS = 10
"""Below so many families of servers there is nothing to hold out."""


def cross_validated(study: Study) -> Table:
    """Refit ten times, each time without a tenth of the servers, and judge the tools of those."""
    columns = ("what", "tools", "precision", "recall", "f1", "server_macro", "calibration_error")
    empty = Table("cross_validated", "On servers the fit did not see", columns, [])
    if len({(one.row.file, one.row.server) for one in study.judged}) < MIN_SERVERS:
        return empty
    real = len(study.judged)
    problems = {one.question: one for one in problems_of([*study.judged, *study.made_up], study.ruleset)}
    if "write" not in problems or _families(problems["write"], real) < MIN_SERVERS:
        return empty
    spread = study.ruleset.spread
    scores = {
        question: {
            index: odds + study.judged[index].profile.graded.get(question, 0.0)  # learned elsewhere
            for index, odds in zip(problem.indices, out_of_fold(problem, spread), strict=True)
            if index < real
        }
        for question, problem in problems.items()
    }
    destroys = scores.get("destructive", {})
    writes = {index: max(score, destroys.get(index, score)) for index, score in scores["write"].items()}
    rows: list[tuple[object, ...]] = []
    for file in dict.fromkeys(one.row.file for one in study.judged):
        mine = [
            (one, writes[index]) for index, one in enumerate(study.judged)
            if one.row.file == file and index in writes and not one.row.ambiguous
        ]  # fmt: skip
        counts = count((one.writes, score > 0) for one, score in mine)
        macro = macro_accuracy((one.row.server, one.writes == (score > 0)) for one, score in mine)
        error = calibration_error([(probability(score), one.writes) for one, score in mine])
        rows.append((f"read or write, {file}", counts.rows, counts.precision, counts.recall, counts.f1, macro, error))
    certain = [
        (one, destroys[index]) for index, one in enumerate(study.judged)
        if one.row.kind == "read by hand" and one.row.certain and index in destroys
    ]  # fmt: skip
    if certain:
        counts = count((one.row.effect == "destructive", score > 0) for one, score in certain)
        macro = macro_accuracy((o.row.server, (o.row.effect == "destructive") == (s > 0)) for o, s in certain)
        error = calibration_error([(probability(s), o.row.effect == "destructive") for o, s in certain])
        rows.append(
            ("destructive, read by hand", counts.rows, counts.precision, counts.recall, counts.f1, macro, error)
        )
    whole = Counts()
    cells: list[tuple[float, bool]] = []
    servers: list[tuple[str, bool]] = []
    for question, found in scores.items():
        if question in ("write", "destructive"):
            continue
        for index, score in found.items():
            row = study.judged[index].row
            truth = question in (row.abilities or ())
            whole.add(truth=truth, said=score > 0)
            cells.append((probability(score), truth))
            servers.append((row.server, truth == (score > 0)))
    if cells:
        rows.append(("abilities (micro)", whole.tp + whole.fn, whole.precision, whole.recall, whole.f1,
                     macro_accuracy(servers), calibration_error(cells)))  # fmt: skip
    return Table("cross_validated", f"{empty.title} (prior spread {spread})", columns, rows)


def _families(problem: Problem, real: int) -> int:
    """Families of servers among the labelled tools, which stand before the made-up ones."""
    return len({row.group for row, index in zip(problem.rows, problem.indices, strict=True) if index < real})
