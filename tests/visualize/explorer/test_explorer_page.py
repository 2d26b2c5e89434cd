"""The exported page runs its own script and nothing else, and loads nothing, whatever phrases, tags and names hold."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from page_reader import read
from toy_explored import BREAKOUT, HOSTILE_TEXTS, HostileSet, session

from iterprime_xai.records import OptionError
from iterprime_xai.visualize.explorer.explorer_page import MOST, explorer_page
from iterprime_xai.visualize.explorer.state import PAGE


@pytest.fixture(scope="module")
def hostile_page(hostile_run):
    return explorer_page(session(hostile_run, HostileSet(8, 2)))


def scripts(page: str) -> list[tuple[str, str]]:
    """Attributes and content of every script, as a browser finds them: each ends at the first end tag."""
    return re.findall(r"<script([^>]*)>(.*?)</script", page, re.DOTALL | re.IGNORECASE)


def content_of(page: str) -> dict:
    ((_, data), _) = scripts(page)
    return json.loads(data)


def test_the_policy_allows_the_script_that_is_there_and_no_other(hostile_page):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', hostile_page)
    rules = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    (_, _), (kind, code) = scripts(hostile_page)
    assert kind.strip() == 'type="module"'
    digest = base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "img-src": "data: blob:",
        "style-src": "'unsafe-inline'",
        "script-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert "\r" not in code  # a browser would read it as another script, with another hash


def test_no_phrase_tag_id_or_name_breaks_out(hostile_page):
    taken_apart = read(hostile_page)
    assert [tag for tag, _ in taken_apart.found].count("script") == 2
    assert all(each["src"].startswith("data:image/jpeg;base64,") for each in taken_apart.all("img"))
    assert len(taken_apart.all("img")) == 16
    assert not [name for _, attributes in taken_apart.found for name in attributes if name.startswith("on")]
    assert len(scripts(hostile_page)) == 2
    ((_, data), _) = scripts(hostile_page)
    assert "<" not in data
    assert "alert(1)" in data


def test_the_page_loads_nothing(hostile_page):
    taken_apart = read(hostile_page)
    tags = {tag for tag, _ in taken_apart.found}
    assert not tags & {"link", "iframe", "object", "embed", "base", "form", "video", "audio", "source"}
    for _, attributes in taken_apart.found:
        for name in ("src", "href", "srcset", "action", "data"):
            assert (attributes.get(name) or "data:").startswith("data:")
    (style,) = re.findall(r"<style>(.*?)</style>", hostile_page, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    (_, _), (_, code) = scripts(hostile_page)
    assert not re.findall(r"\b(?:fetch|XMLHttpRequest|WebSocket|importScripts)\(|^import ", code, re.MULTILINE)


def test_every_phrase_is_in_the_data_as_it_may_be_shown(hostile_page):
    content = content_of(hostile_page)
    texts = {sample["info"]["case"]["text"] for sample in content["samples"]}
    assert len(texts) == len(HOSTILE_TEXTS)
    assert BREAKOUT in texts
    assert max(map(len, texts)) == 10_000
    assert max(len(line["text"]) for line in content["lines"]) == 301
    assert all("\u202e" not in each and "\x00" not in each for each in texts)
    assert any("🦒" in each for each in texts)
    assert [line["id"] for line in content["lines"]] == [each["info"]["case"]["id"] for each in content["samples"]]


def test_the_page_is_the_first_phrases_of_the_rule_in_the_order_of_the_list(explored):
    explored.act({"do": "sort", "by": "probability", "descending": True})
    explored.act({"do": "filter", "rule": {"tags": {"kind": ["odd"]}}})
    content = content_of(explorer_page(explored, 3))
    assert [line["id"] for line in content["lines"]] == explored.state.listed_ids()[:3]
    assert content["whole"]["total"] == 16
    assert content["whole"]["matching"] == 8
    assert content["page"] == PAGE
    assert content["lines"][0]["tags"]["kind"] == "odd"
    assert set(content["lines"][0]["figures"]) == {each["name"] for each in content["metrics"]}
    assert content["about"]["offline"] is True
    assert (content["about"]["methods"], content["about"]["layers"]) == ([], 0)


def test_pictures_maps_and_reasons_of_every_sample_are_in_it(explored):
    content = content_of(explorer_page(explored))
    assert len(content["lines"]) == 16 <= MOST
    samples = {each["info"]["case"]["id"]: each for each in content["samples"]}
    explored.act({"do": "open", "id": "5-0"})
    view = explored.sample()
    assert base64.b64decode(samples["5-0"]["maps"]) == view.maps
    assert base64.b64decode(samples["5-0"]["picture"]) == view.picture
    assert base64.b64decode(content["tables"]) == view.tables
    assert base64.b64decode(samples["5-0"]["thumbnail"])[:2] == b"\xff\xd8"
    assert samples["2-0"]["picture"] == samples["2-0"]["thumbnail"] == ""
    assert "There is no picture 2." in samples["2-0"]["info"]["case"]["problem"]


def test_without_scripts_a_table_is_shown(explored):
    page = explorer_page(explored, 2)
    (still,) = re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert still.count("<tr>") == 3
    assert still.count("<img ") == 2


def test_a_page_of_nothing_is_refused(explored):
    for most in (0, -1):
        with pytest.raises(OptionError, match="at least one"):
            explorer_page(explored, most)
    explored.act({"do": "filter", "rule": {"search": "nothing like this"}})
    with pytest.raises(OptionError, match="No phrase meets the rule"):
        explorer_page(explored)
