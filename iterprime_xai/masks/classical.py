"""Mask proposals without a model: what stands out from the background, and neighbouring regions merged step by step.

Three sources, all at no more than ``SIDE`` pixels on the long side: (1) pieces that differ from a smooth background, at
several thresholds; (2) regions of what differs from it, merged by colour and by compactness, so that things that touch
come apart and things of many colours stay whole; (3) regions of the whole picture, merged by colour, for pictures
without a smooth background. The regions themselves are found at half of those pixels a side, in a quarter of the time: a thing
has its outline from what differs from the background, which is as fine as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from iterprime_xai.masks.merging import Box, Cluster, Cost, clusters, merge_tree, neighbours
from iterprime_xai.records import OptionError, Proposals
from iterprime_xai.records.packed import held

SIDE = 320
"""Longest side, in pixels, at which regions are found."""
LIMIT = 120
THRESHOLDS = (6.0, 10.0, 14.0, 20.0, 28.0)
"""Distances from the background colour (CIELAB units) at which pieces are taken."""
LEAST_SHARE = 0.002
"""Smallest mask, as a share of the picture."""
SAME = 0.9
"""Two masks with at least this IoU are one."""

_REGION_SIDE = 160
_REGION_SCALE = 30
_REGION_PIXELS = 12
_LIGHTNESS = 0.3
_THING_SHARE = 0.05
_FITTED_SIDE = 64
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


class _Candidate(NamedTuple):
    """A mask, cut to its box."""

    mask: np.ndarray
    box: Box
    area: int
    score: float


def classical_proposals(image: Image.Image, *, limit: int = LIMIT) -> Proposals:
    """Candidate masks of an upright RGB picture at its own resolution, at most ``limit``, the likeliest first.

    The score of a mask (0 to 1) is the mean strength of the edges along its outline (the picture's own border counts as
    none) times (area / 5 % of the picture) ** 0.35, at most 1: otherwise the parts of things, which have sharp outlines
    too, would push the things out of the list.
    Deterministic. A picture without any structure gives one mask: all of it. Regions follow Felzenszwalb and
    Huttenlocher (2004), their merging is in the manner of selective search (Uijlings et al., 2013). Raises
    ``OptionError`` for a limit below 1.
    """
    from skimage.color import rgb2lab

    if limit < 1:
        raise OptionError(f"limit must be at least 1, but got {limit}.")
    size = _fitted(image.width, image.height, SIDE)
    small = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX))
    lab = rgb2lab(small)
    distance = background_distance(lab)
    regions = _regions(small)
    standing_out = np.where(distance > THRESHOLDS[1], regions, -1)
    cuts = [
        *_pieces(distance),
        *_merged(standing_out, lab, _by_colour),
        *_merged(standing_out, lab, _by_compactness),
        *_merged(regions, lab, _by_colour),
    ]
    kept = _distinct(cuts, _edges(lab), limit) or [_everything(lab)]
    scores = np.array([candidate.score for candidate in kept], np.float32)
    masks = held(_enlarged(kept, size, image.size), (image.height, image.width))
    return Proposals(masks, scores, f"classical regions (skimage, at {size[0]} x {size[1]}, limit {limit})")


def _enlarged(kept: list[_Candidate], size: tuple[int, int], whole: tuple[int, int]) -> Iterator[np.ndarray]:
    """The masks of a picture of ``size`` = (width, height), one by one, for the ``whole`` picture: bool (height, width)."""
    rows, columns = _nearest(whole[1], size[1]), _nearest(whole[0], size[0])
    for candidate in kept:
        top, left, bottom, right = candidate.box
        y, x = np.searchsorted(rows, (top, bottom)), np.searchsorted(columns, (left, right))
        mask = np.zeros((whole[1], whole[0]), bool)
        wide = candidate.mask[:, columns[x[0] : x[1]] - left]
        mask[y[0] : y[1], x[0] : x[1]] = wide[rows[y[0] : y[1]] - top]
        yield mask


def _fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """Width and height with the longer at most ``side``, no pixel lost altogether."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def background_distance(lab: np.ndarray) -> np.ndarray:
    """How far every pixel's colour is from a smooth background, in CIELAB units, (height, width).

    The background is a quadratic surface in each channel, fitted to the picture's border first and then to all that
    lies near it, with weights that fall with the distance.
    """
    height, width = lab.shape[:2]
    y, x = (np.arange(height) + 0.5) / height - 0.5, (np.arange(width) + 0.5) / width - 0.5
    step = 1 + min(height, width) // _FITTED_SIDE  # a surface of six numbers needs no more pixels than that
    terms, colours = _quadratic(y[::step], x[::step]), lab[::step, ::step].reshape(-1, 3).T
    weight = (np.abs(terms[1:3]).max(axis=0) > 0.46).astype(np.float64)
    if not weight.any():
        weight[:] = 1
    for _ in range(6):
        weighted = terms * weight
        # The small diagonal keeps pictures of a few pixels solvable.
        coefficients = np.linalg.solve(weighted @ terms.T + 1e-6 * np.eye(6), weighted @ colours.T)
        distance = np.linalg.norm(colours - coefficients.T @ terms, axis=0)
        spread = max(float(np.median(distance[weight > 0])), 2.0)
        weight = 1 / (1 + (distance / (2 * spread)) ** 4)
    rest = lab.reshape(-1, 3).T - coefficients.T @ _quadratic(y, x)
    return np.sqrt((rest * rest).sum(axis=0)).reshape(height, width)


