"""Released ALBEF checkpoints (``ALBEF.pth``): sizes read from the weights, every key accounted for, nothing in the file run."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from iterprime_xai.models.albef import HEAD_WIDTH, Albef, AlbefMatcher, AlbefSizes, head_print
from iterprime_xai.models.bert_vocabulary import find_bert_tokenizer
from iterprime_xai.models.loading_report import LoadingReport
from iterprime_xai.records import ModelLoadError, OptionError

POSITIONS = "visual_encoder.pos_embed"

IGNORED = (
    (
        r"(visual_encoder|text_encoder|text_decoder|vision_proj|text_proj)_m\.",
        "a momentum copy, which only training reads",
    ),
    (r"(image_queue|text_queue|idx_queue|queue_ptr)$", "the queue of contrastive training"),
    (r"(vision_proj|text_proj)\.|temp$", "for the contrastive score, which is not the match score"),
    (r"text_encoder\.cls\.", "the head that guesses masked words"),
    (r"text_encoder\.(bert\.)?embeddings\.position_ids$", "a count from 0, made anew"),
)
"""Keys that matching does not need, and why."""

RENAMED = (
    (r"visual_encoder\.cls_token$", "visual_encoder.embeddings.cls_token"),
    (r"visual_encoder\.pos_embed$", "visual_encoder.embeddings.position_embeddings"),
    (r"visual_encoder\.patch_embed\.proj\.", "visual_encoder.embeddings.patch_embeddings.projection."),
    (r"visual_encoder\.blocks\.(\d+)\.norm1\.", r"visual_encoder.layers.\1.layernorm_before."),
    (r"visual_encoder\.blocks\.(\d+)\.norm2\.", r"visual_encoder.layers.\1.layernorm_after."),
    (r"visual_encoder\.blocks\.(\d+)\.attn\.qkv\.", r"visual_encoder.layers.\1.attention.{}_proj."),
    (r"visual_encoder\.blocks\.(\d+)\.attn\.proj\.", r"visual_encoder.layers.\1.attention.o_proj."),
    (r"visual_encoder\.blocks\.(\d+)\.mlp\.", r"visual_encoder.layers.\1.mlp."),
    (r"visual_encoder\.norm\.", "visual_encoder.layernorm."),
    (r"text_encoder\.(?:bert\.)?embeddings\.", "text_encoder.embeddings."),
    (r"text_encoder\.(?:bert\.)?encoder\.layer\.(\d+)\.", r"text_encoder.layers.\1."),
    (r"itm_head\.", "itm_head."),
)
"""Where a key's weight goes in :class:`Albef`; ``{}`` takes the thirds of the joint query, key and value in turn."""


def load_albef(
    path: Path,
    *,
    device: torch.device,
    dtype: torch.dtype,
    image_size: int | None = None,
    cache_dir: str | Path | None = None,
) -> AlbefMatcher:
    """Load a released checkpoint, or a smaller one in its layout.

    Args:
        path: the .pth file, with the weights under ``model`` or at its top.
        device, dtype: where and how to hold the weights.
        image_size: pixels a side; position embeddings are interpolated (bicubic) where it differs from the checkpoint's. Default:
            the checkpoint's own.
        cache_dir: the hub cache to look for the vocabulary in.

    Returns:
        The matcher; its ``report`` says what became of every key.

    Raises:
        ModelLoadError: no such file, not loadable as plain tensors, other family, missing or unknown weights, no vocabulary.
        OptionError: an ``image_size`` that the patches do not fill.
    """
    state = read_state(path)
    sizes = sizes_of(state, path.name, image_size)
    weights, report = translate(state, sizes)
    with torch.random.fork_rng(devices=[]):  # the random weights that are about to go must not move the user's own dice
        model = Albef(sizes)
    report = check_all(model, weights, report, path.name)
    tokenizer = find_bert_tokenizer(path.parent, path.name, cache_dir)
    if len(tokenizer) != sizes.vocabulary:
        raise ModelLoadError(
            f"{path.name} knows {sizes.vocabulary} tokens, but the vocabulary found has {len(tokenizer)}: its words would be "
            f"others. Put the vocab.txt that it was trained with beside it, in {path.parent}."
        )
    model.load_state_dict(weights)
    model.requires_grad_(False).eval().to(device, dtype)
    origin: dict[str, str | None] = {"file": str(path.resolve()), "head": head_print(model)}
    matcher = AlbefMatcher(model, image_processor(sizes.image_size), tokenizer, name=path.stem, origin=origin)
    matcher.report = report
    return matcher


