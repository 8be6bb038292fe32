"""How often the verdict is wrong in the study's own design, and how large an effect has to be for it to be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from sverige_did import words
from sverige_did.api import plots
from sverige_did.api.compared import change_of, in_ones, refuse_without_verdict, sample_of
from sverige_did.api.setting import Floats, Setting
from sverige_did.api.shown import Result, amount
from sverige_did.errors import refuse
from sverige_did.inference.simulated.beside_level import verdict_size_beside_level
from sverige_did.inference.simulated.design import Family, OwnData, OwnDesign, own_design
from sverige_did.inference.simulated.redrawn import Redrawn, redrawn
from sverige_did.inference.simulated.redrawn_paths import DatedDesign, redrawn_sizes
from sverige_did.inference.simulated.size import Share, verdict_size
from sverige_did.inference.staggered import cohort_weights, cohorts, own_order, strata_in
from sverige_did.report import numbers
from sverige_did.report.district_inference import said
from sverige_did.results.estimates import Frozen, Probability, Remark
from sverige_did.studies.panel.staggered_did import mean_effect, too_few
from sverige_did.words import Language, default_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHIFTS = (0.0, 1.0, 2.0, 2.8, 3.5, 4.5, 6.0, 8.0)
"""Effects in true standard errors at which power is simulated."""

WANTED = 0.8
"""The power at which an effect is called detectable."""


class Point(Frozen):
    """How often the verdict comes out as supported with an ``effect`` of so many ``errors`` (true standard errors).

    The effect is on the scale of the study, as its verdict tells it: a ratio is 1 where nothing was done.
    """

    errors: float
    effect: float | None
    share: Probability


class Size(Result):
    """How often both tests of the verdict reject, in made-up data sets of the study's own design.

    ``size``: where nothing was done, in the worse of the laws tried · ``points``: power, the first at no effect ·
    ``barred``: the size exceeds the level by more than two Monte Carlo errors · ``detectable``: the effect that is
    found with a power of 80 %, on the scale of the study (a rise: 1.5 for a ratio), None where no effect tried was or
    its unit is unknown.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> found = study.size(simulations=200)
    >>> found.size < 0.05, found.barred
    (True, False)
    """

    kind: ClassVar[str] = "size"
    shown: ClassVar[tuple[str, ...]] = ("errors", "effect", "scale", "share")

    size: Probability
    points: tuple[Point, ...]
    simulations: int
    barred: bool

    @property
    def power(self) -> float:
        """The share at the largest effect that was tried."""
        return self.points[-1].share

    @property
    def detectable(self) -> float | None:
        """The effect that is found with a power of 80 %, between the points that were simulated."""
        shares = np.maximum.accumulate([one.share for one in self.points])
        effects = [one.effect for one in self.points]
        if shares[-1] < WANTED or None in effects:
            return None
        return float(np.interp(WANTED, shares, np.array(effects, dtype=float)))

    def to_frame(self) -> pd.DataFrame:
        """One row an effect: in true standard errors, on the study's scale, and how often it is found."""
        rows = [one.model_dump() | {"scale": self.context.scale} for one in self.points]
        return pd.DataFrame(rows, columns=list(self.shown))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Power along the effect."""
        ax = plots.axes_of(ax)
        ax.plot([one.errors for one in self.points], [one.share for one in self.points], "o-", color=plots.DARK)
        ax.axhline(1 - self.context.level, color=plots.MUTED, linestyle="--", linewidth=0.8)
        ax.set_ylim(0, 1)
        ax.set_xlabel(words.text("notebook.column.errors"))
        ax.set_ylabel(words.text("notebook.column.share"))
        ax.set_title(f"{self.title()}: {self.context.outcome}", loc="left", parse_math=False)
        return ax

    def say(self, language: Language | None = None) -> str:
        """Size and power, and whether any verdict can be supported here."""
        language = language or default_language()
        told = words.text(
            "notebook.say.size", language, simulations=numbers.decimal(self.simulations, language, 0),
            size=numbers.percent(self.size, language), power=numbers.percent(self.power, language),
            errors=numbers.significant(self.points[-1].errors, language),
        )  # fmt: skip
        if self.barred:
            return f"{told} {words.text('notebook.say.barred', language)}"
        if self.detectable is None:
            return told
        least = amount(self.context.scale, self.detectable, language)
        # Either sign is found as often; the per cent of a ratio and the log-odds are those of a rise.
        least = least.removeprefix("+") if self.context.scale == "level" else least
        return f"{told} {words.text('notebook.say.detectable', language, effect=least)}"

    def __repr__(self) -> str:
        return f"Size(size={self.size:.3g}, power={self.power:.3g}, simulations={self.simulations})"


def size_of(setting: Setting, shifts: tuple[float, ...], simulations: int) -> Size:
    """The whole rule of the verdict, as the units were chosen; refused where it supports nothing, whatever is found.

    See :meth:`sverige_did.api.study.Study.size` and :meth:`~sverige_did.api.study.Study.power`.
    """
    if setting.window is None:
        return _of_dates(setting, shifts, simulations)
    if setting.chosen == "rise":
        raise refuse("frame_no_verdict", found=said(Remark(key="inference.note.chosen_by_rise"), default_language()))
    setting = setting.plainly("size")
    laws = _laws(setting)
    rng, alpha = setting.rng(), setting.alpha
    rule = verdict_size if setting.chosen == "random" else verdict_size_beside_level
    found = rule(laws[0], rng=rng, shifts=shifts, simulations=simulations, alpha=alpha)
    others = [rule(law, rng=rng, simulations=simulations, alpha=alpha)[0] for law in laws[1:]]
    changes = laws[0].changes(simulations, np.random.default_rng([setting.seed, simulations]))
    # Covariates are refused above, so the effect is a difference of weighted means.
    error = float((laws[0].sample.shares @ changes).std())
    return _made(setting, shifts, found, others, error, simulations)


def _made(
    setting: Setting, shifts: tuple[float, ...], found: tuple[Share, ...], others: list[Share], error: float | None,
    simulations: int,
) -> Size:  # fmt: skip
    size = max(found[0], *others) if others else found[0]
    points = tuple(
        Point(errors=shift, effect=None if error is None else _as_told(setting, shift * error), share=one.share)
        for shift, one in zip(shifts, found, strict=True)
    )
    return Size(
        context=setting.context, remarks=setting.remarks, size=size.share, points=points, simulations=simulations,
        barred=size.exceeds(setting.alpha),
    )  # fmt: skip


def _as_told(setting: Setting, moved: float) -> float:
    """A move of the changes as an effect: ratios are compared in logarithms, and counts are simulated in ones."""
    if setting.scale == "ratio":
        return float(np.exp(moved))
    return moved * setting.per if setting.scale == "own" and setting.panel.exposure is not None else moved


def _laws(setting: Setting) -> tuple[OwnDesign | Redrawn, ...]:
    """The laws under which the size is tried; the first is the one of the power."""
    panel, window = setting.panel, setting.one_start()
    change = change_of(setting)
    sample, unit = sample_of(setting, change.collapsed), change.collapsed.unit
    refuse_without_verdict(setting, sample)
    levels = panel.wide()[unit]
    by_levels = np.lexsort(levels.T[::-1])  # of units that changed alike
    order = by_levels[sample.taken(by_levels).order]
    sample, unit = sample.ordered(order), unit[order]
    used = np.isin(panel.periods, (*window.pre, *window.post))
    level = panel.wide()[unit][:, used]
    family = _family(setting)
    counted = family != "normal"
    y = panel.wide(panel.y)[unit][:, used] if counted else level
    children = np.where(np.isfinite(level), 1.0, np.nan)
    if panel.exposure is not None:
        children = panel.wide(np.asarray(in_ones(setting).exposure))[unit][:, used]
    design = own_design(
        OwnData(
            sample, y, np.maximum(np.rint(children), 1.0) if family == "binomial" else children,
            before=np.isin(panel.periods[used], window.pre), family=family, scale=setting.scale,
        )
    )  # fmt: skip
    skewed = redrawn(design)
    return (design,) if skewed is None else (design, skewed)


def _family(setting: Setting) -> Family:
    """Counts are events that happen anew; whole numbers of those at risk that they are a part of make them shares."""
    if setting.panel.exposure is None:
        return "normal"
    return "binomial" if in_whole_numbers(setting) else "poisson"


def in_whole_numbers(setting: Setting) -> bool:
    """Whether events are whole numbers out of whole numbers, told as shares or in per cent."""
    exposure, y = in_ones(setting).exposure, setting.panel.y
    if exposure is None:
        return False
    whole = np.allclose(exposure, np.rint(exposure)) and np.allclose(y, np.rint(y))
    return bool(whole and (y <= exposure).all() and setting.per in {1.0, 100.0})


def _of_dates(setting: Setting, shifts: tuple[float, ...], simulations: int) -> Size:
    setting = setting.plainly("size")
    panel = setting.panel
    if setting.chosen != "random":
        raise refuse("frame_dates_not_by_lot", found=setting.chosen)
    table: Floats = panel.wide()
    if too_few(panel):
        raise refuse("frame_no_verdict", found=said(too_few(panel)[0], default_language()))
    setting.refuse_holes()
    rows = own_order(panel)
    design = DatedDesign(
        cohort=cohorts(panel)[rows],
        weights=cohort_weights(panel, mean_effect),
        exposed=(panel.periods >= panel.treated_from[:, None]).astype(np.float64)[rows],
        strata=strata_in(panel, rows),
        table=table[rows],
    )
    rng, alpha = setting.rng(), setting.alpha
    found = redrawn_sizes(design, stretch=1.0, rng=rng, shifts=shifts, simulations=simulations, alpha=alpha)
    far: list[Share] = []
    if design.stretch > 1:
        far += redrawn_sizes(design, stretch=design.stretch, rng=rng, simulations=simulations, alpha=alpha)
    return _made(setting, shifts, found, far, None, simulations)
