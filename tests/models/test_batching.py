"""Batches: halved with a word when memory runs out, in order, and no other error is swallowed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import pytest
import torch

from iterprime_xai.models import Ask, Batches, ImageTokens, Match, TextTokens
from iterprime_xai.models.batching import IMAGES, ON_GPU, TEXTS, ran_out_of_memory

ON_CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
ON_WINDOWS = RuntimeError("[enforce fail] data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.")
ON_LINUX = RuntimeError(
    "[enforce fail] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes. Error code 12"
)
ON_MPS = RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)")


@dataclass
class Small:
    """Answers at most ``room`` asks at once, each with its text's length as the logit; more raise ``error``."""

    room: int
    error: BaseException
    sizes: list = field(default_factory=list)
    layers: list = field(default_factory=list)

    def match_all(self, asks, *, layers=()):
        self.sizes.append(len(asks))
        self.layers.append(layers)
        if len(asks) > self.room:
            raise self.error
        return [Match(float(len(ask.text)), 0.5, {}, {}) for ask in asks]


def asks(number):
    """Asks that are told apart by the length of their text: 0, 1, 2, ..."""
    image = ImageTokens(torch.zeros(1, 5, 2), (2, 2), 1)
    return [Ask(image, TextTokens("", torch.zeros(1, n, dtype=torch.long), (None,) * n)) for n in range(number)]


def logits(found):
    return [match.logit for match in found]


@pytest.mark.parametrize("error", [ON_CUDA, ON_WINDOWS, ON_LINUX, ON_MPS, MemoryError()], ids=lambda e: str(e)[:30])
def test_halves_with_one_warning_each_and_keeps_the_order(error):
    small = Small(2, error)
    batches = Batches(small, texts=8)
    with pytest.warns(UserWarning, match="do not fit into memory") as said:
        found = batches.match_all(asks(7), layers=(1,))
    assert logits(found) == [0, 1, 2, 3, 4, 5, 6]
    assert small.sizes == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert [str(each.message) for each in said] == [
        "7 texts at once do not fit into memory; going on with 3.",
        "3 texts at once do not fit into memory; going on with 1.",
    ]
    assert set(small.layers) == {(1,)}


def test_the_smaller_batch_stays():
    small = Small(2, ON_CUDA)
    batches = Batches(small, texts=4)
    with pytest.warns(UserWarning, match="4 texts at once do not fit into memory; going on with 2"):
        batches.match_all(asks(4))
    small.sizes.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert logits(batches.match_all(asks(5))) == [0, 1, 2, 3, 4]
    assert small.sizes == [2, 2, 1]
    assert batches.most["texts"] == 2


def test_memory_that_runs_out_later_asks_nothing_twice():
    class Filling(Small):
        """Has room for four at first, and for two from the second batch on."""

        def match_all(self, asks, *, layers=()):
            self.room = 4 if not self.sizes else 2
            return super().match_all(asks, layers=layers)

    small = Filling(4, ON_LINUX)
    with pytest.warns(UserWarning, match="going on with 2") as said:
        found = Batches(small, texts=4).match_all(asks(10))
    assert logits(found) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert small.sizes == [4, 4, 2, 2, 2]
    assert len(said) == 1


def test_what_fits_is_cut_without_a_word():
    small = Small(64, ON_CUDA)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert logits(Batches(small, texts=3).match_all(asks(7))) == [0, 1, 2, 3, 4, 5, 6]
        assert Batches(small).match_all([]) == []
    assert small.sizes == [3, 3, 1]
    assert Batches(small).most == {"texts": TEXTS, "images": IMAGES}


@pytest.mark.parametrize(
    "error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("no"), KeyError("k")]
)
def test_any_other_error_passes_as_it_is(error):
    small = Small(0, error)
    batches = Batches(small, texts=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(type(error)) as raised:
            batches.match_all(asks(4))
    assert raised.value is error
    assert small.sizes == [4]
    assert batches.most["texts"] == 8


@pytest.mark.parametrize("error", [ON_CUDA, ON_LINUX], ids=["cuda", "linux"])
def test_one_text_that_does_not_fit_raises_its_error(error):
    small = Small(0, error)
    with pytest.warns(UserWarning, match="going on with 1") as said, pytest.raises(type(error)) as raised:
        Batches(small, texts=2).match_all(asks(3))
    assert raised.value is error
    assert small.sizes == [2, 1]
    assert len(said) == 1


def test_pytorchs_own_words_for_full_memory_are_understood():
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60, dtype=torch.uint8)
    assert ran_out_of_memory(raised.value)
    assert not ran_out_of_memory(RuntimeError("expected scalar type Half"))


def test_more_is_asked_at_once_where_the_model_is_not_on_the_cpu():
    class Elsewhere(Small):
        device = torch.device("meta")

    assert Batches(Small(1, ON_MPS)).most == {"texts": TEXTS, "images": IMAGES}
    assert tuple(Batches(Elsewhere(1, ON_MPS)).most.values()) == ON_GPU
