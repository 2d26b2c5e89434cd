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
#   title: Results, made again
# ---

# %% [markdown]
# # Results, made again
#
# Every system on every data set with every proposer of masks, with intervals, beside the figures that papers give for the very
# same split; then the paper's own questions, one setting changed at a time. Runs are kept and gone on with, so that the report
# can be made again at any time, and every number can be followed to its row.

# %% tags=["parameters"]
systems: list = [
    "iterprime",
    "gradcam",
    "global_local_clip",
    "tas",
    "largest",
]  # names of systems, see iterprime-xai systems
data: list = ["scenes:testA"]  # data sets, such as "refcoco:val"
proposers: list = [""]  # who proposes masks, such as "gold" or "sam:vit_h"; "" for each system's own
runs: str = ""  # folder where runs are kept and gone on with; "" for one that goes at the end
phrases: int = 100  # phrases of each data set; 0 for all
ablation: int = 60  # phrases of the first data set that the questions are asked on; 0 asks none
smoke: bool = False  # true: the smallest run that still shows every part, for tests
limit: int = 12  # at most this many questions are asked

# %%
from itertools import islice

from iterprime_xai.reports import exhibits
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.sections import reproducing

if smoke:
    systems, phrases, ablation, limit = systems[:2], 4, min(ablation, 4), min(limit, 2)
cells = reproducing.cells(systems, data, proposers, runs, phrases or None)
for cell in cells:
    display(reproducing.best(cell))

# %% [markdown]
# ## Systems
#
# mIoU is the mean of the phrases' IoU; oIoU the sum of intersections over the sum of unions, in which large things count more. The
# two can rank systems differently. All figures are percent with 95 % intervals from drawing whole pictures; differences are
# paired, on the same phrases.

# %%
for cell in cells:
    display(exhibits.heading(f"{cell.data}, proposals: {cell.proposals}"))
    display(reproducing.results_chart(cell))
    display(reproducing.results(cell))

# %% [markdown]
# ## The paper's questions
#
# IteRPrimE with one thing changed, among the same proposals. The first line is the system as it is: its settings are at the foot.

# %%
asked = list(islice(reproducing.answers(data[0], proposers[0], runs, ablation, small=smoke), limit)) if ablation else []
reproducing.finding(asked)

# %%
for question, answered in asked:
    display(exhibits.heading(question))
    for each in reproducing.answer(question, answered):
        display(each)

# %% [markdown]
# ## Published figures
#
# Papers' figures stand here only where the data set and split are the very same and all of it was evaluated; elsewhere they would
# invite a comparison that means nothing. IteRPrimE's own tables could not be read, so none of its figures is quoted.

# %%
reproducing.published(cells)

# %% [markdown]
# ## Settings and versions

# %%
every = [run for cell in cells for run in cell.runs]
colophon({"iterprime": reproducing.settings_as_they_are(every)}, every)
