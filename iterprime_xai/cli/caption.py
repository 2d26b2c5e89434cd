"""``iterprime-xai caption``: what is in a picture, in one sentence, and where the model looks for each of its words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iterprime_xai.cli.inputs import bundled_sample, refuse
from iterprime_xai.cli.naming import file_stem

if TYPE_CHECKING:
    from iterprime_xai.records import CaptionMaps


def caption(
    image: Annotated[str | None, typer.Argument(help="The picture. Without it: a bundled scene.")] = None,
    model: Annotated[str, typer.Option(help="A bundled model, a folder, or a hub id.")] = "tiny",
    beams: Annotated[int | None, typer.Option(min=1, help="Sentences followed side by side.", show_default="1")] = None,
    max_words: Annotated[
        int | None, typer.Option(min=1, help="Cut the sentence after so many words.", show_default="40")
    ] = None,
    maps: Annotated[bool, typer.Option("--maps", help="Draw where the model looks for each word.")] = False,
    text: Annotated[str | None, typer.Option(help="With --maps: a caption to map instead of a generated one.")] = None,
    layer: Annotated[int | None, typer.Option(help="With --maps: the decoder's layer to read, 0-based.")] = None,
    gradient: Annotated[
        str | None, typer.Option(help="With --maps: attention or scores.", show_default="scores")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --maps: a folder, or a .png file.", show_default="iterprime-out")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
) -> None:
    """Say what is in IMAGE, in one sentence; with --maps also where the model looks for each word."""
    if not maps:
        for option, value in (("text", text), ("layer", layer), ("gradient", gradient), ("out", out)):
            if value is not None:
                refuse(f"--{option} goes with --maps, which draws where the model looks for each word.")
    if text is not None:
        for option, value in (("beams", beams), ("max-words", max_words)):
            if value is not None:
                refuse(f"--{option} is for a generated caption and does not go with --text; leave one out.")
    from iterprime_xai import load_captioner

    captioner = load_captioner(model, device=device)
    picture: Any = bundled_sample(None).image if image is None else image
    if not maps:
        typer.echo(captioner.caption(picture, max_words=max_words or 40, num_beams=beams or 1))
        return
    from iterprime_xai.saliency import caption_maps

    asked: Any = gradient or "scores"
    found = caption_maps(
        captioner,
        picture,
        layer=layer,
        max_words=max_words or 40,
        text=text,
        num_beams=beams or 1,
        gradient=asked,
    )
    target = out or Path("iterprime-out")
    if target.suffix.lower() != ".png":
        target = target / f"{file_stem(found.text, image)}.caption.png"
    path = found.to_png(target)
    typer.echo(_told(found))
    typer.echo(f"figure: {path}")


def _told(found: CaptionMaps) -> str:
    """The caption, and for each word how probable it was and where its map is hottest."""
    from iterprime_xai.records.heatmap import peak
    from iterprime_xai.visualize.describe import one_line, probability

    size = (found.image.height, found.image.width)
    width = max(len(word.text) for word in found.words)
    lines = [one_line(found.text)]
    for word in found.words:
        point = peak(word.heatmap, size)
        where = "blank map" if point is None else f"peak at x={point[0]}, y={point[1]}"
        lines.append(f"  {word.text:<{width}}  p={probability(word.probability, 3)}  {where}")
    return "\n".join([*lines, *found.trace])
