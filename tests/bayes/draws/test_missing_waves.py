from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from sverige_did.bayes.draws.missing_waves import (
    Expected,
    Unanswered,
    effect_under_delta,
    expected_scores,
    jump_to_reference,
    prob_benefit,
    tipping_delta,
)
from sverige_did.bayes.models.sdq_growth import Scores, build_sdq
from sverige_did.bayes.sampling.sample import sample
from sverige_did.errors import RefusedError


def middling(seed=0, draws=4000, answered=30, missing=10):
    """Scores about 14, far from both ends of the scale, with a benefit of a point or so."""
    rng = np.random.default_rng(seed)
    gain = rng.normal(-1.2, 0.5, (draws, 1))
    alone = rng.normal(14, 1, (draws, missing))
    return Expected(answered * gain[:, 0], answered, alone + gain, alone)


def test_away_from_the_ends_of_the_scale_delta_counts_by_the_share_that_is_missing():
    expected = middling()
    mar = effect_under_delta(expected, 0.0)
    for delta in (-2.0, 0.5, 3.0):
        assert effect_under_delta(expected, delta) == pytest.approx(mar + delta * 10 / 40)


def test_without_help_the_unanswered_add_nothing():
    expected = middling()
    without = expected._replace(helped=expected.alone)
    assert jump_to_reference(expected) == pytest.approx(effect_under_delta(without, 0.0))
    assert np.median(jump_to_reference(expected)) == pytest.approx(-1.2 * 30 / 40, abs=0.05)


@pytest.mark.parametrize("threshold", [0.95, 0.8, 0.5])
def test_tipping_delta_is_the_quantile_that_algebra_gives(threshold):
    expected = middling()
    mar = np.sort(effect_under_delta(expected, 0.0))
    # P(effect + delta / 4 < 0) falls below the threshold once fewer than that share of draws stay below zero.
    first_too_few = int(np.ceil(threshold * mar.size)) - 1
    assert tipping_delta(expected, threshold) == pytest.approx(-4 * mar[first_too_few], abs=1e-5)


def test_tipping_delta_separates_enough_from_too_little():
    expected, threshold = middling(seed=1), 0.9
    tip = tipping_delta(expected, threshold)
    assert prob_benefit(expected, tip - 1e-3) >= threshold
    assert prob_benefit(expected, tip) < threshold


def test_no_tipping_point_on_the_scale_and_one_that_is_passed_already():
    few = replace_counts(middling(), n_answered=30_000)
    assert tipping_delta(few, 0.9) == np.inf
    harm = Expected(-few.answered, 30, few.alone, few.helped)
    assert tipping_delta(harm, 0.9) == 0.0


def replace_counts(expected, n_answered):
    return expected._replace(answered=expected.answered * n_answered / expected.n_answered, n_answered=n_answered)


def test_scores_do_not_leave_the_scale():
    expected = Expected(np.zeros(2), 1, np.full((2, 1), 38.0), np.full((2, 1), 30.0))
    assert effect_under_delta(expected, 10.0) == pytest.approx([5.0, 5.0])
    assert effect_under_delta(expected, -50.0) == pytest.approx([-15.0, -15.0])


class Draws:
    """Draws as a fit holds them, made by hand."""

    def __init__(self, **parts):
        self.parts = parts

    def values(self, name):
        return self.parts[name]


