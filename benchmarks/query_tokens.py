"""Which map of a word is right in a Q-Former? Small ones are trained where the truth is known: which patch a word means.

A picture has 16 patches, 5 of which hold one of 12 concepts each, and noise. A text names two concepts; it is true when the
picture holds both. A stock Q-Former (6 layers, 8 query tokens, looks in layers 0, 2 and 4) is trained from random weights to
match, with and without BLIP-2's contrast of query tokens that hear no text. Then every candidate's map of each word is measured:
does it peak on the patch of that word (chance 1/16; 1/2 for a map that finds both concepts and cannot tell them apart), and
how much of its heat lies there and on the other word's patch.

    python benchmarks/query_tokens.py --seconds 60 --seeds 2
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch
from torch.nn import functional
from transformers import Blip2Config, Blip2ForImageTextRetrieval

from iterprime_xai.models import Ask, ImageTokens, TextTokens
from iterprime_xai.models.blip2 import Blip2Matcher
from iterprime_xai.saliency import activation

CONCEPTS, SIDE, HELD, WIDTH, QUERIES, LAYERS = 12, 4, 5, 64, 8, 6
PATCHES = SIDE * SIDE


class Matcher(Blip2Matcher):
    """Without tokenizer and pictures: token ids and image tokens are given."""

    def __init__(self, model: Any) -> None:
        self.model, self.name = model, "small"


def build(seed: int) -> Any:
    torch.manual_seed(seed)
    text = {
        "vocab_size": 4 + CONCEPTS,
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "intermediate_size": 2 * WIDTH,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "max_position_embeddings": 16,
        "use_qformer_text_input": True,
        "initializer_range": 0.08,
    }
    vision = {"hidden_size": WIDTH, "intermediate_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Blip2Config(
        vision_config={**vision, "image_size": 8 * SIDE, "patch_size": 8},
        qformer_config=text,
        num_query_tokens=QUERIES,
        image_text_hidden_size=32,
    )
    model = Blip2ForImageTextRetrieval(config)
    with torch.no_grad():
        model.query_tokens.normal_(0, 1)
    return model


def draw(count: int, dice: torch.Generator, concepts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Image tokens, a true and a false text (count, 2, 4), and the patches (count, 2) of the words of the true one."""
    order = torch.stack([torch.randperm(CONCEPTS, generator=dice) for _ in range(count)])
    where = torch.stack([torch.randperm(PATCHES, generator=dice)[:HELD] for _ in range(count)])
    image = 0.3 * torch.randn(count, 1 + PATCHES, WIDTH, generator=dice)
    rows = torch.arange(count)
    for place in range(HELD):
        image[rows, 1 + where[:, place]] += concepts[order[:, place]]
    false = order[:, :2].clone()
    false[rows, torch.randint(2, (count,), generator=dice)] = order[:, HELD]
    ends = torch.full((count, 1), 2), torch.full((count, 1), 3)
    texts = [torch.cat((ends[0], 4 + words, ends[1]), 1) for words in (order[:, :2], false)]
    return image, torch.stack(texts, 1), where[:, :2]


