"""Made-up municipalities of 4 to 40 districts, released and attacked: what is recovered, how wide hidden numbers stay.

Children, placements and kinds of place are drawn anew in each; nobody in it exists. Each is released a second time with
one child more, to an outsider who has the first release too. Run: ``python tests/validation/disclosed.py [how many]``,
with two numbers from the one up to the other, or with ``--table`` to print what is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from recording import record
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.attack import feasible_range
from sverige_did.disclosure.known import Known
from sverige_did.disclosure.levels import levels_of
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.disclosure.release import Release
from sverige_did.errors import InputError
from sverige_did.panel import Panel
from sverige_did.sources.panel.coverage import coverage
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Study

RECORDED = Path(__file__).parent / "recorded" / "disclosed.csv"
HEADER = "# Synthetic municipalities, by python tests/validation/disclosed.py: no child in them exists.\n"
COLUMNS = (
    "municipality", "districts", "treated", "released", "hidden", "recovered", "narrowest", "p10", "median", "p90",
    "levels", "levels_shown", "half_years", "half_years_open", "estimates", "estimates_shown", "again_recovered",
    "again_moved",
)  # fmt: skip
"""Widths are in multiples of what is needed. ``half_years_open`` of ``half_years`` are not hidden by the threshold and
its complements alone; ``levels`` are those at the resolution that was chosen. ``again``: of the second release, levels
that ``moved`` between the two."""
PARTS = ("home_based", "network", "foster", "institution")
SHARES = (0.05, 0.08, 0.65, 0.22)
WANTED = ("institution_per_1000", "institution_share", "placed_total")


def requested(treated: int, control: int) -> Study:
    """A plan of three outcomes that count the same children."""
    outcomes = [
        {"outcome": name, "question": "all", "role": "exploratory", "benefit": "lower", "scales": [scale]}
        for name, scale in zip(WANTED, ("rate_per_1000", "pp", "ratio"), strict=True)
    ]
    label = {"da": "x", "en": "x"}
    sides = {"treated": {"label": label, "districts": treated}, "control": {"label": label, "districts": control}}
    return study(outcomes=outcomes, **sides)


def municipality(seed: int, *, one_more: bool = False) -> tuple[Panel, int, int]:
    """Districts with spells of whole days: child-days of every kind, some kinds with next to nobody.

    With ``one_more`` there is one child more, placed in an institution in one district and half-year.
    """
    rng = np.random.default_rng([20260131, seed])
    total = int(rng.integers(4, 41))
    treated = int(np.clip(rng.integers(3, max(4, total // 3 + 1)), 1, total - 1))
    labels = windows_of(Grid(first="2011H1", last="2015H2")).labels
    side = np.array(["treated"] * treated + ["control"] * (total - treated))
    since = pd.to_datetime(pd.Series(np.where(side == "treated", "2013-08-01", None)))
    units = pd.DataFrame(
        {"unit": [f"d{k:02}" for k in range(total)], "unit_kind": "district", "group": side, "treated_from": since,
         "stratum": None}
    )  # fmt: skip
    living = rng.integers(300, 1500, total)[:, None] * np.ones(len(labels))
    children = rng.poisson(living[None] * 0.008 * np.array(SHARES)[:, None, None])
    days = children * 181 - rng.binomial(children * 181, 0.1)
    if one_more:
        days[-1, rng.integers(total), rng.integers(len(labels))] += 181
    years = dict(zip(PARTS, days / 365.0, strict=True))
    placed, residents = sum(years.values()), living / 2
    cells = [
        to_cells("placed_total", "person_years", units, labels, placed, None, "f"),
        to_cells("placed_per_1000", "person_years", units, labels, placed, residents, "f"),
    ]
    for name, value in years.items():
        cells.append(to_cells(f"{name}_per_1000", "person_years", units, labels, value, residents, "f"))
        cells.append(to_cells(f"{name}_share", "person_years", units, labels, value, placed, "f"))
    return Panel.of(pd.concat(cells), synthetic=True), treated, total


def attacked(seed: int) -> tuple[object, ...]:
    """One municipality: its release, and the range of every hidden number of a group."""
    panel, treated, total = municipality(seed)
    plan = requested(treated, total - treated)
    found = designs(panel, plan)
    made = estimate_panel(panel, plan, found)
    answers = Answers(found, made.findings, made.methods_tables, coverage(panel))
    try:
        release, known, *_ = attacked_release(plan, panel, answers)
    except InputError:
        return (seed, total, treated, 0, *[""] * 6, *[0] * 4, len(made.findings), 0, "", "")
    widths = ranges(known)
    ends = [round(float(np.quantile(widths, at)), 2) for at in (0, 0.1, 0.5, 0.9)] if widths else [""] * 4
    open_ones = [
        cell.key not in hidden.hidden
        for hidden in [levels_of(panel, plan)]
        for name in WANTED
        for cell in hidden.at(name, "periods")
    ]
    more, _, _ = municipality(seed, one_more=True)
    again = attacked_release(plan, more, Answers(found, (), (), coverage(more)), (release,))
    return (
        seed, total, treated, 1, len(widths), recovered(widths), *ends, len(release.levels), shown(release),
        len(open_ones), sum(open_ones), len(made.findings), len(release.findings), recovered(ranges(again.known)),
        moved(release, again.release),
    )  # fmt: skip


def ranges(known: Known) -> list[float]:
    """How wide every hidden number of a group stays, in multiples of what is needed."""
    widths = []
    for part in known.components():
        for at, name in enumerate(part.names):
            if name.split("|")[1] in {"treated", "control"}:
                target = np.asarray(part.targets[[at]].toarray()[0])
                widths.append(feasible_range(part.relations, target, part.truth).width / part.needed[at])
    return widths


def recovered(widths: list[float]) -> int:
    """How many are told to the child: a range narrower than one of the threshold's five."""
    return sum(one < 1 / 5 for one in widths)


