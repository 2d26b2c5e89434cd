"""What decides a run's rows, its key, and what differs between two runs."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import iterprime_xai
from iterprime_xai.records import OptionError

_DECIDING = (
    "records",
    "language",
    "data",
    "models",
    "saliency",
    "masks",
    "systems",
    "evaluation/runs",
    "evaluation/heat.py",
)
"""Parts of the package whose code decides a row; a change elsewhere (a colour, a metric) does not stop a run from going on."""

_LIBRARIES = ("numpy", "torch", "transformers", "spacy", "scikit-image", "pillow", "pyarrow")


@cache
def code_version() -> dict[str, str]:
    """The package's version and a hash of the source files that decide a row."""
    root = Path(iterprime_xai.__file__).parent
    found = hashlib.sha256()
    for part in _DECIDING:
        files = (root / part).rglob("*.py") if not part.endswith(".py") else [root / part]
        for path in sorted(files, key=lambda path: path.as_posix()):
            found.update(
                path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0"
            )
    return {"version": iterprime_xai.__version__, "source": found.hexdigest()[:16]}


def library_versions() -> dict[str, str]:
    """Versions that are recorded with every part; they move results by rounding at most, so they are no part of the key."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def plain(value: Any, what: str) -> Any:
    """JSON values as they come back from a file (tuples as lists). Raises ``OptionError`` for anything else."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise OptionError(f"describe() of the {what} must give JSON values, but: {error}.") from error


def key_of(decides: Mapping[str, Any]) -> str:
    """Sixteen hex digits that name all of this."""
    text = json.dumps(decides, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def differences(here: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """A line for each field that is not the same, such as "system.layer: 4 here, 5 asked for"."""
    one, other = dict(_fields(here)), dict(_fields(asked))
    nothing = object()
    return [
        f"{name}: {_shown(one.get(name, nothing), nothing)} here, {_shown(other.get(name, nothing), nothing)} asked for"
        for name in dict.fromkeys([*one, *other])
        if one.get(name, nothing) != other.get(name, nothing)
    ]


def _fields(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _fields(each, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _shown(value: Any, nothing: object) -> str:
    if value is nothing:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
