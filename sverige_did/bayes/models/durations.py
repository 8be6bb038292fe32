"""How long children stay placed: the chance of leaving, half-year by half-year of the stay (method, section 8).

Of the children in district d who in period t are in the k-th period of their stay, so many leave:

    y_dtk ~ Binomial(n_dtk, h_dtk),   g(h_dtk) = eta_dt + w_k,   w a random walk with w_0 = 0

eta is the shared structure of districts and g the complementary log-log (proportional hazards in continuous time) or
the logit. A child leaves once, so a level of its own could not be told from w and is not in the model: h_k is the
chance among those who are still there. Exits of several kinds are taken in a declared order: those of the second kind
among the children who did not leave by the first, and so on. Then every kind is a model of its own, the likelihood is
exactly that of the multinomial, and draws of one kind may be paired with any draws of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit

from sverige_did.bayes.models.binomial import BINOMIAL
from sverige_did.bayes.models.district_effects import (
    Cells,
    PanelPriors,
    build_structure,
    random_walk,
    refuse_design,
    refuse_lengths,
)
from sverige_did.bayes.models.effects import weights_of
from sverige_did.bayes.models.observation import observe
from sverige_did.bayes.priors import HalfNormal, Normal
from sverige_did.errors import option, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sverige_did.bayes.sampling.sample import Fit

Tensor = Any
Link = Literal["cloglog", "logit"]


class LinkFunctions(NamedTuple):
    """What takes the predictor to the log-odds of leaving, for PyTensor, and to the chance of it, for arrays."""

    log_odds: Callable[[Tensor], Tensor]
    hazard: Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _cloglog_log_odds(eta: Tensor) -> Tensor:
    """ln(h / (1 - h)) = ln(exp(L) - 1) with L = exp(eta), kept exact where L is small and finite where it is large."""
    cumulative = pt.exp(eta)
    return cumulative + pt.log(-pt.expm1(-cumulative))


LINKS: Mapping[Link, LinkFunctions] = {
    "cloglog": LinkFunctions(_cloglog_log_odds, lambda eta: -np.expm1(-np.exp(eta))),
    "logit": LinkFunctions(lambda eta: eta, expit),
}


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """N rows, one a district, period and length of stay so far, in any order; a row where nobody was is left out.

    ``district``, ``period``, ``treated`` and ``dose`` are as in ``structure.Cells``; ``stay`` (N,) is k, whole periods
    stayed before this one, the last k holding all longer stays. ``at_risk`` (N,) children were there at the start,
    ``low`` to ``high`` (N,) of them left: equal where the number is not hidden.

    Raises RefusedError: ``cells_lengths``, ``cells_counts``, ``cells_no_exposure``, ``cells_all_zero``,
    ``totals_count_above_trials``, ``stays_one_length``, ``stays_dose`` and those of ``structure.refuse_design``.
    """

    district: NDArray[np.int64]
    period: NDArray[np.int64]
    stay: NDArray[np.int64]
    treated: NDArray[np.bool_]
    dose: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    at_risk: NDArray[np.float64]

    def __post_init__(self) -> None:
        refuse_lengths(self, self.stay, self.low, self.high, self.at_risk)
        ends = np.stack([self.low, self.high])
        if (ends < 0).any() or (ends % 1 != 0).any() or (self.low > self.high).any():
            raise refuse("cells_counts")
        if not (np.isfinite(self.at_risk).all() and (self.at_risk > 0).all()):
            raise refuse("cells_no_exposure")
        if (self.low > self.at_risk).any() or (self.at_risk % 1 != 0).any():
            raise refuse("totals_count_above_trials")
        if self.stay.min() < 0 or len(np.unique(self.stay)) < 2:
            raise refuse("stays_one_length")
        refuse_design(self, self.stay)
        if (self.cells.dose[self.cell] != self.dose).any():
            raise refuse("stays_dose")

    @property
    def n_lengths(self) -> int:
        """K, counting every length of stay up to the longest one observed."""
        return int(self.stay.max()) + 1

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Which rows are known only to lie in an interval, (N,)."""
        return np.asarray(self.low < self.high)

    @property
    def cell(self) -> NDArray[np.int64]:
        """Which district and period of :attr:`cells` a row belongs to, (N,)."""
        places = np.unique(np.stack([self.district, self.period]), axis=1, return_inverse=True)[1]
        return np.asarray(places.ravel(), dtype=np.int64)

    @property
    def cells(self) -> Cells:
        """The panel of districts and periods, all lengths of stay together."""
        pairs, first, cell = np.unique(
            np.stack([self.district, self.period]), axis=1, return_index=True, return_inverse=True
        )
        low, high, size = (np.bincount(cell.ravel(), weights=x) for x in (self.low, self.high, self.at_risk))
        return Cells(pairs[0], pairs[1], self.treated, self.dose[first], low, high, size)


