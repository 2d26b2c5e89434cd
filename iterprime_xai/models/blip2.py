"""Stock `transformers` BLIP-2 for image-text retrieval (Li et al., ICML 2023), as an image-text matcher.

A Q-Former reads the text together with query tokens of its own. Only the query tokens look at the picture, in every second layer of
the released checkpoints, and the match head reads them: its mean over the queries is the score. Words see what queries saw through
self-attention, and queries hear of words in the same way. How the looks of queries become maps of words is derived in
docs/methods/query_tokens.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from iterprime_xai.models.matcher import Ask, Match, TextTokens
from iterprime_xai.models.profiles import default_layer
from iterprime_xai.models.reading import Reading, ReadingLayer, Rows, pick
from iterprime_xai.models.reading_matcher import Look, ReadingMatcher, TextSizes
from iterprime_xai.records import ModelLoadError, PhraseError


class Blip2Matcher(ReadingMatcher):
    """A `Blip2ForImageTextRetrieval` of any size: query tokens look, the head reads them all, and words read the queries.

    In a `Match`, the first axis counts pairs of a head h and a query token q, h * queries + q, and token t of the text has, with C
    the probabilities of layer L and G = dlogit/dC:

    - attention: a[t, q] * C[h, q, patch], what t draws on the patch in two steps: t attends to q in layer L + 1 (a, mean over that
      layer's heads), where q attended to the patch in layer L.
    - gradient: G_t / a[t, q], where G_t is the part of G that the states of token t carry behind layer L + 1. By the chain rule the
      parts of all tokens, words and queries, add up to G.

    Their product is C * G_t. The first token, [CLS], stands for everything that is not in a later token: it has the attention C and
    the rest of G. So the products of all tokens of a text add up to C * G, that of the query tokens (:meth:`match_queries`). In the
    last layer that looks, and in the one before the last, no word is read any more: all is in the first token, and the others
    are zero.

    A tokenizer that has an image token, as a `Blip2Processor` gives it one, is used without it: query tokens take its place.
    """

    family = "blip2"
    example = "Salesforce/blip2-itm-vit-g"

    def __init__(self, model: Any, image_processor: Any, tokenizer: Any, **options: Any) -> None:
        if not model.config.qformer_config.use_qformer_text_input:
            raise ModelLoadError(
                f"{options.get('name', 'in-memory')}: its Q-Former reads no text (use_qformer_text_input is false), so there is "
                f"nothing to match; load an image-text-matching checkpoint such as {self.example}."
            )
        super().__init__(model, image_processor, tokenizer, **options)

    @property
    def image_size(self) -> int:
        return self.model.config.vision_config.image_size

    @property
    def grid(self) -> tuple[int, int]:
        vision = self.model.config.vision_config
        side = vision.image_size // vision.patch_size
        return side, side

    @property
    def prefix(self) -> int:
        rows, columns = self.grid
        return self.model.vision_model.embeddings.position_embedding.shape[1] - rows * columns

    @property
    def text_sizes(self) -> TextSizes:
        text = self.model.config.qformer_config
        return TextSizes(
            layers=text.num_hidden_layers,
            width=text.hidden_size,
            heads=text.num_attention_heads,
            limit=text.max_position_embeddings,
            vocabulary=text.vocab_size,
        )

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
        return self._answer(asks, layers, super()._looks)

    def reading_layers(self) -> list[ReadingLayer]:
        return [QFormerLayer(layer) for layer in self.model.qformer.encoder.layer]

    # --- inside ---

    def _see(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model.vision_model(pixel_values=pixels).last_hidden_state

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
        depth = self.text_sizes.layers
        with_words = tuple(layer for layer in self.layers if layer + 2 < depth)
        return default_layer(with_words or self.layers, depth, 0)

    def _looks(
        self, score: torch.Tensor, found: Reading, rows: Rows, steps: Sequence[ReadingLayer]
    ) -> dict[int, list[Look]]:
        read, carried = list(found.attention), {}
        for layer in read:
            if layer + 2 < len(steps):
                step = steps[layer + 2]
                assert isinstance(step, QFormerLayer)
                carried[layer] = step.given
        slopes = torch.autograd.grad(score, [*found.attention.values(), *carried.values()], retain_graph=bool(carried))
        by_carried = dict(zip(carried, slopes[len(read) :], strict=True))
        looks: dict[int, list[Look]] = {}
        for layer, slope in zip(read, slopes, strict=False):
            attention = found.attention[layer].detach()
            if layer not in carried:
                looks[layer] = [_first_alone(rows, text, attention, slope) for text in range(len(rows.place))]
                continue
            reader = steps[layer + 1]
            assert isinstance(reader, QFormerLayer)
            shares = reader.reads_of_queries(rows)
            parts = _parts(found.attention[layer], carried[layer], by_carried[layer], rows)
            looks[layer] = [_words_look(rows, text, attention, slope, shares, parts) for text in range(len(rows.place))]
        return looks


def _parts(attention: torch.Tensor, carried: torch.Tensor, slope: torch.Tensor, rows: Rows) -> list[torch.Tensor]:
    """The slope by the ``attention`` that goes through token 1, 2, ... of every text: the chain rule, token by token.

    ``carried`` are states (pictures, tokens, width) behind the attention, ``slope`` the score's by them. Texts do not meet, so
    that one step back serves the tokens of all texts at a place.
    """
    found = []
    for place in range(1, max(rows.lengths)):
        through = torch.zeros_like(slope)
        for (picture, start), length in zip(rows.place, rows.lengths, strict=True):
            if place < length:
                through[picture, start + place] = slope[picture, start + place]
        found.append(torch.autograd.grad(carried, attention, through, retain_graph=True)[0])
    return found


def _words_look(
    rows: Rows, text: int, attention: torch.Tensor, slope: torch.Tensor, shares: torch.Tensor, parts: list[torch.Tensor]
) -> Look:
    """Attention and slope (heads * queries, tokens, seen) of one text's tokens, see :class:`Blip2Matcher`."""
    (picture, start), length = rows.place[text], rows.lengths[text]
    _, looking = rows.looking_of(text)
    seen = rows.looks_of(text, attention)
    words = torch.stack([rows.looks_of(text, part) for part in parts[: length - 1]], 2)
    first = start - (rows.looking or 0) + 1
    share = shares[picture, first : first + length - 1, looking].T[..., None]
    rest = rows.looks_of(text, slope)[:, :, None] - words.sum(2, keepdim=True)
    return (
        torch.cat((seen[:, :, None], share * seen[:, :, None]), 2).flatten(0, 1),
        torch.cat((rest, words / share.clamp(min=torch.finfo(share.dtype).tiny)), 2).flatten(0, 1),
    )


def _first_alone(rows: Rows, text: int, attention: torch.Tensor, slope: torch.Tensor) -> Look:
    """Attention and slope where no word is read any more: all in the first token."""

    def laid(values: torch.Tensor) -> torch.Tensor:
        first = rows.looks_of(text, values).flatten(0, 1)
        full = first.new_zeros(len(first), rows.lengths[text], first.shape[-1])
        full[:, 0] = first
        return full

    return laid(attention), laid(slope)


class QFormerLayer:
    """A stock `Blip2QFormerLayer` in the steps of a :class:`~iterprime_xai.models.reading.ReadingLayer`.

    ``given`` and ``apart``: the states and mask of the last self-attention, kept as long as this object.
    """

    given: torch.Tensor
    apart: torch.Tensor | None

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.looks = layer.has_cross_attention

    def attend(self, states: torch.Tensor, mask: torch.Tensor | None, asking: torch.Tensor | None) -> torch.Tensor:
        self.given, self.apart = states, mask
        own = self.layer.attention.attention
        some = states if asking is None else pick(states, asking, 1)
        queries, keys, values = (
            _by_head(part(each), own) for part, each in ((own.query, some), (own.key, states), (own.value, states))
        )
        seen = scaled_dot_product_attention(queries, keys, values, mask)
        return self.layer.attention.output(_joined(seen), some)

    def reads_of_queries(self, rows: Rows) -> torch.Tensor:
        """How much each word attends to each query token, mean over the heads: float32 (pictures, words, queries of the row)."""
        own, front = self.layer.attention.attention, rows.looking
        with torch.no_grad():
            asked = _by_head(own.query(self.given[:, front:]), own)
            scores = (asked @ _by_head(own.key(self.given), own).transpose(-1, -2)).float() * own.scaling
            if self.apart is not None:
                scores = scores + self.apart[:, :, front:].float()
            return scores.softmax(-1)[..., :front].mean(1)

    def keys_values(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cross = self.layer.crossattention.attention
        hidden = hidden.to(cross.key.weight.dtype)  # the Q-Former stays float32 where the image tower is half
        return _by_head(cross.key(hidden), cross), _by_head(cross.value(hidden), cross)

    def queries(self, states: torch.Tensor) -> torch.Tensor:
        cross = self.layer.crossattention.attention
        return _by_head(cross.query(states), cross)

    def take_in(self, context: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        return self.layer.crossattention.output(_joined(context), states)

    def feed_forward(self, states: torch.Tensor, looking: bool = True) -> torch.Tensor:
        return self.layer.feed_forward_chunk_query(states) if looking else self.layer.feed_forward_chunk(states)


def _by_head(values: torch.Tensor, attention: Any) -> torch.Tensor:
    """(n, tokens, heads * width) -> (n, heads, tokens, width)."""
    return values.unflatten(-1, (attention.num_attention_heads, attention.attention_head_size)).transpose(1, 2)


def _joined(values: torch.Tensor) -> torch.Tensor:
    """(n, heads, tokens, width) -> (n, tokens, heads * width)."""
    return values.transpose(1, 2).flatten(2)
