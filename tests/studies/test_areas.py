"""What many areas say of one study: a shock found again, the study's own groups, and everything that stops nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from herning import evidence
from small_district_panel import levels, panel, wanted
from small_panel_study import study

from sverige_did.checks.placebo_areas import SmallGroups
from sverige_did.design import designs
from sverige_did.errors import RefusedError
from sverige_did.panel import Panel
from sverige_did.studies.areas import Compared, alike, calibrated, compared
from sverige_did.studies.panel.area_groups import STEP, own_groups
from sverige_did.studies.panel.outcome_data import outcome_data_of
from sverige_did.studies.published.group_tables import middle_table
from sverige_did.studies.published.sensitivity import own_difference, sensitivity_analyses
from sverige_did.study.areas import Areas

RATE, SHARE = "institution_per_1000", "institution_share"
GROUPS = SmallGroups(3, 9, (5.0, 5.0), before=4, after=1)


def cells(shock: float = 0.2, *, years: int = 5, kind: str = "stock", group: str = "control") -> pd.DataFrame:
    """Areas of some 300 children, a third of whom are in an institution, with a shock every year."""
    rng = np.random.default_rng(1)
    rows = [
        {"outcome": SHARE, "reading": "all", "unit": f"a{at}", "unit_kind": "area", "group": group,
         "treated_from": pd.NaT, "stratum": None, "period": str(2010 + year), "start": f"{2010 + year}-12-31",
         "end": f"{2010 + year}-12-31", "kind": kind, "denominator": float(300 + at), "status": "exact", "source": "t",
         "value": float(rng.binomial(300 + at, 1 / (1 + np.exp(0.7 + rng.normal(0, shock)))))}
        for at in range(90) for year in range(years)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    for name in ("low", "high", "denominator_low", "denominator_high"):
        table[name] = np.nan
    for name in ("treated_from", "start", "end"):
        table[name] = pd.to_datetime(table[name])
    return Panel.of(table, synthetic=True).cells


def made(**changes: object) -> Areas:
    found = calibrated(cells(), SHARE, GROUPS, draws=1_000, seed=1)
    return Areas(source="Made up", made_by="a test", outcomes=(found,), **changes)


def test_a_shock_that_was_put_in_is_found_and_the_prior_has_its_upper_end_as_median():
    found = calibrated(cells(0.2), SHARE, GROUPS, draws=1_000, seed=1)
    assert found.shock[0] <= 0.21
    assert found.shock[1] >= 0.19
    assert found.prior_sd == pytest.approx(found.shock_small[1] / 0.6745, abs=0.01)
    assert found.areas == 90
    assert (found.first.year, found.last.year) == (2010, 2014)
    assert found.groups.before == 4
    again = calibrated(cells(0.2).sample(frac=1, random_state=3), SHARE, GROUPS, draws=1_000, seed=1)
    assert again == found  # the order of rows, and so the names of areas, move nothing


def test_with_fewer_years_the_window_before_is_shortened_and_still_is_the_studys():
    found = calibrated(cells(years=3), SHARE, GROUPS, draws=1_000, seed=1)
    assert (found.groups.before, found.groups.after) == (2, 1)
    assert alike(found.groups, GROUPS)
    assert not alike(found.groups, GROUPS._replace(before=1))
    assert not alike(found.groups, GROUPS._replace(cases=(8.0, 5.0)))
    assert not alike(found.groups, GROUPS._replace(control=10))


def test_events_happen_anew_and_have_one_distribution():
    found = calibrated(cells(kind="events"), SHARE, GROUPS, draws=1_000, seed=1)
    assert found.staying is None


@pytest.mark.parametrize("kind", ["mean", "none_left"])
def test_what_is_no_count_or_always_treated_is_refused(kind):
    wrong = cells(kind="mean") if kind == "mean" else cells(group="treated")
    with pytest.raises(RefusedError) as refusal:
        calibrated(wrong, SHARE, GROUPS, draws=1_000, seed=1)
    assert refusal.value.problems[0].key == "areas_not_counted"


def test_without_areas_or_with_those_of_another_study_nothing_stops():
    own = Compared(SHARE, GROUPS, -0.5)
    none = compared(None, own)
    assert none is not None
    assert (none.status, none.key) == ("could_not_run", "none_to_compare")
    assert compared(made(), own._replace(outcome=RATE)) is None
    other = compared(made(), own._replace(groups=GROUPS._replace(treated=5)))
    assert other is not None
    assert (other.status, other.key) == ("could_not_run", "other_groups")
    found = compared(made(), own)
    assert found is not None
    assert found.status == "ran"
    assert found.numbers["p_staying"] <= found.numbers["p_fresh"]


def test_every_table_of_herning_that_the_areas_have_is_among_groups_of_its_own_size():
    """areas.yaml was made for the tables as they are: where they move, it has to be made again."""
    own = evidence()
    areas = own.study.areas
    assert areas is not None
    told = {(one.outcome, one.reading): one for one in sensitivity_analyses(own) if one.check == "placebo_areas"}
    for outcome in {one.outcome for one in areas.outcomes}:
        for reading, tables in own.tables_of(outcome).items():
            found = told[outcome, reading]
            assert found.status == "ran"
            effect = own_difference(own.study, middle_table(tables)).effect
            assert found.numbers["own"] == pytest.approx(100 * np.expm1(effect))
    main = told["institution_share", "H1"].numbers
    assert main["p_fresh"] == pytest.approx(0.074, abs=0.01)
    assert main["p_staying"] < 0.01


def test_own_groups_of_registers_are_read_off_the_panel_in_coarse_steps():
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    every = panel({RATE: levels(1, effect=-5.0)})
    (data,) = outcome_data_of(every, plan, designs(every, plan))
    own = own_groups(data)
    assert (own.groups.treated, own.groups.control) == (4, 12)
    assert own.effect / STEP == pytest.approx(round(own.effect / STEP))
    assert own.effect < 0
    few = every.cells.assign(value=every.cells["value"] * 0.01)
    with pytest.raises(RefusedError) as refusal:
        own_groups(data._replace(cells=few))
    assert refusal.value.problems[0].key == "areas_few_children"
