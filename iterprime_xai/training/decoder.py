"""The captioner's text decoder: the stock class, begun from the retrieval model's text encoder, and its objective.

It says a picture word by word: [DEC], the words, [SEP], each word with its eyes on the image tokens and on the words before (Li et
al., BLIP, 2022, arXiv:2201.12086).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

SMOOTHING = 0.1
"""Label smoothing, as in BLIP."""


def build_decoder(model: Any, seed: int = 0) -> Any:
    """A `BlipTextLMHeadModel` of the widths of ``model`` (`BlipForImageTextRetrieval`), with its weights where names match.

    Only the head that turns states into words is fresh; it shares its matrix with the word embeddings.
    """
    import torch
    from transformers.models.blip.modeling_blip_text import BlipTextLMHeadModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder: Any = BlipTextLMHeadModel(model.config.text_config)
    decoder.bert.load_state_dict(model.text_encoder.state_dict())
    decoder.tie_weights()
    return decoder


def read_captions(decoder: Any, tokens: Tensor, image_tokens: Tensor) -> Tensor:
    """Scores of the next word (b, k, length, vocabulary) after every token of ``tokens`` (b, k, length), padded with 0.

    Caption k of row b is read against picture b. As in :mod:`~iterprime_xai.training.forward` the captions of a picture share
    the cross-attention's keys and values; the result is that of the stock forward pass.
    """
    import torch

    count, several, length = tokens.shape
    states = decoder.bert.embeddings(input_ids=tokens.flatten(0, 1))
    later = torch.ones(length, length, dtype=torch.bool, device=tokens.device).triu(1)
    mask = torch.zeros(1, 1, length, length, dtype=states.dtype, device=tokens.device)
    mask = mask.masked_fill(later, torch.finfo(states.dtype).min)
    for layer in decoder.bert.encoder.layer:
        states = layer.attention(states, attention_mask=mask)[0]
        queries = states.reshape(count, several * length, -1)
        states = layer.crossattention(queries, encoder_hidden_states=image_tokens)[0].reshape(states.shape)
        states = layer.feed_forward_chunk(states)
    return decoder.cls(states).reshape(count, several, length, -1)


def caption_loss(scores: Tensor, tokens: Tensor, smoothing: float = SMOOTHING) -> tuple[Tensor, Tensor]:
    """(mean cross-entropy over words and [SEP], share of them that scored highest); padding, id 0, counts nothing."""
    from torch.nn import functional

    guess, target = scores[:, :, :-1].flatten(0, 2).float(), tokens[:, :, 1:].flatten()
    loss = functional.cross_entropy(guess, target, ignore_index=0, label_smoothing=smoothing)
    asked = target != 0
    return loss, (guess.argmax(-1)[asked] == target[asked]).float().mean().detach()