def train(seed: int, seconds: float, contrast: float) -> tuple[Any, torch.Tensor, float]:
    """A model trained for so many seconds of processor time, the concepts' features, and how many pairs it told apart lately."""
    dice = torch.Generator().manual_seed(seed)
    concepts = torch.randn(CONCEPTS, WIDTH, generator=torch.Generator().manual_seed(99))
    model = build(seed)
    weights = [each for name, each in model.named_parameters() if not name.startswith("vision_model")]
    descent = torch.optim.AdamW(weights, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    start, told, step = time.process_time(), [], 0
    while (used := (time.process_time() - start) / seconds) < 1:
        descent.param_groups[0]["lr"] = 1e-3 * min(1, (step + 1) / 50, max(0.02, (1 - used) / 0.4))
        image, texts, _ = draw(128, dice, concepts)
        tokens = model.query_tokens.expand(len(image), -1, -1)

        def states(ids: Any, queries: bool, image: Any = image, tokens: Any = tokens) -> torch.Tensor:
            given = model.embeddings(input_ids=ids, query_embeds=tokens if queries else None)
            length = QUERIES if queries else 0
            return model.qformer(given, query_length=length, encoder_hidden_states=image).last_hidden_state

        scores = torch.stack([model.itm_head(states(texts[:, each], True)[:, :QUERIES]).mean(1) for each in (0, 1)], 1)
        margin = scores[..., 1] - scores[..., 0]
        truth = torch.tensor([1.0, 0.0]).expand_as(margin)
        loss = functional.binary_cross_entropy_with_logits(margin, truth)
        loss = loss + 0.5 * functional.softplus(margin[:, 1] - margin[:, 0]).mean()
        if contrast:
            seen = functional.normalize(model.vision_projection(states(None, True)), dim=-1)
            alike = []
            for each in (0, 1):
                read = model.text_projection(states(texts[:, each], False)[:, 0])
                alike.append((seen @ functional.normalize(read, dim=-1)[..., None])[..., 0].max(1).values)
            loss = loss + contrast * functional.softplus(10 * (alike[1] - alike[0])).mean()
        descent.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        descent.step()
        told.append(float((margin[:, 0] > margin[:, 1]).float().mean()))
        step += 1
    return model.eval().requires_grad_(False), concepts, sum(told[-100:]) / len(told[-100:])


def without(matcher: Matcher, image: ImageTokens, text: TextTokens, place: int, layer: int) -> torch.Tensor:
    """The query tokens' map where they take in nothing of one token."""
    layers: Any = matcher.reading_layers()
    gates = torch.ones(len(text)).index_fill(0, torch.tensor([place]), 0.0)
    now = torch.cat((matcher._query_tokens(), matcher._embed(text.ids, torch.arange(len(text))[None])[0]))[None]
    seen = None
    for index, each in enumerate(layers):
        heard = each.hear(now, gates, QUERIES)
        asking, words = heard[:, :QUERIES], heard[:, QUERIES:]
        if each.looks:
            keys, values = each.keys_values(image.hidden)
            asked = each.queries(asking)
            found = (asked @ keys.transpose(-1, -2) * asked.shape[-1] ** -0.5).softmax(-1)
            if index == layer:
                seen = found = found.detach().requires_grad_()
            asking = each.take_in(found @ values, asking)
        now = torch.cat((each.feed_forward(asking), each.feed_forward(words, looking=False)), 1)
    assert seen is not None
    (slope,) = torch.autograd.grad(matcher._judge(now[:, :QUERIES])[0, 1], seen)
    return activation(seen.detach(), slope)[0, ..., 1:].mean((0, 1))


def heard(matcher: Matcher, text: TextTokens, layer: int, image: ImageTokens) -> torch.Tensor:
    """How much each query token attends to each token of the text in a layer's self-attention: (queries, tokens)."""
    found = []

    def keep(module: Any, given: Any, _out: Any) -> None:
        queries, keys = (part(given[0]).unflatten(-1, (4, -1)).transpose(1, 2) for part in (module.query, module.key))
        found.append((queries @ keys.transpose(-1, -2) * module.scaling).softmax(-1))

    model = matcher.model
    hook = model.qformer.encoder.layer[layer].attention.attention.register_forward_hook(
        lambda module, _args, given, out: keep(module, (given["hidden_states"],), out), with_kwargs=True
    )
    embedded = model.embeddings(input_ids=text.ids, query_embeds=model.query_tokens)
    model.qformer(embedded, query_length=QUERIES, encoder_hidden_states=image.hidden)
    hook.remove()
    return found[0][0].mean(0)[:QUERIES, QUERIES:]


def maps(matcher: Matcher, image: ImageTokens, text: TextTokens, layer: int) -> dict[str, torch.Tensor]:
    """Every candidate's maps (tokens, patches)."""
    ask = Ask(image, text)
    queries = matcher.match_queries([ask], layers=(layer,))[0]
    words = matcher.match_all([ask], layers=(layer,))[0]
    each = activation(queries.attention[layer], queries.gradient[layer]).flatten(2)
    sentence = each.mean((0, 1))
    left_out = torch.stack([without(matcher, image, text, place, layer) for place in range(len(text))])
    return {
        "query tokens (one map for all words)": sentence.expand(len(text), -1),
        "query tokens, by share of self-attention": torch.einsum(
            "qt,hqp->tp", heard(matcher, text, layer, image), each
        ),
        "leave one word out": (sentence - left_out).clamp(min=0),
        "what the word draws": words.attention[layer].mean(0).flatten(1),
        "what the word draws, times the gain": activation(words.attention[layer], words.gradient[layer])
        .mean(0)
        .flatten(1),
    }


def measure(model: Any, concepts: torch.Tensor, count: int) -> dict[tuple[int, str], list[float]]:
    """By layer and candidate: shares of peaks on the word's patch, heat on it, heat on the other word's patch."""
    matcher = Matcher(model)
    totals: dict[tuple[int, str], list[float]] = {}
    images, texts, where = draw(count, torch.Generator().manual_seed(12345), concepts)
    for hidden, ids, place in zip(images, texts[:, 0], where.tolist(), strict=True):
        image = ImageTokens(hidden[None], (SIDE, SIDE), 1)
        text = TextTokens("a b", ids[None], (None, (0, 1), (2, 3), None))
        for layer in matcher.layers:
            for name, found in maps(matcher, image, text, layer).items():
                for word in (0, 1):
                    heat = found[1 + word] / found[1 + word].sum().clamp(min=1e-30)
                    row = (
                        float(heat.max() > 0 and heat.argmax() == place[word]),
                        *heat[[place[word], place[1 - word]]].tolist(),
                    )
                    total = totals.setdefault((layer, name), [0.0, 0.0, 0.0])
                    for column, value in enumerate(row):
                        total[column] += value / (2 * count)
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=100.0, help="processor time of one training")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--count", type=int, default=100, help="pictures to measure on")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| training | seed | pairs told apart | layer | map | peak | heat | heat on the other |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, contrast in (("matching", 0.0), ("matching and contrast", 0.5)):
        for seed in range(options.seeds):
            model, concepts, told = train(seed, options.seconds, contrast)
            for (layer, way), row in measure(model, concepts, options.count).items():
                shown = " | ".join(f"{value:.3f}" for value in row)
                print(f"| {name} | {seed} | {told:.3f} | {layer} | {way} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
