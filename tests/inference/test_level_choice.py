"""Districts that were chosen for their level: the rule beside the level, and the same choice elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import districts
from sverige_did.inference.level_choice import apart, beside_level, chosen_alike, elsewhere, rule
from sverige_did.inference.methods_table import Labels, methods_table

TREATED = np.arange(20) < 4


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_rule_is_that_of_the_methods_table() -> None:
    sample = districts(rng().normal(size=20) + 1.5 * TREATED, TREATED)
    table = methods_table(sample, Labels("pp", "att"), rng=rng())
    found = rule(sample, rng=rng())
    both = [table.by(name).p_value for name in ("permutation_studentised", "behrens_fisher")]
    assert found.p_value == pytest.approx(max(p for p in both if p is not None))


@pytest.mark.parametrize("weighted", [False, True])
def test_beside_the_level_the_effect_is_that_of_the_regression_on_it(weighted: bool) -> None:
    level, change = rng(2).normal(size=20), rng(3).normal(size=20)
    weights = np.linspace(1, 4, 20) if weighted else np.ones(20)
    found = beside_level(districts(change, TREATED, weights=weights), level, rng=rng())
    assert found is not None
    x = np.column_stack([np.ones(20), TREATED, level])
    assert found.test.estimate == pytest.approx(sm.WLS(change, x, weights=weights).fit().params[1])
    assert found.test.p_value <= found.p_value <= 1


def test_a_level_that_tells_the_treated_from_all_others_leaves_nothing_to_compare() -> None:
    sample = districts(rng().normal(size=20), TREATED)
    assert beside_level(sample, 10.0 * TREATED, rng=rng()) is None
    assert beside_level(sample, 10.0 * (TREATED & (np.arange(20) > 0)), rng=rng()) is None


@pytest.mark.parametrize("level", [0.0, 3.0, -1e9])
def test_a_level_that_all_share_changes_nothing(level: float) -> None:
    sample = districts(rng().normal(size=20) + 1.5 * TREATED, TREATED)
    found = beside_level(sample, np.full(20, level), rng=rng())
    assert found is not None
    assert found.p_value == rule(sample, rng=rng()).p_value


@pytest.mark.parametrize(("factor", "shift"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e6), (-1.0, -3.0)])
def test_the_unit_and_the_origin_of_the_level_do_not_matter(factor: float, shift: float) -> None:
    sample, level = districts(rng().normal(size=20) + 1.5 * TREATED, TREATED), rng(2).normal(size=20)
    one, other = (beside_level(sample, each, rng=rng()) for each in (level, factor * level + shift))
    assert one is not None
    assert other is not None
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)


def test_a_missing_level_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        beside_level(districts(rng().normal(size=20), TREATED), np.r_[np.nan, np.ones(19)], rng=rng())
    assert caught.value.problems[0].key == "inference_not_finite"


def test_levels_that_do_not_overlap_are_apart() -> None:
    level = np.arange(20.0)
    assert apart(level, level > 15)
    assert apart(level, level < 4)
    assert not apart(level, TREATED | (level == 9))


def test_what_falls_back_by_itself_is_an_effect_to_the_rule_and_none_beside_the_level() -> None:
    """The four highest of twenty that differ by chance alone, at 5 %: 150 data sets."""
    draw, alone, both = rng(4), 0, 0
    for _ in range(150):
        y = draw.normal(size=(20, 2))
        y = y[np.argsort(-y[:, 0])]
        sample = districts(y[:, 1] - y[:, 0], TREATED)
        if rule(sample, rng=draw).p_value <= 0.05:
            alone += 1
            found = beside_level(sample, y[:, 0], rng=draw)
            both += found is not None and found.p_value <= 0.05
    assert alone > 60
    assert both <= 0.05 * 150 + 2.5 * np.sqrt(0.05 * 0.95 * 150)


def test_the_same_choice_is_made_of_what_was_known_at_each_date() -> None:
    levels = rng(5).normal(size=(16, 5))
    later = levels.copy()
    later[:, 3:] += rng(6).normal(size=(16, 2))
    for at, ((who, change), (still, _)) in enumerate(
        zip(chosen_alike(levels, 4, "level"), chosen_alike(later, 4, "level"), strict=True), start=1
    ):
        before = levels[:, :at].mean(axis=1)
        assert who.sum() == 4
        assert before[who].min() >= before[~who].max()
        np.testing.assert_allclose(change, levels[:, at:].mean(axis=1) - before)
        if at <= 3:
            np.testing.assert_array_equal(who, still)
    risen = list(chosen_alike(levels, 4, "rise"))
    assert len(risen) == 3
    steps = levels[:, 1] - levels[:, 0]
    assert steps[risen[0][0]].min() >= steps[~risen[0][0]].max()


@pytest.mark.parametrize(("by", "controls"), [("random", 16), ("level", 6)])
def test_nothing_is_tried_where_the_treated_were_drawn_by_lot_or_controls_are_few(by: str, controls: int) -> None:
    assert list(chosen_alike(rng().normal(size=(controls, 5)), 4, by)) == []  # type: ignore[arg-type]


def test_the_same_choice_among_controls_that_fall_back_comes_out_as_supported() -> None:
    """Four controls are high until the third period and as the others after it."""
    levels = rng(7).normal(0, 0.1, (20, 6))
    levels[4:8, :3] += 5
    sample = districts(rng(8).normal(size=20), TREATED)
    found = elsewhere(sample, levels, "level", rng=rng())
    assert found.tried == 5
    assert 1 <= found.supported <= 5
    assert elsewhere(sample, rng(7).normal(0, 0.1, (20, 6)), "unknown", rng=rng()).supported < found.supported
