"""The key of a run, and what is said where two differ."""

from __future__ import annotations

import pytest

from iterprime_xai.evaluation.runs import key
from iterprime_xai.records import OptionError


def test_the_key_depends_on_values_and_not_on_their_order():
    one = {"system": {"a": 1, "b": [1, 2]}, "detail": "full"}
    assert key.key_of(one) == key.key_of({"detail": "full", "system": {"b": [1, 2], "a": 1}})
    assert key.key_of(one) != key.key_of({**one, "detail": "light"})
    assert len(key.key_of(one)) == 16


def test_what_differs_is_named_field_by_field():
    here = {"system": {"layer": 4, "same": 0, "gone": None}, "limit": None}
    asked = {"system": {"layer": 5, "same": 0, "new": {"x": "y"}}, "limit": 10}
    assert key.differences(here, asked) == [
        "system.layer: 4 here, 5 asked for",
        "system.gone: null here, nothing asked for",
        "limit: null here, 10 asked for",
        'system.new.x: nothing here, "y" asked for',
    ]
    assert key.differences(here, here) == []


def test_values_become_what_a_file_gives_back():
    assert key.plain({"a": (1, 2)}, "system") == {"a": [1, 2]}
    with pytest.raises(OptionError, match="describe\\(\\) of the system"):
        key.plain({"a": object()}, "system")
    with pytest.raises(OptionError, match="JSON"):
        key.plain({"a": float("nan")}, "system")


def test_code_that_decides_a_row_is_part_of_the_code_version(tmp_path, monkeypatch):
    (tmp_path / "systems").mkdir()
    (tmp_path / "visualize").mkdir()
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "heat.py").write_text("")
    system, picture = tmp_path / "systems" / "a.py", tmp_path / "visualize" / "b.py"
    monkeypatch.setattr(key.iterprime_xai, "__file__", str(tmp_path / "__init__.py"))

    def source(text, where):
        where.write_text(text)
        key.code_version.cache_clear()
        return key.code_version()["source"]

    try:
        first = source("x = 1", system)
        assert source("colour = 1", picture) == first
        assert source("x = 2", system) != first
        assert source("x = 1", system) == first
    finally:
        key.code_version.cache_clear()


def test_library_versions_name_those_that_are_not_there(monkeypatch):
    monkeypatch.setattr(key, "_LIBRARIES", ("numpy", "no-such-library"))
    found = key.library_versions()
    assert found["no-such-library"] == "not installed"
    assert found["numpy"][0].isdigit()
