"""Reads a notebook file as a report's source: Python, without the outputs of any earlier run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from iterprime_xai.records import MissingExtraError, OptionError

_EXTRA = ("papermill", "nbconvert", "nbclient", "nbformat", "ipykernel")


def read_notebook(path: Path) -> Any:
    """The notebook in a file.

    Raises ``OptionError`` for what is no notebook, and for one in another language.
    """
    require_extra()
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise OptionError(
            f"{path} should be a Jupyter notebook, but it cannot be read: {str(error).splitlines()[0]}"
        ) from error
    language = notebook.metadata.get("kernelspec", {}).get("language") or notebook.metadata.get(
        "language_info", {}
    ).get("name")
    if language not in (None, "python"):
        raise OptionError(f"Reports are Python notebooks, but {path} is written in {language}.")
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def require_extra() -> None:
    """Raise ``MissingExtraError`` where what reads and runs notebooks is not installed."""
    from importlib.util import find_spec

    missing = [package for package in _EXTRA if find_spec(package) is None]
    if missing:
        raise MissingExtraError(
            f"Reports need {', '.join(missing)}, not installed here; "
            'install with `pip install "iterprime-xai[reports]"`.'
        )
