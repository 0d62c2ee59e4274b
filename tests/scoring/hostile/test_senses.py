"""Names of somebody or something are replaced by what sort of thing they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from mcp_threat_scoring.hostile.senses import NONE, Senses, SensesDoc, Tables, compile_senses

PLAIN = Senses(NONE)


@pytest.mark.parametrize(
    ("token", "sort"),
    [
        ("collector.example.net", "§host"),
        ("collector.example.net/log", "§host"),
        ("x.example.com/a/b", "§host"),
        ("t.me/someone", "§host"),
        ("mail.kestrel.co.uk", "§host"),
        ("relay.test:8080", "§host"),
        ("vault.evil", "§host"),
        ("https://example.org/x", "§url"),
        ("pay@example.org", "§mail"),
        ("~/.ssh/id_rsa", "§secretpath"),
        ("~/.bashrc", "§startpath"),
        ("config.yaml", "§path"),
        ("node.js", "§path"),
        ("--no-verify", "§flag"),
        ("--force", "§flag"),
        ("/var/data/x", "§path"),
        ("7,301.5", "§num"),
        ("10.0.0.1", "§num"),
    ],
)
def test_a_name_is_what_sort_of_thing_it_is(token: str, sort: str):
    assert PLAIN.read(token) == [(sort, (sort,))]


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("sys.path", ["sys", "path"]),
        ("message.body", ["messag", "body"]),
        ("user.id", ["user", "id"]),
        ("all_messages", ["all", "messag"]),
        ("input.next/output", ["input", "next/ou"]),
    ],
)
def test_a_name_in_a_program_is_read_word_by_word(token: str, words: list[str]):
    assert [word for word, _ in PLAIN.read(token)] == ["§id", *words]


def test_two_words_beside_a_stroke_are_words():
    assert [word for word, _ in PLAIN.read("and/or")] == ["and", "or"]


PHRASES = Senses(compile_senses(SensesDoc(senses={
    "hide": {"en": "keep quiet, keep it to yourself"}, "have": {"en": "keep"}, "secret": {"zh": "密码"},
})))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "senses"),
    [
        ("keep quiet", ("have", "hide")),
        ("keep it to yourself", ("have", "hide")),
        ("keep it to you", ("have",)),
        ("keep", ("have",)),
    ],
)
def test_a_phrase_adds_its_sense_to_its_first_word(text: str, senses: tuple[str, ...]):
    assert PHRASES.read(text)[0][1] == senses


@pytest.mark.parametrize(
    ("text", "word", "sense"),
    [
        ("hand it over, then hand over the api keys", "hand", "send"),
        ("the passwords", "passwor", "secret"),
        ("der schlussel", "schluss", "secret"),
        ("立即发送到", "发送", "send"),
    ],
)
def test_words_phrases_and_scripts_without_spaces_have_senses(text: str, word: str, sense: str) -> None:
    tables = SensesDoc(senses={
        "send": {"en": "send, hand over", "zh": "发送"}, "secret": {"en": "api key, password", "de": "Schlüssel"}
    })  # fmt: skip
    assert dict(Senses(compile_senses(tables)).line(text))[word] == (sense,)


def test_a_line_is_read_once():
    assert PHRASES.line("keep quiet") is PHRASES.line("keep quiet")
    assert list(PHRASES.line("keep quiet")) == PHRASES.read("keep quiet")


def test_scripts_without_spaces_are_cut_by_what_is_known():
    assert ("密码", ("secret",)) in PHRASES.read("输入密码")


def test_what_is_remembered_is_bounded():
    reader = Senses(NONE)
    for number in range(6_000):
        reader.line(f"line {number}")
    assert len(reader.lines) == 5_000


def test_words_of_other_scripts_are_read_when_the_first_is_met() -> None:
    latin, other = compile_senses(
        SensesDoc(senses={"secret": {"en": "password, ssh key", "ru": "пароль, ssh ключ", "zh": "密码"}})
    ).by_script()
    read: list[str] = []

    def others() -> Tables:
        read.append("others")
        return other

    reader = Senses(latin, others)
    assert dict(reader.line("the password — café"))["passwor"] == ("secret",)
    assert not read
    assert dict(reader.line("ssh ключ"))["ssh"] == ("secret",)
    assert dict(reader.line("密码"))["密码"] == ("secret",)
    assert dict(reader.line("ssh key"))["ssh"] == ("secret",)
    assert read == ["others"]


def test_scans_side_by_side_all_read_with_the_words_of_other_scripts() -> None:
    latin, other = compile_senses(SensesDoc(senses={"secret": {"zh": "密码"}})).by_script()
    met = Event()

    def others() -> Tables:
        met.wait(timeout=1.0)  # the second reader has come by now
        return other

    reader = Senses(latin, others)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(reader.read, "密码")
        second = pool.submit(lambda: (met.set(), reader.read("密码"))[1])
        assert first.result() == second.result() == [("密码", ("secret",))]


def test_what_could_not_be_read_is_never_taken_for_nothing() -> None:
    def others() -> Tables:
        raise OSError

    reader = Senses(NONE, others)
    for _ in range(2):
        with pytest.raises(OSError):
            reader.read("密码")
