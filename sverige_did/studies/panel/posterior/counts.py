"""Posteriors for a panel of districts: one model an outcome, compiled once for each likelihood and shape of panel.

What the plan asks of each outcome is made ready and held against the prior gate before anything is sampled; an outcome
that cannot be modelled is told so with its reason and stops nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sverige_did.bayes.models.families import FAMILIES, Family, Floats
from sverige_did.bayes.sampling.sample import Compiled, Fit, Settings, compile_model
from sverige_did.errors import RefusedError, refuse
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import Remark
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.panel.posterior.cells import PanelCells, likelihood_of, panel_cells
from sverige_did.studies.panel.posterior.fitting import sampled, seed_of, settings_of
from sverige_did.studies.panel.posterior.priors import (
    PriorGate,
    bearing_of,
    effect_priors,
    own_priors,
    panel_priors,
    prior_gate,
)

if TYPE_CHECKING:
    from sverige_did.bayes.models.district_effects import PanelPriors
    from sverige_did.bayes.priors import Normal, Prior
    from sverige_did.panel import Panel
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.study.blocks import Bearing
    from sverige_did.study.study import Outcome, Study


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One outcome made ready: its cells, its priors, and how the prior alone stands to what is admissible."""

    wanted: Outcome
    bearing: Bearing
    panel: PanelCells
    family: Family
    priors: PanelPriors
    own: Mapping[str, Prior]
    stances: Mapping[str, Normal]
    gate: PriorGate

    @property
    def name(self) -> str:
        """Unique within a study; the group of the draws in the store."""
        return f"{self.wanted.outcome}.{self.panel.likelihood}"

    def own_values(self, fit: Fit, kept: np.ndarray[tuple[int], np.dtype[np.int64]] | slice) -> dict[str, Floats]:
        """Some draws of the likelihood's own parameters, (S, 1) each."""
        return {name: fit.values(name)[kept][:, None] for name in self.family.own}


class Fitted(NamedTuple):
    """A job with its draws, and a way to sample it again under other priors or other data of the same shape."""

    job: Job
    fit: Fit
    again: Callable[[str, Job], Fit]


def prepare(
    panel: Panel, study: Study, designs: tuple[OutcomeDesign, ...], likelihood: str
) -> Iterator[Job | PosteriorRecord]:
    """Every outcome of the plan that has this likelihood, ready to sample; a record with the reason where it is not.

    Raises RefusedError (``posterior_prior_absurd``) where the prior believes in what the plan calls absurd: that is a
    fault of the plan, and nothing may be sampled from it.
    """
    for wanted in study.outcomes:
        rows = panel.outcome(wanted.outcome)
        if rows.empty or likelihood_of(str(rows["kind"].iloc[0]), wanted.outcome) != likelihood:
            continue
        try:
            if CATALOGUE[wanted.outcome].use != "effect":
                raise refuse("posterior_use")
            job = _job(panel, study, wanted, bearing_of(study, designs, wanted.outcome))
        except RefusedError as refusal:
            yield refused(wanted.outcome, likelihood, refusal)
            continue
        job.gate.require(wanted.outcome)
        yield job


def _job(panel: Panel, study: Study, wanted: Outcome, bearing: Bearing) -> Job:
    cells = panel_cells(panel, study, wanted.outcome)
    family = FAMILIES[cells.likelihood]
    priors = panel_priors(study, bearing, family, wanted.benefit, cells.apart)
    required = study.posterior.admissible_share if study.posterior else 0.0
    rng = np.random.default_rng(seed_of(study, f"{wanted.outcome}.prior"))
    return Job(
        wanted=wanted,
        bearing=bearing,
        panel=cells,
        family=family,
        priors=priors,
        own=own_priors(study, family),
        stances=effect_priors(study, wanted.benefit),
        gate=prior_gate(priors, cells.cells, family, bearing, required, rng),
    )


def refused(outcome: str, likelihood: str, refusal: RefusedError) -> PosteriorRecord:
    """The record of an outcome that has no posterior, with the reason."""
    remarks = tuple(
        Remark(key=f"errors.{one.key}", values={name: str(said) for name, said in dict(one.values).items()})
        for one in refusal.problems
    )
    return PosteriorRecord(outcome=outcome, likelihood=likelihood, remarks=remarks)


def fit_jobs(
    jobs: tuple[Job, ...], study: Study, cores: int, told: Callable[[int, int, str], None] = lambda *_: None
) -> Iterator[Fitted]:
    """Sample every job, in order. ``told`` hears which fit begins, of how many, and its name."""
    settings = settings_of(study, cores)
    compiled: dict[tuple[str, int, int], Compiled] = {}
    for at, job in enumerate(jobs, start=1):
        told(at, len(jobs), job.name)
        model = job.family.model(job.panel.cells, job.priors, job.own)
        key = (job.panel.likelihood, len(job.panel.cells.low), job.panel.cells.n_periods)
        if key not in compiled:
            compiled[key] = compile_model(model)
        code = compiled[key]

        def again(name: str, other: Job, code: Compiled = code, settings: Settings = settings) -> Fit:
            model = other.family.model(other.panel.cells, other.priors, other.own)
            return sampled(model, code, seed_of(study, f"{other.name}.{name}"), settings)

        yield Fitted(job, sampled(model, code, seed_of(study, job.name), settings), again)


def with_effect(job: Job, prior: Normal) -> Job:
    """The same job under another prior of the effect."""
    return replace(job, priors=replace(job.priors, effect=prior))


def with_shock(job: Job, sd: float) -> Job:
    """The same job under another prior of districts' own swings."""
    return replace(job, priors=replace(job.priors, shock=replace(job.priors.shock, sd=sd)))
