"""Two-way fixed effects: Y_dt = alpha_d + lambda_t + tau D_dt + e_dt, by (weighted) least squares.

With one go-live and complete data tau equals the collapsed estimate (``collapse.py``). With staggered go-lives
tau mixes in forbidden comparisons (Goodman-Bacon 2021), so it is refused: use ``staggered.py`` or ``imputation.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS

from sverige_did.did.arrays import DistrictPanel, FloatArray, IntArray, Weighting
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, eq=False)
class LinearDesign:
    """What cluster-robust inference needs: the regression as arrays.

    ``y`` (N,), ``X`` (N, p) of full column rank with the regressors of interest first, ``names`` of those,
    ``weights`` (N,), ``cluster`` (N,) district codes.
    """

    y: FloatArray
    X: FloatArray
    names: tuple[str, ...]
    weights: FloatArray
    cluster: IntArray


def two_way_design(
    panel: DistrictPanel, regressors: FloatArray, names: Sequence[str], weighting: Weighting = "equal"
) -> LinearDesign:
    """Regressors (N, k) beside district and period dummies (the first district and period are the base).

    Raises RefusedError: ``did_not_identified`` when the regressors are collinear with the fixed effects.
    """
    dummies = np.column_stack(
        [panel.unit[:, None] == np.unique(panel.unit), panel.time[:, None] == np.unique(panel.time)[1:]]
    ).astype(np.float64)
    X = np.column_stack([regressors, dummies])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        raise refuse("did_not_identified", found=", ".join(names))
    return LinearDesign(panel.level, X, tuple(names), panel.unit_weights(weighting)[panel.unit], panel.unit)


def twfe_design(panel: DistrictPanel, weighting: Weighting = "equal") -> LinearDesign:
    """The TWFE regression with the treatment indicator in the first column. Raises as :func:`twfe`."""
    panel.go_live()
    return two_way_design(panel, panel.treated[:, None].astype(np.float64), ("att",), weighting)


def twfe(panel: DistrictPanel, *, scale: str, weighting: Weighting = "equal") -> Estimate:
    """The two-way fixed effects point estimate of tau, in the unit of the outcome.

    Raises RefusedError: ``did_staggered``, ``did_not_identified``.
    """
    twfe_design(panel, weighting)
    index = pd.MultiIndex.from_arrays([panel.unit, panel.time], names=["unit", "time"])
    frame = pd.DataFrame(
        {"y": panel.level, "D": panel.treated.astype(np.float64), "w": panel.unit_weights(weighting)[panel.unit]},
        index=index,
    )
    fit = PanelOLS(
        frame["y"], frame[["D"]], weights=frame["w"], entity_effects=True, time_effects=True, singletons=True
    ).fit()
    return Estimate(
        estimate=float(fit.params["D"]),
        scale=scale,
        estimand="att",
        estimator="twfe",
        inference="none",
        n_units=int(np.unique(panel.unit).size),
        n_treated=int(panel.ever_treated.sum()),
        weights=weighting,
        assumptions=("parallel_trends",),
    )
