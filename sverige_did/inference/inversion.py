"""Confidence sets by inverting a resampling test, exactly.

With u = tau_hat - tau0, the effects in play at the hypothesis tau0 are linear in tau0. For every resample r
(an assignment, or a vector of bootstrap weights) the statistic is (a_r + b_r u) / sqrt(q_r(u)) with q_r
quadratic, and the observed one is u / sqrt(v). So the hypotheses at which r counts as a hit,

    |t_r(u)| >= |t_obs(u)|   <=>   v (a_r + b_r u)^2 - u^2 q_r(u) >= 0,

are where one quartic is not negative. The confidence set, every tau0 with p(tau0) > alpha, is where at least m of
the quartics are not negative. It is found by bisection of the whole line with Bernstein coefficients, whose
signs certify that a quartic has no root in a cell: no piece of the set is missed, however narrow, and the set
agrees with the p-value because both count the same quartics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from math import comb, floor, inf

import numpy as np

from sverige_did.inference.districts import Floats

TIE = 1e-9
"""Statistics closer than this, relatively, are a tie, and a tie is a hit."""

ZERO = 1e-12
"""An effect this small, in units, is rounding error, and every statistic is as far from zero as none."""

_DEEPEST = 40
"""Bisections of a cell: an end of the set is known to 1e-12 of two standard errors; what is left is kept."""

_SCAN_ENDS = 1e-6
"""How closely, in units, :func:`scan` finds the ends of a set."""


@dataclass(frozen=True, slots=True)
class Region:
    """A set of hypothesised effects: a union of closed intervals in increasing order, possibly unbounded."""

    pieces: tuple[tuple[float, float], ...]

    @property
    def lower(self) -> float:
        """The smallest effect in the set."""
        return self.pieces[0][0]

    @property
    def upper(self) -> float:
        """The largest effect in the set."""
        return self.pieces[-1][1]

    @property
    def disconnected(self) -> bool:
        """Whether ``lower`` to ``upper`` holds effects that the test rejects."""
        return len(self.pieces) > 1

    @property
    def unbounded(self) -> bool:
        """Whether the test cannot reject effects of any size on one side."""
        return self.lower == -inf or self.upper == inf

    def __contains__(self, effect: float) -> bool:
        return any(low <= effect <= high for low, high in self.pieces)


@dataclass(frozen=True, slots=True)
class Inverted:
    """An estimate, the two-sided p-value of no effect, and every effect that the test does not reject."""

    estimate: float
    p_value: float
    region: Region


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The statistics of n resamples as functions of u = (tau_hat - tau0) / ``unit``.

    ``a``, ``b`` (n,) and ``q0``, ``q1``, ``q2`` (n,): (a + b u) / sqrt(q0 + q1 u + q2 u^2); ``v``: the squared
    standard error of the observed estimate. All are in units of ``unit``. Multipliers that the resampled and
    the observed standard error share may be left out of both.
    """

    a: Floats
    b: Floats
    q0: Floats
    q1: Floats
    q2: Floats
    v: float
    estimate: float
    unit: float

    @property
    def observed(self) -> float:
        """The statistic of the observed data if there is no effect."""
        return self.estimate / self.unit / float(np.sqrt(self.v))

    def bare(self) -> Family:
        """The same without studentising: every standard error is one ``unit``."""
        one, none = np.ones_like(self.a), np.zeros_like(self.a)
        return replace(self, q0=one, q1=none, q2=none, v=1.0)

    def p_value(self, tau0: float) -> float:
        """The share of resamples, the observed one among them, whose statistic is at least as far from zero."""
        u = (self.estimate - tau0) / self.unit
        if abs(u) <= ZERO:
            return 1.0
        c = self.quartics()
        return float(np.mean(((((c[4] * u + c[3]) * u + c[2]) * u + c[1]) * u + c[0]) >= 0))

    def statistics(self, tau0: float) -> Floats:
        """The reference distribution at tau0 (n,): what the observed statistic is compared with."""
        u = (self.estimate - tau0) / self.unit
        top = self.a + self.b * u
        bottom = np.sqrt(np.maximum((self.q2 * u + self.q1) * u + self.q0, 0))
        return np.divide(top, bottom, out=np.copysign(np.full_like(top, inf), top), where=bottom > 0)

    def quartics(self) -> Floats:
        """Power coefficients (5, n) of the quartics; a relative slack of ``TIE`` makes a tie a hit, and ``ZERO`` makes
        one of a resample in which nothing differs and nothing varies, else rounding would decide on 0 / 0."""
        v = self.v * (1 + TIE)
        square = v * self.b**2 - self.q0 + self.v * ZERO
        return np.stack([v * self.a**2, 2 * v * self.a * self.b, square, -self.q1, -self.q2])

    def region(self, alpha: float) -> Region:
        """Every tau0 with p(tau0) > ``alpha``."""
        needed = floor(alpha * self.a.size + 1e-9) + 1
        pieces = [(self.estimate - self.unit * high, self.estimate - self.unit * low)
                  for low, high in _pieces(self.quartics(), needed)]  # fmt: skip
        return Region(tuple(reversed(pieces)))


