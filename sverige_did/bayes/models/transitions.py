"""Moves on the ladder of placements, rung by rung, and what the programme does to them (method, section 5.5).

Of the n children who stand on rung o in district d at the start of period t, y_k are at destination k at its end:

    y_odt ~ DirichletMultinomial(n_odt, kappa p_odt),   p_odt = softmax of eta over the destinations possible from o
    eta_k = mu_ok + phi [k = o] + gamma_ok D_d + alpha_dk + lambda_tk + tau_ok E_dt
    tau_ok = tau_down [k below o] + tau_up [k above o] + sigma_tau z_ok

A row's own deviation from p is integrated out, which the Dirichlet allows exactly; kappa says how large it is. Each
rung is judged by itself: at the top a child can only move down, so moves down less moves up over all rungs would
measure where the children stood. Who stands on a rung after go-live is itself touched by the programme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pymc as pm
from scipy.special import softmax

from sverige_did.bayes.models.composition import DIRICHLET_MULTINOMIAL, MULTINOMIAL
from sverige_did.bayes.models.district_effects import refuse_design, refuse_lengths
from sverige_did.bayes.models.observation import observe_known
from sverige_did.bayes.priors import NEUTRAL, HalfNormal, Normal, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Built, Prior
    from sverige_did.bayes.sampling.sample import Fit

Tensor = Any
IMPOSSIBLE = -600.0
"""Added to the predictor of a destination that cannot be reached: its share, exp(-600), is zero to every count."""
BLOCK = 200
"""Draws that an effect is worked out for at a time, so that hundreds of districts fit in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """O rungs that children stand on and K destinations; declared once, before any number is seen.

    ``origin`` (O,) and ``destination`` (K,) are how intrusive each is, lowest first; NaN marks an exit that is neither
    up nor down (turning 18, moving away). ``possible`` (O, K) is False for moves that cannot happen, the structural
    zeros. Raises RefusedError (``ladder_map``) when a rung cannot be stayed on or has no other destination.
    """

    origin: NDArray[np.float64]
    destination: NDArray[np.float64]
    possible: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.possible.shape != (len(self.origin), len(self.destination)) or not np.isfinite(self.origin).all():
            raise refuse("ladder_map")
        stays = (self.stay & self.possible).sum(axis=1) == 1
        if len(self.origin) == 0 or not stays.all() or (self.possible.sum(axis=1) < 2).any():
            raise refuse("ladder_map")

    @property
    def stay(self) -> NDArray[np.bool_]:
        """Where a destination is the rung itself, (O, K)."""
        return np.asarray(self.destination[None, :] == self.origin[:, None])

    @property
    def down(self) -> NDArray[np.bool_]:
        """Which possible moves are to something less intrusive, (O, K)."""
        return np.asarray(self.possible & (self.destination[None, :] < self.origin[:, None]))

    @property
    def up(self) -> NDArray[np.bool_]:
        """Which possible moves are to something more intrusive, (O, K)."""
        return np.asarray(self.possible & (self.destination[None, :] > self.origin[:, None]))


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """N rows, one a district, period and rung: ``counts`` (N, K) by destination of the children who stood there.

    ``district``, ``period``, ``treated`` and ``dose`` are as in ``structure.Cells``; ``origin`` (N,) is the rung's
    code. A rung where nobody stood has no row.

    Raises RefusedError: ``cells_lengths``, ``moves_counts``, ``moves_impossible``, ``cells_no_exposure``,
    ``moves_nobody_moved``, ``moves_rung_unseen`` and those of ``structure.refuse_design``.
    """

    ladder: Ladder
    district: NDArray[np.int64]
    period: NDArray[np.int64]
    origin: NDArray[np.int64]
    treated: NDArray[np.bool_]
    dose: NDArray[np.float64]
    counts: NDArray[np.float64]

    def __post_init__(self) -> None:
        refuse_lengths(self, self.origin, self.counts)
        rungs, destinations = self.ladder.possible.shape
        if self.counts.shape[1:] != (destinations,) or self.origin.min() < 0 or self.origin.max() >= rungs:
            raise refuse("cells_lengths")
        if not (np.isfinite(self.counts).all() and (self.counts >= 0).all() and (self.counts % 1 == 0).all()):
            raise refuse("moves_counts")
        self._refuse_moves()
        refuse_design(self, self.origin)
        unseen = np.setdiff1d(self.origin[self.dose > 0], self.origin[self.dose == 0])
        if unseen.size:
            raise refuse("moves_rung_unseen", count=unseen.size)

    def _refuse_moves(self) -> None:
        impossible = int((self.counts * ~self.ladder.possible[self.origin]).sum())
        if impossible:
            raise refuse("moves_impossible", count=impossible)
        with_children = np.bincount(self.district, weights=self.counts.sum(axis=1), minlength=len(self.treated))
        if (self.counts.sum(axis=1) == 0).any() or (with_children == 0).any():
            raise refuse("cells_no_exposure")
        if not (self.counts * (self.ladder.down | self.ladder.up)[self.origin]).any():
            raise refuse("moves_nobody_moved")

    @property
    def n_periods(self) -> int:
        """T, counting every period up to the last one observed."""
        return int(self.period.max()) + 1


