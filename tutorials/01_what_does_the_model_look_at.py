# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: What does the model look at?
# ---

# %% [markdown]
# # What does the model look at?
#
# You give a model a picture and a sentence, and it answers with a number: how well do they match? In this lesson you
# take that number apart until you can draw **where in the picture it came from**. You will compute the heatmap
# yourself, with a dozen lines of PyTorch, and then test whether it deserves to be believed.
#
# After this lesson you can
#
# - say what *matching*, *token*, *patch* and *cross-attention* mean, and point to each of them in a tensor;
# - explain why an attention map alone explains nothing;
# - compute Grad-CAM over cross-attention by hand with `torch.autograd.grad`;
# - test a heatmap instead of admiring it.
#
# You need Python and a little PyTorch (tensors, shapes, what a gradient is). Everything runs on a laptop without a
# network: the model is a very small BLIP that was trained on drawn scenes like the one below, from pairs of pictures
# and sentences only. Nobody ever showed it a box or a mask. Plan about 45 minutes.
#
# The boxes marked **Before you run** are the heart of the lesson. Write your answer down, *then* run the cell. A
# wrong prediction that you wrote down teaches more than a figure that you nodded at.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model or a folder; the lesson is written for the bundled one
smoke: bool = False  # true: fewer repetitions, for tests
limit: int = 8  # at most this many heatmaps in one figure

# %%
import copy

import numpy as np
import torch
from matplotlib.figure import Figure

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.sheets import Panel

sample = bundled_samples()[0]
image = sample.image
sheets.photo(
    image,
    "A red bike on the left, a green tree in the middle, a blue bike on the right, a dog, a bird.",
    420,
)

# %% [markdown]
# ## 1. Matching: a picture and a sentence become one number
#
# `ix.load` gives us everything for grounding. Inside is an ordinary `transformers` model,
# `BlipForImageTextRetrieval`. We work on a **copy** of it, so that we can experiment without disturbing the original.

# %%
grounder = ix.load(model, device="cpu")
matcher = grounder.matcher

blip = copy.deepcopy(matcher.model)  # a stock transformers BlipForImageTextRetrieval
tokenizer = matcher.tokenizer
pixels = matcher.image_processor(images=image, return_tensors="pt")["pixel_values"]

rows, columns = matcher.grid
print(
    f"{type(blip).__name__}: {sum(p.numel() for p in blip.parameters()) / 1e6:.1f} million weights"
)
print("picture as the model gets it:", tuple(pixels.shape))

# %% [markdown]
# The model decides in three steps:
#
# 1. the **vision encoder** turns the picture into a sequence of vectors;
# 2. the **text encoder** reads the sentence and, in every layer, may look into those vectors (*cross-attention*);
# 3. a **match head** looks at the text encoder's first output vector and gives two numbers, "does not match" and
#    "matches".
#
# The second of the two numbers is the **match logit**. That is the number we are going to explain. A softmax over
# both makes it a probability.


# %%
def match_logits(text):
    """The two outputs of the match head, [does not match, matches], for our picture and a text."""
    tokens = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        seen = blip.vision_model(pixel_values=pixels).last_hidden_state
        read = blip.text_encoder(
            input_ids=tokens.input_ids,
            attention_mask=tokens.attention_mask,
            encoder_hidden_states=seen,
        ).last_hidden_state
        return blip.itm_head(read[:, 0])[0]


def match_probability(text):
    return float(match_logits(text).softmax(-1)[1])


# %% [markdown]
# > **Before you run.** Below are pairs of sentences that differ in one thing. The first of each pair is true of the
# > picture, the second is false. Which pair will be easiest for the model, and which hardest? Rank them from the
# > surest to the least sure.

# %%
pairs = [
    ("there is a dog", "there is a zebra"),
    ("the dog is orange", "the dog is purple"),
    ("the bike left of the tree is red", "the bike left of the tree is blue"),
    ("the bike on the right is blue", "the bike on the right is red"),
]
rated = [(true, match_probability(true), false, match_probability(false)) for true, false in pairs]
exhibits.table(
    ("true", "match", "false", "match", "true above false?"),
    [
        (true, f"{p:.2f}", false, f"{q:.2f}", "yes" if p > q else "NO")
        for true, p, false, q in rated
    ],
)

