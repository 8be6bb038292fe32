"""One or two treated districts: never supported, and a bound only where they were drawn by lot."""

from __future__ import annotations

import numpy as np
import pytest
from small_district_panel import START, levels, panel, wanted
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.report.district_inference import said
from sverige_did.results.estimates import Estimate
from sverige_did.studies.panel.estimate import Estimated, estimate_panel

RATE = "institution_per_1000"
NOTE = "inference.note."


def run(treated: int, control: int, effect: float, chosen: str = "random", **plan: object) -> Estimated:
    starts = (START,) * treated + (None,) * control
    data = panel({RATE: levels(2, starts, effect=effect)}, starts)
    made = study(outcomes=wanted(RATE, scales=("rate_per_1000",)), chosen=chosen, **plan)
    return estimate_panel(data, made, designs(data, made))


def row(found: Estimated) -> Estimate:
    (one,) = (finding.result for finding in found.findings if finding.result.inference == "relative_spread")
    return one


def keys(found: Estimated) -> set[str]:
    return {remark.key.removeprefix(NOTE) for remark in found.methods_tables[0].remarks}


@pytest.mark.parametrize(("treated", "control"), [(1, 24), (2, 12)])
@pytest.mark.parametrize("weights", ["districts", "children"])
def test_a_clear_finding_of_districts_drawn_by_lot_holds_up_to_a_bound(
    treated: int, control: int, weights: str
) -> None:
    found = run(treated, control, -6.0, weights=weights)
    record = found.methods_tables[0]
    assert {one.verdict for one in found.findings} == {"bounded"} == {record.verdict}
    assert record.relative_spread is not None
    assert record.relative_spread > 1
    assert {"few_treated", "spread_holds"} <= keys(found)
    assert row(found).upper < 0
    bare = next(one.result for one in found.findings if one.result.inference == "none")
    assert row(found).estimate == pytest.approx(bare.estimate)
    for language, times in (("en", f"{record.relative_spread:.1f} times"), ("da", "gange")):
        (remark,) = (one for one in record.remarks if one.key == f"{NOTE}spread_holds")
        assert times in said(remark, language)


@pytest.mark.parametrize("chosen", ["level", "rise", "will", "unknown"])
def test_unless_drawn_by_lot_the_bound_is_told_and_the_verdict_stays_refused(chosen: str) -> None:
    found = run(2, 12, -6.0, chosen)
    record = found.methods_tables[0]
    assert {one.verdict for one in found.findings} == {"refused"} == {record.verdict}
    assert record.relative_spread is None
    assert "spread_not_by_lot" in keys(found)
    assert (row(found).lower, row(found).upper) == (None, None)
    assert row(found).p_value < 0.05


def test_chance_is_refused_with_the_reason() -> None:
    found = run(2, 12, 0.0)
    assert found.methods_tables[0].verdict == "refused"
    assert "spread_none" in keys(found)
    assert row(found).p_value > 0.05


def test_with_one_treated_district_there_is_no_word_of_covariates() -> None:
    assert "one_district_tells" not in keys(run(1, 24, 0.0))


def test_too_few_controls_leave_it_as_it_was() -> None:
    found = run(2, 2, -6.0)
    assert found.methods_tables[0].verdict == "refused"
    assert not [one for one in found.findings if one.result.inference == "relative_spread"]


def test_no_number_of_treated_districts_below_three_is_ever_supported() -> None:
    for treated in (1, 2):
        for effect in (-1.0, -50.0):
            found = run(treated, 30, effect)
            assert found.methods_tables[0].verdict in {"bounded", "refused"}
            assert found.methods_tables[0].max_t_adjustment is None
    assert np.isfinite(found.methods_tables[0].relative_spread)
