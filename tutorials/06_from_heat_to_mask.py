# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#     lesson: '06'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: From heat to mask
# ---

# %% [markdown]
# # From heat to mask
#
# A heatmap says *about there*. A robot arm, an image editor or a benchmark wants to know *exactly which pixels*. In this
# lesson you turn heat into a mask: first the obvious way, which fails, then with **proposals** and a **selection rule**.
# Then you judge the masks, and find out that two honest metrics can disagree about which of two systems is better.
#
# After this lesson you can
#
# - say why a threshold on the heat gives no good mask, and what proposals add;
# - write selection rules, and predict whether a rule picks masks that are too small or too large;
# - separate what the *proposals* cost from what the *choice* costs, with an oracle;
# - compute IoU, mIoU, oIoU and P@0.5, and build a case in which they disagree;
# - put an interval on a metric, by drawing pictures and not phrases.
#
# Plan about 30 minutes. You need lesson 1 (what a heatmap is); lesson 5 (refinement) is not needed.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model or a folder; the lesson is written for the bundled one
smoke: bool = False  # true: fewer phrases in the counts, for tests
limit: int = 90  # over so many phrases is counted, three of them about each picture

# %%
import numpy as np
from matplotlib.figure import Figure

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.data.scenes.samples import samples
from iterprime_xai.evaluation.bootstrap import difference, interval
from iterprime_xai.evaluation.choosing import Chooser
from iterprime_xai.evaluation.heat import peak_in_object
from iterprime_xai.evaluation.looking import by_picture
from iterprime_xai.masks import classical_proposals, gold_proposals, select
from iterprime_xai.masks.selection import matches
from iterprime_xai.records.heatmap import minmax, resize
from iterprime_xai.records.overlap import iou
from iterprime_xai.records.patches import patch_shares
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.sheets import Panel
from iterprime_xai.tutorials.lesson_06 import (
    check_disagree,
    check_fit,
    check_fool,
    check_redraw,
)

grounder = ix.load(model, device="cpu")
cat = next(sample for sample in bundled_samples() if sample.text == "the right cat")
size = (cat.image.height, cat.image.width)
heatmap = grounder.ground(cat.image, cat.text, passes=1, proposals=False).heatmap
print(f"“{cat.text}”: a picture of {size}, a heatmap of {heatmap.shape}")
sheets.sheet(
    cat.image,
    [
        Panel("the picture", "outlined: what is meant", mask=cat.mask),
        Panel("the heat", "one value a patch", heatmap),
    ],
    alt="A drawn scene with two cats; the right one is outlined, and the heat lies on it.",
    columns=3,
)

# %% [markdown]
# ## 1. A threshold gives no edges
#
# The obvious idea: take all pixels whose heat is above some share of the peak. How good is that mask? The measure is
# **IoU**, intersection over union: the pixels that are in both masks, over the pixels that are in either. 1 is perfect, 0
# is no common pixel, and 0.5 is usually called a hit.
#
# > **Before you run.** Which threshold will fit the cat best: 0.2, 0.3, 0.5 or 0.7 of the range? What will the outline look
# > like?

# %%
fine = resize(minmax(heatmap), size)  # the heat, 0 to 1, at the picture's size
panels = []
for level in (0.2, 0.3, 0.5, 0.7):
    mask = fine >= level
    panels.append(Panel(f"above {level}", f"IoU {iou(mask, cat.mask):.2f}", mask=mask))
said = ", ".join(f"{panel.title}: {panel.line}" for panel in panels)
sheets.sheet(cat.image, panels, alt=f"Masks by threshold. {said}.")

# %% [markdown]
# Blobs. The heat has one value for each patch of the grid, and edges finer than a patch are made by the upsampling alone.
# Also, the heat does not *fill* the thing: here it is hottest on the cat's back, and the paws are left out. And no
# level is best for all pictures: we only know it here because we know the truth.
#
# ## 2. Proposals: edges without meaning
#
# So let somebody else draw the edges. A **proposer** cuts the picture into candidate masks *without knowing the phrase*:
# SAM and Mask2Former are such networks. Here we use `classical` regions (colours and outlines, no network at all).
#
# > **Before you run.** The picture has a handful of things. How many of the candidates will fit the right cat with an IoU of at
# > least 0.5? And how large is the largest candidate?

