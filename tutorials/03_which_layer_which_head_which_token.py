# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#     lesson: '03'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: Which layer, which head, which token?
# ---

# %% [markdown]
# # Which layer, which head, which token? Why the last layer is blank
#
# Grad-CAM over cross-attention is one formula. But the model has several layers, each layer several heads, and each
# head a row for every token. One sentence and one picture give you dozens of heatmaps. Which one is *the* explanation?
# None of them is, and this lesson is about what to do then: understand what can be understood, and **measure** the rest.
#
# After this lesson you can
#
# - explain why the last layer of such a model is blank for every word, and tell this from a bug;
# - tell a blank map from a map that is empty of meaning;
# - compare layers, heads and tokens over many phrases, with an interval;
# - say how many pictures a choice needs, and why it must not be made on the pictures you report.
#
# Plan about 30 minutes. You need lesson 2 (Grad-CAM: the gradient of the match logit, times the attention). Write down
# your answer to each **Before you run**, *then* run the cell.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model or a folder; the lesson is written for the bundled one
smoke: bool = False  # true: few phrases, for tests
limit: int = 200  # phrases that are measured

# %%
import copy
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples, samples
from iterprime_xai.evaluation import measure_layers
from iterprime_xai.evaluation.bootstrap import difference, interval
from iterprime_xai.evaluation.heat import peak_in_object
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.sheets import Panel
from iterprime_xai.saliency.atlas import atlas
from iterprime_xai.saliency.gradcam import activation, at_scores
from iterprime_xai.tutorials.lesson_03 import (
    check_choose_and_report,
    check_counter_example,
    check_pooled_score,
    check_tied,
)

grounder = ix.load(model, device="cpu")
matcher = grounder.matcher
sample = bundled_samples()[0]
count = min(limit, 9) if smoke else limit
print(f"layers that look into the picture: {matcher.layers}, patches: {matcher.grid}")

# %% [markdown]
# ## 1. All layers at once
#
# `matcher.match` gives the attention *C* and the gradient *G* of every layer that you ask for, from one forward and
# one backward pass. `at_scores` takes the gradient one step back, at the scores before the softmax, as the package's
# default recipe does (lesson 2; `docs/methods/gradcam.md`). `activation` is max(0, *G*) · *C*.


# %%
def heat_of(image, text):
    """Grad-CAM of everything: {layer: (heads, tokens, rows, columns)}."""
    tokens = matcher.tokenize(text)
    found = matcher.match(matcher.encode_image(image), tokens, layers=matcher.layers)
    return {
        layer: activation(
            found.attention[layer], at_scores(found.attention[layer], found.gradient[layer])
        )
        for layer in matcher.layers
    }


heat = heat_of(sample.image, sample.text)
names = matcher.tokenizer.convert_ids_to_tokens(matcher.tokenize(sample.text).ids[0])
print(f"“{sample.text}”: {names}")
print("each layer:", tuple(heat[matcher.layers[0]].shape), "= (heads, tokens, rows, columns)")

# %% [markdown]
# We look at two rows of every layer: that of `[CLS]`, which the match head reads, and that of the noun, *bike*. The
# thing that is meant is the red bike on the left.
#
# > **Before you run.** The match head reads **only** the last output of `[CLS]`. In the very last layer, what will the
# > map of *bike* look like? Which numbers of that layer can still reach the score?

# %%
bike = names.index("bike")
first, last = matcher.layers[0], matcher.layers[-1]
panels = [
    Panel(f"layer {layer}: {names[token]}", f"highest {float(maps.max()):.1e}", maps.numpy())
    for token in (0, bike)
    for layer, maps in ((layer, heat[layer][:, token].mean(0)) for layer in matcher.layers)
]
sheets.sheet(
    sample.image,
    panels,
    columns=len(matcher.layers),
    alt="Grad-CAM of [CLS] and of bike in every layer, each map on its own colour scale.",
)

