"""Checks of lesson 3: which layer, which head, which token, and how to choose."""

from __future__ import annotations

from typing import Any

import numpy as np

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of


@exercise("3.1", "Every token reaches a score that reads every token. Blank was the read-out's doing, not the words'.")
def check_pooled_score(score_of: Any) -> None:
    """``score_of(hidden, head)``: hidden (1, tokens, width), head a linear layer to two numbers -> the match logit of the mean."""
    import torch

    torch.manual_seed(3)
    for tokens, width in ((4, 6), (7, 5)):
        hidden = torch.randn(1, tokens, width, requires_grad=True)
        head = torch.nn.Linear(width, 2)
        score = result_of(score_of, hidden, head)
        expect(
            isinstance(score, torch.Tensor),
            f"Return a tensor, so that PyTorch can differentiate it; this is a {type(score).__name__}.",
        )
        expect(
            score.numel() == 1,
            f"One number is explained, but the shape here is {tuple(score.shape)}: take the mean over the tokens, then one output.",
        )
        expect(
            score.requires_grad,
            "The graph is cut: no float(), .item(), .detach() or no_grad() on the way to the score.",
        )
        _one_of_two(float(score.detach()), hidden.detach(), head)


def _one_of_two(score: float, hidden: Any, head: Any) -> None:
    """Raise the hint that fits a number which is not the match logit of the mean over all tokens."""

    def same(other: Any) -> bool:
        return abs(score - float(other.detach())) < 1e-5

    mean = hidden.mean(1)[0]
    if same(head(mean)[1]):
        return
    if same(head(hidden[0, 0])[1]):
        raise Hint("This still reads [CLS] alone, as the stock model does. Let the head read the mean of all tokens.")
    if same(head(mean)[0]):
        raise Hint("That is output 0 of the head, “does not match”. Which of the two is the match logit?")
    if same(head(mean).softmax(-1)[1]):
        raise Hint("That is the probability. Stop before the softmax: the match logit.")
    if same(head(hidden.sum(1)[0])[1]):
        raise Hint("This is the sum over the tokens; the mean does not grow with the length of the sentence.")
    if same(head(hidden[0, 1:].mean(0))[1]) or same(head(hidden[0, 1:-1].mean(0))[1]):
        raise Hint("Some tokens are left out. The mean here is over all of them, the special ones included.")
    raise Hint(
        "The gradient reaches the tokens, but the number is another: the match logit of the mean over all tokens is asked for."
    )


@exercise(
    "3.2",
    "One picture on which the better layer is wrong. Had you seen only this one, you would have believed the other.",
)
def check_counter_example(answer: Any, hits: Any, best: int, other: int) -> None:
    """``answer``: a phrase's place at which choice ``other`` hits and ``best`` misses; ``hits`` bool (choices, phrases)."""
    if isinstance(answer, bool | np.bool_) or not isinstance(answer, int | np.integer):
        raise Hint(f"A place among the phrases is expected, a whole number, but this is a {type(answer).__name__}.")
    table = np.asarray(hits, bool)
    expect(0 <= answer < table.shape[1], f"There are {table.shape[1]} phrases, counted from 0.")
    good, bad = bool(table[best, answer]), bool(table[other, answer])
    expect(not (good and bad), "Here both choices point at the thing. Look for a phrase where the better one misses.")
    expect(good or bad, "Here both choices miss. That tells nothing about which of them is better.")
    expect(bad, "It is the other way round: here the better choice hits and the other misses, as nearly always.")


@exercise("3.3", "A choice that names its rivals. It is only as fine as the pictures allow.")
def check_tied(tied: Any) -> None:
    """``tied(hits, pictures)`` -> the choices that cannot be told from the best by the paired interval; hits (choices, phrases)."""
    hits, pictures = _rivals()
    found = _as_places(result_of(tied, hits, pictures))
    expect(found, "The list is empty, but the best choice is always tied with itself.")
    expect(0 in found, "The best choice itself belongs to the list: its difference from itself is 0.")
    expect(
        1 in found or found != {0},
        "Only the best is left. Choice 1 of the check is one phrase of 200 behind: no one can tell these two apart.",
    )
    expect(
        2 not in found,
        "Choice 2 of the check misses 10 phrases that the best hits and hits none that it misses, and it counts as tied. "
        "Two separate intervals overlap there; take the interval of the difference, phrase by phrase.",
    )
    expect(
        3 not in found,
        "Choice 3 of the check is far behind, and it counts as tied. Which end of the interval must reach 0?",
    )
    expect(1 in found, "Choice 1 of the check is one phrase of 200 behind the best, and it is left out.")
    grouped, owners = _grouped()
    alone = _as_places(result_of(tied, grouped, owners))
    expect(
        alone == {0, 1},
        "All phrases in which the second choice of the check is worse are of one picture, so that it may be that picture's doing. "
        "Draw pictures again, not phrases: pass `pictures` on.",
    )


def _as_places(found: Any) -> set[int]:
    try:
        return {int(each) for each in found}
    except TypeError:
        raise Hint("A list of places is expected, such as [2, 5].") from None


def _rivals() -> tuple[np.ndarray, list[int]]:
    """Four choices on 200 phrases of 200 pictures: the best, one that is as good, a worse one and a bad one."""
    best = np.arange(200) >= 60
    near, worse, bad = best.copy(), best.copy(), np.arange(200) >= 160
    near[60] = False
    worse[60:70] = False
    return np.stack([best, near, worse, bad]), list(range(200))


def _grouped() -> tuple[np.ndarray, list[int]]:
    """Two choices that differ in eight phrases, all of one picture."""
    best = np.ones(60, bool)
    other = best.copy()
    other[:8] = False
    return np.stack([best, other]), [0] * 8 + list(range(1, 53))


@exercise("3.4", "Chosen on one set, reported on another. Now the figure means what it says.")
def check_choose_and_report(choose_and_report: Any) -> None:
    """``choose_and_report(val, test)`` -> (choice, figure): bool (choices, phrases) twice."""
    val = np.array([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1]], bool)
    test = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [1, 1, 1, 0]], bool)
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        found = result_of(choose_and_report, val[order], test[order])
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise Hint("Two things are expected: the number of the choice, and its figure.")
        choice, figure = int(found[0]), float(found[1])
        expect(
            0 <= choice < 3,
            "The first thing is the number of a row: use argmax over the choices' means, not over phrases.",
        )
        by_val, by_test = order.index(1), order.index(0)
        expect(
            choice != by_test,
            "This choice is the best on test. A choice made there has seen the answers: choose on val only.",
        )
        expect(choice == by_val, "The choice with the most hits on val is another one.")
        if abs(figure - val[order][choice].mean()) < 1e-9:
            raise Hint(
                "The right choice, but the figure is its figure on val, which flatters: it won because it was lucky there, too."
            )
        expect(
            abs(figure - test[order][choice].mean()) < 1e-9,
            "The figure should be the share of the test phrases that this choice hits.",
        )
