"""Every file of texts says which fold its author is in; one that does not is an error, and no guess is made."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from mcp_threat_model.evaluate.authors import FILE, FOLDS, Authors, fold_of, read_authors
from mcp_threat_model.evaluate.corpus import read_rows
from mcp_threat_scoring.errors import RuleError

TEXTS = Path(__file__).parents[2] / "texts"


def folder(path: Path, listed: str, *files: str) -> Path:
    (path / FILE).write_text(listed, encoding="utf-8")
    for file in files:
        (path / f"{file}.jsonl").touch()
    return path


def test_every_file_of_texts_is_listed() -> None:
    authors = read_authors(TEXTS)

    assert {*authors.folds, *authors.by_item} == {path.stem for path in TEXTS.glob("*.jsonl")}


def test_every_language_that_has_lines_has_authors_in_two_folds() -> None:
    authors = read_authors(TEXTS)
    folds: defaultdict[str, set[int]] = defaultdict(set)
    for path in TEXTS.glob("*.jsonl"):
        for index, row in enumerate(read_rows(path)):
            if "t" in row:
                folds[row["l"].partition("-")[0]].add(authors.fold(path.stem, index))

    assert len(folds) > 10
    assert {language for language, held in folds.items() if len(held) < 2} == set()


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ("folds: {lines-1: 0}", "folds.yaml: lines-2.jsonl is not listed: say which fold its author is in, 0 to 2"),
        ("folds: {lines-1: 0, lines-2: 1, lines-3: 1}", "folds.yaml: there is no lines-3.jsonl"),
        ("folds: {lines-1: 0, lines-2: 1}\nby_item: [lines-2]", "folds.yaml: lines-2 is listed twice"),
        ("folds: {lines-1: 0, lines-2: 3}", "folds.yaml:1: folds.lines-2: "),
        ("fold: {}", "folds.yaml:1: fold: no such key is known here; the nearest is 'folds'"),
    ],
)
def test_what_is_wrong_with_the_list_is_said(tmp_path: Path, listed: str, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_authors(folder(tmp_path, listed, "lines-1", "lines-2"))

    assert says in str(caught.value)


def test_a_folder_without_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=FILE):
        read_authors(tmp_path)


def test_items_that_are_spread_are_so_always_alike() -> None:
    authors = Authors(folds={"lines-1": 2}, by_item=["honest-0"])

    assert {authors.fold("lines-1", place) for place in range(50)} == {2}
    assert {authors.fold("honest-0", place) for place in range(50)} == set(range(FOLDS))
    assert authors.fold("honest-0", 7) == fold_of("honest-07")
