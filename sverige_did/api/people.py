"""Rows that are people, added up openly: one row a unit and period."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sverige_did.api.covariates import counted, formula_in, variables_of
from sverige_did.api.given import Given
from sverige_did.api.named import Named
from sverige_did.errors import InputError, Problem


def added_up(given: Given, named: Named) -> Given:
    """One row a unit and period: the mean of ``y`` among its people, or their events with as many at risk.

    Weights and covariates are means of people; what is no number has to be the same for all of a unit and period.
    """
    keys = [named.unit, named.time]
    values = [name for name in (named.y, named.events, named.exposure) if name]
    for name in values:
        given.whole(name)
    formula = formula_in(named.covariates)
    needed = named.covariates if formula is None else variables_of(formula)
    means = [name for name in (named.weight, *needed) if name and (formula is None or counted(given.column(name)))]
    alike = [name for name in (named.treated_from, named.treated, named.strata, named.cluster) if name]
    alike += [name for name in needed if name not in means]
    for name in alike:
        several = (given.frame.groupby(keys)[name].transform("nunique", dropna=False) > 1).to_numpy()
        given.column(name)
        if several.any():
            raise InputError(Problem("frame_varies", column=name, found=given.rows(several)))
    numbers = given.frame.assign(**{name: given.numbers(name) for name in (*values, *means)})
    how: dict[str, Any] = {name: (name, _first) for name in alike}
    how |= {name: (name, "mean" if name == named.y else "sum") for name in values}
    how |= {name: (name, "mean") for name in means}
    return given._replace(frame=numbers.groupby(keys, as_index=False, sort=False).agg(**how))


def _first(column: pd.Series[Any]) -> object:
    return column.iloc[0]
