"""Which figures exclude each other, on a problem small enough to see."""

from itertools import chain, combinations

import pytest

from sverige_did.errors import RefusedError
from sverige_did.results.published import Feasible
from sverige_did.sources.published import contradictions
from sverige_did.sources.published.contradictions import relaxations, solve
from sverige_did.sources.published.enumeration import Constraint, Problem, Term, Unknown, fits


def equals(fact: str, name: str, count: int, *, given: bool = False) -> Constraint:
    return Constraint((fact,), (Term(1.0, (name,)),), count, count, given)


UNKNOWNS = (Unknown("a", 0, 9), Unknown("b", 0, 9))
SUM = Constraint(("sum",), (Term(1.0, ("a", "b")),), 7, 7)


def task(*rules: Constraint) -> Problem:
    return Problem("x", "y", UNKNOWNS, rules, quantities=(("twice_a", (Term(2.0, ("a",)),)),))


def test_figures_that_fit_leave_no_conflict():
    found = solve(task(equals("a", "a", 3), SUM))
    assert (found.tables, found.conflicts, found.given_up, found.facts) == (((3, 4),), (), (), ("a", "sum"))
    assert found.consistent
    assert found.intervals == {"a": (3, 3), "b": (4, 4), "twice_a": (6, 6)}


def test_three_figures_of_which_any_two_fit():
    rules = equals("a", "a", 3), equals("b", "b", 3), SUM
    found = relaxations(task(*rules))
    assert {answer.conflicts for answer in found} == {(("a", "b", "sum"),)}
    assert [(answer.given_up, answer.tables) for answer in found] == [
        (("sum",), ((3, 3),)),
        (("b",), ((3, 4),)),
        (("a",), ((4, 3),)),
    ]
    assert solve(task(*rules)) == found[0]


def test_what_is_given_is_never_given_up_but_is_named_where_it_takes_part():
    rules = equals("a", "a", 3, given=True), equals("b", "b", 3, given=True), SUM, equals("a2", "a", 4)
    (found,) = relaxations(task(*rules))
    assert found.conflicts == (("a", "b", "sum"), ("a", "a2"))
    assert (found.given_up, found.tables) == (("a2", "sum"), ((3, 3),))


def test_tables_come_nearest_first_to_the_figures_given_up():
    low = Constraint(("low",), (Term(1.0, ("a",)),), 2, 4)
    (found,) = relaxations(task(equals("b", "b", 0, given=True), low, equals("six", "a", 6)))[:1]
    assert found.given_up == ("six",)
    assert [table[0] for table in found.tables] == [4, 3, 2]


def test_the_sets_are_the_ones_found_by_trying_every_set():
    rules = [equals("a", "a", 3), equals("a2", "a", 4), equals("b", "b", 3), SUM]
    problem = task(*rules)
    every = list(chain.from_iterable(combinations(rules, size) for size in range(len(rules) + 1)))
    right = [set(chosen) for chosen in every if fits(problem, chosen)]
    wrong = [set(chosen) for chosen in every if not fits(problem, chosen)]
    smallest = {_names(one) for one in wrong if not any(other < one for other in wrong)}
    largest = {_names(set(rules) - one) for one in right if not any(one < other for other in right)}
    found = relaxations(problem)
    assert set(found[0].conflicts) == smallest
    assert {answer.given_up for answer in found} == largest


def _names(rules: set[Constraint]) -> tuple[str, ...]:
    return tuple(sorted(rule.facts[0] for rule in rules))


def test_the_order_of_figures_does_not_change_the_conflicts():
    rules = equals("a", "a", 3), equals("a2", "a", 4), equals("b", "b", 3), SUM
    forward, backward = relaxations(task(*rules)), relaxations(task(*rules[::-1]))
    assert set(forward[0].conflicts) == set(backward[0].conflicts)
    assert {one.given_up for one in forward} == {one.given_up for one in backward}


def test_a_reading_that_contradicts_itself_has_no_tables():
    (found,) = relaxations(task(equals("a", "a", 3, given=True), equals("a2", "a", 4, given=True), SUM))
    assert (found.tables, found.conflicts, found.given_up) == ((), (("a", "a2"),), ("sum",))
    assert not found.consistent


def test_an_answer_survives_json():
    found = solve(task(equals("a", "a", 3), equals("b", "b", 3), SUM))
    assert Feasible.model_validate_json(found.model_dump_json()) == found


def test_too_many_figures_to_try_every_set_are_refused(monkeypatch):
    monkeypatch.setattr(contradictions, "MAX_FIGURES", 2)
    with pytest.raises(RefusedError) as caught:
        relaxations(task(equals("a", "a", 3), equals("b", "b", 3), SUM))
    assert caught.value.problems[0].key == "too_many_figures"
