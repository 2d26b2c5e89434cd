# ---
# jupyter:
#   iterprime_xai:
#     code: shown
#     lesson: '07'
#   jupytext:
#     notebook_metadata_filter: iterprime_xai,title
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: Doubting the map
# ---

# %% [markdown]
# # Doubting the map
#
# A heatmap always looks like an answer. It is bright somewhere, it lies on a thing, and it fits the story that you
# had in mind anyway. In this lesson you learn to attack it: ask another question, destroy the model, compare with
# maps that know nothing, take the hot patches away. And then you attack the attacks, since every one of these tests
# can be fooled, too.
#
# After this lesson you can
#
# - test whether a map depends on the **question** and on what the model has **learned**;
# - say why no single test is enough, and build the cheat that proves it;
# - find the floor that a method has to beat before its hits mean anything;
# - read a deletion curve, and say what it does not show.
#
# Plan about 30 minutes. You need lessons 1 and 2: what a token, a patch and a match probability are, and how Grad-CAM
# makes a map. Keep the one habit of these lessons: write your prediction down **before** you run the cell.

# %% tags=["parameters"]
model: str = "tiny"  # a bundled model or a folder; the lesson is written for the bundled one
smoke: bool = False  # true: fewer pictures and steps, for tests
limit: int = 12  # pictures over which each test is repeated

# %%
import numpy as np
from matplotlib.figure import Figure

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples, samples
from iterprime_xai.evaluation.explanation import (
    curve,
    pearson,
    pointing_game,
    randomised,
    spearman,
)
from iterprime_xai.evaluation.explanation.deletion import fill_in
from iterprime_xai.evaluation.explanation.judging import (
    layers_of,
    meaning_something_else,
    score_of,
    subject_of,
)
from iterprime_xai.reports import exhibits, sheets
from iterprime_xai.reports.sheets import Panel
from iterprime_xai.saliency import get_method
from iterprime_xai.tutorials.lesson_07 import (
    check_best_guess,
    check_cheat,
    check_deletion,
    check_rank_correlation,
)

grounder = ix.load(model, device="cpu")
matcher = grounder.matcher
layer, _ = matcher.choose_layer(None)
text_layers, picture_layers = layers_of(matcher.model)  # all layers of the two encoders, by name

sample = bundled_samples()[0]
image, phrase = sample.image, sample.text


def asked(image, text):
    """A phrase about a picture, ready for any method; encoded anew, for the weights may have changed."""
    return subject_of(matcher, image, matcher.encode_image(image), text, layer)


def look(method, image, text):
    """The map of a phrase by a method: (rows, columns), one number a patch."""
    return get_method(method).look(matcher, asked(image, text)).heatmap


print("phrase:", phrase)
print("one map:", look("gradcam", image, phrase).shape)

# %% [markdown]
# ## 1. A blind test
#
# Four maps of the same picture, for *the bike left of the tree*. Each comes from one of these:
#
# - Grad-CAM on the trained model;
# - an edge detector, which knows neither the model nor the phrase;
# - attention rollout (the attention of all layers, multiplied), on a model whose whole text encoder is **random**: it
#   can no longer read;
# - Grad-CAM on a model whose text encoder *and* image encoder are random: it can neither read nor see.
#
# They come in an order that was drawn by lot.
#
# > **Before you run.** When you see the four letters, write down which map is which. Which of the four would you print in
# > a paper?

# %%
with randomised(matcher.model, [text_layers]):
    cannot_read = look("rollout", image, phrase)
with randomised(matcher.model, [text_layers, picture_layers]):
    cannot_see = look("gradcam", image, phrase)

four = {
    "Grad-CAM": look("gradcam", image, phrase),
    "an edge detector": look("edges", image, phrase),
    "rollout, cannot read": cannot_read,
    "Grad-CAM, cannot read nor see": cannot_see,
}
drawn = np.random.default_rng(3).permutation(list(four))
lettered = dict(zip("ABCD", drawn, strict=True))
sheets.sheet(
    image,
    [Panel(letter, "", four[name]) for letter, name in lettered.items()],
    alt="Four heatmaps of one picture, A to D, without their names.",
)

# %%
for letter, name in lettered.items():
    print(letter, "is", name)

