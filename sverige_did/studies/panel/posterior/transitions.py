"""Moves on the ladder: where the children of each rung are a period later, over all rungs together.

The effect of each rung weighs by the children of the treated districts who stood there under the programme: what became
of them, against what would have become of them. So no moves are gained or lost by where children stood to begin with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln, softmax

from sverige_did.bayes.draws.predictive_checks import predictive_checks
from sverige_did.bayes.draws.replicate import LEAST, dirichlet_multinomial
from sverige_did.bayes.models.composition import TypeCells
from sverige_did.bayes.models.district_effects import BASELINE_DIFFERENCE
from sverige_did.bayes.models.transitions import (
    IMPOSSIBLE,
    MovePriors,
    build_transitions,
    in_blocks,
    predictor_of,
    shares_of_moves,
)
from sverige_did.bayes.priors import HalfNormal, Normal, draw
from sverige_did.errors import RefusedError, refuse
from sverige_did.sources.panel.moves import count_moves
from sverige_did.studies.panel.posterior.counted_moves import Counted, count, side_of
from sverige_did.studies.panel.posterior.priors import EFFECT, effect_priors, from_plan, given_prior, thresholds_of
from sverige_did.studies.panel.posterior.protocol import EffectJob, Fits, Part, Quantity, Ready, StudyData, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.models.transitions import Moves
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.study.study import Outcome, PanelStudy

    Floats = NDArray[np.float64]

BETTER = {"moved_down_share": "higher", "moved_up_share": "lower"}
"""The outcomes that the model tells of, and which is better where the plan asks for one of them only."""

EFFECT_OF = {"moved_down_share": "tau_down", "moved_up_share": "tau_up"}
"""The mean effect on the log-odds of the outcome's direction."""

NAMES = {"sd_level": "sd_destinations", "log_kappa": "moves_alike"}
"""Parameters that mean something else here than in models that share their names."""

SIMULATIONS = 1000
REPLICATIONS = 2000


class Window(NamedTuple):
    """All rungs of a district and window together: ``first`` (C,) is a row of each, ``into`` (N, C) sums rows to it."""

    first: NDArray[np.int64]
    into: NDArray[np.float64]


def prepare(data: StudyData, likelihood: str) -> Ready:
    """The outcomes ready to sample, and a record with the reason for each that the plan asks for and that is not.

    Refusals: ``posterior_design``, ``posterior_no_thresholds``, ``posterior_no_cells``, ``moves_nobody_moved`` (in the
    outcome's direction) and those of ``transitions.Moves``.
    """
    wanted = data.wanted(BETTER)
    if not wanted:
        return Ready()
    placed, frame = data.placements()
    reported, ready = [], []
    try:
        counted = count(count_moves(placed.spells, frame), frame, data.study)
    except RefusedError as refusal:
        return Ready(refused=tuple(refused(item.outcome, likelihood, refusal) for item in wanted))
    for item in wanted:
        try:
            thresholds_of(data.study, data.designs, item.outcome)
            if not (counted.moves.counts * side_of(item.outcome, counted.moves)).any():
                raise refuse("moves_nobody_moved")
        except RefusedError as refusal:
            reported.append(refused(item.outcome, likelihood, refusal))
        else:
            ready.append(item)
    jobs = (_job(data.study, likelihood, tuple(ready), counted),) if ready else ()
    return Ready(jobs, tuple(reported))


def _job(study: PanelStudy, likelihood: str, wanted: tuple[Outcome, ...], counted: Counted) -> MoveJob:
    benefit = BETTER | {item.outcome: item.benefit for item in wanted}
    alternative_priors = {outcome: effect_priors(study, better) for outcome, better in benefit.items()}
    return MoveJob(
        study, likelihood, wanted, alternative_priors, counted, move_priors(study, alternative_priors, counted.apart)
    )


def move_priors(study: PanelStudy, alternative_priors: Mapping[str, Mapping[str, Normal]], apart: float) -> MovePriors:
    """The plan's priors of moves; levels and how much more likely staying is have the package's.

    ``effect`` is that of moves in the direction of each outcome, ``effect_sd`` how unlike the rungs are in it. The sd
    of ``group_gap`` is the scale of the gaps' sd. The plan's drift is that of one period: a walk goes as the square
    root.
    Raises RefusedError (``posterior_prior_family``) where a prior of the plan has another family than the model's.
    """
    given = {spec.key: from_plan(spec) for spec in study.priors}
    usual = MovePriors()
    baseline_difference, period_sd = (
        given_prior(given, "group_gap", BASELINE_DIFFERENCE),
        given_prior(given, "period_sd", usual.period_sd),
    )
    return MovePriors(
        baseline_difference=HalfNormal(baseline_difference.sd, baseline_difference.unit, baseline_difference.why),
        district=given_prior(given, "district_sd", usual.district),
        period_sd=replace(period_sd, sd=period_sd.sd * float(np.sqrt(apart))),
        down=alternative_priors["moved_down_share"][EFFECT],
        up=alternative_priors["moved_up_share"][EFFECT],
        effect_sd=given_prior(given, "effect_sd", usual.effect_sd),
    )


