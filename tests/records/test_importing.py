"""The garbage collector is off for the length of an import only, and keeps to what the caller has set."""

from __future__ import annotations

import gc

import pytest

from iterprime_xai.records.importing import importing


def test_it_is_off_inside_and_on_again_afterwards():
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_import_that_fails():
    with pytest.raises(ImportError), importing():
        raise ImportError("no such library")
    assert gc.isenabled()


def test_what_was_made_inside_is_old_and_can_still_be_collected():
    class Ring:
        pass

    gc.collect()
    with importing():
        ring = Ring()
        ring.itself = ring
    assert gc.get_freeze_count() == 0
    assert any(each is ring for each in gc.get_objects(generation=2))
    del ring
    assert gc.collect() > 0


def test_a_caller_without_collector_keeps_it_off():
    gc.disable()
    try:
        with importing():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_frozen_objects_stay_frozen():
    gc.freeze()
    count = gc.get_freeze_count()
    try:
        with importing():
            pass
        assert gc.get_freeze_count() == count
    finally:
        gc.unfreeze()
