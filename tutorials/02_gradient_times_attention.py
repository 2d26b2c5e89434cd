# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#     lesson: '02'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: Gradient times attention
# ---

# %% [markdown]
# # Gradient times attention
#
# Lesson 1 ended with a formula: heat = max(0, gradient) · attention. It looked reasonable, and the picture was pretty.
# That is not a reason. Why not the attention alone? Why not the gradient alone? In this lesson you take the product
# apart, put every half on trial over many scenes, and find out what the *times* is really for. One of the answers will
# not be the one that you expect.
#
# After this lesson you can
#
# - build Grad-CAM over cross-attention from its parts, and say what each part is for;
# - say with numbers, not with a picture, where attention alone, gradient alone and their product point;
# - explain the product as a prediction: what happens to the score if this attention is switched off;
# - explain why the gradient is better taken one step earlier, at the scores before the softmax.
#
# Plan about 30 minutes, a little more for all four exercises. You need lesson 1: match logit, token, patch,
# cross-attention, gradient. Everything runs on the small bundled model, so every number below is a number about *that*
# model; the way to get such numbers is what you should take home.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model or a folder; the lesson is written for the bundled one
smoke: bool = False  # true: a handful of scenes, for tests
limit: int = 200  # phrases that are measured, each with a scene that knows the truth

# %%
import copy

import numpy as np
import torch
from matplotlib.figure import Figure

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples, samples
from iterprime_xai.evaluation.explanation import pearson, spearman
from iterprime_xai.evaluation.heat import peak_in_object
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.sheets import Panel
from iterprime_xai.tutorials.lesson_02 import (
    check_counter_example,
    check_gradcam,
    check_score_gradient,
    check_told_apart,
)

grounder = ix.load(model, device="cpu")
matcher = grounder.matcher
layer, why = matcher.choose_layer(None)
limit = min(limit, 12) if smoke else limit
print(f"we read layer {layer}: {why}")

# %% [markdown]
# ## 1. Two tensors, three maps
#
# In lesson 1 you asked PyTorch for two tensors of one layer. `matcher.match` asks for the same two, already without the
# image's own `[CLS]` and folded into the grid:
#
# - *C*, the cross-attention after the softmax: how much each token fetches from each patch;
# - *G* = ∂*s*/∂*C*, the gradient of the match logit *s*: how much *s* would rise if that weight were a little larger.


# %%
def look(sample):
    """C and G of a phrase about its picture: (heads, tokens, rows, columns) each."""
    image, text = matcher.encode_image(sample.image), matcher.tokenize(sample.text)
    match = matcher.match(image, text, layers=(layer,))
    return match.attention[layer], match.gradient[layer]


def flat(each):
    """The mean over heads and tokens: (heads, tokens, rows, columns) -> one map (rows, columns)."""
    return each.mean((0, 1)).numpy()


left, right = bundled_samples()[:2]
C, G = look(left)
print(f"“{left.text}”: C {tuple(C.shape)}, G {tuple(G.shape)} = (heads, tokens, rows, columns)")

# %% [markdown]
# From here on a map is always the mean over all heads and tokens, so that only one thing changes at a time. (Which layer,
# head and token to read is lesson 3.)
#
# > **Before you run.** The phrase means the red bike. Which of the three maps will single it out, and what will the
# > gradient alone say about the tree, the dog and the other bike?

# %%
three = {
    "attention alone": flat(C),
    "gradient alone": flat(G),
    "gradient × attention": flat(G.clamp(min=0) * C),
}
sheets.sheet(
    left.image,
    [Panel(name, "", heatmap) for name, heatmap in three.items()],
    alt=f"Three maps for “{left.text}”: attention alone, gradient alone, and both multiplied.",
)

# %% [markdown]
# The gradient (orange raises the score, blue lowers it) paints nearly every *thing* of the scene. It says: "more attention
# to the tree would help, too". True, perhaps, since *left of the tree* needs a tree. But it is about attention that this
# layer does not pay. The other two maps lie on the red bike, and on this picture you can hardly tell them apart.
#
# So far this is one picture, and one picture proves nothing. Count.

