# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#     lesson: '09'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: Your own model and pictures
# ---

# %% [markdown]
# # Your own model and pictures
#
# Until now somebody had prepared everything: one model, one set of drawings. Now you open the doors. You load a
# model from a folder as you would from the hub, you look inside a BLIP-2, you **write a matcher yourself**, and you
# read RefCOCO's files and your own photographs.
#
# There is no network in this lesson. So for every real thing there is a **stand-in with the same layout**, and
# beside it the one line for the real thing. A stand-in shows that the path is open. What it cannot show, the last
# section says plainly.
#
# After this lesson you can
#
# - load a checkpoint from a folder or the hub, and name what a copy of the weights does *not* bring along;
# - tell "it runs" from "it means something", with a BLIP-2 that has never learned anything;
# - write a matcher of about 40 lines, with a score, an attention and a gradient, that the whole package can use;
# - read a data set in RefCOCO's layout, and a folder of your own pictures.
#
# Plan about 30 minutes. You need lessons 1 and 2: match logit *S*, cross-attention *C*, gradient *G*, and Grad-CAM
# as max(0, *G*) · *C*.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model or a folder; the lesson is written for the bundled one
smoke: bool = False  # true: fewer phrases, for tests
limit: int = 160  # how many phrases the measurements use

# %%
import json
import pickle
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from skimage.data import cat as photo_of_a_cat
from transformers import Blip2Config, Blip2ForImageTextRetrieval, Blip2Processor

import iterprime_xai as ix
from iterprime_xai.data import open_data
from iterprime_xai.data.checking import check_folder, differences
from iterprime_xai.data.refer import write_refer
from iterprime_xai.data.scenes import bundled_samples, samples
from iterprime_xai.evaluation.bootstrap import interval
from iterprime_xai.evaluation.measures import summarise
from iterprime_xai.masks.gold import gold_proposals
from iterprime_xai.models import Ask, ImageTokens, Match, Profile, TextTokens, profiles
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.sheets import Panel
from iterprime_xai.tutorials.lesson_09 import (
    check_from_ref_to_masks,
    check_gradient,
    check_place_scores,
    check_what_is_shown,
)

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
warnings.simplefilter("ignore", FutureWarning)  # of the libraries, about themselves

count = 9 if smoke else limit
desk = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # everything we write goes here
here = Path(desk.name)

sample = bundled_samples()[0]
image = sample.image
grounder = ix.load(model, device="cpu")

# %% [markdown]
# ## 1. A checkpoint in a folder
#
# A model on the hub is a folder: `config.json` says how it is built, `model.safetensors` holds the weights, and the
# tokenizer and the image processor lie beside them. `save_pretrained` of `transformers` writes just that, so the
# bundled model becomes our stand-in for a checkpoint that somebody published.

# %%
folder = here / "somebodys-blip"
for part in (grounder.matcher.model, grounder.matcher.tokenizer, grounder.matcher.image_processor):
    part.save_pretrained(folder)

exhibits.table(
    ("file", "size"),
    [(p.name, f"{p.stat().st_size / 1e3:,.1f} kB") for p in sorted(folder.iterdir())],
)

# %% [markdown]
# For the real thing, the same call takes a hub id, or the folder that `hf download` made:
#
# ```python
# grounder = ix.load("Salesforce/blip-itm-base-coco")       # fetched once, then cached
# ```
#
# > **Before you run.** The copy has the same weights. Will its heatmap be the same? And what might the *original*
# > know about itself that is in none of these files?

# %%
copy = ix.load(folder, device="cpu")
original = grounder.ground(image, sample.text)
copied = copy.ground(image, sample.text, proposals=False)  # the heatmap is enough

print("largest difference of the heatmaps:", np.abs(original.heatmap - copied.heatmap).max())
for name, g in (("original", original), ("copy", copied)):
    print(f"{name}:", next(line for line in g.trace if line.startswith("layer")))

