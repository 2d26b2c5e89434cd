"""``iterprime-xai layers``: every layer of a model measured on a validation split, and the profile that loading uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from iterprime_xai.cli.inputs import refuse


def layers(
    data: Annotated[
        str, typer.Option(help="A validation split with gold masks: scenes:val, refcoco:val, folder:PATH, ...")
    ],
    model: Annotated[str, typer.Option(help="A bundled model, a folder, a hub id, or ALBEF's .pth file.")] = "tiny",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N expressions.")] = None,
    sets: Annotated[bool, typer.Option("--sets", help="Measure sets of neighbouring layers too.")] = False,
    recipe: Annotated[str, typer.Option(help="default, or paper for what the released code does.")] = "default",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything measured to this file.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Keep the choice in the profile of a model's folder.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the profile to this file instead.")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder that holds the data set.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of its pictures, where it is not the usual one.")] = None,
    text: Annotated[str, typer.Option(help="sent (cleaned) or raw, where a data set has both.")] = "sent",
    seed: Annotated[int, typer.Option(help="Of the scenes.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    image_size: Annotated[int | None, typer.Option(help="Pixels a side that a .pth file looks at.")] = None,
) -> None:
    """Measure every cross-attention layer of MODEL on a validation split, and pick one."""
    import warnings

    from iterprime_xai import load
    from iterprime_xai.data.sources import open_data
    from iterprime_xai.evaluation.layers import measure_layers
    from iterprime_xai.evaluation.runs.progress import Progress
    from iterprime_xai.evaluation.runs.shards import asked_pictures
    from iterprime_xai.models.profiles import save
    from iterprime_xai.records.writing import write_whole

    target = _target(model, out) if write or out is not None else None
    grounder = load(model, device=device, image_size=image_size)
    scenes = {"count": limit} if data.startswith("scenes:") else {}
    opened = open_data(data, root=data_root, images=images, text=text, seed=seed, **scenes)  # type: ignore[arg-type]
    total = sum(each.count for each in asked_pictures(opened.pictures(), limit))
    with Progress(total, 0, "layers") as progress, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        table = measure_layers(grounder, opened, recipe=recipe, sets=sets, limit=limit, seen=progress.seen)
    for each in told:
        typer.echo(f"warning: {each.message}", err=True)
    typer.echo(str(table))
    if json_file is not None:
        content = json.dumps(table.as_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        typer.echo(f"wrote {write_whole(json_file, content.encode('utf-8'))}")
    if target is not None:
        given: dict[str, Any] = {"data": _named(data), "model": _named(model), "limit": limit, "seed": seed or None}
        given["recipe"] = None if recipe == "default" else recipe
        command = " ".join(f"--{name} {value}" for name, value in given.items() if value is not None)
        profile = table.profile(grounder.matcher.profile, f"iterprime-xai layers {command}")
        typer.echo(f"wrote {save(profile, target)}: layer {profile.layer}, {profile.validated}")


def _target(model: str, out: Path | None) -> Path:
    """Where the profile goes, known before anything is measured."""
    from iterprime_xai.models.finding import bundled_models
    from iterprime_xai.models.profiles import FILE

    if out is not None:
        return out
    if model in bundled_models():
        refuse(
            f"--write is for a model in a folder of yours, but {model} is bundled and travels in the package; write to a file with "
            f"--out {FILE}, or copy its folder first."
        )
    folder = Path(model).expanduser()
    if not folder.is_dir():
        refuse(
            f"--write puts the profile into a model's folder, but {model} is none; write to a file with --out {FILE}. Loading uses "
            f"it in a folder: `hf download {model} --local-dir FOLDER`, and put the file into FOLDER."
        )
    return folder / FILE


def _named(text: str) -> str:
    """The option's value without the folders of this machine, for a sentence that travels with the model."""
    head, colon, rest = text.rpartition(":")
    return f"{head}{colon}{Path(rest).name}" if "/" in rest and Path(rest).expanduser().exists() else text
