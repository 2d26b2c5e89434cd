"""The same results in the same order, whatever the number of processes."""

from __future__ import annotations

import os

import pytest

from iterprime_xai.evaluation.workers import Crew
from iterprime_xai.records import OptionError
from iterprime_xai.records.errors import IterprimeError


def prepare():
    return {"own": os.getpid(), "offset": 100}


def work(prepared, task):
    if task == 13:
        raise OptionError("thirteen")
    return task + prepared["offset"]


def where(prepared, _task):
    return prepared["own"]


def no_model():
    raise OptionError("no model")


def die(_prepared, _task):
    os._exit(3)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    with Crew(prepare, workers) as crew:
        assert list(crew.each(work, (task + 20 for task in range(30)))) == list(range(120, 150))
        assert list(crew.each(work, [])) == []
        assert (os.getpid() in set(crew.each(where, range(4)))) is (workers == 1)
        with pytest.raises(OptionError, match="thirteen"):
            list(crew.each(work, [1, 13]))


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_fewer_than_one_worker_is_refused(workers):
    with pytest.raises(OptionError, match="at least 1"):
        Crew(prepare, workers)


def test_a_process_that_cannot_start_or_dies_is_said():
    with pytest.raises(IterprimeError, match="Use one worker"), Crew(no_model, 2) as crew:
        list(crew.each(work, range(3)))
    with pytest.raises(IterprimeError, match="Use one worker"), Crew(prepare, 2) as crew:
        list(crew.each(die, range(3)))


def test_only_a_few_tasks_are_drawn_ahead():
    drawn = []

    def tasks():
        for task in range(200, 300):
            drawn.append(task)
            yield task

    with Crew(prepare, 2) as crew:
        results = crew.each(work, tasks())
        assert next(results) == 300
        assert len(drawn) < 15
        results.close()