# %% [markdown]
# The maps agree. But read the two lines. Which **layer** to read is in no config, and the copy has lost how it was
# chosen: its layer is a guess that happens to be the same here. So have the *threshold* for "not in this picture" and
# the note that the model knows drawings only. `docs/models.md` lists what is known of released checkpoints, and says
# "not validated" where nobody measured.
#
# What was measured can travel with a folder, as a small file of its own. `iterprime-xai layers` measures a layer on
# pictures with known masks and writes that file.

# %%
known = Profile(layer=3, validated="lesson 9, copied by hand", domain="drawn scenes")
profiles.write(known, folder)
again = ix.load(folder, device="cpu").ground(image, "the dog", proposals=False)
print(next(line for line in again.trace if line.startswith("layer")))

# %% [markdown]
# ## 2. A BLIP-2 that has learned nothing
#
# In BLIP every word looks at the picture. In **BLIP-2** no word does: a *Q-Former* has query tokens of its own, only
# these look, and the words whisper to them. No BLIP-2 is small enough to travel with the package, so we build one
# from a config, in miniature, with **random weights**.

# %%
tokenizer, pixels = grounder.matcher.tokenizer, {"height": 96, "width": 96}
small = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}
config = Blip2Config(
    vision_config=small | {"image_size": 96, "patch_size": 8, "num_hidden_layers": 2},
    qformer_config=small
    | {"vocab_size": len(tokenizer) + 1, "encoder_hidden_size": 32, "num_hidden_layers": 6}
    | {"cross_attention_frequency": 2, "use_qformer_text_input": True},
    num_query_tokens=8,
    image_text_hidden_size=16,
)
torch.manual_seed(0)
untrained = Blip2ForImageTextRetrieval(config).eval()
with torch.no_grad():
    for name, weights in untrained.named_parameters():
        if weights.ndim > 1:  # larger than the usual start, so that attention is far from even
            weights.normal_(0, 1 if name == "query_tokens" else 0.2)
processor = Blip2Processor(type(grounder.matcher.image_processor)(size=pixels), tokenizer)

blip2 = ix.load(untrained, processor)
print(blip2)

# %% [markdown]
# For the real thing: `ix.load("Salesforce/blip2-itm-vit-g", dtype="float16")`, and a GPU.
#
# > **Before you run.** The weights are dice. Will the heatmap of "the bike left of the tree" be flat, will it be
# > noise all over, or will it have clear spots? And will a mask be chosen?

# %%
nonsense = blip2.ground(image, sample.text, proposals=original.proposals)
sheets.sheet(
    image,
    [
        Panel("trained BLIP", f"match {original.probability:.2f}", original.heatmap, original.mask),
        Panel(
            "random BLIP-2", f"match {nonsense.probability:.2f}", nonsense.heatmap, nonsense.mask
        ),
    ],
    alt="The heatmap and mask of the trained model beside those of a model with random weights.",
    columns=3,
)

# %% [markdown]
# It has spots, a mask, a match probability, and on this picture it even chose **the right bike**. That is luck: dice
# have no idea of bikes. A pretty figure is no evidence that a model knows anything, one right answer is none either,
# and a program without an error is the least of all. So what could tell? Measuring, where the truth is known.
#
# > **Before you run.** Given the masks of all things in a scene, how often will the mask that fits the random map
# > best be the right one? Somewhere near 0, or near one in the number of things?


# %%
def right_mask(grounder, phrases):
    """For each phrase whether, among the masks of all things, the right one is chosen."""
    found = []
    for each in phrases:
        g = grounder.ground(each.image, each.text, proposals=gold_proposals(each), passes=1)
        found.append(g.mask is not None and np.array_equal(g.mask, each.mask))
    return np.array(found, float)


phrases = list(samples("testA", count, seed=9))
pictures = [each.tags["image_id"] for each in phrases]
anything = [1 / (1 + len(each.others)) for each in phrases]
shares = {
    "the trained BLIP": right_mask(grounder, phrases),
    "the random BLIP-2": right_mask(blip2, phrases),
    "any thing, drawn blindly": anything,
}
exhibits.table(
    ("who chooses", "right [95 % interval]"),
    [(name, str(interval(each, pictures))) for name, each in shares.items()],
)

