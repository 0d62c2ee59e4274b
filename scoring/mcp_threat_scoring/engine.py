"""The engine: a rule set compiled for the rounds of :mod:`picture`, once a process."""

from __future__ import annotations

from functools import lru_cache

from mcp_threat_scoring.diction.learned import Diction, load_diction
from mcp_threat_scoring.facts.siblings import Kin
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.matching.match import Matcher, matcher_over
from mcp_threat_scoring.rulebook.rule import Over
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.grammar import Grammar

_KINDS: tuple[Over, ...] = ("tools", "prompts", "resources", "resource_templates", "server")


class _Kinds(dict[Over, Matcher]):
    """The matcher by what its rules are over, made when there is such a thing: few servers have prompts."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset

    def __missing__(self, over: Over) -> Matcher:
        self[over] = matcher_over(self._ruleset, over)
        return self[over]


class Engine(Struct, frozen=True, eq=False):
    """A rule set compiled for the three rounds."""

    ruleset: Ruleset
    matchers: _Kinds
    grammar: Grammar
    kin: Kin
    diction: Diction


@lru_cache(maxsize=4)
def engine(ruleset: Ruleset) -> Engine:
    """Compile a rule set once.

    Raises:
        RuleError: a pattern or reference in a rule is wrong.
    """
    grammar = ruleset.lexicon.grammar()
    kin = Kin(ruleset.lexicon, grammar)
    return Engine(ruleset, _Kinds(ruleset), grammar, kin, load_diction(ruleset.root))


def compile_rules(ruleset: Ruleset) -> None:
    """Compile every pattern of every rule now: for rules that nobody has tried yet.

    Raises:
        RuleError: with everything that is wrong.
    """
    compiled = engine(ruleset)
    for over in _KINDS:
        compiled.matchers[over].compile()
    hostile_engine(ruleset).matcher.compile()
