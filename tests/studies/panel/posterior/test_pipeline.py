"""One outcome's refusal stops no other: what is sampled is told, what is refused has its reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from small_posterior import given, panel, plan, thresholds

from sverige_did.bayes.sampling.sample import Fit
from sverige_did.errors import refuse
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.posterior import pipeline
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.studies.panel.posterior.protocol import Part, Ready, StudyData


@dataclass
class Two:
    """Jobs of two outcomes of which the first does not converge."""

    outcomes: tuple[Any, ...]
    likelihood: str = "poisson"

    @property
    def parts(self) -> dict[str, Part]:
        name = self.outcomes[0].outcome
        return {"": Part(name, name, name)}


def test_draws_that_do_not_converge_refuse_their_own_outcome_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    study = plan(("institution_per_1000", "placed_total"))
    jobs = tuple(Two((one,)) for one in study.outcomes)
    unsettled = object.__new__(Fit)

    def fitter(*_: Any, **__: Any) -> Any:
        def fitted(job: Two) -> Any:
            if job is jobs[0]:
                refusal = refuse("not_converged", failed="rhat", found="R-hat 1.2", expected="R-hat < 1.01")
                refusal.fit = unsettled
                raise refusal
            return type("F", (), {"job": job, "fits": {"": "draws"}})

        return fitted

    monkeypatch.setattr(type(MODELS["poisson"]), "prepare", lambda _: lambda *__: Ready(jobs))
    monkeypatch.setattr(pipeline, "prior_checks", lambda _: {})
    monkeypatch.setattr(pipeline, "fitter", fitter)
    monkeypatch.setattr(
        pipeline,
        "records",
        lambda one, _: (PosteriorRecord(outcome=one.job.outcomes[0].outcome, likelihood="poisson"),),
    )
    found = pipeline.posteriors(StudyData(study, (), Path("none"), Path("none")), "poisson", cores=1)
    assert [one.outcome for one in found.records] == [one.outcome for one in study.outcomes]
    assert [[remark.key for remark in one.remarks] for one in found.records] == [["errors.not_converged"], []]
    assert list(found.fits) == [study.outcomes[1].outcome]
    assert found.aside == {study.outcomes[0].outcome: unsettled}


def test_a_prior_that_believes_the_absurd_refuses_its_own_outcome_alone(tmp_path: Path) -> None:
    wide = thresholds("institution_per_1000", plausible=[0.2, 390.0])
    study = plan(posterior={"decision_thresholds": [wide], "admissible_share": 0.99})
    (record,) = pipeline.posteriors(given(panel(effect=0.4), study), "poisson", 1).records
    assert record.outcome == "institution_per_1000"
    assert [one.key for one in record.remarks] == ["errors.posterior_prior_absurd"]
