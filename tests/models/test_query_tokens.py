"""Texts that bring query tokens, which alone look and alone are read, as in stock BLIP-2's Q-Former."""

from __future__ import annotations

import pytest
import torch
from questions import far

from iterprime_xai.models import ImageTokens
from iterprime_xai.models.reading import Rows, pick, read

QUERIES, SEEN, WIDTH = 3, 5, 16


def test_query_tokens_of_all_texts_stand_in_front_of_all_words():
    rows = Rows.of([1, 0, 1], [2, 1, 3], torch.device("cpu"), queries=2)
    assert rows.looking == 4
    assert rows.text.tolist() == [[0, 0, -1, -1, 0, -1, -1, -1, -1], [0, 0, 1, 1, 0, 0, 1, 1, 1]]
    assert rows.place == ((1, 4), (0, 4), (1, 6))
    assert rows.read.tolist() == [[0, 1, 2, 3]] * 2
    assert [rows.looking_of(index) for index in range(3)] == [(1, slice(0, 2)), (0, slice(0, 2)), (1, slice(2, 4))]
    laid = rows.lay(torch.tensor([1, 2, 3, 4, 5, 6]), 0)
    assert laid.tolist() == [[3, 0, 0, 0, 0], [1, 2, 4, 5, 6]]
    given = rows.give(torch.tensor([7, 8, 9]), 0)
    assert given.tolist() == [[8, 8, 0, 0], [7, 7, 9, 9]]


def test_without_query_tokens_every_token_looks_and_the_first_is_read():
    rows = Rows.of([1, 0, 1], [2, 1, 3], torch.device("cpu"))
    assert rows.looking is None
    assert rows.text.tolist() == [[0, -1, -1, -1, -1], [0, 0, 1, 1, 1]]
    assert rows.read.tolist() == [[0, 0], [0, 2]]
    assert [rows.looking_of(index) for index in range(3)] == [(1, slice(0, 2)), (0, slice(0, 1)), (1, slice(2, 5))]
    given = rows.give(torch.tensor([7, 8, 9]), 0)
    assert given.tolist() == [[8, 0, 0, 0, 0], [7, 7, 9, 9, 9]]


@pytest.fixture(scope="module")
def former():
    """A random stock Q-Former whose layers 0, 2 and 4 look; eager, so that it shows its attention."""
    from transformers import Blip2QFormerConfig, Blip2QFormerModel

    torch.manual_seed(0)
    config = Blip2QFormerConfig(
        hidden_size=WIDTH,
        num_hidden_layers=5,
        num_attention_heads=2,
        intermediate_size=24,
        encoder_hidden_size=12,
        cross_attention_frequency=2,
        use_qformer_text_input=True,
        attn_implementation="eager",
    )
    model = Blip2QFormerModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.4)
    return model.eval()


class Layer:
    """A stock Q-Former layer in the steps of reading."""

    def __init__(self, layer):
        self.layer, self.looks = layer, layer.has_cross_attention

    def by_head(self, values):
        return values.unflatten(-1, (2, WIDTH // 2)).transpose(1, 2)

    def attend(self, states, mask, asking):
        own, some = self.layer.attention.attention, states if asking is None else pick(states, asking, 1)
        queries, keys, values = map(self.by_head, (own.query(some), own.key(states), own.value(states)))
        seen = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, mask)
        return self.layer.attention.output(seen.transpose(1, 2).flatten(2), some)

    def keys_values(self, hidden):
        cross = self.layer.crossattention.attention
        return self.by_head(cross.key(hidden)), self.by_head(cross.value(hidden))

    def queries(self, states):
        return self.by_head(self.layer.crossattention.attention.query(states))

    def take_in(self, context, states):
        return self.layer.crossattention.output(context.transpose(1, 2).flatten(2), states)

    def feed_forward(self, states, looking=True):
        return self.layer.feed_forward_chunk_query(states) if looking else self.layer.feed_forward_chunk(states)


@pytest.mark.parametrize("wanted", [(0,), (2,), (4,), (4, 0)])
def test_texts_together_equal_the_stock_q_former_alone(former, wanted):
    torch.manual_seed(1)
    pictures = [ImageTokens(torch.randn(1, SEEN, 12), (2, 2), 1) for _ in range(2)]
    owners, words = [1, 0, 1], [torch.randn(length, WIDTH) for length in (2, 1, 4)]
    queries, kept = (
        torch.randn(QUERIES, WIDTH),
        torch.tensor([[1, 1, 0, 1, 1], [1, 1, 1, 1, 1], [1, 0, 0, 1, 0]]).bool(),
    )
    rows = Rows.of(owners, [len(each) for each in words], torch.device("cpu"), QUERIES)
    front = queries.repeat(rows.looking // QUERIES, 1).expand(len(pictures), -1, -1)
    with torch.no_grad():
        states = former.layernorm(torch.cat((front, rows.lay(torch.cat(words), 0)), 1))
    layers = [Layer(each) for each in former.encoder.layer]
    found = read(layers, states, rows, pictures, rows.give(kept, True), wanted)
    assert found.read.shape == (3, QUERIES, WIDTH)
    scores = found.read.pow(3).sum((1, 2))
    slopes = torch.autograd.grad(scores.sum(), [found.attention[layer] for layer in wanted])
    for index, (owner, own, keep) in enumerate(zip(owners, words, kept, strict=True)):
        out = former(
            torch.cat((queries, own))[None],
            query_length=QUERIES,
            encoder_hidden_states=pictures[owner].hidden[:, keep],
            output_attentions=True,
        )
        score = out.last_hidden_state[:, :QUERIES].pow(3).sum()
        seen = [each for each in out.cross_attentions if each is not None]
        gradients = torch.autograd.grad(score, seen)
        assert scores[index].item() == pytest.approx(score.item(), rel=1e-4)
        picture, looking = rows.looking_of(index)
        for layer, slope in zip(wanted, slopes, strict=True):
            ours = (
                found.attention[layer].detach()[picture, :, looking][..., keep],
                slope[picture, :, looking][..., keep],
            )
            assert far(ours[0], seen[layer // 2][0].detach()) <= 1e-4
            assert far(ours[1], gradients[layer // 2][0]) <= 1e-4
            assert far(ours[1], gradients[(layer // 2 + 1) % 3][0]) > 1e-2
