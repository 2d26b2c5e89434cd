"""The explorer's widget without a browser: acts become values, trouble is told, and nothing is kept longer than it is needed."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import weakref
from pathlib import Path

import pytest
from run_stand_ins import ToySet
from toy_explored import copied, made, session

import iterprime_xai as ix
from iterprime_xai.records import IterprimeError, StorageError
from iterprime_xai.visualize.explorer.session import Session

pytest.importorskip("anywidget")

from iterprime_xai.visualize.explorer.explorer_box import Explorer
from iterprime_xai.visualize.explorer.explorer_widget import ExplorerWidget


class Sent(ExplorerWidget):
    """Keeps what would go to the browser."""

    def send(self, content, buffers=None):
        self.sent = [*getattr(self, "sent", []), (content, buffers)]


@pytest.fixture
def widget(explored):
    found = Sent(explored)
    yield found
    found.close()


def test_it_shows_every_part_from_the_start(widget, explored):
    assert widget.about["run"] == "toy"
    assert widget.listing["matching"] == 16
    assert widget.facets["rule"] == {}
    assert widget.sample["case"]["id"] == explored.state.primary
    assert widget.picture[:2] == b"\xff\xd8"
    assert len(widget.tables) == 2 * 256 * 3
    assert widget.maps
    assert (widget.second, widget.second_picture, widget.second_maps) == ({}, b"", b"")
    assert widget.notes["own"] is None
    assert widget.slices == {"slices": [], "problems": []}
    assert (widget.problem, widget.said, widget.answered) == ("", "", 0)


def test_what_an_act_changes_is_changed_and_told_to_those_beside(widget):
    heard = []
    widget.on_change = heard.append
    widget.act({"do": "filter", "rule": {"tags": {"kind": ["odd"]}}})
    assert widget.listing["matching"] == 8
    assert heard[0] >= {"listing", "facets"}
    widget.act({"do": "open", "id": "7-1"})
    assert widget.sample["case"]["id"] == "7-1"
    widget.act({"do": "look", "text": "other thing"})
    assert widget.second["case"]["title"] == "asked now"
    assert widget.second_maps
    widget.act({"do": "note", "id": "7-1", "text": "seen", "tags": ["hard"]})
    assert widget.notes["own"]["text"] == "seen"
    assert widget.said == "Saved."
    widget.act({"do": "save slice", "name": "odd"})
    assert widget.slices["slices"] == [{"name": "odd", "count": 8}]
    assert widget.answered == 5
    assert len(heard) == 5
    json.dumps([widget.listing, widget.facets, widget.sample, widget.notes], allow_nan=False)


def test_a_sample_without_a_picture_takes_the_one_before_away(widget):
    widget.act({"do": "open", "id": "5-0"})
    assert widget.maps
    widget.act({"do": "open", "id": "2-0"})
    assert (widget.picture, widget.maps) == (b"", b"")
    assert "There is no picture 2." in widget.sample["case"]["problem"]


def test_a_problem_is_told_until_the_next_act_that_succeeds(widget):
    heard = []
    widget.on_change = heard.append
    before = dict(widget.listing)
    widget.act({"do": "open", "id": "nobody"})
    assert "no sample 'nobody'" in widget.problem
    assert (widget.listing, widget.answered, widget.said, heard) == (before, 1, "", [])
    widget.act({"do": "page", "page": 0})
    assert (widget.problem, widget.answered) == ("", 2)


@pytest.mark.parametrize(
    "content", [None, [], "open", {}, {"do": "thumbnail"}, {"do": "blame", "id": 3}, {"do": "open"}]
)
def test_a_message_that_is_none_is_told(widget, content):
    widget._told(widget, content, [])
    assert widget.problem
    assert "should not have happened" not in widget.problem
    assert widget.answered == 1


def test_a_problem_with_half_a_character_can_be_sent(widget, explored, monkeypatch):
    monkeypatch.setattr(Session, "act", lambda *_: (_ for _ in ()).throw(StorageError("no \udc80.csv")))
    widget.act({"do": "page", "page": 0})
    assert widget.problem == "no ?.csv"


def test_what_nobody_expects_is_told_and_raised(widget, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Session, "act", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            widget.act({"do": "page", "page": 0})
    assert widget.problem.startswith("This should not have happened: ZeroDivisionError")
    assert widget.answered == 1
    widget.act({"do": "page", "page": 0})
    assert widget.problem == ""


def test_an_interrupt_is_told_and_raised(widget, monkeypatch):
    monkeypatch.setattr(Session, "act", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        widget.act({"do": "look", "text": "x"})
    assert widget.problem.startswith("Interrupted")


def test_thumbnails_come_one_by_one_and_always_an_answer(widget, monkeypatch):
    widget._told(widget, {"do": "thumbnail", "id": "5-0"}, [])
    ((content, (picture,)),) = widget.sent
    assert content == {"thumbnail": "5-0", "problem": ""}
    assert picture[:2] == b"\xff\xd8"
    widget._told(widget, {"do": "thumbnail", "id": "nobody"}, [])
    assert "no sample 'nobody'" in widget.sent[-1][0]["problem"]
    assert widget.sent[-1][1] == [b""]
    monkeypatch.setattr(Session, "thumbnail", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        widget._told(widget, {"do": "thumbnail", "id": "5-1"}, [])
    assert widget.sent[-1][0]["thumbnail"] == "5-1"  # else the browser would wait for ever
    assert widget.answered == 0  # it is no act


def test_blame_is_for_the_sample_on_show(widget, explored, monkeypatch):
    widget.act({"do": "open", "id": "5-0"})
    widget._told(widget, {"do": "blame", "id": "7-0"}, [])
    assert not getattr(widget, "sent", [])
    widget._told(widget, {"do": "blame", "id": "5-0"}, [])
    assert widget.sent[-1][0] == {"blame": "5-0", "lines": explored.blame()}
    monkeypatch.setattr(Session, "blame", lambda _: (_ for _ in ()).throw(IterprimeError("no map")))
    widget._told(widget, {"do": "blame", "id": "5-0"}, [])
    assert widget.sent[-1][0]["lines"] == ["What passes and words did cannot be told: no map"]


def test_an_export_is_said_with_its_whole_path(widget, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    widget.act({"do": "export", "path": "notes.csv"})
    assert widget.problem == ""
    assert widget.said == f"Notes exported to {tmp_path / 'notes.csv'}."


def test_where_no_widget_runs_its_tables_are_shown(widget):
    data, _ = widget._repr_mimebundle_()
    assert "<table>" in data["text/html"]
    assert data["text/plain"] == repr(widget) == "ExplorerWidget('toy', toy on toy:val, 16 phrases)"
    assert widget.still() is widget.still()


def test_closing_frees_everything_and_messages_that_come_late_do_nothing(explored):
    widget = Sent(explored)
    widget.close()
    widget.act({"do": "page", "page": 1})
    for do in ("thumbnail", "blame", "page"):
        widget._told(widget, {"do": do, "id": "5-0"}, [])
    assert widget.answered == 0
    assert not getattr(widget, "sent", [])
    assert repr(widget) == "ExplorerWidget(closed)"
    assert widget.still() == {"text/plain": "ExplorerWidget(closed)"}
    gone = weakref.ref(widget)
    del widget
    gc.collect()
    assert gone() is None


def test_a_closed_widget_lets_its_session_go(toy_run, tmp_path):
    found = session(copied(toy_run, tmp_path / "toy"))
    widget = ExplorerWidget(found)
    gone = weakref.ref(found)
    widget.close()
    del found
    gc.collect()
    assert gone() is None


def test_the_whole_explorer_is_freed_and_its_parts_act_as_one(toy_run, tmp_path):
    pytest.importorskip("plotly")
    explorer = Explorer(session(copied(toy_run, tmp_path / "toy")))
    explorer.charts._on_rule(explorer.session.state.rule)
    explorer.act({"do": "filter", "rule": {"types": ["scattered"]}})
    assert explorer.samples.listing["matching"] == explorer.charts._state.keep.sum() == 2
    assert repr(explorer) == "Explorer('toy', toy on toy:val, 16 phrases)"
    gone = [weakref.ref(each) for each in (explorer.session, explorer.samples, explorer.charts, explorer)]
    explorer.close()
    explorer.act({"do": "page", "page": 0})
    del explorer
    gc.collect()
    assert [each() for each in gone] == [None] * 4


def resident() -> float:
    """The memory that this process holds, in megabytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def _look_at_five_hundred(folder, told):
    """In a process of its own: what other tests left in memory, and give back meanwhile, is not counted."""
    data = ToySet(50, 2)
    run = ix.read_run(made(folder / "run", data, shard_size=10), data=data)
    widget = ExplorerWidget(Session(run, author="ann"))
    ids = widget.session.state.listed_ids()
    sizes = {}
    for number in range(500):
        widget.act({"do": "open", "id": ids[number % 100]})
        if number < 100:
            widget.session.thumbnail(ids[number])
        if number + 1 in (100, 500):
            sizes[number + 1] = resident()
    assert widget.problem == ""
    assert widget.picture
    assert widget.maps
    cases = [each for each in gc.get_objects() if type(each).__name__ == "Case"]
    assert cases == [widget.session.case]
    widget.close()
    told.put(sizes)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read as Linux tells it")
def test_memory_stays_flat_over_five_hundred_samples(tmp_path):
    """Between the 100th and the 500th sample less than 3 MB come on top; were the cases kept, it would be some 20 MB."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    looking = context.Process(target=_look_at_five_hundred, args=(tmp_path, told))
    looking.start()
    sizes = told.get(timeout=120)
    looking.join(30)
    assert looking.exitcode == 0
    assert sizes[500] - sizes[100] < 3, sizes
