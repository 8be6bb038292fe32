"""Districts with one sum before and one after: the same model, sampled in the directions that two sums can tell.

Of two periods a district's level and its two shocks enter through two predictors alone, and so do a treated district's
effect and its shocks. Sampled one by one, their sds lie on a thin and bent ridge, on which the sampler hardly moves
once there are a hundred districts. Here a district has the mean of its two predictors and half their change instead:

    mean          var sigma_alpha^2 + sigma_s^2 (1 + rho) / 2     sum over districts: the shocks' part alone
    half change   var sigma_s^2 (1 - rho) / 2, and sigma_tau^2 h^2 more where the dose changes by 2 h

Levels and shocks are independent standard normals times sds, and so is every rotation of them, by whatever the sds say:
the prior and the posterior are those of ``district_effects``, exactly. How a mean splits into level and shocks no cell
depends on, and it is left out; how a change splits into effect and shocks is a variable of its own, for the draws hold
each district's effect.

What changed for all is a single step: where many districts tell it, its sd is sampled by its logarithm
(:func:`told_by_data`), and a hundred and twenty districts of four thousand children sample at the defaults, by a test.

Where it ended without that: three hundred districts of ninety children sampled at the defaults, of nine hundred not
(docs/calibration.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.models.district_effects import Cells, PanelPriors
    from sverige_did.bayes.priors import Built

Tensor = Any
PERIODS = 2


MUCH = 200.0
"""How many times better than by its prior the data have to tell what changed for all before :func:`told_by_data`."""


class Inputs(NamedTuple):
    """What ``cell_predictor`` takes before the data, in its order."""

    means: Tensor
    sds: Tensor
    rho: Tensor
    plane: Tensor
    steps: Tensor
    shocks: Tensor
    effects: Tensor


def two_windows(cells: Cells, built: Built, priors: PanelPriors, differ: bool) -> Inputs:
    """The variables of a panel of two periods, added to the model in context; ``differ``: whether effects do."""
    n, treated = len(cells.treated), np.flatnonzero(cells.treated)
    district_sd, period_sd, shock_sd, effect_sd = (
        built.signed(f"sigma_{name}") for name in ("alpha", "lambda", "s", "tau")
    )
    shared, own = (shock_sd * pt.sqrt((1 + sign * built["rho"]) / 2) for sign in (1, -1))
    level_sd = pt.sqrt(district_sd**2 + shared**2)
    told, flag = expected_counts(cells), cells.treated.astype(float)
    by_district = pm.Data("told", told)
    by_all = pm.Data("told_of_change", told_of_change(told[~cells.treated], priors.shock.sd))

    gap = pt.dot(pm.Data("treated_plane", on_plane(flag - flag.mean())[:, None]), built.side_by_side("gamma"))
    plane = standard("district_z", level_sd, by_district[: n - 1], n - 1, gap)
    # Districts' levels sum to zero and their shocks do not: along the sum there are only these.
    level = built["mu"] + shared / np.sqrt(n) * pm.Normal("common_z")
    steps = standard("period_z", period_sd, by_all, 1)
    half_dose = np.bincount(cells.district, cells.dose * (cells.period - 0.5), minlength=n)
    by_effect = effect_sd * pm.Data("half_dose", half_dose) if differ else pt.zeros(n)
    change_sd = pt.sqrt(own**2 + by_effect**2)
    change, over = standard("change_z", change_sd, by_district, n), pt.zeros(n)
    if differ:
        over = pt.set_subtensor(over[treated], pm.Normal("effect_z", shape=len(treated)))
    cosine, sine = own / change_sd, by_effect / change_sd
    half, effects = cosine * change - sine * over, (sine * change + cosine * over)[treated]
    return Inputs(
        means=pt.stack([level, built["gamma"], built["tau"]]),
        sds=pt.stack([level_sd, period_sd, own, effect_sd]),
        rho=pt.constant(0.0),
        plane=plane,
        steps=steps,
        shocks=pt.stack([-half, half], axis=1),
        effects=effects,
    )


def standard(name: str, sd: Tensor, told: Tensor, n: int, about: Tensor = 0.0) -> Tensor:
    """``n`` independent standard normals; the data have information ``told`` on ``about`` + sd times normal.

    Sampled about zero and in their own unit where that is next to nothing, and where it is much as that sum in its
    unit: exact in between too, as neither the unit nor the centre depends on the normals.
    """
    unit = pt.sqrt(1 + told * sd**2)
    centre = told * sd * about / unit
    return (pm.Normal(name, centre, unit, shape=n) - centre) / unit


def on_plane(total: NDArray[np.float64]) -> NDArray[np.float64]:
    """The coordinates (G - 1,) from which ``cell_predictor`` makes numbers (G,) that sum to zero."""
    return np.asarray(total[:-1] - total[-1] / (1 + np.sqrt(len(total))))


def expected_counts(cells: Cells) -> NDArray[np.float64]:
    """(G,) how much is counted in each district if all have the same rate: about the information on a logarithm."""
    rate = (cells.low + cells.high).sum() / 2 / cells.size.sum()
    return np.bincount(cells.district, weights=rate * cells.size / cells.times_counted, minlength=len(cells.treated))


def told_by_data(cells: Cells, priors: PanelPriors) -> bool:
    """Whether what changed for all is known as if it were data: then its sd is known between that and its own prior,
    evenly on the scale of logarithms, and is sampled there. On its own scale nearly all of that lies in a corner.
    """
    told = told_of_change(expected_counts(cells)[~cells.treated], priors.shock.sd)
    return told * priors.period_sd.sd**2 >= MUCH


def told_of_change(told: NDArray[np.float64], shock_sd: float) -> float:
    """The information of districts on what changed for all, their shocks as large as they are believed to be."""
    return float((told / (4 + 2 * shock_sd**2 * told)).sum())
