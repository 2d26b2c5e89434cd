"""Captioners: stock BLIP or BLIP-2 for conditional generation, or a decoder beside a retrieval model that lends its image tower."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.finding import BUNDLED_FOLDER, bundled_models, meant_for_the_hub, no_such_model
from iterprime_xai.models.hub import ask, is_cached, unreachable
from iterprime_xai.models.loading import load_matcher
from iterprime_xai.models.pretrained import as_device, as_dtype, without_progress_bar
from iterprime_xai.models.profiles import Profile
from iterprime_xai.models.profiles import read as read_profile
from iterprime_xai.records import ModelLoadError, OptionError

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

FOLDER = "captioning"
"""Subfolder of a model's folder that holds its captioner's decoder: config and weights, without the image tower."""

TOWER = "image_tower"
"""Under this name the decoder's file says which image tower it was trained on, see :func:`tower_print`."""

TIED = ("text_decoder.cls.predictions.decoder.weight", "text_decoder.cls.predictions.decoder.bias")
"""Weights that are stored once, under the name of the word embeddings and of the head's own bias."""

REAL_CAPTIONER = "Salesforce/blip-image-captioning-base"
"""The checkpoint that messages point to when a real one is needed."""

CLASSES = {"blip": "BlipForConditionalGeneration", "blip-2": "Blip2ForConditionalGeneration"}
"""Class of `transformers` that captions, by a config's model type."""

TO_DO = (
    "A folder of a training run gets one with `iterprime-xai train-captions RUN`; for photographs load a captioning "
    f"checkpoint such as {REAL_CAPTIONER}."
)


class Captioner:
    """Says what is in a picture.

    Args:
        model: a `BlipForConditionalGeneration` or `Blip2ForConditionalGeneration` of any size; it stays as it is.
        image_processor: turns a PIL image into ``pixel_values``.
        tokenizer: turns token ids into words.
        name: what the model is called in messages.
        profile: what is known of the checkpoint, such as the decoder's layer to read.
    """

    def __init__(
        self,
        model: Any,
        image_processor: Any,
        tokenizer: Any,
        *,
        name: str = "in-memory",
        profile: Profile | None = None,
    ) -> None:
        self.model = model
        self.image_processor = image_processor
        self.tokenizer = tokenizer
        self.name = name
        self.profile = profile or Profile()

    def caption(self, image: str | Path | Image.Image | Any, max_words: int = 40, num_beams: int = 1) -> str:
        """One sentence about a picture (a path, a PIL image or a uint8 array), the most probable one word by word.

        Args:
            image: the picture.
            max_words: the sentence is cut after so many words.
            num_beams: beginnings of sentences that are followed side by side; 1 takes the likeliest word at every step.

        Raises:
            ImageInputError: a picture that cannot be used.
            OptionError: ``max_words`` or ``num_beams`` is not a whole number above 0.
        """
        return self.caption_many([image], max_words=max_words, num_beams=num_beams)[0]

    def caption_many(
        self, images: Sequence[Any], max_words: int = 40, num_beams: int = 1, at_once: int = 16
    ) -> list[str]:
        """A sentence about each picture, ``at_once`` of them looked at together. See :meth:`caption`.

        Pictures are taken from the sequence a batch at a time: one that makes them when asked keeps memory flat.
        """
        _check_counts(max_words=max_words, num_beams=num_beams, at_once=at_once)
        found: list[str] = []
        for start in range(0, len(images), at_once):
            some = [images[place] for place in range(start, min(start + at_once, len(images)))]
            found += self._captions(some, max_words, num_beams)
        return found

    def said(self, image: Any, max_words: int = 40, num_beams: int = 1) -> tuple[str, tuple[int, ...]]:
        """The sentence of :meth:`caption`, and the tokens it was generated as: those after a cut stay, start and end do not."""
        _check_counts(max_words=max_words, num_beams=num_beams)
        ids = self._generated([image], max_words, num_beams)
        config = self.model.config.text_config
        ends = {config.bos_token_id, config.eos_token_id, getattr(config, "sep_token_id", None), config.pad_token_id}
        ends |= set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        return self._cut(ids, max_words)[0], tuple(each for each in ids[0].tolist() if each not in ends)

    def pixels_of(self, images: Sequence[Image.Image]) -> Tensor:
        """What the image tower takes for upright RGB pictures: (pictures, 3, side, side), on its device and in its dtype."""
        weight = self.model.vision_model.embeddings.patch_embedding.weight
        pixels = self.image_processor(images=list(images), return_tensors="pt")["pixel_values"]
        side = self.model.config.vision_config.image_size
        if pixels.shape[-2:] != (side, side):
            raise OptionError(
                f"{self.name} looks at {side}x{side} pixels, but its image processor made "
                f"{pixels.shape[-1]}x{pixels.shape[-2]}; set the processor's size to the model's image_size."
            )
        return pixels.to(weight.device, weight.dtype)

    def _generated(self, images: list[Any], max_words: int, num_beams: int) -> Tensor:
        """The tokens (pictures, tokens) of a sentence about each picture, special ones and some beyond ``max_words`` included."""
        import torch

        from iterprime_xai.data.images import read_image

        pixels = self.pixels_of([read_image(image).image for image in images])
        # A word may be several tokens; four are enough for nearly all, and what is too long is cut at a word below.
        room = self.model.config.text_config.max_position_embeddings - 1
        with torch.no_grad():
            return self.model.generate(
                pixel_values=pixels,
                max_new_tokens=min(room, 4 * max_words),
                num_beams=num_beams,
                do_sample=False,
                # Beams are compared at their ends, so they are not cut before.
                stopping_criteria=[self._long_enough(max_words)] if num_beams == 1 else [],
            )

    def _captions(self, images: list[Any], max_words: int, num_beams: int) -> list[str]:
        return self._cut(self._generated(images, max_words, num_beams), max_words)

    def _cut(self, ids: Tensor, max_words: int) -> list[str]:
        """The sentences of (sentences, tokens), each cut after ``max_words`` words."""
        return [" ".join(words[:max_words]) for words in map(self._words, ids)]

    def _words(self, ids: Any) -> list[str]:
        """The words of one sequence of token ids, hyphens closed up; the start, which a tokenizer need not know, is none."""
        begins = len(ids) > 0 and int(ids[0]) == getattr(self.model.config.text_config, "bos_token_id", None)
        ids = ids[1:] if begins else ids
        return re.sub(r"(?<=\w) - (?=\w)", "-", self.tokenizer.decode(ids, skip_special_tokens=True)).split()

    def _long_enough(self, max_words: int) -> Any:
        """Ends a sequence once its first ``max_words`` words can no longer change: a hyphen and what follows would close up."""
        import torch

        def long_enough(ids: Any, scores: Any, **_: Any) -> Any:
            return torch.tensor([len(self._words(each)) > max_words + 2 for each in ids], device=ids.device)

        return long_enough


