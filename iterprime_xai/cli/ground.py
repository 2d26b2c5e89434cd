"""``iterprime-xai ground``: where the model looks for a phrase, and the mask that follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from iterprime_xai.cli.inputs import bundled_sample, is_phrase, key_text, key_value, proposals_of, refuse
from iterprime_xai.cli.naming import file_stem
from iterprime_xai.cli.summary import as_text, finite, summary_of


def ground(
    image: Annotated[str | None, typer.Argument(help="The picture. Without it: a bundled scene.")] = None,
    phrase: Annotated[str | None, typer.Argument(help="The referring expression, in quotes.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A bundled model, a folder, a hub id, or ALBEF's .pth file.", show_default="tiny"),
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="Pixels a side that a .pth file looks at.")] = None,
    system: Annotated[
        str | None, typer.Option(help="Another system, see `iterprime-xai systems`.", show_default="iterprime")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of --system, or an option of --method, key=value. Repeatable."),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="default, or paper for what the released code does.", show_default="default")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="Another way to look, see `iterprime-xai methods`.", show_default="gradcam"),
    ] = None,
    layer: Annotated[int | None, typer.Option(help="Text layer to read, 0-based.")] = None,
    passes: Annotated[int | None, typer.Option(help="At most this many looks; 1 = no refinement.")] = None,
    emphasis: Annotated[str | None, typer.Option(help="both, local, global, none, all_tokens or sentence.")] = None,
    proposals: Annotated[
        str | None,
        typer.Option(
            help="classical, none, sam:vit_b|vit_l|vit_h[@tas|@peaks], sam-hf:MODEL[@peaks], sam2:MODEL[@peaks], mask2former:MODEL "
            "(a folder or hub id), or an .npy file of masks (n, height, width).",
            show_default="classical",
        ),
    ] = None,
    proposals_checkpoint: Annotated[Path | None, typer.Option(help="segment-anything's weights, for sam.")] = None,
    proposals_cache: Annotated[
        Path | None, typer.Option(help="Folder where proposals are kept for the next run.")
    ] = None,
    proposals_set: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="A setting of the proposer, such as points_per_side=16."),
    ] = None,
    answer: Annotated[str | None, typer.Option(help="always, may_abstain or set.", show_default="always")] = None,
    may_abstain: Annotated[bool, typer.Option(help="Give no mask when the match is unlikely.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the figure and the result.")] = Path("iterprime-out"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Show where the model looks for PHRASE in IMAGE, and the mask that follows."""
    from iterprime_xai import load, load_system
    from iterprime_xai.saliency.methods import method_from_text
    from iterprime_xai.visualize.describe import probabilities

    if image is not None and phrase is None and is_phrase(image):
        image, phrase = None, image
    sample = bundled_sample(phrase) if image is None else None
    if sample is None and phrase is None:
        refuse(f'A phrase is needed for {image}: iterprime-xai ground {image} "the bike left of the tree".')
    if may_abstain and answer not in (None, "may_abstain"):
        refuse(f"--may-abstain and --answer {answer} do not go together; leave one out.")
    asked: Any = answer or ("may_abstain" if may_abstain else "always")
    picture: Any = sample.image if sample else image
    text = phrase or (sample.text if sample else "")
    candidates = None
    if proposals is not None or proposals_checkpoint or proposals_cache or proposals_set:
        candidates = proposals_of(
            proposals or "classical",
            checkpoint=proposals_checkpoint,
            device=device,
            cache=proposals_cache,
            settings=proposals_set or (),
        )
    if system is None:
        if settings and method is None:
            refuse("--set goes with --system or --method; for the default system: --system iterprime --set key=value.")
        way: Any = method or "gradcam"
        if settings:
            way = method_from_text(way, dict(key_text(each, "--set") for each in settings))
        grounding = load(model or "tiny", device=device, image_size=image_size).ground(
            picture,
            text,
            method=way,
            recipe=recipe or "default",
            layer=layer,
            passes=passes,
            emphasis=emphasis,
            proposals=candidates,
            answer=asked,
        )
    else:
        for option, value in (
            ("recipe", recipe),
            ("method", method),
            ("layer", layer),
            ("passes", passes),
            ("emphasis", emphasis),
            ("image-size", image_size),
        ):
            if value is not None:
                name = {"recipe": "preset", "image-size": "image_size"}.get(option, option)
                refuse(f"--{option} does not go with --system; use --set {name}={value} where the system has it.")
        chosen = dict(key_value(each, "--set") for each in settings or ())
        chosen |= {name: value for name, value in (("model", model), ("device", device)) if value is not None}
        grounding = load_system(system, chosen).segment(picture, text, proposals=candidates, answer=asked)
    stem = "-".join([file_stem(grounding.expression.text, image), *([method] if method else [])])
    figure = grounding.to_png(out / f"{stem}.png")
    result = grounding.save(out / f"{stem}.grounding.zip")
    summary = summary_of(grounding, sample, {"figure": str(figure), "result": str(result)})
    if as_json:
        typer.echo(json.dumps(finite(summary), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        typer.echo(as_text(summary, probabilities(grounding.passes)))
