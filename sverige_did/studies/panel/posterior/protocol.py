"""What a posterior model of a panel study is: its jobs, and all that fitting and reporting need to ask of one.

A model is one file with a function ``prepare(data, likelihood)`` that returns :class:`Ready`, and one entry in
``models.py``. A :class:`Job` is what is sampled at once: an outcome, or several that share a model, in one fit or in
several parts. It says only what is its own; how it is sampled stands in ``fitting.py``, and how draws become records,
with other priors, power scaling, and prior and posterior predictive checks, in ``record.py``, once for all models.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from sverige_did.errors import RefusedError
from sverige_did.panel import Panel, read_panel
from sverige_did.results.estimates import remarks_of
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.delivery import codes_of, tables_of
from sverige_did.sources.panel.frame import PanelFrame, Tables, make_panel_frame
from sverige_did.sources.panel.placements import Placements, placements
from sverige_did.study.areas import not_tried
from sverige_did.study.priors import SHOCK, SHOCK_OF_AREAS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.models.district_effects import PanelPriors
    from sverige_did.bayes.priors import Normal, Prior
    from sverige_did.bayes.sampling.sample import Fit, Settings
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.study.blocks import DecisionThresholds
    from sverige_did.study.study import Outcome, PanelStudy

    Floats = NDArray[np.float64]

type Fits = Mapping[str, Fit]
"""The draws of a job, by part."""

PLACED = frozenset({"districts", "children", "residences", "placements"})
"""The registers that placements and districts are read from."""

SCALED = {"effect": "tau", "shock_sd": "sigma_s"}
"""The parameters that the answer may rest on in most models: the effect, and the sd of districts' own shocks."""


@dataclass(frozen=True)
class StudyData:
    """What a study has for its posteriors. The panel and the registers in ``folder`` are read when they are needed."""

    study: PanelStudy
    designs: tuple[OutcomeDesign, ...]
    panel_file: Path
    folder: Path

    @cached_property
    def panel(self) -> Panel:
        """The cells of all outcomes."""
        return read_panel(self.panel_file)

    def registers(self, names: frozenset[str]) -> tuple[Tables, PanelFrame]:
        """Those of the registers that were delivered, and the districts, children and periods that they are about."""
        tables = tables_of(self.folder, self.study, names)
        return tables, make_panel_frame(tables, self.study)

    def placements(self) -> tuple[Placements, PanelFrame]:
        """The spells of placement, and the districts, children and periods."""
        tables, panel_frame = self.registers(PLACED)
        return placements(tables["placements"], panel_frame, codes_of(self.folder, self.study)), panel_frame

    def wanted(self, outcomes: Iterable[str]) -> tuple[Outcome, ...]:
        """Those of these outcomes that the plan has, in its order."""
        known = frozenset(outcomes)
        return tuple(item for item in self.study.outcomes if item.outcome in known)


class Quantity(NamedTuple):
    """Draws of one effect on one scale, where ``null`` is none; ``thresholds`` is None on other scales than its own."""

    draws: Floats
    estimand: str
    scale: str
    null: float
    thresholds: DecisionThresholds | None


class Part(NamedTuple):
    """One fit of a job: the group of its draws in the store, and the names that its seeds are made of: the stem of
    every other fit, and the main fit's.
    """

    fit: str
    stem: str
    main: str


class Alternative(NamedTuple):
    """A job under another prior, the fields of ``AlternativePrior`` that say which, and a name for its fit."""

    job: EffectJob
    said: Mapping[str, object]
    name: str


class Fitted(NamedTuple):
    """A job with the draws of its parts, and a way to sample one part again, for another job of the same structure:
    ``again(name, part, job)``.
    """

    job: Job
    fits: Fits
    again: Callable[[str, str, Job], Fit]


@dataclass(frozen=True, eq=False)
class Job(ABC):
    """What one model samples at once. ``likelihood`` is its name in the registry, ``outcomes`` what it reports."""

    study: PanelStudy
    likelihood: str
    outcomes: tuple[Outcome, ...]

    @property
    def name(self) -> str:
        """Unique within a study: seeds are made of it."""
        return self.likelihood

    @property
    def wanted(self) -> Outcome:
        """The outcome, where there is one."""
        return self.outcomes[0]

    @property
    def prior_seed(self) -> str:
        """The name of the seed of the prior predictive check's draws."""
        return f"{self.likelihood}.prior"

    @property
    def parts(self) -> Mapping[str, Part]:
        """The fits of the job: one, of the job's name, unless it says otherwise."""
        return {"": Part(self.name, self.name, self.name)}

    @abstractmethod
    def model(self, part: str) -> pm.Model:
        """The unfitted model of a part."""

    @abstractmethod
    def quantities(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Quantity, ...]]:
        """The effects by outcome, on every scale; that in the outcome's own unit first."""

    @abstractmethod
    def checks(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Predictive, ...]]:
        """By outcome, whether data drawn from the model look like the data."""

    @property
    @abstractmethod
    def basis(self) -> Mapping[str, object]:
        """What every estimate rests on: its estimator, units, weights, assumptions and notes."""

    def settings(self, plan: Settings, _part: str) -> Settings:
        """How a part is sampled under the plan's settings."""
        return plan

    def thresholds(self, outcome: str) -> DecisionThresholds | None:
        """What the plan holds the outcome against."""
        every = self.study.posterior.decision_thresholds if self.study.posterior else ()
        return next((one for one in every if one.outcome == outcome), None)

    def priors_of(self, _part: str) -> Mapping[str, Prior]:
        """The priors of a part's scalar parameters, by their names in the draws."""
        return {}

    def label(self, _part: str, parameter: str, _outcome: str) -> str | None:
        """What a parameter is called in a record; None where an outcome's record is silent about it."""
        return parameter

    def prior_levels(self, _rng: np.random.Generator) -> Mapping[str, Floats]:
        """Levels of all districts drawn from the priors alone, by outcome, (S,) each, to be checked."""
        return {}

    def rows(self, fits: Fits) -> Mapping[str, NDArray[np.int64] | slice]:
        """Which draw of each part makes which draw of an effect."""
        return dict.fromkeys(fits, slice(None))

    def alternatives(self, _outcome: str) -> Iterator[Alternative]:
        """The job under each other prior that the effect is reported under; none unless it has a prior of its own."""
        return iter(())

    def more(self, _fitted: Fitted, _rng: np.random.Generator) -> Mapping[str, object]:
        """Fields of the record that only this model has."""
        return {}


