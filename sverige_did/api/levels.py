"""The levels that a study compares, over time: those that start together, and those that never do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from sverige_did import words
from sverige_did.api import plots
from sverige_did.api.setting import Setting
from sverige_did.api.shown import Result
from sverige_did.results.estimates import Frozen
from sverige_did.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Group(Frozen):
    """The mean level of some units, a period each; None where none of them has one.

    ``start`` and the place of the ``first`` period after it are None for never.
    """

    start: str | None
    first: int | None
    units: int
    levels: tuple[float | None, ...]


class Levels(Result):
    """Mean levels by period of the units of each start, weighted as the study says, and of those that never start."""

    kind: ClassVar[str] = "levels"
    shown: ClassVar[tuple[str, ...]] = ("group", "period", "level_of")

    groups: tuple[Group, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a group and period."""
        rows = [
            {"group": self._name(one), "period": period, "level_of": np.nan if level is None else level}
            for one in self.groups
            for period, level in zip(self.context.periods, one.levels, strict=True)
        ]
        return pd.DataFrame(rows, columns=list(self.shown))

    def table(self, language: Language | None = None) -> pd.DataFrame:
        """Periods below each other, a column a group."""
        with words.speaking(language or words.default_language()):
            frame = self.to_frame()
            wide = frame.pivot_table(index="period", columns="group", values="level_of").loc[list(self.context.periods)]
            names = [self._name(one) for one in self.groups]
            told = {words.text("notebook.column.period"): list(wide.index)}
            told |= {name: [plots.told(value) for value in wide[name]] for name in names}
        return pd.DataFrame(told, dtype=object)

    def _name(self, group: Group) -> str:
        if group.start is None:
            return words.text("notebook.group.never", units=group.units)
        return words.text("notebook.group.start", units=group.units, start=group.start)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A line a group, and where each starts."""
        ax = plots.axes_of(ax)
        at = np.arange(len(self.context.periods))
        for number, one in enumerate(self.groups):
            y = np.array([np.nan if level is None else level for level in one.levels], dtype=float)
            never = one.start is None
            colour, line = (plots.MUTED, "--") if never else (f"C{number}", "-")
            ax.plot(at, y, color=colour, linestyle=line, marker="o", markersize=3, label=self._name(one))
            if one.first is not None:
                ax.axvline(one.first - 0.5, color=f"C{number}", linewidth=0.8, alpha=0.6)
        step = max(1, len(at) // 12)
        ax.set_xticks(at[::step], list(self.context.periods[::step]), rotation=45, ha="right", parse_math=False)
        ax.set_ylabel(self.context.outcome)
        ax.set_title(f"{self.title()}: {self.context.outcome}", loc="left", parse_math=False)
        ax.legend(frameon=False, fontsize="small")
        return ax

    def say(self, language: Language | None = None) -> str:
        """That levels side by side are what is compared, and no effect."""
        return words.text("notebook.say.levels", language, outcome=self.context.outcome)

    def __repr__(self) -> str:
        return f"Levels({len(self.groups)} groups, outcome={self.context.outcome!r})"


def levels_of(setting: Setting) -> Levels:
    """The levels of a study in the unit of its outcome."""
    panel, table = setting.panel, setting.panel.wide()
    weights, label = panel.unit_weights(setting.weighting), setting.times.label
    begun = np.where(panel.ever_treated, panel.treated_from, np.inf)
    groups = []
    for start in np.unique(begun):
        mine = begun == start
        known = np.isfinite(table[mine])
        total = known.T @ weights[mine]
        summed = np.where(known, table[mine], 0.0).T @ weights[mine]
        levels = [float(s / w) if w > 0 else None for s, w in zip(summed, total, strict=True)]
        name, first = (None, None) if np.isinf(start) else (label(float(start)), np.searchsorted(panel.periods, start))
        groups.append(Group(start=name, first=first, units=int(mine.sum()), levels=tuple(levels)))
    return Levels(context=setting.context, remarks=setting.remarks, groups=tuple(groups))
