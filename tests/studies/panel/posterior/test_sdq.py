"""From the register of SDQ forms to what is told of wellbeing; what cannot be modelled is told why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_registers as small
from small_posterior import checked, fit_of, given

from sverige_did.bayes.draws.replicate_sdq import score_predictor
from sverige_did.bayes.priors import draw
from sverige_did.bayes.sampling.sample import Fit
from sverige_did.disclosure.draws import kept_draws
from sverige_did.errors import InputError, RefusedError
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.sources.panel.wellbeing import comparable_forms
from sverige_did.sources.panel.wellbeing_bands import sex_of
from sverige_did.studies.panel.posterior.protocol import PLACED, Fitted, StudyData
from sverige_did.studies.panel.posterior.questionnaires import respondents
from sverige_did.studies.panel.posterior.record import prior_checks, records
from sverige_did.studies.panel.posterior.sdq import OUTCOME, ScoreJob, prepare
from sverige_did.study.study import Study

SDQ = "sdq"
CHAINS, DRAWS = 2, 250
BEFORE, AFTER = "2013-05-01", "2014-05-01"
GONE = (0, 7)
"""Children of treated districts who are not rated again."""

THRESHOLDS = {
    "outcome": OUTCOME, "plausible": [6.0, 22.0], "admissible": [1.0, 36.0], "worthwhile": 1.5, "negligible": 0.5,
    "reason": small.both("Made up"),
}  # fmt: skip


def form(child: str, day: str, points: int, informant: str = "parent", age: int = 9) -> tuple[object, ...]:
    return (child, day, informant, age, float(points), 3.0, 3.0, 2.0, 7.0)


def frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    columns = ["child", "date", "informant", "age", "emotion", "conduct", "hyper", "peer", "prosocial"]
    return pd.DataFrame(rows, columns=columns)


def forms() -> list[tuple[object, ...]]:
    """Twelve children before, ten of them after, one who is too old to be asked again, and one form in between."""
    before = [form(f"c{k}", BEFORE, k % 4 + 2) for k in range(12)]
    after = [form(f"c{k}", AFTER, k % 3 + 2, age=10) for k in range(12) if k not in GONE]
    return [*before, *after, form("c90", BEFORE, 4, age=17), form("c1", "2013-09-01", 9)]


def plan(thresholds: dict[str, Any] | None = THRESHOLDS, **changes: object) -> Study:
    outcomes = [{"outcome": OUTCOME, "question": "all", "role": "primary", "benefit": "lower", "scales": ["level"]}]
    posterior = {"posterior": {"decision_thresholds": [thresholds], "shock_prior_sd": [0.1, 0.6]}} if thresholds else {}
    return small.study(outcomes=outcomes, **posterior, **changes)


def prepared(
    folder: Path, rows: list[tuple[object, ...]], requested: Study | None = None
) -> ScoreJob | PosteriorRecord | None:
    requested = requested or plan()
    frames = small.delivery() | {"sdq_waves": frame(rows)}
    small.write(folder, frames)
    (found,) = checked(prepare(given(panel_of(folder, requested).panel, requested, folder), SDQ)) or [None]
    assert found is None or isinstance(found, ScoreJob | PosteriorRecord)
    return found


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> ScoreJob:
    ready = prepared(tmp_path_factory.mktemp("delivery"), forms())
    assert isinstance(ready, ScoreJob)
    return ready


def test_forms_in_the_plans_windows_by_child_district_and_dose(job: ScoreJob) -> None:
    scores, places, _ = job.respondents
    assert len(scores.child) == 12 + 10 + 1, "the form between the windows is left out"
    assert scores.n_children == 13
    assert places.treated.tolist() == [True] * 3 + [False] * 3
    treated = np.isin(places.district[scores.child], [0, 1, 2])
    assert scores.dose.tolist() == (treated & (places.period == 1)).astype(float).tolist()
    assert np.unique(scores.time) == pytest.approx([0.0, 365 / 365.25])
    assert scores.total[0] == 2 + 3 + 3 + 2
    assert scores.age is not None
    assert scores.age[:12] == pytest.approx(np.full(12, 9.0))
    assert scores.girl is None, "not known of all"


def test_sex_is_that_of_the_children_who_were_rated(tmp_path: Path) -> None:
    small.write(tmp_path, small.delivery() | {"sdq_waves": frame(forms())})
    tables, panel_frame = StudyData(plan(), (), tmp_path, tmp_path).registers(PLACED | {"sdq_waves"})
    found = respondents(
        comparable_forms(tables, panel_frame), sex_of(tables, panel_frame) == "girls", panel_frame, plan()
    ).scores
    assert found.girl is not None
    assert found.girl[:3].tolist() == [False, True, False]


def test_who_was_rated_before_and_not_again_is_missing_unless_too_old(job: ScoreJob) -> None:
    missing = job.respondents.unanswered
    assert missing is not None
    assert missing.child.tolist() == list(GONE)
    assert missing.period is not None
    assert missing.period.tolist() == [1, 1]
    assert missing.time == pytest.approx(np.full(2, 365 / 365.25))


def test_the_plans_priors_are_used_where_it_has_them_and_the_level_is_in_points(tmp_path: Path, job: ScoreJob) -> None:
    ends = job.priors.level.frozen().ppf([0.025, 0.975])
    assert 40 / (1 + np.exp(-ends)) == pytest.approx([6.0, 22.0])
    shock = {"key": "shock_sd", "family": "half_normal", "sd": 0.11, "unit": "log_odds", "reason": small.both("Small")}
    other = prepared(tmp_path, forms(), plan(priors=[shock]))
    assert isinstance(other, ScoreJob)
    assert other.priors_of("")["sigma_s"].sd == 0.11
    assert job.priors_of("")["sigma_s"].sd == 0.3


def reason(found: object) -> str:
    assert isinstance(found, PosteriorRecord)
    assert found.refused
    assert (found.outcome, found.likelihood) == (OUTCOME, SDQ)
    return found.remarks[0].key


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("posterior_design", [row for row in forms() if row[1] == BEFORE]),
        ("sdq_one_wave", [form(f"c{k}", BEFORE if k < 6 else AFTER, 3) for k in range(12)]),
        ("sdq_informant_after",
         [row if row[0] not in {"c1", "c2"} or row[1] != AFTER else (*row[:2], "staff", *row[3:]) for row in forms()
          if row[0] not in {"c1", "c2"} or row[1] == AFTER]),
    ],
)  # fmt: skip
def test_forms_that_show_no_effect_are_told_why(tmp_path: Path, key: str, rows: list[tuple[object, ...]]) -> None:
    assert reason(prepared(tmp_path, rows)) == f"errors.{key}"


def test_without_thresholds_or_without_the_outcome_nothing_is_modelled(tmp_path: Path) -> None:
    assert reason(prepared(tmp_path, forms(), plan(thresholds=None))) == "errors.posterior_no_thresholds"
    assert reason(prepared(tmp_path, forms(), plan(THRESHOLDS | {"plausible": [6, 40], "admissible": [1, 41]}))) == (
        "errors.sdq_score"
    )
    assert prepared(tmp_path, forms(), small.study()) is None


def test_a_score_above_the_scale_never_gets_here(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        prepared(tmp_path, [*forms(), form("c1", "2014-06-01", 33)])


def test_a_prior_that_believes_the_absurd_stops_before_sampling(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refusal:
        prepared(tmp_path, forms(), plan(THRESHOLDS | {"admissible": [5.9, 22.1]}))
    assert refusal.value.problems[0].key == "posterior_prior_absurd"


def from_the_prior(job: ScoreJob, seed: int = 1) -> Fit:
    """Draws of the right form without sampling: those of the prior."""
    rng, size = np.random.default_rng(seed), CHAINS * DRAWS
    scores, places, _ = job.respondents
    drawn = {name: draw(prior, size, rng) for name, prior in job.priors_of("").items()}
    found = drawn | {
        "eta": score_predictor(drawn, scores, places, rng),
        "child": rng.normal(-0.6, 0.5, (size, scores.n_children)),
        "slope": np.zeros((size, scores.n_children)),
        "offset": np.zeros((size, 1)),
        "swing": np.zeros((size, len(places.treated), places.n_periods)),
    }
    return fit_of(found, CHAINS, DRAWS, seed)


@pytest.fixture(scope="module")
def told(job: ScoreJob) -> PosteriorRecord:
    fitted = Fitted(job, {"": from_the_prior(job)}, lambda *_: from_the_prior(job))
    (made,) = records(fitted, prior_checks(job))
    return made


def test_the_record_tells_points_alternative_priors_checks_and_the_unrated(told: PosteriorRecord) -> None:
    assert [(one.estimand, one.scale) for one in told.estimates] == [
        ("att", "level"), ("att", "ratio"), ("att", "log_odds"),
    ]  # fmt: skip
    assert (told.estimates[0].n_units, told.estimates[0].n_treated) == (6, 3)
    assert (told.scales[0].threshold, told.scales[0].rope) == (-1.5, 0.5)
    assert [one.prior for one in told.alternative_priors if one.kind == "effect"] == [
        "effect_sceptical", "effect", "effect_enthusiastic",
    ]  # fmt: skip
    assert [one.value for one in told.alternative_priors if one.kind == "shock"] == [0.1, 0.6]
    assert {"mean_change", "low_scores", "high_scores", "difference"} <= {one.check for one in told.checks}
    assert "score_noise" in {one.parameter for one in told.learned}


def test_worse_children_make_the_effect_worse_in_step(told: PosteriorRecord) -> None:
    non_response = told.non_response
    assert non_response is not None
    assert (non_response.answered, non_response.unanswered) == (4, 2)
    assert non_response.delta[0] == 0
    assert list(non_response.median) == sorted(non_response.median)
    assert list(non_response.prob_benefit) == sorted(non_response.prob_benefit, reverse=True)
    # Two of six questionnaires a point worse move the mean by a third of a point, away from the ends of the scale.
    assert non_response.median[1] - non_response.median[0] == pytest.approx(1 / 3, abs=0.15)


def test_draws_on_disk_hold_nothing_by_child_questionnaire_or_district(job: ScoreJob) -> None:
    kept = kept_draws(from_the_prior(job)).draws["posterior"].to_dataset()
    assert set(kept.data_vars) == set(job.priors_of(""))
    assert set(kept.dims) == {"chain", "draw"}
