"""What each metric of a map means: its definition, range, direction, cost and paper, and when it misleads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    ``function`` is its public name in ``iterprime_xai.evaluation.explanation``. ``direction`` says which end is the good one, and
    ``cost`` the passes of the model that it takes beyond the map itself.
    """

    title: str
    function: str
    definition: str
    range: tuple[float, float]
    direction: Literal["higher", "lower"]
    cost: str
    paper: str
    misleads: str


_NONE = "none"
_ANY = float("inf")
_ARRAS = "Arras, Osman, Samek, CLEVR-XAI: A benchmark dataset for the ground truth evaluation of neural network explanations, 2022"
_ADEBAYO = "Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018"
_PETSIUK = "Petsiuk, Das, Saenko, RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018"
_YEH = "Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019"
_OURS = "none: ours, after the data randomisation of Adebayo et al. 2018"

METRICS: dict[str, Metric] = {
    "pointing_game": Metric(
        "pointing game",
        "pointing_game",
        "1 where the middle of the hottest patch falls on the mask, or within a tolerance of it, else 0",
        (0, 1),
        "higher",
        _NONE,
        "Zhang et al., Top-down Neural Attention by Excitation Backprop, IJCV 2018",
        "a large object is hit by chance, and one patch decides: the rest of the map may be anywhere",
    ),
    "energy_in_mask": Metric(
        "energy in mask",
        "energy_in_mask",
        "share of the positive heat of the resized map that lies in the mask (or its bounding box)",
        (0, 1),
        "higher",
        _NONE,
        "Wang et al., Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks, CVPR Workshops 2020",
        "a flat map has the mask's share of the picture, so figures compare at one size of object only",
    ),
    "relevance_mass_accuracy": Metric(
        "relevance mass accuracy",
        "relevance_mass_accuracy",
        "share of the positive relevance that lies in the mask, each patch's being spread evenly over its pixels",
        (0, 1),
        "higher",
        _NONE,
        _ARRAS,
        "a thing smaller than a patch cannot reach 1, however right the map is",
    ),
    "relevance_rank_accuracy": Metric(
        "relevance rank accuracy",
        "relevance_rank_accuracy",
        "share of the K hottest pixels of the resized map that lie in the mask, K being the mask's size; ties by their share",
        (0, 1),
        "higher",
        _NONE,
        _ARRAS,
        "a map that is hot on a part of the thing and cold elsewhere fills up its K pixels by chance",
    ),
    "best_threshold_iou": Metric(
        "best-threshold IoU",
        "best_threshold_iou",
        "largest IoU of the mask with a region where the resized map is at least a positive threshold",
        (0, 1),
        "higher",
        _NONE,
        "none: the ceiling of thresholding, as in weakly supervised localisation, Choe et al., CVPR 2020",
        "the mask chooses the threshold, which nobody knows beforehand; a flat map has the mask's share of the picture",
    ),
    "deletion": Metric(
        "deletion",
        "curve",
        "area under the match probability while the patches are replaced by a fill, hottest first",
        (0, 1),
        "lower",
        "steps + 1 forward",
        _PETSIUK,
        "holes look like nothing the model has seen, and a doubtful match has a small area whatever the map; compare fills",
    ),
    "insertion": Metric(
        "insertion",
        "curve",
        "area under the match probability while the patches come into a fill, hottest first",
        (0, 1),
        "higher",
        "steps + 1 forward",
        _PETSIUK,
        "rewards maps that are peaked on what is enough; from a blurred picture the model may still read much",
    ),
    "infidelity": Metric(
        "infidelity",
        "infidelity",
        "mean squared gap between the map's sum over removed patches, scaled to fit, and what the match loses without them",
        (0, _ANY),
        "lower",
        "samples + samples / batch forward",
        _YEH,
        "a match that loses nothing gives 0 to any map, and the fitted scale may be negative, which forgives a map turned around",
    ),
    "max_sensitivity": Metric(
        "max-sensitivity",
        "max_sensitivity",
        "largest change of the map, relative to its norm, under noise too small to see",
        (0, _ANY),
        "lower",
        "samples explanations",
        _YEH,
        "a map that ignores the model, like the picture's middle, has 0",
    ),
    "spearman": Metric(
        "rank correlation",
        "spearman",
        "Spearman's correlation of two maps, patch by patch",
        (-1, 1),
        "higher",
        _NONE,
        "Spearman, The Proof and Measurement of Association between Two Things, 1904; for maps " + _ADEBAYO,
        "the many cold patches decide as much as the few hot ones",
    ),
    "pearson": Metric(
        "correlation",
        "pearson",
        "Pearson's correlation of two maps, patch by patch",
        (-1, 1),
        "higher",
        _NONE,
        "Pearson, Notes on Regression and Inheritance in the Case of Two Parents, 1895",
        "one very hot patch decides alone",
    ),
    "ssim": Metric(
        "structural similarity",
        "ssim",
        "mean over windows of the likeness of two maps scaled to [0, 1]: level, contrast and structure",
        (-1, 1),
        "higher",
        _NONE,
        "Wang, Bovik, Sheikh, Simoncelli, Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE TIP 2004",
        "two maps that are cold nearly everywhere are alike there, wherever each is hot",
    ),
    "paraphrase_consistency": Metric(
        "consistency under paraphrase",
        "paraphrase_consistency",
        "mean likeness of a phrase's map to the maps of phrases that mean the same",
        (-1, 1),
        "higher",
        "one explanation a paraphrase, and one",
        "none: ours",
        "a map that ignores the phrase is perfectly consistent: read it beside wrong_phrase",
    ),
    "randomised_weights": Metric(
        "randomised weights",
        "randomised_weights",
        "likeness of the map to the map of the same model with all named layers random, reached from the top layer down",
        (-1, 1),
        "lower",
        "one explanation a layer, and two",
        _ADEBAYO,
        "a random model still sees edges through its skip connections, and one that is turned around counts as changed",
    ),
    "shuffled_words": Metric(
        "shuffled words",
        "shuffled_words",
        "mean likeness of the map to the maps of the same words in other orders",
        (-1, 1),
        "lower",
        "one explanation a round, and two",
        _OURS,
        "where order means nothing, as in `red dog`, a good map need not change; it is meant for relations and positions",
    ),
    "wrong_phrase": Metric(
        "wrong phrase",
        "wrong_phrase",
        "mean likeness of the map to the maps of phrases for other things in the picture",
        (-1, 1),
        "lower",
        "one explanation a phrase, and two",
        _OURS,
        "two things side by side have maps that are alike by right",
    ),
    "absent_object": Metric(
        "absent object",
        "absent_object",
        "highest heat of the maps of things that are not there, as a share of the phrase's own",
        (0, _ANY),
        "lower",
        "one explanation a phrase, and two",
        "none: ours",
        "says nothing of a method that scales its maps, and heat is no probability: half as hot is not half as sure",
    ),
}
"""Every metric by its name in tables; each has a page in docs/metrics."""
