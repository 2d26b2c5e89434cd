"""SAM prompted by a heatmap: a point and a box at each of its peaks, for the thing that the model looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from iterprime_xai.data.images import sha256
from iterprime_xai.masks.checked import at_least
from iterprime_xai.masks.sam_automatic import check_fits
from iterprime_xai.masks.sam_checkpoint import needs_extra
from iterprime_xai.masks.weights import weights_sha256
from iterprime_xai.records import OptionError, ProposalError, Proposals
from iterprime_xai.records.heatmap import box_of, is_blank
from iterprime_xai.records.packed import held

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class PromptSettings:
    """Which prompts are read off a heatmap.

    ``peaks``: at most so many. ``least``: a peak has at least this share of the hottest patch's heat. ``apart``: peaks are
    further than this from one another, as a share of the grid's longer side. ``region``: the box goes around the patches that
    hang together with the peak and have at least this share of its heat.
    """

    peaks: int = 3
    least: float = 0.5
    apart: float = 0.15
    region: float = 0.5

    def __post_init__(self) -> None:
        at_least(self, {"peaks": 1, "least": 0.0, "apart": 0.0, "region": 0.0})
        if max(self.least, self.region) > 1:
            raise OptionError(
                f"least and region are shares of a peak, at most 1, but got {self.least} and {self.region}."
            )


class Prompt(NamedTuple):
    """One peak, in pixels: its point (x, y) and the box (left, top, right, bottom) around it."""

    point: tuple[float, float]
    box: tuple[float, float, float, float]


class Promptable(Protocol):
    """A SAM that embeds a picture once and is then asked about points and boxes in it."""

    @property
    def weights(self) -> str:
        """A hash of its weights."""
        ...

    def embed(self, image: Image.Image) -> Any: ...

    def at(
        self, picture: Any, points: Sequence[tuple[float, float]], box: Sequence[float] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Masks, bool (3, height, width), and their predicted IoU (3,), for the points and the box of one thing."""
        ...


def prompts_of(heatmap: np.ndarray, size: tuple[int, int], settings: PromptSettings) -> list[Prompt]:
    """The prompts at the peaks of a heatmap (rows, columns), the hottest first, for a picture of ``size`` = (height, width).

    A peak is a patch that no neighbour exceeds, a plateau one patch, the first in reading order; a peak near a hotter one is
    none. Points are centres of patches. A blank heatmap has none.
    """
    if is_blank(heatmap):
        return []
    from scipy import ndimage

    heat = np.clip(heatmap.astype(np.float64) / float(heatmap.max()), 0, None)
    (rows, columns), (height, width) = heat.shape, size
    high = (heat == ndimage.maximum_filter(heat, 3, mode="nearest")) & (heat >= settings.least) & (heat > 0)
    places = sorted(np.argwhere(high).tolist(), key=lambda place: -heat[tuple(place)])  # stable: ties in reading order
    reach = max(settings.apart * max(rows, columns), 1.5)  # neighbours on a plateau are one peak
    found: list[tuple[int, int]] = []
    for row, column in places:
        if len(found) < settings.peaks and all(np.hypot(row - y, column - x) > reach for y, x in found):
            found.append((row, column))
    prompts = []
    for row, column in found:
        labels, _ = ndimage.label(heat >= settings.region * heat[row, column])
        left, top, right, bottom = box_of(labels == labels[row, column]) or (column, row, column + 1, row + 1)
        across, down = width / columns, height / rows
        point = ((column + 0.5) * across, (row + 0.5) * down)
        prompts.append(Prompt(point, (left * across, top * down, right * across, bottom * down)))
    return prompts


class PromptedSam:
    """Masks where a heatmap is hot: three for the point of each peak, three for its point and box, three for all points together.

    Their scores are SAM's predicted IoU. Empty masks are left out and counted. A picture is embedded once for all heatmaps that
    follow one another.
    """

    def __init__(self, sam: Promptable, settings: PromptSettings, *, name: str) -> None:
        self.sam, self.settings, self.name = sam, settings, name
        self._last: tuple[str, Any] | None = None

    def describe(self) -> dict[str, object]:
        return {
            "proposer": "sam at the peaks of a heatmap",
            "version": 1,
            "weights": self.sam.weights,
            **asdict(self.settings),
        }

    def propose(self, image: Image.Image) -> Proposals:
        """Raises ``ProposalError``: without a heatmap there is nothing to point at."""
        raise ProposalError(
            f"{self.name} is asked where a heatmap is hot, so it goes with systems that have one (iterprime, gradcam); use "
            f"{self.name.removesuffix('@peaks')} for masks of the whole picture."
        )

    def propose_at(self, image: Image.Image, heatmap: np.ndarray) -> Proposals:
        """The masks at the peaks of a heatmap (rows, columns) on the picture. Raises ``ProposalError`` for a picture too thin."""
        size = (image.height, image.width)
        prompts = prompts_of(heatmap, size, self.settings)
        scores: list[float] = []
        empty = 0

        def masks() -> Iterator[np.ndarray]:
            nonlocal empty
            picture = self._embedded(image)
            for points, box in _asked(prompts):
                for mask, score in zip(*self.sam.at(picture, points, box), strict=True):
                    if mask.any():
                        scores.append(float(score))
                        yield mask
                    else:
                        empty += 1

        found = held(masks() if prompts else (), size)
        peaks = f"SAM at {len(prompts)} peaks of the heatmap" if prompts else "a blank heatmap has no peak"
        left = f", {empty} empty masks left out" if empty else ""
        return Proposals(found, np.array(scores, np.float32), f"{self.name} ({peaks}{left})")

    def _embedded(self, image: Image.Image) -> Any:
        key = sha256(image)
        last = self._last  # taken once: another thread may look at another picture meanwhile
        if last is None or last[0] != key:
            last = self._last = (key, self.sam.embed(image))
        return last[1]


def _asked(prompts: Sequence[Prompt]) -> Iterator[tuple[list[tuple[float, float]], tuple[float, ...] | None]]:
    for prompt in prompts:
        yield [prompt.point], None
        yield [prompt.point], prompt.box
    if len(prompts) > 1:
        yield [prompt.point for prompt in prompts], None


class OriginalSam:
    """segment-anything's predictor as a `Promptable`."""

    def __init__(self, sam: Any) -> None:
        self.sam = sam

    @cached_property
    def weights(self) -> str:
        return weights_sha256(self.sam)

    def embed(self, image: Image.Image) -> Any:
        """A predictor that holds the embedded picture."""
        try:
            from segment_anything import SamPredictor
        except ImportError as error:
            raise needs_extra("SAM", error) from error
        check_fits(image, self.sam.image_encoder.img_size)
        predictor = SamPredictor(self.sam)
        predictor.set_image(np.asarray(image))
        return predictor

    def at(
        self, picture: Any, points: Sequence[tuple[float, float]], box: Sequence[float] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Promptable`."""
        masks, scores, _ = picture.predict(
            np.array(points), np.ones(len(points), int), None if box is None else np.array(box), multimask_output=True
        )
        return masks, scores