LEVEL = HalfNormal(1.0, "log_odds_sd", "priors.moves_level")
STAY = Normal(2.5, 1.0, "log_odds", "priors.moves_stay")
BASELINE_DIFFERENCE = HalfNormal(0.5, "log_odds_sd", "priors.panel_gap")
DISTRICT = HalfNormal(0.5, "log_odds_sd", "priors.panel_district")
PERIOD_WALK = HalfNormal(0.3, "log_odds_sd", "priors.panel_drift")
EFFECT_SD = HalfNormal(0.35, "log_odds_sd", "priors.moves_variation")
CONCENTRATION = Normal(float(np.log(60.0)), 1.0, "log_count", "priors.concentration")


@dataclass(frozen=True, slots=True)
class MovePriors:
    """Priors on the log-odds scale: sds over rungs and destinations, save ``stay`` (phi), ``down`` and ``up``, the mean
    effects tau_down and tau_up over rungs; ``effect_sd`` is sigma_tau.
    """

    level: HalfNormal = LEVEL
    stay: Normal = STAY
    baseline_difference: HalfNormal = BASELINE_DIFFERENCE
    district: HalfNormal = DISTRICT
    period_sd: HalfNormal = PERIOD_WALK
    down: Normal = NEUTRAL
    up: Normal = NEUTRAL
    effect_sd: HalfNormal = EFFECT_SD

    def named(self, concentration: Normal | None = CONCENTRATION) -> dict[str, Prior]:
        """The priors of the scalar parameters by name; ``concentration`` as in :func:`build_transitions`."""
        names: dict[str, Prior] = {
            "stay": self.stay, "tau_down": self.down, "tau_up": self.up, "sd_level": self.level,
            "sd_gap": self.baseline_difference, "sigma_alpha": self.district, "sigma_lambda": self.period_sd,
            "sigma_tau": self.effect_sd,
        }  # fmt: skip
        return names if concentration is None else {**names, "log_kappa": concentration}


def build_transitions(
    moves: Moves, priors: MovePriors = MovePriors(), concentration: Normal | None = CONCENTRATION
) -> pm.Model:
    """Unfitted model of the moves; ``concentration`` is the prior of log kappa, and None makes kappa infinite: a plain
    multinomial, for children who move independently of each other.
    """
    with pm.Model(check_bounds=False) as model:
        built = build_priors(priors.named(concentration))
        eta, size = _predictor(moves, built), moves.counts.sum(axis=1)
        if concentration is None:
            observe_known(moves.counts, eta, size, MULTINOMIAL)
        else:
            observe_known(moves.counts, eta, size, DIRICHLET_MULTINOMIAL, (pm.math.exp(built["log_kappa"]),))
    return model


def _predictor(moves: Moves, built: Built) -> Tensor:
    """eta (N, K). Draws hold its parts: ``mu_move`` with phi, ``gamma_move``, ``tau_move`` (O, K), balanced over the
    possible destinations, ``alpha_move`` (G, K) and ``lambda_move`` (T, K).
    """
    ladder, shape = moves.ladder, moves.ladder.possible.shape
    index = pm.Data("index", np.stack([moves.district, moves.period, moves.origin]).astype("int64"))
    maps = pm.Data("maps", np.stack([ladder.possible, ladder.stay, ladder.down, ladder.up]).astype(float))
    dose, flag = pm.Data("dose", moves.dose), pm.Data("treated", moves.treated.astype(float))
    possible, stay, down, up = maps[0], maps[1], maps[2], maps[3]

    def balanced(name: str, x: Tensor) -> Tensor:
        mean = (x * possible).sum(axis=1, keepdims=True) / possible.sum(axis=1, keepdims=True)
        return pm.Deterministic(name, (x - mean) * possible)

    own = built.signed("sigma_tau") * pm.Normal("tau_z", shape=shape)
    tau = balanced("tau_move", built["tau_down"] * down + built["tau_up"] * up + own)
    level = balanced("mu_move", built.signed("sd_level") * pm.Normal("level_z", shape=shape) + built["stay"] * stay)
    baseline_difference = balanced("gamma_move", built.signed("sd_gap") * pm.Normal("gap_z", shape=shape))
    district = _zero_sum("alpha_move", "sigma_alpha", (len(moves.treated), shape[1]), built)
    period = _zero_sum("lambda_move", "sigma_lambda", (moves.n_periods, shape[1]), built)
    at, when, rung = index[0], index[1], index[2]
    eta = (
        level[rung]
        + flag[at][:, None] * baseline_difference[rung]
        + district[at]
        + period[when]
        + dose[:, None] * tau[rung]
    )
    return eta + IMPOSSIBLE * (1 - possible[rung])


