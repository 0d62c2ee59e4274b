"""Rules of the user's own: a folder of signal rules beside the shipped ones, looked over before anything is read.

A rule file may have been copied from anywhere. The loader is strict, patterns are RE2 (linear in the text), and here is
what keeps a folder from slowing every scan: how many files, how large, how many patterns, and how long each pattern
takes on a text made of its own letters, which is where an automaton grows largest.

Then the cases of every file are run: a rule that is silent where its author thought it speaks is told before a scan
that would have been believed.
"""

from __future__ import annotations

import os
import random
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import re2

from mcp_threat_scoring.analyze import Knowledge, knowledge
from mcp_threat_scoring.engine import compile_rules
from mcp_threat_scoring.errors import RuleError, RuleProblem, UsageError, told
from mcp_threat_scoring.matching.view_tests import fault_of, pattern_of
from mcp_threat_scoring.model import Place
from mcp_threat_scoring.neutralise import as_kept, neutralise_name
from mcp_threat_scoring.proof import prove
from mcp_threat_scoring.rulebook.compound import placed
from mcp_threat_scoring.rulebook.documents import MAX_FAULTS, load_document, split_document
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import AbilityTest, DomainTest, SignalDoc, SignalTest, TextTest
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.signal_rule import SignalRule, rules_of
from mcp_threat_scoring.rulebook.vocabulary import WeightsDoc

MAX_FOLDERS: Final = 8
MAX_FILES: Final = 500
"""Rule files of one folder. This, and the bounds below, leave room for as much as is shipped; a test compares."""
MAX_ENTRIES: Final = 2_000
"""Names of any kind in a folder, before it is taken for something else than a folder of rules."""
MAX_FILE_BYTES: Final = 256 * 1024
"""One file with its cases."""
MAX_PATTERNS: Final = 5_000
"""Patterns of all user rules together."""
MAX_CASES_S: Final = 60.0
"""Processor time, in seconds, after which no further file's cases are run. A case takes a few thousandths."""
MAX_WEIGHT: Final = 12.0
"""Log-odds that one rule may add or take: beyond it the probability is 0 or 1 to five digits, and sums overflow."""
PROBE_CHARS: Final = 3_000
MIXTURES: Final = 12
SECONDS_PER_CHAR: Final = 1e-7
"""Processor time one pattern may take per character. Automata that are built once take up to 1e-8 (all shipped patterns
do); those that RE2 has to build again and again 7e-7 to 3e-6 (measured with `(?:a|b)*a(?:a|b){60}c`)."""
MAX_SLOW: Final = 5
"""Patterns that may turn out too slow before the time of the others is not taken any more: each costs a second."""
_TRIES: Final = 3
_MEMORY: Final = 4 << 20


class Fault(NamedTuple):
    """What is wrong with a rule that was read, and the place in its file."""

    rule: SignalRule
    place: Place
    said: str


def check_rules(folders: Sequence[str]) -> tuple[Path, ...]:
    """Look the folders over and load them; afterwards :func:`knowledge` has them at hand.

    Raises:
        UsageError: one of them cannot be used; it names file, line and what is wrong.
    """
    if not folders:
        return ()
    if len(folders) > MAX_FOLDERS:
        raise UsageError(f"--rules can be given {MAX_FOLDERS} times")
    paths = tuple(Path(folder).absolute() for folder in folders)
    for path, given in zip(paths, folders, strict=True):
        _look_over(path, given)
    problems: list[RuleProblem] = []
    ruleset: Ruleset | None = None
    try:
        ruleset = knowledge(extra=paths).ruleset
        own = [rule for rule in ruleset.rules if _is_own(rule, knowledge())]
    except RuleError as error:
        problems += error.problems
        own = list(_readable(paths))
    faults = chain(_weigh(own), _spell(own, paths), _time(own, knowledge().ruleset.lexicon))
    problems += _with_lines(islice(faults, MAX_FAULTS), paths)
    if ruleset is not None and not problems:
        try:
            compile_rules(ruleset)
        except RuleError as error:
            problems += error.problems
    problems += _prove(paths, own, None if problems else ruleset)
    if problems:
        raise UsageError(f"the rules in {', '.join(folders)} cannot be used:", *told(list(dict.fromkeys(problems))))
    return paths


