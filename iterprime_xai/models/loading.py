"""From a name, a folder or a model in memory to a matcher, with a clear word when that is not possible."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.finding import ENCODER_TYPES, MATCHERS, find, is_weights_file, no_such_model
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
    image_size: int | None = None,
) -> ReadingMatcher:
    """Load a matcher.

    Args:
        source: name of a bundled model, folder in the hub's layout, hub id, released ALBEF checkpoint (a .pth file), or a
            `BlipForImageTextRetrieval`.
        processor: needed with a model in memory, refused otherwise; its ``image_processor`` and ``tokenizer`` are used.
        device: where to put a loaded model (default: CUDA, then MPS, then CPU); a model in memory stays where it is.
        dtype: `torch.dtype` or its name (default float32).
        revision, cache_dir, local_files_only: passed to the hub.
        image_size: pixels a side that a .pth file looks at (default: as it was trained); all others say it themselves.

    Raises:
        ModelLoadError: unknown name, incomplete folder, other family, missing weights, not cached and not reachable.
        OptionError: arguments that do not go together.
    """
    if image_size is not None and not is_weights_file(source):
        raise OptionError(
            "image_size goes with a .pth file; a folder, hub id or model in memory says it itself. Leave it out."
        )
    if not isinstance(source, (str, Path)):
        return _in_memory(source, processor, device, dtype)
    refuse_processor(processor)
    if is_weights_file(source) and not Path(source).is_dir():
        if revision is not None:
            raise OptionError(f"revision goes with a hub id, but {source} is a file. Leave it out.")
        path = Path(source)
        with suppress(RuntimeError):  # "~nobody" stays as it is
            path = path.expanduser()
        return _from_weights_file(path, device, dtype, image_size, cache_dir)

    def from_pretrained(location: str | Path, name: str, hub: dict[str, Any] | None) -> ReadingMatcher:
        return _from_pretrained(location, name, device, dtype, hub)

    hub = {"revision": revision, "cache_dir": cache_dir, "local_files_only": local_files_only}
    return find(source, from_pretrained, hub, MATCHERS)


def _from_weights_file(
    path: Path, device: Any, dtype: Any, image_size: int | None, cache_dir: str | Path | None
) -> ReadingMatcher:
    if not path.is_file():
        raise no_such_model(str(path), path)
    with importing("iterprime_xai.models.albef_checkpoint"):
        import torch

        from iterprime_xai.models.albef_checkpoint import load_albef
    return load_albef(
        path, device=as_device(device, torch), dtype=as_dtype(dtype), image_size=image_size, cache_dir=cache_dir
    )


def _from_pretrained(
    location: str | Path, name: str, device: Any, dtype: Any, hub: dict[str, Any] | None
) -> ReadingMatcher:
    """Load config, weights, tokenizer and image processor from a folder, or from the hub with its ``hub`` options."""
    with importing("transformers.models.blip.modeling_blip"):
        import torch
        from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    wanted, place = as_dtype(dtype), as_device(device, torch)
    config = read_config(location, name, hub)
    model_class, matcher_class = _family_of(config, name)
    _check_purpose(config, name, model_class, matcher_class.example)
    model = read_weights(
        model_class,
        config,
        location,
        name,
        wanted,
        hub,
        lacks="weights that matching needs",
        todo=f"Load an image-text-matching checkpoint such as {matcher_class.example}.",
    )
    images, tokenizer = read_processor(BlipImageProcessorPil, location, name, hub)
    model.requires_grad_(False).eval().to(place)
    profile = read(Path(location)) if hub is None else LISTED.get(name)
    return matcher_class(model, images, tokenizer, name=name, profile=profile, origin=origin_of(location, name, hub))


def _family_of(config: Any, name: str) -> tuple[Any, type[ReadingMatcher]]:
    """The stock class and the matcher of a config's family; raises ``ModelLoadError`` for one that is not read."""
    if config.model_type == "blip":
        from transformers import BlipForImageTextRetrieval

        from iterprime_xai.models.blip import BlipMatcher

        return BlipForImageTextRetrieval, BlipMatcher
    if config.model_type in ENCODER_TYPES:
        raise ModelLoadError(f"{name} {MATCHERS.elsewhere}.")
    if config.model_type != "blip-2":
        raise ModelLoadError(
            f"{name} is a {config.model_type!r} model; this version reads BLIP and BLIP-2 image-text matching only."
        )
    from transformers import Blip2ForImageTextRetrieval

    from iterprime_xai.models.blip2 import Blip2Matcher

    return Blip2ForImageTextRetrieval, Blip2Matcher


def _check_purpose(config: Any, name: str, model_class: Any, example: str) -> None:
    """Refuse a BLIP-2 checkpoint that was made for something else before gigabytes are fetched: most of them write captions."""
    meant = config.architectures or [model_class.__name__]
    if config.model_type == "blip-2" and model_class.__name__ not in meant:
        raise ModelLoadError(
            f"{name} is a BLIP-2 model for something else ({', '.join(meant)}), without a match head; load an image-text-matching "
            f"checkpoint such as {example}."
        )


def _in_memory(model: Any, processor: Any, device: Any, dtype: Any) -> ReadingMatcher:
    from transformers import Blip2ForImageTextRetrieval, BlipForImageTextRetrieval

    if not isinstance(model, BlipForImageTextRetrieval | Blip2ForImageTextRetrieval):
        raise ModelLoadError(
            "Expected a model name, a folder, a BlipForImageTextRetrieval or a Blip2ForImageTextRetrieval, but got "
            f"{type(model).__name__}."
        )
    if processor is None:
        raise OptionError("A model in memory needs its processor: ix.load(model, processor).")
    used_as_it_is(device, dtype)
    check_processor(processor, "a BlipProcessor or Blip2Processor")
    _, matcher_class = _family_of(model.config, type(model).__name__)
    return matcher_class(model, processor.image_processor, processor.tokenizer)
