"""The garbage collector is off for the length of an import only, and keeps to what the caller has set."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest

import iterprime_xai as ix
from iterprime_xai.records.importing import importing


def test_it_is_off_inside_and_on_again_afterwards():
    with importing("no_such_library"):
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_import_that_fails():
    with pytest.raises(ImportError), importing("no_such_library"):
        raise ImportError("no such library")
    assert gc.isenabled()


def test_what_was_made_inside_is_old_and_can_still_be_collected():
    class Ring:
        pass

    gc.collect()
    frozen = gc.get_freeze_count()
    with importing("no_such_library"):
        ring = Ring()
        ring.itself = ring
    assert gc.get_freeze_count() == frozen
    assert any(each is ring for each in gc.get_objects(generation=2))
    seen = weakref.ref(ring)
    del ring
    gc.collect()
    assert seen() is None


def test_a_caller_without_collector_keeps_it_off():
    gc.disable()
    try:
        with importing("no_such_library"):
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_frozen_objects_stay_frozen():
    mine = [object()]
    gc.freeze()
    try:
        with importing("no_such_library"):
            pass
        # Counted, this would also notice a frozen object of somebody else's that ends meanwhile.
        assert not any(each is mine for each in gc.get_objects())
    finally:
        gc.unfreeze()


def test_where_the_module_is_loaded_nothing_is_done():
    gc.collect()
    young = [object()]
    with importing("gc"):
        assert gc.isenabled()
    assert any(each is young for each in gc.get_objects(generation=0))


def test_a_public_name_asked_for_again_leaves_young_objects_young():
    assert ix.Grounder is not None
    assert "iterprime_xai.systems" in sys.modules
    gc.collect()
    young = [object()]
    assert ix.Grounder is not None
    assert any(each is young for each in gc.get_objects(generation=0))
