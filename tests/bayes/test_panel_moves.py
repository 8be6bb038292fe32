"""From the placements to what is told of moves on the ladder; what cannot be modelled is told why."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import small_registers as small
from scipy import stats
from scipy.special import gammaln, softmax
from small_posterior import fit_of

from sverige_did import words
from sverige_did.bayes.panel_moves import (
    NAME,
    MoveFit,
    MoveJob,
    ladder_of,
    prepare_moves,
    prior_shares,
)
from sverige_did.bayes.panel_moves_record import log_likelihood_of, move_records, moved_shares
from sverige_did.bayes.priors import draw
from sverige_did.bayes.sample import Fit
from sverige_did.bayes.store import read_draws
from sverige_did.bayes.transitions import build_transitions
from sverige_did.design import designs
from sverige_did.errors import RefusedError
from sverige_did.files import read_models, write_model, write_models
from sverige_did.results import Diagnostics
from sverige_did.results_posteriors import PosteriorRecord
from sverige_did.sources.measure_codes import standard_codes
from sverige_did.sources.moves_panel import count_moves
from sverige_did.sources.panel_frame import Setting, make_setting
from sverige_did.sources.person_year_panel import placements
from sverige_did.sources.register_panel import build
from sverige_did.study import Study
from sverige_did.tasks.panel_posterior import run, scalars_only
from sverige_did.workflow import SNAKEFILE

DOWN, UP = "moved_down_share", "moved_up_share"
CHAINS, DRAWS = 2, 250
KIN, FOSTER, INSTITUTION = "ANBAAR 1", "ANBAAR 24", "ANBAAR 9"
RUNGS = {KIN: 1, FOSTER: 2, INSTITUTION: 3}
BOUNDS = [date(2013, 1, 1), date(2013, 7, 1), date(2014, 1, 1), date(2014, 7, 1), date(2015, 1, 1)]


def bearing(outcome: str, **changes: Any) -> dict[str, Any]:
    return {
        "outcome": outcome, "plausible": [1.0, 30.0], "admissible": [0.05, 90.0], "worthwhile": 2.0, "negligible": 0.5,
        "reason": small.both("Made up"),
    } | changes  # fmt: skip


def plan(*, bearings: tuple[dict[str, Any], ...] = (bearing(DOWN), bearing(UP)), **changes: Any) -> Study:
    outcomes = [
        {"outcome": DOWN, "question": "all", "role": "primary", "benefit": "higher", "scales": ["pp"]},
        {"outcome": UP, "question": "all", "role": "secondary", "benefit": "lower", "scales": ["pp"]},
    ]
    made: dict[str, Any] = {
        "outcomes": outcomes,
        "sampling": {"seed": 3, "draws": 400, "tune": 500, "chains": 2, "target_accept": 0.95},
    }
    if bearings:
        made["posterior"] = {"bearings": list(bearings), "shock_prior_sd": [0.1, 0.6]}
    return small.study(**made | changes)


def delivery(up: float = 0.15, down: float = 0.2, helped: float = 1.0, size: int = 10, seed: int = 2) -> Any:
    """Children of every district on three rungs, whose rung is settled anew in the middle of each half-year.

    A child moves a rung down or up with these probabilities; under the programme down is ``helped`` times as likely.
    """
    rng = np.random.default_rng(seed)
    children, rows = [], []
    for d, k in ((d, k) for d in range(6) for k in range(size)):
        name = f"k{d}-{k}"
        children.append((name, "2004H1", "girl" if k % 2 else "boy", small.DISTRICTS[d]))
        rung, since = int(rng.integers(0, 3)), date(2012, 1, 1)
        for first in BOUNDS[:-1]:
            likely = down * (helped if d < 3 and first >= BOUNDS[2] else 1.0)
            step = rng.choice([-1, 0, 1], p=[likely, 1 - likely - up, up])
            if step and 0 <= rung + step < 3:
                moved = first + timedelta(days=90)
                rows.append((name, list(RUNGS)[rung], str(since), str(moved - timedelta(days=1)), None, None))
                rung, since = rung + int(step), moved
        rows.append((name, list(RUNGS)[rung], str(since), None, None, None))
    placed = pd.DataFrame(rows, columns=["child", "measure", "start", "end", "end_reason", "price"])
    who = pd.DataFrame(children, columns=["child", "birth_half_year", "sex", "district"])
    return {"districts": small.districts(), "children": who, "placements": placed}


def prepared(
    folder: Path, frames: Any, asked: Study | None = None
) -> tuple[MoveJob | None, tuple[PosteriorRecord, ...], Setting]:
    asked = asked or plan()
    tables = small.tables(folder, frames)
    setting = make_setting(tables, asked)
    moved = count_moves(placements(tables["placements"], setting, standard_codes()).spells, setting)
    classes = designs(build(tables, asked, standard_codes()).panel, asked)
    return *prepare_moves(moved, setting, asked, classes), setting


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> MoveJob:
    ready, told, _ = prepared(tmp_path_factory.mktemp("delivery"), delivery())
    assert told == ()
    assert ready is not None
    return ready


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
    records = move_records(MoveFit(ready, from_the_prior(ready), lambda *_: from_the_prior(ready)), plan())
    assert records[0].estimates[0].notes == ("rungs_left_out",)


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
    assert (found.down.sd, found.up.sd, found.variation.sd, found.gap.sd, found.district.sd) == (
        0.6,
        0.6,
        0.11,
        0.4,
        0.3,
    )
    assert found.drift.sd == pytest.approx(0.2 * np.sqrt(2.5))
    assert job.stances[DOWN]["effect_enthusiastic"].mean == -job.stances[UP]["effect_enthusiastic"].mean > 0


def test_levels_drawn_from_the_prior_are_those_of_the_model(job: MoveJob) -> None:
    moves = job.counted.moves
    mine = prior_shares(job.priors, moves, np.random.default_rng(1))
    model = build_transitions(moves, job.priors)
    eta = pm.draw(model["y"].owner.inputs[1], draws=1000, random_seed=2, mode="FAST_COMPILE")
    theirs = softmax(eta, axis=2)
    assert mine.mean(axis=0) == pytest.approx(theirs.mean(axis=0), abs=0.03)
    assert mine.std(axis=0) == pytest.approx(theirs.std(axis=0), abs=0.03)


def reasons(told: tuple[PosteriorRecord, ...]) -> dict[str, str]:
    assert all(one.refused and one.likelihood == NAME for one in told)
    return {one.outcome: one.remarks[0].key.removeprefix("errors.") for one in told}


def test_what_cannot_be_modelled_is_told_why(tmp_path: Path) -> None:
    _, told, _ = prepared(tmp_path, delivery(), plan(bearings=()))
    assert reasons(told) == dict.fromkeys((DOWN, UP), "posterior_no_bearing")
    ready, told, _ = prepared(tmp_path, delivery(), plan(bearings=(bearing(UP),)))
    assert reasons(told) == {DOWN: "posterior_no_bearing"}
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
        prepared(tmp_path, delivery(), plan(bearings=(bearing(DOWN, plausible=[1.0, 2.0], admissible=[0.9, 2.1]),)))
    assert refusal.value.problems[0].key == "posterior_prior_absurd"


def from_the_prior(job: MoveJob, seed: int = 1, effect: float | None = None) -> Fit:
    """Draws of the right form without sampling: scalars of the prior, and districts that are all alike."""
    rng, size = np.random.default_rng(seed), CHAINS * DRAWS
    moves = job.counted.moves
    drawn = {name: draw(prior, size, rng) for name, prior in job.priors.named().items()}
    if effect is not None:
        drawn["tau_down"] = np.full(size, effect)
    ladder, shape = moves.ladder, moves.ladder.possible.shape
    tau = drawn["tau_down"][:, None, None] * ladder.down + drawn["tau_up"][:, None, None] * ladder.up
    found = drawn | {
        "mu_move": np.tile(np.log(np.where(ladder.stay, 8.0, 1.0)), (size, 1, 1)),
        "gamma_move": np.zeros((size, *shape)),
        "tau_move": tau,
        "alpha_move": np.zeros((size, len(moves.treated), shape[1])),
        "lambda_move": np.zeros((size, moves.n_periods, shape[1])),
    }
    return fit_of(found, CHAINS, DRAWS, seed)


def test_all_rungs_together_weigh_by_the_children_who_stood_there(job: MoveJob) -> None:
    fit = from_the_prior(job, effect=np.log(2.0))
    fit.draws["posterior"]["tau_up"][:] = 0.0
    fit.draws["posterior"]["tau_move"][:] = np.log(2.0) * job.counted.moves.ladder.down
    with_it, without = moved_shares(job, fit, DOWN)
    moves = job.counted.moves
    under = moves.dose > 0
    stood = np.array([moves.counts[under & (moves.origin == rung)].sum() for rung in range(4)])
    # 8 chances of staying and one of each other destination, of 13; from rung r lead r down, twice as likely then.
    rung = np.arange(4)
    assert without == pytest.approx(np.full(CHAINS * DRAWS, 100 * (stood * rung / 13).sum() / stood.sum()))
    assert with_it == pytest.approx(np.full(CHAINS * DRAWS, 100 * (stood * 2 * rung / (13 + rung)).sum() / stood.sum()))


def test_the_log_likelihood_is_somebody_elses(job: MoveJob) -> None:
    moves = job.counted.moves
    alpha = np.random.default_rng(3).gamma(5.0, size=(2, *moves.counts.shape))
    size = moves.counts.sum(axis=1)
    ways = (gammaln(size + 1) - gammaln(moves.counts + 1).sum(axis=1)).sum()
    theirs = [stats.dirichlet_multinomial.logpmf(moves.counts, one, size).sum() for one in alpha]
    assert log_likelihood_of(alpha, moves) + ways == pytest.approx(theirs)


@pytest.fixture(scope="module")
def told(job: MoveJob) -> tuple[PosteriorRecord, ...]:
    return move_records(MoveFit(job, from_the_prior(job), lambda *_: from_the_prior(job)), plan())


def test_the_record_tells_points_stances_checks_and_what_was_learned(told: tuple[PosteriorRecord, ...]) -> None:
    assert [one.outcome for one in told] == [DOWN, UP]
    for record, sign in zip(told, (1, -1), strict=True):
        assert [(one.estimand, one.scale) for one in record.estimates] == [("att", "pp"), ("att", "ratio")]
        assert (record.estimates[0].n_units, record.estimates[0].n_treated) == (6, 3)
        assert (record.scales[0].threshold, record.scales[0].rope) == (sign * 2.0, 0.5)
        assert [one.prior for one in record.stances] == ["effect_sceptical", "effect", "effect_enthusiastic"]
        assert {"zero_cells", "difference"} <= {one.check for one in record.checks}
        assert record.power.keys() == {"effect", "likelihood"}
        learned = {one.parameter for one in record.learned}
        assert {"sd_destinations", "moves_alike"} <= learned
        assert learned & {"tau_down", "tau_up"} == {"tau_down" if sign > 0 else "tau_up"}, "few moves tell of no other"
        for language in ("da", "en"):
            for one in record.learned:
                assert words.text(f"posterior.parameter.{one.parameter}", language)  # type: ignore[arg-type]
            assert words.text(f"posterior.likelihood.{record.likelihood}", language)  # type: ignore[arg-type]


def test_an_enthusiast_is_surer_of_a_benefit_than_a_sceptic_in_both_directions(
    told: tuple[PosteriorRecord, ...],
) -> None:
    for record in told:
        sure = {one.prior: one.prob_benefit for one in record.stances}
        assert sure["effect_enthusiastic"] > sure["effect"]  # type: ignore[operator]  # both outcomes have a direction


def test_draws_on_disk_hold_nothing_by_district(job: MoveJob) -> None:
    kept = scalars_only(from_the_prior(job)).draws["posterior"].to_dataset()
    assert set(kept.data_vars) == set(job.priors.named())


def test_the_workflow_samples_it() -> None:
    assert f'"{NAME}"' in SNAKEFILE.read_text("utf-8")


def test_order_of_children_does_not_matter(tmp_path: Path, job: MoveJob) -> None:
    frames = delivery()
    order = np.random.default_rng(1).permutation(len(frames["placements"]))
    ready, _, setting = prepared(tmp_path, frames | {"placements": frames["placements"].iloc[order]})
    assert ready is not None
    assert ready.counted.moves.counts.tolist() == job.counted.moves.counts.tolist()
    assert setting.shape == (6, 4)


@pytest.mark.slow
def test_from_registers_to_records_on_disk_with_the_effect_that_was_put_in(tmp_path: Path) -> None:
    # Levels and staying mix slowly: a thousand effective draws take ten times as many.
    sampling = {"seed": 3, "draws": 2000, "tune": 700, "chains": 2, "target_accept": 0.95}
    asked, frames = plan(sampling=sampling), delivery(up=0.1, down=0.15, helped=4.0, size=15, seed=5)
    data = tmp_path / "data"
    data.mkdir()
    small.write(data, frames)
    panel = build(small.tables(data, frames), asked, standard_codes()).panel
    write_model(tmp_path / "plan.json", asked)
    write_models(tmp_path / "designs.json", designs(panel, asked))
    out = [tmp_path / name for name in ("records.json", "diagnostics.json", "draws.nc")]
    assert run(tmp_path / "plan.json", tmp_path / "none", tmp_path / "designs.json", data, NAME, *out, 1) == (1, 0)
    down, up = read_models(out[0], PosteriorRecord)
    assert all(one.passed for one in read_models(out[1], Diagnostics))
    # From all rungs but the lowest 0.6 instead of 0.15 move down in a half-year.
    ready, _, _ = prepared(tmp_path, frames, asked)
    assert ready is not None
    moves = ready.counted.moves
    under = moves.counts[moves.dose > 0].sum(axis=1)
    could = under[moves.origin[moves.dose > 0] > 1].sum() / under.sum()
    low, high = down.scales[0].intervals[-1]
    assert low < 100 * 0.45 * could < high
    assert down.estimates[0].prob_benefit == pytest.approx(1.0, abs=0.05)
    assert up.scales[0].intervals[-1][0] < 0 < up.scales[0].intervals[-1][1]
    posterior = read_draws(out[2]).fits[NAME].draws["posterior"]
    assert {name for one in posterior.data_vars.values() for name in one.dims} == {"chain", "draw"}