def _pieces(c: Floats, needed: int) -> list[tuple[float, float]]:
    """Where at least ``needed`` of the quartics ``c`` (5, n) are >= 0, as intervals of the line in order.

    The line is covered by t, -t, 1/t and -1/t with t in [0, 1]. The degree is that of the highest power in use: at
    infinity, polynomials of a lower degree would all be zero and none could be told from a hit.
    """
    c = c[: int(np.flatnonzero(c.any(axis=1)).max()) + 1]
    degree = len(c) - 1
    to_bernstein = np.array([[comb(i, j) / comb(degree, j) for j in range(degree + 1)] for i in range(degree + 1)])
    signs = (-1.0) ** np.arange(degree + 1)[:, None]
    cells: list[tuple[float, float]] = []
    for sign, mirrored in ((1.0, c), (-1.0, c * signs)):
        near = _cells(to_bernstein @ mirrored, needed)
        far = [(_inverse(high), _inverse(low)) for low, high in _cells(to_bernstein @ mirrored[::-1], needed)]
        cells += [(low, high) if sign > 0 else (-high, -low) for low, high in near + far]
    return _merge(sorted(cells))


def _inverse(t: float) -> float:
    return 1 / t if t else inf


def _cells(bernstein: Floats, needed: int) -> list[tuple[float, float]]:
    """Cells of [0, 1] in which ``needed`` polynomials, given by Bernstein coefficients (5, n), are not negative."""
    kept: list[tuple[float, float]] = []
    waiting = [(0.0, 1.0, bernstein, 0, 0)]
    while waiting:
        low, high, b, sure, depth = waiting.pop()
        always, ever = b.min(axis=0) >= 0, b.max(axis=0) >= 0
        sure += int(np.count_nonzero(always))
        open_ = ever > always
        if sure >= needed:
            kept.append((low, high))
        elif sure + np.count_nonzero(open_) >= needed:
            if depth == _DEEPEST:
                kept.append((low, high))
                continue
            middle = (low + high) / 2
            left, right = _halves(b[:, open_])
            waiting += [(low, middle, left, sure, depth + 1), (middle, high, right, sure, depth + 1)]
    return kept


def _halves(b: Floats) -> tuple[Floats, Floats]:
    """Bernstein coefficients on the two halves of a cell: de Casteljau's averages, all at once."""
    both = _halving(len(b)) @ b
    return both[: len(b)], both[len(b) :]


@cache
def _halving(n: int) -> Floats:
    """De Casteljau's averages of ``n`` coefficients as a matrix (2n, n): those of the left half, then of the right."""
    left = np.array([[comb(k, j) / 2**k for j in range(n)] for k in range(n)])
    return np.vstack([left, left[::-1, ::-1]])


def _merge(cells: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged = [cells[0]]
    for low, high in cells[1:]:
        if low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def scan(p_value: Callable[[float], float], *, centre: float, unit: float, alpha: float, points: int = 161) -> Region:
    """Every tau0 with p(tau0) > ``alpha``, for a test whose p-value is only known one hypothesis at a time.

    The line is scanned at ``points`` places, dense near ``centre`` and reaching 100 units, and each
    change of decision is bisected. A piece narrower than a step of the scan can be missed; a decision that holds
    at the outermost place is taken to hold beyond it.
    """
    reach = np.arctan(100.0)
    at = centre + unit * np.tan(np.linspace(-reach, reach, points))
    kept = [p_value(float(tau0)) > alpha for tau0 in at]
    edges = [-inf] if kept[0] else []
    for i in range(points - 1):
        if kept[i] != kept[i + 1]:
            edges.append(_edge(p_value, float(at[i]), float(at[i + 1]), alpha, _SCAN_ENDS * unit))
    if kept[-1]:
        edges.append(inf)
    return Region(tuple(zip(edges[::2], edges[1::2], strict=True)))


def _edge(p_value: Callable[[float], float], left: float, right: float, alpha: float, close: float) -> float:
    """The place between ``left`` and ``right``, which are decided differently, where the decision changes."""
    kept_left = p_value(left) > alpha
    while right - left > close:
        middle = (left + right) / 2
        if (p_value(middle) > alpha) == kept_left:
            left = middle
        else:
            right = middle
    return left if kept_left else right
