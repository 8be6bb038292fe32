"""Every kind of answer: frozen, validated when made, and ignorant of how it was computed.

A number becomes an :class:`Estimate` where it is computed, a :class:`Finding` when it is put in the context of
a study (which locks the words that may be used about it), and is released by ``disclosure/``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sverige_did.errors import Problem

DesignClass = Literal["D1", "D1g", "D2", "D3", "D4", "D5"]
"""What the data can identify (docs/methods.md): from D1, district-level DiD, to D4, different cases before/during."""

EFFECT_CLASSES: frozenset[DesignClass] = frozenset({"D1", "D1g", "D5"})
"""The classes whose contrast is a difference-in-differences. Nothing else may be called an effect."""

Verdict = Literal["supported", "bounded", "inconclusive", "conditional", "descriptive", "refused"]
"""supported: the pre-registered rule is met · bounded: one or two treated districts, and it holds if they swing at most
so many times as much as the others · inconclusive: it is not met · conditional: two group totals, so any interval rests
on an assumed shock sd · descriptive: no effect can be read off this design · refused: see notes."""

ALLOWED_VERDICTS: dict[DesignClass, tuple[Verdict, ...]] = {
    "D1": ("supported", "bounded", "inconclusive", "descriptive", "refused"),
    "D1g": ("conditional", "descriptive", "refused"),
    "D2": ("descriptive", "refused"),
    "D3": ("descriptive", "refused"),
    "D4": ("descriptive", "refused"),
    "D5": ("supported", "inconclusive", "descriptive", "refused"),
}
"""The verdicts each class may carry: what cannot be an effect is never more than descriptive. An outcome that says what
was done is descriptive in every class."""

Probability = Annotated[float, Field(ge=0, le=1)]


class Frozen(BaseModel):
    """A value: immutable, no unknown fields, infinities survive a round trip through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, ser_json_inf_nan="strings")


class NotAnEffectError(AttributeError):
    """Somebody asked for the effect of an outcome whose design cannot identify one."""


class Estimate(Frozen):
    """One number with its uncertainty, on one scale, by one estimator and one method of inference.

    ``estimate``, ``lower`` and ``upper`` are in the unit of ``scale`` (for example ``pp`` = percentage points,
    ``log_odds``, ``ratio``, ``rate_per_1000``, ``mio_dkk``). An unbounded limit is infinite; a limit that does
    not exist is None. ``p_adjusted`` is the p-value for all outcomes of the study at once. ``assumptions`` and
    ``notes`` are keys of the language files. ``step``: the numbers are rounded to multiples of it, None where they are
    as they were computed.
    """

    estimate: float
    scale: str
    estimand: str
    estimator: str
    inference: str
    std_error: float | None = Field(default=None, ge=0)
    lower: float | None = None
    upper: float | None = None
    level: Probability | None = None
    p_value: Probability | None = None
    p_adjusted: Probability | None = None
    prob_benefit: Probability | None = None
    n_units: int | None = None
    n_treated: int | None = None
    weights: str = "none"
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    step: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower limit {self.lower} lies above upper limit {self.upper}")
        if (self.lower is not None or self.upper is not None) and self.level is None:
            raise ValueError("an interval needs its level")
        return self