# %% [markdown]
# ## 2. Count, do not admire
#
# Our scenes know the truth: each phrase comes with the mask of the thing that is meant, and the masks of all others. We ask
# a plain question, the *pointing game*: does the hottest patch lie **on the thing that is meant**, on another thing, or on
# the background? The scenes are of a split that played no part in training the model or in choosing the layer.

# %%
many = list(samples("testA", limit))
looks = [look(sample) for sample in many]
pictures = len({sample.tags["image_id"] for sample in many})
print(f"{len(many)} phrases about {pictures} pictures, for example:")
print("; ".join(sample.text for sample in many[:5]))


def falls(heatmap, sample):
    """Where the peak of a map falls: 0 on the thing that is meant, 1 on another thing, 2 on the background."""
    if peak_in_object(heatmap, sample.mask):
        return 0
    return 1 if any(peak_in_object(heatmap, other) for other in sample.others) else 2


def counted(way):
    """The shares of the three places where the peaks fall, for way(C, G) -> (heads, tokens, rows, columns)."""
    places = [falls(flat(way(*each)), sample) for each, sample in zip(looks, many, strict=True)]
    return np.bincount(places, minlength=3) / len(places)


# %% [markdown]
# > **Before you run.** Write down three numbers: of 100 peaks, how many will fall on the thing that is meant for attention
# > alone, for gradient alone, and for the product? Which is the best?

# %%
halves = {
    "attention alone": counted(lambda C, G: C),
    "gradient alone": counted(lambda C, G: G),
    "gradient × attention": counted(lambda C, G: G.clamp(min=0) * C),
}
bars = Figure(figsize=(6.6, 1.9), layout="constrained")
axes = bars.add_subplot()
place = np.zeros(3)
kinds = (("meant", "#b3560b"), ("another thing", "#1f6f8b"), ("background", "#c9ced6"))
for (kind, colour), share in zip(kinds, np.array(list(halves.values())).T, strict=True):
    axes.barh(list(halves), share, left=place, color=colour, label=kind)
    place += share
axes.invert_yaxis()
axes.set(xlim=(0, 1), xlabel="share of the peaks")
axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
found = ", ".join(f"{name} {shares[0]:.0%}" for name, shares in halves.items())
sheets.drawn(bars, f"Where the peaks fall. On the thing that is meant: {found}.")

# %%
print("on the thing that is meant:", found)

# %% [markdown]
# Two findings, and they are very different.
#
# **The gradient alone fails.** Only about four of ten of its peaks fall on what is meant; nearly as many fall on
# another thing. That is what you saw in the picture: it lights up whatever *would* matter.
#
# **Attention alone does not fail.** It points right in more than nine of ten phrases, *more often* than the product.
# Many texts (and many slides) say that attention is a bad pointer. For this model, in this layer, that is simply not
# true. Part of the reason: this model was trained so that its words must do their looking just here, and the layer was
# chosen because its maps point well. In the other layers, attention and the product both fail (lesson 3).
#
# (200 phrases leave such a share uncertain by a few points. With `limit` set to 1000 it is 91, 37 and 86 of 100.)
#
# So if pointing were all that we want, the gradient could go home. Then what is it for?

# %% [markdown]
# **Exercise 2.1: three maps, three places.** First make sure that you see how the product can leave both of its halves.
# Make up `attention` and `gradient`, each of shape (2 heads, 4 patches), as nested lists. `attention` must be one that
# a softmax could give: no negative entries, and each head adds up to 1. The mean over the heads of `attention`, of
# `gradient`, and of `max(0, gradient) * attention` must peak at three *different* patches.

# %% tags=["exercise"]
attention = ...
gradient = ...

# %% tags=["solution"]
attention = [[0.6, 0.3, 0.0, 0.1], [0.6, 0.3, 0.0, 0.1]]
gradient = [[-1.0, 2.0, 5.0, 0.0], [-1.0, 2.0, 5.0, 0.0]]

