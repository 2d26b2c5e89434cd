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
#   title: A checkpoint's card for explanations
# ---

# %% [markdown]
# # A checkpoint's card for explanations
#
# What a checkpoint is, which of its layers and heads look at what is meant, whether its maps pass the sanity checks, and how fast
# it is here. What nobody has validated is said so. The code of every step is folded away above its result.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model, a folder in the hub's layout, a hub id, or the path of an ALBEF .pth file
data: str = "scenes:val"  # a validation split with gold masks, on which layers and heads are measured
checks: int = 12  # phrases on which the sanity checks are made, one a picture
pairs: int = 80  # pairs of a true statement and its false twin, where the data are scenes
repeats: int = 9  # how often each stage is timed
smoke: bool = False  # true: the smallest run that still shows every part, for tests
limit: int = 100  # at most this many phrases for the layers, and half as many for the heads

# %%
from itertools import islice

import iterprime_xai as ix
from iterprime_xai.data import open_data
from iterprime_xai.evaluation.explanation.judged_tables import check_table
from iterprime_xai.evaluation.explanation.method_table import judge_methods
from iterprime_xai.evaluation.heads import head_pointing
from iterprime_xai.evaluation.layers import measure_layers
from iterprime_xai.evaluation.speed import measure_speed
from iterprime_xai.reports import exhibits
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.sections import model_exhibits
from iterprime_xai.reports.sections.model_facts import size_of

most, tested, twins, times = (min(limit, 6), 2, 8, 3) if smoke else (limit, checks, pairs, repeats)
grounder, opened = ix.load(model), open_data(data)
read, _ = grounder.matcher.choose_layer(None)
size = size_of(grounder, model)
layers = measure_layers(grounder, opened, limit=most)
model_exhibits.headline(layers, read, size)

# %%
model_exhibits.caveats(grounder, layers)

# %% [markdown]
# ## What it is

# %%
model_exhibits.identity(grounder, size)

# %% [markdown]
# ## What it was trained on
#
# In the words of its own card, as far as one came with it. Nothing of this was checked here.

# %%
model_exhibits.training(model)

# %% [markdown]
# ## Which layer looks
#
# The first look of the default recipe, read from each layer. There is no layer that is right for every model: early ones often look
# everywhere, and in the last one only the first token reaches the match score, so the maps of words are blank there. A layer is to
# be chosen on a validation split only, and the figure of the best of several is a little too good.

# %%
model_exhibits.layer_chart(layers, read)

# %%
model_exhibits.layer_table(layers)

# %% [markdown]
# The layer that is read, by kind of phrase:

# %%
model_exhibits.kinds_table(layers, read)

# %% [markdown]
# ## Which heads look
#
# How often the peak of each head lies on what is meant, in percent of the phrases, over all tokens. A head that points is not a
# head that matters: its part in the match may be faint, which the atlas of one phrase shows below.

# %%
samples = list(islice((each for entry in opened.pictures() for each in opened.samples_of(entry)), max(1, most // 2)))
heads = head_pointing(grounder.matcher, samples)
model_exhibits.heads_said(heads)

# %%
model_exhibits.heads_chart(heads)

# %%
first = next(each for each in samples if each.mask is not None and each.mask.any())
model_exhibits.atlas_of(grounder, first)

# %% [markdown]
# ## Does it know what it says
#
# A map of a match score is worth as much as the match. Each true statement has a false twin that differs in one thing; chance is
# 0.5. *Nouns only* and *positions only* are what blind rules reach that read nothing else.

# %%
model_exhibits.matching(model_exhibits.pairs_of(grounder, data, twins))

# %% [markdown]
# ## Sanity checks
#
# Grad-CAM's map must change when the weights are random and when another thing is asked about, and come back when the same is
# asked. Told is how alike the maps are (1: the same, 0: another one), and in brackets the share of phrases on which the map is
# believed.

# %%
judged = judge_methods(opened, ["gradcam", "edges"], model=model, limit=4 * tested, checks=tested, curves=False)
model_exhibits.checked(judged.checks)

# %%
exhibits.Written(check_table(judged.checks))

# %% [markdown]
# `edges` is a floor that never asks the model: it must fail.
#
# ## Speed
#
# A picture is encoded once; the first phrase then pays for what every further one finds ready.

# %%
phrases = [each.text for each in samples[:7]]
model_exhibits.speed_table(measure_speed(grounder.matcher, first.image, phrases, read, times))

# %% [markdown]
# ## Settings and versions

# %%
asked = {"data": data, "checks": tested, "pairs": twins, "repeats": times, "limit": most}
colophon({**grounder.matcher.describe(), **asked})
