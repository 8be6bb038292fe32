"""What the programme cost and what is left a year: one sentence, a waterfall, and everything else in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.labels import caption, in_language, mark
from sverige_did.report.provenance import source_said
from sverige_did.report.strips import Strip, strips
from sverige_did.report.tables import Table, heads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.report.forest import Shapes
    from sverige_did.results.economy import Amount, Benefit, EconomyRecord
    from sverige_did.words import Language

COLUMN = "economy.column"
DIGITS = 1


def economy_main(release: Release) -> Benefit | None:
    """The benefit that the page tells first; None where there is none, or none may leave."""
    record = release.economy
    return record.benefits[0] if record and record.benefits else None


def economy_sentences(release: Release, language: Language) -> tuple[str, ...]:
    """What was saved, spent and left, how sure that is, when it has paid for itself, and what it would take."""
    record, main = release.economy, economy_main(release)
    if record is None:
        return ()
    if main is None:
        return (words.text("economy.nothing", language),)
    return tuple(_sentences(record, main, language))


def _sentences(record: EconomyRecord, main: Benefit, language: Language) -> Iterator[str]:
    values = {
        "year": main.year,
        "saving": amount_said(main.saving, language),
        "saving_limits": _limits(main.saving, language),
    }
    if main.investment is None or main.net is None:
        yield words.text("economy.saved_only", language, **values)
    else:
        values |= {"investment": amount_said(main.investment, language), "net": amount_said(main.net, language)}
        values |= {"net_limits": _limits(main.net, language)}
        refunded = main.refunded
        key = "saved" if refunded is not None else "saved_before_refusion"
        more = {"refunded": amount_said(refunded, language)} if refunded is not None else {}
        yield words.text(f"economy.{key}", language, **values, **more)
    if main.saving.lower is not None and main.saving.upper is not None and main.saving.lower < 0 < main.saving.upper:
        yield words.text("economy.within_noise", language)
    if main.prob_positive is not None:
        share = numbers.percent(main.prob_positive, language)
        yield words.text(f"economy.chance.{main.basis}", language, value=share)
    yield from _final(record, language)
    if record.years:
        yield _paid(record, language)
    worths = [one for one in record.marginal if one.needed is not None]
    if worths and record.moved is not None:
        ends = sorted((one.needed for one in worths if one.needed is not None), key=lambda one: one.value)
        yield words.text(
            "economy.break_even",
            language,
            moved=amount_said(record.moved, language),
            least=amount_said(ends[0], language),
            most=amount_said(ends[-1], language),
        )


def _final(record: EconomyRecord, language: Language) -> Iterator[str]:
    """The last printed change, which stands alone, and how far spending need have fallen without the programme."""
    later = [one for one in record.benefits if one.moment == "final"]
    if not later:
        return
    one = later[-1]
    printed = one.saving.value if one.printed is None else one.printed
    values = {
        "year": one.year,
        "saving": amount_said(one.saving, language),
        "printed": _decimal(printed, one.saving.step, language),
    }
    if one.net is not None and one.before:
        # A smaller saving loses less refusion too: what is left falls by less than the saving does.
        kept = 1 - (one.refunded.value / one.saving.value if one.refunded and one.saving.value else 0.0)
        share = numbers.percent(max(one.net.value, 0.0) / kept / one.before, language)
        yield words.text("economy.final", language, **values, net=amount_said(one.net, language), fall=share)
    else:
        yield words.text("economy.final_bare", language, **values)


def _paid(record: EconomyRecord, language: Language) -> str:
    last = record.years[-1]
    chance = "–" if last.prob_paid is None else numbers.percent(last.prob_paid, language)
    if record.paid_on is None:
        return words.text("economy.not_paid", language, year=last.year, chance=chance)
    day = numbers.day(record.paid_on, language)
    return words.text("economy.paid", language, day=day, year=last.year, chance=chance)


def amount_said(amount: Amount, language: Language) -> str:
    """An amount without its unit, no finer than it was rounded."""
    return _decimal(amount.value, amount.step, language)


def _decimal(value: float, step: float | None, language: Language) -> str:
    return numbers.decimal(value, language, numbers.no_finer(DIGITS, step))


def _limits(amount: Amount, language: Language) -> str:
    if amount.lower is None or amount.upper is None:
        return words.text("economy.no_limits", language)
    ends = (_decimal(end, amount.step, language) for end in (amount.lower, amount.upper))
    return words.text("economy.limits", language, **dict(zip(("lower", "upper"), ends, strict=True)))


def waterfall(release: Release, language: Language) -> tuple[Shapes, str] | None:
    """From what would have been spent to what is left: every bar begins where the one above it ends."""
    main = economy_main(release)
    if main is None:
        return None
    title = caption(release, "economy.caption.waterfall", language, year=main.year)
    if _levels_assumed(main):
        title = f"{title} {_only_printed(main, language)}"
    rows = tuple(_steps(main, language))
    reach = [end for row in rows for pair in (row.bar, row.reach) if pair is not None for end in pair]
    low, high = min([*reach, 0.0]), max([*reach, 0.0])
    margin = 0.05 * (high - low) or 1.0
    ends = low - margin, high + margin
    drawn = strips(
        "waterfall", rows, ends, lambda value: numbers.significant(value, language),
        words.text("economy.axis", language), title=title, mark=mark(release, language),
    )  # fmt: skip
    return drawn, title


def _levels_assumed(main: Benefit) -> bool:
    """Whether the spending itself is assumed prices times children, and only its change is printed."""
    return main.basis == "printed" and "unit_prices_assumed" in main.assumptions and main.before is not None


def _only_printed(main: Benefit, language: Language) -> str:
    assert main.before is not None and main.actual is not None  # noqa: PT018 (a printed change has both)
    change = numbers.signed(main.actual - main.before, language, numbers.no_finer(DIGITS, main.saving.step))
    before = _decimal(main.before, main.saving.step, language)
    return words.text("economy.only_change_printed", language, change=change, before=before)


def _steps(main: Benefit, language: Language) -> Iterator[Strip]:
    """The rows of the waterfall; a step that is not known has words and no bar."""

    def label(key: str, **values: str) -> str:
        return words.text(f"economy.step.{key}", language, **values)

    def level(value: float | None) -> str:
        return "–" if value is None else _decimal(value, main.saving.step, language)

    def told(amount: Amount, sign: int = 1) -> str:
        return numbers.signed(sign * amount.value, language, numbers.no_finer(DIGITS, amount.step))

    saved, worked_out = main.saving.value, "_assumed" if _levels_assumed(main) else ""
    yield Strip(label(f"expected{worked_out}"), level(main.expected), marks=((0.0, "diamond", svg.INK),))
    yield Strip(label(f"actual{worked_out}"), level(main.actual), marks=((saved, "diamond", svg.INK),))
    yield Strip(label("saving"), told(main.saving), bar=(0.0, saved), colour=svg.ACCENT, reach=_reach(main.saving))
    left = saved
    for key, amount in (("investment", main.investment), ("refunded", main.refunded)):
        if amount is None:
            yield Strip(label(key), words.text("economy.not_given", language))
        else:
            yield Strip(label(key), told(amount, -1), bar=(left, left - amount.value), colour=svg.WARNING)
            left -= amount.value
    if main.net is None:
        yield Strip(label("net"), words.text("economy.not_given", language))
    else:
        yield Strip(label("net"), told(main.net), (0.0, main.net.value), "#14532d", _reach(main.net))


def _reach(amount: Amount) -> tuple[float, float] | None:
    return None if amount.lower is None or amount.upper is None else (amount.lower, amount.upper)


def economy_tables(release: Release, language: Language) -> tuple[Table, ...]:
    """Every way to a net benefit, the years, the marginal prices, and the investments of the plan."""
    record = release.economy
    if record is None or not record.benefits:
        return ()
    made = (_ways(release, record, language), _by_year(release, record, language), _marginal(release, record, language),
            _investments(release, language))  # fmt: skip
    return tuple(table for table in made if table.rows)


def _cell(amount: Amount | None, language: Language) -> str:
    if amount is None:
        return words.text("economy.not_given", language)
    if amount.lower is None:
        return amount_said(amount, language)
    return f"{amount_said(amount, language)} {_limits(amount, language)}"


def _percent(value: float | None, language: Language) -> str:
    return "–" if value is None else words.text("labels.percent", language, value=numbers.percent(value, language))


def _ways(release: Release, record: EconomyRecord, language: Language) -> Table:
    rows = tuple(
        (
            words.text(f"economy.way.{one.scaling}", language, year=one.year),
            words.text(f"economy.basis.{one.basis}", language),
            *(
                "–" if level is None else _decimal(level, one.saving.step, language)
                for level in (one.expected, one.actual)
            ),
            *(_cell(amount, language) for amount in (one.saving, one.investment, one.refunded, one.net)),
            _percent(one.prob_positive, language),
        )
        for one in record.benefits
    )
    names = ("way", "basis", "expected", "actual", "saving", "investment", "refunded", "net", "chance")
    return Table(
        caption(release, "economy.caption.ways", language), heads(names, language, COLUMN), rows, frozenset(range(2, 9))
    )


def _by_year(release: Release, record: EconomyRecord, language: Language) -> Table:
    rows = tuple(
        (
            str(one.year),
            _decimal(one.saving, one.cumulative.step, language),
            numbers.decimal(one.investment, language, DIGITS),
            _cell(one.cumulative, language),
            _percent(one.prob_paid, language),
        )
        for one in record.years
    )
    rate = numbers.percent(record.discount_rate, language)
    title = caption(release, "economy.caption.years", language, rate=rate)
    return Table(
        title,
        heads(("year", "saving", "investment", "cumulative", "paid"), language, COLUMN),
        rows,
        frozenset(range(1, 5)),
    )


def _marginal(release: Release, record: EconomyRecord, language: Language) -> Table:
    rows = tuple(
        (
            _percent(one.multiple, language),
            _cell(one.worth, language),
            words.text("economy.never", language) if one.needed is None else _cell(one.needed, language),
        )
        for one in record.marginal
    )
    title = caption(release, "economy.caption.marginal", language)
    return Table(title, heads(("multiple", "worth", "needed"), language, COLUMN), rows, frozenset({1, 2}))


def _investments(release: Release, language: Language) -> Table:
    plan = release.study.economy
    rows = tuple(
        (
            in_language(item.label, language),
            words.text("economy.unpriced", language)
            if item.value is None
            else numbers.decimal(item.value, language, 2),
            *(numbers.decimal(end, language, 2) for end in (item.low, item.high)),
            source_said(item.source, language),
        )
        for item in (plan.investments if plan else ())
    )
    title = caption(release, "economy.caption.investments", language)
    return Table(
        title, heads(("investment", "value", "low", "high", "source"), language, COLUMN), rows, frozenset({1, 2, 3})
    )
