"""The question, written down before the answer: the analysis plan of one study as frozen values.

A plan is read from ``study.yaml``. Its SHA-256 is taken over the canonical JSON of its meaning, so that comments and
the order of keys may change, but nothing that could change a result.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Bilingual as Bilingual
from sverige_did.study.blocks import Name as Name
from sverige_did.study.blocks import Plan as Plan
from sverige_did.study.blocks import Positive, Posterior, Registers, Share
from sverige_did.study.readings import Reading, Reconstruction


class Group(Plan):
    """One side of the comparison."""

    label: Bilingual
    districts: int = Field(ge=1, description="Number of districts in the group")
    districts_known: bool = Field(description="False when the number is an assumption, not a printed figure")
    districts_grid: tuple[Annotated[int, Field(ge=1)], ...] = ()


class Periods(Plan):
    """When it happened. Dates are inclusive."""

    baseline: date = Field(description="Date or end of the last period that counts as before")
    treatment_start: date
    follow_up: date = Field(description="Date or end of the main period after")
    hard_stop: date = Field(description="Nothing later than this enters: from here on the controls are treated too")
    partial: Literal["donut", "weights", "intention"] = Field(
        description="What becomes of a period that is treated in part: left out, weighted by exposure, or counted whole"
    )
    ramp_months: float = Field(ge=0, description="Months from the start until the programme runs at full strength")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.baseline <= self.follow_up <= self.hard_stop:
            raise PydanticCustomError("periods_in_order", "baseline, follow_up and hard_stop must come in that order")
        if not self.treatment_start <= self.follow_up:
            raise PydanticCustomError("start_before_follow_up", "treatment_start must not lie after follow_up")
        return self


class Outcome(Plan):
    """One outcome of the study and what is to be estimated for it."""

    outcome: Name
    question: Name = Field(description="Key of the evaluation question it answers")
    role: Literal["primary", "secondary", "exploratory", "implementation"]
    scales: tuple[Literal["pp", "ratio", "log_odds", "rate_per_1000", "mio_dkk", "level"], ...] = Field(min_length=1)
    benefit: Literal["lower", "higher", "none"] = Field(description="The direction that counts as better")


class Question(Plan):
    """One evaluation question; the report has a section for each, in the plan's order."""

    key: Name
    text: Bilingual


class Assumption(Plan):
    """A number that no source prints, with the reason for it and the values tried beside it."""

    key: Name
    value: float
    unit: str
    grid: tuple[float, ...] = ()
    reason: Bilingual
    source: str = Field(description="Fact ids, a document, or the words: own assumption")


class PriorSpec(Plan):
    """A prior with its unit and a reason. ``sd`` is the scale of a half-normal; a beta has ``a`` and ``b``."""

    key: Name
    family: Literal["normal", "half_normal", "beta"]
    mean: float = 0.0
    sd: Positive | None = None
    a: Positive | None = None
    b: Positive | None = None
    unit: str
    reason: Bilingual

    @model_validator(mode="after")
    def _complete(self) -> Self:
        has_beta = self.a is not None and self.b is not None
        if (self.family == "beta") != has_beta or (self.family == "beta") == (self.sd is not None):
            raise PydanticCustomError(
                "prior_complete", "a normal or half_normal prior needs sd, a beta prior needs a and b"
            )
        return self


class Sampling(Plan):
    """How the posterior is drawn."""

    seed: int = Field(ge=0)
    chains: int = Field(default=4, ge=2)
    draws: int = Field(default=1000, ge=100)
    tune: int = Field(default=1000, ge=100)
    target_accept: float = Field(default=0.95, gt=0, lt=1)


class Sensitivity(Plan):
    """The grids along which every result is doubted."""

    overlap_rho: tuple[Share, ...]
    shock_sd: tuple[Annotated[float, Field(ge=0)], ...]
    shock_autocorrelation: Share
    spillover_kappa: tuple[float, ...]
    partial_year: tuple[Annotated[float, Field(ge=0, lt=1)], ...]
    overdispersion: tuple[Positive, ...]


class Source(Plan):
    """A document that figures come from; ``file`` is how the data name it."""

    file: str = Field(min_length=1)
    label: Bilingual


class Deviation(Plan):
    """Where the analysis departs from the plan as first written."""

    when: date
    what: Bilingual
    why: Bilingual


