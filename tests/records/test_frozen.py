"""What a record holds cannot be changed, neither through the record nor through the arrays it was made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.records import Expression, Grounding, Pass, Proposals, WordMap
from iterprime_xai.records.expression import Word

PARTS = ("heatmap", "mask", "masks", "scores", "pass heatmap", "blended", "keep", "word")


@pytest.fixture
def given() -> dict[str, np.ndarray]:
    """The caller's own arrays, all writable and 0."""
    flags = {"mask", "keep", "masks"}
    shapes = {"mask": (4, 6), "masks": (2, 4, 6), "scores": (2,)}
    return {name: np.zeros(shapes.get(name, (2, 3)), bool if name in flags else np.float32) for name in PARTS}


@pytest.fixture
def grounding(given: dict[str, np.ndarray]) -> Grounding:
    word = WordMap("dog", (0, 3), given["word"])
    look = Pass(given["pass heatmap"], given["blended"], given["keep"], 0.0, 0.5, (word,))
    return Grounding(
        image=Image.new("RGB", (6, 4)),
        expression=Expression("dog", (Word("dog", (0, 3), True, "NOUN"),), 0, (0, 3)),
        heatmap=given["heatmap"],
        passes=(look,),
        box=None,
        point=None,
        proposals=Proposals(given["masks"], given["scores"], "given"),
        mask=given["mask"],
    )


def held(grounding: Grounding) -> dict[str, np.ndarray]:
    look, proposals = grounding.passes[0], grounding.proposals
    assert proposals is not None
    assert grounding.mask is not None
    values = (grounding.heatmap, grounding.mask, proposals.masks, proposals.scores)
    return dict(
        zip(PARTS, (*values, look.heatmap, look.blended, look.keep, look.words[0].heatmap), strict=True),
    )


@pytest.mark.parametrize("part", PARTS)
def test_arrays_cannot_be_written_and_the_callers_stay_apart(
    grounding: Grounding, given: dict[str, np.ndarray], part: str
) -> None:
    with pytest.raises(ValueError, match="read-only"):
        held(grounding)[part][...] = 1
    given[part][...] = 1
    assert not held(grounding)[part].any()


def test_a_loaded_grounding_and_a_changed_copy_are_read_only_too(grounding: Grounding, tmp_path: Path) -> None:
    for other in (Grounding.load(grounding.save(tmp_path / "a")), replace(grounding, trace=("x",))):
        assert not any(values.flags.writeable for values in held(other).values())


def test_an_array_that_is_read_only_already_is_not_copied() -> None:
    masks = np.zeros((2, 4, 6), bool)
    masks.setflags(write=False)
    assert Proposals(masks, np.ones(2, np.float32), "test").masks is masks


def test_parameters_are_a_copy_in_depth(grounding: Grounding) -> None:
    parameters = {"recipe": {"passes": [1, 2]}}
    made = replace(grounding, parameters=parameters)
    parameters["recipe"]["passes"].append(3)
    assert made.parameters == {"recipe": {"passes": [1, 2]}}
