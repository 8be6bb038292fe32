"""Were the groups drifting apart before the start, and would anybody have seen it if they were?

One slope a district before the start, compared as the changes are. A slope that is not found is no proof of parallel
trends, so beside it stands the slope that would be the whole finding, and how likely a test of these districts was to
find one that large (Roth 2022, AER: Insights 4:305).
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike

from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import TTest, t_test
from sverige_did.inference.districts import Floats
from sverige_did.inference.event_effects import Estimated
from sverige_did.results.estimates import CheckResult

FEWEST = 3
"""Periods before the start from which a line can be told from its noise."""


_NODES = (np.arange(2000) + 0.5) / 2000


def slopes(table: Floats, years: ArrayLike) -> Floats:
    """(G,) each district's least-squares slope a year through its levels ``table`` (G, T) at ``years`` (T,).

    Raises RefusedError ``did_one_pre_period`` with fewer than three levels in any district.
    """
    seen = np.isfinite(table)
    count = seen.sum(axis=1)
    if count.min() < FEWEST:
        raise refuse("did_one_pre_period", found=str(int(count.min())), expected=f">= {FEWEST}")
    at = np.where(seen, np.asarray(years, dtype=float), 0.0)
    around = np.where(seen, at - (at.sum(axis=1) / count)[:, None], 0.0)
    return np.asarray((around * np.where(seen, table, 0.0)).sum(axis=1) / np.square(around).sum(axis=1))


def power_to_find(true: float, test: TTest) -> float:
    """The probability that the two-sided test rejects when the truth is ``true``: a noncentral t.

    The critical value is half the interval in standard errors, which for the calibrated test is more than Student's.
    A mean over the chi-square of the variance, for scipy's noncentral t has no value where ``true`` is very large.
    """
    critical = (test.upper - test.lower) / 2 / test.std_error
    shift = abs(true) / test.std_error
    reach = critical * np.sqrt(scipy.stats.chi2.ppf(_NODES, test.df) / test.df)
    return float((scipy.stats.norm.cdf(shift - reach) + scipy.stats.norm.cdf(-shift - reach)).mean())


def pretrends(
    slope: TTest, effect: float, years_apart: float, detrended: TTest, outcome: str, *, scale: str
) -> CheckResult:
    """Treated less control ``slope`` a year, held against the ``effect`` of windows ``years_apart`` on average.

    A difference that grew by effect / years_apart a year would be all of it. ``detrended`` is the effect once each
    district's own line has been carried forward.
    """
    erases = effect / years_apart
    return CheckResult(
        check="pretrends",
        outcome=outcome,
        scale=scale,
        numbers={
            "effect": effect,
            "effect_slope": slope.estimate,
            "p": slope.p_value,
            "effect_erases": erases,
            "power": 100 * power_to_find(erases, slope),
            "effect_detrended": detrended.estimate,
            "effect_detrended_low": detrended.lower,
            "effect_detrended_high": detrended.upper,
        },
    )


def pretrends_of_dates(found: Estimated, outcome: str, *, scale: str, years: float = 1.0) -> CheckResult:
    """The same where districts begin at different dates: one line through the effects before, by periods (of ``years``)
    before each district's own start, and the last period before, which is 0 and which the estimate is held against.

    Raises RefusedError ``did_one_pre_period`` with fewer than three periods before.
    """
    effects, P = found.effects, found.effects.before.size
    if P + 1 < FEWEST:
        raise refuse("did_one_pre_period", found=str(P + 1), expected=f">= {FEWEST}")
    at = np.append(effects.before, 0.0)
    line = (at - at.mean()) / np.square(at - at.mean()).sum()
    apart = float(found.load @ effects.after - at.mean())
    since = float(found.load @ effects.after)
    after = np.concatenate([np.zeros(P), found.load])
    before = np.concatenate([np.full(P, 1 / (P + 1)), np.zeros(found.load.size)])
    slope = np.concatenate([line[:-1], np.zeros(found.load.size)])
    drift, detrended = (_test(row, found) for row in (slope / years, after - before - apart * slope))
    return pretrends(drift, found.test.estimate, since * years, detrended, outcome, scale=scale)


def _test(row: Floats, found: Estimated) -> TTest:
    error = float(np.sqrt(row @ found.effects.covariance @ row))
    return t_test(float(row @ found.effects.estimate), error, found.test.df, found.test.alpha)
