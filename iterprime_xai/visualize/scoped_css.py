"""A style sheet made to hold inside one element only, so that a page can be put into another one."""

from __future__ import annotations

import re

_RULE = re.compile(r"([^{}]+)\{")
_CLASS = re.compile(r"\.(?=[A-Za-z])")
_WHOLE = re.compile(r"^(:root|body|\.page)(?![\w-])")
"""What stands for the page itself."""


def scoped(css: str, prefix: str, root: str) -> str:
    """The rules of ``css`` with ``prefix`` before every class, inside elements of the class ``root``.

    ``:root``, ``body`` and ``.page`` become that element. At-rules hold their rules as before. Meant for the project's own
    sheets, which have no comma inside a selector's brackets, no comment and no brace in a text.
    """

    def rule(match: re.Match[str]) -> str:
        prelude = match.group(1)
        if prelude.lstrip().startswith("@"):
            return match.group()
        start = prelude[: len(prelude) - len(prelude.lstrip())]
        selectors = (_selector(each.strip(), prefix, root) for each in prelude.split(","))
        return f"{start}{', '.join(selectors)} {{"

    return _RULE.sub(rule, css)


def _selector(selector: str, prefix: str, root: str) -> str:
    whole = _WHOLE.match(selector)
    inner = _CLASS.sub(f".{prefix}", selector[whole.end() :] if whole else selector)
    return f".{root}{inner}" if whole else f".{root} {inner}"
