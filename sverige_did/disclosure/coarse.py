"""Results as they leave: every number of an outcome rounded in the steps of its scale, curves and posteriors with them.

Nothing here is rounded for its looks: the pages print what is in the release. What can be computed from released levels
is computed from them, so that it says nothing that they do not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sverige_did.disclosure.levels import Cell
from sverige_did.disclosure.rounding import (
    STEPS_OF_AN_INTERVAL,
    down,
    last_figure,
    nice_above,
    nice_below,
    p_to_step,
    share_to_step,
    to_figures,
    to_step,
    up,
)
from sverige_did.inference.methods_table import PRIMARY_INTERVAL, PRIMARY_P
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import CheckResult, Curve, Estimate, Finding
from sverige_did.results.methods_tables import RELATIVE_SPREAD, MaxTAdjustment, MethodsRecord
from sverige_did.results.posteriors import PosteriorRecord, PosteriorScale

RATIOS = frozenset({"ratio", "log_ratio"})
OF_DISTRICTS = frozenset({
    "called", "controls", "districts", "exceeds_half_effect", "exceeds_std_error", "kinds", "of_controls", "other",
    "outside", "periods", "pooled", "specifications", "tried", "turned",
})  # fmt: skip
"""Numbers of checks that count districts, dates or methods: whole, and of no child."""

ASSUMED = frozenset({"kappa_high", "kappa_low"})
"""Numbers of checks that are assumed."""

OF_EFFECTS = ("effect", "size", "att_", "did")
"""How the names of numbers begin that are on the scale of a check."""

FLOOR = 0.2
"""An estimate is never rounded finer than this part of what rounding makes of the windows: one child of five."""

OF_THE_VERDICT = frozenset({PRIMARY_P, PRIMARY_INTERVAL})
"""The methods whose p-values are not rounded roughly."""

OWN_LIMITS = frozenset({PRIMARY_INTERVAL, RELATIVE_SPREAD, "welch_by_date", "posterior", "benefit_draws", "none"})
"""The methods whose limits are rounded in the steps of estimates. A dozen others say the same of the same few
districts, and together they would tell how each of them changed."""

OTHERS = 4.0
"""How many times as wide the steps of their limits are."""

PERCENT, LEAVE_ONE_OUT, MULTIVERSE = 10.0, "leave_one_out", "multiverse"
OF_OTHER_COUNTS = frozenset(
    {"just_before", "changed_denominator", "ageing_out", "other_residence", "placebo_outcome", "multiverse"}
)
"""Checks that say what the effect is where other children, periods or denominators are counted: their effects come in
steps :data:`OTHERS` times as wide, for each is one more sum of the same few children."""

QUARTERS = 0.25
"""In what steps the share of a bin of specifications is told that made a choice."""

HISTOGRAM = 200
"""A bar of a histogram is a multiple of about one in so many of all choices."""

PEAK = 100
"""A density is drawn in steps of one in so many of its peak."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The step of every scale of every outcome. Where a number's scale has none, two significant figures are left."""

    of: Mapping[tuple[str, str], float]

    def round(self, outcome: str, scale: str | None, value: float) -> float:
        """The nearest step; a ratio is never rounded to 0."""
        step = self.of.get((outcome, scale or ""))
        if step is None:
            return to_figures(value)
        return to_step(value, step) or (step if scale in RATIOS else 0.0)

    def outwards(
        self, outcome: str, scale: str | None, lower: float, upper: float, times: float = 1.0
    ) -> tuple[float, float]:
        """Both limits, away from each other, in steps ``times`` as wide."""
        step = self.of.get((outcome, scale or ""))
        if step is None:
            largest = last_figure(max(lower, upper, key=abs))
            return (lower, upper) if largest is None else (down(lower, largest), up(upper, largest))
        step = nice_above(step * times)
        return down(lower, step), up(upper, step)

    def wider(self, times: float) -> Steps:
        """All of them so many times as wide."""
        return Steps({key: nice_above(step * times) for key, step in self.of.items()})


def check_steps(check: str, steps: Steps) -> Steps:
    """In what steps a check tells what the effect would be elsewhere."""
    return steps.wider(OTHERS) if check in OF_OTHER_COUNTS else steps


