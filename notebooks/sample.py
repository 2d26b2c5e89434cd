# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: title
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: One grounding, from the phrase to the mask
# ---

# %% [markdown]
# # One grounding, from the phrase to the mask
#
# Where does the model look when it matches this phrase with this picture, how sure is it, and what mask follows? This
# page was computed by a notebook; the code of every step is folded away above its result. A heatmap says **where the
# match score came from in this model**, not where the thing truly is, and not why the model is right or wrong.

# %% tags=["parameters"]
image: str = ""  # path of a picture, relative to where the report is started; "" for a bundled scene
phrase: str = ""  # the referring expression; "" for the phrase that belongs to the bundled scene
model: str = "tiny"  # a bundled model, a folder in the hub's layout, or a hub id
recipe: str = "default"  # default, or paper for what the released code does
layer = None  # type: int|None text layer to read, 0-based; None (null in JSON) for the checkpoint's own
smoke: bool = False  # true: the smallest run that still shows every part, for tests
limit: int = 8  # at most this many layers, words and proposals are drawn

# %%
import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.colophon import colophon

most = min(limit, 2) if smoke else limit

sample = None  # the bundled scene, which knows its truth; none for a picture of your own
if not image:
    scenes = bundled_samples()
    sample = next((each for each in scenes if each.text == phrase), scenes[0])
picture = sample.image if sample else image
text = phrase or (sample.text if sample else "")
truth = sample if sample and sample.text == text else None

grounder = ix.load(model)
g = grounder.ground(picture, text, recipe=recipe, layer=layer)
exhibits.headline(g, truth) + exhibits.caveats(g)

# %% [markdown]
# ## The phrase
#
# The **primary word** names the thing that is meant; the other content words are the context that it is told apart
# by. Words are marked by their share of the heat in the last pass that counts.

# %%
exhibits.phrase(g)

# %% [markdown]
# ## The picture

# %%
sheets.photo(g.image, f"The picture that was looked at, {g.image.width} x {g.image.height} pixels.")

# %% [markdown]
# ## Everything on one sheet
#
# The picture with the answer, the final heat, every pass and every word. Each small map has its own colour scale:
# compare *shapes* here, not strengths.

# %%
g

# %% [markdown] tags=["live"]
# ## Live
#
# In Jupyter, run this notebook yourself to move through passes and words, and to change opacity and threshold in the
# browser. Where no kernel runs, the same sheet as above stands here.

# %% tags=["live"]
g.show()

# %% [markdown]
# ## Pass by pass
#
# After each pass the hottest patches are hidden from the text (as cross-attention keys, in every layer), and the
# model looks again. Looking again stops when the match probability falls: without those patches the model believes
# the phrase less.

# %%
exhibits.passes(g)

# %% [markdown]
# ## Word by word
#
# All words on **one** colour scale, so that a faint map is faint. A word's share is its part of all the words' heat
# in the last pass that counts; a large share says that the match score hangs on the attention of that word, not that
# the word was understood.

# %%
sheets.word_maps(g, most)

# %% [markdown]
# ## With and without primary-word emphasis
#
# The same looks, once with the primary word emphasised against its context and once with a plain mean of the words.
# Where both maps agree, emphasis changed nothing; where they differ, the context words pull the look elsewhere.

# %%
fixed = False if g.proposals is None else g.proposals
settings = {"recipe": recipe, "layer": g.parameters["layer"], "proposals": fixed}
compared = [
    ("emphasis on", grounder.ground(picture, text, emphasis="both", **settings)),
    ("emphasis off", grounder.ground(picture, text, emphasis="none", **settings)),
]
sheets.sheet(
    g.image,
    [sheets.Panel(name, f"{len(each.passes)} passes, own scale", each.heatmap, each.mask) for name, each in compared],
    alt="The final heat with primary-word emphasis and without it.",
    columns=2,
)

# %%
exhibits.comparison(compared, truth)

# %% [markdown]
# ## Layer by layer
#
# The first look, read from each text layer that has cross-attention. There is no layer that is right for every model:
# early layers often look everywhere, and in the last layer only the first token reaches the match score, so the maps
# of the words are blank there.

# %%
layers = grounder.matcher.layers
if len(layers) > most:  # the layer that was read, and others spread evenly over the depth
    spread = {layers[round(step * (len(layers) - 1) / max(1, most - 1))] for step in range(max(1, most - 1))}
    layers = tuple(sorted(spread | {g.parameters["layer"]}))
looks = {each: grounder.ground(picture, text, recipe=recipe, layer=each, passes=1, proposals=False) for each in layers}
sheets.sheet(
    g.image,
    [
        sheets.Panel(
            f"layer {number}{' (read here)' if number == g.parameters['layer'] else ''}",
            "blank" if look.point is None else f"peak {look.heatmap.max():.2g}",
            look.heatmap,
            g.mask,
            marked=number == g.parameters["layer"],
        )
        for number, look in looks.items()
    ],
    alt=f"The first look, read from layers {', '.join(map(str, looks))}.",
)

# %%
notes = [line for line in g.trace if line.startswith("layer ")]
exhibits.sentence(
    f"Read: {'; '.join(notes)}. Shown: {len(looks)} of {len(grounder.matcher.layers)} layers, each on its own scale.",
    caveat=any("not validated" in line for line in notes),
)

# %% [markdown]
# ## The mask: proposals and selection
#
# Proposals come from the picture alone; the heat only chooses among them. When no proposal fits the thing, the best
# choice is still wrong: a small margin, or a mask that does not look like a thing, are signs of that.

# %%
sheets.candidates(g, most)

# %%
exhibits.selection(g, most)

# %% [markdown]
# ## What was decided on the way

# %%
exhibits.trace(g)

# %% [markdown]
# ## Settings and versions

# %%
colophon(g.parameters)
