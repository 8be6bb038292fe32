"""Power, exaggeration and wrong signs: against closed forms, the published table, and whatever way the work is cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.simulated.design import OwnDesign
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.inference.simulated.power import block_of_power, pooled, power, smallest_found, stretched


def points(**changes: object) -> OwnDesign:
    """Levels in points that swing normally: the sd of the estimated effect is known."""
    asked: dict[str, object] = {
        "districts": 20, "treated": 10, "before": 2, "after": 2, "family": "normal", "level": 10.0, "children": 25,
        "shock": 0.1, "child_sd": 5.0,
    }  # fmt: skip
    return planned_design(**(asked | changes))


def test_power_is_that_of_the_two_sample_t_test_where_arms_are_alike() -> None:
    """10 against 10: sd of a change = sqrt((1 + 1) (1/2 + 1/2)) for a shock and a mean of children of sd 1 each."""
    sd_of_change = np.sqrt(1.0 * (0.1 * 10) ** 2 + 1.0 * 5.0**2 / 25)
    se = sd_of_change * np.sqrt(2 / 10)
    for found in power(points(), [-0.05, -0.1, -0.2, -0.3], seed=1, simulations=4_000):
        ncp = abs(found.truth) / se
        critical = stats.t.isf(0.025, 18)
        exact = stats.nct.sf(critical, 18, ncp) + stats.nct.cdf(-critical, 18, ncp)
        # The verdict wants two tests to agree, so it is a little rarer than one.
        assert exact - 0.06 <= found.power <= exact + 3 * found.standard_error
        assert found.truth == pytest.approx(found.change * 10)


def test_where_nothing_is_done_there_is_no_type_m_or_s_and_the_level_holds() -> None:
    (found,) = power(points(treated=4), [0.0], seed=2, simulations=6_000)
    assert found.power <= 0.05 + 3 * found.standard_error
    assert np.isnan(found.type_m)
    assert np.isnan(found.type_s)


def test_a_weak_design_exaggerates_and_errs_in_sign_and_a_strong_one_does_not() -> None:
    weak, strong = power(points(treated=4), [-0.03, -0.5], seed=3, simulations=6_000)
    assert weak.type_m > 3
    assert weak.type_s > 0.02
    assert strong.type_m == pytest.approx(1, abs=0.05)
    assert strong.type_s == 0


def test_the_pooled_answer_does_not_depend_on_the_number_or_order_of_jobs() -> None:
    design, changes = points(treated=4), (-0.1, -0.3)
    whole = power(design, changes, seed=4, simulations=3_000)
    blocks = {at: block_of_power(design, changes, seed=4, block=at) for at in (2, 0, 1)}
    assert pooled(blocks[at] for at in sorted(blocks)) == whole
    assert sum(block[0].supported for block in blocks.values()) == whole[0].supported
    with pytest.raises(ValueError, match="no block"):
        pooled([])


@pytest.mark.parametrize(
    ("shock", "wanted"), [(0.0, 0.27), (0.2, 0.24), (0.4, 0.18), (0.6, 0.16)], ids=lambda value: str(value)
)
def test_the_studentised_permutation_test_has_the_power_that_was_published_for_such_a_design(
    shock: float, wanted: float
) -> None:
    """25 to 13 % of 70 treated and 300 control children in 4 and 16 districts, two snapshots (docs/methods.md)."""
    design = planned_design(
        districts=20, treated=4, before=1, after=1, family="binomial", level=0.25, children=18, shock=0.1, between=0.3
    )
    asked = replace(
        design, data=replace(design.data, scale="own"), shock_sd=shock, effect=0.13 / 0.25 - 1
    )  # fmt: skip
    change = asked.changes(4_000, np.random.default_rng(5))
    p, _ = vectorised.both_permutations(change, design.sample, 4_844, np.random.default_rng(6))
    assert float((p <= 0.05).mean()) == pytest.approx(wanted, abs=0.045)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_more_of_anything_finds_smaller_changes(family: str) -> None:
    level = 0.25 if family == "binomial" else 0.3
    design = planned_design(
        districts=20, treated=5, before=4, after=2, family=family, level=level, children=20, shock=0.2
    )
    own = smallest_found(design, sign=-1, seed=7, simulations=1_000)
    assert own is not None
    for more in ({"districts": 2}, {"before": 3, "after": 3}, {"children": 3}, {"shock": 0.2}):
        found = smallest_found(stretched(design, **more), sign=-1, seed=7, simulations=1_000)
        assert found is not None
        assert found > own


def test_a_design_that_finds_nothing_says_so() -> None:
    design = planned_design(
        districts=8, treated=2, before=1, after=1, family="binomial", level=0.1, children=5, shock=0.5
    )
    assert smallest_found(design, sign=-1, seed=8, simulations=1_000) is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"treated": 19}, "treated"), ({"before": 0}, "before"), ({"level": -1.0}, "level"), ({"memory": 1.0}, "memory"),
     ({"children": 0}, "children"), ({"shock": float("nan")}, "shock"), ({"districts": 2}, "districts")],
)  # fmt: skip
def test_a_design_that_cannot_be_is_refused_by_the_name_of_what_is_wrong(
    changed: dict[str, object], named: str
) -> None:
    with pytest.raises(RefusedError, match=named):
        points(**changed)


def test_names_and_order_of_districts_do_not_matter() -> None:
    design = planned_design(
        districts=12, treated=4, before=3, after=3, family="poisson", level=0.2, children=40, shock=0.2, between=0.5
    )
    assert stretched(design) is not design
    same = power(stretched(design), [-0.4], seed=9, simulations=1_000)
    assert same == power(design, [-0.4], seed=9, simulations=1_000)
