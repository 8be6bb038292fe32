"""The figures of a page as files of their own: the same strokes, drawn from released values."""

from __future__ import annotations

import re

FIGURE = re.compile(r'<svg [^>]*aria-labelledby="([\w.-]+)-title".*?</svg>', re.DOTALL)


def figures_of(page: str) -> dict[str, str]:
    """The figures of a page by name; each says in its title what it shows."""
    return {found[1]: '<?xml version="1.0" encoding="UTF-8"?>\n' + found[0] + "\n" for found in FIGURE.finditer(page)}
