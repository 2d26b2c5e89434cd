"""Checks of lesson 9: a gradient on paper, words of place, the join of RefCOCO's files, and what a stand-in shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from iterprime_xai.tutorials.exercise import Hint, exercise, expect, result_of


@exercise("9.1", "S is linear in C, so G is what stands beside it: the same product as autograd's, and nothing hidden.")
def check_gradient(gradient_by_hand: Callable[[Any, Any], Any]) -> None:
    """``gradient_by_hand(fit, known)`` is dS/dC of S = 10 (mean over colour words of sum C fit - 0.7): (tokens, patches)."""
    import torch

    random = torch.Generator().manual_seed(9)
    for named in (1, 2, 0):
        fit = torch.rand(5, 6, generator=random) * 2 - 1
        known = torch.arange(5) < named
        attention = torch.rand(5, 6, generator=random).softmax(-1).requires_grad_()
        count = known.sum().clamp(min=1)
        logit = 10 * ((attention * fit * known[:, None]).sum() / count - 0.7)
        (right,) = torch.autograd.grad(logit, attention)
        found = result_of(gradient_by_hand, fit.clone(), known.clone())
        expect(
            isinstance(found, torch.Tensor) and found.shape == fit.shape,
            f"A tensor of shape {tuple(fit.shape)}, tokens by patches, was expected: one entry for every entry of C.",
        )
        found = found.detach().float()
        if torch.allclose(found, right, atol=1e-5):
            continue
        _name_the_mistake(found, right, fit, known, attention.detach(), int(count))


def _name_the_mistake(found: Any, right: Any, fit: Any, known: Any, attention: Any, count: int) -> None:
    """The hint for a wrong gradient."""
    import torch

    def same(other: Any) -> bool:
        return torch.allclose(found, other, atol=1e-5)

    if not bool(torch.isfinite(found).all()):
        raise Hint("There are entries that are no numbers. What do you divide by where no word names a colour?")
    if same(right * attention):
        raise Hint(
            "That is G · C, the heat itself. What is asked for is G alone: what stands beside C in the formula of S?"
        )
    if same(right - 7) or same(right * 10 - 7) or same(10 * (right / 10 - 0.7)):
        raise Hint("The 0.7 is still there. What becomes of a constant when one differentiates?")
    if same(right / 10):
        raise Hint("Nearly: every entry is ten times too small. Look at the first factor in S.")
    if count > 1 and same(right * count):
        raise Hint("Right for one colour word, wrong for two: S takes the *mean* over them.")
    mean = (attention * fit).sum(-1, keepdim=True)
    if same(20 * attention * (right - 10 * mean / count)) or same(right - 10 * known[:, None] * mean / count):
        raise Hint("You went through the softmax. Here C itself is the variable, as if it could be changed freely.")
    if bool((found[~known].abs() > 1e-6).any()):
        raise Hint("Tokens that name no colour do not enter S. What is the gradient there?")
    if same(right.clamp(min=0)):
        raise Hint("Grad-CAM cuts what is negative *afterwards*. The gradient itself may be negative: leave it so.")
    raise Hint("Not yet. Write S as a sum over all entries C[t, p], and read off what each one is multiplied with.")


@exercise("9.2", "Rows go down, columns go right, and a word that is no place says nothing.")
def check_place_scores(place_scores: Callable[[str, int, int], Any]) -> None:
    """``place_scores(word, rows, columns)`` is (rows, columns), from 1 on the named side to 0 on the other."""
    import torch

    rows, columns = 3, 5
    across = torch.linspace(1, 0, columns).expand(rows, columns)
    down = torch.linspace(1, 0, rows)[:, None].expand(rows, columns)
    wanted = {"left": across, "right": 1 - across, "top": down, "bottom": 1 - down, "bike": torch.zeros(rows, columns)}
    for word, right in wanted.items():
        found = torch.as_tensor(result_of(place_scores, word, rows, columns)).detach().float()
        if found.shape == (columns, rows):
            raise Hint(f"For 3 rows and 5 columns the result is {tuple(found.shape)}. Rows come first.")
        expect(
            found.shape == (rows, columns),
            f"For {word!r}, 3 rows and 5 columns a result of shape (3, 5) was expected, not {tuple(found.shape)}.",
        )
        if torch.allclose(found, right, atol=1e-4):
            continue
        if word == "bike":
            raise Hint('"bike" names no place, so it should add 0 everywhere.')
        if torch.allclose(found, 1 - right, atol=1e-4):
            raise Hint(f"{word!r} points the wrong way round. Row 0 is the top of a picture, column 0 its left side.")
        if word in ("left", "right") and torch.allclose(found, down, atol=1e-4):
            raise Hint(f"{word!r} changes from row to row. Left and right are about columns.")
        if float(found.max()) > 1.001 or float(found.min()) < -0.001:
            raise Hint(
                f"The numbers for {word!r} should go from 0 to 1, but go from {found.min():g} to {found.max():g}."
            )
        if set(found.unique().tolist()) <= {0.0, 1.0}:
            raise Hint(f"{word!r} is all or nothing. It should fall evenly from 1 on its side to 0 on the other.")
        raise Hint(f"Not yet for {word!r}: 1 on its own side, 0 on the other, evenly in between.")


@exercise("9.3", "Identifiers are joined, the picture's own file name is taken, and several things are several masks.")
def check_from_ref_to_masks(from_ref_to_masks: Callable[[Any, Any], Any]) -> None:
    """``from_ref_to_masks(ref, instances)`` is (file name of the picture, annotations that are meant)."""
    images = [{"id": 7, "file_name": "b.jpg"}, {"id": 3, "file_name": "a.jpg"}]
    annotations: list[dict[str, Any]] = [
        {"id": number, "image_id": 3, "category_id": 1, "segmentation": []} for number in (40, 2, 11)
    ]
    instances = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "bike"}]}
    for meant in (11, [40, 2]):
        ref = {"ref_id": 0, "ann_id": meant, "category_id": 1, "image_id": 3, "file_name": "a_40.jpg"}
        try:
            found = result_of(from_ref_to_masks, ref, instances)
        except (KeyError, IndexError, TypeError) as error:
            if isinstance(meant, list):
                raise Hint(
                    "It stops where `ann_id` is a list, as in gRefCOCO. Make a list of a single one, too."
                ) from error
            raise Hint(
                f"It stops with {type(error).__name__}: {error}. An identifier is no place in a list: look for the entry whose "
                "`id` it is."
            ) from error
        expect(
            isinstance(found, tuple) and len(found) == 2,
            "Two things were expected: the name of the picture's file, and a list of annotations.",
        )
        name, listed = found
        if name == ref["file_name"]:
            raise Hint("That is the ref's own `file_name`: trap one. Which entry of `images` does the ref point to?")
        expect(
            name == "a.jpg",
            "That is the name of another picture. Look for the entry whose `id` is the ref's `image_id`.",
        )
        if isinstance(listed, dict):
            raise Hint("A single annotation came back. A list was expected, also where it holds one.")
        expect(isinstance(listed, list), f"A list of annotations was expected, not {type(listed).__name__}.")
        if any(not isinstance(each, dict) for each in listed):
            raise Hint("The list should hold the annotations themselves (dictionaries), not their identifiers.")
        wanted = meant if isinstance(meant, list) else [meant]
        got = [each.get("id") for each in listed]
        if len(got) == len(annotations):
            raise Hint("Those are all annotations of the picture, or of the category. Only some of them are meant.")
        expect(
            sorted(got, key=str) == sorted(wanted),
            f"Annotations {wanted} are meant, but {got} came back. Join by `ann_id`.",
        )


_WHY = {
    "a": "a: the BLIP-2 of this lesson had random weights. What would be needed to compare two models?",
    "b": "b: compare the traces of section 1. What was the same, and which line was not?",
    "c": "c: look at section 4 again. What did the line that opened the data read?",
    "d": "d: which pictures did the run of section 4 look at?",
    "e": "e: look at the second panel of section 2. What had that model learned?",
    "f": "f: look at the row of *attribute* in section 3, and at “the red bike”.",
}


@exercise("9.4", "You keep apart what ran, what was measured, and what was neither.")
def check_what_is_shown(answer: Any) -> None:
    """The letters of the claims that the lesson has shown."""
    expect(not isinstance(answer, str) or len(answer) == 1, 'A set of letters was expected, such as {"a", "b"}.')
    try:
        given = {str(each).strip().lower() for each in answer}
    except TypeError as error:
        raise Hint('A set of letters was expected, such as {"a", "b"}.') from error
    strange = sorted(given - set(_WHY))
    expect(not strange, f"There is no claim {', '.join(strange)}. The claims are a to f.")
    wrong = sorted(given ^ {"b", "c", "e", "f"})
    if wrong:
        raise Hint(f"{6 - len(wrong)} of 6 are judged rightly. Think again about {_WHY[wrong[0]]}")
