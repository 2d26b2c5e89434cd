"""Pickles of plain data are read; any other is refused before it can do anything."""

from __future__ import annotations

import collections
import os
import pickle
from pathlib import Path

import pytest

from iterprime_xai.data.plain_pickle import load_plain
from iterprime_xai.records import StorageError

PLAIN = [{"ref_id": 1, "text": "grün", "ids": (1, 2.5, None, True), "set": {1, 2}}]


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_is_read(tmp_path: Path, protocol: int) -> None:
    plain = [PLAIN[0] | {"set": None}] if protocol < 4 else PLAIN  # older protocols have no sets of their own
    (tmp_path / "a.p").write_bytes(pickle.dumps(plain, protocol=protocol))
    assert load_plain(tmp_path / "a.p") == plain


def test_a_pickle_of_python_2_is_read(tmp_path: Path) -> None:
    # As Python 2 writes [{'sent': u'a', 'raw': 'caf\xe9'}], protocol 0.
    (tmp_path / "a.p").write_bytes(b"(lp0\n(dp1\nS'sent'\np2\nVa\np3\nsS'raw'\np4\nS'caf\\xe9'\np5\nsa.")
    assert load_plain(tmp_path / "a.p") == [{"sent": "a", "raw": "café"}]


def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / "a.p").write_bytes(pickle.dumps([{"ok": 1}, Bomb(tmp_path / "ran")], protocol=protocol))
        with pytest.raises(StorageError, match=r"asks for .*mkdir"):
            load_plain(tmp_path / "a.p")
    assert not (tmp_path / "ran").exists()


def test_even_harmless_classes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.p").write_bytes(pickle.dumps(collections.OrderedDict(a=1)))
    with pytest.raises(StorageError, match=r"collections\.OrderedDict"):
        load_plain(tmp_path / "a.p")


def test_a_pointer_out_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.p").write_bytes(b"Poutside\n.")
    with pytest.raises(StorageError, match="outside the file"):
        load_plain(tmp_path / "a.p")


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps(PLAIN)[:-5], b"\x80\x09.", b"(((((."])
def test_what_is_no_whole_pickle_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.p").write_bytes(content)
    with pytest.raises(StorageError, match="not a pickle, or is damaged"):
        load_plain(tmp_path / "a.p")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Cannot read"):
        load_plain(tmp_path / "a.p")
