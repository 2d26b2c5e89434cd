"""A part of a table of failures by its tags."""

from __future__ import annotations

import pyarrow as pa
import pytest

from iterprime_xai.evaluation.failures.narrowing import narrowed, tag_values
from iterprime_xai.evaluation.failures.table import SCHEMA, FailureTable
from iterprime_xai.records import OptionError


def table(*tags):
    """One phrase for each of these tags, numbered."""
    lines = [
        {**dict.fromkeys(SCHEMA.names), "sample_id": str(number), "tags": None if each is None else list(each.items())}
        for number, each in enumerate(tags)
    ]
    return FailureTable(pa.Table.from_pylist(lines, SCHEMA), 0.7)


def ids(found):
    return found.rows["sample_id"].to_pylist()


PHRASES = table(
    {"kind": "odd", "domain": "a"},
    {"kind": "even", "domain": "b"},
    {"kind": "odd", "domain": "b"},
    {"domain": "b"},
    None,
    {"kind": "odd", "domain": "b"},
)


def test_only_phrases_with_all_the_tags_stay_in_their_order_and_so_does_the_threshold():
    found = narrowed(PHRASES, {"kind": "odd", "domain": "b"})
    assert ids(found) == ["2", "5"]
    assert found.threshold == 0.7
    assert ids(narrowed(PHRASES, {"kind": "even"})) == ["1"]


def test_nothing_to_narrow_by_is_the_whole_table():
    assert ids(narrowed(PHRASES, {})) == ["0", "1", "2", "3", "4", "5"]


def test_values_are_listed_by_how_frequent_they_are_then_by_name():
    assert tag_values(PHRASES, "kind") == ["odd", "even"]
    assert tag_values(table({"k": "b"}, {"k": "a"}), "k") == ["a", "b"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"kind": "ood"}, r"No phrase has kind='ood'. Did you mean 'odd'\? There are: odd, even\."),
        ({"kind": 3}, r"No phrase has kind=3\. There are: odd, even\."),
        ({"kinds": "odd"}, r"No phrase has a tag 'kinds'. Did you mean 'kind'\? There are: domain, kind\."),
        ({"kind": "even", "domain": "a"}, "No phrase has all of kind=even, domain=a"),
    ],
)
def test_what_no_phrase_has_is_refused_with_the_nearest(where, said):
    with pytest.raises(OptionError, match=said):
        narrowed(PHRASES, where)


def test_a_run_without_tags_says_so():
    with pytest.raises(OptionError, match="There are: none"):
        tag_values(table(None, {}), "kind")
