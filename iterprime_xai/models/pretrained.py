"""Reading a checkpoint in the hub's layout part by part, each with its own word on what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from iterprime_xai.models.hub import commit_of, fetch_command, unreachable
from iterprime_xai.records import ModelLoadError, OptionError


def read_config(location: str | Path, name: str, hub: dict[str, Any] | None) -> Any:
    """The config of a folder, or of a hub checkpoint with the ``hub``'s options.

    Raises ``ModelLoadError`` where there is none, it cannot be read, or the hub cannot be reached.
    """
    from transformers import AutoConfig

    if hub is None and not (Path(location) / "config.json").is_file():
        raise ModelLoadError(
            f"{location} should hold a model in the hub's layout (config.json, model.safetensors, tokenizer, "
            "preprocessor_config.json), but config.json is missing."
        )
    try:
        return AutoConfig.from_pretrained(location, **(hub or {}))
    except Exception as error:
        if hub is not None and isinstance(error, OSError):
            raise unreachable(name, hub, error) from error
        raise ModelLoadError(f"The config.json of {name} cannot be read as a model config: {error}") from error


def read_weights(
    architecture: Any,
    config: Any,
    location: str | Path,
    name: str,
    dtype: Any,
    hub: dict[str, Any] | None,
    *,
    lacks: str,
    todo: str,
) -> Any:
    """A model of a stock class with its weights, none of them random.

    Args:
        architecture: the class, with ``from_pretrained``.
        config: its config; ``None``: the class reads it.
        location, name, hub: see :func:`read_config`.
        dtype: `torch.dtype` of the weights; ``None``: the library's choice.
        lacks, todo: what a checkpoint without all weights lacks, and what to do then.

    Raises:
        ModelLoadError: the weights cannot be loaded, or some are missing.
    """
    # Only a download shows a bar: reading local weights takes a moment.
    bars = nullcontext() if hub is not None and not hub["local_files_only"] else without_progress_bar()
    given = {key: value for key, value in (("config", config), ("dtype", dtype)) if value is not None}
    try:
        with bars:
            model, report = architecture.from_pretrained(location, output_loading_info=True, **given, **(hub or {}))
    except Exception as error:
        raise ModelLoadError(f"The weights of {name} cannot be loaded: {error}") from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelLoadError(f"{name} lacks {len(missing)} {lacks} (first: {missing[0]}); they would be random. {todo}")
    return model


def read_processor(images: Any, location: str | Path, name: str, hub: dict[str, Any] | None) -> tuple[Any, Any]:
    """The image processor, of the class ``images``, and the tokenizer. Raises ``ModelLoadError``."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(location, **(hub or {}))
        return images.from_pretrained(location, **(hub or {})), tokenizer
    except Exception as error:
        what = "the tokenizer or preprocessor_config.json cannot be loaded"
        todo = "save the processor into the same folder" if hub is None else f"`{fetch_command(name, hub)}` fetches all"
        raise ModelLoadError(f"{name}: {what}; {todo}. ({error})") from error


def refuse_processor(processor: Any) -> None:
    """A folder or hub id brings its own processor; ``OptionError`` where one is given too."""
    if processor is not None:
        raise OptionError(
            "processor goes with a model in memory; a folder or hub id brings its own. Leave processor out."
        )


def used_as_it_is(device: Any, dtype: Any) -> None:
    """A model in memory is never moved or cast; ``OptionError`` where a device or dtype is given for it."""
    if device is not None or dtype is not None:
        raise OptionError(
            "Your model is used as it is, never moved or cast: call model.to(device, dtype) yourself, and leave device and "
            "dtype out."
        )


def check_processor(processor: Any, such_as: str) -> None:
    """A processor brings both the image processor and the tokenizer; ``OptionError`` for another thing."""
    for part in ("image_processor", "tokenizer"):
        if not hasattr(processor, part):
            raise OptionError(f"processor should have an {part} ({such_as}), but {type(processor).__name__} has none.")


def origin_of(location: str | Path, name: str, hub: dict[str, Any] | None) -> dict[str, str | None]:
    """Where weights came from, for the record: the folder, or the hub's revision and commit."""
    if hub is None:
        return {"folder": str(Path(location).resolve())}
    return {"revision": hub["revision"], "commit": commit_of(name, hub["cache_dir"], hub["revision"])}


@contextmanager
def without_progress_bar() -> Iterator[None]:
    """Load local weights without a bar; the hook leaves the user's own settings of bars alone."""
    from transformers.utils import logging

    def silent(factory: Any, args: Any, kwargs: Any) -> Any:
        return factory(*args, **{**kwargs, "disable": True})

    before = logging.set_tqdm_hook(silent)
    try:
        yield
    finally:
        logging.set_tqdm_hook(before)


def as_dtype(dtype: Any) -> Any:
    import torch

    if dtype is None:
        return torch.float32
    if isinstance(dtype, str):
        dtype = getattr(torch, dtype, dtype)
    if dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise OptionError(f"dtype must be float32, bfloat16 or float16, but got {dtype!r}.")
    return dtype


def as_device(device: Any, torch: Any) -> Any:
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
