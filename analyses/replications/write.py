"""Write docs/replications.md: published results beside ours, digit by digit.

python analyses/replications/write.py [FILE]

What does not come out as published.yaml allows ends it with an error, after the page is written. Data that are not
installed are named on the page; the dependency group `bench` holds the packages that ship them.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from replicate import HERE, REPLICATIONS, missing

PAGE = Path(__file__).parents[2] / "docs" / "replications.md"

HEAD = """# Published results beside ours

Written by `snakemake replications` (analyses/replications/write.py) from data that other packages ship or that are a
few numbers; do not edit. Ours are rounded to the digits that were printed. Where a digit differs, the difference and
its reason stand beside it. `snakemake all` does not make this page: it takes the dependency group `bench`. A test holds
it to what is computed.

"""

TAIL = """## What is not reproduced, or not here

- **Standard errors of mpdta by bootstrap**: R's did prints those of a multiplier bootstrap (.0126 for the average over
  cohorts); ours are analytical and lie within .0005.
- **csdid's and moderndid's own standard errors** agree with ours to eight digits, which
  tests/validation/test_published_numbers.py holds; no printed number stands behind them.
- **Relative magnitudes by diff-diff**: anti-conservative on the Medicaid data, so it is no reference here.
- **The drinking age** (deaths.dta, CR2 by clubSandwich), **the read-me of didimputation** (df_het.csv, 2.262952) and
  **the voters of fwildclusterboot** (voters.csv): no Python package ships these data. The tests in
  tests/validation/test_published_panels.py hold the published numbers where SVERIGE_DID_PUBLISHED names a folder that
  has them.
- **The effects of the laws of self-defence by region** (.0946, .0279): in the tests, not here. The average over
  starting years depends on the year that counts as the first, as both rows of its table show.
- **The Sverigesprogram's own figures** are those of the study of Herning itself: its report stands on them, and
  [the page for reviewers](reviewer.md) computes the main ones by hand.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One published number and ours."""

    name: str
    printed: str
    ours: float
    within: float | None
    why: str

    @property
    def rounded(self) -> str:
        """Ours with the digits of the printed number."""
        digits = -int(Decimal(self.printed).as_tuple().exponent)
        return f"{self.ours:.{digits}f}"

    @property
    def same(self) -> bool:
        """Whether all printed digits come out."""
        return Decimal(self.rounded) == Decimal(self.printed)

    @property
    def right(self) -> bool:
        """Whether it is as near as it should be."""
        return self.same or (self.within is not None and abs(self.ours - float(self.printed)) <= self.within)

    def row(self) -> str:
        """Its row of the table."""
        said = "all" if self.same else f"differs by {abs(self.ours - float(self.printed)):.1g}: {self.why}"
        return f"| {self.name} | {_minus(self.printed)} | {_minus(self.rounded)} | {_minus(said)} |"


def _minus(text: str) -> str:
    """Numbers with a minus sign and not a hyphen."""
    return re.sub(r"-(?=\d)", "−", text)


def published() -> list[dict[str, Any]]:
    """What was printed, in the order of the page."""
    found: list[dict[str, Any]] = yaml.safe_load((HERE / "published.yaml").read_text("utf-8"))
    return found


def lines(one: dict[str, Any]) -> list[Line]:
    """Compute one set of numbers; KeyError where a printed one has no counterpart."""
    ours, made = REPLICATIONS[one["key"]](), []
    for name, number in one["numbers"].items():
        entry = {"printed": number} if isinstance(number, str) else number
        made.append(Line(name, entry["printed"], ours[name], entry.get("within"), entry.get("why", "")))
    return made


def section(one: dict[str, Any], found: list[Line] | None) -> str:
    """One data set on the page; ``found`` is None where its data are not installed."""
    head = f"## {one['title']}\n\n{one['source']}.\n\nData: {one['data']}.\n\n"
    if found is None:
        return (
            head + f"Not computed: {', '.join(missing(one['needs']))} is not installed (dependency group `bench`).\n\n"
        )
    table = "| number | printed | ours | digits |\n| --- | --- | --- | --- |\n" + "\n".join(
        line.row() for line in found
    )
    return head + table + "\n\n"


def page(only: set[str] | None = None) -> tuple[str, list[Line]]:
    """The page, or its sections of these keys alone; and the numbers that are further off than they should be."""
    parts, wrong = [], []
    for one in published():
        if only is not None and one["key"] not in only:
            continue
        found = None if missing(one["needs"]) else lines(one)
        parts.append(section(one, found))
        wrong += [line for line in found or [] if not line.right]
    return "".join(parts) if only is not None else HEAD + "".join(parts) + TAIL, wrong


if __name__ == "__main__":
    text, wrong = page()
    Path(sys.argv[1] if len(sys.argv) > 1 else PAGE).write_text(text, "utf-8")
    if wrong:
        raise SystemExit("\n".join(f"{line.name}: printed {line.printed}, ours {line.ours}" for line in wrong))
