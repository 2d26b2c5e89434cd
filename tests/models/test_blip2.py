"""The BLIP-2 adapter against the stock model: score, looks of query tokens, what words draw, masks, and an untouched model."""

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
from iterprime_xai.saliency import activation, get_recipe, look_at, refine, token_gradcam

TEXT = "the red dog left of a zebra"

WITH_DRAWN = 2
"""Questions of which the stock model says what each word draws, which takes two runs a token."""


@dataclasses.dataclass
class Stock:
    """What the stock model says of a question: logits, and by layer C, G (heads, queries, rows, columns) of the query tokens."""

    logits: torch.Tensor
    attention: dict[int, torch.Tensor]
    gradient: dict[int, torch.Tensor]
    drawn: dict[int, torch.Tensor]
    """How C changes as queries take in more of each text token: (tokens, heads, queries, rows, columns); empty if not asked."""


def stock(model, processor, question, with_drawn=False):
    """The stock forward with the kept image tokens alone, and how it differs where queries take in a token more or less."""
    inputs = processor(images=question.image, text=question.text, return_tensors="pt")
    number, config = model.config.num_query_tokens, model.config
    front = 0 if config.image_token_index is None else number
    side = config.vision_config.image_size // config.vision_config.patch_size
    keep = np.ones((side, side), bool) if question.ask.keep is None else question.ask.keep
    seen = torch.from_numpy(np.concatenate([[True], keep.ravel()]))
    image = model.vision_model(pixel_values=inputs["pixel_values"].to(model.dtype)).last_hidden_state
    embedded = model.embeddings(input_ids=inputs["input_ids"][:, front:], query_embeds=model.query_tokens)
    layers = model.qformer.encoder.layer
    looking = [index for index, layer in enumerate(layers) if layer.has_cross_attention]

    def run():
        out = model.qformer(
            query_embeds=embedded, query_length=number, encoder_hidden_states=image[:, seen], output_attentions=True
        )
        return model.itm_head(out.last_hidden_state[:, :number]).mean(1)[0], out.cross_attentions

    def on_grid(values):
        full = torch.zeros(*values.shape[1:3], len(seen))
        full[:, :, seen] = values[0].detach().float()
        return full[:, :, 1:].unflatten(-1, (side, side))

    def heard(token, change):
        """Cross-attention where what queries take in of a token is scaled by 1 + change."""

        def more(module, given, out):
            states = given["hidden_states"]
            value = module.value(states)[:, token].unflatten(-1, (config.qformer_config.num_attention_heads, -1))
            extra = change * out[1][:, :, :number, token, None] * value[:, :, None]
            taken = out[0].clone()
            taken[:, :number] += extra.transpose(1, 2).flatten(2)
            return taken, out[1]

        hooks = [
            each.attention.attention.register_forward_hook(
                lambda module, _args, given, out: more(module, given, out), with_kwargs=True
            )
            for each in layers
        ]
        with torch.no_grad():
            shown = run()[1]
        for hook in hooks:
            hook.remove()
        return shown

    scores, attention = run()
    slopes = torch.autograd.grad(scores[1], attention)
    drawn = {layer: [] for layer in looking}
    for token in range(number, embedded.shape[1] if with_drawn else 0):
        for layer, more, less in zip(looking, heard(token, 1e-4), heard(token, -1e-4), strict=True):
            drawn[layer].append(on_grid((more - less) / 2e-4))
    return Stock(
        scores.detach().float(),
        {layer: on_grid(each) for layer, each in zip(looking, attention, strict=True)},
        {layer: on_grid(each) for layer, each in zip(looking, slopes, strict=True)},
        {layer: torch.stack(each) for layer, each in drawn.items() if each},
    )


@pytest.fixture(scope="module", params=QSHAPES, ids=lambda shape: shape.name)
def case(request, tokenizer):
    """Matcher, questions, and the stock model's answer to each; eager in the stock model, which would not show its attention."""
    shape = request.param
    model, processor = build_blip2(shape, tokenizer, seed=3), build_blip2_processor(shape, tokenizer)
    matcher = load_matcher(model, processor)
    some = questions(matcher)
    before = model.qformer.config._attn_implementation
    model.qformer.set_attn_implementation("eager")
    model.double()  # for differences
    expected = [stock(model, processor, each, place < WITH_DRAWN) for place, each in enumerate(some)]
    model.float()
    model.qformer.set_attn_implementation(before)
    return matcher, processor, some, expected


def by_pairs(match, layer, queries):
    """A match's attention and gradient by head, query and token: (tokens, heads, queries, rows, columns) twice."""
    return [values[layer].unflatten(0, (-1, queries)).movedim(2, 0) for values in (match.attention, match.gradient)]


def test_the_logit_is_that_of_the_whole_stock_forward_with_its_own_processor(case):
    matcher, processor, some, expected = case
    for question, found, answer in zip(some, matcher.match_all(asks(some)), expected, strict=True):
        assert found.logit == pytest.approx(float(answer.logits[1]), rel=1e-4, abs=1e-5)
        assert found.probability == pytest.approx(float(answer.logits.softmax(-1)[1]), rel=1e-4)
        if question.ask.keep is None:
            inputs = processor(images=question.image, text=question.text, return_tensors="pt")
            whole = matcher.model(**inputs, use_image_text_matching_head=True).logits_per_image[0].detach()
            assert found.logit == pytest.approx(float(whole[1]), rel=1e-4, abs=1e-5)
            assert abs(float(whole[0] - whole[1])) > 1e-3