# %% [markdown]
# Compare **within** a row first: does the true sentence score above its false twin? Then look down the columns: the
# model was trained to *decide*, and its probabilities are not calibrated. A 0.9 does not mean "right nine times in
# ten".
#
# If a row says NO, do not skip it. A model of this size does get pairs wrong, most often those that need a position
# or an order. A heatmap of a wrong answer shows how the model came to *its* answer. It never shows the truth.

# %% [markdown]
# ## 2. Tokens: what the text encoder reads
#
# The text encoder does not read letters or words but **tokens**. A special token `[CLS]` comes first and `[SEP]`
# comes last. The output at `[CLS]` is what the match head looks at: the whole sentence has to be gathered there.

# %%
text = "the bike left of the tree"
tokens = tokenizer(text, return_tensors="pt")
names = tokenizer.convert_ids_to_tokens(tokens.input_ids[0])
print(names)
print("a word it never saw:", tokenizer.tokenize("the hippopotamus"))

# %% [markdown]
# This small model knows only the words of its scenes. A word that it never saw falls apart into letters, and whatever
# it then says about that word is noise.
#
# ## 3. Patches: what the vision encoder sees
#
# The picture is cut into square **patches**, and each becomes one vector. One more vector, the image's own `[CLS]`,
# stands in front and belongs to no place. Whatever we find out, we cannot find out more finely than one patch.

# %%
with torch.no_grad():
    seen = blip.vision_model(pixel_values=pixels).last_hidden_state
print(f"grid of patches: {rows} x {columns} = {rows * columns}")
print("vectors from the vision encoder:", tuple(seen.shape), f"= (1, 1 + {rows * columns}, width)")

grid = Figure(figsize=(3.6, 3.6))
axes = grid.add_axes((0, 0, 1, 1))
axes.imshow(image, extent=(0, columns, rows, 0))
axes.set_xticks(range(columns + 1), [])
axes.set_yticks(range(rows + 1), [])
axes.tick_params(length=0)
axes.grid(color="white", linewidth=0.7, alpha=0.8)
sheets.drawn(grid, "The picture with the lines of the patch grid over it.")

# %% [markdown]
# ## 4. Cross-attention: every token asks every patch
#
# In each layer of the text encoder, each token sends out a *question* (a query vector) and each patch holds up a
# *label* (a key vector). The better they fit, the more of the patch's *content* (its value vector) flows to the
# token:
#
# > attention of token *t* to patch *p* = softmax over all patches of (query of *t*) · (key of *p*) / √width
#
# This happens several times side by side, in **heads** that ask different questions. The result is one tensor a
# layer, which `transformers` hands out when it is asked for.

# %%
out = blip.text_encoder(
    input_ids=tokens.input_ids,
    attention_mask=tokens.attention_mask,
    encoder_hidden_states=seen,
    output_attentions=True,
)
layer, why = matcher.choose_layer(None)
layer = min(layer, matcher.layers[-2])  # never the last one: section 8 shows why
attention = out.cross_attentions[layer]

print(f"{len(out.cross_attentions)} layers; we read layer {layer} (the default is {why})")
print(
    "one layer:",
    tuple(attention.shape),
    f"= (1, heads, {len(names)} tokens, 1 + {rows * columns} patches)",
)
print(f"every row sums to {attention.sum(-1).min():.4f} ... {attention.sum(-1).max():.4f}")

# %% [markdown]
# Let us look at it: drop the image's own `[CLS]` (the first column, it has no place), take the mean over the heads,
# and fold the rest back into the grid.
#
# > **Before you run.** For the tokens *bike*, *tree* and *the*: which patches will each of them attend to most? Will
# > *the* attend to anything?


# %%
def on_grid(values):
    """(..., 1 + patches) -> (..., rows, columns), without the image's own [CLS]."""
    return values[..., 1:].reshape(*values.shape[:-1], rows, columns)


