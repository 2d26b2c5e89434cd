"""From a name, a folder or a model in memory to a matcher, with a clear word when that is not possible."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.hub import ask, commit_of, fetch_command, is_cached, is_hub_id, unreachable
from iterprime_xai.models.profiles import LISTED, read
from iterprime_xai.records import ModelLoadError, OptionError
from iterprime_xai.records.importing import importing

if TYPE_CHECKING:
    from iterprime_xai.models.reading_matcher import ReadingMatcher

BUNDLED_FOLDER = Path(__file__).parent.parent / "assets" / "models"
REAL_CHECKPOINT = "Salesforce/blip-itm-base-coco"
"""The checkpoint that messages point to when a real one is needed."""

WEIGHTS_SUFFIXES = (".pth", ".pt")
"""Files that hold the weights of a release from before the hub: ALBEF's."""


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
    if processor is not None:
        raise OptionError(
            "processor goes with a model in memory; a folder or hub id brings its own. Leave processor out."
        )
    name = str(source)
    if name in bundled_models():
        return _from_pretrained(BUNDLED_FOLDER / name, name, device, dtype)
    folder = Path(source)
    with suppress(RuntimeError):  # "~nobody" stays as it is
        folder = folder.expanduser()
    if folder.is_dir():
        return _from_pretrained(folder, folder.resolve().name, device, dtype)
    if is_weights_file(name):
        if revision is not None:
            raise OptionError(f"revision goes with a hub id, but {name} is a file. Leave it out.")
        return _from_weights_file(folder, device, dtype, image_size, cache_dir)
    hub = {"revision": revision, "cache_dir": cache_dir, "local_files_only": True}
    cached = isinstance(source, str) and is_cached(name, cache_dir, revision)
    if not cached and (isinstance(source, Path) or not meant_for_the_hub(name)):
        raise no_such_model(name, folder)
    if local_files_only:
        return _from_pretrained(name, name, device, dtype, hub)
    if not cached:
        return _from_network(name, device, dtype, hub)
    try:
        return _from_pretrained(name, name, device, dtype, hub)
    except ModelLoadError as error:
        if not isinstance(error.__cause__, OSError):  # only a missing file is worth a look at the network
            raise
        try:
            return _from_network(name, device, dtype, hub)
        except ModelLoadError:
            raise error from error.__cause__


def is_weights_file(source: Any) -> bool:
    """Whether a source is the path of a released .pth checkpoint."""
    return isinstance(source, (str, Path)) and Path(source).suffix.lower() in WEIGHTS_SUFFIXES


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


def _from_network(name: str, device: Any, dtype: Any, hub: dict[str, Any]) -> ReadingMatcher:
    hub = {**hub, "local_files_only": False}
    ask(name, hub)
    return _from_pretrained(name, name, device, dtype, hub)


def meant_for_the_hub(name: str) -> bool:
    """Whether a name of the hub's form means the hub: below an existing folder, an unlisted one is a path."""
    return is_hub_id(name) and (name in LISTED or not Path(name).parent.is_dir())


def no_such_model(name: str, folder: Path) -> ModelLoadError:
    """A name that is nothing, with the nearest that is something: what is beside where it would be, or a known name."""
    parent, where = folder.parent, ""
    there = parent.iterdir() if parent.is_dir() else ()
    beside = [each.name for each in there if is_weights_file(each) or each.is_dir()]
    near = [str(parent / each) for each in difflib.get_close_matches(folder.name, beside, 2, 0.6)]
    if parent == Path():
        near = [*difflib.get_close_matches(name, [*bundled_models(), *LISTED], 1, 0.5), *near]
    elif parent.is_dir():
        where = f" ({parent} has no {'file' if is_weights_file(folder) else 'folder'} {folder.name!r})"
    else:
        where = f" (there is no folder {str(parent)!r} either)"
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return ModelLoadError(
        f"No such model or folder: {name!r}{where}. Expected a bundled name ({', '.join(bundled_models())}), an existing "
        f"folder, a released .pth file, or a hub id such as {REAL_CHECKPOINT}.{hint}"
    )


