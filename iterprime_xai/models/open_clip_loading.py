"""CLIP with a ResNet from open_clip's own layout: a folder, a named architecture with a checkpoint, or a model in memory."""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.pretrained import as_device, as_dtype
from iterprime_xai.records import MissingExtraError, ModelLoadError, OptionError

if TYPE_CHECKING:
    from iterprime_xai.models.clip_resnet import ClipResNetEncoder

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "model.safetensors", "open_clip_pytorch_model.bin", "pytorch_model.bin")
"""Where a folder of open_clip's layout keeps its weights, the safest first."""

NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")
"""Sizes that OpenAI's files keep among the weights."""


def load_folder(folder: Path, name: str, device: Any = None, dtype: Any = None) -> ClipResNetEncoder:
    """An encoder from a folder with open_clip_config.json and weights.

    Raises ``ModelLoadError`` for what is missing, damaged or of another kind, ``MissingExtraError`` without open_clip.
    """
    try:
        stored = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        config = stored["model_cfg"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelLoadError(f"{folder / CONFIG} should hold a model_cfg, but it cannot be read: {error!r}.") from error
    found = [folder / file for file in WEIGHTS if (folder / file).is_file()]
    if not found:
        raise ModelLoadError(f"{folder} holds {CONFIG}, but no weights; expected one of {', '.join(WEIGHTS)}.")
    model = _built(config, name, found[0], device, dtype)
    tokenizer = _tokenizer(config["text_cfg"])
    return _encoder(model, tokenizer, stored.get("preprocess_cfg") or {}, name, {"folder": str(folder.resolve())})


def load_named(what: str, device: Any = None, dtype: Any = None) -> ClipResNetEncoder:
    """An encoder from "NAME:CHECKPOINT": an architecture that open_clip knows and a file of weights; nothing is downloaded.

    Raises ``ModelLoadError`` for an unknown name or file, ``MissingExtraError`` without open_clip.
    """
    open_clip = _open_clip()
    name, _, checkpoint = what.partition(":")
    config = open_clip.get_model_config(name) if name in open_clip.list_models() else None
    if config is None:
        near = difflib.get_close_matches(name, open_clip.list_models(), 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ModelLoadError(
            f"open_clip knows no model {name!r}.{hint} Among those with a ResNet: RN50, RN50-quickgelu."
        )
    if not checkpoint:
        raise ModelLoadError(
            f"open_clip:{name} needs a file of weights, since nothing is downloaded: open_clip:{name}:weights.safetensors."
        )
    path = Path(checkpoint).expanduser()
    if not path.is_file():
        raise ModelLoadError(f"There is no file {checkpoint!r} with weights for open_clip:{name}.")
    model = _built(config, name, path, device, dtype)
    return _encoder(model, _tokenizer(config["text_cfg"]), {}, f"open_clip:{name}", {"file": str(path.resolve())})


def is_resnet(model: Any) -> bool:
    """Whether this is an open_clip `CLIP` with a ResNet; open_clip is not imported to find out."""
    open_clip = sys.modules.get("open_clip")
    if open_clip is None or not isinstance(model, open_clip.CLIP):
        return False
    from open_clip.modified_resnet import ModifiedResNet

    return isinstance(model.visual, ModifiedResNet)


def of_model(model: Any, tokenizer: Any) -> ClipResNetEncoder:
    """An encoder over the user's own open_clip model, which stays as it is."""
    for part in ("encode", "sot_token_id", "eot_token_id"):
        if not hasattr(tokenizer, part):
            raise OptionError(
                f"With an open_clip model give open_clip's tokenizer, `open_clip.get_tokenizer(name)`; {type(tokenizer).__name__} "
                f"has no {part}."
            )
    return _encoder(model, tokenizer, getattr(model.visual, "preprocess_cfg", {}), "in-memory", None)


def _open_clip() -> Any:
    try:
        import open_clip
    except ImportError as error:
        raise MissingExtraError(
            'CLIP with a ResNet needs open_clip: pip install "iterprime-xai[open-clip]".'
        ) from error
    return open_clip


def _built(config: dict[str, Any], name: str, weights: Path, device: Any, dtype: Any) -> Any:
    """The model of a config with its weights, each of them accounted for."""
    import torch

    open_clip = _open_clip()
    wanted, place = as_dtype(dtype), as_device(device, torch)
    config = {key: value for key, value in config.items() if key != "custom_text" or value}
    if not isinstance(config.get("vision_cfg", {}).get("layers"), list | tuple):
        raise ModelLoadError(
            f"{name} has no ResNet in open_clip's layout; of those with a vision transformer load the folder or hub id in the "
            "layout of `transformers`."
        )
    if "custom_text" in config or {"hf_model_name", "hf_tokenizer_name"} & set(config["text_cfg"]):
        raise ModelLoadError(
            f"{name} has a text tower of its own, which this version does not read; load a plain CLIP."
        )
    try:
        with torch.random.fork_rng(devices=[]):
            model = open_clip.CLIP(**config)
    except (TypeError, ValueError) as error:
        raise ModelLoadError(f"The model_cfg of {name} is none that open_clip can build: {error}") from error
    state = {key: value for key, value in _read(weights).items() if key not in NOT_WEIGHTS}
    report = _fit(model, state, weights)
    missing, unknown = sorted(report.missing_keys), sorted(report.unexpected_keys)
    if missing or unknown:
        raise ModelLoadError(
            f"{weights.name} lacks {len(missing)} weights of {name} and has {len(unknown)} unknown ones (first: "
            f"{[*missing, *unknown][0]}); it belongs to another architecture."
        )
    return model.requires_grad_(False).eval().to(place, wanted)


def _fit(model: Any, state: dict[str, Any], weights: Path) -> Any:
    if "logit_scale" in state:
        state["logit_scale"] = state["logit_scale"].reshape(model.logit_scale.shape)
    try:
        return model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelLoadError(f"The weights in {weights.name} are of other sizes than the model: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    """The weights of a file, without running anything that it holds."""
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            stored: Any = load_file(path)
        else:
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelLoadError(
            f"{path} holds no plain weights ({type(error).__name__}: {str(error).partition(chr(10))[0]}). "
            "A TorchScript archive such as OpenAI's RN50.pt is a program and is not run: use the same weights from the folder of "
            "timm/resnet50_clip.openai (`hf download timm/resnet50_clip.openai --local-dir FOLDER`)."
        ) from error
    if isinstance(stored, dict) and isinstance(stored.get("state_dict"), dict):  # a training checkpoint
        stored = stored["state_dict"]
    if not isinstance(stored, dict) or not all(isinstance(value, torch.Tensor) for value in stored.values()):
        raise ModelLoadError(f"{path} should hold weights by name, but holds {type(stored).__name__}.")
    return {key.removeprefix("module."): value for key, value in stored.items()}


def _tokenizer(text: dict[str, Any]) -> Any:
    from open_clip import SimpleTokenizer

    return SimpleTokenizer(context_length=text.get("context_length", 77))


def _encoder(
    model: Any, tokenizer: Any, pixels: dict[str, Any], name: str, origin: dict[str, str | None] | None
) -> ClipResNetEncoder:
    from PIL.Image import Resampling
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from iterprime_xai.models.clip_resnet import ClipResNetEncoder

    side = model.visual.image_size if isinstance(model.visual.image_size, int) else model.visual.image_size[0]
    own = {
        ours: pixels[theirs] for ours, theirs in (("image_mean", "mean"), ("image_std", "std")) if pixels.get(theirs)
    }
    own["resample"] = Resampling.BILINEAR if pixels.get("interpolation") == "bilinear" else Resampling.BICUBIC
    images = CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side}, **own)
    return ClipResNetEncoder(model, images, tokenizer, name=name, origin=origin)
