"""One outcome with its districts as the checks take it: levels by period, the change between the windows, its test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypedDict, cast

import numpy as np

from sverige_did.checks.curves import EffectScale
from sverige_did.did.collapse import collapse, collapse_detrended
from sverige_did.did.missing_periods import filled
from sverige_did.errors import refuse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Bools, Districts, Floats, districts
from sverige_did.inference.event_effects import Estimated, of_districts_by_period, periods_of_a_step
from sverige_did.inference.level_choice import Choice
from sverige_did.inference.verdict import refusals
from sverige_did.studies.panel.district_did import sample_of
from sverige_did.studies.panel.outcome_data import OutcomeData


class Named(TypedDict):
    """What every check is told beside its numbers."""

    outcome: str
    scale: str


class Asked(Protocol):
    """What the checks ask of an outcome beside its arrays: its name and scale, how the treated were chosen, randomness.

    ``shared_rng`` is that of tests which go through the same choices of districts.
    """

    @property
    def name(self) -> str:
        """The outcome."""
        ...

    @property
    def scale(self) -> str:
        """The scale of the outcome itself, on which no effect is 0."""
        ...

    @property
    def chosen(self) -> Choice:
        """How the treated districts were chosen."""
        ...

    def rng(self) -> np.random.Generator:
        """Randomness of the outcome's own."""
        ...

    def shared_rng(self) -> np.random.Generator:
        """Randomness that tests of one choice of districts share."""
        ...


class Seen[Of: Asked](NamedTuple):
    """One outcome with its districts on its own scale: levels (G, T) at ``periods`` (T,), and the change between.

    Missing periods of the windows are filled, as they are for the estimates (missing_periods.py).

    ``pre`` and ``post`` (T,) mark the windows; ``sample`` holds the changes, ``test`` their calibrated test, and
    ``detrended`` makes the sample of changes beside the districts' own lines. ``calendar``: the periods are in years.
    """

    data: Of
    levels: Floats
    periods: Floats
    pre: Bools
    post: Bools
    sample: Districts
    test: TTest
    detrended: Callable[[], Districts]
    drawn: bool = True
    calendar: bool = True

    @property
    def alpha(self) -> float:
        """The level of every test."""
        return self.test.alpha

    @property
    def axis(self) -> EffectScale:
        """The scale of the outcome as the axis of a figure."""
        return cast("EffectScale", self.data.scale)

    def contrast(self, change: Floats, alpha: float | None = None, keep: Bools | None = None) -> TTest:
        """Treated less control of other changes (G,), calibrated; of the districts in ``keep``, or all with one."""
        kept = np.isfinite(change) if keep is None else keep
        return calibrated_test(self.of(change, kept), alpha or self.alpha)

    @property
    def step(self) -> float:
        """The years from one period to the next."""
        return float(np.diff(self.periods).min()) if self.periods.size > 1 else 1.0

    @property
    def by_years(self) -> int:
        """How many periods make a step of a drift."""
        return periods_of_a_step(self.step, int(self.pre.sum())) if self.calendar else 1

    def by_period(self, block: int = 1) -> Estimated:
        """The effects by period, or by so many periods together, with their covariance."""
        return of_districts_by_period(
            self.levels, self.periods, self.pre, self.post, self.sample, block=block, alpha=self.alpha
        )

    def of(self, change: Floats, kept: Bools) -> Districts:
        """Other changes of some of the districts, as the methods take them."""
        mine = self.sample
        return districts(
            change[kept],
            mine.treated[kept],
            weights=mine.weights[kept],
            strata=mine.strata[kept],
            covariates=mine.covariates[kept] if mine.covariates.shape[1] else None,
            lottery=mine.taken(kept).lottery,
        )


def seen_of(data: OutcomeData, *, drawn: bool = True) -> Seen[OutcomeData]:
    """The outcome, and whether its figures are drawn. Raises RefusedError where its districts carry no verdict."""
    panel, window = data.arrays(data.partial), data.window()
    whole = filled(panel, window)
    sample = sample_of(data, collapse(panel, window, data.weighting))
    alpha = 1 - data.study.level
    if refusals(sample.treated, sample.strata, alpha):
        raise refuse("too_few_treated", found=str(int(sample.treated.sum())))
    pre, post = whole.window.sides(panel)
    test = calibrated_test(sample, alpha)

    def detrended() -> Districts:
        return sample_of(data, collapse_detrended(panel, window, data.weighting))

    return Seen(data, whole.panel.wide(), panel.periods, pre, post, sample, test, detrended, drawn)


def named(seen: Seen[Any]) -> Named:
    """The outcome and its scale, as every check takes them."""
    return {"outcome": seen.data.name, "scale": seen.data.scale}
