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
#   title: Which maps deserve belief
# ---

# %% [markdown]
# # Which maps deserve belief
#
# Every map looks convincing over a picture. Here the maps of several methods are measured against the truth of the data set and
# against what the model loses without the hot patches, and tested whether they fail where they should. The code of every step is
# folded away above its result.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model, a folder in the hub's layout, or a hub id
data: str = "scenes:testA"  # a data set with gold masks
methods: list = []  # methods by name; [] for the quick ones, ["all"] for every one; floors are always added
layer = None  # type: int|None text layer, 0-based, for methods that read one; None (null in JSON) for the checkpoint's own
checks: int = 10  # phrases on which the sanity checks are made, one a picture
curves: bool = True  # whether deletion and insertion are measured, 30 forward passes a map
steady: bool = False  # whether infidelity, max-sensitivity and paraphrases are measured too; needs captum
smoke: bool = False  # true: the smallest run that still shows every part, for tests
limit: int = 30  # at most this many phrases are measured

# %%
import iterprime_xai as ix
from iterprime_xai.data import open_data
from iterprime_xai.evaluation.explanation.beliefs import beliefs
from iterprime_xai.evaluation.explanation.judged_tables import check_table, explained, map_table
from iterprime_xai.evaluation.explanation.method_table import judge_methods
from iterprime_xai.reports import exhibits
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.sections import method_pictures, quality_exhibits
from iterprime_xai.saliency.methods import FLOORS

names = quality_exhibits.chosen_methods(["gradcam", "rollout"] if smoke and not methods else methods)
most, tested = (min(limit, 3), min(checks, 1)) if smoke else (limit, checks)
options = {"model": model, "layer": layer, "limit": most, "checks": tested, "curves": curves, "steady": steady}
judged = judge_methods(open_data(data), names, **options)
found = beliefs(judged.maps, judged.checks, FLOORS)
quality_exhibits.headline(found, model, data, len({row.sample for row in judged.maps}))

# %%
quality_exhibits.caveats(judged, FLOORS)

# %% [markdown]
# ## What may be believed
#
# A map is **believed** here if it passes the two checks that decide (random weights, another phrase) and is surely better than
# *every* floor, by the paired interval: to show *where the thing is* in pointing and in energy, to show *what the match needs* in
# deletion and in insertion. It takes six pictures and six checks to believe anything: all of five agree once in 16 by chance. Place
# and need are two different things: a model may match for a wrong reason, and an honest map of that lies
# beside the thing. “Not shown” means that these phrases did not show it, not that it is false. And even what is believed is no
# account of *why* the model is right or wrong.

# %%
quality_exhibits.believed(found)

# %% [markdown]
# ## Localisation and faithfulness
#
# Left, whether the map lies where a person would point; right, whether the match falls without the hottest patches (deletion,
# lower is better) and comes back with them (insertion, higher is better). Grey: floors, which never ask the model where it looks.
# Hollow and brown: methods that fail a sanity check, however well they do here.

# %%
method_pictures.metric_chart(judged.maps, found, FLOORS)

# %%
quality_exhibits.floors_said(judged, FLOORS)

# %%
exhibits.Written(map_table(judged.maps))

# %% [markdown]
# ## Who fails the sanity checks
#
# When the weights are random, or another thing is asked about, a map that stays as it was does not show what the model learned, or
# not what is meant. Shuffled words and absent things are told, and do not decide: a model that reads a bag of words looks at the
# same place, and its map is right to say so.

# %%
quality_exhibits.failures(judged.checks, FLOORS)

# %%
exhibits.Written(f"{check_table(judged.checks)}\n{explained()}")

# %% [markdown]
# ## Steadiness and cost
#
# How much the map moves under noise that nobody sees, and with other words for the same thing. A map that never changes is
# perfectly steady, so read this beside the checks.

# %%
quality_exhibits.steadiness(judged, names)

# %% [markdown]
# ## The maps themselves
#
# Two phrases by every method, each map on its own colour scale; the outline is what is meant. Two pictures are an anecdote: the
# tables above are the evidence.

# %%
matcher = ix.load(model).matcher
one, other = method_pictures.two_samples(data)
exhibits.sentence(f"“{one.text}”")

# %%
method_pictures.maps_sheet(matcher, one, names, layer)

# %%
exhibits.sentence(f"“{other.text}”")

# %%
method_pictures.maps_sheet(matcher, other, names, layer)

# %% [markdown]
# ## Settings and versions

# %%
colophon({**matcher.describe(), **options, "data": data, "methods": ", ".join(names)})
