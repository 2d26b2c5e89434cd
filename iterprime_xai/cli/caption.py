"""``iterprime-xai caption``: what is in a picture, in one sentence."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from iterprime_xai.cli.inputs import bundled_sample


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
    picture: Any = bundled_sample(None).image if image is None else image
    typer.echo(captioner.caption(picture, max_words=max_words, num_beams=beams))
