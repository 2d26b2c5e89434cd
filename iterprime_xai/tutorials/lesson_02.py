"""Checks of lesson 2: Grad-CAM over cross-attention from its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of
from iterprime_xai.tutorials.tensors import as_tensor, drawn, expect_close

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["check_counter_example", "check_gradcam", "check_score_gradient", "check_told_apart"]


@exercise("2.1", "Three maps from two small tensors, and each points somewhere else.")
def check_counter_example(attention: Any, gradient: Any) -> None:
    """Attention and gradient (heads, patches), so that attention, gradient and their product peak at three patches."""
    import torch

    c, g = (torch.as_tensor(each, dtype=torch.float64) for each in (attention, gradient))
    expect(c.dim() == 2, f"attention should have two axes, heads and patches, but has {c.dim()}.")
    expect(c.shape == g.shape, f"Both need the same shape, but are {tuple(c.shape)} and {tuple(g.shape)}.")
    expect((c >= 0).all(), "Attention comes out of a softmax: no entry of it can be negative.")
    sums = c.sum(-1)
    expect(
        (sums - 1).abs().max() < 1e-3,
        f"Each head's attention adds up to 1; yours adds up to {', '.join(f'{each:.3f}' for each in sums.tolist())}.",
    )
    product = (g.clamp(min=0) * c).mean(0)
    expect(product.max() > 0, "The product is dark everywhere: somewhere a positive gradient must meet some attention.")
    peaks = [_only_peak(name, each) for name, each in _named(c.mean(0), g.mean(0), product)]
    one, two, both = peaks
    expect(one != two, "Attention and gradient have their peak at the same patch, so the product will follow them.")
    expect(
        both != one,
        "The product still peaks where attention does. What would the gradient have to be there, to make it dark?",
    )
    expect(
        both != two,
        "The product still peaks where the gradient does. How much attention makes even a large gradient worth little?",
    )


@exercise(
    "2.2",
    "That is Grad-CAM over cross-attention: positive part, times attention, and only then the mean over the heads.",
)
def check_gradcam(function: Callable[..., Any]) -> None:
    """``gradcam(attention, gradient)``: (heads, tokens, 1 + patches) twice -> (tokens, patches)."""
    for seed, (heads, tokens, patches) in enumerate(((3, 4, 6), (2, 5, 9))):
        c, g = drawn(seed + 100, heads, tokens, patches + 1).softmax(-1), drawn(seed, heads, tokens, patches + 1)
        found = as_tensor(result_of(function, c.clone(), g.clone()))
        right = (g.clamp(min=0) * c).mean(0)[:, 1:]
        expect(
            found.shape != (tokens, patches + 1),
            "One column too many: the image's own [CLS] has no place in the picture.",
        )
        expect(found.shape != (heads, tokens, patches), "The heads are all still there: one map a token is wanted.")
        expect(
            found.shape == right.shape,
            f"From (heads, tokens, 1 + patches) = {tuple(c.shape)} should come (tokens, patches) = {tuple(right.shape)}, "
            f"but came {tuple(found.shape)}.",
        )
        wrong = {
            "The mean over the heads came before max(0, ·): heads that disagree cancel there before they are counted.": (
                g.mean(0).clamp(min=0) * c.mean(0)
            ),
            "max(0, ·) came last, after the heads had cancelled each other. It belongs to each head's own gradient.": (
                (g * c).mean(0).clamp(min=0)
            ),
            "Negative gradients still count. What lowers the score should not be heat.": (g * c).mean(0),
            "The size of the gradient was taken, whatever its sign: what lowers the score lights up, too.": (
                g.abs() * c
            ).mean(0),
            "The heads were added up. A mean does not grow with their number.": (g.clamp(min=0) * c).sum(0),
            "That is attention alone.": c.mean(0),
            "That is the gradient alone: no attention is in it.": g.clamp(min=0).mean(0),
        }
        last = {
            "You dropped the last column; the image's own [CLS] is the first.": (g.clamp(min=0) * c).mean(0)[:, :-1]
        }
        expect_close(
            found,
            right,
            {hint: each[:, 1:] for hint, each in wrong.items()} | last,
            "The shape is right, but the values differ from max(0, G) · C, mean over heads.",
        )


@exercise("2.3", "That is the gradient at the scores: what one patch gains, the others must lose.")
def check_score_gradient(function: Callable[..., Any]) -> None:
    """``score_gradient(attention, gradient)``: (heads, tokens, patches) twice -> dS/dZ, the same shape."""
    import torch

    for seed, share in enumerate((1.0, 0.6)):  # the second: the image's own [CLS] keeps 0.4 of every row
        z = drawn(seed, 2, 3, 5).requires_grad_()
        weights = drawn(seed + 10, 2, 3, 5)
        c = share * z.softmax(-1)
        score = (c * weights).sum() + 0.5 * (c * weights).sum() ** 2
        g, right = torch.autograd.grad(score, (c, z))
        c, g = c.detach(), g.detach()
        found = as_tensor(result_of(function, c.clone(), g.clone()))
        expect(
            found.shape == right.shape,
            f"The result should have the shape of the attention, {tuple(right.shape)}, but has {tuple(found.shape)}.",
        )
        weighted = (c * g).sum(-1, keepdim=True)
        wrong = {
            "You took the plain mean over the patches off. The mean has to be weighted with the attention.": c
            * (g - g.mean(-1, keepdim=True)),
            "Nothing was taken off: this is gradient times attention as before.": c * g,
            "The mean is right, but the attention in front of the bracket is missing.": g
            - weighted / c.sum(-1, keepdim=True),
            "max(0, ·) comes later: a gradient may be negative.": right.clamp(min=0),
            "The sign is turned round.": -right,
            "One mean was taken over everything. Every row (one head, one token) has a softmax, and a mean, of its own.": (
                c * (g - (c * g).sum() / c.sum())
            ),
        }
        if share < 1:
            wrong[
                "Right while a row adds up to 1. The image's own [CLS] keeps some of it: divide by what the patches have."
            ] = c * (g - weighted)
        expect_close(
            found,
            right,
            wrong,
            "The values are not those that autograd finds through a softmax. Test yours: take `z`, make `c = z.softmax(-1)`, "
            "any score of it, and ask torch.autograd.grad for both.",
        )


@exercise("2.4", "You can now say with one number how well anything tells present things from absent ones.")
def check_told_apart(function: Callable[..., Any]) -> None:
    """``told_apart(present, absent)``: share of all pairs in which the present value is higher, a tie counting half."""
    cases: tuple[tuple[Sequence[float], Sequence[float], float], ...] = (
        ((3.0, 4.0), (1.0, 2.0), 1.0),
        ((1.0, 2.0), (3.0, 4.0), 0.0),
        ((1.0, 3.0), (2.0,), 0.5),
        ((5.0, 0.0, 3.0), (4.0, 2.0), 0.5),
        ((1.0, 1.0), (1.0, 1.0, 1.0), 0.5),
        ((2.0, 1.0), (1.0, 0.0), 0.875),
    )
    for present, absent, right in cases:
        try:
            found = result_of(function, list(present), list(absent))
        except (TypeError, ValueError) as error:
            if len(present) == len(absent):
                raise
            raise Hint(
                f"It stopped with {len(present)} present and {len(absent)} absent values ({error}): every present one is to be "
                "compared with every absent one, so the numbers may differ."
            ) from None
        expect(not isinstance(found, bool), "A share from 0 to 1 is wanted, not a yes or no.")
        value = float(found)
        said = f"for present {list(present)} and absent {list(absent)} it gave {value:.3f}"
        if abs(value - right) > 1e-6:
            expect(present != (1.0, 2.0) or value != 1.0, f"It should be low when absent things score higher: {said}.")
            expect(0 <= value <= 1, f"A share lies between 0 and 1, but {said}. Did you divide by the number of pairs?")
            ties = sum(a == b for a in present for b in absent)
            expect(not ties, f"Look at ties: neither is higher, so each counts one half; {said}.")
            raise Hint(f"Count the pairs by hand: {said}.")


def _named(*maps: Tensor) -> tuple[tuple[str, Tensor], ...]:
    return tuple(zip(("attention", "gradient", "product"), maps, strict=True))


def _only_peak(name: str, values: Tensor) -> int:
    highest = values.max()
    expect(
        int((values > highest - 1e-6).sum()) == 1,
        f"The {name}, mean over the heads, has more than one highest patch: make one win.",
    )
    return int(values.argmax())
