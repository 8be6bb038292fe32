"""One outcome of a study as the checks take it: levels by period, the changes between the windows, and their test."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

import numpy as np

from sverige_did.api.compared import refuse_without_verdict, sample_of
from sverige_did.api.setting import Floats, Setting
from sverige_did.did.collapse import collapse
from sverige_did.did.missing_periods import filled
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Bools, Districts, districts
from sverige_did.inference.event_effects import Estimated, of_districts_by_period, periods_of_a_step


class Named(TypedDict):
    """What every check is told beside its numbers."""

    outcome: str
    scale: str


class Seen(NamedTuple):
    """The levels (G, T) of the compared units at ``periods`` (T,), and their changes with the calibrated test."""

    setting: Setting
    levels: Floats
    periods: Floats
    pre: Bools
    post: Bools
    sample: Districts
    test: TTest

    @property
    def named(self) -> Named:
        """The outcome and its scale, as every check takes them."""
        return {"outcome": self.setting.context.outcome, "scale": "level"}

    @property
    def step(self) -> float:
        """The time from one period to the next."""
        return float(np.diff(self.periods).min()) if self.periods.size > 1 else 1.0

    @property
    def by_years(self) -> int:
        """How many periods make a step of a drift: those of a year where time is told in years."""
        return periods_of_a_step(self.step, int(self.pre.sum())) if self.setting.context.calendar else 1

    def by_period(self, block: int = 1) -> Estimated:
        """The effects by period, or by so many periods together, with their covariance."""
        return of_districts_by_period(
            self.levels, self.periods, self.pre, self.post, self.sample, block=block, alpha=self.setting.alpha
        )

    def of(self, change: Floats, kept: Bools) -> Districts:
        """Other changes of some of the units, as the methods take them."""
        mine = self.sample
        return districts(
            change[kept], mine.treated[kept], weights=mine.weights[kept], strata=mine.strata[kept],
            covariates=mine.covariates[kept] if mine.covariates.shape[1] else None,
        )  # fmt: skip

    def contrast(self, change: Floats, keep: Bools | None = None) -> TTest:
        """Treated less control of other changes (G,), calibrated; of the units in ``keep``, or all with one."""
        kept = np.isfinite(change) if keep is None else keep
        return calibrated_test(self.of(change, kept), self.setting.alpha)


def seen_of(setting: Setting) -> Seen:
    """The outcome; refused (``frame_no_verdict``) where there is no finding to doubt."""
    panel, window = setting.panel, setting.one_start()
    whole = filled(panel, window)
    sample = sample_of(setting, collapse(panel, window, setting.weighting))
    refuse_without_verdict(setting, sample)
    pre, post = whole.window.sides(panel)
    test = calibrated_test(sample, setting.alpha)
    return Seen(setting, whole.panel.wide(), panel.periods, pre, post, sample, test)
