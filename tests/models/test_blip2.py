"""The BLIP-2 adapter against the stock model: score, looks of query tokens, parts of words, masks, and an untouched model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from questions import asks, far, questions
from random_blip2 import QSHAPES, build_blip2, build_blip2_processor

from iterprime_xai.models import Ask, ImageTokens, load_matcher
from iterprime_xai.models.blip2 import Blip2Matcher
from iterprime_xai.records import LayerError, ModelLoadError, PhraseError
from iterprime_xai.saliency import activation, at_scores, get_recipe, look_at, refine, token_gradcam

TEXT = "the red dog left of a zebra"

WITH_PARTS = 3
"""Questions whose words are taken apart in the stock model too, which takes a run a token."""


@dataclasses.dataclass
class Stock:
    """What the stock model says of a question: logits, and by layer C, G (heads, queries, rows, columns) of the query tokens."""

    logits: torch.Tensor
    attention: dict[int, torch.Tensor]
    gradient: dict[int, torch.Tensor]
    parts: dict[int, torch.Tensor]
    """G through each text token's states behind the next layer: (tokens, heads, queries, rows, columns); of some layers."""


def stock(model, processor, question, parts=()):
    """The stock forward with the kept image tokens alone; parts by detaching, in the stock layer's output, all other tokens."""
    inputs = processor(images=question.image, text=question.text, return_tensors="pt")
    number, config = model.config.num_query_tokens, model.config
    front = 0 if config.image_token_index is None else number
    side = config.vision_config.image_size // config.vision_config.patch_size
    keep = np.ones((side, side), bool) if question.ask.keep is None else question.ask.keep
    seen = torch.from_numpy(np.concatenate([[True], keep.ravel()]))
    image = model.vision_model(pixel_values=inputs["pixel_values"].to(model.dtype)).last_hidden_state
    embedded = model.embeddings(input_ids=inputs["input_ids"][:, front:], query_embeds=model.query_tokens)
    looking = [index for index, layer in enumerate(model.qformer.encoder.layer) if layer.has_cross_attention]

    def run():
        out = model.qformer(
            query_embeds=embedded, query_length=number, encoder_hidden_states=image[:, seen], output_attentions=True
        )
        return model.itm_head(out.last_hidden_state[:, :number]).mean(1)[0], out.cross_attentions

    def on_grid(values):
        full = torch.zeros(*values.shape[1:3], len(seen))
        full[:, :, seen] = values[0].detach().float()
        return full[:, :, 1:].unflatten(-1, (side, side))

    scores, attention = run()
    slopes = torch.autograd.grad(scores[1], attention)
    found = {}
    for layer in parts:
        through = []
        for token in range(number, embedded.shape[1]):

            def alone(_module, _given, states, token=token):
                there = torch.zeros(states.shape[1], 1, dtype=torch.bool)
                there[token] = True
                return torch.where(there, states, states.detach())

            hook = model.qformer.encoder.layer[layer + 1].register_forward_hook(alone)
            score, shown = run()
            hook.remove()
            slope = torch.autograd.grad(score[1], shown[looking.index(layer)], allow_unused=True)[0]
            through.append(on_grid(torch.zeros_like(shown[looking.index(layer)]) if slope is None else slope))
        found[layer] = torch.stack(through)
    return Stock(
        scores.detach(),
        {layer: on_grid(each) for layer, each in zip(looking, attention, strict=True)},
        {layer: on_grid(each) for layer, each in zip(looking, slopes, strict=True)},
        found,
    )


@pytest.fixture(scope="module", params=QSHAPES, ids=lambda shape: shape.name)
def case(request, tokenizer):
    """Matcher, questions, and the stock model's answer to each; eager in the stock model, which would not show its attention."""
    shape = request.param
    model, processor = build_blip2(shape, tokenizer, seed=3), build_blip2_processor(shape, tokenizer)
    matcher = load_matcher(model, processor)
    some = questions(matcher)
    with_words = [layer for layer in matcher.layers if layer + 2 < shape.layers]
    before = model.qformer.config._attn_implementation
    model.qformer.set_attn_implementation("eager")
    expected = [
        stock(model, processor, each, with_words if place < WITH_PARTS else ()) for place, each in enumerate(some)
    ]
    model.qformer.set_attn_implementation(before)
    return matcher, processor, some, expected, with_words


