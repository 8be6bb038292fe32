"""What every method of a study takes: the arrays, the windows and what was said of them once."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sverige_did.api.shown import Context
from sverige_did.api.times import Times
from sverige_did.did.arrays import DistrictPanel, Weighting
from sverige_did.did.window import Window
from sverige_did.errors import refuse
from sverige_did.inference.level_choice import Choice
from sverige_did.results.estimates import Remark
from sverige_did.words import unit_of

type Floats = NDArray[np.float64]
type Codes = NDArray[np.intp]

MOST_NAMED = 6
"""Units that a message names."""

OwnScale = Literal["own", "ratio", "log_odds"]
"""On which the changes of units are taken, and trends are parallel: the unit of the outcome, logarithms, log-odds."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One outcome of a study as arrays.

    ``window`` is None where units start at different dates. ``cluster`` (U,) are codes into ``clusters``, the names of
    what was assigned together; ``covariates`` (U, p) are fixed before any start.
    """

    panel: DistrictPanel
    times: Times
    window: Window | None
    context: Context
    weighting: Weighting
    cluster: Codes | None
    covariates: Floats
    scale: OwnScale
    per: float
    chosen: Choice
    seed: int
    remarks: tuple[Remark, ...] = ()
    clusters: tuple[str, ...] = ()

    @property
    def alpha(self) -> float:
        """One minus the level of the intervals."""
        return 1 - self.context.level

    @property
    def counted(self) -> dict[str, int]:
        """How many units have an outcome, and how many of them are treated, as a row has it."""
        return self.counted_of(self.panel.unit)

    @property
    def counted_after(self) -> dict[str, int]:
        """The same with the treated units that are seen under treatment, whom averages over treated cells are of."""
        panel = self.panel
        never = ~panel.ever_treated[panel.unit]
        return self.counted_of(panel.unit[panel.treated | never])

    def counted_of(self, units: Codes) -> dict[str, int]:
        """The same of some units, by their codes; one may stand there several times."""
        used = np.unique(units)
        return {"n_units": int(used.size), "n_treated": int(self.panel.ever_treated[used].sum())}

    def rng(self) -> np.random.Generator:
        """Randomness of its own: a result does not depend on which others were asked for."""
        return np.random.default_rng([self.seed, zlib.crc32(self.context.outcome.encode())])

    def one_start(self) -> Window:
        """The windows before and after; refused (``did_staggered``) where units start at different dates."""
        if self.window is None:
            self.panel.go_live()
            raise refuse("did_staggered")
        return self.window

    def on_own_scale(self, method: str) -> None:
        """Refuse where trends are parallel on another scale than that of the outcome, which ``method`` is on."""
        if self.scale != "own":
            raise refuse("frame_scale_here", found=self.scale, method=method)

    def refuse_holes(self) -> None:
        """Refuse (``frame_dates_incomplete``) where units lack periods, by name: they cannot exchange dates."""
        seen, label = np.isfinite(self.panel.wide()), self.times.label
        lacking = np.flatnonzero(~seen.all(axis=1))
        if not lacking.size:
            return
        named = [
            f"{self.panel.labels[u]} ({', '.join(label(at) for at in self.panel.periods[~seen[u]])})"
            for u in lacking[:MOST_NAMED]
        ]
        more = [] if lacking.size <= MOST_NAMED else ["…"]
        raise refuse("frame_dates_incomplete", count=str(lacking.size), which=", ".join([*named, *more]))

    def plainly(self, method: str) -> Setting:
        """The study for a ``method`` that knows neither clusters nor covariates: its clusters as units, each the
        weighted mean of its own.

        Raises RefusedError: ``frame_covariates_here``; ``frame_cluster_here`` where units lack periods, so that the
        mean of a cluster would move by who is there.
        """
        if self.covariates.shape[1]:
            raise refuse("frame_covariates_here", method=method)
        return self.by_cluster(method)

    def by_cluster(self, method: str) -> Setting:
        """The study with its clusters as units, each the weighted mean of its own; refused as in :meth:`plainly`."""
        cluster = self.cluster
        if cluster is None:
            return self
        panel, n = self.panel, len(self.clusters)
        first = np.unique(cluster, return_index=True)[1]
        if panel.strata is not None and (panel.strata != panel.strata[first][cluster]).any():
            unlike = np.unique(cluster[panel.strata != panel.strata[first][cluster]]).size
            raise refuse("inference_varies_in_cluster", found=str(unlike), column=str(self.context.strata))
        own, table = panel.unit_weights(self.weighting), panel.wide()
        total, there = np.bincount(cluster, own), np.isfinite(table)

        def means(columns: Floats) -> Floats:
            each = [np.bincount(cluster, own * column) / total for column in columns.T]
            return np.column_stack([np.empty((n, 0)), *each])

        seen = np.column_stack([np.bincount(cluster, column) for column in there.T.astype(float)])
        lacking = ~there & (seen > 0)[cluster]
        if lacking.any():
            raise refuse("frame_cluster_here", found=str(int(lacking.any(axis=1).sum())), method=method)
        unit, time = np.nonzero(seen)
        mean, fixed = means(np.where(there, table, 0.0)), means(self.covariates)
        made = DistrictPanel(
            unit=unit,
            time=time,
            y=mean[unit, time],
            periods=panel.periods,
            labels=self.clusters,
            treated_from=panel.treated_from[first],
            weights=total,
            strata=None if panel.strata is None else panel.strata[first],
        )
        named = str(self.context.cluster)
        context = self.context.model_copy(
            update={
                "unit": named, "told": unit_of(named), "n_units": n, "n_treated": int(made.ever_treated.sum()),
                "cluster": None,
            }
        )  # fmt: skip
        return replace(
            self, panel=made, context=context, cluster=None, clusters=(), covariates=fixed, per=1.0,
            weighting="equal" if np.ptp(total) == 0 else "baseline",
        )  # fmt: skip
