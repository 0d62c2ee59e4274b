"""Fit the weights of the rules to a labelled corpus and write them to ``rules/weights.yaml``.

For every question (does it write? destroy? each ability) a logistic regression over the rules that claim to say
something about it, as the maximum a posteriori under a Gaussian prior centred on each rule's own `suggests`: a rule
that the corpus says nothing about keeps what its author thought, the others move as far as the evidence carries them.

The fit sees which rules fired, never what they are called. Rows are weighted so that a server counts for no more than
`SERVER_CAP` rows, and so that a server that marks all it changes alike tells nothing about destruction. Rules on a
target's own hints are not fitted: the hints are hidden, because vendor labels are made of them, and keep their bounded
hand-set weight. Newton's method on sparse rows, plain floats in a fixed order: the same corpus gives the same file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import exp, log

from mcp_threat_model.evaluate.judged import Judged
from mcp_threat_model.evaluate.logistic import Row, fit_question
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.vocabulary import EFFECT_QUESTIONS
from mcp_threat_scoring.structs import Struct

SPREADS = (0.5, 0.7, 1.0, 1.5)
"""Standard deviations of the prior, in log-odds, among which cross-validation over servers chooses."""
BIAS_SPREAD = 2.0
FOLDS = 10
"""Parts that servers are sorted into; each is judged by what the others taught."""
SERVER_CAP = 25.0
"""Rows one server may count for. A few wrappers of large interfaces would otherwise outvote all others."""
TRUST: Mapping[str, float] = {"read by hand": 2.0, "HTTP method": 1.0, "vendor claims": 0.25, "made up": 0.25}
"""What a row of each kind counts for; vendors' claims are noisy, and made-up tools are odder than real ones."""


def groups_of(judged: Sequence[Judged]) -> list[int]:
    """A group for every row: servers that share a description are one family and never stand on both sides."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    seen: dict[str, str] = {}
    for one in judged:
        server = one.row.server
        root(server)
        for key in (str(one.row.tool.get("description") or "")[:200],):
            if len(key) > 30:
                parent[root(server)] = root(seen.setdefault(key, server))
    names = {name: index for index, name in enumerate(sorted({root(one.row.server) for one in judged}))}
    return [names[root(one.row.server)] for one in judged]


class Problem(Struct):
    """Everything needed to fit one question."""

    question: str
    features: list[str]
    prior: list[float]
    rows: list[Row]
    indices: list[int]
    """Which judged rows the examples are."""


def problem_of(question: str, judged: Sequence[Judged], groups: Sequence[int],
               priors: Mapping[str, Mapping[str, float]], bias: Mapping[str, float]) -> Problem:  # fmt: skip
    """Collect the examples of one question."""
    answers: list[tuple[int, bool]] = []
    for index, one in enumerate(judged):
        row = one.row
        if question == "write":
            answers.append((index, row.effect != "read"))
        elif question == "destructive":
            if row.kind != "read by hand" or row.certain:
                answers.append((index, row.effect == "destructive"))
        elif row.abilities is not None and question not in row.disputed:
            answers.append((index, question in row.abilities))
    on_all = {str(signal) for index, _ in answers for signal in judged[index].signals}
    features = sorted(name for name in on_all if question in priors.get(name, {}))
    place = {name: index for index, name in enumerate(features)}
    per_server = Counter((judged[i].row.file, judged[i].row.server) for i, _ in answers)
    blunt = _blunt(judged) if question == "destructive" else frozenset()
    rows: list[Row] = []
    kept: list[int] = []
    for index, truth in answers:
        row = judged[index].row
        if (row.file, row.server) in blunt and row.effect != "read":
            continue
        weight = TRUST[row.kind] * min(1.0, SERVER_CAP / per_server[(row.file, row.server)])
        if row.ambiguous and question in EFFECT_QUESTIONS:
            weight *= 0.5
        on = tuple(sorted(place[str(s)] for s in judged[index].signals if str(s) in place))
        rows.append(Row(on, truth, weight, groups[index]))
        kept.append(index)
    return Problem(question, features, [priors[name][question] for name in features] + [bias[question]], rows, kept)


def _blunt(judged: Sequence[Judged]) -> frozenset[tuple[str, str]]:
    """Servers whose hints do not tell what destroys from what writes: all that changes anything is marked alike."""
    marks: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in judged:
        if one.row.kind == "vendor claims":
            marks[(one.row.file, one.row.server)][one.row.effect] += 1
    return frozenset(
        server for server, seen in marks.items()
        if not seen["write"] or not seen["destructive"] or seen["destructive"] > seen["write"]
    )  # fmt: skip


def spreads_of(problem: Problem, spread: float) -> list[float]:
    """The prior's standard deviations: one for every rule, and the bias's own."""
    return [spread] * len(problem.features) + [BIAS_SPREAD]


def out_of_fold(problem: Problem, spread: float) -> list[float]:
    """Every example's log-odds from a fit that never saw its server or a server that shares its texts."""
    scores = [0.0] * len(problem.rows)
    order = sorted({row.group for row in problem.rows})
    fold = {group: index % FOLDS for index, group in enumerate(order)}
    for number in range(FOLDS):
        train = [row for row in problem.rows if fold[row.group] != number]
        weights = fit_question(train, problem.prior, spreads_of(problem, spread))
        for index, row in enumerate(problem.rows):
            if fold[row.group] == number:
                scores[index] = sum(weights[i] for i in row.on) + weights[-1]
    return scores