class Finding(Frozen):
    """An estimate in the context of a study: which outcome, which reading of the data, which design class."""

    study: str
    outcome: str
    reading: str
    design_class: DesignClass
    verdict: Verdict
    plan_sha256: str
    result: Estimate

    @model_validator(mode="after")
    def _words_fit_the_design(self) -> Self:
        if self.verdict not in ALLOWED_VERDICTS[self.design_class]:
            allowed = ", ".join(ALLOWED_VERDICTS[self.design_class])
            raise ValueError(f"{self.outcome}: a {self.design_class} result can only be {allowed}")
        return self

    @property
    def att(self) -> float:
        """The average treatment effect on the treated; refused where the design identifies none."""
        if self.design_class not in EFFECT_CLASSES:
            raise NotAnEffectError(f"{self.outcome} has design class {self.design_class}: it is not an effect")
        return self.result.estimate

    @property
    def claim_key(self) -> str:
        """The key of the only sentence that may be said about it: ``design.claim.<class>.<verdict>``.

        The language files hold one sentence for each pair that is allowed, and a test reads every one of them: no
        sentence of D2, D3 or D4 contains the word effect in any form.
        """
        return f"design.claim.{self.design_class}.{self.verdict}"

    def row(self) -> dict[str, Any]:
        """One row of ``estimates.csv`` (docs/data-dictionary.md); limits that hold no probability have no level."""
        inner = self.result.model_dump()
        if self.result.inference in WITHOUT_LEVEL:
            inner["level"] = None
        context = self.model_dump(exclude={"result"})
        merged = context | inner | {"assumptions": ";".join(self.result.assumptions)}
        return {name: merged[name] for name in ROW_FIELDS}


WITHOUT_LEVEL = frozenset({"bounds", "assumption"})
"""Inferences whose limits hold no probability: what rounding or an assumption leaves open."""

ROW_FIELDS: tuple[str, ...] = (
    "study", "outcome", "reading", "design_class", "estimand", "scale", "estimator", "inference", "estimate",
    "std_error", "lower", "upper", "level", "p_value", "p_adjusted", "prob_benefit", "verdict", "n_units", "n_treated",
    "assumptions", "plan_sha256",
)  # fmt: skip


class Curve(Frozen):
    """A number along an assumption: one line of a sensitivity figure.

    ``x`` and ``y`` have the same length; ``lower`` and ``upper`` are either empty or of that length too.
    ``x_name`` and ``y_name`` are keys of the language files and carry the units. ``marked`` is a value of x that stands
    out: a finding that the line is held against.
    """

    name: str
    x_name: str
    y_name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    marked: float | None = None

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        lengths = {len(self.x), len(self.y), *(len(side) for side in (self.lower, self.upper) if side)}
        if len(lengths) != 1:
            raise ValueError(f"curve {self.name}: x, y and limits differ in length")
        return self


class CheckResult(Frozen):
    """What one check in ``checks/`` found, or why it could not run.

    ``key`` with ``numbers`` is the sentence (``checks.<check>.<key>`` in the language files, or ``checks.any.<key>``)
    that says what would overturn the finding. Where a ``scale`` is given, numbers whose names begin with ``effect`` are
    differences on it, and those that begin with ``size`` are amounts: multiples of ``step`` where there is one.
    ``about`` is another outcome that a check is about, such as one that could not be moved.
    """

    check: str
    outcome: str
    reading: str = "all"
    status: Literal["ran", "could_not_run"] = "ran"
    key: str = "result"
    scale: str | None = None
    step: float | None = Field(default=None, gt=0)
    numbers: dict[str, float | None] = Field(default_factory=dict)
    curves: tuple[Curve, ...] = ()
    assumptions: tuple[str, ...] = ()
    about: str | None = Field(default=None, exclude_if=lambda outcome: outcome is None)


class Diagnostics(Frozen):
    """Whether the draws of one fit may be used: the convergence criteria of docs/methods.md, with what was found."""

    fit: str
    chains: int
    draws: int
    seed: int
    r_hat_max: float
    ess_bulk_min: float
    ess_tail_min: float
    divergences: int
    bfmi_min: float
    passed: bool


class Remark(Frozen):
    """A sentence by its full key in the language files, filled with ``values`` that are already formatted."""

    key: str
    values: dict[str, str] = Field(default_factory=dict)


HIDDEN = "<"
"""What the value of a remark begins with that is no number but an upper limit of one that is hidden."""


def fewer_than(limit: float) -> str:
    """The value of a remark for a number that is hidden because it is below ``limit``."""
    return f"{HIDDEN}{limit:g}"


def remarks_of(problems: Iterable[Problem]) -> tuple[Remark, ...]:
    """What problems say, as remarks."""
    return tuple(
        Remark(key=f"errors.{one.key}", values={name: str(said) for name, said in dict(one.values).items()})
        for one in problems
    )
