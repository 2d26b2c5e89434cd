"""The documentation site: what its pages are made of, and how their links are checked. ``docs/make_site.py`` is the command."""
