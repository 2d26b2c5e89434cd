"""Masks that the caller brings, in any usual form, checked against the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.data import rle
from iterprime_xai.records import ProposalError, Proposals
from iterprime_xai.records.packed import PackedMasks, held

_ACCEPTED = (
    "Proposals, a bool array of shape (n, height, width), or a list of bool masks, COCO RLE dicts or SAM results "
    '(dicts with a "segmentation")'
)


def as_proposals(value: Any, size: tuple[int, int]) -> Proposals:
    """Turn masks in any usual form into ``Proposals`` for an upright picture of ``size`` = (height, width).

    Accepts ``Proposals``, ``PackedMasks``, a bool array (n, height, width) or (height, width), or a list of masks: bool arrays,
    one-bit PIL images, COCO RLE dicts (compressed or not) and the dicts of SAM's mask generator, whose predicted IoU becomes the
    score. Whole numbers are taken where they are only 0 and 1, or 0 and 255. Raises ``ProposalError`` for everything
    else and for masks of another size.
    """
    if isinstance(value, Proposals):
        _check_size(value.masks.shape[1:], size, "the masks are")
        return value
    if isinstance(value, PackedMasks):
        _check_size(value.shape[1:], size, "the masks are")
        return Proposals(value, np.ones(len(value), np.float32), "given")
    if isinstance(value, np.ndarray):
        if value.ndim not in (2, 3):
            raise ProposalError(f"Expected {_ACCEPTED}, but got an array of shape {value.shape}.")
        stack = _as_bool(value if value.ndim == 3 else value[None], "the array")
        _check_size(stack.shape[1:], size, "the masks are")
        return Proposals(stack, np.ones(len(stack), np.float32), "given")
    if isinstance(value, (str, bytes, Mapping, Image.Image)) or not isinstance(value, Iterable):
        hint = "; put a single mask in a list" if isinstance(value, (Mapping, Image.Image)) else ""
        raise ProposalError(f"Expected {_ACCEPTED}, but got {type(value).__name__}{hint}.")
    scores: list[float] = []

    def read() -> Iterator[np.ndarray]:
        for index, each in enumerate(value):
            mask, score = _mask(each, size, index)
            scores.append(score)
            yield mask

    masks = held(read(), size)  # one at a time: hundreds of RLEs of a large picture stay small
    return Proposals(masks, np.array(scores, np.float32), "given")


def _mask(value: Any, size: tuple[int, int], index: int) -> tuple[np.ndarray, float]:
    """One mask of the list, with its score."""
    name, score = f"mask {index}", 1.0
    if isinstance(value, Mapping) and "segmentation" in value:
        score = float(value.get("predicted_iou", value.get("score", 1.0)))
        value = value["segmentation"]
    if isinstance(value, Mapping):
        mask = _decoded(value, size, name)
    elif isinstance(value, Image.Image):
        mask = _as_bool(np.asarray(value), name)
    elif isinstance(value, np.ndarray):
        mask = _as_bool(value, name)
    else:
        hint = "; use `mask.cpu().numpy()`" if type(value).__module__.partition(".")[0] == "torch" else ""
        raise ProposalError(f"Expected a mask as bool array or RLE dict, but {name} is {type(value).__name__}{hint}.")
    _check_size(mask.shape, size, f"{name} is")
    return mask, score


def _as_bool(values: np.ndarray, name: str) -> np.ndarray:
    if values.dtype == np.bool_:
        return values
    if values.dtype.kind in "iu":
        found = set(np.unique(values).tolist())
        if found <= {0, 1} or found <= {0, 255}:
            return values > 0
        raise ProposalError(
            f"Expected masks of 0 and 1, but {name} holds {len(found)} values such as {sorted(found)[-1]}; split a map of "
            "labels with `labels == number`."
        )
    raise ProposalError(f"Expected bool masks, but {name} is {values.dtype}; threshold it first, as in `mask > 0.5`.")


def _check_size(shape: tuple[int, ...], size: tuple[int, int], what: str) -> None:
    if tuple(shape) == tuple(size):
        return
    turned = tuple(shape) == tuple(size)[::-1]
    hint = (
        "they look turned: masks are for the upright picture, after its EXIF orientation"
        if turned
        else "resize masks to the picture with nearest-neighbour sampling"
    )
    raise ProposalError(f"Expected masks of height x width {size[0]} x {size[1]}, but {what} {_times(shape)}; {hint}.")


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)


def _decoded(value: Mapping[str, Any], size: tuple[int, int], name: str) -> np.ndarray:
    if {"size", "counts"} <= set(value):
        _check_size(tuple(value["size"]), size, f"{name} is")
    try:
        return rle.decode(value, size)
    except (ValueError, TypeError) as error:
        raise ProposalError(f"The RLE of {name} cannot be decoded: {error}.") from error
