"""Runs Sphinx over the staged pages, and says what it had to complain of."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

CONFIGURATION = Path(__file__).parent / "theme"


def render(stage: Path, out: Path, cache: Path, extra: Sequence[Path] = ()) -> list[str]:
    """Make the site in ``out`` and return Sphinx's warnings; ``extra`` are folders whose content is taken over as it is.

    Raises:
        RuntimeError: Sphinx stopped.
    """
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    said, warned = io.StringIO(), io.StringIO()
    settings = {"html_extra_path": [str(folder) for folder in extra]}
    with warnings.catch_warnings(), patch_docutils(str(CONFIGURATION)), docutils_namespace():
        for coming in (DeprecationWarning, PendingDeprecationWarning):  # what extensions still have to mend
            warnings.simplefilter("ignore", coming)
        app = Sphinx(
            srcdir=str(stage),
            confdir=str(CONFIGURATION),
            outdir=str(out),
            doctreedir=str(cache),
            buildername="html",
            confoverrides=settings,
            status=said,
            warning=warned,
            freshenv=True,
        )
        app.build(force_all=True)
    if app.statuscode:
        raise RuntimeError(f"Sphinx stopped with {app.statuscode}: {said.getvalue()[-2000:]}")
    return _plain(warned.getvalue(), stage)


def _plain(warned: str, stage: Path) -> list[str]:
    text = re.sub(r"\x1b\[[0-9;]*m", "", warned).replace(f"{stage}/", "")
    return [line for line in text.splitlines() if line.strip()]
