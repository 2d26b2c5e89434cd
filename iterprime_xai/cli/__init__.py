"""The command line: one thin command per use.

Exit codes: 0 done, 2 bad input or option, or too little memory for it, 3 a model that is not available, 4 a result that
cannot be written or read, 130 interrupted.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iterprime_xai import __version__

if TYPE_CHECKING:
    from iterprime_xai.records import Grounding, Sample

BAD_INPUT, NO_MODEL, NO_STORAGE = 2, 3, 4

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
    image: Annotated[str | None, typer.Argument(help="The picture. Without it: a bundled scene.")] = None,
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
    from iterprime_xai.visualize.describe import probabilities

    if image is not None and phrase is None and _is_phrase(image):
        image, phrase = None, image
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
    stem = file_stem(grounding.expression.text, image)
    figure = grounding.to_png(out / f"{stem}.png")
    result = grounding.save(out / f"{stem}.grounding.zip")
    summary = _summary(grounding, sample, {"figure": str(figure), "result": str(result)})
    if as_json:
        typer.echo(json.dumps(finite(summary), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        typer.echo(_as_text(summary, probabilities(grounding.passes)))


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
    """Train the bundled model on scenes that are drawn and captioned as it goes."""
    from iterprime_xai.training import train_from_options

    train_from_options(out, minutes=minutes, steps=steps, seed=seed, device=device, threads=threads, resume=resume)


@app.command("train-captions")
def train_captions(
    run: Annotated[Path, typer.Argument(help="Folder of a finished training (iterprime-xai train).")],
    minutes: Annotated[float | None, typer.Option(help="Time budget (default: 10).")] = None,
    steps: Annotated[int | None, typer.Option(help="Number of steps, instead of a time budget.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, scenes and captions.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with a captioner that was stopped.")] = False,
) -> None:
    """Train a captioner on the image tower of a trained model, which stays as it is."""
    from iterprime_xai.training import train_captions_from_options

    train_captions_from_options(
        run, minutes=minutes, steps=steps, seed=seed, device=device, threads=threads, resume=resume
    )


@app.command()
def caption(
    image: Annotated[str | None, typer.Argument(help="The picture. Without it: a bundled scene.")] = None,
    model: Annotated[str, typer.Option(help="A bundled model, a folder, or a hub id.")] = "tiny",
    beams: Annotated[int, typer.Option(min=1, help="Sentences followed side by side.")] = 1,
    max_words: Annotated[int, typer.Option(min=1, help="Cut the sentence after so many words.")] = 40,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
) -> None:
    """Say what is in IMAGE, in one sentence."""
    from iterprime_xai import load_captioner

    captioner = load_captioner(model, device=device)
    picture: Any = _bundled_sample(None).image if image is None else image
    typer.echo(captioner.caption(picture, max_words=max_words, num_beams=beams))


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
            masks = np.load(choice, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            _fail(
                f"--proposals {choice} should be an .npy file of masks (n, height, width), but it cannot be read: {error}."
            )
        if not isinstance(masks, np.ndarray):
            _fail(
                f"--proposals {choice} should hold one array of masks (n, height, width), but it is an archive (.npz)."
            )
        return masks
    _fail(f"--proposals must be classical, none or an .npy file of masks (n, height, width), but got {choice!r}.")


def _summary(grounding: Grounding, sample: Sample | None, files: dict[str, str]) -> dict[str, Any]:
    """What the command says, as JSON values."""
    from iterprime_xai.records.overlap import iou

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
        summary["iou"] = iou(grounding.mask, sample.mask)
    return {**summary, "notes": list(grounding.trace), "files": files}


def finite(value: Any) -> Any:
    """The value with ``None`` for every number that JSON does not have: infinite, or not a number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value


def _as_text(summary: dict[str, Any], shown: Sequence[str]) -> str:
    """The summary for people; ``shown`` holds the probability of every pass in enough decimals to see which is larger."""
    passes = "  ".join(
        f"{text}{'' if each['accepted'] else ' (left out)'}"
        for text, each in zip(shown, summary["passes"], strict=True)
    )
    lines = [
        f"phrase        {summary['phrase']}",
        f"primary word  {summary['primary_word']}",
        f"probability   {shown[0]}   (pass by pass: {passes})",
    ]
    if "iou" in summary:
        lines.append(f"IoU           {summary['iou']:.3f}   (with the scene's own mask)")
    lines += [f"figure        {summary['files']['figure']}", f"result        {summary['files']['result']}", ""]
    return "\n".join([*lines, *(f"- {note}" for note in summary["notes"])])


def _is_phrase(text: str) -> bool:
    """Whether the only argument, which should be a picture, is a phrase: no file, has a space, no picture's ending."""
    if " " not in text.strip() or os.path.exists(text):
        return False
    from PIL import Image

    return Path(text).suffix.lower() not in {*Image.registered_extensions(), ".heic", ".heif"}


def file_stem(phrase: str, picture: str | None = None) -> str:
    """The name of the result's files, safe on every system: of the picture, if it is the user's own, and the phrase."""
    named = [_slug(phrase, 120) or "phrase"]
    if picture is not None:
        named.insert(0, _slug(Path(picture).stem, 60) or "picture")
    stem = "-".join(named)
    reserved = re.fullmatch(r"con|prn|aux|nul|(com|lpt)[0-9]", stem)
    return f"phrase-{stem}" if reserved else stem


def _slug(text: str, longest: int) -> str:
    """Letters (of any script, with their marks) and numbers in lower case, a hyphen for all else; ``longest`` in bytes."""
    plain = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(each if unicodedata.category(each)[0] in "LMN" else "-" for each in plain)
    return re.sub("-+", "-", kept).strip("-").encode("utf-8")[:longest].decode("utf-8", "ignore").strip("-")


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


def _out_of_memory(error: Exception) -> bool:
    """Whether memory ran out: Python's, a device's, or torch's own word for the machine's (known without importing it)."""
    kind = type(error)
    of_torch = kind.__name__ == "OutOfMemoryError" and kind.__module__.partition(".")[0] == "torch"
    refused = isinstance(error, RuntimeError) and re.search(r"out of memory|(not enough|allocate) memory", str(error))
    return isinstance(error, MemoryError) or of_torch or bool(refused)


def main() -> None:
    """Run the command line; an expected error is one clear sentence on stderr and an exit code, never a traceback.

    Typer itself ends with 130 after Ctrl-C, and quietly when the reader of a pipe has gone.
    """
    from iterprime_xai.records.errors import IterprimeError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console of another encoding must not stop a result
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except IterprimeError as error:
        _stop(str(error), _exit_code(error))
    except OSError as error:
        _stop(
            f"A file cannot be written or read: {error}. Check the disk's space and the folder's permissions.",
            NO_STORAGE,
        )
    except Exception as error:
        if not _out_of_memory(error):
            raise
        _stop("Not enough memory for this picture and model: try a smaller picture, or --device cpu.", BAD_INPUT)


def _stop(message: str, code: int) -> None:
    typer.echo(f"error: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
