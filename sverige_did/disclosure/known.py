"""All that an outsider can know of the children in districts from what leaves, as linear relations.

Unknown are the numbers of every district and period: children, child-years, events, sums of scores, amounts. Known are
who lives where (public), how districts are weighed (printed), that parts add up to their whole, every level and
denominator to its rounding, and every estimate, curve and check that is linear in those numbers, to theirs. Estimates
in logarithms and log-odds and the amounts of a net benefit count as their tangent at the truth, and denominators and
doses of districts as known: both give the outsider more than there is to have. What is not linear (standard errors,
p-values, histograms) is rounded, and what that leaves is recorded in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sverige_did.checks.just_before import without_last
from sverige_did.checks.placebo_dates import splits
from sverige_did.disclosure.attack import Relations
from sverige_did.disclosure.coarse import (
    LEAVE_ONE_OUT,
    MULTIVERSE,
    RATIOS,
    Steps,
    check_steps,
    is_from_levels,
    percent_step,
)
from sverige_did.disclosure.held import place_of
from sverige_did.disclosure.levels import AMOUNT, CANDIDATES, Cell, Levels, counted
from sverige_did.disclosure.release import Release, ReleasedLevel
from sverige_did.disclosure.rounding import to_figures
from sverige_did.disclosure.summed import drift_steps, years_of_a_period
from sverige_did.disclosure.sums import Matrix, matrices
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import COUNTED, WHOLE, Panel
from sverige_did.periods import period_number
from sverige_did.results.doses import DoseResponse
from sverige_did.results.estimates import CheckResult, Curve, Finding
from sverige_did.studies.panel.outcome_data import children
from sverige_did.study.multiverse import before_of
from sverige_did.study.study import PanelStudy
from sverige_did.windows import Bools, StudyWindows, other_partial, windows_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TANGENT = 1e-6
"""By how much of itself a number is moved to see what moves with it."""


class Row(NamedTuple):
    """One released value: numbers (n,) at ``at`` (n,) add up to between low and high."""

    name: str
    at: Ints
    factor: Floats
    low: float
    high: float


class Target(NamedTuple):
    """A sum that must stay in the dark by at least ``needed``."""

    name: str
    at: Ints
    needed: float
    factor: Floats | float = 1.0

    @property
    def factors(self) -> Floats:
        """(n,) by what each number is multiplied."""
        return np.broadcast_to(np.asarray(self.factor, dtype=np.float64), self.at.shape)


Told = tuple[tuple[Ints, Floats] | None, float, float, float]
"""A contrast with its true value, the value shown, and the room on either side of it."""


class Component(NamedTuple):
    """Relations and targets that hang together; nothing else says anything about them.

    ``of`` (V,): the district that each number is of.
    """

    relations: Relations
    targets: csr_array
    names: tuple[str, ...]
    needed: Floats
    truth: Floats
    of: Ints

    @property
    def key(self) -> bytes:
        """The same for the same relations, targets and numbers."""
        known = self.relations
        parts = (
            known.matrix.data,
            known.matrix.indices,
            known.low,
            known.high,
            self.targets.indices,
            self.targets.data,
            self.needed,
        )
        return b"".join(np.ascontiguousarray(part).tobytes() for part in (*parts, self.truth))


class Known:
    """What an outsider knows of one study's panel; the parts are added by the methods, in any order."""

    def __init__(self, panel: Panel, study: PanelStudy) -> None:
        """Name the unknowns: every number of the panel that is one term of an outcome, by term, district and period."""
        self.panel, self.study = panel, study
        self.rows: list[Row] = []
        self.targets: list[Target] = []
        self.matrices = matrices(panel)
        self.at: dict[str, Ints] = {}
        values: list[Floats] = []
        kinds: list[str] = []
        units: list[str] = []
        for name, matrix in self.matrices.items():
            terms = counted(name)
            if len(terms) == 1 and terms[0] not in self.at:
                seen = np.isfinite(matrix.amount)
                self.at[terms[0]] = np.where(seen, np.cumsum(seen).reshape(seen.shape) - 1 + len(kinds), -1)
                values.append(matrix.amount[seen])
                kinds += [matrix.kind] * int(seen.sum())
                units += np.repeat(matrix.units, seen.sum(axis=1)).tolist()
        self.truth = np.concatenate(values) if values else np.zeros(0)
        self.kinds = np.array(kinds)
        self.of = np.unique(np.array(units, dtype=str), return_inverse=True)[1]
        self._weighed: dict[str, Floats] = {}
        self._parts()
        self._inside("secure", "institution")
        self._sums = tuple(self.rows)

    def again(self) -> Known:
        """The same numbers with nothing known of them but how they add up."""
        new = copy(self)
        new.rows, new.targets = list(self._sums), []
        return new

    def where(self, terms: Iterable[str], units: Bools, columns: Bools) -> Ints:
        """The unknowns of some terms, districts (U,) and periods (T,)."""
        found = [self.at[term][np.ix_(units, columns)].ravel() for term in terms if term in self.at]
        every = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
        return every[every >= 0]

    def _sum(self, name: str, at: Ints, factor: Floats | float, off: float, room: float) -> None:
        """A value that is known to ``room`` on either side of ``off`` from the true one; nothing if it has no end."""
        if at.size and np.isfinite(off) and np.isfinite(room):
            factors = np.broadcast_to(np.asarray(factor, dtype=float), at.shape)
            middle = float(factors @ self.truth[at]) + off
            room = max(room, abs(off))
            self.rows.append(Row(name, at, factors, middle - room, middle + room))

    def _parts(self) -> None:
        """The kinds of placement of a district and period add up to those placed, or to less."""
        places = [self.at.get(name) for name in ("placed", "home_based", "network", "foster", "institution")]
        if any(one is None for one in places):
            return
        whole, *parts = (one for one in places if one is not None)
        factor = np.array([1.0, *(-1.0 for _ in parts)])
        for at in np.column_stack([one.ravel() for one in (whole, *parts)]):
            if (at >= 0).all():
                rest = float(factor @ self.truth[at])
                self.rows.append(Row("", at, factor, 0.0, 0.0 if abs(rest) < 1e-6 else np.inf))

    def _inside(self, part: str, whole: str) -> None:
        """A number that is a part of another, unless the plan's own mapping of measures has put it elsewhere."""
        one, other = self.at.get(part), self.at.get(whole)
        if one is None or other is None or one.shape != other.shape:
            return
        pairs = [at for at in np.column_stack([other.ravel(), one.ravel()]) if (at >= 0).all()]
        if all(self.truth[at[0]] >= self.truth[at[1]] - TANGENT for at in pairs):
            self.rows += [Row("", at, np.array([1.0, -1.0]), -TANGENT, np.inf) for at in pairs]

    def hidden(self, cells: Iterable[Cell]) -> None:
        """Numbers of groups that must not be found out, once for all outcomes that show the same number.

        Also those that nobody is shown a level of: where years stand instead of half-years, a curve tells half-years.
        """
        seen = {target.name for target in self.targets}
        for cell in cells:
            matrix, name = self.matrices[cell.outcome], f"{cell.outcome}|{cell.group}|{cell.label}"
            at = self.where(counted(cell.outcome), matrix.of(cell.group), matrix.columns(cell.periods))
            if at.size and name not in seen:
                seen.add(name)
                self.targets.append(Target(name, at, self._needed(cell, self.study.hidden_below)))

    def levels(self, cells: Iterable[tuple[Cell, bool]], told: str = "level") -> None:
        """Levels of groups: those shown to their rounding, those hidden as what must not be found out.

        ``told``: what tells them, a level or a target that is made of it.
        """
        threshold = self.study.hidden_below
        for cell, shown in cells:
            matrix = self.matrices[cell.outcome]
            units, columns = matrix.of(cell.group), matrix.columns(cell.periods)
            at = self.where(counted(cell.outcome), units, columns)
            if not at.size:
                continue
            if not shown:
                self.targets.append(
                    Target(f"{cell.outcome}|{cell.group}|{cell.label}", at, self._needed(cell, threshold))
                )
                continue
            many = cell.found.denominator if cell.found.kind == "mean" else 1.0
            name = f"{told}|{cell.outcome}|{cell.group}|{cell.label}"
            self._sum(name, at, 1.0, many * (cell.numerator - cell.found.value), many * cell.room)
            if cell.denominator_step:
                below = self.where(CATALOGUE[cell.outcome].over, units, columns)
                if below.size:
                    off = cell.denominator - float(self.truth[below].sum())
                    self._sum(name, below, 1.0, off, cell.denominator_step / 2)

    def ranges(self, shown: Iterable[tuple[Cell, ReleasedLevel]]) -> None:
        """The ranges that are told of hidden levels; a denominator that is not public is unknown here too."""
        for cell, level in shown:
            if level.low is None or level.high is None:
                continue
            matrix, entry = self.matrices[cell.outcome], CATALOGUE[cell.outcome]
            units, columns = matrix.of(cell.group), matrix.columns(cell.periods)
            at = self.where(counted(cell.outcome), units, columns)
            below = self.where(entry.over, units, columns) if cell.denominator_step else np.zeros(0, dtype=np.int64)
            if not at.size or (cell.denominator_step and not below.size):
                continue
            name, places = f"level|{cell.outcome}|{cell.group}|{cell.label}", np.concatenate([at, below])
            if not below.size:
                public = 1.0 if np.isnan(cell.found.denominator) else cell.found.denominator / entry.per
                self.rows.append(Row(name, at, np.ones(at.size), level.low * public, level.high * public))
                continue
            for end, low, high in ((level.low, 0.0, np.inf), (level.high, -np.inf, 0.0)):
                factor = np.concatenate([np.ones(at.size), np.full(below.size, -end / entry.per)])
                self.rows.append(Row(name, places, factor, low, high))

    def _needed(self, cell: Cell, threshold: int) -> float:
        if cell.found.kind == "money":
            return 2 * AMOUNT * abs(cell.found.value)
        if cell.found.kind == "person_years":
            return threshold * min(cell.found.length, 1.0)
        return float(threshold)

    def earlier(self, release: Release, levels: Levels, now: Release) -> None:
        """What an earlier release shows of the same numbers and ``now`` does not show just so.

        A level that contradicts them is one of other data, and is left out.
        """
        again = {(one.outcome, one.group, one.period, one.level) for one in (*now.levels, *now.windows)}
        places = {(cell.outcome, cell.group, cell.label): cell for cell in levels.cells}
        base = release.study.register_rules.base if isinstance(release.study, PanelStudy) else 1
        for one in (*release.levels, *release.windows):
            cell = places.get((one.outcome, one.group, one.period))
            if cell is None or one.level is None or not cell.found.denominator > 0 or cell.found.kind == "mean":
                continue
            if (one.outcome, one.group, one.period, one.level) in again and base >= self.study.register_rules.base:
                continue
            matrix = self.matrices[cell.outcome]
            units, columns = matrix.of(cell.group), matrix.columns(cell.periods)
            at = self.where(counted(cell.outcome), units, columns)
            share = one.level / CATALOGUE[cell.outcome].per
            factor, below = np.ones(at.size), np.zeros(0, dtype=np.int64)
            step = cell.step * base / self.study.register_rules.base
            room, told = step, share * cell.found.denominator
            if cell.denominator_step:
                below = self.where(CATALOGUE[cell.outcome].over, units, columns)
                room, told = step * (1 + share), 0.0
            value = float(self.truth[at].sum()) - share * float(self.truth[below].sum())
            if at.size and abs(value - told) <= room:
                places_, factors = np.concatenate([at, below]), np.concatenate([factor, np.full(below.size, -share)])
                self.rows.append(
                    Row(f"level|{cell.outcome}|{cell.group}|{cell.label}", places_, factors, told - room, told + room)
                )

    def earlier_estimates(self, release: Release, findings: Sequence[Finding], now: Release) -> None:
        """What an earlier release of the same plan shows of the same estimates; one of other data is left out.

        So is one that says what is said ``now``. An estimate that lies beyond the step that was sent out is told to a
        whole step: of the two releases somebody may know that they differ by a child, and that it crossed.
        """
        steps = {(one.outcome, one.scale): one.step for one in release.steps}
        told = {place_of(one): one.result.estimate for one in release.findings if not is_from_levels(one)}
        again = {place_of(one): one.result for one in now.findings}
        for finding in findings if release.plan_sha256 == self.study.sha256 else ():
            outcome, scale, true = finding.outcome, finding.result.scale, finding.result.estimate
            step, shown = steps.get((outcome, scale)), told.get(place_of(finding))
            same, contrast = again.get(place_of(finding)), self.contrast(outcome, scale)
            if step is None or shown is None or contrast is None or abs(shown - true) > step:
                continue
            if same is not None and (same.estimate, same.step) == (shown, step) and abs(shown - true) <= step / 2:
                continue
            off, slope = shown - true, true if scale == "ratio" else 1.0
            room = step / 2 if abs(off) <= step / 2 else step
            if slope > 0:
                self._sum(f"estimate|{outcome}|{scale}", *contrast, off / slope, room / slope)

    def districts(self) -> None:
        """The numbers of single districts, in a period and in each window, must have three candidates at least.

        So must what a district changed by from the one window to the other, each as a number of equally many periods.
        """
        for name, matrix in self.matrices.items():
            terms = counted(name)
            if len(terms) > 1 or not matrix.districts or matrix.kind not in COUNTED:
                continue
            windows = windows_of(matrix.start, matrix.end, self.study.periods)
            spans = [*np.eye(len(matrix.periods), dtype=bool), windows.before, windows.after]
            long = float(matrix.years.min()) if matrix.kind == "person_years" else 1.0
            for unit in np.eye(len(matrix.units), dtype=bool):
                for number, span in enumerate(spans):
                    at = self.where(terms, unit, span)
                    label = f"{terms[0]}|{matrix.units[int(unit.argmax())]}|{number}"
                    if at.size:
                        self.targets.append(Target(label, at, (CANDIDATES - 1) * long))
                before, after = (self.where(terms, unit, span) for span in spans[-2:])
                if before.size and after.size:
                    factor = np.repeat([1.0, -after.size / before.size], [after.size, before.size])
                    label = f"{terms[0]}|{matrix.units[int(unit.argmax())]}|change"
                    self.targets.append(Target(label, np.concatenate([after, before]), (CANDIDATES - 1) * long, factor))

    def estimates(self, findings: Sequence[Finding], shown: Steps) -> None:
        """Estimates of districts: their middle to its rounding, once for each number."""
        seen = set()
        for finding in findings:
            result, outcome = finding.result, finding.outcome
            step = shown.of.get((outcome, result.scale))
            key = (outcome, result.scale, f"{result.estimate:.9g}")
            contrast = self.contrast(outcome, result.scale)
            if is_from_levels(finding) or step is None or contrast is None or key in seen:
                continue
            seen.add(key)
            off = shown.round(outcome, result.scale, result.estimate) - result.estimate
            slope = result.estimate if result.scale == "ratio" else 1.0
            if slope > 0:
                self._sum(f"estimate|{outcome}|{result.scale}", *contrast, off / slope, step / 2 / slope)

    def contrast(
        self, outcome: str, scale: str, *, sides: tuple[Bools, Bools] | None = None, equal: bool = False,
        without: int | None = None, share: Floats | None = None, frozen: bool = False,
    ) -> tuple[Ints, Floats] | None:  # fmt: skip
        """The difference of two windows between treated and control districts as factors of the numbers.

        ``share`` (U,): other factors of the districts than their weights in their group · ``frozen``: both windows by
        the denominators of the first. None where it rests on other things than districts with denominators.
        """
        matrix = self.matrices.get(outcome)
        if matrix is None or not matrix.districts or np.isnan(matrix.denominator).all():
            return None
        windows = windows_of(matrix.start, matrix.end, self.study.periods)
        sides = (windows.before, windows.after) if sides is None else sides
        own = np.ones(len(matrix.units)) if equal else self._weights(outcome)
        if without is not None:
            own = np.where(np.arange(own.size) == without, 0.0, own)
        share = self._shares(matrix, own) if share is None else share
        if share is None:
            return None
        at, factor = [], []
        for columns, side in zip(sides, (-1.0, 1.0), strict=True):
            # (U, C) unknowns of every district in the window; 0 stands in for a cell that is not there.
            terms = [self.at[term][:, columns] for term in counted(outcome) if term in self.at]
            places = np.concatenate(terms, axis=1) if terms else np.zeros((own.size, 0), dtype=np.int64)
            seen = places >= 0
            value = np.where(seen, self.truth[np.where(seen, places, 0)], 0.0).sum(axis=1)
            below = np.nansum(matrix.denominator[:, columns], axis=1)
            if frozen:
                below = np.nansum(matrix.denominator[:, sides[0]], axis=1) * columns.sum() / sides[0].sum()
            slopes = np.array([self._slope(matrix, scale, *one) for one in zip(below, value, strict=True)])
            at.append(places[seen])
            factor.append(np.broadcast_to((side * share * slopes)[:, None], places.shape)[seen])
        return np.concatenate(at), np.concatenate(factor)

    def _shares(self, matrix: Matrix, own: Floats) -> Floats | None:
        """(U,) weights in the group, those of the control group negative; None where a group has none."""
        share = np.zeros(own.size)
        for group, sign in (("treated", 1.0), ("control", -1.0)):
            mine = np.where(matrix.of(group), own, 0.0)
            if mine.sum() <= 0:
                return None
            share += sign * mine / mine.sum()
        return share

    def numbers(
        self, name: str, outcome: str, of: Callable[[Floats], Mapping[str, float]], shown: Mapping[str, float],
        room: float,
    ) -> None:  # fmt: skip
        """Numbers that are a smooth function of an outcome's sums (U, T): the tangent at the truth, to their rounding.

        ``shown``: what leaves of those that ``of`` computes, by name; ``room`` on either side of each.
        """
        terms = counted(outcome)
        if len(terms) > 1 or terms[0] not in self.at or not shown:
            return
        at = self.at[terms[0]]
        truth = np.where(at >= 0, self.truth[np.where(at >= 0, at, 0)], 0.0)
        here = of(truth)
        slopes = {key: np.zeros(truth.shape) for key in shown}
        for place in zip(*np.nonzero(at >= 0), strict=True):
            moved = truth.copy()
            step = TANGENT * max(abs(truth[place]), 1.0)
            moved[place] += step
            there = of(moved)
            for key in shown:
                slopes[key][place] = (there[key] - here[key]) / step
        for key, value in shown.items():
            factor = slopes[key][at >= 0]
            used = np.abs(factor) > 0
            self._sum(f"{name}|{outcome}|{key}", at[at >= 0][used], factor[used], value - here[key], room)

    def doses(self, every: Iterable[DoseResponse], slopes: Mapping[DoseResponse, Mapping[str, float]]) -> None:
        """Slopes on doses that are known: sums of districts' changes, each with its factor."""
        for one in every:
            matrix = self.matrices.get(one.outcome)
            if not one.slope or matrix is None:
                continue
            factors = slopes[one]
            share = np.array([factors.get(unit, 0.0) for unit in matrix.units])
            contrast = self.contrast(one.outcome, CATALOGUE[one.outcome].scale, share=share)
            if contrast is not None:
                told = to_figures(one.slope)
                room = 0.5 * 10.0 ** (np.floor(np.log10(abs(told))) - 1)
                self._sum(f"dose|{one.outcome}|{one.dose}", *contrast, told - one.slope, room)

    def _weights(self, outcome: str) -> Floats:
        """(U,) how the districts are weighed, as the page says."""
        matrix = self.matrices[outcome]
        if self.study.weights == "districts":
            return np.ones(len(matrix.units))
        if outcome not in self._weighed:
            found = children(self.panel, outcome, self.study).reindex(list(matrix.units)).fillna(0.0)
            self._weighed[outcome] = np.asarray(found, dtype=np.float64)
        return self._weighed[outcome]

    def _slope(self, matrix: Matrix, scale: str, below: float, value: float) -> float:
        """By how much a district's level moves with its number, on a scale."""
        if below <= 0:
            return 0.0
        if scale in RATIOS:
            return 1 / value if value > 0 else 0.0
        if scale == "log_odds":
            rest = below - value
            return below / (value * rest) if value > 0 and rest > 0 else 0.0
        entry = CATALOGUE[matrix.outcome]
        if entry.of_the_group:
            living = np.nansum(matrix.denominator[matrix.treated]) / matrix.years.sum()
            return float(living) / below
        return entry.per / below

    def curve(self, outcome: str, true: Curve, shown: Curve, step: float, *, years: bool) -> None:
        """The effects of the periods against the last one before, as they are drawn."""
        if not true.lower or true.x_name.endswith("event_time"):
            return
        periods = np.array([period_number(label) for label in self.matrices[outcome].periods])
        zero = [
            x for x, y, low, high in zip(true.x, true.y, true.lower, true.upper, strict=True) if y == low == high == 0
        ]
        if not zero or not (periods == zero[0]).any():
            return
        at_year = np.floor(np.array(true.x) + 1e-9)
        for x, y in zip(shown.x, shown.y, strict=True):
            points = [one for one, year in zip(true.x, at_year, strict=True) if (year == x if years else one == x)]
            made = [
                self.contrast(outcome, CATALOGUE[outcome].scale, sides=(periods == zero[0], periods == one))
                for one in points if one != zero[0]
            ]  # fmt: skip
            parts = [one for one in made if one is not None]
            if parts:
                at = np.concatenate([one[0] for one in parts])
                factor = np.concatenate([one[1] for one in parts]) / len(points)
                mean = float(np.mean([true.y[true.x.index(one)] for one in points]))
                self._sum(f"event|{outcome}|{x:g}", at, factor, y - mean, step / 2)

    def check(self, true: CheckResult, shown: CheckResult, step: float | None) -> None:
        """What a check shows of other windows, other weights, dates before the start, and districts left out."""
        outcome, scale = true.outcome, true.scale or ""
        if step is None or true.status != "ran" or outcome not in self.matrices:
            return
        name, slope = f"check|{outcome}|{true.check}", 1.0
        for contrast, value, told, room in self._checked(true, shown, scale, step):
            if contrast is not None:
                slope = value if scale == "ratio" and value > 0 else 1.0
                self._sum(name, *contrast, (told - value) / slope, room / slope)

    def _checked(self, true: CheckResult, shown: CheckResult, scale: str, step: float) -> Iterator[Told]:
        outcome, matrix = true.outcome, self.matrices[true.outcome]
        planned = windows_of(matrix.start, matrix.end, self.study.periods)
        apart = self.panel.outcome(outcome)["treated_from"].dropna().nunique() > 1
        if true.check == "other_weights" and true.key.startswith("equal"):
            yield self.contrast(outcome, scale, equal=True), *_number(true, shown, "effect_other"), step / 2
        if true.check == "other_window":
            other = windows_of(matrix.start, matrix.end, other_partial(self.study.periods))
            sides = (other.before, other.after)
            yield self.contrast(outcome, scale, sides=sides), *_number(true, shown, "effect_other"), step / 2
        if true.check == "placebo_dates" and not apart and true.curves and shown.curves:
            columns = np.flatnonzero(planned.before)
            cuts = splits(np.arange(columns.size))
            if len(cuts) == len(true.curves[0].y):
                for cut, value, told in zip(cuts, true.curves[0].y, shown.curves[0].y, strict=True):
                    first, last = (np.isin(np.arange(planned.before.size), columns[part]) for part in cut)
                    yield self.contrast(outcome, scale, sides=(first, last)), value, told, step / 2
        if true.check == "relative_magnitudes" and not apart:
            seen = np.flatnonzero(planned.before)
            block = drift_steps(matrix, seen)[-1] if seen.size > 2 else seen[-1:]
            base = np.isin(np.arange(planned.before.size), block)
            contrast = self.contrast(outcome, scale, sides=(base, planned.after))
            yield contrast, *_number(true, shown, "effect_last"), step / 2
        if not apart:
            yield from self._of_selection(true, shown, scale, step, planned)
        if true.check == LEAVE_ONE_OUT and not apart and true.numbers.get("percent_low") is not None:
            yield from self._without_one(true, scale, percent_step(true, step))

    def _of_selection(
        self, true: CheckResult, shown: CheckResult, scale: str, step: float, planned: StudyWindows
    ) -> Iterator[Told]:
        """Checks with windows or denominators of their own, and the specification curve."""
        outcome, matrix = true.outcome, self.matrices[true.outcome]
        rough = check_steps(true.check, Steps({(outcome, scale): step})).of[outcome, scale]
        if true.check == "just_before" and planned.before.sum() > 1:
            kept = without_last(np.flatnonzero(planned.before), years_of_a_period(matrix))[0]
            sides = (np.isin(np.arange(planned.before.size), kept), planned.after)
            yield self.contrast(outcome, scale, sides=sides), *_number(true, shown, "effect_other"), rough / 2
        if true.check == "changed_denominator":
            contrast = self.contrast(outcome, scale, frozen=True)
            yield contrast, *_number(true, shown, "effect_other"), rough / 2
        if true.check == MULTIVERSE and true.curves:
            yield from self._specified(outcome, scale, planned, step)

    def _specified(self, outcome: str, scale: str, planned: StudyWindows, step: float) -> Iterator[Told]:
        """Plain differences by every time before that a specification curve has, as if it were known in which bin each
        of them lies and where in it: to a step on either side."""
        matrix, plan = self.matrices[outcome], self.study.multiverse
        numbers = np.array([period_number(label) for label in matrix.periods])
        pre = tuple(numbers[planned.before].tolist())
        times = {before_of(pre, *one) for one in product(plan.before, plan.last_before)} - {(), pre}
        for time in sorted(times):
            contrast = self.contrast(outcome, scale, sides=(np.isin(numbers, time), planned.after))
            value = 0.0 if contrast is None else float(contrast[1] @ self.truth[contrast[0]])
            yield contrast, value, value, step

    def _without_one(self, true: CheckResult, scale: str, percent: float) -> Iterator[Told]:
        """The two districts without which the effect is smallest and largest, as if it were known which they are."""
        units = range(len(self.matrices[true.outcome].units))
        made = [self.contrast(true.outcome, scale, without=unit) for unit in units]
        found = [(float(one[1] @ self.truth[one[0]]), one) for one in made if one is not None]
        effect = true.numbers.get("effect") or 0.0
        ends = (min(found, key=lambda one: one[0]), max(found, key=lambda one: one[0])) if found else ()
        for value, contrast in ends:
            yield contrast, value, value, max(percent / 200 * abs(effect), 1e-9)

    def components(self) -> Iterator[Component]:
        """The relations cut into parts that say nothing about each other; what no value says anything of has none."""
        size, truth = self.truth.size, self.truth
        if not self.rows:
            return
        ends = [np.full(row.at.size, at) for at, row in enumerate(self.rows)]
        place = (np.concatenate([row.at for row in self.rows]), np.concatenate(ends) + size)
        links = csr_array((np.ones(place[0].size), place), shape=(size + len(self.rows),) * 2)
        label = connected_components(links, directed=False)[1][:size]
        told = np.zeros(size, dtype=bool)
        told[place[0]] = True
        # Of a sum over several parts each is looked at alone: it is at least as uncertain as its most uncertain part.
        targets = [target for target in self.targets if told[target.at].all() and np.unique(label[target.at]).size == 1]
        whole = np.isin(self.kinds, sorted(WHOLE))
        for one in np.unique(label[told]):
            mine = np.flatnonzero((label == one) & told)
            rows = [row for row in self.rows if label[row.at[0]] == one]
            asked = [target for target in targets if label[target.at[0]] == one]
            if not asked:
                continue
            # Numbers in units of about one, and with a limit that no group reaches.
            most = 10 * max(float(truth[mine].sum()), 1.0) * np.ones(mine.size)
            known = Relations(
                matrix=_matrix([(row.at, row.factor) for row in rows], mine, size),
                low=np.array([row.low for row in rows]),
                high=np.array([row.high for row in rows]),
                names=tuple(row.name for row in rows),
                least=np.zeros(mine.size),
                most=most,
                whole=whole[mine],
            )
            yield Component(
                relations=known,
                targets=_matrix([(row.at, row.factors) for row in asked], mine, size),
                names=tuple(row.name for row in asked),
                needed=np.array([row.needed for row in asked]),
                truth=truth[mine],
                of=self.of[mine],
            )


def _number(true: CheckResult, shown: CheckResult, name: str) -> tuple[float, float]:
    value, told = true.numbers.get(name), shown.numbers.get(name)
    return (float("nan"), float("nan")) if value is None or told is None else (value, told)


def _matrix(rows: list[tuple[Ints, Floats]], mine: Ints, size: int) -> csr_array:
    """Rows of factors over the numbers ``mine`` of all ``size``; what stands twice in a row is added up."""
    place = np.full(size, -1)
    place[mine] = np.arange(mine.size)
    if not rows:
        return csr_array((0, mine.size))
    at = np.repeat(np.arange(len(rows)), [one.size for one, _ in rows])
    columns, values = place[np.concatenate([one for one, _ in rows])], np.concatenate([factor for _, factor in rows])
    return csr_array((values, (at, columns)), shape=(len(rows), mine.size))
