"""The frame of every page that the package writes: one file, which may load nothing and run nothing but what is said."""

from __future__ import annotations

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page may load nothing and run nothing, whatever a phrase contains."""


def html_page(title: str, style: str, body: str, *, attributes: str = "", policy: str = POLICY) -> str:
    """A whole page; ``title``, ``body`` and the body's ``attributes`` are HTML, with every text in them escaped."""
    opening = f"<body {attributes}>" if attributes else "<body>"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{style}</style>
</head>
{opening}
{body}
</body>
</html>
"""
