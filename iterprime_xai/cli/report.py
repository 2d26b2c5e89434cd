"""``iterprime-xai report``: the report notebooks, one command each, and many of them at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iterprime_xai.cli.inputs import key_value

if TYPE_CHECKING:
    from collections.abc import Mapping


def report(
    name: Annotated[str | None, typer.Argument(help="Which report, or an .ipynb file. Without it: the list.")] = None,
    param: Annotated[list[str] | None, typer.Option(help="A notebook parameter, key=value. Repeatable.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A .html page, an executed .ipynb, a .pdf, or a folder.", show_default="NAME.html"),
    ] = None,
    parameters: Annotated[bool, typer.Option("--parameters", help="Only list what the report can be asked.")] = False,
    each: Annotated[
        str | None,
        typer.Option(help="A page for every value of a tag of a run, such as tag.kind, into the folder --out."),
    ] = None,
    samples: Annotated[
        str | None, typer.Option(help="sample only: many pages, worst:N, first:N or random:N, into the folder --out.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="With --each and --samples: how many at a time.")] = None,
    code: Annotated[str | None, typer.Option(help="Code in the page: folded, shown or hidden.")] = None,
    cell_timeout: Annotated[int | None, typer.Option(min=1, help="Most seconds that one cell may take.")] = None,
) -> None:
    """Run a report notebook: report failures --param run=runs/a --out failures.html."""
    from iterprime_xai.cli.inputs import refuse

    if name is None or name == "list":
        _listed()
        return
    if parameters:
        _asked(name)
        return
    given = dict(key_value(each_) for each_ in param or ())
    if each is None and samples is None:
        from iterprime_xai.reports import run

        if jobs is not None:
            refuse("--jobs is for many pages: give --each or --samples too.")
        path = run(name, given, out or Path(f"{Path(name).stem}.html"), code=code, cell_timeout=cell_timeout)  # type: ignore[arg-type]
    else:
        from iterprime_xai.reports.running import SUFFIXES

        if out is None or out.suffix in SUFFIXES:
            refuse("--each and --samples write many pages: give a folder with --out.")
        if each is not None and samples is not None:
            refuse("Give --each or --samples, not both.")
        if code is not None:
            refuse("--code is for one page; those of --each and --samples fold their code away.")
        path = _many(name, given, out, each, samples, jobs, cell_timeout)
    typer.echo(f"wrote {path}")


def _many(
    name: str,
    given: Mapping[str, Any],
    out: Path,
    each: str | None,
    samples: str | None,
    jobs: int | None,
    cell_timeout: int | None,
) -> Path:
    from iterprime_xai.cli.inputs import refuse
    from iterprime_xai.reports import run_each, sample_pages
    from iterprime_xai.reports.many_samples import REPORT

    if each is not None:
        return run_each(name, given, out, each, jobs=jobs, cell_timeout=cell_timeout)
    if name != REPORT:
        refuse(f"--samples is for the report {REPORT!r}.")
    if not given.get("run") or set(given) - {"run", "limit"}:
        refuse("With --samples the parameters are run=FOLDER and limit=N.")
    more = {"limit": given["limit"]} if "limit" in given else {}
    return sample_pages(given["run"], samples or "", out, jobs=jobs, **more)


def _listed() -> None:
    from iterprime_xai.reports import available
    from iterprime_xai.reports.find import find, title

    wide = max(map(len, available()), default=0)
    for name in available():
        typer.echo(f"{name:{wide}}  {title(find(name))}")
    typer.echo("\nWhat one can be asked: iterprime-xai report NAME --parameters")


def _asked(name: str) -> None:
    from iterprime_xai.reports import parameters_of

    found = parameters_of(name)
    wide = max((len(each.name) for each in found), default=0)
    for each in found:
        typer.echo(f"{each.name:{wide}}  {each.help}\n{'':{wide}}  ({each.expects}; default {each.default!r})")
