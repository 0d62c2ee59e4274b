"""Load a folder of rules: strictly, completely, and with every problem reported at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import cache, cached_property, lru_cache
from pathlib import Path

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.model import Place
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.patterns.sieve import Sieve
from mcp_threat_scoring.rulebook.documents import load_document, rule_cache, rules_dir
from mcp_threat_scoring.rulebook.fields import Members, members, unknown
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import FindingDoc, KeptDoc, SignalDoc, SignalHead
from mcp_threat_scoring.rulebook.signal_rule import SignalRule, rules_of, rules_of_domains
from mcp_threat_scoring.rulebook.vocabulary import (
    AbilitiesDoc,
    AbilityDoc,
    DomainDoc,
    DomainsDoc,
    EffectDoc,
    LexiconDoc,
    WeightsDoc,
    doubled,
)
from mcp_threat_scoring.signal import SignalId
from mcp_threat_scoring.structs import Struct, ValidationError, asdict


class Ruleset(Struct, frozen=True, eq=False, dict=True):
    """Everything under ``rules/`` that the signal engine needs."""

    rules: tuple[SignalRule, ...]
    lexicon: Lexicon
    abilities: Mapping[str, AbilityDoc]
    effects: EffectDoc
    domains: Mapping[str, DomainDoc]
    bias: Mapping[str, float]
    """Log-odds of every question before any evidence: fitted, else the prior."""
    prior_bias: Mapping[str, float]
    spread: float
    """How far the fit let weights move from their priors: a standard deviation, in log-odds."""
    root: Path
    as_shipped: tuple[SignalRule, ...] = ()
    """The rules, if they are those shipped with us and no others."""

    @cached_property
    def by_id(self) -> Mapping[SignalId, SignalRule]:
        """The rules by their ids."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def reporting(self) -> tuple[tuple[SignalRule, FindingDoc], ...]:
        """The rules that can become a finding, each with what is then told."""
        return tuple((rule, rule.finding) for rule in self.rules if rule.finding is not None)

    @cached_property
    def techniques(self) -> Mapping[str, SignalHead]:
        """The techniques of hostile text that are looked for, in the order of their names."""
        held = {rule.doc.id: rule.doc for rule in self.rules if rule.doc.technique is not None}
        return dict(sorted(held.items()))

    @property
    def shipped(self) -> bool:
        """Whether these are the rules shipped with us, all of them and no others."""
        return self.rules is self.as_shipped

    @property
    def entailing(self) -> AbstractSet[str]:
        """The abilities that a tool which only reads cannot have."""
        return {ability.id for ability in self.abilities.values() if ability.entails == "write"}

    def keep(self) -> None:
        """Keep for the next process what was made of the shipped rules.

        The shell calls it when it is done with its targets: nothing that analyses a target writes a file.
        """
        sieve = self.lexicon.sieve
        if self.shipped and sieve.grown:
            rule_cache().keep(sieve.kept())
            sieve.grown = False
        rule_cache().flush()

    def rule(self, signal_id: str) -> SignalRule | None:
        """The rule of that id."""
        return self.by_id.get(SignalId(signal_id))


def signal_files(root: Path) -> list[str]:
    """All signal rule files, sorted: order must not depend on the file system."""
    return sorted(_yaml_below(os.path.join(root, "signals")))  # noqa: PTH118  (pathlib costs more than all the rest)


def _yaml_below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        for one in found:
            if one.is_dir():
                yield from _yaml_below(one.path)
            elif one.name.endswith(".yaml"):
                yield one.path


def _signal_doc(
    path: str,
    shown: str,
    problems: list[RuleProblem],
    ends: Callable[[], Members],
    questions: AbstractSet[str],
    *,
    shipped: bool,
) -> SignalDoc | KeptDoc | None:
    """A rule file: as it was kept, if it was checked before, else read and checked."""
    kept = rule_cache().get(path) if shipped else None
    if kept is not None:
        with suppress(ValidationError):
            return KeptDoc.read_json(kept)

    def further(doc: SignalDoc) -> Iterator[tuple[Place, str]]:
        from mcp_threat_scoring.rulebook.own_words import unasked, unfilled  # only where a file is new

        yield from unknown(doc, ends())
        yield from unasked(doc, questions)
        yield from unfilled(doc)

    return load_document(SignalDoc, path, shown, problems, shipped=shipped, further=further)


