"""Write the numbers into docs/england.md.

python analyses/england/write.py
"""

from __future__ import annotations

from pathlib import Path

from england import answers
from page import numbers

PAGE = Path(__file__).parents[2] / "docs" / "england.md"
FIRST, LAST = "<!-- numbers: written by analyses/england/write.py -->\n", "<!-- end of numbers -->\n"


def page_text(block: str) -> str:
    """docs/england.md with its numbers written anew; what stands around them is kept."""
    before, _, rest = PAGE.read_text("utf-8").partition(FIRST)
    _, _, after = rest.partition(LAST)
    return f"{before}{FIRST}\n{block}\n{LAST}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_text(numbers(answers())), "utf-8")
