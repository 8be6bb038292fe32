"""Nothing in the package is about one study: other names give the same numbers, and a study may print its counts."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from herning import DATA, PLAN, evidence
from small_published import AFTER, BEFORE, CONTRADICTION, FACTS, WANTED, Fact, fact_id, write

from sverige_did.design import designs
from sverige_did.errors import InputError
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.published import Feasible
from sverige_did.sources.published.facts import read_facts
from sverige_did.sources.published.panel import to_panel
from sverige_did.studies.published.estimate import findings
from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.group_tables import all_tables, every_reading
from sverige_did.studies.published.posterior import closed_forms, jobs
from sverige_did.studies.published.printed_counts import contradicted
from sverige_did.studies.published.sensitivity import sensitivity_analyses
from sverige_did.study.read import read_study

PACKAGE = Path(__file__).parents[3] / "sverige_did"


def load(folder: Path) -> tuple[Evidence, tuple[Feasible, ...]]:
    study = read_study(folder / "study.yaml")
    facts = read_facts(folder / "data" / "published.csv", hard_stop=study.periods.hard_stop)
    found = every_reading(study, facts)
    return Evidence(study, facts, designs(to_panel(facts, study), study), all_tables(study, facts, found), found), found


def herning_ids() -> list[str]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return [row["fact_id"] for row in csv.DictReader(file)]


def herning_readings() -> set[str]:
    return {reading.key for reading in read_study(PLAN).readings}


# --- the same figures under other names -------------------------------------------------------------------------------


def renamed(text: str, names: dict[str, str]) -> str:
    pattern = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.sub(rf"\b({pattern})\b", lambda found: names[found[1]], text)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, tuple[Feasible, ...], dict[str, str]]:
    """The published study in another folder, where its facts (in another order) and its readings have other names."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "data").mkdir()
    ids = herning_ids()
    names = {name: f"kilde-{len(ids) - at:03d}" for at, name in enumerate(ids)}
    names |= {name: f"L{name[1:]}x" for name in herning_readings()}
    for path in (PLAN, PLAN.with_name("readings.yaml"), PLAN.with_name("areas.yaml")):
        text = renamed(path.read_text("utf-8"), names).replace("study: herning", "study: elsewhere")
        (folder / path.name).write_text(text, "utf-8")
    (folder / "data" / "published.csv").write_text(renamed(DATA.read_text("utf-8"), names), "utf-8")
    return *load(folder), names


