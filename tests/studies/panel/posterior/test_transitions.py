"""From the placements to what is told of moves on the ladder; what cannot be modelled is told why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import small_registers as small
from scipy.special import softmax
from small_moves import BOUNDS, DOWN, MOVES, RUNGS, UP, delivery, from_the_prior, job_of, plan, prepared, thresholds

from sverige_did.bayes.models.transitions import build_transitions
from sverige_did.errors import RefusedError
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.posterior.counted_moves import ladder_of
from sverige_did.studies.panel.posterior.protocol import Fitted
from sverige_did.studies.panel.posterior.record import prior_checks, records
from sverige_did.studies.panel.posterior.transitions import MoveJob, prior_shares


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> MoveJob:
    return job_of(tmp_path_factory.mktemp("delivery"))


def test_moves_are_summed_by_window_district_and_rung_and_none_is_lost(tmp_path: Path, job: MoveJob) -> None:
    moves = job.counted.moves
    assert job.counted.apart == 2.5, "2013H1 against 2014H1 and 2014H2; 2013H2 is left out"
    assert moves.treated.tolist() == [True] * 3 + [False] * 3
    assert set(zip(moves.period[moves.dose > 0], moves.district[moves.dose > 0], strict=True)) == {
        (1, d) for d in range(3)
    }
    assert moves.counts[moves.period == 0].sum() == 6 * 10
    assert moves.counts[moves.period == 1].sum() == 6 * 10 * 2
    # Half-year by half-year, from the rows of the register itself.
    rows = delivery()["placements"]
    slow = dict.fromkeys((at for at in range(4)), 0)
    steps = np.zeros((2, 2))
    for t in (0, 2, 3):
        evenings = [str(BOUNDS[k] - timedelta(days=1)) for k in (t, t + 1)]
        for _, mine in rows.groupby("child"):
            there = [
                mine[(mine["start"] <= day) & (mine["end"].isna() | (mine["end"] >= day))]["measure"].item()
                for day in evenings
            ]
            start, end = (RUNGS[measure] for measure in there)
            slow[start] += 1
            if end != start:
                steps[int(t > 0), int(end > start)] += 1
    assert [moves.counts[moves.origin == rung].sum() for rung in range(4)] == [slow[rung] for rung in range(4)]
    for window in (0, 1):
        mine = moves.counts[moves.period == window]
        origin = moves.origin[moves.period == window]
        assert (mine * moves.ladder.down[origin]).sum() == steps[window, 0]
        assert (mine * moves.ladder.up[origin]).sum() == steps[window, 1]


def test_the_map_has_nothing_above_the_top_or_below_the_lowest_rung_and_two_exits() -> None:
    for rule, rungs in (("kora", 4), ("support", 3)):
        ladder = ladder_of(rule)  # type: ignore[arg-type]  # both values of the literal
        assert ladder.possible.shape == (rungs, rungs + 2)
        assert ladder.down.sum(axis=1).tolist() == list(range(rungs))
        assert ladder.up.sum(axis=1).tolist() == list(range(rungs))[::-1]


def with_spells(*rows: tuple[str, str, str, str | None]) -> Any:
    frames = delivery()
    more = pd.DataFrame([(*row, None, None) for row in rows], columns=frames["placements"].columns)
    return frames | {"placements": pd.concat([frames["placements"], more])}


def test_a_rung_that_only_the_programme_has_seen_is_left_out_and_said_so(tmp_path: Path) -> None:
    frames = with_spells(("own", "ANBAAR 6", "2013-09-01", None))
    frames["children"].loc[len(frames["children"])] = ["own", "2004H1", None, "A"]
    ready, _, _ = prepared(tmp_path, frames)
    assert ready is not None
    assert ready.counted.left_out == 1
    assert set(ready.counted.moves.origin) == {1, 2, 3}
    fitted = Fitted(ready, {"": from_the_prior(ready)}, lambda *_: from_the_prior(ready))
    assert records(fitted, prior_checks(ready))[0].estimates[0].notes == ("rungs_left_out",)


def test_a_district_without_placed_children_is_not_among_the_districts(tmp_path: Path) -> None:
    frames = delivery()
    gone = frames["children"].loc[frames["children"]["district"] == "E", "child"]
    ready, _, _ = prepared(
        tmp_path, frames | {"placements": frames["placements"][~frames["placements"]["child"].isin(gone)]}
    )
    assert ready is not None
    assert len(ready.counted.moves.treated) == len(ready.counted.weights) == 5


def test_priors_are_the_plans_and_the_enthusiast_hopes_for_more_down_and_fewer_up(tmp_path: Path, job: MoveJob) -> None:
    given = (("effect", "normal", 0.6), ("effect_sd", "half_normal", 0.11), ("group_gap", "normal", 0.4),
             ("district_sd", "half_normal", 0.3), ("period_sd", "half_normal", 0.2))  # fmt: skip
    priors = [
        {"key": key, "family": family, "mean": 0.0, "sd": sd, "unit": "log_odds", "reason": small.both("Made up")}
        for key, family, sd in given
    ]
    ready, _, _ = prepared(tmp_path, delivery(), plan(priors=priors))
    assert ready is not None
    found = ready.priors
    assert (found.down.sd, found.up.sd, found.effect_sd.sd, found.baseline_difference.sd, found.district.sd) == (
        0.6,
        0.6,
        0.11,
        0.4,
        0.3,
    )
    assert found.period_sd.sd == pytest.approx(0.2 * np.sqrt(2.5))
    assert (
        job.alternative_priors[DOWN]["effect_enthusiastic"].mean
        == -job.alternative_priors[UP]["effect_enthusiastic"].mean
        > 0
    )


def test_levels_drawn_from_the_prior_are_those_of_the_model(job: MoveJob) -> None:
    moves = job.counted.moves
    mine = prior_shares(job.priors, moves, np.random.default_rng(1))
    model = build_transitions(moves, job.priors)
    eta = pm.draw(model["y"].owner.inputs[1], draws=1000, random_seed=2, mode="FAST_COMPILE")
    theirs = softmax(eta, axis=2)
    assert mine.mean(axis=0) == pytest.approx(theirs.mean(axis=0), abs=0.03)
    assert mine.std(axis=0) == pytest.approx(theirs.std(axis=0), abs=0.03)


def reasons(told: tuple[PosteriorRecord, ...]) -> dict[str, str]:
    assert all(one.refused and one.likelihood == MOVES for one in told)
    return {one.outcome: one.remarks[0].key.removeprefix("errors.") for one in told}


def test_what_cannot_be_modelled_is_told_why(tmp_path: Path) -> None:
    _, told, _ = prepared(tmp_path, delivery(), plan(decision_thresholds=()))
    assert reasons(told) == dict.fromkeys((DOWN, UP), "posterior_no_thresholds")
    ready, told, _ = prepared(tmp_path, delivery(), plan(decision_thresholds=(thresholds(UP),)))
    assert reasons(told) == {DOWN: "posterior_no_thresholds"}
    assert ready is not None
    assert [one.outcome for one in ready.outcomes] == [UP]
    ready, told, _ = prepared(tmp_path, delivery(up=0.0))
    assert reasons(told) == {UP: "moves_nobody_moved"}
    assert ready is not None
    _, told, _ = prepared(tmp_path, delivery(up=0.0, down=0.0))
    assert reasons(told) == dict.fromkeys((DOWN, UP), "moves_nobody_moved")
    treated = delivery()["children"]
    ours = treated.loc[treated["district"].isin(small.TREATED), "child"]
    rows = delivery()["placements"]
    _, told, _ = prepared(tmp_path, delivery() | {"placements": rows[rows["child"].isin(ours)]})
    assert set(reasons(told)) == {DOWN, UP}
    nobody = rows.assign(measure="SEL 52.3.3")
    _, told, _ = prepared(tmp_path, delivery() | {"placements": nobody})
    assert reasons(told) == dict.fromkeys((DOWN, UP), "posterior_no_cells")
    assert prepared(tmp_path, delivery(), small.study())[:2] == (None, ())


def test_a_prior_that_believes_the_absurd_stops_before_sampling(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refusal:
        prepared(
            tmp_path,
            delivery(),
            plan(decision_thresholds=(thresholds(DOWN, plausible=[1.0, 2.0], admissible=[0.9, 2.1]),)),
        )
    assert refusal.value.problems[0].key == "posterior_prior_absurd"


def test_order_of_children_does_not_matter(tmp_path: Path, job: MoveJob) -> None:
    frames = delivery()
    order = np.random.default_rng(1).permutation(len(frames["placements"]))
    ready, _, frame = prepared(tmp_path, frames | {"placements": frames["placements"].iloc[order]})
    assert ready is not None
    assert ready.counted.moves.counts.tolist() == job.counted.moves.counts.tolist()
    assert frame.shape == (6, 4)
