"""Methods by metrics on a data set, in one process or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from iterprime_xai.evaluation.explanation.judging import CheckRow, Judge, MapRow, meaning_something_else
from iterprime_xai.evaluation.runs.shards import Asked, asked_pictures
from iterprime_xai.evaluation.workers import Crew
from iterprime_xai.records.errors import OptionError

if TYPE_CHECKING:
    from iterprime_xai.data.dataset import DataSet
    from iterprime_xai.records.sample import Sample


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found: a row a map, and a row a sanity check."""

    maps: tuple[MapRow, ...]
    checks: tuple[CheckRow, ...]


def judge_methods(
    dataset: DataSet,
    methods: Sequence[Any],
    *,
    model: str = "tiny",
    layer: int | None = None,
    limit: int | None = None,
    checks: int = 20,
    curves: bool = True,
    workers: int = 1,
    said: Callable[[int, int], None] | None = None,
) -> Judged:
    """The maps of ``methods`` on a data set, measured and checked.

    Args:
        dataset: with gold masks, see `iterprime_xai.data.open_data`.
        methods: names or made methods.
        model: a name or folder; each worker loads it.
        layer: the text layer, for methods that read one; ``None``: the checkpoint's own.
        limit: phrases, ``None`` for all.
        checks: phrases on which the sanity checks are made as well; each takes six further maps.
        curves: whether deletion and insertion are measured.
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
    with Crew(partial(_prepared, model, made, layer, curves), workers) as crew:
        for place, (of_maps, of_checks) in enumerate(crew.each(_judge, _tasks(dataset, pictures, checks)), 1):
            maps += of_maps
            checked += of_checks
            if said is not None:
                said(place, len(pictures))
    return Judged(tuple(maps), tuple(checked))


Task = tuple[list["Sample"], list[tuple["Sample", list[str]]]]
"""Samples of one picture, and those of them that are checked, with phrases that mean something else."""


def _tasks(dataset: DataSet, pictures: Sequence[Asked], checks: int) -> Iterator[Task]:
    """A picture at a time, loaded when it is its turn."""
    for asked in pictures:
        samples = dataset.samples_of(asked.entry)
        some = samples[: asked.count]
        # One a picture: phrases of one picture would fail together.
        chosen = next(
            ((each, others[:1]) for each in some if checks and (others := meaning_something_else(each, samples))),
            None,
        )
        checks -= chosen is not None
        yield some, [] if chosen is None else [chosen]


def _prepared(model: str, methods: Sequence[Any], layer: int | None, curves: bool) -> Judge:
    import torch

    from iterprime_xai.models import load_matcher

    torch.set_num_threads(1)
    return Judge(load_matcher(model), methods, layer=layer, curves=curves)


def _judge(judge: Judge, task: Task) -> tuple[list[MapRow], list[CheckRow]]:
    samples, checked = task
    return list(judge.maps(samples)), [row for sample, others in checked for row in judge.checks(sample, others)]
