"""Scenes as a data set: samples, matching pairs and the bundled sample."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.data.scenes import SPLITS, Description, bundled_samples, generate, matching_pairs, samples
from iterprime_xai.data.scenes import bundled as bundled_module
from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.matching import told_by_nouns, told_by_positions
from iterprime_xai.data.scenes.statements import KINDS
from iterprime_xai.records import OptionError, StorageError


@pytest.mark.parametrize("split", SPLITS)
def test_samples_carry_picture_masks_and_tags(split: str) -> None:
    found = list(samples(split, 20, size=112))
    assert len(found) == 20
    assert len({sample.id for sample in found}) == 20
    for sample in found:
        assert isinstance(sample.image, Image.Image)
        assert sample.image.size == (112, 112)
        assert sample.image.mode == "RGB"
        assert sample.mask is not None
        assert sample.mask.any()
        assert len(sample.others) == len(sample.other_categories)
        assert not any((sample.mask & other).any() for other in sample.others)
        assert sample.tags["split"] == split
        assert sample.tags["domain"] == "scenes"
        assert sample.tags["primary"] in sample.text.split()
        assert set(sample.tags) == {"split", "kind", "domain", "category", "primary", "context", "image_id"}


def test_samples_are_the_same_each_time_and_a_longer_run_begins_like_a_shorter_one() -> None:
    short, long = list(samples("val", 9, seed=3, size=64)), list(samples("val", 15, seed=3, size=64))
    for one, other in zip(short[:8], long, strict=False):
        assert (one.id, one.text, one.tags) == (other.id, other.text, other.tags)
        np.testing.assert_array_equal(np.asarray(one.image), np.asarray(other.image))
    assert [each.text for each in samples("val", 9, seed=4, size=64)] != [each.text for each in short]


def test_samples_of_one_picture_follow_each_other_and_share_it() -> None:
    found = list(samples("testA", 30, size=64))
    groups = [list(group) for _, group in groupby(found, key=lambda sample: sample.tags["image_id"])]
    assert len(groups) == len({sample.tags["image_id"] for sample in found})
    for group in groups:
        assert 1 <= len(group) <= 3
        assert all(sample.image is group[0].image for sample in group)


def test_unknown_splits_are_refused_at_once() -> None:
    with pytest.raises(OptionError, match="testB"):
        samples("dev", 1)
    with pytest.raises(OptionError, match="testB"):
        matching_pairs("dev", 1)


def test_no_picture_of_one_split_is_in_another() -> None:
    seen: dict[tuple, str] = {}
    for split in SPLITS:
        for index in range(60):
            assert seen.setdefault(generate(0, index, split).things, split) == split


def test_matching_pairs_serve_every_kind_equally_often_one_a_picture() -> None:
    found = list(matching_pairs("val", 80, size=32))
    kinds = Counter(pair.kind for pair in found)
    assert set(kinds) == {kind for kind, _ in KINDS}
    assert max(kinds.values()) - min(kinds.values()) <= 6
    assert len({pair.id for pair in found}) == 80
    assert [(pair.id, pair.true) for pair in matching_pairs("val", 10, size=32)] == [
        (pair.id, pair.true) for pair in found[:10]
    ]


def test_priors_are_told_by_what_a_shortcut_would_see() -> None:
    scene = generate(0, 0, "val")
    present = scene.things[0].noun
    absent = next(name for name in ("dog", "key", "bus") if all(thing.noun != name for thing in scene.things))
    assert told_by_nouns(scene, Statement(Description(absent), definite=False))
    assert not told_by_nouns(scene, Statement(Description(present, colour="red"), definite=False))
    assert not told_by_positions(scene, Statement(Description(absent), definite=False))


def test_a_category_pair_is_told_by_nouns_alone() -> None:
    pairs = [pair for pair in matching_pairs("val", 80, size=32) if pair.kind == "category"]
    assert pairs
    assert all(pair.told_by_nouns for pair in pairs)


def test_the_first_bundled_sample_is_the_bike_left_of_the_tree() -> None:
    found = bundled_samples()
    first = found[0]
    assert first.text == "the bike left of the tree"
    assert first.tags["primary"] == "bike"
    assert first.tags["context"] == "tree"
    assert first.other_categories.count("bike") == 1
    assert "tree" in first.other_categories
    assert first.mask is not None
    other = first.others[first.other_categories.index("bike")]
    tree = first.others[first.other_categories.index("tree")]
    centres = [np.nonzero(mask)[1].mean() for mask in (first.mask, tree, other)]
    assert centres == sorted(centres)


def test_bundled_samples_are_twelve_scenes_of_every_kind() -> None:
    found = bundled_samples()
    assert len({sample.tags["image_id"] for sample in found}) == 12
    assert {sample.tags["kind"] for sample in found} == {kind for kind, _ in KINDS}
    assert len({sample.id for sample in found}) == len(found)
    for sample in found:
        assert isinstance(sample.image, Image.Image)
        assert sample.image.size == (336, 336)
        assert sample.mask is not None
        assert sample.mask.shape == (336, 336)
        assert sample.mask.sum() > 300
        assert sample.tags["primary"] in sample.text.split()


def test_missing_bundled_files_are_named(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_module, "FOLDER", tmp_path)
    with pytest.raises(StorageError, match="reinstall"):
        bundled_samples()
    (tmp_path / "scenes.json").write_text(json.dumps({"scenes": [{"image": "gone.png"}]}), encoding="utf-8")
    with pytest.raises(StorageError, match=r"gone\.png"):
        bundled_samples()
