"""What must hold within the registers of a study of cases: one function a rule, each names the rows that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.headers import fold, nearest
from sverige_did.sources.registers.rule import Severity, at_cells, at_rows
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.study.cases import CaseStudy

LATE, MANY = 180, 10
"""Where so many cases during could begin until so few days before the extraction, some must still wait."""

DATES = ("decided", "measure", "closed")
WAVES = {"before": "før / before", "during": "under / during"}
"""How messages name a wave: as either kind of delivery writes it."""


class CaseDelivery(NamedTuple):
    """Everything a rule may look at: the tables by register name, and the plan."""

    tables: Mapping[str, RegisterTable]
    study: CaseStudy


Rule = Callable[[RegisterTable, CaseDelivery], Iterator[Problem]]


def problems_between(delivery: CaseDelivery) -> Iterator[Problem]:
    """What breaks a rule, rule by rule; a study of cases cannot do without its cases."""
    for name, rules in RULES.items():
        if name in delivery.tables:
            for rule in rules:
                yield from rule(delivery.tables[name], delivery)
    if "survey" in delivery.tables and delivery.study.survey is None:
        yield Problem("case_survey_unplanned", file=delivery.tables["survey"].file, severity="warning")
    if "survey" not in delivery.tables and delivery.study.survey is not None:
        yield Problem("case_survey_missing", severity="warning")


def municipality_keys(table: RegisterTable, study: CaseStudy) -> pd.Series[str]:
    """The key of each row's municipality, however it is spelled; missing where the plan has none of that name."""
    keys = {fold(name): one.key for one in study.municipalities for name in (one.name, one.key)}
    return table.frame["municipality"].map(lambda name: keys.get(fold(name)), na_action="ignore").astype("str")