# %% [markdown]
# A random model does not get 0: it points *somewhere*, and now and then that is right. So the question is not "how
# often is it right?" but "is it right more often than a blind draw?". Compare the last two rows, with their intervals,
# and keep such a last row in every table of your own.
#
# What the miniature does show: the package finds a Q-Former's layers, reads its query tokens, makes maps of words,
# and says so in the trace. `docs/methods/query_tokens.md` derives what such a map is.

# %%
print(*nonsense.trace[:4], sep="\n")

# %% [markdown]
# ## 3. A matcher in 40 lines
#
# What does the package ask of a model? Not that it is a transformer. It asks for a **protocol**
# (`iterprime_xai.models.GroundingMatcher`): tell the grid, turn pictures into `ImageTokens` and text into
# `TextTokens`, and answer an `Ask` with a `Match`: the logit *S*, and for each layer *C* and *G* = ∂*S*/∂*C*.
#
# So let us write a matcher so simple that you can check it on paper. It knows nothing but **colours**:
#
# - picture: the mean colour of every patch. Text: the words, and what colour each one names, if any;
# - *fit*[t, p] = 1 − distance between the colour that word *t* names and the colour of patch *p*, and 0 for words
#   that name none;
# - attention: *C*[t, p] = softmax over the patches of 20 · *fit*;
# - match logit: *S* = 10 · (*m* − 0.7), where *m* is the mean, over the colour words *t*, of the sum over all patches *p*
#   of *C*[t, p] · *fit*[t, p]. Without a colour word *m* = 0, so *S* = −7.

# %%
COLOURS = {"red": (200, 40, 40), "green": (50, 150, 60), "blue": (50, 90, 200)}
COLOURS |= {"yellow": (235, 200, 40), "orange": (235, 130, 30), "purple": (130, 60, 160)}
COLOURS |= {"black": (30, 30, 30), "white": (245, 245, 245)}


class ColourMatcher:
    """Matches colour words with the colours of patches. It has learned nothing and knows no thing."""

    name, scored, device = "colours", True, torch.device("cpu")
    grid, layers, profile = (24, 24), (0,), Profile(layer=0)

    def encode_images(self, images):
        small = [np.asarray(each.resize(self.grid[::-1], 4), np.float32) / 255 for each in images]
        return [
            ImageTokens(torch.from_numpy(each).reshape(1, -1, 3), self.grid, prefix=0)
            for each in small
        ]

    def tokenize(self, text):
        spans = [word.span() for word in re.finditer(r"\w+", text)]  # None: a token without a word
        return TextTokens(text, torch.arange(len(spans) + 2)[None], (None, *spans, None))

    def match_all(self, asks, *, layers=()):
        return [self.match_one(ask, layers) for ask in asks]

    def fit(self, words, patches):
        known = torch.tensor([word in COLOURS for word in words])
        wanted = torch.tensor([COLOURS.get(word, (0, 0, 0)) for word in words]) / 255
        return known, known[:, None] * (1 - (wanted[:, None] - patches).norm(dim=-1))

    def match_one(self, ask, layers):
        words = [ask.text.text[slice(*span)].lower() if span else "" for span in ask.text.offsets]
        known, fit = self.fit(words, ask.image.hidden)
        scores = 20 * fit
        if ask.keep is not None:  # patches that refinement has hidden
            scores = scores.masked_fill(~torch.from_numpy(ask.keep).flatten(), -torch.inf)
        attention = scores.softmax(-1).requires_grad_()
        logit = 10 * ((attention * fit).sum() / known.sum().clamp(min=1) - 0.7)
        (gradient,) = torch.autograd.grad(logit, attention)
        looks = [each.detach().reshape(1, -1, *self.grid) for each in (attention, gradient)]
        found = {"attention": dict.fromkeys(layers, looks[0])}
        found |= {"gradient": dict.fromkeys(layers, looks[1])}
        return Match(logit.item(), logit.sigmoid().item(), **found)

    # What is left is bookkeeping.
    def encode_image(self, image):
        return self.encode_images([image])[0]

    def match(self, image_tokens, text_tokens, *, keep=None, layers=()):
        return self.match_all([Ask(image_tokens, text_tokens, keep)], layers=layers)[0]

    def choose_layer(self, layer):
        return 0, "layer 0, the only one"

    def unknown_words(self, words):
        return {}

    def describe(self):
        return {"name": self.name, "grid": list(self.grid)}


