"""A sample of a run opened with its picture, or with what is wrong with it."""

from __future__ import annotations

import pytest

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.evaluation.failures.case import open_case
from iterprime_xai.records import OptionError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two phrases by a system without a model: one of a picture that is there, one of a picture cut short."""
    folder = tmp_path_factory.mktemp("own")
    bundled_samples()[0].image.save(folder / "whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:3000])
    (folder / "phrases.csv").write_text("image,phrase,id\nwhole.png,the red bike,a\ncut.png,the tree,b\n")
    return ix.evaluate("centre", f"folder:{folder}", folder / "run", proposals="classical", detail="full")


def test_a_sample_is_opened_with_picture_grounding_and_type(run):
    case = open_case(run, "a")
    assert case.image.size == case.grounding.image.size == (336, 336)
    assert case.grounding.mask.sum() == case.row["chosen_area"]
    assert (case.failure.type, case.gold, case.problem) == ("unlabelled", None, "")


def test_a_damaged_picture_is_told_and_does_not_stop(run):
    case = open_case(run, "b")
    assert case.image is None
    assert case.grounding is None
    assert "cut.png is damaged" in case.problem
    assert case.text == ""


def test_a_picture_that_is_gone_is_told_and_an_unknown_id_is_refused(run):
    picture = run.path.parent / "whole.png"
    content = picture.read_bytes()
    picture.unlink()
    try:
        case = open_case(run, "a")
    finally:
        picture.write_bytes(content)
    assert (case.image, case.grounding) == (None, None)
    assert "whole.png" in case.problem
    with pytest.raises(OptionError, match="has no sample 'c'"):
        open_case(run, "c")
