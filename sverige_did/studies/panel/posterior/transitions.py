"""Moves on the ladder of a register study made ready for the model of moves by rung.

Moves are events, and no child's half-year is counted twice. They are summed all the same, over the plan's window before
and over that after (Bertrand, Duflo and Mullainathan 2004, section IV.C): a district that moves many children in one
half-year does so in the next as well, and rows of single half-years, each with a deviation of its own, would take that
for independent evidence. Summed, kappa carries all that a district does on its own in a window; and rungs on which one
or two children stand make rows with something in them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import softmax

from sverige_did.bayes.models.district_effects import GAP
from sverige_did.bayes.models.transitions import IMPOSSIBLE, Ladder, MovePriors, Moves, build_transitions
from sverige_did.bayes.priors import HalfNormal, Normal, draw
from sverige_did.bayes.sampling.sample import compile_model
from sverige_did.errors import RefusedError, refuse
from sverige_did.sources.panel.moves import EXITS, rungs_of
from sverige_did.studies.panel.posterior.cells import weights_of_setting, windows_of_setting
from sverige_did.studies.panel.posterior.counts import refused
from sverige_did.studies.panel.posterior.fitting import sampled, seed_of, settings_of
from sverige_did.studies.panel.posterior.priors import (
    EFFECT,
    PriorGate,
    bearing_of,
    effect_priors,
    from_plan,
    gate_of,
    given_prior,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.sampling.sample import Compiled, Fit
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.results.posteriors import PosteriorRecord
    from sverige_did.sources.panel.frame import Setting
    from sverige_did.sources.panel.moves import Moved
    from sverige_did.sources.registers.codes import Ladder as LadderRule
    from sverige_did.study.study import Outcome, Study

NAME = "transitions"
REGISTERS = frozenset({"districts", "children", "residences", "placements"})
"""The registers that moves and districts are read from."""

BETTER = {"moved_down_share": "higher", "moved_up_share": "lower"}
"""The outcomes that the model tells of, and which is better where the plan asks for one of them only."""

SIMULATIONS = 1000


class Counted(NamedTuple):
    """The moves as the model takes them.

    ``weights`` (G,) are the resident children of each of its districts before go-live, or ones; ``apart`` is how many
    periods lie between the middles of the two windows; ``left_out`` how many rungs only the programme has seen.
    """

    moves: Moves
    weights: NDArray[np.float64]
    apart: float
    left_out: int


@dataclass(frozen=True, slots=True, eq=False)
class MoveJob:
    """The ``outcomes`` that can be told of, their moves and priors; ``stances`` and ``gates`` are by outcome."""

    outcomes: tuple[Outcome, ...]
    counted: Counted
    priors: MovePriors
    stances: Mapping[str, Mapping[str, Normal]]
    gates: Mapping[str, PriorGate]


class MoveFit(NamedTuple):
    """A job with its draws, and a way to sample it again under other priors."""

    job: MoveJob
    fit: Fit
    again: Callable[[str, MovePriors], Fit]


def ladder_of(rule: LadderRule) -> Ladder:
    """The rungs of the plan's ladder, between any two of which a child can move, and two exits: care or childhood ends.

    From the top rung no move is up and from the lowest none is down: there is nowhere to move to.
    """
    rungs = np.array([float(rung) for rung in rungs_of(rule)])
    destination = np.concatenate([rungs, np.full(EXITS, np.nan)])
    return Ladder(rungs, destination, np.ones((len(rungs), len(destination)), dtype=np.bool_))


def prepare_moves(
    moved: Moved, setting: Setting, study: Study, designs: tuple[OutcomeDesign, ...]
) -> tuple[MoveJob | None, tuple[PosteriorRecord, ...]]:
    """The outcomes ready to sample, and a record with the reason for each that the plan asks for and that is not.

    Refusals: ``posterior_design``, ``posterior_no_bearing``, ``posterior_no_cells``, ``moves_nobody_moved`` (in the
    outcome's direction) and those of ``transitions.Moves``. Raises RefusedError (``posterior_prior_absurd``) where the
    prior believes in what the plan calls absurd.
    """
    wanted = tuple(item for item in study.outcomes if item.outcome in BETTER)
    told, ready = [], []
    try:
        counted = count(moved, setting, study) if wanted else None
    except RefusedError as refusal:
        return None, tuple(refused(item.outcome, NAME, refusal) for item in wanted)
    if counted is None:
        return None, ()
    for item in wanted:
        try:
            _refuse(item, counted, study, designs)
        except RefusedError as refusal:
            told.append(refused(item.outcome, NAME, refusal))
        else:
            ready.append(item)
    return (_job(tuple(ready), counted, study) if ready else None), tuple(told)


def _refuse(wanted: Outcome, counted: Counted, study: Study, designs: tuple[OutcomeDesign, ...]) -> None:
    bearing_of(study, designs, wanted.outcome)
    moves = counted.moves
    if not (moves.counts * side_of(wanted.outcome, moves)).any():
        raise refuse("moves_nobody_moved")


def side_of(outcome: str, moves: Moves) -> NDArray[np.bool_]:
    """Which destinations of each row (N, K) are the outcome's."""
    ladder = moves.ladder
    return np.asarray((ladder.down if outcome == "moved_down_share" else ladder.up)[moves.origin])


def count(moved: Moved, setting: Setting, study: Study) -> Counted:
    """The moves of each district summed over the plan's windows before and after.

    A rung on which nobody stood without the programme is left out: there is nothing to hold its moves against. So are
    districts in which nobody stood on any other. Raises RefusedError as ``prepare_moves``.
    """
    windows = windows_of_setting(setting, study)
    before, after = windows.before, windows.after
    treated = (setting.units["group"] == "treated").to_numpy()
    summed = np.stack([moved.counts[:, window].sum(axis=1) for window in (before, after)], axis=1)
    stood = summed.sum(axis=3) > 0
    under = np.zeros(stood.shape, dtype=np.bool_)
    under[treated, 1] = True
    comparable = (stood & ~under).any(axis=(0, 1))
    seen = stood & comparable
    kept = np.flatnonzero(seen.any(axis=(1, 2)))
    if not kept.size:
        raise refuse("posterior_no_cells")
    district, period, origin = np.nonzero(seen[kept])
    moves = Moves(
        ladder=ladder_of(setting.rules.home_based),
        district=district,
        period=period,
        origin=origin,
        treated=treated[kept],
        dose=(treated[kept][district] & (period == 1)).astype(float),
        counts=summed[kept][district, period, origin].astype(float),
    )
    at = np.arange(len(before))
    apart = float(at[after].mean() - at[before].mean()) if before.any() and after.any() else 1.0
    left_out = int((stood.any(axis=(0, 1)) & ~comparable).sum())
    return Counted(moves, weights_of_setting(setting, study)[kept], apart, left_out)


def _job(wanted: tuple[Outcome, ...], counted: Counted, study: Study) -> MoveJob:
    benefit = BETTER | {item.outcome: item.benefit for item in wanted}
    stances = {outcome: effect_priors(study, better) for outcome, better in benefit.items()}
    priors = move_priors(study, stances, counted.apart)
    rng = np.random.default_rng(seed_of(study, f"{NAME}.prior"))
    gates = _gates(wanted, counted.moves, priors, study, rng)
    return MoveJob(wanted, counted, priors, stances, gates)


def move_priors(study: Study, stances: Mapping[str, Mapping[str, Normal]], apart: float) -> MovePriors:
    """The plan's priors of moves; levels and how much more likely staying is have the package's.

    ``effect`` is that of moves in the direction of each outcome, ``effect_sd`` how unlike the rungs are in it. The sd
    of ``group_gap`` is the scale of the gaps' sd. The plan's drift is that of one period: a walk goes as the square
    root.
    Raises RefusedError (``posterior_prior_family``) where a prior of the plan has another family than the model's.
    """
    given = {spec.key: from_plan(spec) for spec in study.priors}
    usual = MovePriors()
    gap, drift = given_prior(given, "group_gap", GAP), given_prior(given, "period_sd", usual.drift)
    return MovePriors(
        gap=HalfNormal(gap.sd, gap.unit, gap.why),
        district=given_prior(given, "district_sd", usual.district),
        drift=replace(drift, sd=drift.sd * float(np.sqrt(apart))),
        down=stances["moved_down_share"][EFFECT],
        up=stances["moved_up_share"][EFFECT],
        variation=given_prior(given, "effect_sd", usual.variation),
    )


def _gates(
    wanted: tuple[Outcome, ...], moves: Moves, priors: MovePriors, study: Study, rng: np.random.Generator
) -> dict[str, PriorGate]:
    """How the prior alone stands to the plan's admissible range of the share of all children who move."""
    assert study.posterior is not None, "an outcome without a bearing was refused"
    bearings = {one.outcome: one for one in study.posterior.bearings}
    shares = prior_shares(priors, moves, rng)
    size = moves.counts.sum(axis=1)
    gates = {}
    for item in wanted:
        levels = 100 * (shares * side_of(item.outcome, moves)).sum(axis=2) @ (size / size.sum())
        gate = gate_of(levels, bearings[item.outcome], study.posterior.admissible_share)
        gate.require(item.outcome)
        gates[item.outcome] = gate
    return gates


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
    gap = normal("sd_gap", shape)[:, moves.origin] * moves.treated[moves.district][:, None]
    eta = level[:, moves.origin] + gap + tau[:, moves.origin] * moves.dose[:, None]
    eta += zero_sum("sigma_alpha", places)[:, moves.district] + zero_sum("sigma_lambda", periods)[:, moves.period]
    return np.asarray(softmax(eta, axis=2))


def fit_moves(job: MoveJob, study: Study, cores: int) -> MoveFit:
    """Sample the moves of all rungs at once."""
    code: list[Compiled] = []

    def fitted(name: str, priors: MovePriors) -> Fit:
        model = build_transitions(job.counted.moves, priors)
        if not code:
            code.append(compile_model(model))
        return sampled(model, code[0], seed_of(study, f"{NAME}.{name}"), settings_of(study, cores))

    return MoveFit(job, fitted("main", job.priors), fitted)