# %% [markdown]
# That is a model. `Grounder` makes everything else of it: parsing, refinement, masks, figures, widgets. And this is
# all that it ever sees of our picture:

# %%
colours = ix.Grounder(ColourMatcher())
seen = colours.matcher.encode_image(image).hidden.reshape(24, 24, 3)
mosaic = Image.fromarray((255 * seen.numpy()).astype(np.uint8)).resize((288, 288), 0)
sheets.photo(mosaic, "The picture as 24 by 24 patches of one colour each.")

# %% [markdown]
# > **Before you run.** Which of the five phrases will the colour matcher find, for which will it find the *wrong*
# > thing, and for which will its map be blank?

# %%
asked = ["the red bike", "the green tree", "the purple zebra", "the bike left of the tree"]
asked.append("the bike left of the green tree")
found = colours.ground_many(image, asked, proposals=original.proposals)
sheets.sheet(
    image,
    [
        Panel(text, f"match {g.probability:.2f}", g.heatmap, g.mask)
        for text, g in zip(asked, found, strict=True)
    ],
    alt="What the colour matcher looks at for five phrases, with the mask that was chosen.",
    columns=3,
)

# %% [markdown]
# It finds the red bike for the one reason that it is red, and for the zebra it takes what is nearest to purple. "The
# bike left of the tree" has no colour word: *S* is −7, the map is blank, and the mask in that panel, a union of three
# things, is only what stood first among the proposals (`g.trace` says so). "The bike left of the **green** tree" sends
# it to the tree: it takes the colour, whoever it belongs to.

# %% [markdown] tags=["live"]
# In a notebook you can talk to it. Type other phrases:

# %% tags=["live"]
colours.live(image, "the red bike", proposals=original.proposals)

# %% [markdown]
# > **Before you run.** The table tells by kind of phrase how often each model chooses the right mask. In which kinds
# > will the colour matcher hold up? Can a model be *worse* than drawing blindly?

# %%
by_colour = right_mask(colours, phrases)
kinds = np.array([each.tags["kind"] for each in phrases])
rows = []
for kind in sorted(set(kinds)):
    these = np.flatnonzero(kinds == kind)
    named = [pictures[place] for place in these]
    ways = (by_colour, shares["the trained BLIP"], np.array(anything))
    rows.append((kind, len(these), *(str(interval(way[these], named)) for way in ways)))
exhibits.table(("kind", "phrases", "colours", "trained BLIP", "drawn blindly"), rows)

# %% [markdown]
# Look at *attribute*, where the colour often settles it, and at *relation*. A phrase such as "the hat left of the blue
# cup" names the colour of **another** thing, and whoever only matches colours walks into the trap, again and again:
# that is how a model gets below blind drawing. You will meet the same trap in lesson 10, with CLIP. (Two cautions:
# a blank map falls back on the largest mask, which is right now and then. And with few phrases of a kind the intervals
# are wide: do not read more into a row than its interval allows.)
#
# **Exercise 9.1: the gradient on paper.** *S* is given above. Work out *G* = ∂*S*/∂*C* by hand, without autograd,
# where *C* is the attention itself. Write `gradient_by_hand(fit, known)`: `fit` is (tokens, patches), `known` (bool,
# tokens) says which tokens name a colour; the result is (tokens, patches).


# %% tags=["exercise"]
def gradient_by_hand(fit, known):
    return ...


# %% tags=["solution"]
def gradient_by_hand(fit, known):
    named = known.sum().clamp(min=1)
    return 10 * fit * known[:, None] / named


# %% [markdown] tags=["solution"]
# *S* is linear in *C*, so the gradient is what stands beside it: 10 · *fit* / (number of colour words). It does not
# depend on *C* at all. Grad-CAM then is max(0, *fit*) · *C* up to a factor: it is bright where the colour fits **and**
# where the word looks. In a real model the same product is taken; only *fit* is hidden in a network.