# %% [markdown] tags=["solution"]
# Patch 0 draws most attention and speaks against the match. Patch 2 would help most and draws none. Patch 1 is the only one
# that is attended to *and* helps. It wins the product though it is the best in neither half.

# %%
check_counter_example(attention, gradient)

# %% [markdown]
# ## 3. Ask attention another question
#
# Turn the model's opinion round: multiply the last layer of the match head by −1. Whatever it called a match, it now calls
# none. It is another model, with the opposite answers. Its explanation had better change!
#
# > **Before you run.** Which of *C* and *G* will change, and how? Think of what lies before the match head, and what
# > behind it.

# %%
contrary = ix.load(model, device="cpu").matcher  # a second one of the same model, to be spoilt
with torch.no_grad():
    for weights in contrary.model.itm_head.parameters():
        weights.neg_()

asked = left.image, left.text
before, after = (
    each.match(each.encode_image(asked[0]), each.tokenize(asked[1]), layers=(layer,))
    for each in (matcher, contrary)
)
print(f"match logit {before.logit:+.2f}, turned round {after.logit:+.2f}")
print("attention the same:  ", torch.equal(before.attention[layer], after.attention[layer]))
print("gradient the opposite:", torch.allclose(before.gradient[layer], -after.gradient[layer]))
assert torch.equal(before.attention[layer], after.attention[layer])

# %% [markdown]
# The attention is the same to the last bit. It must be: it was worked out before the head was asked. So attention cannot be
# an explanation of the *answer*. It is the same map for "matches" and for "does not match", for a wise head and for a random
# one. It tells **where the layer looked**. What came of it, only the gradient knows.
#
# The two halves answer different questions. What does their product answer?

# %% [markdown]
# ## 4. Why *times*: switch it off and see
#
# Take one attention weight *C*ᵢ (one head, one token, one patch) and switch it off: set it to 0, leave everything else
# alone, and let the model finish its sentence. The match logit falls (or rises) by some amount. That is an experiment, and
# its outcome is what "this attention mattered" should mean.
#
# Near the present value, *s* is almost a straight line with slope *G*ᵢ. Going from *C*ᵢ down to 0 is a step of length *C*ᵢ,
# so
#
# > fall of *s* when *C*ᵢ is switched off ≈ *G*ᵢ · *C*ᵢ
#
# Slope times step. That is the product: not a mixture of two maps, but a **prediction** of an experiment, made for all
# weights at once by one backward pass. Attention alone is the step without the slope, the gradient alone the slope
# without the step.
#
# Predictions can be checked. Stock BLIP sends its attention through a dropout layer (which does nothing here) just before it
# is used. A hook at that place is a switch:

# %%
blip = copy.deepcopy(matcher.model)  # our own, since we put hooks on it
gate = blip.text_encoder.encoder.layer[layer].crossattention.self.dropout


def score_with(sample, switches):
    """Match logits with the layer's attention multiplied by each of the switches: (n,).

    switches: (n, heads or 1, tokens or 1, 1 + patches), 1 leaves a weight alone, 0 switches it off.
    """
    image, text = matcher.encode_image(sample.image), matcher.tokenize(sample.text)
    n = len(switches)
    hook = gate.register_forward_hook(lambda module, given, out: out * switches)
    try:
        with torch.no_grad():
            read = blip.text_encoder(
                input_ids=text.ids.expand(n, -1),
                attention_mask=torch.ones(n, len(text)),
                encoder_hidden_states=image.hidden.expand(n, -1, -1),
            ).last_hidden_state
        return blip.itm_head(read[:, 0])[:, 1]
    finally:
        hook.remove()


patches = C[0, 0].numel()
everything_on = torch.ones(1, 1, 1, 1 + patches)
print(f"nothing switched off: {float(score_with(left, everything_on)):.4f}")
print(f"what match() says:    {before.logit:.4f}")

# %% [markdown]
# Now switch weights off one at a time. Nearly all weights are nearly zero, and nothing happens without them; so we draw 100 at
# random from those above the mean attention, where there is something to lose.


