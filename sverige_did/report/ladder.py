"""The section on the ladder: where those of each rung go, how long they stay, who arrives, what was printed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.labels import caption, mark, reading
from sverige_did.report.tables import FigureView, Table, heads
from sverige_did.results.ladder import SHARES, LadderCell, LadderContrast, LadderRecord, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language

SIDES = tuple(product(("treated", "control"), ("before", "after")))
EARLY = ("clarification", "early_help")
WIDTH, ROW, EDGE = 460.0, 15.0, 112.0
COLUMN = "ladder.column"
ORDER: tuple[Quantity, ...] = ("down", "stay", "up", "out", "of_age")
COLOURS = {"down": svg.ACCENT, "stay": "#dfe3e8", "up": svg.WARNING, "out": "#8fb6d9", "of_age": svg.MUTED}
"""One for each share; they differ in lightness, and the table beside the figure has the numbers."""

HATCHED: dict[str, Any] = {"color": "white", "edgecolor": svg.MUTED, "hatch": "////", "linewidth": 0.4}

Cells = dict[tuple[str, Quantity, str, str], LadderCell]


def ladder_record(release: Release) -> LadderRecord | None:
    """The released ladder; None where there is nothing to tell."""
    found = release.ladder
    return found if found is not None and (found.cells or found.printed or found.remarks) else None


def ladder_remarks(release: Release) -> tuple[object, ...]:
    """What the ladder leaves out."""
    return () if release.ladder is None else release.ladder.remarks


def ladder_lead(release: Release, language: Language) -> tuple[str, ...]:
    """How the numbers are made; nothing of what was followed where only printed figures are known."""
    record, said = release.ladder, [words.text("ladder.lead", language)]
    if record is not None and record.flow_months is not None and record.time_months is not None:
        shown = {"flow": record.flow_months, "time": record.time_months}
        filled = {name: numbers.significant(value, language, 2) for name, value in shown.items()}
        said.append(words.text("ladder.held", language))
        said += [words.text("ladder.followed", language, **filled), words.text("ladder.absorbing", language)]
        said.append(words.text("ladder.hidden_note", language))
    return tuple(said)


def ladder_figures(release: Release, language: Language) -> tuple[FigureView, ...]:
    """Flows by rung, and time on it; none where a study has only printed figures."""
    record = release.ladder
    if record is None or not record.cells:
        return ()
    cells = _by_place(record)
    rungs = list(dict.fromkeys(one.rung for one in record.cells if one.quantity == "stay"))
    seen = [rung for rung in rungs if any(cells[rung, "stay", *side].status != "nobody" for side in SIDES)]
    return (_flows(release, record, cells, seen, language), _times(release, record, cells, seen, language))


def _by_place(record: LadderRecord) -> Cells:
    return {(one.rung, one.quantity, one.group, one.moment): one for one in record.cells}


def _side(side: tuple[str, str], language: Language) -> str:
    return words.text(f"ladder.side.{'_'.join(side)}", language)


def _cell(one: LadderCell | None, language: Language) -> str:
    if one is None:
        return "–"
    if one.value is None:
        return words.text(f"ladder.status.{one.status}", language)
    return numbers.significant(one.value, language)


def _flows(release: Release, record: LadderRecord, cells: Cells, rungs: list[str], language: Language) -> FigureView:
    """A bar for every rung, group and window, as long as everybody who stood there; what is hidden is hatched."""
    shown = caption(release, "ladder.caption.flows", language, months=_months(record.flow_months, language))

    def paint(figure: Figure) -> None:
        axes = _axes(figure, rungs, len(SIDES), language, key="flows")
        axes.set_xlim(0, 100)
        for row, (rung, side) in enumerate(product(rungs, SIDES)):
            _stack(axes, _at(row, len(SIDES)), {q: cells.get((rung, q, *side)) for q in ORDER})
        _side_names(axes, len(rungs), language)
        ink: dict[str, Any] = {"edgecolor": svg.INK, "linewidth": 0.4}
        handles = [axes.barh(0, 0, color=COLOURS[q], label=_quantity(q, language), **ink) for q in ORDER]
        handles.append(axes.barh(0, 0, label=_quantity("hidden", language), **HATCHED))
        figure.legend(handles=handles, loc="lower center", ncols=2, frameon=False, fontsize=11)

    rows = tuple(
        (
            f"{_rung(rung, language)}, {_side(side, language)}",
            *(_cell(cells.get((rung, q, *side)), language) for q in SHARES),
        )
        for rung, side in product(rungs, SIDES)
    )
    columns = (*heads(("side",), language, COLUMN), *(_quantity(q, language) for q in SHARES))
    table = Table(shown, columns, rows, frozenset(range(1, 6)))
    height = ROW * (len(SIDES) + 1) * len(rungs) + 2 * EDGE
    return FigureView(svg.draw("ladder-flows", WIDTH, height, paint, title=shown, mark=mark(release, language)), table)


def _stack(axes: Axes, y: float, parts: dict[Quantity, LadderCell | None]) -> None:
    """The shares that are shown one after another, and a hatched piece for all that is hidden."""
    left, hidden = 0.0, False
    for quantity, one in parts.items():
        if one is not None and one.value is not None:
            axes.barh(y, one.value, left=left, height=0.8, color=COLOURS[quantity], edgecolor=svg.INK, linewidth=0.4)
            left += one.value
        hidden |= one is not None and one.status == "hidden"
    if hidden:
        axes.barh(
            y,
            max(100 - left, 0),
            left=left,
            height=0.8,
            color="white",
            edgecolor=svg.MUTED,
            hatch="////",
            linewidth=0.4,
        )


def _times(release: Release, record: LadderRecord, cells: Cells, rungs: list[str], language: Language) -> FigureView:
    """From before (hollow) to after (filled), treated above the others; no mark where a number is hidden."""
    shown = caption(release, "ladder.caption.time", language, months=_months(record.time_months, language))

    def paint(figure: Figure) -> None:
        axes = _axes(figure, rungs, 2, language, key="time")
        axes.set_xlim(0, 1.02 * (record.time_months or 12))
        for row, (rung, group) in enumerate(product(rungs, ("treated", "control"))):
            y, colour = _at(row, 2), svg.ACCENT if group == "treated" else svg.MUTED
            before, after = (cells[rung, "months", group, moment].value for moment in ("before", "after"))
            if before is not None and after is not None:
                axes.plot([before, after], [y, y], color=colour, linewidth=1.5)
            for value, face in ((before, "white"), (after, colour)):
                if value is not None:
                    axes.plot(value, y, "o", markersize=7, markeredgecolor=colour, markerfacecolor=face)
        looks = [(colour, face) for colour in (svg.ACCENT, svg.MUTED) for face in ("white", colour)]
        marks = [
            _dot(axes, colour, face, _side(side, language)) for side, (colour, face) in zip(SIDES, looks, strict=True)
        ]
        figure.legend(handles=marks, loc="lower center", ncols=2, frameon=False, fontsize=11)

    rows = tuple(
        (_rung(rung, language), *(_cell(cells[rung, "months", *side], language) for side in SIDES)) for rung in rungs
    )
    columns = (*heads(("rung",), language, COLUMN), *(_side(side, language) for side in SIDES))
    table = Table(shown, columns, rows, frozenset(range(1, 5)))
    height = ROW * 4 * len(rungs) + 2 * EDGE
    return FigureView(svg.draw("ladder-time", WIDTH, height, paint, title=shown, mark=mark(release, language)), table)


def _dot(axes: Axes, colour: str, face: str, label: str) -> Line2D:
    """One entry of a legend."""
    return axes.plot([], [], "o", markersize=7, markeredgecolor=colour, markerfacecolor=face, label=label)[0]


def _at(row: int, block: int) -> float:
    """The place of a bar: the first of each block on top, with a gap of one between blocks."""
    return (row // block) * (block + 1) + block - 1 - row % block


def _axes(figure: Figure, rungs: list[str], block: int, language: Language, *, key: str) -> Axes:
    """The axes, with the names of the rungs beside their blocks; the least intrusive stands lowest, as on a ladder."""
    height = figure.get_figheight() * svg.UNITS_PER_INCH
    axes = figure.add_axes((0.29, EDGE / height, 0.68, 1 - (EDGE + 26) / height))
    for k, rung in enumerate(rungs):
        middle = k * (block + 1) + (block - 1) / 2
        left = -0.4 if block > 2 else -0.03
        name, across = words.text(f"ladder.rung_short.{rung}", language), axes.get_yaxis_transform()
        turned = {"ha": "left", "rotation": 90} if block > 2 else {"ha": "right"}
        axes.text(left, middle, name, transform=across, va="center", fontsize=10, **turned)
    axes.set_ylim(-0.8, (block + 1) * len(rungs) - 1.2)
    axes.set_yticks([])
    axes.grid(axis="x", color=svg.RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(lambda value, _: numbers.significant(value, language))
    axes.set_xlabel(words.text(f"ladder.axis.{key}", language), fontsize=12)
    return axes


def _side_names(axes: Axes, rungs: int, language: Language) -> None:
    places = [_at(row, len(SIDES)) for row in range(rungs * len(SIDES))]
    axes.set_yticks(places, [_side(side, language) for side in SIDES] * rungs, fontsize=9.5)
    axes.tick_params(axis="y", length=0)


def ladder_arrivals(release: Release, language: Language) -> Table | None:
    """Who arrives on each rung from outside the ladder."""
    record = release.ladder
    if record is None or not record.cells:
        return None
    cells = _by_place(record)
    rungs = [one.rung for one in record.cells if (one.quantity, one.group, one.moment) == ("arrived", *SIDES[0])]
    rows = tuple(
        (_rung(rung, language), *(_cell(cells[rung, "arrived", *side], language) for side in SIDES)) for rung in rungs
    )
    name = f"{words.text('ladder.caption.arrived', language)} ({_quantity('arrived', language)})"
    warning = mark(release, language)
    columns = (*heads(("rung",), language, COLUMN), *(_side(side, language) for side in SIDES))
    return Table(name if warning is None else f"{warning}: {name}", columns, rows, frozenset(range(1, 5)))


def ladder_contrasts(release: Release, language: Language) -> Table | None:
    """The treated group's change less the others', where all four numbers are shown."""
    record = release.ladder
    if record is None or not record.contrasts:
        return None
    rows = tuple(
        (
            _rung(one.rung, language),
            _quantity(one.quantity, language),
            _signed(one.estimate, language),
            _limits(record, one, language),
        )
        for one in record.contrasts
    )
    columns = heads(("rung", "quantity", "difference", "interval"), language, COLUMN)
    return Table(caption(release, "ladder.caption.contrasts", language), columns, rows, frozenset({2}))


def ladder_sentences(release: Release, language: Language) -> tuple[str, ...]:
    """What the numbers say, rung by rung where a difference may be told; never that it is an effect."""
    record = release.ladder
    if record is None or not record.cells:
        return ()
    cells, said = _by_place(record), []
    for one in record.contrasts:
        if one.rung not in EARLY and one.quantity in {"stay", "months"}:
            key, months = ("stayed", record.flow_months) if one.quantity == "stay" else ("time", record.time_months)
            filled = _sides(cells, one.rung, one.quantity, language) | _difference(record, one, language)
            said.append(words.text(f"ladder.{key}", language, months=_months(months, language), **filled))
    if not record.contrasts:
        return (*said, words.text("ladder.no_contrast", language))
    return (*said, words.text("ladder.many", language, count=len(record.contrasts)))


def early_help(release: Release, language: Language) -> tuple[str, ...]:
    """Whether early help spares later measures: described with who gets it, and what can be compared instead."""
    record = release.ladder
    if record is None or not record.cells:
        return ()
    cells = _by_place(record)
    if all(cells["early_help", "stay", *side].status == "nobody" for side in SIDES):
        return (words.text("ladder.early.none", language),)
    said = [words.text("ladder.early.question", language)]
    said.append(words.text("ladder.early.begun", language, **_sides(cells, "early_help", "arrived", language)))
    for rung in reversed(EARLY):
        filled = _sides(cells, rung, "measure", language) | {"rung": _rung(rung, language)}
        said.append(
            words.text("ladder.early.measure", language, months=_months(record.flow_months, language), **filled)
        )
    for rung in reversed(EARLY):
        known = {f"known_{name}": value for name, value in _sides(cells, rung, "known", language).items()}
        filled = _sides(cells, rung, "age", language) | known | {"rung": _rung(rung, language)}
        said.append(words.text("ladder.early.who", language, **filled))
    said.append(words.text("ladder.early.selection", language))
    whole = [one for one in record.contrasts if one.rung == "any_measure"]
    if whole:
        filled = _sides(cells, "any_measure", "arrived", language) | _difference(record, whole[0], language)
        said.append(words.text("ladder.early.design", language, **filled))
    return tuple(said)


def _sides(cells: Cells, rung: str, quantity: Quantity, language: Language) -> dict[str, str]:
    """The four numbers, shares with the sign of per cent; what is hidden is called so."""
    return {"_".join(side): _spoken(cells.get((rung, quantity, *side)), language) for side in SIDES}


def _spoken(one: LadderCell | None, language: Language) -> str:
    shown = _cell(one, language)
    is_share = one is not None and one.value is not None and one.quantity in {*SHARES, "measure", "known"}
    return words.text("labels.percent", language, value=shown) if is_share else shown


def _difference(record: LadderRecord, one: LadderContrast, language: Language) -> dict[str, str]:
    limits = _limits(record, one, language)
    return {
        "rung": _rung(one.rung, language),
        "estimate": _signed(one.estimate, language),
        "interval": limits,
    }


def _signed(value: float, language: Language) -> str:
    """Whole numbers without decimals: what is released of registers is rounded, and no digit is claimed."""
    return numbers.signed(value, language, 0 if value == round(value) else 1)


def _limits(record: LadderRecord, one: LadderContrast, language: Language) -> str:
    if one.lower is None or one.upper is None or record.level is None:
        return words.text("ladder.no_limits", language)
    ends = {"lower": _signed(one.lower, language), "upper": _signed(one.upper, language)}
    return words.text("ladder.limits", language, level=numbers.percent(record.level, language), **ends)


def _months(months: float | None, language: Language) -> str:
    return "–" if months is None else numbers.significant(round(months), language)


def _rung(rung: str, language: Language) -> str:
    return words.text(f"ladder.rung.{rung}", language)


def _quantity(quantity: str, language: Language) -> str:
    return words.text(f"ladder.quantity.{quantity}", language)


def printed_rungs(release: Release, language: Language) -> Table | None:
    """What printed stocks and moves allow of leaving each rung; None where a study has no printed ladder."""
    record = release.ladder
    if record is None or not record.printed:
        return None
    rows = []
    for one in record.printed:
        name = _rung(one.rung, language)
        if one.reading != "all":
            name = f"{name} ({reading(release, one.reading, language)})"
        moved = "–"
        if one.moved is not None:
            key = "moved" if one.printed else "moved_at_most"
            moved = words.text(f"ladder.printed.{key}", language, count=one.moved)
        bound = words.text("ladder.printed.none", language)
        if one.at_most is not None and one.at_most < 100:
            bound = words.text("ladder.printed.bound", language, share=numbers.decimal(one.at_most, language, 0))
        stood = "–" if one.stood is None else numbers.significant(one.stood, language)
        rows.append((name, _range(one.before, language), _range(one.after, language), moved, stood, bound))
    columns = heads(("rung", "before", "after", "moved", "stood", "at_most"), language, COLUMN)
    return Table(caption(release, "ladder.caption.printed", language), columns, tuple(rows), frozenset(range(1, 6)))


def printed_lead(release: Release, language: Language) -> str:
    """Why the ratio of moves down to moves up is not what stands here."""
    said = {fact.outcome: fact for fact in release.reported if fact.measure == "count"}
    ends = [said.get(f"ladder_moves.{way}") for way in ("down", "up")]
    if None in ends:
        return words.text("ladder.printed.lead_alone", language)
    down, up = (numbers.significant(fact.number, language) for fact in ends if fact is not None)
    return words.text("ladder.printed.lead", language, down=down, up=up)


def _range(ends: tuple[float, float] | None, language: Language) -> str:
    if ends is None:
        return "–"
    shown = [numbers.significant(end, language) for end in ends]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]}–{shown[1]}"


def ladder_tables(release: Release, language: Language) -> Iterator[Table]:
    """Who arrives, and the differences, as far as there are any."""
    for table in (ladder_contrasts(release, language), ladder_arrivals(release, language)):
        if table is not None:
            yield table