def steps_of(
    findings: tuple[Finding, ...], windows: tuple[Cell, ...], per: Mapping[str, float], wider: Mapping[str, float]
) -> Steps:
    """The steps of every outcome's scales.

    From the width of the interval on that scale, and never finer than :data:`FLOOR` of what rounding makes of
    ``windows`` (the levels before and after, or those of the points of a curve). ``per``: the denominator of the
    outcome's own scale · ``wider``: by what an outcome's steps are multiplied.
    """
    found: dict[tuple[str, str], float] = {}
    scales = dict.fromkeys((one.outcome, one.result.scale) for one in findings)
    for outcome, scale in scales:
        width = _width([one.result for one in findings if (one.outcome, one.result.scale) == (outcome, scale)])
        floor = _floor([cell for cell in windows if cell.outcome == outcome], scale, per.get(outcome, 1.0))
        candidates = [
            nice_below(one) for one in (width / STEPS_OF_AN_INTERVAL, floor * FLOOR) if np.isfinite(one) and one > 0
        ]
        if candidates:
            factor = wider.get(outcome, 1.0)
            found[outcome, scale] = nice_above(max(candidates) * factor)
    return Steps(found)


def _width(results: list[Estimate]) -> float:
    """Of the primary interval, or of the first that is bounded; nan without one."""
    bounded = [
        one for one in results
        if one.lower is not None and one.upper is not None and np.isfinite(one.upper - one.lower)
    ]  # fmt: skip
    first = next((one for one in bounded if one.inference == PRIMARY_INTERVAL), next(iter(bounded), None))
    return float("nan") if first is None or first.lower is None or first.upper is None else first.upper - first.lower


def _floor(windows: list[Cell], scale: str, per: float) -> float:
    """What a step of the roughest window makes of an estimate; nan where no window is summed."""
    found = []
    for cell in windows:
        value, below = cell.found.value, cell.found.denominator
        if not (value > 0 and cell.step > 0):
            continue
        if scale in RATIOS:
            found.append(cell.step / value)
        elif scale == "log_odds":
            found.append(cell.step / (value * max(1 - value / below, 1e-9)) if below > value else np.nan)
        elif np.isfinite(below) and below > 0 and cell.found.kind != "mean":
            found.append(CATALOGUE[cell.outcome].per * per * cell.step / below)
        else:
            found.append(cell.step)
    return float(np.nanmax(found)) if found and not np.isnan(found).all() else float("nan")


FROM_LEVELS = frozenset({"before_after", "did_totals", "rate_ratio"})
"""Estimators that are computed from the levels of the two windows, and of a design with two totals also ``did``."""


def is_from_levels(finding: Finding) -> bool:
    """Whether an estimate is a difference or a ratio of group levels and nothing else."""
    totals = finding.design_class == "D1g" and finding.result.estimator == "did"
    return finding.result.estimator in FROM_LEVELS or (totals and finding.result.inference == "none")


def from_levels(finding: Finding, levels: Mapping[tuple[str, str], float], per: float) -> Finding | None:
    """The estimate again from released ``levels`` by group and window; None where one of them is hidden.

    ``per``: how many times a level the outcome's own scale is (an amount of the group is one per child times children).
    """
    ratio, estimator = finding.result.scale == "ratio", finding.result.estimator
    groups = ("treated", "control")
    try:
        if estimator == "rate_ratio":
            value = levels["treated", "after"] / levels["control", "after"]
        else:
            changes = [
                levels[group, "after"] / levels[group, "before"] if ratio
                else per * (levels[group, "after"] - levels[group, "before"])
                for group in (groups[:1] if estimator == "before_after" else groups)
            ]  # fmt: skip
            value = changes[0] if len(changes) == 1 else changes[0] / changes[1] if ratio else changes[0] - changes[1]
    except (KeyError, ZeroDivisionError):
        return None
    result = finding.result.model_copy(update={"estimate": to_figures(value, 4)})
    return finding.model_copy(update={"result": result})


def coarse_estimate(result: Estimate, outcome: str, steps: Steps) -> Estimate:
    """An estimate with its limits, standard error and p-values rounded."""
    update: dict[str, object] = {
        "estimate": steps.round(outcome, result.scale, result.estimate), "step": steps.of.get((outcome, result.scale)),
    }  # fmt: skip
    times = 1.0 if result.inference in OWN_LIMITS else OTHERS
    for name, away in (("lower", 0), ("upper", 1)):
        value = getattr(result, name)
        if value is not None:
            update[name] = steps.outwards(outcome, result.scale, value, value, times)[away]
    if result.std_error:
        update["std_error"] = to_step(result.std_error, nice_below(result.std_error / 5))
    for name in ("p_value", "p_adjusted"):
        value = getattr(result, name)
        if value is not None:
            update[name] = p_to_step(value, rough=result.inference not in OF_THE_VERDICT)
    if result.prob_benefit is not None:
        update["prob_benefit"] = round(result.prob_benefit, 2)
    return result.model_copy(update=update)


