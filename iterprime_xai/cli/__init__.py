"""The command line: one thin command per use, one file a command or a family of them.

Exit codes: 0 done, 2 bad input or option, or too little memory for it, 3 a model that is not available, 4 a result that
cannot be written or read, 130 interrupted.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from iterprime_xai import __version__
from iterprime_xai.cli import (
    atlas,
    caption,
    data,
    doctor,
    evaluate,
    explanations,
    explore,
    ground,
    layers,
    methods,
    models,
    report,
    runs,
    scenes,
    systems,
    train,
    tutorials,
)
from iterprime_xai.cli.exits import ending

app = typer.Typer(
    help="See where a vision-language model looks when it matches a phrase to an image.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit


app.command()(ground.ground)
app.command()(atlas.atlas)
app.command()(scenes.scenes)
app.command()(train.train)
app.command("train-captions")(train.train_captions)
app.command("train-clip")(train.train_clip)
app.command()(caption.caption)
app.command()(models.models)
app.command()(systems.systems)
app.command()(methods.methods)
app.command()(explanations.explanations)
app.command()(doctor.doctor)
app.add_typer(data.data_app, name="data")
app.command()(evaluate.evaluate)
app.command()(layers.layers)
app.command()(runs.summary)
app.command()(runs.compare)
app.command()(runs.failures)
app.command()(explore.explore)
app.command()(runs.threshold)
app.command()(report.report)
app.add_typer(tutorials.tutorials_app, name="tutorials")


def main() -> None:
    """Run the command line; an expected error is one clear sentence on stderr and an exit code, never a traceback.

    Typer itself ends with 130 after Ctrl-C, and quietly when the reader of a pipe has gone.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console of another encoding must not stop a result
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except Exception as error:
        known = ending(error)
        if known is None:
            raise
        message, code = known
        typer.echo(f"error: {message}", err=True)
        sys.exit(code)
