"""What every district model shares: who is compared with whom, when, and how districts drift on their own.

For cell (d, t), on the scale of the likelihood's link (method, section 5.1):

    eta_dt = mu + alpha_d + lambda_t + eps_dt + tau_d E_dt
    alpha_d = gamma D_d + sigma_alpha a_d,   a zero-sum over districts
    lambda_t a random walk that starts at zero
    eps_dt = rho eps_d,t-1 + sqrt(1 - rho^2) sigma_s z_dt   (a district's own shocks)
    tau_d = tau + sigma_tau z_d over the treated

Everything is non-centred; of two periods what is sampled is rotated (``two_windows``). Cells may be missing: a row that
is not there says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from sverige_did.bayes.compiled.linear_predictor import cell_predictor
from sverige_did.bayes.models.two_windows import PERIODS, Inputs, on_plane, standard, told_by_data, two_windows
from sverige_did.bayes.priors import NEUTRAL, SHOCK, Beta, Built, HalfNormal, Normal, Prior, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Tensor = Any
ENOUGH_TREATED_CELLS = 12
"""Below this many treated cells after go-live the effects' own sd is set to zero: nothing could inform it."""


class DistrictRows(Protocol):
    """Rows of a panel as they lie: whose, when, and under how much of the programme; as in :class:`Cells`."""

    @property
    def district(self) -> NDArray[np.int64]:
        """(N,) codes from 0."""
        ...

    @property
    def period(self) -> NDArray[np.int64]:
        """(N,) codes from 0."""
        ...

    @property
    def treated(self) -> NDArray[np.bool_]:
        """(G,) which districts are ever treated."""
        ...

    @property
    def dose(self) -> NDArray[np.float64]:
        """(N,) in [0, 1]."""
        ...


