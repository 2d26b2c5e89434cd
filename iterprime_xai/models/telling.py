"""A caption read once by BLIP's decoder: how probable each of its words was, and what its cross-attention did for each.

One pass forward and one back serve all words and all layers. The words' scores are added up and differentiated together, which
would mix them: a later word reads the earlier ones, so its score depends on where they looked. What a position asks of the
positions of *other* words is therefore held fixed on the way back. Nothing is lost by that: a word's score depends on its own
positions' looking through these positions alone, since none that comes before can know of it.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from iterprime_xai.models.blip import BlipLayer
from iterprime_xai.models.blip_parts import attended, by_head, joined
from iterprime_xai.models.captioner import Captioner
from iterprime_xai.models.reading import attention_probabilities, probabilities_of
from iterprime_xai.models.reading_matcher import HALF_SCALE
from iterprime_xai.models.undisturbed import undisturbed
from iterprime_xai.records import LayerError, ModelLoadError

Score = Literal["log_probability", "logit"]
"""What of a token is differentiated: its log-probability given the tokens before, or its score before the softmax over the
vocabulary."""


@dataclass(frozen=True, eq=False)
class Telling:
    """A caption read by the decoder.

    ``log_probabilities`` (tokens,) float32: of every token, given those before it and the picture. ``attention`` and ``gradient``:
    at each layer asked for, float32 (heads, tokens, rows, columns) at the position that *predicts* the token, the cross-attention
    and the slope, by it, of the score of the word that the token belongs to.
    """

    log_probabilities: torch.Tensor
    attention: dict[int, torch.Tensor]
    gradient: dict[int, torch.Tensor]


def telling_layers(captioner: Captioner) -> list[BlipLayer]:
    """The decoder's layers, from the bottom. Raises ``ModelLoadError`` for a captioner without cross-attention to the picture."""
    decoder = getattr(captioner.model, "text_decoder", None)
    layers = [] if decoder is None else [BlipLayer(layer) for layer in decoder.bert.encoder.layer]
    if not any(layer.looks for layer in layers):
        raise ModelLoadError(
            f"{captioner.name} is a {type(captioner.model).__name__}, whose words do not look at the picture by cross-attention; "
            "caption maps need a BlipForConditionalGeneration."
        )
    return layers


def choose_layer(captioner: Captioner, layer: int | None) -> tuple[int, str]:
    """The decoder's layer to read, checked, and a sentence on where the choice comes from.

    Without ``layer``: that of the captioner's profile, else the one nearest to two thirds of the depth, which nobody validated.

    Raises:
        LayerError: the layer does not exist or has no cross-attention.
    """
    layers = [index for index, each in enumerate(telling_layers(captioner)) if each.looks]
    profile = captioner.profile
    if layer is not None:
        with suppress(TypeError):  # what is no whole number is refused below
            layer = layer if isinstance(layer, bool | np.bool_) else operator.index(layer)
        found, source = layer, f"layer {layer}, as asked"
    elif profile.layer is not None:
        why = profile.validated or "not validated for this checkpoint"
        found, source = profile.layer, f"layer {profile.layer}, from the checkpoint's profile ({why})"
    else:
        wanted = len(telling_layers(captioner)) * 2 // 3
        found = min(layers, key=lambda each: (abs(each - wanted), each))
        source = f"layer {found}, two thirds of the depth: not validated for this checkpoint"
    if isinstance(found, bool) or not isinstance(found, int) or found not in layers:
        raise LayerError(
            f"Layer {found!r} of {captioner.name} has no cross-attention to read. Layers are the text decoder's own 0-based "
            f"indices; those with cross-attention: {', '.join(map(str, layers))}."
        )
    return found, source