def by_pairs(match, layer, queries):
    """A match's attention and gradient by head, query and token: (tokens, heads, queries, rows, columns) twice."""
    return [values[layer].unflatten(0, (-1, queries)).movedim(2, 0) for values in (match.attention, match.gradient)]


def test_the_logit_is_that_of_the_whole_stock_forward_with_its_own_processor(case):
    matcher, processor, some, expected, _ = case
    for question, found, answer in zip(some, matcher.match_all(asks(some)), expected, strict=True):
        assert found.logit == pytest.approx(float(answer.logits[1]), rel=1e-4, abs=1e-5)
        assert found.probability == pytest.approx(float(answer.logits.softmax(-1)[1]), rel=1e-4)
        if question.ask.keep is None:
            inputs = processor(images=question.image, text=question.text, return_tensors="pt")
            whole = matcher.model(**inputs, use_image_text_matching_head=True).logits_per_image[0].detach()
            assert found.logit == pytest.approx(float(whole[1]), rel=1e-4, abs=1e-5)
            assert abs(float(whole[0] - whole[1])) > 1e-3


def test_query_tokens_look_as_in_the_stock_model_at_every_layer(case):
    matcher, _, some, expected, _ = case
    for layers in [*((layer,) for layer in matcher.layers), matcher.layers]:
        for found, answer in zip(matcher.match_queries(asks(some), layers=layers), expected, strict=True):
            assert set(found.attention) == set(found.gradient) == set(layers)
            assert all(far(found.attention[layer], answer.attention[layer]) <= 1e-4 for layer in layers)
            assert all(far(found.gradient[layer], answer.gradient[layer]) <= 1e-4 for layer in layers)


def test_that_comparison_fails_for_another_text_picture_mask_layer_query_or_head(case):
    matcher, _, some, expected, _ = case
    one, other = matcher.layers[:2]
    found = matcher.match_queries(asks(some), layers=(one,))
    for here, there in [(2, 5), (1, 5), (1, 4), (0, 2)]:  # as in test_reading
        assert far(found[here].gradient[one], expected[there].gradient[one]) > 1e-2
    for ours, answer in zip(found, expected, strict=True):
        assert far(ours.attention[one], answer.attention[other]) > 1e-2
        assert far(ours.gradient[one], answer.gradient[other]) > 1e-2
        assert far(ours.gradient[one], answer.gradient[one].roll(1, 1)) > 1e-2
        assert far(torch.zeros_like(ours.gradient[one]), answer.gradient[one]) == 1
        if len(ours.gradient[one]) > 1:
            assert far(ours.gradient[one], answer.gradient[one].roll(1, 0)) > 1e-2


def test_the_tokens_of_a_text_add_up_to_the_query_tokens(case):
    matcher, _, some, expected, _ = case
    queries = matcher.model.config.num_query_tokens
    for layer in matcher.layers:
        for question, found, answer in zip(some, matcher.match_all(asks(some), layers=(layer,)), expected, strict=True):
            attention, gradient = by_pairs(found, layer, queries)
            assert len(attention) == len(question.ask.text)
            whole = answer.attention[layer] * answer.gradient[layer]
            assert far((attention * gradient).sum(0), whole) <= 1e-4
            at_patches = (attention * at_scores_by_pair(attention, gradient)).sum(0)
            assert (at_patches - whole_at_scores(answer, layer)).abs().max() <= 1e-4 * whole.abs().max()


def at_scores_by_pair(attention, gradient):
    return at_scores(attention.flatten(0, 1), gradient.flatten(0, 1)).view_as(gradient)


def whole_at_scores(answer, layer):
    attention, gradient = answer.attention[layer], answer.gradient[layer]
    return attention * at_scores(attention, gradient)


def test_a_words_part_is_what_the_stock_model_carries_through_its_states(case):
    matcher, _, some, expected, with_words = case
    queries = matcher.model.config.num_query_tokens
    for layer in with_words:
        found_all = matcher.match_all(asks(some), layers=(layer,))
        for found, answer in zip(found_all[:WITH_PARTS], expected, strict=False):
            attention, gradient = by_pairs(found, layer, queries)
            ours, theirs = (attention * gradient)[1:], answer.attention[layer] * answer.parts[layer][1:]
            assert far(ours, theirs) <= 1e-4
            assert far(ours, theirs.roll(1, 0)) > 1e-2
            assert far(ours, theirs.roll(1, 2)) > 1e-2


