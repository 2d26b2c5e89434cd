"""``iterprime-xai atlas``: every layer x head for one picture and phrase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iterprime_xai.cli.inputs import bundled_sample, is_phrase, refuse

if TYPE_CHECKING:
    import numpy as np


def atlas(
    image: Annotated[str | None, typer.Argument(help="The picture. Without it: a bundled scene.")] = None,
    phrase: Annotated[str | None, typer.Argument(help="The referring expression, in quotes.")] = None,
    mask: Annotated[
        Path | None,
        typer.Option(help="PNG or .npy of the thing that is meant, as large as the picture: which heads point?"),
    ] = None,
    word: Annotated[str | None, typer.Option(help="Read this word alone: the word, or its place, 0-based.")] = None,
    model: Annotated[str, typer.Option(help="A bundled model, a folder, a hub id, or ALBEF's .pth file.")] = "tiny",
    gradient: Annotated[str, typer.Option(help="scores, or attention as in Grad-CAM as published.")] = "scores",
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    out: Annotated[Path, typer.Option(help="The PNG file.")] = Path("atlas.png"),
) -> None:
    """Draw what every head of every layer does for PHRASE in IMAGE."""
    from iterprime_xai import load
    from iterprime_xai.saliency.atlas import atlas as made
    from iterprime_xai.visualize.atlas import alt_text

    if image is not None and phrase is None and is_phrase(image):
        image, phrase = None, image
    sample = bundled_sample(phrase) if image is None else None
    if sample is None and phrase is None:
        refuse(f'A phrase is needed for {image}: iterprime-xai atlas {image} "the bike left of the tree".')
    text = phrase or (sample.text if sample else "")
    picture: Any = sample.image if sample else image
    meant = _read(mask, picture) if mask is not None else None
    if meant is None and sample is not None and sample.text == text:
        meant = sample.mask
    which = int(word) if word is not None and word.isdecimal() else word
    found = made(load(model, device=device).matcher, picture, text, which, mask=meant, gradient=gradient)  # type: ignore[arg-type]
    typer.echo(alt_text(found))
    typer.echo(f"wrote {found.to_png(out)}")


def _read(path: Path, picture: Any) -> np.ndarray:
    """A mask of the picture's size from a file."""
    import numpy as np

    from iterprime_xai.data.images import read_image
    from iterprime_xai.data.own_pictures import read_mask

    if path.suffix.lower() != ".npy":
        image = read_image(picture).image
        return read_mask(path.name, (image.height, image.width), path.parent, str(path))
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        refuse(
            f"--mask {path} should be an .npy file of one bool mask (height, width), but it cannot be read: {error}."
        )
    if not isinstance(found, np.ndarray):
        refuse(f"--mask {path} should hold one bool mask (height, width), but it is an archive (.npz).")
    return found