def tell(
    captioner: Captioner,
    pixels: torch.Tensor,
    ids: Sequence[int],
    owner: Sequence[int],
    layers: Sequence[int],
    score: Score = "log_probability",
) -> Telling:
    """Read a caption of one picture with the decoder, word after word given those before, in one pass forward and one back.

    Args:
        pixels: (1, 3, side, side), see ``Captioner.pixels_of``.
        ids: the caption's tokens, without special ones.
        owner: for each token, which word it belongs to; the tokens of a word follow each other.
        layers: the decoder's layers to read, already checked.
        score: what is differentiated; a word's is the sum of its tokens'.
    """
    model = captioner.model
    decoder, device = model.text_decoder, pixels.device
    start = model.config.text_config.bos_token_id  # what stock generation begins with
    with torch.inference_mode(False), torch.no_grad(), undisturbed(model):
        hidden = model.vision_model(pixel_values=pixels).last_hidden_state
        states = decoder.bert.embeddings(input_ids=torch.tensor([[start, *ids[:-1]]], device=device))
        words = torch.tensor(owner, device=device)
        together = words[:, None] == words[None, :]
        states, attention = _read(telling_layers(captioner), states, hidden, together, layers)
        with torch.enable_grad():
            scores = decoder.cls(states)[0].float()
            likely, chosen = _said(scores, torch.tensor(ids, device=device)[:, None])
            total = (likely if score == "log_probability" else chosen).sum()
            scale = HALF_SCALE if states.dtype in (torch.float16, torch.bfloat16) else 1.0
            slopes = torch.autograd.grad(total * scale, list(attention.values()))
    side = model.config.vision_config.image_size // model.config.vision_config.patch_size

    def on_grid(values: torch.Tensor) -> torch.Tensor:
        return values.detach()[0, ..., -side * side :].unflatten(
            -1, (side, side)
        )  # the image's own [CLS] stands in front

    return Telling(
        likely.detach(),
        {layer: on_grid(each) for layer, each in attention.items()},
        {layer: on_grid(slope) / scale for layer, slope in zip(attention, slopes, strict=True)},
    )


def _read(
    steps: Sequence[BlipLayer],
    states: torch.Tensor,
    hidden: torch.Tensor,
    together: torch.Tensor,
    layers: Sequence[int],
) -> tuple[torch.Tensor, dict[int, torch.Tensor]]:
    """The last states of embedded tokens, and the cross-attention (1, heads, tokens, seen) at the layers asked for, part of their
    graph, which begins at the lowest of them."""
    later = torch.ones(together.shape, dtype=torch.bool, device=states.device).triu(1)
    causal = torch.zeros(later.shape, dtype=states.dtype, device=states.device).masked_fill(later, float("-inf"))
    lowest = min(layers)
    attention: dict[int, torch.Tensor] = {}
    for index, step in enumerate(steps):
        with torch.set_grad_enabled(index > lowest):
            if index > lowest:
                states = _apart(step, states, causal, together)
            else:
                states = attended(step.layer.attention, step.layer.attention.self, states, causal, None)
            if step.looks:
                queries, (keys, values) = step.queries(states), step.keys_values(hidden)
        with torch.set_grad_enabled(index >= lowest):
            if step.looks and index < lowest:
                states = step.take_in(scaled_dot_product_attention(queries, keys, values), states)
            elif step.looks:
                looks = attention_probabilities(queries, keys)
                if index == lowest:
                    looks = looks.detach().requires_grad_()
                if index in layers:
                    attention[index] = looks
                states = step.take_in(looks.to(values.dtype) @ values, states)
            states = step.feed_forward(states)
    return states, attention


def _said(scores: torch.Tensor, said: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and score (tokens,) of what was said, (tokens, 1), among ``scores`` (tokens, vocabulary).

    From the lead over all others together: the slope of a sure word is 1 - p, which a plain softmax rounds away.
    """
    chosen = scores.gather(-1, said)[:, 0]
    others = scores.scatter(-1, said, float("-inf")).logsumexp(-1)
    return torch.nn.functional.logsigmoid(chosen - others), chosen


def _apart(step: BlipLayer, states: torch.Tensor, causal: torch.Tensor, together: torch.Tensor) -> torch.Tensor:
    """Self-attention with its residual, whose slope runs only between the positions that ``together`` (tokens, tokens) pairs."""
    attention = step.layer.attention
    own = attention.self
    queries, keys, values = (by_head(part(states), own) for part in (own.query, own.key, own.value))
    scores = torch.where(together, queries @ keys.mT, queries @ keys.detach().mT)
    weights = probabilities_of(scores, queries.shape[-1], causal).to(values.dtype)
    context = (weights * together) @ values + (weights * ~together) @ values.detach()
    return attention.output(joined(context), states)
