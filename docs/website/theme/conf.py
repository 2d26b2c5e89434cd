"""How Sphinx reads the staged pages and makes the site of them; ``docs/make_site.py`` hands this over."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE.parent.parent), str(_HERE.parent.parent.parent)]

from docutils.utils import urischemes  # noqa: E402
from website.found_texts import write_texts  # noqa: E402

import iterprime_xai  # noqa: E402

project = "iterprime_xai"
author = "The iterprime_xai developers"
project_copyright = "The iterprime_xai developers; Apache-2.0"
version = release = iterprime_xai.__version__

urischemes.schemes.pop("tag", None)  # "tag:NAME" is how phrases are sliced, no address

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
root_doc = "index"
highlight_language = "text"
nitpicky = False
smartquotes = False  # they make one dash of the two before an option

myst_heading_anchors = 4
myst_links_external_new_tab = False
# Of two types of one name, an annotation names one without saying which: see the module that it stands in.
suppress_warnings = ["myst.header", "ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "iterprime_xai"
html_search_scorer = str(_HERE / "scorer.js")
html_static_path = [str(_HERE / "static")]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
# Sphinx fetches the found pages for their lines, which browsers refuse for files; found_lines.js does it without.
html_show_search_summary = False
html_permalinks_icon = "#"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "iterprime_xai"},
    "header_links_before_dropdown": 9,
    "navbar_align": "left",
    "navbar_persistent": ["search-button-field"],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_version_warning_banner": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "search": []}


def _on_page(app, pagename, templatename, context, doctree):
    if pagename == "search":
        app.add_js_file("found_texts.js", loading_method="defer", priority=900)


def setup(app):
    """Add what the search shows of a found page."""
    app.connect("html-page-context", _on_page)
    app.connect("build-finished", write_texts)
