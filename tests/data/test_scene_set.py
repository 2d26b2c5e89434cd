"""Scenes as a data set hold what the scenes' samples hold, and any picture can be taken alone."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from iterprime_xai.data import scene_set
from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.data.scene_set import SceneSet
from iterprime_xai.data.scenes import samples, synonyms
from iterprime_xai.records import OptionError, StorageError


@pytest.mark.parametrize("count", [1, 8, 30])
def test_the_samples_are_those_of_the_generator_in_any_order(count: int) -> None:
    data = SceneSet("testA", count, seed=3)
    entries = list(data.pictures())
    taken = {entry.image_id: data.samples_of(entry) for entry in reversed(entries)}
    found = [sample for entry in entries for sample in taken[entry.image_id]]
    wanted = list(samples("testA", count, seed=3))
    assert [each.id for each in found] == [each.id for each in wanted]
    assert [each for entry in entries for each in entry.sample_ids] == [each.id for each in wanted]
    for new, old in zip(found, wanted, strict=True):
        assert (new.text, new.tags, new.other_categories) == (old.text, old.tags, old.other_categories)
        assert new.tags["image_id"] in taken
        np.testing.assert_array_equal(np.asarray(new.image), np.asarray(old.image))
        np.testing.assert_array_equal(new.mask, old.mask)


@pytest.mark.parametrize(("split", "index"), [("val", 32), ("testB", 90)])
def test_where_the_count_cuts_a_scene_short_the_generators_samples_are_found(split: str, index: int) -> None:
    # Of val's scene 32 one is found if two are asked for, and none if one is; of testB's 90 another two if only two are.
    name = f"{split}-0-{index:06d}"
    start = sum(len(each.sample_ids) for each in SceneSet(split, 300).pictures() if each.image_id < name)
    for count in (start + 1, start + 2):
        data = SceneSet(split, count)
        last = [sample.text for entry in data.pictures()[-3:] for sample in data.samples_of(entry)]
        assert last == [each.text for each in samples(split, count, size=16)][-len(last) :]


def test_an_entry_cut_down_by_a_limit_gives_what_is_left_of_it() -> None:
    data = SceneSet("val", 9)
    entry = data.pictures()[1]
    (second,) = data.samples_of(PictureEntry(entry.image_id, entry.sample_ids[1:2]))
    assert (second.id, second.text) == (entry.sample_ids[1], data.samples_of(entry)[1].text)


def test_listing_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_set, "drawn_samples", None)
    data = SceneSet("val", 60)
    assert sum(len(entry.sample_ids) for entry in data.pictures()) == 60


def test_another_process_gives_the_same_samples() -> None:
    data = SceneSet("ood", 9)
    entry = data.pictures()[1]
    again = pickle.loads(pickle.dumps(data))
    assert [each.text for each in again.samples_of(entry)] == [each.text for each in data.samples_of(entry)]
    assert again.describe() == {"data": "scenes", "split": "ood", "count": 9, "seed": 0, "size": 336}


def test_what_is_not_in_the_set_is_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'testA'"):
        SceneSet("testa")
    with pytest.raises(OptionError, match="at least 1"):
        SceneSet("val", 0)
    data = SceneSet("val", 9)
    for image_id in ("val-1-000000", "testA-0-000000", "val-0-x"):
        with pytest.raises(StorageError, match="has no picture"):
            data.samples_of(PictureEntry(image_id, ("a",)))
    with pytest.raises(StorageError, match="has no sample 'a'"):
        data.samples_of(PictureEntry("val-0-000000", ("a",)))


def test_synonyms_are_the_words_for_the_same_thing() -> None:
    table = synonyms()
    assert table["puppy"] == table["dog"] == {"dog", "puppy"}
    assert table["child"] == {"kid", "child"}
    assert table["horse"] == {"horse"}
    for word, same in table.items():
        assert word in same
        assert all(table[other] == same for other in same)