def load_rules(root: Path | None = None, extra: Iterable[Path] = ()) -> Ruleset:
    """Load the shipped rules, and further folders of signal rules after them.

    Raises:
        RuleError: with every problem in every file.
    """
    root = root or rules_dir()
    problems: list[RuleProblem] = []
    lexicon = load_document(LexiconDoc, root / "lexicon.yaml", "lexicon.yaml", problems, further=doubled)
    abilities = load_document(AbilitiesDoc, root / "abilities.yaml", "abilities.yaml", problems)
    domains = load_document(DomainsDoc, root / "domains.yaml", "domains.yaml", problems)
    weights = load_document(WeightsDoc, root / "weights.yaml", "weights.yaml", problems)
    prior_bias = _prior_bias(abilities) if abilities else {}
    questions = {*prior_bias, *(weights.bias if weights else ()), "hostile"}
    rules: list[SignalRule] = []
    seen: dict[str, str] = {}
    folders = [(root, signal_files(root)), *((folder, sorted(map(str, folder.rglob("*.yaml")))) for folder in extra)]
    ends = cache(lambda: members(lexicon, abilities, folders[0][1]))
    for base, files in folders:
        before = f"{base}{os.sep}"
        for path in files:
            shown = path.removeprefix(before)
            stem = shown.rpartition(os.sep)[2].removesuffix(".yaml")
            doc = _signal_doc(path, shown, problems, ends, questions, shipped=base == root)
            if doc is None:
                continue
            if doc.id != stem:
                problems.append(RuleProblem(shown, 1, f"the id {_shown(doc.id)} is not the file's name {_shown(stem)}"))
            if doc.id in seen:
                problems.append(RuleProblem(shown, 1, f"the id {_shown(doc.id)} is taken by {seen[doc.id]}"))
            seen[doc.id] = shown
            rules += rules_of(doc, weights or WeightsDoc(source=""))
    if problems or not (lexicon and abilities and domains and weights):
        raise RuleError(problems)
    by_domain = {domain.id: domain for domain in domains.domains}
    ready = (*rules, *rules_of_domains(by_domain.values()))
    ruleset = Ruleset(
        rules=ready,
        lexicon=Lexicon(**asdict(lexicon), sieve=_sieve(root, alone=len(folders) == 1)),
        as_shipped=ready if root == rules_dir() and len(folders) == 1 else (),
        abilities={ability.id: ability for ability in abilities.abilities},
        effects=abilities.effects,
        domains=by_domain,
        bias={**prior_bias, **weights.bias},
        prior_bias=prior_bias,
        spread=weights.spread,
        root=root,
    )
    _check(ruleset, questions, seen, problems)
    if problems:
        raise RuleError(problems)
    return ruleset


def _shown(name: str) -> str:
    return f"'{neutralise_name(name)}'"


def _sieve(root: Path, *, alone: bool) -> Sieve:
    """The words of patterns: the shared ones of the shipped rules, or others that nothing is kept of."""
    if root != rules_dir():
        return Sieve()
    return rule_cache().sieve if alone else Sieve(rule_cache().index())


def _prior_bias(abilities: AbilitiesDoc) -> dict[str, float]:
    return {
        "write": abilities.effects.write,
        "destructive": abilities.effects.destructive,
        **{ability.id: ability.bias for ability in abilities.abilities},
    }


def _check(
    ruleset: Ruleset, questions: AbstractSet[str], files: Mapping[str, str], problems: list[RuleProblem]
) -> None:
    """What rules suggest, kept ones and fitted weights too, has to answer a question that somebody asks."""
    for rule in ruleset.rules:
        if str(rule.doc.id) not in files:
            continue  # made from domains.yaml
        for question in (*rule.weights, *rule.graded):
            if question not in questions:
                problems.append(
                    RuleProblem(files[rule.doc.id], 0, f"suggests answers an unknown question {_shown(question)}")
                )


@lru_cache(maxsize=1)
def default_ruleset() -> Ruleset:
    """The shipped rules, loaded once per process.

    Raises:
        RuleError: with every problem in every file.
    """
    return load_rules()
