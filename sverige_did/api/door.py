"""The door: from a table and the names of its columns to a study, every column checked on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sverige_did.api import asked
from sverige_did.api.covariates import names_of
from sverige_did.api.given import listed
from sverige_did.api.named import Named
from sverige_did.api.setting import OwnScale, Setting
from sverige_did.api.shown import Context
from sverige_did.api.study import Study
from sverige_did.api.table import STARTS, Read, Rows, parts_of, read, with_starts
from sverige_did.api.times import SAME, Partial, period_of
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.window import Window
from sverige_did.errors import InputError, Problem, option
from sverige_did.inference.level_choice import Choice
from sverige_did.results.estimates import Remark
from sverige_did.words import naming, unit_of

Ends = tuple[object, object] | None
"""The first and the last period of a window, both inclusive."""


def did(
    data: object,
    *,
    unit: str,
    time: str,
    y: str | None = None,
    events: str | None = None,
    exposure: str | None = None,
    treated_from: str | None = None,
    treated: str | None = None,
    weight: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    covariates: str | Sequence[str] | None = None,
    affected: str | None = None,
    before: Ends = None,
    after: Ends = None,
    partial: Partial | None = None,
    per: float = 1.0,
    scale: OwnScale = "own",
    rows: Rows = "cells",
    chosen: Choice = "unknown",
    level: float = 0.95,
    seed: int = 20130801,
) -> Study:
    """A difference-in-differences study of one outcome in a table with one row a unit and period.

    Parameters
    ----------
    data
        A table of pandas, polars or pyarrow, or a dict of columns. The others are names of its columns.
    unit, time
        What is treated, and when: integers, ``2013``, ``2013H1``, ``2013Q1``, ``2013-01``, periods or dates.
    y
        The level of the outcome (a mean, an amount). Or, for counts, rates and shares:
    events, exposure
        How many, and out of how many. The level is events by exposure, times ``per``.
    treated_from
        The period or day on which a unit starts; blank, 0 or infinite for never. Or:
    treated
        Flags of the rows under treatment (True/False, 1/0, yes/no); the first one is the start.
    weight
        How much a unit counts. What varies over time is its mean before anybody starts.
    strata, cluster
        Within which units are compared; what units were treated together in.
    covariates
        Numbers fixed before the start; what varies over time is its mean before anybody starts. Or a formula of them,
        such as ``"~ log(income) + C(region)"``.
    affected
        Flags of the rows for whom something was done, where each unit and period has others beside them: the study is
        of those, and ``triple()`` takes the others away.
    before, after
        First and last period of a window, both inclusive; by default all periods on that side of the start.
    partial
        What a period is in which a unit starts: ``left_out``, ``after`` (treated) or ``before`` (not yet).
    per
        The denominator of a rate: 1,000 for a rate per 1,000, 100 for per cent.
    scale
        On which trends are parallel: ``own``, ``ratio`` (logarithms) or ``log_odds``.
    rows
        ``people`` where rows are persons, who are added up by unit and period: their mean, or their events.
    chosen
        How the treated were chosen: ``random``, ``level`` (they were high), ``rise``, ``will`` or ``unknown``. Unless
        by lot, a finding is supported only if it stands beside the level before as well.
    level
        Of all intervals; one minus it is the level of all tests.
    seed
        Of whatever is drawn.

    Returns
    -------
    Study
        Frozen. Ask it for ``verdict()``, ``methods()``, ``event_study()``, ``att_gt()`` and the others.

    Raises
    ------
    InputError
        The table cannot be used as it is: which column, which rows by unit and period, and what to do.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(units=20, treated=4, effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> study.verdict().verdict
    'supported'
    """
    columns = {
        "y": y, "events": events, "exposure": exposure, "treated_from": treated_from, "treated": treated,
        "weight": weight, "strata": strata, "cluster": cluster, "affected": affected,
    }  # fmt: skip
    given = {name: None if column is None else str(column) for name, column in columns.items()}
    named = Named(str(unit), str(time), covariates=names_of(covariates), **given)
    option("scale", scale, OwnScale)
    option("chosen", chosen, Choice)
    option("rows", rows, Rows)
    asked.number("level", level, above=0, below=1)
    asked.number("per", per, above=0)
    asked.whole("seed", seed, 0)
    for name, ends in (("before", before), ("after", after)):
        if ends is not None:
            asked.pair(name, ends, f"{name}=(first, last)")
    said = _Said(before, after, per, scale, chosen, level, seed)
    with naming(unit_of(named.unit)):
        touched, others = parts_of(data, named)
        found = read(touched, named, per=per, partial=partial, rows=rows, share=scale == "log_odds")
        if others is None:
            return Study(_setting(found, named, said))
        beside = replace(
            named, treated_from=STARTS, treated=None, weight=None, strata=None, cluster=None, covariates=()
        )
        other = read(with_starts(others, named, found), beside, per=per, partial=None, rows=rows)
        return Study(*(_part(_setting(one, who, said), who) for one, who in ((found, named), (other, beside))))


class _Said(NamedTuple):
    """What is said of a study beside its columns."""

    before: Ends
    after: Ends
    per: float
    scale: OwnScale
    chosen: Choice
    level: float
    seed: int


def _part(setting: Setting, named: Named) -> Setting:
    """One of the two parts of each unit, told by the column that parts them."""
    flagged = int(named.treated_from != STARTS)
    name = f"{named.outcome}, {named.affected}={flagged}"
    return replace(setting, context=setting.context.model_copy(update={"outcome": name}))


def _setting(found: Read, named: Named, said: _Said) -> Setting:
    panel, window = _windows(found, said.before, said.after)
    return Setting(
        panel=panel,
        times=found.times,
        window=window,
        context=_context(found, panel, named, said.scale, said.level),
        weighting="equal" if named.weight is None else "baseline",
        cluster=found.cluster,
        clusters=found.clusters,
        covariates=found.covariates.values,
        scale=said.scale,
        per=said.per,
        chosen=said.chosen,
        seed=said.seed,
        remarks=_remarks(found, named),
    )


def _windows(found: Read, before: Ends, after: Ends) -> tuple[DistrictPanel, Window | None]:
    """The periods before and after; None, and a panel of the periods named, where units start at different dates."""
    panel, periods = found.panel, found.panel.periods
    starts = np.unique(panel.treated_from[panel.ever_treated])
    if starts.size > 1:
        if before is not None or after is not None:
            raise InputError(Problem("frame_window_staggered", found=", ".join(map(found.times.label, starts))))
        return panel, None
    pre = _side(found, before, periods < starts[0])
    post = _side(found, after, periods >= starts[0])
    window = Window(tuple(periods[pre].tolist()), tuple(periods[post].tolist()))
    if not (window.pre and window.post) or window.pre[-1] >= starts[0] or window.post[0] < starts[0]:
        raise InputError(
            Problem("frame_window", found=f"{before} / {after}", expected=f"… < {found.times.label(starts[0])} <= …")
        )
    return panel, window


def _side(found: Read, ends: Ends, default: np.ndarray) -> np.ndarray:
    periods = found.panel.periods
    if ends is None:
        return np.asarray(default & ~np.isin(periods, found.donut))
    first, last = (period_of(one, found.times) for one in ends)
    return np.asarray((periods >= first - SAME) & (periods <= last + SAME))


def _context(found: Read, panel: DistrictPanel, named: Named, scale: OwnScale, level: float) -> Context:
    starts = np.unique(panel.treated_from[panel.ever_treated])
    return Context(
        outcome=named.outcome, unit=named.unit, time=named.time, scale="level" if scale == "own" else scale,
        level=level, n_units=panel.n_units, n_treated=int(panel.ever_treated.sum()), periods=found.times.labels,
        starts=tuple(map(found.times.label, starts)), weights=named.weight, strata=named.strata, cluster=named.cluster,
        covariates=found.covariates.names, left_out=len(panel.dropped) - found.starting,
        starting=found.starting, told=unit_of(named.unit),
        synthetic=found.synthetic,
    )  # fmt: skip


def _remarks(found: Read, named: Named) -> tuple[Remark, ...]:
    """What was done with the table before anything was compared."""
    made = [Remark(key="notebook.note.frozen", values={"name": name}) for name in found.frozen]
    if found.stripped:
        made.append(Remark(key="notebook.note.stripped", values={"names": listed(found.stripped)}))
    if found.more:
        values = {"events": str(named.events), "exposure": str(named.exposure), "rows": found.more}
        made.append(Remark(key="notebook.note.more_than_exposure", values=values))
    if found.people:
        key = "people" if named.weight is None else "people_weighed"
        values = {"people": str(found.people), "cells": str(found.panel.y.size)}
        made.append(Remark(key=f"notebook.note.{key}", values=values))
    return tuple(made)