def test_query_tokens_look_as_in_the_stock_model_at_every_layer(case):
    matcher, _, some, expected = case
    for layers in [*((layer,) for layer in matcher.layers), matcher.layers]:
        for found, answer in zip(matcher.match_queries(asks(some), layers=layers), expected, strict=True):
            assert set(found.attention) == set(found.gradient) == set(layers)
            assert all(far(found.attention[layer], answer.attention[layer]) <= 1e-4 for layer in layers)
            assert all(far(found.gradient[layer], answer.gradient[layer]) <= 1e-4 for layer in layers)


def test_that_comparison_fails_for_another_text_picture_mask_layer_query_or_head(case):
    matcher, _, some, expected = case
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


def test_a_words_attention_is_what_it_draws_of_the_queries_look_in_the_stock_model(case):
    matcher, _, some, expected = case
    queries = matcher.model.config.num_query_tokens
    found_all = matcher.match_all(asks(some[:WITH_DRAWN]), layers=matcher.layers)
    for layer in matcher.layers:
        for found, answer in zip(found_all, expected, strict=False):
            attention, gradient = by_pairs(found, layer, queries)
            drawn = answer.drawn[layer]
            assert (drawn < 0).any()
            assert far(attention, drawn.clamp(min=0)) <= 1e-4
            for dim in range(3):  # another token, head or query
                if drawn.shape[dim] > 1:
                    assert far(attention, drawn.clamp(min=0).roll(1, dim)) > 1e-2
            assert far(attention, answer.attention[layer].expand_as(attention)) > 1e-2
            assert far(gradient, answer.gradient[layer].expand_as(gradient)) <= 1e-4


def test_each_token_has_a_row_and_words_have_no_scores_of_their_own(case):
    matcher, _, some, _ = case
    layers = matcher.layers
    found, looked = matcher.match_all(asks(some), layers=layers), matcher.match_queries(asks(some), layers=layers)
    for question, ours, theirs in zip(some, found, looked, strict=True):
        assert {each[layer].shape[1] for layer in layers for each in (ours.attention, ours.gradient)} == {
            len(question.ask.text)
        }
        assert (ours.scored, theirs.scored) == (False, True)
        assert ours.logit == theirs.logit


def test_words_that_no_query_hears_draw_nothing(case, picture):
    matcher = case[0]
    tokens, text, layer = matcher.encode_image(picture), matcher.tokenize(TEXT), matcher.layers[0]
    first = matcher.model.qformer.encoder.layer[0].attention.attention
    weights = {name: each.clone() for name, each in first.state_dict().items()}
    with torch.no_grad():
        first.value.weight.zero_()
        first.value.bias.zero_()
    deaf = matcher.match(tokens, text, layers=(layer,))
    first.load_state_dict(weights)
    assert float(deaf.attention[layer].abs().max()) == 0
    assert float(deaf.gradient[layer].abs().max()) > 0
    assert float(matcher.match(tokens, text, layers=(layer,)).attention[layer].max()) > 0


def test_what_is_found_does_not_depend_on_what_else_is_asked(case):
    matcher, _, some, _ = case
    alone = [matcher.match_all([each], layers=matcher.layers)[0] for each in asks(some)]
    together = matcher.match_all(asks(some)[::-1], layers=matcher.layers)[::-1]
    for one, other in zip(alone, together, strict=True):
        assert other.logit == pytest.approx(one.logit, rel=1e-4, abs=1e-5)
        for layer in matcher.layers:
            assert far(other.attention[layer], one.attention[layer]) <= 1e-4
            assert far(other.gradient[layer], one.gradient[layer]) <= 1e-4


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

    matcher = case[0]
    expression = parse("the red dog left of a tree")
    for layer in matcher.layers:
        for recipe in ("default", "paper"):
            look = look_at(matcher, matcher.encode_image(picture), expression, get_recipe(recipe, passes=2))
            passes = refine(matcher, look, layer=layer, recipe=get_recipe(recipe, passes=2))
            assert np.isfinite(passes[-1].blended).all()
            assert passes[0].heatmap.max() > 0
            if recipe == "default":  # asks for the gradient by the scores, which words do not have here
                found = matcher.match(look.image, look.text, layers=(layer,))
                plain = activation(found.attention[layer], found.gradient[layer]).mean((0, 1)).numpy()
                assert passes[0].heatmap == pytest.approx(plain, rel=1e-4, abs=1e-5 * float(plain.max()))
            words = {word.text: word.heatmap for word in passes[0].words}
            assert all(words[word].max() > 0 for word in ("red", "dog", "tree"))
            assert not np.allclose(words["dog"], words["tree"], atol=1e-3 * words["dog"].max())
    maps = token_gradcam(matcher, picture, TEXT, matcher.layers[0])
    found = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=matcher.layers[:1])
    attention, gradient = found.attention[matcher.layers[0]], found.gradient[matcher.layers[0]]
    assert np.array_equal(maps, activation(attention, gradient).mean(0).numpy())


def test_a_layer_without_cross_attention_lists_those_that_have_it(tokenizer):
    matcher = load_matcher(build_blip2(QSHAPES[0], tokenizer), build_blip2_processor(QSHAPES[0], tokenizer))
    with pytest.raises(LayerError, match="those with cross-attention: 0, 2, 4"):
        matcher.choose_layer(1)


def test_the_default_layer_lies_in_the_middle(case):
    matcher = case[0]
    layer, note = matcher.choose_layer(None)
    assert (matcher.text_sizes.layers, layer) in {(5, 2), (6, 3), (2, 1)}
    assert note == f"layer {layer}, half of the depth: not validated for this checkpoint"


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
    matcher, _, some, expected = case
    ask = some[0].ask
    found = matcher.match(ask.image, ask.text)
    assert found.attention == found.gradient == {}
    assert found.logit == pytest.approx(float(expected[0].logits[1]), rel=1e-4, abs=1e-5)
    assert matcher.match_all([Ask(ask.image, ask.text)])[0].logit == pytest.approx(found.logit, rel=1e-6)
