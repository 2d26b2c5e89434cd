"""Checks of lesson 4: emphasis by its formula, what it rests on, and a parser that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of


@exercise("4.1", "Local emphasis, as the package computes it: a comparison of attention, laid over the noun's own map.")
def check_local(local: Any) -> None:
    """``local(attention, gradient, noun, context)``: (heads, tokens, rows, columns) twice -> E, (heads, context, rows, columns)."""
    import torch

    torch.manual_seed(4)
    for noun, context in ((2, [1, 4, 5]), (3, [5])):
        attention, gradient = torch.rand(2, 7, 3, 4), torch.randn(2, 7, 3, 4)
        found = result_of(local, attention, gradient, noun, context)
        expect(isinstance(found, torch.Tensor), f"A tensor is expected, but this is a {type(found).__name__}.")
        wanted = (2, len(context), 3, 4)
        expect(
            tuple(found.shape) == wanted,
            f"With {len(context)} context tokens the shape should be {wanted}, but is {tuple(found.shape)}. `attention[:, [noun]]` "
            "keeps the place of the tokens as a dimension of length 1.",
        )
        _right_emphasis(found, attention, gradient, noun, context)


def _right_emphasis(found: Any, attention: Any, gradient: Any, noun: int, context: list[int]) -> None:
    """Raise the hint that fits an E which is not the one of the formula."""
    import torch

    def same(other: Any) -> bool:
        return bool(torch.allclose(found, other.expand_as(found), atol=1e-5))

    own, slope = attention[:, [noun]], gradient[:, [noun]]
    heat, apart = slope.clamp(min=0) * own, own - attention[:, context]
    contrast = apart / apart.square().sum(1, keepdim=True).sqrt()
    if same(contrast * heat):
        return
    if same(-contrast * heat):
        raise Hint("The sign is turned: where the noun draws more attention than the context, D is positive.")
    if same(apart * heat):
        raise Hint("The difference is not divided by its length yet. The length is taken over the context tokens.")
    if same(contrast * slope * own):
        raise Hint("A is max(0, G) · C: the noun's negative gradients count as 0.")
    if same(contrast * own):
        raise Hint("This is D times the noun's attention. The formula wants D times its Grad-CAM map, A.")
    if same(contrast * slope.clamp(min=0) * heat):
        raise Hint(
            "The gradient is in it twice. The authors' released code does that; the formula here has it once, in A."
        )
    if same(contrast):
        raise Hint("This is D alone. E lays it over the noun's own map: E = D · A.")
    for dims in ((2, 3), (0,), (0, 1, 2, 3)):
        if same(apart / apart.square().sum(dims, keepdim=True).sqrt() * heat):
            raise Hint(
                "The length is taken over the wrong dimension: over the context tokens, for every head and patch by itself."
            )
    raise Hint(
        "The shape is right and the values are not. Go back to the formula: D from the attention, A from both, E = D · A."
    )


@exercise("4.2", "The noun outweighs all the others together. That is the whole of global emphasis.")
def check_weights(weights: Any) -> None:
    """``weights(tokens, noun, context)`` -> the weight of every token's map in global emphasis, summing to 1."""
    for tokens, noun, context in ((8, 2, [3, 6]), (5, 1, []), (9, 4, [1, 2, 7])):
        found = np.asarray(result_of(weights, tokens, noun, context), float)
        expect(
            found.shape == (tokens,),
            f"One weight for each of the {tokens} tokens is expected, but the shape is {found.shape}.",
        )
        content = 1 + len(context)
        counts = np.zeros(tokens)
        counts[[0, noun, *context]] = 1
        counts[noun] += content
        if np.allclose(found, counts / counts.sum()):
            continue
        expect(found[0] > 0, "[CLS], token 0, takes part once: its map is in the mean.")
        expect(
            not (np.delete(found, [0, noun, *context]) > 0).any(),
            "Some token has a weight that is neither [CLS] nor a content word: “the” and [SEP] take no part.",
        )
        expect(
            all(found[place] > 0 for place in context),
            "The context takes part, too: global emphasis outvotes it, it does not silence it.",
        )
        expect(
            abs(found.sum() - 1) < 1e-6, f"It is a mean, so the weights sum to 1, but these sum to {found.sum():.3g}."
        )
        ratio = found[noun] / found[0]
        if abs(ratio - content) < 1e-6:
            raise Hint(
                "Almost: the noun is counted once as a content word, and once more for each content word, itself included."
            )
        if abs(ratio - (1 + len(context))) < 1e-6 or abs(ratio - 1) < 1e-6:
            raise Hint(
                "The noun is not counted often enough: once as a content word, and once more for each content word."
            )
        raise Hint("Count how often each map goes into the mean, then divide by the number of all of them.")


