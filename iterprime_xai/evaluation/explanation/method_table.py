"""Methods by metrics on a data set, in one process or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from iterprime_xai.evaluation.explanation.judging import (
    Checked,
    CheckRow,
    Judge,
    MapRow,
    absent_from,
    meaning_something_else,
    meaning_the_same,
)
from iterprime_xai.evaluation.explanation.steadiness import SteadyRow
from iterprime_xai.evaluation.runs.shards import Asked, asked_pictures
from iterprime_xai.evaluation.workers import Crew
from iterprime_xai.records.errors import OptionError

if TYPE_CHECKING:
    from iterprime_xai.data.dataset import DataSet
    from iterprime_xai.records.sample import Sample


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found: a row a map, a row a sanity check, and a row a phrase and method that was asked for steadiness."""

    maps: tuple[MapRow, ...]
    checks: tuple[CheckRow, ...]
    steadiness: tuple[SteadyRow, ...] = ()


def judge_methods(
    dataset: DataSet,
    methods: Sequence[Any],
    *,
    model: str = "tiny",
    layer: int | None = None,
    device: str | None = None,
    limit: int | None = None,
    checks: int = 20,
    curves: bool = True,
    steady: bool = False,
    workers: int = 1,
    said: Callable[[int, int], None] | None = None,
) -> Judged:
    """The maps of ``methods`` on a data set, measured and checked.

    Args:
        dataset: with gold masks, see `iterprime_xai.data.open_data`.
        methods: names or made methods.
        model: a name or folder; each worker loads it.
        layer: the text layer, for methods that read one; ``None``: the checkpoint's own.
        device: of the model, such as cuda; ``None``: the model's usual one.
        limit: phrases, ``None`` for all.
        checks: phrases on which the sanity checks are made as well; each takes seven further maps.
        curves: whether deletion and insertion are measured.
        steady: whether infidelity, max-sensitivity and paraphrases are measured on the phrases that are checked: seven further
            maps and 64 forward passes; needs captum.
        workers: processes, each with one torch thread.
        said: called with pictures done and pictures in all.

    Raises:
        OptionError: no method, an unknown one, or a sample without a gold mask.
    """
    from iterprime_xai.saliency import get_method

    made = tuple(get_method(each) for each in methods)
    if not made:
        raise OptionError("At least one method is needed, such as gradcam.")
    pictures = asked_pictures(dataset.pictures(), limit)
    maps: list[MapRow] = []
    checked: list[CheckRow] = []
    measured: list[SteadyRow] = []
    with Crew(partial(_prepared, model, made, layer, device, curves), workers) as crew:
        for place, found in enumerate(crew.each(partial(_judge, steady), _tasks(dataset, pictures, checks)), 1):
            maps += found.maps
            checked += found.checks
            measured += found.steadiness
            if said is not None:
                said(place, len(pictures))
    return Judged(tuple(maps), tuple(checked), tuple(measured))


Task = tuple[list["Sample"], Checked | None]
"""Samples of one picture, and the one of them that is checked."""


def _tasks(dataset: DataSet, pictures: Sequence[Asked], checks: int) -> Iterator[Task]:
    """A picture at a time, loaded when it is its turn. What is absent from one is taken from the one before."""
    before = dataset.samples_of(pictures[-1].entry) if pictures and checks else []
    for asked in pictures:
        samples = dataset.samples_of(asked.entry)
        some = samples[: asked.count]
        # One a picture: phrases of one picture would fail together.
        chosen = next(
            ((each, others[:1]) for each in some if checks and (others := meaning_something_else(each, samples))),
            None,
        )
        if chosen is None:
            yield some, None
        else:
            checks -= 1
            sample, others = chosen
            absent, same = absent_from(sample, before), meaning_the_same(sample, samples)
            yield some, Checked(sample, tuple(others), tuple(absent[:1]), tuple(same))
        before = samples


def _prepared(model: str, methods: Sequence[Any], layer: int | None, device: str | None, curves: bool) -> Judge:
    import torch

    from iterprime_xai.models import load_matcher

    torch.set_num_threads(1)
    return Judge(load_matcher(model, device=device), methods, layer=layer, curves=curves)


def _judge(steady: bool, judge: Judge, task: Task) -> Judged:
    samples, checked = task
    maps = tuple(judge.maps(samples))
    if checked is None:
        return Judged(maps, ())
    return Judged(maps, tuple(judge.checks(checked)), tuple(judge.steadiness(checked)) if steady else ())
