"""A grounding survives a file bit for bit, and no file can hurt the one who opens it."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.records import (
    Expression,
    Grounding,
    Pass,
    Proposals,
    RankedProposal,
    Selection,
    SpatialCue,
    StorageError,
    Word,
    WordMap,
    archive,
)
from iterprime_xai.records.packed import PackedMasks, pack


def _heatmap(seed: int, scale: float = 1e-10) -> np.ndarray:
    return (np.random.default_rng(seed).random((3, 4)) * scale).astype(np.float32)


@pytest.fixture
def grounding() -> Grounding:
    rng = np.random.default_rng(0)
    words = (WordMap("bike", (4, 8), _heatmap(2)), WordMap("träe", (21, 25), _heatmap(3)))
    keep = np.ones((3, 4), bool)
    keep[1, 2] = False
    masks = rng.random((5, 31, 43)) > 0.5
    return Grounding(
        image=Image.fromarray(rng.integers(0, 256, (31, 43, 3), dtype=np.uint8)),
        expression=Expression(
            text="the bike left of the träe",
            words=(
                Word("the", (0, 3), False, "DET"),
                Word("bike", (4, 8), True, "NOUN"),
                Word("left", (9, 13), True, "ADJ"),
                Word("of", (14, 16), False, "ADP"),
                Word("the", (17, 20), False, "DET"),
                Word("träe", (21, 25), True, "NOUN"),
            ),
            primary=1,
            primary_span=(4, 8),
            cues=(SpatialCue("left of", (9, 16), "relative", "left", 5),),
            parser="rules",
            confidence=0.75,
        ),
        heatmap=_heatmap(1),
        passes=(
            Pass(_heatmap(1), _heatmap(4), np.ones((3, 4), bool), 1.25, 0.7772998611746911, words),
            Pass(_heatmap(5), _heatmap(6), keep, float("-inf"), 0.0, words[:1], False, "the match fell"),
        ),
        box=(3, 4, 20, 30),
        point=(5, 6),
        proposals=Proposals(masks, rng.random(5).astype(np.float32), "classical"),
        selection=Selection(
            ranking=(
                RankedProposal(3, 0.5, {"inside": 0.25, "peak": 1.0}),
                RankedProposal(0, -np.inf, {"inside": 0.0}),
            ),
            answer=3,
            margin=0.25,
            rule="default",
            reason="it holds the heat",
        ),
        mask=masks[3],
        trace=("read", "looked <b>twice</b>"),
        parameters={"layer": 2, "passes": [1, 2], "model": {"name": "tiny", "revision": None}, "alpha": 0.2, "x": True},
    )


def _same(a: object, b: object) -> bool:
    """Equality through records, down to dtype, shape and every value."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, Image.Image):
        return isinstance(b, Image.Image) and a.mode == b.mode and _same(np.asarray(a), np.asarray(b))
    if dataclasses.is_dataclass(a):
        names = [each.name for each in dataclasses.fields(a)]
        return type(a) is type(b) and all(_same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


def _rewritten(path: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """A copy of a saved file with some parts replaced, or left out where the new content is ``None``."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = changes.get(name, source.read(name))
            if content is not None:
                copy.writestr(name, content)
    return target


def _read_document(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("grounding.json"))


def _changed_document(path: Path, target: Path, **changes: object) -> Path:
    with zipfile.ZipFile(path) as source:
        document = json.loads(source.read("grounding.json")) | changes
    return _rewritten(path, target, {"grounding.json": json.dumps(document).encode()})


def test_everything_comes_back_bit_for_bit(grounding: Grounding, tmp_path: Path) -> None:
    path = grounding.save(tmp_path / "new" / "folder" / "bike.grounding.zip")

    assert path == tmp_path / "new" / "folder" / "bike.grounding.zip"
    assert _same(Grounding.load(path), grounding)
    assert [each.name for each in path.parent.iterdir()] == ["bike.grounding.zip"]


def test_the_comparison_used_here_sees_a_change_of_one_bit(grounding: Grounding) -> None:
    heatmap = grounding.heatmap.copy()
    heatmap[2, 3] = np.nextafter(heatmap[2, 3], np.float32(1))
    assert _same(grounding, dataclasses.replace(grounding))
    assert not _same(grounding, dataclasses.replace(grounding, heatmap=heatmap))


@pytest.mark.parametrize("scale", [1e-10, 1e-40, 0.0, 1e30])
def test_the_magnitude_of_a_heatmap_survives(grounding: Grounding, tmp_path: Path, scale: float) -> None:
    heatmap = _heatmap(9, scale)
    assert (heatmap.max() > 0) == (scale > 0)
    loaded = Grounding.load(dataclasses.replace(grounding, heatmap=heatmap).save(tmp_path / "a.zip"))
    np.testing.assert_array_equal(loaded.heatmap, heatmap)


def test_a_grounding_without_masks_comes_back_without_masks(grounding: Grounding, tmp_path: Path) -> None:
    bare = dataclasses.replace(grounding, proposals=None, selection=None, mask=None, box=None, point=None)
    loaded = Grounding.load(bare.save(str(tmp_path / "a")))
    assert (loaded.proposals, loaded.selection, loaded.mask, loaded.box, loaded.point) == (None,) * 5


def test_no_proposals_at_all_keep_their_shape(grounding: Grounding, tmp_path: Path) -> None:
    none = Proposals(np.zeros((0, 31, 43), bool), np.zeros(0, np.float32), "given")
    loaded = Grounding.load(dataclasses.replace(grounding, proposals=none).save(tmp_path / "a"))
    assert loaded.proposals is not None
    assert loaded.proposals.masks.shape == (0, 31, 43)


def test_packed_masks_stay_packed_and_only_they_need_the_newer_format(grounding: Grounding, tmp_path: Path) -> None:
    dense = grounding.proposals
    packed = Proposals(pack(dense.masks, dense.masks.shape[1:]), dense.scores, dense.source)
    path = dataclasses.replace(grounding, proposals=packed).save(tmp_path / "packed")
    loaded = Grounding.load(path).proposals
    assert isinstance(loaded.masks, PackedMasks)
    np.testing.assert_array_equal(np.asarray(loaded.masks), dense.masks)
    for file, version in ((path, 2), (grounding.save(tmp_path / "dense"), 1)):
        assert json.loads(zipfile.ZipFile(file).read("grounding.json"))["version"] == version


@pytest.mark.parametrize(
    "change",
    [{"lengths": [1]}, {"boxes": [[0, 0, 999, 1]]}, {"size": [10**6, 10**6]}, {"boxes": [[0, 0]]}, {"lengths": ["a"]}],
)
def test_packed_masks_that_contradict_themselves_are_damaged(
    grounding: Grounding, tmp_path: Path, change: dict
) -> None:
    masks = np.asarray(grounding.proposals.masks)[:1]
    packed = Proposals(pack(masks, masks.shape[1:]), np.ones(1, np.float32), "test")
    path = dataclasses.replace(grounding, proposals=packed, selection=None).save(tmp_path / "packed")
    document = json.loads(zipfile.ZipFile(path).read("grounding.json"))
    document["proposals"]["masks"] |= change
    other = _rewritten(path, tmp_path / "other", {"grounding.json": json.dumps(document).encode()})
    with pytest.raises(StorageError, match="damaged"):
        Grounding.load(other)


def test_the_same_grounding_gives_the_same_bytes(grounding: Grounding, tmp_path: Path) -> None:
    assert grounding.save(tmp_path / "a").read_bytes() == grounding.save(tmp_path / "b").read_bytes()


def test_saving_again_replaces_the_file(grounding: Grounding, tmp_path: Path) -> None:
    grounding.save(tmp_path / "a")
    dataclasses.replace(grounding, trace=("second",)).save(tmp_path / "a")
    assert Grounding.load(tmp_path / "a").trace == ("second",)
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_masks_take_one_bit_a_pixel(grounding: Grounding, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).random((20, 31, 43)) > 0.5
    large = dataclasses.replace(grounding, proposals=Proposals(noise, np.ones(20, np.float32), "noise"))
    grown = large.save(tmp_path / "a").stat().st_size - grounding.save(tmp_path / "b").stat().st_size
    assert grown < 15 * 31 * 43 / 8 * 1.1


def test_what_is_not_a_json_value_is_named_with_its_place(grounding: Grounding, tmp_path: Path) -> None:
    for value, place in [
        ({"a": [1, {"b": np.float32(1)}]}, r"parameters\['a'\]\[1\]\['b'\].*float32"),
        ({"a": Path("x")}, r"parameters\['a'\].*Path"),
        ({"a": float("nan")}, r"parameters\['a'\].*finite"),
        ({"a": {1: 2}}, r"Keys of parameters\['a'\]"),
    ]:
        with pytest.raises(StorageError, match=place):
            dataclasses.replace(grounding, parameters=value).save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_tuple_among_the_parameters_comes_back_as_a_list(grounding: Grounding, tmp_path: Path) -> None:
    loaded = Grounding.load(dataclasses.replace(grounding, parameters={"layers": (1, 2)}).save(tmp_path / "a"))
    assert loaded.parameters == {"layers": [1, 2]}


def test_a_heatmap_of_another_type_is_not_rounded_in_silence(grounding: Grounding, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"float64.*astype\(np\.float32\)"):
        dataclasses.replace(grounding, heatmap=grounding.heatmap.astype(np.float64)).save(tmp_path / "a")


def test_a_picture_that_is_not_rgb_is_refused(grounding: Grounding, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="'L'"):
        dataclasses.replace(grounding, image=grounding.image.convert("L")).save(tmp_path / "a")


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    grounding: Grounding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grounding.save(tmp_path / "a")
    before = (tmp_path / "a").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        dataclasses.replace(grounding, trace=()).save(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_an_interrupt_while_writing_leaves_nothing(
    grounding: Grounding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        grounding.save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_are_named(grounding: Grounding, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StorageError, match="folder"):
        grounding.save(tmp_path)
    with pytest.raises(StorageError, match="Cannot write"):
        grounding.save(tmp_path / "file" / "a")
    with pytest.raises(StorageError, match=r"Expected a path.*int"):
        grounding.save(3)  # type: ignore[arg-type]


def test_files_that_hold_no_grounding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    (tmp_path / "empty").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "other", "w") as other:
        other.writestr("readme.txt", "hello")
    with zipfile.ZipFile(tmp_path / "foreign", "w") as foreign:
        foreign.writestr("grounding.json", json.dumps({"format": "something else", "version": 1}))
    for name, message in [
        ("missing", "There is no file"),
        ("text", "does not hold a grounding"),
        ("empty", "does not hold a grounding"),
        ("other", "no grounding.json inside"),
        ("foreign", "another format"),
        (".", "is a folder"),
    ]:
        with pytest.raises(StorageError, match=message):
            Grounding.load(tmp_path / name)


def test_a_newer_format_asks_for_an_update(grounding: Grounding, tmp_path: Path) -> None:
    newer = _changed_document(grounding.save(tmp_path / "a"), tmp_path / "b", version=3)
    with pytest.raises(StorageError, match=r"newer.*format 3.*up to 2.*pip install -U"):
        Grounding.load(newer)


def test_a_file_cut_anywhere_is_refused(grounding: Grounding, tmp_path: Path) -> None:
    content = grounding.save(tmp_path / "a").read_bytes()
    for length in range(0, len(content), len(content) // 40):
        (tmp_path / "cut").write_bytes(content[:length])
        with pytest.raises(StorageError):
            Grounding.load(tmp_path / "cut")


def test_a_flipped_byte_never_gives_another_grounding(grounding: Grounding, tmp_path: Path) -> None:
    content = grounding.save(tmp_path / "a").read_bytes()
    refused = 0
    for place in range(0, len(content), len(content) // 150):
        (tmp_path / "b").write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            loaded = Grounding.load(tmp_path / "b")
        except StorageError:
            refused += 1
        else:  # the byte was one of the zip's own that nobody reads, such as a date
            assert _same(loaded, grounding)
    assert refused > 50


@pytest.mark.parametrize(
    "changes",
    [
        {"passes": None},
        {"box": [1, 2, 3]},
        {"trace": [1]},
        {"heatmap": {"array": "parts/99999.npy"}},
        {"mask": {"bits": "parts/00001.npy", "shape": [31, 43]}},
        {"mask": {"bits": "parts/00000.png", "shape": [31, 43]}},
        {"image": {"picture": "parts/00000.png", "size": [43, 32]}},
        {"version": "one"},
    ],
)
def test_a_wrong_value_inside_is_a_clear_error(
    grounding: Grounding, tmp_path: Path, changes: dict[str, object]
) -> None:
    wrong = _changed_document(grounding.save(tmp_path / "a"), tmp_path / "b", **changes)
    with pytest.raises(StorageError, match="damaged"):
        Grounding.load(wrong)


def test_a_pickle_inside_is_never_run(grounding: Grounding, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    bad = _rewritten(grounding.save(tmp_path / "a"), tmp_path / "b", {"parts/00001.npy": buffer.getvalue()})
    with pytest.raises(StorageError, match="damaged"):
        Grounding.load(bad)
    assert not (tmp_path / "ran").exists()


def test_an_array_that_claims_more_than_it_holds_takes_no_memory(grounding: Grounding, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (2**40,)})
    bad = _rewritten(grounding.save(tmp_path / "a"), tmp_path / "b", {"parts/00001.npy": buffer.getvalue() + b"1234"})
    with pytest.raises(StorageError, match="another length"):
        Grounding.load(bad)


def test_a_zip_bomb_is_not_unpacked(grounding: Grounding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = grounding.save(tmp_path / "a")
    monkeypatch.setattr(archive, "MAX_JSON_BYTES", 1000)
    with pytest.raises(StorageError, match="would take"):
        Grounding.load(path)
    monkeypatch.undo()
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 3000)
    with pytest.raises(StorageError, match="would take"):
        Grounding.load(path)
    with pytest.raises(StorageError, match="at most 3,000 bytes"):
        grounding.save(tmp_path / "b")


def test_masks_that_claim_a_huge_shape_are_not_unpacked(grounding: Grounding, tmp_path: Path) -> None:
    mask = {"bits": "parts/00001.npy", "shape": [2**20, 2**20]}
    bad = _changed_document(grounding.save(tmp_path / "a"), tmp_path / "b", mask=mask)
    with pytest.raises(StorageError, match="not opened"):
        Grounding.load(bad)


def test_a_picture_larger_than_the_limit_is_not_decoded(grounding: Grounding, tmp_path: Path) -> None:
    path = grounding.save(tmp_path / "a")
    with zipfile.ZipFile(path) as source:
        png = source.read("parts/00000.png")
    huge = png[:16] + struct.pack(">II", 60_000, 60_000) + png[24:]
    bad = _rewritten(path, tmp_path / "b", {"parts/00000.png": huge})
    bad = _changed_document(bad, tmp_path / "c", image={"picture": "parts/00000.png", "size": [60_000, 60_000]})
    with pytest.raises(StorageError, match="60000 x 60000"):
        Grounding.load(bad)


def test_further_masks_of_an_answer_come_back_and_only_they_need_the_newer_format(
    grounding: Grounding, tmp_path: Path
) -> None:
    assert grounding.selection is not None
    plain = _read_document(grounding.save(tmp_path / "a"))
    assert plain["version"] == 1
    assert "further" not in plain["selection"]
    several = dataclasses.replace(grounding, selection=dataclasses.replace(grounding.selection, answer=0, further=(1,)))
    path = several.save(tmp_path / "b")
    assert _read_document(path)["version"] == 2
    loaded = Grounding.load(path).selection
    assert loaded is not None
    assert loaded.further == (1,)
    assert loaded.chosen == (0, 1)
    assert Grounding.load(tmp_path / "a").selection == grounding.selection
