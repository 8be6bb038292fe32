"""Levels by district, as means or amounts: the shared structure with the districts' own shocks as what is left over.

    y_dt = mu + alpha_d + lambda_t + tau_d E_dt + eps_dt,   eps_dt the AR(1) shocks of ``district_effects``

A level is known to the last digit, so a shock beside it needs no variable of its own: given what came before, the
level of a period is normal. A district that lacks periods goes on from the last one that it has, rho^k steps on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import scipy

from sverige_did.bayes.models.district_effects import (
    PanelPriors,
    build_structure,
    refuse_design,
    refuse_lengths,
)
from sverige_did.bayes.models.effects import weights_of
from sverige_did.bayes.priors import Beta, HalfNormal, Normal
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.sampling.sample import Fit

    Floats = NDArray[np.float64]

Tensor = Any

ROUNDS, SMALL = 20, 1e-6
"""Enough rounds of means taken away in turn where some rows are missing, and the least share of variance left."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The N rows of a district panel with a level each; some may be missing.

    ``district`` and ``period`` (N,) are codes from 0, in the order of district and then period; ``treated`` (G,),
    ``dose`` (N,) as in ``district_effects.Cells``; ``level`` (N,) in the unit of the outcome.

    Raises RefusedError: ``cells_lengths``, ``means_not_finite``, ``cells_one_period``, ``cells_no_control``,
    ``cells_no_treated_after``, ``cells_twice``.
    """

    district: NDArray[np.int64]
    period: NDArray[np.int64]
    treated: NDArray[np.bool_]
    dose: Floats
    level: Floats

    def __post_init__(self) -> None:
        refuse_lengths(self, self.level)
        if not np.isfinite(self.level).all():
            raise refuse("means_not_finite", found=str(int((~np.isfinite(self.level)).sum())))
        refuse_design(self)
        if (np.lexsort((self.period, self.district)) != np.arange(len(self.district))).any():
            raise ValueError("levels stand in the order of district and period")

    @property
    def n_periods(self) -> int:
        """T, counting every period up to the last one observed."""
        return int(self.period.max()) + 1

    @property
    def steps(self) -> NDArray[np.int64]:
        """(N,) periods since the district's row before; 0 for its first one."""
        since = np.diff(self.period, prepend=self.period[:1])
        return np.where(np.diff(self.district, prepend=-1) > 0, 0, since)

    @property
    def told(self) -> Floats:
        """(G,) a district's rows by the variance of what its own level and the periods' leave; the sampler leans on it
        and no number does.
        """
        rest = self.level.copy()
        for _ in range(ROUNDS):
            for codes in (self.district, self.period):
                rest -= (np.bincount(codes, rest) / np.maximum(np.bincount(codes), 1))[codes]
        variance = float(np.square(rest).sum()) / max(len(rest) - len(self.treated) - self.n_periods, 1)
        scale = max(variance, SMALL * float(self.level.var()) or SMALL)
        return np.asarray(np.bincount(self.district, minlength=len(self.treated)) / scale)


def mean_priors(level: float, spread: float) -> PanelPriors:
    """Priors about a ``level`` in units of a ``spread``, both of the outcome before anybody was treated.

    The spread of all levels is what districts, periods and effects are believed to be of the order of: an effect as
    large as the whole spread is an sd away from none.
    """
    unit = "outcome"

    def half(times: float) -> HalfNormal:
        return HalfNormal(times * spread, unit, "priors.means")

    return PanelPriors(
        level=Normal(level, 2.5 * spread, unit, "priors.means"),
        baseline_difference=Normal(0.0, spread, unit, "priors.means"),
        district=half(1.0),
        period_sd=half(0.5),
        shock=half(1.0),
        persistence=Beta(2.0, 2.0, "correlation", "priors.means"),
        effect=Normal(0.0, spread, unit, "priors.means"),
        effect_sd=half(0.3),
    )


def build_means(levels: Levels, priors: PanelPriors) -> pm.Model:
    """Unfitted model of levels; ``eta`` (N,) of its draws is without the districts' own shocks."""
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(levels, priors)
        own = pm.Data("levels", levels.level) - predictor.eta
        first = levels.steps == 0
        before = pt.concatenate([pt.zeros(1), own[:-1]])
        lasting = pt.switch(pm.Data("first", first), 0.0, predictor.parameters["rho"] ** pm.Data("steps", levels.steps))
        spread = predictor.parameters["sigma_s"] * pt.sqrt(1 - lasting**2)
        apart = (own - lasting * before) / spread
        pm.Potential("y", -(apart**2 / 2 + pt.log(spread)).sum() - len(first) * np.log(2 * np.pi) / 2)
    return model


def log_likelihood(fit: Fit, levels: Levels) -> Floats:
    """(S, N) log density of every level given those before it in its district."""
    own = levels.level - fit.values("eta")
    steps = levels.steps
    lasting = np.where(steps == 0, 0.0, fit.values("rho")[:, None] ** steps)
    spread = fit.values("sigma_s")[:, None] * np.sqrt(1 - lasting**2)
    before = np.concatenate([np.zeros((len(own), 1)), own[:, :-1]], axis=1)
    return np.asarray(scipy.stats.norm.logpdf(own, lasting * before, spread))


def effect_on_means(fit: Fit, levels: Levels, district_weights: Floats | None = None) -> tuple[Floats, Floats]:
    """The effect on the treated (S,), and the level that they would have had without it (S,): observed less effect."""
    treated = np.flatnonzero(levels.dose > 0)
    place = np.searchsorted(np.flatnonzero(levels.treated), levels.district[treated])
    weights = weights_of(levels, district_weights)[treated]
    effect = (fit.values("tau_district")[:, place] * levels.dose[treated]) @ weights
    return np.asarray(effect), np.asarray(levels.level[treated] @ weights - effect)


def replicated(fit: Fit, levels: Levels, kept: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """(M, N) levels of new districts under the draws ``kept`` (M,): with districts' levels and shocks of their own."""
    one = {name: fit.values(name)[kept][:, None] for name in ("mu", "gamma", "sigma_alpha", "sigma_s", "rho")}
    n_districts, n = len(levels.treated), len(kept)
    z = rng.standard_normal((n, n_districts))
    district = one["gamma"] * levels.treated + one["sigma_alpha"] * (z - z.mean(axis=1, keepdims=True))
    paths = rng.standard_normal((n, n_districts, levels.n_periods))
    fresh = np.sqrt(1 - one["rho"] ** 2)
    for t in range(1, levels.n_periods):
        paths[:, :, t] = one["rho"] * paths[:, :, t - 1] + fresh * paths[:, :, t]
    place = np.maximum(np.cumsum(levels.treated) - 1, 0)[levels.district]
    effect = fit.values("tau_district")[kept][:, place] * levels.dose
    level = one["mu"] + district[:, levels.district] + fit.values("lambda")[kept][:, levels.period] + effect
    return np.asarray(level + one["sigma_s"] * paths[:, levels.district, levels.period])
