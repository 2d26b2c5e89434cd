"""The report notebooks as pages: what each tells, what it can be asked, and one of it made here, whole, as its users get it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from website.contents import toctree
from website.staging import ROOT, with_links, write

MADE = "made"
"""Folder of the reports themselves in the site, beside the pages about them."""

_PHRASES = 60
"""Phrases of the two small runs that reports about runs are shown on."""


def stage_reports(stage: Path, extra: Path, made: Sequence[str] | None, smoke: bool) -> list[Path]:
    """Write a page about each report notebook, and the list of them.

    Args:
        stage: the folder of staged pages.
        extra: a folder that the site takes over as it is; the reports are put into it.
        made: names of the reports to make; ``None`` for all. The pages of the others say that none was made.
        smoke: make them in their smallest form.
    """
    import nbformat

    from iterprime_xai.reports import page
    from iterprime_xai.reports.parameters import schema

    staged, titles = [], []
    runs: list[Path] = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        known = schema(notebook)
        title = page.title_of(notebook, path.stem)
        shown = made is None or path.stem in made
        if shown:
            if not runs and {"run", "runs"} & set(known):
                runs = example_runs(extra.parent / "runs", 8 if smoke else _PHRASES)
            _make(path, extra / "notebooks" / MADE / f"{path.stem}.html", known, runs, smoke)
        text = _page(path, notebook, title, known, shown, stage)
        staged.append(write(stage / "notebooks" / f"{path.stem}.md", text).relative_to(stage))
        titles.append((path.stem, title))
    write(stage / "notebooks" / "index.md", _contents(titles))
    return [*staged, Path("notebooks/index.md")]


def example_runs(folder: Path, phrases: int) -> list[Path]:
    """Two small runs of the bundled model, for reports that read runs."""
    import iterprime_xai as ix

    made = []
    for name, system in (("a", "iterprime"), ("b", "gradcam")):
        ix.evaluate(system, "scenes:testA", folder / name, limit=phrases, detail="full")
        made.append(folder / name)
    return made


def asked_of(known: Mapping[str, Any], runs: Sequence[Path], smoke: bool) -> dict[str, Any]:
    """Values for a notebook's parameters: the runs by the names that notebooks give them, and ``smoke``."""
    paths = [os.fspath(path) for path in runs]
    values: dict[str, Any] = {"smoke": smoke} if "smoke" in known else {}
    if paths:
        values |= {"run": paths[0], "against": paths[1], "other": paths[1], "runs": paths}
    return {name: value for name, value in values.items() if name in known}


def _make(notebook: Path, out: Path, known: Mapping[str, Any], runs: Sequence[Path], smoke: bool) -> None:
    from iterprime_xai.reports import run_report

    out.parent.mkdir(parents=True, exist_ok=True)
    run_report(notebook, asked_of(known, runs, smoke), out, progress=False)


def _page(path: Path, notebook: Any, title: str, known: Mapping[str, Any], shown: bool, stage: Path) -> str:
    first = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    head, _, body = first.partition("\n")
    if not head.startswith("# "):
        body = first
    parts = [f"# {title}", "", with_links(body.strip(), path.relative_to(ROOT), stage), ""]
    if shown:
        link = f'<a class="report-link" href="{MADE}/{path.stem}.html">Open the report as it is made</a>'
        parts += ["```{raw} html", f"<p>{link}</p>", "```", ""]
    else:
        parts += ["```{note}", "This build of the site did not make the report.", "```", ""]
    parts += ["```sh", f"iterprime-xai report {path.stem} --out {path.stem}.html", "```", ""]
    parts += ["## What it can be asked", "", "| parameter | default | means |", "|---|---|---|"]
    parts += [f"| `{each.name}` | `{each.default!r}` | {each.help} |" for each in known.values()]
    return "\n".join(parts) + "\n"


def _contents(titles: Sequence[tuple[str, str]]) -> str:
    lines = [
        "# Reports",
        "",
        "Notebooks with parameters, run from top to bottom into one page that opens anywhere: [how](../docs/reports.md).",
        "",
    ]
    lines += [f"- [{title}]({name}.md): `iterprime-xai report {name}`" for name, title in titles]
    return "\n".join(lines) + "\n" + toctree(f"/notebooks/{name}" for name, _ in titles)