# %% [markdown]
# Grad-CAM is easy to pick *here*, because you know what the phrase means. Without the phrase, the edge detector and the
# model that cannot read both pass for a careful model that has noticed the animals and the bikes. They only know that
# something is there.
#
# This is the problem in one figure. **A map that looks at things looks sensible.** We need tests that do not ask for
# our taste.
#
# ## 2. Ask something else
#
# The first test is nearly free. If a map shows what *this phrase* refers to, another phrase about the same picture
# must give another map.
#
# > **Before you run.** There is a bird in the picture, and no zebra. Which of these three will get the *hottest* map:
# > the dog, the bird, or the zebra? And where will the map of the zebra lie?

# %%
texts = (phrase, "the dog", "the bird", "the zebra")
found = {text: get_method("gradcam").look(matcher, asked(image, text)) for text in texts}
sheets.sheet(
    image,
    [
        Panel(text, f"match {each.probability:.2f}, highest {each.heatmap.max():.1e}", each.heatmap)
        for text, each in found.items()
    ],
    alt="Grad-CAM of four phrases, each on its own colour scale. "
    + "; ".join(f"{text}: match {each.probability:.2f}" for text, each in found.items()),
)

# %%
bird, zebra = found["the bird"].heatmap, found["the zebra"].heatmap
print(f"bird and zebra: correlation {pearson(bird, zebra):.2f}")
print(f"highest heat of the zebra / of the bird: {zebra.max() / bird.max():.1f}")

# %% [markdown]
# Red bike, dog, bird: the map follows the question. Now the zebra. It is not there, the model says so (look at its
# match probability), and its map is **the bird's map**, only hotter. Two phrases, one true and one false, and the
# same picture to show for both. A gradient says what would *raise* the score. It does not say how high the score is. So:
#
# - a map says where a score comes from, never whether the phrase is true;
# - its strength is not a confidence. Read the match probability beside every map.
#
# To compare many maps we need a number for "the same map". The usual one is **Spearman's correlation**: rank the
# patches of each map from cold to hot, and correlate the ranks. 1 means the same order, 0 means that the orders have
# nothing to do with each other. It has a weakness that you should see once.
#
# > **Before you run.** The maps of the bike and of the bird peak on different things. What will their Spearman
# > correlation be: near 1, near 0, or below? And Pearson's, which correlates the heat itself?

# %%
exhibits.table(
    ("compared with “" + phrase + "”", "Spearman (ranks)", "Pearson (heat)"),
    [
        (
            text,
            f"{spearman(found[phrase].heatmap, each.heatmap):.2f}",
            f"{pearson(found[phrase].heatmap, each.heatmap):.2f}",
        )
        for text, each in found.items()
    ],
)

# %% [markdown]
# Pearson says "another map" and Spearman says "rather alike", of the same pairs. Of the patches, most are background,
# and Spearman counts every one of them: the maps differ in the few patches that we look at and agree about the
# order of the many that we do not. Neither number is wrong. They answer different questions, and a paper that
# reports one of them has made a choice. This package takes Spearman's where nothing else is said. Look at both.
#
# **Exercise 7.1: the same order?** Write `rank_correlation(first, second)`: two maps of shape (rows, columns) in, one
# number out, Spearman's correlation over all patches. No patch has the same heat as another (so you need not care for
# ties). NumPy is enough. The ranks are the interesting part.


# %% tags=["exercise"]
def rank_correlation(first, second):
    """Spearman's correlation of two maps (rows, columns) without ties: a number from -1 to 1."""
    return ...  # your turn