def show(maps, alt, line="", **how):
    """Heatmaps by title over our picture; each has its own colour scale unless shared=True."""
    panels = [
        Panel(title, line, np.asarray(heatmap, np.float32)) for title, heatmap in maps.items()
    ]
    return sheets.sheet(image, panels, alt=alt, **how)


def titled(maps):
    """Every token with its map, as {position and name: map}; at most `limit` of them."""
    return {
        f"{place}: {name}": each
        for place, (name, each) in enumerate(zip(names, maps, strict=True))
        if place < limit
    }


token_attention = on_grid(attention.mean(1)[0].detach())
show(titled(token_attention), "Attention of every token, each on its own colour scale.")

# %% [markdown]
# Tempting, isn't it? Some of these look like an explanation already. Three reasons to keep calm.

# %% [markdown]
# ## 5. Why attention alone explains nothing
#
# **It must always go somewhere.** A softmax adds up to one, whatever the question. So ask for something that is not
# there.
#
# > **Before you run.** There is no zebra in the picture. What will the attention map of the token *zebra* look like:
# > empty, even, or with a clear peak?

# %%
absent = tokenizer("the zebra", return_tensors="pt")
place = tokenizer.convert_ids_to_tokens(absent.input_ids[0]).index("zebra")
with torch.no_grad():
    asked = blip.text_encoder(
        input_ids=absent.input_ids,
        attention_mask=absent.attention_mask,
        encoder_hidden_states=seen,
        output_attentions=True,
    )
zebra = on_grid(asked.cross_attentions[layer].mean(1)[0, place])
share = float(zebra.max() / zebra.mean())
print(
    f"hottest patch: {share:.1f} times the mean;",
    f"match probability of 'the zebra': {match_probability('the zebra'):.2f}",
)
show(
    {"attention of “zebra”": zebra},
    "Attention of the token zebra, which is not in the picture.",
    columns=3,
)

# %% [markdown]
# The map has a hottest place, as every map has, and nothing in it says "not here".
#
# **There is not one attention, there are many.** Every layer has one, and every head. The mean that we drew is our
# choice, not the model's.

# %%
bike = names.index("bike")
heads = on_grid(attention[0, :, bike].detach())
show(
    {f"head {head}": each for head, each in enumerate(heads)},
    "Attention of the token bike, head by head.",
)

# %%
alike = [
    exhibits.correlation(first.numpy(), second.numpy())
    for number, first in enumerate(heads)
    for second in heads[number + 1 :]
]
print(
    "how alike two heads are (correlation of their maps, 1 = the same): ",
    ", ".join(f"{each:.2f}" for each in alike),
)

# %% [markdown]
# **It does not know the question.** Attention says from where content was *fetched*. What became of it afterwards, it
# does not say: the content may be thrown away by a later layer, and it may just as well push the score **down**. To
# explain the *score*, the score has to come into the formula.

# %% [markdown]
# ## 6. The gradient: what the score would do
#
# Call the attention of one layer *C* and the match logit *s*. The gradient
#
# > *G* = ∂*s* / ∂*C*
#
# has one entry for every head, token and patch, and it answers a question: *if this one attention weight were a tiny
# bit larger, and everything else in this layer the same, how much would the match logit rise?* PyTorch computes it in
# one call. Only one thing must be prepared: somewhere in front of *C* there has to be a tensor that asks for
# gradients, otherwise no graph is recorded.
#
# > **Before you run.** Can entries of *G* be negative? What would a negative entry at a patch mean?

# %%
seen.requires_grad_()  # so that PyTorch records the graph behind the image vectors
out = blip.text_encoder(
    input_ids=tokens.input_ids,
    attention_mask=tokens.attention_mask,
    encoder_hidden_states=seen,
    output_attentions=True,
)
score = blip.itm_head(out.last_hidden_state[:, 0])[0, 1]  # s: the match logit
attention = out.cross_attentions[layer]  # C
(gradient,) = torch.autograd.grad(score, attention)  # G, of the same shape

print(
    "G:", tuple(gradient.shape), f"with {float((gradient < 0).float().mean()):.0%} negative entries"
)
show(
    {"gradient for “bike”": on_grid(gradient.mean(1)[0, bike])},
    "Gradient of the match logit by the attention of the token bike: orange raises it, blue lowers it.",
    "orange: more attention here raises the score",
    columns=3,
)

