"""What further passes did, counted over phrases."""

from __future__ import annotations

from iterprime_xai.evaluation.failures.blame import MapAnswer, PassChange
from iterprime_xai.evaluation.failures.pass_effects import pass_effects

ANSWER = MapAnswer(0, 1.0, (0, 0), True)


def change(number, what, would=None):
    used = what != "not used"
    return PassChange(number, used, ANSWER, what, None if would is None else ANSWER, would)


FIRST = change(1, "first")
PHRASES = [
    (FIRST,),
    (),
    (FIRST, change(2, "fixed"), change(3, "broke")),
    (FIRST, change(2, "fixed"), change(3, "not used", "fixed")),
    (FIRST, change(2, "not used", "broke")),
    (FIRST, change(2, "not used", "neither")),
    (FIRST, change(2, "not used")),
    (FIRST, change(2, "not used", "unknown")),
    (FIRST, change(2, "unknown")),
]


def test_each_pass_is_counted_by_what_it_did_or_would_have_done():
    found = pass_effects(PHRASES)
    assert found.phrases == 9
    assert found.counts == {
        (2, "fixed"): 2,
        (3, "broke"): 1,
        (3, "not used: would have fixed"): 1,
        (2, "not used: would have broken"): 1,
        (2, "not used: would have changed nothing"): 1,
        (2, "not used: not known"): 2,
        (2, "unknown"): 1,
    }
    assert found.total("fixed") == 2
    assert found.total("not used: would have fixed") == 1
    assert found.total("no such thing") == 0


def test_the_table_has_a_line_a_pass_and_a_nought_where_nothing_was():
    lines = str(pass_effects(PHRASES[2:5])).splitlines()
    assert lines[0] == "|  | broke | fixed | not used: would have broken | not used: would have fixed |"
    assert lines[2:] == ["| pass 2 | 0 | 2 | 1 | 0 |", "| pass 3 | 1 | 0 | 0 | 1 |"]


def test_first_passes_alone_are_said_in_a_sentence():
    assert str(pass_effects(PHRASES[:2])) == "Of 2 phrases none was looked at a second time.\n"