def _check_counts(**counts: Any) -> None:
    for option, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise OptionError(f"{option} must be a whole number above 0, but got {value!r}.")


def load_captioner(
    source: str | Path = "tiny",
    *,
    device: Any = None,
    dtype: Any = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> Captioner:
    """Load a captioner.

    Args:
        source: name of a bundled model; folder of a retrieval model with a trained captioner in its subfolder ``captioning``;
            folder or hub id of a `BlipForConditionalGeneration` such as Salesforce/blip-image-captioning-base, or of a
            `Blip2ForConditionalGeneration` such as Salesforce/blip2-opt-2.7b.
        device: where to put it (default: CUDA, then MPS, then CPU).
        dtype: `torch.dtype` or its name (default float32).
        revision, cache_dir, local_files_only: passed to the hub.

    Raises:
        ModelLoadError: no captioner there, other family, missing weights, a decoder trained on another image tower, not cached
            and not reachable.
        OptionError: a device or dtype that cannot be used.
    """
    if not isinstance(source, (str, Path)):
        raise ModelLoadError(f"Expected a model name, a folder or a hub id, but got {type(source).__name__}.")
    name = str(source)
    folder = BUNDLED_FOLDER / name if name in bundled_models() else Path(source)
    with suppress(RuntimeError):  # "~nobody" stays as it is
        folder = folder.expanduser()
    if (folder / FOLDER / "config.json").is_file():
        return _beside(folder, device, dtype)
    if folder.is_dir():
        return _from_pretrained(folder, name if name in bundled_models() else folder.resolve().name, device, dtype)
    hub = {"revision": revision, "cache_dir": cache_dir, "local_files_only": True}
    if not is_cached(name, cache_dir, revision):
        if isinstance(source, Path) or not meant_for_the_hub(name):
            raise no_such_model(name, folder)
        if not local_files_only:
            hub["local_files_only"] = False
            ask(name, hub)
    return _from_pretrained(name, name, device, dtype, hub)


def tower_print(tower: Path | Mapping[str, Any]) -> str:
    """A fingerprint of an image tower's weights in half precision: of a state dict, or of those in a model's folder.

    Raises ``ModelLoadError`` for a folder without model.safetensors.
    """
    import torch

    if isinstance(tower, Path):
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            stored = load_file(tower / "model.safetensors")
        except (OSError, SafetensorError) as error:
            raise ModelLoadError(f"The weights in {tower} cannot be read: {error}") from error
        start = "vision_model."
        tower = {name.removeprefix(start): value for name, value in stored.items() if name.startswith(start)}
    digest = hashlib.sha256()
    for name in sorted(tower):
        digest.update(name.encode("utf-8"))
        digest.update(tower[name].detach().to("cpu", torch.float16).contiguous().numpy().tobytes())
    return digest.hexdigest()


def trained_on(place: Path) -> str | None:
    """The fingerprint of the image tower that the decoder in a folder was trained on; ``None`` where it does not say."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(place / "model.safetensors", framework="pt") as stored:
            return (stored.metadata() or {}).get(TOWER)
    except (OSError, SafetensorError) as error:
        raise ModelLoadError(f"The captioner in {place} cannot be loaded: {error}") from error


def _beside(folder: Path, device: Any, dtype: Any) -> Captioner:
    """The decoder in a model's subfolder on the image tower of that model, every weight accounted for."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from transformers import BlipConfig, BlipForConditionalGeneration

    place = folder / FOLDER
    matcher = load_matcher(folder, device=device, dtype=dtype)
    tower = trained_on(place)
    if tower is not None and tower != tower_print(folder):
        raise ModelLoadError(
            f"The captioner in {place} was trained on another image tower than the one in {folder}: its words would be wrong. "
            "Train it anew with `iterprime-xai train-captions`."
        )
    try:
        config = BlipConfig.from_pretrained(place)
        weights = load_file(place / "model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelLoadError(f"The captioner in {place} cannot be loaded: {error}") from error
    own, lent = config.vision_config, matcher.model.config.vision_config
    if any(getattr(lent, key) != getattr(own, key) for key in ("hidden_size", "image_size", "patch_size")):
        raise ModelLoadError(
            f"The captioner in {place} expects an image tower of another size than the one in {folder}."
        )
    with torch.random.fork_rng(devices=[]):
        model: Any = BlipForConditionalGeneration(config)
    model.vision_model = matcher.model.vision_model
    try:
        found = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise ModelLoadError(f"The captioner in {place} does not fit its config: {error}") from error
    missing = [key for key in found.missing_keys if not key.startswith("vision_model.") and key not in TIED]
    if missing or found.unexpected_keys:
        raise ModelLoadError(
            f"The captioner in {place} lacks {len(missing)} weights and has {len(found.unexpected_keys)} unknown ones "
            f"(first: {[*missing, *found.unexpected_keys][0]}). Train it anew with `iterprime-xai train-captions`."
        )
    model.tie_weights()
    model.requires_grad_(False).eval().to(matcher.device, matcher.dtype)
    shared = replace(
        matcher.profile, layer=None, validated="", threshold=None, source=""
    )  # the same words and pictures
    profile = read_profile(place) or shared
    return Captioner(model, matcher.image_processor, matcher.tokenizer, name=matcher.name, profile=profile)


def _from_pretrained(
    location: str | Path, name: str, device: Any, dtype: Any, hub: dict[str, Any] | None = None
) -> Captioner:
    """A stock captioning checkpoint from a folder, or from the hub with its ``hub`` options."""
    import torch
    import transformers
    from transformers import AutoConfig, AutoTokenizer
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    wanted, place, options = as_dtype(dtype), as_device(device, torch), hub or {}
    try:
        config = AutoConfig.from_pretrained(location, **options)
    except Exception as error:
        if hub is not None and isinstance(error, OSError):
            raise unreachable(name, hub, error) from error
        raise ModelLoadError(f"The config.json of {name} cannot be read as a model config: {error}") from error
    if config.model_type not in CLASSES:
        raise ModelLoadError(
            f"{name} is a {config.model_type!r} model; this version reads BLIP and BLIP-2 captioners only."
        )
    made = getattr(config, "architectures", None) or [CLASSES[config.model_type]]
    if CLASSES[config.model_type] not in made:
        raise ModelLoadError(f"{name} holds no captioner, it is a {made[0]}. {TO_DO}")
    bars = nullcontext() if hub is not None and not hub["local_files_only"] else without_progress_bar()
    try:
        with bars:
            loaded: Any = getattr(transformers, CLASSES[config.model_type]).from_pretrained(
                location, config=config, dtype=wanted, output_loading_info=True, **options
            )
        tokenizer = AutoTokenizer.from_pretrained(location, **options)
        images = BlipImageProcessorPil.from_pretrained(location, **options)
    except Exception as error:
        raise ModelLoadError(
            f"The weights, tokenizer or preprocessor_config.json of {name} cannot be loaded: {error}"
        ) from error
    model, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelLoadError(
            f"{name} holds no captioner: {len(missing)} weights that captioning needs are missing (first: {missing[0]}). {TO_DO}"
        )
    profile = read_profile(Path(location)) if hub is None else None
    return Captioner(model.requires_grad_(False).eval().to(place), images, tokenizer, name=name, profile=profile)
