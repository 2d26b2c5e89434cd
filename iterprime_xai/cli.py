"""The command line: one thin command per use.

Exit codes: 0 done, 2 bad input or option, 3 a model that is not available, 4 a result that cannot be written or read,
130 interrupted.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iterprime_xai import __version__

if TYPE_CHECKING:
    from iterprime_xai.records import Grounding, Sample

BAD_INPUT, NO_MODEL, NO_STORAGE, INTERRUPTED = 2, 3, 4, 130

app = typer.Typer(
    help="See where a vision-language model looks when it matches a phrase to an image.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
report_app = typer.Typer(help="Run a report notebook with papermill.", no_args_is_help=True)
app.add_typer(report_app, name="report")


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def ground(
    image: Annotated[Path | None, typer.Argument(help="The picture. Without it: a bundled scene.")] = None,
    phrase: Annotated[str | None, typer.Argument(help="The referring expression, in quotes.")] = None,
    model: Annotated[str, typer.Option(help="A bundled model, a folder, or a hub id.")] = "tiny",
    recipe: Annotated[str, typer.Option(help="default, or paper for what the released code does.")] = "default",
    layer: Annotated[int | None, typer.Option(help="Text layer to read, 0-based.")] = None,
    passes: Annotated[int | None, typer.Option(help="At most this many looks; 1 = no refinement.")] = None,
    emphasis: Annotated[str | None, typer.Option(help="both, local, global, none, all_tokens or sentence.")] = None,
    proposals: Annotated[
        str, typer.Option(help="classical, none, or an .npy file of masks (n, height, width).")
    ] = "classical",
    may_abstain: Annotated[bool, typer.Option(help="Give no mask when the match is unlikely.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the figure and the result.")] = Path("iterprime-out"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Show where the model looks for PHRASE in IMAGE, and the mask that follows."""
    from iterprime_xai import load

    sample = _bundled_sample(phrase) if image is None else None
    if sample is None and phrase is None:
        _fail(f'A phrase is needed for {image}: iterprime-xai ground {image} "the bike left of the tree".')
    candidates = _proposals(proposals)
    grounder = load(model, device=device)
    grounding = grounder.ground(
        sample.image if sample else image,
        phrase or (sample.text if sample else ""),
        recipe=recipe,
        layer=layer,
        passes=passes,
        emphasis=emphasis,
        proposals=candidates,
        answer="may_abstain" if may_abstain else "always",
    )
    stem = _slug(grounding.expression.text)
    figure = grounding.to_png(out / f"{stem}.png")
    result = grounding.save(out / f"{stem}.grounding.zip")
    summary = _summary(grounding, sample, {"figure": str(figure), "result": str(result)})
    typer.echo(json.dumps(summary, indent=2, ensure_ascii=False) if as_json else _as_text(summary))


@app.command()
def scenes(
    out: Annotated[Path, typer.Argument(help="Folder to write, in the REFER layout.")],
    split: Annotated[str, typer.Option(help="train, val, testA, testB or ood.")] = "val",
    count: Annotated[int, typer.Option(min=1, help="How many expressions.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same scenes.")] = 0,
) -> None:
    """Generate referring scenes with exact masks and write them in the REFER layout."""
    from iterprime_xai.data.refer import write_refer
    from iterprime_xai.data.scenes import samples

    write_refer(out, "scenes", "iterprime", _progress(samples(split, count, seed=seed), count, f"scenes:{split}"))
    typer.echo(f"wrote {count} expressions of scenes:{split} (seed {seed}) to {out}")


@app.command()
def train(
    out: Annotated[Path, typer.Argument(help="Folder for checkpoints, log and the exported model.")],
    minutes: Annotated[float | None, typer.Option(help="Time budget; sets the number of steps.")] = None,
    steps: Annotated[int | None, typer.Option(help="Number of steps, instead of a time budget.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, scenes and statements.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in OUT.")] = False,
) -> None:
    """Train the bundled model on generated scenes: image-caption pairs only, never boxes or masks."""
    from iterprime_xai.training import train_from_options

    train_from_options(out, minutes=minutes, steps=steps, seed=seed, device=device, threads=threads, resume=resume)