# %%
check_gradient(gradient_by_hand)

# %% [markdown]
# **Exercise 9.2: a word of place.** Teach it where things stand. Write `place_scores(word, rows, columns)`: how well
# each patch fits a word of place, numbers from 0 to 1 of shape (rows, columns). For "left" 1 in the leftmost column,
# falling evenly to 0 in the rightmost; "right", "top" and "bottom" likewise; all 0 for every other word.


# %% tags=["exercise"]
def place_scores(word, rows, columns):
    return ...


# %% tags=["solution"]
def place_scores(word, rows, columns):
    across = torch.linspace(1, 0, columns).expand(rows, columns)
    down = torch.linspace(1, 0, rows)[:, None].expand(rows, columns)
    known = {"left": across, "right": 1 - across, "top": down, "bottom": 1 - down}
    return known.get(word, torch.zeros(rows, columns))


# %% [markdown] tags=["solution"]
# A word of place becomes a word like any other, with a fit of its own:


# %% tags=["solution"]
class PlacedColours(ColourMatcher):
    """Knows colours and four places."""

    def fit(self, words, patches):
        known, fit = super().fit(words, patches)
        for token, word in enumerate(words):
            there = place_scores(word, *self.grid)
            if there.any():
                known[token], fit[token] = True, there.flatten()
        return known, fit


placed = ix.Grounder(PlacedColours())
asked = ["the bike on the right", "the blue bike on the right", "the red bike on the right"]
sheets.sheet(
    image,
    [
        Panel(text, f"match {g.probability:.2f}", g.heatmap)
        for text, g in zip(asked, placed.ground_many(image, asked, proposals=False), strict=True)
    ],
    alt="Heatmaps of the matcher that knows colours and places, for three phrases.",
    columns=3,
)

# %% [markdown] tags=["solution"]
# "right" lights up the right *edge*, whether a bike stands there or not, and the third phrase, which is false, gets
# nearly the same match probability as the second, which is true: *red* fits somewhere, *right* fits somewhere, and
# nobody asked whether it is the **same** place. Adding up words is not understanding a phrase. A place has to be asked
# *of a thing*.

# %%
check_place_scores(place_scores)

# %% [markdown]
# ## 4. RefCOCO, from its files
#
# RefCOCO has 142,210 phrases about COCO's photographs, far too much to travel in a package. Its files have a layout,
# though, and any samples can be written in it. We write scenes *under the very names of RefCOCO*, so that what reads them below
# is exactly what would read the real ones.

# %%
root = here / "data"
each_split = 3 if smoke else 30
said = [each for split in ("val", "testA") for each in samples(split, each_split, seed=4)]
write_refer(root, "refcoco", "unc", said)

for path in sorted(root.rglob("*")):
    if path.is_file() and path.suffix != ".png":
        print(path.relative_to(root).as_posix(), f"{path.stat().st_size / 1e3:.0f} kB")
pngs = sorted(root.rglob("*.png"))
print(pngs[0].relative_to(root).as_posix(), f"... and {len(pngs) - 1} more pictures")

# %% [markdown]
# Two files: `refs(unc).p` says which phrase means which annotation, `instances.json` holds pictures and masks, as in
# COCO. Here is one of each. (We wrote this pickle ourselves. **Never** `pickle.load` one from the internet: it can run
# any program. The package's reader takes plain data only.)

# %%
refs = pickle.loads((root / "refcoco" / "refs(unc).p").read_bytes())
instances = json.loads((root / "refcoco" / "instances.json").read_text())
print({key: value for key, value in refs[0].items() if key != "sentences"})
print(refs[0]["sentences"][0])
print({key: str(value)[:40] for key, value in instances["annotations"][0].items()})

# %% [markdown]
# > **Before you run.** This folder calls itself RefCOCO. How could a program notice that it is not?

# %%
(checked,) = check_folder(root)
exhibits.table(
    (checked.name, "pictures", "phrases", "differs"),
    [
        (each.split, each.counts.images, each.counts.expressions, ", ".join(differences(each)))
        for each in checked.splits
    ],
)

