"""Killed hard at ten moments and taken up again: the rows of an undisturbed run, none lost, none doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from run_stand_ins import ToySet, ToySystem, rows_of

from iterprime_xai.evaluation.runs import evaluate, read_run

KILLS = 10
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

CHILD = """
import sys
from run_stand_ins import ToySet, ToySystem
from iterprime_xai.evaluation.runs import evaluate
if __name__ == "__main__":
    print("ready", flush=True)
    evaluate(ToySystem(pause=0.02), ToySet(40, 2, bad=[7]), sys.argv[1], threads=None, progress=False, shard_size=4)
"""

FORKING = """
import os, random, signal, sys, time
import torch
torch.set_num_threads(1)
from iterprime_xai.data.sources import open_data
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.systems.registry import load_system
out, undisturbed, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
system, data = load_system("iterprime", {"device": "cpu"}), open_data("scenes:val", count=24)
def run(folder):
    evaluate(system, data, folder, proposals="gold", detail="full", progress=False, shard_size=3)
started = time.monotonic()
run(undisturbed)
whole, dice = time.monotonic() - started, random.Random(5)
for _ in range(kills):
    pid = os.fork()
    if pid == 0:
        run(out)
        os._exit(0)
    time.sleep(dice.uniform(0.02, whole / 4))
    os.kill(pid, signal.SIGKILL)
    print(os.waitpid(pid, 0)[1], flush=True)
run(out)
"""


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_ten_kills_lose_and_double_nothing(tmp_path):
    dice, killed, progress = random.Random(3), 0, []
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path / "run")], env=environment(), stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(dice.uniform(0.05, 0.45))
            child.kill()
        killed += child.returncode == -KILL
        progress.append(len(list((tmp_path / "run" / "parts").glob("*.parquet"))))
    data = ToySet(40, 2, bad=[7])
    resumed = evaluate(ToySystem(pause=0.02), data, tmp_path / "run", threads=None, progress=False, shard_size=4)
    whole = evaluate(ToySystem(), data, tmp_path / "whole", threads=None, progress=False, shard_size=4)
    assert killed >= KILLS - 3
    assert progress == sorted(progress)
    assert 0 < progress[2] < 20, "the kills fell before or after the work: change the times"
    assert (resumed.key, rows_of(resumed)) == (whole.key, rows_of(whole))
    assert len({row["sample_id"] for row in resumed}) == len(resumed) == 80
    assert not list((tmp_path / "run" / "parts").glob(".*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the model is loaded once and forked")
def test_ten_kills_of_the_bundled_model_on_scenes(tmp_path):
    out, whole = tmp_path / "killed", tmp_path / "whole"
    done = subprocess.run(
        [sys.executable, "-c", FORKING, out, whole, str(KILLS)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    statuses = [int(line) for line in done.stdout.split()]
    assert len(statuses) == KILLS
    assert statuses.count(signal.SIGKILL) >= KILLS // 2, statuses  # a child that was done in time is not killed
    one, other = read_run(out), read_run(whole)
    assert (one.key, rows_of(one)) == (other.key, rows_of(other))
    assert len({row["sample_id"] for row in one}) == len(one) == 24
    assert all(row["error"] is None for row in one)
