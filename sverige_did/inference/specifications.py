"""Many specifications of one comparison of districts: each with its estimate and interval, and all reassigned together.

A specification says which levels before and after are compared (windows, definitions), which districts by which
weights, on which scale trends are parallel, and whether the level before is held fixed. Every estimate is read in the
unit of the outcome, so that those of one estimand can stand in one line (Simonsohn, Simmons and Nelson 2020, Nature
Human Behaviour 4:1208). On a log or log-odds scale the effect is the level after less the level that the groups'
pooled levels imply, and its standard error that of the linearised difference (LINKS in did/scales.py).

Under reassignment levels move to places that keep their treatment and weight (assignments.py), the same ones in every
specification: the specifications are one experiment told many times, and their estimates are not independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from sverige_did.did.scales import LINKS, Scale
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.cluster_robust import EIGEN_TOLERANCE, cr2_of_singles, least_squares
from sverige_did.inference.districts import EFFECT, Bools, Districts, Floats, Ints
from sverige_did.inference.inversion import TIE

_CELLS = 4_000_000
"""Numbers that are reassigned at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Which districts are compared, and by which weights: what stays in its place when levels are reassigned.

    ``kept`` (G,) marks the districts that are compared; ``treated``, ``weights`` and ``strata`` are theirs.
    """

    kept: Bools
    treated: Bools
    weights: Floats
    strata: Ints

    @property
    def sample(self) -> Districts:
        """The places as districts without a change."""
        n = self.treated.size
        return Districts(np.zeros(n), self.treated, self.weights, self.strata, np.empty((n, 0)))

    @property
    def design(self) -> Floats:
        """Intercept, treatment and strata but the first (G', 1 + S)."""
        return self.sample.design


def comparison(treated: Bools, weights: Floats, strata: Ints, kept: Bools | None = None) -> Comparison:
    """Of districts (G,), those of ``kept`` whose stratum holds both arms.

    Raises RefusedError ``too_few_treated`` or ``too_few_control`` where fewer than two of an arm are left.
    """
    keep = np.ones(treated.size, dtype=bool) if kept is None else kept.copy()
    for s in np.unique(strata):
        mine = keep & (strata == s)
        if not (treated[mine].any() and (~treated[mine]).any()):
            keep[mine] = False
    for arm, key in ((treated, "too_few_treated"), (~treated, "too_few_control")):
        if (arm & keep).sum() < 2:
            raise refuse(key, found=str(int((arm & keep).sum())), expected=">= 2")
    codes = np.unique(strata[keep], return_inverse=True)[1]
    return Comparison(keep, treated[keep], weights[keep], codes)


class Specification(NamedTuple):
    """Levels ``before`` and ``after`` (G,) in the unit of the outcome, and how they are compared.

    ``scale``: that on which trends are parallel · ``by_level``: the level before is held fixed (identity only).
    """

    before: Floats
    after: Floats
    comparison: Comparison
    scale: Scale = "identity"
    by_level: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Of S specifications: ``estimate``, ``std_error`` (CR2), ``df`` (Bell and McCaffrey), ``lower``, ``upper`` (S,).

    NaN where a level has no value on the scale; the degrees of freedom and limits also where a level before that is
    held fixed tells who is treated.
    """

    estimate: Floats
    std_error: Floats
    df: Floats
    lower: Floats
    upper: Floats


def estimates(specifications: Sequence[Specification], *, alpha: float = 0.05, top: float = 1.0) -> Estimates:
    """Every specification; ``top``: the largest level that a share can have, which log-odds need."""
    columns = np.full((3, len(specifications)), np.nan)
    for at, alike in _alike(specifications):
        before, after = (np.stack([getattr(one, side)[one.comparison.kept] for one in alike]) for side in _SIDES)
        found = _fitted(before, after, alike[0], top)
        columns[:, at] = *found, _degrees(before, alike)
    value, error, df = columns
    half = scipy.stats.t.isf(alpha / 2, df) * error
    return Estimates(value, error, df, value - half, value + half)


def reassigned(
    specifications: Sequence[Specification], rows: NDArray[np.integer], *, top: float = 1.0
) -> tuple[Floats, Floats]:
    """Estimates and standard errors (n, S) when district ``rows`` (n, G) stands at each place: the same in all."""
    found = np.full((2, len(rows), len(specifications)), np.nan)
    step = max(1, _CELLS // max(1, rows.shape[1] * len(specifications)))
    for at, alike in _alike(specifications):
        kept = alike[0].comparison.kept
        levels = [np.stack([getattr(one, side) for one in alike], axis=1) for side in _SIDES]  # (G, S)
        for start in range(0, len(rows), step):
            places = rows[start : start + step][:, kept]
            before, after = (np.moveaxis(one[places], 1, 2) for one in levels)  # (n, S, G')
            found[:, start : start + step, at] = _fitted(before, after, alike[0], top)
    return found[0], found[1]


_SIDES = ("before", "after")


def _alike(specifications: Sequence[Specification]) -> Iterator[tuple[Ints, list[Specification]]]:
    """The specifications that differ in their levels alone, with their places in the list."""
    groups: dict[tuple[int, Scale, bool], list[int]] = {}
    for at, one in enumerate(specifications):
        groups.setdefault((id(one.comparison), one.scale, one.by_level), []).append(at)
    for places in groups.values():
        yield np.array(places), [specifications[at] for at in places]


def _fitted(before: Floats, after: Floats, one: Specification, top: float) -> tuple[Floats, Floats]:
    """Estimates and standard errors (...,) of levels (..., G')."""
    places = one.comparison
    if one.by_level:
        fixed = np.broadcast_to(places.design, (*before.shape, places.design.shape[1]))
        x = np.concatenate([fixed, _centred(before)[..., None]], axis=-1)
        return _regressed(after - before, x, places.sample.balanced)
    if one.scale == "identity":
        return _regressed(after - before, places.design, places.sample.balanced)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect, linear = _linearised(before, after, places, one.scale, top)
    return effect, _regressed(linear, places.design, places.sample.balanced)[1]


def _centred(level: Floats) -> Floats:
    """Levels (..., G') around their mean in units of their range; nothing where all share one."""
    around, spread = level - level.mean(axis=-1, keepdims=True), np.ptp(level, axis=-1, keepdims=True)
    there = spread > 1e-9 * np.abs(level).max(axis=-1, keepdims=True)
    return np.where(there, around / np.where(there, spread, 1.0), 0.0)


def _linearised(before: Floats, after: Floats, places: Comparison, scale: Scale, top: float) -> tuple[Floats, Floats]:
    """The effect of pooled levels on a scale, and what each district adds to it (..., G')."""
    link, w = LINKS[scale], places.sample.balanced
    per = 1.0 if scale == "log" else top
    arms = [np.where(arm, w, 0.0) / w[arm].sum() for arm in (places.treated, ~places.treated)]
    levels = {(at, side): values @ arm / per for at, arm in enumerate(arms)
              for side, values in zip(_SIDES, (before, after), strict=True)}  # fmt: skip
    implied = link.inverse(link.g(levels[0, "before"]) + link.g(levels[1, "after"]) - link.g(levels[1, "before"]))
    slope = {key: link.slope(level) / link.slope(implied) for key, level in levels.items()}
    own = after - slope[0, "before"][..., None] * before
    other = slope[1, "after"][..., None] * after - slope[1, "before"][..., None] * before
    effect = per * (levels[0, "after"] - implied)
    return np.where(np.isfinite(effect), effect, np.nan), np.where(places.treated, own, other)


def _regressed(y: Floats, x: Floats, w: Floats) -> tuple[Floats, Floats]:
    """The coefficient of treatment and its CR2 standard error, a row a cluster: y (..., G), x (G, p) or (..., G, p)."""
    weighted = np.swapaxes(x, -1, -2) * w
    bread = _inverse(weighted @ x)
    residual = y - (x @ (bread @ (weighted @ y[..., None])))[..., 0]
    share = w * (x @ bread[..., EFFECT, :, None])[..., 0]
    wide = bread @ (weighted @ np.swapaxes(weighted, -1, -2)) @ bread
    room = 1 - 2 * w * ((x @ bread) * x).sum(axis=-1) + ((x @ wide) * x).sum(axis=-1)
    there = room > EIGEN_TOLERANCE
    adjusted = np.where(there, np.square(share) / np.where(there, room, 1.0), 0.0)
    return (share * y).sum(axis=-1), np.sqrt((adjusted * np.square(residual)).sum(axis=-1))


def _inverse(matrices: Floats) -> Floats:
    """The inverses of symmetric matrices (..., p, p); generalised ones where a level that all share is held fixed."""
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(matrices, hermitian=True))


def _degrees(before: Floats, alike: Sequence[Specification]) -> Floats:
    """Bell and McCaffrey's degrees of freedom (S,): of places alone, or of places with the level before."""
    places = alike[0].comparison
    n, w = places.treated.size, places.sample.balanced

    def of(x: Floats) -> float:
        try:
            return cr2_of_singles(least_squares(np.zeros(n), x, np.arange(n), w), EFFECT)[1]
        except RefusedError:  # a level before that tells who is treated leaves nothing to compare; the others stand
            return float("nan")

    if not alike[0].by_level:
        return np.full(len(alike), of(places.design))
    known: dict[bytes, float] = {}
    for row in before:
        if row.tobytes() not in known:
            level = _centred(row)
            known[row.tobytes()] = of(np.column_stack([places.design, level]) if level.any() else places.design)
    return np.array([known[row.tobytes()] for row in before])


@dataclass(frozen=True, slots=True)
class Pooled:
    """What specifications of one estimand say together, against the same reassignments of all of them.

    ``median``; ``same_sign``: the share that has the sign of the first specification; ``beyond``: the share whose
    interval lies on that side of no difference. The p-values are two-sided; ``tried`` reassignments, all if ``every``.
    """

    median: float
    same_sign: float
    beyond: float
    p_median: float
    p_same_sign: float
    p_beyond: float
    tried: int
    every: bool


def pooled(found: Estimates, moved: tuple[Floats, Floats], *, every: bool, alpha: float = 0.05) -> Pooled:
    """``found`` of S specifications, the planned one first, and ``moved``: (n, S) estimates and standard errors.

    The statistics are the size of the median, and the larger of the shares on either side. Where reassignments were
    drawn, the first row is nobody's move.
    """
    critical = scipy.stats.t.isf(alpha / 2, found.df)
    value, error = moved
    with np.errstate(divide="ignore", invalid="ignore"):
        t = value / error
    reference = (
        np.abs(np.nanmedian(value, axis=1)),
        _larger_side(value > 0, value < 0),
        _larger_side(t > critical, t < -critical),
    )
    sign = np.sign(found.estimate[0])
    own = found.estimate * sign > 0
    out = np.where(sign > 0, found.lower > 0, found.upper < 0)
    observed = (
        abs(float(np.median(found.estimate))),
        float(_larger_side(found.estimate > 0, found.estimate < 0)),
        float(_larger_side(found.lower > 0, found.upper < 0)),
    )
    p_median, p_same_sign, p_beyond = (
        float(np.mean(many >= one * (1 - TIE))) for many, one in zip(reference, observed, strict=True)
    )
    return Pooled(
        median=float(np.median(found.estimate)),
        same_sign=float(own.mean()),
        beyond=float(out.mean()),
        p_median=p_median,
        p_same_sign=p_same_sign,
        p_beyond=p_beyond,
        tried=len(value),
        every=every,
    )


def _larger_side(above: Bools, below: Bools) -> Floats:
    return np.maximum(above.mean(axis=-1), below.mean(axis=-1))


def only(found: Estimates, rows: Bools | Ints) -> Estimates:
    """Some of the specifications."""
    names = ("estimate", "std_error", "df", "lower", "upper")
    return replace(found, **{name: getattr(found, name)[rows] for name in names})
