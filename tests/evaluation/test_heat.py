"""Heat-in-object and peak-in-object, on maps whose answer is plain."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.evaluation.heat import heat_in_object, heat_table, peak_in_object
from iterprime_xai.records import OptionError, Sample

LEFT = np.zeros((8, 8), bool)
LEFT[:, :4] = True
PICTURE = Image.new("RGB", (8, 8))


def _hot(row: int, column: int, value: float = 1.0) -> np.ndarray:
    heatmap = np.zeros((4, 4), np.float32)
    heatmap[row, column] = value
    return heatmap


def test_flat_heat_lies_in_the_object_as_its_area_does():
    assert heat_in_object(np.ones((4, 4), np.float32), LEFT) == pytest.approx(0.5)


def test_heat_on_and_off_the_object():
    assert heat_in_object(_hot(0, 0), LEFT) > 0.95
    assert heat_in_object(_hot(0, 3), LEFT) < 0.05


def test_magnitude_does_not_matter_and_negative_heat_is_no_heat():
    assert heat_in_object(_hot(1, 0, 1e-10), LEFT) == pytest.approx(heat_in_object(_hot(1, 0), LEFT), rel=1e-4)
    assert heat_in_object(-np.ones((4, 4), np.float32), LEFT) == 0.0


def test_peak_falls_on_the_centre_of_the_hottest_patch():
    assert peak_in_object(_hot(2, 1), LEFT)
    assert not peak_in_object(_hot(2, 2), LEFT)


@pytest.mark.parametrize("blank", [np.zeros((4, 4), np.float32), _hot(0, 0) - 1, np.full((4, 4), np.nan, np.float32)])
def test_a_blank_map_has_no_peak_to_hit_with_and_is_counted(blank):
    assert not peak_in_object(blank, LEFT)
    row = heat_table(lambda *_: blank, [_sample("1", "x", "position")])[0]
    assert (row.peak.mean, row.heat.mean, row.blank) == (0.0, 0.0, 1)


def test_a_mask_that_is_not_bool_is_refused():
    with pytest.raises(OptionError, match="uint8"):
        heat_in_object(_hot(0, 0), LEFT.astype(np.uint8))


def _sample(identity: str, text: str, kind: str, mask: np.ndarray | None = LEFT) -> Sample:
    return Sample(identity, PICTURE, text, mask, others=(~LEFT,), tags={"kind": kind, "image_id": identity})


def test_table_has_a_row_for_all_and_for_each_kind_beside_the_blind_rules():
    maps = {"hit": _hot(0, 0), "miss": _hot(0, 3), "blank": np.zeros((4, 4), np.float32)}
    samples = [_sample("1", "hit", "position"), _sample("2", "miss", "position"), _sample("3", "blank", "relation")]
    rows = {row.kind: row for row in heat_table(lambda _image, text: maps[text], samples)}
    assert list(rows) == ["all", "position", "relation"]
    assert rows["all"].peak.mean == pytest.approx(1 / 3)
    assert rows["position"].peak.mean == 0.5
    assert rows["position"].heat.mean == pytest.approx(0.5, abs=0.01)
    assert (rows["relation"].heat.mean, rows["relation"].blank, rows["relation"].count) == (0.0, 1, 1)
    assert rows["all"].area == 0.5
    assert rows["all"].guess == 0.5


def test_pictures_on_disk_are_read(tmp_path):
    path = tmp_path / "picture.png"
    Image.new("L", (8, 8), 9).save(path)
    seen = []
    heat_table(lambda image, _text: seen.append((image.mode, image.size)) or _hot(0, 0), [Sample("1", path, "x", LEFT)])
    assert seen == [("RGB", (8, 8))]


def test_pictures_on_disk_are_turned_upright(tmp_path):
    path, exif = tmp_path / "picture.jpg", Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(path, exif=exif)
    seen = []
    heat_table(lambda image, _text: seen.append(image.size) or _hot(0, 0), [Sample("1", path, "x", LEFT)])
    assert seen == [(4, 8)]


def test_a_sample_without_truth_is_refused_by_name():
    with pytest.raises(OptionError, match="Sample 7"):
        heat_table(lambda *_: _hot(0, 0), [_sample("7", "x", "position", None)])
