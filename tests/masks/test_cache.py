"""Kept proposals are read instead of made, are made again when damaged, and are safe for many processes."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.masks.cache import KeptPromptedProposals, KeptProposals, kept
from iterprime_xai.masks.prompted import PromptedSam, PromptSettings
from iterprime_xai.masks.proposer import PromptedProposer, Proposer
from iterprime_xai.masks.proposers import load_proposer
from iterprime_xai.records import Proposals, StorageError, packed
from iterprime_xai.records.packed import PackedMasks


class Counting:
    """Says one mask, the right half of the picture, and counts how often it is asked."""

    name = "counting"

    def __init__(self, setting: int = 1) -> None:
        self.setting, self.asked = setting, 0

    def describe(self) -> dict[str, object]:
        return {"proposer": "counting", "setting": self.setting}

    def propose(self, image: Image.Image) -> Proposals:
        self.asked += 1
        masks = np.zeros((2, image.height, image.width), bool)
        masks[0, :, image.width // 2 :] = True
        return Proposals(masks, np.array([0.25, -1e-10], np.float32), f"counting {self.setting}")


@pytest.fixture
def image(picture) -> Image.Image:
    return picture


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.is_file())


def test_a_picture_is_cut_once_for_all_who_ask_with_the_same_settings(image, tmp_path) -> None:
    one, two = Counting(), Counting()
    first = KeptProposals(one, tmp_path).propose(image)
    second = KeptProposals(two, tmp_path).propose(image.copy())
    assert (one.asked, two.asked) == (1, 0)
    np.testing.assert_array_equal(first.masks, second.masks)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert first.source == second.source
    assert isinstance(second.masks, np.ndarray)
    assert not second.masks.flags.writeable
    assert len(_files(tmp_path)) == 1


def test_another_pixel_or_another_setting_is_made_anew(image, tmp_path) -> None:
    other = image.copy()
    other.putpixel((0, 0), (1, 2, 3))
    inner = Counting()
    proposer = KeptProposals(inner, tmp_path)
    for each in (image, other, image, other):
        proposer.propose(each)
    assert inner.asked == 2
    changed = Counting(2)
    assert KeptProposals(changed, tmp_path).propose(image).source == "counting 2"
    assert len(_files(tmp_path)) == 3


@pytest.mark.parametrize("damage", ["cut", "empty", "foreign", "swapped"])
def test_a_damaged_file_is_made_again_with_a_notice(image, tmp_path, damage) -> None:
    inner = Counting()
    proposer = KeptProposals(inner, tmp_path)
    right = proposer.propose(image)
    (path,) = _files(tmp_path)
    content = path.read_bytes()
    if damage == "swapped":
        proposer.propose(Image.new("RGB", image.size))
        (other,) = set(_files(tmp_path)) - {path}
        path.write_bytes(other.read_bytes())
    else:
        path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "foreign": b"nothing"}[damage])
    before = inner.asked
    with pytest.warns(UserWarning, match="made again"):
        again = proposer.propose(image)
    assert inner.asked == before + 1
    np.testing.assert_array_equal(again.masks, right.masks)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        proposer.propose(image)
    assert inner.asked == before + 1


def test_a_flipped_byte_never_gives_other_masks(image, tmp_path) -> None:
    inner = Counting()
    proposer = KeptProposals(inner, tmp_path)
    right = proposer.propose(image)
    (path,) = _files(tmp_path)
    content = path.read_bytes()
    for place in range(0, len(content), len(content) // 50):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = proposer.propose(image)
        np.testing.assert_array_equal(found.masks, right.masks)
        np.testing.assert_array_equal(found.scores, right.scores)
    assert inner.asked > 25


def test_masks_of_a_large_picture_stay_packed_and_none_at_all_keep_their_size(image, tmp_path, monkeypatch) -> None:
    inner = Counting()
    KeptProposals(inner, tmp_path).propose(image)
    monkeypatch.setattr(packed, "DENSE_BYTES", 10)
    found = KeptProposals(inner, tmp_path).propose(image)
    assert isinstance(found.masks, PackedMasks)
    assert inner.asked == 1
    for _ in range(2):
        assert load_proposer("classical", cache=tmp_path).propose(image).masks.shape[1:] == (image.height, image.width)
    empty = Counting()
    empty.propose = lambda image: Proposals(np.zeros((0, 96, 128), bool), np.zeros(0, np.float32), "none found")  # type: ignore[method-assign]
    for _ in range(2):
        assert KeptProposals(empty, tmp_path / "empty").propose(image).masks.shape == (0, 96, 128)


def test_a_folder_that_cannot_be_written_is_named(image, tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        KeptProposals(Counting(), tmp_path / "file").propose(image)


def test_prompted_masks_are_kept_for_their_heatmap(image, tmp_path) -> None:
    class Sam:
        weights = "none"
        asked = 0

        def embed(self, image):
            self.asked += 1
            return image

        def at(self, picture, points, box):
            return np.ones((3, picture.height, picture.width), bool), np.ones(3)

    sam = Sam()
    heat = np.eye(4, dtype=np.float32)
    for each in (heat, heat.copy(), heat[:, ::-1], heat):
        proposer = kept(PromptedSam(sam, PromptSettings(), name="sam@peaks"), tmp_path)  # no picture is remembered
        assert isinstance(proposer, PromptedProposer)
        assert len(proposer.propose_at(image, each))
    assert sam.asked == 2
    plain = kept(Counting(), tmp_path)
    assert isinstance(plain, Proposer)
    assert not isinstance(plain, PromptedProposer)
    assert isinstance(load_proposer("classical", cache=tmp_path), KeptProposals)
    assert not isinstance(load_proposer("none", cache=tmp_path), KeptPromptedProposals)


WRITER = """
import sys
import numpy as np
from PIL import Image
from iterprime_xai.masks.proposers import load_proposer
images = [Image.fromarray(np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)) for seed in range(12)]
proposer = load_proposer("classical", cache=sys.argv[1], limit=3)
print([proposer.propose(image).scores.tolist() for image in images])
"""


def test_processes_that_write_at_once_agree(tmp_path) -> None:
    command = [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert len({out for out, _ in said}) == 1
    assert len(_files(tmp_path)) == 12  # and no temporary file
