"""``iterprime-xai report``: the report notebooks, one command each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iterprime_xai.cli.inputs import key_value

report_app = typer.Typer(help="Run a report notebook with papermill.", no_args_is_help=True)


@report_app.command("list")
def report_list() -> None:
    """List the report notebooks."""
    from iterprime_xai.reports import available

    for name in available():
        typer.echo(name)


@report_app.command("sample")
def report_sample(
    param: Annotated[list[str] | None, typer.Option(help="A notebook parameter, key=value. Repeatable.")] = None,
    out: Annotated[Path, typer.Option(help="The report: .html, or .ipynb for the executed notebook.")] = Path(
        "sample.html"
    ),
) -> None:
    """Everything about one grounding: --param image=photo.jpg --param phrase="the dog"."""
    _run("sample", param, out)


def _run(name: str, param: list[str] | None, out: Path) -> None:
    from iterprime_xai.reports import run

    typer.echo(f"wrote {run(name, dict(key_value(each) for each in param or ()), out)}")