# %%
def one_by_one(sample, C, G, draws):
    """Falls of the logit without one weight each, and that weight's C and G: three arrays (draws,)."""
    c, g = C.flatten(), G.flatten()
    notable = np.flatnonzero(c.numpy() > 1 / patches)
    chosen = np.random.default_rng(0).choice(notable, draws)
    head, token, patch = np.unravel_index(chosen, (*C.shape[:2], patches))
    switches = torch.ones(draws, *C.shape[:2], 1 + patches)
    switches[range(draws), head, token, 1 + patch] = 0  # the image's own [CLS] comes first
    fall = score_with(sample, everything_on) - score_with(sample, switches)
    return fall.numpy(), c[chosen].numpy(), g[chosen].numpy()


fall, c, g = one_by_one(left, C, G, 20 if smoke else 100)

# %% [markdown]
# > **Before you run.** Three scatter plots: the real fall against *C*, against *G*, and against *G* · *C*. Sketch them. In
# > which will the points lie on a line, and which line?

# %%
plots = Figure(figsize=(8.4, 2.9), layout="constrained")
series = {"attention C": c, "gradient G": g, "predicted fall G · C": g * c}
for axes, (name, values) in zip(plots.subplots(1, 3, sharey=True), series.items(), strict=True):
    axes.axhline(0, color="#c9ced6", linewidth=0.8)
    axes.plot(values, fall, "o", color="#1f6f8b", markersize=4, alpha=0.7)
    axes.set_title(f"correlation {np.corrcoef(values, fall)[0, 1]:+.2f}", fontsize=10)
    axes.set_xlabel(name)
ends = [min(series["predicted fall G · C"]), max(series["predicted fall G · C"])]
axes.plot(ends, ends, color="#b3560b", label="as predicted")
axes.legend(frameon=False)
plots.axes[0].set_ylabel("real fall of the logit")
said = ", ".join(
    f"{name} {np.corrcoef(values, fall)[0, 1]:+.2f}" for name, values in series.items()
)
sheets.drawn(plots, f"Real fall of the logit without one weight. Correlation with {said}.")

# %% [markdown]
# On this phrase the attention itself hardly says which weights matter: of the large ones, some hold the score up, some
# press it down, and some change nothing. The product foretells the fall. Is that so in general? The same for phrases about
# other pictures, and a coarser switch, too: one whole **patch** off, for all heads and tokens of the layer at once. There
# the prediction is the sum of *G* · *C* over heads and tokens.


# %%
def patch_by_patch(sample):
    """Falls of the logit without each patch in turn, for all heads and tokens: (rows, columns)."""
    switches = torch.ones(patches, 1, 1, 1 + patches)
    switches[range(patches), :, :, range(1, 1 + patches)] = 0
    fall = score_with(sample, everything_on) - score_with(sample, switches)
    return fall.reshape(matcher.grid).numpy()


first = [i for i in range(len(many)) if i == 0 or many[i].image is not many[i - 1].image]
tried = first[: 2 if smoke else 12]  # one phrase a picture
single, whole, order = [], [], []
for index in tried:
    sample, (C, G) = many[index], looks[index]
    fall, c, g = one_by_one(sample, C, G, 20 if smoke else 100)
    single.append([np.corrcoef(values, fall)[0, 1] for values in (c, g, g * c)])
    fall = patch_by_patch(sample)
    sums = [each.sum((0, 1)).numpy() for each in (C, G, G * C)]
    whole.append([pearson(values, fall) for values in sums])
    order.append([spearman(values, fall) for values in sums])

exhibits.table(
    ("median correlation with the real fall", "attention", "gradient", "gradient × attention"),
    [
        ("one weight switched off", *(f"{each:+.2f}" for each in np.median(single, axis=0))),
        ("one patch switched off", *(f"{each:+.2f}" for each in np.median(whole, axis=0))),
        ("the same, by rank", *(f"{each:+.2f}" for each in np.median(order, axis=0))),
    ],
)

