# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#     lesson: '10'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: "CLIP's way: two vectors, many masks, and where position gets lost"
# ---

# %% [markdown]
# # CLIP's way: two vectors, many masks, and where position gets lost
#
# So far a word could look at a patch. CLIP has nothing of the kind: it makes **one vector of a picture and one of a
# text**, and their cosine says how well they match. There is no attention from words to places to read. How can such
# a model ground a phrase? By asking it once for **every mask**: which part of the picture, taken for itself, matches
# best?
#
# Two published systems do that. You build both from their parts, check yours against the package's, and then measure
# what the way of asking loses: where things *stand*.
#
# After this lesson you can
#
# - build Global-Local CLIP: crops, masks inside the tower, and the noun phrase;
# - build TAS: a crop, a caption and all else that there is, and the rule that puts place back in;
# - tell, by kind of phrase and with intervals, where these systems lose and where they do not;
# - test whether a model *hears* a word at all, by swapping that word.
#
# Plan about 30 minutes (in one or two of them the measurement runs by itself). You need lesson 1 and lesson 6 (masks and how
# one is chosen). The model is `tiny-clip`, a CLIP of 2 million weights trained on drawn scenes.

# %% tags=["parameters"]
encoder_name: str = "tiny-clip"  # the dual encoder; the lesson is written for the bundled one
smoke: bool = False  # true: fewer phrases, for tests
limit: int = 120  # how many phrases the measurements use

# %%
import re
from itertools import groupby

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples, samples
from iterprime_xai.evaluation.bootstrap import difference, interval
from iterprime_xai.language.chunks import noun_chunks, target_chunk
from iterprime_xai.masks.gold import gold_proposals
from iterprime_xai.records.heatmap import box_of
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.sheets import Panel
from iterprime_xai.systems.crops import blur
from iterprime_xai.tutorials.lesson_10 import (
    check_in_the_left_part,
    check_mask_vectors,
    check_nth_from,
    check_verdict,
)

sample = bundled_samples()[0]
image, text = sample.image, sample.text
pixels = np.asarray(image)
masks = gold_proposals(sample).masks  # every thing of the scene: only the choice can fail
things = ["bird", "tree", "red bike", "blue bike", "dog"]

encoder = ix.load_encoder(encoder_name, device="cpu")
said = encoder.describe()
print({name: said[name] for name in ("name", "image_size", "grid", "image_layers", "width")})


def unit(vectors):
    """Vectors at length 1, so that a product is a cosine."""
    return vectors / vectors.norm(dim=-1, keepdim=True)


# %% [markdown]
# ## 1. A picture, a text, a cosine
#
# > **Before you run.** Five texts about our picture. Two are true, two are true but for one word, one is nonsense.
# > Which cosines will lie far apart, which close together?

# %%
said = ["the bike left of the tree", "the bike right of the tree"]
said += ["a red bike, a green tree and a dog", "a red bike, a green tree and a zebra", "a zebra"]
of_texts = unit(encoder.encode_texts(said))
of_picture = unit(encoder.encode_images([image]))[0]
exhibits.table(
    ("text", "cosine with the picture"),
    [(each, f"{value:.2f}") for each, value in zip(said, of_texts @ of_picture, strict=True)],
)

# %%
print(f"cosine of the first two *texts* with each other: {of_texts[0] @ of_texts[1]:.3f}")

# %% [markdown]
# A zebra alone lies far off. As one wrong thing among three it costs only a little, and *left* against *right* costs
# least: to this encoder the two texts are almost the **same vector**. Whatever is built on these vectors starts from
# here.
#
# ## 2. Local: one crop a mask
#
# The first idea: cut every mask out, grey where it is not, and ask which cut-out matches the phrase.


# %%
def cut_out(mask, outside, pixels=pixels):
    """The picture in the mask's box; outside the mask a colour, or another picture."""
    left, top, right, bottom = box_of(mask)
    filled = np.where(mask[..., None], pixels, np.asarray(outside, np.uint8))
    return Image.fromarray(filled[top:bottom, left:right])