@app.command()
def models() -> None:
    """List the models that can be loaded, and whether they are here."""
    from iterprime_xai.models.loading import bundled_models, is_cached
    from iterprime_xai.models.profiles import LISTED

    for name in bundled_models():
        typer.echo(f"{name:36} bundled")
    for hub_id in LISTED:
        state = "cached" if is_cached(hub_id) else f"not cached; fetch: hf download {hub_id}"
        typer.echo(f"{hub_id:36} {state}")
    typer.echo("Any other BLIP image-text-matching checkpoint: give its hub id or a folder in the hub's layout.")


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing, and whether the bundled model works here."""
    from iterprime_xai.doctor import examine

    healthy = True
    for check in examine():
        healthy = healthy and (check.fine or check.optional)
        mark = "ok  " if check.fine else "--  " if check.optional else "FAIL"
        typer.echo(f"{mark} {check.subject:22} {check.finding}")
    if not healthy:
        raise typer.Exit(1)


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
    _report("sample", param, out)


def _report(name: str, param: list[str] | None, out: Path) -> None:
    from iterprime_xai.reports import run_report

    typer.echo(f"wrote {run_report(name, dict(_key_value(each) for each in param or ()), out)}")


# --- small parts ---


def _bundled_sample(phrase: str | None) -> Sample:
    """The bundled scene to look at: the one that has the phrase, else the first."""
    from iterprime_xai.data.scenes import bundled_samples

    found = bundled_samples()
    return next((each for each in found if each.text == phrase), found[0])


def _proposals(choice: str) -> Any:
    if choice == "classical":
        return None
    if choice == "none":
        return False
    if choice.endswith(".npy"):
        import numpy as np

        try:
            return np.load(choice, allow_pickle=False)
        except (OSError, ValueError) as error:
            _fail(
                f"--proposals {choice} should be an .npy file of masks (n, height, width), but it cannot be read: {error}."
            )
    _fail(f"--proposals must be classical, none or an .npy file of masks (n, height, width), but got {choice!r}.")


def _summary(grounding: Grounding, sample: Sample | None, files: dict[str, str]) -> dict[str, Any]:
    """What the command says, as JSON values."""
    summary: dict[str, Any] = {
        "phrase": grounding.expression.text,
        "primary_word": grounding.expression.primary_word,
        "probability": grounding.probability,
        "passes": [{"probability": each.probability, "accepted": each.accepted} for each in grounding.passes],
        "layer": grounding.parameters["layer"],
        "heatmap": {"grid": list(grounding.heatmap.shape), "max": float(grounding.heatmap.max())},
        "point": grounding.point,
        "box": grounding.box,
        "mask_pixels": None if grounding.mask is None else int(grounding.mask.sum()),
        "margin": None if grounding.selection is None else grounding.selection.margin,
    }
    if sample is not None and grounding.expression.text == sample.text and sample.mask is not None:
        summary["iou"] = _iou(grounding.mask, sample.mask)
    return {**summary, "notes": list(grounding.trace), "files": files}


def _iou(mask: Any, gold: Any) -> float:
    """Intersection over union; 0 without a mask."""
    if mask is None:
        return 0.0
    union = int((mask | gold).sum())
    return int((mask & gold).sum()) / union if union else 0.0


def _as_text(summary: dict[str, Any]) -> str:
    passes = "  ".join(
        f"{each['probability']:.3f}{'' if each['accepted'] else ' (left out)'}" for each in summary["passes"]
    )
    lines = [
        f"phrase        {summary['phrase']}",
        f"primary word  {summary['primary_word']}",
        f"probability   {summary['probability']:.3f}   (pass by pass: {passes})",
    ]
    if "iou" in summary:
        lines.append(f"IoU           {summary['iou']:.3f}   (with the scene's own mask)")
    lines += [f"figure        {summary['files']['figure']}", f"result        {summary['files']['result']}", ""]
    return "\n".join([*lines, *(f"- {note}" for note in summary["notes"])])


def _slug(text: str) -> str:
    """A file name from a phrase, safe on every system."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "phrase"


def _key_value(text: str) -> tuple[str, Any]:
    """``key=value``, the value read as JSON where it is JSON, else as text."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        _fail(f"--param must be key=value, but got {text!r}.")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _progress(items: Any, total: int, label: str) -> Any:
    from tqdm.auto import tqdm

    return tqdm(items, total=total, desc=label, disable=not sys.stderr.isatty())


def _fail(message: str) -> Any:
    from iterprime_xai.records import OptionError

    raise OptionError(message)


def _exit_code(error: Exception) -> int:
    from iterprime_xai.records import ModelLoadError, StorageError

    if isinstance(error, ModelLoadError):
        return NO_MODEL
    return NO_STORAGE if isinstance(error, StorageError) else BAD_INPUT


def main() -> None:
    """Run the command line; an expected error is one clear sentence on stderr and an exit code, never a traceback."""
    from iterprime_xai.records.errors import IterprimeError

    try:
        app()
    except IterprimeError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(_exit_code(error))
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
