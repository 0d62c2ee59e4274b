"""Reads ``rules/acts.yaml``: the concepts of hostile text, and the words for them in many languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Annotated

import re2

from mcp_threat_scoring.hostile.acts import BETWEEN, Acts, Script, any_of
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.lexicon import inflect
from mcp_threat_scoring.structs import Meta
from mcp_threat_scoring.text.letters import fold


class ActsDoc(Model, frozen=True):
    """``rules/acts.yaml``."""

    concepts: dict[str, dict[str, list[str]]]
    inflected: Annotated[list[str], Meta(description="Concepts whose English words have an -ing form.")] = []
    together: Annotated[dict[str, list[str]], Meta(description="Words that stand for several concepts.")] = {}


def compile_acts(document: ActsDoc) -> Acts:
    """Put the vocabulary into a form that is quick to read with."""
    phrases: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {}
    words: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    claims = [(tuple(several.split()), group) for several, group in document.together.items()]
    claims += [((concept,), group) for concept, groups in document.concepts.items() for group in groups.values()]
    claims += [((concept,), _doing(document.concepts.get(concept, {}).get("en", []))) for concept in document.inflected]
    for meaning, group in claims:
        for phrase in group:  # what is named first keeps a word that two lay claim to
            folded = fold(phrase.removesuffix("*"))
            if phrase.endswith("*"):
                stems.setdefault(folded, meaning)
            elif _plain(folded):
                first, *rest = folded.translate(BETWEEN).split()
                phrases.setdefault(first, {}).setdefault(tuple(rest), meaning)
            else:
                words.setdefault(folded, meaning)
    foreign = {phrase for phrase in (*words, *stems) if not phrase.isascii()}
    symbols = [phrase for phrase in words if phrase.isascii()]
    return Acts(
        {first: tuple(sorted(ends.items(), key=lambda one: (-len(one[0]), one[0]))) for first, ends in phrases.items()},
        stems,
        any_of(map(_escape, symbols)),
        tuple(_scripts(foreign)),
        words,
        max(map(len, stems), default=0),
    )


def _scripts(phrases: Iterable[str]) -> Iterator[Script]:
    """The phrases of each script by themselves."""
    found: dict[str, list[str]] = {}
    for phrase in phrases:
        found.setdefault(_script(next(char for char in phrase if not char.isascii())), []).append(phrase)
    for script in sorted(found):
        letters = frozenset(char for phrase in found[script] for char in phrase if not char.isascii())
        yield Script(letters, any_of(map(_escape, found[script])))


def _script(letter: str) -> str:
    """The script of a letter, by its name in Unicode. Chinese and Japanese share theirs."""
    name = unicodedata.name(letter, "").split(" ", 1)[0]
    return "CJK" if name.endswith(("KANA", "GANA")) else name


def _doing(verbs: Iterable[str]) -> list[str]:
    return [inflect(verb)[-1] for verb in verbs if verb.isalpha() and not verb.endswith(("s", "ed", "ing"))]


def _plain(phrase: str) -> bool:
    """Whether the borders of a word can be told at both of its ends."""
    return phrase.isascii() and phrase[0].isalnum() and phrase[-1].isalnum()


def _escape(phrase: str) -> str:
    return r"\s+".join(re2.escape(part) for part in phrase.split(" "))
