"""Tables of (image, phrase[, mask][, id][, any tag]) that people make themselves: CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iterprime_xai.data.names import nearest
from iterprime_xai.data.picture_files import check_inside
from iterprime_xai.records import StorageError

NEEDED = ("image", "phrase")
PLACED = ("image", "phrase", "mask", "id")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """One phrase about one picture; ``image`` is relative to the data set's folder, ``mask`` as written (``None`` for none)."""

    image: str
    phrase: str
    mask: Any
    id: str | None
    tags: tuple[tuple[str, str], ...]
    said_by: str
    """Where it was read, such as "phrases.csv, line 3"."""


def read_table(path: Path, kind: str) -> list[PhraseRow]:
    """The rows of a table; ``kind`` is "csv" (comma, semicolon or tab; UTF-8, or UTF-16 with its mark) or "jsonl".

    Raises ``StorageError`` that names the line, for a missing or empty file, another encoding, a missing column (with the
    nearest right name), a row without image or phrase, and an image outside the table's folder.
    """
    text = _text(path)
    rows = _csv_rows(text, path) if kind == "csv" else _json_rows(text, path)
    if not rows:
        raise StorageError(f"{path} holds no rows.")
    return rows


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        names = [each.name for each in path.parent.glob("*")] if path.parent.is_dir() else []
        raise StorageError(f"There is no file {path}{nearest(path.name, names)}.") from None
    except OSError as error:
        raise StorageError(f"Cannot read {path}: {error}.") from error
    if not content.strip():
        raise StorageError(f"{path} is empty.")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StorageError(
            f"{path} is not UTF-8: byte 0x{content[error.start]:02x} in line {line}. Save it as UTF-8 (in a spreadsheet: "
            "'CSV UTF-8')."
        ) from error
    if not text.strip():
        raise StorageError(f"{path} is empty.")
    return text


def _csv_rows(text: str, path: Path) -> list[PhraseRow]:
    lines = text.splitlines(keepends=True)
    first = 0
    delimiter = None
    if lines[0].lower().startswith("sep="):  # a spreadsheet's hint
        delimiter, first = lines[0].strip()[4:] or None, 1
    header_line = lines[first] if len(lines) > first else ""
    delimiter = delimiter or max(",;\t", key=header_line.count)
    try:
        table = list(csv.reader(io.StringIO("".join(lines[first:]), newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, TypeError) as error:
        raise StorageError(
            f"{path} is no proper CSV ({error}); write a quotation mark inside a quoted cell twice."
        ) from error
    header = [name.strip() for name in table[0]] if table else []
    _check_columns(header, path)
    rows = []
    for number, cells in enumerate(table[1:], first + 2):
        if not any(cell.strip() for cell in cells):
            continue
        said_by = f"{path.name}, row {number}"
        if len(cells) != len(header):
            raise StorageError(
                f"{said_by} has {len(cells)} cells, but the header has {len(header)}; put quotation marks round a cell "
                f"that holds a {delimiter!r}."
            )
        rows.append(_row(dict(zip(header, cells, strict=True)), said_by))
    return rows


def _json_rows(text: str, path: Path) -> list[PhraseRow]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        said_by = f"{path.name}, line {number}"
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise StorageError(f"{said_by} is not JSON ({error}).") from error
        if not isinstance(values, dict):
            raise StorageError(f'{said_by} should hold an object such as {{"image": ..., "phrase": ...}}.')
        _check_columns(list(values), path, said_by)
        rows.append(_row(values, said_by))
    return rows


def _check_columns(names: list[str], path: Path, said_by: str | None = None) -> None:
    for name in NEEDED:
        if name not in names:
            raise StorageError(
                f"{said_by or path} has no column {name!r}{nearest(name, names).replace('did you mean', 'is it')}; it has "
                f"{', '.join(map(repr, names)) or 'none'}. The columns are image, phrase[, mask][, id][, any tag]."
            )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise StorageError(f"{path} has the column {twice!r} twice.")


def _row(values: dict[str, Any], said_by: str) -> PhraseRow:
    for name in NEEDED:
        if not isinstance(values[name], str) or not values[name].strip():
            raise StorageError(f"{said_by} has no {name}.")
    image = values["image"].strip().replace("\\", "/")
    check_inside(image, said_by)
    mask = values.get("mask")
    given = values.get("id")
    tags = tuple((key, _tag(value)) for key, value in values.items() if key and key not in PLACED and _tag(value))
    return PhraseRow(
        image=image,
        phrase=values["phrase"].strip(),
        mask=None if mask is None or (isinstance(mask, str) and not mask.strip()) else mask,
        id=None if given is None or not str(given).strip() else str(given).strip(),
        tags=tags,
        said_by=said_by,
    )


def _tag(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value)