# %% [markdown]
# The gradient alone is not the answer either: it also talks about patches that the token hardly attends to. It says
# what *would* help, not what *did*.
#
# ## 7. Your first heatmap: gradient times attention
#
# So put both together. **Grad-CAM** keeps what raises the score, and weighs it with how much was really attended to:
#
# > *A* = max(0, *G*) · *C*
#
# Then take the mean over the heads, drop the image's own `[CLS]`, and fold into the grid. That is all of it. Here is
# the whole method in one function, on the stock model, with nothing of our package in it:


# %%
def gradcam_by_hand(text, layer):
    """Grad-CAM of every token of a text in our picture: (tokens, rows, columns)."""
    tokens = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        seen = blip.vision_model(pixel_values=pixels).last_hidden_state
    seen.requires_grad_()
    out = blip.text_encoder(
        input_ids=tokens.input_ids,
        attention_mask=tokens.attention_mask,
        encoder_hidden_states=seen,
        output_attentions=True,
    )
    score = blip.itm_head(out.last_hidden_state[:, 0])[0, 1]
    attention = out.cross_attentions[layer]
    (gradient,) = torch.autograd.grad(score, attention)
    cam = (gradient.clamp(min=0) * attention).mean(1)[0]  # mean over the heads
    return cam[:, 1:].reshape(-1, rows, columns).detach().numpy()


# %% [markdown]
# > **Before you run.** We draw all tokens on **one** colour scale now. Which token will be the brightest? Where will
# > *bike* be bright: on both bikes, or on one?

# %%
by_hand = gradcam_by_hand(text, layer)
show(titled(by_hand), "Grad-CAM of every token on one colour scale.", shared=True)

# %% [markdown]
# The match head reads `[CLS]` only. What a word token fetches can reach the score only if a later layer passes it on to
# `[CLS]`; where `[CLS]` itself stays dark, the words do the fetching in this layer. A word that stays dark on the common
# scale is a finding, too: in this layer, the score hangs little on what that token fetches.
#
# And the package? `ix.saliency.token_gradcam` computes the same thing, with more care: it leaves the model untouched
# (we left hooks on our copy), accepts half precision, and needs no gradient below the layer that it reads. If the two
# did not agree, one of them would be wrong.

# %%
from_package = ix.saliency.token_gradcam(matcher, image, text, layer)

assert by_hand.max() > 0  # two empty maps would agree, too
assert by_hand.shape == from_package.shape
assert np.abs(by_hand - from_package).max() <= 1e-4 * by_hand.max()
print(
    f"largest difference {np.abs(by_hand - from_package).max():.1e},",
    f"largest value {by_hand.max():.1e}: they agree",
)

# %% [markdown]
# Look at the largest value. Is it far below 1? It may be anything: the unit is "match logit times attention", and its
# size depends on the model, the layer and how sure the model is already. Never compare heatmaps by colour when each
# was stretched to its own maximum. A map of almost nothing, stretched, looks exactly like strong evidence.

# %% [markdown]
# ## 8. Which layer? And a surprise in the last one
#
# Every layer gives another heatmap. None of them is "the" explanation.
#
# > **Before you run.** The match head looks **only** at the output of `[CLS]`. So in the very last layer: what will
# > the heatmap of the token *bike* look like there? Think about which numbers of the last layer can still reach the
# > score.

# %%
some = (
    matcher.layers
    if len(matcher.layers) <= 4
    else sorted({matcher.layers[0], layer, *matcher.layers[-2:]})
)
per_layer = {}
for number in some:
    maps = gradcam_by_hand(text, number)
    per_layer[f"layer {number}: [CLS]"] = maps[0]
    per_layer[f"layer {number}: bike"] = maps[bike]
show(per_layer, "Grad-CAM of [CLS] and of the token bike, layer by layer.", columns=4)

# %%
last = gradcam_by_hand(text, matcher.layers[-1])
print("largest value in the last layer, token by token:")
print(", ".join(f"{name}: {each.max():.1e}" for name, each in zip(names, last, strict=True)))
assert last[0].max() > 0
assert last[1:].max() == 0