def coarse_check(check: CheckResult, steps: Steps) -> CheckResult:
    """A check with its numbers and curves rounded."""
    numbers = {name: _number(check, name, value, steps) for name, value in check.numbers.items()}
    curves = tuple(coarse_curve(curve, check.outcome, check.scale, steps) for curve in check.curves)
    if check.check == MULTIVERSE:
        curves = tuple(_of_many(curve, check, steps) for curve in check.curves)
    if check.check == "spillover":
        curves = tuple(_in_proportion(curve, check, numbers) for curve in check.curves)
    step = steps.of.get((check.outcome, check.scale or ""))
    return check.model_copy(update={"numbers": numbers, "curves": curves, "step": step})


def _number(check: CheckResult, name: str, value: float | None, steps: Steps) -> float | None:
    if value is None or name in OF_DISTRICTS or name in ASSUMED:
        return value if value is None or name in ASSUMED else float(round(value))
    if name == "p" or name.startswith("p_"):
        return p_to_step(value, rough=True)
    if name.startswith("percent"):
        return to_step(value, percent_step(check, steps.of.get((check.outcome, check.scale or ""))))
    if check.scale is not None and name.startswith(OF_EFFECTS):
        steps = steps if name == "effect" else check_steps(check.check, steps)
        low, high = steps.outwards(check.outcome, check.scale, value, value)
        return (
            low
            if name.endswith("_low")
            else high
            if name.endswith("_high")
            else steps.round(check.outcome, check.scale, value)
        )
    return to_figures(value)


def percent_step(check: CheckResult, step: float | None) -> float:
    """In what steps the per cent of a check are rounded: tens, and of an effect no finer than the effect is."""
    effect = abs(check.numbers.get("effect") or 0.0)
    if check.check != LEAVE_ONE_OUT or step is None or effect == 0:
        return PERCENT
    return nice_above(max(PERCENT, 100 * step / effect))


def _in_proportion(curve: Curve, check: CheckResult, numbers: Mapping[str, float | None]) -> Curve:
    """A curve that is one number times what is assumed: drawn from the rounded number, for many multiples of one number
    would tell its digits.
    """
    whole, shown = check.numbers.get("did"), numbers.get("did")
    factor = 1.0 if not whole or shown is None else shown / whole
    columns = {
        name: tuple(to_figures(value * factor, 3) for value in getattr(curve, name)) for name in ("y", "lower", "upper")
    }
    limits = {name: tuple(to_figures(value) for value in columns[name]) for name in ("lower", "upper")}
    return curve.model_copy(update={"y": columns["y"], **limits})


def _of_many(curve: Curve, check: CheckResult, steps: Steps) -> Curve:
    """A curve of many specifications: shares of a bin in quarters, estimates in the steps of the finding, each by
    itself, for they lie on no line."""
    if curve.name.startswith("choice."):
        y: tuple[float, ...] = tuple(to_step(value, QUARTERS) for value in curve.y)
        return curve.model_copy(update={"x": tuple(to_figures(x, 3) for x in curve.x), "y": y})
    steps = check_steps(check.check, steps) if "question." in curve.name else steps
    sides = {
        name: tuple(
            steps.round(check.outcome, check.scale, value) if name == "y"
            else steps.outwards(check.outcome, check.scale, value, value)[name == "upper"]
            for value in getattr(curve, name)
        )
        for name in ("y", "lower", "upper")
    }  # fmt: skip
    return curve.model_copy(update={"x": tuple(to_figures(x, 3) for x in curve.x), **sides})


def coarse_curve(curve: Curve, outcome: str, scale: str | None, steps: Steps) -> Curve:
    """A curve with y and limits rounded.

    One that is a straight line keeps the two ends only, and the rest is drawn between them: points of a line that are
    rounded one by one would tell the line.
    """
    # A grid that is assumed, or periods: without the last bits of its sums.
    update: dict[str, tuple[float, ...]] = {"x": tuple(to_figures(value, 6) for value in curve.x)}
    for name in ("y", "lower", "upper"):
        values = np.array(getattr(curve, name), dtype=float)
        if not values.size:
            continue
        side = {"lower": 0, "upper": 1}.get(name)
        update[name] = tuple(_rounded_line(np.array(curve.x), values, outcome, scale, steps, side))
    return curve.model_copy(update=update)


