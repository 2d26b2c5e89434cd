"""Two ways to answer the same questions with the stock model that share nothing, to compare speed and maps with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from iterprime_xai.models import Ask, ImageTokens, Matches
from iterprime_xai.models.blip import BlipMatcher
from iterprime_xai.models.reading_matcher import MATCH


class Unshared:
    """Answers asks with the stock model, each with its own run of the image tower.

    Args:
        matcher: whose model is asked.
        pixels: what the tower is given for each picture, (1, 3, side, side).
        careful: the tower without gradients, and ``autograd.grad`` to the attention alone; else the whole model forward and
            ``backward()`` to every weight, as the routines of the reference do.
    """

    def __init__(self, matcher: BlipMatcher, pixels: Mapping[ImageTokens, torch.Tensor], *, careful: bool) -> None:
        self.model, self.device = matcher.model, matcher.device
        self.pixels, self.careful = pixels, careful

    @contextmanager
    def _hiding(self, asks: Sequence[Ask]) -> Iterator[None]:
        """Hides what is not kept from the cross-attention of every layer, which the stock encoder's own mask does not reach."""
        if all(ask.keep is None or ask.keep.all() for ask in asks):
            yield
            return
        hidden = torch.zeros(len(asks), 1, 1, asks[0].image.hidden.shape[1])
        for row, ask in enumerate(asks):
            if ask.keep is not None:
                hidden[row, 0, 0, ask.image.prefix :][~torch.tensor(ask.keep).flatten()] = float("-inf")
        mask = {"encoder_attention_mask": hidden.to(self.device, self.model.itm_head.weight.dtype)}
        layers = [layer.crossattention.self for layer in self.model.text_encoder.encoder.layer]
        hooks = [
            layer.register_forward_pre_hook(lambda _, given, named: (given, named | mask), with_kwargs=True)
            for layer in layers
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def match_all(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> Matches:
        (layer,), image = layers, asks[0].image
        with torch.set_grad_enabled(not self.careful):
            pixels = torch.cat([self.pixels[ask.image] for ask in asks])
            hidden = self.model.vision_model(pixel_values=pixels).last_hidden_state
        lengths = tuple(len(ask.text) for ask in asks)
        ids = torch.nn.utils.rnn.pad_sequence([ask.text.ids[0] for ask in asks], batch_first=True).to(self.device)
        there = (torch.arange(ids.shape[1])[None, :] < torch.tensor(lengths)[:, None]).to(self.device)
        with self._hiding(asks):
            out = self.model.text_encoder(
                input_ids=ids,
                attention_mask=there.long(),
                encoder_hidden_states=hidden.detach().requires_grad_() if self.careful else hidden,
                output_attentions=True,
            )
        attention = out.cross_attentions[layer]
        scores = self.model.itm_head(out.last_hidden_state[:, 0]).float()
        if self.careful:
            (gradient,) = torch.autograd.grad(scores[:, MATCH].sum(), attention)
        else:
            attention.retain_grad()
            self.model.zero_grad()
            scores[:, MATCH].sum().backward()
            gradient = attention.grad

        def on_grid(values: torch.Tensor) -> torch.Tensor:
            seen = values.detach().float() * there[:, None, :, None]
            return seen[..., image.prefix :].unflatten(-1, image.grid)

        scores = scores.detach()
        return Matches(
            logit=scores[:, MATCH],
            probability=scores.softmax(-1)[:, MATCH],
            lengths=lengths,
            attention={layer: on_grid(attention)},
            gradient={layer: on_grid(gradient)},
        )
