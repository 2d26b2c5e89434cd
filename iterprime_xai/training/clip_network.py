"""The miniature CLIP: configuration, initial weights, and an image tower that starts from a trained BLIP's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from iterprime_xai.training.config import ModelShape
from iterprime_xai.training.forward import normalise

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import CLIPConfig

HIDDEN_ACT = "gelu"
"""As in BLIP, so that its trained image tower can be taken over."""


def build_clip_config(shape: ModelShape, vocabulary: dict[str, int]) -> CLIPConfig:
    """A stock ``CLIPConfig`` of this shape for a tokenizer's vocabulary; a text is read off at its first [SEP]."""
    from transformers import CLIPConfig

    return CLIPConfig(
        text_config={
            "vocab_size": len(vocabulary),
            "hidden_size": shape.text_width,
            "intermediate_size": round(shape.text_width * shape.mlp_ratio),
            "num_hidden_layers": shape.text_layers,
            "num_attention_heads": shape.heads,
            "max_position_embeddings": shape.max_tokens,
            "hidden_act": HIDDEN_ACT,
            "projection_dim": shape.projection,
            "pad_token_id": vocabulary["[PAD]"],
            "bos_token_id": vocabulary["[CLS]"],
            "eos_token_id": vocabulary["[SEP]"],
        },
        vision_config={
            "hidden_size": shape.vision_width,
            "intermediate_size": round(shape.vision_width * shape.mlp_ratio),
            "num_hidden_layers": shape.vision_layers,
            "num_attention_heads": shape.heads,
            "image_size": shape.image_size,
            "patch_size": shape.patch_size,
            "hidden_act": HIDDEN_ACT,
            "projection_dim": shape.projection,
        },
        projection_dim=shape.projection,
    )


def build_clip(shape: ModelShape, vocabulary: dict[str, int], seed: int) -> Any:
    """A fresh ``CLIPModel`` with deterministic weights."""
    from transformers import CLIPModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CLIPModel(build_clip_config(shape, vocabulary))


@torch.no_grad()
def take_tower(clip: Any, blip: Mapping[str, Tensor], pictures: Tensor) -> None:
    """Copy the image tower of BLIP weights (``vision_model.*``, ``vision_proj.*``) into ``clip``, in place.

    BLIP adds a bias to every patch, which goes into the position embeddings, and CLIP normalises what enters the first layer,
    which BLIP does not: scale and shift of that normalisation are fitted (least squares, channel by channel) so that it changes
    the ``pictures`` (uint8, n x side x side x 3) as little as can be. Without that normalisation the towers are equal.
    The bias of BLIP's projection, which CLIP has not, is left behind.
    """
    own, source = clip.vision_model, {name: value.float() for name, value in blip.items()}
    start = "vision_model.embeddings."
    positions = source[f"{start}position_embedding"][0].clone()
    positions[1:] += source[f"{start}patch_embedding.bias"]
    own.embeddings.patch_embedding.weight.copy_(source[f"{start}patch_embedding.weight"])
    own.embeddings.class_embedding.copy_(source[f"{start}class_embedding"].flatten())
    own.embeddings.position_embedding.weight.copy_(positions)
    for number, layer in enumerate(own.encoder.layers):
        place = f"vision_model.encoder.layers.{number}."
        attention = layer.self_attn
        for kind in ("weight", "bias"):
            parts = source[f"{place}self_attn.qkv.{kind}"].chunk(3)
            for projection, part in zip((attention.q_proj, attention.k_proj, attention.v_proj), parts, strict=True):
                getattr(projection, kind).copy_(part)
            getattr(attention.out_proj, kind).copy_(source[f"{place}self_attn.projection.{kind}"])
            for name in ("layer_norm1", "layer_norm2"):
                getattr(getattr(layer, name), kind).copy_(source[f"{place}{name}.{kind}"])
            for name in ("fc1", "fc2"):
                getattr(getattr(layer.mlp, name), kind).copy_(source[f"{place}mlp.{name}.{kind}"])
    for kind in ("weight", "bias"):
        getattr(own.post_layernorm, kind).copy_(source[f"vision_model.post_layernorm.{kind}"])
    if source["vision_proj.weight"].shape == clip.visual_projection.weight.shape:
        clip.visual_projection.weight.copy_(source["vision_proj.weight"])
    tokens = own.embeddings(normalise(pictures)).flatten(0, 1)
    even = functional.layer_norm(tokens, tokens.shape[-1:], eps=own.pre_layrnorm.eps)
    centred = even - even.mean(0)
    scale = (centred * tokens).mean(0) / centred.square().mean(0).clamp(min=1e-6)
    own.pre_layrnorm.weight.copy_(scale)
    own.pre_layrnorm.bias.copy_(tokens.mean(0) - scale * even.mean(0))


def picture_vectors(clip: Any, images: Tensor, kept: Tensor | None = None) -> Tensor:
    """Vectors (n, projection) of uint8 pictures (n, side, side, 3), not normalised; equal to the stock forward pass.

    With ``kept`` (int64, n x some) the tower sees only these patches of each picture, as in FLIP (Li et al., 2023,
    arXiv:2212.00794): half the patches for half the price.
    """
    tower = clip.vision_model
    states = tower.embeddings(normalise(images))
    if kept is not None:
        patches = states[:, 1:].gather(1, kept[..., None].expand(-1, -1, states.shape[-1]))
        states = torch.cat([states[:, :1], patches], 1)
    states = tower.encoder(inputs_embeds=tower.pre_layrnorm(states)).last_hidden_state
    return clip.visual_projection(tower.post_layernorm(states[:, 0]))


GROUPS = 4
"""Texts are read in so many groups of like length, so that short ones do not pay for long ones."""


def text_vectors(clip: Any, tokens: Tensor) -> Tensor:
    """Vectors (n, projection) of token ids (n, length), padded with 0, not normalised; equal to the stock forward pass."""
    sizes = (tokens != 0).sum(-1)
    order = torch.argsort(sizes, stable=True)
    found = [
        clip.text_projection(clip.text_model(input_ids=tokens[rows, : int(sizes[rows[-1]])]).pooler_output)
        for rows in order.chunk(GROUPS)
    ]
    return torch.cat(found)[torch.argsort(order)]
