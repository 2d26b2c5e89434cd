"""``iterprime-xai ground``: where the model looks for a phrase, and the mask that follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from iterprime_xai.cli.inputs import bundled_sample, is_phrase, proposals_of, refuse
from iterprime_xai.cli.naming import file_stem
from iterprime_xai.cli.summary import as_text, finite, summary_of


def ground(
    image: Annotated[str | None, typer.Argument(help="The picture. Without it: a bundled scene.")] = None,
    phrase: Annotated[str | None, typer.Argument(help="The referring expression, in quotes.")] = None,
    model: Annotated[str, typer.Option(help="A bundled model, a folder, a hub id, or ALBEF's .pth file.")] = "tiny",
    image_size: Annotated[int | None, typer.Option(help="Pixels a side that a .pth file looks at.")] = None,
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

    if image is not None and phrase is None and is_phrase(image):
        image, phrase = None, image
    sample = bundled_sample(phrase) if image is None else None
    if sample is None and phrase is None:
        refuse(f'A phrase is needed for {image}: iterprime-xai ground {image} "the bike left of the tree".')
    candidates = proposals_of(proposals)
    grounder = load(model, device=device, image_size=image_size)
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
    summary = summary_of(grounding, sample, {"figure": str(figure), "result": str(result)})
    if as_json:
        typer.echo(json.dumps(finite(summary), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        typer.echo(as_text(summary, probabilities(grounding.passes)))
