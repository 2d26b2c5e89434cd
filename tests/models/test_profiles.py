"""The profile in a model's folder: read back as written, and refused where it makes no sense."""

from __future__ import annotations

import json

import pytest

from iterprime_xai.models.profiles import FILE, Profile, read, write
from iterprime_xai.records import ModelLoadError, OptionError


def test_a_profile_survives_its_file(tmp_path):
    profile = Profile(2, "enc", "scenes:val", "drawn scenes", closed_vocabulary=True, threshold=0.375)
    write(profile, tmp_path)
    assert read(tmp_path) == profile


def test_a_folder_without_one_and_an_older_one_without_threshold(tmp_path):
    assert read(tmp_path) is None
    (tmp_path / FILE).write_text('{"layer": 1}', encoding="utf-8")
    assert read(tmp_path).threshold is None


@pytest.mark.parametrize("threshold", [-0.1, 1.5, "0.5", True, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(tmp_path, threshold):
    with pytest.raises(OptionError, match="probability"):
        Profile(threshold=threshold)
    (tmp_path / FILE).write_text(json.dumps({"threshold": threshold}), encoding="utf-8")
    with pytest.raises(ModelLoadError, match="threshold"):
        read(tmp_path)
