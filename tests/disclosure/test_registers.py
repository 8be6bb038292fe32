"""Disclosure control of registers: no district, no small number, nothing that gives one away; both languages."""

from __future__ import annotations

import html
import re

import herning
import numpy as np
import pandas as pd
import pytest
from small_groups import LABELS, MANY, PARTS, WANTED, panel, plan
from small_panel_study import study

from sverige_did import words
from sverige_did.design import designs
from sverige_did.disclosure.levels import levels_of
from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import Release, estimates_csv
from sverige_did.disclosure.remarks import NOT_OF_PEOPLE
from sverige_did.errors import InputError
from sverige_did.panel import Panel
from sverige_did.report import render
from sverige_did.report.district_inference import said
from sverige_did.report.headlines import PARTS_OF_SPENDING
from sverige_did.report.unanswered import coarser, unanswered
from sverige_did.results.estimates import Remark
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.sources.panel.coverage import coverage
from sverige_did.sources.panel.frame import to_cells
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.study import Study


def released(cells: Panel, requested: Study) -> Release:
    found = designs(cells, requested)
    made = estimate_panel(cells, requested, found)
    return release_registers(
        study=requested, panel=cells, designs=found, findings=made.findings, methods_tables=made.methods_tables,
        coverage=coverage(cells), left_out=(Remark(key="errors.panel_no_index"),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def many() -> Release:
    return released(panel(MANY), plan())


def status(release: Release, outcome: str, group: str = "treated") -> set[str]:
    return {one.status for one in (*release.levels, *release.windows) if (one.outcome, one.group) == (outcome, group)}


def half_years(cells: Panel, requested: Study, outcome: str, group: str = "treated") -> set[str]:
    """What becomes of the half-years of a group, before years are shown instead of those that are hidden."""
    levels = levels_of(cells, requested)
    mine = [cell for cell in levels.at(outcome, "periods") if cell.group == group]
    return {"hidden" if cell.key in levels.hidden else "shown" for cell in mine}


def test_many_children_are_released_as_levels_of_groups(many: Release) -> None:
    release = many
    assert (release.withheld, release.policy, release.synthetic) == ((), "registers", True)
    assert {one.outcome for one in release.levels} == set(WANTED)
    assert status(release, "institution_share") == {"shown"}
    level = next(one for one in release.levels if one.outcome == "placed_per_1000" and one.group == "treated")
    # 76 children are 38 person-years here, and five children all through a half-year of 181 days are a step.
    step = 5 * 181 / 365
    assert level.level == pytest.approx(1000 * round(38 / step) * step / (4 * 500), rel=1e-5)


def test_few_children_are_withheld_with_everything_that_would_tell_their_number() -> None:
    release = released(panel(MANY | {"network": 3.0}), plan())
    assert {"network_per_1000", "network_share"} <= set(release.withheld)
    assert not {finding.outcome for finding in release.findings} & set(release.withheld)
    assert not {record.outcome for record in release.methods_tables} & set(release.withheld)
    assert status(release, "network_share") == status(release, "network_per_1000") == {"hidden"}
    assert all(one.level is None for one in release.levels if one.status == "hidden")
    assert "shown" in status(release, "network_share", "control"), "its half-years; its windows go with the outcome"


def test_one_hidden_part_hides_another_so_that_the_total_does_not_tell() -> None:
    """All four kinds are on the page only if the plan asks; somebody may print the rest, so all four are looked at."""
    release = released(panel(MANY | {"home_based": 3.0, "institution": 9.0}), plan())
    assert status(release, "institution_per_1000") == {"hidden"}, "the smallest of the others goes with it"
    assert status(release, "placed_per_1000") == {"shown"}


def with_money(cells: Panel) -> Panel:
    """The same placements with a price for each kind, dearer after the start."""
    found = [cells.cells]
    parts = []
    for name, price in zip(PARTS, (0.2, 0.15, 0.45, 1.05), strict=True):
        years = cells.outcome(f"{name}_per_1000")
        amount = years["value"] * np.where(years["period"] >= "2014H1", 1.1 * price, price)
        bought = {"value": amount, "low": amount, "high": amount, "denominator": years["value"], "kind": "money"}
        parts.append(years.assign(outcome=f"price_{name}", **bought))
    total = sum(part["value"] for part in parts)
    whole = cells.outcome("placed_per_1000").assign(outcome="placement_cost", kind="money")
    found += [*parts, whole.assign(value=total, low=total, high=total)]
    return Panel.of(pd.concat(found), synthetic=True)


def test_spending_leaves_in_parts_where_the_number_of_placed_may_and_else_not_at_all() -> None:
    wanted = {"outcome": "placement_cost", "question": "all", "role": "primary", "benefit": "lower"}
    requested = study(outcomes=[wanted | {"scales": ["mio_dkk"]}])
    release = released(with_money(panel(MANY)), requested)
    split = {finding.result.estimator for finding in release.findings} & set(PARTS_OF_SPENDING)
    assert split == set(PARTS_OF_SPENDING)
    for language, price in (("da", "Pris"), ("en", "Price")):
        page = render(release, language)
        assert "<svg" in page.partition('id="spending-placement_cost')[0].rpartition("<figure>")[2]
        assert f'<th scope="col" class="number">{price}</th>' in page
    few = released(with_money(panel(dict.fromkeys(PARTS, 0.9))), requested)
    assert few.withheld == ("placement_cost",)
    assert few.findings == ()
    assert status(few, "placement_cost") == {"hidden"}


def test_a_sum_does_not_tell_the_one_of_its_two_parts_that_is_hidden() -> None:
    few = released(panel(MANY | {"network": 3.0, "institution": 9.0}), plan())
    assert status(few, "institution_share") == {"hidden"}, "the smallest of the others goes with it"
    assert status(few, "family_share") == {"hidden"}, "less the shown foster care it would tell the network care"
    both = released(panel(MANY | {"network": 3.0, "foster": 6.0}), plan())
    assert status(both, "network_share") == {"hidden"}
    assert status(both, "family_share") == {"shown"}, "both its parts are hidden"


def test_a_few_children_placed_nobody_knows_where_are_a_part_too() -> None:
    cells = panel(MANY | {"home_based": 40.0}).cells
    assert status(released(Panel.of(cells, synthetic=True), plan()), "network_share") == {"shown"}
    total = (cells["outcome"] == "placed_total") & (cells["group"] == "treated")
    # Four districts with 0.375 person-years each: three children in a half-year, whom no kind of place holds.
    more = cells["value"].where(~total, cells["value"] + 0.375)
    release = released(Panel.of(cells.assign(value=more, low=more, high=more), synthetic=True), plan())
    assert status(release, "network_share") == {"hidden"}, "the smallest kind goes with them"
    assert status(release, "institution_share") == {"shown"}
    assert status(release, "network_share", "control") == {"shown"}


MOVES, CHANGES, BANDS = (
    ("moved_down_share", "moved_up_share"),
    ("sdq_better_share", "sdq_worse_share"),
    ("sdq_borderline_share", "sdq_abnormal_share"),
)


def with_two_shares(names: tuple[str, str], down: float, up: float, still: float) -> Panel:
    """Children of every treated district who are of the one kind, the other, or neither, in each half-year."""
    cells = panel(MANY)
    first = cells.outcome("institution_share").assign(kind="events", denominator=down + up + still)
    numbers = ("value", "low", "high")
    made = [
        first.assign(outcome=name, **dict.fromkeys(numbers, count))
        for name, count in zip(names, (down, up), strict=True)
    ]
    return Panel.of(pd.concat([cells.cells, *made]), synthetic=True)


@pytest.mark.parametrize(
    ("names", "children", "down", "up"),
    [
        (MOVES, (3, 5, 20), "shown", "shown"),
        (MOVES, (1, 5, 20), "hidden", "shown"),  # four children in all moved down
        (MOVES, (9, 5, 1), "shown", "hidden"),  # the four who moved neither way are the rest of both
        (MOVES, (9, 1, 0), "hidden", "hidden"),  # all but four moved down
        (MOVES, (9, 5, 0), "shown", "hidden"),  # everybody moved
        (CHANGES, (9, 5, 1), "shown", "hidden"),
        (BANDS, (9, 5, 1), "shown", "hidden"),
        (BANDS, (3, 5, 20), "shown", "shown"),
    ],
)
def test_those_of_neither_kind_are_not_told_by_those_of_either(
    names: tuple[str, str], children: tuple[float, float, float], down: str, up: str
) -> None:
    outcomes = [
        {"outcome": name, "question": "all", "role": "exploratory", "benefit": "none", "scales": ["pp"]}
        for name in names
    ]
    assert tuple(half_years(with_two_shares(names, *children), study(outcomes=outcomes), name) for name in names) == (
        {down},
        {up},
    )


@pytest.mark.parametrize(("left", "hidden"), [(1.0, False), (0.1, True)])
def test_a_mean_that_few_leavers_make_is_withheld_however_many_entered(left: float, hidden: bool) -> None:
    made = panel(MANY)
    units = made.cells.drop_duplicates("unit")[["unit", "unit_kind", "group", "treated_from", "stratum"]]
    units, shape = units.reset_index(drop=True), (16, len(LABELS))
    entered, leavers = np.full(shape, 6.0), np.full(shape, 2.0)
    leavers[0] = np.where(np.arange(shape[1]) == 0, 3.0 * left, 2.0 * left)
    leavers[1:4] = 2.0 * left if left == 1.0 else 0.0
    months = 12.0 - leavers
    cells = [
        to_cells("first_exit_time", "mean", units, LABELS, months, entered, "f"),
        to_cells("left_within_year", "events", units, LABELS, leavers, entered, "f"),
    ]
    requested = plan()
    more = requested.outcomes[0].model_copy(update={"outcome": "first_exit_time", "benefit": "none"})
    requested = requested.model_copy(update={"outcomes": (*requested.outcomes, more)})
    release = released(Panel.of(pd.concat([made.cells, *cells]), synthetic=True), requested)
    assert ("first_exit_time" in release.withheld) == hidden
    treated = {
        one.status
        for one in (*release.levels, *release.windows)
        if (one.outcome, one.group) == ("first_exit_time", "treated")
    }
    assert treated == ({"hidden"} if hidden else {"shown"})


@pytest.mark.parametrize("group", ["treated", "control"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_mean_of_a_whole_window_at_the_most_tells_of_everybody_and_is_withheld(group: str, when: str) -> None:
    """Nobody left: everybody stayed the twelve months, and that is known of each of them."""
    made, asked = panel(MANY), plan()
    units = made.cells.drop_duplicates("unit")[["unit", "unit_kind", "group", "treated_from", "stratum"]]
    units, shape = units.reset_index(drop=True), (16, len(LABELS))
    entered, leavers, months = np.full(shape, 6.0), np.full(shape, 2.0), np.full(shape, 9.0)
    treated, before = (units["group"] == "treated").to_numpy(), np.array([label < "2013H2" for label in LABELS])
    here = np.ix_(treated == (group == "treated"), before == (when == "before"))
    leavers[here], months[here] = 0.0, 12.0
    cells = [
        to_cells("first_exit_time", "mean", units, LABELS, months, entered, "f"),
        to_cells("left_within_year", "events", units, LABELS, leavers, entered, "f"),
    ]
    more = [
        asked.outcomes[0].model_copy(update={"outcome": name, "benefit": "none"})
        for name in ("first_exit_time", "left_within_year")
    ]
    asked = asked.model_copy(update={"outcomes": (*asked.outcomes, *more)})
    release = released(Panel.of(pd.concat([made.cells, *cells]), synthetic=True), asked)
    assert "first_exit_time" in release.withheld
    assert not [one for one in release.findings if one.outcome == "first_exit_time"]


def test_a_share_that_is_the_whole_in_a_window_is_withheld_and_one_of_nobody_is_not() -> None:
    first, second = MOVES
    outcomes = [
        {"outcome": name, "question": "all", "role": "exploratory", "benefit": "none", "scales": ["pp"]}
        for name in MOVES
    ]
    release = released(with_two_shares(MOVES, 9.0, 0.0, 0.0), study(outcomes=outcomes))
    assert release.withheld == (first,)
    nobody = released(with_two_shares(MOVES, 0.0, 0.0, 0.0), study(outcomes=outcomes))
    assert second not in nobody.withheld


REMARKS = [
    # key, name of the number, number, and what is told of it under a threshold of 5
    ("errors.panel_other_informant", "count", "1", "<5"),
    ("errors.panel_out_of_age", "count", "4", "<5"),
    ("errors.panel_no_total", "count", "7", "≈5"),
    ("errors.panel_no_norm", "count", "3", "<5"),
    ("errors.panel_no_added_value", "count", "2", "<5"),
    ("errors.panel_no_price", "count", "1", "<5"),
    ("errors.panel_no_place", "count", "4", "<5"),
    ("errors.panel_no_district", "count", "12.5", "<25"),  # of five years: one child can have five of them
    ("errors.panel_no_district", "count", "26", "≈25"),
    ("errors.panel_no_index", None, None, None),
    ("errors.panel_not_yet", "count", "1", "1"),  # districts
]


@pytest.mark.parametrize(("key", "name", "number", "told"), REMARKS)
def test_a_remark_tells_no_small_number_of_people(
    key: str, name: str | None, number: str | None, told: str | None
) -> None:
    cells, asked = panel(MANY), plan()
    values = {} if name is None else {name: number, "last": "2014-07-01", "follow_up": "2014-12-31"}
    remark = Remark(key=key, values=values)
    found = designs(cells, asked)
    record = MethodsRecord(outcome=WANTED[0], scale="pp", verdict="refused", remarks=(remark,))
    release = release_registers(
        study=asked, panel=cells, designs=found, findings=(), methods_tables=(record,), coverage=(), left_out=(remark,)
    )
    expected = values if name is None else values | {name: told}
    told_twice = (*release.left_out, *release.methods_tables[0].remarks)
    assert [one.model_dump()["values"] for one in told_twice] == [expected] * 2
    if told and told.startswith("<"):
        for language, text in (("da", f"Færre end {told[1:]} "), ("en", f"Fewer than {told[1:]} ")):
            page = render(release, language)
            assert page.count(text) >= 2
            assert said(release.left_out[0], language) in html.unescape(page)


def test_every_remark_on_what_was_left_out_is_one_of_people_or_of_districts() -> None:
    """A new one is taken for one of people unless it is named here as one that is not."""
    assert "errors.panel_not_yet" in NOT_OF_PEOPLE
    for key in NOT_OF_PEOPLE:
        text = words.text(key, "en", count="1", found="1", last="", follow_up="")
        assert not re.search("child|form|placements?\\b.*left out|questionnaire", text), key


def test_a_mean_at_the_most_that_there_is_says_the_same_of_everybody_and_is_hidden() -> None:
    made = panel(MANY)
    units = made.cells.drop_duplicates("unit")[["unit", "unit_kind", "group", "treated_from", "stratum"]]
    months = np.full((16, len(LABELS)), 11.0)
    months[:, 0], months[0, 1] = 12.0, 11.9
    cells = to_cells(
        "first_exit_time", "mean", units.reset_index(drop=True), LABELS, months, np.full(months.shape, 3.0), "f"
    )
    requested = plan()
    more = requested.outcomes[0].model_copy(update={"outcome": "first_exit_time", "benefit": "none"})
    requested = requested.model_copy(update={"outcomes": (*requested.outcomes, more)})
    whole = Panel.of(pd.concat([made.cells, cells]), synthetic=True)
    release, levels = released(whole, requested), levels_of(whole, requested)
    hidden = [cell for cell in levels.at("first_exit_time", "periods") if cell.key in levels.hidden]
    assert {(cell.group, cell.label) for cell in hidden} == {("treated", LABELS[0]), ("control", LABELS[0])}
    assert status(release, "first_exit_time") == {"shown"}, "by years, of which none is at the most"
    assert release.withheld == ()


def test_the_threshold_is_the_plans() -> None:
    few = panel(MANY | {"network": 3.0})
    assert released(few, plan(hidden_below=3)).withheld == ()


def test_no_district_leaves(many: Release) -> None:
    release = many
    text = release.model_dump_json() + estimates_csv(release) + render(release, "da") + render(release, "en")
    assert "distrikt-" not in text


def test_the_page_tells_it_in_both_languages_with_the_same_numbers() -> None:
    release = released(panel(MANY | {"network": 3.0}), plan())
    pages = {language: render(release, language) for language in ("da", "en")}
    assert "skjult" in pages["da"]
    assert "hidden" in pages["en"]
    for language, page in pages.items():
        for anchor in ("methods_tables", "levels", "coverage"):
            assert f'<section id="{anchor}"' in page
        assert page.count("SYNTETISKE DATA" if language == "da" else "SYNTHETIC DATA") >= 2 * len(
            release.methods_tables
        )
    tables = [re.findall(r'<td class="number">([^<]*)</td>', page) for page in pages.values()]
    plain = [
        [re.sub(r"[.,]", "", cell.replace(" til ", " to ")) for cell in cells if re.search(r"\d", cell)]
        for cells in tables
    ]
    assert plain[0] == plain[1]


def test_findings_of_another_plan_stay_inside() -> None:
    cells, requested = panel(MANY), plan()
    found = designs(cells, requested)
    made = estimate_panel(cells, requested, found)
    with pytest.raises(InputError) as caught:
        release_registers(
            study=requested.model_copy(update={"title": requested.question}), panel=cells, designs=found,
            findings=made.findings, methods_tables=made.methods_tables, coverage=(),
        )  # fmt: skip
    assert caught.value.problems[0].key == "other_plan"


def test_published_figures_do_not_leave_by_this_door() -> None:
    published = herning.plan()
    with pytest.raises(InputError) as caught:
        release_registers(study=published, panel=panel(MANY), designs=(), findings=(), methods_tables=(), coverage=())
    assert caught.value.problems[0].key == "not_registers"


def test_what_cannot_be_answered_stands_with_what_would_let_it() -> None:
    """From the release alone: what is withheld names the coarser number of the same children that is shown."""
    release = released(panel(MANY | {"network": 3.0}), plan())
    assert coarser(release, "network_share") == ("family_share",)
    for language, longer in (("da", "flere kommuner sammen"), ("en", "several municipalities together")):
        table = unanswered(release, language)  # type: ignore[arg-type]
        assert table is not None
        rows = {row[0]: row for row in table.rows}
        own, family = (words.text(f"outcomes.{name}.short", language) for name in ("network_share", "family_share"))  # type: ignore[arg-type]
        assert longer in rows[own][2]
        assert family in rows[own][2]
        page = html.unescape(render(release, language))  # type: ignore[arg-type]
        assert words.text("unanswered.heading", language) in page  # type: ignore[arg-type]
    assert unanswered(release.model_copy(update={"withheld": (), "given_up": ()}), "en") is None
    assert unanswered(release.model_copy(update={"policy": "tables"}), "en") is None