# %% [markdown]
# Each map has its own colour scale, so read the numbers below them, too. On this picture one layer shows the bike that
# is meant, in both rows. The others light up at corners and edges, with much smaller numbers. And *bike* in the last
# layer has nothing at all.
#
# ## 2. Why the last layer is blank
#
# > **Before you run.** Is “nothing at all” a small number, a rounding error, or exactly zero? For *bike* only, or for
# > other tokens, too?

# %%
exhibits.table(
    ("highest value", *names),
    [
        (
            f"layer {layer}",
            *(f"{float(row.max()):.0e}" if row.max() > 0 else "0" for row in maps.mean(0)),
        )
        for layer, maps in heat.items()
    ],
    chosen=len(matcher.layers) - 1,
)

# %%
assert heat[last][:, 0].max() > 0
assert heat[last][:, 1:].max() == 0  # not small: zero

# %% [markdown]
# Exactly zero, for every token but `[CLS]`. Follow the numbers through the model:
#
# | | what a token fetches from the picture goes to | and from there to the score? |
# | --- | --- | --- |
# | a layer before the last | its own output, which **all** tokens of the next layer may read | yes, through `[CLS]` of a later layer |
# | the last layer, `[CLS]` | its own output | yes: the match head reads it |
# | the last layer, any other token | its own output | **no: nobody reads it any more** |
#
# So ∂*s*/∂*C* = 0 there, whatever the picture, the sentence and the training. It is no bug, and BLIP-base with its
# twelve layers has it just the same. Two things follow. Never read such a model word by word in its last layer. And
# never stretch a map to its own maximum without looking at that maximum: with a little rounding noise in place of
# zero, the stretched picture looks like strong evidence.

# %% [markdown]
# **Exercise 3.1: a score that hears every word.** Write `score_of(hidden, head)`. `hidden` is (1, tokens, width), the
# last output of the text encoder; `head` is a linear layer that turns (…, width) into two numbers, [does not match,
# matches]. The stock model gives `head(hidden[:, 0])[0, 1]`. Return the match logit of the **mean** over all tokens
# instead, a tensor with one number. Before you try it: which tokens will have heat in the last layer then?


# %% tags=["exercise"]
def score_of(hidden, head):
    return ...


# %% tags=["solution"]
def score_of(hidden, head):
    return head(hidden.mean(1))[0, 1]


# %%
check_pooled_score(score_of)

# %% tags=["solution"]
blip = copy.deepcopy(matcher.model)  # a copy: output_attentions leaves hooks on a model
tokens = matcher.tokenize(sample.text)
seen = matcher.encode_image(sample.image).hidden.detach().requires_grad_()
out = blip.text_encoder(input_ids=tokens.ids, encoder_hidden_states=seen, output_attentions=True)
attention = out.cross_attentions[last]
(gradient,) = torch.autograd.grad(score_of(out.last_hidden_state, blip.itm_head), attention)
cam = (gradient.clamp(min=0) * attention)[0, :, :, 1:].mean(0)  # without the image's own [CLS]
print("last layer:", ", ".join(f"{n} {row.max():.0e}" for n, row in zip(names, cam, strict=True)))

# %% [markdown] tags=["solution"]
# Now every token has heat in the last layer. But mind what you explain: the model decides by another number than this
# one. A map of a score that nobody uses is a correct map of the wrong thing. The honest way to see words is to read an
# earlier layer, where they reach the true score.

# %% [markdown]
# ## 3. Not blank, and still empty
#
# Layers 0 to 2 are not blank, and neither is `[CLS]` in layer 4. Do they know anything? One picture cannot tell. So we
# take phrases whose truth is known, and ask of every map: **is its hottest patch on the thing that is meant?** That is
# the *pointing game* (Zhang et al., ECCV 2016). Since the scenes are drawn by a program, we can have as many phrases as
# we like. We measure every layer, with its heads apart and together, and three ways to read tokens: `[CLS]`, the noun
# alone, the mean over all tokens.


# %%
parse = partial(ix.parse, pipeline="rules")
ROWS = ("[CLS]", "noun", "all tokens")


