"""Results side by side: of one study by several methods, or of several studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from sverige_did import words
from sverige_did.api import plots
from sverige_did.api.results import Effect, Methods, Verdict
from sverige_did.api.rows import Row, frame_of
from sverige_did.api.shown import Context, Result
from sverige_did.api.told import of_its_units
from sverige_did.errors import InputError, Problem
from sverige_did.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Comparison(Result):
    """The first number of several results; ``outcomes`` (R,) says whose each of the ``rows`` (R,) is, and
    ``contexts`` (R,) of which study.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> side_by_side = sd.compare([study.twfe(), study.imputation()])
    >>> side_by_side.to_frame()[["method", "estimate"]].round(3).values.tolist()
    [['twfe', -3.269], ['imputation', -3.269]]
    """

    kind: ClassVar[str] = "comparison"
    shown: ClassVar[tuple[str, ...]] = ("outcome", "method", "estimate", "std_error", "p_value", "lower", "upper")

    rows: tuple[Row, ...]
    outcomes: tuple[str, ...]
    contexts: tuple[Context, ...] = ()

    @of_its_units
    def table(self, language: Language | None = None) -> pd.DataFrame:
        """The numbers as a reader meets them, with the scale of each where they are on several."""
        table = super().table(language)
        scales = [row.scale for row in self.rows]
        if len(set(scales)) > 1:
            head = words.text("notebook.column.scale", language)
            keys = {one: f"notebook.scale.{one}" for one in scales}
            told = [words.text(keys[one], language) if words.has(keys[one], language) else one for one in scales]
            table.insert(table.shape[1], head, told)
        return table

    @of_its_units
    def notes(self, language: Language | None = None) -> tuple[str, ...]:
        """What each study compares, where they are not all the same, then what else has to be known."""
        each = tuple(dict.fromkeys(one.said(language) for one in self.contexts))
        return (*(each if len(each) > 1 else ()), *super().notes(language))

    def to_frame(self) -> pd.DataFrame:
        """One row a result: the columns of every tidy frame, then the outcome."""
        return frame_of(self.rows).assign(outcome=list(self.outcomes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """The numbers under each other, each by its outcome and method; those of another scale are left out."""
        pairs = zip(self.rows, self.outcomes, strict=True)
        several = len(set(self.outcomes)) > 1
        alike = [(row, name) for row, name in pairs if row.scale == self.rows[0].scale]
        named = [row.model_copy(update={"term": name}) for row, name in alike]
        return plots.forest(ax, named, self.title(), by="term" if several else "method")

    def say(self, language: Language | None = None) -> str:
        """How many numbers stand here, and that the difference between two of them has no test."""
        return words.text("notebook.say.comparison", language, count=len(self.rows))


def compare(results: Sequence[Effect | Verdict | Methods]) -> Comparison:
    """Set results side by side: the first number of each, of a table of methods all of them.

    Raises InputError ``frame_nothing_to_compare`` for an empty list, or where something in it has no single number.

    >>> import sverige_did as sd
    >>> study = sd.did(sd.datasets.simulate(effect=-2.0, seed=1), unit="district", time="period", y="y",
    ...                treated_from="start")
    >>> list(sd.compare([study.twfe(), study.imputation()]).to_frame()["method"])
    ['twfe', 'imputation']
    """
    rows: list[Row] = []
    outcomes: list[str] = []
    contexts: list[Context] = []
    for one in results:
        if isinstance(one, Verdict):
            mine = [] if one.main is None else [one.main]
        elif isinstance(one, Methods):
            mine = list(one.rows)
        elif isinstance(one, Effect):
            mine = [one.rows[0]]
        else:
            raise InputError(Problem("frame_nothing_to_compare", found=type(one).__name__))
        rows += mine
        outcomes += [one.context.outcome] * len(mine)
        contexts += [one.context] * len(mine)
    if not rows:
        raise InputError(Problem("frame_nothing_to_compare", found="0"))
    return Comparison(context=results[0].context, rows=tuple(rows), outcomes=tuple(outcomes), contexts=tuple(contexts))
