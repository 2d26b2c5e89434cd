"""Maps by taking something away and asking again: occlusion, feature ablation and RISE, on pixels or on patches as keys.

On **pixels** what is taken away becomes the mean colour, and the whole model looks again each time. On **keys** the words may not
attend to the patches that are taken away: the picture is encoded once and only the text side is asked again, which is what
refinement does. The two ask different things: the image tower has already spread what a patch shows over its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
import torch

from iterprime_xai.models import Ask, Batches
from iterprime_xai.models.whole_graph import differentiating, look_through
from iterprime_xai.records import OptionError, ProposalError
from iterprime_xai.records.patches import patch_shares
from iterprime_xai.saliency.method import Saliency, Subject, on_patches, whole_number

if TYPE_CHECKING:
    from iterprime_xai.models.reading_matcher import ReadingMatcher

Over = Literal["pixels", "keys"]
AT_ONCE = 16
"""Changed pictures that the model looks at together."""


def check_over(over: str) -> None:
    """Raises ``OptionError`` for what nothing can be taken away from."""
    if over not in get_args(Over):
        raise OptionError(f"over must be one of {', '.join(get_args(Over))}, but got {over!r}.")


@dataclass(frozen=True, slots=True)
class Occlusion:
    """How far the match logit falls when a window of ``window`` x ``window`` patches is hidden, the mean over the windows that hold
    a patch; windows move by ``stride`` patches.

    0 for a window of a fifth of the grid's shorter side, moved by half of itself: 49 to 196 windows on a square grid of 7 to 36
    patches a side.
    """

    window: int = 0
    stride: int = 0
    over: Over = "pixels"
    name: ClassVar[str] = "occlusion"
    title: ClassVar[str] = "occlusion"
    cost: ClassVar[str] = "1 forward pass a window (49 to 196)"
    paper: ClassVar[str] = "Zeiler, Fergus, ECCV 2014"
    reads_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole_number("window", self.window, least=0)
        whole_number("stride", self.stride, least=0)
        check_over(self.over)

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        rows, columns = matcher.grid
        window = min(self.window or max(1, round(min(rows, columns) / 5)), rows, columns)
        stride = self.stride or max(1, window // 2)
        corners = [(top, left) for top in _starts(rows, window, stride) for left in _starts(columns, window, stride)]
        hidden = np.zeros((len(corners), rows, columns), bool)
        for place, (top, left) in enumerate(corners):
            hidden[place, top : top + window, left : left + window] = True
        return falls(matcher, subject, hidden, self.over)


@dataclass(frozen=True, slots=True)
class Ablation:
    """How far the match logit falls when a region is hidden: each region's fall on its own patches, by their cover.

    Regions are the proposals where the picture has some, and else superpixels: about ``regions`` of them (SLIC).
    """

    regions: int = 64
    over: Over = "pixels"
    name: ClassVar[str] = "ablation"
    title: ClassVar[str] = "feature ablation over regions"
    cost: ClassVar[str] = "1 forward pass a region (about 64)"
    paper: ClassVar[str] = "Kokhlikyan et al., Captum, 2020; SLIC: Achanta et al., TPAMI 2012"
    reads_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole_number("regions", self.regions, least=2)
        check_over(self.over)

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        covers = self._covers(matcher.grid, subject)
        if not len(covers):
            raise ProposalError(
                "ablation hides one region at a time, but there is none: the proposals are empty. Leave proposals out for "
                "superpixels."
            )
        return falls(matcher, subject, covers >= 0.5, self.over)

    def _covers(self, grid: tuple[int, int], subject: Subject) -> np.ndarray:
        """The share of each patch that lies in each region: (regions, rows, columns)."""
        if subject.proposals is not None:
            return patch_shares(subject.proposals.masks, grid)
        from PIL import Image
        from skimage.segmentation import slic

        rows, columns = grid
        # One pixel a patch is all that can be hidden: regions are sought on the grid, eight pixels a patch.
        small = subject.picture.resize((columns * 8, rows * 8), Image.Resampling.BILINEAR)
        labels = slic(np.asarray(small), n_segments=min(self.regions, rows * columns), compactness=10, start_label=0)
        return np.stack([on_patches((labels == label).astype(float), grid) for label in range(labels.max() + 1)])


@dataclass(frozen=True, slots=True)
class Rise:
    """The mean of ``masks`` random soft masks weighted by the match probability that is left under each.

    A mask is a coarse grid of ``cells`` x ``cells`` zeros and ones (ones with probability ``keep``), enlarged and shifted.
    """

    masks: int = 256
    cells: int = 7
    keep: float = 0.5
    seed: int = 0
    over: Over = "pixels"
    name: ClassVar[str] = "rise"
    title: ClassVar[str] = "RISE"
    cost: ClassVar[str] = "1 forward pass a mask (256)"
    paper: ClassVar[str] = "Petsiuk, Das, Saenko, BMVC 2018"
    reads_layer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole_number("masks", self.masks)
        whole_number("cells", self.cells, least=2)
        check_over(self.over)
        whole_number("seed", self.seed, least=0)
        if not (isinstance(self.keep, int | float) and 0 < self.keep < 1):
            raise OptionError(f"keep must be a share between 0 and 1, but got {self.keep!r}.")

    def look(self, matcher: ReadingMatcher, subject: Subject) -> Saliency:
        masks = random_masks(matcher.grid, self.masks, self.cells, self.keep, self.seed)
        if self.over == "keys":
            masks = (masks >= 0.5).astype(np.float32)
            masks[~masks.any((1, 2))] = 1  # something has to be left to look at
        logits, probabilities = asked(matcher, subject, masks, self.over)
        weights = probabilities[1:, None, None]
        heatmap = (weights * masks).sum(0) / np.maximum(masks.sum(0), 1e-6)
        return Saliency(heatmap.astype(np.float32), float(logits[0]), float(probabilities[0]))


def random_masks(grid: tuple[int, int], count: int, cells: int, keep: float, seed: int) -> np.ndarray:
    """RISE's masks on the grid: float32 (count, rows, columns) from 0 to 1."""
    from PIL import Image

    rows, columns = grid
    rng = np.random.default_rng(seed)
    high, wide = -(-rows // cells), -(-columns // cells)
    found = np.empty((count, rows, columns), np.float32)
    for place in range(count):
        coarse = (rng.random((cells + 1, cells + 1)) < keep).astype(np.float32)
        size = (cells + 1) * wide, (cells + 1) * high
        large = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR))
        top, left = rng.integers(high), rng.integers(wide)
        found[place] = large[top : top + rows, left : left + columns]
    return found


