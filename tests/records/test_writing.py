"""A file is there whole, or what was there before still is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from iterprime_xai.records import StorageError
from iterprime_xai.records.writing import write_whole


def test_a_file_is_written_with_its_folders_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.bin"
    assert write_whole(str(path), b"one") == path
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["b.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (SystemExit(3), SystemExit),
    ],
)
def test_whatever_breaks_in_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, raised: BaseException, seen: type[BaseException]
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")

    def broken(*_: object) -> None:
        raise raised

    monkeypatch.setattr(os, step, broken)
    with pytest.raises(seen) as caught:
        write_whole(path, b"after")
    monkeypatch.undo()
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.bin"]
    if seen is StorageError:
        assert str(caught.value) == (
            f"Cannot write {path}: No space left on device. Free some space or choose another place."
        )


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="is a folder"):
        write_whole(tmp_path, b"")
    with pytest.raises(StorageError, match="Cannot write"):
        write_whole(tmp_path / "file" / "below", b"")
    with pytest.raises(StorageError, match="Cannot write"):
        write_whole(tmp_path / "zero\0byte", b"")
    with pytest.raises(StorageError, match=r"Expected a path.*int"):
        write_whole(3, b"")  # type: ignore[arg-type]
