"""``iterprime-xai explanations``: which ways to look deserve belief, on one model and one data set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_LIMIT = 100


def explanations(
    data: Annotated[
        str, typer.Option(help="With gold masks, such as scenes:testA; see `iterprime-xai data list`.")
    ] = "scenes:testA",
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", help="A way to look; repeatable.", show_default="all, see `iterprime-xai methods`"),
    ] = None,
    model: Annotated[str, typer.Option(help="A bundled model, a folder, or a hub id.")] = "tiny",
    layer: Annotated[int | None, typer.Option(help="Text layer, for methods that read one.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps.", show_default="the model's usual one")] = None,
    limit: Annotated[int, typer.Option(help="Phrases that are measured.")] = DEFAULT_LIMIT,
    checks: Annotated[int, typer.Option(help="Phrases on which the sanity checks are made, one a picture.")] = 20,
    curves: Annotated[bool, typer.Option(help="Measure deletion and insertion, 30 forward passes a map.")] = True,
    steady: Annotated[
        bool,
        typer.Option(
            help="On the checked phrases, measure infidelity, max-sensitivity and paraphrases too; needs captum."
        ),
    ] = False,
    memory: Annotated[bool, typer.Option(help="Measure the memory of a map, one process a method.")] = False,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write the tables to this Markdown file.")] = None,
    rows: Annotated[
        Path | None,
        typer.Option(help="Write maps.jsonl, checks.jsonl and steadiness.jsonl, a line a row, into this folder."),
    ] = None,
) -> None:
    """Measure the maps of all methods, and test whether they fail where they should."""
    from iterprime_xai.data import open_data
    from iterprime_xai.evaluation.explanation.judged_tables import check_table, explained, map_table, steady_table
    from iterprime_xai.evaluation.explanation.memory import memory_of
    from iterprime_xai.evaluation.explanation.method_table import judge_methods
    from iterprime_xai.evaluation.row_files import save_rows
    from iterprime_xai.records import OptionError
    from iterprime_xai.records.writing import write_whole
    from iterprime_xai.saliency import METHODS, get_method

    if limit < 1 or checks < 0:
        raise OptionError(f"--limit must be at least 1 and --checks at least 0, but got {limit} and {checks}.")
    dataset, made = open_data(data), [get_method(each) for each in methods or METHODS]
    found = judge_methods(
        dataset,
        made,
        model=model,
        layer=layer,
        device=device,
        limit=limit,
        checks=checks,
        curves=curves,
        steady=steady,
        workers=workers,
        said=_progress,
    )
    phrases = len({row.sample for row in found.maps})
    parts = [f"## Maps of {model} on {data}: {phrases} phrases", map_table(found.maps)]
    if found.checks:
        parts += [f"## Sanity checks: {len({row.sample for row in found.checks})} phrases", check_table(found.checks)]
    if steady or memory:
        first = dataset.samples_of(dataset.pictures()[0])[0]
        held = memory_of(made, first, model=model, layer=layer, device=device) if memory else None
        parts += [
            f"## Steadiness and cost: {len({row.sample for row in found.steadiness})} phrases",
            steady_table(found.steadiness, {each.name: each.cost for each in made}, held),
        ]
    text = "\n".join([*parts, explained()]) + "\n"
    if rows is not None:
        typer.echo(f"wrote {save_rows(found.maps, rows / 'maps.jsonl')}")
        typer.echo(f"wrote {save_rows(found.checks, rows / 'checks.jsonl')}")
        if found.steadiness:
            typer.echo(f"wrote {save_rows(found.steadiness, rows / 'steadiness.jsonl')}")
    if out is None:
        typer.echo(text, nl=False)
    else:
        typer.echo(f"wrote {write_whole(out, text.encode('utf-8'))}")


def _progress(done: int, pictures: int) -> None:
    end = "\n" if done == pictures else ""
    sys.stderr.write(f"\r{done} of {pictures} pictures{end}")
    sys.stderr.flush()
