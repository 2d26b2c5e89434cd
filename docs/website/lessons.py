"""The lessons as pages: executed, with their code shown; the solved form of each is a page of its own that says so."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from website.contents import toctree
from website.staging import ROOT, with_links, write

LEFT_OUT = {"live", "injected-parameters"}
"""Tags of cells that a page has no use for: widgets that need a running kernel, and what a runner put in."""

LABELS = {"exercise": "your turn", "solution": "solution"}
"""What stands above cells with these tags."""

_KINDS = {"image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True)
class Lesson:
    """A master with the titles of its pages; ``number`` is that of its file name, ``aims`` what one can do after it."""

    master: Path
    number: str
    title: str
    aims: str

    @property
    def name(self) -> str:
        return self.master.stem


def lessons() -> list[Lesson]:
    """Every lesson of the repository, in order."""
    from iterprime_xai.tutorials.master import read_master

    found = []
    for path in sorted((ROOT / "tutorials").glob("[0-9][0-9]_*.py")):
        notebook = read_master(path)
        first = next(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        found.append(Lesson(path, path.stem[:2], str(notebook.metadata["title"]), _aims(first)))
    return found


def stage_lessons(stage: Path, executed: Sequence[str] | None, smoke: bool) -> list[Path]:
    """Write the pages of all lessons and their solutions, and the list of lessons.

    Args:
        stage: the folder of staged pages.
        executed: numbers of the lessons to execute ("01"); ``None`` for all. The pages of the others show code only, and say so.
        smoke: execute in the lessons' own smallest form.
    """
    from iterprime_xai.tutorials.master import read_master, solved, student

    found, staged = lessons(), []
    for lesson in found:
        run = executed is None or lesson.number in executed
        for folder, made in (("tutorials", student), ("tutorials/solutions", solved)):
            notebook = made(read_master(lesson.master))
            source = Path(folder, f"{lesson.name}.ipynb")
            if run:
                notebook = _executed(notebook, source, smoke)
            text = page(notebook, source, stage, _note(lesson, solutions=made is solved, run=run, smoke=smoke))
            if made is solved:
                text = text.replace("# ", "# Solutions: ", 1)
            staged.append(write(stage / source.with_suffix(".md"), text).relative_to(stage))
    instructor = stage / "docs" / "teaching" / "instructor.md"
    if instructor.is_file():
        write(instructor, with_lessons(instructor.read_text(encoding="utf-8"), found))
    write(stage / "tutorials" / "index.md", _contents(found))
    write(stage / "tutorials" / "solutions" / "index.md", _solutions(found))
    return [*staged, Path("tutorials/index.md"), Path("tutorials/solutions/index.md")]


def with_lessons(text: str, found: Sequence[Lesson]) -> str:
    """The instructor's page with links to each lesson and its solutions below the lesson's heading."""
    for lesson in found:
        pages = f"[The lesson](../../tutorials/{lesson.name}.md), [its solutions](../../tutorials/solutions/{lesson.name}.md)."
        text = re.sub(rf"^(## Lesson {int(lesson.number)}: .*\n)", rf"\1\n{pages}\n", text, flags=re.MULTILINE)
    return text


def page(notebook: Any, source: Path, stage: Path, note: str) -> str:
    """A notebook as a Markdown page; ``note`` stands below its title. Pictures are written as files beside the page."""
    parts: list[str] = []
    noted, before = False, ""
    for number, cell in enumerate(notebook.cells):
        tags = set(cell.metadata.get("tags", ()))
        if LEFT_OUT & tags:
            continue
        label = next((each for each in LABELS if each in tags), "")
        if label and label != before:
            parts.append(_raw(f'<p class="cell-label {label}">{LABELS[label]}</p>'))
        before = label
        if cell.cell_type == "markdown":
            text = with_links(cell.source, source, stage)
            if not noted:
                head, _, rest = text.partition("\n")
                text, noted = f"{head}\n\n{note}\n{rest}", True
            parts.append(text)
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(fenced(cell.source, "python"))
            outputs = [
                shown(output, f"{source.stem}-{number}-{at}", stage / source.parent)
                for at, output in enumerate(cell.get("outputs", ()))
            ]
            parts += [each for each in outputs if each]
    return "\n\n".join(parts) + "\n"


def shown(output: Any, name: str, folder: Path) -> str:
    """One output as Markdown: a picture with its alternative text, HTML as it is, else text."""
    if output.output_type == "stream":
        return _raw(f'<pre class="printed">{escape(output.text.rstrip())}</pre>') if output.name == "stdout" else ""
    if output.output_type == "error":
        raise ValueError(f"a cell stopped with {output.ename}: {output.evalue}")
    data = output.get("data", {})
    for kind, ending in _KINDS.items():
        if kind in data:
            target = folder / "pictures" / f"{name}.{ending}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(base64.b64decode(data[kind]))
            alt = output.metadata.get(kind, {}).get("alt") or data.get("text/plain", "")
            plain = re.sub(r"([\\`*_\[\]<>&$~])", r"\\\1", " ".join(alt.split()))
            return f"![{plain}](pictures/{target.name})"
    if "text/html" in data:
        return _raw(f'<div class="shown">{data["text/html"]}</div>')
    if "text/markdown" in data:
        return data["text/markdown"]
    return _raw(f'<pre class="printed">{escape(data["text/plain"])}</pre>') if "text/plain" in data else ""


def fenced(code: str, language: str) -> str:
    """Code in a fence that is longer than any inside it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def _raw(html: str) -> str:
    return fenced(html, "{raw} html")