def _rounded_line(
    x: np.ndarray, values: np.ndarray, outcome: str, scale: str | None, steps: Steps, side: int | None
) -> Iterator[float]:
    def one(value: float) -> float:
        rounded = steps.round(outcome, scale, value)
        return rounded if side is None else steps.outwards(outcome, scale, value, value)[side]

    straight = x.size > 2 and np.isfinite(values).all() and _is_line(x, values)
    if not straight:
        yield from (one(float(value)) for value in values)
        return
    ends = one(float(values[0])), one(float(values[-1]))
    yield from (to_figures(float(value), 6) for value in np.interp(x, [x[0], x[-1]], ends))


def _is_line(x: np.ndarray, values: np.ndarray) -> bool:
    line = values[0] + (values[-1] - values[0]) * (x - x[0]) / (x[-1] - x[0])
    return bool(np.allclose(values, line, rtol=1e-6, atol=1e-9 * (1 + np.abs(values).max())))


def coarse_record(
    record: MethodsRecord, steps: Steps, points: Steps | None = None, *, curve: bool, years: bool
) -> MethodsRecord:
    """What stands beside a methods table, rounded; the curve in steps of ``points``, drawn by years, or left out."""
    update: dict[str, object] = {}
    if record.smallest_p is not None:
        update["smallest_p"] = to_figures(record.smallest_p)
    if record.observed is not None:
        update["observed"] = to_step(record.observed, 0.1)
    if record.counts:
        reach = up(max(abs(edge) for edge in record.edges), 0.1)
        step = nice_above(max(sum(record.counts) / HISTOGRAM, 1))
        update["edges"] = tuple(float(f"{edge:.6g}") for edge in np.linspace(-reach, reach, len(record.edges)))
        update["counts"] = tuple(int(to_step(count, step)) for count in record.counts)
    if record.event is not None:
        event = by_years(record.event) if years else record.event
        update["event"] = (
            coarse_curve(event, record.outcome, CATALOGUE[record.outcome].scale, points or steps) if curve else None
        )
    if record.max_t_adjustment is not None:
        p = {
            name: p_to_step(value, rough=name.startswith("max_t"))
            for name, value in record.max_t_adjustment.model_dump().items()
            if isinstance(value, float)
        }  # fmt: skip
        update["max_t_adjustment"] = MaxTAdjustment(**(record.max_t_adjustment.model_dump() | p))
    return record.model_copy(update=update)


def by_years(curve: Curve) -> Curve:
    """The mean of each year's periods. Limits that hold for all periods at once hold for their means too."""
    x = np.array(curve.x)
    year = np.floor(x + 1e-9)
    groups = [np.flatnonzero(year == one) for one in np.unique(year)]
    columns = {
        name: tuple(float(np.mean(np.array(getattr(curve, name))[at])) for at in groups)
        for name in ("y", "lower", "upper") if getattr(curve, name)
    }  # fmt: skip
    return curve.model_copy(update={"x": tuple(float(year[at[0]]) for at in groups), **columns})


def coarse_posterior(record: PosteriorRecord, steps: Steps, base: int) -> PosteriorRecord:
    """A posterior with every number rounded in the steps of its scale, probabilities in per cent."""
    if record.refused:
        return record
    outcome = record.outcome
    shown = tuple(coarse_estimate(one, outcome, steps) for one in record.estimates)
    others = tuple(
        one.model_copy(
            update={
                "median": steps.round(outcome, "ratio", one.median),
                **dict(zip(("lower", "upper"), steps.outwards(outcome, "ratio", one.lower, one.upper), strict=True)),
                "prob_benefit": None if one.prob_benefit is None else round(one.prob_benefit, 2),
                "pareto_k": None if one.pareto_k is None else to_figures(one.pareto_k),
            }
        )
        for one in record.alternative_priors
    )
    learned = tuple(
        one.model_copy(
            update={
                "prior_median": to_figures(one.prior_median),
                "posterior_median": to_figures(one.posterior_median),
                "shrinkage": to_step(one.shrinkage, 0.05),
                "overlap": min(to_step(one.overlap, 0.05), 1.0),
            }
        )
        for one in record.learned
    )
    checks = tuple(
        one.model_copy(
            update={"p": round(one.p, 2)}
            | {
                name: None if getattr(one, name) is None else to_figures(getattr(one, name))
                for name in ("observed", "low", "high")
            }
        )
        for one in record.checks
    )
    return record.model_copy(
        update={
            "estimates": shown,
            "scales": tuple(_scale(one, outcome, steps) for one in record.scales),
            "densities": tuple(_densities(record, shown)),
            "alternative_priors": others,
            "learned": learned,
            "checks": checks,
            "power": {name: to_figures(value) for name, value in record.power.items()},
            # What is believed before the data; drawn, so that it has as many digits as a number can have.
            "prior_level": None
            if record.prior_level is None
            else tuple(to_figures(one, 3) for one in record.prior_level),
            "prior_share": None if record.prior_share is None else share_to_step(record.prior_share),
            **_resting_on_few(record, steps, base),
        }
    )


