"""Load a folder of rules: strictly, completely, and with every problem reported at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import cache, cached_property, lru_cache
from pathlib import Path

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.patterns.sieve import Sieve
from mcp_threat_scoring.report import LayerId
from mcp_threat_scoring.rulebook.documents import load_document, rule_cache, rules_dir
from mcp_threat_scoring.rulebook.fields import Members, unknown
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import (
    NOTHING,
    AllOf,
    AnyOf,
    FindingDoc,
    KeptDoc,
    Not,
    Over,
    Polarity,
    SignalDoc,
    SignalHead,
    Test,
    TextTest,
    read_test,
)
from mcp_threat_scoring.rulebook.vocabulary import (
    ABOUT,
    EFFECT_QUESTIONS,
    AbilitiesDoc,
    AbilityDoc,
    DomainDoc,
    DomainsDoc,
    EffectDoc,
    LexiconDoc,
    WeightsDoc,
)
from mcp_threat_scoring.signal import SignalId
from mcp_threat_scoring.structs import Raw, Struct, ValidationError, asdict


class SignalRule(Struct, frozen=True):
    """One rule, ready to be compiled: a file's own, or one variant of a family."""

    id: SignalId
    doc: SignalHead
    title: str
    over: Over
    asks: Test | Raw
    """What it asks; as it was kept, until somebody wants to know."""
    weights: Mapping[str, float]
    """Log-odds by question: fitted where there is a fit, else the file's prior."""
    prior: Mapping[str, float]
    """Log-odds by question as the file suggests them; what the fit starts from."""
    graded: Mapping[str, str] = {}
    """By question, the fact of the subject that gives its log-odds, in hundredths, in place of a weight."""

    @property
    def test(self) -> Test:
        """What it asks.

        Raises:
            RuleError: what was kept of it is damaged.
        """
        return read_test(bytes(self.asks)) if isinstance(self.asks, Raw) else self.asks

    @property
    def polarity(self) -> Polarity:
        """Whether it shows presence, a possibility, missing information, or a control."""
        return self.doc.polarity

    @property
    def exact(self) -> bool:
        """Whether the observation leaves no room for interpretation."""
        return self.doc.method == "exact"

    @property
    def settles(self) -> tuple[LayerId, ...]:
        """Layers that a positive control settles."""
        return tuple(self.doc.settles)

    @property
    def finding(self) -> FindingDoc | None:
        """What to report when it fires."""
        return self.doc.finding


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

    @property
    def shipped(self) -> bool:
        """Whether these are the rules shipped with us, all of them and no others."""
        return self.rules is self.as_shipped

    @property
    def entailing(self) -> AbstractSet[str]:
        """The abilities that a tool which only reads cannot have."""
        return {ability.id for ability in self.abilities.values() if ability.entails == "write"}

    def keep(self) -> None:
        """Keep for the next process what was made of the shipped rules."""
        sieve = self.lexicon.sieve
        if self.shipped and sieve.grown:
            rule_cache().keep(sieve.kept())
            sieve.grown = False
        rule_cache().flush()

    def rule(self, signal_id: str) -> SignalRule | None:
        """The rule of that id."""
        return self.by_id.get(SignalId(signal_id))


def _expand(doc: SignalDoc | KeptDoc, weights: WeightsDoc) -> Iterable[SignalRule]:
    def fitted(signal_id: str, prior: Mapping[str, float]) -> Mapping[str, float]:
        return {**prior, **weights.weights.get(signal_id, {})}

    if doc.match is not None and doc.match != NOTHING:
        yield SignalRule(
            SignalId(doc.id), doc, doc.title, doc.over, doc.match, fitted(doc.id, doc.suggests), doc.suggests
        )
    for name, variant in doc.variants.items():
        own = f"{doc.id}.{name}"
        prior = {**doc.suggests, **variant.suggests}
        title = variant.title or doc.title
        yield SignalRule(SignalId(own), doc, title, doc.over, variant.match, fitted(own, prior), prior, variant.graded)


_DOMAIN_FIELDS: tuple[tuple[Over, tuple[str, ...]], ...] = (
    ("tools", ("words", "title", "summary")),
    ("server", ("words", "listing")),
)


def _domain_rules(domains: Mapping[str, DomainDoc]) -> Iterable[SignalRule]:
    """A domain is a family of rules too: its words in a tool's name, title or first sentence, or the server's name.

    None where a term of another trade stands there too: whoever publishes a tide table keeps no database.
    """

    def told(words: Iterable[str], fields: Iterable[str]) -> AnyOf:
        regex = r"\b(?:" + "|".join(words) + r")\b"
        return AnyOf(any=[TextTest(field=field, regex=regex) for field in fields])

    for domain in domains.values():
        for over, fields in _DOMAIN_FIELDS:
            name = f"domain.{domain.id}" if over == "tools" else f"server-domain.{domain.id}"
            test: Test = told(domain.words, fields)
            if domain.unless:
                test = AllOf(all=[test, Not(negated=told(domain.unless, fields))])
            doc = SignalDoc(id=name, title=f"Works on {domain.title}", over=over, match=test)
            yield SignalRule(SignalId(name), doc, doc.title, over, test, {}, {})


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