def readings(text, heat):
    """Every map that can be read: {(layer, head, token row): (rows, columns)}."""
    expression = parse(text)
    noun = list(matcher.tokenize(text).positions(expression.words[expression.primary].span))
    found = {}
    for layer, maps in heat.items():
        for row, one in zip(ROWS, (maps[:, 0], maps[:, noun].mean(1), maps.mean(1)), strict=True):
            found[layer, "all heads", row] = one.mean(0).numpy()
            found |= {(layer, f"head {head}", row): each.numpy() for head, each in enumerate(one)}
    return found


def measure(split, seed):
    """Which choice points at the thing, bool (choices, phrases), and where every map peaks."""
    asked, hits, peaks = list(samples(split, count, seed)), [], []
    for each in asked:
        maps = readings(each.text, heat_of(each.image, each.text))
        hits.append([peak_in_object(one, each.mask) for one in maps.values()])
        peaks.append([int(one.argmax()) for one in maps.values()])
    return list(maps), np.array(hits).T, np.array(peaks).T, asked


choices, hits, peaks, asked = measure("val", seed=3)
pictures = [each.tags["image_id"] for each in asked]
print(f"{len(choices)} choices, {hits.shape[1]} phrases of {len(set(pictures))} pictures")

# %% [markdown]
# > **Before you run.** A point thrown at random would hit the thing as often as the thing is large: about 4 times in 100.
# > How often will the mean over all heads and tokens hit in each layer? What would a layer do that knows *nothing*?


# %%
def row_of(choice):
    found = interval(hits[choices.index(choice)].astype(float), pictures)
    return f"{found.mean:.0%}  [{found.low:.0%}, {found.high:.0%}]"


area = np.mean([each.mask.mean() for each in asked])
exhibits.table(
    ("peak on the thing", *ROWS),
    [
        (f"layer {layer}", *(row_of((layer, "all heads", row)) for row in ROWS))
        for layer in matcher.layers
    ]
    + [("a random point", *[f"{area:.0%}"] * 3)],
)

# %% [markdown]
# One layer points, the others do not, and nearly all of their numbers are *worse* than a random point. (`[CLS]` in layer 1
# is the exception.) Nothing that is merely ignorant does that: to miss so reliably, a map must always look somewhere
# else. Where?
#
# > **Before you run.** For each layer we count, patch by patch, where the peaks fall. What will the counts of a layer
# > look like that points at things? And of one that does not?

