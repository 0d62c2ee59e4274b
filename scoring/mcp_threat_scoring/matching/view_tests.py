"""All tests of one view: which of them hold of a text, and where.

The words of the text say which patterns are worth trying (:mod:`patterns.sieve`); beginnings of lines and whole lines
are looked up (:mod:`matching.openings`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import re2

from mcp_threat_scoring.matching.openings import Openings, Vocabulary
from mcp_threat_scoring.matching.plan import ViewPlan
from mcp_threat_scoring.neutralise import SafeText, neutralise_name
from mcp_threat_scoring.patterns.pattern import first_span, matches
from mcp_threat_scoring.patterns.sifter import Sifter, sifting
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import Test, TextTest
from mcp_threat_scoring.text.views import View

MEMO = 5_000
MEMO_LENGTH = 400
"""Short texts are remembered: the tools of a server describe the same parameters in the same words."""


class ViewTests:
    """The tests of one view. What their patterns ask for is looked up when a subject has that view: many never do."""

    __slots__ = ("_grown", "_lexicon", "_memo", "_plan", "_regex", "_sifter", "_test_of", "openings")

    def __init__(
        self,
        plan: ViewPlan,
        words: Vocabulary,
        lexicon: Lexicon,
        test_of: Callable[[int], Test],
        grown: Callable[[], None],
    ) -> None:
        """The tests of a plan. `test_of` gives the test of an atom; `grown` is called when the plan says more."""
        self.openings = Openings(plan.openings, words)
        self._plan = plan
        self._lexicon = lexicon
        self._test_of = test_of
        self._grown = grown
        self._regex: dict[int, Any] = {}
        self._sifter: Sifter | None = None
        self._memo: dict[str, tuple[int, ...]] = {}

    def _text_test(self, atom: int) -> TextTest:
        test = self._test_of(atom)
        assert isinstance(test, TextTest)  # noqa: S101  (views hold no others)
        return test

    def prepare(self) -> Sifter:
        """Look up what all patterns ask for, unless the plan says it.

        Raises:
            KeyError: a word class is unknown.
        """
        sieve, plan = self._lexicon.sieve, self._plan
        if plan.words is None:
            tests = [(atom, self._text_test(atom)) for atom in plan.tried]
            plan.words = sifting(
                sieve, [(a, _name(test), partial(pattern_of, test, self._lexicon)) for a, test in tests]
            )
            self._grown()
        self._sifter = Sifter(sieve, plan.words)
        return self._sifter

    def regex(self, atom: int) -> Any:
        """The compiled pattern of an atom.

        Raises:
            KeyError: a word class is unknown.
            re2.error: a pattern is not valid RE2.
        """
        made = self._regex.get(atom)
        if made is None:
            made = self._regex[atom] = re2.compile(pattern_of(self._text_test(atom), self._lexicon), options())
        return made

    def read(self, view: View) -> tuple[int, ...]:
        """The atoms that hold of a view."""
        text = view.text
        known = self._memo.get(text)
        if known is None:
            known = tuple(self._read(text, view))
            if len(text) < MEMO_LENGTH and len(self._memo) < MEMO:
                self._memo[text] = known
        return known

    def _read(self, text: str, view: View) -> list[int]:
        found = self.openings.read(text)
        if not (self._plan.tried or self._plan.anything):
            return found
        sure, maybe = (self._sifter or self.prepare()).sift(text)
        found += sure
        if maybe:
            data, regexes = view.encoded(), self._regex
            found += [atom for atom in maybe if matches(regexes.get(atom) or self.regex(atom), data)]
        if text.strip("\n"):
            found += self._plan.anything
        return found

    def span(self, atom: int, view: View) -> tuple[int, int]:
        """Where an atom that holds does so first; (-1, -1) if nowhere."""
        if atom in self.openings:
            return self.openings.span(view.text, atom)
        return _span(self.regex(atom), view)


@lru_cache(maxsize=1)
def options() -> Any:
    """How patterns of rules are compiled."""
    made = re2.Options()
    made.log_errors = False
    made.max_mem = 256 << 20
    return made


def _name(test: TextTest) -> str:
    """What the pattern of a test is known by: shorter than the pattern, whose macros are expanded."""
    return "=" + "|".join(test.has) if test.has is not None else test.regex or ""


def fault_of(error: re2.error) -> SafeText:
    """What RE2 says of a pattern that it does not take, before the colon in its own words."""
    first = error.args[0] if error.args else ""
    said, colon, piece = (first.decode(errors="replace") if isinstance(first, bytes) else str(first)).partition(":")
    return SafeText(f"{said}{colon} {neutralise_name(piece.strip())}".rstrip())


def pattern_of(test: TextTest, lexicon: Lexicon) -> str:
    """The RE2 pattern of a text test, macros expanded. Lines are segments: ``^`` and ``$`` are theirs."""
    if test.has is not None:
        return "(?m)^(?:" + "|".join(lexicon.expand(entry) for entry in test.has) + ")$"
    return "(?m)" + lexicon.expand(test.regex or "")


def _span(regex: Any, view: View) -> tuple[int, int]:
    """Where a pattern matches first, (-1, -1) if nowhere."""
    data = view.encoded()
    start, end = first_span(regex, data)
    if start < 0 or len(data) == len(view.text):
        return start, end
    return len(data[:start].decode()), len(data[:end].decode())
