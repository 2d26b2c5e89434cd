"""What cells hold and what phrases mean: the two questions of naming, on cases small enough to work out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from iterprime_xai.data.scenes.facts import BACKGROUND, BESIDE, FLAGS, MIXED, NO, UNSURE, YES
from iterprime_xai.data.scenes.truth import PLACES
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS, SIZES
from iterprime_xai.training.objective import Extras, Pictures, cell_loss, referent_loss
from iterprime_xai.training.pool import NOT_ASKED

NOUN, COLOUR, SIZE = len(NOUNS), len(COLOURS), len(SIZES)
FIRST_FLAG = 1 + NOUN + COLOUR + SIZE


def _value(scalar: torch.Tensor) -> float:
    return float(scalar.detach())


def _pictures(cells: list[list[int]], names: list[list[list[int]]], **changes: torch.Tensor) -> Pictures:
    """Pictures of 2 x 2 cells with up to two things each; nothing is asked of how the things stand unless told."""
    count = len(cells)
    found = Pictures(
        images=torch.zeros(count, 32, 32, 3, dtype=torch.uint8),
        true=torch.zeros(count, 2, 3, dtype=torch.long),
        false=torch.zeros(count, 2, 3, dtype=torch.long),
        targets=torch.full((count, 2), NOT_ASKED),
        cells=torch.tensor(cells).reshape(count, 2, 2),
        names=torch.tensor(names),
        flags=torch.full((count, 2, FLAGS), UNSURE, dtype=torch.uint8),
        empty=torch.zeros(count, dtype=torch.bool),
    )
    return replace(found, **changes)


def _plain_extras(width: int = 4) -> Extras:
    """Heads that find everything equally likely."""
    extras = Extras(width, width)
    with torch.no_grad():
        for weight in (extras.cell.weight, extras.cell.bias, extras.referent.weight, extras.referent.bias):
            weight.zero_()
    return extras


def _cells(count: int = 1) -> torch.Tensor:
    """Image tokens of ``count`` pictures: nothing for [CLS], and the cell's own direction for each of four cells."""
    return torch.cat([torch.zeros(1, 4), torch.eye(4)]).repeat(count, 1, 1).requires_grad_()


def _sure_of(extras: Extras, cell: int, noun: int) -> None:
    """Let the head give this cell's noun a probability of one half, and the other 49 answers the other half."""
    with torch.no_grad():
        extras.cell.weight[noun, cell] = math.log(NOUN)


def test_every_thing_counts_alike_however_many_cells_it_fills() -> None:
    extras = _plain_extras()
    pictures = _pictures([[0, 0, 0, 1]], [[[5, 2, 1], [7, 3, 0]]])
    _sure_of(extras, 0, 5)
    _sure_of(extras, 1, 5)
    loss, accuracy = cell_loss(extras, _cells(), pictures)
    unsure = math.log(NOUN + 1)
    noun = ((2 * math.log(2) + unsure) / 3 + unsure) / 2
    assert _value(loss) == pytest.approx(noun + math.log(COLOUR) + math.log(SIZE))
    assert _value(accuracy) == pytest.approx((2 / 3 + 0) / 2)


def test_all_background_counts_as_one_thing_and_has_no_colour() -> None:
    extras = _plain_extras()
    pictures = _pictures([[0, BACKGROUND, BACKGROUND, MIXED]], [[[5, 2, 1], [NOT_ASKED] * 3]])
    _sure_of(extras, 1, NOUN)  # the answer after the last noun is "nothing"
    with torch.no_grad():
        extras.cell.weight[1 + NOUN :, 1:] = 9.0  # what is said of the colour of cells without a thing does not matter
    loss, accuracy = cell_loss(extras, _cells(), pictures)
    unsure = math.log(NOUN + 1)
    noun = (unsure + (math.log(2) + unsure) / 2) / 2
    assert _value(loss) == pytest.approx(noun + math.log(COLOUR) + math.log(SIZE))
    assert _value(accuracy) == pytest.approx((0 + 1 / 2) / 2)


def test_what_lies_beside_things_is_no_thing_and_counts_twice() -> None:
    extras = _plain_extras()
    pictures = _pictures([[0, BESIDE, BESIDE, BACKGROUND]], [[[5, 2, 1], [NOT_ASKED] * 3]])
    _sure_of(extras, 1, NOUN)
    loss, accuracy = cell_loss(extras, _cells(), pictures)
    unsure = math.log(NOUN + 1)
    noun = (unsure + 2 * (math.log(2) + unsure) / 2 + unsure) / 4
    assert _value(loss) == pytest.approx(noun + math.log(COLOUR) + math.log(SIZE))
    assert _value(accuracy) == pytest.approx((0 + 2 / 2 + 0) / 4)


