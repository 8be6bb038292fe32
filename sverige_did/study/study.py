"""The question, written down before the answer: the analysis plan of one study as frozen values.

A plan is read from ``study.yaml``. Its SHA-256 is taken over the canonical JSON of its meaning, so that comments and
the order of keys may change, but nothing that could change a result.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, LiteralString, Self, cast

from pydantic import Field, ModelWrapValidatorHandler, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.errors import InputError, Problem
from sverige_did.study.aggregates import AggregatePlan
from sverige_did.study.areas import Areas
from sverige_did.study.blocks import Bilingual as Bilingual
from sverige_did.study.blocks import Grid, PlaceboGroups, Positive, Posterior, Registers, Share, UnitName, once_each
from sverige_did.study.blocks import Name as Name
from sverige_did.study.blocks import Plan as Plan
from sverige_did.study.cases import CaseStudy as CaseStudy
from sverige_did.study.economy import Economy, Target
from sverige_did.study.head import Deviation as Deviation
from sverige_did.study.head import Head, Sampling
from sverige_did.study.lottery import Lottery
from sverige_did.study.multiverse import Multiverse
from sverige_did.study.placebo_outcomes import PlaceboOutcome
from sverige_did.study.priors import PACKAGE
from sverige_did.study.priors import PriorSpec as PriorSpec
from sverige_did.study.readings import Reading, Reconstruction
from sverige_did.words.units import WRITTEN_OF, Unit


class Group(Plan):
    """One side of the comparison."""

    label: Bilingual


class PanelGroup(Group):
    """A group of districts in a panel; which districts are in it stands in their register."""

    districts: int | None = Field(
        default=None, ge=1, description="How many districts there are to be; held against the register when given"
    )


class PublishedGroup(Group):
    """A group that somebody else printed figures about."""

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
    ramp_months: float = Field(
        default=0.0, ge=0, description="Months from the start until the programme runs at full strength"
    )

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
    unit: UnitName
    grid: tuple[float, ...] = ()
    reason: Bilingual
    source: str = Field(description="Fact ids, a document, or the words: own assumption")


class Sensitivity(Plan):
    """What the checks of every study vary; a plan names the grids that it wants otherwise than here."""

    spillover_kappa: tuple[float, ...] = (-0.25, -0.1, 0.0, 0.1, 0.25, 0.5)


class PublishedSensitivity(Sensitivity):
    """What the checks of two group totals vary beside: nothing in the figures themselves can tell these."""

    overlap_rho: tuple[Share, ...] = (0.0, 0.3, 0.5, 0.7, 0.8)
    shock_sd: tuple[Annotated[float, Field(ge=0)], ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
    shock_autocorrelation: Share = 0.0
    partial_year: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = (0.0, 0.33, 0.42, 0.5)
    overdispersion: tuple[Positive, ...] = (0.5, 1.0, 2.0)


class Source(Plan):
    """A document that figures come from; ``file`` is how the data name it."""

    file: str = Field(min_length=1)
    label: Bilingual


def _no_such(rule: LiteralString, where: str, found: str, known: Collection[str]) -> PydanticCustomError:
    """A name in one part of the plan that another part has not, said by its own field."""
    return PydanticCustomError(
        rule,
        "no {found} among {known}",
        {"where": where, "found": found, "known": ", ".join(sorted(known))},
    )


class Study(Head):
    """What the plans of studies of two groups have in common.

    A plan is one of the kinds below, never this: validating one here gives the class that its ``kind`` names.
    """

    kind: Literal["published", "panel"]
    treated: Group
    control: Group
    periods: Periods
    weights: Literal["children", "districts"]
    level: float = Field(default=0.95, gt=0.5, lt=1)
    questions: tuple[Question, ...] = Field(min_length=1)
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    priors: tuple[PriorSpec, ...] = ()
    sampling: Sampling
    sensitivity: Sensitivity = Sensitivity()
    economy: Economy | None = Field(
        default=None, exclude_if=lambda block: block is None, description="How spending becomes a net benefit a year"
    )
    targets: tuple[Target, ...] = Field(
        default=(), exclude_if=lambda found: not found, description="What the programme had promised, with its dates"
    )
    areas: Areas | None = Field(
        default=None,
        exclude_if=lambda block: block is None,
        description="How areas change where nothing is done, as written in areas.yaml beside the plan",
    )
    deviations: tuple[Deviation, ...] = ()

    @property
    def named_unit(self) -> Unit:
        """What the page calls that which is compared."""
        return WRITTEN_OF

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, tree: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if cls is Study and isinstance(tree, dict):
            return cast("Self", class_of(tree).model_validate(tree))
        return handler(tree)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        once_each("outcomes", (item.outcome for item in self.outcomes))
        for name in ("questions", "readings", "assumptions", "priors", "targets"):
            once_each(name, (item.key for item in getattr(self, name, ())))
        asked = {item.key for item in self.questions}
        for one in self.outcomes:
            if one.question not in asked:
                where = f"outcomes.{one.outcome}.question"
                raise _no_such("no_such_question", where, one.question, asked)
        for target in self.targets:
            self._has(target.outcome, f"targets.{target.key}.outcome")
        if sum(item.role == "primary" for item in self.outcomes) > 1:
            raise PydanticCustomError("one_primary", "at most one outcome may be primary")
        return self

    @field_validator("priors")
    @classmethod
    def _have_reasons(cls, priors: tuple[PriorSpec, ...]) -> tuple[PriorSpec, ...]:
        bare = [one.key for one in priors if one.reason is None and one != PACKAGE.get(one.key)]
        if bare:
            raise PydanticCustomError("prior_reason", "no reason for {keys}", {"keys": ", ".join(bare)})
        return priors

    @model_validator(mode="after")
    def _takes_the_prior_of_areas(self) -> Self:
        if self.areas is not None and (self.kind == "published" or getattr(self, "posterior", None) is not None):
            spec = self.areas.spec()
            others = (one for one in self.priors if one.key != spec.key)
            object.__setattr__(self, "priors", (spec, *others))  # frozen only once it is complete
        return self

    def _has(self, outcome: str, where: str) -> None:
        """Raises PydanticCustomError where a part of the plan names an outcome that the plan has not."""
        known = {item.outcome for item in self.outcomes}
        if outcome not in known:
            raise _no_such("no_such_outcome", where, outcome, known)

    def prior(self, key: str) -> PriorSpec:
        """The prior of that key; KeyError when the plan has none."""
        return {item.key: item for item in self.priors}[key]


class PublishedStudy(Study):
    """A study of figures that others printed about two groups."""

    kind: Literal["published"] = Field(description="Printed figures of others")
    input: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="The file name of the figures in the study's data folder"
    )
    treated: PublishedGroup
    control: PublishedGroup
    readings: tuple[Reading, ...] = ()
    reconstruction: Reconstruction | None = Field(
        default=None,
        exclude_if=lambda block: block is None,  # a plan without it means what it meant before
        description="The damaged tables, as a rule written in readings.yaml beside the plan",
    )
    sources: tuple[Source, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    sensitivity: PublishedSensitivity = PublishedSensitivity()
    posterior: ClassVar[None] = None

    @property
    def reconstructed(self) -> tuple[str, ...]:
        """The outcomes that the rules for damaged tables name."""
        rules = self.reconstruction
        if rules is None:
            return ()
        return (rules.whole.outcome, *(one.outcome for one in rules.shares), *(one.outcome for one in rules.tables))


class PanelStudy(Study):
    """A study of the registers of districts, or of public tables by area: exactly one of ``registers`` and ``tables``.

    Either is read in one way, so that there are no readings and no printed sources.

    Where it asks for posteriors, ``priors`` are all that the models of districts share: those of the plan, and the
    package's for the rest, so that the page and the hash know every one.
    """

    kind: Literal["panel"] = Field(description="A panel from registers or from public tables")
    registers: Registers | None = Field(
        default=None, exclude_if=lambda block: block is None, description="The registers and how they are used"
    )
    tables: AggregatePlan | None = Field(
        default=None, exclude_if=lambda block: block is None, description="Public tables by area and what they mean"
    )
    treated: PanelGroup
    control: PanelGroup
    chosen: Literal["random", "level", "rise", "will", "unknown"] = Field(
        default="unknown",
        description="How the treated districts were chosen: by lot, because they were high, because they had risen, by "
        "themselves, or nobody knows. Only by lot is a finding called supported without the level before beside it",
    )
    posterior: Posterior | None = Field(default=None, description="What its posteriors are held against")
    lottery: Lottery | None = Field(
        default=None,
        exclude_if=lambda block: block is None,
        description="The sets that the treated districts were drawn from, as written in lottery.yaml beside the plan",
    )
    placebo_groups: PlaceboGroups | None = Field(
        default=None,
        exclude_if=lambda block: block is None,
        description="Groups of another study's size, drawn from the areas where nothing was done",
    )
    multiverse: Multiverse = Field(
        default=Multiverse(),
        exclude_if=lambda block: block == Multiverse(),  # a plan without it means what it meant before
        description="The choices that could have been made otherwise: the axes of the specification curve",
    )
    placebo_outcomes: tuple[PlaceboOutcome, ...] = Field(
        default=(),
        exclude_if=lambda found: not found,
        description="Outcomes that the programme could not move, and which answers they are held against",
    )
    readings: ClassVar[tuple[Reading, ...]] = ()
    sources: ClassVar[tuple[Source, ...]] = ()
    assumptions: ClassVar[tuple[Assumption, ...]] = ()

    @model_validator(mode="after")
    def _fits_its_registers(self) -> Self:
        if (self.registers is None) == (self.tables is None):
            raise PydanticCustomError("registers_or_tables", "a panel has either registers or tables")
        once_each("placebo_outcomes", (item.outcome for item in self.placebo_outcomes))
        for one in self.placebo_outcomes:
            for name in one.beside:
                self._has(name, f"placebo_outcomes.{one.outcome}.beside")
        if self.lottery is not None and self.chosen != "random":
            raise PydanticCustomError("lottery_chosen", "a plan with a lottery has chosen: random")
        if self.periods.partial == "weights":
            raise PydanticCustomError("panel_partial", "a panel takes donut or intention")
        if self.grid.end > self.periods.hard_stop:
            raise PydanticCustomError("grid_after_stop", "the last period of the grid must end by hard_stop")
        if self.tables is not None:
            seen = {one.outcome for one in self.tables.series}
            if unmade := sorted({item.outcome for item in self.outcomes} - seen):
                raise PydanticCustomError("no_such_series", "no series for {keys}", {"keys": ", ".join(unmade)})
        return self

    @property
    def named_unit(self) -> Unit:
        """What the page calls that which is compared."""
        return WRITTEN_OF if self.tables is None else self.tables.unit

    @property
    def grid(self) -> Grid:
        """The periods of the panel."""
        return self.register_rules.grid if self.tables is None else self.tables.grid

    @property
    def hidden_below(self) -> int:
        """Numbers of children from 1 to below this are not released; public tables have hidden theirs already."""
        return self.register_rules.hidden_below if self.tables is None else 0

    @property
    def register_rules(self) -> Registers:
        """How its registers are used. Raises InputError where the study is one of public tables."""
        if self.registers is None:
            raise InputError(Problem("plan_no_registers", file="study.yaml", column="registers"))
        return self.registers

    @model_validator(mode="after")
    def _posterior_is_complete(self) -> Self:
        if self.posterior is None:
            return self
        for threshold in self.posterior.decision_thresholds:
            self._has(threshold.outcome, "posterior.decision_thresholds")
        given = {item.key for item in self.priors}
        rest = (one for key, one in PACKAGE.items() if key not in given)
        object.__setattr__(self, "priors", (*self.priors, *rest))  # frozen only once it is complete
        return self


AnyStudy = Annotated[PublishedStudy | PanelStudy, Field(discriminator="kind")]
"""A plan of two groups, of either kind, as a field of something else."""

AnyPlan = PublishedStudy | PanelStudy | CaseStudy
"""Every kind of plan."""

KINDS: dict[str, type[AnyPlan]] = {"published": PublishedStudy, "panel": PanelStudy, "cases": CaseStudy}
"""The class of each kind."""


def class_of(tree: dict[Any, Any]) -> type[AnyPlan]:
    """The class of the plan's kind; of a plan that names none, the one that its other fields look like."""
    likely = "panel" if {"registers", "tables"} & tree.keys() else "cases" if "municipalities" in tree else "published"
    return KINDS.get(str(tree.get("kind")), KINDS[likely])
