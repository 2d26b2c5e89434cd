"""Checks of lesson 1: attention, from patches to pixels, and the gradient by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of
from iterprime_xai.tutorials.tensors import as_tensor, drawn, expect_close

__all__ = ["check_against", "check_attention", "check_place"]


@exercise("1.1", "That is cross-attention: every token has 1 to give away, and shares it among the patches.")
def check_attention(function: Callable[..., Any]) -> None:
    """``attend(queries, keys)``: (tokens, width), (patches, width) -> (tokens, patches)."""
    for seed, (tokens, patches, width) in enumerate(((3, 5, 16), (4, 4, 8))):
        queries, keys = 2 * drawn(seed, tokens, width), 2 * drawn(seed + 10, patches, width)
        found = as_tensor(result_of(function, queries.clone(), keys.clone()))
        scores = queries @ keys.T / width**0.5
        right = scores.softmax(-1)
        expect(
            found.shape != (patches, tokens) or tokens == patches,
            "Rows and columns have changed places: a row for each token, a column for each patch.",
        )
        expect(
            found.shape == right.shape,
            f"From {tokens} queries and {patches} keys should come {tuple(right.shape)}, but came {tuple(found.shape)}.",
        )
        expect_close(
            found,
            right,
            {
                "These are the scores. They still have to go through a softmax.": scores,
                "The scores are not divided by √width yet.": (queries @ keys.T).softmax(-1),
                "You divide by the width; it is its square root.": (queries @ keys.T / width).softmax(-1),
                "The softmax runs over the tokens. But it is the tokens that have 1 to give away: over which axis should "
                "the sum be 1?": scores.softmax(0),
                "Rows and columns have changed places: a row for each token, a column for each patch.": right.T,
            },
            "The shape is right, but the values differ from softmax(queries · keys / √width).",
        )


@exercise("1.2", "You can now say to which pixel any row of attention points.")
def check_place(function: Callable[..., Any]) -> None:
    """``hottest_place(values, rows, columns, width, height)`` -> (x, y), the middle of the hottest patch."""
    import torch

    for rows, columns, width, height, patch in ((2, 3, 60, 20, 4), (3, 2, 40, 90, 1), (4, 4, 80, 80, 15)):
        values = torch.zeros(1 + rows * columns)
        values[0], values[1 + patch] = 0.6, 0.3  # the image's own [CLS] draws more than any patch
        found = result_of(function, values.clone(), rows, columns, width, height)
        try:
            x, y = (float(each) for each in found)
        except (TypeError, ValueError):
            raise Hint(f"Two numbers (x, y) were expected, but a {type(found).__name__} came: {found!r}.") from None
        row, column = divmod(patch, columns)
        wide, high = width / columns, height / rows
        said = (
            f"the hottest patch of this {rows} x {columns} grid is in row {row}, column {column}, counted from 0; you say "
            f"({x:g}, {y:g}) in a picture of {width} x {height} pixels"
        )
        for hint, place in {
            "The image's own [CLS] was not taken off, so every patch has moved on by one": (
                ((patch + 1) % columns + 0.5) * wide,
                ((patch + 1) // columns + 0.5) * high,
            ),
            "The first number is x, to the right, and belongs to the column; the second is y, downwards": (
                (row + 0.5) * high,
                (column + 0.5) * wide,
            ),
            "This is the corner of the patch, not its middle": (column * wide, row * high),
            "This is the patch, not yet a pixel": (column, row),
            "Row and column are turned round: patches run along the rows, so how many does each row have?": (
                (patch // rows + 0.5) * wide,
                (patch % rows + 0.5) * high,
            ),
        }.items():
            same = _near((x, y), place) and not _near(place, ((column + 0.5) * wide, (row + 0.5) * high))
            expect(not same, f"{hint.rstrip('?')}{'?' if hint.endswith('?') else ':'} {said}.")
        expect(_near((x, y), ((column + 0.5) * wide, (row + 0.5) * high)), f"Not there yet: {said}.")


@exercise("1.3", "Gradient by autograd, the other sign: what the attention did that lowered the score.")
def check_against(function: Callable[..., Any]) -> None:
    """``speaks_against(score, attention)``: max(0, -G) * C, (1, heads, tokens, 1 + patches) -> (tokens, patches)."""
    import torch

    for seed, (heads, tokens, patches) in enumerate(((2, 3, 5), (4, 2, 6))):
        attention = drawn(seed, 1, heads, tokens, 1 + patches).requires_grad_().softmax(-1)
        weights = drawn(seed + 10, 1, heads, tokens, 1 + patches)
        score = (attention * weights).sum() + ((attention * weights).sum() ** 2) / 4
        (g,) = torch.autograd.grad(score, attention, retain_graph=True)
        g, c = g.detach()[0], attention.detach()[0]
        try:
            found = as_tensor(result_of(function, score, attention))
        except RuntimeError as error:
            if not any(word in str(error) for word in ("used in the graph", "not require grad")):
                raise
            raise Hint(
                "Autograd found no way from the score to what you asked about. Ask for the gradient by `attention` itself, "
                "not by a copy or a part of it."
            ) from None
        right = ((-g).clamp(min=0) * c).mean(0)[:, 1:]
        expect(
            found.shape != (tokens, patches + 1),
            "One column too many: the image's own [CLS] has no place in the picture.",
        )
        expect(
            found.shape == right.shape,
            f"From (1, heads, tokens, 1 + patches) = {tuple(attention.shape)} should come (tokens, patches) = "
            f"{tuple(right.shape)}, but came {tuple(found.shape)}.",
        )
        wrong = {
            "This is what speaks *for* the match. Turn the sign of the gradient round before max(0, ·).": g.clamp(min=0)
            * c,
            "Right, but negative: turn the sign round first, so that strong evidence against is a large number.": g.clamp(
                max=0
            )
            * c,
            "Both signs are in it. Keep only what lowers the score.": -g * c,
            "The absolute value holds what speaks for the match, too.": g.abs() * c,
            "The attention is missing: this is the gradient alone.": (-g).clamp(min=0),
        }
        hints = {hint: each.mean(0)[:, 1:] for hint, each in wrong.items()}
        early = (
            "The mean over the heads came before max(0, ·): heads that disagree cancel there before they are counted."
        )
        hints[early] = ((-g.mean(0)).clamp(min=0) * c.mean(0))[:, 1:]
        hints["The heads were added up. A mean does not grow with their number."] = heads * right
        expect_close(
            found, right, hints, "The shape is right, but the values differ from max(0, −G) · C, mean over heads."
        )


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a - b) <= 0.51 for a, b in zip(one, other, strict=True))
