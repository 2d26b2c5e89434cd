"""Another phrase, typed into the live widget in a real JupyterLab and grounded by the bundled model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from iterprime_xai.data.scenes import bundled_samples

pytestmark = pytest.mark.browser

SLOW = 60_000
"""Milliseconds to wait for a kernel to start and to load the model on a busy machine."""
PIXELS = "canvas => canvas.toDataURL()"
ANSWER_TIME = """async () => {
  const place = document.querySelector('.ixw-field').closest('.jp-OutputArea-output');
  const began = performance.now();
  const drawn = new Promise((done) => {
    new MutationObserver((_, watching) => {
      if (place.querySelector('.ixw-question').hasAttribute('aria-busy')) return;
      watching.disconnect();
      requestAnimationFrame(() => done());
    }).observe(place, { subtree: true, attributes: true, attributeFilter: ['aria-busy'] });
  });
  place.querySelector('.ixw-question').requestSubmit();
  await drawn;
  return performance.now() - began;
}"""


@pytest.fixture(scope="module")
def page(chromium: Any, jupyterlab: str) -> Iterator[Any]:
    page = chromium.new_page(viewport={"width": 1000, "height": 1150})
    page.goto(f"{jupyterlab}/doc/tree/live.ipynb?reset", wait_until="domcontentloaded")
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".ixw-canvas").wait_for(timeout=SLOW)
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    page.wait_for_timeout(1000)
    yield page
    page.close()


def ask(page: Any, phrase: str) -> float:
    """Type and ask; milliseconds until the answer is on show."""
    page.locator(".ixw-field").fill(phrase)
    return float(page.evaluate(ANSWER_TIME))


def shown(page: Any) -> str:
    return str(page.locator(".ixw-phrase").inner_text().replace("\n", ""))


def test_the_first_phrase_is_in_the_field_and_on_show(page: Any, keep_screenshot: Any) -> None:
    assert page.locator(".ixw-field").input_value() == bundled_samples()[0].text == shown(page)
    keep_screenshot(page, "live-first")


def test_enter_shows_where_the_model_looks_for_another_phrase(page: Any, keep_screenshot: Any) -> None:
    before = page.locator(".ixw-canvas").evaluate(PIXELS)
    page.locator(".ixw-field").fill("the tree")
    page.keyboard.press("Enter")
    page.locator(".ixw-word.primary", has_text="tree").wait_for(timeout=SLOW)
    assert shown(page) == "the tree"
    assert page.locator(".ixw-canvas").count() == 1
    assert page.locator(".ixw-canvas").evaluate(PIXELS) != before
    assert page.evaluate("() => document.activeElement.className") == "ixw-field"
    keep_screenshot(page, "live-second")


def test_an_answer_takes_a_moment(page: Any) -> None:
    times = [ask(page, f"the {noun}") for noun in ("bike", "tree", "dog", "bike", "tree")]
    print(f"a new phrase in the live widget: {min(times):.0f} ms, median {sorted(times)[2]:.0f} ms")
    assert min(times) < 900  # 300 on a free machine; this one may be busy


def test_settings_stay_from_one_phrase_to_the_next(page: Any) -> None:
    page.get_by_label("Opacity", exact=True).fill("0.3")
    page.get_by_label("Mask outline").uncheck()
    page.get_by_label("Colour scale").select_option(index=1)
    ask(page, "the bike")
    assert page.get_by_label("Opacity", exact=True).input_value() == "0.3"
    assert not page.get_by_label("Mask outline").is_checked()
    assert page.get_by_label("Colour scale").evaluate("each => each.selectedIndex") == 1
    page.get_by_label("Mask outline").check()


def test_what_cannot_be_read_is_told_and_the_last_answer_stays(page: Any, keep_screenshot: Any) -> None:
    ask(page, "the tree")
    ask(page, "  ")
    assert "The phrase is empty" in page.get_by_role("alert").inner_text()
    assert shown(page) == "the tree"
    keep_screenshot(page, "live-refused")
    ask(page, "?!")
    assert "no word in it" in page.get_by_role("alert").inner_text()
    ask(page, "the bike")
    assert page.get_by_role("alert").inner_text() == ""
    assert shown(page) == "the bike"


def test_of_phrases_asked_in_haste_the_newest_is_answered_last(page: Any) -> None:
    page.evaluate("""() => {
      const [field, form] = [document.querySelector('.ixw-field'), document.querySelector('.ixw-question')];
      for (const phrase of ['the tree', 'the bike', 'the tree', 'the dog']) { field.value = phrase; form.requestSubmit(); }
    }""")
    page.locator(".ixw-word.primary", has_text="dog").wait_for(timeout=SLOW)
    page.wait_for_timeout(500)
    assert shown(page) == "the dog"
    assert page.locator(".ixw-question").get_attribute("aria-busy") is None


def test_hostile_phrases_are_shown_as_text(page: Any) -> None:
    ask(page, '<img src=x onerror="window.broken = 1"> dog \u202eeert')
    assert page.evaluate("() => window.broken") is None
    assert page.locator(".ixw img").count() == 0