class Study(Plan):
    """The analysis plan of one study."""

    study: Name
    kind: Literal["published", "panel"] = Field(description="Printed figures of others, or a panel from registers")
    synthetic: bool = Field(default=False, description="True when any of the data were made up; cannot be hidden")
    title: Bilingual
    question: Bilingual
    population: Bilingual
    written: date
    known_when_written: Bilingual = Field(description="What was known about the results when the plan was written")
    input: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Published figures: the file name in the study's data folder",
    )
    registers: Registers | None = Field(default=None, description="A panel: its registers and how they are used")
    treated: Group
    control: Group
    periods: Periods
    weights: Literal["children", "districts"]
    level: float = Field(default=0.95, gt=0.5, lt=1)
    questions: tuple[Question, ...] = Field(min_length=1)
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    readings: tuple[Reading, ...] = ()
    reconstruction: Reconstruction | None = Field(
        default=None,
        exclude_if=lambda block: block is None,  # a plan without it means what it meant before
        description="Published figures: the damaged tables, as a rule written in readings.yaml beside the plan",
    )
    sources: tuple[Source, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    priors: tuple[PriorSpec, ...] = ()
    sampling: Sampling
    sensitivity: Sensitivity
    posterior: Posterior | None = Field(default=None, description="A panel: what its posteriors are held against")
    deviations: tuple[Deviation, ...] = ()

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        for kind, keys in {
            "outcomes": [item.outcome for item in self.outcomes],
            "questions": [item.key for item in self.questions],
            "readings": [item.key for item in self.readings],
            "assumptions": [item.key for item in self.assumptions],
            "priors": [item.key for item in self.priors],
        }.items():
            twice = sorted({key for key in keys if keys.count(key) > 1})
            if twice:
                raise PydanticCustomError(
                    "named_twice", "{kind}: named twice: {keys}", {"kind": kind, "keys": ", ".join(twice)}
                )
        asked = {item.key for item in self.questions}
        astray = sorted({item.question for item in self.outcomes} - asked)
        if astray:
            raise PydanticCustomError("no_such_question", "no question has the key {keys}", {"keys": ", ".join(astray)})
        return self

    @model_validator(mode="after")
    def _one_primary(self) -> Self:
        if sum(item.role == "primary" for item in self.outcomes) > 1:
            raise PydanticCustomError("one_primary", "at most one outcome may be primary")
        return self

    @model_validator(mode="after")
    def _kind_has_its_data(self) -> Self:
        if (self.kind == "published") != (self.input is not None):
            raise PydanticCustomError("input_of_kind", "published figures have an input file, a panel has none")
        if (self.kind == "panel") != (self.registers is not None):
            raise PydanticCustomError("registers_of_kind", "a panel has a block `registers`, published figures none")
        if self.kind == "panel" and self.reconstruction is not None:
            raise PydanticCustomError("readings_of_kind", "only published figures have readings")
        if self.registers is not None and self.periods.partial == "weights":
            raise PydanticCustomError("panel_partial", "a panel takes donut or intention")
        if self.registers is not None and self.registers.grid.end > self.periods.hard_stop:
            raise PydanticCustomError("grid_after_stop", "the last period of the grid must end by hard_stop")
        return self

    @model_validator(mode="after")
    def _posterior_is_of_its_outcomes(self) -> Self:
        if self.posterior is None:
            return self
        if self.registers is None:
            raise PydanticCustomError("posterior_of_panel", "only a panel has a block `posterior`")
        astray = sorted({item.outcome for item in self.posterior.bearings} - {item.outcome for item in self.outcomes})
        if astray:
            raise PydanticCustomError(
                "no_such_outcome", "no outcome of the plan is {keys}", {"keys": ", ".join(astray)}
            )
        return self

    def assumption(self, key: str) -> Assumption:
        """The assumption of that key; KeyError when the plan has none."""
        return {item.key: item for item in self.assumptions}[key]

    def prior(self, key: str) -> PriorSpec:
        """The prior of that key; KeyError when the plan has none."""
        return {item.key: item for item in self.priors}[key]

    def canonical_json(self) -> str:
        """The plan's meaning as JSON with sorted keys and no spaces: what is hashed."""
        meaning = self.model_dump(mode="json")
        for block in ("registers", "posterior"):
            if meaning[block] is None:
                del meaning[block]  # a block that a plan does not have adds nothing to its meaning
        return json.dumps(meaning, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """Hash of the plan; it stands in every result and report."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()
