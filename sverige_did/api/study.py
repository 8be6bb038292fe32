"""A study of one outcome, made of a table: what it compares is said once, and every method is a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sverige_did.api import over_time, own_size
from sverige_did.api.compared import Found, compared, not_tested, two_way
from sverige_did.api.dated import dated
from sverige_did.api.doubts import Checks, checks_of, multiverse_of
from sverige_did.api.events import EventStudy, GroupTimes
from sverige_did.api.own_size import Size
from sverige_did.api.results import Effect, Methods, Verdict
from sverige_did.api.rows import Row
from sverige_did.api.setting import OwnScale, Setting
from sverige_did.api.shown import Context
from sverige_did.api.table import Named, Read, Rows, names_of, read
from sverige_did.api.times import SAME, Partial, period_of
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.covariates import Adjustment
from sverige_did.did.imputation import Average
from sverige_did.did.staggered import Base, Control
from sverige_did.did.window import Window
from sverige_did.errors import InputError, Problem, RefusedError, option, refuse
from sverige_did.inference.level_choice import Choice
from sverige_did.results.estimates import Remark
from sverige_did.results.methods_tables import PRIMARY_INTERVAL, RELATIVE_SPREAD
from sverige_did.studies.panel.array_checks import ARRAY_CHECKS

RULE = ("permutation_studentised", PRIMARY_INTERVAL, "welch_by_date", "level_adjusted", RELATIVE_SPREAD)
"""The tests that a verdict rests on, whichever of them the design has."""

MAIN = (PRIMARY_INTERVAL, "permutation_studentised", RELATIVE_SPREAD)
"""Whose interval stands for the effect: the first of these that there is."""

Ends = tuple[object, object] | None
"""The first and the last period of a window, both inclusive."""


def did(
    data: object,
    *,
    unit: str,
    time: str,
    y: str | None = None,
    events: str | None = None,
    exposure: str | None = None,
    treated_from: str | None = None,
    treated: str | None = None,
    weight: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    covariates: str | Sequence[str] | None = None,
    before: Ends = None,
    after: Ends = None,
    partial: Partial | None = None,
    per: float = 1.0,
    scale: OwnScale = "own",
    rows: Rows = "cells",
    chosen: Choice = "unknown",
    level: float = 0.95,
    seed: int = 20130801,
) -> Study:
    """A difference-in-differences study of one outcome in a table with one row a unit and period.

    Parameters
    ----------
    data
        A table of pandas, polars or pyarrow, or a dict of columns. The others are names of its columns.
    unit, time
        What is treated, and when: integers, ``2013``, ``2013H1``, ``2013Q1``, ``2013-01``, periods or dates.
    y
        The level of the outcome (a mean, an amount). Or, for counts, rates and shares:
    events, exposure
        How many, and out of how many. The level is events by exposure, times ``per``.
    treated_from
        The period or day on which a unit starts; blank, 0 or infinite for never. Or:
    treated
        Flags of the rows under treatment (True/False, 1/0, yes/no); the first one is the start.
    weight
        How much a unit counts. What varies over time is its mean before anybody starts.
    strata, cluster
        Within which units are compared; what units were treated together in.
    covariates
        Numbers fixed before the start; what varies over time is its mean before anybody starts.
    before, after
        First and last period of a window, both inclusive; by default all periods on that side of the start.
    partial
        What a period is in which a unit starts: ``left_out``, ``after`` (treated) or ``before`` (not yet).
    per
        The denominator of a rate: 1,000 for a rate per 1,000, 100 for per cent.
    scale
        On which trends are parallel: ``own``, ``ratio`` (logarithms) or ``log_odds``.
    rows
        ``people`` where rows are persons, who are added up by unit and period: their mean, or their events.
    chosen
        How the treated were chosen: ``random``, ``level`` (they were high), ``rise``, ``will`` or ``unknown``. Unless
        by lot, a finding is supported only if it stands beside the level before as well.
    level
        Of all intervals; one minus it is the level of all tests.
    seed
        Of whatever is drawn.

    Returns
    -------
    Study
        Frozen. Ask it for ``verdict()``, ``methods()``, ``event_study()``, ``att_gt()`` and the others.

    Raises
    ------
    InputError
        The table cannot be used as it is: which column, which rows by unit and period, and what to do.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(units=20, treated=4, effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> study.verdict().verdict
    'supported'
    """
    columns = {
        "y": y, "events": events, "exposure": exposure, "treated_from": treated_from, "treated": treated,
        "weight": weight, "strata": strata, "cluster": cluster,
    }  # fmt: skip
    given = {name: None if column is None else str(column) for name, column in columns.items()}
    named = Named(str(unit), str(time), covariates=names_of(covariates), **given)
    option("scale", scale, OwnScale)
    option("chosen", chosen, Choice)
    option("rows", rows, Rows)
    if not 0 < level < 1:
        raise InputError(
            Problem("frame_between", found=f"{level:g}", expected="0 < level < 1", values={"name": "level"})
        )
    if not (np.isfinite(per) and per > 0):
        raise InputError(Problem("frame_between", found=f"{per:g}", expected="per > 0", values={"name": "per"}))
    found = read(data, named, per=per, partial=partial, rows=rows)
    panel, window = _windows(found, before, after)
    return Study(
        Setting(
            panel=panel,
            times=found.times,
            window=window,
            context=_context(found, panel, named, scale, level),
            weighting="equal" if weight is None else "baseline",
            cluster=found.cluster,
            covariates=found.covariates,
            scale=scale,
            per=per,
            chosen=chosen,
            seed=seed,
            remarks=_frozen(found),
        )
    )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Study:
    """One outcome with what it is compared by; made by :func:`did`. Every result is frozen and can be shown and saved.

    ``setting`` holds the arrays that the methods take.
    """

    setting: Setting

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
        """The rows that have no outcome, by unit and period."""
        label = self.setting.times.label
        return tuple(
            one.unit if one.period is None else f"{one.unit} {label(one.period)}" for one in self.panel.dropped
        )

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
        found = self._found()
        record = found.record
        rule = [row for row in _rows(found) if row.method in RULE and row.scale == record.scale]
        main = next((row for key in MAIN for row in rule if row.method == key and row.lower is not None), None)
        shown = ([main] if main else []) + [row for row in rule if row is not main]
        shown = shown or list(_rows(found)[:1])
        tests = [row.p_value for row in shown if row.p_value is not None and row.method != RELATIVE_SPREAD]
        return Verdict(
            context=self.context,
            remarks=(*record.remarks, *self.setting.remarks),
            verdict=record.verdict,
            design="D1" if self.setting.window is not None else "D5",
            rows=tuple(shown),
            p_value=max(tests) if tests and record.verdict != "refused" else None,
            relative_spread=record.relative_spread,
            observed=record.observed,
            smallest_p=record.smallest_p,
            edges=record.edges,
            counts=record.counts,
        )

    def methods(self) -> Methods:
        """Every method side by side: the rule first, then the others, two-way fixed effects with CR1 last."""
        found = self._found()
        return Methods(context=self.context, remarks=(*found.record.remarks, *self.setting.remarks), rows=_rows(found))

    def twfe(self) -> Effect:
        """Two-way fixed effects with CR1, clustered by unit or the study's clusters: what most software prints.

        Raises RefusedError ``did_staggered`` where units start at different dates, for it then compares treated units
        with each other; ``frame_not_known_here`` with covariates or another scale than ``own``.
        """
        if self.setting.covariates.shape[1]:
            raise refuse("frame_not_known_here", name="covariates", method="twfe")
        self._own("twfe")
        row = Row.of(two_way(self.setting))
        return Effect(context=self.context, remarks=self.setting.remarks, rows=(row,))

    def event_study(self) -> EventStudy:
        """The effect by time since the start, with limits for all times at once and for each alone.

        They are calibrated for few treated units that may vary unlike the others. Units that start at different dates
        are compared with those that never start.

        Raises RefusedError ``did_one_pre_period`` with one period before, ``bands_single`` where no two treated units
        start together.
        """
        self._own("event_study")
        return over_time.event_study(self.setting)

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
        self._own("att_gt")
        return over_time.att_gt(self.setting, control, base, anticipation, adjustment)

    def imputation(self, average: Average = "overall") -> Effect:
        """The effect against what would have been, imputed from untreated units and periods (Borusyak et al. 2024).

        ``event_time`` adds a row for each time since the start.
        """
        self._own("imputation")
        return over_time.imputed(self.setting, average)

    def synthetic(self) -> Effect:
        """Synthetic difference-in-differences (Arkhangelsky et al. 2021), its weights, and p by placebos.

        Raises RefusedError ``did_too_few_pre_periods`` with fewer than five periods before, ``did_unbalanced`` where a
        unit lacks a period.
        """
        self._own("synthetic")
        return over_time.synthetic(self.setting)

    def sensitivity(self, checks: Sequence[str] | None = None) -> Checks:
        """What could overturn the finding: every check that the data can carry, or those that are named."""
        self._own("sensitivity")
        return checks_of(self.setting, None if checks is None else tuple(checks))

    def placebos(self) -> Checks:
        """The same looked for where there is nothing: at earlier dates, and by the same choice of units elsewhere."""
        return self.sensitivity([name for name in ARRAY_CHECKS if name.startswith("placebo")])

    def multiverse(self) -> Checks:
        """The specification curve: every combination of windows, controls, weights and scales that the data allow.

        Those that answer the study's own question are pooled, against the same reassignments of the treated in all of
        them; those that answer another question stand beside them as lines.
        """
        self._own("multiverse")
        return multiverse_of(self.setting)

    def size(self, simulations: int = 2_000) -> Size:
        """How often the verdict errs in made-up data sets of this very design, and its power at three true errors."""
        return own_size.size_of(self.setting, (0.0, 3.0), simulations)

    def power(self, simulations: int = 1_000) -> Size:
        """The same along effects of growing size, with the one that is found in 80 % of data sets."""
        return own_size.size_of(self.setting, own_size.SHIFTS, simulations)

    def __str__(self) -> str:
        return self.context.said()

    def __repr__(self) -> str:
        c = self.context
        return f"Study(outcome={c.outcome!r}, n_units={c.n_units}, n_treated={c.n_treated}, periods={len(c.periods)})"

    def _repr_html_(self) -> str:
        return f"<p>{self.context.said()}</p>"

    def _own(self, method: str) -> None:
        """Refuse where trends are parallel on another scale than that of the outcome, which ``method`` is on."""
        if self.setting.scale != "own":
            raise refuse("frame_not_known_here", name=f'scale="{self.setting.scale}"', method=method)

    def _found(self) -> Found:
        try:
            if self.setting.window is not None:
                return compared(self.setting)
            self._own("verdict")
            return dated(self.setting)
        except RefusedError as refusal:
            if refusal.problems[0].key in {"frame_not_known_here", "inference_collinear"}:
                raise
            return not_tested(self.setting, refusal)


def _rows(found: Found) -> tuple[Row, ...]:
    return tuple(Row.of(one) for one in found.estimates)


def _windows(found: Read, before: Ends, after: Ends) -> tuple[DistrictPanel, Window | None]:
    """The periods before and after; None, and a panel of the periods named, where units start at different dates."""
    panel, periods = found.panel, found.panel.periods
    starts = np.unique(panel.treated_from[panel.ever_treated])
    if starts.size > 1:
        if before is not None or after is not None:
            raise InputError(Problem("frame_window_staggered", found=", ".join(map(found.times.label, starts))))
        return panel, None
    pre = _side(found, before, periods < starts[0])
    post = _side(found, after, periods >= starts[0])
    window = Window(tuple(periods[pre].tolist()), tuple(periods[post].tolist()))
    if not (window.pre and window.post) or window.pre[-1] >= starts[0] or window.post[0] < starts[0]:
        raise InputError(
            Problem("frame_window", found=f"{before} / {after}", expected=f"… < {found.times.label(starts[0])} <= …")
        )
    return panel, window


def _side(found: Read, ends: Ends, default: np.ndarray) -> np.ndarray:
    periods = found.panel.periods
    if ends is None:
        return np.asarray(default & ~np.isin(periods, found.donut))
    first, last = (period_of(one, found.times) for one in ends)
    return np.asarray((periods >= first - SAME) & (periods <= last + SAME))


def _context(found: Read, panel: DistrictPanel, named: Named, scale: OwnScale, level: float) -> Context:
    starts = np.unique(panel.treated_from[panel.ever_treated])
    return Context(
        outcome=named.outcome, unit=named.unit, time=named.time, scale="level" if scale == "own" else scale,
        level=level, n_units=panel.n_units, n_treated=int(panel.ever_treated.sum()), periods=found.times.labels,
        starts=tuple(map(found.times.label, starts)), weights=named.weight, strata=named.strata, cluster=named.cluster,
        covariates=named.covariates, left_out=len(panel.dropped),
    )  # fmt: skip


def _frozen(found: Read) -> tuple[Remark, ...]:
    return tuple(Remark(key="notebook.note.frozen", values={"name": name}) for name in found.frozen)
