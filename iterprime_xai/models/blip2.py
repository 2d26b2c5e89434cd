"""Stock `transformers` BLIP-2 for image-text retrieval (Li et al., ICML 2023), as an image-text matcher.

A Q-Former reads the text together with query tokens of its own. Only the query tokens look at the picture, in every second layer of
the released checkpoints, and the match head reads them: its mean over the queries is the score. Words are heard by the queries
through self-attention. How the looks of queries become maps of words is derived in docs/methods/query_tokens.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from iterprime_xai.models.blip_parts import SeeingTower, attended, by_head, joined
from iterprime_xai.models.hearing import drawn
from iterprime_xai.models.matcher import Ask, Match, TextTokens
from iterprime_xai.models.reading import Reading, ReadingLayer, Watch
from iterprime_xai.models.reading_matcher import Asked, Look, TextSizes
from iterprime_xai.records import ModelLoadError, PhraseError


class Blip2Matcher(SeeingTower):
    """A `Blip2ForImageTextRetrieval` of any size: query tokens look, the head reads them all, and they hear the words.

    In a `Match`, the first axis counts pairs of a head h and a query token q, h * queries + q. With C[h, q, patch] the
    probabilities of the layer, and G = dlogit/dC, the tokens of the text have

    - attention: max(0, dC / dg_t), what token t draws of the look of q. g_t is 1 and scales what query tokens take in from t in
      self-attention, see :mod:`iterprime_xai.models.hearing`. It is no probability and does not sum to 1 (``scored`` is
      false): a word that no query token hears draws nothing.
    - gradient: G, the same for every token: what the match gains by a look at the patch, whoever asked for it.

    To first order a change of the gates changes C by the sum of dg_t * dC / dg_t, and through this look the logit by
    the sum of dg_t * G * dC / dg_t. What a word draws away from a patch (dC / dg_t below 0) is left out, as the
    negative gradient is in Grad-CAM. :meth:`match_queries` gives C and G of the query tokens as they are.

    A tokenizer that has an image token, as a `Blip2Processor` gives it one, is used without it: query tokens take its place.
    """

    family = "blip2"
    example = "Salesforce/blip2-itm-vit-g"
    scored = False

    def __init__(self, model: Any, image_processor: Any, tokenizer: Any, **options: Any) -> None:
        if not model.config.qformer_config.use_qformer_text_input:
            raise ModelLoadError(
                f"{options.get('name', 'in-memory')}: its Q-Former reads no text (use_qformer_text_input is false), so there is "
                f"nothing to match; load an image-text-matching checkpoint such as {self.example}."
            )
        super().__init__(model, image_processor, tokenizer, **options)

    @property
    def text_sizes(self) -> TextSizes:
        return TextSizes.of(self.model.config.qformer_config)

    def describe(self) -> dict[str, object]:
        """As every matcher's, with the number of query tokens. ``dtype`` is that of the image tower and the head."""
        return {**super().describe(), "query_tokens": self.model.query_tokens.shape[1]}

    def tokenize(self, text: str) -> TextTokens:
        tokens = super().tokenize(text)
        if int(tokens.ids.max()) >= self.text_sizes.vocabulary:
            raise PhraseError(
                f"The phrase {text!r} holds a special token that {self.name} cannot read, such as <image>; use words."
            )
        return tokens

    def match_queries(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> list[Match]:
        """As :meth:`match_all`, with query tokens where a `Match` has tokens of the text: C and G as they are."""
        return [replace(each, scored=True) for each in self._answer(asks, layers, super()._looks)]

    def reading_layers(self) -> list[ReadingLayer]:
        return [QFormerLayer(layer) for layer in self.model.qformer.encoder.layer]

    # --- inside ---

    def _embed(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        return self._normed(self.model.embeddings(input_ids=ids, position_ids=positions))

    def _query_tokens(self) -> torch.Tensor:
        # Through the type of the word embeddings, which may be half, as the stock model takes them.
        return self._normed(self.model.query_tokens[0].to(self.model.embeddings.word_embeddings.weight.dtype))

    def _normed(self, embedded: torch.Tensor) -> torch.Tensor:
        norm = self.model.qformer.layernorm
        return norm(embedded.to(norm.weight.dtype))

    def _judge(self, states: torch.Tensor) -> torch.Tensor:
        return self.model.itm_head(states.to(self.dtype)).mean(1)

    def _default_layer(self) -> tuple[int, str]:
        # Queries have heard the words by then, and can still compare what they saw; see docs/methods/query_tokens.md.
        wanted = self.text_sizes.layers // 2
        return min(self.layers, key=lambda layer: (abs(layer - wanted), layer)), "half of the depth"

    def _looks(self, score: torch.Tensor, found: Reading, asked: Asked) -> tuple[tuple[int, ...], dict[int, Look]]:
        _, looks = super()._looks(score, found, asked)
        rows, layers = asked.rows, [each for each in asked.layers if isinstance(each, QFormerLayer)]
        most = max(rows.lengths)
        # A slope is the same for every token of a text.
        slopes = {layer: slope[:, :, :, None].expand(-1, -1, -1, most, -1) for layer, (_, slope) in looks.items()}
        draws = {layer: torch.zeros_like(slope) for layer, slope in slopes.items()}
        for text, ((picture, start), length) in enumerate(zip(rows.place, rows.lengths, strict=True)):
            own = layers[0].given[picture]
            states = torch.cat((own[rows.looking_of(text)[1]], own[start : start + length]))[None]
            keep = None if asked.keep is None else asked.keep[text]
            kept = {layer: each.own() for layer, each in asked.pictures[picture].kept.items()}
            parts = drawn(layers, states, rows.queries, kept, keep, tuple(looks))
            for layer, part in parts.items():
                draws[layer][text, :, :, :length] = part.clamp(min=0).movedim(0, 2)
        return rows.lengths, {layer: (draws[layer].flatten(1, 2), slopes[layer].flatten(1, 2)) for layer in looks}


class QFormerLayer:
    """A stock `Blip2QFormerLayer` in the steps of a :class:`~iterprime_xai.models.reading.ReadingLayer`.

    ``given``: the states that :meth:`attend` was last given, kept as long as this object.
    """

    given: torch.Tensor

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.looks = layer.has_cross_attention

    def attend(
        self,
        states: torch.Tensor,
        mask: torch.Tensor | None,
        asking: torch.Tensor | None,
        watch: Watch | None = None,
    ) -> torch.Tensor:
        self.given = states
        return attended(self.layer.attention, self.layer.attention.attention, states, mask, asking, watch)

    def hear(self, states: torch.Tensor, gates: torch.Tensor, queries: int) -> torch.Tensor:
        own = self.layer.attention.attention
        asked, keys, values = (by_head(part(states), own) for part in (own.query, own.key, own.value))
        weights = (asked @ keys.transpose(-1, -2) * own.scaling).softmax(-1)
        heard = weights[:, :, :queries, :queries] @ values[:, :, :queries]
        heard = heard + weights[:, :, :queries, queries:] * gates @ values[:, :, queries:]
        seen = torch.cat((heard, weights[:, :, queries:] @ values), 2)
        return self.layer.attention.output(joined(seen), states)

    def keys_values(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cross = self.layer.crossattention.attention
        hidden = hidden.to(cross.key.weight.dtype)  # the Q-Former stays float32 where the image tower is half
        return by_head(cross.key(hidden), cross), by_head(cross.value(hidden), cross)

    def queries(self, states: torch.Tensor) -> torch.Tensor:
        cross = self.layer.crossattention.attention
        return by_head(cross.query(states), cross)

    def take_in(self, context: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        return self.layer.crossattention.output(joined(context), states)

    def feed_forward(self, states: torch.Tensor, looking: bool = True) -> torch.Tensor:
        return self.layer.feed_forward_chunk_query(states) if looking else self.layer.feed_forward_chunk(states)
