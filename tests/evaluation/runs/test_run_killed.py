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
import iterprime_xai.evaluation.runs.evaluating, iterprime_xai.evaluation.runs.schema, pyarrow.parquet
if __name__ == "__main__":
    print("ready", flush=True)
    evaluate(ToySystem(pause=0.02), ToySet(40, 2, bad=[7]), sys.argv[1], threads=None, progress=False, shard_size=4)
"""

FORKING = """
import glob, os, random, signal, sys, time
import torch
torch.set_num_threads(1)
from iterprime_xai.data.sources import open_data
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.systems.registry import load_system
out, undisturbed, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
system, data = load_system("iterprime", {"device": "cpu"}), open_data("scenes:val", count=36)
def run(folder):
    evaluate(system, data, folder, proposals="gold", detail="full", progress=False, shard_size=3)
def parts():
    return len(glob.glob(out + "/parts/*.parquet"))
started = time.monotonic()
run(undisturbed)
a_part, dice = (time.monotonic() - started) / 12, random.Random(5)
for _ in range(kills):
    goal = parts() + (dice.random() < 0.3)
    pid = os.fork()
    if pid == 0:
        run(out)
        os._exit(0)
    while parts() < goal and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.002)
    time.sleep(dice.uniform(0, 0.5 * a_part))
    os.kill(pid, signal.SIGKILL)
    print(os.waitpid(pid, 0)[1], flush=True)
run(out)
"""


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_ten_kills_lose_and_double_nothing(tmp_path):
    def parts():
        return len(list((tmp_path / "run" / "parts").glob("*.parquet")))

    dice, killed, progress = random.Random(3), 0, []
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path / "run")], env=environment(), stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            goal = parts() + dice.randint(0, 2)
            while parts() < goal and child.poll() is None:
                time.sleep(0.002)
            time.sleep(dice.uniform(0, 0.1))
            child.kill()
        killed += child.returncode == -KILL
        progress.append(parts())
    data = ToySet(40, 2, bad=[7])
    resumed = evaluate(ToySystem(pause=0.02), data, tmp_path / "run", threads=None, progress=False, shard_size=4)
    whole = evaluate(ToySystem(), data, tmp_path / "whole", threads=None, progress=False, shard_size=4)
    assert killed >= KILLS - 3
    assert progress == sorted(progress)
    assert 0 < progress[KILLS // 2] < 20, "the kills fell before or after the work"
    assert (resumed.key, rows_of(resumed)) == (whole.key, rows_of(whole))
    assert len({row["sample_id"] for row in resumed}) == len(resumed) == 80
    assert not list((tmp_path / "run" / "parts").glob(".*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the model is loaded once and forked")
def test_ten_kills_of_the_bundled_model_on_scenes(tmp_path):
    out, whole = tmp_path / "killed", tmp_path / "whole"
    done = subprocess.run(
        [sys.executable, "-c", FORKING, out, whole, str(KILLS)],
        env={**environment(), "CUDA_VISIBLE_DEVICES": ""},  # what is forked cannot use a GPU
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    statuses = [int(line) for line in done.stdout.split()]
    assert len(statuses) == KILLS
    assert statuses.count(signal.SIGKILL) >= KILLS - 2, "the work was done before the last kills"
    one, other = read_run(out), read_run(whole)
    assert (one.key, rows_of(one)) == (other.key, rows_of(other))
    assert len({row["sample_id"] for row in one}) == len(one) == 36
    assert all(row["error"] is None for row in one)
