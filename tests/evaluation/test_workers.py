"""The same results in the same order, whatever the number of processes."""

from __future__ import annotations

import os

import pytest

from iterprime_xai.evaluation.workers import Crew
from iterprime_xai.records import OptionError


def prepare():
    return {"own": os.getpid(), "offset": 100}


def work(prepared, task):
    if task == 13:
        raise OptionError("thirteen")
    return task + prepared["offset"]


def where(prepared, _task):
    return prepared["own"]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    with Crew(prepare, workers) as crew:
        assert list(crew.each(work, iter(range(7)))) == list(range(100, 107))
        assert list(crew.each(work, [])) == []
        assert (os.getpid() in set(crew.each(where, range(4)))) is (workers == 1)
        with pytest.raises(OptionError, match="thirteen"):
            list(crew.each(work, [1, 13]))


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_fewer_than_one_worker_is_refused(workers):
    with pytest.raises(OptionError, match="at least 1"):
        Crew(prepare, workers)
