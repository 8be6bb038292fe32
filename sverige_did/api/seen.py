"""One outcome of a study as the checks take it, which are those of a study with a plan."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.api.compared import refuse_without_verdict, sample_of
from sverige_did.api.setting import Setting
from sverige_did.did.collapse import collapse, collapse_detrended
from sverige_did.did.missing_periods import filled
from sverige_did.errors import refuse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.districts import Districts
from sverige_did.inference.level_choice import Choice
from sverige_did.inference.staggered import Whole
from sverige_did.report.district_inference import said
from sverige_did.studies.panel.dated_array_checks import DatedSeen
from sverige_did.studies.panel.seen import Seen
from sverige_did.studies.panel.staggered_did import too_few
from sverige_did.words import default_language


def seen_by_date(setting: Setting) -> DatedSeen:
    """The same of units that start at different dates, as the checks of dates take it.

    Raises RefusedError: ``frame_no_verdict``, ``frame_covariates_here``.
    """
    setting = setting.plainly("sensitivity")
    panel = setting.panel
    why_not = too_few(panel)
    if why_not:
        raise refuse("frame_no_verdict", found=said(why_not[0], default_language()))
    exposed = (panel.periods >= panel.treated_from[:, None]).astype(np.float64)
    return DatedSeen(
        name=setting.context.outcome,
        scale="level",
        alpha=setting.alpha,
        rng=setting.rng,
        panel=lambda: panel,
        intention=lambda: panel,
        whole=lambda: (panel, Whole(panel.wide(), exposed)),
    )


class Doubted(NamedTuple):
    """A study as the checks ask for it: in the unit of the outcome."""

    setting: Setting
    scale: str = "level"

    @property
    def name(self) -> str:
        """The outcome."""
        return self.setting.context.outcome

    @property
    def chosen(self) -> Choice:
        """How the treated units were chosen."""
        return self.setting.chosen

    def rng(self) -> np.random.Generator:
        """The study's own randomness."""
        return self.setting.rng()

    def shared_rng(self) -> np.random.Generator:
        """The same: a study of one outcome shares its choices of units with no other."""
        return self.setting.rng()


def seen_of(setting: Setting) -> Seen[Doubted]:
    """The outcome; refused (``frame_no_verdict``) where there is no finding to doubt."""
    panel, window = setting.panel, setting.one_start()
    whole = filled(panel, window)
    sample = sample_of(setting, collapse(panel, window, setting.weighting))
    refuse_without_verdict(setting, sample)
    pre, post = whole.window.sides(panel)

    def detrended() -> Districts:
        return sample_of(setting, collapse_detrended(panel, window, setting.weighting))

    return Seen(
        Doubted(setting), whole.panel.wide(), panel.periods, pre, post, sample,
        calibrated_test(sample, setting.alpha), detrended, calendar=setting.context.calendar,
    )  # fmt: skip
