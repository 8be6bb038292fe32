"""What only a study of registers has to tell: all choices of districts, period by period, coverage and group levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import labels, numbers, svg
from sverige_did.report import levels as group_levels
from sverige_did.report.labels import caption, short_name
from sverige_did.report.tables import FigureView, Table, heads, painted
from sverige_did.results.estimates import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sverige_did.disclosure.release import Release, ReleasedLevel
    from sverige_did.results.estimates import Curve, Remark
    from sverige_did.results.methods_tables import DesignSize, MethodsRecord
    from sverige_did.words import Language

HEIGHT = 260.0
COLUMN = "methods_table.column"
GROUPS = ("treated", "control")


def methods_table_figures(release: Release, record: MethodsRecord, language: Language) -> tuple[FigureView, ...]:
    """The figures of one methods table that there are numbers for."""
    figures = [_histogram(release, record, language)] if record.counts else []
    if record.event is not None and record.verdict != "refused":  # bands would say what the sentence says they cannot
        figures.append(_event(release, record, record.event, language))
    return tuple(figures)


def methods_table_remarks(record: MethodsRecord, language: Language) -> Iterator[str]:
    """What must be said about one methods table."""
    scale = words.text(f"labels.scale.{record.scale}", language)
    yield words.text("methods_table.note.scale", language, scale=scale)
    if record.smallest_p is not None:
        yield words.text("methods_table.note.smallest", language, p=numbers.significant(record.smallest_p, language))
    if not record.enumerated:
        yield words.text("methods_table.note.sampled", language)
    if record.size is not None:
        yield words.text("methods_table.note.size", language, **_size(record.size, language))
    yield from (said(remark, language) for remark in record.remarks)


def _size(size: DesignSize, language: Language) -> dict[str, str]:
    """Size and power in whole per cent, and how many data sets they are of."""
    shown = {"size": 100 * size.size, "power": 100 * size.power, "simulations": size.simulations}
    return {name: numbers.decimal(value, language, 0) for name, value in shown.items()}


def said(remark: Remark, language: Language) -> str:
    """A remark as a sentence; of a hidden number it says below which it is."""
    sentence = words.text(
        remark.key, language, **{name: _told(value, language) for name, value in remark.values.items()}
    )
    return sentence[:1].upper() + sentence[1:]


def _told(value: str, language: Language) -> str:
    if not value.startswith(HIDDEN):
        return numbers.separated(value, language)
    return words.text("report.fewer_than", language, limit=value.removeprefix(HIDDEN))


def _histogram(release: Release, record: MethodsRecord, language: Language) -> FigureView:
    """How often each studentised difference comes of all choices, and where the choice that was made lies."""
    shown = caption(release, "methods_table.caption.histogram", language, outcome=short_name(record.outcome, language))

    def paint(figure: Figure) -> None:
        axes = _axes(figure, "statistic", "choices", language)
        axes.stairs(record.counts, record.edges, fill=True, color=svg.MUTED, alpha=0.55)
        if record.observed is not None:
            axes.axvline(record.observed, color=svg.ACCENT, linewidth=2.5)
        _numbered(axes, language)

    ends = [numbers.decimal(edge, language, 2) for edge in record.edges]
    rows = tuple(
        (low, high, numbers.significant(count, language))
        for low, high, count in zip(ends[:-1], ends[1:], record.counts, strict=True)
        if count
    )
    table = Table(shown, heads(("low", "high", "count"), language, COLUMN), rows, frozenset({1, 2}))
    return painted(release, f"choices-{record.outcome}", HEIGHT, paint, table, language)


def _event(release: Release, record: MethodsRecord, curve: Curve, language: Language) -> FigureView:
    """The effect of every period against the last one before the start, in calendar time or in time since the start."""
    by_date = curve.x_name == "methods_table.axis.event_time"
    shown = caption(release, "methods_table.caption.event", language, outcome=short_name(record.outcome, language))
    start = -0.5 if by_date else _year(release)

    def paint(figure: Figure) -> None:
        axes = _axes(figure, "event_time" if by_date else "period", "effect", language)
        axes.vlines(curve.x, curve.lower, curve.upper, color=svg.MUTED, linewidth=2)
        axes.plot(curve.x, curve.y, "o", color=svg.ACCENT, markersize=5)
        axes.axhline(0, color=svg.INK, linewidth=1)
        axes.axvline(start, color=svg.INK, linewidth=1, linestyle=":")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}" if value == round(value) else "")
        axes.yaxis.set_major_formatter(lambda value, _: numbers.significant(value, language))
        axes.locator_params(axis="y", nbins=5)

    rows = tuple(
        (
            numbers.decimal(x, language, 0) if by_date else _period(x),
            *(numbers.decimal(value, language, 2) for value in (y, low, high)),
        )
        for x, y, low, high in zip(curve.x, curve.y, curve.lower, curve.upper, strict=True)
    )
    first = "event_time" if by_date else "period"
    table = Table(shown, heads((first, "estimate", "low", "high"), language, COLUMN), rows, frozenset({1, 2, 3}))
    return painted(release, f"event-{record.outcome}", HEIGHT, paint, table, language)


def _axes(figure: Figure, x: str, y: str, language: Language) -> Axes:
    axes = figure.add_axes((0.15, 0.2, 0.8, 0.66))
    axes.set_xlabel(words.text(f"methods_table.axis.{x}", language), fontsize=12)
    axes.set_title(words.text(f"methods_table.axis.{y}", language), fontsize=12, loc="left", x=-0.17, color=svg.INK)
    axes.grid(axis="y", color=svg.RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    return axes


def _numbered(axes: Axes, language: Language) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: numbers.significant(value, language))
    axes.locator_params(nbins=5)


def _year(release: Release) -> float:
    """The start of the programme in years: 2013.58 for 1 August 2013."""
    start = release.study.periods.treatment_start
    return start.year + (start.timetuple().tm_yday - 1) / 365.25


def _period(years: float) -> str:
    """The half-year that begins at that time: ``2014H2`` for 2014.5."""
    return f"{int(years)}H{2 if years % 1 else 1}"


def levels(release: Release, language: Language) -> tuple[Table, ...]:
    """One table an outcome: the level of each group in each period, with hidden numbers called so."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for one in (*release.levels, *release.windows):
        cells = found.setdefault(one.outcome, {}).setdefault(one.period, {})
        cells[one.group] = _level(one, language)
    columns, tables = heads(("period", *GROUPS), language, COLUMN), []
    for outcome, periods in found.items():
        name = f"{short_name(outcome, language)} ({group_levels.unit_of(outcome, language)})"
        shown = caption(release, "methods_table.caption.levels", language, outcome=name)
        rows = ((period, *(cells.get(group, "–") for group in GROUPS)) for period, cells in sorted(periods.items()))
        tables.append(Table(shown, columns, tuple(rows), frozenset({1, 2})))
    return tuple(tables)


