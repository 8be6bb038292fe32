"""The numbers of docs/england.md as Markdown: one table an outcome, from the answers of england.py."""

from __future__ import annotations

from collections.abc import Iterable

from england import Answer

from sverige_did.inference.methods_table import PRIMARY_INTERVAL, PRIMARY_P
from sverige_did.results.estimates import Estimate

HEAD = (
    "| contrast | adopters / controls | method | estimate | 95 % interval | p |\n"
    "| --- | --- | --- | --- | --- | --- |\n"
)


def numbers(answers: Iterable[Answer]) -> str:
    """All tables, each under the name of its outcome."""
    by_outcome: dict[str, list[Answer]] = {}
    for found in answers:
        by_outcome.setdefault(found.measure.key, []).append(found)
    return "\n".join(_section(found) for found in by_outcome.values())


def _section(answers: list[Answer]) -> str:
    measure = answers[0].measure
    title = f"### {measure.label[0].upper()}{measure.label[1:]} ({measure.unit})\n\n"
    window = f"Before: {', '.join(measure.before)}. After: {', '.join(measure.after)}.\n\n"
    return title + window + HEAD + "".join(row for found in answers for row in _rows(found))


def _rows(found: Answer) -> list[str]:
    treated = int(found.panel.ever_treated.sum())
    context = f"| {found.contrast.label} | {treated} / {found.panel.n_units - treated} |"
    return [f"{context} {method} | {rest}\n" for method, rest in [*_collapsed(found), *_staggered(found)]]


def _collapsed(found: Answer) -> list[tuple[str, str]]:
    if found.collapsed is None:
        return []
    ends = (found.collapsed.lower, found.collapsed.upper)
    rows = []
    for method, key in (("collapsed, calibrated", PRIMARY_INTERVAL), ("collapsed, studentised permutation", PRIMARY_P)):
        by_end = [methods_table.by(key) for methods_table in found.methods_tables]
        rows.append((method, _cells(ends, [_limits(one) for one in by_end], [one.p_value for one in by_end])))
    return rows


def _staggered(found: Answer) -> list[tuple[str, str]]:
    ends = (found.staggered.lower, found.staggered.upper)
    limits = [(test.region.lower, test.region.upper) for test in found.exchanged]
    return [
        ("staggered ATT(g, t), dates exchanged", _cells(ends, limits, [test.p_value for test in found.exchanged])),
        ("imputation", _cells((found.imputed.lower, found.imputed.upper), [], [])),
    ]


def _limits(one: Estimate) -> tuple[float, float]:
    assert one.lower is not None
    assert one.upper is not None
    return one.lower, one.upper


def _cells(ends: tuple[float, float], limits: list[tuple[float, float]], p: list[float | None]) -> str:
    """Estimate, interval and p; the interval reaches from the lowest to the highest limit at either end."""
    interval = f"{min(low for low, _ in limits):+.2f} to {max(high for _, high in limits):+.2f}" if limits else "–"
    chances = " / ".join(dict.fromkeys(f"{value:.2f}" for value in p if value is not None)) or "–"
    between = " to ".join(dict.fromkeys(f"{end:+.2f}" for end in ends))
    return f"{between} | {interval} | {chances} |"
