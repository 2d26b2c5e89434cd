"""Closed-class words of referring phrases: determiners, pronouns, prepositions, positions, numbers, shorthand."""

from __future__ import annotations

DETERMINERS = frozenset(
    "the a an this that these those some any each every another both all no either neither teh da thee".split()
)
POSSESSIVES = frozenset("my your his her its our their whose".split())
PRONOUN_HEADS = frozenset("""
one ones someone somebody anyone anybody everyone everybody something anything everything nothing nobody none whoever
whomever whatever whichever others
""".split())  # fmt: skip
"""Pronouns that stand for the target and can be seen."""

PERSONAL = frozenset(
    """
i me you he him she it we us they them this that these those himself herself itself themselves myself yourself mine hers
""".split()
)
SUBJECTS = frozenset("i you he she it we they".split())
RELATIVES = frozenset("who which that whose whom where when while what how why because if whos".split())
CONJUNCTIONS = frozenset("and or but & n nor plus yet".split())
NEGATIONS = frozenset("not n't nt non never".split())
MODALS = frozenset("""
is are was were be been being am 's're 're 'm isnt arent wasnt ai
has have had having 've hasnt havent do does did doing done doesnt dont didnt ca wo can cant cannot could will would
should may might must shall 'll 'd gonna wanna
""".split()) | {"re", "ve", "ll"}  # fmt: skip
BE = frozenset("is are was were be been being am 's 're 'm re isnt arent wasnt".split())

INTERJECTIONS = frozenset("""
please pls plz ok okay um uh umm uhh hmm er well so yes yeah yep hey hi hello lol haha oops sorry thanks thx wow oh ah etc
maybe probably perhaps i.e e.g ie eg aka
""".split())  # fmt: skip

PREPOSITIONS = frozenset("""
in on at of to from by with without w w/ w/o w/out wo/ wit wth into onto upon within inside outside under underneath beneath
below above over behind beside besides between betwixt btw b/t b/w btwn btween amid among amongst around about across along
alongside against atop near nearby next-to past through throughout toward towards beyond opposite off for as like than during
before after until since despite except via per @ infront in-front inbetween in-between aside adjacent bhind behnd
""".split())  # fmt: skip

ADVERBS = frozenset("""
very really quite so too just only also even still already almost nearly partially partly mostly most more less least fully
completely entirely totally slightly somewhat rather pretty barely hardly mainly kinda sorta away together apart alone up down
out back-to-back forward forwards backward backwards here there then now again today maybe perhaps else ever once twice
half-way halfway straight sideways upwards downwards upward downward upstairs downstairs indoors outdoors ahead
right-side-up up-close all-the-way way super extra currently today yesterday always often sometimes usually inward outward
overhead backwards abroad aside counter-clockwise clockwise far-away faraway
""".split())  # fmt: skip

ABSOLUTE_DIRECTIONS = {
    word: direction
    for direction, group in {
        "left": "left lft lt l lef leftmost left-most leftside lefthand left-hand leftest leftward letf lefts",
        "right": "right rt rgt rght rite r rightmost right-most rightside righthand right-hand rightest righ "
        "rigth rihgt",
        "top": "top tp upper uppermost upr uper topmost top-most uppr",
        "bottom": "bottom btm bot bttm botom botttom lower lowest bottommost bottom-most lowermost buttom",
        "middle": "middle mid mddle midle center centre ctr cntr central centermost middlemost centered",
        "front": "front frnt frontmost front-most foremost foreground fg foregound fore",
        "behind": "back bk bck backmost back-most rear rearmost hind background bg backgound bkgd hindmost",
    }.items()
    for word in group.split()
}
"""Words of position with their direction in normal form."""

POSITIONS = frozenset(ABSOLUTE_DIRECTIONS) - {"foreground", "fg", "foregound", "background", "bg", "backgound", "bkgd"}
"""Words that say where in the picture; before a noun they describe it, alone they stand for it."""

OWNED_POSITIONS = frozenset("top bottom front back rear middle center centre".split())
"""Positions that are nouns before "of": "front of the bus" names the front."""

ORDINALS = frozenset("""
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth last next 1st 2nd 3rd 4th 5th 6th 7th 8th
9th 10th 11th 12th frist secnd secound thrid forth penultimate final 2rd 3nd former latter nth
""".split())  # fmt: skip

NUMBERS = frozenset("""
two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty hundred dozen several many few zero pair-of
""".split())  # fmt: skip

VIEWERS = frozenset("camera us viewer me you photographer cam lens observer camra".split())
"""Who looks at the picture: "closest to camera" leads to what follows, if anything does."""

TITLES = frozenset("mr mrs ms dr st jr sr no vs prof lt".split())
"""A full stop after these ends no part of the phrase."""
