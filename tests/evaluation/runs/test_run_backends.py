"""The same rows come out of this process, of several, and of Ray; also where workers are killed."""

from __future__ import annotations

import os
import pickle
import signal
import sys

import pytest
from run_stand_ins import ToySet, ToySystem, rows_of

from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.evaluation.runs.backends import make_backend
from iterprime_xai.evaluation.runs.backends.processes import Processes
from iterprime_xai.evaluation.runs.order import Order
from iterprime_xai.records import IterprimeError, MissingExtraError, ModelLoadError, OptionError

DATA = ToySet(8, 2, broken=[1], bad=[2], empty=[3], missing=[4])


class NoModel(ToySystem):
    def segment_many(self, image, texts, **options):
        raise ModelLoadError("There is no model.")


def run(out, system=None, **options):
    return evaluate(
        system or ToySystem(), DATA, out, detail="full", threads=None, progress=False, shard_size=4, **options
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    made = run(tmp_path_factory.mktemp("runs") / "local")
    return made.key, rows_of(made)


def test_processes_give_the_rows_of_one(undisturbed, tmp_path):
    made = run(tmp_path / "run", backend="processes", workers=2)
    assert (made.key, rows_of(made)) == undisturbed


def test_processes_that_are_killed_are_replaced(undisturbed, tmp_path):
    lethal = tmp_path / "lethal"
    lethal.write_text("2")
    made = run(tmp_path / "run", ToySystem(lethal=lethal), backend="processes", workers=2)
    assert lethal.read_text() == "0"
    assert (made.key, rows_of(made)) == undisturbed


def test_a_shard_that_kills_every_process_ends_the_run(tmp_path):
    lethal = tmp_path / "lethal"
    lethal.write_text("99")
    with pytest.raises(IterprimeError, match=r"3 worker processes ended.*memory ran out"):
        run(tmp_path / "run", ToySystem(lethal=lethal), backend="processes", workers=1)


def test_an_idle_process_that_is_killed_is_replaced(undisturbed, tmp_path):
    from iterprime_xai.evaluation.runs.shards import asked_pictures, cut

    shards = list(cut(asked_pictures(DATA.pictures()), 4))
    with Processes(Order(ToySystem(), DATA, detail="full", threads=None), 1) as crew:
        crew.describe()
        (pid,) = crew.pids
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        parts = {part.shard: part.rows for part in crew.parts(shards, "key", lambda count: None)}
    assert parts == {shard.number: shard.samples for shard in shards}


def test_an_error_of_the_machine_is_raised_as_it_was(tmp_path):
    with pytest.raises(ModelLoadError, match="There is no model"):
        run(tmp_path / "run", NoModel(), backend="processes", workers=1)


def test_what_makes_no_sense_is_refused(monkeypatch, tmp_path):
    order = Order(ToySystem(), DATA, threads=None)
    with pytest.raises(OptionError, match="Did you mean processes"):
        make_backend("process", order, None)
    with pytest.raises(OptionError, match="use --backend processes or ray"):
        make_backend("local", order, 2)
    with pytest.raises(OptionError, match="at least 1"):
        make_backend("processes", order, 0)

    class Local(ToySystem):
        pass

    with pytest.raises(OptionError, match="cannot be given these objects"):
        make_backend("processes", Order(Local(), DATA), 2)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"iterprime-xai\[ray\]"):
        make_backend("ray", order, 1)


def test_orders_that_contradict_themselves_are_refused():
    for message, options in {
        "answer must be": {"answer": "never"},
        "detail must be": {"detail": "some"},
        "already": {"settings": {"layer": 1}},
        "--proposals": {"mask_cache": "x"},
        "no options": {"proposals": "gold", "proposer_options": {"limit": 3}},
    }.items():
        with pytest.raises(OptionError, match=message):
            Order(ToySystem(), DATA, **options)
    assert pickle.loads(pickle.dumps(Order("iterprime", "scenes:val"))).system == "iterprime"


@pytest.fixture(scope="module")
def ray_cluster():
    ray = pytest.importorskip("ray")
    paths = pytest.MonkeyPatch()
    paths.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # its workers have to find the stand-ins
    small = {"num_cpus": 2, "object_store_memory": 80 * 2**20, "include_dashboard": False, "log_to_driver": False}
    for attempt in range(3):  # Ray gives up after 15 s where the machine is busy with other work
        try:
            ray.init(address="local", logging_level="ERROR", **small)
            break
        except Exception:
            ray.shutdown()
            if attempt == 2:
                raise
    yield ray
    ray.shutdown()
    paths.undo()


def test_ray_gives_the_rows_of_one_process_also_with_two_workers_killed(ray_cluster, undisturbed, tmp_path):
    lethal = tmp_path / "lethal"
    lethal.write_text("2")
    made = run(tmp_path / "run", ToySystem(lethal=lethal), backend="ray", workers=2)
    assert lethal.read_text() == "0"
    assert (made.key, rows_of(made)) == undisturbed
    with pytest.raises(ModelLoadError, match="There is no model"):
        run(tmp_path / "none", NoModel(), backend="ray", workers=1)
    with pytest.raises(OptionError, match="room for 2 CPUs"):
        run(tmp_path / "many", backend="ray", workers=3)
    assert ray_cluster.is_initialized()
