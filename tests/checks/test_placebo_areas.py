"""Groups as small as the study's own, made of large areas: what chance does is known, and so is what it finds."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.checks.placebo_areas import (
    LEVELS,
    SmallGroups,
    area_differences,
    placebo_areas,
    quantiles,
    share_as_far,
)
from sverige_did.checks.placebo_groups import Counts
from sverige_did.errors import RefusedError
from sverige_did.words import LANGUAGES, text

SMALL = SmallGroups(4, 16, (20.0, 20.0), before=1, after=1, apart=2)


def areas(rng: np.random.Generator, shock: float, *, share: bool = True, number: int = 120, years: int = 6) -> Counts:
    """Large areas at a level of a quarter, whose log-odds (or logs) have a shock every year."""
    n = np.repeat(rng.integers(4_000, 20_000, (number, 1)), years, axis=1)
    eta = rng.normal(np.log(1 / 3), 0.3, (number, 1)) + rng.normal(0, shock, (number, years))
    p = 1 / (1 + np.exp(-eta)) if share else np.exp(eta)
    return Counts(rng.binomial(n, p).astype(float), n.astype(float), 1.0, share)


def drawn(counts: Counts, *, staying: bool, groups: SmallGroups = SMALL, draws: int = 8_000) -> np.ndarray:
    return area_differences(counts, groups, staying=staying, draws=draws, rng=np.random.default_rng(7))


def test_without_shocks_fresh_children_vary_as_counts_do_and_those_who_stay_do_not():
    counts = areas(np.random.default_rng(1), 0.0)
    p = 0.25
    each = 2 / (1 - p) / 20  # two dates, 1/y + 1/(n - y) of one district
    assert drawn(counts, staying=False).std() == pytest.approx(np.sqrt(each * (1 / 4 + 1 / 16)), rel=0.05)
    assert drawn(counts, staying=True).std() < 0.35 * np.sqrt(each * (1 / 4 + 1 / 16))


def test_a_shock_that_is_put_in_is_in_both_distributions():
    shock = 0.4
    counts = areas(np.random.default_rng(2), shock)
    alone = shock**2 * 2 * (1 / 4 + 1 / 16)
    assert drawn(counts, staying=True).var() > alone
    added = drawn(counts, staying=False).var() - drawn(areas(np.random.default_rng(1), 0.0), staying=False).var()
    assert added == pytest.approx(alone, rel=0.2)


def test_a_placebo_programme_stands_out_as_often_as_it_should():
    """The difference of one more random pair of groups is uniform in the distribution of the others."""
    counts = areas(np.random.default_rng(3), 0.3)
    kept, fresh = quantiles(drawn(counts, staying=False)), area_differences(
        counts, SMALL, staying=False, draws=4_000, rng=np.random.default_rng(99)
    )  # fmt: skip
    p = np.array([share_as_far(kept, one, 8_000) for one in fresh])
    for level in (0.01, 0.05, 0.1, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 4_000))


def test_longer_windows_vary_less_and_rates_need_no_others():
    counts = areas(np.random.default_rng(4), 0.0, share=False)
    short, long = (
        drawn(counts, staying=False, groups=SMALL._replace(before=length, after=length, apart=1)).std()
        for length in (1, 3)
    )
    assert short == pytest.approx(np.sqrt(2 / 20 * (1 / 4 + 1 / 16)), rel=0.05)
    assert long == pytest.approx(short / np.sqrt(3), rel=0.05)


def test_windows_without_a_case_have_half_a_one():
    few = Counts(np.full((40, 4), 5.0), np.full((40, 4), 50.0), 1.0, True)
    found = drawn(few, staying=False, groups=SmallGroups(2, 5, (0.3, 0.3)), draws=500)
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 1


@pytest.mark.parametrize(
    "groups",
    [SMALL._replace(treated=110), SMALL._replace(cases=(1e6, 20.0)), SMALL._replace(before=4, after=3)],
)
def test_too_few_areas_cases_or_years_are_refused(groups):
    with pytest.raises(RefusedError) as refusal:
        drawn(areas(np.random.default_rng(1), 0.1), staying=False, groups=groups, draws=10)
    assert refusal.value.problems[0].key == "placebo_groups_few"


def test_what_is_kept_of_a_distribution_gives_its_tails_back():
    found = np.random.default_rng(5).standard_normal(20_000)
    kept = quantiles(found)
    assert len(kept) == len(LEVELS)
    for effect in (0.0, 0.3, 1.0, 1.96, 2.5):
        told, exact = share_as_far(kept, effect, 20_000), (np.abs(found) >= effect).mean()
        assert told == pytest.approx(exact, abs=0.01)
    assert share_as_far(kept, 99.0, 20_000) == pytest.approx(1 / 20_001)


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("events", [True, False])
def test_the_figure_marks_the_own_difference_and_every_sentence_is_filled(share, events):
    kept = quantiles(np.random.default_rng(6).normal(0, 0.4, 5_000))
    facts = dict.fromkeys(
        ("areas", "treated", "control", "cases_treated", "cases_control", "before", "after", "apart", "shock_low",
         "shock_high", "small_high", "prior_sd"), 1.0,
    )  # fmt: skip
    found = placebo_areas(
        kept, None if events else kept, -0.75, "institution_share", share=share, draws=5_000, facts=facts
    )
    assert len(found.curves) == (1 if events else 2)
    assert found.numbers["own"] == pytest.approx(-52.8, abs=0.1)
    assert found.numbers["p_fresh"] == pytest.approx(0.06, abs=0.02)
    for line in found.curves:
        assert line.marked == -0.75
        assert sum(line.y) == pytest.approx(100, abs=1.0)
    for language in LANGUAGES:
        filled = text(f"checks.placebo_areas.{found.key}", language, **dict.fromkeys(found.numbers, "7"))
        assert "{" not in filled
        assert all(text(name, language) for line in found.curves for name in (line.x_name, line.y_name))
