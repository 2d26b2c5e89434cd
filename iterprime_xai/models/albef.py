"""ALBEF (Li et al., NeurIPS 2021) for image-text matching, on ViT and BERT parts of `transformers`, as an image-text matcher.

A ViT sees the picture. The text encoder is one BERT: its lower layers read the text alone, those from the first fusion layer on
also look at the picture. Unlike in a decoder, every token sees every other. The match head reads the first token, [CLS]; there is
no [SEP].
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import BertConfig, ViTConfig, ViTModel
from transformers.models.bert.modeling_bert import BertEmbeddings, BertLayer

from iterprime_xai.models.blip import BlipLayer
from iterprime_xai.models.blip_parts import attention_of, joined
from iterprime_xai.models.loading_report import LoadingReport
from iterprime_xai.models.profiles import Profile
from iterprime_xai.models.reading import ReadingLayer, Watch
from iterprime_xai.models.reading_matcher import ReadingMatcher, TextSizes

HEAD_WIDTH = 64
"""Channels of one attention head, in both towers: no weight's shape says it."""

PAPER_LAYER = 8
"""The text layer that the released code of ALBEF's grounding, GroundVLP and IteRPrimE reads."""


@dataclass(frozen=True, slots=True)
class AlbefSizes:
    """Sizes of both towers. ``fusion_layer`` is the first text layer that looks at the picture."""

    image_size: int
    patch: int
    vision_layers: int
    vision_width: int
    vision_inner: int
    text_layers: int
    text_width: int
    text_inner: int
    fusion_layer: int
    vocabulary: int
    positions: int
    token_types: int


class Albef(nn.Module):
    """Image tower, text encoder and match head of these sizes, with random weights."""

    def __init__(self, sizes: AlbefSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.visual_encoder = ViTModel(
            ViTConfig(
                hidden_size=sizes.vision_width,
                num_hidden_layers=sizes.vision_layers,
                num_attention_heads=sizes.vision_width // HEAD_WIDTH,
                intermediate_size=sizes.vision_inner,
                image_size=sizes.image_size,
                patch_size=sizes.patch,
                layer_norm_eps=1e-6,
            ),
            add_pooling_layer=False,
        )
        self.text_encoder = AlbefTextEncoder(sizes)
        self.itm_head = nn.Linear(sizes.text_width, 2)


class AlbefTextEncoder(nn.Module):
    """BERT whose layers from the first fusion layer on have cross-attention."""

    def __init__(self, sizes: AlbefSizes) -> None:
        super().__init__()

        def config(fuses: bool) -> BertConfig:
            return BertConfig(
                vocab_size=sizes.vocabulary,
                hidden_size=sizes.text_width,
                num_hidden_layers=sizes.text_layers,
                num_attention_heads=sizes.text_width // HEAD_WIDTH,
                intermediate_size=sizes.text_inner,
                max_position_embeddings=sizes.positions,
                type_vocab_size=sizes.token_types,
                is_decoder=fuses,  # the only way to a stock layer with cross-attention
                add_cross_attention=fuses,
            )

        self.embeddings = BertEmbeddings(config(False))
        self.layers = nn.ModuleList(
            BertLayer(config(index >= sizes.fusion_layer), layer_idx=index) for index in range(sizes.text_layers)
        )
        if sizes.vision_width == sizes.text_width:  # as stock BERT takes for granted
            return
        each: Any
        for each in self.layers[sizes.fusion_layer :]:
            each.crossattention.self.key = nn.Linear(sizes.vision_width, sizes.text_width)
            each.crossattention.self.value = nn.Linear(sizes.vision_width, sizes.text_width)


class AlbefMatcher(ReadingMatcher):
    """An :class:`Albef`: every token of a text looks, from the first fusion layer on, and the head reads the first.

    Texts are tokenized without [SEP], as in the release; the tokenizer given is copied, not changed.
    """

    family = "albef"
    report: LoadingReport | None = None
    """What became of every key of the file; ``None`` for a model in memory."""

    def __init__(self, model: Albef, image_processor: Any, tokenizer: Any, **options: Any) -> None:
        if options.get("profile") is None:
            options["profile"] = profile_of(model.sizes)
        super().__init__(model, image_processor, without_sep(tokenizer), **options)

    @property
    def image_size(self) -> int:
        return self.model.sizes.image_size

    @property
    def grid(self) -> tuple[int, int]:
        side = self.model.sizes.image_size // self.model.sizes.patch
        return side, side

    @property
    def prefix(self) -> int:
        return 1

    @property
    def text_sizes(self) -> TextSizes:
        sizes = self.model.sizes
        return TextSizes(
            layers=sizes.text_layers,
            width=sizes.text_width,
            heads=sizes.text_width // HEAD_WIDTH,
            limit=sizes.positions,
            vocabulary=sizes.vocabulary,
        )

    def describe(self) -> dict[str, object]:
        said = {**super().describe(), "image_size": self.image_size, "fusion_layer": self.model.sizes.fusion_layer}
        changed = {} if self.report is None else dict(self.report.interpolated)
        return {**said, "interpolated": changed} if changed else said

    def reading_layers(self) -> list[ReadingLayer]:
        # A BertLayer has the parts of a BlipTextLayer, under the same names.
        return [BlipLayer(layer) for layer in self.model.text_encoder.layers]

    def _see(self, pixels: torch.Tensor, watch: Watch | None = None) -> torch.Tensor:
        tower = self.model.visual_encoder
        if watch is None:
            return tower(pixel_values=pixels).last_hidden_state
        states = tower.embeddings(pixels)
        for layer in tower.layers:
            own, normed = layer.attention, layer.layernorm_before(states)
            queries, keys, values = (
                part(normed).unflatten(-1, (own.num_attention_heads, own.head_dim)).transpose(1, 2)
                for part in (own.q_proj, own.k_proj, own.v_proj)
            )
            states = states + own.o_proj(joined(attention_of(queries, keys, values, watch=watch)))
            states = states + layer.mlp(layer.layernorm_after(states))
        return tower.layernorm(states)

    def _embed(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        return self.model.text_encoder.embeddings(
            input_ids=ids, position_ids=positions, token_type_ids=torch.zeros_like(ids)
        )

    def _judge(self, states: torch.Tensor) -> torch.Tensor:
        return self.model.itm_head(states[:, 0])


def profile_of(sizes: AlbefSizes) -> Profile:
    """What is known of an ALBEF of these sizes: of the published depth, the layer that the released code reads."""
    if sizes.text_layers == 12 and sizes.fusion_layer <= PAPER_LAYER:
        return Profile(
            layer=PAPER_LAYER, source="as in the released code of ALBEF's grounding, GroundVLP and IteRPrimE"
        )
    return Profile()


def without_sep(tokenizer: Any) -> Any:
    """A copy of a fast tokenizer that puts [CLS] in front and nothing behind; others come back as they are."""
    if not getattr(tokenizer, "is_fast", False):
        return tokenizer
    tokenizer = copy.deepcopy(tokenizer)
    first = tokenizer.cls_token
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{first} $A", special_tokens=[(first, tokenizer.cls_token_id)]
    )
    return tokenizer


def head_print(model: Albef) -> str:
    """A fingerprint of the match head, which tells checkpoints of one architecture apart."""
    digest = hashlib.sha256()
    for part in (model.itm_head.weight, model.itm_head.bias):
        digest.update(part.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
