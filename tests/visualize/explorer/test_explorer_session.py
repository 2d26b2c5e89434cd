"""Each act changes what it names and nothing else; an act that fails changes nothing, whatever the message was."""

from __future__ import annotations

import errno
import json
import os
import random

import pytest
from run_stand_ins import ToySet, ToySystem
from toy_explored import copied, made, session, toy_set

import iterprime_xai as ix
from iterprime_xai.evaluation.annotations.notes import Notes
from iterprime_xai.records import IterprimeError, OptionError, StorageError
from iterprime_xai.visualize.explorer import session as session_module
from iterprime_xai.visualize.explorer.session import MOST_THUMBNAILS, PARTS, Session

LIST, CASE = {"listing"}, {"sample", "second", "notes"}


def shown(found: Session) -> str:
    """All that a user sees."""
    parts = [
        found.listing(),
        found.facets(),
        found.sample().info,
        found.second().info,
        found.notes_shown(),
        found.slices_shown(),
    ]
    return json.dumps(parts, allow_nan=False, sort_keys=True, default=str)


def texts(found: Session) -> list[str]:
    return [row["id"] for row in found.listing()["rows"]]


def full_disk(monkeypatch):
    def refuse(number, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", refuse)


def test_it_begins_with_the_costliest_phrase_and_its_picture(explored):
    assert explored.case.sample_id == explored.state.primary
    assert explored.sample().picture[:2] == b"\xff\xd8"
    assert explored.second().info == {}
    about = explored.about()
    assert (about["run"], about["system"], about["against"], about["author"]) == ("toy", "toy", None, "ann")
    assert (about["detail"], about["complete"], about["methods"], about["layers"]) == ("full", True, [], 0)
    assert json.loads(shown(explored))


def test_each_act_names_what_it_changed(explored, tmp_path):
    first, *_, last = explored.state.listed_ids()
    act = explored.act
    assert act({"do": "sort", "by": "iou", "descending": True}) == LIST
    assert act({"do": "page", "page": 7}) == LIST
    assert act({"do": "open", "id": last}) == LIST | CASE
    assert act({"do": "open", "id": last}) == LIST  # it is open already
    assert act({"do": "open", "id": first}) == LIST | CASE
    assert act({"do": "step", "by": 1 if explored.state.position == 0 else -1}) == LIST | CASE
    assert act({"do": "select", "ids": [last], "on": True}) == LIST
    assert act({"do": "select", "ids": [last], "on": False}) == LIST
    assert act({"do": "select", "all": True}) == LIST
    assert len(explored.state.selected) == 16
    assert act({"do": "select", "none": True}) == LIST
    assert explored.state.selected == {}
    act({"do": "open", "id": last})
    assert act({"do": "filter", "rule": {"ids": [last]}}) == LIST | {"facets"}
    assert act({"do": "filter", "rule": {"ids": [first]}}) == LIST | {"facets"} | CASE
    assert act({"do": "note", "id": first, "text": "why", "tags": []}) == {"notes", "facets", "listing"}
    act({"do": "select", "ids": [first, last], "on": True})
    assert act({"do": "tag", "tag": " hard "}) == {"notes", "facets", "listing"}
    assert act({"do": "look", "text": "left thing"}) == {"second"}
    assert act({"do": "close look"}) == {"second"}
    assert act({"do": "save slice", "name": "one"}) == {"slices"}
    assert act({"do": "save slice", "name": "two", "selected": True}) == {"slices"}
    assert act({"do": "slice", "name": "two"}) == LIST | {"facets"}
    assert act({"do": "export", "path": str(tmp_path / "notes.csv")}) == set()
    assert (tmp_path / "notes.csv").exists()
    assert {*LIST, *CASE, "facets", "slices"} == set(PARTS)


WRONG = [
    {},
    {"do": None},
    {"do": "fly"},
    {"do": ["open"]},
    "open",
    None,
    {"do": "filter"},
    {"do": "filter", "rule": None},
    {"do": "filter", "rule": {"typos": 1}},
    {"do": "filter", "rule": {"search": "\ud83d"}},
    {"do": "sort", "by": "iou"},
    {"do": "sort", "descending": True},
    {"do": "sort", "by": ["iou"], "descending": True},
    {"do": "sort", "by": "delta", "descending": True},
    {"do": "sort", "by": "iou", "descending": "yes"},
    {"do": "page"},
    {"do": "page", "page": "x"},
    {"do": "page", "page": 1.5},
    {"do": "page", "page": True},
    {"do": "page", "page": None},
    {"do": "open"},
    {"do": "open", "id": 3},
    {"do": "open", "id": {}},
    {"do": "open", "id": "nobody"},
    {"do": "step"},
    {"do": "step", "by": "1"},
    {"do": "select"},
    {"do": "select", "ids": "0-0", "on": True},
    {"do": "select", "ids": [["0-0"]], "on": True},
    {"do": "select", "ids": {"0-0": 1}, "on": True},
    {"do": "select", "ids": ["0-0"]},
    {"do": "note", "text": "x", "tags": []},
    {"do": "note", "id": "nobody", "text": "x", "tags": []},
    {"do": "note", "id": "0-0", "tags": []},
    {"do": "note", "id": "0-0", "text": 7, "tags": []},
    {"do": "note", "id": "0-0", "text": "x", "tags": "hard"},
    {"do": "note", "id": "0-0", "text": "x", "tags": [1]},
    {"do": "note", "id": "0-0", "text": "x", "tags": ["a;b"]},
    {"do": "note", "id": "0-0", "text": "x" * 100_001, "tags": []},
    {"do": "tag"},
    {"do": "tag", "tag": ["x"]},
    {"do": "tag", "tag": "  "},
    {"do": "tag", "tag": "a;b"},
    {"do": "look"},
    {"do": "look", "text": None},
    {"do": "look", "text": "x", "layer": "2"},
    {"do": "look", "text": "x", "method": 3},
    {"do": "look", "text": "x", "layer": 2},
    {"do": "look", "text": "bad phrase"},
    {"do": "save slice"},
    {"do": "save slice", "name": ""},
    {"do": "save slice", "name": 4},
    {"do": "slice"},
    {"do": "slice", "name": "none of this name"},
    {"do": "export"},
    {"do": "export", "path": "notes.doc"},
    {"do": "export", "path": 5},
]


@pytest.mark.parametrize("message", WRONG, ids=lambda each: str(each)[:60])
def test_a_wrong_message_is_told_and_changes_nothing(explored, message):
    explored.act({"do": "select", "ids": ["0-0", "5-1"], "on": True})
    before = shown(explored)
    with pytest.raises(IterprimeError) as told:
        explored.act(message)
    assert isinstance(told.value, OptionError) or "bad phrase" in str(told.value)
    assert len(str(told.value)) < 500
    assert shown(explored) == before


def test_a_long_wrong_value_is_told_in_short(explored):
    with pytest.raises(OptionError) as told:
        explored.act({"do": "open", "id": list(range(10_000))})
    assert "'open' needs 'id', a text, but got [0, 1" in str(told.value)
    assert len(str(told.value)) < 200


def test_on_a_full_disk_nothing_is_noted_tagged_or_kept(explored, monkeypatch):
    explored.act({"do": "select", "ids": ["0-0", "5-1"], "on": True})
    before = shown(explored)
    with monkeypatch.context() as patched:
        full_disk(patched)
        for message in ({"do": "note", "id": "0-0", "text": "x", "tags": []}, {"do": "tag", "tag": "hard"}):
            with pytest.raises(StorageError, match="not saved"):
                explored.act(message)
            assert shown(explored) == before
    explored.act({"do": "note", "id": "0-0", "text": "x", "tags": []})
    assert explored.notes.of("0-0")[0].text == "x"


def test_a_disk_that_fills_up_while_samples_are_tagged_says_how_many_are(explored, monkeypatch):
    explored.act({"do": "select", "all": True})
    write, asked = Notes.write, []

    def some(self, *values):
        asked.append(values)
        if len(asked) > 3:
            raise StorageError("The note was not saved.")
        return write(self, *values)

    monkeypatch.setattr(Notes, "write", some)
    with pytest.raises(StorageError, match=r"^3 of 16 samples are tagged"):
        explored.act({"do": "tag", "tag": "hard"})
    explored.act({"do": "page", "page": 0})
    assert explored.facets()["noteTags"] == [{"value": "hard", "count": 3}]


def test_a_row_that_cannot_be_read_leaves_the_sample_before_on_show(explored, monkeypatch):
    before = shown(explored)
    with monkeypatch.context() as patched:
        patched.setattr(session_module, "open_case", lambda *_: (_ for _ in ()).throw(StorageError("damaged")))
        for message in (
            {"do": "step", "by": 1},
            {"do": "open", "id": "7-1"},
            {"do": "filter", "rule": {"ids": ["7-1"]}},
        ):
            with pytest.raises(StorageError, match="damaged"):
                explored.act(message)
            assert shown(explored) == before
    explored.act({"do": "open", "id": "7-1"})
    assert explored.case.sample_id == "7-1"


def test_an_interrupt_leaves_everything_as_it_was(explored, monkeypatch):
    before = shown(explored)
    with monkeypatch.context() as patched:
        patched.setattr(session_module, "open_case", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            explored.act({"do": "open", "id": "7-1"})
    assert shown(explored) == before


def test_notes_are_read_once_in_an_act(explored, monkeypatch):
    explored.notes.write("0-0", "x", ["hard"])
    asked = []
    every = Notes.all
    monkeypatch.setattr(Notes, "all", lambda self: asked.append(1) or every(self))
    for message in (
        {"do": "filter", "rule": {"noted": True, "types": ["right"], "tags": {"kind": ["even"]}}},
        {"do": "step", "by": 1},
        {"do": "note", "id": "0-0", "text": "y", "tags": []},
    ):
        asked.clear()
        explored.act(message)
        explored.listing()
        explored.facets()
        assert len(asked) <= (2 if message["do"] == "note" else 1)


def test_what_others_write_is_seen_at_the_next_act(explored):
    bob = Notes(explored.run.path, explored.run.key, "bob")
    bob.write("0-0", "look here", ["odd"])
    explored.act({"do": "filter", "rule": {"note_tags": ["odd"]}})
    assert texts(explored) == ["0-0"]
    told = explored.notes_shown()
    assert told["own"] is None
    assert [each["author"] for each in told["others"]] == ["bob"]
    bob.write("5-1", "", ["odd"])
    explored.act({"do": "note", "id": "0-0", "text": "mine", "tags": ["odd"]})
    assert sorted(texts(explored)) == ["0-0", "5-1"]
    assert explored.notes_shown()["own"]["text"] == "mine"
    bob.write("5-1", "")  # taken away
    explored.act({"do": "page", "page": 0})
    assert explored.facets()["noteTags"] == [{"value": "odd", "count": 1}]


def test_the_last_note_taken_away_leaves_an_empty_list_and_the_sample_on_show(explored):
    explored.act({"do": "note", "id": "5-1", "text": "x", "tags": []})
    explored.act({"do": "filter", "rule": {"noted": True}})
    explored.act({"do": "note", "id": "5-1", "text": "", "tags": []})
    assert texts(explored) == []
    assert explored.case.sample_id == "5-1"
    assert explored.facets()["noted"] == 0


def test_a_tag_is_added_to_ones_own_notes_and_leaves_texts_and_others_alone(explored):
    Notes(explored.run.path, explored.run.key, "bob").write("0-0", "bob's", ["his"])
    explored.act({"do": "note", "id": "0-0", "text": "mine", "tags": ["first"]})
    explored.act({"do": "select", "ids": ["0-0", "5-1"], "on": True})
    for _ in range(2):
        explored.act({"do": "tag", "tag": "hard"})
    mine = {each.sample_id: each for each in explored.notes.all() if each.author == "ann"}
    assert {name: (each.text, each.tags) for name, each in mine.items()} == {
        "0-0": ("mine", ("first", "hard")),
        "5-1": ("", ("hard",)),
    }
    files = [path for path in (explored.run.path / "notes").iterdir() if path.name.startswith("ann")]
    assert sum(path.read_bytes().count(b"\n") for path in files) == 3  # the second time nothing was left to write


def test_slices_hold_what_was_listed_or_selected_and_their_rules(explored):
    explored.act({"do": "filter", "rule": {"tags": {"kind": ["odd"]}}})
    listed = explored.state.listed_ids()
    explored.act({"do": "save slice", "name": "odd <b>\u202e"})
    explored.act({"do": "select", "ids": ["0-0", "0-1"], "on": True})
    explored.act({"do": "save slice", "name": "two", "selected": True})
    explored.act({"do": "filter", "rule": {}})
    shown_name = explored.slices_shown()["slices"][0]["name"]
    assert shown_name == "odd <b>"  # as it is shown, not as it is called
    explored.act({"do": "slice", "name": shown_name})
    assert explored.state.listed_ids() == listed
    explored.act({"do": "slice", "name": shown_name, "rule": True})
    assert explored.facets()["rule"] == {"tags": {"kind": ["odd"]}}
    explored.act({"do": "slice", "name": "two", "rule": True})
    assert sorted(explored.state.listed_ids()) == ["0-0", "0-1"]  # a selection's rule is the selection
    with pytest.raises(OptionError, match="already"):
        explored.act({"do": "save slice", "name": "two"})
    explored.act({"do": "save slice", "name": "two", "replace": True})
    assert [each["count"] for each in explored.slices_shown()["slices"]] == [8, 2]


def test_nothing_is_saved_as_a_slice_where_nothing_is_listed_or_selected(explored):
    with pytest.raises(OptionError, match="no sample is selected"):
        explored.act({"do": "save slice", "name": "x", "selected": True})
    explored.act({"do": "filter", "rule": {"search": "nothing like this"}})
    assert explored.case is None
    assert explored.sample().info == {}
    assert explored.notes_shown()["own"] is None
    with pytest.raises(OptionError, match="no phrase is listed"):
        explored.act({"do": "save slice", "name": "x"})
    with pytest.raises(OptionError, match="open one first"):
        explored.act({"do": "look", "text": "dog"})
    assert explored.slices_shown()["slices"] == []


def test_rows_of_errors_and_missing_pictures_say_why(explored):
    explored.act({"do": "open", "id": "1-0"})
    told = explored.sample()
    assert told.info["case"]["type"] == "error"
    assert ["error", "iterprime_xai.records.errors.PhraseError: That is a bad phrase."] in told.info["case"]["facts"]
    assert told.picture[:2] == b"\xff\xd8"
    assert "gold" in told.info
    assert told.maps == b""
    explored.act({"do": "open", "id": "2-0"})
    told = explored.sample()
    assert told.picture == b""
    assert "There is no picture 2." in told.info["case"]["problem"]
    assert (told.info["case"]["type"], told.info["case"]["text"]) == ("unlabelled", "")
    assert explored.thumbnail("2-0") == b""
    assert explored.blame() == []
    with pytest.raises(OptionError, match="There is no picture to look at"):
        explored.act({"do": "look", "text": "left thing"})


def test_pictures_that_have_changed_are_not_shown(toy_run, tmp_path):
    one, other = toy_set(), toy_set()
    other.samples_of = lambda _: one.samples_of(one.pictures()[0])
    found = session(copied(toy_run, tmp_path / "toy"), other)
    found.act({"do": "open", "id": "5-0"})
    assert "not the one that was evaluated" in found.sample().info["case"]["problem"]
    assert found.sample().picture == b""


def test_another_answer_to_the_samples_own_phrase_is_measured_and_one_to_another_phrase_is_not(explored):
    explored.act({"do": "open", "id": "5-0"})
    explored.act({"do": "look", "text": "left thing 0"})
    told = explored.second().info
    assert told["case"]["sentence"] == f"IoU {explored.case.row['iou']:.2f}."
    assert "gold" in told
    explored.act({"do": "look", "text": "right thing"})
    assert explored.second().info["case"]["sentence"] == ""
    assert "gold" not in explored.second().info
    explored.act({"do": "close look"})
    assert explored.second().info == {}
    explored.act({"do": "look", "text": "right thing"})
    explored.act({"do": "step", "by": -1 if explored.state.position else 1})
    assert explored.second().info == {}  # it was about another picture


def test_a_second_run_stands_beside_and_what_it_lacks_is_empty(toy_run, other_run, tmp_path):
    run = copied(toy_run, tmp_path / "toy")
    found = Session(ix.read_run(run, data=toy_set()), ix.read_run(other_run, data=toy_set()), author="ann")
    assert found.about()["against"] == "other"
    assert sum(each["count"] for each in found.facets()["changes"]) == 10  # with an IoU in both
    found.act({"do": "open", "id": "5-0"})
    assert found.second().info["case"]["run"] == "other"
    found.act({"do": "open", "id": "7-0"})
    assert found.second().info == {}
    found.act({"do": "sort", "by": "delta", "descending": False})
    deltas = [row["figures"]["delta"] for row in found.listing()["rows"]]
    assert deltas[10:] == [None] * 6
    assert deltas[:10] == sorted(deltas[:10])


def test_only_the_sample_that_is_looked_at_and_few_thumbnails_are_in_memory(explored, monkeypatch):
    monkeypatch.setattr(session_module, "MOST_THUMBNAILS", 5)
    assert MOST_THUMBNAILS == 200
    ids = explored.state.listed_ids()
    for name in ids:
        explored.act({"do": "open", "id": name})
        explored.thumbnail(name)
    assert len(explored._thumbnails) == 5
    first, *_, last = explored._thumbnails
    explored.thumbnail(first)  # asked for again: the next to go is another
    explored.thumbnail(ids[0])
    assert first in explored._thumbnails
    assert last in explored._thumbnails
    held = [value for value in vars(explored).values() if type(value).__name__ == "Case"]
    assert held == [explored.case]


def test_a_random_walk_leaves_the_page_and_the_sample_whole(explored):
    lot = random.Random(7)
    ids = explored.state.listed_ids()
    rules = [
        {},
        {"search": "left"},
        {"types": ["right"]},
        {"search": "nothing"},
        {"tags": {"kind": ["odd"]}},
        {"noted": True},
    ]
    for _ in range(150):
        message = lot.choice(
            [
                {"do": "filter", "rule": lot.choice(rules)},
                {"do": "sort", "by": lot.choice(["iou", "margin", "gain", "things"]), "descending": lot.random() < 0.5},
                {"do": "page", "page": lot.randrange(-2, 5)},
                {"do": "open", "id": lot.choice([*ids, "nobody"])},
                {"do": "step", "by": lot.choice([-20, -1, 1, 20])},
                {"do": "select", "ids": lot.sample(ids, 3), "on": lot.random() < 0.5},
            ]
        )
        try:
            changed = explored.act(message)
        except OptionError:
            changed = set()
        assert changed <= set(PARTS)
        told = explored.listing()
        assert 0 <= told["page"] < told["pages"]
        assert (explored.case is None) == (told["primary"] is None)
        if explored.case is not None:
            assert explored.case.sample_id == told["primary"]
        if told["position"] is not None:
            assert explored.state.listed_ids()[told["position"]] == told["primary"]


def test_what_cannot_be_explored_is_told(tmp_path, toy_run):
    with pytest.raises(StorageError, match="no folder"):
        Session(tmp_path / "nothing")
    with pytest.raises(OptionError, match="threshold"):
        Session(toy_run, threshold=0.0)
    empty = copied(toy_run, tmp_path / "empty")
    for part in (empty / "parts").iterdir():
        part.unlink()
    with pytest.raises(StorageError, match="no rows yet"):
        Session(empty)


def test_a_threshold_of_ones_own_decides_what_is_right_and_a_string_opens_a_run(toy_run, tmp_path):
    strict = Session(str(copied(toy_run, tmp_path / "toy")), threshold=1.0, author="ann")
    assert strict.about()["threshold"] == 1.0
    assert strict.facets()["summary"]["right"] == 0
    loose = Session(tmp_path / "toy", threshold=0.5, author="ann")
    assert loose.facets()["summary"]["right"] > 0


def test_a_run_with_detail_light_shows_boxes_of_its_proposals(tmp_path):
    found = session(made(tmp_path / "light", detail="light"))
    found.act({"do": "open", "id": "5-0"})
    first = found.sample().info["proposals"][0]
    assert first["place"] == 1
    assert first["chosen"] is True
    assert len(first["outline"]) == 1
    assert len(first["outline"][0]) == 8
    assert found.blame() == []


def test_passes_and_words_are_blamed_where_the_run_kept_their_maps(explored):
    explored.act({"do": "open", "id": "5-0"})
    assert isinstance(explored.blame(), list)


def test_an_export_never_takes_the_place_of_a_file_of_the_run(tmp_path):
    run = ix.evaluate(ToySystem(), ToySet(1), tmp_path / "kept")
    manifest = run.path / "manifest.json"
    before = manifest.read_bytes()
    with pytest.raises(OptionError, match="belongs to the run"):
        Session(run).act({"do": "export", "path": str(manifest)})
    assert manifest.read_bytes() == before