# %% [markdown]
# By counting. `iterprime-xai data check DIR` does this, and with your real download it is the first thing to run: half
# a data set looks just like a whole one until you count.
#
# Now the line that you will use, and a run over it, as in lesson 8:

# %%
data = open_data("refcoco:testA", root=root)
first = data.samples_of(data.pictures()[0])
print(first[0].tags)
sheets.sheet(
    Image.open(first[0].image),
    [Panel(each.text, f"{len(each.others)} other things", mask=each.mask) for each in first],
    alt="The first picture of the stand-in, once for each phrase, with the outline of its mask.",
    columns=3,
)

# %% [markdown]
# Three phrases and one thing: in the files that is *one* ref with three sentences.

# %%
run = ix.evaluate("iterprime", data, here / "run", proposals="gold", progress=False)
whole = summarise(run).figures[0]
exhibits.table(
    ("metric", "share [95 % interval]"),
    [(name, str(whole.metrics[name])) for name in ("oiou", "miou", "p50", "peak")],
)

# %% [markdown]
# For the real thing, `root` is the folder with the files that you downloaded (`docs/data.md` shows its tree), and
# nothing else changes:
#
# ```python
# ix.evaluate("iterprime", "refcoco:testA", "runs/refcoco", data_options={"root": "data"},
#             settings={"model": "Salesforce/blip-itm-base-coco"})
# ```
#
# The figures above say nothing about RefCOCO. They are about drawn scenes, which the model knows, among gold masks.
#
# **Exercise 9.3: from a ref to its masks.** Every reader of RefCOCO must do this join. Write
# `from_ref_to_masks(ref, instances)`: return the name of the **picture's file** and the list of the **annotations**
# (the dictionaries) that the ref means. Two traps are known: a ref has a `file_name` of its own that in the real
# files is no picture's name; and in gRefCOCO, `ann_id` is a list where a phrase means several things.


# %% tags=["exercise"]
def from_ref_to_masks(ref, instances):
    return ...


# %% tags=["solution"]
def from_ref_to_masks(ref, instances):
    images = {each["id"]: each for each in instances["images"]}
    annotations = {each["id"]: each for each in instances["annotations"]}
    meant = ref["ann_id"] if isinstance(ref["ann_id"], list) else [ref["ann_id"]]
    return images[ref["image_id"]]["file_name"], [annotations[number] for number in meant]


# %% [markdown] tags=["solution"]
# Identifiers are joined, never places in a list: the real `instances.json` is in no useful order. (gRefCOCO also has
# phrases that mean nothing, with −1. The package's reader knows that, too.)

# %%
check_from_ref_to_masks(from_ref_to_masks)

# %% [markdown]
# ## 5. Your own pictures
#
# A folder with pictures and a `phrases.csv` is a data set. `image` and `phrase` are needed, `mask` is not, and every
# further column becomes a tag. Here is one with a scene, whose mask is known, and with a photograph, whose is not.

# %%
mine = here / "my-pictures"
mine.mkdir()
image.save(mine / "bikes.png")
Image.fromarray(sample.mask).save(mine / "bike-mask.png")
Image.fromarray(photo_of_a_cat()).save(mine / "cat.png")
(mine / "phrases.csv").write_text(
    "image,phrase,mask,source\n"
    "bikes.png,the bike left of the tree,bike-mask.png,drawn\n"
    "cat.png,the cat,,photo\n"
    "cat.png,the zebra,,photo\n",
    encoding="utf-8",
)
own = open_data(f"folder:{mine}")
own_samples = [each for entry in own.pictures() for each in own.samples_of(entry)]

# %% [markdown]
# For your photographs that is all: your folder, and `open_data("folder:my-pictures")`.
#
# > **Before you run.** Our model has seen drawings, and no photograph ever. There *is* a cat on the photograph. Will
# > the model say so? Where will its heatmap for "the zebra" be bright?