@exercise(
    "4.3",
    "The parser says otherwise. Whether your head is the right one only a reader can say: ask the person beside you.",
)
def check_broken_parse(answer: Any, shown: Any = ()) -> None:
    """``answer``: (phrase, its right head word), on which our rules choose another word; none of those ``shown``."""
    from iterprime_xai.language import parse

    if not isinstance(answer, tuple | list) or len(answer) != 2 or not all(isinstance(each, str) for each in answer):
        raise Hint('A pair is expected: the phrase and its head word, as in ("the dog of the girl", "dog").')
    text, head = answer
    expression = parse(text, pipeline="rules")
    words = [word.text.lower() for word in expression.words]
    expect(text.lower() not in {each.lower() for each in shown}, "That one stands in the lesson. Find one of your own.")
    expect(head.lower() in words, f"{head!r} is no word of the phrase; its words are {', '.join(words)}.")
    expect(len(words) >= 2, "A phrase of one word leaves the parser no choice.")
    expect(
        expression.words[words.index(head.lower())].pos not in ("DET", "ADP", "CCONJ", "PART"),
        f"{head!r} is a small word of grammar; a head names a thing.",
    )
    expect(
        expression.primary_word.lower() != head.lower(),
        f"Here the parser is right: it says {expression.primary_word!r}, too. Think of owners, "
        "of “and”, of “not”, of names made of several words, of nouns that are colours.",
    )


@exercise(
    "4.4", "A premise that can be counted can be doubted. Count it before you use the method on a model of your own."
)
def check_premise(premise: Any) -> None:
    """``premise(noun, context)``, bool (phrases,) twice -> (share that emphasis can mend, share that it can spoil)."""
    rng = np.random.default_rng(4)
    for shares in ((0.7, 0.3), (0.2, 0.8)):
        noun, context = (rng.random(40) < share for share in shares)
        found = result_of(premise, noun, context)
        if not isinstance(found, tuple | list | np.ndarray) or len(found) != 2:
            raise Hint("Two shares are expected: what emphasis can mend, and what it can spoil.")
        mend, spoil = (float(each) for each in found)
        right = float((noun & ~context).mean()), float((context & ~noun).mean())
        if np.allclose((mend, spoil), right):
            continue
        if np.allclose((mend, spoil), right[::-1]):
            raise Hint("The two are exchanged. Emphasis can mend where the noun is right and the context is not.")
        if np.allclose((mend, spoil), (noun.mean(), context.mean())):
            raise Hint(
                "Where both are right, nothing is to be mended or spoiled. Only the phrases on which they differ count."
            )
        if np.allclose((mend, spoil), (right[0] * 40, right[1] * 40)):
            raise Hint("These are counts. Shares of all phrases are asked for.")
        if mend > 1 or spoil > 1 or abs(mend - right[0]) > 1e-9:
            raise Hint("Mend: the share of all phrases on which the noun's map is right **and** the context's is not.")
        raise Hint("Spoil: the share of all phrases on which the context's map is right **and** the noun's is not.")