def falls(matcher: ReadingMatcher, subject: Subject, hidden: np.ndarray, over: Over) -> Saliency:
    """How far the logit falls where each set of patches is ``hidden`` (n, rows, columns): the mean over those sets."""
    logits, probabilities = asked(matcher, subject, 1 - hidden.astype(np.float32), over)
    fall = (logits[0] - logits[1:])[:, None, None] * hidden
    heatmap = fall.sum(0) / np.maximum(hidden.sum(0), 1)
    return Saliency(heatmap.astype(np.float32), float(logits[0]), float(probabilities[0]))


def asked(matcher: ReadingMatcher, subject: Subject, shown: np.ndarray, over: Over) -> tuple[np.ndarray, np.ndarray]:
    """Logits and probabilities, float64 (1 + n,): of the picture, and of what is ``shown`` of it, 0 to 1 (n, rows, columns)."""
    if over == "keys":
        asks = [Ask(subject.image, subject.text)]
        asks += [Ask(subject.image, subject.text, each >= 0.5) for each in shown]
        matches = Batches(matcher).match_all(asks)
        return np.array([each.logit for each in matches]), np.array([each.probability for each in matches])
    scores = pixel_scores(matcher, subject)
    pixels = matcher.pixels_of([subject.picture])
    (rows, columns), side = matcher.grid, pixels.shape[-1]
    found = [scores(pixels)]
    for start in range(0, len(shown), AT_ONCE):
        some = torch.from_numpy(np.ascontiguousarray(shown[start : start + AT_ONCE])).to(pixels)
        large = some.repeat_interleave(side // rows, 1).repeat_interleave(side // columns, 2)
        found.append(scores(pixels * large[:, None]))  # 0 is the mean colour
    together = np.concatenate(found, 1)
    return together[0], together[1]


def pixel_scores(matcher: ReadingMatcher, subject: Subject) -> Callable[[Any], np.ndarray]:
    """Asks for the match of the subject's text with pixels (n, 3, side, side): logits and probabilities, float64 (2, n)."""

    def scores(pixels: torch.Tensor) -> np.ndarray:
        with differentiating(matcher), torch.no_grad():
            found = look_through(matcher, pixels, subject.text)
        return torch.stack((found.logit, found.probability)).double().cpu().numpy()

    return scores


def _starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows begin, the last one at the end."""
    found = list(range(0, length - window + 1, stride))
    return found if found[-1] == length - window else [*found, length - window]
