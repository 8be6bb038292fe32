"""Effects over time: the event study, and effects by starting date and period with their averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd

from sverige_did import words
from sverige_did.api import plots
from sverige_did.api.results import Effect
from sverige_did.api.rows import Row, frame_of
from sverige_did.api.shown import Result, amount
from sverige_did.errors import option
from sverige_did.results.estimates import Frozen
from sverige_did.words import Language, default_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["simple", "event", "group", "calendar"]
"""Averages of effects by starting date and period: over all, by time since the start, by date, by period."""


class Moment(Frozen):
    """The effect at one time since the start, with limits for all times at once and for this one alone."""

    event_time: int
    period: str
    estimate: float
    lower: float
    upper: float
    lower_pointwise: float
    upper_pointwise: float


class EventStudy(Result):
    """The effect by time since the start, against the last period before it, which is 0 by construction.

    ``lower`` and ``upper`` hold for all times at once, few treated units that vary unlike the others included.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> found = study.event_study().to_frame()
    >>> found.loc[found["event_time"] == 0, ["period", "estimate"]].round(2).values.tolist()
    [['7', -3.09]]
    """

    kind: ClassVar[str] = "event_study"
    shown: ClassVar[tuple[str, ...]] = (
        "event_time", "period", "estimate", "lower", "upper", "lower_pointwise", "upper_pointwise",
    )  # fmt: skip

    moments: tuple[Moment, ...]
    method: str

    def to_frame(self) -> pd.DataFrame:
        """One row a time: event_time, estimate, joint and pointwise limits, and the period where there is one start."""
        return pd.DataFrame([one.model_dump() for one in self.moments])[list(self.shown)]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Both kinds of limits around the estimates."""
        frame = self.to_frame()
        named = bool((frame["period"] != "").all())
        return plots.over_time(
            ax, frame["event_time"].tolist(), frame["estimate"].tolist(),
            (frame["lower"].tolist(), frame["upper"].tolist()),
            (frame["lower_pointwise"].tolist(), frame["upper_pointwise"].tolist()),
            f"{self.title()}: {self.context.outcome}", frame["period"].tolist() if named else None,
        )  # fmt: skip

    def say(self, language: Language | None = None) -> str:
        """In how many periods before and after the joint limits leave out no effect."""
        seen = [one for one in self.moments if one.estimate or one.lower or one.upper]  # without the reference
        away = [one for one in seen if not one.lower <= 0 <= one.upper]
        sides = {
            "before": sum(one.event_time < 0 for one in seen),
            "after": sum(one.event_time >= 0 for one in seen),
            "before_out": sum(one.event_time < 0 for one in away),
            "after_out": sum(one.event_time >= 0 for one in away),
        }
        return words.text("notebook.say.event_study", language, outcome=self.context.outcome, **sides)

    def __repr__(self) -> str:
        return f"EventStudy({len(self.moments)} periods, outcome={self.context.outcome!r})"


class Cell(Frozen):
    """The effect for the units of one starting date in one period."""

    cohort: str
    period: str
    event_time: int
    row: Row


class GroupTimes(Result):
    """Effects by starting date and period, ATT(g, t), and their four averages.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(units=30, treated=8, starts=(5, 7), effect=2.0, noise=0.0, seed=1)
    >>> cells = sd.did(frame, unit="district", time="period", y="y", treated_from="start").att_gt()
    >>> sorted(set(cells.to_frame()["cohort"]))
    ['5', '7']
    >>> {kind: round(cells.aggregate(kind).estimate, 6) for kind in ("simple", "event", "group", "calendar")}
    {'simple': 2.0, 'event': 2.0, 'group': 2.0, 'calendar': 2.0}
    """

    kind: ClassVar[str] = "group_times"
    shown: ClassVar[tuple[str, ...]] = ("cohort", "period", "estimate", "std_error", "p_value", "lower", "upper")

    cells: tuple[Cell, ...]
    averages: dict[str, Effect]
    control: str

    def aggregate(self, kind: Kind = "simple") -> Effect:
        """One of the averages; its first row is the one over everything, the others are by what it averages over.

        Raises RefusedError ``unknown_option``.
        """
        option("kind", kind, Kind)
        return self.averages[kind]

    def to_frame(self) -> pd.DataFrame:
        """One row a date and period: the columns of every tidy frame, then cohort, period and event_time."""
        beside = [{"cohort": one.cohort, "period": one.period, "event_time": one.event_time} for one in self.cells]
        return pd.concat([frame_of(one.row for one in self.cells), pd.DataFrame(beside)], axis=1)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Effects over the periods, a line a starting date."""
        ax = plots.axes_of(ax)
        periods = list(dict.fromkeys(one.period for one in sorted(self.cells, key=lambda cell: cell.period)))
        cohorts = list(dict.fromkeys(one.cohort for one in self.cells))
        for at, cohort in enumerate(cohorts):
            mine = [one for one in self.cells if one.cohort == cohort]
            x = np.array([periods.index(one.period) for one in mine]) + 0.12 * (at - (len(cohorts) - 1) / 2)
            ends = [(one.row.lower, one.row.upper) for one in mine]
            (line,) = ax.plot(x, [one.row.estimate for one in mine], "o", markersize=4, label=cohort)
            for place, (low, high) in zip(x, ends, strict=True):
                if low is not None and high is not None:
                    ax.vlines(place, low, high, color=line.get_color(), linewidth=1.2)
        ax.axhline(0, color=plots.MUTED, linewidth=0.8)
        ax.set_xticks(range(len(periods)), periods, rotation=45, ha="right", parse_math=False)
        ax.set_ylabel(words.text("notebook.axis.effect"))
        ax.set_title(f"{self.title()}: {self.context.outcome}", loc="left", parse_math=False)
        ax.legend(title=words.text("notebook.column.cohort"), frameon=False, fontsize="small")
        return ax

    def say(self, language: Language | None = None) -> str:
        """Between what the effects lie, and their mean."""
        language, simple = language or default_language(), self.averages["simple"]
        after = [one.row.estimate for one in self.cells if one.event_time >= 0]
        scale = self.context.scale
        return words.text(
            "notebook.say.group_times", language, outcome=self.context.outcome, count=len(after),
            low=amount(scale, min(after), language), high=amount(scale, max(after), language),
            mean=amount(scale, simple.estimate, language),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"GroupTimes({len(self.cells)} cells, outcome={self.context.outcome!r})"
