"""What could overturn a finding: every check that the arrays of a study can carry, with its sentence and curve."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from sverige_did import words
from sverige_did.api import plots
from sverige_did.api.compared import sample_of
from sverige_did.api.drift import DRIFT
from sverige_did.api.seen import Seen, seen_of
from sverige_did.api.setting import Setting
from sverige_did.api.shown import Result, label
from sverige_did.checks.leave_one_out import leave_one_out
from sverige_did.checks.placebo_choice import placebo_choice
from sverige_did.checks.placebo_dates import placebo_dates, splits
from sverige_did.checks.placebo_units import placebo_units
from sverige_did.checks.pretrends import pretrends, slopes
from sverige_did.checks.regression_to_mean import lasting_share, regression_of_districts
from sverige_did.checks.shared_shock import shared_shock
from sverige_did.checks.single_districts import single_districts
from sverige_did.checks.synthetic_did import synthetic_beside
from sverige_did.checks.tipping_shock_districts import tipping_shock_of_districts
from sverige_did.did.collapse import att_from_changes, collapse_detrended
from sverige_did.errors import refuse
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.level_choice import elsewhere, rule
from sverige_did.inference.permutation import permutation_p
from sverige_did.report import numbers
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.could_not_run import made
from sverige_did.words import Language, default_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Checks(Result):
    """Checks of one finding, each with the sentence of what it found or why it could not run."""

    kind: ClassVar[str] = "checks"
    shown: ClassVar[tuple[str, ...]] = ("check", "status", "finding")

    checks: tuple[CheckResult, ...]

    def by(self, check: str) -> CheckResult:
        """One check with its numbers and curves; KeyError where it is not among them."""
        for one in self.checks:
            if one.check == check:
                return one
        raise KeyError(check)

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

        Raises RefusedError ``frame_no_curve`` where none has, and ``unknown_option`` for a check that is not here.
        """
        if check is not None:
            option_among("check", check, tuple(one.check for one in self.checks))
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


def option_among(name: str, value: str, valid: tuple[str, ...]) -> None:
    """Refuse a ``value`` that is none of the ``valid`` ones."""
    if value not in valid:
        raise refuse("unknown_option", found=repr(value), expected=", ".join(valid), name=name)


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


def checks_of(setting: Setting, which: tuple[str, ...] | None = None) -> Checks:
    """The checks of a study with one start, in the unit of the outcome; see ``Study.sensitivity``.

    Raises RefusedError: ``did_staggered``, ``frame_no_verdict`` where there is no finding to doubt,
    ``frame_not_known_here`` with clusters.
    """
    setting.one_start()
    if setting.cluster is not None:
        raise refuse("frame_not_known_here", name="cluster", method="sensitivity")
    seen = seen_of(setting)
    for name in which or ():
        option_among("check", name, tuple(CHECKS))
    wanted = {name: run for name, run in CHECKS.items() if name in (which or CHECKS)}
    ran = (made(name, setting.context.outcome, partial(run, seen)) for name, run in wanted.items())
    return Checks(context=setting.context, remarks=setting.remarks, checks=tuple(one for one in ran if one is not None))


def _pretrends(seen: Seen) -> CheckResult:
    slope = seen.contrast(slopes(seen.levels[:, seen.pre], seen.periods[seen.pre]))
    setting = seen.setting
    lines = collapse_detrended(setting.panel, setting.one_start(), setting.weighting)
    detrended = calibrated_test(sample_of(setting, lines), setting.alpha)
    apart = float(seen.periods[seen.post].mean() - seen.periods[seen.pre].mean())
    return pretrends(slope, seen.test.estimate, apart, detrended, **seen.named)