def _zero_sum(name: str, sd: str, shape: tuple[int, int], built: Built) -> Tensor:
    return pm.Deterministic(name, built.signed(sd) * pm.ZeroSumNormal(f"{name}_z", shape=shape, n_zerosum_axes=2))


class MoveShares(NamedTuple):
    """Where children on a rung are at the end of a period, in per cent, draw by draw: under the programme, and had it
    not been. ``rungs`` (R,) are those that somebody under the programme stood on; the others (draws, R, K) sum to 100.
    """

    rungs: NDArray[np.int64]
    with_it: NDArray[np.float64]
    without: NDArray[np.float64]


def shares_of_moves(fit: Fit, moves: Moves, weights: NDArray[np.float64] | None = None) -> MoveShares:
    """The destinations of each rung over the rows under the programme, with its effect and without.

    ``weights`` (N,) are scaled to sum to one within a rung; None weighs a row by its children times its dose: the
    children who in fact stood there. Raises ValueError when all weights of a rung are zero.
    """
    rows = np.flatnonzero(moves.dose > 0)
    given = moves.counts.sum(axis=1) * moves.dose if weights is None else np.asarray(weights, dtype=float)
    rungs, place = np.unique(moves.origin[rows], return_inverse=True)
    within = np.zeros((len(rows), len(rungs)))
    within[np.arange(len(rows)), place] = given[rows]
    if (within.sum(axis=0) <= 0).any():
        raise ValueError("a rung under the programme has no weight")
    within /= within.sum(axis=0)
    blocks = [_block(parts, moves, rows, within) for parts in in_blocks(fit)]
    with_it, without = (np.concatenate([block[at] for block in blocks]) for at in (0, 1))
    return MoveShares(rungs, with_it, without)


def in_blocks(fit: Fit) -> Iterator[Mapping[str, NDArray[np.float64]]]:
    """The parts of the predictor, some draws at a time."""
    parts = {name: fit.values(name) for name in ("mu_move", "gamma_move", "tau_move", "alpha_move", "lambda_move")}
    for start in range(0, len(parts["tau_move"]), BLOCK):
        yield {name: part[start : start + BLOCK] for name, part in parts.items()}


def predictor_of(
    parts: Mapping[str, NDArray[np.float64]], moves: Moves, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """eta of some rows, minus infinity where a destination cannot be reached, and what of it is the programme's:
    (draws, rows, K) each.
    """
    at, when, rung = moves.district[rows], moves.period[rows], moves.origin[rows]
    change = parts["tau_move"][:, rung] * moves.dose[rows, None]
    baseline_difference = parts["gamma_move"][:, rung] * moves.treated[at][:, None]
    eta = (
        parts["mu_move"][:, rung]
        + baseline_difference
        + parts["alpha_move"][:, at]
        + parts["lambda_move"][:, when]
        + change
    )
    return eta + np.where(moves.ladder.possible[rung], 0.0, -np.inf), change


def _block(
    parts: Mapping[str, NDArray[np.float64]], moves: Moves, rows: NDArray[np.int64], within: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    eta, change = predictor_of(parts, moves, rows)
    return average_shares(eta, within), average_shares(eta - change, within)


def average_shares(eta: NDArray[np.float64], within: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares in per cent by rung, (draws, R, K), from ``eta`` (draws, N, K); column r of ``within`` (N, R) weighs the
    rows of rung r and sums to one.
    """
    return np.asarray(100 * np.einsum("snk,nr->srk", softmax(eta, axis=2), within))