def panel():
    child = np.array([0, 0, 1, 1, 2])
    time, dose = np.array([0.0, 1.0, 0.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    return Scores(child, np.zeros(5, dtype=int), time, dose, np.full(5, 12.0))


LEFT = Unanswered(np.array([2]), np.array([0]), np.array([1.0]), np.array([0.5]))


def by_hand(draws=3):
    ones = np.ones((draws, 1))
    level, slope, tau, offset = logit(0.3), 0.2, -0.4, 0.05
    eta = level + offset + slope * (np.array([0, 1, 0, 1, 0]) - 0.5) + tau * np.array([0, 1, 0, 0, 0])
    return Draws(
        eta=eta * ones, tau=np.full(draws, tau), child=level * np.ones((draws, 3)),
        slope=slope * np.ones((draws, 3)), offset=offset * ones,
    )  # fmt: skip


def test_an_unanswered_questionnaire_is_what_the_growth_model_says():
    told = expected_scores(by_hand(), panel(), LEFT)
    alone = logit(0.3) + 0.2 * 0.5 + 0.05
    assert told.alone == pytest.approx(np.full((3, 1), 40 * expit(alone)))
    assert told.helped == pytest.approx(np.full((3, 1), 40 * expit(alone - 0.4 * 0.5)))
    assert told.n_answered == 1
    assert told.answered == pytest.approx(np.full(3, 40 * (expit(alone - 0.4) - expit(alone))))


def test_order_of_the_unanswered_does_not_matter():
    both = Unanswered(np.array([2, 1]), np.zeros(2, dtype=int), np.array([1.0, 0.5]), np.array([0.5, 1.0]))
    turned = replace(both, **{name: getattr(both, name)[::-1] for name in ("child", "informant", "time", "dose")})
    first, second = (effect_under_delta(expected_scores(by_hand(), panel(), one), 1.0) for one in (both, turned))
    assert first == pytest.approx(second)


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("cells_lengths", {"time": np.zeros(2)}),
        ("cells_lengths", {"child": np.array([-1])}),
        ("cells_lengths", {"time": np.array([np.nan])}),
        ("missing_not_helped", {"dose": np.zeros(1)}),
        ("missing_not_helped", {"dose": np.full(1, 2.0)}),
    ],
)
def test_refuses_what_is_no_questionnaire_under_the_programme(key, changed):
    with pytest.raises(RefusedError) as refused:
        replace(LEFT, **changed)
    assert refused.value.problems[0].key == key


@pytest.mark.parametrize("changed", [{"child": np.array([3])}, {"informant": np.array([1])}])
def test_refuses_to_guess_about_children_it_has_never_seen(changed):
    with pytest.raises(RefusedError) as refused:
        expected_scores(by_hand(), panel(), replace(LEFT, **changed))
    assert refused.value.problems[0].key == "missing_unknown"


@pytest.mark.slow
def test_recovers_the_effect_on_all_when_answers_are_missing_as_assumed():
    # Children with a high first score answer less often later on: missing at random, given that score.
    rng = np.random.default_rng(3)
    child, wave = np.divmod(np.arange(200 * 3), 3)
    dose = (wave > 0) * (child % 2 == 0) * 1.0
    own = rng.normal(-0.5, 0.5, 200)
    share = rng.beta(30 * expit(own[child] - 0.5 * dose), 30 * expit(0.5 * dose - own[child]))
    total = rng.binomial(40, share).astype(float)
    answered = (wave == 0) | (rng.random(600) < np.where(total[3 * child] > 15, 0.5, 0.9))
    data = Scores(child[answered], np.zeros(answered.sum(), dtype=int), 0.5 * wave[answered], dose[answered],
                  total[answered])  # fmt: skip
    gone = ~answered & (dose > 0)
    left = Unanswered(child[gone], np.zeros(gone.sum(), dtype=int), 0.5 * wave[gone], dose[gone])
    fit = sample(build_sdq(data), seed=4)
    expected = expected_scores(fit, data, left)
    helped = own[child[dose > 0]]
    true = 40 * (expit(helped - 0.5) - expit(helped)).mean()
    low, high = np.quantile(effect_under_delta(expected, 0.0), [0.005, 0.995])
    assert low < true < high
    tip = tipping_delta(expected, 0.95)
    assert 0 < tip < 40
    # As much worse as the effect on all, over the share that is missing, is about where the mean is zero.
    assert tipping_delta(expected, 0.5) == pytest.approx(-true * (dose > 0).sum() / gone.sum(), rel=0.5)