# %% [markdown]
# Exactly zero, for every token but `[CLS]`. After the last layer nobody reads the outputs of the other tokens, so
# nothing that they attend to there can move the score: ∂*s*/∂*C* = 0. It is not a bug, and no training would change
# it. Whoever reads the last layer of such a model word by word reads blank maps, and min-max scaling turns rounding
# noise into pictures.
#
# Which layer is best is a question that only *measuring* answers, with phrases whose truth is known. Our scenes know
# it. Where does the heat fall in our picture, layer by layer? The row says how much of the heat of *bike* lies on
# each thing (the area says how much would lie there by chance):

# %%
things = {"the bike that is meant": sample.mask}
things |= {
    f"another: {name}": mask
    for name, mask in zip(sample.other_categories, sample.others, strict=True)
}


def shares_on(heatmap):
    """The part of a heatmap's heat that lies on each thing of the scene."""
    fine = ix.records.heatmap.resize(heatmap, (image.height, image.width))
    fine = fine.clip(min=0)
    return [
        float(fine[mask].sum() / fine.sum()) if fine.sum() > 0 else float("nan")
        for mask in things.values()
    ]


def percent(values):
    return ["blank" if np.isnan(each) else f"{each:.0%}" for each in values]


exhibits.table(
    ("heat of “bike”", *things),
    [("by chance (area)", *percent(mask.mean() for mask in things.values()))]
    + [
        (f"layer {each}", *percent(shares_on(gradcam_by_hand(text, each)[bike])))
        for each in matcher.layers
    ],
)

# %% [markdown]
# One picture proves nothing about layers, of course. That takes hundreds of phrases, and a validation set that was
# not used for the choice. The model's *profile* records what was measured; without one, the package says "not
# validated for this checkpoint" in every trace.

# %% [markdown]
# ## 9. Does the heatmap deserve to be believed? Test it
#
# A heatmap is a claim: *these* patches carry the score. A claim can be tested: **hide** the hottest patches from the
# text encoder and see whether the score falls, more than when as many random patches are hidden. Hidden means hidden:
# those vectors are left out of the cross-attention in every layer.
#
# > **Before you run.** Sketch two curves of the match probability against the number of hidden patches: hottest
# > first, and random. What would the curves look like if the heatmap were worthless?

# %%
statement = "the bike left of the tree is red"
image_tokens, text_tokens = matcher.encode_image(image), matcher.tokenize(statement)
heat = ix.saliency.token_gradcam(matcher, image, statement, layer).mean(0)
hottest_first = np.argsort(heat.ravel())[::-1]
random = np.random.default_rng(0)


def hiding(patches):
    """The match probability when these patches are hidden."""
    keep = np.ones(rows * columns, bool)
    keep[patches] = False
    return matcher.match(image_tokens, text_tokens, keep=keep.reshape(rows, columns)).probability


counts = np.unique(np.linspace(0, rows * columns // 2, 4 if smoke else 13).astype(int))
draws = 2 if smoke else 12
falls = [hiding(hottest_first[:count]) for count in counts]
chance = np.array(
    [[hiding(random.permutation(heat.size)[:count]) for count in counts] for _ in range(draws)]
)

# %%
curve = Figure(figsize=(6.4, 3.2), layout="constrained")
axes = curve.add_subplot()
axes.plot(counts, falls, "o-", color="#b3560b", label="hottest patches first")
axes.plot(counts, chance.mean(0), "s-", color="#1f6f8b", label="random patches, mean")
axes.fill_between(counts, chance.min(0), chance.max(0), color="#1f6f8b", alpha=0.15, label="range")
axes.set(xlabel=f"hidden patches of {heat.size}", ylabel="match probability", ylim=(0, 1))
axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))

found = f"Mean over the curve: hottest first {np.mean(falls):.2f}, random {chance.mean():.2f}."
print(found, "(The lower, the more these patches mattered.)")
sheets.drawn(curve, f"Match probability against the number of hidden patches. {found}")

