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
#   title: Two runs, phrase by phrase
# ---

# %% [markdown]
# # Two runs, phrase by phrase
#
# Is one system better than another, on which phrases, and what does it pay for that? Both are compared on the phrases that
# both have, so that what makes a phrase hard for both cancels. The code of every step is folded away above its result.

# %% tags=["parameters"]
run: str = ""  # a run's folder; "" together with against evaluates two systems on bundled scenes, to show the report
against: str = ""  # the folder of the run that it is compared with
more: list = []  # folders of further runs, which stand beside these two in the table of metrics
by: str = "kind"  # a tag of the data set, whose values get a line of their own; "" for none
threshold: float = 0.5  # IoU from which an answer is right
at_least: int = 10  # words that occur in fewer phrases are left out
smoke: bool = False  # true: the smallest run that still shows every part, for tests
limit: int = 4  # at most this many phrases are shown for each side

# %%
from IPython.display import display

from iterprime_xai.evaluation.failures import failure_table
from iterprime_xai.evaluation.failures.two_runs import by_tag, by_word, farthest, two_runs
from iterprime_xai.evaluation.measures import compare
from iterprime_xai.reports.colophon import colophon
from iterprime_xai.reports.sections import comparison_exhibits, comparison_pictures, run_pair

runs = run_pair.opened_pair(run, against, more, phrases=16 if smoke else 120)
comparison = compare(runs, against=1)
names = [each.run for each in comparison.groups[0].runs]
pair = two_runs(*(failure_table(each, threshold) for each in runs[:2]), names[0], names[1])
comparison_exhibits.headline(comparison, pair)

# %%
comparison_exhibits.caveats(comparison)

# %% [markdown]
# ## Every metric
#
# Differences are paired: both runs are drawn with the same pictures, a thousand times. A difference is real, as far as these
# phrases can tell, where its interval stays away from 0 (brown); where it holds 0 (blue), neither run was shown to be better.
# That two intervals of the runs themselves overlap says nothing.

# %%
comparison_pictures.metric_chart(comparison)

# %%
comparison_exhibits.metrics(comparison)

# %% [markdown]
# ## Right and wrong
#
# Phrases that both get right, or both wrong, do not tell which is better; the two other corners decide.

# %%
comparison_exhibits.right_wrong(pair)

# %%
comparison_pictures.iou_chart(pair)

# %% [markdown]
# ## What one mends and breaks
#
# Every failure has one type, by stated rules. Counted here are the phrases that exactly one of the two gets right, by the type
# that they have where they fail.

# %%
comparison_exhibits.turned(pair)

# %% [markdown]
# ## Which phrases
#
# The same difference for each value of a tag of the data set. A system that is better on the whole may be worse for some kinds.

# %%
tagged = by_tag(pair, by) if by else []
comparison_exhibits.tag_said(pair, tagged, by) if by else comparison_exhibits.sentence("No tag was asked for.")

# %%
comparison_pictures.group_chart(pair, tagged) if by else None

# %%
comparison_exhibits.groups(pair, tagged, by) if by else None

# %% [markdown]
# ## Which words
#
# Content words by how surely the runs differ on the phrases with them. A word is not a cause: phrases with “second” are also
# those with several things of one kind.

# %%
words = by_word(pair, at_least=3 if smoke else at_least)
comparison_exhibits.words_said(pair, words)

# %%
comparison_exhibits.groups(pair, words.rows, "word")

# %% [markdown]
# ## Where they part
#
# Phrases that exactly one of the two gets right, those with the largest difference in IoU. The outline is the answer, the colours
# are the heat behind it (of systems that choose among masks: their scores), each on its own scale. They were picked because they
# differ: they show what *can* happen, and the tables above how often it does.

# %%
ahead, behind = farthest(pair, min(limit, 1) if smoke else limit)
comparison_exhibits.sentence(f"Only {names[0]} is right:" if ahead else f"{names[0]} alone gets no phrase right.")

# %%
display(*comparison_pictures.apart(runs[:2], names[:2], ahead, threshold))

# %%
comparison_exhibits.sentence(f"Only {names[1]} is right:" if behind else f"{names[1]} alone gets no phrase right.")

# %%
display(*comparison_pictures.apart(runs[:2], names[:2], behind, threshold))

# %% [markdown]
# ## Settings and versions

# %%
colophon({"by": by, "threshold": threshold, "at_least": at_least, "limit": limit}, runs)
