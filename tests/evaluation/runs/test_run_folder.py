"""One writer at a time, whole parts, and a clear word for everything that is not as it should be."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading

import pytest
from run_stand_ins import ToySet, ToySystem, rows_of

from iterprime_xai.evaluation.runs import evaluate, read_run
from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.records import writing as files


def run(out, data=None, system=None, **options):
    options = {"threads": None, "progress": False, "shard_size": 4, **options}
    return evaluate(system or ToySystem(), data or ToySet(), out, **options)


def test_a_run_holds_a_manifest_whole_parts_and_the_table_of_its_failures(tmp_path):
    made = run(tmp_path / "run")
    assert sorted(path.name for path in made.path.iterdir()) == [".lock", "failures", "manifest.json", "parts"]
    assert [path.name for path in (made.path / "failures").iterdir()] == ["table-0.5.arrow"]
    assert [path.name for path in made.files] == [f"part-0000{number}.parquet" for number in range(3)]
    assert made.complete
    assert len(made) == 12
    assert [row["position"] for row in made] == list(range(12))


def test_another_run_is_refused_field_by_field_and_nothing_is_touched(tmp_path):
    made = run(tmp_path / "run")
    before = [path.read_bytes() for path in made.files]
    with pytest.raises(OptionError, match=r"another run(.|\n)*system.setting: 1 here, 2 asked for") as error:
        run(tmp_path / "run", system=ToySystem(setting=2))
    assert "detail" not in str(error.value)
    with pytest.raises(OptionError, match=r'detail: "light" here, "full" asked for'):
        run(tmp_path / "run", detail="full")
    with pytest.raises(OptionError, match=r"data.limit: null here, 5 asked for"):
        run(tmp_path / "run", limit=5)
    with pytest.raises(OptionError, match=r'proposals: "the system\'s own" here, nothing asked for'):
        run(tmp_path / "run", proposals="gold")
    with pytest.raises(OptionError, match=r"shards of 4 samples, but 5"):
        run(tmp_path / "run", shard_size=5)
    assert [path.read_bytes() for path in made.files] == before
    run(tmp_path / "run", shard_size=None)


def test_only_missing_and_damaged_parts_are_made_again(tmp_path, capfd):
    whole = rows_of(run(tmp_path / "run"))
    first, second, third = read_run(tmp_path / "run").files
    kept, times = first.read_bytes(), first.stat().st_mtime_ns
    second.unlink()
    third.write_bytes(third.read_bytes()[:200])
    again = run(tmp_path / "run", progress=True)
    assert rows_of(again) == whole
    assert (first.read_bytes(), first.stat().st_mtime_ns) == (kept, times)
    said = capfd.readouterr().err
    assert "no whole part" in said
    assert "it is made again" in said
    assert "4 of 12 phrases are there already" in said


def test_what_a_killed_writer_left_is_cleared_away(tmp_path, capfd):
    made = run(tmp_path / "run")
    left = made.path / "parts" / ".0123456789abcdef.tmp"
    left.write_bytes(b"half")
    own = made.path / "parts" / "notes.tmp"
    own.write_text("mine")
    run(tmp_path / "run", progress=True)
    assert not left.exists()
    assert own.exists()
    assert "1 unfinished files of a killed run were cleared away" in capfd.readouterr().err


def test_a_part_of_another_run_is_refused(tmp_path):
    one, other = run(tmp_path / "one"), run(tmp_path / "other", system=ToySystem(setting=2))
    one.files[0].write_bytes(other.files[0].read_bytes())
    with pytest.raises(OptionError, match="belongs to another run"):
        run(tmp_path / "one")


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OptionError, match=r"not empty and no run \(thesis.txt"):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(StorageError, match="is a file"):
        run(tmp_path / "thesis.txt")


def test_a_second_process_is_refused_while_the_first_works(tmp_path):
    code = (
        "import sys; from run_stand_ins import *; from iterprime_xai.evaluation.runs import evaluate\n"
        "evaluate(ToySystem(pause=float(sys.argv[2])), ToySet(), sys.argv[1], threads=None, shard_size=4)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(tmp_path / "run")]
    with subprocess.Popen([*command, "0.3"], env=environment, stderr=subprocess.DEVNULL) as first:
        for _ in range(600):
            if (tmp_path / "run" / "manifest.json").exists():
                break
            threading.Event().wait(0.02)
        with pytest.raises(OptionError, match="Another process is working on"):
            run(tmp_path / "run", system=ToySystem(pause=0.3))
        assert first.wait() == 0
    made = run(tmp_path / "run")
    assert len(made) == 12
    assert len({row["sample_id"] for row in made}) == 12


def test_a_full_disk_ends_the_run_with_one_message_and_keeps_what_is_done(tmp_path, monkeypatch):
    replace, written = os.replace, []

    def full(source, target):
        if str(target).endswith("part-00001.parquet"):
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(target)
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(
        StorageError, match=r"No space left on device.*1 of 3 parts are done and kept.*goes on from here"
    ):
        run(tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run" / "parts").iterdir()) == ["part-00000.parquet"]
    monkeypatch.undo()
    assert rows_of(run(tmp_path / "run")) == rows_of(run(tmp_path / "undisturbed"))


def test_a_full_disk_below_the_system_is_no_error_row(tmp_path):
    class Filling(ToySystem):
        def segment_many(self, image, texts, **options):
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError as error:
                raise StorageError("The cache cannot be written.") from error

    with pytest.raises(StorageError, match=r"cannot be written\. 0 of 3 parts"):
        run(tmp_path / "run", system=Filling())


def test_ctrl_c_says_how_to_go_on(tmp_path, capfd):
    class Interrupted(ToySystem):
        left = 2

        def segment_many(self, image, texts, **options):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().segment_many(image, texts, **options)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", system=Interrupted(), progress=True)
    assert "interrupted: 1 of 3 parts are done and kept. The same command goes on from here." in capfd.readouterr().err
    assert rows_of(run(tmp_path / "run")) == rows_of(run(tmp_path / "undisturbed"))


def test_error_rows_are_made_again_when_asked(tmp_path):
    data = ToySet(broken=[0])
    made = run(tmp_path / "run", data)
    assert sum(row["error"] is not None for row in made) == 2
    data.broken = frozenset()
    assert sum(row["error"] is not None for row in run(tmp_path / "run", data)) == 2
    again = run(tmp_path / "run", data, retry_errors=True)
    assert rows_of(again) == rows_of(run(tmp_path / "undisturbed", data))


def test_a_run_that_never_began_leaves_no_folder(tmp_path):
    class NoSystem(ToySystem):
        def describe(self):
            raise OptionError("There is no such system.")

    with pytest.raises(OptionError, match="no such system"):
        run(tmp_path / "new" / "run", system=NoSystem())
    assert not (tmp_path / "new" / "run").exists()


def test_a_run_of_which_everything_fails_still_ends(tmp_path):
    made = run(tmp_path / "run", ToySet(broken=range(6)))
    assert made.complete
    assert all(row["iou"] == 0.0 for row in made)
