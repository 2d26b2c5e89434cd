"""From a name, a folder or a model in memory to a matcher, with a clear word when that is not possible."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.profiles import LISTED, read
from iterprime_xai.records import ModelLoadError, OptionError

if TYPE_CHECKING:
    from iterprime_xai.models.blip import BlipMatcher

BUNDLED_FOLDER = Path(__file__).parent.parent / "assets" / "models"
REAL_CHECKPOINT = "Salesforce/blip-itm-base-coco"
"""The checkpoint that messages point to when a real one is needed."""


def bundled_models() -> tuple[str, ...]:
    """Names of the models that travel in the package."""
    return tuple(sorted(path.parent.name for path in BUNDLED_FOLDER.glob("*/config.json")))


def load_matcher(
    source: Any = "tiny",
    processor: Any = None,
    *,
    device: Any = None,
    dtype: Any = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> BlipMatcher:
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
    name = str(source)
    if name in bundled_models():
        return _from_pretrained(BUNDLED_FOLDER / name, name, device, dtype)
    folder = Path(source).expanduser()
    if folder.is_dir():
        return _from_pretrained(folder, folder.resolve().name, device, dtype)
    if isinstance(source, Path) or name.count("/") != 1 or name.startswith((".", "/", "~")):
        near = difflib.get_close_matches(name, [*bundled_models(), *LISTED], 1, 0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ModelLoadError(
            f"No model {name!r}: expected a bundled name ({', '.join(bundled_models())}), an existing folder, or a hub id "
            f"such as {REAL_CHECKPOINT}.{hint}"
        )
    hub = {"revision": revision, "cache_dir": cache_dir, "local_files_only": local_files_only}
    if not local_files_only and not is_cached(name, cache_dir):
        _ask_hub(name, hub)
    return _from_pretrained(name, name, device, dtype, hub)


def is_cached(hub_id: str, cache_dir: str | Path | None = None) -> bool:
    """Whether a hub checkpoint's config and weights are in the local cache."""
    from huggingface_hub import try_to_load_from_cache

    def has(filename: str) -> bool:
        return isinstance(try_to_load_from_cache(hub_id, filename, cache_dir=cache_dir), str)

    return has("config.json") and (has("model.safetensors") or has("pytorch_model.bin"))


def _ask_hub(hub_id: str, hub: dict[str, Any]) -> None:
    """Ask once whether the hub has a checkpoint: without this, an unreachable hub is retried for half a minute."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        HfApi().model_info(hub_id, revision=hub["revision"], timeout=10)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        at = f" at revision {hub['revision']}" if hub["revision"] else ""
        raise ModelLoadError(f"The hub has no model {hub_id!r}{at}, or it is private: check the spelling.") from error
    except Exception as error:
        raise _unreachable(hub_id, hub, error) from error


def _unreachable(hub_id: str, hub: dict[str, Any], error: Exception) -> ModelLoadError:
    """What to do about a hub checkpoint that cannot be had."""
    at = f" --revision {hub['revision']}" if hub["revision"] else ""
    into = f" --cache-dir {hub['cache_dir']}" if hub["cache_dir"] else ""
    return ModelLoadError(
        f"{hub_id} is neither cached nor reachable. Where there is a network, fetch it with "
        f"`hf download {hub_id}{at}{into}`; offline, use the bundled model `tiny`. ({type(error).__name__})"
    )


def _from_pretrained(
    location: str | Path, name: str, device: Any, dtype: Any, hub: dict[str, Any] | None = None
) -> BlipMatcher:
    """Load config, weights, tokenizer and image processor from a folder, or from the hub with its ``hub`` options."""
    import torch
    from transformers import AutoConfig, AutoTokenizer, BlipForImageTextRetrieval
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    from iterprime_xai.models.blip import BlipMatcher

    wanted, place, options = _dtype(dtype), _device(device, torch), hub or {}
    if hub is None and not (Path(location) / "config.json").is_file():
        raise ModelLoadError(
            f"{location} should hold a model in the hub's layout (config.json, model.safetensors, tokenizer, "
            "preprocessor_config.json), but config.json is missing."
        )
    try:
        config = AutoConfig.from_pretrained(location, **options)
    except Exception as error:
        if hub is not None and isinstance(error, OSError):
            raise _unreachable(name, hub, error) from error
        raise ModelLoadError(f"The config.json of {name} cannot be read as a model config: {error}") from error
    if config.model_type != "blip":
        raise ModelLoadError(
            f"{name} is a {config.model_type!r} model; this version reads BLIP image-text matching only."
        )
    try:
        with _without_progress_bar():
            loaded: Any = BlipForImageTextRetrieval.from_pretrained(
                location, config=config, dtype=wanted, output_loading_info=True, **options
            )
    except Exception as error:
        raise ModelLoadError(f"The weights of {name} cannot be loaded: {error}") from error
    model, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelLoadError(
            f"{name} lacks {len(missing)} weights that matching needs (first: {missing[0]}); they would be random. "
            f"Load an image-text-matching checkpoint such as {REAL_CHECKPOINT}."
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(location, **options)
        images = BlipImageProcessorPil.from_pretrained(location, **options)
    except Exception as error:
        raise ModelLoadError(
            f"{name}: the tokenizer or preprocessor_config.json cannot be loaded; save the processor into the same folder. "
            f"({error})"
        ) from error
    model.requires_grad_(False).eval().to(place)
    profile = LISTED.get(name) if hub is not None else read(Path(location))
    return BlipMatcher(model, images, tokenizer, name=name, profile=profile)


@contextmanager
def _without_progress_bar() -> Iterator[None]:
    """Load local weights without a bar, then give the user's setting back."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _in_memory(model: Any, processor: Any, device: Any, dtype: Any) -> BlipMatcher:
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


def _dtype(dtype: Any) -> Any:
    import torch

    if dtype is None:
        return torch.float32
    if isinstance(dtype, str):
        dtype = getattr(torch, dtype, dtype)
    if dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise OptionError(f"dtype must be float32, bfloat16 or float16, but got {dtype!r}.")
    return dtype


def _device(device: Any, torch: Any) -> Any:
    if device is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise OptionError(f"device {device!r} cannot be used here: {str(error).splitlines()[0]}") from error
    return chosen
