"""Word classes for patterns: ``{create}`` in a rule is any verb of that class, inflected or not, ``{create!}`` plain.

English is regular enough for a handful of spelling rules; what they get wrong stands under `irregular` in
``rules/lexicon.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import re2

from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.patterns.sieve import Sieve
from mcp_threat_scoring.structs import Struct, field
from mcp_threat_scoring.text.grammar import Grammar, forms_of

LOOKING = ("look", "search")
"""The classes of verbs after which a description tells of what is there."""
ACTING = ("create", "save", "update", "power", "destroy", "end", "undo", "send", "pay")
"""The classes of verbs that say of themselves that something is changed, but for those that only carry a noun."""
MAKING = ("create", "save")
"""Those of them whose object may as well be all that is given back."""
DOINGS = ("pay", "deploy", "run", "save")
"""The classes of verbs whose noun is the deed itself: a transfer, a release."""
GRAMMATICAL = ("things", "last-things", "carrying", "small-abroad")
"""The classes of words that tell verbs from things, whether or not a rule asks for them."""
_VOWELS = "aeiou"
_MACRO = pattern(r"\{([a-z][a-z_-]*)(!?)\}")


def inflect(verb: str) -> list[str]:
    """The verb, its -s, -ed and -ing forms, by the common spelling rules ("stop" → "stopping", "copy" → "copied")."""
    if verb.endswith("e"):
        return [verb, f"{verb}s", f"{verb}d", f"{verb}ing" if verb.endswith("ee") else f"{verb[:-1]}ing"]
    if verb.endswith("y") and len(verb) > 2 and verb[-2] not in _VOWELS:
        return [verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"]
    third = f"{verb}es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{verb}s"
    short = (
        len(verb) >= 3
        and verb[-1] not in f"{_VOWELS}wxy"
        and verb[-2] in _VOWELS
        and verb[-3] not in _VOWELS
        and sum(letter in _VOWELS for letter in verb) == 1
    )
    stem = verb + verb[-1] if short else verb
    return [verb, third, f"{stem}ed", f"{stem}ing"]


class Lexicon(Struct, frozen=True):
    """Named word classes. `verbs` are inflected, `words` are taken as they stand (a word may be a phrase)."""

    verbs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    irregular: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    nouns: Sequence[str] = ()
    things_first: Sequence[str] = ()
    compounds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    skipped: Sequence[str] = ()
    sieve: Sieve = field(default_factory=Sieve)
    """The words that patterns ask for, shared by all of them."""
    _forms: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    _spelled: dict[tuple[str, bool], str] = field(default_factory=dict)
    """Alternations already written out: a class stands in dozens of patterns."""

    def grammar(self) -> Grammar:
        """Which words are verbs, for finding the one that a name or sentence turns on."""
        forms = {verb: inflect(verb) for verbs in self.verbs.values() for verb in verbs if " " not in verb}
        things = frozenset(self.words.get("things", ()))

        def of(classes: Iterable[str]) -> frozenset[str]:
            return frozenset(verb for name in classes for verb in self.verbs.get(name, ()))

        return forms_of(
            forms,
            nouns=frozenset(self.nouns),
            things_first=frozenset(self.things_first),
            things=things,
            last_things=frozenset(self.words.get("last-things", ())),
            compounds={first: frozenset(seconds) for first, seconds in self.compounds.items()},
            skipped=frozenset(self.skipped),
            looking=of(LOOKING),
            reading=of(self.groups.get("reading", ())),
            acting=of(ACTING) - frozenset(self.words.get("carrying", ())),
            making=of(MAKING),
            doings=of(DOINGS),
            abroad=frozenset(self.words.get("small-abroad", ())),
        )

    def alternation(self, name: str, *, plain: bool = False) -> str:
        """The RE2 alternation of one class, without the surrounding group; `plain` takes verbs uninflected.

        Raises:
            KeyError: there is no such class.
        """
        if (name, plain) not in self._spelled:
            unique = sorted(self.forms(name, plain=plain), key=lambda form: (-len(form), form))
            spelled = "|".join(re2.escape(form) if not form.replace(" ", "").isalnum() else form for form in unique)
            self._spelled[name, plain] = spelled
        return self._spelled[name, plain]

    def forms(self, name: str, *, plain: bool = False) -> Sequence[str]:
        """Every word of a class, verbs in all inflections unless `plain`; each once.

        Raises:
            KeyError: there is no such class.
        """
        if (name, plain) in self._forms:
            return self._forms[name, plain]
        if name in self.words:
            forms = list(self.words[name])
        else:
            forms = []
            for verb in [verb for one in self.groups.get(name, (name,)) for verb in self.verbs[one]]:
                head, _, rest = verb.partition(" ")
                inflected = [head] if plain else list(dict.fromkeys([*inflect(head), *self.irregular.get(head, ())]))
                forms += [f"{form} {rest}" if rest else form for form in inflected]
        self._forms[name, plain] = list(dict.fromkeys(forms))
        return self._forms[name, plain]

    def expand(self, pattern: str) -> str:
        """Replace every ``{class}`` in a pattern by a group of its words, ``{class!}`` by the uninflected ones.

        ``{2,3}`` stays a quantifier.

        Raises:
            KeyError: a class is not known.
        """
        parts: list[str] = []
        at = 0
        for found in _MACRO.finditer(pattern):
            parts += [
                pattern[at : found.start()],
                "(?:",
                self.alternation(found.group(1), plain=found.group(2) == "!"),
                ")",
            ]
            at = found.end()
        return "".join([*parts, pattern[at:]])