# %% [markdown]
# If the orange curve runs clearly below the blue band, the heatmap found patches that this answer depends on. If it
# does not, the map may look as convincing as it likes. (Two warnings. Hiding half a picture is a situation the model
# never met in training, so the right end of the curves says little. And a score can *rise* when patches are hidden:
# then they spoke against the sentence.)

# %% [markdown]
# ## 10. Looking again: refinement
#
# Hiding the hottest patches is more than a test. Once they are hidden, the model has to look elsewhere, and what it
# finds then can correct the first look. This is the idea of **iterative refinement**: look, hide the hottest patches,
# look again, blend the maps, and stop as soon as the match probability falls. `grounder.ground` does it, and chooses a
# mask. (Its maps differ a little from ours above: it takes the gradient one step further back, at the attention's
# scores before the softmax, where no patch can gain unless others lose. See `docs/methods/gradcam.md`.)
#
# > **Before you run.** Hidden are patches on the thing itself. Will the second look find more of the same thing, or
# > another thing? And what would it mean if the match probability *rose*?

# %%
g = grounder.ground(image, text)
exhibits.headline(g, sample) + exhibits.passes(g)

# %%
sheets.sheet(
    g.image,
    [
        Panel(
            f"pass {number}",
            f"match {look.probability:.2f}, {'used' if look.accepted else 'left out'}",
            look.heatmap,
            keep=look.keep,
        )
        for number, look in enumerate(g.passes, 1)
    ]
    + [Panel("result", "blend of the used passes, and the mask", g.heatmap, g.mask)],
    alt="Every pass with its hidden patches hatched, and the result with the outline of the mask.",
)

# %% [markdown]
# The last number of the summary line compares the mask with the truth of the scene (IoU, 1 is perfect). When it is
# near 0, the model looked at the wrong thing, and the figure shows you at which. That is what such figures are best
# for: not to confirm that a model works, but to find out how it fails.
#
# In Jupyter, `g.show()` lets you move through passes and words with the mouse.
#
# ## 11. What a heatmap does not tell you
#
# - It shows where **this model's** score came from. It is not a detector, and a sharp spot on the right thing can
#   stand beside a wrong answer.
# - It is **local**: a gradient says what a tiny change would do. Where the score is saturated, gradients are small
#   and maps fade, just where the model is surest.
# - max(0, ·) throws away everything that spoke **against** the match.
# - It is **coarse**: one patch is the finest it can say. The smooth edges in the figures are made by upsampling.
# - The token's heat shows what was fetched *through that token*. Information moves between tokens, too, so "the heat
#   of *left*" is not "where the model understood *left*".
# - **Layer, heads, emphasis** are our choices. Another choice gives another picture from the same model.
# - This model knows drawn scenes. On a photograph it will still draw you a beautiful heatmap. It will mean nothing.