def municipalities_known(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """A municipality that the plan does not have."""
    names = [one.name for one in delivery.study.municipalities]
    strange = table.frame["municipality"].notna() & municipality_keys(table, delivery.study).isna()
    return at_cells(
        table, "case_municipality", "municipality", strange, lambda name: nearest(name, names) or ", ".join(names)
    )


def nothing_before_the_referral(table: RegisterTable, _: CaseDelivery) -> Iterator[Problem]:
    """A decision, a measure or a closing before the case was referred."""
    for name in DATES:
        yield from _out_of_order(table, "referred", name, f"case_{name}_first")


def _out_of_order(
    table: RegisterTable, earlier: str, later: str, key: str, *, of: str | None = None
) -> Iterator[Problem]:
    """A date of the column ``later`` before the one of ``earlier``; told of the column ``of``, or else of the later."""
    first, then = table.frame[earlier], table.frame[later]
    column = of or later
    wrong = then < first
    for row in wrong.index[wrong]:
        found, limit = (then, first) if column == later else (first, then)
        yield Problem(key, file=table.file, row=int(row), column=column, found=f"{found[row]:%Y-%m-%d}",
                      expected=f"{'≥' if column == later else '≤'} {limit[row]:%Y-%m-%d}")  # fmt: skip


def nothing_after_the_extraction(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """A date later than the day on which the registers were extracted."""
    last = delivery.study.periods.extracted
    for name in ("referred", *DATES):
        late = table.frame[name] > pd.Timestamp(last)
        for row in late.index[late]:
            found = f"{table.frame[name].loc[row]:%Y-%m-%d}"
            yield Problem("case_after_extraction", file=table.file, row=int(row), column=name, found=found,
                          expected=f"≤ {last}")  # fmt: skip


def closings_are_complete(table: RegisterTable, _: CaseDelivery) -> Iterator[Problem]:
    """A closing date without its reason, a reason without its date, and a reason that the dates contradict."""
    frame = table.frame
    reason, closed, measure = frame["close_reason"], frame["closed"].notna(), frame["measure"]
    without = reason == "no_measure"
    yield from at_rows(table, closed & reason.isna(), "case_closed_why", "close_reason")
    yield from at_rows(table, ~closed & reason.notna(), "case_closed_when", "closed")
    yield from at_rows(table, without & measure.notna(), "case_closed_without", "close_reason")
    yield from at_rows(table, (reason == "after_measure") & measure.isna(), "case_closed_after", "measure")
    yield from _out_of_order(table, "measure", "closed", "case_measure_after_closing", of="measure")
    yield from _out_of_order(table, "decided", "closed", "case_decided_after_closing", of="decided")


def something_happened(table: RegisterTable, _: CaseDelivery) -> Iterator[Problem]:
    """No first measure in any case: a column that nobody filled in, and no wait that ever ended."""
    if len(table.frame) and table.frame["measure"].isna().all():
        yield Problem("case_no_measure", file=table.file, column="measure")


def filled_throughout_or_not_at_all(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """Case types or caseworkers that some of the cases have and others lack: then neither is used, for any case.

    Cases of which nobody knows whether the exemption covered them can be neither estimated on nor a placebo.
    """
    study, frame = delivery.study, table.frame
    asked: tuple[tuple[str, bool, Severity], ...] = (
        ("exempt", study.only_exempt, "error"),
        ("caseworker", study.cluster == "caseworker", "warning"),
    )
    for column, used, severity in asked:
        blank = frame[column].isna()
        if used and blank.any() and not blank.all():
            yield Problem(f"case_{column}_partly", file=table.file, row=int(blank.index[blank][0]), column=column,
                          severity=severity, values={"count": int(blank.sum())})  # fmt: skip
    if study.only_exempt and len(frame) and (frame["exempt"] == "no").all():
        yield Problem("case_none_exempt", file=table.file, column="exempt")


def begun_in_a_window(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """Cases that begin in neither window are left out: the first is named, with how many there are."""
    arm = arms(table.frame["referred"], delivery.study)
    out = arm.isna() & table.frame["referred"].notna()
    if out.any():
        windows = (delivery.study.periods.before, delivery.study.periods.during)
        expected = ", ".join(f"{one.first} – {one.last}" for one in windows)
        yield Problem("case_outside", file=table.file, row=int(out.index[out][0]), column="referred", expected=expected,
                      severity="warning", values={"count": int(out.sum())})  # fmt: skip


def arms(referred: pd.Series[pd.Timestamp], study: CaseStudy) -> pd.Series[str]:
    """``before`` or ``during`` by the day on which a case begins; missing in neither window."""
    arm = pd.Series(None, index=referred.index, dtype="str")
    for name, window in (("before", study.periods.before), ("during", study.periods.during)):
        arm[referred.between(pd.Timestamp(window.first), pd.Timestamp(window.last))] = name
    return arm


def both_arms_everywhere(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """No case at all before or during; a municipality without any; all of them from one municipality."""
    study = delivery.study
    arm, place = arms(table.frame["referred"], study), municipality_keys(table, study)
    for name in ("before", "during"):
        if not (arm == name).any():
            window = getattr(study.periods, name)
            yield Problem(f"case_none_{name}", file=table.file, column="referred",
                          expected=f"{window.first} – {window.last}")  # fmt: skip
    known = place.dropna().unique()
    if len(study.municipalities) > 1 and len(known) == 1:
        yield Problem("case_one_municipality", file=table.file, column="municipality", found=study.name_of(known[0]),
                      expected=", ".join(one.name for one in study.municipalities))  # fmt: skip
        return
    seen = pd.crosstab(place, arm)
    for one in study.municipalities:
        for name in ("before", "during"):
            if not (one.key in seen.index and name in seen.columns and seen.loc[one.key, name]) and (arm == name).any():
                yield Problem(f"case_arm_empty_{name}", file=table.file, column="municipality", found=one.name,
                              severity="warning")  # fmt: skip


def not_only_finished(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """No case during still waits, though cases could begin until shortly before the extraction: only finished ones were
    picked, it seems.

    Then the cases during the trial are the quick ones (right truncation), and no estimate can mend it.
    """
    frame, periods = table.frame, delivery.study.periods
    during = arms(frame["referred"], delivery.study) == "during"
    waiting = frame["measure"].isna() & frame["closed"].isna()
    gap = (periods.extracted - periods.during.last).days
    if during.sum() >= MANY and not waiting[during].any() and gap < LATE:
        yield Problem("case_only_finished", file=table.file, column="measure", severity="warning",
                      values={"days": gap})  # fmt: skip


def caseworkers_of_one_municipality(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """A pseudonym of a caseworker that stands in two municipalities; it is never named."""
    place = municipality_keys(table, delivery.study)
    many = place.groupby(table.frame["caseworker"]).transform("nunique") > 1
    if many.any():
        yield Problem("case_caseworker_twice", file=table.file, row=int(many.index[many][0]), column="caseworker",
                      severity="warning", values={"count": table.frame["caseworker"][many].nunique()})  # fmt: skip


def survey_fits_the_plan(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """A statement that the plan has not, an answer beyond its scale, and a wave to which nobody was invited."""
    survey = delivery.study.survey
    if survey is None:
        return
    items = [one.key for one in survey.items]
    names = table.frame["item"]
    yield from at_cells(
        table, "case_survey_item", "item", names.notna() & ~names.isin(items),
        lambda name: nearest(name, items) or ", ".join(items),
    )  # fmt: skip
    high = table.frame["answer"] > survey.points
    yield from at_cells(table, "reg_out_of_range", "answer", high, lambda _: f"1–{survey.points}")


def respondents_were_invited(table: RegisterTable, delivery: CaseDelivery) -> Iterator[Problem]:
    """Groups with more respondents than were invited, or to which nobody was, and groups too small to be told of."""
    study = delivery.study
    if study.survey is None:
        return
    invited = {(one.municipality, one.wave): one.number for one in study.survey.invited}
    frame = table.frame.assign(place=municipality_keys(table, study)).dropna(subset=["place", "wave", "respondent"])
    frame = frame[frame["wave"].isin(WAVES)]  # another word is told by its row
    counted = frame.groupby(["place", "wave"])["respondent"].nunique().reset_index()
    for place, wave, respondents in counted.itertuples(index=False, name=None):
        where: dict[str, object] = {"municipality": study.name_of(place), "wave": WAVES[wave]}
        number = invited.get((place, wave))
        if number is None:
            yield Problem("case_survey_uninvited", file=table.file, column="wave", values=where)
        elif respondents > number:
            yield Problem("case_survey_too_many", file=table.file, column="respondent", found=f"{respondents}",
                          expected=f"≤ {number}", values=where)  # fmt: skip
        if respondents < study.hidden_below:
            key = "case_survey_one" if respondents == 1 else "case_survey_few"
            yield Problem(key, file=table.file, column="respondent", severity="warning",
                          values=where | {"limit": study.hidden_below})  # fmt: skip
    twice = frame.groupby(["respondent", "wave"])["place"].transform("nunique") > 1
    if twice.any():
        yield Problem("case_respondent_twice", file=table.file, row=int(twice.index[twice][0]), column="respondent")


RULES: dict[str, tuple[Rule, ...]] = {
    "cases": (
        municipalities_known,
        nothing_before_the_referral,
        nothing_after_the_extraction,
        closings_are_complete,
        something_happened,
        filled_throughout_or_not_at_all,
        begun_in_a_window,
        both_arms_everywhere,
        not_only_finished,
        caseworkers_of_one_municipality,
    ),
    "survey": (municipalities_known, survey_fits_the_plan, respondents_were_invited),
}
"""The rules of each register."""
