"""A style sheet that holds inside one element."""

from __future__ import annotations

from iterprime_xai.visualize.scoped_css import scoped


def test_rules_hold_inside_the_element_and_classes_have_the_prefix():
    css = "h1, .panel > img.heat { width: .5px }\n* { margin: 0 }"
    assert scoped(css, "f-", "sheet") == (
        ".sheet h1, .sheet .f-panel > img.f-heat { width: .5px }\n.sheet * { margin: 0 }"
    )


def test_the_page_itself_becomes_the_element_also_within_at_rules():
    css = "body { margin: 0 }\n@media (prefers-color-scheme: dark) {\n  :root { --ink: #fff }\n}\n.page:has(.on) .heat { x: y }"
    assert scoped(css, "f-", "sheet") == (
        ".sheet { margin: 0 }\n@media (prefers-color-scheme: dark) {\n  .sheet { --ink: #fff }\n}\n"
        ".sheet:has(.f-on) .f-heat { x: y }"
    )


def test_names_that_only_begin_like_the_page_are_classes():
    assert scoped(".pages { a: b }", "f-", "sheet") == ".sheet .f-pages { a: b }"
