"""A scene told in one sentence: what it says, and that the scene proves it."""

from __future__ import annotations

from scenes_by_hand import PLAIN, ROW, TWO_BIKES

from iterprime_xai.data.scenes import Thing, compose, generate, vocabulary_words
from iterprime_xai.data.scenes.captions import scene_caption
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.statements import holds


def test_the_largest_things_come_first_and_the_rest_is_told_by_its_place():
    assert scene_caption(ROW).text == "a blue cat right of a green cat and a red cat on the left"
    assert scene_caption(TWO_BIKES).text == "a green tree right of a red bike and a blue bike on the right"


def test_a_thing_alone_is_told_by_its_place():
    alone = compose([Thing("elephant", "orange", "large", 0.5, 0.5, 0.4)], PLAIN)
    assert scene_caption(alone).text == "an orange elephant in the middle"


def test_persons_wear_their_colour():
    scene = compose(
        [Thing("man", "red", "large", 0.25, 0.5, 0.4), Thing("girl", "orange", "small", 0.8, 0.5, 0.16)], PLAIN
    )
    assert scene_caption(scene).text == "a man in red left of a girl in orange"


def test_things_that_look_alike_are_named_once():
    scene = compose([Thing("cat", "red", "small", x, 0.5, 0.16) for x in (0.2, 0.5, 0.8)], PLAIN)
    assert scene_caption(scene).text == "a red cat on the left"


def test_every_clause_of_every_caption_is_proved_and_said_in_known_words():
    known = set(vocabulary_words())
    told = [
        (scene, caption)
        for scene in (generate(5, index, split) for split in ("train", "testB", "ood") for index in range(25))
        for caption in (scene_caption(scene), *(scene_caption(scene, Dice(number)) for number in range(3)))
    ]
    assert all(holds(scene, claim) is True for scene, caption in told for claim in caption.claims)
    assert all(set(caption.text.split()) <= known for _, caption in told)
    assert {len(caption.claims) for _, caption in told} == {1, 2}
    assert max(len(caption.text.split()) for _, caption in told) < 30


def test_other_captions_are_drawn_and_the_plain_one_is_not():
    scene = generate(0, 2)
    assert len({scene_caption(scene, Dice(number)).text for number in range(8)}) > 4
    assert scene_caption(scene) == scene_caption(scene)
    assert scene_caption(scene, Dice(1)) == scene_caption(scene, Dice(1))
