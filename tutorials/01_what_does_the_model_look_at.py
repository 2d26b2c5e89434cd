# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#     lesson: '01'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
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
# take that number apart until you can draw **where in the picture it came from**. You will compute your first heatmap
# yourself, with a dozen lines of PyTorch.
#
# After this lesson you can
#
# - say what *matching*, *token*, *patch* and *cross-attention* mean, and point to each of them in a tensor;
# - write cross-attention as a formula, and fold its weights back into the picture;
# - compute Grad-CAM over cross-attention by hand with `torch.autograd.grad`;
# - say what such a heatmap claims, and what it does not.
#
# You need Python and a little PyTorch (tensors, shapes, what a gradient is). Everything runs on a laptop without a
# network: the model is a very small BLIP that was trained on drawn scenes like the one below. Its image tower learned to
# name what stands where; the part that you will look into, its cross-attention, learned from words alone and was
# never shown a box or a mask. Plan about 30 minutes.
#
# The boxes marked **Before you run** are the heart of the lesson. Write your answer down, *then* run the cell. A
# wrong prediction that you wrote down teaches more than a figure that you nodded at.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model or a folder; the lesson is written for the bundled one
smoke: bool = False  # true: fewer heatmaps, for tests
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
from iterprime_xai.tutorials.lesson_01 import check_against, check_attention, check_place

limit = min(limit, 3) if smoke else limit
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
# Compare **within** a row first: does the true sentence score above its false twin? Here it always does, even where only the
# place tells which bike is meant. Then look down the columns: the model was trained to *decide*, and nobody promised that its
# probabilities are calibrated. A 0.9 need not mean "right nine times in ten".
#
# A model of this size does get other pairs wrong. A heatmap of a wrong answer shows how the model came to *its* answer. It
# never shows the truth.

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

# %% [markdown]
# **Exercise 1.1: the formula.** Write `attend(queries, keys)` for one head: `queries` is (tokens, width), `keys` is
# (patches, width), and (tokens, patches) comes back.


# %% tags=["exercise"]
def attend(queries, keys):
    """What each token gives each patch: (tokens, width), (patches, width) -> (tokens, patches)."""
    return ...  # your turn


# %% tags=["solution"]
def attend(queries, keys):
    """What each token gives each patch: (tokens, width), (patches, width) -> (tokens, patches)."""
    scores = queries @ keys.T / queries.shape[-1] ** 0.5
    return scores.softmax(-1)


# %% [markdown] tags=["solution"]
# The softmax runs over the patches: every *token* has 1 to give away. Without √width the products of long vectors would be
# so large that each token gave everything to one patch.

# %%
check_attention(attend)

# %% [markdown]
# In the model there are several heads and a batch, but it is the same formula, and the model hands out what it worked out.

# %%
layer, why = matcher.choose_layer(None)
out = blip.text_encoder(
    input_ids=tokens.input_ids,
    attention_mask=tokens.attention_mask,
    encoder_hidden_states=seen,
    output_attentions=True,
)
attention = out.cross_attentions[layer]

print(f"{len(out.cross_attentions)} layers; we read number {layer}, counted from 0")
print(
    "one layer:",
    tuple(attention.shape),
    f"= (1, heads, {len(names)} tokens, 1 + {rows * columns} patches)",
)
print(f"every row sums to {attention.sum(-1).min():.4f} ... {attention.sum(-1).max():.4f}")

# %% [markdown]
# (Why this layer? Somebody measured it. Lesson 3 shows how, and what happens in the others.)
#
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
# Every token looks at the red bike, *the* and *tree* as well. Did you predict that? Should *tree* not look at the
# tree? But this layer is not the first one. Before it, the words have read each other, and by now each knows which
# phrase it is part of. A token's map is not "where the model sees a tree".

# %% [markdown]
# **Exercise 1.2: from a row of numbers to a place.** Write `hottest_place(values, rows, columns, width, height)`: `values`
# is one token's attention, (1 + rows · columns,), as the model hands it out. Return the pixel (x, y) in the *middle* of its
# hottest patch, in a picture of width × height pixels. Patches run along the rows, like the words on a page.


# %% tags=["exercise"]
def hottest_place(values, rows, columns, width, height):
    """The pixel (x, y) in the middle of the hottest patch; values: (1 + rows * columns,)."""
    return ...  # your turn


# %% tags=["solution"]
def hottest_place(values, rows, columns, width, height):
    """The pixel (x, y) in the middle of the hottest patch; values: (1 + rows * columns,)."""
    row, column = divmod(int(values[1:].argmax()), columns)
    return (column + 0.5) * width / columns, (row + 0.5) * height / rows