def _readable(paths: Iterable[Path]) -> Iterator[SignalRule]:
    """The rules of the files that are right by themselves, where not all are: what else is wrong is told with it."""
    for folder in paths:
        for path in sorted(folder.rglob("*.yaml")):
            doc = load_document(SignalDoc, path, path.name, [], shipped=False)
            if doc is not None:
                yield from rules_of(doc.changed({"id": path.stem}), WeightsDoc(source=""))


def _prove(paths: Iterable[Path], own: Iterable[SignalRule], ruleset: Ruleset | None) -> list[RuleProblem]:
    """What is wrong with the cases; of rules that are wrong themselves, which have no `ruleset`, how they are written.

    Raises:
        UsageError: they take too long.
    """
    docs = {rule.doc.id: rule.doc for rule in own if isinstance(rule.doc, SignalDoc)}
    problems: list[RuleProblem] = []
    started = time.thread_time()
    for folder in paths:
        for path in sorted(folder.rglob("*.yaml")):
            prove(path, str(path.relative_to(folder)), docs.get(path.stem), ruleset, problems)
            if time.thread_time() - started > MAX_CASES_S:
                raise UsageError(f"the cases of the rules take longer than {MAX_CASES_S:g} seconds of processor time")
    return problems


def _is_own(rule: SignalRule, shipped: Knowledge) -> bool:
    return str(rule.id) not in shipped.meta


def _look_over(folder: Path, given: str) -> None:
    """Refuse a folder that is none, or that holds more than rules need; nothing in it is opened."""
    if not os.path.isdir(folder):  # noqa: PTH112  (a Path raises where a name is too long)
        raise UsageError(f"--rules {given} is not a folder")
    files = 0
    for number, entry in enumerate(_entries(folder)):
        if number >= MAX_ENTRIES:
            raise UsageError(
                f"--rules {given} holds more than {MAX_ENTRIES:,} files; name the folder of the rules itself"
            )
        if not entry.name.endswith(".yaml"):
            continue
        files += 1
        shown = as_kept(str(Path(entry.path).relative_to(folder)))
        try:
            facts = entry.stat(follow_symlinks=True)
        except OSError as error:
            raise UsageError(f"--rules {given}: {shown} cannot be read: {(error.strerror or '').lower()}") from None
        if not stat.S_ISREG(facts.st_mode):
            raise UsageError(f"--rules {given}: {shown} is not a file")
        if facts.st_size > MAX_FILE_BYTES:
            raise UsageError(f"--rules {given}: {shown} is larger than {MAX_FILE_BYTES // 1024} KiB; split it")
    if files > MAX_FILES:
        raise UsageError(f"--rules {given} holds {files} rules; at most {MAX_FILES} are loaded")
    if not files:
        raise UsageError(f"--rules {given} holds no rule: no file ends in .yaml")


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder that is no folder; links to folders are not followed."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        yield entry
        except OSError as error:
            raise UsageError(
                f"--rules: {as_kept(str(place))} cannot be read: {(error.strerror or '').lower()}"
            ) from None


def _weigh(rules: Iterable[SignalRule]) -> Iterator[Fault]:
    for rule in rules:
        for question, weight in rule.prior.items():
            if not abs(weight) <= MAX_WEIGHT:  # also what is no number
                at = (*_place(rule), "suggests")
                yield Fault(rule, at, f"suggests {question} by {weight:g}; log-odds go to ±{MAX_WEIGHT:g}")


def _spell(own: Sequence[SignalRule], folders: Iterable[Path]) -> Iterator[Fault]:
    """Names of nothing that only all rules together tell: signals, abilities, domains.

    Fields and facts are looked at when a file is read. A signal of a file that cannot be read may well be there. The
    name of a file of variants is one too, for rules over the same things.
    """
    ruleset = knowledge().ruleset
    every = (*ruleset.rules, *own)
    signals = {str(rule.id) for rule in every}
    unread = {path.stem for folder in folders for path in folder.rglob("*.yaml")} - {rule.doc.id for rule in own}
    for rule in own:
        for at, test in placed(rule.test, (*_place(rule), "match")):
            if isinstance(test, SignalTest):
                if unread.isdisjoint((test.signal, test.signal.rpartition(".")[0])):
                    files = {str(one.doc.id) for one in every if one.over == rule.over}
                    yield from _among(rule, at, "signal", test.signal, signals | files)
            elif isinstance(test, AbilityTest):
                yield from _among(rule, at, "ability", test.ability, set(ruleset.abilities))
            elif isinstance(test, DomainTest):
                yield from _among(rule, at, "domain", test.domain, set(ruleset.domains))


