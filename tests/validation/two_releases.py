"""Two releases that differ by one child: how much of them differs, and how many other children would explain it.

The municipalities of disclosed.py, each released with its estimates and curves, and released again, to an outsider who
has the first release, with one child more in one district and half-year. ``TRIED`` other places for that child are
estimated too and rounded in the same steps: whoever knows all other children, and that there is one more, cannot tell
the true place from those that say the same. Run: ``python tests/validation/two_releases.py [how many]``, or with
``--table`` to print what is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from disclosed import moved, municipality, ranges, recovered, requested
from recording import record

from sverige_did.design import designs
from sverige_did.disclosure.coarse import Steps, coarse_estimate, is_from_levels
from sverige_did.disclosure.held import place_of, with_held
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.disclosure.release import Release
from sverige_did.panel import Panel
from sverige_did.results.estimates import Finding
from sverige_did.sources.panel.coverage import coverage
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.study import PanelStudy

RECORDED = Path(__file__).parent / "recorded" / "two_releases.csv"
HEADER = "# Synthetic municipalities, by python tests/validation/two_releases.py: no child in them exists.\n"
COLUMNS = (
    "municipality", "districts", "levels", "levels_moved", "numbers", "numbers_moved", "points", "points_moved",
    "recovered", "tried", "alike",
)  # fmt: skip
"""``numbers``: of estimates, standard errors, limits and p-values; ``points``: of curves; ``recovered``: hidden numbers
told to the child by both releases; ``alike`` of the ``tried`` other places make the estimates that were released."""
TRIED = 8
NAMES = ("estimate", "std_error", "lower", "upper", "p_value")


def answered(panel: Panel, plan: PanelStudy) -> Answers:
    """Everything that is computed of a municipality."""
    found = designs(panel, plan)
    made = estimate_panel(panel, plan, found)
    return Answers(found, made.findings, made.methods_tables, coverage(panel))


def with_child(seed: int, place: int) -> Panel:
    """The municipality with one child more: at the place of disclosed.py (0), or at one of the others."""
    if place == 0:
        return municipality(seed, one_more=True)[0]
    rng = np.random.default_rng([20260303, seed, place])
    panel = municipality(seed)[0]
    units, periods = (np.unique(panel.cells[name]) for name in ("unit", "period"))
    return one_more(panel, str(rng.choice(units)), str(rng.choice(periods)))


def one_more(panel: Panel, unit: str, period: str) -> Panel:
    """A child in an institution all through a half-year."""
    cells = panel.cells.copy()
    here = (cells["unit"] == unit) & (cells["period"] == period)
    value = here & cells["outcome"].isin(
        ["placed_total", "placed_per_1000", "institution_per_1000", "institution_share"]
    )
    below = here & cells["outcome"].str.endswith("_share")
    years = 181 / 365.0
    for names, where in ((("value", "low", "high"), value),
                         (("denominator", "denominator_low", "denominator_high"), below)):  # fmt: skip
        for name in names:
            cells[name] = cells[name].where(~where, cells[name] + years)
    return Panel.of(cells, synthetic=True)


def numbers_of(findings: Iterable[Finding]) -> dict[tuple[str, ...], float | None]:
    """Every number of the estimates of districts."""
    return {
        (*place_of(one), name): getattr(one.result, name)
        for one in findings if not is_from_levels(one)
        for name in NAMES
    }  # fmt: skip


def released(findings: Iterable[Finding], steps: Steps, first: Release) -> Iterator[Finding]:
    """The findings as they would leave after the first release."""
    rounded = (
        one.model_copy(update={"result": coarse_estimate(one.result, one.outcome, steps)}) for one in findings
    )  # fmt: skip
    return with_held(rounded, (first,), first.plan_sha256)


def points_of(release: Release) -> dict[tuple[str, float], tuple[float, ...]]:
    """Every point of the curves of periods."""
    return {
        (one.outcome, x): point
        for one in release.methods_tables if one.event is not None
        for x, *point in zip(one.event.x, one.event.y, one.event.lower, one.event.upper, strict=True)
    }  # type: ignore[misc] # fmt: skip


def differing[Key, Value](one: dict[Key, Value], other: dict[Key, Value]) -> int:
    """How many values that both have differ."""
    return sum(one[key] != other[key] for key in one.keys() & other.keys())


def rows(number: int) -> Iterator[tuple[object, ...]]:
    """One municipality a row."""
    for seed in range(number):
        panel, treated, total = municipality(seed)
        plan = requested(treated, total - treated)
        first = attacked_release(plan, panel, answered(panel, plan)).release
        again = with_child(seed, 0)
        second = attacked_release(plan, again, answered(again, plan), (first,))
        release, steps = second.release, Steps({(one.outcome, one.scale): one.step for one in second.release.steps})
        told, points = numbers_of(release.findings), points_of(release)
        others = (
            numbers_of(released(answered(with_child(seed, at), plan).findings, steps, first))
            for at in range(1, TRIED + 1)
        )
        yield (
            seed, total, len(first.levels) + len(first.windows), moved(first, release), len(told),
            differing(numbers_of(first.findings), told), len(points), differing(points_of(first), points),
            recovered(ranges(second.known)), TRIED, sum(differing(told, one) == 0 for one in others),
        )  # fmt: skip


def table() -> str:
    """What is recorded, in one line."""
    found = pd.read_csv(RECORDED, comment="#")
    share = {
        name: 100 * found[f"{name}_moved"].sum() / found[name].sum() for name in ("levels", "numbers", "points")
    }  # fmt: skip
    any_ = (found[["levels_moved", "numbers_moved", "points_moved"]].sum(axis=1) > 0).sum()
    return (
        f"{len(found)} municipalities of {found['districts'].min()} to {found['districts'].max()} districts: "
        f"{any_} differ in anything; {share['levels']:.1f} % of levels, {share['numbers']:.1f} % of numbers of "
        f"estimates and {share['points']:.1f} % of points of curves do; {found['recovered'].sum()} hidden "
        f"numbers recovered; "
        f"{found['alike'].sum()} of {found['tried'].sum()} other places of the child say the same in every estimate, "
        f"at least one in {(found['alike'] > 0).sum()} municipalities"
    )


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    record(RECORDED, HEADER, COLUMNS, rows(numbers[0] if numbers else 12), table)