for name, values in zip(names, attention.mean(1)[0], strict=True):
    x, y = hottest_place(values, rows, columns, *image.size)
    print(f"{name:8} ({x:.0f}, {y:.0f})", "on the bike" if sample.mask[int(y), int(x)] else "")

# %% [markdown] tags=["solution"]
# This is the *pointing game*, with which maps are judged: is the peak on the thing that is meant? It says nothing about the
# rest of the map, and never more exactly than one patch.

# %%
check_place(hottest_place)

# %% [markdown]
# Tempting, isn't it? This looks like an explanation already. But of what? Attention says from where content was *fetched*. What
# became of it afterwards, it does not say: a later layer may throw it away, and it may just as well push the score **down**.
# The match head has not even been asked yet. To explain the *score*, the score has to come into the formula. (Lesson 2 puts
# attention on trial, and is fair to it.)

# %% [markdown]
# ## 5. The gradient: what the score would do
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
# > **Before you run.** Can entries of *G* be negative? What would a negative entry at a patch mean? And where will the map
# > be strong: only where the attention was?

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
    {"gradient": on_grid(gradient.mean((0, 1, 2)))},
    "Gradient of the match logit by the attention: orange raises it, blue lowers it.",
    "mean over heads and tokens; orange raises the score",
    columns=3,
)

# %% [markdown]
# Now the tree, the other bike, even the dog and the bird stand out. The gradient talks about every patch, also about those
# that hardly anybody attends to. It says what *would* help, not what *did*.
#
# ## 6. Your first heatmap: gradient times attention
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
# > **Before you run.** We draw all tokens on **one** colour scale now. All of them attended to the red bike. Will all of them be
# > bright now?

# %%
by_hand = gradcam_by_hand(text, layer)
show(titled(by_hand), "Grad-CAM of every token on one colour scale.", shared=True)

# %%
exhibits.table(
    ("token", "highest attention", "highest Grad-CAM"),
    [
        (f"{place}: {name}", f"{float(looked.max()):.3f}", f"{heat.max():.4f}")
        for place, (name, looked, heat) in enumerate(
            zip(names, token_attention, by_hand, strict=True)
        )
    ],
)

# %% [markdown]
# They are not. All tokens attend to the same place about equally strongly, but in the score *the tree* counts many times as
# much as *left* or *of*: the attention of these two is what the gradient rewards. The match head reads `[CLS]` only; what a
# word token fetched can reach the score only if a later layer passes it on, and here it is mostly the last two words from
# which it was taken. Why those? One picture does not say. (Lesson 3 asks which token to read.) But now you know what the
# gradient brings in: attention tells what was fetched, and only the score tells what it was worth.
#
# And the package? `ix.saliency.token_gradcam` computes the same thing, with more care: it leaves the model untouched
# (`output_attentions` left hooks on our copy), accepts half precision, and needs no gradient below the layer that it reads. If
# the two did not agree, one of them would be wrong.

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
# Look at the largest value: it is far below 1. The unit is "match logit times attention", and its size depends on the
# model, the layer and how sure the model is already. Never compare heatmaps by colour when each was stretched to its own
# maximum. A map of almost nothing, stretched, looks exactly like strong evidence.
#
# ## 7. Ask something else
#
# A map that shows the same place whatever is asked explains nothing. Our scene knows what each phrase means, so let us
# ask for four things in the same picture. The heat is the mean over all tokens, and the table says how much of it lies on
# each thing.
#
# > **Before you run.** Will the heat move to the other bike when *left* becomes *right*? That takes more than knowing bikes:
# > both phrases name a bike and a tree.

# %%
asked = [each for each in bundled_samples()[:5] if each.text != "bike on the right"][:limit]
heats = {each.text: gradcam_by_hand(each.text, layer).mean(0) for each in asked}
show(heats, "Grad-CAM of several phrases about one picture: " + "; ".join(heats) + ".")

# %%
others = dict(zip(("tree", "blue bike", "dog", "bird"), sample.others, strict=True))
things = {"red bike": sample.mask, **others}


def shares_on(heatmap):
    """The part of a heatmap's heat that lies on each thing of the scene, as text."""
    fine = ix.records.heatmap.resize(heatmap, (image.height, image.width)).clip(min=0)
    return [f"{fine[mask].sum() / fine.sum():.0%}" for mask in things.values()]


chance = [f"{mask.mean():.0%}" for mask in things.values()]
exhibits.table(
    ("heat of", *things),
    [(f"“{phrase}”", *shares_on(heat)) for phrase, heat in heats.items()]
    + [("a flat map (the area)", *chance)],
)

