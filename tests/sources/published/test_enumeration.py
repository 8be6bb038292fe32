"""The enumeration of tables against a slow transparent one, and what must not change the answer."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.published import enumeration
from sverige_did.sources.published.enumeration import Constraint, Problem, Term, Unknown, Whole, fits, tables_of, total

SHARE = (Term(100.0, ("part_0",), ("whole_0",)),)
FALL = (Term(100.0, ("whole_1",), ("whole_0",)), Term(-100.0, ()))
RISE = (Term(100.0, ("part_1", "other_1"), ("whole_1",)), Term(-100.0, ("part_0",), ("whole_0",)))


def problem(cap: int, *constraints: Constraint) -> Problem:
    names = ("whole_0", "part_0", "whole_1", "part_1", "other_1")
    return Problem(
        reading="x",
        outcome="y",
        unknowns=tuple(Unknown(name, int(name.startswith("whole")), cap) for name in names),
        constraints=constraints,
        wholes=(Whole("whole_0", ("part_0",)), Whole("whole_1", ("part_1", "other_1"))),
    )


def slow_tables(task: Problem) -> list[tuple[int, ...]]:
    """Every combination, one at a time, in exact fractions."""
    names = [unknown.name for unknown in task.unknowns]
    found = []
    for counts in product(*(range(unknown.low, unknown.high + 1) for unknown in task.unknowns)):
        held = dict(zip(names, counts, strict=True))
        if any(sum(held[part] for part in whole.parts) > held[whole.whole] for whole in task.wholes):
            continue
        if all(_between(rule, held) for rule in task.constraints):
            found.append(counts)
    return found


def _between(rule: Constraint, held: dict[str, int]) -> bool:
    value = Fraction(0)
    for term in rule.terms:
        top = sum(held[name] for name in term.numerator) if term.numerator else 1
        bottom = sum(held[name] for name in term.denominator) if term.denominator else 1
        value += Fraction(str(term.coefficient)) * Fraction(top, bottom)
    return Fraction(str(rule.low)) <= value <= Fraction(str(rule.high))


@pytest.mark.parametrize("seed", range(4))
def test_the_enumeration_is_the_one_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    share, fall, rise = rng.integers(10, 60), rng.integers(-40, 20), rng.integers(-20, 30)
    task = problem(
        8,
        Constraint(("a",), SHARE, share - 9.5, share + 9.5),
        Constraint(("b",), FALL, fall - 9.5, fall + 9.5),
        Constraint(("c",), RISE, rise - 5.5, rise + 5.5),
    )
    expected = slow_tables(task)
    found = tables_of(task, task.constraints)
    assert len(expected) > 1
    assert [tuple(row) for row in found] == expected
    assert fits(task, task.constraints) == bool(expected)


def test_chunks_do_not_change_the_tables(monkeypatch):
    task = problem(9, Constraint(("a",), SHARE, 20.0, 30.0), Constraint(("b",), FALL, -10.0, 0.0))
    whole = tables_of(task, task.constraints)
    monkeypatch.setattr(enumeration, "CHUNK", 7)
    np.testing.assert_array_equal(tables_of(task, task.constraints), whole)


def test_the_order_of_figures_does_not_change_the_tables():
    rules = Constraint(("a",), SHARE, 20.0, 30.0), Constraint(("b",), FALL, -10.0, 0.0)
    task = problem(9, *rules)
    np.testing.assert_array_equal(tables_of(task, rules), tables_of(task, rules[::-1]))


def test_the_names_of_unknowns_are_labels_only():
    a = Problem(
        "x", "y", (Unknown("n", 1, 20), Unknown("k", 0, 20)), (Constraint(("f",), _share("k", "n"), 24.5, 25.5),)
    )
    b = Problem(
        "x", "y", (Unknown("z", 1, 20), Unknown("a", 0, 20)), (Constraint(("f",), _share("a", "z"), 24.5, 25.5),)
    )
    np.testing.assert_array_equal(tables_of(a, a.constraints), tables_of(b, b.constraints))
    assert [tuple(row) for row in tables_of(a, a.constraints)] == [(4, 1), (8, 2), (12, 3), (16, 4), (20, 5)]


def _share(part: str, whole: str) -> tuple[Term, ...]:
    return (Term(100.0, (part,), (whole,)),)


def test_a_figure_rounded_at_the_half_may_have_gone_either_way():
    task = Problem(
        "x", "y", (Unknown("k", 0, 8), Unknown("n", 8, 8)), (Constraint(("f",), _share("k", "n"), 12.5, 13.5),)
    )
    assert [tuple(row) for row in tables_of(task, task.constraints)] == [(1, 8)]


def test_a_share_of_nothing_fits_no_figure():
    task = Problem(
        "x", "y", (Unknown("k", 0, 1), Unknown("n", 0, 0)), (Constraint(("f",), _share("k", "n"), 0.0, 100.0),)
    )
    assert not len(tables_of(task, task.constraints))
    assert not fits(task, task.constraints)


def test_figures_that_bind_nothing_are_refused(monkeypatch):
    monkeypatch.setattr(enumeration, "MAX_TABLES", 50)
    task = problem(9)
    with pytest.raises(RefusedError) as caught:
        tables_of(task, ())
    assert caught.value.problems[0].key == "too_many_tables"


def test_miss_is_the_distance_to_the_interval():
    rule = Constraint(("f",), _share("k", "n"), 24.5, 25.5)
    columns = {"k": np.array([1, 1, 1]), "n": np.array([4, 5, 3])}
    np.testing.assert_allclose(rule.miss(columns), [0, 4.5, 100 / 3 - 25.5])
    np.testing.assert_allclose(total(rule.terms, columns), [25, 20, 100 / 3])
