"""From the draws of the model of moves to what is told of moves down and up the ladder, over all rungs together.

The effect of each rung weighs by the children of the treated districts who stood there under the programme: what became
of them, against what would have become of them. So no moves are gained or lost by where children stood to begin with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln, softmax

from sverige_did.bayes.draws.predictive_checks import predictive_checks
from sverige_did.bayes.draws.prior_sensitivity import other_prior, power_sensitivity
from sverige_did.bayes.models.composition import TypeCells
from sverige_did.bayes.models.transitions import in_blocks, predictor_of, shares_of_moves
from sverige_did.bayes.priors import log_density
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.posterior.fitting import seed_of
from sverige_did.studies.panel.posterior.priors import EFFECT
from sverige_did.studies.panel.posterior.summaries import (
    Quantity,
    checks_of,
    estimate_of,
    learned_of,
    scale_of,
    stance_of,
)
from sverige_did.studies.panel.posterior.transitions import NAME, MoveFit, MoveJob, side_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.models.transitions import Moves
    from sverige_did.bayes.priors import Normal
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.results.estimates import Estimate
    from sverige_did.results.posteriors import Learned, PredictiveCheck, Stance
    from sverige_did.study.blocks import Bearing
    from sverige_did.study.study import Outcome, Study

EFFECT_OF = {"moved_down_share": "tau_down", "moved_up_share": "tau_up"}
"""The mean effect on the log-odds of the outcome's direction."""

NAMES = {"sd_level": "sd_destinations", "log_kappa": "moves_alike"}
"""Parameters that mean something else here than in models that share their names."""

REPLICATIONS = 2000

LEAST = 1e-12
"""Below this a share counts as this where a Dirichlet is drawn: no child ends up there."""


class Window(NamedTuple):
    """All rungs of a district and window together: ``first`` (C,) is a row of each, ``into`` (N, C) sums rows to it."""

    first: NDArray[np.int64]
    into: NDArray[np.float64]


class Replayed(NamedTuple):
    """Children who move in each outcome's direction, (S, C) by district and window, drawn anew from the model; and the
    log likelihood of the real moves at every draw, (draws,).
    """

    moved: Mapping[str, NDArray[np.float64]]
    log_likelihood: NDArray[np.float64]


def move_records(fitted: MoveFit, study: Study) -> tuple[PosteriorRecord, ...]:
    """One record for each outcome of the job.

    Raises RefusedError (``posterior_impossible``) where the data cannot have come of the fitted model in what the
    answer rests on.
    """
    rng = np.random.default_rng(seed_of(study, f"{NAME}.told"))
    replayed = _replayed(fitted.job, fitted.fit, rng)
    return tuple(_record(fitted, wanted, replayed, study) for wanted in fitted.job.outcomes)


def _record(fitted: MoveFit, wanted: Outcome, replayed: Replayed, study: Study) -> PosteriorRecord:
    job, fit = fitted.job, fitted.fit
    told = _quantities(job, fit, wanted, study)
    gate = job.gates[wanted.outcome]
    return PosteriorRecord(
        outcome=wanted.outcome,
        likelihood=NAME,
        estimates=tuple(_estimate(job, wanted, one, study) for one in told),
        scales=tuple(scale_of(wanted, one) for one in told),
        stances=tuple(_stances(fitted, wanted, study)),
        learned=_learned(job, fit, wanted),
        power=_power(job, fit, wanted, told[0].draws, replayed.log_likelihood),
        prior_level=(gate.low, gate.median, gate.high),
        prior_share=gate.share,
        checks=_checks(job, wanted, replayed.moved[wanted.outcome], study),
    )


