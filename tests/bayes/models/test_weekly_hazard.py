"""Waits as weeks: counts by hand, and the change that a flat-prior fit of statsmodels finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from sverige_did.bayes.draws.unmeasured_bias import trials_part
from sverige_did.bayes.models.weekly_hazard import WAITS, _design, build_weekly_hazard, in_weeks
from sverige_did.bayes.priors import HalfNormal, Normal
from sverige_did.bayes.sampling.sample import Settings, sample
from sverige_did.checks.unmeasured_change import unmeasured_change
from sverige_did.errors import RefusedError


def simulated(seed: int, n: int = 600, change: float = 0.4):
    rng = np.random.default_rng(seed)
    during, place = np.arange(n) % 2 == 1, np.arange(n) % 3
    worker = place * 4 + rng.integers(0, 4, n)
    hazard = np.exp(change * during + rng.normal(0, 0.2, 12)[worker]) / 120
    days, leave = np.floor(rng.exponential(1 / hazard)), np.floor(rng.exponential(800, n))
    seen = rng.integers(100, 400, n)
    end = np.minimum(np.minimum(days, leave), seen)
    return in_weeks(end, days == end, (seen == end) & (days > end) & (leave > end), during, place, worker, 26)


def test_weeks_at_risk_are_counted_as_by_hand() -> None:
    days = np.array([0.0, 8.0, 8.0, 15.0, 60.0])
    event = np.array([True, True, False, False, True])
    waiting = np.array([False, False, False, True, False])
    arms, zero = np.array([True, False, False, False, False]), np.zeros(5, dtype=int)
    found = in_weeks(days, event, waiting, arms, zero, zero, 9)
    rows = {
        (bool(arm), int(span)): (risk, events)
        for arm, span, risk, events in zip(found.during, found.span, found.at_risk, found.events, strict=True)
    }
    # The case during: its event in week 0. Before: two in weeks 0-1, one of them with the event in week 1; one seen
    # for two whole weeks; one in weeks 0-8 of which the last holds its event.
    assert rows[True, 0] == (1, 1)
    assert rows[False, 0] == (4, 0)
    assert rows[False, 1] == (4, 1)
    assert rows[False, 2] == (2, 0)  # weeks 2 and 3 of the last case
    assert rows[False, 5] == (1, 1)  # week 8, the first of its span
    with pytest.raises(RefusedError):
        in_weeks(days, event & ~arms, waiting, arms, zero, zero, 9)


def test_summing_weeks_of_a_span_keeps_every_event() -> None:
    weeks = simulated(1)
    assert weeks.events.sum() > 300
    assert (weeks.events <= weeks.at_risk).all()


@pytest.mark.slow
def test_the_change_is_that_of_a_regression_where_the_priors_are_wide_and_municipalities_alike() -> None:
    weeks = simulated(2)
    design = _design(weeks)[:, [0, 1, 3, 4, *range(8, 8 + int(weeks.span.max()))]]
    answers = np.column_stack([weeks.events, weeks.at_risk - weeks.events])
    link = sm.families.links.CLogLog()
    flat = sm.GLM(answers, design, sm.families.Binomial(link)).fit()
    alike = HalfNormal(0.02, "log_hazard_sd", "priors.case_change_sd")
    priors = replace(
        WAITS,
        change=Normal(0, 3, "log_hazard", "priors.case_change"), change_sd=alike, worker_sd=alike,
        step=HalfNormal(1, "log_hazard_sd", "priors.case_step"),
        place_sd=HalfNormal(1, "log_hazard_sd", "priors.case_place"),
    )  # fmt: skip
    beta = sample(build_weekly_hazard(weeks, priors), seed=3, settings=Settings(2000, 1500, 4, 2, 0.995)).values("beta")
    assert beta.mean() == pytest.approx(flat.params[1], abs=0.03)
    assert beta.std() == pytest.approx(flat.bse[1], rel=0.15)


def test_the_trials_part_of_normal_draws_is_the_closed_form() -> None:
    """Draws of the posterior that a normal likelihood gives: the reweighted answer is that of the conjugate formula."""
    prior, error, seen = Normal(0.0, 0.5, "log_hazard", "priors.case_change"), 0.2, 0.35
    precision = 1 / 0.25 + 1 / error**2
    draws = np.random.default_rng(1).normal(seen / error**2 / precision, precision**-0.5, 40_000)
    exact = unmeasured_change(
        seen, error, (-0.1, 0.8), prior_sd=0.5, bias_mean=0.0, bias_sd=np.array([0.1, 0.3])
    )  # fmt: skip
    for sd, above in zip(exact.sd, exact.faster, strict=True):
        assert trials_part(draws, prior, 0.0, float(sd)).above == pytest.approx(above, abs=0.01)
