"""The parts of the training objective, on cases small enough to work out by hand."""

from __future__ import annotations

import math

import torch

from iterprime_xai.training.objective import IGNORED, changed_region, contrast_loss, join_statements, word_targets

CLS, SEP, MASK = 2, 3, 4


def _row(*ids: int, length: int = 9) -> torch.Tensor:
    return torch.tensor([CLS, *ids, SEP] + [0] * (length - 2 - len(ids)))


def _region(true: torch.Tensor, false: torch.Tensor) -> list[int]:
    return changed_region(true, false).nonzero().flatten().tolist()


def test_one_changed_word_is_the_region():
    assert _region(_row(10, 11, 12, 13), _row(10, 11, 12, 99)) == [4]


def test_a_changed_word_in_the_middle_is_the_region_though_the_twin_is_longer():
    assert _region(_row(10, 11, 12), _row(10, 98, 99, 12)) == [2]


def test_a_changed_word_in_the_middle_is_the_region_though_the_twin_is_shorter():
    assert _region(_row(10, 11, 14, 12), _row(10, 98, 12)) == [2, 3]


def test_exchanged_words_and_what_lies_between_are_the_region():
    assert _region(_row(10, 11, 12, 13), _row(10, 13, 12, 11)) == [2, 3, 4]


def test_a_twin_with_added_words_still_marks_one_word_and_never_the_frame():
    for true, false in ((_row(10, 11), _row(10, 11, 12)), (_row(10, 10, 11), _row(10, 11)), (_row(10), _row(10, 10))):
        region = _region(true, false)
        assert len(region) >= 1
        assert all(int(true[place]) not in (0, CLS, SEP) for place in region)


def test_hidden_words_are_asked_for_and_others_are_not():
    hidden, target = word_targets(_row(10, 11, length=5)[None], _row(10, 99, length=5)[None], MASK)
    assert hidden.tolist() == [[CLS, 10, MASK, SEP, 0]]
    assert target.tolist() == [[IGNORED, IGNORED, 11, IGNORED, IGNORED]]


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
    assert math.isclose(float(contrast_loss(alike, alike, scale)), math.log(2), rel_tol=1e-6)
    apart = torch.eye(2)
    expected = -math.log(math.exp(2) / (math.exp(2) + 1))
    assert math.isclose(float(contrast_loss(apart, apart, scale)), expected, rel_tol=1e-6)