# %% [markdown]
# Here is the failure of attention that the pointing game could not show, and the reason for the *times*. Which single weight
# matters, attention says badly, and so does the gradient; the product says it nearly perfectly. For whole patches attention
# seems to catch up, but mostly because a few patches on the thing outweigh all others, and attention knows those few. By
# rank, where every patch counts alike, it falls behind again. The product still has their order right.
#
# And the limit of the promise: a slope is good for **small** steps. Switch off all patches of the layer together, and
# compare the fall with what the slopes add up to:

# %%
nothing_left = torch.ones(1, 1, 1, 1 + patches)
nothing_left[..., 1:] = 0
rows = []
for index in tried[:4]:
    sample, (C, G) = many[index], looks[index]
    real = float(score_with(sample, everything_on) - score_with(sample, nothing_left))
    rows.append((sample.text, f"{float((G * C).sum()):+.2f}", f"{real:+.2f}"))
exhibits.table(("all patches switched off", "predicted fall", "real fall"), rows)

# %% [markdown]
# One of the four comes out about right, and two have even the wrong sign. A heatmap does not add up to the score: it ranks
# small changes, and says little about large ones.

# %% [markdown]
# ## 5. The positive part, and the mean over the heads
#
# Two choices of the formula are left. Why max(0, *G*)? And why *before* the mean over the heads? Four heads may disagree
# about a patch: for one it raises the score, for another it lowers it.
#
# > **Before you run.** Rank these five by how often they point at the thing that is meant. And where do you expect
# > the peak of what speaks *against* the match: on the thing that is meant, or somewhere else?

# %%
variants = {
    "positive part of each head": lambda C, G: G.clamp(min=0) * C,
    "positive part of the mean over the heads": lambda C, G: (
        G.mean(0, keepdim=True).clamp(min=0) * C.mean(0, keepdim=True)
    ),
    "no positive part: both signs add up": lambda C, G: G * C,
    "absolute value": lambda C, G: G.abs() * C,
    "negative part: what speaks against": lambda C, G: (-G).clamp(min=0) * C,
}
exhibits.table(
    ("way", "on the thing that is meant"),
    [(name, f"{counted(way)[0]:.0%}") for name, way in variants.items()],
)

# %% [markdown]
# Letting signs cancel costs most: where heads pull in both directions, there the layer is at work, and the sum hides it. That is
# why the positive part is taken head by head. So far the formula is confirmed.
#
# But look at the last two lines. The absolute value points as well as the positive part. And what speaks **against** the
# match has its peak on the very thing that is meant, nearly as often as what speaks for it! If "for" and "against" are at
# the same place, the sign that we were so careful with says little. Something is wrong with the sign.

# %% [markdown]
# **Exercise 2.2: the whole formula.** Write `gradcam(attention, gradient)`. Both tensors have the shape (heads, tokens,
# 1 + patches), with the image's own `[CLS]` in front of the patches. Return the map of each token, (tokens, patches).


# %% tags=["exercise"]
def gradcam(attention, gradient):
    """Grad-CAM over cross-attention: (heads, tokens, 1 + patches) twice -> (tokens, patches)."""
    return ...  # your turn


# %% tags=["solution"]
def gradcam(attention, gradient):
    """Grad-CAM over cross-attention: (heads, tokens, 1 + patches) twice -> (tokens, patches)."""
    return (gradient.clamp(min=0) * attention).mean(0)[:, 1:]


# %% [markdown] tags=["solution"]
# One line, and the order is the point: sign, then size, then heads, then space.

# %%
check_gradcam(gradcam)

# %% [markdown]
# ## 6. One step back: the gradient at the scores
#
# What is wrong with the sign can be seen on three patches. Attention is a softmax of scores *Z*, so it adds up to 1. Say that
# looking at the first patch costs the match 1 point, at the others 3 (all negative; perhaps the phrase is not quite true):
#
# > **Before you run.** *s* = −1·*C*₁ − 3·*C*₂ − 3·*C*₃. Which patch should be hot? What will max(0, *G*) · *C* say?

