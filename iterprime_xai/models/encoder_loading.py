"""From a name, a folder or a model in memory to a dual encoder, with a clear word when that is not possible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.finding import ENCODER_TYPES, ENCODERS, find
from iterprime_xai.models.pretrained import (
    as_device,
    as_dtype,
    check_processor,
    origin_of,
    read_config,
    read_processor,
    read_weights,
    refuse_processor,
    used_as_it_is,
)
from iterprime_xai.records import ModelLoadError, OptionError
from iterprime_xai.records.importing import importing

if TYPE_CHECKING:
    from iterprime_xai.models.dual_encoder import DualEncoder

OPEN_CLIP = "open_clip:"
"""Before a name of open_clip's and a checkpoint's path: ``open_clip:RN50-quickgelu:weights.safetensors``."""


def load_encoder(
    source: Any = "tiny-clip",
    processor: Any = None,
    *,
    device: Any = None,
    dtype: Any = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> DualEncoder:
    """Load a dual encoder.

    Args:
        source: name of a bundled encoder; folder in the hub's layout or hub id of a CLIP with a vision transformer; folder in
            open_clip's layout (open_clip_config.json and weights) or ``open_clip:NAME:CHECKPOINT`` for one with a ResNet; or a
            model in memory, a `CLIPModel` or an open_clip `CLIP`.
        processor: needed with a model in memory, refused otherwise; its ``image_processor`` and ``tokenizer`` are used. With an
            open_clip model it is open_clip's tokenizer.
        device: where to put a loaded model (default: CUDA, then MPS, then CPU); a model in memory stays where it is.
        dtype: `torch.dtype` or its name (default float32).
        revision, cache_dir, local_files_only: passed to the hub.

    Raises:
        ModelLoadError: unknown name, incomplete folder, other family, missing weights, not cached and not reachable.
        MissingExtraError: a ResNet without open_clip installed.
        OptionError: arguments that do not go together.
    """
    if not isinstance(source, (str, Path)):
        return _in_memory(source, processor, device, dtype)
    refuse_processor(processor)
    if str(source).startswith(OPEN_CLIP):
        from iterprime_xai.models.open_clip_loading import load_named

        return load_named(str(source).removeprefix(OPEN_CLIP), device, dtype)

    def from_pretrained(location: str | Path, name: str, hub: dict[str, Any] | None) -> DualEncoder:
        return _from_pretrained(location, name, device, dtype, hub)

    hub = {"revision": revision, "cache_dir": cache_dir, "local_files_only": local_files_only}
    return find(source, from_pretrained, hub, ENCODERS)


def _from_pretrained(
    location: str | Path, name: str, device: Any, dtype: Any, hub: dict[str, Any] | None
) -> DualEncoder:
    from iterprime_xai.models.open_clip_loading import CONFIG, load_folder

    if hub is None and not (Path(location) / "config.json").is_file() and (Path(location) / CONFIG).is_file():
        return load_folder(Path(location), name, device, dtype)
    with importing("transformers.models.clip.modeling_clip"):
        import torch
        from transformers import CLIPModel
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

        from iterprime_xai.models.clip import ClipEncoder

    wanted, place = as_dtype(dtype), as_device(device, torch)
    config = read_config(location, name, hub)
    if config.model_type == "blip":
        raise ModelLoadError(f"{name} {ENCODERS.elsewhere}.")
    if config.model_type not in ENCODER_TYPES:
        raise ModelLoadError(f"{name} is a {config.model_type!r} model; this version reads CLIP only.")
    model = read_weights(
        CLIPModel,
        config,
        location,
        name,
        wanted,
        hub,
        lacks="weights of a CLIP with both towers",
        todo=f"Load one such as {ENCODERS.example}.",
    )
    images, tokenizer = read_processor(CLIPImageProcessorPil, location, name, hub)
    model.requires_grad_(False).eval().to(place)
    return ClipEncoder(model, images, tokenizer, name=name, origin=origin_of(location, name, hub))


def _in_memory(model: Any, processor: Any, device: Any, dtype: Any) -> DualEncoder:
    from transformers import CLIPModel

    from iterprime_xai.models.clip import ClipEncoder
    from iterprime_xai.models.open_clip_loading import is_resnet, of_model

    if processor is None and (isinstance(model, CLIPModel) or is_resnet(model)):
        raise OptionError("A model in memory needs its processor: load_encoder(model, processor).")
    used_as_it_is(device, dtype)
    if is_resnet(model):
        return of_model(model, processor)
    if not isinstance(model, CLIPModel):
        raise ModelLoadError(
            "Expected a model name, a folder, a CLIPModel or an open_clip CLIP with a ResNet, but got "
            f"{type(model).__name__}."
        )
    check_processor(processor, "a CLIPProcessor")
    return ClipEncoder(model, processor.image_processor, processor.tokenizer)