def _from_pretrained(
    location: str | Path, name: str, device: Any, dtype: Any, hub: dict[str, Any] | None = None
) -> ReadingMatcher:
    """Load config, weights, tokenizer and image processor from a folder, or from the hub with its ``hub`` options."""
    with importing("transformers.models.blip.modeling_blip"):
        import torch
        from transformers import AutoConfig, AutoTokenizer
        from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    wanted, place, options = as_dtype(dtype), as_device(device, torch), hub or {}
    if hub is None and not (Path(location) / "config.json").is_file():
        raise ModelLoadError(
            f"{location} should hold a model in the hub's layout (config.json, model.safetensors, tokenizer, "
            "preprocessor_config.json), but config.json is missing."
        )
    try:
        config = AutoConfig.from_pretrained(location, **options)
    except Exception as error:
        if hub is not None and isinstance(error, OSError):
            raise unreachable(name, hub, error) from error
        raise ModelLoadError(f"The config.json of {name} cannot be read as a model config: {error}") from error
    model_class, matcher_class = _family_of(config, name)
    _check_purpose(config, name, model_class, matcher_class.example)
    # Only a download shows a bar: reading local weights takes a moment.
    bars = nullcontext() if hub is not None and not hub["local_files_only"] else without_progress_bar()
    try:
        with bars:
            loaded: Any = model_class.from_pretrained(
                location, config=config, dtype=wanted, output_loading_info=True, **options
            )
    except Exception as error:
        raise ModelLoadError(f"The weights of {name} cannot be loaded: {error}") from error
    model, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelLoadError(
            f"{name} lacks {len(missing)} weights that matching needs (first: {missing[0]}); they would be random. "
            f"Load an image-text-matching checkpoint such as {matcher_class.example}."
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(location, **options)
        images = BlipImageProcessorPil.from_pretrained(location, **options)
    except Exception as error:
        what = "the tokenizer or preprocessor_config.json cannot be loaded"
        todo = "save the processor into the same folder" if hub is None else f"`{fetch_command(name, hub)}` fetches all"
        raise ModelLoadError(f"{name}: {what}; {todo}. ({error})") from error
    model.requires_grad_(False).eval().to(place)
    origin: dict[str, str | None]
    if hub is None:
        profile, origin = read(Path(location)), {"folder": str(Path(location).resolve())}
    else:
        commit = commit_of(name, hub["cache_dir"], hub["revision"])
        profile, origin = LISTED.get(name), {"revision": hub["revision"], "commit": commit}
    return matcher_class(model, images, tokenizer, name=name, profile=profile, origin=origin)


def _family_of(config: Any, name: str) -> tuple[Any, type[ReadingMatcher]]:
    """The stock class and the matcher of a config's family; raises ``ModelLoadError`` for one that is not read."""
    if config.model_type == "blip":
        from transformers import BlipForImageTextRetrieval

        from iterprime_xai.models.blip import BlipMatcher

        return BlipForImageTextRetrieval, BlipMatcher
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


def _in_memory(model: Any, processor: Any, device: Any, dtype: Any) -> ReadingMatcher:
    from transformers import Blip2ForImageTextRetrieval, BlipForImageTextRetrieval

    if not isinstance(model, BlipForImageTextRetrieval | Blip2ForImageTextRetrieval):
        raise ModelLoadError(
            "Expected a model name, a folder, a BlipForImageTextRetrieval or a Blip2ForImageTextRetrieval, but got "
            f"{type(model).__name__}."
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
                f"processor should have an {part} (a BlipProcessor or Blip2Processor), but {type(processor).__name__} has none."
            )
    _, matcher_class = _family_of(model.config, type(model).__name__)
    return matcher_class(model, processor.image_processor, processor.tokenizer)


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
