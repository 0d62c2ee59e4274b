"""The fields that a rule may search and the facts that it may ask for: what each means, and what it is read from.

This is the one declaration of them. Rules are held against it when they are loaded (:func:`unknown`), checks tell by it
which part of a target they needed (:mod:`check`), and ``docs/rules.md`` prints it. The names of facts are in
:mod:`rulebook.observed`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from mcp_threat_scoring.model import Place
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.rulebook.compound import placed
from mcp_threat_scoring.rulebook.observed import FACTS, FAMILIES, Known
from mcp_threat_scoring.rulebook.rule import AllOf, AnyOf, FactTest, Over, SignalDoc, Test, TextTest
from mcp_threat_scoring.rulebook.vocabulary import ABOUT, EFFECT_QUESTIONS, AbilitiesDoc, LexiconDoc

ITEMS: Final[tuple[Over, ...]] = ("tools", "prompts", "resources", "resource_templates")
NEAR: Final = 6
"""Names that are shown where one is wrong, nearest first."""

_EVERY: Final[Mapping[str, str]] = {
    "name": "the name as it was sent",
    "words": "the name in words, without what the names of all the server's tools begin with",
    "head": "the name from its verb on",
    "title": "its titles, one a line",
    "summary": "the first sentence of the description",
    "lead": "that sentence, or the first with a verb, from the verb on",
    "further": "further verbs of it with what they are done to, one a line",
    "acts": "the other sentences that have a verb, from that verb on",
    "besides": "what the tool itself does as well, from each such verb on, one a line",
    "sentences": "the other sentences of the description's main part, one a line",
    "negated": "clauses that say what is not done, which are taken out of all of the above",
    "sections": "argument, return and example sections of the description",
}
_OF_TOOLS: Final[Mapping[str, str]] = {
    "args": "names of the arguments in words, one a line",
    "params": "the same with the names nested inside them",
    "param_text": "descriptions of parameters, one a line",
    "enums": "permitted values of parameters in words, one a line",
    "actions": "permitted values of the parameters that choose what is done",
    "outputs": "property names of the output schema in words",
    "free_params": "text parameters that no enum, const or pattern limits, in words",
    "flags": "boolean parameters in words",
    "given": "required arguments that are a `number`, a `switch` or a `choice` of values: which, and the name in words",
    "header_params": "parameters that are sent as an HTTP header, in words",
    "refs": "what references inside the schema point at, as sent",
}
_OF_SERVER: Final[Mapping[str, tuple[str, str]]] = {
    "words": ("server", "names and titles of the server and its package, in words"),
    "instructions": ("instructions", "the server's instructions in lower case"),
    "listing": ("server", "a listing's prose in lower case"),
    "version": ("server", "the version that it names"),
    "protocol": ("server", "the protocol revision"),
    "events": ("session", "what was odd while it was read: code and detail, one a line"),
    "left_files": ("session", "files that it left in the throw-away folders it was started in, one a line"),
    "url": ("transport", "the address"),
    "argv": ("launch", "the words of the launch command, one a line"),
    "fetched": (
        "launch",
        "what that command fetches, as `KIND NAME`: `npm`, `jsr`, `pypi`, `nuget`, `go`, `jbang`, `gem`, `flake`, "
        "`url`, `git` or `image`",
    ),
    "env": ("launch", "names of the environment variables it is given"),
    "secret_env": ("launch", "those of them that the package declares secret"),
    "headers": ("launch", "names of the headers it is given"),
    "package": ("launch", "the package's name"),
    "scopes": ("auth", "names of OAuth scopes in lower case"),
    "schemes": ("auth", "authentication schemes in lower case"),
}
_OF_ANY: Final[Mapping[str, str]] = {
    "said": "every sentence as a line of concepts, recovered hidden ones included",
    "described": "the same of sentences that name an attack in order to describe it",
    "hidden": "the concept lines of hidden passages alone",
    "prose": "every sentence in normalised words",
    "openly": "name, title and the sentences of the description",
    "markup": "every text in lower case as sent",
    "keys": "names of parameters and other keys, in words",
    "defaults": "default, constant, example and permitted values",
    "presets": "addresses given as values, one a line: `fixed`, `example` or `expected`, parameter, `=`, the value",
    "names": "the item's name and title in words",
}
_URI: Final[Mapping[str, str]] = {"uri": "the URI or URI template"}


def _told(part: str, *groups: Mapping[str, str]) -> dict[str, Known]:
    return {name: Known(part, meaning) for group in groups for name, meaning in group.items()}


FIELDS: Final[Mapping[Over, Mapping[str, Known]]] = MappingProxyType(
    {
        "tools": _told("tools", _EVERY, _OF_TOOLS),
        "prompts": _told("prompts", _EVERY),
        "resources": _told("resources", _EVERY, _URI),
        "resource_templates": _told("resource_templates", _EVERY, _URI),
        "server": {name: Known(part, meaning) for name, (part, meaning) in _OF_SERVER.items()},
        "any": _told("tools", _OF_ANY),
    }
)
"""The fields by what a rule is over."""

Members = Mapping[str, Collection[str]]
"""What the names of a family may end in, by family: ``siblings`` → the verb classes. A family not in it may end in
anything."""


def members(lexicon: LexiconDoc | None, abilities: AbilitiesDoc | None, files: Iterable[str]) -> Members:
    """What the names of facts with an open end may end in, as far as the files that decide that could be read."""
    from mcp_threat_scoring.hostile.views import HIDING_PLACES, ODDITIES  # only where a rule is new

    stems = [PurePath(path).stem for path in files]
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


def known_fact(over: Over, name: str) -> Known | None:
    """What that fact is in a rule over such things; None if there is none. The end of a family's name is not judged."""
    head, _, _ = name.partition(".")
    return FACTS[over].get(name) or (FAMILIES[over].get(head) if "." in name else None)