def read_state(path: Path) -> dict[str, Tensor]:
    """The weights by key; the file is read as tensors and plain values only, so that nothing in it is run."""
    try:
        # Mapped, the half of a released file that only training needs is never read.
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except OSError as error:
        raise ModelLoadError(f"{path} cannot be read: {error}.") from error
    except pickle.UnpicklingError as error:
        raise ModelLoadError(
            f"{path} holds more than tensors and plain values, which could run code, or is damaged: it is not loaded. If you trust "
            'it, save its weights alone: torch.save({"model": torch.load(path, weights_only=False)["model"]}, "weights.pth"). '
            f"({str(error).splitlines()[0]})"
        ) from error
    except Exception as error:  # a damaged file can fail in any way
        raise ModelLoadError(f"{path} is no checkpoint of PyTorch, or damaged ({error}); fetch it again.") from error
    state = found.get("model", found) if isinstance(found, dict) else None
    if not isinstance(state, dict) or not any(isinstance(value, Tensor) for value in state.values()):
        raise ModelLoadError(f"{path} should hold weights by name, under 'model' or at its top, but does not.")
    return {key: value for key, value in state.items() if isinstance(value, Tensor)}


def sizes_of(state: Mapping[str, Tensor], name: str, image_size: int | None = None) -> AlbefSizes:
    """Sizes of a checkpoint, from the shapes of its weights and the numbers of its layers.

    Raises ``ModelLoadError`` for weights of another family, ``OptionError`` for an ``image_size`` that patches do not fill.
    """
    text = "text_encoder.bert." if any(key.startswith("text_encoder.bert.") for key in state) else "text_encoder."

    def shape(key: str, dimensions: int) -> tuple[int, ...]:
        if key not in state:
            raise ModelLoadError(
                f"{name} lacks {key}, so it is no ALBEF checkpoint for image-text matching. Expected ALBEF.pth or one of its "
                "fine-tuned releases, with a ViT image tower, a BERT text encoder and an itm_head."
            )
        found = tuple(state[key].shape)
        if len(found) != dimensions:
            raise ModelLoadError(f"{name}: {key} should have {dimensions} dimensions, but has shape {found}.")
        return found

    def numbers(start: str, end: str = "") -> set[int]:
        matches = (re.match(rf"{re.escape(start)}(\d+)\.{end}", key) for key in state)
        return {int(match[1]) for match in matches if match}

    (vision_width, _, patch, _), (_, places, _) = (
        shape("visual_encoder.patch_embed.proj.weight", 4),
        shape(POSITIONS, 3),
    )
    vocabulary, text_width = shape(f"{text}embeddings.word_embeddings.weight", 2)
    for tower, width in (("image", vision_width), ("text", text_width)):
        if width % HEAD_WIDTH:
            raise ModelLoadError(
                f"{name}: its {tower} tower is {width} wide, but heads of ALBEF have {HEAD_WIDTH} channels: expected a multiple."
            )
    side = round((places - 1) ** 0.5)
    if side * side + 1 != places:
        raise ModelLoadError(f"{name}: {POSITIONS} has {places} places, but expected [CLS] and a square of patches.")
    size = side * patch if image_size is None else image_size
    if isinstance(size, bool) or not isinstance(size, int) or size < patch or size % patch:
        raise OptionError(
            f"image_size must be a multiple of the patches' {patch} pixels, such as {side * patch}, but got {image_size!r}."
        )
    fusing = numbers(f"{text}encoder.layer.", r"crossattention\.")
    if not fusing:
        raise ModelLoadError(f"{name}: no text layer has cross-attention, so there is nothing to read.")
    return AlbefSizes(
        image_size=size,
        patch=patch,
        vision_layers=max(numbers("visual_encoder.blocks."), default=-1) + 1,
        vision_width=vision_width,
        vision_inner=shape("visual_encoder.blocks.0.mlp.fc1.weight", 2)[0],
        text_layers=max(numbers(f"{text}encoder.layer.")) + 1,
        text_width=text_width,
        text_inner=shape(f"{text}encoder.layer.0.intermediate.dense.weight", 2)[0],
        fusion_layer=min(fusing),
        vocabulary=vocabulary,
        positions=shape(f"{text}embeddings.position_embeddings.weight", 2)[0],
        token_types=shape(f"{text}embeddings.token_type_embeddings.weight", 2)[0],
    )


