"""The report notebooks as pages: what each tells, what it can be asked, and one of it made here, whole, as its users get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from website.contents import toctree
from website.staging import ROOT, with_links, write

MADE = "made"
"""Folder of the reports themselves in the site, beside the pages about them."""


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
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        title, known, shown = page.title_of(notebook, path.stem), schema(notebook), made is None or path.stem in made
        text = _page(path, notebook, title, known, shown, stage)
        if shown:
            write(extra / "notebooks" / MADE / f"{path.stem}.html", _made(notebook, title, path.parent, smoke))
        staged.append(write(stage / "notebooks" / f"{path.stem}.md", text).relative_to(stage))
        titles.append((path.stem, title))
    write(stage / "notebooks" / "index.md", _contents(titles))
    return [*staged, Path("notebooks/index.md")]


def _made(notebook: Any, title: str, folder: Path, smoke: bool) -> str:
    """The report as one self-contained page, with the notebook's own parameters: every report has something to show."""
    from iterprime_xai.reports import engine, page

    values = {"smoke": True} if smoke else {}
    done = engine.execute(notebook, values, progress=False, cell_timeout=None, keep={})
    return page.to_html(done, title=title, folder=folder)


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
    runs = "".join(
        f" --param {name}=runs/{letter}" for name, letter in (("run", "a"), ("against", "b")) if name in known
    )
    parts += ["```sh", f"iterprime-xai report {path.stem}{runs} --out {path.stem}.html", "```", ""]
    parts += ["## What it can be asked", "", "| parameter | default | means |", "|---|---|---|"]
    parts += [f"| `{each.name}` | `{each.default!r}` | {each.help.replace('|', '&#124;')} |" for each in known.values()]
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
