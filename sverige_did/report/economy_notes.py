"""What stands beside a net benefit: what its limits hold, what it is made of, and why other numbers differ from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.economy import DIGITS, amount_said, economy_main
from sverige_did.report.labels import assumption, in_language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language


def economy_notes(release: Release, language: Language) -> tuple[str, ...]:
    """What the limits hold, what is taken for granted, what could not be computed, and where the numbers are from."""
    record, main = release.economy, economy_main(release)
    if record is None:
        return ()
    said = [] if main is None else [words.text(f"economy.holds.{main.basis}", language)]
    if main is not None:
        given = "; ".join(assumption(release, key, language) for key in main.assumptions)
        said.append(words.text("report.given", language, what=given))
    if release.policy == "registers" and record.benefits:
        said.append(words.text("economy.rounded", language))
    said += [_remark(one.key, one.values, language) for one in record.remarks]
    if record.price_year is not None:
        said.append(words.text("economy.prices", language, year=record.price_year, index=record.price_index))
    plan = release.study.economy
    if plan is not None:
        rate = numbers.percent(plan.discount_rate, language)
        said.append(words.text("economy.discount", language, rate=rate, source=plan.discount_source))
        if plan.refusion is not None:
            ends = {name: numbers.percent(getattr(plan.refusion, name), language) for name in ("low", "high")}
            said.append(words.text("economy.refusion", language, **ends, source=plan.refusion.source))
    return (*said, *_composed(release, language), *_elsewhere(release, language))


def _composed(release: Release, language: Language) -> Iterator[str]:
    """What the investment is made of: each item's amount, or the middle of its range where nobody priced it."""
    plan, main = release.study.economy, economy_main(release)
    if plan is None or main is None or main.investment is None or not plan.investments:
        return
    parts = [
        words.text(
            f"economy.part_{'unpriced' if item.value is None else 'priced'}", language,
            name=in_language(item.label, language),
            value=numbers.decimal((item.low + item.high) / 2 if item.value is None else item.value, language, 2),
            low=numbers.decimal(item.low, language, 2), high=numbers.decimal(item.high, language, 2),
        )
        for item in plan.investments
    ]  # fmt: skip
    total = amount_said(main.investment, language)
    yield words.text("economy.composed", language, total=total, year=main.year, parts="; ".join(parts))


PRICED_ONLY = frozenset({"net_cost", "break_even"})
"""Estimators that stand beside the outcome and take only the investments that have a price."""


def _elsewhere(release: Release, language: Language) -> Iterator[str]:
    """Two estimates beside the outcome that rest on the priced investments alone, and why they differ from these."""
    found = {
        one.result.estimator: one for one in release.findings if one.result.estimator in {"net_cost", "break_even"}
    }
    ends = [one.needed for one in (release.economy.marginal if release.economy else ()) if one.needed is not None]
    if len(found) < 2 or not ends:
        return
    low, high = (
        amount_said(end, language) for end in sorted(ends, key=lambda one: one.value)[:: max(len(ends) - 1, 1)]
    )
    net, places = (numbers.decimal(found[key].result.estimate, language, DIGITS) for key in ("net_cost", "break_even"))
    outcome = words.text(f"outcomes.{found['net_cost'].outcome}.short", language)
    yield words.text("economy.elsewhere", language, outcome=outcome, net=net, places=places, low=low, high=high)


def _remark(key: str, values: dict[str, str], language: Language) -> str:
    said = {name: numbers.separated(value, language) for name, value in values.items()}
    return words.text(
        key,
        language,
        **{name: value.replace("-", numbers.MINUS, 1) if value[:1] == "-" else value for name, value in said.items()},
    )
