"""``iterprime-xai tutorials``: lessons to copy, and a table of who passed what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

tutorials_app = typer.Typer(help="Lessons: copy them, work through them, see who passed what.", no_args_is_help=True)


@tutorials_app.command("list")
def tutorials_list() -> None:
    """List the lessons."""
    from iterprime_xai.reports.find import title
    from iterprime_xai.tutorials.copying import lessons

    for name, path in lessons().items():
        typer.echo(f"{name[:2]}  {title(path)}")


@tutorials_app.command("copy")
def tutorials_copy(
    folder: Annotated[Path, typer.Argument(help="Where to; it is made. Nothing in it is written over.")],
    only: Annotated[list[str] | None, typer.Option(help="A lesson's number or name. Repeatable.")] = None,
    solutions: Annotated[bool, typer.Option("--solutions", help="The solved notebooks too.")] = False,
) -> None:
    """Copy the lessons into FOLDER, to be opened with jupyter lab."""
    from iterprime_xai.tutorials.copying import copy_lessons

    written = copy_lessons(folder, only or (), solutions)
    for path in written:
        typer.echo(f"wrote {path}")
    typer.echo(f"jupyter lab {folder}" if written else f"{folder} has them already.")


@tutorials_app.command("check")
def tutorials_check(
    folder: Annotated[Path, typer.Argument(help="With notebooks of one or more students, in folders of their own.")],
    saved: Annotated[bool, typer.Option("--saved", help="Read what the notebooks hold, and run nothing.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Notebooks that run at a time.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write one line an exercise to this file too.")] = None,
    cell_timeout: Annotated[int, typer.Option(min=1, help="Most seconds that one cell may take.")] = 600,
) -> None:
    """Run every lesson in FOLDER and say who passed what. This runs the students' code, with your rights."""
    from iterprime_xai.records.writing import write_whole
    from iterprime_xai.tutorials.marking import mark

    found = mark(folder, saved=saved, jobs=jobs, cell_timeout=cell_timeout)
    typer.echo(str(found))
    if csv is not None:
        typer.echo(f"wrote {write_whole(csv, found.csv().encode('utf-8'))}")
