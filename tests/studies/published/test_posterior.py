"""The published study's posteriors agree with the closed form, and do not depend on which others are sampled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from herning import evidence

from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.posterior import FAMILIES, TRIPLET, closed_forms, findings, fit_all, jobs


def only(outcome: str, reading: str) -> Evidence:
    """The evidence with the tables of one outcome in one reading, and shorter chains."""
    full = evidence()
    tables = tuple(table for table in full.tables if (table.outcome, table.reading) == (outcome, reading))
    return replace(full, tables=tables)


def test_the_primary_question_meets_sceptical_and_enthusiastic_priors():
    made = jobs(evidence())
    assert len({job.name for job in made}) == len(made)
    for outcome in ("institution_per_1000", "institution_share"):
        assert {job.prior for job in made if job.table.outcome == outcome} == set(TRIPLET)


@pytest.mark.parametrize(("outcome", "scale"), [("institution_share", "log_odds"), ("institution_per_1000", "ratio")])
def test_the_draws_agree_with_the_normal_closed_form(outcome, scale):
    part = only(outcome, "H2")
    drawn = {}
    for job, fit in fit_all(part, cores=1):
        for finding in findings(part, job, fit):
            drawn[job.prior, finding.result.scale] = finding.result
    (closed,) = [f.result for f in closed_forms(part) if f.outcome == outcome]
    neutral = drawn["effect", scale]
    # The likelihood is not normal, so the two differ by more than Monte-Carlo error; by how much is what is held here.
    transform = np.log if scale == "ratio" else np.asarray
    assert float(transform(neutral.estimate)) == pytest.approx(float(transform(closed.estimate)), abs=0.08)
    assert neutral.prob_benefit == pytest.approx(closed.prob_benefit, abs=0.04)
    assert drawn["effect_sceptical", scale].prob_benefit < neutral.prob_benefit
    assert drawn["effect_enthusiastic", scale].prob_benefit > neutral.prob_benefit
    assert set(FAMILIES) == {"binomial", "poisson"}