# %%
Z = torch.tensor([1.0, 0.5, 0.0], requires_grad=True)  # the scores, before the softmax
weights = Z.softmax(-1)
s = (torch.tensor([-1.0, -3.0, -3.0]) * weights).sum()
at_attention, at_scores = torch.autograd.grad(s, (weights, Z))
exhibits.table(
    ("", "patch 1", "patch 2", "patch 3"),
    [
        (name, *(f"{each:+.2f}" for each in values.tolist()))
        for name, values in {
            "C": weights,
            "G = ∂s/∂C": at_attention,
            "max(0, G) · C": at_attention.clamp(min=0) * weights,
            "∂s/∂Z": at_scores,
        }.items()
    ],
)

# %% [markdown]
# Patch 1 is clearly the best place to look, and the map is **empty**: all of *G* is negative, so max(0, *G*) throws the
# whole row away. *G* asks for what is impossible: more attention here *and no less anywhere else*. A softmax cannot do
# that. What one patch gains, the others lose.
#
# One step earlier, at the scores, this is built in. The chain rule through the softmax gives
#
# > ∂*s*/∂*Z*ₚ = *C*ₚ · (*G*ₚ − *mean*), where *mean* is the mean of *G* over the patches, weighted with *C*
#
# Add any number to a whole row of *G*, and ∂*s*/∂*Z* stays the same. That number says nothing about *where*, and
# yet it decides in max(0, *G*) whether a row counts at all. The attention is in the formula already: the heat at the
# scores is simply max(0, ∂*s*/∂*Z*). (The image's own `[CLS]` is a key, too. We leave what it draws as it is, and ask
# only how the patches share the rest; then the mean is divided by what the patches have.)
#
# > **Before you run.** In what share of all rows (one head, one token) is that mean negative? And once it is taken off: where
# > will the peaks of "for" and "against" fall now?


# %%
def spread(C, G):
    """dS/dZ among the patches: (heads, tokens, rows, columns) twice -> the same shape."""
    return ix.saliency.at_scores(C, G) * C


means = [(C * G).sum((-2, -1)) for C, G in looks]
negative = np.mean([float((mean < 0).float().mean()) for mean in means])
print(f"rows whose mean gradient is negative: {negative:.0%}")
kept = [((G.clamp(min=0) * C).sum((-2, -1)), (G.abs() * C).sum((-2, -1))) for C, G in looks]
lost = np.mean([float((rest < total / 20).float().mean()) for rest, total in kept])
print(f"rows of which max(0, G) leaves less than a twentieth: {lost:.0%}")

sides = {
    "at the attention": (lambda C, G: G.clamp(min=0) * C, lambda C, G: (-G).clamp(min=0) * C),
    "at the scores": (
        lambda C, G: spread(C, G).clamp(min=0),
        lambda C, G: (-spread(C, G)).clamp(min=0),
    ),
}
exhibits.table(
    ("gradient", "“for” on the thing that is meant", "“against” on it"),
    [
        (name, f"{counted(pro)[0]:.0%}", f"{counted(contra)[0]:.0%}")
        for name, (pro, contra) in sides.items()
    ],
)

# %% [markdown]
# About half of all rows are pulled down by a number that has nothing to do with place, and a third lose nearly everything
# by it. At the scores "for" points a little better (with 1000 phrases: 91 instead of 86 of 100, level with attention alone).
# The greater change is in "against": it has moved away, and falls on the thing that is meant in little more than half as
# many phrases as before. Now the sign means something.
#
# How large the gain is depends on how many rows are averaged. The mean over all tokens hides a lot: where one row is lost,
# another one stays. Read **one** token, `[CLS]`:
#
# > **Before you run.** With `[CLS]` alone, which of the three ways will lose most?

# %%
ways = (
    lambda C, G: C,
    lambda C, G: G.clamp(min=0) * C,
    lambda C, G: spread(C, G).clamp(min=0),
)


def of_cls(way):
    """The same way, of the first token alone."""
    return lambda C, G: way(C, G)[:, :1]


