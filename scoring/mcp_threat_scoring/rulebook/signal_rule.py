"""One rule as the engine takes it, made of a rule file, of a variant of one, or of a line of business."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mcp_threat_scoring.report import LayerId
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
from mcp_threat_scoring.rulebook.vocabulary import DomainDoc, WeightsDoc
from mcp_threat_scoring.signal import SignalId
from mcp_threat_scoring.structs import Raw, Struct


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


def rules_of(doc: SignalDoc | KeptDoc, weights: WeightsDoc) -> Iterator[SignalRule]:
    """The rules that a file holds: its own, or one for each variant."""

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


def rules_of_domains(domains: Iterable[DomainDoc]) -> Iterator[SignalRule]:
    """A domain is a family of rules too: its words in a tool's name, title or first sentence, or the server's name.

    None where a term of another trade stands there too: whoever publishes a tide table keeps no database.
    """

    def told(words: Iterable[str], fields: Iterable[str]) -> AnyOf:
        regex = r"\b(?:" + "|".join(words) + r")\b"
        return AnyOf(any=[TextTest(field=field, regex=regex) for field in fields])

    for domain in domains:
        for over, fields in _DOMAIN_FIELDS:
            name = f"domain.{domain.id}" if over == "tools" else f"server-domain.{domain.id}"
            test: Test = told(domain.words, fields)
            if domain.unless:
                test = AllOf(all=[test, Not(negated=told(domain.unless, fields))])
            doc = SignalDoc(id=name, title=f"Works on {domain.title}", over=over, match=test)
            yield SignalRule(SignalId(name), doc, doc.title, over, test, {}, {})
