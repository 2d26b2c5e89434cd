"""Reads a notebook file as a report's source: Python, without the outputs of any earlier run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from iterprime_xai.records import OptionError


def read_notebook(path: Path) -> Any:
    """The notebook in a file.

    Raises ``OptionError`` for what is no notebook, and for one in another language.
    """
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
