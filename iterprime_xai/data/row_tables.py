"""Rows of a split as the hub's mirrors publish them: Parquet files in ``data/``, or JSON; pictures are taken one row at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from iterprime_xai.data.images import read_image
from iterprime_xai.data.names import nearest
from iterprime_xai.records import ImageInputError, MissingExtraError, OptionError, StorageError

IMAGE = "image"


class RowTable:
    """The rows of one split, in order: their values without pictures, and any one row's picture.

    ``folder`` is the mirror's own folder, with ``data/{split}-*.parquet``, or ``{split}.jsonl`` / ``{split}.json`` with the
    same fields and pictures as paths in the folder. Raises ``StorageError`` for files that are missing or broken,
    ``OptionError`` for a split that is not there, ``MissingExtraError`` for Parquet without pyarrow.
    """

    def __init__(self, folder: Path, split: str, needed: Sequence[str]) -> None:
        self.folder, self.split = folder, split
        files = split_files(folder)
        if not files:
            raise StorageError(f"{folder} holds no data/SPLIT-*.parquet, SPLIT.jsonl or SPLIT.json.")
        if split not in files:
            raise OptionError(
                f"{folder} has no split {split!r}{nearest(split, files)}; it has {', '.join(sorted(files))}."
            )
        self._paths = files[split]
        self._parquet = self._paths[0].suffix == ".parquet"
        missing = [name for name in needed if name not in self._columns]
        if missing:
            raise StorageError(
                f"{self._paths[0]} has no column {missing[0]!r}; it has {', '.join(sorted(self._columns))}. Is it another mirror?"
            )
        self._group: tuple[tuple[int, int], list[Any]] | None = None

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Every row without its picture."""
        if not self._parquet:
            return [{key: value for key, value in row.items() if key != IMAGE} for row in self._json]
        found: list[dict[str, Any]] = []
        for path in self._paths:
            with _opened(path) as file:
                light = [name for name in file.schema_arrow.names if name != IMAGE]
                found += _guarded(path, lambda file=file, light=light: file.read(columns=light).to_pylist())
        return found

    def picture(self, row: int) -> Image.Image:
        """The upright RGB picture of a row. Raises ``ImageInputError`` for one that is missing or broken."""
        value = self._picture_value(row)
        content = value.get("bytes") if isinstance(value, dict) else None
        path = value.get("path") if isinstance(value, dict) else value
        if isinstance(content, bytes):
            try:
                return read_image(Image.open(io.BytesIO(content))).image
            except (OSError, SyntaxError, ValueError) as error:
                raise ImageInputError(
                    f"The picture of row {row} of {self.folder} ({self.split}) is damaged: {error}."
                ) from error
        if isinstance(path, str) and ".." not in Path(path).parts and not Path(path).is_absolute():
            return read_image(self.folder / path).image
        raise ImageInputError(f"Row {row} of {self.folder} ({self.split}) has no picture.")

    def _picture_value(self, row: int) -> Any:
        if not self._parquet:
            return self._json[row].get(IMAGE)
        for number, (path, lengths) in enumerate(zip(self._paths, self._lengths, strict=True)):
            for group, length in enumerate(lengths):
                if row < length:
                    return self._read_group(path, number, group)[row]
                row -= length
        raise StorageError(f"{self.folder} ({self.split}) has fewer rows than were asked for.")

    def _read_group(self, path: Path, number: int, group: int) -> list[Any]:
        kept = self._group
        if kept is None or kept[0] != (number, group):  # pictures are mostly asked for in order
            with _opened(path) as file:
                values = _guarded(path, lambda: file.read_row_group(group, columns=[IMAGE])[IMAGE].to_pylist())
            self._group = kept = ((number, group), values)
        return kept[1]

    @cached_property
    def _lengths(self) -> list[list[int]]:
        lengths = []
        for path in self._paths:
            with _opened(path) as file:
                lengths.append([file.metadata.row_group(each).num_rows for each in range(file.num_row_groups)])
        return lengths

    @cached_property
    def _columns(self) -> set[str]:
        if self._parquet:
            with _opened(self._paths[0]) as file:
                return set(file.schema_arrow.names)
        return set(self._json[0]) if self._json else set()

    @cached_property
    def _json(self) -> list[dict[str, Any]]:
        path = self._paths[0]
        try:
            text = path.read_text(encoding="utf-8")
            rows = (
                json.loads(text)
                if path.suffix == ".json"
                else [json.loads(each) for each in text.split("\n") if each.strip()]
            )
        except OSError as error:
            raise StorageError(f"Cannot read {path}: {error}.") from error
        except (ValueError, RecursionError) as error:
            raise StorageError(f"{path} is not JSON, or is damaged ({error}).") from error
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise StorageError(f"{path} should hold rows, each an object.")
        return rows


def split_files(folder: Path) -> dict[str, list[Path]]:
    """The files of every split in a mirror's folder, in order."""
    found: dict[str, list[Path]] = {}
    for path in sorted([*folder.glob("data/*.parquet"), *folder.glob("*.parquet")]):
        found.setdefault(path.stem.split("-")[0], []).append(path)
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.json")]):
        found.setdefault(path.stem, [path])
    return found


def _opened(path: Path) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingExtraError(f"Reading {path} needs pyarrow: pip install pyarrow.") from error
    return _guarded(path, lambda: ParquetFile(path))


def _guarded(path: Path, read: Any) -> Any:
    from pyarrow import ArrowException

    try:
        return read()
    except (ArrowException, OSError) as error:
        raise StorageError(f"{path} is no Parquet file, or is damaged ({error}); download it again.") from error