def numbers(values: tuple[object, ...], back: Callable[[str], str], **apart: None) -> list[object]:
    """Values as JSON with the old names, sorted where only names decide the order, less what is apart."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items() if key not in apart}
        if isinstance(value, list):
            items = [plain(item) for item in value]
            return sorted(items) if all(isinstance(item, str) for item in items) else items
        return value

    return [plain(json.loads(back(value.model_dump_json()))) for value in values]  # type: ignore[attr-defined]


def test_herning_under_other_names_gives_the_same_numbers(elsewhere) -> None:
    other, _, names = elsewhere
    back = {new: old for old, new in names.items()}
    apart: dict[str, None] = dict.fromkeys(("plan_sha256", "study"))
    mine = evidence()
    assert {fact.fact_id for fact in other.facts}.isdisjoint(fact.fact_id for fact in mine.facts)
    for made in (findings, sensitivity_analyses, closed_forms, lambda known: known.tables):
        theirs = numbers(made(other), lambda text: renamed(text, back), **apart)
        assert theirs == numbers(made(mine), str, **apart)
    assert [renamed(job.name, back) for job in jobs(other)] == [job.name for job in jobs(mine)]


def test_the_package_names_no_fact_and_no_reading_of_a_study() -> None:
    named = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in [*herning_ids(), *herning_readings()]))
    assert named.search("the share of F086a")  # the pattern can find something
    files = [path for path in PACKAGE.rglob("*.py") if "words" not in path.parts]
    assert len(files) > 100
    # H1 and H2 are also the halves of a year
    astray = {
        path.name: found.group()
        for path in files
        for found in named.finditer(
            re.sub(r'"H[12]"|2020-H2|\d{4}H[12]|:\.0f}H2|\]}H[12]"', "", path.read_text("utf-8"))
        )
        if not found.group().startswith("F401")
    }
    assert astray == {}


# --- a study that prints its counts -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, tuple[Feasible, ...]]:
    return load(write(tmp_path_factory.mktemp("printed"), FACTS))


def estimate_of(made: Evidence, outcome: str, estimator: str, scale: str) -> tuple[float, float | None, float | None]:
    (found,) = [
        item.result
        for item in findings(made)
        if (item.outcome, item.result.estimator, item.result.scale) == (outcome, estimator, scale)
    ]
    return found.estimate, found.lower, found.upper


def test_printed_counts_are_the_table_and_need_no_assumption(printed) -> None:
    made, found = printed
    (table,) = made.tables_of("institution_share")["all"]
    assert (table.events, table.totals) == (((14, 7), (40, 41)), ((50, 48), (160, 158)))
    assert table.assumptions == ()
    assert all(item.consistent for item in found)
    point, _, _ = estimate_of(made, "institution_share", "did_identity", "pp")
    assert point == pytest.approx(100 * (7 / 48 - 14 / 50 - 41 / 158 + 40 / 160))
    twin = estimate_of(made, "institution_per_1000", "poisson_exact", "ratio")
    assert twin[0] == pytest.approx(
        7 / 14 / (41 / 40), rel=0.01
    )  # the exact test's estimate is conditional on the sums


def test_a_percentage_of_a_printed_number_is_that_many_children(printed) -> None:
    # 2 of 48 are 4.17 %, 12 of 158 are 7.59 %; no other whole numbers round to 4.2 and 7.6 %
    point, low, high = estimate_of(printed[0], "breakdowns", "rate_ratio", "ratio")
    assert point == pytest.approx(4.2 / 7.6)
    assert low is not None
    assert high is not None
    assert low < (2 / 48) / (12 / 158) < high
    share = estimate_of(printed[0], "breakdowns", "proportion", "share")
    assert share[1:] == pytest.approx((0.00508, 0.14254), abs=1e-4)  # Clopper-Pearson for 2 of 48


def test_a_percentage_of_nobody_knows_how_many_has_only_its_rounding(printed) -> None:
    point, low, high = estimate_of(printed[0], "complaints", "rate_ratio", "ratio")
    assert (point, low, high) == pytest.approx((0.7, 1.35 / 2.05, 1.45 / 1.95))


def test_money_of_two_groups_of_unknown_size_is_not_put_on_one_footing(printed) -> None:
    kinds = {item.result.estimator for item in findings(printed[0]) if item.outcome == "placement_spending"}
    assert kinds == {"before_after", "did"}


@pytest.mark.parametrize("outcome", ["institution_share", "placed_total", "breakdowns", "placement_spending"])
def test_every_outcome_is_estimated_without_herning_s_assumptions(printed, outcome: str) -> None:
    assert any(item.outcome == outcome for item in findings(printed[0]))


# --- figures that contradict each other -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def contradictory(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, tuple[Feasible, ...]]:
    return load(write(tmp_path_factory.mktemp("contradictory"), [*FACTS, CONTRADICTION]))


def test_three_figures_that_no_whole_children_fit_are_named_together(contradictory) -> None:
    _, found = contradictory
    (wrong,) = [item for item in found if not item.consistent]
    assert (wrong.outcome, wrong.reading) == ("family_share", "printed_treated")
    about = ("count", "level", "total")
    assert wrong.conflicts == (tuple(f"family_share-{measure}-treated-2021" for measure in about),)


@pytest.mark.parametrize("without", ["count", "total", "level"])
def test_any_two_of_them_can_be_true(tmp_path: Path, without: str) -> None:
    facts = [fact for fact in [*FACTS, CONTRADICTION] if fact_id(fact) != f"family_share-{without}-treated-2021"]
    assert all(item.consistent for item in load(write(tmp_path, facts))[1])


def test_the_others_go_on_as_if_it_were_not_there(contradictory, printed) -> None:
    apart: dict[str, None] = {"plan_sha256": None}
    others = tuple(item for item in findings(printed[0]) if item.outcome != "family_share")
    assert numbers(findings(contradictory[0]), str, **apart) == numbers(others, str, **apart)
    assert "family_share" in WANTED


def test_nothing_is_made_of_the_percentages_of_an_outcome_whose_counts_contradict_them(tmp_path: Path) -> None:
    levels: list[Fact] = [
        ("family_share", "level", "percent", group, day, value, 0.5)
        for group, day, value in (("treated", BEFORE, 40.0), ("control", BEFORE, 41.0), ("control", AFTER, 44.0))
    ]
    torn, found = load(write(tmp_path, [*(one for one in FACTS if one[1] != "level"), CONTRADICTION, *levels]))
    assert any(item.outcome == "family_share" and not item.consistent for item in found)
    assert {fact.group for fact in torn.facts if fact.unit == "percent" and fact.outcome == "family_share"} == {
        "treated", "control",
    }, "there are percentages"  # fmt: skip
    assert not [item for item in findings(torn) if item.outcome == "family_share"]


# What cannot be true, what nothing may be computed of then, and of which outcome something still is.
TORN: dict[str, tuple[list[Fact], set[str]]] = {
    "counts of the treated": ([CONTRADICTION], {"family_share"}),
    "counts of the control group": (
        [("institution_share", "level", "percent", "control", AFTER, 40.0, 0.5)],
        {"institution_share", "institution_per_1000"},
    ),
    "a change beside percentages": (
        [
            ("complaints", "level", "percent", "treated", BEFORE, 3.0, 0.05),
            ("complaints", "level", "percent", "control", BEFORE, 3.0, 0.05),
            ("complaints", "change", "pp", "treated", AFTER, 1.6, 0.05),
        ],
        {"complaints"},
    ),
    "a relative change beside counts": (
        [("placed_total", "ratio_change", "percent", "treated", AFTER, 25.0, 0.5)],
        {"placed_total", "institution_per_1000"},
    ),
    "a change of children beside counts": (
        [("placed_total", "change", "children", "control", AFTER, 2.0, 0.0)],
        {"placed_total", "institution_per_1000"},
    ),
}


@pytest.mark.parametrize("case", TORN)
def test_nothing_at_all_is_computed_of_what_cannot_be_true_or_is_made_of_it(case: str, tmp_path: Path, printed) -> None:
    more, torn = TORN[case]
    known, found = load(write(tmp_path, [*FACTS, *more]))
    assert known.contradicted == torn
    assert contradicted(known.study, found) == torn

    def computed(evidence: Evidence) -> dict[str, set[str]]:
        return {
            "estimates": {item.outcome for item in findings(evidence)},
            "posteriors": {job.table.outcome for job in jobs(evidence)},
            "closed": {item.outcome for item in closed_forms(evidence)},
            "checks": {check.outcome for check in sensitivity_analyses(evidence)},
            "tables": {name for name in WANTED if evidence.tables_of(name)},
        }

    with_all, without = computed(printed[0]), computed(known)
    assert without == {kind: names - torn for kind, names in with_all.items()}


def test_what_rests_on_a_whole_that_cannot_be_true_has_no_table_of_a_reading() -> None:
    mine = evidence()
    count = next(fact for fact in mine.facts if fact.outcome == "institution_children" and fact.measure == "count")
    more = [
        count.model_copy(update={"fact_id": f"P{at}", "outcome": "placed_total", "value": number, "period_start": day,
                                 "period_end": day})
        for at, (number, day) in enumerate(((48.0, date(2013, 6, 30)), (60.0, date(2014, 12, 31))))
    ]  # fmt: skip
    facts = (*mine.facts, *more)
    found = every_reading(mine.study, facts)
    known = replace(mine, facts=facts, tables=all_tables(mine.study, facts, found), feasible=found)
    assert known.contradicted == {"placed_total", "institution_per_1000"}
    assert mine.tables_of("institution_share")
    assert not known.tables_of("institution_share")
    assert not [item for item in (*findings(known), *closed_forms(known)) if item.reading != "all"]
    assert any(item.outcome == "institution_share" for item in findings(known)), "its percentages are printed"


def test_a_reading_that_rests_on_a_figure_that_cannot_be_true_has_no_table() -> None:
    mine = evidence()
    level = next(fact for fact in mine.facts if fact.fact_id == "F080")
    days = {"period_start": date(2013, 6, 30), "measure": "change", "unit": "pp", "value": 12.0}
    facts = (*mine.facts, level.model_copy(update={"fact_id": "P1", **days}))
    found = every_reading(mine.study, facts)
    known = replace(mine, facts=facts, tables=all_tables(mine.study, facts, found), feasible=found)
    assert known.contradicted == {"institution_share", "institution_per_1000"}
    resting = {one.reading for one in found if one.consistent and {"F079", "F080"} & set(one.facts)}
    assert resting & set(mine.tables_of("placed_total"))
    assert not resting & set(known.tables_of("placed_total"))
    assert any(item.outcome == "placed_total" for item in findings(known)), "its relative changes are printed"


def test_more_children_than_there_are_is_a_contradiction_of_two(tmp_path: Path) -> None:
    more: Fact = ("sdq_abnormal_share", "count", "children", "treated", AFTER, 9, 0)
    all_of_them: Fact = ("sdq_abnormal_share", "total", "children", "treated", AFTER, 8, 0)
    outcome = {
        "outcome": "sdq_abnormal_share",
        "question": "all",
        "role": "primary",
        "benefit": "lower",
        "scales": ["pp"],
    }
    _, found = load(write(tmp_path, [more, all_of_them], outcomes=[outcome]))
    assert [item.conflicts for item in found] == [((fact_id(more), fact_id(all_of_them)),)]
    assert "sdq_abnormal_share" in CATALOGUE


def test_a_reading_that_contradicts_itself_is_named_and_the_others_go_on() -> None:
    # 100 children in the two lost steps, of 67 placed in all
    mine = evidence()
    facts = tuple(fact.model_copy(update={"value": 100.0}) if fact.fact_id == "F070" else fact for fact in mine.facts)
    found = every_reading(mine.study, facts)
    stock = next(item for item in found if item.reading == "H1")
    assert stock.tables == ()
    assert any({"F070", "F062"} <= set(conflict) for conflict in stock.conflicts)
    known = replace(mine, facts=facts, tables=all_tables(mine.study, facts, found))
    assert set(known.tables_of("institution_share")) == {"H2"}
    assert {item.reading for item in findings(known)} == {"all", "H2"}
    assert sensitivity_analyses(known)
    assert jobs(known)


def test_a_prior_that_the_plan_lacks_is_named(tmp_path: Path) -> None:
    known, _ = load(write(tmp_path, FACTS, priors=[]))
    with pytest.raises(InputError) as caught:
        sensitivity_analyses(known)
    assert (caught.value.problems[0].key, caught.value.problems[0].expected) == ("plan_prior_missing", "effect")