GREY = (124, 116, 104)  # ImageNet's mean colour
crops = [cut_out(mask, GREY) for mask in masks]
f_local = unit(encoder.encode_images(crops))
print("one vector a mask:", tuple(f_local.shape))


def side_by_side(crops):
    """Crops on one strip, as the encoder gets them: stretched to its square."""
    strip = Image.new("RGB", (116 * len(crops), 112), "white")
    for place, each in enumerate(crops):
        strip.paste(each.resize((112, 112)), (116 * place, 0))
    return strip


sheets.photo(side_by_side(crops), "The crops of the five things: " + ", ".join(things) + ".")

# %% [markdown]
# > **Before you run.** Three phrases mean the red bike. For which will its crop win clearly? A crop is all that the
# > encoder sees: *left of what?*


# %%
def cosines_with(vectors, texts):
    """A table: for each text the cosine with each thing; the highest is marked."""
    found = unit(encoder.encode_texts(texts)) @ vectors.T
    rows = [
        (each, *(f"{v:.2f}{' ◀' if v == row.max() else ''}" for v in row))
        for each, row in zip(texts, found, strict=True)
    ]
    return exhibits.table(("", *things), rows)


mean_it = ["the red bike", "the bike on the left", text]
cosines_with(f_local, mean_it)

# %% [markdown]
# The colour can be seen in a crop, and the red bike wins by far. With "the bike on the left" both bikes are nearly
# level, and with "the bike left of the tree" *all* cosines are low, since no crop shows a bike **and** a tree. There the
# wrong bike is marked, by a hair.
#
# ## 3. Global: a mask inside the tower
#
# A crop has lost its surroundings. So Global-Local CLIP makes a second vector: the encoder sees the **whole** picture,
# and only in the last three blocks of its tower the patches outside the mask are taken away. The tower is a stock
# `CLIPModel`; this is all there is to it:


# %%
def seen_through(mask, blocks=3):
    """The picture's vector with patches multiplied by the mask before each of the last blocks."""
    vision = encoder.model.vision_model
    rows, columns = encoder.grid
    cells = mask.reshape(rows, image.height // rows, columns, image.width // columns)
    share = torch.from_numpy(cells.mean((1, 3), dtype=np.float32))  # of each patch, how much
    inputs = encoder.image_processor(images=image, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        states = vision.pre_layrnorm(vision.embeddings(inputs))
        layers = vision.encoder.layers
        for number, block in enumerate(layers):
            if number >= len(layers) - blocks:
                kept = states[:, 1:] * share.flatten()[:, None]
                states = torch.cat((states[:, :1], kept), dim=1)  # [CLS] stays as it is
            states = block(states, None)
        return encoder.model.visual_projection(vision.post_layernorm(states[:, 0]))[0]


by_hand = torch.stack([seen_through(mask) for mask in masks])
from_package = encoder.encode_masked(image, masks, resize="area")
assert torch.allclose(by_hand, from_package, atol=1e-4)
f_global = unit(by_hand)
print("largest difference from the package:", float((by_hand - from_package).abs().max()))

# %% [markdown]
# > **Before you run.** How alike are the vectors of two *different* masks of one picture, global against global? And
# > local against local? Think of what [CLS] has seen before the last three blocks.

# %%
apart = ~torch.eye(len(masks), dtype=torch.bool)
for name, vectors in (("global", f_global), ("local", f_local)):
    alike = (vectors @ vectors.T)[apart]
    print(f"{name}: cosines of different masks {alike.min():.2f} to {alike.max():.2f}")
cosines_with(f_global, mean_it)

# %% [markdown]
# The global vectors are much more alike: [CLS] has seen everything before the mask came, and carries it along for
# every mask. That is the surroundings, and it is the same surroundings for all. So read the *order* in a row, not its
# height. Nothing in it says on which side of the tree a thing stands.
#
# ## 4. Global-Local CLIP, put together
#
# ```text
# f = α f_global + (1 − α) f_local             for every mask,     α = 0.95
# t = β t_sentence + (1 − β) t_phrase          for the phrase,     β = 0.5
# answer: the mask with the highest cos(t, f)
# ```
#
# `t_phrase` is the noun phrase of the target alone: a crop of a bike matches "the bike" better than the whole
# sentence, which also names a tree.
#
# **Exercise 10.1: the mask vectors.** Write `mask_vectors(f_global, f_local, alpha)` for vectors (masks, width) that
# come as the tower made them, **not** at length 1. Bring both to length 1 before they are summed, so that alpha alone
# decides how much each weighs. Two lines are enough.


# %% tags=["exercise"]
def mask_vectors(f_global, f_local, alpha):
    return ...


# %% tags=["solution"]
def mask_vectors(f_global, f_local, alpha):
    return alpha * unit(f_global) + (1 - alpha) * unit(f_local)


# %% [markdown] tags=["solution"]
# The released code sums the vectors as they come. Then the longer one weighs more than alpha says, and nobody decided
# that. The package has both, as `fusion="normalised"` and `fusion="released"`.

# %%
check_mask_vectors(mask_vectors)

# %% [markdown]
# > **Before you run.** The sentence is "the bike left of the tree". Which mask will win, and by how much? What did
# > you read in the two tables above?

# %%
phrase = target_chunk(ix.parse(text))
sentence_and_phrase = unit(encoder.encode_texts([text, phrase]))
t = 0.5 * sentence_and_phrase[0] + 0.5 * sentence_and_phrase[1]
f = 0.95 * f_global + 0.05 * f_local
scores = unit(f) @ unit(t)

global_local = ix.load_system("global_local_clip", {"device": "cpu", "model": encoder})
g = global_local.segment(image, text, proposals=masks)
theirs = {ranked.index: ranked.score for ranked in g.selection.ranking}
assert all(abs(theirs[place] - float(scores[place])) < 1e-4 for place in theirs)
print(f"noun phrase: {phrase!r}; ours and the package's scores agree")
exhibits.table(
    ("mask", "score"),
    [(things[place], f"{scores[place]:.3f}") for place in scores.argsort(descending=True)],
    chosen=0,
)

# %% [markdown]
# It picks the **blue** bike, which stands right of the tree. Not by much, and not out of malice: "bike" moves its
# score, "left" hardly does. So on this picture it comes down to which bike looks a little more like "bike". Is it so
# in general? First the second system, whose authors saw the problem.

# %% [markdown] tags=["live"]
# Move over the words and the masks of this answer:

# %% tags=["live"]
g.show()

# %% [markdown]
# ## 5. TAS: three questions to every mask
#
# > total = V + 0.1 P − 0.7 N
#
# - **V**: does its crop (black outside, padded to a square) match the phrase?
# - **P**: does a *caption* of it match the phrase? Now text meets text.
# - **N**: does its crop match *anything else* in the picture? Those are the noun chunks of a caption of the whole
#   picture, without the target's own.
#
# All three are cosines times the encoder's own scale. The captioner is the bundled one.

# %%
captioner = ix.load_captioner("tiny", device="cpu")
whole = captioner.caption(image)
chunks = noun_chunks(whole)
print("the whole picture:", repr(whole))
print("noun chunks:", chunks, "- the target is", repr(phrase))


# %%
def squared(crop):
    """A crop in the middle of a black square."""
    side = max(crop.size)
    square = Image.new("RGB", (side, side))
    square.paste(crop, ((side - crop.width) // 2, (side - crop.height) // 2))
    return square


on_black = unit(encoder.encode_images([squared(cut_out(mask, 0)) for mask in masks]))
behind = blur(pixels)  # for the captioner, what is around a mask is blurred and not black
for_captions = [squared(cut_out(mask, behind)) for mask in masks]
captions = captioner.caption_many(for_captions)
sheets.photo(
    side_by_side(for_captions),
    "What the captioner gets of each thing: its box, blurred around the mask, squared with black.",
)

# %% [markdown]
# > **Before you run.** The captioner was trained on whole scenes. What will it say of a *cut-out* dog? Will P help?

# %%
others = [chunk for chunk in chunks if chunk.split()[-1] != phrase.split()[-1]]


def of(texts):
    return unit(encoder.encode_texts(texts))


scale = encoder.logit_scale
V = scale * on_black @ of([text])[0]
P = scale * of(captions) @ of([text])[0]
N = scale * (on_black @ of([f"a photo of {chunk}" for chunk in others]).T).mean(1)
total = V + 0.1 * P - 0.7 * N
print("N is taken over:", others)
exhibits.table(
    ("mask", "its caption", "V", "P", "N", "total"),
    [
        (things[place], captions[place], *(f"{each[place]:.1f}" for each in (V, P, N, total)))
        for place in range(len(masks))
    ],
    chosen=int(total.argmax()),
)

# %%
tas = ix.load_system("tas", {"device": "cpu", "model": encoder, "captioner": captioner})
g = tas.segment(image, text, proposals=masks)
for ranked in g.selection.ranking:
    assert abs(ranked.terms["total"] - float(total[ranked.index])) < 1e-3
print("V, P, N and total agree with the package's;", g.selection.reason)

# %% [markdown]
# Read the captions of the crops: most are plainly wrong, and P weighs little for a reason. **N** does real work: it
# pushes the *tree* down, which the sentence names too. Between the bikes, V − 0.7 N is level (9.37 and 9.38), and P
# decides for the blue one, because its caption happens to say "bike". All three terms are cosines again, and none of
# them knows a side.
#
# ## 6. The rectifier: place as a rule
#
# So TAS puts place back in by hand. Where the phrase names a **part of the picture** ("on the left"), only masks whose
# centre lies there keep their score. The picture is split where the masks' centres have their *median*.
#
# **Exercise 10.2: the left part.** Write `in_the_left_part(masks)`: bool (masks, height, width) in, bool (masks,) out.
# The centre of a mask is the mean column of its pixels; left is what lies **below the median** of all centres.


# %% tags=["exercise"]
def in_the_left_part(masks):
    return ...


# %% tags=["solution"]
def in_the_left_part(masks):
    columns = np.array([np.nonzero(mask)[1].mean() for mask in masks])
    return columns < np.median(columns)


# %% [markdown] tags=["solution"]
# The median splits the *masks*, not the picture. Of five things on the right side of a table two are "on the left".
# And of three things the middle one never is: 'below the median' leaves it out.

# %%
check_in_the_left_part(in_the_left_part)

# %% [markdown]
# > **Before you run.** Three phrases that all mean the red bike. For which of them will TAS find it now? The rule only
# > acts when a part of the *picture* is named.

# %%
three = ["the bike on the left", text, "the second bike from the right"]
found = tas.segment_many(image, three, proposals=masks)
sheets.sheet(
    image,
    [
        Panel(each, next((n for n in g.trace if "names" in n), "no part is named"), mask=g.mask)
        for each, g in zip(three, found, strict=True)
    ],
    alt="What TAS chooses for three phrases that mean the red bike, and what its rule understood.",
    columns=3,
)

# %% [markdown]
# The rule rescues the first phrase. It does not act in the second ("left **of the tree**" names no part of the
# picture). And in the third it does harm: it hears "right" and throws the left bike away, though "second from the
# right" *means* the left one.
#
# ## 7. Measured: who loses what?
#
# One picture proves nothing. Let us ask all systems about many scenes, always with the masks of all things, so that
# only the choice can fail. IteRPrimE is the one with cross-attention, from the lessons before. TAS without its rule
# comes for nothing: the highest *total* of the same run.


# %%
def grounded(system, phrases, change=str):
    """Every phrase, grounded among the masks of all things; each picture is prepared once."""
    found = []
    for _, some in groupby(phrases, key=lambda each: each.tags["image_id"]):
        some = list(some)
        texts = [change(each.text) for each in some]
        found += system.segment_many(some[0].image, texts, proposals=gold_proposals(some[0]))
    return found


def places(found):
    """Which mask each system chose; TAS without its rule takes the highest total."""
    chosen = {name: [g.selection.answer for g in each] for name, each in found.items()}
    ranked = [g.selection.ranking for g in found["TAS"]]
    chosen["TAS, no rule"] = [max(r, key=lambda one: one.terms["total"]).index for r in ranked]
    return {name: np.array(each) for name, each in chosen.items()}


# %%
systems = {"IteRPrimE": ix.load_system("iterprime", {"device": "cpu"})}
systems |= {"Global-Local CLIP": global_local, "TAS": tas}
phrases = list(samples("testA", 9 if smoke else limit, seed=10))
chosen = places({name: grounded(system, phrases) for name, system in systems.items()})

pictures = np.array([each.tags["image_id"] for each in phrases])
kinds = np.array([each.tags["kind"] for each in phrases])
blind = np.array([1 / (1 + len(each.others)) for each in phrases])
right = {}
for name, answers in chosen.items():
    pairs = zip(phrases, answers, strict=True)
    hits = [np.array_equal(gold_proposals(each).masks[a], each.mask) for each, a in pairs]
    right[name] = np.array(hits, float)

# %% [markdown]
# > **Before you run.** Order the kinds of phrase for Global-Local CLIP, from best to worst: *category* ("the dog"),
# > *attribute* ("the red bike"), *position* ("the bike on the left"), *relation* ("the bike left of the tree"),
# > *ordinal* ("the second bike from the left"). Where will TAS be better, where worse?

# %%
ORDER = ["category", "attribute", "position", "relation", "ordinal"]
rows = []
for kind in [k for k in ORDER if k in kinds]:
    these = np.flatnonzero(kinds == kind)
    values = [*right.values(), blind]
    cells = [interval(v[these], pictures[these]) for v in values]
    rows.append((kind, len(these), *(f"{c.mean:.2f} [{c.low:.2f}, {c.high:.2f}]" for c in cells)))
exhibits.table(("kind", "phrases", *right, "drawn blindly"), rows)

# %% [markdown]
# The intervals of single kinds are wide. What each system loses *against IteRPrimE on the same phrases* is known more
# exactly, since what makes a phrase hard for both cancels:

# %%
figure = Figure(figsize=(7.4, 3.4))
axes = figure.add_axes((0.12, 0.14, 0.86, 0.8))
colours = {"Global-Local CLIP": "#b3560b", "TAS, no rule": "#8fb7c9", "TAS": "#1f6f8b"}
shown = [k for k in ORDER if k in kinds]
for number, (name, colour) in enumerate(colours.items()):
    for place, kind in enumerate(shown):
        these = np.flatnonzero(kinds == kind)
        d = difference(right[name][these], right["IteRPrimE"][these], pictures[these])
        x = place + 0.22 * (number - 1)
        axes.plot([x, x], [d.low, d.high], color=colour, linewidth=2)
        axes.plot(x, d.mean, "o", color=colour, label=name if place == 0 else None)
axes.axhline(0, color="#5a6472", linewidth=0.8)
axes.set_xticks(range(len(shown)), shown)
axes.set_ylabel("right, less IteRPrimE")
axes.set_ylim(-1.05, 0.4)
axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=3)
for side in ("top", "right"):
    axes.spines[side].set_visible(False)
sheets.drawn(
    figure,
    "By kind of phrase, how much more or less often each CLIP system is right than IteRPrimE, with "
    "95 percent intervals over pictures.",
)

# %% [markdown]
# Read from left to right. Where the phrase speaks of the thing **alone** (*category*, and to a good part *attribute*),
# there is little or nothing to lose: a crop shows all that is said. With *position* the CLIP systems fall behind, and
# the rule of TAS brings most of it back. With *relation* nothing does: compare TAS with *drawn blindly*. A crop goes
# to what shares most **words** with the phrase, and of "the hat left of the blue hat" that is the blue hat, the one that
# is *not* meant (`docs/tiny_clip.md` counts such cases). With *ordinal* TAS is **worse with its rule than without**, as
# you saw for "second from the right".
#
# `docs/systems.md` has the same table of 2,000 phrases: TAS finds 100 % of categories there (IteRPrimE 98 %), 88 % of
# positions, 10 % of relations and 8 % of ordinals.
#
# ## 8. Do they hear the word at all?
#
# A wrong answer has many reasons. Here is a sharper question: **swap the word** and see whether the answer moves. If
# "the bike left of the tree" and "the bike right of the tree" get the *same* mask, then the word was not used, whether
# the answer was right or not. We need no truth for that test.
#
# > **Before you run.** For a system that hears every word of place: how often should the answer stay the same? And for
# > one that is deaf to it?

# %%
OTHER = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


def swapped(text):
    """The phrase with left and right, top and bottom exchanged."""
    return re.sub(r"\b(left|right|top|bottom)\b", lambda word: OTHER[word[0]], text)


placed = np.array([swapped(each.text) != each.text for each in phrases])
some = [each for each, has_place in zip(phrases, placed, strict=True) if has_place]
again = places({name: grounded(system, some, swapped) for name, system in systems.items()})
same = {name: (chosen[name][placed] == again[name]).astype(float) for name in chosen}

rows = []
for kind in [k for k in ("position", "relation", "ordinal") if k in kinds[placed]]:
    these = np.flatnonzero(kinds[placed] == kind)
    cells = [interval(v[these], pictures[placed][these]) for v in same.values()]
    rows.append((kind, len(these), *(f"{c.mean:.2f} [{c.low:.2f}, {c.high:.2f}]" for c in cells)))
exhibits.table(("same answer after the swap", "phrases", *same), rows)

# %% [markdown]
# IteRPrimE's model moves its answer with every swapped position and relation. Global-Local CLIP gives nearly always the
# **same** mask, also where it was right: then it was right for another reason. TAS without its rule is deaf, as three
# cosines must be. With the rule it hears *parts of the picture*, and with relations it stays deaf in every case. One
# caution about ordinals: of three hats, the second from the left *is* the second from the right. There the answer may
# stay, and IteRPrimE's sometimes does.
#
# And TAS moves its answer with *every* ordinal, though it finds next to none of them. To hear a word is not yet to
# understand it.
#
# **Exercise 10.3: second from the left.** Mend the rule. Write `nth_from(columns, fits, number, side)`: the place of
# the mask that is the `number`-th from the `side` ("left" or "right") **among those that fit**. `columns` are the
# masks' centres (float, masks), `fits` says which masks are of the right kind (bool, masks); `number` counts from 1.
# Where there are fewer, take the last one.


# %% tags=["exercise"]
def nth_from(columns, fits, number, side):
    return ...


# %% tags=["solution"]
def nth_from(columns, fits, number, side):
    places = [place for place in np.argsort(columns) if fits[place]]
    if side == "right":
        places = places[::-1]
    return int(places[min(number, len(places)) - 1])


# %% tags=["solution"]
NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
PATTERN = re.compile(r"\b(first|second|third|fourth)\b.*\bfrom the (left|right)\b")


def counted(each, gold):
    """The place of the mask that an ordinal phrase means, by counting what looks like its noun."""
    number, side = PATTERN.search(each.text).groups()
    noun = target_chunk(ix.parse(each.text)).split()[-1]
    cuts = [cut_out(mask, GREY, np.asarray(each.image)) for mask in gold.masks]
    fits = (unit(encoder.encode_images(cuts)) @ of([noun])[0]).numpy() > 0.3
    if fits.sum() < NUMBERS[number]:  # "the second thing": everything is one
        fits[:] = True
    columns = np.array([np.nonzero(mask)[1].mean() for mask in gold.masks])
    return nth_from(columns, fits, NUMBERS[number], side)


many = (each for each in samples("testA", 24 if smoke else 400, seed=13))
ordinal = [each for each in many if each.tags["kind"] == "ordinal" and PATTERN.search(each.text)]
found = {"IteRPrimE": [], "TAS": [], "counted": []}
for each in ordinal:
    gold = gold_proposals(each)
    for name in ("IteRPrimE", "TAS"):
        g = systems[name].segment(each.image, each.text, proposals=gold)
        found[name].append(np.array_equal(g.mask, each.mask))
    found["counted"].append(np.array_equal(gold.masks[counted(each, gold)], each.mask))
named = [each.tags["image_id"] for each in ordinal]
exhibits.table(
    (f"{len(ordinal)} ordinal phrases", "right [95 % interval]"),
    [(name, str(interval(np.array(each, float), named))) for name, each in found.items()],
)

# %% [markdown] tags=["solution"]
# Fifteen lines of counting beat the rule, and here hold their own against cross-attention. Honestly: the masks of all
# things are given, phrases like these come from a generator with few patterns, and the 0.3 was chosen on other scenes
# (seed 12). A rule knows what it was written for. The next phrase, "the bike behind the second tree", needs the next.

# %%
check_nth_from(nth_from)

# %% [markdown]
# **Exercise 10.4: a verdict.** Does the rule of TAS help? Write `verdict(before, after, pictures)` for two lists of 0
# and 1 about the same phrases: return `"helps"`, `"hurts"` or `"cannot tell"`, by the paired
# `difference(values, others, pictures)` with its `.low` and `.high`. The pictures are needed since phrases about one
# picture fail together.


# %% tags=["exercise"]
def verdict(before, after, pictures):
    return ...


# %% tags=["solution"]
def verdict(before, after, pictures):
    found = difference(after, before, pictures)
    if found.low > 0:
        return "helps"
    return "hurts" if found.high < 0 else "cannot tell"


# %% tags=["solution"]
for kind in [k for k in ORDER if k in kinds]:
    these = np.flatnonzero(kinds == kind)
    pair = (right["TAS, no rule"][these], right["TAS"][these])
    print(f"{kind:10} the rule: {verdict(*pair, pictures[these])}")

# %% [markdown] tags=["solution"]
# The rule helps with *position* and hurts with *ordinal*; for all other kinds this many phrases cannot tell. "Cannot
# tell" is a result, too: it says that you need more phrases, not that there is no difference.

# %%
check_verdict(verdict)

# %% [markdown]
# ## 9. What this says, and what it does not
#
# - `docs/systems.md` asks the same question of 2,000 phrases a split, with oIoU and mIoU, with classical masks, too,
#   and for eleven systems. Take figures from there, not from your laptop's hundred.
# - It is **not** a measure of the published systems. `tiny-clip` is not OpenAI's CLIP. What carries over is the
#   *construction*: a crop cannot show what is left of it, whatever the encoder.
# - IteRPrimE's model `tiny` was trained on texts in which such words decide. The released BLIP and ALBEF were not made
#   for drawn scenes, and nothing here says how well *they* hear "left". Now you have a test for it: the swap.
#
# ## What you have learned
#
# - A dual encoder has one vector a picture and one a text; to ground with it, ask it once for every mask.
# - Global-Local CLIP mixes a crop with a mask inside the tower, and the sentence with its noun phrase.
# - TAS weighs crop, caption and all else, and puts place back in as a rule about the picture's parts.
# - A rule helps where it fits the phrase, and harms where it only thinks so.
# - Swap a word and look whether the answer moves: that is how to test if a word is heard.
#
# ## References
#
# - Radford et al., *CLIP*, ICML 2021.
# - Yu, Seo, Son, *Zero-shot Referring Image Segmentation with Global-Local Context Features*, CVPR 2023.
# - Suo, Zhu, Yang, *Text Augmented Spatial-aware Zero-shot Referring Image Segmentation*, Findings of EMNLP 2023.
# - Wang et al., *IteRPrimE*, AAAI 2025.
# - [Global-Local CLIP](../docs/methods/global_local_clip.md), [TAS](../docs/methods/tas.md),
#   [systems](../docs/systems.md), [the miniature CLIP](../docs/tiny_clip.md).
#
# **Next:** this was the last lesson. Take your own model and pictures (lesson 9), and doubt them (lesson 7).