# %% tags=["solution"]
def rank_correlation(first, second):
    """Spearman's correlation of two maps (rows, columns) without ties: a number from -1 to 1."""
    ranks = [each.ravel().argsort().argsort() for each in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


# %% [markdown] tags=["solution"]
# `argsort` says which patch comes first, second, third. `argsort` of that says, for every patch, *which place it came
# in*, and this is its rank. Nothing of the heat itself is left, which is why two maps can agree in rank while they
# peak in different places.

# %%
check_rank_correlation(rank_correlation)

# %% [markdown]
# ## 3. Destroy the model
#
# The second test is brutal. Replace the weights of the model by random ones and draw the map again. If it shows what
# the model has learned, it must change. `randomised` does that inside a `with` block and puts every bit back at the end.
#
# One picture is an anecdote, so from here on we take one phrase from each of several pictures.
#
# > **Before you run.** First only the **text** encoder is made random: the model still sees, but cannot read. Then both
# > encoders are. Which of the four methods will notice the first, which the second? Fill the table with "yes" and "no".

# %%
pictures: dict = {}
for each in samples("testA", 3 * (2 if smoke else limit)):  # three phrases a picture
    pictures.setdefault(each.tags["image_id"], []).append(each)
phrases = [each for group in pictures.values() for each in group]

# The first phrase of each picture that has another phrase, for another thing:
pairs = [(group[0], meaning_something_else(group[0], group)) for group in pictures.values()]
pairs = [(first, others[0]) for first, others in pairs if others]

methods = ("gradcam", "relevance", "rollout", "edges")


def looks(other=False):
    """All methods' maps of each first phrase, or of the other one, with the weights as they are."""
    return {
        method: [look(method, each.image, text if other else each.text) for each, text in pairs]
        for method in methods
    }


own, another = looks(), looks(other=True)
with randomised(matcher.model, [text_layers]):
    unread = looks()
with randomised(matcher.model, [text_layers, picture_layers]):
    unseen = looks()


# %%
def alike(some, others):
    """Mean Spearman correlation of maps with their counterparts."""
    return f"{np.mean([spearman(a, b) for a, b in zip(some, others, strict=True)]):.2f}"


exhibits.table(
    ("method", "another phrase", "text encoder random", "both encoders random"),
    [
        (
            method,
            alike(own[method], another[method]),
            alike(own[method], unread[method]),
            alike(own[method], unseen[method]),
        )
        for method in methods
    ],
)

# %% [markdown]
# A **low** number is good here: the map noticed. Read the row of *rollout*. Another phrase leaves its map as it is
# (0.98 is as good as the same). A text encoder of noise leaves it nearly as it is. Only when the image encoder goes, too,
# does it change. So rollout on this model shows where the *image encoder* sees things. It was never told the question.
#
# Is there a method that survives everything? The edge detector, of course: it never asks. Of those that do ask,
# rollout survives the loss of the very part that reads the phrase. You saw it in the blind test.
#
# And "random" is itself a draw. How much does the verdict hang on it?
#
# > **Before you run.** The same test, both encoders random, with three seeds. The usual rule is: below 0.5 the map has
# > changed. Will every seed give the same verdict about rollout?


# %%
def noticed(method, seed):
    """In which share of the pictures a method's map changes when all layers become random."""
    with randomised(matcher.model, [text_layers, picture_layers], seed=seed):
        maps = [look(method, each.image, each.text) for each, _ in pairs]
    values = [spearman(*both) for both in zip(own[method], maps, strict=True)]
    return f"{np.mean(np.less(values, 0.5)):.0%} (mean likeness {np.mean(values):.2f})"


seeds = range(1 if smoke else 3)
exhibits.table(
    ("pictures whose map changes", *(f"seed {seed}" for seed in seeds)),
    [(method, *(noticed(method, seed) for seed in seeds)) for method in ("gradcam", "rollout")],
)

# %% [markdown]
# Grad-CAM passes with every seed. Rollout passes with some and not with others: its "pass" was luck. A sanity check
# with one seed is one throw of a die. (The table in this project's own documentation is made with one seed, by which
# rollout gets through.)
#
# Mind what a pass means. Grad-CAM *depends* on the learned weights. It does not follow that it shows them rightly:
# a method that multiplied every weight into the map in some silly way would pass just as well.
#
# ## 4. Why one test is not enough
#
# Noise passes the test of section 2: with another phrase, it is other noise. So we add a third question: *does the
# same map come back when the same is asked again?* The package believes a map in a test only if
#
# > likeness after the change < 0.5 ≤ likeness when the same is asked once more
#
# **Exercise 7.2: the perfect cheat.** Beat this rule without any model. Write `cheat(pixels, phrase)`: a picture (uint8,
# height × width × 3) and a phrase in, a map (float, 14 × 14) out, which comes back when the same is asked again and
# changes with the phrase. You know everything that you need: the map may be nonsense.


# %% tags=["exercise"]
def cheat(pixels, phrase):
    """A map (14, 14) that passes "another phrase" and never asks a model."""
    return ...  # your turn


# %% tags=["solution"]
def cheat(pixels, phrase):
    """A map (14, 14) that passes "another phrase" and never asks a model."""
    seed = int.from_bytes(phrase.encode(), "big") % 2**32
    return np.random.default_rng(seed).random((14, 14))


# %% [markdown] tags=["solution"]
# Noise with the phrase for its seed: the package has it as the floor `random`. It "passes" another phrase for nearly
# every pair. It fails random weights, since it does not know that there are any. **Each test rules out one kind of
# nonsense, and only that**: the edge detector falls by the phrase, this one by the weights. That is why the package
# asks for both, and shows the floors in the same table, to test the tests.

# %%
check_cheat(cheat)

# %% [markdown]
# ## 5. It points at the thing. So does a coin
#
# The most common proof is the **pointing game**: in how many pictures does the hottest point lie on what is meant? It
# needs a comparison, and here is the cheapest: a blob in the middle of the picture (`centre`), which knows nothing.
#
# In our scenes things lie anywhere. People who take photographs put the thing that they mean in the middle. We imitate
# them: cut out a window around the target, smaller and smaller.
#
# > **Before you run.** Guess the hits of the three methods on whole scenes, and in windows of 40 % of each side.
# > What will happen to the blob?


# %%
def as_photographed(sample, share):
    """The window around the thing that is meant, as far as the borders allow: picture and mask."""
    side = round(share * sample.image.width)
    low, high = 0, sample.image.width - side
    top, left = (int(np.clip(np.mean(at) - side / 2, low, high)) for at in np.nonzero(sample.mask))
    window = sample.image.crop((left, top, left + side, top + side))
    return window, sample.mask[top : top + side, left : left + side]


pointers = ("gradcam", "edges", "centre")
shares = (1, 0.4) if smoke else (1, 0.8, 0.6, 0.4)


def hits(pointer, share):
    """In which share of the phrases the hottest point of a method lies on the target."""
    windows = [(*as_photographed(each, share), each.text) for each in phrases]
    points = [pointing_game(look(pointer, shown, text), mask) for shown, mask, text in windows]
    return f"{np.mean(points):.0%}"


exhibits.table(
    (f"hits among {len(phrases)} phrases", *(f"window {share:.0%}" for share in shares)),
    [(pointer, *(hits(pointer, share) for share in shares)) for pointer in pointers],
)

# %%
sheets.sheet(
    as_photographed(phrases[0], 0.4)[0],
    [Panel("“" + phrases[0].text + "”", "a window of 40 %")],
    alt="A window around the target of the first phrase: the target fills much of it.",
    columns=3,
)

# %% [markdown]
# The blob has learned nothing from one column to the next. The *pictures* have changed: the thing that is meant has
# become large and central. In the last column it hits most of the targets, and so does an edge detector. "Our method hits
# 85 %" says nothing, until you know what the middle of the picture hits **on the
# same pictures**. (Grad-CAM is ahead in every column: here it does know something.)
#
# **Exercise 7.3: the strongest blind guess.** The middle is not the best floor. Someone who knows the *data set*, but
# neither picture nor phrase, would always point at the pixel that lies on most targets. Write `best_guess(masks)`:
# bool masks (n, height, width) in, `(row, column, share)` out, where `share` is the share of targets that it hits.


# %% tags=["exercise"]
def best_guess(masks):
    """The one pixel that lies on most targets, and how many of them it hits: (row, column, share)."""
    return ...  # your turn


# %% tags=["solution"]
def best_guess(masks):
    """The one pixel that lies on most targets, and how many of them it hits: (row, column, share)."""
    share = np.mean(masks, axis=0)
    row, column = np.unravel_index(share.argmax(), share.shape)
    return int(row), int(column), float(share[row, column])


masks = np.stack([each.mask for each in phrases])
row, column, share = best_guess(masks)
middle = float(masks[:, masks.shape[1] // 2, masks.shape[2] // 2].mean())
print(f"always ({row}, {column}): {share:.0%} of {len(masks)}; always the middle: {middle:.0%}")

# %% [markdown] tags=["solution"]
# The mean mask *is* the hit rate of every constant answer, and its maximum is the best of them. (It was chosen on the
# very pictures that it is tried on, and flatters itself a little; a fair one is chosen on other pictures.) It is a
# map, too: draw it, and you see the habits of whoever made the data set.

# %%
check_best_guess(best_guess)

# %% [markdown]
# ## 6. Take the hot patches away
#
# Pointing asks whether the map lies where *we* would point. **Deletion** asks the model: hide the hottest patches first
# and watch the match probability. If the map found what the answer rests on, the curve falls fast.
#
# To hide a patch here is to leave its vector out of the cross-attention, in every layer.
#
# > **Before you run.** Sketch two curves: hottest patches first, and random patches. What would they look like if the
# > heatmap were worthless?

# %%
statement = "the bike left of the tree is red"
image_tokens, text_tokens = matcher.encode_image(image), matcher.tokenize(statement)
heat = look("gradcam", image, statement)


def probability(keep):
    """The match probability of the statement with the patches that are kept, bool (rows, columns)."""
    return matcher.match(image_tokens, text_tokens, keep=keep).probability


def kept_after(order, hidden):
    """All patches but the first `hidden` of an order."""
    keep = np.ones(heat.size, bool)
    keep[order[:hidden]] = False
    return keep.reshape(heat.shape)


counts = np.linspace(0, heat.size // 2, 4 if smoke else 13).astype(int)
hottest = heat.ravel().argsort()[::-1]
falls = [probability(kept_after(hottest, each)) for each in counts]
random = np.random.default_rng(0)
orders = [random.permutation(heat.size) for _ in range(2 if smoke else 12)]
chance = np.array([[probability(kept_after(order, each)) for each in counts] for order in orders])

# %%
plot = Figure(figsize=(6.4, 3.2), layout="constrained")
axes = plot.add_subplot()
axes.plot(counts, falls, "o-", color="#b3560b", label="hottest patches first")
axes.plot(counts, chance.mean(0), "s-", color="#1f6f8b", label="random patches, mean")
axes.fill_between(counts, chance.min(0), chance.max(0), color="#1f6f8b", alpha=0.15, label="range")
axes.set(xlabel=f"hidden patches of {heat.size}", ylabel="match probability", ylim=(0, 1.02))
axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
said = f"Mean over the curve: hottest first {np.mean(falls):.2f}, random {chance.mean():.2f}."
print(said)
sheets.drawn(plot, f"Match probability against the number of hidden patches. {said}")

# %% [markdown]
# On this picture the map found what the answer rests on: with the 16 hottest of 196 patches hidden, the model no longer
# believes the sentence. Random patches cost next to nothing, even half of all patches (the band around their curve is
# too thin to be seen). Keep the second half of this in mind: the model manages with surprisingly little.
#
# **Exercise 7.4: the curve.** Write `deletion(score, heatmap)`. `score(keep)` gives the match probability with the
# patches that are kept (bool, rows × columns). Return the probabilities as an array of length patches + 1: with nothing
# hidden, with the hottest patch hidden, with the two hottest hidden, and so on to none left.


# %% tags=["exercise"]
def deletion(score, heatmap):
    """Match probabilities (patches + 1,) as the hottest patches are hidden one after the other."""
    return ...  # your turn


# %% tags=["solution"]
def deletion(score, heatmap):
    """Match probabilities (patches + 1,) as the hottest patches are hidden one after the other."""
    keep = np.ones(heatmap.size, bool)
    found = [score(keep.reshape(heatmap.shape))]
    for place in heatmap.ravel().argsort()[::-1]:
        keep[place] = False
        found.append(score(keep.reshape(heatmap.shape)))
    return np.array(found)


# %% [markdown] tags=["solution"]
# Only the *order* of the patches enters. A map of 1, 2, 3 and a map of 1, 10, 1000 have the same curve, so deletion
# cannot say whether a map is sharp or how much hotter the hottest patch is.

# %%
check_deletion(deletion)

# %% [markdown]
# ## 7. Doubting the doubt: what deletion measures
#
# In the literature the deleted patches are painted over in the picture, with some **fill**, and the area under the curve is
# the score: the smaller, the better. Let us hold a contest, over several pictures, with two fills: the picture's mean
# colour, and the picture blurred.
#
# > **Before you run.** Rank the four: Grad-CAM, rollout, the edge detector, the blob. Remember that the edge detector
# > has never asked the model anything. And will the fill change the ranking?

# %%
rivals = ("gradcam", "rollout", "edges", "centre")
steps = 4 if smoke else 14


def area(rival, fill):
    """Mean area under the deletion curve, each picture and phrase once."""
    areas = []
    for each, _ in pairs:
        score = score_of(matcher, asked(each.image, each.text))
        heatmap = look(rival, each.image, each.text)
        areas.append(curve(score, np.asarray(each.image), heatmap, fill=fill, steps=steps).area)
    return f"{np.mean(areas):.3f}"


exhibits.table(
    ("area under the deletion curve (low is good)", "fill: mean colour", "fill: blurred"),
    [(rival, area(rival, "mean"), area(rival, "blur")) for rival in rivals],
)

# %% [markdown]
# Three things to take away.
#
# - Deletion tells a map from a blind guess: the blob is far behind.
# - It does **not** tell a map of the *answer* from a map of *things*. Rollout hardly hears the phrase, the edge detector
#   hears nothing at all, and both stand close to Grad-CAM; with the blurred fill the edge detector is level with it.
#   On plain backgrounds, edges are things, and a picture without its things matches nothing.
# - Grad-CAM and rollout change places with the fill. Over so few pictures such a difference is nothing that was
#   measured, but you would have printed one of the two columns.
#
# Why does the fill matter at all? A picture with holes is one that the model has never met, and nobody knows what it
# will say to it.
#
# > **Before you run.** For one phrase of our scenes the model is asked about the picture, about the picture so blurred
# > that little can be recognised, and about one plain colour. In which order will the match probabilities come?

# %%
strange = next(each for each in samples("testA", 48) if each.id == "testA-0-000015-0")
seen = np.asarray(strange.image)
versions = {"as it is": seen, "blurred": fill_in(seen, "blur"), "plain": fill_in(seen, "mean")}
answers = score_of(matcher, asked(strange.image, strange.text))(list(versions.values()))
for name, answer in zip(versions, answers, strict=True):
    print(f"“{strange.text}”, the picture {name}: match {answer:.2f}")

sides = Figure(figsize=(6.4, 3.2), layout="constrained")
for place, name in enumerate(("as it is", "blurred")):
    axes = sides.add_subplot(1, 2, place + 1, title=f"{name}: match {answers[place]:.2f}")
    axes.imshow(versions[name])
    axes.axis("off")
sheets.drawn(
    sides, "A scene as it is and blurred, with the match probability of the phrase above each."
)

# %% [markdown]
# The model does not find the medium purple object in the picture, and *does* find it in the blur. A deletion curve
# with this fill ends high, an insertion curve begins high, and the map has nothing to do with either. Hiding vectors,
# as in section 6, avoids the paint, but half a set of vectors is a stranger to the model as well.
#
# This does not make deletion worthless. It is a question to the model, which pointing is not. It makes it one witness
# among several, and like all of them it is heard beside the floors.

# %% [markdown] tags=["live"]
# Now doubt it yourself. Type phrases for things that are there and things that are not, and read the match probability
# beside each map.

# %% tags=["live"]
grounder.live(image, "the zebra")

# %% [markdown]
# ## What you have learned
#
# - A map that lies on things looks sensible, whether or not anybody read the phrase. A false phrase can have the very map
#   of a true one.
# - Ask another phrase, make the weights random, ask the same again. Each test rules out one kind of nonsense; none
#   shows that a map is right.
# - A verdict hangs on choices: the measure of likeness, the seed, the number of pictures. Try more than one.
# - Hits mean nothing without a floor on the same pictures. The strongest floor knows the habits of the data set.
# - Deletion asks the model, but about pictures that it never met; an edge detector does well in it.
#
# `iterprime-xai explanations` makes all of these tests for all methods, floors among them, on any data set and model.
#
# ## References
#
# - J. Adebayo and others, *Sanity Checks for Saliency Maps*, NeurIPS 2018: random weights, and an edge detector as a rival.
# - J. Zhang and others, *Top-down Neural Attention by Excitation Backprop*, IJCV 2018: the pointing game.
# - V. Petsiuk, A. Das, K. Saenko, *RISE: Randomized Input Sampling for Explanation of Black-box Models*, BMVC 2018: deletion and
#   insertion.
# - S. Hooker and others, *A Benchmark for Interpretability Methods in Deep Neural Networks*, NeurIPS 2019: why pictures with
#   holes mislead, and what training again on them shows.
# - S. Abnar, W. Zuidema, *Quantifying Attention Flow in Transformers*, ACL 2020: rollout.
# - In this project: [which maps deserve belief](../docs/explanations.md), with the tables for all methods;
#   [random weights](../docs/metrics/randomised_weights.md), [wrong phrase](../docs/metrics/wrong_phrase.md),
#   [deletion](../docs/metrics/deletion.md), [pointing game](../docs/metrics/pointing_game.md).
#
# **Next:** in lesson 8 the doubt turns into detective work. A run has failed somewhere, and you find out where and why.
