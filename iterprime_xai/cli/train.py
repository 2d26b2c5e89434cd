"""``iterprime-xai train``, ``train-captions`` and ``train-clip``: the bundled models, as they were trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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


def train_clip(
    out: Annotated[Path, typer.Argument(help="Folder for checkpoints, log and the exported model.")],
    minutes: Annotated[float | None, typer.Option(help="Time budget (default: 50).")] = None,
    steps: Annotated[int | None, typer.Option(help="Number of steps, instead of a time budget.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, scenes and texts.")] = 0,
    start: Annotated[str, typer.Option(help="BLIP whose image tower it starts from, or 'none'.")] = "tiny",
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in OUT.")] = False,
) -> None:
    """Train the bundled CLIP on views of scenes that are drawn and described as it goes."""
    from iterprime_xai.training import train_clip_from_options

    train_clip_from_options(
        out,
        minutes=minutes,
        steps=steps,
        seed=seed,
        device=device,
        resume=resume,
        start=None if start.lower() == "none" else start,
    )