# %%
proposals = classical_proposals(cat.image)
masks = np.asarray(proposals.masks)  # bool (n, height, width)
fits = np.array([iou(mask, cat.mask) for mask in masks])
areas = masks.mean(axis=(1, 2))  # share of the picture
print(f"{len(masks)} candidates, of which {np.sum(fits >= 0.5)} fit the cat")
print(f"areas: from {areas.min():.1%} to {areas.max():.1%} of the picture")
some = [*np.argsort(-fits)[:3], *range(0, len(masks), max(1, len(masks) // 4))][:8]
sheets.sheet(
    cat.image,
    [Panel(f"candidate {place}", f"IoU {fits[place]:.2f}", mask=masks[place]) for place in some],
    alt="Eight of the candidate masks: the three that fit the cat best first.",
)

# %% [markdown]
# Things, parts of things, groups of things, the background. The best of them is the **ceiling**: no rule that picks one
# candidate can do better. Now we have sharp edges without meaning, and meaning without edges. Time to join them.
#
# ## 3. Choosing by hand
#
# All rules below need the same two things: the heat of each patch, and how much of each patch a mask covers.

# %%
shares = patch_shares(masks, heatmap.shape)  # (n, rows, columns), each from 0 to 1
heat = heatmap.clip(min=0)
inside = (shares * heat).sum(axis=(1, 2))  # heat inside each mask
covered = shares.sum(axis=(1, 2))  # patches that each mask covers
print("shares:", shares.shape, "heat inside:", inside.shape)

# %% [markdown]
# > **Before you run.** Rule one takes the mask with the **most heat inside**, rule two the one with the **highest mean
# > heat**. What goes wrong with each of them?

# %%
picks = {"most heat": np.argmax(inside), "highest mean": np.argmax(inside / covered)}


def show_picks(picks):
    """The picked candidates, with the heat below them."""
    panels = [
        Panel(
            f"{name}: candidate {place}",
            f"IoU {fits[place]:.2f}, {areas[place]:.1%} of the picture",
            heatmap,
            masks[place],
        )
        for name, place in picks.items()
    ]
    said = "; ".join(f"{panel.title}, {panel.line}" for panel in panels)
    return sheets.sheet(cat.image, panels, alt=f"What each rule picks. {said}.")


show_picks(picks)

# %% [markdown]
# The *sum* can only grow when a mask grows: it takes the largest candidate around. The *mean* can only fall when the mask leaves the
# hottest patch: it takes a speck at the peak. A useful rule has to punish both: a mask that leaves heat outside, and one that
# encloses patches without heat.
#
# **Exercise 6.1: the fit.** The **correlation** over the patches between a mask's shares and the heat does that. Write
# `fit(shares, heat)`: `shares` (n, rows, columns), `heat` (rows, columns) → n numbers from −1 to 1. (Take the mean away from
# both, multiply, add up, and divide by the lengths of both.)


# %% tags=["exercise"]
def fit(shares, heat): ...


# %% tags=["solution"]
def fit(shares, heat):
    covers = shares.reshape(len(shares), -1)
    covers = covers - covers.mean(axis=1, keepdims=True)
    values = heat.ravel() - heat.mean()
    lengths = np.sqrt((covers**2).sum(axis=1) * (values**2).sum())
    return (covers @ values) / lengths


print(f"best by fit: candidate {np.argmax(fit(shares, heat))}")

# %%
check_fit(fit)

# %% [markdown]
# The package does this, and one thing more: it multiplies with a **prior**, the proposer's own score of each candidate. Parts of
# things have sharp outlines, too, and may fit a peaked heatmap better than the whole. Beside it stands the rule of IteRPrimE's
# released code (recipe `paper`): of the masks that cover the hottest pixel, the one with the largest *mean of 1 + heat*,
# where heat is min-maxed.
#
# > **Before you run.** By the formula alone: is the mean of 1 + heat closer to "most heat" or to "highest mean"?

# %%
picks = {
    "fit alone": np.argmax(matches(shares, heatmap)),
    "fit x prior": select(proposals, heatmap, rule="default").answer,
    "paper": select(proposals, heatmap, rule="paper").answer,
    "oracle": np.argmax(fits),
}
show_picks(picks)

# %% [markdown]
# The 1 is the same for every mask, so "mean of 1 + heat" orders masks as the mean does. It was made for Mask2Former, which
# proposes few and whole objects; among our candidates with all their parts it picks specks. **A selection rule belongs to its
# proposer**: compare rules on the same proposals, and do not carry one over unseen.
#
# Two more traps. *Min-max*: stretched to 0...1, a map of almost nothing looks like strong evidence, and the rule picks as
# surely as ever. (Correlation does not care for the scale either: that is what the match probability and the *margin* to the
# next mask are for.) *Small things*: one that is smaller than a patch covers no patch by more than a part, so its shares are
# small and all its neighbours' heat counts against it.

# %% tags=["live"]
grounder.ground(cat.image, cat.text).show()

# %% [markdown] tags=["live"]
# Click through the candidates, and look at the terms of each one's score.

# %% [markdown]
# **Exercise 6.2: fool the rule.** Make a mask `fool` (bool, of the picture's size) that the rule `paper` prefers to the cat's
# true mask, although it overlaps with it by an IoU below 0.5. `fine` above is the heat at the picture's size.

# %% tags=["exercise"]
fool = ...

# %% tags=["solution"]
fool = fine >= 0.9 * fine.max()
both = ix.Proposals(np.stack([cat.mask, fool]), np.ones(2, np.float32), "the cat, and the fool")
for rule in ("paper", "default"):
    print(f"{rule}: takes the {('cat', 'fool')[select(both, heatmap, rule=rule).answer]}")

# %%
check_fool(fool, heatmap, cat.mask)

# %% [markdown]
# ## 4. Counting: what the proposals cost, and what the choice costs
#
# One picture may flatter any rule. So we count. For each phrase and each rule we keep the intersection and the union of the
# answer and the truth, in pixels: all metrics of this lesson can be made from these two. There are two extra rows:
#
# - the **oracle** answers with the candidate that fits best: what it misses is the *proposals'* fault;
# - **gold** chooses, by the package's rule, among the true masks of all things: what it misses is the *heatmap's* fault.
#
# > **Before you run.** Order these from worst to best by their mean IoU: most heat, highest mean, fit alone, fit × prior,
# > paper, oracle, gold.


# %%
def answers(sample, proposals, shares, heatmap):
    """The mask that each rule picks."""
    masks, heat = proposals.masks, heatmap.clip(min=0)
    inside, gold = (shares * heat).sum(axis=(1, 2)), gold_proposals(sample)
    return {
        "most heat": masks[np.argmax(inside)],
        "highest mean": masks[np.argmax(inside / shares.sum(axis=(1, 2)))],
        "paper": masks[select(proposals, heatmap, rule="paper").answer],
        "fit alone": masks[np.argmax(matches(shares, heatmap))],
        "fit x prior": masks[select(proposals, heatmap).answer],
        "oracle": masks[np.argmax([iou(mask, sample.mask) for mask in masks])],
        "gold": gold.masks[select(gold, heatmap).answer],
    }


phrases, counts, pictures = [], [], []
for group in by_picture(samples("val", 6 if smoke else limit)):
    proposals = classical_proposals(group[0].image)
    chooser = Chooser(proposals)  # rule "default", fast when asked again
    texts = [sample.text for sample in group]
    found = grounder.ground_many(group[0].image, texts, passes=1, proposals=proposals)
    shares = patch_shares(proposals.masks, found[0].heatmap.shape)
    for sample, g in zip(group, found, strict=True):
        picked = answers(sample, proposals, shares, g.heatmap)
        counts.append(
            [[(mask & sample.mask).sum(), (mask | sample.mask).sum()] for mask in picked.values()]
        )
        phrases.append((sample, g.heatmap, chooser, Chooser(gold_proposals(sample))))
        pictures.append(sample.tags["image_id"])
counts = np.array(counts, float)  # (phrases, rules, [intersection, union])
rules = list(picked)
print(f"{len(counts)} phrases about {len(set(pictures))} pictures; counts: {counts.shape}")

# %% [markdown]
# Three metrics, each one line:
#
# - **mIoU**: the mean of the IoUs; every phrase counts the same;
# - **oIoU** (also cIoU): all intersections over all unions; every *pixel* counts the same;
# - **P@0.5**: the share of phrases with an IoU of at least 0.5.


# %%
def miou(intersections, unions):
    return (intersections / unions).mean()


def oiou(intersections, unions):
    return intersections.sum() / unions.sum()


def p50(intersections, unions):
    return (intersections / unions >= 0.5).mean()


rows = []
for place, rule in enumerate(rules):
    both = counts[:, place, 0], counts[:, place, 1]
    rows.append((rule, f"{miou(*both):.3f}", f"{oiou(*both):.3f}", f"{p50(*both):.3f}"))
exhibits.table(("answer", "mIoU", "oIoU", "P@0.5"), rows, chosen=rules.index("fit x prior"))

# %% [markdown]
# Read it from below. The oracle says that the candidates are good: nearly all of the loss of the first four rules is the
# *choice*. The prior alone is worth a quarter of mIoU, and it knows nothing of the phrase: it only says "this looks like a whole
# thing".
#
# And look at the first row: "most heat" is bad in mIoU and far worse in oIoU. A few enormous answers fill the union.
#
# ## 5. What gold masks hide
#
# Papers often report results with gold (or nearly gold) masks as proposals, to judge the heatmap "alone". It is a fair question
# with a trap: with a handful of separate things to choose from, how good does a heatmap have to be?
#
# > **Before you run.** We spoil every heatmap: we push it to the right by one patch, by two, by three. How fast will the
# > choice among gold masks get worse, and how fast the choice among the classical candidates?

# %%
rows = []
for patches in (0, 1, 2, 3):
    right, overlaps, peaks = [], [], []
    for sample, heat, among_classical, among_gold in phrases:
        moved = np.roll(heat, patches, axis=1)
        thing = among_gold.proposals.masks[among_gold.choose(moved, "default")]
        region = among_classical.proposals.masks[among_classical.choose(moved, "default")]
        right.append(np.array_equal(thing, sample.mask))
        overlaps.append(iou(region, sample.mask))
        peaks.append(peak_in_object(moved, sample.mask))
    rows.append((patches, *[f"{np.mean(column):.2f}" for column in (right, overlaps, peaks)]))
blind = np.mean([1 / (1 + len(sample.others)) for sample, *_ in phrases])
print(f"guessing blindly among the gold masks: right in {blind:.2f}")
exhibits.table(
    ("pushed by (patches)", "right among gold", "mean IoU, classical", "peak on the target"), rows
)

# %% [markdown]
# Pushed by one patch, half of the peaks have left their target. The choice among gold masks hardly notices: there is no
# other thing close by that would fit better. The classical candidates lose much more, since there a wrong part is always at hand.
#
# So gold masks ask *which thing*, and forgive much; they never ask *how exactly*. And the number of things is part of the task:
# put blind guessing beside every such figure.
#
# ## 6. When metrics disagree
#
# Five pictures: one with a huge thing, four with tiny ones. System A finds the huge thing almost perfectly and misses all the
# tiny ones. System B finds every tiny thing perfectly, and half of the huge one.
#
# > **Before you run.** Which system is better by mIoU? By oIoU? By P@0.5? Work it out in your head, roughly.


# %%
def box(top, left, height, width, side=40):
    """A square picture's mask: one rectangle."""
    mask = np.zeros((side, side), bool)
    mask[top : top + height, left : left + width] = True
    return mask


gold = [box(4, 4, 30, 30), *[box(20, 5 + 8 * number, 3, 3) for number in range(4)]]
system_a = [box(4, 4, 30, 29), *[box(5, 5 + 8 * number, 3, 3) for number in range(4)]]
system_b = [box(4, 4, 30, 15), *gold[1:]]


def overlaps(predicted, gold):
    """Intersections and unions, one a picture."""
    pairs = list(zip(predicted, gold, strict=True))
    return (
        np.array([(mask & truth).sum() for mask, truth in pairs]),
        np.array([(mask | truth).sum() for mask, truth in pairs]),
    )


figure = Figure(figsize=(7.2, 1.6), layout="constrained")
for axes, mask, a, b in zip(figure.subplots(1, 5), gold, system_a, system_b, strict=True):
    axes.imshow(mask, cmap="Greys", vmin=0, vmax=3)
    axes.contour(a, [0.5], colors="#b3560b")
    axes.contour(b, [0.5], colors="#1f6f8b", linestyles="dashed")
    axes.set(xticks=[], yticks=[])
for name, system in (("A", system_a), ("B", system_b)):
    mean, overall, hits = (metric(*overlaps(system, gold)) for metric in (miou, oiou, p50))
    print(f"{name}: mIoU {mean:.2f}, oIoU {overall:.2f}, P@0.5 {hits:.2f}")
sheets.drawn(
    figure,
    "Five masks in grey, one huge and four tiny; system A solid orange, system B dashed blue.",
)

# %% [markdown]
# mIoU and P@0.5 say B, oIoU says A, and by a wide margin. None of them is wrong. oIoU asks *how many pixels are right*; for it
# four tiny things together are 36 pixels, next to 900. mIoU asks *how well is the usual phrase served*.
#
# This is no game. In `docs/failures.md` the errors of one system (TAS, testA) are priced: repairing the masks that are *too
# large* would gain most in oIoU, and repairing *ignored positions* most in mIoU. Whoever reads one metric repairs the wrong
# thing first for the other. So report both, and never compare one paper's oIoU with another's mIoU.
#
# **Exercise 6.3: make them disagree, with equal things.** Is it only about large and small *things*? Make a set of at least
# three pictures in which **every gold mask has the same number of pixels**, and in which system `one` is ahead of `other` by at
# least 0.1 in oIoU, and behind by at least 0.1 in mIoU. `gold`, `one`, `other`: lists of bool masks of one shape.

# %% tags=["exercise"]
gold, one, other = ..., ..., ...

# %% tags=["solution"]
gold = [box(18, 18, 4, 4)] * 4
one = [box(18, 18, 4, 2)] * 4  # half of every thing: each IoU is 0.5
other = [*gold[:3], box(0, 0, 40, 40)]  # three perfect, and one answer floods the picture

# %% [markdown] tags=["solution"]
# It is about large *answers*, too: one that floods the picture fills the union of the whole set. So oIoU punishes a system for
# a few masks that are much too large, and mIoU hardly notices them.

# %%
check_disagree(gold, one, other)

# %% [markdown]
# ## 7. How sure? Draw pictures again
#
# Our table has three digits, but other pictures would have given other numbers. How different? The **bootstrap** answers
# without new pictures: draw as many pictures as there are from our own *with replacement*, compute the metric, do this 1,000
# times, and take the middle 95 %.
#
# Why pictures, and not phrases? Three phrases share a picture, its candidates and its difficulties. Three times the same luck is
# no three pieces of evidence.
#
# > **Before you run.** Which interval is wider: drawing phrases or drawing pictures? And how wide is the interval of the
# > *difference* of two rules, compared with the two intervals of the rules themselves?

# %%
ious = counts[..., 0] / counts[..., 1]
ours, alone = ious[:, rules.index("fit x prior")], ious[:, rules.index("fit alone")]


def told(name, found):
    return (
        name,
        f"{found.mean:.3f}",
        f"[{found.low:.3f}, {found.high:.3f}]",
        f"{found.high - found.low:.3f}",
    )


widths = [found.high - found.low for found in (interval(ours, pictures), interval(alone, pictures))]
print(f"width of the difference, if the two were independent: about {np.hypot(*widths):.3f}")
exhibits.table(
    ("mIoU", "value", "95 % interval", "width"),
    [
        told("fit x prior, phrases drawn", interval(ours, range(len(ours)))),
        told("fit x prior, pictures drawn", interval(ours, pictures)),
        told("fit alone, pictures drawn", interval(alone, pictures)),
        told("difference, pictures drawn", difference(ours, alone, pictures)),
    ],
)

# %% [markdown]
# Drawing phrases pretends to know more than we do: its interval is narrower than it may be. And the difference of the two rules
# is told by an interval of its own, from the *same* draws for both. It is narrower than that of two independent runs would be
# (their widths add like the sides of a right angle), because a picture that is hard for one rule is often hard for the other. So
# never judge by whether two intervals overlap: ask whether the interval of the difference holds 0.
#
# **Exercise 6.4: one redraw.** Write `redraw(intersections, unions, pictures, random)`: arrays with one value a phrase, and a NumPy
# generator. Draw as many pictures as there are different ones, with replacement, and return the **oIoU** of the phrases
# drawn. A picture that is drawn twice counts twice, with all its phrases.


# %% tags=["exercise"]
def redraw(intersections, unions, pictures, random): ...


# %% tags=["solution"]
def redraw(intersections, unions, pictures, random):
    names = np.unique(pictures)
    drawn = random.choice(names, len(names))  # with replacement
    rows = np.concatenate([np.flatnonzero(pictures == name) for name in drawn])
    return intersections[rows].sum() / unions[rows].sum()


random, place = np.random.default_rng(0), rules.index("fit x prior")
rounds = [
    redraw(counts[:, place, 0], counts[:, place, 1], np.array(pictures), random)
    for _ in range(1000)
]
low, high = np.percentile(rounds, [2.5, 97.5])
print(f"oIoU {oiou(counts[:, place, 0], counts[:, place, 1]):.3f} [{low:.3f}, {high:.3f}]")

# %% [markdown] tags=["solution"]
# oIoU is a ratio of sums: no phrase has an oIoU of its own whose spread one could compute. Drawing again needs no such thing.

# %%
check_redraw(redraw)

# %% [markdown]
# ## What you have learned
#
# - Heat has meaning without edges, proposals have edges without meaning; a selection rule joins them.
# - The sum of heat picks too large, the mean picks too small; correlation punishes both, and a prior keeps parts away.
# - The oracle tells what the proposals cost, gold masks what the heatmap costs. Gold forgives much.
# - mIoU counts phrases, oIoU counts pixels, and they can disagree: report both.
# - Intervals come from drawing pictures. Compare two systems by their paired difference.
#
# ## References
#
# - Wang et al., *IteRPrimE*, AAAI 2025 (the rule `paper`); Cheng et al., *Mask2Former*, CVPR 2022; Kirillov et al., *Segment
#   Anything*, ICCV 2023.
# - Uijlings et al., *Selective Search for Object Recognition*, IJCV 2013 (classical proposals are made in this manner).
# - Efron, *Bootstrap Methods: Another Look at the Jackknife*, Annals of Statistics 1979.
# - [Proposals](../docs/methods/proposals.md), [selection](../docs/methods/selection.md), [kinds of failure and what they
#   cost](../docs/failures.md).
#
# Next: lesson 7, *Doubting the map*. A map can lie on the right thing and still not be why the model answered.