# %%
rows, columns = matcher.grid
where = Figure(figsize=(9.6, 2.3), layout="constrained")
for axes, layer in zip(where.subplots(1, len(matcher.layers)), matcher.layers, strict=True):
    found = peaks[choices.index((layer, "all heads", "[CLS]"))]
    axes.imshow(
        np.bincount(found, minlength=rows * columns).reshape(rows, columns) ** 0.5, cmap="cividis"
    )
    most = np.bincount(found).max()
    axes.set_title(f"layer {layer}\nfullest patch: {most / len(found):.0%}", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
sheets.drawn(
    where,
    "For each layer, how often the peak of [CLS] falls on each patch of the grid; brighter is more often.",
)

# %% [markdown]
# Layer 3 peaks all over the picture, as things do. The other layers go to the two lower corners again and again (layer 1
# less than the rest), whatever the picture shows. A softmax must put its weight somewhere, and a head that has nothing to
# fetch needs a place where fetching does no harm. The same has been seen in much larger models and is called an *attention sink*
# (language models) or an artefact that *registers* cure (vision transformers); whether the cause is the same here, we did
# not test. What counts for you: a map can be alive, sharp, and about nothing.
#
# ## 4. Which head?
#
# The mean over heads is our choice as well. The **atlas** shows every layer and head of one phrase; a head whose peak
# lies on the thing that is meant has a frame.
#
# > **Before you run.** Look at layer 3. Will all four heads point at the bike?

# %%
one = atlas(matcher, sample.image, sample.text, mask=sample.mask)
one.show()

# %% [markdown] tags=["live"]
# In Jupyter you can click through it:

# %% tags=["live"]
ix.layer_atlas(one)

# %% [markdown]
# On this picture heads 1 and 2 of layer 3 peak on the bike, head 3 just beside it, and head 0 in a corner. Are heads 0 and
# 3 bad, or unlucky here? Let us ask all phrases, and ask also how much of the heat each head holds.

# %%
layer, why = matcher.choose_layer(None)
total = heat[layer].sum()
exhibits.table(
    (f"layer {layer}, all tokens", "peak on the thing", "share of the heat (this picture)"),
    [
        (
            f"head {head}",
            row_of((layer, f"head {head}", "all tokens")),
            f"{float(each.sum() / total):.0%}",
        )
        for head, each in enumerate(heat[layer])
    ]
    + [("all heads, their mean", row_of((layer, "all heads", "all tokens")), "100%")],
)

# %% [markdown]
# Head 0 almost never points, though a good part of the heat is its own: it parks in a corner. Head 3 was unlucky: over many
# phrases, the three others each do about as well as the mean. It would be easy to say “leave head 0 out”. But each of these numbers
# has an interval, and the intervals of the good heads overlap widely. Keep that in mind for section 6.
#
# ## 5. Which token?
#
# One may read `[CLS]`, because the match head does. Or the noun, because it names the thing. Or all tokens.
#
# > **Before you run.** In the table of section 3 the noun alone was clearly behind. When it misses in layer 3, where does
# > its peak fall: on *another* thing (the other bike), somewhere else altogether, or just *beside* the thing that is meant?

# %%
place = choices.index((layer, "all heads", "noun"))
landed = []
for each, at in zip(asked, peaks[place], strict=True):
    patch = each.image.height / rows
    middle = (np.array(divmod(at, columns)) + 0.5) * patch  # of the hottest patch, in pixels
    far = [np.abs(np.argwhere(m) - middle).max(1).min() / patch for m in (each.mask, *each.others)]
    on = [bool(m[tuple(middle.astype(int))]) for m in (each.mask, *each.others)]
    if any(on):
        landed.append("on the thing that is meant" if on[0] else "on another thing")
    else:
        close = far[0] <= 1 and far[0] == min(far)
        landed.append("at most one patch beside it" if close else "elsewhere")
names_of = (
    "on the thing that is meant",
    "at most one patch beside it",
    "on another thing",
    "elsewhere",
)
exhibits.table(("the noun's peak is", "phrases"), [(name, landed.count(name)) for name in names_of])

# %% [markdown]
# So the noun knows very well *which* thing is meant. It points at its rim and not at its body, and things such as bikes
# are thin. Had we written “the noun alone finds the thing in 56 % only”, the number would be right and the reader misled.
# **Look at the misses before you say what a map does not know.**
#
# **Exercise 3.2: a counter-example.** Layer 3 is far better than layer 1, both read at `[CLS]`. And yet somebody could show
# you a picture on which layer 1 is right and layer 3 wrong. Find the place (a whole number, counted from 0) of such a
# phrase in `hits`, which is bool (choices, phrases): its rows `better` and `worse` are the two choices.

# %%
better, worse = (
    choices.index((number, "all heads", "[CLS]")) for number in (layer, matcher.layers[1])
)
print(
    f"row {better} hits {hits[better].sum()}, row {worse} hits {hits[worse].sum()} of {hits.shape[1]} phrases"
)

# %% tags=["exercise"]
answer = ...

# %% tags=["solution"]
found = np.flatnonzero(hits[worse] & ~hits[better])
answer = int(found[0]) if len(found) else 0
print(f"{len(found)} such phrases")
if len(found):
    print(f"the first: “{asked[answer].text}”")

# %%
check_counter_example(answer, hits, better, worse)

# %% [markdown] tags=["solution"]
# There are some such phrases, and each would make a fine figure in a paper: “layer 1 finds what layer 3 misses”. A figure
# with one picture is an anecdote, whoever shows it to you. You included.
#
# %% [markdown]
# ## 6. Choosing on five pictures
#
# Suppose that you have no time. You look at five phrases, try all choices, and take the best one.
#
# > **Before you run.** You do this with the first five phrases, a friend with the next five, and so on. Will you all choose
# > the same layer? The same head and token?

# %%
for start in range(0, min(30, hits.shape[1] - 4), 5):
    right = hits[:, start : start + 5].sum(1)
    best = [choices[each] for each in np.flatnonzero(right == right.max())]
    layers = sorted({each[0] for each in best})
    named = "; ".join(f"{head} {token}" for _, head, token in best[:3])
    more = f" and {len(best) - 3} more" if len(best) > 3 else ""
    print(f"phrases {start:2}-{start + 4:2}: layer {layers}, {right.max()} of 5: {named}{more}")

# %% [markdown]
# About the layer you all agree: the gap is so wide that five phrases are plenty. *Within* the layer, five phrases name one
# winner here and another there, or leave most of them level at five of five. Whoever saw only the first five would
# write a paper on head 1.
#
# Now we do it a thousand times. We draw a few phrases of val, choose the best of all choices on them (a coin decides
# ties), and note two figures: what the winner scores **on the very phrases that it won on**, and what the same choice scores
# **on the rest**, which had no part in the choice.
#
# > **Before you run.** Draw the two curves over the number of phrases drawn. Which lies higher? Do they meet?

# %%
random = np.random.default_rng(0)
sizes = [3, 6] if smoke else [5, 10, 20, 50, 100]
own, rest, winners = [], [], []
for size in sizes:
    kept = []
    for _ in range(50 if smoke else 1000):
        drawn = np.isin(np.arange(hits.shape[1]), random.permutation(hits.shape[1])[:size])
        share = hits[:, drawn].mean(1)
        winner = random.choice(np.flatnonzero(share == share.max()))
        kept.append((share[winner], hits[winner, ~drawn].mean(), winner))
    own.append(np.mean([each[0] for each in kept]))
    rest.append(np.mean([each[1] for each in kept]))
    winners.append(len({each[2] for each in kept}))

# %%
curve = Figure(figsize=(6.4, 3.0), layout="constrained")
axes = curve.add_subplot()
axes.plot(sizes, own, "o-", color="#b3560b", label="on the phrases it was chosen on")
axes.plot(sizes, rest, "s-", color="#1f6f8b", label="the same choice, on the rest")
axes.set(xlabel="phrases that the choice is made on", ylabel="peak on the thing")
axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
said = [
    f"{size} phrases: {a:.2f} of itself, {b:.2f} on the rest, {n} different winners"
    for size, a, b, n in zip(sizes, own, rest, winners, strict=True)
]
print("\n".join(said))
sheets.drawn(
    curve, f"The winner's figure on the phrases it won on, and on the rest. {'; '.join(said)}."
)

# %% [markdown]
# The winner always says too much of itself, most of all on few phrases: it won because it is good *and* because it was
# lucky, and the luck does not come along. And the winner changes from draw to draw: a dozen different ones on five
# phrases, and still several on a hundred. Yet the blue curve rises by a few points only. These choices are so alike that
# it matters little which of them you take; what matters is that you do not *believe* the difference.
#
# So how many pictures do you need? It depends on the gap. Between layer 3 and layer 2, five. Between two good heads, more
# than we have. The tool for it is the **paired difference with its interval**: for every phrase take hit minus hit, then
# the mean, and draw whole pictures again (phrases of one picture share its luck).

# %%
pair = [choices.index((layer, "all heads", row)) for row in ("all tokens", "[CLS]")]
apart = difference(*(hits[each].astype(float) for each in pair), pictures)
print(f"all tokens less [CLS]: {apart.mean:+.3f}  [{apart.low:+.3f}, {apart.high:+.3f}]")

# %% [markdown]
# Had the interval held 0, these phrases could not tell the two apart. Here it lies just above: all tokens are better than
# `[CLS]`, by little. How sure is “just”? With `measure("val", seed=7)`, 200 other phrases, it is +0.030 [-0.015, +0.080], and
# one would have said “not settled”.
#
# **Exercise 3.3: name the rivals.** Write `tied(hits, pictures)`: the list of the choices that cannot be told from the
# best one. `hits` is bool (choices, phrases), `pictures` names each phrase's picture. A choice is tied when the interval of
# *best minus it* reaches 0: `difference(values, others, pictures).low <= 0`.


# %% tags=["exercise"]
def tied(hits, pictures):
    return ...


# %% tags=["solution"]
def tied(hits, pictures):
    best = int(hits.mean(1).argmax())
    return [
        each
        for each in range(len(hits))
        if difference(hits[best].astype(float), hits[each].astype(float), pictures).low <= 0
    ]


print("tied with the best on all phrases:")
for each in tied(hits, pictures):
    print("  ", *choices[each], f"{hits[each].mean():.0%}")

# %%
check_tied(tied)

# %% [markdown] tags=["solution"]
# The best of 75 has company, and none of it comes from another layer. So “read layer 3” is a finding, and “read head 3 of layer
# 3” is not. That is why the package chooses a *layer* by measuring and keeps the mean over heads and tokens: not because
# the mean was proved best, but because nothing was proved better.

# %% [markdown]
# **Exercise 3.4: report it honestly.** Write `choose_and_report(val, test)`. Both are bool (choices, phrases), the same choices
# on two sets of phrases. Return the number of the choice that you make, and the figure that you would put into a paper.


# %% tags=["exercise"]
def choose_and_report(val, test):
    return ...


# %% tags=["solution"]
def choose_and_report(val, test):
    choice = int(val.mean(1).argmax())
    return choice, float(test[choice].mean())


# %%
check_choose_and_report(choose_and_report)

# %% [markdown]
# ## 7. The package does it for you
#
# `measure_layers` measures every layer as `ground` would read it, on a **validation split**. It names the layers that are
# tied, and picks by a rule that it prints. On the command line it is `iterprime-xai layers --data scenes:val`, which can also
# write the choice into the checkpoint's *profile*, so that `ix.load` finds it next time.
#
# > **Before you run.** Which layer will it pick? And what do you expect it to do if you ask for `scenes:testA`?

# %%
table = measure_layers(grounder, "scenes:val", limit=count)
exhibits.table(
    ("", "peak on the thing", "behind the best", "no word has heat in"),
    [
        (
            row.name,
            f"{row.whole.peak.mean:.0%}",
            f"{row.behind.mean:.0%}",
            f"{row.wordless} of {row.count}",
        )
        for row in table.rows
    ],
    chosen=matcher.layers.index(table.chosen),
)

# %%
print(f"picked: layer {table.chosen}. {table.sentence}.\n")
print(f"what ground() will read: layer {layer}, {why}")

# %% [markdown]
# Asked for a test split it measures, too, but it warns, and it makes no profile of it. A figure that was chosen on the test
# samples is worth nothing, however carefully the rest was done.
#
# Layer 3 is an answer for **this** checkpoint. ALBEF's authors read layer 8 of 12, BLIP's demonstration code 7 of 12, and
# two trainings of one small model can differ. Do not carry a number over; carry the command over.
#
# ## What you have learned
#
# - In the last layer only `[CLS]` reaches the score. Every other row is exactly zero, by construction.
# - A map may be far from zero and still about nothing: most layers here point at corners, whatever the picture shows.
# - Heads differ, and some park their attention. Rows of tokens differ, too; but a miss may be a near miss, so look at misses.
# - Few phrases settle a wide gap and no narrow one. A winner flatters itself; a paired interval says what is settled.
# - Choose on val, report on other samples, and say what was tied.
#
# ## References
#
# - Selvaraju et al., *Grad-CAM*, ICCV 2017. Li et al., *Align before Fuse (ALBEF)*, NeurIPS 2021: one layer, found by trying.
# - Zhang et al., *Top-down Neural Attention by Excitation Backprop*, ECCV 2016: the pointing game.
# - Xiao et al., *Efficient Streaming Language Models with Attention Sinks*, ICLR 2024; Darcet et al., *Vision Transformers
#   Need Registers*, ICLR 2024.
# - Efron, *Bootstrap Methods*, Annals of Statistics 1979. Jain and Wallace, *Attention is not Explanation*, NAACL 2019.
# - [Choosing a layer](../docs/layers.md), [Grad-CAM](../docs/methods/gradcam.md), [Findings](../docs/findings.md).
#
# Next, in lesson 4: words. Which of them know what is meant, and what happens if one is made louder than the others.