def loss(problem: Problem, scores: Sequence[float], real: int) -> float:
    """Weighted mean log loss on the first `real` of the judged rows: made-up ones are learned from, not aimed at."""
    whole = total = 0.0
    for row, score, index in zip(problem.rows, scores, problem.indices, strict=True):
        if index >= real:
            continue
        whole += row.weight
        margin = score if row.truth else -score
        total += row.weight * (log(1.0 + exp(-margin)) if margin > -30.0 else -margin)
    return total / whole if whole else 0.0


def problems_of(judged: Sequence[Judged], ruleset: Ruleset) -> list[Problem]:
    """The fit of every question that the corpus has examples of."""
    priors = {str(rule.id): rule.prior for rule in ruleset.rules if rule.prior}
    groups = groups_of(judged)
    found = []
    for question in ruleset.bias:
        problem = problem_of(question, judged, groups, priors, ruleset.prior_bias)
        if problem.rows and any(row.truth for row in problem.rows):
            found.append(problem)
    return found


def choose_spread(problems: Sequence[Problem], real: int) -> tuple[float, dict[float, float]]:
    """The spread whose fits lose least on servers they never saw, and the mean log loss of each.

    Args:
        real: how many of the judged rows are of real tools; they stand first.
    """
    losses = {
        spread: sum(loss(problem, out_of_fold(problem, spread), real) for problem in problems) / len(problems)
        for spread in SPREADS
    }
    return min(losses, key=lambda spread: (losses[spread], spread)), losses


def fit_all(problems: Sequence[Problem], spread: float) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Bias by question, and weight by rule and question, rounded to two decimals."""
    bias: dict[str, float] = {}
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for problem in problems:
        found = fit_question(problem.rows, problem.prior, spreads_of(problem, spread))
        bias[problem.question] = round(found[-1], 2)
        for name, weight in zip(problem.features, found, strict=False):
            weights[name][problem.question] = round(weight, 2)
    return bias, dict(weights)


def weights_yaml(
    bias: Mapping[str, float], weights: Mapping[str, Mapping[str, float]], source: str, spread: float
) -> str:
    """The text of ``rules/weights.yaml``."""
    lines = [
        "# Log-odds fitted by `python -m mcp_threat_model.evaluate CORPUS --fit`. Not edited by hand:",
        "# change a rule's `suggests` and fit again.",
        f"source: {source}",
        f"spread: {spread}",
        "bias:",
        *(f"  {name}: {value:.2f}" for name, value in sorted(bias.items())),
        "weights:",
    ]
    for name, answers in sorted(weights.items()):
        inner = ", ".join(f"{question}: {value:.2f}" for question, value in sorted(answers.items()))
        lines.append(f"  {name}: {{{inner}}}")
    return "\n".join(lines) + "\n"