exhibits.table(
    ("on the thing that is meant", "attention alone", "gradient at the attention", "at the scores"),
    [
        ("all tokens", *(f"{counted(way)[0]:.0%}" for way in ways)),
        ("[CLS] alone", *(f"{counted(of_cls(way))[0]:.0%}" for way in ways)),
    ],
)

# %% [markdown]
# With `[CLS]` alone the published way loses more than a quarter of its right peaks, and at the scores hardly any are lost. The
# package's default recipe therefore differentiates at the scores (`gradient="scores"`), while the recipe `paper` and
# `token_gradcam` keep to what was published (`gradient="attention"`). It costs nothing: one formula more, no pass more.
#
# See it on a map. Where a map has both signs, what speaks for the match is orange, and what speaks against it blue:

# %%
C, G = look(right)
sheets.sheet(
    right.image,
    [
        Panel("G · C", "gradient at the attention, both signs", flat(G * C)),
        Panel("∂s/∂Z", "gradient at the scores, both signs", flat(spread(C, G))),
        Panel("max(0, ∂s/∂Z)", "what speaks for the match", flat(spread(C, G).clamp(min=0))),
    ],
    alt=f"“{right.text}”: gradient times attention, the gradient at the scores, and its positive part.",
)

# %% [markdown]
# The first map has next to nothing below zero here, so it looks like any heatmap. At the scores every gain is somebody's loss:
# the wheel of the bike gains, and around it lies what should lose.

# %% [markdown]
# **Exercise 2.3: through the softmax.** Write `score_gradient(attention, gradient)`, both (heads, tokens, patches), without
# the image's own `[CLS]` (so a row may add up to less than 1). Return ∂*s*/∂*Z* among the patches, of the same
# shape, with its signs. The check compares it with what autograd finds through a real softmax.


# %% tags=["exercise"]
def score_gradient(attention, gradient):
    """dS/dZ from C and dS/dC: (heads, tokens, patches) twice -> the same shape."""
    return ...  # your turn


# %% tags=["solution"]
def score_gradient(attention, gradient):
    """dS/dZ from C and dS/dC: (heads, tokens, patches) twice -> the same shape."""
    share = attention.sum(-1, keepdim=True)
    mean = (attention * gradient).sum(-1, keepdim=True) / share
    return attention * (gradient - mean)


# %% [markdown] tags=["solution"]
# Every row adds up to 0 (try it): what some patches would gain, the others would lose. There is always something to see on
# both sides, unless the whole row is flat.

# %%
check_score_gradient(score_gradient)

# %% [markdown]
# ## 7. Ask for something that is not there
#
# Often it is said: attention adds up to 1, so it must look somewhere, even for a thing that is not in the picture;
# Grad-CAM keeps its size, so it can stay dark. Is that so? For every picture we ask for things that are in it and for
# as many that are not, always as "the *thing*".
#
# > **Before you run.** Four numbers for each question: the highest attention, the highest value of Grad-CAM, what part of its
# > attention a token spends on patches at all (the rest goes to the image's own `[CLS]`), and the match probability.
# > Which will tell present from absent best, and which worst?

# %%
by_picture = {sample.tags["image_id"]: sample for sample in many}
named = sorted(
    {name for sample in many for name in (sample.tags["category"], *sample.other_categories)}
)
random = np.random.default_rng(0)
present, absent = [], []
for sample in list(by_picture.values())[: 3 if smoke else 40]:
    inside = sorted({sample.tags["category"], *sample.other_categories})
    outside = [name for name in named if name not in inside]
    outside = random.choice(outside, min(len(inside), len(outside)), replace=False)
    image = matcher.encode_image(sample.image)
    for side, names in ((present, inside), (absent, outside)):
        for name in names:
            match = matcher.match(image, matcher.tokenize(f"the {name}"), layers=(layer,))
            C, G = match.attention[layer], match.gradient[layer]
            heat = flat(G.clamp(min=0) * C)
            spent = float(C.sum((-2, -1)).mean())
            side.append((flat(C).max(), heat.max(), spent, match.probability))

