"""A study of one outcome: every method is a call, and every answer is a result that can be shown and kept."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sverige_did.api import asked, over_time, own_size
from sverige_did.api.doubts import Checks, checks_of, multiverse_of
from sverige_did.api.events import EventStudy, GroupTimes
from sverige_did.api.own_size import Size
from sverige_did.api.results import Effect, Methods, Verdict
from sverige_did.api.setting import Setting
from sverige_did.api.shown import Context
from sverige_did.api.told import of_its_units
from sverige_did.api.triple import apart
from sverige_did.api.unbalanced import with_the_incomplete
from sverige_did.api.verdict import methods_of, twfe_of, verdict_of
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.covariates import Adjustment
from sverige_did.did.imputation import Average
from sverige_did.did.staggered import Base, Control
from sverige_did.errors import InputError, Problem, RefusedError

if TYPE_CHECKING:
    from sverige_did.api.posterior import Better, Likelihood, Posterior


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Study:
    """One outcome with what it is compared by; made by :func:`sverige_did.did`. Every result can be shown and saved.

    ``setting`` holds the arrays that the methods take, ``untouched`` those of the rows that were not ``affected``.
    """

    setting: Setting
    untouched: Setting | None = None

    @property
    def context(self) -> Context:
        """What is compared, in numbers and names."""
        return self.setting.context

    @property
    def panel(self) -> DistrictPanel:
        """The arrays of the estimators, for those in :mod:`sverige_did.did` that are not here."""
        return self.setting.panel

    @property
    def left_out(self) -> tuple[str, ...]:
        """By unit and period the rows without an outcome, and those of a period in which their unit starts."""
        label = self.setting.times.label
        return tuple(
            one.unit if one.period is None else f"{one.unit} {label(one.period)}" for one in self.panel.dropped
        )

    @of_its_units
    def verdict(self) -> Verdict:
        """What the data can carry, and why.

        With one start two tests must reject no effect: the studentised permutation test and the calibrated one; with
        several, the permutation of the dates and Student's t by date. Unless the treated were drawn by lot, the finding
        must also stand beside the level before. A design that cannot carry a verdict says so.

        >>> import sverige_did as sd
        >>> frame = sd.datasets.simulate(units=20, treated=2, effect=-3.0, seed=1)
        >>> sd.did(frame, unit="district", time="period", y="y", treated_from="start").verdict()
        Verdict('refused', estimate=-2.80641, outcome='y')
        """
        return verdict_of(self.setting)

    @of_its_units
    def methods(self) -> Methods:
        """Every method side by side: the rule first, then the others, two-way fixed effects with CR1 last."""
        return methods_of(self.setting)

    @of_its_units
    def twfe(self) -> Effect:
        """Two-way fixed effects with CR1, clustered by unit or the study's clusters: what most software prints.

        Raises RefusedError ``did_staggered`` where units start at different dates, for it then compares treated units
        with each other; ``frame_covariates_here``, ``frame_scale_here`` with another scale than ``own``.
        """
        return twfe_of(self.setting)

    @of_its_units
    def event_study(self) -> EventStudy:
        """The effect by time since the start, with limits for all times at once and for each alone.

        They are calibrated for few treated units that may vary unlike the others. Units that start at different dates
        are compared with those that never start.

        Raises RefusedError ``did_one_pre_period`` with one period before, ``bands_single`` where no two treated units
        start together.
        """
        self.setting.on_own_scale("event_study")
        return over_time.event_study(self.setting)

    @of_its_units
    def att_gt(
        self,
        *,
        control: Control = "never",
        base: Base = "varying",
        anticipation: float = 0.0,
        adjustment: Adjustment = "dr",
    ) -> GroupTimes:
        """Effects by starting date and period (Callaway and Sant'Anna 2021), and their averages by ``aggregate``.

        ``control``: units that are never treated, or ``not_yet``. ``base``: periods before against the one just before
        (``varying``) or against the last before the start (``universal``). ``anticipation``: how long before the start
        units may change already, in the unit of ``time`` (years for anything but plain numbers). ``adjustment``: how
        the study's covariates enter, by outcome regression (``reg``), odds of treatment (``ipw``) or both (``dr``).

        >>> import sverige_did as sd
        >>> frame = sd.datasets.simulate(units=30, treated=8, starts=(5, 7), effect=2.0, noise=0.0, seed=1)
        >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start")
        >>> round(study.att_gt().aggregate("event").estimate, 6)
        2.0
        """
        self.setting.on_own_scale("att_gt")
        return over_time.att_gt(self.setting, control, base, anticipation, adjustment)

    @of_its_units
    def imputation(self, average: Average = "overall") -> Effect:
        """The effect against what would have been, imputed from untreated units and periods (Borusyak et al. 2024).

        ``event_time`` adds a row for each time since the start.
        """
        self.setting.on_own_scale("imputation")
        return over_time.imputed(self.setting, average)

    @of_its_units
    def synthetic(self) -> Effect:
        """Synthetic difference-in-differences (Arkhangelsky et al. 2021), its weights, and p by placebos.

        Raises RefusedError ``did_too_few_pre_periods`` with fewer than five periods before, ``did_unbalanced`` where a
        unit lacks a period.
        """
        self.setting.on_own_scale("synthetic")
        try:
            return over_time.synthetic(self.setting)
        except RefusedError as refusal:
            raise with_the_incomplete(self.setting, refusal) from None

    @of_its_units
    def sensitivity(self, checks: Sequence[str] | None = None) -> Checks:
        """What could overturn the finding: every check that the data can carry, or those that are named.

        Raises RefusedError ``frame_no_verdict`` where there is no finding to doubt.
        """
        self.setting.on_own_scale("sensitivity")
        return checks_of(self.setting, None if checks is None else tuple(checks))

    @of_its_units
    def placebos(self) -> Checks:
        """The same looked for where there is nothing: at earlier dates, and by the same choice of units elsewhere."""
        self.setting.on_own_scale("placebos")
        return checks_of(self.setting, placebo=True)

    @of_its_units
    def differenced(self, untouched: Study | None = None) -> Study:
        """The study of the outcome less the same of those whom nothing was done for; :meth:`triple` is its verdict.

        ``untouched`` is a study of the same units and periods, of another outcome or other people; without it they are
        the rows that ``affected`` does not flag.

        Raises InputError: ``frame_no_untouched`` where nobody said who they are, ``frame_not_alike`` where units,
        periods or starts differ.
        """
        if untouched is not None and not isinstance(untouched, Study):
            raise asked.unlike("untouched", untouched, "Study")
        other = self.untouched if untouched is None else untouched.setting
        if other is None:
            raise InputError(Problem("frame_no_untouched"))
        return Study(apart(self.setting, other))

    @of_its_units
    def triple(self, untouched: Study | None = None) -> Verdict:
        """The verdict on triple differences: what changed more than in those whom nothing was done for.

        What else happened in the treated units, and reached both parts alike, is no effect. Arguments and errors are
        those of :meth:`differenced`, whose study has the other methods of the same difference.

        >>> import sverige_did as sd
        >>> young = sd.datasets.simulate(effect=-3.0, seed=1).assign(young=1)
        >>> both = sd.datasets.simulate(effect=0.0, seed=2).assign(young=0)
        >>> import pandas as pd
        >>> study = sd.did(pd.concat([young, both]), unit="district", time="period", y="y", treated_from="start",
        ...                affected="young", chosen="random")
        >>> study.triple().verdict
        'supported'
        """
        return verdict_of(self.differenced(untouched).setting)

    @of_its_units
    def posterior(
        self,
        likelihood: Likelihood | None = None,
        *,
        better: Better | None = None,
        rope: float | None = None,
        worthwhile: float | None = None,
        effect_prior: tuple[float, float] | None = None,
        draws: int | None = None,
        tune: int | None = None,
        target_accept: float | None = None,
    ) -> Posterior:
        """The effect by a hierarchical model with effects of units and shocks of their own in every period.

        Parameters
        ----------
        likelihood
            ``binomial`` for shares, ``negative_binomial`` or ``poisson`` for events out of an exposure, ``normal`` for
            levels; by default what the study has.
        better
            Which way an effect is a benefit, ``lower`` or ``higher``; without it no probability of one is given.
        rope, worthwhile
            How near to none an effect is next to none, and how large one is worth while, both above 0 in the unit of
            the outcome.
        effect_prior
            Mean and sd of the effect on the scale of the link: log-odds, logarithms, or the unit of a level.
        draws, tune, target_accept
            For each of four chains; by default what these models need to converge.

        Returns
        -------
        Posterior
            ``draws`` is a DataTree for ArviZ; ``probability(below=0)`` asks it anything.

        Raises
        ------
        RefusedError
            ``not_converged`` and ``posterior_impossible``, with the draws in ``error.draws``: to be looked at, not to
            be reported. ``posterior_staggered``, ``frame_likelihood``, ``frame_covariates_here``.
        """
        from sverige_did.api.posterior_fit import Sampler, Sought, posterior_of  # noqa: PLC0415 - PyMC takes seconds

        sought, sampler = Sought(better, rope, worthwhile), Sampler(draws, tune, target_accept)
        return posterior_of(self.setting, likelihood, sought, effect_prior, sampler)

    @of_its_units
    def report(self, folder: str | Path) -> tuple[Path, ...]:
        """A self-contained page in each language, for the researcher: small numbers are not hidden in it.

        Returns the files that were written; the folder is made, and pages of the same names are replaced.

        Raises InputError: ``frame_no_folder`` for an empty name, ``frame_folder`` where a file is in the way.
        """
        from sverige_did.api.page import written  # noqa: PLC0415 - templates and figures, for a page alone

        asked.folder("folder", folder)
        return written(self, Path(folder))

    @of_its_units
    def multiverse(self) -> Checks:
        """The specification curve: every combination of windows, controls, weights and scales that the data allow.

        Those that answer the study's own question are pooled, against the same reassignments of the treated in all of
        them; those that answer another question stand beside them as lines.
        """
        self.setting.on_own_scale("multiverse")
        return multiverse_of(self.setting)

    @of_its_units
    def size(self, simulations: int = 2_000) -> Size:
        """How often the verdict errs in made-up data sets of this very design, and its power at three true errors."""
        asked.whole("simulations", simulations, 1)
        return own_size.size_of(self.setting, (0.0, 3.0), simulations)

    @of_its_units
    def power(self, simulations: int = 1_000) -> Size:
        """The same along effects of growing size, with the one that is found in 80 % of data sets."""
        asked.whole("simulations", simulations, 1)
        return own_size.size_of(self.setting, own_size.SHIFTS, simulations)

    def __str__(self) -> str:
        return self.context.said()

    def __repr__(self) -> str:
        c = self.context
        return f"Study(outcome={c.outcome!r}, n_units={c.n_units}, n_treated={c.n_treated}, periods={len(c.periods)})"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.context.said())}</p>"
