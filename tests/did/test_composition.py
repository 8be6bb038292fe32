"""Effects on a composition: sums to zero, hand numbers, a multinomial fit, and shares that would be negative."""

import numpy as np
import pytest
import statsmodels.api as sm

from sverige_did.did.composition import composition_did, composition_estimates, mean_shares
from sverige_did.errors import RefusedError

COUNTS = np.array([[[60.0, 90, 150], [50, 95, 155]], [[17, 20, 30], [8, 24, 26]]])
"""[control, treated] x [before, after] x institution, network, foster family."""
SHARES = COUNTS / COUNTS.sum(axis=-1, keepdims=True)


def test_effects_sum_to_zero_on_both_scales_and_match_the_hand() -> None:
    found = composition_did(SHARES)
    assert found.effect.sum() == pytest.approx(0, abs=1e-12)
    assert found.effect_logit.sum() == pytest.approx(0, abs=1e-12)
    assert found.effect[0] == pytest.approx((8 / 58 - 17 / 67) - (50 / 300 - 60 / 300))
    assert found.counterfactual.sum() == pytest.approx(1)
    assert found.counterfactual_logit.sum() == pytest.approx(1)
    assert not found.negative.any()


def test_a_saturated_multinomial_fit_agrees() -> None:
    cells = [(g, s, k) for g in (0, 1) for s in (0, 1) for k in range(3)]
    rows = np.repeat(cells, [int(COUNTS[cell]) for cell in cells], axis=0)
    X = np.column_stack([np.ones(len(rows)), rows[:, 0], rows[:, 1], rows[:, 0] * rows[:, 1]])
    params = np.asarray(sm.MNLogit(rows[:, 2], X).fit(disp=False, method="newton", maxiter=50).params)
    without = np.exp(np.append(0.0, params[:3].sum(axis=0)))
    np.testing.assert_allclose(composition_did(SHARES).counterfactual_logit, without / without.sum(), atol=1e-6)


def test_two_categories_are_the_difference_in_shares() -> None:
    two = np.stack([SHARES[..., 0], 1 - SHARES[..., 0]], axis=-1)
    assert composition_did(two).effect[0] == pytest.approx(composition_did(SHARES).effect[0])


def test_the_order_of_categories_and_a_swap_of_groups_do_what_they_must() -> None:
    found, turned = composition_did(SHARES), composition_did(SHARES[..., [2, 0, 1]])
    np.testing.assert_allclose(turned.effect, found.effect[[2, 0, 1]])
    np.testing.assert_allclose(turned.effect_logit, found.effect_logit[[2, 0, 1]])
    np.testing.assert_allclose(composition_did(SHARES[::-1]).effect, -found.effect)


def test_a_negative_counterfactual_share_is_reported() -> None:
    shares = np.array([[[0.5, 0.5], [0.2, 0.8]], [[0.1, 0.9], [0.05, 0.95]]])
    found = composition_did(shares)
    np.testing.assert_allclose(found.counterfactual, [-0.2, 1.2])
    np.testing.assert_array_equal(found.negative, [True, False])
    assert (found.counterfactual_logit > 0).all()
    estimates = composition_estimates(found, ["institution", "foster"])
    by_share, by_odds = estimates["institution"]
    assert (by_share.notes, by_odds.notes) == (("negative_counterfactual",), ())
    assert estimates["foster"][0].notes == ()
    assert by_share.estimate == pytest.approx(25.0)
    assert by_odds.estimate == pytest.approx(100 * found.effect_logit[0])


def test_a_zero_after_go_live_keeps_the_log_odds_and_one_before_loses_them() -> None:
    after, before = SHARES.copy(), SHARES.copy()
    after[1, 1] = [0.0, 0.4, 0.6]
    before[0, 0] = [0.0, 0.4, 0.6]
    assert composition_did(after).logit_exists
    assert composition_did(after).effect_logit[0] == pytest.approx(-composition_did(SHARES).counterfactual_logit[0])
    lost = composition_did(before)
    assert not lost.logit_exists
    assert np.isnan(lost.effect_logit).all()
    assert {len(readings) for readings in composition_estimates(lost, ["a", "b", "c"]).values()} == {1}


def test_district_shares_are_averaged_with_the_frozen_weights() -> None:
    counts = np.array([[1.0, 3], [2, 2], [4, 0], [1, 1], [3, 1], [5, 5]])
    treated, after = np.array([1, 1, 1, 1, 0, 0], bool), np.array([0, 0, 1, 1, 0, 1], bool)
    shares = mean_shares(counts, treated, after, np.array([3.0, 1, 3, 1, 1, 1]))
    np.testing.assert_allclose(shares[1, 0], [(3 * 0.25 + 0.5) / 4, (3 * 0.75 + 0.5) / 4])
    np.testing.assert_allclose(shares[1, 1], [(3 * 1 + 0.5) / 4, 0.5 / 4])
    np.testing.assert_allclose(shares.sum(axis=-1), 1)


def test_the_effect_is_recovered_on_average(rng: np.random.Generator) -> None:
    truth = np.array([[[0.2, 0.3, 0.5], [0.15, 0.35, 0.5]], [[0.3, 0.3, 0.4], [0.1, 0.45, 0.45]]])
    effects = np.array([composition_did(rng.multinomial(300, truth) / 300).effect for _ in range(3000)])
    error = effects.mean(axis=0) - composition_did(truth).effect
    assert (np.abs(error) < 4 * effects.std(axis=0) / np.sqrt(3000)).all()


def test_what_is_not_a_composition_is_refused() -> None:
    for shares in (SHARES[0], SHARES * 1.01, SHARES - 0.5, SHARES * np.nan):
        with pytest.raises(RefusedError) as caught:
            composition_did(shares)
        assert caught.value.problems[0].key == "did_shares"
    with pytest.raises(RefusedError) as caught:
        mean_shares(np.zeros((4, 2)), np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool), np.ones(4))
    assert caught.value.problems[0].key == "did_composition_empty"
    with pytest.raises(RefusedError) as caught:
        mean_shares(np.full((4, 2), -1.0), np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool), np.ones(4))
    assert caught.value.problems[0].key == "did_not_finite"
    with pytest.raises(RefusedError) as caught:
        composition_estimates(composition_did(SHARES), ["a", "b"])
    assert caught.value.problems[0].key == "did_lengths"
