"""Herning's printed figures: the table they leave in one reading, and what they contradict in the others."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from sverige_did.errors import InputError
from sverige_did.sources.published.contradictions import relaxations, solve
from sverige_did.sources.published.facts import read_facts
from sverige_did.studies.published.readings import problems
from sverige_did.study.read import read_study

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "data" / "herning" / "published.csv"
PLAN = read_study(ROOT / "analyses" / "herning" / "study.yaml").reconstruction
assert PLAN is not None


def person_years(facts, *, family=False, cap=None):
    """H2; ``cap`` is the largest base at the two dates, from Figure 1 unless given."""
    task = problems(PLAN, facts)[int(family)]
    tops = cap or upper_steps(facts)
    return replace(task, unknowns=tuple(_capped(unknown, tops) for unknown in task.unknowns))


def _capped(unknown, tops):
    return replace(unknown, high=tops[int(not unknown.name.endswith("_0"))])


def stock(facts, *, middle="network"):
    """H1, where the middle column of Figure 1 is network care, and H3, where it is home-based."""
    return problems(PLAN, facts)[{"network": 2, "home": 3}[middle]]


def same_numerator(facts):
    return problems(PLAN, facts)[4]


def upper_steps(facts):
    """Cases above the step prevention at both dates: no more children can be placed."""
    return tuple(
        unknown.high for unknown in problems(PLAN, facts)[0].unknowns if unknown.name in {"placed_0", "placed_1"}
    )


@pytest.fixture(scope="module")
def facts():
    return read_facts(PUBLISHED)


@pytest.fixture(scope="module")
def h1(facts):
    return relaxations(stock(facts))


@pytest.fixture(scope="module")
def h3(facts):
    return relaxations(stock(facts, middle="home"))


def named(found, table):
    return dict(zip(found.unknowns, table, strict=True))


def test_figure_1_allows_67_and_58_placed(facts):
    assert upper_steps(facts) == (190 - 46 - 77, 198 - 63 - 77)


def test_person_years_have_one_table_checked_by_hand(facts):
    # 12/48 = 25 %, 6/45 = 13.3 %, 3/45 = 6.7 %, 45/48 = −6.25 %, 3/45 − 2/48 = +2.5 pp, 1/45 = 2.2 %
    found = solve(person_years(facts))
    assert found.consistent
    assert [named(found, table) for table in found.tables] == [
        {
            "placed_0": 48,
            "institution_0": 12,
            "network_0": 2,
            "placed_1": 45,
            "institution_1": 6,
            "network_1": 3,
            "breakdowns": 1,
        }
    ]


def slow_person_years(cap):
    """The same figures in exact fractions, one base after another."""
    tables = set()
    for p0 in range(1, cap + 1):
        for p1 in [p for p in range(1, cap + 1) if _prints(100 * p - 100 * p0, p0, -6)]:
            before = [i for i in range(p0 + 1) if _prints(100 * i, p0, 25)]
            after = [i for i in range(p1 + 1) if _prints(100 * i, p1, 13)]
            network = [n for n in range(p1 + 1) if _prints(100 * n, p1, 7)]
            broken = [b for b in range(p1 + 1) if _prints(1000 * b, p1, 22)]
            for i0, i1, n1, b in ((i, j, n, b) for i in before for j in after for n in network for b in broken):
                starts = [n for n in range(p0 - i0 + 1) if _prints(100 * n1 * p0 - 100 * n * p1, p0 * p1, 3)]
                tables |= {(p0, i0, n0, p1, i1, n1, b) for n0 in starts if i1 + n1 <= p1}
    return sorted(tables)


def _prints(top, bottom, printed):
    return abs(Fraction(top, bottom) - printed) <= Fraction(1, 2)


@pytest.mark.parametrize("cap", [94, 100])
def test_no_other_base_below_95_fits(facts, cap):
    found = solve(person_years(facts, cap=(cap, cap)))
    assert list(found.tables) == slow_person_years(cap)
    assert {table[0] for table in found.tables if table[0] < 95} == {48}
    assert (len(found.tables) == 1) == (cap < 95)


def test_the_base_stands_without_the_breakdowns_as_long_as_figure_1_caps_it(facts):
    def bases(cap):
        task = person_years(facts, cap=cap)
        rules = tuple(rule for rule in task.constraints if rule.facts != ("F116",))
        return {table[0] for table in solve(replace(task, constraints=rules)).tables}

    assert bases(None) == {48}
    assert {48, 65} < bases((94, 94))


def test_foster_care_stays_wide_open(facts):
    found = solve(person_years(facts, family=True))
    assert found.outcome == "family_share"
    assert found.intervals["placed_0"] == (48, 48)
    low, high = found.intervals["foster_0"]
    assert high - low > 30


def test_the_order_of_facts_does_not_matter(facts, h1):
    assert solve(person_years(facts[::-1])) == solve(person_years(facts))
    assert relaxations(stock(facts[::-1])) == h1


def test_stock_contradicts_the_fall_and_the_share_at_the_end(h1):
    # 58/67 − 1 = −13.4 %, not −6 %; 13 % of 58 lies between 7.25 and 7.83: no whole child
    alone = [set(conflict) - {"F046", "F049", "F058", "F061", "F062", "F065"} for conflict in h1[0].conflicts]
    assert {"F077"} in alone
    assert {"F080"} in alone
    assert all("F079" not in conflict for conflict in h1[0].conflicts)  # 17/67 = 25.4 % fits


def test_the_nearest_stock_tables_give_up_four_figures(h1):
    assert h1[0].given_up == ("F077", "F080", "F082", "F086a")
    nearest = named(h1[0], h1[0].tables[0])
    assert (nearest["institution_0"], nearest["placed_0"]) == (17, 67)
    assert (nearest["institution_1"], nearest["placed_1"]) == (8, 58)


def test_the_other_column_contradicts_the_end_share_and_the_marked_rise(h3):
    # home-based 4/67 → 5/58 is +2.7 pp, not about +5
    assert any({"F050", "F053", "F088b"} <= set(conflict) for conflict in h3[0].conflicts)
    assert any(set(conflict) == {"F049", "F061", "F065", "F080"} for conflict in h3[0].conflicts)
    assert all({"F077", "F080", "F088b"} <= set(answer.given_up) for answer in h3)


def test_the_other_column_fits_worse_than_the_first(h1, h3):
    assert len(h3[0].given_up) > len(h1[0].given_up)


def test_twelve_to_four_is_not_the_numerator_of_25_to_13_per_cent(facts):
    # 12/.25 = 48 placed, 4/.13 = 31 placed: a fall of 36 %, not 6 %
    found = relaxations(same_numerator(facts))
    assert found[0].conflicts == (("F011", "F012", "F077", "F079", "F080"),)
    assert {answer.given_up for answer in found} == {("F077",), ("F079",), ("F080",)}


def test_every_figure_of_a_reading_is_in_the_file_or_named_as_missing(facts):
    without = tuple(fact for fact in facts if fact.fact_id not in {"F079", "F116"})
    with pytest.raises(InputError) as caught:
        problems(PLAN, without)
    assert [(item.key, item.file, item.column, item.found) for item in caught.value.problems] == [
        ("plan_figure_missing", "readings.yaml", "rules.institution_before.figure", "F079"),
        ("plan_figure_missing", "readings.yaml", "rules.breakdowns.figure", "F116"),
    ]


def test_words_without_a_number_need_to_be_given_a_meaning(facts):
    rules = tuple(rule.model_copy(update={"high": None}) if rule.high else rule for rule in PLAN.rules)
    with pytest.raises(InputError) as caught:
        problems(PLAN.model_copy(update={"rules": rules}), facts)
    assert [(item.key, item.found) for item in caught.value.problems] == [("plan_figure_no_number", "F074")]
