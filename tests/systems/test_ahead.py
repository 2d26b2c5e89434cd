"""Work on many pictures: in order, one step ahead and no further, and errors at their turn."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from iterprime_xai.records import ImageInputError
from iterprime_xai.systems.ahead import ahead, batched, by_image, in_windows


def counted(items, seen):
    """The items one by one, each noted in ``seen`` when it is taken."""
    for item in items:
        seen.append(item)
        yield item


def test_texts_that_follow_each_other_about_one_file_go_together():
    pairs = [("a.png", "1"), (Path("a.png"), "2"), ("b.png", "3"), ("a.png", "4")]
    assert [(str(image), texts) for image, texts in by_image(pairs)] == [
        ("a.png", ["1", "2"]),
        ("b.png", ["3"]),
        ("a.png", ["4"]),
    ]
    assert list(by_image([])) == []


def test_pictures_in_memory_go_together_only_if_they_are_one_object():
    one, other = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 3), np.uint8)
    found = list(by_image([(one, "1"), (one, "2"), (other, "3"), ("other", "4"), (None, "5"), (None, "6")]))
    assert [texts for _, texts in found] == [["1", "2"], ["3"], ["4"], ["5", "6"]]
    assert found[0][0] is one
    assert found[1][0] is other


def test_an_image_is_given_as_soon_as_the_next_one_is_seen():
    seen = []
    stream = by_image(counted([("a", "1"), ("a", "2"), ("b", "3"), ("c", "4"), ("d", "5")], seen))
    assert seen == []
    assert next(stream) == ("a", ["1", "2"])
    assert [text for _, text in seen] == ["1", "2", "3"]


def test_lists_of_a_size_the_last_one_shorter():
    assert list(batched(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batched([], 3)) == []
    seen = []
    stream = batched(counted(range(9), seen), 2)
    assert next(stream) == [0, 1]
    assert seen == [0, 1]


def test_order_stays_also_where_the_first_takes_longest():
    assert list(ahead(lambda each: each * each, range(6))) == [0, 1, 4, 9, 16, 25]
    assert list(ahead(str, [])) == []
    assert list(ahead(str, [7])) == ["7"]


def test_only_one_is_made_ahead_and_in_another_thread():
    seen, threads = [], set()

    def make(each):
        threads.add(threading.get_ident())
        return each

    stream = ahead(make, counted(range(100), seen))
    assert seen == []
    assert next(stream) == 0
    assert seen == [0, 1]
    assert next(stream) == 1
    assert seen == [0, 1, 2]
    stream.close()
    assert seen == [0, 1, 2]
    assert threading.get_ident() not in threads


def test_the_next_is_made_while_this_one_is_looked_at():
    started = threading.Event()

    def make(each):
        if each == 1:
            started.set()
        return each

    stream = ahead(make, [0, 1])
    assert next(stream) == 0
    assert started.wait(30)


def test_an_error_is_raised_at_its_turn():
    def make(each):
        if each == 2:
            raise ValueError("the third cannot be made")
        return each

    stream = ahead(make, range(5))
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(ValueError, match="third"):
        next(stream)
    assert list(stream) == []


@pytest.mark.parametrize("prefetch", [True, False])
def test_windows_are_prepared_ahead_only_if_asked_and_tell_errors_alike(prefetch):
    threads, here = set(), threading.get_ident()

    def prepare(window):
        threads.add(threading.get_ident() == here)
        if any(image == "bad" for image, _ in window):
            raise ImageInputError("bad")
        return window

    def look(window):
        return [(image, text) for image, texts in window for text in texts]

    pairs = [("a", "1"), ("a", "2"), ("b", "3"), ("c", "4"), ("bad", "5"), ("d", "6")]
    coming = in_windows(pairs, 2, prepare, look, prefetch=prefetch)
    assert [next(coming) for _ in range(4)] == pairs[:4]
    with pytest.raises(ImageInputError):
        next(coming)
    assert (False in threads) == prefetch  # what cannot be prepared as a whole is tried again here, one by one
