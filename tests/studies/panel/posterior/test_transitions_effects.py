"""From the draws of the model of moves on the ladder to what is told of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import small_registers as small
from scipy import stats
from scipy.special import gammaln
from small_moves import CHAINS, DOWN, DRAWS, MOVES, UP, delivery, from_the_prior, job_of, plan, prepared

from sverige_did import words
from sverige_did.bayes.sampling.store import open_draws
from sverige_did.design import designs
from sverige_did.disclosure.draws import kept_draws
from sverige_did.files import read_models, write_model, write_models
from sverige_did.results.estimates import Diagnostics
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.build import build
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.studies.panel.posterior.protocol import Fitted
from sverige_did.studies.panel.posterior.record import prior_checks, records
from sverige_did.studies.panel.posterior.transitions import MoveJob, log_likelihood_of, moved_shares
from sverige_did.tasks.panel_posterior import run


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> MoveJob:
    return job_of(tmp_path_factory.mktemp("delivery"))


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
    return records(Fitted(job, {"": from_the_prior(job)}, lambda *_: from_the_prior(job)), prior_checks(job))


def test_the_record_tells_points_alternative_priors_checks_and_what_was_learned(
    told: tuple[PosteriorRecord, ...],
) -> None:
    assert [one.outcome for one in told] == [DOWN, UP]
    for record, sign in zip(told, (1, -1), strict=True):
        assert [(one.estimand, one.scale) for one in record.estimates] == [("att", "pp"), ("att", "ratio")]
        assert (record.estimates[0].n_units, record.estimates[0].n_treated) == (6, 3)
        assert (record.scales[0].threshold, record.scales[0].rope) == (sign * 2.0, 0.5)
        assert [one.prior for one in record.alternative_priors] == ["effect_sceptical", "effect", "effect_enthusiastic"]
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
        sure = {one.prior: one.prob_benefit for one in record.alternative_priors}
        assert sure["effect_enthusiastic"] > sure["effect"]  # type: ignore[operator]  # both outcomes have a direction


def test_draws_on_disk_hold_nothing_by_district(job: MoveJob) -> None:
    kept = kept_draws(from_the_prior(job)).draws["posterior"].to_dataset()
    assert set(kept.data_vars) == set(job.priors.named())


@pytest.mark.slow
def test_from_registers_to_records_on_disk_with_the_effect_that_was_put_in(tmp_path: Path) -> None:
    # Levels and staying mix slowly: a thousand effective draws take ten times as many.
    sampling = {"seed": 3, "draws": 2000, "tune": 700, "chains": 2, "target_accept": 0.95}
    requested, frames = plan(sampling=sampling), delivery(up=0.1, down=0.15, helped=4.0, size=15, seed=5)
    data = tmp_path / "data"
    data.mkdir()
    small.write(data, frames)
    panel = build(small.tables(data, frames), requested, standard_codes()).panel
    write_model(tmp_path / "plan.json", requested)
    write_models(tmp_path / "designs.json", designs(panel, requested))
    out = [tmp_path / name for name in ("records.json", "diagnostics.json", "draws.nc")]
    done = run(tmp_path / "plan.json", tmp_path / "none", tmp_path / "designs.json", data, MOVES, *out, 1)
    assert done == {"fits": 1, "refused": 0}
    down, up = read_models(out[0], PosteriorRecord)
    assert all(one.passed for one in read_models(out[1], Diagnostics))
    # From all rungs but the lowest 0.6 instead of 0.15 move down in a half-year.
    ready, _, _ = prepared(tmp_path, frames, requested)
    assert ready is not None
    moves = ready.counted.moves
    under = moves.counts[moves.dose > 0].sum(axis=1)
    could = under[moves.origin[moves.dose > 0] > 1].sum() / under.sum()
    low, high = down.scales[0].intervals[-1]
    assert low < 100 * 0.45 * could < high
    assert down.estimates[0].prob_benefit == pytest.approx(1.0, abs=0.05)
    assert up.scales[0].intervals[-1][0] < 0 < up.scales[0].intervals[-1][1]
    posterior = open_draws(out[2])[MOVES]["posterior"]
    assert {name for one in posterior.data_vars.values() for name in one.dims} == {"chain", "draw"}
