"""Saved slices of a run: the rule that chose the samples and their ids, one JSON file a slice beside the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from iterprime_xai.evaluation.annotations.note import as_read_back, author_name
from iterprime_xai.records.errors import OptionError, StorageError
from iterprime_xai.records.file_names import slug
from iterprime_xai.records.writing import as_path, write_whole

FOLDER = "slices"
"""Where slices lie in a run's folder."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Samples of a run under a name: ``ids`` in order, and the JSON object ``rule`` that chose them, whatever it says.

    Rows are decided by the run, so that its rule finds the same ids again; both are kept since a rule may come to mean something
    else with another program. ``made`` is the time of saving, UTC in ISO format.
    """

    name: str
    rule: Mapping[str, Any]
    ids: tuple[str, ...]
    made: str
    run_key: str
    author: str


@dataclass(frozen=True, slots=True)
class Slices:
    """Every slice of a run in the order of their names, and a sentence on each file that is none."""

    found: tuple[Slice, ...]
    problems: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Slice]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def save_slice(
    folder: str | Path,
    name: str,
    rule: Mapping[str, Any],
    ids: Iterable[str],
    *,
    run_key: str,
    author: str | None = None,
    replace: bool = False,
) -> Slice:
    """Save a slice beside a run, and give it back as it was saved.

    Args:
        folder: the run's folder; slices lie in ``slices/`` inside it.
        name: any text but an empty one; upper and lower case differ.
        rule: a JSON object that says how the samples were chosen.
        ids: the samples, each once.
        run_key: of the run, ``Run.key``.
        author: as of a note.
        replace: whether a slice of this name is replaced.

    Raises:
        OptionError: a slice of this name is there; a rule that is no JSON object; ids that are no texts, or come twice.
        StorageError: full disk, or no right to write; a slice that was there stays as it was.
    """
    name, path = as_read_back(name), _path(folder, name)
    values = {
        "name": name,
        "rule": _plain_rule(rule),
        "ids": _plain_ids(ids),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "run_key": run_key,
        "author": author_name(author),
    }
    content = (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")
    made = _slice_of(content)
    _make_room(path, name, replace)
    try:
        write_whole(path, content)
    except BaseException:
        if not replace:
            with suppress(OSError):
                path.unlink()
        raise
    return made


def load_slice(folder: str | Path, name: str) -> Slice:
    """A slice by its name.

    Raises ``OptionError`` where there is none, with the nearest name, and ``StorageError`` for a damaged file.
    """
    path = _path(folder, name)
    try:
        return _read(path)
    except FileNotFoundError:
        names = [each.name for each in slices(folder)]
        near = get_close_matches(name, names, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        there = f"there are: {', '.join(map(repr, names))}" if names else "there is none yet"
        raise OptionError(f"There is no slice {name!r} in {path.parent};{hint and hint + ' Here'} {there}.") from None


def slices(folder: str | Path) -> Slices:
    """Every slice of a run. Damaged files are left out and named in ``problems``."""
    place = as_path(folder) / FOLDER
    try:
        paths = sorted(path for path in place.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except FileNotFoundError:
        return Slices(())
    except OSError as error:
        return Slices((), (f"{place} cannot be read: {error.strerror or error}.",))
    found, problems = [], []
    for path in paths:
        try:
            found.append(_read(path))
        except FileNotFoundError:
            continue  # taken away since the folder was listed
        except StorageError as error:
            problems.append(str(error))
    return Slices(tuple(sorted(found, key=lambda each: (each.name.casefold(), each.name))), tuple(problems))


def _path(folder: str | Path, name: str) -> Path:
    """The file of a slice: its name as far as a file may have it, and a hash of all of it, so that no two names share one."""
    if not isinstance(name, str) or not name.strip():
        raise OptionError(f"A slice needs a name, which is text, but got {name!r}.")
    name = as_read_back(name)
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return as_path(folder) / FOLDER / f"{slug(name, 60) or 'slice'}-{digest}.json"


def _make_room(path: Path, name: str, replace: bool) -> None:
    """The folder, and an empty file where none may be there: of two who save one name at a time, one is told of the other."""
    try:
        # No parents: where the run's folder has been moved away, none is to appear in its place.
        path.parent.mkdir(exist_ok=True)
        try:
            if not replace:
                path.open("x").close()
        except FileExistsError:
            raise OptionError(
                f"There is a slice {name!r} already ({path}); take another name, or replace=True."
            ) from None
    except OSError as error:
        raise StorageError(
            f"The slice was not saved, since {path} cannot be written: {error.strerror or error}. Free some space, or see that "
            "you may write in the run's folder, and save it again."
        ) from error


def _read(path: Path) -> Slice:
    """Raises ``FileNotFoundError`` where there is no file, ``StorageError`` for any other trouble."""
    try:
        found = _slice_of(path.read_bytes())
        if _path(path.parent.parent, found.name).name != path.name:
            raise ValueError(f"it holds the slice {found.name!r}, whose file has another name")
        return found
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise StorageError(
            f"{path} is no slice ({type(error).__name__}: {error}); take it away, or save it again."
        ) from error


def _slice_of(content: bytes) -> Slice:
    values = json.loads(content.decode("utf-8"))
    texts = {name: values[name] for name in ("name", "made", "run_key", "author")}
    ids, rule = values["ids"], values["rule"]
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in [*ids, *texts.values()]):
        raise ValueError("a field is not text, or ids are no list of texts")
    if not isinstance(rule, dict):
        raise ValueError("the rule is no JSON object")
    return Slice(**texts, rule=rule, ids=tuple(ids))


def _plain_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as it comes back from a file (tuples as lists); what a file would change otherwise is refused."""
    try:
        plain = dict(rule)
        _check_keys(plain)
        found: dict[str, Any] = json.loads(json.dumps(plain, allow_nan=False))
        return found
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"The rule of a slice must be a JSON object, but: {error}.") from error


def _check_keys(value: Any) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{key!r} is a key, and keys are text")
            _check_keys(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _check_keys(each)


def _plain_ids(ids: Iterable[str]) -> list[str]:
    if isinstance(ids, str):
        raise OptionError(f"ids is a list of texts, but got the text {ids[:50]!r}; for one sample give a list of one.")
    found, seen = list(ids), set()
    for each in found:
        if not isinstance(each, str):
            raise OptionError(f"The ids of a slice are texts, but got {each!r}.")
        if each in seen:
            raise OptionError(f"A slice holds each sample once, but {each!r} comes twice.")
        seen.add(each)
    return found
