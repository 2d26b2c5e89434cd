"""The parts of the training objective, on cases small enough to work out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from iterprime_xai.data.scenes.facts import BACKGROUND, FLAGS, MIXED, UNSURE
from iterprime_xai.training.forward import encode_images, match_margin, read_statements
from iterprime_xai.training.network import build_model
from iterprime_xai.training.objective import (
    Extras,
    Pictures,
    contrast_loss,
    join_statements,
    losses,
)
from iterprime_xai.training.pool import NOT_ASKED, Batch
from iterprime_xai.training.tokenizer import vocabulary

CLS, SEP = 2, 3


def _value(scalar: torch.Tensor) -> float:
    return float(scalar.detach())


def _row(*ids: int, length: int = 9) -> torch.Tensor:
    return torch.tensor([CLS, *ids, SEP] + [0] * (length - 2 - len(ids)))


@pytest.fixture
def tiny(settings):
    """A model, its heads, and three pictures of 4 x 4 cells, of which the second is empty."""
    config = settings(bf16=False)
    model = build_model(config.shape, vocabulary([f"w{place}" for place in range(30)]), 0)
    torch.manual_seed(1)
    extras = Extras(config.shape.vision_width, config.shape.text_width)
    rng = torch.Generator().manual_seed(2)
    targets = torch.full((3, 2), NOT_ASKED)
    targets[0, 1], targets[2, 1] = 0, 1
    pictures = Pictures(
        images=torch.randint(0, 256, (3, 32, 32, 3), generator=rng, dtype=torch.uint8),
        true=torch.stack([torch.stack([_row(8 + row, 20), _row(9 + row, 21, 22)]) for row in range(3)]),
        false=torch.stack([torch.stack([_row(12 + row, 20), _row(15 + row, 21, 22)]) for row in range(3)]),
        targets=targets,
        cells=torch.randint(0, 2, (3, 4, 4), generator=rng),
        names=torch.tensor([[[5, 2, 1], [7, 3, 0]]] * 3),
        flags=torch.randint(0, 3, (3, 2, FLAGS), generator=rng, dtype=torch.uint8),
        empty=torch.tensor([False, True, False]),
    )
    pictures.cells[1] = BACKGROUND
    return model, extras, pictures, config


def _margins(model, pictures: Pictures) -> tuple[torch.Tensor, torch.Tensor]:
    """Match margins of true and false texts, each read on its own."""
    with torch.no_grad():
        images = encode_images(model, pictures.images)
        true, false = (
            match_margin(model, read_statements(model, each, images)) for each in (pictures.true, pictures.false)
        )
    return true, false


def test_all_that_is_said_of_an_empty_picture_is_false_and_its_twins_are_not_compared(tiny) -> None:
    model, extras, pictures, config = tiny
    found = losses(model, extras, pictures, config)
    true, false = _margins(model, pictures)
    label = torch.tensor([1.0, 0.0, 1.0])[:, None].expand(3, 2)
    matching = (binary_cross_entropy_with_logits(true, label) + softplus(false).mean()) / 2
    assert _value(found.matching) == pytest.approx(_value(matching), rel=1e-4)
    twin = softplus(false - true)[[0, 2]].mean()
    assert _value(found.twin) == pytest.approx(_value(twin), rel=1e-4)


def test_an_empty_picture_has_no_part_in_contrast_and_in_what_phrases_mean(tiny) -> None:
    model, extras, pictures, config = tiny
    rest = Pictures(**{name: value[[0, 2]] for name, value in vars(pictures).items()})
    whole, shown = losses(model, extras, pictures, config), losses(model, extras, rest, config)
    for name in ("twin", "referent", "contrast"):
        assert _value(getattr(whole, name)) == pytest.approx(_value(getattr(shown, name)), rel=1e-4), name
        assert _value(getattr(whole, name)) > 0, name


def test_nothing_but_empty_pictures_leaves_matching_and_cells(tiny) -> None:
    model, extras, pictures, config = tiny
    empty = replace(
        pictures,
        empty=torch.ones(3, dtype=torch.bool),
        targets=torch.full((3, 2), NOT_ASKED),
        cells=torch.full((3, 4, 4), BACKGROUND),
    )
    found = losses(model, extras, empty, config)
    assert _value(found.twin) == _value(found.referent) == _value(found.contrast) == 0.0
    true, false = _margins(model, pictures)
    assert _value(found.matching) == pytest.approx(_value(softplus(torch.cat([true, false])).mean()), rel=1e-4)
    found.total.backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in model.parameters())


def test_the_total_weighs_its_parts(tiny) -> None:
    model, extras, pictures, config = tiny
    config = replace(config, pair_weight=2.0, referent_weight=3.0, contrastive_weight=5.0, cell_weight=7.0)
    found = losses(model, extras, pictures, config)
    expected = found.matching + 2 * found.twin + 3 * found.referent + 5 * found.contrast + 7 * found.cell
    assert _value(found.total) == pytest.approx(_value(expected), rel=1e-5)


def test_labels_of_cells_reach_neither_matching_nor_contrast(tiny) -> None:
    model, extras, pictures, config = tiny
    other = replace(
        pictures, cells=1 - pictures.cells.clamp(max=1), flags=2 - pictures.flags, names=pictures.names.flip(1)
    )
    one, two = losses(model, extras, pictures, config), losses(model, extras, other, config)
    for name in ("matching", "twin", "contrast"):
        assert _value(getattr(one, name)) == _value(getattr(two, name)), name
    assert _value(one.cell) != _value(two.cell)


def test_while_looking_only_the_image_tower_learns_and_only_from_cells(tiny) -> None:
    model, extras, pictures, config = tiny
    found = losses(model, extras, pictures, config, looking=True)
    assert _value(found.total) == _value(found.cell) == pytest.approx(_value(losses(*tiny).cell), rel=1e-5)
    assert _value(found.matching) == _value(found.twin) == _value(found.referent) == _value(found.contrast) == 0.0
    found.total.backward()
    moved = {name.split(".")[0] for name, weight in model.named_parameters() if weight.grad is not None}
    assert moved == {"vision_model"}
    assert extras.cell.weight.grad is not None
    assert extras.referent.weight.grad is None


def test_pictures_are_rows_of_a_batch() -> None:
    batch = Batch(
        images=np.arange(3 * 12, dtype=np.uint8).reshape(3, 2, 2, 3),
        true=np.full((3, 2, 4), 8, np.int64),
        false=np.full((3, 2, 4), 9, np.int64),
        targets=np.full((3, 2), 4, np.uint8),
        cells=np.full((3, 2, 2), MIXED, np.uint8),
        names=np.zeros((3, 8, 3), np.uint8),
        flags=np.full((3, 8, FLAGS), UNSURE, np.uint8),
        empty=np.array([True, False, True]),
    )
    found = Pictures.of(batch, slice(1, 3), torch.device("cpu"))
    assert found.images.tolist() == batch.images[1:].tolist()
    assert found.empty.tolist() == [False, True]
    assert {getattr(found, name).dtype for name in ("targets", "cells", "names", "true", "false")} == {torch.int64}
    assert int(found.cells.max()) == MIXED


def test_joined_statements_keep_one_cls_and_every_word():
    both = torch.stack([_row(10, 11, length=6), _row(12, length=6)])[None]
    assert join_statements(both).tolist() == [[[CLS, 10, 11, 12]]]


def test_joined_statements_of_different_length_are_padded_at_the_end():
    first = torch.stack([_row(10, 11, 12, length=6), _row(13, 14, length=6)])
    second = torch.stack([_row(15, length=6), _row(16, length=6)])
    assert join_statements(torch.stack([first, second])).tolist() == [
        [[CLS, 10, 11, 12, 13, 14]],
        [[CLS, 15, 16, 0, 0, 0]],
    ]


def test_contrast_is_log_two_for_two_alike_and_falls_when_pairs_agree():
    scale = torch.tensor(math.log(2.0))
    alike = torch.ones(2, 3)
    assert math.isclose(_value(contrast_loss(alike, alike, scale)), math.log(2), rel_tol=1e-6)
    apart = torch.eye(2)
    expected = -math.log(math.exp(2) / (math.exp(2) + 1))
    assert math.isclose(_value(contrast_loss(apart, apart, scale)), expected, rel_tol=1e-6)
