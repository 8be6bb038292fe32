"""Estimates and the verdict: single numbers, the table of methods, and what may be said with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from sverige_did import words
from sverige_did.api import asked, plots
from sverige_did.api.rows import Row, frame_of
from sverige_did.api.shown import NULL, Result, amount, interval, label
from sverige_did.report import numbers
from sverige_did.report.district_inference import said
from sverige_did.results.estimates import ALLOWED_VERDICTS, Probability
from sverige_did.results.estimates import Verdict as Word
from sverige_did.words import Language, default_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHY = frozenset(
    {"dates_not_by_lot", "skewed_districts", "level_explains", "level_tells_all", "level_beyond", "chosen_by_rise",
     "treated_vary_more", "only_if_alike", "permutation_disagrees"}
)  # fmt: skip
"""The remarks that say why nothing is found although the interval leaves out no effect."""


class Effect(Result):
    """Estimates of one method: the first row is the number that it is asked for, the others are its parts.

    ``unit_weights`` and ``period_weights`` are those of a synthetic control, by name; empty elsewhere.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> study.twfe()
    Effect(estimate=-3.2693, method='twfe', outcome='y')
    >>> study.twfe().to_frame()[["lower", "upper"]].round(2).values.tolist()
    [[-3.98, -2.55]]
    """

    kind: ClassVar[str] = "effect"
    shown: ClassVar[tuple[str, ...]] = ("term", "estimate", "std_error", "p_value", "lower", "upper", "method")

    rows: tuple[Row, ...]
    unit_weights: dict[str, float] = Field(default_factory=dict)
    period_weights: dict[str, float] = Field(default_factory=dict)

    @property
    def estimate(self) -> float:
        """The number itself."""
        return self.rows[0].estimate

    @property
    def std_error(self) -> float | None:
        """Its standard error; None where the method has none."""
        return self.rows[0].std_error

    @property
    def p_value(self) -> float | None:
        """The p-value of no effect; None where the method has none."""
        return self.rows[0].p_value

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Both ends of its interval."""
        return self.rows[0].lower, self.rows[0].upper

    def to_frame(self) -> pd.DataFrame:
        """One row an estimate, with the columns of every tidy frame."""
        return frame_of(self.rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Its estimates with their intervals."""
        return plots.forest(ax, self.rows, f"{label(self.rows[0].method)}: {self.context.outcome}")

    def title(self, language: Language | None = None) -> str:
        """The name of the method."""
        return label(self.rows[0].method, language)

    def say(self, language: Language | None = None) -> str:
        """The number, and that a single method is no verdict."""
        language, row = language or default_language(), self.rows[0]
        return words.text(
            "notebook.say.effect", language, outcome=self.context.outcome, method=label(row.method, language),
            estimate=amount(row.scale, row.estimate, language),
            interval=interval(row.scale, self.limits, row.level or self.context.level, language),
        )  # fmt: skip

    def __repr__(self) -> str:
        row = self.rows[0]
        return f"Effect(estimate={row.estimate:.6g}, method={row.method!r}, outcome={self.context.outcome!r})"


class Methods(Result):
    """Every method side by side: the same effect, tested under each one's assumptions.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> methods = study.methods()
    >>> methods
    Methods(13 rows, outcome='y')
    >>> methods.by("cr2_bell_mccaffrey").p_value < 0.001
    True
    """

    kind: ClassVar[str] = "methods"
    shown: ClassVar[tuple[str, ...]] = ("method", "estimate", "std_error", "p_value", "lower", "upper")

    rows: tuple[Row, ...]

    def by(self, method: str) -> Row:
        """The first row of a method; InputError ``unknown_option`` where it is not in the table."""
        asked.among("method", method, (row.method for row in self.rows))
        return next(row for row in self.rows if row.method == method)

    def to_frame(self) -> pd.DataFrame:
        """One row a method, with the columns of every tidy frame."""
        return frame_of(self.rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """All methods under each other; those of another scale than the first are left out."""
        alike = [row for row in self.rows if row.scale == self.rows[0].scale] if self.rows else []
        return plots.forest(ax, alike, f"{self.title()}: {self.context.outcome}", by="method")

    def say(self, language: Language | None = None) -> str:
        """Of how many methods the interval leaves out no effect."""
        known = [(row, row.lower, row.upper) for row in self.rows]
        with_limits = [(row, low, high) for row, low, high in known if low is not None and high is not None]
        out = [row for row, low, high in with_limits if not low <= NULL.get(row.scale, 0.0) <= high]
        return words.text(
            "notebook.say.methods", language, outcome=self.context.outcome, out=len(out), all=len(with_limits)
        )

    def __repr__(self) -> str:
        return f"Methods({len(self.rows)} rows, outcome={self.context.outcome!r})"


class Verdict(Result):
    """What the data can carry, and why: the rule of the package with everything that it rests on.

    ``verdict`` is ``supported``, ``inconclusive``, ``bounded`` (one or two treated units) or ``refused``; ``p_value``
    the largest that the rule asks for, and what ``rows`` hold is the tests of the rule. ``counts`` say how often each
    studentised difference between ``edges`` comes of all choices of units; ``observed`` is that of the choice made.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> verdict = study.verdict()
    >>> verdict.verdict, round(verdict.p_value, 4)
    ('supported', 0.0017)
    >>> print(verdict.say("en"))
    The figures point to an effect on “y”: −3.27 (95% interval −4.3 to −2.24).
    >>> sd.Verdict.from_json(verdict.to_json()) == verdict
    True
    """

    kind: ClassVar[str] = "verdict"
    shown: ClassVar[tuple[str, ...]] = ("method", "estimate", "std_error", "p_value", "lower", "upper")

    verdict: Word
    design: Literal["D1", "D5"]
    rows: tuple[Row, ...] = ()
    p_value: Probability | None = None
    relative_spread: float | None = None
    observed: float | None = None
    smallest_p: Probability | None = None
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _words_fit_the_design(self) -> Self:
        if self.verdict not in ALLOWED_VERDICTS[self.design]:
            raise ValueError(f"a {self.design} result can only be {', '.join(ALLOWED_VERDICTS[self.design])}")
        return self

    @property
    def main(self) -> Row | None:
        """The row whose interval stands for the effect; None where there is none."""
        return next((row for row in self.rows if row.lower is not None), self.rows[0] if self.rows else None)

    @property
    def estimate(self) -> float | None:
        """The effect in the unit of the outcome, or as a ratio."""
        return None if self.main is None else self.main.estimate

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Both ends of the interval that stands for the effect."""
        return (None, None) if self.main is None else (self.main.lower, self.main.upper)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, a sentence each."""
        return self.notes()

    def to_frame(self) -> pd.DataFrame:
        """One row a test of the rule, with the columns of every tidy frame."""
        return frame_of(self.rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """All choices of treated units and the one that was made; without them, the tests of the rule."""
        title = f"{self.title()}: {self.context.outcome}"
        if not self.counts:
            return plots.forest(ax, self.rows, title, by="method")
        return plots.histogram(ax, self.counts, self.edges, self.observed, title)

    def title(self, language: Language | None = None) -> str:
        """The verdict in a word."""
        word = words.text(f"labels.verdict.{self.verdict}", language)
        return f"{words.text('notebook.title.verdict', language)}: {word}"

    def say(self, language: Language | None = None) -> str:
        """The one sentence that design and verdict allow."""
        language, main = language or default_language(), self.main
        outcome = words.text("notebook.quoted", language, name=self.context.outcome)
        if self.verdict == "refused" or main is None:
            why = said(self.remarks[0], language) if self.remarks else ""
            return words.text("notebook.say.refused", language, outcome=outcome, why=why)
        key, reservation = f"design.claim.{self.design}.{self.verdict}", _reservation(main)
        told = words.text(
            "notebook.say.bounded" if self.verdict == "bounded" else key,
            language,
            outcome=outcome,
            estimate=amount(main.scale, main.estimate, language),
            interval=interval(main.scale, self.limits, main.level or self.context.level, language),
            side="",
            times="" if self.relative_spread is None else numbers.decimal(self.relative_spread, language, 1),
            reservation=words.text(f"design.reservation.{reservation}", language),
        )
        reason = next((one for one in self.remarks if one.key.removeprefix("inference.note.") in WHY), None)
        open_still = self.verdict == "inconclusive" and reservation == "excludes"
        return f"{told} {said(reason, language)}" if reason is not None and open_still else told

    def __repr__(self) -> str:
        told = "" if self.main is None else f", estimate={self.main.estimate:.6g}"
        p = "" if self.p_value is None else f", p_value={self.p_value:.4g}"
        return f"Verdict({self.verdict!r}{told}{p}, outcome={self.context.outcome!r})"


def _reservation(row: Row) -> str:
    if row.lower is None or row.upper is None:
        return "no_interval"
    return "includes" if row.lower <= NULL.get(row.scale, 0.0) <= row.upper else "excludes"