def test_a_word_draws_on_a_patch_no_more_than_it_reads_of_the_queries(case):
    matcher, _, some, _, with_words = case
    queries = matcher.model.config.num_query_tokens
    for layer in with_words:
        for found in matcher.match_all(asks(some), layers=(layer,)):
            attention, _ = by_pairs(found, layer, queries)
            by_query = attention.sum((-2, -1)) / attention[:1].sum((-2, -1)).clamp(min=1e-12)
            assert (by_query[0] == 1).all()
            assert by_query[1:].sum(2).max() < 1
            assert by_query[1:].min() > 0
            assert torch.allclose(by_query[:, :1].expand_as(by_query), by_query, atol=1e-5)


def test_where_no_word_is_read_any_more_all_is_in_the_first_token(case):
    matcher, _, some, _, with_words = case
    for layer in set(matcher.layers) - set(with_words):
        for found in matcher.match_all(asks(some), layers=(layer,)):
            assert float(found.gradient[layer][:, 0].abs().max()) > 0
            assert float(found.gradient[layer][:, 1:].abs().max()) == 0
            assert float(found.attention[layer][:, 1:].abs().max()) == 0


def test_what_is_found_does_not_depend_on_what_else_is_asked(case):
    matcher, _, some, _, _ = case
    alone = [matcher.match_all([each], layers=matcher.layers)[0] for each in asks(some)]
    together = matcher.match_all(asks(some)[::-1], layers=matcher.layers)[::-1]
    for one, other in zip(alone, together, strict=True):
        assert other.logit == pytest.approx(one.logit, rel=1e-4, abs=1e-5)
        for layer in matcher.layers:
            assert far(other.attention[layer], one.attention[layer]) <= 1e-4
            product = [each.attention[layer] * each.gradient[layer] for each in (other, one)]
            assert far(*product) <= 1e-4


def test_features_of_a_masked_patch_change_nothing_and_those_of_a_kept_patch_do(case, picture):
    matcher = case[0]
    tokens, text = matcher.encode_image(picture), matcher.tokenize(TEXT)
    keep = np.ones(matcher.grid, bool)
    keep[0, 1] = False

    def look(row, column):
        hidden = tokens.hidden.clone()
        hidden[:, matcher.prefix + row * matcher.grid[1] + column] += 3.0
        return matcher.match(ImageTokens(hidden, tokens.grid, tokens.prefix), text, keep=keep, layers=matcher.layers)

    plain = matcher.match(tokens, text, keep=keep, layers=matcher.layers)
    masked, kept = look(0, 1), look(0, 0)
    assert masked.logit == plain.logit
    assert kept.logit != plain.logit
    for layer in matcher.layers:
        assert torch.equal(masked.attention[layer], plain.attention[layer])
        assert torch.equal(masked.gradient[layer], plain.gradient[layer])
        assert not torch.equal(kept.attention[layer], plain.attention[layer])
        assert float(plain.attention[layer][:, :, 0, 1].abs().max()) == 0
        assert float(plain.gradient[layer][:, :, 0, 1].abs().max()) == 0


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_exactly_as_it_was_also_after_an_exception(tokenizer, picture, training):
    model = build_blip2(QSHAPES[0], tokenizer).train(training)
    model.itm_head.eval()
    matcher = load_matcher(model, build_blip2_processor(QSHAPES[0], tokenizer))

    def state():
        return (
            [(each.training, len(each._forward_hooks), len(each._forward_pre_hooks)) for each in model.modules()],
            [
                (each.requires_grad, each.grad is None, float(each.detach().double().sum()))
                for each in model.parameters()
            ],
            [each.config._attn_implementation for each in (model, model.qformer, model.vision_model)],
        )

    before = state()
    tokens, text = matcher.encode_image(picture), matcher.tokenize(TEXT)
    logit = matcher.match(tokens, text, layers=matcher.layers).logit
    assert state() == before
    with pytest.raises(RuntimeError):
        matcher.match(ImageTokens(tokens.hidden[..., :-1], tokens.grid, tokens.prefix), text, layers=matcher.layers)
    assert state() == before
    assert matcher.match(tokens, text).logit == pytest.approx(logit, rel=1e-5)


