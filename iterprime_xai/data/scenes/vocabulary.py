"""What scenes are made of: nouns with their synonyms, colours, sizes, categories, and the combinations kept unseen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of thing.

    ``name`` is its key and first word; ``words`` are all the ways to say it; ``glyph`` is the emoji character of the
    main atlas and ``drawing`` the file name, without ending, in the other artist's set.
    """

    name: str
    words: tuple[str, ...]
    category: str
    glyph: str
    drawing: str


def _noun(line: str) -> Noun:
    words, category, glyph, drawing = (part.strip() for part in line.split("|"))
    ways = tuple(word.strip() for word in words.split(","))
    return Noun(ways[0], ways, category, chr(int(glyph, 16)), drawing)


NOUNS: tuple[Noun, ...] = tuple(
    _noun(line)
    for line in (
        "dog, puppy | animal | 1F415 | dog",
        "cat, kitty | animal | 1F408 | cat",
        "horse | animal | 1F40E | horse",
        "cow | animal | 1F404 | cow",
        "sheep | animal | 1F411 | ewe",
        "pig | animal | 1F416 | pig",
        "elephant | animal | 1F418 | elephant",
        "zebra | animal | 1F993 | zebra",
        "rabbit, bunny | animal | 1F407 | rabbit",
        "bird | animal | 1F426 | bird",
        "fish | animal | 1F41F | fish",
        "butterfly | animal | 1F98B | butterfly",
        "turtle | animal | 1F422 | turtle",
        "bike, bicycle | vehicle | 1F6B2 | bicycle",
        "car | vehicle | 1F697 | automobile",
        "bus | vehicle | 1F68C | bus",
        "truck | vehicle | 1F69A | delivery-truck",
        "train | vehicle | 1F682 | locomotive",
        "boat, sailboat | vehicle | 26F5 | sailboat",
        "plane, airplane | vehicle | 2708 | airplane",
        "apple | food | 1F34E | red-apple",
        "banana | food | 1F34C | banana",
        "pizza, pizza slice, slice of pizza | food | 1F355 | pizza",
        "cake | food | 1F382 | birthday-cake",
        "donut, doughnut | food | 1F369 | doughnut",
        "carrot | food | 1F955 | carrot",
        "tree | plant | 1F333 | deciduous-tree",
        "flower, sunflower | plant | 1F33B | sunflower",
        "cactus | plant | 1F335 | cactus",
        "chair | furniture | 1FA91 | chair",
        "couch, sofa | furniture | 1F6CB | couch-and-lamp",
        "bed | furniture | 1F6CF | bed",
        "hat | clothing | 1F3A9 | top-hat",
        "shirt, t-shirt | clothing | 1F455 | t-shirt",
        "shoe, sneaker | clothing | 1F45F | running-shoe",
        "umbrella | object | 2602 | umbrella",
        "cup, mug, coffee cup | object | 2615 | hot-beverage",
        "wine glass, glass | object | 1F377 | wine-glass",
        "ball, soccer ball | object | 26BD | soccer-ball",
        "teddy bear, teddy, bear | object | 1F9F8 | teddy-bear",
        "book | object | 1F4D5 | closed-book",
        "clock, alarm clock | object | 23F0 | alarm-clock",
        "key | object | 1F511 | key",
        "guitar | object | 1F3B8 | guitar",
        "house | object | 1F3E0 | house",
        "man, guy | person | 1F9D4 | person-beard-default",
        "woman, lady | person | 1F469 | woman-default",
        "boy | person | 1F466 | boy-default",
        "girl | person | 1F467 | girl-default",
    )
)
NOUN_INDEX: dict[str, int] = {noun.name: index for index, noun in enumerate(NOUNS)}

SYNONYMS: dict[str, str] = {words: noun.name for noun in NOUNS for words in noun.words}
"""Every way to say a noun, and the noun it names."""

HEADS: dict[str, str] = {"slice of pizza": "slice", "piece of furniture": "piece"}
"""Head words of the compounds whose head is not their last word."""


def head_of(words: str) -> str:
    """The head word of a way to say a noun: "bear" in "teddy bear", "slice" in "slice of pizza"."""
    return HEADS.get(words, words.split()[-1])


COLOURS: tuple[str, ...] = ("red", "orange", "yellow", "green", "blue", "purple", "white", "black")
SIZES: tuple[str, ...] = ("small", "medium", "large")
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": ("medium",),
    "large": ("large", "big"),
}
EXTENTS: dict[str, tuple[float, ...]] = {
    "small": (0.16, 0.18),
    "medium": (0.25, 0.28),
    "large": (0.38, 0.43),
}
"""Longest side of a thing as a share of the picture, by size; few steps, so that scaled sprites can be kept."""


