"""The test that no district was affected stands beside the verdict where the design allows it, and decides nothing."""

from __future__ import annotations

import numpy as np
import pytest
from small_district_panel import LABELS, levels, panel, wanted
from small_panel_study import study

from sverige_did import words
from sverige_did.design import designs
from sverige_did.inference.districts import districts
from sverige_did.inference.period_variances import period_variance_test
from sverige_did.results.estimates import Estimate
from sverige_did.studies.panel.estimate import Estimated, estimate_panel

RATE = "institution_per_1000"
TREATED = np.arange(16) < 4


def run(table: np.ndarray, scale: str = "rate_per_1000", first: int = 0) -> Estimated:
    """A plan whose panel begins in the period ``first``: the periods before are missing everywhere."""
    shown = table.copy()
    shown[:, :first] = np.nan
    data, plan = panel({RATE: shown}), study(outcomes=wanted(RATE, scales=(scale,)))
    return estimate_panel(data, plan, designs(data, plan))


def rows(found: Estimated) -> list[Estimate]:
    return [one.result for one in found.findings if one.result.inference == "period_variances"]


@pytest.mark.parametrize("scale", ["rate_per_1000", "ratio"])
def test_the_row_is_the_test_of_the_plans_first_scale_with_the_levels_before(scale: str) -> None:
    table = levels(2, effect=-1.0)
    (row,) = rows(run(table, scale))
    # 2013H2 is treated in part and left out.
    cut = LABELS.index("2013H2")
    before, after = table[:, :cut], table[:, cut + 1 :].mean(axis=1)
    if scale == "ratio":
        change, shown = np.log(after) - np.log(before.mean(axis=1)), np.log(before)
    else:
        change, shown = after - before.mean(axis=1), before
    expected = period_variance_test(districts(change, TREATED), shown)
    assert row.p_value == pytest.approx(expected.p_value, rel=1e-3)
    limits = np.array([expected.estimate, expected.lower, expected.upper])
    limits = np.exp(limits) if scale == "ratio" else limits
    assert np.array([row.estimate, row.lower, row.upper]) == pytest.approx(limits, rel=1e-3)
    assert row.scale == scale
    assert "no_district_affected" in row.assumptions


@pytest.mark.parametrize(("first", "there"), [(0, True), (1, True), (2, False), (3, False)])
def test_it_needs_four_periods_before(first: int, there: bool) -> None:
    """Five half-years lie before the start."""
    assert bool(rows(run(levels(2, effect=-1.0), first=first))) == there


def test_no_verdict_rests_on_it() -> None:
    """A data set that it rejects and the rule does not: the verdict is left open."""
    apart = []
    for seed in range(40):
        found = run(levels(seed, effect=-0.75))
        (row,) = rows(found)
        if row.p_value <= 0.05 and found.methods_tables[0].verdict == "inconclusive":
            apart.append(seed)
            break
    assert apart


def test_without_variation_before_the_reason_is_told() -> None:
    table = levels(3)
    table[TREATED, : LABELS.index("2013H2")] = np.array([18.0, 20.0, 21.0, 25.0])[:, None]
    found = run(table)
    assert not rows(found)
    assert any("no_variation_before" in remark.key for remark in found.methods_tables[0].remarks)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_it_is_named_by_what_it_tests(language: words.Language) -> None:
    name = words.text("labels.inference.period_variances", language)
    assert {"en": "no district was affected", "da": "intet distrikt blev påvirket"}[language] in name