def shown(release: Release) -> int:
    """How many levels are."""
    return sum(level.status == "shown" for level in release.levels)


def moved(first: Release, second: Release) -> int:
    """How many levels that both show differ."""
    before = {(one.outcome, one.group, one.period): one.level for one in (*first.levels, *first.windows)}
    pairs = [(before.get((one.outcome, one.group, one.period)), one.level) for one in (*second.levels, *second.windows)]
    return sum(None not in pair and pair[0] != pair[1] for pair in pairs)


def rows(first: int, last: int) -> Iterator[tuple[object, ...]]:
    """The municipalities from the one number up to the other."""
    yield from (attacked(seed) for seed in range(first, last))


def table() -> str:
    """What is recorded, in one line."""
    found = pd.read_csv(RECORDED, comment="#")
    widths = found["narrowest"].dropna()
    return (
        f"{len(found)} municipalities of {found['districts'].min()} to {found['districts'].max()} districts, "
        f"{found['released'].sum()} released; {found['hidden'].sum():.0f} hidden numbers, "
        f"{found['recovered'].sum():.0f} recovered, {found['again_recovered'].sum():.0f} from two releases that differ "
        f"by a child ({found['again_moved'].mean():.1f} levels moved in the mean); ranges in multiples of what is "
        f"needed: "
        f"narrowest {widths.min():.2f}, median of the narrowest {widths.median():.2f}, of the medians "
        f"{found['median'].dropna().median():.2f}, of the 90 % {found['p90'].dropna().median():.2f}; "
        f"{100 * found['half_years_open'].sum() / found['half_years'].sum():.0f} % of half-years open before; "
        f"{100 * found['levels_shown'].sum() / found['levels'].sum():.0f} % of levels and "
        f"{100 * found['estimates_shown'].sum() / found['estimates'].sum():.0f} % of estimates shown"
    )


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    first, last = numbers if len(numbers) == 2 else (0, *numbers) if numbers else (0, 200)
    record(RECORDED if first == 0 else RECORDED.with_suffix(f".{first}.csv"), HEADER, COLUMNS, rows(first, last), table)
