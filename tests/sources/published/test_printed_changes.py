"""A printed change beside the figures that it is a change of: a contradiction is more than rounding, of any kind."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sverige_did.results.published import Reported
from sverige_did.sources.published.printed_changes import contradicted_changes

BEFORE, AFTER = date(2013, 6, 30), date(2014, 12, 31)


def figure(name: str, measure: str, unit: str, value: float, rounding: float = 0.5, *days: date) -> Reported:
    start, end = days or ((BEFORE, AFTER) if "change" in measure else (BEFORE, BEFORE))
    words = dict.fromkeys(("source_file", "place", "finding_da", "finding_en"), "x")
    return Reported(
        fact_id=name, outcome="placed_total", measure=measure, unit=unit, group="treated", period_start=start,
        period_end=end, value=value, rounding=rounding, provenance="printed", **words,
    )  # fmt: skip


def of(change: tuple[str, str, float], measure: str, unit: str, *values: float, rounding: float = 0.5):
    kind, change_unit, value = change
    return (
        figure("before", measure, unit, values[0], rounding, BEFORE, BEFORE),
        figure("after", measure, unit, values[1], rounding, AFTER, AFTER),
        figure("change", kind, change_unit, value, rounding),
    )


WRONG = {
    "percentages": of(("change", "pp", 12), "level", "percent", 25, 13),
    "a fall of percentages in per cent": of(("ratio_change", "percent", 20), "level", "percent", 25, 13),
    "children": of(("change", "children", 3), "count", "children", 48, 60),
    "children in per cent": of(("ratio_change", "percent", -6), "count", "children", 48, 60),
    "money": of(("change", "mio_dkk", 3), "amount", "mio_dkk", 40, 30),
    "money in kroner": of(("change", "dkk", 3e6), "amount", "mio_dkk", 40, 30, rounding=0.0),
    "none left in per cent": of(("ratio_change", "percent", -50), "count", "children", 4, 0, rounding=0.0),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_change_that_the_figures_cannot_have_is_named_with_both_of_them(case: str) -> None:
    assert tuple(contradicted_changes(WRONG[case])) == (("after", "before", "change"),)


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("without", [0, 1, 2])
def test_any_two_of_the_three_can_be_true(case: str, without: int) -> None:
    assert not tuple(contradicted_changes([*WRONG[case][:without], *WRONG[case][without + 1 :]]))


@pytest.mark.parametrize(
    ("measure", "unit", "days"),
    [
        ("level", "percent", (date(2012, 6, 30), date(2012, 6, 30))),
        ("count", "children", (BEFORE, BEFORE)),
        ("total", "percent", (BEFORE, BEFORE)),
    ],
)
def test_figures_of_another_day_or_kind_are_not_what_changed(measure: str, unit: str, days: tuple[date, date]) -> None:
    _, after, change = WRONG["percentages"]
    assert not tuple(contradicted_changes([figure("before", measure, unit, 25, 0.5, *days), after, change]))


def test_a_change_of_years_is_held_against_the_years() -> None:
    years = [(date(2012, 1, 1), date(2012, 12, 31)), (date(2014, 1, 1), date(2014, 12, 31))]
    both = [figure(str(at), "level", "percent", 20 + at, 0.0, *days) for at, days in enumerate(years)]
    change = figure("change", "change", "pp", 2, 0.0, years[0][0], years[1][1])
    assert tuple(contradicted_changes([*both, change])) == (("0", "1", "change"),)
    assert not tuple(contradicted_changes([*both, change.model_copy(update={"value": 1.0})]))


@given(
    st.floats(0, 1000), st.floats(0, 1000), st.sampled_from([0.05, 0.5, 1.0, 5.0]),
    st.sampled_from([("change", "pp", "level", "percent"), ("change", "children", "count", "children"),
                     ("ratio_change", "percent", "count", "children")]),
)  # fmt: skip
def test_what_was_rounded_is_never_a_contradiction(
    before: float, after: float, half: float, kind: tuple[str, str, str, str]
) -> None:
    change, change_unit, measure, unit = kind
    assume(before > 0 or change == "change")
    true = after - before if change == "change" else 100 * (after / before - 1)
    assume(abs(true) < 1e6)

    def rounded(x: float) -> float:
        return 2 * half * round(x / (2 * half))

    facts = of((change, change_unit, rounded(true)), measure, unit, rounded(before), rounded(after), rounding=half)
    assert not tuple(contradicted_changes(facts))


@given(st.integers(1, 200), st.integers(0, 200), st.floats(-99, 300))
def test_a_relative_change_contradicts_counts_exactly_where_no_share_rounds_to_it(
    before: int, after: int, said: float
) -> None:
    facts = of(("ratio_change", "percent", said), "count", "children", before, after, rounding=0.0)
    facts = (*facts[:2], facts[2].model_copy(update={"rounding": 0.5}))
    off = abs(100 * (after - before) / before - said)
    assume(abs(off - 0.5) > 1e-6)
    assert bool(tuple(contradicted_changes(facts))) == (off > 0.5)
