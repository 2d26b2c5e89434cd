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
#   title: Why a run fails
# ---

# %% [markdown]
# # Why a run fails
#
# Which kinds of failure are there, what does each cost, and what do the worst of them look like? Every phrase of the run has
# exactly one type, decided by stated rules from its row. The code of every step is folded away above its result.

# %% tags=["parameters"]
run: str = ""  # the run's folder; "" makes a small run on bundled scenes, to show the report
where: dict = {}  # only phrases with these tags, such as {"kind": "position"}; {} for all
threshold: float = 0.5  # IoU from which an answer is right
worst: int = 2  # failures shown of each type, those with the lowest IoU
again: int = 100  # phrases looked at again with other settings, drawn at random; 0 for none
smoke: bool = False  # true: the smallest run that still shows every part, for tests
limit: int = 14  # at most this many failures are shown in all

# %%
from iterprime_xai.evaluation.failures import density, failure_table, priced, slices, word_table
from iterprime_xai.evaluation.failures.narrowing import narrowed
from iterprime_xai.reports import exhibits
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.sections import failure_charts, failure_exhibits, run_source, second_looks

opened = run_source.opened(run, phrases=40 if smoke else 120)
table = narrowed(failure_table(opened, threshold), where)
prices = priced(table)
failure_exhibits.finding(prices, threshold)

# %%
exhibits.run_notes(opened, where)

# %% [markdown]
# ## What each type costs
#
# An oracle answers otherwise for the phrases of one type only; what the run would gain is the price of the type. Intervals draw
# whole pictures again. In mIoU the prices add up; in oIoU, a ratio of sums in which large things count more, they don't.

# %%
failure_charts.cost_chart(prices) if prices.prices else None

# %%
exhibits.Written(str(prices))

# %% [markdown]
# ## The worst of each type
#
# Of each type the failures with the lowest IoU, the dearest type first. Each holds the picture with both masks, the heat, where
# heat is misplaced and where it is missing, every pass and word that the run kept, and the proposals.

# %%
shown = failure_exhibits.worst(
    table, [each.type for each in prices.prices], min(worst, 1) if smoke else worst, 3 if smoke else limit
)
failure_exhibits.sheets_of(opened, shown, threshold)

# %% [markdown]
# ## Which phrases fail
#
# By what they say and by what is in the picture. A slice whose interval lies to the right of the dashed line fails surely more
# often than all phrases do. Wilson's intervals take phrases to be independent, which those about one picture are not.

# %%
by_cue = slices(table.rows, "cue")
failure_charts.slice_chart(by_cue)

# %%
exhibits.Written(f"By the words that say **where**. {by_cue}")

# %%
failure_exhibits.sliced(table, ["rivals", "size", "length", "tag:kind", "tag:domain"])

# %% [markdown]
# ## Which words fail

# %%
exhibits.Written(str(word_table(table.rows, most=15, at_least=3 if smoke else 10)))

# %% [markdown]
# ## Where in the picture
#
# Cells with few phrases are pale. By the place of what is meant: do things at the border fail? By the peak of the heat: does the
# model look somewhere too often?

# %%
failure_charts.places_chart(density(table.rows, bins=5))

# %%
failure_charts.places_chart(density(table.rows, "peak", bins=5))

# %% [markdown]
# ## The parser's share
#
# The primary word is found by rules before anything is looked at. Where the data set tells it, both can be compared.

# %%
failure_exhibits.parser_share(table)

# %% [markdown]
# ## What refinement did
#
# From the maps that the run kept: what each further look did to the answer, and what the looks that were left out would have done.

# %%
second_looks.refinement(opened, table)

# %% [markdown]
# ## What other settings fix and break
#
# Phrases drawn at random, right and wrong ones alike, are looked at again with one setting changed, among the same proposals.
# *Fixed* are right only with the change, *broke* only without it; "chance p" is how likely so uneven a split is if neither helps.

# %%
second_looks.switches(opened, table, min(again, 8) if smoke else again)

# %% [markdown]
# ## Settings and versions

# %%
asked = {"where": where, "threshold": threshold, "worst": worst, "again": again, "limit": limit}
colophon(asked, [opened])
