"""Printed figures as cells of the panel: what several figures about one cell leave open stays an interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.panel import CELLS, Panel
from sverige_did.results.published import Reported
from sverige_did.sources.published.facts import TIE, limits, read_facts
from sverige_did.study.study import PublishedStudy


def figure_problems(folder: Path, study: PublishedStudy) -> tuple[Problem, ...]:
    """Everything wrong with the published figures of a study, until they are laid in the panel."""
    try:
        to_panel(read_facts(folder / study.input, hard_stop=study.periods.hard_stop), study)
    except InputError as refusal:
        return refusal.problems
    return ()


def to_panel(facts: Iterable[Reported], study: PublishedStudy) -> Panel:
    """The figures about outcomes as cells of two groups; dates, targets, ratios and context are no cells.

    Shares and relative changes are in per cent, changes of shares in percentage points, money in million DKK. Several
    figures about one cell leave the interval that all of them allow. A direction has no number: its cell is missing,
    unless the plan's ``control_unchanged_pp`` names the fact as its source and so says how far "unchanged" reaches.
    A part (``ladder_moves.down``) is a unit of its own under its outcome. A total beside a count or a level of the same
    outcome, group and period is its denominator.

    Raises InputError when two figures about one cell exclude each other.
    """
    facts = tuple(facts)
    parts = {_about(fact) for fact in facts if fact.measure in {"count", "level"}}
    cells: dict[tuple[str, ...], list[Reported]] = defaultdict(list)
    totals: dict[tuple[str, ...], list[Reported]] = defaultdict(list)
    for fact in facts:
        kind = _kind(fact)
        if fact.measure == "total" and _about(fact) in parts:
            totals[_about(fact)].append(fact)
        elif kind is not None and fact.group in {"treated", "control", "frikommuner"}:
            cells[(*_about(fact), kind)].append(fact)
    rows = [_cell(key[-1], same, totals[key[:-1]], study) for key, same in cells.items()]
    return Panel.of(pd.DataFrame(rows, columns=list(CELLS.columns)), synthetic=study.synthetic, file=study.input)


def _about(fact: Reported) -> tuple[str, ...]:
    return fact.outcome, fact.group, str(fact.period_start), str(fact.period_end)


def _kind(fact: Reported) -> str | None:
    """Which kind of cell a figure is; None when it is none."""
    if fact.measure in {"count", "total"}:
        stock = "cases" if fact.unit == "cases" else "stock"
        return stock if fact.period_start == fact.period_end else "events"
    if fact.measure == "level":
        return "share" if fact.unit == "percent" else "mean"
    if fact.measure == "direction":
        return {"percent": "share", "none": "mean"}.get(fact.unit, "change")
    return {"change": "change", "ratio_change": "ratio_change", "amount": "money"}.get(fact.measure)


def _cell(kind: str, same: list[Reported], totals: list[Reported], study: PublishedStudy) -> dict[str, object]:
    fact, start = same[0], study.periods.treatment_start
    outcome, _, part = fact.outcome.partition(".")
    unit = f"{fact.group}.{part}" if part else fact.group
    period = str(fact.period_end) if fact.period_start == fact.period_end else f"{fact.period_start}/{fact.period_end}"
    return {
        "outcome": outcome,
        "reading": "all",
        "unit": unit,
        "unit_kind": "group",
        "group": "control" if fact.group == "control" else "treated",
        "treated_from": pd.Timestamp(start) if fact.group == "treated" else pd.NaT,
        "stratum": None,
        "period": period,
        "start": pd.Timestamp(fact.period_start),
        "end": pd.Timestamp(fact.period_end),
        "kind": kind,
        **_known_limits(same, study),
        **_denominator(kind, totals, study),
        "source": ";".join(sorted(item.fact_id for item in (*same, *totals))),
    }


def _denominator(kind: str, totals: list[Reported], study: PublishedStudy) -> dict[str, object]:
    """The children that a count or a share is among, where their number is printed."""
    if not totals or kind not in {"stock", "cases", "events", "share"}:
        return {"denominator": None, "denominator_low": None, "denominator_high": None}
    known = _known_limits(totals, study)
    return {"denominator": known["value"], "denominator_low": known["low"], "denominator_high": known["high"]}


def _known_limits(same: list[Reported], study: PublishedStudy) -> dict[str, object]:
    """Value, limits and status of one cell from every figure about it."""
    numbers = [limits(fact) for fact in same if isinstance(fact.value, float)] or _unchanged(same, study)
    if not numbers:
        return {"value": None, "low": None, "high": None, "status": "missing"}
    low, high = max(low for low, _ in numbers), min(high for _, high in numbers)
    if low > high + TIE:
        raise InputError(
            Problem("exclude_each_other", study.input, values={"facts": ", ".join(f.fact_id for f in same)})
        )
    if high - low <= TIE:
        return {"value": low, "low": low, "high": low, "status": "exact"}
    return {"value": (low + high) / 2, "low": low, "high": high, "status": "interval"}


def _unchanged(same: list[Reported], study: PublishedStudy) -> list[tuple[float, float]]:
    """The limits that the plan gives to a change reported as practically none."""
    plan = [item for item in study.assumptions if item.key == "control_unchanged_pp"]
    named = {name.strip() for item in plan for name in item.source.split(",")}
    is_named = any(fact.fact_id in named for fact in same)
    return [(-item.value, item.value) for item in plan if is_named]
