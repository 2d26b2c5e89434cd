"""``data check`` finds what a folder holds, what is missing, and what differs from the published counts."""

from __future__ import annotations

import json
from pathlib import Path

import published_layouts as layouts
import pytest
from typer.testing import CliRunner

from iterprime_xai import cli
from iterprime_xai.data import checking
from iterprime_xai.data.checking import check_folder
from iterprime_xai.data.published import PUBLISHED, Counts
from iterprime_xai.records import StorageError


def _invoke(*arguments: object):
    return CliRunner().invoke(cli.app, ["data", *map(str, arguments)])


def test_counts_of_every_split_are_told_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        checking,
        "PUBLISHED",
        PUBLISHED | {"refcoco@unc": {"val": Counts(2, 3, 4), "testA": Counts(1, None, 2), "testB": Counts(None, 5, 6)}},
    )
    layouts.refcoco(tmp_path)
    (found,) = check_folder(tmp_path)
    assert found.name == "refcoco@unc"
    val, test, lost = found.splits
    assert (val.split, val.counts, val.whole) == ("val", Counts(2, 3, 4), True)
    assert (lost.split, lost.counts, lost.whole) == ("testB", Counts(0, 0, 0), False)
    assert (test.counts, test.differs) == (Counts(1, 1, 1), True)
    result = _invoke("check", tmp_path)
    assert result.exit_code == 4
    assert "val               2 images        3 refs        4 expressions   as published" in result.output
    assert "DIFFERS: 2 expressions published" in result.output
    assert check_folder(tmp_path / "refcoco") == [found]  # the data set's own folder


def test_missing_pictures_and_refs_that_do_not_fit_are_counted(tmp_path: Path) -> None:
    layouts.refclef(tmp_path)
    refs = [
        layouts.ref(1, 999, 7, "val", layouts.sentences("dog")),
        layouts.ref(2, 70, 7, "val", layouts.sentences("cat")),
    ]
    layouts.write_refer_layout(tmp_path, "mine", refs, layouts.instances(7), images="images/mine")
    mine, clef = check_folder(tmp_path)
    assert (clef.name, clef.splits[0].missing_images) == ("refclef@unc", 1)
    assert clef.splits[0].first_missing == str(tmp_path / "images/saiapr_tc-12/8.jpg")
    assert (mine.splits[0].faults, mine.splits[0].missing_images) == (1, 0)
    result = _invoke("check", tmp_path)
    assert "1 images missing, the first is" in result.output
    assert "1 refs do not fit; Ref 1 of mine speaks of annotation 999" in result.output
    assert result.exit_code == 4


def test_a_malformed_set_is_one_line_and_the_others_are_told(tmp_path: Path) -> None:
    layouts.write_refer_layout(
        tmp_path,
        "mine",
        [layouts.ref(1, 70, 7, "val", layouts.sentences("dog"))],
        layouts.instances(7),
        images="images/mine",
    )
    layouts.refcoco(tmp_path)
    (tmp_path / "refcoco" / "instances.json").write_text("{", encoding="utf-8")
    (tmp_path / "lonely").mkdir()
    (tmp_path / "lonely" / "refs(unc).p").write_bytes(b"x")
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / "instances.json").write_text("{}", encoding="utf-8")
    result = _invoke("check", tmp_path)
    assert result.exit_code == 4
    assert "Traceback" not in result.output
    lines = result.output.splitlines()
    assert any(line.startswith("refcoco@unc: ") and "is not JSON" in line for line in lines)
    assert any(line.startswith("lonely@unc: There is no file") for line in lines)
    assert any(line.startswith("silent: ") and "no refs(...).p" in line for line in lines)
    assert any(line.startswith("  val ") and "1 expressions" in line for line in lines)


def test_every_kind_of_data_set_is_found(tmp_path: Path) -> None:
    layouts.phrasecut(tmp_path)
    layouts.grefcoco(tmp_path)
    layouts.write_parquet(tmp_path / "lmms-lab/RefCOCO/data/val-0.parquet", layouts.lmms_rows())
    layouts.write_parquet(tmp_path / "jxu124/refcoco/data/test-0.parquet", layouts.jxu_rows())
    layouts.write_parquet(tmp_path / "moondream/refcoco-m/data/validation-0.parquet", layouts.moondream_rows())
    found = {each.name: each.splits for each in check_folder(tmp_path)}
    assert list(found) == [
        "grefcoco@unc",
        "phrasecut",
        "hub:lmms-lab/RefCOCO",
        "hub:jxu124/refcoco",
        "hub:moondream/refcoco-m",
    ]
    assert [(each.split, each.counts) for each in found["phrasecut"]] == [
        ("val", Counts(2, None, 4)),
        ("miniv", Counts(1, None, 1)),
    ]
    assert found["hub:lmms-lab/RefCOCO"][0].counts == Counts(2, 4, 5)
    assert found["hub:jxu124/refcoco"][0].counts == Counts(1, 2, 3)
    assert found["hub:jxu124/refcoco"][0].missing_images == 0
    assert found["hub:moondream/refcoco-m"][0].counts == Counts(2, 3, 4)
    assert found["hub:moondream/refcoco-m"][0].published == Counts(1190, 2080, 5598)
    alone = check_folder(tmp_path / "moondream/refcoco-m")
    assert [each.name for each in alone] == ["hub:moondream/refcoco-m"]


def test_ones_own_pictures_are_checked(tmp_path: Path) -> None:
    layouts.picture(1).save(tmp_path / "a.png")
    (tmp_path / "phrases.csv").write_text("image,phrase\na.png,x\nb.png,y\na.png,z\n", encoding="utf-8")
    (found,) = check_folder(tmp_path)
    assert (found.splits[0].counts, found.splits[0].missing_images) == (Counts(2, None, 3), 1)
    (tmp_path / "phrases.csv").write_text("image\na.png\n", encoding="utf-8")
    assert "no column 'phrase'" in (check_folder(tmp_path)[0].problem or "")


def test_json_values_and_the_exit_code_agree(tmp_path: Path) -> None:
    layouts.grefcoco(tmp_path)
    result = _invoke("check", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.output)
    assert values["whole"] is True
    assert values["sets"][0]["splits"][0]["counts"] == {"images": 1, "refs": 6, "expressions": 6}


def test_a_folder_with_nothing_and_no_folder_are_told(tmp_path: Path) -> None:
    result = _invoke("check", tmp_path)
    assert (result.exit_code, "no data set that is known" in result.output) == (4, True)
    with pytest.raises(StorageError, match="no folder"):
        check_folder(tmp_path / "gone")


def test_published_counts_add_up_to_the_published_totals() -> None:
    def total(name: str, what: str) -> int:
        return sum(getattr(each, what) for each in PUBLISHED[name].values())

    assert (total("refcoco@unc", "images"), total("refcoco@unc", "refs")) == (19_994, 50_000)
    assert total("refcoco@unc", "expressions") == 142_210  # its page says 142,209
    assert [total("refcoco+@unc", what) for what in ("images", "refs", "expressions")] == [19_992, 49_856, 141_564]
    assert total("refcocog@umd", "refs") == 49_822


def test_every_kind_of_name_is_listed() -> None:
    result = _invoke("list")
    assert result.exit_code == 0
    assert "refcocog[@umd|@google]:SPLIT" in result.output
    assert "folder:PATH" in result.output