def _executed(notebook: Any, source: Path, smoke: bool) -> Any:
    from iterprime_xai.reports import engine

    values = {"smoke": True} if smoke else {}
    try:
        return engine.execute(notebook, values, progress=False, cell_timeout=None, keep={})
    except Exception as error:
        error.add_note(f"while {source} was executed")
        raise


def _aims(first: str) -> str:
    """The list below "After this lesson you can", as it stands in a lesson's first cell."""
    found = re.search(r"^After this lesson you can.*?\n\n?((?:[-*] .*\n(?:  .*\n)*)+)", f"{first}\n", re.MULTILINE)
    return found[1] if found else ""


def _note(lesson: Lesson, solutions: bool, run: bool, smoke: bool) -> str:
    number = int(lesson.number)
    if solutions:
        said = f"**Solutions.** This page gives the answers of lesson {number}. Without them: [the lesson](../{lesson.name}.md)."
    else:
        said = f"Lesson {number}, to be read or, better, to be run: `tutorials/{lesson.name}.ipynb`."
        said += f" Answers: [the solutions](solutions/{lesson.name}.md)."
    lines = [said]
    if not run:
        lines.append("This build of the site did not execute it: code is shown without what it prints and draws.")
    elif smoke:
        lines.append("This build executed its smallest form: numbers and pictures differ from those of a full run.")
    return f"```{{{'warning' if solutions else 'note'}}}\n" + "\n".join(lines) + "\n```\n"


def _contents(found: Sequence[Lesson]) -> str:
    lines = [
        "# Lessons",
        "",
        "Grad-CAM grounding, taught on the bundled model: on a laptop, without a network, about half an hour each. The pages",
        "here show what each lesson prints and draws. To work through them, copy the notebooks with",
        "`iterprime-xai tutorials copy DIR` and run them in Jupyter: the exercises then check themselves and give hints.",
        "",
        "For teachers: [timing, misconceptions, handing out and collecting](../docs/teaching/instructor.md).",
        "",
        *(
            f"## {int(lesson.number)}. [{lesson.title}]({lesson.name}.md)\n\nYou can then\n\n{lesson.aims}"
            for lesson in found
        ),
    ]
    order = [f"{int(lesson.number)}. {lesson.title} </tutorials/{lesson.name}>" for lesson in found]
    return "\n".join(lines) + "\n" + toctree([*order, "/tutorials/solutions/index"])


def _solutions(found: Sequence[Lesson]) -> str:
    lines = ["# Solutions", "", "One page a lesson, with every exercise solved. Try first.", ""]
    lines += [f"- {int(lesson.number)}. [{lesson.title}]({lesson.name}.md)" for lesson in found]
    titles = [
        f"{int(lesson.number)}. Solutions: {lesson.title} </tutorials/solutions/{lesson.name}>" for lesson in found
    ]
    return "\n".join(lines) + "\n" + toctree(titles)