def _main_sd(study: PanelStudy) -> tuple[float, ...]:
    """The sd of the plan's own prior of shocks, if it has one."""
    return tuple(one.sd for one in study.priors if one.key == SHOCK and one.sd is not None)


@dataclass(frozen=True, eq=False)
class EffectJob(Job):
    """A job whose effects have priors of their own: reported under others, and scaled to see what they weigh.

    ``alternative_priors`` are the other priors of the effect by outcome and key, as :meth:`with_effect` takes them.
    """

    alternative_priors: Mapping[str, Mapping[str, Any]]

    @abstractmethod
    def with_effect(self, outcome: str, prior: Any) -> EffectJob:
        """The same job under another of its ``alternative_priors``."""

    @abstractmethod
    def ratio(self, outcome: str, fits: Fits) -> Floats:
        """The effect on the treated as a ratio, (S,): what is reported under each of :attr:`alternatives`."""

    @abstractmethod
    def log_likelihood(self, part: str, fit: Fit) -> Floats:
        """Of every draw of a part, (S,), up to a constant; for power scaling."""

    def with_shock(self, _sd: float) -> EffectJob | None:
        """The same job under another prior of districts' own shocks; None where the model has none."""
        return None

    def alternatives(self, outcome: str) -> Iterator[Alternative]:
        """The job under each other prior that the effect is reported under."""
        for key, prior in self.alternative_priors.get(outcome, {}).items():
            name = f"prior.{key}" if len(self.outcomes) == 1 else f"{outcome}.{key}"
            yield Alternative(self.with_effect(outcome, prior), {"prior": key}, name)
        for sd in self.study.posterior.shock_prior_sd if self.study.posterior else ():
            other = self.with_shock(sd)
            if other is not None:
                yield Alternative(other, {"kind": "shock", "prior": SHOCK, "value": sd}, f"shock.{sd}")
        of_areas = self._sd_of_areas(outcome)
        if of_areas is not None and (other := self.with_shock(of_areas)) is not None:
            yield Alternative(other, {"kind": "shock", "prior": SHOCK_OF_AREAS, "value": of_areas}, "shock.areas")

    def _sd_of_areas(self, outcome: str) -> float | None:
        """The sd of shocks as in other areas, where that is another than those which are tried already."""
        study = self.study
        known = study.areas.of(outcome) if study.areas is not None and study.areas.prior == "beside" else ()
        tried = [*(study.posterior.shock_prior_sd if study.posterior else ()), *_main_sd(study)]
        return known[0].prior_sd if known and not_tried(known[0].prior_sd, tried) else None

    def scaled(self, _outcome: str) -> Mapping[str, str]:
        """The parameters whose priors are power-scaled, by what the record calls them; none means no power scaling."""
        known = self.priors_of(next(iter(self.parts)))
        return {name: parameter for name, parameter in SCALED.items() if parameter in known}

    def scaled_effect(self, quantities: tuple[Quantity, ...]) -> Floats:
        """The draws that power scaling looks at."""
        return quantities[0].draws


@dataclass(frozen=True, eq=False)
class DistrictJob(EffectJob):
    """A job of one part whose parameters are those of the shared structure of district models."""

    priors: PanelPriors

    def priors_of(self, _part: str) -> Mapping[str, Prior]:
        """Of the shared structure."""
        return self.priors.named()

    def with_effect(self, _outcome: str, prior: Normal) -> Self:
        """With another prior of the effect."""
        return replace(self, priors=replace(self.priors, effect=prior))

    def with_shock(self, sd: float) -> Self:
        """With another prior of districts' own shocks."""
        return replace(self, priors=replace(self.priors, shock=replace(self.priors.shock, sd=sd)))


@dataclass(frozen=True)
class Ready:
    """The jobs that can be sampled, and a record with the reason for each outcome that cannot."""

    jobs: tuple[Job, ...] = ()
    refused: tuple[PosteriorRecord, ...] = ()


def refused(outcome: str, likelihood: str, refusal: RefusedError) -> PosteriorRecord:
    """The record of an outcome that has no posterior, with the reason."""
    return PosteriorRecord(outcome=outcome, likelihood=likelihood, remarks=remarks_of(refusal.problems))


def one_by_one(likelihood: str, wanted: Iterable[Outcome], make: Callable[[Outcome], Job]) -> Ready:
    """A job for each outcome; what cannot be modelled is reported with its reason and stops nothing."""
    jobs, records = [], []
    for item in wanted:
        try:
            jobs.append(make(item))
        except RefusedError as refusal:
            records.append(refused(item.outcome, likelihood, refusal))
    return Ready(tuple(jobs), tuple(records))


def together(likelihood: str, wanted: tuple[Outcome, ...], make: Callable[[tuple[Outcome, ...]], Job]) -> Ready:
    """One job for all of the outcomes, or the same reason for each."""
    if not wanted:
        return Ready()
    try:
        return Ready((make(wanted),))
    except RefusedError as refusal:
        return Ready(refused=tuple(refused(item.outcome, likelihood, refusal) for item in wanted))