def test_emphasis_and_refinement_take_the_maps_of_words_as_they_are(case, picture):
    from iterprime_xai.language import parse

    matcher, _, _, _, with_words = case
    expression = parse("the red dog left of a tree")
    for layer in matcher.layers:
        for recipe in ("default", "paper"):
            look = look_at(matcher, matcher.encode_image(picture), expression, get_recipe(recipe, passes=2))
            passes = refine(matcher, look, layer=layer, recipe=get_recipe(recipe, passes=2))
            assert np.isfinite(passes[-1].blended).all()
            assert passes[0].heatmap.max() > 0
            words = {word.text: word.heatmap.max() for word in passes[0].words}
            assert (words["dog"] > 0) == (layer in with_words)
    maps = token_gradcam(matcher, picture, TEXT, matcher.layers[0])
    found = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=matcher.layers[:1])
    attention, gradient = found.attention[matcher.layers[0]], found.gradient[matcher.layers[0]]
    assert np.array_equal(maps, activation(attention, gradient).mean(0).numpy())


def test_a_layer_without_cross_attention_lists_those_that_have_it(tokenizer):
    matcher = load_matcher(build_blip2(QSHAPES[0], tokenizer), build_blip2_processor(QSHAPES[0], tokenizer))
    with pytest.raises(LayerError, match="those with cross-attention: 0, 2, 4"):
        matcher.choose_layer(1)


def test_the_default_layer_is_one_at_which_words_have_maps_if_there_is_one(case):
    matcher, _, _, _, with_words = case
    layer, note = matcher.choose_layer(None)
    assert "not validated for this checkpoint" in note
    assert not with_words or layer in with_words


def test_the_image_token_of_the_processor_is_no_word(case):
    matcher, processor, *_ = case
    assert len(matcher.tokenize(TEXT)) == len(processor.tokenizer(TEXT)["input_ids"])
    assert processor.tokenizer.convert_tokens_to_ids("<image>") < matcher.text_sizes.vocabulary
    matcher.model.config.qformer_config.vocab_size -= 1
    try:
        with pytest.raises(PhraseError, match="special token"):
            matcher.tokenize("a dog <image>")
    finally:
        matcher.model.config.qformer_config.vocab_size += 1


def test_a_q_former_that_reads_no_text_is_refused(tokenizer):
    model = build_blip2(QSHAPES[0], tokenizer)
    model.config.qformer_config.use_qformer_text_input = False
    with pytest.raises(ModelLoadError, match="reads no text"):
        load_matcher(model, build_blip2_processor(QSHAPES[0], tokenizer))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_the_shape_of_the_maps(tokenizer, picture, dtype):
    model, processor = build_blip2(QSHAPES[0], tokenizer), build_blip2_processor(QSHAPES[0], tokenizer)
    matcher = load_matcher(model, processor)

    def maps():
        found = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=(2,))
        return (found.attention[2] * found.gradient[2])[:, 1:]

    exact = maps()
    model.vision_model.to(dtype)
    model.embeddings.to(dtype)
    model.itm_head.to(dtype)  # as from_pretrained leaves it: the Q-Former and its query tokens stay float32
    mixed = maps()
    model.to(dtype)
    for rough in (mixed, maps()):
        assert rough.dtype == torch.float32
        assert np.corrcoef(exact.numpy().ravel(), rough.numpy().ravel())[0, 1] > 0.9


def test_describe_says_what_it_is(case):
    matcher = case[0]
    assert isinstance(matcher, Blip2Matcher)
    described = matcher.describe()
    assert described["family"] == "blip2"
    assert described["query_tokens"] == matcher.model.config.num_query_tokens
    assert described["dtype"] == "float32"


def test_a_single_ask_is_answered_as_one_of_many(case):
    matcher, _, some, expected, _ = case
    ask = some[0].ask
    found = matcher.match(ask.image, ask.text)
    assert found.attention == found.gradient == {}
    assert found.logit == pytest.approx(float(expected[0].logits[1]), rel=1e-4, abs=1e-5)
    assert matcher.match_all([Ask(ask.image, ask.text)])[0].logit == pytest.approx(found.logit, rel=1e-6)
