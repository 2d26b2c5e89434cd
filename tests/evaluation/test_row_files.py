"""Rows come back from their file as they were."""

from __future__ import annotations

import pytest

from iterprime_xai.evaluation.matching import PairRow
from iterprime_xai.evaluation.presence import PhraseRow
from iterprime_xai.evaluation.row_files import load_rows, save_rows
from iterprime_xai.records import StorageError

ROWS = [
    PhraseRow("val-1", "val", "position", "the left “dog”", True, 0.1 + 0.2),
    PhraseRow("val-1", "val", "position", "the right dog", False, 1e-12),
]


def test_rows_survive_exactly(tmp_path):
    path = save_rows(ROWS, tmp_path / "new" / "rows.jsonl")
    assert load_rows(path, PhraseRow) == ROWS
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_no_rows_are_an_empty_file(tmp_path):
    assert load_rows(save_rows([], tmp_path / "rows.jsonl"), PhraseRow) == []


def test_other_rows_are_refused(tmp_path):
    path = save_rows(ROWS, tmp_path / "rows.jsonl")
    with pytest.raises(StorageError, match="PairRow"):
        load_rows(path, PairRow)
    with pytest.raises(StorageError, match="Measure again"):
        load_rows(tmp_path / "none.jsonl", PhraseRow)
