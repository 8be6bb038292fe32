"""The control group: its base is bounded, and its tables exist only once a base is assumed."""

from pathlib import Path

import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.published.contradictions import solve
from sverige_did.sources.published.facts import read_facts
from sverige_did.studies.published.control_group import control_base_limit, control_group

PUBLISHED = Path(__file__).parents[3] / "data" / "herning" / "published.csv"
ASSUMED = {"treated_placed": 48, "share_before": 0.25, "unchanged_pp": 1.0}


@pytest.fixture(scope="module")
def facts():
    return read_facts(PUBLISHED)


@pytest.mark.parametrize("treated", [48, 67])
def test_the_control_group_has_the_lower_placement_rate_at_every_base_up_to_the_limit(facts, treated):
    # “20 %” is at least 19.5 %: the others hold at most 80.5 % of the pupils
    limit = control_base_limit(facts, treated)
    assert limit / 80.5 < treated / 19.5 <= (limit + 1) / 80.5


def test_a_limit_that_would_make_the_rates_equal_is_not_reached(facts):
    even = [
        fact.model_copy(update={"value": 20.0, "rounding": 0.0}) for fact in facts if fact.fact_id in {"F010", "F044"}
    ]
    assert control_base_limit(even, 50) == 199


def test_every_control_table_prints_the_published_figures(facts):
    found = solve(control_group(facts, base=192, **ASSUMED))
    assert found.consistent
    assert len(found.tables) > 1
    for placed_0, institution_0, network_0, placed_1, institution_1, network_1 in found.tables:
        assert placed_0 == 192
        assert institution_0 == 48
        assert abs(100 * placed_1 / placed_0 - 98) <= 0.5
        assert abs(100 * network_1 / placed_1 - 7) <= 0.5
        assert abs(100 * network_1 / placed_1 - 100 * network_0 / placed_0 + 1) <= 0.5
        assert abs(100 * institution_1 / placed_1 - 100 * institution_0 / placed_0) <= 1


def test_a_stricter_reading_of_unchanged_leaves_fewer_tables(facts):
    sizes = [
        len(solve(control_group(facts, base=192, **(ASSUMED | {"unchanged_pp": play}))).tables)
        for play in (0.5, 1.0, 2.0)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_a_base_that_contradicts_the_groups_sizes_is_refused(facts):
    with pytest.raises(RefusedError) as caught:
        control_group(facts, base=250, **ASSUMED)
    assert caught.value.problems[0].key == "control_base_too_large"
    assert caught.value.problems[0].expected == "<= 198"