def _fact_fault(over: Over, name: str, members: Members) -> str:
    head, _, rest = name.partition(".")
    if known_fact(over, name) is None:
        return _unheard_of(over, "fact", name, (*FACTS[over], *(f"{family}.…" for family in FAMILIES[over])))
    if name not in FACTS[over] and head in members and rest not in members[head]:
        return _unheard_of(over, "fact", name, [f"{head}.{one}" for one in members[head]])
    return ""


def _unheard_of(over: Over, kind: str, name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # only where something is wrong

    near = get_close_matches(name, sorted(known), n=NEAR, cutoff=0.0)
    return f"over {over} there is no {kind} '{neutralise_name(name)}'; there is {', '.join(near)}, …"


def _inside(over: Over, test: Test, place: Place, members: Members) -> Iterator[tuple[Place, str]]:
    for at, one in placed(test, place):
        if isinstance(one, TextTest):
            if one.field not in FIELDS[over]:
                yield (*at, "field"), _unheard_of(over, "field", one.field, FIELDS[over])
        elif isinstance(one, FactTest) and (fault := _fact_fault(over, one.fact, members)):
            yield (*at, "fact"), fault


def sought_in(test: Test) -> Iterator[str]:
    """The fields that a test finds words in; those that it must not find any in are left out."""
    if isinstance(test, AnyOf | AllOf):
        for one in test.parts:
            yield from sought_in(one)
    elif isinstance(test, TextTest):
        yield test.field


def unknown(doc: SignalDoc, members: Members) -> Iterator[tuple[Place, str]]:
    """Each field and fact of a rule file that nothing produces, with its place and the nearest names there are.

    A rule over a misspelt name would be silent for ever.
    """
    if doc.match is not None:
        yield from _inside(doc.over, doc.match, ("match",), members)
    for name, variant in doc.variants.items():
        yield from _inside(doc.over, variant.match, ("variants", name, "match"), members)
        for question, fact in variant.graded.items():
            if fault := _fact_fault(doc.over, fact, members):
                yield ("variants", name, "graded", question), fault