# %%
seen = [(each, grounder.ground(each.image, each.text)) for each in own_samples[:1]]
seen += [
    (each, grounder.ground(each.image, each.text, proposals=False)) for each in own_samples[1:]
]
for each, g in seen:
    known = "" if each.mask is None else f", IoU {exhibits.overlap(g.mask, each.mask):.2f}"
    print(f"{each.text!r} ({each.tags['source']}): match {g.probability:.3f}{known}")

sheets.sheet(
    seen[1][1].image,
    [Panel(each.text, f"match {g.probability:.3f}", g.heatmap) for each, g in seen[1:]],
    alt="Heatmaps of the model of drawings on a photograph of a cat, for the cat and for a zebra.",
    columns=3,
)

# %% [markdown]
# It says no to both, also to the cat that *is* there: on photographs it knows nothing. And yet both maps sit on the
# eyes, as if something had been understood. (Each panel has its own colour scale.) Does at least the height of the heat
# warn you? Compare it with the drawing:

# %%
print("highest heat:", {each.text: f"{g.heatmap.max():.1e}" for each, g in seen})
exhibits.caveats(seen[1][1])

# %% [markdown]
# It does not: the heat on the photograph is no lower than on the drawing. The match probability warned you, and so did
# the note above, which stands in the trace because this model's *profile* names its domain. **Your** checkpoint has
# such a note only if somebody wrote it.

# %% [markdown]
# ## 6. What no stand-in can show
#
# You have walked every path once. Honestly counted, this is what you now know:
#
# | stand-in | it shows | it cannot show |
# | --- | --- | --- |
# | the bundled model in a folder | files, names and calls of a checkpoint in the hub's layout | how good a released checkpoint is, on anything |
# | a BLIP-2 with random weights | that layers, query tokens and word maps are read | that its maps, or those of a trained one, lie on the right thing |
# | a matcher of colours | what the package asks of a model | that a method which works here works on a network |
# | scenes in RefCOCO's layout | that the reader, the run and the tables work | any figure about RefCOCO |
# | three phrases of your own | that your folder is read | more than three phrases |
#
# **Exercise 9.4: what was shown?** Which of these claims has *this lesson* shown? Answer with a set of letters, such
# as `{"a", "b"}`.
#
# - **a** BLIP-2 grounds better than BLIP.
# - **b** The same weights can give the same map and yet know less about themselves.
# - **c** `open_data("refcoco:testA", root=...)` reads files in RefCOCO's layout.
# - **d** IteRPrimE reaches on RefCOCO what our run over the stand-in reached.
# - **e** A heatmap with clear spots can come from a model that has learned nothing.
# - **f** A matcher that knows only colours can choose the right mask.

# %% tags=["exercise"]
answer = ...

# %% tags=["solution"]
answer = {"b", "c", "e", "f"}

# %% [markdown] tags=["solution"]
# *a* would need two trained models on the same pictures; *d* needs RefCOCO. The others happened before your eyes.

# %%
check_what_is_shown(answer)

# %% [markdown]
# ## What you have learned
#
# - A checkpoint is a folder. Weights travel in it; the layer, the threshold and the domain do not, unless somebody
#   measured and wrote them down.
# - "It runs" is not "it means something". Only a measurement beside *drawn blindly* tells the two apart.
# - A matcher is a protocol: a logit, an attention and its gradient. Forty lines are enough, and can be checked on
#   paper.
# - A data set is a layout. Count before you trust it, and join by identifiers.
# - Say for each stand-in what it cannot show, before somebody else finds out.
#
# ## References
#
# - Li et al., *BLIP*, ICML 2022; Li et al., *BLIP-2*, ICML 2023.
# - Kazemzadeh et al., *ReferItGame*, EMNLP 2014; Yu et al., *Modeling Context in Referring Expressions*, ECCV 2016
#   (RefCOCO); Liu et al., *GRES*, CVPR 2023 (gRefCOCO).
# - Wang et al., *IteRPrimE*, AAAI 2025.
# - [Models](../docs/models.md), [data sets](../docs/data.md), [query tokens](../docs/methods/query_tokens.md),
#   [layers](../docs/layers.md), [runs](../docs/runs.md).
#
# **Next:** lesson 10, *CLIP's way*: a model without any attention from words to patches, and where it loses position.