# %% [markdown]
# ## Exercises
#
# Try each one before you open its solution. All of them work with what is defined above.
#
# **1. Nothing there.** Section 5 showed that attention cannot say "not here". Can Grad-CAM? Compare the *sum* of the
# heatmap of "the dog" and of "the zebra", at the token of the animal. Then try two more things that are in the
# picture and two that are not. Is there a threshold that you would trust?
#
# <details><summary>Solution</summary>
#
# ```python
# for animal in ("dog", "bird", "zebra", "elephant", "cat"):
#     maps = gradcam_by_hand(f"the {animal}", layer)
#     print(f"{animal:9} heat {maps[2].sum():.1e}   match {match_probability(f'the {animal}'):.2f}")
# ```
#
# Token 2 is the animal (0 is `[CLS]`, 1 is "the"). Whether the absent animals get less heat depends on the model, and
# the size of a map also depends on how saturated the score is. So magnitude is worth keeping, and it is *evidence*,
# not a detector: the match probability is the number that was trained to say "not here".
#
# </details>
#
# **2. What speaks against?** Write a version of `gradcam_by_hand` that keeps the *negative* part of the gradient,
# max(0, −*G*) · *C*, and draw it for the false sentence "the bike left of the tree is blue". What do you expect to
# see?
#
# <details><summary>Solution</summary>
#
# ```python
# def against_by_hand(text, layer):
#     tokens = tokenizer(text, return_tensors="pt")
#     with torch.no_grad():
#         seen = blip.vision_model(pixel_values=pixels).last_hidden_state
#     seen.requires_grad_()
#     out = blip.text_encoder(
#         input_ids=tokens.input_ids,
#         attention_mask=tokens.attention_mask,
#         encoder_hidden_states=seen,
#         output_attentions=True,
#     )
#     score = blip.itm_head(out.last_hidden_state[:, 0])[0, 1]
#     attention = out.cross_attentions[layer]
#     (gradient,) = torch.autograd.grad(score, attention)
#     return on_grid(((-gradient).clamp(min=0) * attention).mean(1)[0]).detach().numpy()
#
# false = "the bike left of the tree is blue"
# both = {"speaks for": gradcam_by_hand(false, layer).mean(0), "speaks against": against_by_hand(false, layer).mean(0)}
# show(both, "What speaks for and against a false sentence.", shared=True, columns=3)
# ```
#
# Look at the blue bike. Where it is bright in "speaks for", the model has fallen for the right colour in the wrong
# place: the word *blue* is true of something, only not of the bike that is meant. One might also hope for the red
# bike in "speaks against", but do not count on such a clean story. The same patch can be fetched by several heads,
# some of which push the score up and some down, and then both maps overlap.
#
# </details>
#
# **3. Left and right.** Draw the heat of *bike* for "the bike left of the tree" and for "the bike right of the tree",
# and measure with `shares_on` how much of it lies on each bike. Does the heat move with the word?
#
# <details><summary>Solution</summary>
#
# ```python
# sides = {side: gradcam_by_hand(f"the bike {side} of the tree", layer)[bike] for side in ("left", "right")}
# for side, heatmap in sides.items():
#     print(side, dict(zip(things, percent(shares_on(heatmap)))))
# show(sides, "Heat of bike for left and right.", shared=True, columns=3)
# ```
#
# To use a relation, the model has to bring two places together, which is much harder than finding a colour. If the
# heat hardly moves, the model recognises bikes and trees and ignores who stands where. Many large models do the same.
#
# </details>
#
# **4. Another target.** The match head has two outputs. We explained the second one, "matches". Explain instead the
# *difference* of the two, which is what decides. (Change one line of `gradcam_by_hand`.) How alike are the maps?
#
# <details><summary>Solution</summary>
#
# ```python
# def gradcam_of_the_margin(text, layer):
#     tokens = tokenizer(text, return_tensors="pt")
#     with torch.no_grad():
#         seen = blip.vision_model(pixel_values=pixels).last_hidden_state
#     seen.requires_grad_()
#     out = blip.text_encoder(
#         input_ids=tokens.input_ids,
#         attention_mask=tokens.attention_mask,
#         encoder_hidden_states=seen,
#         output_attentions=True,
#     )
#     logits = blip.itm_head(out.last_hidden_state[:, 0])[0]
#     score = logits[1] - logits[0]
#     attention = out.cross_attentions[layer]
#     (gradient,) = torch.autograd.grad(score, attention)
#     return on_grid((gradient.clamp(min=0) * attention).mean(1)[0]).detach().numpy()
#
# margin = gradcam_of_the_margin(text, layer)
# print(f"correlation of the two maps: {exhibits.correlation(by_hand.mean(0), margin.mean(0)):.3f}")
# ```
#
# After training, the two outputs are often mirror images of each other, so the maps are nearly the same up to a
# factor. Nothing guarantees it for the next model: say which number you explain.
#
# </details>
#
# ## Where to go from here
#
# - `iterprime-xai report sample` makes a page with everything about one grounding, for your own pictures and phrases.
# - `iterprime-xai ground photo.jpg "the bike left of the tree" --model Salesforce/blip-itm-base-coco` asks a model
#   that knows photographs.
# - The methods, each with formula and paper, are in `docs/methods/`. Grad-CAM: Selvaraju et al., ICCV 2017;
#   refinement and emphasis: Wang et al., *IteRPrimE*, AAAI 2025.
