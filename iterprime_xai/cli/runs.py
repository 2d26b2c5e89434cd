"""``iterprime-xai summary``, ``compare``, ``failures`` and ``threshold``: what is said of runs that are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures import FailureTable
    from iterprime_xai.evaluation.runs.reading import Run


def summary(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    by: Annotated[str | None, typer.Option(help="Also for each value of this tag, such as kind.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Sum up a run: metrics with intervals, errors, time."""
    from iterprime_xai.evaluation.measures import summarise

    found = summarise(run, by)
    typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False, allow_nan=False) if as_json else str(found))


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more runs; differences are against the first.")],
    by: Annotated[str | None, typer.Option(help="Also for each value of this tag, such as kind.")] = None,
    form: Annotated[str, typer.Option("--format", help="text, markdown, latex or json.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of the screen.")] = None,
) -> None:
    """Runs side by side on the phrases they share, with paired differences, beside published figures."""
    from iterprime_xai.evaluation.measures import compare as side_by_side
    from iterprime_xai.evaluation.measures.comparison_tables import FORMATS, as_json, written
    from iterprime_xai.records.errors import OptionError
    from iterprime_xai.records.writing import write_whole

    if form not in FORMATS:
        raise OptionError(f"--format must be one of {', '.join(FORMATS)}, but got {form!r}.")
    found = side_by_side(runs, by=by)
    text = (
        json.dumps(as_json(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        if form == "json"
        else written(found, form)
    )
    if out is None:
        typer.echo(text, nl=False)
    else:
        typer.echo(f"wrote {write_whole(out, text.encode('utf-8'))}")


def failures(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    threshold: Annotated[float, typer.Option(help="IoU from which an answer is right.")] = 0.5,
    rows: Annotated[
        Path | None,
        typer.Option(help="Write one line a phrase, with its type and a sentence, to this JSON Lines file."),
    ] = None,
    words: Annotated[bool, typer.Option("--words", help="Also which content words fail the most.")] = False,
    where: Annotated[bool, typer.Option("--where", help="Also where in the picture phrases fail.")] = False,
    slices: Annotated[
        list[str] | None,
        typer.Option(help="Also slices by clutter, size, length, or tag:NAME such as tag:kind; can be given again."),
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="Only this sample, by its id: what went wrong, and the facts behind it.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --sample: write it with all pictures to this HTML page.")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Take the labels that people gave in the explorer as gold masks.")
    ] = False,
) -> None:
    """What kinds of failure a run has, and what it would gain without each; or why one sample failed."""
    from iterprime_xai.records.errors import OptionError

    if sample is not None:
        if rows is not None or words or where or slices:
            raise OptionError("--sample shows one sample; --rows, --words, --where and --slices are about all of them.")
        _one_failure(run, sample, threshold, out, labels)
        return
    if out is not None:
        raise OptionError("--out writes the page of one sample; say which with --sample ID (ids: --rows FILE).")
    from iterprime_xai.evaluation.failures import density, failure_table, priced, word_table
    from iterprime_xai.evaluation.failures import slices as sliced
    from iterprime_xai.evaluation.failures.classifying import FailureRow
    from iterprime_xai.evaluation.row_files import save_rows
    from iterprime_xai.evaluation.runs.reading import read_run

    opened = read_run(run)
    found = failure_table(opened, threshold)
    if labels:
        found = _with_labels(opened, found)
    table = found.rows
    tables = [
        *([word_table(table)] if words else []),
        *([density(table), density(table, "peak")] if where else []),
        *(sliced(table, by) for by in slices or ()),
    ]
    typer.echo("\n".join(map(str, [priced(found), *tables])), nl=False)
    if rows is not None:
        lines = table.select(["sample_id", "text", "iou", "type", "sentence"]).to_pylist()
        typer.echo(f"wrote {save_rows([FailureRow(**each) for each in lines], rows)}")


def _with_labels(run: Run, table: FailureTable) -> FailureTable:
    """The table with the labels beside the run as gold masks; how many there are is told, and what is wrong with them."""
    from iterprime_xai.evaluation.annotations.labels import Labels
    from iterprime_xai.evaluation.failures import relabelled_table, usable_masks

    labels = Labels(run.path, run.key)
    masks, problems = usable_masks(table, labels.masks())
    for problem in (*labels.problems, *problems):
        typer.echo(problem, err=True)
    typer.echo(f"{len(masks)} of {len(table)} phrases have a label in {labels.folder}, which is their gold mask here.")
    return relabelled_table(run, table, masks)


def _one_failure(run: Path, sample: str, threshold: float, out: Path | None, labels: bool) -> None:
    from iterprime_xai.evaluation.failures.case import open_case
    from iterprime_xai.evaluation.runs.reading import read_run
    from iterprime_xai.records.writing import write_whole
    from iterprime_xai.visualize.failure_facts import as_text

    opened = read_run(run)
    gold = None
    if labels:
        from iterprime_xai.evaluation.annotations.labels import Labels

        label = Labels(opened.path, opened.key).of(sample)
        gold = None if label is None else label.pixels
    case = open_case(opened, sample, threshold, gold)
    if out is None:
        typer.echo(as_text(case))
        return
    from iterprime_xai.visualize.failure_sheet import failure_sheet

    typer.echo(f"wrote {write_whole(out, failure_sheet(case).encode('utf-8'))}")


def threshold(
    run: Annotated[Path, typer.Argument(help="A run on a val split; other splits are refused.")],
) -> None:
    """Choose on a val run below which evidence nothing should be answered, and keep it in the run's folder."""
    from iterprime_xai.evaluation.measures import choose_threshold
    from iterprime_xai.evaluation.runs.threshold import NAME

    found = choose_threshold(run)
    path = found.save(run / NAME)
    typer.echo(f"{found.value:.6g} from {found.said()}")
    if found.set_share is not None:
        typer.echo(
            f'{found.set_share:g} of the best score for a further mask with answer "set": gIoU {found.giou:.3f} there'
        )
    typer.echo(f"wrote {path}; use it with --answer may_abstain --threshold {run}")
