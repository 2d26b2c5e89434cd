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
run: str = ""  # folder of a run, to show one of its samples in place of a picture and phrase
sample: str = ""  # id of the run's sample; "" for the failure with the lowest IoU
smoke: bool = False  # true: the smallest run that still shows every part, for tests
limit: int = 8  # at most this many layers, words and proposals are drawn

# %%
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.sections import failure_exhibits, looks
from iterprime_xai.reports.sections.subject import subject_of

most = min(limit, 2) if smoke else limit
subject = subject_of(image=image, phrase=phrase, model=model, recipe=recipe, layer=layer, run=run, sample=sample)
g, truth = subject.grounding, subject.sample
gold = None if truth is None else truth.mask
exhibits.headline(g, truth) + exhibits.caveats(g) + failure_exhibits.verdict(subject)

# %%
sheets.answer(g, gold)

# %% [markdown]
# ## The phrase
#
# The **primary word** names the thing that is meant; the other content words are the context that it is told apart
# by. Words are marked by their share of the heat in the last pass that counts.

# %%
exhibits.phrase(g)

# %% [markdown] tags=["live"]
# ## Live
#
# In Jupyter, run this notebook yourself to move through passes and words, and to change opacity and threshold in the
# browser. Where no kernel runs, a picture with everything on one sheet stands here.

# %% tags=["live"]
g.show()

# %% [markdown]
# ## Pass by pass
#
# After each pass the hottest patches are hidden from the text (as cross-attention keys, in every layer; hatched
# here), and the model looks again. Looking again stops when the match probability falls: without those patches the
# model believes the phrase less. Each map has its own colour scale: compare *shapes*, not strengths.

# %%
sheets.passes(g, gold)

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
# The same looks, as they are, with the primary word emphasised against its context, and with a plain mean of the
# words. Where the maps agree, emphasis changed nothing; where they differ, the context words pull the look elsewhere.

# %%
compared = looks.with_and_without_emphasis(subject)
looks.side_by_side(subject, compared) if compared else exhibits.sentence(looks.NO_LAYERS)

# %%
exhibits.comparison(compared, truth) if compared else None

# %% [markdown]
# ## Layer by layer
#
# The first look, read from each text layer that has cross-attention. There is no layer that is right for every model:
# early layers often look everywhere, and in the last layer only the first token reaches the match score, so the maps
# of the words are blank there.

# %%
layered = looks.layer_looks(subject, most)
looks.layer_sheet(subject, layered) if layered else exhibits.sentence(looks.NO_LAYERS)

# %%
exhibits.layer_note(g, len(layered), 0 if subject.grounder is None else len(subject.grounder.matcher.layers))

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
# ## What is known of it
#
# Of a sample with a gold mask: what kind of failure it is, and the facts behind that.

# %%
failure_exhibits.facts(subject)

# %% [markdown]
# ## What was decided on the way

# %%
exhibits.trace(g)

# %% [markdown]
# ## Settings and versions

# %%
colophon(g.parameters, [] if subject.run is None else [subject.run])
