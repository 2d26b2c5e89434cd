"""A segmentation model of `transformers` and its image processor, from a folder in the hub's layout or from the hub."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from iterprime_xai.models.hub import ask, fetch_command, is_hub_id
from iterprime_xai.models.pretrained import as_device, read_config, read_weights
from iterprime_xai.records import ModelLoadError


def load_segmenter(
    source: str, model_class: Any, processor_class: Any, kinds: tuple[str, ...], *, device: Any
) -> tuple[Any, Any]:
    """The model, in evaluation mode and without gradients, and its image processor.

    ``kinds`` are the model types that ``model_class`` reads. Raises ``ModelLoadError`` for what is no folder and no hub id, is of
    another family, lacks weights, or is neither cached nor reachable.
    """
    import torch

    place, folder = as_device(device, torch), Path(source).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelLoadError(
                f"{source} should hold a model in the hub's layout (config.json, model.safetensors, preprocessor_config.json), but "
                "config.json is missing."
            )
        return _read(str(folder), source, model_class, processor_class, kinds, place, None)
    if not is_hub_id(source) or Path(source).parent.is_dir():
        raise _nothing(source, folder)
    hub: dict[str, Any] = {"revision": None, "cache_dir": None, "local_files_only": True}
    try:
        return _read(source, source, model_class, processor_class, kinds, place, hub)
    except ModelLoadError as error:
        if not isinstance(error.__cause__, OSError):  # only a missing file is worth a look at the network
            raise
    ask(source, hub)
    return _read(source, source, model_class, processor_class, kinds, place, {**hub, "local_files_only": False})


def _nothing(source: str, folder: Path) -> ModelLoadError:
    """A name that is neither a folder nor a hub id, with the nearest folder beside it."""
    beside = [each.name for each in folder.parent.iterdir() if each.is_dir()] if folder.parent.is_dir() else []
    near = difflib.get_close_matches(folder.name, beside, 1)
    hint = f" Did you mean {str(folder.parent / near[0])!r}?" if near else ""
    return ModelLoadError(
        f"No such folder: {source!r}. Expected a folder in the hub's layout, or a hub id (owner/model).{hint}"
    )


def _read(
    location: str,
    name: str,
    model_class: Any,
    processor_class: Any,
    kinds: tuple[str, ...],
    place: Any,
    hub: dict[str, Any] | None,
) -> tuple[Any, Any]:
    config = read_config(location, name, hub)
    if config.model_type not in kinds:
        raise ModelLoadError(
            f"{name} is a {config.model_type!r} model, but a {' or '.join(map(repr, kinds))} model is asked for."
        )
    # Without the config: SAM 2 is released with that of its video model, of which the picture's class reads its own part.
    model = read_weights(model_class, None, location, name, None, hub, lacks="weights", todo="Fetch it again.")
    try:
        processor = processor_class.from_pretrained(location, **(hub or {}))
    except Exception as error:
        todo = (
            "save the image processor into the same folder"
            if hub is None
            else f"`{fetch_command(name, hub)}` fetches all"
        )
        raise ModelLoadError(f"{name}: preprocessor_config.json cannot be loaded; {todo}. ({error})") from error
    return model.requires_grad_(False).eval().to(place), processor