def _among(rule: SignalRule, at: Place, kind: str, name: str, known: set[str]) -> Iterator[Fault]:
    if name not in known:
        near = ", ".join(map(neutralise_name, get_close_matches(name[:64], sorted(known), n=8, cutoff=0.0)))
        said = f"over {rule.over} there is no {kind} '{neutralise_name(name)}'; there is {near}, …"
        yield Fault(rule, (*at, kind), said)


def _time(rules: Iterable[SignalRule], lexicon: Lexicon) -> Iterator[Fault]:
    """Run every pattern over a text that is hard for it.

    Raises:
        UsageError: there are too many.
    """
    count = slow = 0
    for rule in rules:
        for at, test in placed(rule.test, (*_place(rule), "match")):
            if not isinstance(test, TextTest):
                continue
            count += 1
            if count > MAX_PATTERNS:
                raise UsageError(f"the rules hold more than {MAX_PATTERNS} patterns")
            said = _pattern_fault(test, lexicon)
            if not said and slow < MAX_SLOW and _is_slow(test, lexicon):
                slow += 1
                said = (
                    f"a pattern over {test.field} takes too long: RE2 cannot keep its automaton. "
                    "Counted repetitions of overlapping alternatives, such as a(?:a|b){300}, do that."
                )
            if said:
                yield Fault(rule, (*at, "has" if test.has is not None else "regex"), said)


def _pattern_fault(test: TextTest, lexicon: Lexicon) -> str:
    try:
        re2.compile(
            pattern_of(test, lexicon), _options()
        )  # says what is wrong with it, which a set of patterns does not
    except KeyError as error:
        return f"the word class {error} is not in the lexicon"
    except re2.error as error:
        return f"not a pattern that RE2 takes: {fault_of(error)}"
    return ""


def _is_slow(test: TextTest, lexicon: Lexicon) -> bool:
    try:
        return _seconds_per_char(pattern_of(test, lexicon), test.regex or "") > SECONDS_PER_CHAR
    except re2.error:  # a pattern that RE2 takes alone may still be too large for a set, which is what a scan uses
        return True


def _place(rule: SignalRule) -> Place:
    """Where a rule stands in its file: a variant has a part of its own."""
    _, _, variant = str(rule.id).partition(f"{rule.doc.id}.")
    return ("variants", variant) if variant else ()


def _with_lines(faults: Iterable[Fault], folders: Iterable[Path]) -> list[RuleProblem]:
    """The faults as problems, each with its file and line, in the order of the files."""
    from mcp_threat_scoring.rulebook.strict_yaml import Lines  # only where something is wrong

    held = {path.stem: (path, folder) for folder in folders for path in folder.rglob("*.yaml")}
    problems: list[RuleProblem] = []
    lines: dict[str, Lines] = {}
    for rule, place, said in faults:
        name = rule.doc.id
        path, folder = held[name]
        if name not in lines:
            lines[name] = Lines(split_document(path.read_text(encoding="utf-8"))[0])
        problems.append(RuleProblem(str(path.relative_to(folder)), lines[name].of(place), said))
    return sorted(dict.fromkeys(problems))


def _seconds_per_char(pattern: str, written: str) -> float:
    """Processor time of reading a text whole, for the hardest of some mixtures of the pattern's own letters.

    Each mixture is tried three times with different texts, and the best counts: what is built once does not.
    """
    searched = re2.Set.SearchSet(_options())
    searched.Add(pattern)
    searched.Compile()
    letters = list(dict.fromkeys(letter for letter in written if letter.isalnum()))[:MIXTURES]
    mixtures = [*pairwise(letters), tuple(letters) or ("a",), ("a", "e", " "), ("x", "7")]
    chance = random.Random(pattern)  # noqa: S311  (the same text each time; not a secret)
    worst = 0.0
    for mixture in mixtures:
        best = float("inf")
        for _ in range(_TRIES):
            text = "".join(chance.choices(mixture, k=PROBE_CHARS))
            started = time.thread_time()
            searched.Match(text)
            best = min(best, time.thread_time() - started)
        worst = max(worst, best)
    return worst / PROBE_CHARS


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options