def test_flags_are_summed_over_a_thing_and_averaged_over_things() -> None:
    flags = torch.full((1, 2, FLAGS), UNSURE, dtype=torch.uint8)
    flags[0, 0, :3] = torch.tensor([YES, NO, YES])
    flags[0, 1, 40] = NO
    pictures = _pictures([[0, 0, 0, 1]], [[[5, 2, 1], [7, 3, 0]]], flags=flags)
    without = _pictures([[0, 0, 0, 1]], [[[5, 2, 1], [7, 3, 0]]])
    extras = _plain_extras()
    asked = _value(cell_loss(extras, _cells(), pictures)[0]) - _value(cell_loss(extras, _cells(), without)[0])
    assert asked == pytest.approx((3 + 1) / 2 * math.log(2) / 3, rel=1e-4)
    with torch.no_grad():
        extras.cell.bias[FIRST_FLAG : FIRST_FLAG + 3] = torch.tensor([30.0, -30.0, 30.0])
    asked = _value(cell_loss(extras, _cells(), pictures)[0]) - _value(cell_loss(extras, _cells(), without)[0])
    assert asked == pytest.approx((0 + 1) / 2 * math.log(2) / 3, rel=1e-4)


def test_mixed_cells_and_unsure_flags_teach_nothing() -> None:
    torch.manual_seed(0)
    extras = Extras(4, 4)
    flags = torch.full((1, 2, FLAGS), UNSURE, dtype=torch.uint8)
    flags[0, 0, 4] = YES
    tokens = _cells()
    loss, _ = cell_loss(extras, tokens, _pictures([[0, MIXED, BACKGROUND, 0]], [[[5, 2, 1], [7, 3, 0]]], flags=flags))
    by_token, bias = torch.autograd.grad(loss, [tokens, extras.cell.bias])
    moved = [bool(row.any()) for row in by_token[0]]
    assert moved == [False, True, False, True, True], "the first is the picture's [CLS], the third the mixed cell"
    assert bias[FIRST_FLAG:].nonzero().flatten().tolist() == [4]


def test_a_picture_of_background_alone_has_cells_to_name_and_nothing_else() -> None:
    loss, _ = cell_loss(_plain_extras(), _cells(), _pictures([[BACKGROUND] * 4], [[[NOT_ASKED] * 3] * 2]))
    assert _value(loss) == pytest.approx(math.log(NOUN + 1))


def _asked() -> Pictures:
    """Two pictures with two texts each; only the second text of the first one means a thing, its thing 1."""
    targets = torch.full((2, 2), NOT_ASKED)
    targets[0, 1] = 1
    flags = torch.full((2, 2, FLAGS), UNSURE, dtype=torch.uint8)
    flags[0, 1, 0], flags[0, 1, 3], flags[0, 1, len(PLACES)] = YES, NO, YES
    return _pictures([[0, 0, 1, 1]] * 2, [[[5, 2, 1], [7, 3, 0]]] * 2, targets=targets, flags=flags)


def test_what_a_phrase_means_is_asked_in_words_and_of_sure_places_only() -> None:
    extras, states = _plain_extras(), torch.zeros(2, 2, 4)
    loss, accuracy = referent_loss(extras, states, _asked())
    assert _value(loss) == pytest.approx(math.log(NOUN) + math.log(COLOUR) + math.log(SIZE) + 2 * math.log(2))
    assert _value(accuracy) == 0.0
    with torch.no_grad():
        extras.referent.bias[NOUN + 3] = 30.0
    loss, accuracy = referent_loss(extras, states, _asked())
    assert _value(loss) == pytest.approx(math.log(NOUN) + math.log(SIZE) + 2 * math.log(2))
    assert _value(accuracy) == 1.0


def test_texts_that_are_not_asked_and_unsure_places_teach_nothing() -> None:
    torch.manual_seed(0)
    extras, states = Extras(4, 4), torch.randn(2, 2, 4, requires_grad=True)
    loss, _ = referent_loss(extras, states, _asked())
    by_state, bias = torch.autograd.grad(loss, [states, extras.referent.bias])
    assert by_state.any(-1).tolist() == [[False, True], [False, False]]
    assert bias[NOUN + COLOUR + SIZE :].nonzero().flatten().tolist() == [0, 3]


def test_nothing_asked_is_a_loss_of_zero_that_can_be_differentiated() -> None:
    states = torch.randn(1, 2, 4, requires_grad=True)
    loss, accuracy = referent_loss(_plain_extras(), states, _pictures([[0] * 4], [[[5, 2, 1], [7, 3, 0]]]))
    assert _value(loss) == _value(accuracy) == 0.0
    assert not torch.autograd.grad(loss, states)[0].any()