def _level(one: ReleasedLevel, language: Language) -> str:
    digits = group_levels.digits(one.outcome, 1 if CATALOGUE[one.outcome].unit == "percent" else 2)
    level, low, high = group_levels.all_in_its_unit(one)
    if one.status == "hidden":
        return labels.hidden(low, high, language, digits)
    return "–" if level is None else numbers.decimal(level, language, digits)


def coverage(release: Release, language: Language) -> Table:
    """Which file covers which outcome, group and period, beside the design class that follows."""
    classes = {design.outcome: design.design_class or "–" for design in release.designs}
    names = ("outcome", "class", "group", "file", "unit_kind", "units", "first", "last", "periods")
    rows = []
    for one in release.coverage:
        seen = [period for period, units in zip(one.periods, one.units_seen, strict=True) if units]
        rows.append(
            (
                short_name(one.outcome, language),
                classes.get(one.outcome, "–"),
                words.text(f"labels.group.{one.group}", language),
                one.source or "–",
                words.text(f"methods_table.unit_kind.{one.unit_kind}", language) if one.unit_kind else "–",
                str(one.units),
                seen[0] if seen else "–",
                seen[-1] if seen else "–",
                str(len(seen)),
            )
        )
    shown = caption(release, "methods_table.caption.coverage", language)
    return Table(shown, heads(names, language, COLUMN), tuple(rows), frozenset({5, 8}))


def max_t_adjustment(release: Release, language: Language) -> tuple[Table, tuple[str, ...]] | None:
    """The p-value of every outcome alone and among the others, with how they were made; None where there is one."""
    roles = {wanted.outcome: wanted.role for wanted in release.study.outcomes}
    found = [
        (record.outcome, record.max_t_adjustment)
        for record in release.methods_tables
        if record.max_t_adjustment is not None
    ]
    if not found:
        return None
    rows = tuple(
        (
            short_name(outcome, language),
            words.text(f"labels.role.{roles[outcome]}", language),
            *(_p(value, language) for value in (one.single, one.verdict, one.holm, one.holm_role, one.max_t)),
        )
        for outcome, one in found
    )
    first = found[0][1]
    shown = [words.text("methods_table.max_t_adjustment.all", language, outcomes=first.n_outcomes)]
    if first.n_outcomes > len(rows):
        count = first.n_outcomes - len(rows)
        shown.append(words.text("methods_table.max_t_adjustment.withheld", language, count=count))
    for most in dict.fromkeys((one.n_together, one.n_units) for _, one in found if one.n_units is not None):
        values = {"outcomes": most[0], "districts": most[1]}
        shown.append(words.text("methods_table.max_t_adjustment.together", language, **values))
    if not all(one.enumerated for _, one in found):
        shown.append(words.text("methods_table.max_t_adjustment.sampled", language))
    columns = heads(("outcome", "role", "alone", "verdict_p", "holm", "holm_role", "max_t"), language, COLUMN)
    table = Table(
        caption(release, "methods_table.caption.max_t_adjustment", language), columns, rows, frozenset(range(2, 7))
    )
    return table, tuple(shown)


def _p(value: float | None, language: Language) -> str:
    """A p-value as it stands in a cell; of an outcome outside the common choices, a dash."""
    return "–" if value is None else numbers.p_value(value, language).removeprefix("= ")


def withheld(release: Release, language: Language) -> str:
    """The sentence about outcomes that rest on too few children."""
    if not release.withheld:
        return words.text("methods_table.nothing_withheld", language)
    names = ", ".join(short_name(outcome, language) for outcome in release.withheld)
    return words.text("methods_table.withheld", language, outcomes=names)
