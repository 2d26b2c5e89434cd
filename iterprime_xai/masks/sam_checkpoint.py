"""segment-anything's model from a released checkpoint: its sizes are read from the weights, nothing in the file is ever run."""

from __future__ import annotations

import difflib
import pickle
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from iterprime_xai.models.loading import as_device
from iterprime_xai.records import MissingExtraError, ModelLoadError

SIZES = {"vit_b": (768, 12), "vit_l": (1024, 24), "vit_h": (1280, 32)}
"""Width and depth of the released image encoders."""

_NEEDED = ("image_encoder.pos_embed", "image_encoder.patch_embed.proj.weight", "prompt_encoder.no_mask_embed.weight")


def needs_extra(what: str, error: ImportError) -> MissingExtraError:
    """What to install for a proposer that needs segment-anything or torchvision."""
    return MissingExtraError(
        f'{what} needs the package {error.name or "segment_anything"}: pip install "iterprime-xai[sam]".'
    )


def load_sam(checkpoint: str | Path | None, size: str | None, *, device: Any = None) -> Any:
    """segment-anything's ``Sam``, in evaluation mode and without gradients, from a state dict in the released layout.

    ``size`` is "vit_b", "vit_l" or "vit_h", which the checkpoint must then have; ``None`` takes any. Raises ``MissingExtraError``
    without segment-anything, ``ModelLoadError`` for a checkpoint that is missing, damaged, of another size or another model.
    """
    try:
        import torch
        from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
    except ImportError as error:
        raise needs_extra("SAM", error) from error
    place = as_device(device, torch)
    path = _found(checkpoint, size)
    state = _state(path, torch)
    width, depth, heads, global_blocks, window, grid = _shape(state, path)
    if size is not None and (width, depth) != SIZES[size]:
        raise ModelLoadError(_other_size(path, size, width, depth))
    pixels = state["image_encoder.patch_embed.proj.weight"].shape[-1]
    channels = state["prompt_encoder.no_mask_embed.weight"].shape[1]
    upscaled = "mask_decoder.iou_prediction_head.layers"
    sam = Sam(
        image_encoder=ImageEncoderViT(
            depth=depth,
            embed_dim=width,
            img_size=grid * pixels,
            mlp_ratio=state["image_encoder.blocks.0.mlp.lin1.weight"].shape[0] / width,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            num_heads=heads,
            patch_size=pixels,
            qkv_bias=True,
            use_rel_pos=True,
            global_attn_indexes=global_blocks,
            window_size=window,
            out_chans=channels,
        ),
        prompt_encoder=PromptEncoder(
            embed_dim=channels,
            image_embedding_size=(grid, grid),
            input_image_size=(grid * pixels, grid * pixels),
            mask_in_chans=state["prompt_encoder.mask_downscaling.3.weight"].shape[0],
        ),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=state["mask_decoder.mask_tokens.weight"].shape[0] - 1,
            transformer=TwoWayTransformer(
                depth=_count(state, "mask_decoder.transformer.layers."),
                embedding_dim=channels,
                mlp_dim=state["mask_decoder.transformer.layers.0.mlp.lin1.weight"].shape[0],
                num_heads=8,
            ),
            transformer_dim=channels,
            iou_head_depth=_count(state, f"{upscaled}."),
            iou_head_hidden_dim=state[f"{upscaled}.0.weight"].shape[0],
        ),
        pixel_mean=[123.675, 116.28, 103.53],
        pixel_std=[58.395, 57.12, 57.375],
    )
    try:
        sam.load_state_dict(state)
    except RuntimeError as error:
        raise ModelLoadError(f"{path} is not a whole SAM checkpoint: {error}") from error
    return sam.requires_grad_(False).eval().to(place)


def _found(checkpoint: str | Path | None, size: str | None) -> Path:
    name = f"sam_{size or 'vit_b'}.pth"
    if checkpoint is None:
        raise ModelLoadError(
            f"SAM needs the file of its released weights: checkpoint={name!r}, or in the shell --proposals-checkpoint {name} "
            f"(with --system: --set proposer_checkpoint={name})."
        )
    path = Path(checkpoint).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise ModelLoadError(
            f"Expected a SAM checkpoint (a .pth file), but {path} is a folder; sam-hf:{path} reads folders."
        )
    beside = [each.name for each in path.parent.iterdir() if each.is_file()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, 1)
    hint = f" Did you mean {str(path.parent / near[0])!r}?" if near else ""
    raise ModelLoadError(f"There is no SAM checkpoint {path}.{hint}")


def _state(path: Path, torch: Any) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        AttributeError,
        ImportError,
    ) as error:
        why = (str(error).splitlines() or ["it is empty or cut short"])[0]
        raise ModelLoadError(f"{path} cannot be read as a checkpoint of weights only: {why}") from error
    lacking = [key for key in _NEEDED if not isinstance(state, Mapping) or key not in state]
    if lacking:
        raise ModelLoadError(f"{path} is not a SAM checkpoint in the released layout: it has no {lacking[0]}.")
    return dict(state)


def _shape(state: Mapping[str, Any], path: Path) -> tuple[int, int, int, tuple[int, ...], int, int]:
    """Width, depth, heads, blocks that see the whole picture, side of the window of the others, and side of the grid."""
    width = state["image_encoder.patch_embed.proj.weight"].shape[0]
    depth = _count(state, "image_encoder.blocks.")
    grid = state["image_encoder.pos_embed"].shape[1]
    try:
        tables = [state[f"image_encoder.blocks.{block}.attn.rel_pos_h"].shape for block in range(depth)]
    except KeyError as error:
        raise ModelLoadError(
            f"{path} is not a SAM checkpoint in the released layout: it has no {error.args[0]}."
        ) from error
    sides = [(length + 1) // 2 for length, _ in tables]
    window = min(sides, default=grid)
    whole = tuple(block for block, side in enumerate(sides) if side == grid) if window < grid else tuple(range(depth))
    return width, depth, width // tables[0][1], whole, window, grid


def _count(state: Mapping[str, Any], start: str) -> int:
    """How many layers there are under a name."""
    return 1 + max((int(key[len(start) :].partition(".")[0]) for key in state if key.startswith(start)), default=-1)


def _other_size(path: Path, size: str, width: int, depth: int) -> str:
    found = next((name for name, sizes in SIZES.items() if sizes == (width, depth)), None)
    said = (
        f"{found}: ask for sam:{found}"
        if found
        else f"of a size of its own ({width} wide, {depth} blocks): ask for sam"
    )
    return f"sam:{size} needs a checkpoint {SIZES[size][0]} wide with {SIZES[size][1]} blocks, but {path} is {said}."
