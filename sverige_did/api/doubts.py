"""What could overturn a finding: every check that the arrays of a study can carry, with its sentence and curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sverige_did import words
from sverige_did.api import asked, plots
from sverige_did.api.seen import seen_by_date, seen_of
from sverige_did.api.setting import Setting
from sverige_did.api.shown import Result, label
from sverige_did.did.collapse import collapse
from sverige_did.errors import refuse
from sverige_did.report import numbers
from sverige_did.results.estimates import CheckResult, Remark
from sverige_did.studies.panel.array_checks import ARRAY_CHECKS
from sverige_did.studies.panel.could_not_run import made
from sverige_did.studies.panel.dated_array_checks import DATED_CHECKS
from sverige_did.studies.panel.multiverse import PLANNED_ORIGIN, Ground, Origin, frozen, specification_curve
from sverige_did.study.multiverse import Multiverse
from sverige_did.words import Language, default_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Checks(Result):
    """Checks of one finding, each with the sentence of what it found or why it could not run.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> checks = study.sensitivity(["tipping_shock"])
    >>> checks
    Checks(tipping_shock)
    >>> round(checks.by("tipping_shock").numbers["times"], 2)
    3.11
    """

    kind: ClassVar[str] = "checks"
    shown: ClassVar[tuple[str, ...]] = ("check", "status", "finding")

    checks: tuple[CheckResult, ...]

    def by(self, check: str) -> CheckResult:
        """One check with its numbers and curves; InputError ``unknown_option`` where it is not among them."""
        asked.among("check", check, (one.check for one in self.checks))
        return next(one for one in self.checks if one.check == check)

    def to_frame(self) -> pd.DataFrame:
        """One row a check: its name, whether it ran, and what it found as a sentence."""
        rows = [{"check": one.check, "status": one.status, "finding": self._said(one)} for one in self.checks]
        return pd.DataFrame(rows, columns=list(self.shown))

    def table(self, language: Language | None = None) -> pd.DataFrame:
        """The same in one language."""
        language = language or default_language()
        heads = [words.text(f"notebook.column.{name}", language) for name in ("check", "finding")]
        rows = [(label(one.check, language), self._said(one, language)) for one in self.checks]
        return pd.DataFrame(rows, columns=heads, dtype=object)

    def plot(self, ax: Axes | None = None, *, check: str | None = None) -> Axes:
        """The curve of one check, by default the first that has one.

        Raises RefusedError ``frame_no_curve`` where none has, InputError ``unknown_option`` for one that is not here.
        """
        if check is not None:
            asked.among("check", check, (one.check for one in self.checks))
        drawn = [one for one in self.checks if one.curves and check in {None, one.check}]
        if not drawn:
            raise refuse("frame_no_curve")
        return plots.along(ax, drawn[0].curves[0], f"{label(drawn[0].check)}: {self.context.outcome}")

    def say(self, language: Language | None = None) -> str:
        """How many of the checks ran."""
        ran = sum(one.status == "ran" for one in self.checks)
        return words.text("notebook.say.checks", language, outcome=self.context.outcome, ran=ran, all=len(self.checks))

    def summary(self, language: Language | None = None) -> str:
        """Every check with its sentence, as text."""
        language = language or default_language()
        told = [f"{label(one.check, language)}: {self._said(one, language)}" for one in self.checks]
        return "\n".join([self.title(language), self.context.said(language), "", self.say(language), "", *told])

    def _said(self, check: CheckResult, language: Language | None = None) -> str:
        return sentence(check, language, calendar=self.context.calendar)

    def __repr__(self) -> str:
        return f"Checks({', '.join(one.check for one in self.checks)})"


def sentence(check: CheckResult, language: Language | None = None, *, calendar: bool = True) -> str:
    """What would overturn the finding, or why that could not be computed, with the check's own numbers.

    ``calendar``: time is told in years; else a slope is one a unit of the caller's time.
    """
    language = language or default_language()
    own, plain = f"checks.{check.check}.{check.key}", f"notebook.check.{check.check}.{check.key}"
    own = own if calendar or not words.has(plain, language) else plain
    filled_in = {
        name: "–" if value is None else numbers.significant(value, language, 3) for name, value in check.numbers.items()
    }
    return words.text(own if words.has(own, language) else f"checks.any.{check.key}", language, **filled_in)


def multiverse_of(setting: Setting) -> Checks:
    """The specification curve of a study with one start, in the unit of the outcome; see ``Study.multiverse``.

    Raises RefusedError: as :func:`checks_of`, ``did_staggered``, and ``frame_covariates_here``.
    """
    window = setting.one_start()
    setting = setting.plainly("multiverse")
    seen = seen_of(setting)
    order, panel = seen.sample.order, setting.panel
    labels = np.array(panel.labels)[collapse(panel, window, setting.weighting).unit][order]
    counted = panel.exposure is not None
    weights = {"planned": seen.sample.weights[order]}
    if np.ptp(weights["planned"]) > 0:
        weights["other"] = np.ones(labels.size)
    positive = bool((panel.level[np.isfinite(panel.level)] >= 0).all())
    ground = Ground(
        labels=tuple(labels),
        treated=seen.sample.treated[order],
        strata=seen.sample.strata[order],
        weights=weights,
        sizes=weights["planned"] if "other" in weights else None,
        scales=("difference", "ratio") if positive else ("difference",),
        lottery=seen.sample.taken(order).lottery,
    )
    origin = Origin(PLANNED_ORIGIN, panel, window)
    held = frozen(origin) if counted else None
    origins = [origin] if held is None else [origin, held]
    name = setting.context.outcome
    found = made("multiverse", name, lambda: specification_curve(seen, ground, origins, Multiverse()))
    return Checks(context=setting.context, remarks=setting.remarks, checks=() if found is None else (found,))


def checks_of(setting: Setting, which: tuple[str, ...] | None = None, *, placebo: bool = False) -> Checks:
    """The checks of a study, or its placebos alone, in the unit of the outcome; clusters take the place of their units.

    Raises RefusedError ``frame_no_verdict`` where there is no finding to doubt, ``frame_cluster_here``, and with starts
    that differ ``frame_covariates_here``.
    """
    setting = setting.by_cluster("sensitivity")
    one = setting.window is not None
    every: Mapping[str, Callable[[Any], CheckResult | None]] = ARRAY_CHECKS if one else DATED_CHECKS
    if placebo:
        which = tuple(name for name in every if name.startswith("placebo"))
    for name in which or ():
        asked.among("check", name, every)
    seen = seen_of(setting) if one else seen_by_date(setting)
    wanted = {name: run for name, run in every.items() if name in (which or every)}
    ran = (made(name, setting.context.outcome, partial(run, seen)) for name, run in wanted.items())
    remarks = setting.remarks if one else (*setting.remarks, Remark(key="notebook.note.checks_of_dates"))
    return Checks(context=setting.context, remarks=remarks, checks=tuple(each for each in ran if each is not None))