present, absent = np.array(present), np.array(absent)
measures = ("highest attention", "highest Grad-CAM", "attention on patches", "match probability")
exhibits.table(
    ("median", *measures),
    [
        (f"{len(each)} {name} things", *(f"{value:.4f}" for value in np.median(each, axis=0)))
        for name, each in (("present", present), ("absent", absent))
    ],
)

# %% [markdown]
# No map goes dark for an absent thing; both only become fainter, and nobody who looks at one map alone, stretched to its own
# colour scale, can see it. How *surely* do the four tell present from absent? That is for you to measure.
#
# **Exercise 2.4: judge the claim.** Write `told_apart(present, absent)` for two lists of numbers, which need not be of the
# same length: of all pairs of one present and one absent value, the share in which the present one is higher (a tie
# counts half). 1 tells them apart perfectly, 0.5 is a coin. Then use it on the four columns of `present` and
# `absent`. Is the claim right?


# %% tags=["exercise"]
def told_apart(present, absent):
    """The share of all pairs in which the present value is the higher one; a tie counts half."""
    return ...  # your turn


# %% tags=["solution"]
def told_apart(present, absent):
    """The share of all pairs in which the present value is the higher one; a tie counts half."""
    a, b = np.asarray(present)[:, None], np.asarray(absent)[None, :]
    return float((a > b).mean() + (a == b).mean() / 2)


for number, name in enumerate(measures):
    print(f"{name:20} {told_apart(present[:, number], absent[:, number]):.2f}")

# %% [markdown] tags=["solution"]
# (This share has a name: the area under the ROC curve.) The match probability is nearly perfect; it is what the model was
# trained for. The claim about the maps is *not* confirmed here: the highest attention tells absent things at least as well
# as Grad-CAM does. And best after the match probability is a number that no heatmap shows. It is true that attention must
# go somewhere; but this model learned a place for "nowhere". A token that finds nothing gives a little more to the image's
# own `[CLS]`, which is the very column that we drop before we draw. Still: whether something is there is a question
# for the match probability, not for a map.

# %%
check_told_apart(told_apart)

# %% [markdown] tags=["live"]
# ## Look around
#
# Every layer and head of one phrase, by Grad-CAM or by the attention alone; switch between the two above the grid.

# %% tags=["live"]
from iterprime_xai.saliency.atlas import atlas

ix.layer_atlas(atlas(matcher, left.image, left.text, mask=left.mask))

# %% [markdown]
# ## What you have learned
#
# - The gradient alone lights up what *would* matter; it misses the thing that is meant in most phrases.
# - Attention alone can point very well, here even better than the product. But it does not know the answer: it is the same
#   for a model that says the opposite.
# - Gradient times attention is slope times step: it predicts what happens to the score when one attention weight is
#   switched off. It holds for small steps, and it does not add up to the score.
# - At the attention, a row's gradient has an offset that spoils the sign; at the scores, before the softmax, it is gone.
# - Neither map says "not here". The match probability does.
#
# ## References
#
# - Selvaraju et al., *Grad-CAM*, ICCV 2017; on image-text matching: Li et al., *ALBEF*, NeurIPS 2021, and Li et al.,
#   *BLIP*, ICML 2022.
# - Jain and Wallace, *Attention is not Explanation*, NAACL 2019; Wiegreffe and Pinter, *Attention is not not
#   Explanation*, EMNLP 2019. Read both.
# - Switching off as an explanation, and slope times step: Shrikumar et al., *Learning Important Features Through
#   Propagating Activation Differences*, ICML 2017.
# - The formulas in the package: [Grad-CAM](../docs/methods/gradcam.md), [raw attention](../docs/methods/attention.md);
#   the numbers on 1000 phrases a split: [findings](../docs/findings.md); all methods against each other: [which maps
#   deserve belief](../docs/explanations.md).
#
# **Next:** lesson 3 asks *which* layer, head and token, and why the last layer is blank.
