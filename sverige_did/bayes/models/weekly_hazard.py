"""Waits week by week: the chance that a case that still waits gets its event in the week (method, section 9.4).

Of the cases of caseworker c in arm a (before 0, during 1) that wait at the start of week k, so many have the event:

    y_cak ~ Binomial(n_cak, h_cak),   ln(-ln(1 - h_cak)) = alpha_m(c) + w_b(k) + beta_m(c) a + u_c

with beta_m ~ Normal(beta, sigma_m), u_c ~ Normal(0, sigma_u) and w a random walk over spans of weeks that grow longer
as fewer wait (:data:`SPANS`), w_0 = 0. Weeks of a span have the same chance, so that their sums say as much.
The complementary log-log link makes exp(beta_m) the hazard ratio in continuous time. A case that leaves otherwise is at
risk in its last week and not after it: a cause-specific hazard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from sverige_did.bayes.models.binomial import BINOMIAL
from sverige_did.bayes.models.durations import LINKS
from sverige_did.bayes.models.observation import observe_known
from sverige_did.bayes.priors import HalfNormal, Normal, Prior, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray


SPANS = (0, 1, 2, 4, 6, 8, 12, 16, 20)
"""The first week of every span; the last goes on to the end."""


@dataclass(frozen=True, slots=True)
class HazardPriors:
    """Priors on the log-hazard scale: of the change and how much municipalities differ in it, of the level of a week,
    of one step of the walk, and of how much municipalities and caseworkers differ in speed.
    """

    change: Normal
    change_sd: HalfNormal
    level: Normal
    step: HalfNormal
    place_sd: HalfNormal
    worker_sd: HalfNormal


WAITS = HazardPriors(
    change=Normal(0.0, 0.5, "log_hazard", "priors.case_change"),
    change_sd=HalfNormal(0.3, "log_hazard_sd", "priors.case_change_sd"),
    level=Normal(float(np.log(0.05)), 1.0, "log_hazard", "priors.case_level"),
    step=HalfNormal(0.2, "log_hazard_sd", "priors.case_step"),
    place_sd=HalfNormal(0.5, "log_hazard_sd", "priors.case_place"),
    worker_sd=HalfNormal(0.3, "log_hazard_sd", "priors.case_worker"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """N rows, one a caseworker, arm and span of weeks in which somebody waited: counts, and where they belong.

    ``place`` (N,) numbers the municipality, ``worker`` (N,) the caseworker, ``span`` (N,) counts from 0; ``during``
    (N,) is the arm; in ``at_risk`` (N,) weeks of waiting ``events`` (N,) cases had the event.
    """

    place: NDArray[np.int64]
    worker: NDArray[np.int64]
    span: NDArray[np.int64]
    during: NDArray[np.bool_]
    at_risk: NDArray[np.float64]
    events: NDArray[np.float64]


def in_weeks(
    days: NDArray[np.float64],
    event: NDArray[np.bool_],
    waiting: NDArray[np.bool_],
    during: NDArray[np.bool_],
    place: NDArray[np.int64],
    worker: NDArray[np.int64],
    weeks: int,
) -> Weeks:
    """Waits (N,) as counts of the first ``weeks`` weeks.

    ``event`` is true where the wait ended so, ``waiting`` where it had not ended when it was last seen: such a case is
    at risk in whole weeks only. Raises RefusedError ``no_events`` where an arm has no event.
    """
    last = np.floor(days / 7).astype(int)
    length = np.minimum(np.where(waiting, last, last + 1), weeks)
    case = np.repeat(np.arange(len(days)), length)
    week = np.arange(len(case)) - np.repeat(np.cumsum(length) - length, length)
    span = np.searchsorted(SPANS, week, side="right") - 1
    rows = np.stack([place[case], worker[case], span, during[case]])
    keys, row = np.unique(rows, axis=1, return_inverse=True)
    happened = (event[case] & (week == last[case])).astype(float)
    at_risk = np.bincount(row.ravel(), minlength=keys.shape[1]).astype(float)
    events = np.bincount(row.ravel(), weights=happened, minlength=keys.shape[1])
    arm = keys[3].astype(bool)
    if not (events[arm].sum() and events[~arm].sum()):
        raise refuse("no_events")
    return Weeks(keys[0], keys[1], keys[2], arm, at_risk, events)


def _design(weeks: Weeks) -> NDArray[np.float64]:
    """Columns: level, change, municipalities' levels, municipalities' changes, steps of the walk, caseworkers."""
    one, arm = np.ones(len(weeks.place)), weeks.during.astype(float)
    places, workers = (np.eye(int(column.max()) + 1)[column] for column in (weeks.place, weeks.worker))
    steps = (weeks.span[:, None] > np.arange(int(weeks.span.max()))).astype(float)
    return np.column_stack([one, arm, places, places * arm[:, None], steps, workers])


def build_weekly_hazard(weeks: Weeks, priors: HazardPriors = WAITS) -> pm.Model:
    """Unfitted model; draws hold ``beta``, ``sigma_change`` and ``beta_place`` (M,), in order of the municipalities."""
    n_place, n_worker, n_span = (int(column.max()) + 1 for column in (weeks.place, weeks.worker, weeks.span))
    scalars: dict[str, Prior] = {
        "level": priors.level,
        "beta": priors.change,
        "sigma_place": priors.place_sd,
        "sigma_change": priors.change_sd,
        "sigma_step": priors.step,
        "sigma_worker": priors.worker_sd,
    }
    with pm.Model(check_bounds=False) as model:
        built = build_priors(scalars)
        design = pm.Data("design", _design(weeks))
        change = built.signed("sigma_change") * pm.Normal("change_z", shape=n_place)
        pm.Deterministic("beta_place", built["beta"] + change)
        parts = [
            built.side_by_side("level", "beta"),
            built.signed("sigma_place") * pm.Normal("place_z", shape=n_place),
            change,
            built.signed("sigma_step") * pm.Normal("walk_z", shape=n_span - 1),
            built.signed("sigma_worker") * pm.Normal("worker_z", shape=n_worker),
        ]
        eta = pt.dot(design, pt.concatenate(parts))
        observe_known(weeks.events, LINKS["cloglog"].log_odds(eta), weeks.at_risk, BINOMIAL)
    return model