@dataclass(frozen=True, eq=False)
class MoveJob(EffectJob):
    """The ``outcomes`` that can be reported, their moves and priors."""

    counted: Counted
    priors: MovePriors

    @property
    def parts(self) -> Mapping[str, Part]:
        """One fit."""
        return {"": Part(self.name, self.name, f"{self.name}.main")}

    @property
    def basis(self) -> Mapping[str, object]:
        """The districts in which children stood; each rung weighs by those who stood there."""
        treated = self.counted.moves.treated
        return {
            "estimator": "bayes_moves",
            "n_units": len(treated),
            "n_treated": int(treated.sum()),
            "weights": "stood_there",
            "assumptions": ("parallel_trends_log_odds", "same_children_by_rung", f"prior_{EFFECT}"),
            "notes": ("rungs_left_out",) if self.counted.left_out else (),
        }

    def model(self, _part: str) -> pm.Model:
        """The moves of all rungs at once."""
        return build_transitions(self.counted.moves, self.priors)

    def priors_of(self, _part: str) -> Mapping[str, Prior]:
        """Of rungs and of districts."""
        return self.priors.named()

    def label(self, _part: str, parameter: str, outcome: str) -> str | None:
        """Silent about the effect in the other direction: that outcome may have to stay inside for its few moves."""
        if parameter in EFFECT_OF.values() and parameter != EFFECT_OF[outcome]:
            return None
        return NAMES.get(parameter, parameter)

    def prior_levels(self, rng: np.random.Generator) -> Mapping[str, Floats]:
        """Per cent of all children who move in the outcome's direction."""
        moves = self.counted.moves
        shares, size = prior_shares(self.priors, moves, rng), moves.counts.sum(axis=1)
        return {
            item.outcome: 100 * (shares * side_of(item.outcome, moves)).sum(axis=2) @ (size / size.sum())
            for item in self.outcomes
        }

    def quantities(self, fits: Fits, _rng: np.random.Generator) -> Mapping[str, tuple[Quantity, ...]]:
        """In percentage points and as a ratio."""
        return {item.outcome: self._scales(item.outcome, fits[""]) for item in self.outcomes}

    def _scales(self, outcome: str, fit: Fit) -> tuple[Quantity, ...]:
        with_it, without = moved_shares(self, fit, outcome)
        return (
            Quantity(with_it - without, "att", "pp", 0.0, self.thresholds(outcome)),
            Quantity(with_it / without, "att", "ratio", 1.0, None),
        )

    def ratio(self, outcome: str, fits: Fits) -> Floats:
        """Of the shares who move."""
        with_it, without = moved_shares(self, fits[""], outcome)
        return with_it / without

    def with_effect(self, outcome: str, prior: Normal) -> MoveJob:
        """With another prior of the effect in the outcome's direction; that of the other direction stays."""
        down = EFFECT_OF[outcome] == "tau_down"
        return replace(self, priors=replace(self.priors, down=prior) if down else replace(self.priors, up=prior))

    def scaled(self, outcome: str) -> Mapping[str, str]:
        """The effect in the outcome's direction."""
        return {"effect": EFFECT_OF[outcome]}

    def log_likelihood(self, _part: str, fit: Fit) -> Floats:
        """Of all rows."""
        return np.concatenate([log_likelihood_of(alpha, self.counted.moves) for _, alpha in self._alpha(fit)])

    def _alpha(self, fit: Fit) -> Iterator[tuple[int, Floats]]:
        """Kappa times the shares of the destinations (S, N, K), some draws at a time, and the number of the first."""
        moves, kappa = self.counted.moves, np.exp(fit.values("log_kappa"))[:, None, None]
        rows, start = np.arange(len(moves.origin)), 0
        for parts in in_blocks(fit):
            shares = softmax(predictor_of(parts, moves, rows)[0], axis=2)
            yield start, kappa[start : start + len(shares)] * shares
            start += len(shares)

    def checks(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Predictive, ...]]:
        """How many children of a district move in a window, on all rungs, beside how many the model would have move."""
        moves, moved = self.counted.moves, self._replayed(fits[""], rng)
        first, into = _windows(moves)
        found = {}
        for item in self.outcomes:
            seen = (moves.counts * side_of(item.outcome, moves)).sum(axis=1) @ into
            counts = np.column_stack([seen, moves.counts.sum(axis=1) @ into - seen])
            cells = TypeCells(moves.district[first], moves.period[first], moves.treated, moves.dose[first], counts)
            found[item.outcome] = predictive_checks(seen, moved[item.outcome], cells, self.counted.weights)
        return found

    def _replayed(self, fit: Fit, rng: np.random.Generator) -> dict[str, Floats]:
        """Children who move in each outcome's direction, (S, C) by district and window.

        The districts are the same and only their moves are drawn anew, with what a district does on its own: kappa
        stands for its shocks.
        """
        moves, into = self.counted.moves, _windows(self.counted.moves).into
        every = max(len(fit.values("log_kappa")) // REPLICATIONS, 1)
        sides = {item.outcome: side_of(item.outcome, moves) for item in self.outcomes}
        moved: dict[str, list[Floats]] = {outcome: [] for outcome in sides}
        for start, alpha in self._alpha(fit):
            counts = dirichlet_multinomial(alpha[-start % every :: every], moves.counts.sum(axis=1), rng)
            for outcome, side in sides.items():
                moved[outcome].append((counts * side).sum(axis=2) @ into)
        return {name: np.concatenate(found) for name, found in moved.items()}


def prior_shares(
    priors: MovePriors, moves: Moves, rng: np.random.Generator, size: int = SIMULATIONS
) -> NDArray[np.float64]:
    """Where the children of each row are at the end of a period, (size, N, K), drawn from the priors alone."""
    value = {name: draw(prior, size, rng)[:, None, None] for name, prior in priors.named().items()}
    ladder, shape = moves.ladder, moves.ladder.possible.shape
    places, periods = (len(moves.treated), shape[1]), (moves.n_periods, shape[1])

    def normal(sd: str, like: tuple[int, int]) -> NDArray[np.float64]:
        return np.asarray(value[sd] * rng.standard_normal((size, *like)))

    def zero_sum(sd: str, like: tuple[int, int]) -> NDArray[np.float64]:
        free = normal(sd, like)
        free -= free.mean(axis=1, keepdims=True)
        return np.asarray(free - free.mean(axis=2, keepdims=True))

    level = normal("sd_level", shape) + value["stay"] * ladder.stay + IMPOSSIBLE * ~ladder.possible
    tau = normal("sigma_tau", shape) + value["tau_down"] * ladder.down + value["tau_up"] * ladder.up
    baseline_difference = normal("sd_gap", shape)[:, moves.origin] * moves.treated[moves.district][:, None]
    eta = level[:, moves.origin] + baseline_difference + tau[:, moves.origin] * moves.dose[:, None]
    eta += zero_sum("sigma_alpha", places)[:, moves.district] + zero_sum("sigma_lambda", periods)[:, moves.period]
    return np.asarray(softmax(eta, axis=2))


def moved_shares(job: MoveJob, fit: Fit, outcome: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per cent of the children under the programme who move in the outcome's direction, with it and without: (draws,)
    each; every rung by the children who stood there.
    """
    moves = job.counted.moves
    reported = shares_of_moves(fit, moves)
    stood = np.bincount(moves.origin, weights=moves.counts.sum(axis=1) * moves.dose)[reported.rungs]
    ladder = moves.ladder
    side = (ladder.down if EFFECT_OF[outcome] == "tau_down" else ladder.up)[reported.rungs]
    weights = side * (stood / stood.sum())[:, None]
    with_it, without = (
        np.asarray(np.einsum("srk,rk->s", part, weights)) for part in (reported.with_it, reported.without)
    )
    return with_it, without


def _windows(moves: Moves) -> Window:
    _, first, cell = np.unique(2 * moves.district + moves.period, return_index=True, return_inverse=True)
    return Window(first, (cell[:, None] == np.arange(len(first))).astype(float))


def log_likelihood_of(alpha: NDArray[np.float64], moves: Moves) -> NDArray[np.float64]:
    """Of the moves given kappa times the shares (S, N, K), (S,): without the number of ways, which no parameter enters.

    A destination that nobody reached adds nothing, whether or not it can be reached.
    """
    at = np.maximum(alpha, LEAST)
    kappa, size = alpha.sum(axis=2), moves.counts.sum(axis=1)
    rising = np.where(moves.counts > 0, gammaln(at + moves.counts) - gammaln(at), 0.0).sum(axis=2)
    return np.asarray((rising - gammaln(kappa + size) + gammaln(kappa)).sum(axis=1))