def _scale(one: PosteriorScale, outcome: str, steps: Steps) -> PosteriorScale:
    probabilities = {
        name: None if getattr(one, name) is None else round(getattr(one, name), 2)
        for name in ("prob_benefit", "prob_beyond", "rope_mass")
    }
    intervals = tuple(steps.outwards(outcome, one.scale, *ends) for ends in one.intervals)
    median = steps.round(outcome, one.scale, one.median)
    step = steps.of.get((outcome, one.scale))
    return one.model_copy(update={"median": median, "intervals": intervals, "step": step, **probabilities})


def _densities(record: PosteriorRecord, shown: tuple[Estimate, ...]) -> Iterator[Curve]:
    """The prior as it is, and the posterior moved to its rounded middle and drawn in steps of its peak."""
    if not record.densities:
        return
    *before, after = record.densities
    yield from (_in_digits(one) for one in before)
    middles = [
        (float(np.log(true.estimate)), float(np.log(new.estimate)))
        for true, new in zip(record.estimates, shown, strict=True)
        if true.scale == "ratio" and true.estimate > 0 and new.estimate > 0
    ]
    moved = middles[0][1] - middles[0][0] if middles else 0.0
    x, y = np.array(after.x), np.array(after.y)
    there = np.interp(x - moved, x, y)
    step = nice_above(float(y.max()) / PEAK)
    yield _in_digits(after.model_copy(update={"y": tuple(to_step(float(value), step) for value in there)}))


def _in_digits(curve: Curve) -> Curve:
    """A density in four figures: its grid, and a prior's height."""
    columns = {name: tuple(to_figures(value, 4) for value in getattr(curve, name)) for name in ("x", "y")}
    return curve.model_copy(update=columns)


def _resting_on_few(record: PosteriorRecord, steps: Steps, base: int) -> dict[str, object]:
    """What rests on one district, on those who were not rated again, or on those with spending."""
    outcome, update = record.outcome, dict[str, object]()
    if record.left_out is not None:
        step = max(steps.of.get((outcome, "ratio"), 0.1), 0.1)
        one = record.left_out
        rounded = {name: None if value is None else to_step(value, 0.5)
                   for name, value in (("gain", one.gain), ("gain_error", one.gain_error))}  # fmt: skip
        update["left_out"] = one.model_copy(
            update={"lowest": down(one.lowest, step), "highest": up(one.highest, step), **rounded}
        )
    if record.non_response is not None:
        answers, own = record.non_response, record.estimates[0].scale
        counts = {name: None if getattr(answers, name) is None else int(to_step(getattr(answers, name), base))
                  for name in ("answered", "unanswered")}  # fmt: skip
        update["non_response"] = answers.model_copy(
            update=counts
            | {
                "median": tuple(steps.round(outcome, own, value) for value in answers.median),
                "prob_benefit": tuple(round(value, 2) for value in answers.prob_benefit),
                "tipping": None if answers.tipping is None else to_figures(answers.tipping),
                "reference": None if answers.reference is None else steps.round(outcome, own, answers.reference),
            }
        )
    if record.spending is not None:
        parts = {name: None if getattr(record.spending, name) is None
                 else _scale(getattr(record.spending, name), outcome, steps)
                 for name in ("by_use", "by_amount")}  # fmt: skip
        update["spending"] = record.spending.model_copy(update=parts)
    return update


def own_per(outcome: str, living: float) -> float:
    """How many times a level the outcome's own scale is: an amount of the group is so many times one per child."""
    return living if CATALOGUE[outcome].of_the_group else 1.0
