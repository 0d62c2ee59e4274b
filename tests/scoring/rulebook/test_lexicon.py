"""Word classes in patterns."""

import re
from pathlib import Path

import pytest
import re2

from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.rulebook.documents import rules_dir, split_document
from mcp_threat_scoring.rulebook.lexicon import GRAMMATICAL, Lexicon, inflect
from mcp_threat_scoring.rulebook.ruleset import default_ruleset, load_rules, signal_files

LEXICON = Lexicon(
    verbs={"create": ["create", "set up"], "destroy": ["delete", "drop"]},
    words={"place": ["file", "c++"]},
    irregular={"drop": ["dropt"]},
    groups={"changing": ["create", "destroy"]},
)


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("delete", ["delete", "deletes", "deleted", "deleting"]),
        ("copy", ["copy", "copies", "copied", "copying"]),
        ("stop", ["stop", "stops", "stopped", "stopping"]),
        ("push", ["push", "pushes", "pushed", "pushing"]),
        ("play", ["play", "plays", "played", "playing"]),
        ("open", ["open", "opens", "opened", "opening"]),
        ("see", ["see", "sees", "seed", "seeing"]),
    ],
)
def test_a_verb_is_inflected(verb: str, forms: list[str]) -> None:
    assert inflect(verb) == forms


def test_a_class_stands_for_all_its_forms() -> None:
    pattern = re2.compile(f"^{LEXICON.expand('{destroy}')}$")
    assert all(pattern.search(word) for word in ("delete", "deleting", "dropped", "dropt"))
    assert not pattern.search("undelete")


def test_an_exclamation_mark_takes_the_plain_form() -> None:
    pattern = re2.compile(f"^{LEXICON.expand('{destroy!}')}$")
    assert pattern.search("delete")
    assert not pattern.search("deleted")


def test_only_the_first_word_of_a_phrase_is_inflected() -> None:
    pattern = re2.compile(LEXICON.expand("^{create}$"))
    assert pattern.search("sets up")
    assert not pattern.search("set ups")


def test_a_group_takes_classes_together() -> None:
    pattern = re2.compile(LEXICON.expand("^{changing}$"))
    assert pattern.search("creates")
    assert pattern.search("deleted")


def test_words_are_taken_literally() -> None:
    assert re2.compile(LEXICON.expand("^{place}$")).search("c++")


def test_a_quantifier_is_no_class() -> None:
    assert LEXICON.expand("a{2,3}") == "a{2,3}"


def test_an_unknown_class_is_an_error() -> None:
    with pytest.raises(KeyError):
        LEXICON.expand("{nonsense}")


@pytest.mark.parametrize(
    ("verbs", "line", "said"),
    [
        ("create: [make, tamp]\n  save: [keep,\n    tamp]", 4, "stands in create and in save"),
        ("create: [tamp, make, tamp]", 2, "stands twice in create"),
    ],
)
def test_a_verb_stands_in_one_class_only(tmp_path: Path, verbs: str, line: int, said: str) -> None:
    (tmp_path / "signals").mkdir()
    (tmp_path / "lexicon.yaml").write_text(f"verbs:\n  {verbs}\n")
    with pytest.raises(RuleError) as caught:
        load_rules(tmp_path)
    told = [problem for problem in caught.value.problems if problem.path == "lexicon.yaml"]
    assert [(one.line, one.message.partition(": ")[2]) for one in told] == [
        (line, f"'tamp' {said}; a verb stands in one class only")
    ]


def test_every_shipped_noun_is_a_verb_of_some_class() -> None:
    lexicon = default_ruleset().lexicon
    verbs = {verb for verbs in lexicon.verbs.values() for verb in verbs}
    unknown = {*lexicon.nouns, *lexicon.things_first} - verbs
    assert unknown == set()


def test_every_shipped_class_of_words_is_asked_for() -> None:
    files = [rules_dir() / "domains.yaml", *map(Path, signal_files(rules_dir()))]
    said = "".join(split_document(path.read_text("utf-8"))[0] for path in files)
    asked = {*re.findall(r"\{([a-z][a-z_-]*)!?\}", said), *re.findall(r"siblings\.([a-z-]+)", said)}
    assert default_ruleset().lexicon.words.keys() - asked - {*GRAMMATICAL} == set()


def test_every_shipped_irregular_verb_stands_in_some_class() -> None:
    lexicon = default_ruleset().lexicon
    verbs = {verb.partition(" ")[0] for verbs in lexicon.verbs.values() for verb in verbs}
    assert lexicon.irregular.keys() - verbs == set()