def members(lexicon: LexiconDoc | None, abilities: AbilitiesDoc | None, files: Iterable[str]) -> Members:
    """What the names of facts with an open end may end in, as far as the files that decide that could be read."""
    from mcp_threat_scoring.hostile.views import HIDING_PLACES, ODDITIES  # only where a rule is new

    stems = [os.path.basename(path).removesuffix(".yaml") for path in files]  # noqa: PTH119
    techniques = [stem.removeprefix("hostile.") for stem in stems if stem.startswith("hostile.")]
    known: dict[str, Sequence[str]] = {
        "hostile": techniques, "learned": techniques, "hidden": HIDING_PLACES, "odd": ODDITIES,
    }  # fmt: skip
    if lexicon:
        topics = [name for name in lexicon.words if name.startswith(ABOUT)]
        known["siblings"] = [*lexicon.verbs, *lexicon.groups, *topics]
    if abilities:
        known["diction"] = [*EFFECT_QUESTIONS, *(ability.id for ability in abilities.abilities)]
    return known


def _signal_doc(
    path: str, shown: str, problems: list[RuleProblem], ends: Callable[[], Members], *, shipped: bool
) -> SignalDoc | KeptDoc | None:
    """A rule file: as it was kept, if it was checked before, else read and checked."""
    kept = rule_cache().get(path) if shipped else None
    if kept is not None:
        with suppress(ValidationError):
            return KeptDoc.read_json(kept)
    return load_document(SignalDoc, path, shown, problems, shipped=shipped, further=lambda doc: unknown(doc, ends()))


def load_rules(root: Path | None = None, extra: Iterable[Path] = ()) -> Ruleset:
    """Load the shipped rules, and further folders of signal rules after them.

    Raises:
        RuleError: with every problem in every file.
    """
    root = root or rules_dir()
    problems: list[RuleProblem] = []
    lexicon = load_document(LexiconDoc, root / "lexicon.yaml", "lexicon.yaml", problems)
    abilities = load_document(AbilitiesDoc, root / "abilities.yaml", "abilities.yaml", problems)
    domains = load_document(DomainsDoc, root / "domains.yaml", "domains.yaml", problems)
    weights = load_document(WeightsDoc, root / "weights.yaml", "weights.yaml", problems)
    rules: list[SignalRule] = []
    seen: dict[str, str] = {}
    folders = [(root, signal_files(root)), *((folder, sorted(map(str, folder.rglob("*.yaml")))) for folder in extra)]
    ends = cache(lambda: members(lexicon, abilities, folders[0][1]))
    for base, files in folders:
        before = f"{base}{os.sep}"
        for path in files:
            shown = path.removeprefix(before)
            stem = shown.rpartition(os.sep)[2].removesuffix(".yaml")
            doc = _signal_doc(path, shown, problems, ends, shipped=base == root)
            if doc is None:
                continue
            if doc.id != stem:
                problems.append(RuleProblem(shown, 1, f"the id {_shown(doc.id)} is not the file's name {_shown(stem)}"))
            if doc.id in seen:
                problems.append(RuleProblem(shown, 1, f"the id {_shown(doc.id)} is taken by {seen[doc.id]}"))
            seen[doc.id] = shown
            rules += _expand(doc, weights or WeightsDoc(source=""))
    if problems or not (lexicon and abilities and domains and weights):
        raise RuleError(problems)
    by_domain = {domain.id: domain for domain in domains.domains}
    prior_bias = {
        "write": abilities.effects.write,
        "destructive": abilities.effects.destructive,
        **{ability.id: ability.bias for ability in abilities.abilities},
    }
    ready = (*rules, *_domain_rules(by_domain))
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
    _check(ruleset, seen, problems)
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


def _check(ruleset: Ruleset, files: Mapping[str, str], problems: list[RuleProblem]) -> None:
    """Names that must exist elsewhere: questions, signals, domains."""
    known = set(ruleset.bias) | {"hostile"}
    for rule in ruleset.rules:
        if str(rule.doc.id) not in files:
            continue  # made from domains.yaml
        for question in (*rule.weights, *rule.graded):
            if question not in known:
                problems.append(
                    RuleProblem(files[rule.doc.id], 0, f"suggests answers an unknown question {_shown(question)}")
                )


@lru_cache(maxsize=1)
def default_ruleset() -> Ruleset:
    """The shipped rules, loaded once per process."""
    return load_rules()