def _quadratic(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The six terms of a quadratic surface at every point of the grid, (6, points)."""
    y, x = (axis.ravel() for axis in np.meshgrid(y, x, indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y])


def _pieces(distance: np.ndarray) -> list[tuple[np.ndarray, Box]]:
    """Connected pieces above each threshold, and the same with their holes filled."""
    from scipy import ndimage

    found = []
    for threshold in THRESHOLDS:
        labels, _ = ndimage.label(distance > threshold)
        for piece, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
            mask = labels[rows, columns] == piece
            box = (rows.start, columns.start, rows.stop, columns.stop)
            if np.count_nonzero(mask) >= LEAST_SHARE * distance.size:
                found += [(mask, box), (_filled(mask), box)]
    return found


def _filled(mask: np.ndarray) -> np.ndarray:
    """The mask with its holes filled: what no path of neighbours outside the mask joins to the border."""
    from scipy import ndimage

    empty = np.ones((mask.shape[0] + 2, mask.shape[1] + 2), bool)
    np.logical_not(mask, out=empty[1:-1, 1:-1])
    labels, count = ndimage.label(empty, _CROSS)
    return mask if count == 1 else labels[1:-1, 1:-1] != labels[0, 0]


def _regions(small: np.ndarray) -> np.ndarray:
    """Regions of a colour, found at no more than ``_REGION_SIDE`` pixels, at the size of ``small``."""
    from skimage.segmentation import felzenszwalb

    height, width = small.shape[:2]
    size = _fitted(width, height, _REGION_SIDE)
    coarse = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BOX))
    regions = felzenszwalb(coarse, scale=_REGION_SCALE, sigma=0.5, min_size=_REGION_PIXELS).astype(np.int64)
    return regions[_nearest(height, size[1])[:, None], _nearest(width, size[0])]


def _merged(labels: np.ndarray, lab: np.ndarray, cost: Cost) -> list[tuple[np.ndarray, Box]]:
    """Nodes of the merge tree, holes filled, without those that hardly add to a part of theirs. Label -1 stays out."""
    if not (labels >= 0).any():
        return []
    present = np.bincount(labels.ravel() + 1) > 0
    labels = (np.cumsum(present) - 1 - int(present[0]))[labels + 1]
    nodes = merge_tree(clusters(labels, lab), neighbours(labels), cost)
    inside = np.zeros(int(labels.max()) + 2, bool)  # the last place is that of label -1
    found = []
    shown: list[int] = []  # area of the largest mask that was taken at or below each node
    for node in nodes:
        shown.append(max((shown[part] for part in node.parts), default=0))
        if node.area >= LEAST_SHARE * labels.size and shown[-1] < SAME * node.area:
            shown[-1] = node.area
            top, left, bottom, right = node.box
            inside[:] = False
            inside[list(node.regions)] = True
            found.append((_filled(inside.take(labels[top:bottom, left:right])), node.box))
    return found


def _by_colour(one: Cluster, other: Cluster) -> float:
    """Ward's criterion on colours, hue and chroma counting more than lightness: shades of one thing go together first."""
    (lightness, a, b), (other_lightness, other_a, other_b) = one.colour, other.colour
    apart = _LIGHTNESS**2 * (lightness - other_lightness) ** 2 + (a - other_a) ** 2 + (b - other_b) ** 2
    return one.area * other.area / (one.area + other.area) * apart


def _by_compactness(one: Cluster, other: Cluster) -> float:
    """The box around both: small ones, and those that fill one another's gaps, go together first."""
    height = max(one.box[2], other.box[2]) - min(one.box[0], other.box[0])
    width = max(one.box[3], other.box[3]) - min(one.box[1], other.box[1])
    return float(height * width)


def _edges(lab: np.ndarray) -> np.ndarray:
    """Strength of the strongest colour edge within a pixel, 0 to 1 (0.5 at ten CIELAB units a pixel)."""
    from scipy import ndimage

    squares = [ndimage.gaussian_gradient_magnitude(lab[..., k], 1.0, mode="nearest") ** 2 for k in range(3)]
    strength = ndimage.maximum_filter(np.sqrt(sum(squares)), 3)
    return strength / (strength + 10)


def _distinct(cuts: list[tuple[np.ndarray, Box]], edges: np.ndarray, limit: int) -> list[_Candidate]:
    """The best candidates by score, larger ones first where equal, no two of them the same."""
    candidates = sorted((_scored(mask, box, edges) for mask, box in cuts), key=lambda each: (-each.score, -each.area))
    kept: list[_Candidate] = []
    areas, boxes = np.zeros(limit, np.int64), np.zeros((limit, 4), np.int64)
    for candidate in candidates:
        before, box = areas[: len(kept)], boxes[: len(kept)]
        # What differs in size or lies apart needs no look at its pixels.
        close = np.minimum(before, candidate.area) >= SAME * np.maximum(before, candidate.area)
        close &= (np.maximum(box[:, :2], candidate.box[:2]) < np.minimum(box[:, 2:], candidate.box[2:])).all(axis=1)
        if not any(_same(candidate, kept[place]) for place in np.flatnonzero(close)):
            areas[len(kept)], boxes[len(kept)] = candidate.area, candidate.box
            kept.append(candidate)
            if len(kept) == limit:
                break
    return kept


def _scored(mask: np.ndarray, box: Box, edges: np.ndarray) -> _Candidate:
    top, left, bottom, right = box
    outline = mask.copy()
    outline[1:-1, 1:-1] &= ~(mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:])
    area = int(np.count_nonzero(mask))
    whole = min(1.0, area / (_THING_SHARE * edges.size)) ** 0.35
    return _Candidate(mask, box, area, whole * float(edges[top:bottom, left:right][outline].mean()))


def _same(one: _Candidate, other: _Candidate) -> bool:
    if min(one.area, other.area) < SAME * max(one.area, other.area):
        return False
    top, left = max(one.box[0], other.box[0]), max(one.box[1], other.box[1])
    bottom, right = min(one.box[2], other.box[2]), min(one.box[3], other.box[3])
    if top >= bottom or left >= right:
        return False
    shared = int(np.count_nonzero(_cut(one, top, left, bottom, right) & _cut(other, top, left, bottom, right)))
    return shared >= SAME * (one.area + other.area - shared)


def _cut(candidate: _Candidate, top: int, left: int, bottom: int, right: int) -> np.ndarray:
    y, x = candidate.box[:2]
    return candidate.mask[top - y : bottom - y, left - x : right - x]


def _everything(lab: np.ndarray) -> _Candidate:
    height, width = lab.shape[:2]
    return _Candidate(np.ones((height, width), bool), (0, 0, height, width), height * width, 0.0)


def _nearest(length: int, small: int) -> np.ndarray:
    """For each of ``length`` pixels the nearest of ``small``."""
    return np.minimum(((np.arange(length) + 0.5) * small / length).astype(np.int64), small - 1)