def translate(state: Mapping[str, Tensor], sizes: AlbefSizes) -> tuple[dict[str, Tensor], LoadingReport]:
    """The weights under the names of :class:`Albef`, and what became of every key; what is missing is not known yet."""
    weights: dict[str, Tensor] = {}
    loaded, unexpected = [], []
    interpolated, ignored = {}, {}
    for key, value in state.items():
        reason = next((why for pattern, why in IGNORED if re.match(pattern, key)), None)
        if reason is not None:
            ignored[key] = reason
            continue
        to = next((re.sub(pattern, new, key) for pattern, new in RENAMED if re.match(pattern, key)), None)
        if to is None:
            unexpected.append(key)
            continue
        if key == POSITIONS:
            side = sizes.image_size // sizes.patch
            before = round((value.shape[1] - 1) ** 0.5)
            if before != side:
                value = interpolate(value, side)
                interpolated[key] = f"{before}x{before} -> {side}x{side} patches, bicubic"
        if "{}" in to:
            weights |= {to.format(part): third for part, third in zip("qkv", value.chunk(3), strict=True)}
        else:
            weights[to] = value
        if key not in interpolated:
            loaded.append(key)
    return weights, LoadingReport(tuple(loaded), interpolated, ignored, unexpected=tuple(unexpected))


def interpolate(positions: Tensor, side: int) -> Tensor:
    """Position embeddings (1, 1 + n * n, width) for a grid of another side; [CLS] keeps its own."""
    first, patches = positions[:, :1].float(), positions[:, 1:].float()
    before = round(patches.shape[1] ** 0.5)
    picture = patches.unflatten(1, (before, before)).permute(0, 3, 1, 2)
    picture = nn.functional.interpolate(picture, size=(side, side), mode="bicubic", align_corners=False)
    return torch.cat((first, picture.permute(0, 2, 3, 1).flatten(1, 2)), 1)


def check_all(model: Albef, weights: Mapping[str, Tensor], report: LoadingReport, name: str) -> LoadingReport:
    """The report with what is missing.

    Raises ``ModelLoadError`` for weights that are missing, of another shape, or unknown to a tower or the head; warns of weights
    that are unknown elsewhere.
    """
    expected = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    missing = tuple(key for key in expected if key not in weights)
    strange = [key for key in weights if key not in expected]
    report = LoadingReport(report.loaded, report.interpolated, report.ignored, missing, report.unexpected)
    if missing:
        raise ModelLoadError(
            f"{name} lacks {len(missing)} weights that matching needs ({_some(missing)}); they would be random. Load an ALBEF "
            "checkpoint for image-text matching: pre-trained, retrieval or grounding."
        )
    strange += [key for key in report.unexpected if key.startswith(("visual_encoder.", "text_encoder.", "itm_head."))]
    if strange:
        raise ModelLoadError(
            f"{name} has {len(strange)} weights that ALBEF's towers and head do not ({_some(strange)}): it is another model."
        )
    for key, shape in expected.items():
        if tuple(weights[key].shape) != shape:
            raise ModelLoadError(f"{name}: {key} should have shape {shape}, but has {tuple(weights[key].shape)}.")
    if report.unexpected:
        warnings.warn(
            f"{name} has {len(report.unexpected)} weights that nobody asked for, and they are left out: {_some(report.unexpected)}",
            stacklevel=4,
        )
    return report


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:5], "..."] if len(names) > 5 else names)


def image_processor(side: int) -> Any:
    """Bicubic to a square of ``side`` pixels, then CLIP's mean and deviation, as in the release."""
    from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD, PILImageResampling
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    return BlipImageProcessorPil(
        size={"height": side, "width": side},
        resample=PILImageResampling.BICUBIC,
        image_mean=OPENAI_CLIP_MEAN,
        image_std=OPENAI_CLIP_STD,
    )