class Levelled(DistrictRows, Protocol):
    """Rows of a panel with levels and no counts (``means.Levels``)."""

    @property
    def n_periods(self) -> int:
        """T, counting every period up to the last one observed."""
        ...

    @property
    def told(self) -> NDArray[np.float64]:
        """(G,) about how much the rows of a district tell of its level, as one over a variance."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The N cells of a district panel, in any order, some possibly missing.

    ``district`` and ``period`` (N,) are codes from 0; ``treated`` (G,) marks the districts that are ever treated;
    ``dose`` (N,) in [0, 1] is E_dt, the share of the period under the programme: 0 before and for the controls.
    ``low`` and ``high`` (N,) are what the count can be, equal where it is known (a count of 1 to 4 that disclosure
    control hid has low 1 and high 4). ``size`` (N,) is the trials or the exposure.

    Raises RefusedError: ``cells_lengths``, ``cells_counts``, ``cells_no_exposure``, ``cells_all_zero``,
    ``cells_one_period``, ``cells_no_control``, ``cells_no_treated_after``, ``cells_twice``.
    """

    district: NDArray[np.int64]
    period: NDArray[np.int64]
    treated: NDArray[np.bool_]
    dose: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    size: NDArray[np.float64]
    again: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        refuse_lengths(self, self.low, self.high, self.size, self.times_counted)
        _refuse_counts(self)
        refuse_design(self)

    @property
    def n_periods(self) -> int:
        """T, counting every period up to the last one observed."""
        return int(self.period.max()) + 1

    @property
    def times_counted(self) -> NDArray[np.float64]:
        """``again`` (N,), ones where it is not given. Counts and sizes over it are those of independent children."""
        return np.ones(len(self.low)) if self.again is None else self.again

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Which cells are known only to lie in an interval, (N,)."""
        return np.asarray(self.low < self.high)


def refuse_lengths(rows: DistrictRows, *others: NDArray[Any]) -> None:
    """Raises RefusedError (``cells_lengths``) unless all columns have the same length and codes start from 0."""
    lengths = {len(column) for column in (rows.district, rows.period, rows.dose, *others)}
    codes = (
        rows.district.min(initial=0),
        rows.period.min(initial=0),
        len(rows.treated) - 1 - rows.district.max(initial=0),
    )
    if len(lengths) != 1 or lengths == {0} or min(codes) < 0:
        raise refuse("cells_lengths")


def _refuse_counts(cells: Cells) -> None:
    ends = np.concatenate([cells.low, cells.high])
    if (
        not np.isfinite(ends).all()
        or (ends < 0).any()
        or (ends != np.round(ends)).any()
        or (cells.low > cells.high).any()
    ):
        raise refuse("cells_counts")
    exposure = np.bincount(cells.district, weights=cells.size, minlength=len(cells.treated))
    if not np.isfinite(cells.size).all() or (cells.size <= 0).any() or (exposure <= 0).any():
        raise refuse("cells_no_exposure")
    if cells.high.sum() == 0:
        raise refuse("cells_all_zero")


def refuse_design(rows: DistrictRows, *within: NDArray[np.int64]) -> None:
    """Raises RefusedError where nothing can be compared; ``within`` tells rows of one district and period apart.

    Keys: ``cells_one_period``, ``cells_no_control``, ``cells_no_treated_after``, ``cells_twice``.
    """
    treated = rows.treated[rows.district]
    if len(np.unique(rows.period)) < 2:
        raise refuse("cells_one_period")
    if treated.all():
        raise refuse("cells_no_control")
    if (
        not (rows.dose[treated] > 0).any()
        or (rows.dose[~treated] != 0).any()
        or not ((rows.dose >= 0) & (rows.dose <= 1)).all()
    ):
        raise refuse("cells_no_treated_after")
    if len(np.unique(np.stack([rows.district, rows.period, *within]), axis=1).T) != len(rows.district):
        raise refuse("cells_twice")


BASELINE_DIFFERENCE = Normal(0.0, 0.5, "log_odds", "priors.panel_gap")
DISTRICT = HalfNormal(0.5, "log_odds_sd", "priors.panel_district")
PERIOD_WALK = HalfNormal(0.2, "log_odds_sd", "priors.panel_drift")
PERSISTENCE = Beta(4.0, 2.0, "correlation", "priors.panel_persistence")
EFFECT_SD = HalfNormal(0.25, "log_odds_sd", "priors.panel_variation")
SDS = ("sigma_alpha", "sigma_lambda", "sigma_s", "sigma_tau")
"""The sds of districts, drift, shocks and effects, in the order in which ``cell_predictor`` takes them."""


@dataclass(frozen=True, slots=True)
class PanelPriors:
    """Priors of the shared structure, on the scale of the link.

    level: mu, a control district in the first period; gap: gamma; district: sigma_alpha; drift: sd of one step of
    lambda; shock: sigma_s; persistence: rho; effect: tau; variation: sigma_tau.
    """

    level: Normal
    baseline_difference: Normal = BASELINE_DIFFERENCE
    district: HalfNormal = DISTRICT
    period_sd: HalfNormal = PERIOD_WALK
    shock: HalfNormal = SHOCK
    persistence: Beta = PERSISTENCE
    effect: Normal = NEUTRAL
    effect_sd: HalfNormal = EFFECT_SD

    def named(self) -> dict[str, Normal | HalfNormal | Beta]:
        """By the names that the parameters have in the draws."""
        sds = dict(zip(SDS, (self.district, self.period_sd, self.shock, self.effect_sd), strict=True))
        return {"mu": self.level, "gamma": self.baseline_difference, "tau": self.effect, **sds, "rho": self.persistence}


@dataclass(frozen=True, slots=True)
class Predictor:
    """The predictor ``eta`` (N,) of a model in context, and its scalar parameters by name."""

    eta: Tensor
    parameters: Built


def build_structure(
    cells: Cells | Levelled, priors: PanelPriors, extra: Mapping[str, Prior] = MappingProxyType({})
) -> Predictor:
    """Add the shared structure to the model in context, with the likelihood's own parameters ``extra``.

    Of rows that are no counts ``eta`` is without the districts' own shocks, which are what their levels swing by.
    Draws hold ``eta`` (N,), the scalar parameters by name, ``lambda`` (T,) and ``tau_district`` (K,), the effect in
    each of the K treated districts.
    """
    two = cells if isinstance(cells, Cells) and cells.n_periods == PERIODS else None
    by_logarithm = "sigma_lambda" if two and told_by_data(two, priors) else None
    built = build_priors({**priors.named(), **extra}, by_logarithm)
    treated = np.flatnonzero(cells.treated)
    effect_of = np.searchsorted(treated, cells.district) % len(treated)  # of no account where the dose is zero
    index = pm.Data("index", np.stack([cells.district, cells.period, effect_of]).astype("int64"))
    dose, flag = pm.Data("dose", cells.dose.astype(float)), pm.Data("treated", cells.treated.astype(float))
    pm.modelcontext(None).add_coords(
        {"cell": np.arange(len(cells.district)), "period": np.arange(cells.n_periods), "treated_district": treated}
    )
    # Districts' effects differ only where enough treated cells can say by how much.
    differ = int((cells.dose > 0).sum()) >= ENOUGH_TREATED_CELLS
    given = two_windows(two, built, priors, differ) if two else _path(cells, built, differ)
    pm.Deterministic("lambda", built.signed("sigma_lambda") * random_walk(given.steps), dims="period")
    own = built["tau"] + built.signed("sigma_tau") * given.effects
    pm.Deterministic("tau_district", own, dims="treated_district")
    eta = cell_predictor(*given, index, dose, flag)
    return Predictor(pm.Deterministic("eta", eta, dims="cell"), built)


def _path(cells: Cells | Levelled, built: Built, differ: bool) -> Inputs:
    """Levels, steps, shocks of counts and effects as independent standard normals."""
    n, n_treated = len(cells.treated), int(cells.treated.sum())
    shape = (n, cells.n_periods)
    # Of G numbers that sum to zero, G - 1 are free: as independent normals on their plane they are a zero-sum normal.
    if isinstance(cells, Cells):
        plane = pm.Normal("district_z", shape=n - 1)
    else:
        # Levels tell a district's own far better than its prior does: sampled about what they say of it.
        flag, told = cells.treated.astype(float), pm.Data("told", cells.told[: n - 1])
        gap = pt.dot(pm.Data("treated_plane", on_plane(flag - flag.mean())[:, None]), built.side_by_side("gamma"))
        plane = standard("district_z", built.signed("sigma_alpha"), told, n - 1, gap)
    steps = pm.Normal("period_z", shape=cells.n_periods - 1)
    shocks = pm.Normal("shock_z", shape=shape) if isinstance(cells, Cells) else pt.zeros(shape)
    effects = pm.Normal("effect_z", shape=n_treated) if differ else pt.zeros(n_treated)
    means, sds = built.side_by_side("mu", "gamma", "tau"), built.side_by_side(*SDS)
    return Inputs(means, sds, built["rho"], plane, steps, shocks, effects)


def random_walk(steps: Tensor) -> Tensor:
    """A walk (T,) from T - 1 standard steps, zero in the first period."""
    return pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
