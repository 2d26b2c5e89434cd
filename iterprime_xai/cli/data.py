"""``iterprime-xai data``: which data sets there are, and whether those in a folder are whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iterprime_xai.cli.exits import NO_STORAGE

if TYPE_CHECKING:
    from iterprime_xai.data.checking import SetCheck, SplitCheck

data_app = typer.Typer(help="Data sets: what there is, and what is missing.", no_args_is_help=True)


@data_app.command("list")
def list_data() -> None:
    """Say how every kind of data set is named."""
    from iterprime_xai.data.sources import SOURCES

    for source in SOURCES.values():
        typer.echo(f"{source.form:32} {source.what}")


@data_app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder that holds data sets, one folder each.")],
    images: Annotated[Path | None, typer.Option(help="Folder of COCO's pictures, if it is not the usual one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON values.")] = False,
) -> None:
    """Say what data sets are in a folder, what is missing, and whether the counts are the published ones.

    Ends with 0 if everything is there, else with 4.
    """
    from iterprime_xai.data.checking import check_folder

    found = check_folder(folder, images)
    whole = bool(found) and all(each.whole for each in found)
    if as_json:
        sets = [asdict(each) | {"whole": each.whole} for each in found]
        typer.echo(json.dumps({"folder": str(folder), "whole": whole, "sets": sets}, indent=2))
    else:
        for each in found:
            _tell(each)
        if not found:
            typer.echo(f"no data set that is known in {folder}; docs/data.md shows the trees to make")
    if not whole:
        raise typer.Exit(NO_STORAGE)


def _tell(found: SetCheck) -> None:
    typer.echo(f"{found.name}: {found.problem}" if found.problem is not None else found.name)
    for split in found.splits:
        typer.echo(f"  {split.split:11} {_counts(split)}   {_verdict(split)}")
        if split.missing_images:
            typer.echo(f"              {split.missing_images:,} images missing, the first is {split.first_missing}")
        if split.faults:
            typer.echo(f"              {split.faults:,} refs do not fit; {split.first_fault}")


def _counts(split: SplitCheck) -> str:
    counts = asdict(split.counts)
    return "  ".join(f"{value:>7,} {what}" for what, value in counts.items() if value is not None)


def _verdict(split: SplitCheck) -> str:
    from iterprime_xai.data.checking import differences

    if split.published is None:
        return "(published counts not known)"
    return "DIFFERS: " + ", ".join(differences(split)) if split.differs else "as published"
