"""The reports that compare runs, judge explanations and describe a checkpoint, executed whole in their smallest form."""

from __future__ import annotations

import re
from html import unescape

import pytest

pytest.importorskip("papermill")

from notebook_files import MOST_BYTES, loaded_from_elsewhere, pictures

from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.records import LayerError, OptionError, StorageError
from iterprime_xai.reports import run

pytestmark = pytest.mark.notebook

SECTIONS = {
    "compare": (
        "Every metric",
        "Right and wrong",
        "What one mends and breaks",
        "Which phrases",
        "Which words",
        "Where they part",
        "Settings and versions",
    ),
    "explanation_quality": (
        "What may be believed",
        "Localisation and faithfulness",
        "Who fails the sanity checks",
        "Steadiness and cost",
        "The maps themselves",
        "Settings and versions",
    ),
    "model_card": (
        "What it is",
        "What it was trained on",
        "Which layer looks",
        "Which heads look",
        "Does it know what it says",
        "Sanity checks",
        "Speed",
        "Settings and versions",
    ),
}


def headings(page: str) -> list[str]:
    return [unescape(each).rstrip("¶") for each in re.findall(r"<h2[^>]*>([^<]*)", page)]


def tables(page: str) -> list[str]:
    return re.findall(r"<table.*?</table>", page, re.DOTALL)


def check_page(name: str, page: str, least: int) -> None:
    """What every report has: its sections in order, pictures with a text inside, nothing from elsewhere, no complaint."""
    assert headings(page) == list(SECTIONS[name])
    assert len(page.encode()) < MOST_BYTES
    assert loaded_from_elsewhere(page) == []
    assert len(pictures(page)) >= least
    assert not re.search(r"<img[^>]+alt=(?:\"\"|\"figure\"|\"No description)", page)
    assert "Traceback (most" not in page
    assert "stderr" not in re.findall(r'<pre class="([^"]*)"', page)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two floors on 24 scenes, without a model: they differ in many phrases."""
    folder = tmp_path_factory.mktemp("runs")
    for system in ("centre", "largest", "random"):
        evaluate(system, "scenes:val", folder / system, limit=24, progress=False)
    return folder


def compared(runs, out, **others):
    given = {"run": str(runs / "centre"), "against": str(runs / "largest"), "smoke": True, **others}
    return run("compare", given, out).read_text(encoding="utf-8")


def test_two_runs_are_compared_twice_with_the_same_tables(runs, tmp_path):
    page = compared(runs, tmp_path / "one.html", more=[str(runs / "random")])
    check_page("compare", page, 4)
    assert "by mIoU" in page
    for name in ("centre", "largest", "random"):
        assert f">{name}<" in page
    assert "McNemar" in page
    again = compared(runs, tmp_path / "two.html", more=[str(runs / "random")])
    assert tables(page) == tables(again)
    assert len(tables(page)) >= 7


def test_the_two_runs_are_at_the_foot_by_their_keys_and_without_their_folders(runs, tmp_path):
    page = compared(runs, tmp_path / "one.html", by="", limit=1)
    foot = page[page.index("Settings and versions") :]
    assert "scenes:val" in foot
    assert str(runs) not in foot
    assert "No tag was asked for" in page


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"against": ""}, OptionError, "only run is given"),
        ({"against": "no such run"}, StorageError, "no such run"),
        ({"by": "knd"}, OptionError, "No phrase has a tag 'knd'"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_message(runs, tmp_path, given, error, said):
    with pytest.raises(error, match=said):
        compared(runs, tmp_path / "x.html", **given)
    assert [path.name for path in tmp_path.iterdir()] == ["x.failed.ipynb"]


def test_out_of_the_box_two_systems_are_compared_on_scenes(tmp_path):
    page = run("compare", {"smoke": True}, tmp_path / "x.html").read_text(encoding="utf-8")
    check_page("compare", page, 3)
    assert "iterprime" in page
    assert "gradcam" in page


def test_methods_are_judged_and_the_floors_stand_beside_them(tmp_path):
    page = run("explanation_quality", {"smoke": True}, tmp_path / "x.html").read_text(encoding="utf-8")
    check_page("explanation_quality", page, 3)
    for name in ("gradcam", "rollout", "uniform", "centre", "random", "edges"):
        assert f">{name}<" in page
    assert "Of 2 methods" in page
    assert "Checked on" in page


def test_methods_and_layer_are_ones_to_choose(tmp_path, model_folder):
    given = {"model": str(model_folder), "methods": ["attention"], "layer": 1, "curves": False, "smoke": True}
    page = run("explanation_quality", given, tmp_path / "x.html").read_text(encoding="utf-8")
    assert "Of 1 method," in page
    assert "deletion not measured" in page
    for wrong, error, said in (
        ({"methods": ["gradcan"]}, OptionError, "Did you mean 'gradcam'"),
        ({"layer": 99}, LayerError, "99"),
    ):
        with pytest.raises(error, match=said):
            run("explanation_quality", {**given, **wrong}, tmp_path / "y.html")


def test_the_card_of_the_bundled_model_says_what_it_rests_on(tmp_path):
    page = run("model_card", {"smoke": True}, tmp_path / "x.html").read_text(encoding="utf-8")
    check_page("model_card", page, 3)
    for said in ("layer 3", "What it learned from", "encode the picture", "torch thread", "true above false twin"):
        assert said in page
    assert "Measured on 6 phrases only" in page


def test_a_checkpoint_that_nobody_validated_is_said_to_be_that(tmp_path, model_folder):
    given = {"model": str(model_folder), "smoke": True}
    page = unescape(run("model_card", given, tmp_path / "x.html").read_text(encoding="utf-8"))
    assert "not validated for this checkpoint" in page
    assert "No threshold was measured" in page
    assert "nothing here says what it was trained on" in page