@dataclass(frozen=True, slots=True)
class Category:
    """A group of nouns. ``members`` surely belong, ``unsure`` might: no phrase whose truth hangs on them is used."""

    words: tuple[str, ...]
    members: frozenset[str]
    unsure: frozenset[str] = frozenset()


def _members(category: str) -> frozenset[str]:
    return frozenset(noun.name for noun in NOUNS if noun.category == category)


def _group(*names: str) -> frozenset[str]:
    for name in names:
        assert name in NOUN_INDEX, name
    return frozenset(names)


_ANIMALS, _VEHICLES, _FOOD = _members("animal"), _members("vehicle"), _members("food")
_RIDEABLE = _group(
    "elephant", "zebra", "cow", "car", "bus", "train", "truck", "boat", "plane", "pig", "sheep", "turtle"
)

CATEGORIES: dict[str, Category] = {
    "animal": Category(("animal",), _ANIMALS, _group("teddy bear")),
    "vehicle": Category(("vehicle",), _VEHICLES),
    "food": Category(("food",), _FOOD, _group("fish", "cup", "wine glass")),
    "fruit": Category(("fruit",), _group("apple", "banana"), _group("carrot")),
    "plant": Category(("plant",), _members("plant"), _group("apple", "banana", "carrot")),
    "furniture": Category(("piece of furniture",), _members("furniture"), _group("clock")),
    "person": Category(("person",), _members("person")),
    "kid": Category(("kid", "child"), _group("boy", "girl")),
    "thing": Category(("thing", "one", "object"), frozenset(NOUN_INDEX)),
}
"""Groups that have a name of their own. Those named "thing" leave the noun out ("the one on the left")."""

IMPLICIT: dict[str, Category] = {
    "sit": Category(
        ("something to sit on",),
        _group("chair", "couch"),
        _group("bed", "bike", "horse", "car", "boat", "ball", "house") | _RIDEABLE,
    ),
    "sleep": Category(("something to sleep in",), _group("bed"), _group("couch", "house", "boat", "chair", "train")),
    "eat": Category(("something to eat",), _FOOD, _ANIMALS | _group("cactus", "flower", "cup")),
    "drink": Category(("something to drink from",), _group("cup", "wine glass"), _group("hat")),
    "ride": Category(("something to ride",), _group("bike", "horse"), _RIDEABLE),
    "read": Category(("something to read",), _group("book"), _group("clock", "shirt")),
    "wear": Category(("something to wear",), _group("hat", "shirt", "shoe"), _group("clock", "flower", "umbrella")),
    "fly": Category(("something that flies",), _group("bird", "butterfly", "plane"), _group("ball")),
    "rain": Category(
        ("something to keep the rain off",),
        _group("umbrella"),
        _group("hat", "house", "tree", "car", "bus", "train", "shirt", "truck", "shoe", "plane", "boat"),
    ),
    "time": Category(("something that tells the time",), _group("clock"), frozenset()),
    "door": Category(("something to open a door with",), _group("key"), _members("person")),
    "music": Category(("something to play music on",), _group("guitar"), frozenset()),
    "kick": Category(("something to kick",), _group("ball"), _group("teddy bear", "shoe")),
    "live": Category(("something to live in",), _group("house"), _group("boat", "tree", "train", "bus", "truck")),
}
"""Things named by their use; the phrase's head is "something"."""

SPLITS: tuple[str, ...] = ("train", "val", "testA", "testB", "ood")


def is_unseen(noun: str, colour: str) -> bool:
    """Whether this noun-colour combination is kept for testB: two colours of every noun, never in any other split."""
    index, place = NOUN_INDEX[noun], COLOURS.index(colour)
    first = index % len(COLOURS)
    return place in (first, (first + 1 + index // len(COLOURS) % 7) % len(COLOURS))


def synonyms() -> dict[str, frozenset[str]]:
    """Every word (or words) for a noun or a category of the scenes, and all ways to say the same thing, itself included.

    What "nearly the same meaning" is for the scenes, without a lexicon: ``synonyms()["puppy"]`` is {"dog", "puppy"}. A word of a
    wider or narrower meaning ("animal", "boy" for "kid") is not among them.
    """
    groups = [noun.words for noun in NOUNS] + [category.words for category in CATEGORIES.values()]
    return {word: frozenset(words) for words in groups for word in words}