def moved_shares(job: MoveJob, fit: Fit, outcome: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per cent of the children under the programme who move in the outcome's direction, with it and without: (draws,)
    each; every rung by the children who stood there.
    """
    moves = job.counted.moves
    told = shares_of_moves(fit, moves)
    stood = np.bincount(moves.origin, weights=moves.counts.sum(axis=1) * moves.dose)[told.rungs]
    ladder = moves.ladder
    side = (ladder.down if EFFECT_OF[outcome] == "tau_down" else ladder.up)[told.rungs]
    weights = side * (stood / stood.sum())[:, None]
    with_it, without = (np.asarray(np.einsum("srk,rk->s", part, weights)) for part in (told.with_it, told.without))
    return with_it, without


def _quantities(job: MoveJob, fit: Fit, wanted: Outcome, study: Study) -> tuple[Quantity, ...]:
    with_it, without = moved_shares(job, fit, wanted.outcome)
    return (
        Quantity(with_it - without, "att", "pp", 0.0, _bearing(wanted, study)),
        Quantity(with_it / without, "att", "ratio", 1.0, None),
    )


def _bearing(wanted: Outcome, study: Study) -> Bearing | None:
    every = study.posterior.bearings if study.posterior else ()
    return next((one for one in every if one.outcome == wanted.outcome), None)


def _estimate(job: MoveJob, wanted: Outcome, told: Quantity, study: Study) -> Estimate:
    treated = job.counted.moves.treated
    return estimate_of(
        wanted,
        told,
        study.level,
        estimator="bayes_moves",
        n_units=len(treated),
        n_treated=int(treated.sum()),
        weights="stood_there",
        assumptions=("parallel_trends_log_odds", "same_children_by_rung", f"prior_{EFFECT}"),
        notes=("rungs_left_out",) if job.counted.left_out else (),
    )


def _stances(fitted: MoveFit, wanted: Outcome, study: Study) -> Iterator[Stance]:
    """The ratio under other priors of the effect in this direction; that of the other direction stays."""
    job, old = fitted.job, _prior(fitted.job, wanted)
    for key, prior in job.stances[wanted.outcome].items():
        weights = other_prior(fitted.fit.values(EFFECT_OF[wanted.outcome]), old, prior)
        down = EFFECT_OF[wanted.outcome] == "tau_down"
        priors = replace(job.priors, down=prior) if down else replace(job.priors, up=prior)
        fit = fitted.fit if weights.usable else fitted.again(f"{wanted.outcome}.{key}", priors)
        with_it, without = moved_shares(job, fit, wanted.outcome)
        yield stance_of(wanted, with_it / without, weights, study.level).model_copy(update={"prior": key})


def _prior(job: MoveJob, wanted: Outcome) -> Normal:
    return job.priors.down if EFFECT_OF[wanted.outcome] == "tau_down" else job.priors.up


def _learned(job: MoveJob, fit: Fit, wanted: Outcome) -> tuple[Learned, ...]:
    """Without the effect in the other direction: that outcome may have to stay inside for its few moves."""
    other = set(EFFECT_OF.values()) - {EFFECT_OF[wanted.outcome]}
    priors = {name: prior for name, prior in job.priors.named().items() if name not in other}
    return tuple(
        one.model_copy(update={"parameter": NAMES.get(one.parameter, one.parameter)}) for one in learned_of(priors, fit)
    )


def _power(
    job: MoveJob, fit: Fit, wanted: Outcome, effect: NDArray[np.float64], log_likelihood: NDArray[np.float64]
) -> dict[str, float]:
    shape = (fit.settings.chains, fit.settings.draws)
    density = log_density(_prior(job, wanted), fit.values(EFFECT_OF[wanted.outcome]))
    return power_sensitivity(effect.reshape(shape), {"effect": density.reshape(shape)}, log_likelihood.reshape(shape))


def _windows(moves: Moves) -> Window:
    _, first, cell = np.unique(2 * moves.district + moves.period, return_index=True, return_inverse=True)
    return Window(first, (cell[:, None] == np.arange(len(first))).astype(float))


def _replayed(job: MoveJob, fit: Fit, rng: np.random.Generator) -> Replayed:
    """The districts are the same and only their moves are drawn anew, with what a district does on its own: kappa
    stands for its swings.
    """
    moves, kappa = job.counted.moves, np.exp(fit.values("log_kappa"))[:, None, None]
    rows, into = np.arange(len(moves.origin)), _windows(moves).into
    every = max(len(kappa) // REPLICATIONS, 1)
    sides = {wanted.outcome: side_of(wanted.outcome, moves) for wanted in job.outcomes}
    moved: dict[str, list[NDArray[np.float64]]] = {outcome: [] for outcome in sides}
    log_likelihood, start = [], 0
    for parts in in_blocks(fit):
        shares = softmax(predictor_of(parts, moves, rows)[0], axis=2)
        alpha = kappa[start : start + len(shares)] * shares
        log_likelihood.append(log_likelihood_of(alpha, moves))
        counts = _drawn(alpha[-start % every :: every], moves, rng)
        start += len(shares)
        for outcome, side in sides.items():
            moved[outcome].append((counts * side).sum(axis=2) @ into)
    return Replayed({name: np.concatenate(found) for name, found in moved.items()}, np.concatenate(log_likelihood))


def _drawn(alpha: NDArray[np.float64], moves: Moves, rng: np.random.Generator) -> NDArray[np.float64]:
    gamma = np.maximum(rng.gamma(np.maximum(alpha, LEAST)), 1e-300)
    return rng.multinomial(moves.counts.sum(axis=1).astype(int), gamma / gamma.sum(axis=2, keepdims=True)).astype(float)


def log_likelihood_of(alpha: NDArray[np.float64], moves: Moves) -> NDArray[np.float64]:
    """Of the moves given kappa times the shares (S, N, K), (S,): without the number of ways, which no parameter enters.

    A destination that nobody reached adds nothing, whether or not it can be reached.
    """
    at = np.maximum(alpha, LEAST)
    kappa, size = alpha.sum(axis=2), moves.counts.sum(axis=1)
    rising = np.where(moves.counts > 0, gammaln(at + moves.counts) - gammaln(at), 0.0).sum(axis=2)
    return np.asarray((rising - gammaln(kappa + size) + gammaln(kappa)).sum(axis=1))


def _checks(job: MoveJob, wanted: Outcome, replayed: NDArray[np.float64], study: Study) -> tuple[PredictiveCheck, ...]:
    """How many children of a district move in a window, on all rungs, beside how many the model would have move."""
    moves = job.counted.moves
    first, into = _windows(moves)
    moved = (moves.counts * side_of(wanted.outcome, moves)).sum(axis=1) @ into
    others = moves.counts.sum(axis=1) @ into - moved
    cells = TypeCells(
        moves.district[first], moves.period[first], moves.treated, moves.dose[first], np.column_stack([moved, others])
    )
    return checks_of(predictive_checks(moved, replayed, cells, job.counted.weights), wanted, study)
