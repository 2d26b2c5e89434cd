"""From a name, a folder or a model in memory to a matcher, with a clear word when that is not possible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.finding import ENCODER_TYPES, MATCHERS, REAL_CHECKPOINT, find
from iterprime_xai.models.pretrained import as_device, as_dtype, origin_of, read_config, read_processor, read_weights
from iterprime_xai.models.profiles import LISTED, read
from iterprime_xai.records import ModelLoadError, OptionError
from iterprime_xai.records.importing import importing

if TYPE_CHECKING:
    from iterprime_xai.models.reading_matcher import ReadingMatcher


def load_matcher(
    source: Any = "tiny",
    processor: Any = None,
    *,
    device: Any = None,
    dtype: Any = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> ReadingMatcher:
    """Load a matcher.

    Args:
        source: name of a bundled model, folder in the hub's layout, hub id, or a `BlipForImageTextRetrieval`.
        processor: needed with a model in memory, refused otherwise; its ``image_processor`` and ``tokenizer`` are used.
        device: where to put a loaded model (default: CUDA, then MPS, then CPU); a model in memory stays where it is.
        dtype: `torch.dtype` or its name (default float32).
        revision, cache_dir, local_files_only: passed to the hub.

    Raises:
        ModelLoadError: unknown name, incomplete folder, other family, missing weights, not cached and not reachable.
        OptionError: arguments that do not go together.
    """
    if not isinstance(source, (str, Path)):
        return _in_memory(source, processor, device, dtype)
    if processor is not None:
        raise OptionError(
            "processor goes with a model in memory; a folder or hub id brings its own. Leave processor out."
        )

    def from_pretrained(location: str | Path, name: str, hub: dict[str, Any] | None) -> ReadingMatcher:
        return _from_pretrained(location, name, device, dtype, hub)

    hub = {"revision": revision, "cache_dir": cache_dir, "local_files_only": local_files_only}
    return find(source, from_pretrained, hub, MATCHERS)


def _from_pretrained(
    location: str | Path, name: str, device: Any, dtype: Any, hub: dict[str, Any] | None = None
) -> ReadingMatcher:
    """Load config, weights, tokenizer and image processor from a folder, or from the hub with its ``hub`` options."""
    with importing("transformers.models.blip.modeling_blip"):
        import torch
        from transformers import BlipForImageTextRetrieval
        from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

        from iterprime_xai.models.blip import BlipMatcher

    wanted, place = as_dtype(dtype), as_device(device, torch)
    config = read_config(location, name, hub)
    if config.model_type in ENCODER_TYPES:
        raise ModelLoadError(f"{name} {MATCHERS.elsewhere}.")
    if config.model_type != "blip":
        raise ModelLoadError(
            f"{name} is a {config.model_type!r} model; this version reads BLIP image-text matching only."
        )
    model = read_weights(
        BlipForImageTextRetrieval,
        config,
        location,
        name,
        wanted,
        hub,
        lacks="weights that matching needs",
        todo=f"Load an image-text-matching checkpoint such as {REAL_CHECKPOINT}.",
    )
    images, tokenizer = read_processor(BlipImageProcessorPil, location, name, hub)
    model.requires_grad_(False).eval().to(place)
    profile = read(Path(location)) if hub is None else LISTED.get(name)
    origin = origin_of(location, name, hub)
    return BlipMatcher(model, images, tokenizer, name=name, profile=profile, origin=origin)


def _in_memory(model: Any, processor: Any, device: Any, dtype: Any) -> ReadingMatcher:
    from transformers import BlipForImageTextRetrieval

    from iterprime_xai.models.blip import BlipMatcher

    if not isinstance(model, BlipForImageTextRetrieval):
        raise ModelLoadError(
            f"Expected a model name, a folder or a BlipForImageTextRetrieval, but got {type(model).__name__}."
        )
    if processor is None:
        raise OptionError("A model in memory needs its processor: ix.load(model, processor).")
    if device is not None or dtype is not None:
        raise OptionError(
            "Your model is used as it is, never moved or cast: call model.to(device, dtype) yourself, and leave device and "
            "dtype out."
        )
    for part in ("image_processor", "tokenizer"):
        if not hasattr(processor, part):
            raise OptionError(
                f"processor should have an {part} (a BlipProcessor), but {type(processor).__name__} has none."
            )
    return BlipMatcher(model, processor.image_processor, processor.tokenizer)