def _placebo_dates(seen: Seen) -> CheckResult:
    cuts = splits(np.flatnonzero(seen.pre))
    if not cuts or np.isnan(seen.levels[:, seen.pre]).any():
        raise refuse("did_one_pre_period", found=str(int(seen.pre.sum())))
    changes = [seen.levels[:, late].mean(axis=1) - seen.levels[:, early].mean(axis=1) for early, late in cuts]
    everybody = np.ones(seen.sample.change.size, dtype=bool)
    tests = [
        permutation_p(seen.of(change, everybody), rng=seen.setting.rng(), order=seen.sample.order) for change in changes
    ]
    dates = seen.periods[[late[0] for _, late in cuts]]
    contrasts = [seen.contrast(change) for change in changes]
    return placebo_dates(dates, contrasts, tests, seen.test.estimate, axis="level", **seen.named)


def _placebo_units(seen: Seen) -> CheckResult:
    alpha = seen.setting.alpha
    return placebo_units(seen.sample, seen.test.estimate, rng=seen.setting.rng(), alpha=alpha, **seen.named)


def _single_districts(seen: Seen) -> CheckResult:
    """Each treated unit against the controls of its stratum."""
    sample = seen.sample.compared()
    beside = [(sample.strata == s) & ~sample.treated for s in sample.strata[sample.treated]]
    against = [np.average(sample.change[mine], weights=sample.weights[mine]) for mine in beside]
    return single_districts(sample.change[sample.treated] - against, seen.test.estimate, **seen.named)


def _leave_one_out(seen: Seen) -> CheckResult:
    everybody = np.arange(seen.sample.change.size)
    without = [seen.contrast(seen.sample.change, keep=everybody != d) for d in everybody]
    return leave_one_out(seen.test, without, **seen.named)


def _synthetic(seen: Seen) -> CheckResult:
    inside = seen.pre | seen.post
    return synthetic_beside(
        seen.test, seen.levels[:, inside], seen.post[inside], seen.sample, rng=seen.setting.rng(),
        **seen.named,
    )  # fmt: skip


def _tipping_shock(seen: Seen) -> CheckResult:
    return tipping_shock_of_districts(seen.test, seen.sample, **seen.named)


def _shared_shock(seen: Seen) -> CheckResult:
    found = rule(seen.sample, rng=seen.setting.rng(), alpha=seen.setting.alpha)
    return shared_shock(seen.sample, found.p_value, alpha=seen.setting.alpha, **seen.named)


def _regression(seen: Seen) -> CheckResult:
    before = seen.levels[:, seen.pre]
    gap = att_from_changes(np.nanmean(before, axis=1), seen.sample.treated, seen.sample.weights)
    lasting = lasting_share(before, seen.sample.treated)
    if np.isnan(lasting):
        raise refuse("did_one_pre_period", found=str(before.shape[1]))
    return regression_of_districts(seen.test.estimate, gap, lasting, axis="level", **seen.named)


def _placebo_choice(seen: Seen) -> CheckResult | None:
    """Nothing to ask where the treated were drawn by lot."""
    by = seen.setting.chosen
    if by == "random":
        return None
    found = elsewhere(seen.sample, seen.levels[:, seen.pre], by, rng=seen.setting.rng(), alpha=seen.setting.alpha)
    if not found.tried:
        raise refuse("did_one_pre_period", found=str(int(seen.pre.sum())))
    return placebo_choice(found, by, int(seen.sample.treated.sum()), **seen.named)


CHECKS: dict[str, Callable[[Seen], CheckResult | None]] = {
    "pretrends": _pretrends,
    **DRIFT,
    "placebo_dates": _placebo_dates,
    "placebo_units": _placebo_units,
    "leave_one_out": _leave_one_out,
    "single_districts": _single_districts,
    "synthetic_did": _synthetic,
    "tipping_shock": _tipping_shock,
    "shared_shock": _shared_shock,
    "regression_to_mean": _regression,
    "placebo_choice": _placebo_choice,
}
"""The checks of a finding by name, in the order in which they are told."""

PLACEBOS = ("placebo_dates", "placebo_units", "placebo_choice")
"""Those that look for an effect where there is none."""