# %% [markdown]
# It moves. *Left* and *right* differ in one word, and the heat jumps from the red bike to the blue one, which fills 2 % of the
# picture and has a quarter of the heat. (Much of the rest lies beside it: patches are coarse and bikes are thin.) The heat
# of *the dog* is on the dog. So the map depends on the question, in this picture. How often in others? Lesson 2 counts.

# %% [markdown] tags=["live"]
# Ask your own question: type another phrase, and it is answered at once. (These maps differ a little from ours: the package
# takes the gradient one step earlier, and looks again. Lessons 2 and 5 say why.)

# %% tags=["live"]
grounder.live(image, text)

# %% [markdown]
# **Exercise 1.3: what speaks against it?** max(0, ·) threw away everything that lowers the score. Write
# `speaks_against(score, attention)`: `score` is a single number in a graph, `attention` the tensor (1, heads, tokens,
# 1 + patches) in the same graph that it was computed from. Ask autograd for the gradient, and return max(0, −*G*) · *C*
# as (tokens, patches): the mean over the heads, without the image's own `[CLS]`.


# %% tags=["exercise"]
def speaks_against(score, attention):
    """max(0, -G) * C of every token: (1, heads, tokens, 1 + patches) -> (tokens, patches)."""
    return ...  # your turn


# %% tags=["solution"]
def speaks_against(score, attention):
    """max(0, -G) * C of every token: (1, heads, tokens, 1 + patches) -> (tokens, patches)."""
    (gradient,) = torch.autograd.grad(score, attention)
    return ((-gradient).clamp(min=0) * attention).mean(1)[0, :, 1:].detach()


false = tokenizer("the bike left of the tree is blue", return_tensors="pt")
out = blip.text_encoder(
    input_ids=false.input_ids,
    attention_mask=false.attention_mask,
    encoder_hidden_states=seen,
    output_attentions=True,
)
score = blip.itm_head(out.last_hidden_state[:, 0])[0, 1]
against = speaks_against(score, out.cross_attentions[layer]).mean(0).reshape(rows, columns)
pro = gradcam_by_hand("the bike left of the tree is blue", layer).mean(0)
show(
    {"speaks for": pro, "speaks against": against},
    "What speaks for and against a false sentence.",
    shared=True,
    columns=3,
)

# %% [markdown] tags=["solution"]
# The sentence is false, and the model says so. What speaks against it is hottest on the red bike, and stronger than what speaks
# for it: the model looked at the bike that is meant, and what it found there is not blue. A clean story, on one picture. Do
# not count on such stories: lesson 2 looks at many phrases, and finds something odd about this very map.

# %%
check_against(speaks_against)

# %% [markdown]
# ## 8. What a heatmap does not tell you
#
# - It shows where **this model's** score came from. It is not a detector, and a sharp spot on the right thing can
#   stand beside a wrong answer.
# - It is **local**: a gradient says what a tiny change would do.
# - It is **coarse**: one patch is the finest it can say. The smooth edges in the figures are made by upsampling.
# - The token's heat shows what was fetched *through that token*. Information moves between tokens, too, so "the heat
#   of *left*" is not "where the model understood *left*".
# - **Layer, heads, tokens** are our choices. Another choice gives another picture from the same model.
# - This model knows drawn scenes. On a photograph it will still draw you a beautiful heatmap. It will mean nothing.
# - And nothing in this lesson has shown that the map deserves to be believed. That needs tests: lesson 7.
#
# ## What you have learned
#
# - A matching model turns a picture and a sentence into one number, the match logit.
# - Its tokens fetch content from patches by cross-attention: a softmax over the patches, in several heads.
# - Attention says what was fetched; the gradient says what the score would do; Grad-CAM multiplies both, head by head.
# - One call of `torch.autograd.grad` gives the gradient, and a dozen lines the heatmap.
# - A map has a magnitude and belongs to one phrase, one layer and one model. Its colours alone say none of that.
#
# ## References
#
# - Selvaraju et al., *Grad-CAM*, ICCV 2017.
# - The model: Li et al., *BLIP*, ICML 2022. Grad-CAM on cross-attention: Li et al., *ALBEF*, NeurIPS 2021.
# - Attention: Bahdanau, Cho, Bengio, ICLR 2015; Vaswani et al., *Attention Is All You Need*, NeurIPS 2017.
# - The formulas in the package: [Grad-CAM](../docs/methods/gradcam.md), [raw attention](../docs/methods/attention.md); [all
#   ways to look](../docs/methods/README.md).
#
# **Next:** lesson 2 asks why it is gradient *times* attention, and why neither half will do.
