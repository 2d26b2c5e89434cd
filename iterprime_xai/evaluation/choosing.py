"""The choice among one picture's proposals by many heatmaps, with what does not depend on the heatmap done once."""

from __future__ import annotations

import numpy as np

from iterprime_xai.masks import select
from iterprime_xai.masks.selection import best_first, default_scores, matches, priors
from iterprime_xai.records.heatmap import box_of, is_blank
from iterprime_xai.records.packed import areas
from iterprime_xai.records.patches import patch_shares
from iterprime_xai.records.proposals import Proposals


class Chooser:
    """Chooses as :func:`iterprime_xai.masks.select` does, about thirty times faster when asked again for one picture.

    Rule ``default`` is that of ``masks.selection``, part by part, with the patch shares found once for each grid; any other rule
    is asked of ``select``.
    """

    def __init__(self, proposals: Proposals) -> None:
        self.proposals = proposals
        self.areas = areas(proposals.masks)
        self._priors = priors(proposals)
        self._shares: dict[tuple[int, ...], np.ndarray] = {}

    def choose(self, heatmap: np.ndarray, rule: str) -> int | None:
        """Index of the proposal that ``rule`` chooses; ``None`` for a blank heatmap, which tells nothing, or without proposals."""
        if not len(self.proposals) or is_blank(heatmap):
            return None
        if rule != "default":
            return select(self.proposals, heatmap, rule=rule).answer
        if heatmap.shape not in self._shares:
            self._shares[heatmap.shape] = patch_shares(self.proposals.masks, heatmap.shape)
        scores = default_scores(matches(self._shares[heatmap.shape], heatmap), self._priors)
        return int(best_first(scores, self.proposals.scores, self.areas)[0])

    def best_iou(self, mask: np.ndarray) -> float:
        """The largest overlap that any of the proposals has with ``mask`` (bool, height x width): what no choice can exceed."""
        left, top, right, bottom = box_of(mask) or (0, 0, 0, 0)
        if not len(self.proposals) or right == left:
            return 0.0
        inside = mask[top:bottom, left:right]
        shared = np.array([np.count_nonzero(each[top:bottom, left:right] & inside) for each in self.proposals.masks])
        return float((shared / (self.areas + np.count_nonzero(mask) - shared)).max())