HAZARD = PanelPriors(level=Normal(float(np.log(0.15)), 1.0, "log_hazard", "priors.durations_level"))
LENGTH = HalfNormal(0.4, "log_hazard_sd", "priors.durations_length")


def build_durations(
    stays: Stays, priors: PanelPriors = HAZARD, length: HalfNormal = LENGTH, link: Link = "cloglog"
) -> pm.Model:
    """Unfitted model of leaving; ``length`` is the prior of the sd of one step of w. Draws hold w (K,) as ``walk``."""
    option("link", link, Link)
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(stays.cells, priors, {"sigma_length": length})
        index = pm.Data("stays", np.stack([stays.cell, stays.stay]).astype("int64"))
        steps = random_walk(pm.Normal("walk_z", shape=stays.n_lengths - 1))
        walk = pm.Deterministic("walk", predictor.parameters.signed("sigma_length") * steps)
        log_odds = LINKS[link].log_odds(predictor.eta[index[0]] + walk[index[1]])
        observe(stays, log_odds, stays.at_risk, BINOMIAL)
    return model


class DurationEffect(NamedTuple):
    """Effects on stays cut off at a horizon, draw by draw, (draws,) each, in periods and in shares.

    ``mean`` is the difference in restricted mean duration, ``with_it`` and ``without`` the two means. ``left`` (draws,
    J) is the difference in the share who have left by each kind of exit within the horizon.
    """

    mean: NDArray[np.float64]
    with_it: NDArray[np.float64]
    without: NDArray[np.float64]
    left: NDArray[np.float64]


def effect_on_durations(
    fits: Sequence[tuple[Fit, Stays]],
    horizon: int,
    rng: np.random.Generator | None = None,
    link: Link = "cloglog",
    district_weights: NDArray[np.float64] | None = None,
) -> DurationEffect:
    """The finite-population effect on how long children stay, up to ``horizon`` periods, by g-computation.

    Of every treated district and period: how long would a child stay who met its chances of leaving at every length of
    stay, with the programme and without? ``fits`` are of all kinds of exit in their order. Where ``rng`` is given the
    draws are shuffled, so that no common seed links several kinds. ``district_weights`` (G,) as in
    ``effects.weights_of``.

    Raises RefusedError: ``stays_horizon`` beyond the lengths observed, ``stays_cells_differ`` when the kinds of exit
    are not of the same districts and periods.
    """
    option("link", link, Link)
    longest = min(stays.n_lengths for _, stays in fits)
    if not 1 <= horizon <= longest:
        raise refuse("stays_horizon", found=str(horizon), expected=f"1-{longest}")
    cells = fits[0][1].cells
    places = {tuple(np.stack([s.cells.district, s.cells.period, s.cells.dose]).ravel().tolist()) for _, s in fits}
    if len(places) > 1:
        raise refuse("stays_cells_differ")
    n = min(len(fit.values("tau")) for fit, _ in fits)
    rows, order = np.flatnonzero(cells.dose > 0), np.arange if rng is None else rng.permutation
    hazards = np.stack([_hazards(fit, cells, rows, horizon, link, order(n)) for fit, _ in fits])
    return average_duration_effect(hazards, weights_of(cells, district_weights)[rows])


def _hazards(
    fit: Fit, cells: Cells, rows: NDArray[np.int64], horizon: int, link: Link, order: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Chances of leaving with and without the programme, (2, draws, treated cells, horizon)."""
    place = np.searchsorted(np.flatnonzero(cells.treated), cells.district[rows])
    change = fit.values("tau_district")[order][:, place] * cells.dose[rows]
    eta = fit.values("eta")[order][:, rows]
    walk = fit.values("walk")[order][:, None, :horizon]
    return LINKS[link].hazard(np.stack([eta, eta - change])[..., None] + walk)


def average_duration_effect(hazards: NDArray[np.float64], weights: NDArray[np.float64]) -> DurationEffect:
    """Effect from chances of leaving (J, 2, draws, N, H): by kind of exit in order, with and without the programme.

    The restricted mean is the area under the survival curve, whose points are joined by straight lines: who leaves in a
    period leaves halfway through it on average. ``weights`` (N,) sum to one over the treated cells.
    """
    stay_on = np.prod(1 - hazards, axis=0)
    survival = np.concatenate([np.ones((*stay_on.shape[:-1], 1)), np.cumprod(stay_on, axis=-1)], axis=-1)
    mean = ((survival[..., :-1] + survival[..., 1:]) / 2).sum(axis=-1) @ weights
    not_before = np.concatenate([np.ones((1, *stay_on.shape)), np.cumprod(1 - hazards, axis=0)[:-1]])
    left = (survival[None, ..., :-1] * not_before * hazards).sum(axis=-1) @ weights
    return DurationEffect(mean[0] - mean[1], mean[0], mean[1], np.asarray((left[:, 0] - left[:, 1]).T))
