from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pymc as pm
import pytest
from scipy import stats
from scipy.special import expit

from sverige_did.bayes.models.durations import (
    LINKS,
    Stays,
    average_duration_effect,
    build_durations,
    effect_on_durations,
)
from sverige_did.bayes.sampling.sample import Settings, sample
from sverige_did.errors import RefusedError

SLOWLY = Settings(draws=1500, target_accept=0.98)


class Spells(NamedTuple):
    """Stays by district and first and last period seen; ``exit`` is 0 where the child was still there, else the kind of
    exit, in the order in which kinds are taken.
    """

    district: np.ndarray
    start: np.ndarray
    last: np.ndarray
    exit: np.ndarray


def stays_of(spells, treated, dose, n_lengths, kind=1):
    """Rows for exits of one kind: who left by an earlier kind is not at risk of this one in that period."""
    first = np.maximum(spells.start, 0)
    seen = spells.last - first + 1
    who = np.repeat(np.arange(len(seen)), seen)
    period = np.arange(len(who)) - np.repeat(np.cumsum(seen) - seen, seen) + first[who]
    stay = np.minimum(period - spells.start[who], n_lengths - 1)
    out = np.where(period == spells.last[who], spells.exit[who], 0)
    kept = (out == 0) | (out >= kind)
    keys, row = np.unique(np.stack([spells.district[who], period, stay])[:, kept], axis=1, return_inverse=True)
    left = np.bincount(row.ravel(), weights=out[kept] == kind)
    at_risk = np.bincount(row.ravel()).astype(float)
    return Stays(keys[0], keys[1], keys[2], treated, dose[keys[0], keys[1]], left, left, at_risk)


def simulated(n_districts=6, n_periods=6, n_lengths=4, seed=0, tau=0.0, children=80, kinds=1):
    """Spells with a chance of leaving of .15 a period, falling by the length of the stay; two districts are treated.

    Exits of a second kind come to those who have not left by the first, with a chance of .1 whatever the programme.
    """
    rng = np.random.default_rng(seed)
    treated = np.arange(n_districts) < max(2, n_districts // 4)
    dose = treated[:, None] * (np.arange(n_periods) >= n_periods // 2)[None, :] * 1.0
    district = np.repeat(np.arange(n_districts), children)
    start = rng.integers(-3, n_periods, len(district))
    own = rng.normal(0, 0.15, n_districts)
    last, ended = np.full(len(district), n_periods - 1), np.zeros(len(district), dtype=int)
    for i, d in enumerate(district):
        for t in range(max(start[i], 0), n_periods):
            k = min(t - start[i], n_lengths - 1)
            first = rng.random() < -np.expm1(-0.15 * np.exp(own[d] - 0.2 * k + tau * dose[d, t]))
            if first or (kinds == 2 and rng.random() < 0.1):
                last[i], ended[i] = t, 1 if first else 2
                break
    return Spells(district, start, last, ended), treated, dose


def stays(**how):
    spells, treated, dose = simulated(**how)
    return stays_of(spells, treated, dose, n_lengths=4)


def test_spells_become_the_rows_that_counting_by_hand_gives():
    # A stay seen from its third period on, one seen whole that ends by the second kind, and one still going on.
    spells = Spells(np.array([0, 0, 1]), np.array([-2, 0, 1]), np.array([0, 1, 2]), np.array([1, 2, 0]))
    treated, dose = np.array([True, False]), np.array([[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]])
    expected = {  # district, period and length so far: at risk, left by the first kind
        (0, 0, 0): (1, 0), (0, 0, 1): (1, 1), (0, 1, 1): (1, 0), (1, 1, 0): (1, 0), (1, 2, 1): (1, 0),
    }  # fmt: skip
    rows = stays_of(spells, treated, dose, n_lengths=2)
    keys = zip(rows.district.tolist(), rows.period.tolist(), rows.stay.tolist(), strict=True)
    found = dict(zip(keys, zip(rows.at_risk.tolist(), rows.low.tolist(), strict=True), strict=True))
    assert found == expected
    assert rows.dose.tolist() == [dose[d, t] for d, t, _ in found]
    # Those who left by the first kind are not at risk of the second, and it is the second child who leaves by it.
    second = stays_of(spells, treated, dose, n_lengths=2, kind=2)
    assert len(second.low) == 4
    assert second.low.tolist() == [0, 1, 0, 0]


def test_likelihood_of_two_kinds_in_order_is_the_multinomial():
    spells, treated, dose = simulated(kinds=2)
    first, second = (stays_of(spells, treated, dose, 4, kind=kind) for kind in (1, 2))
    q1, q2 = 0.2, 0.1
    in_order = stats.binom.logpmf(first.low, first.at_risk, q1).sum()
    in_order += stats.binom.logpmf(second.low, second.at_risk, q2).sum()
    keys = zip(second.district, second.period, second.stay, strict=True)
    by_second = dict(zip(keys, second.low, strict=True))
    joint = 0.0
    for d, t, k, n, x in zip(first.district, first.period, first.stay, first.at_risk, first.low, strict=True):
        y = by_second.get((d, t, k), 0.0)
        share = [q1, (1 - q1) * q2, (1 - q1) * (1 - q2)]
        joint += stats.multinomial.logpmf([x, y, n - x - y], n, share)
    assert in_order == pytest.approx(joint)


@pytest.mark.parametrize("link", LINKS)
def test_chances_are_the_districts_predictor_and_the_walk_over_the_stay(link):
    rows = stays()
    model = build_durations(rows, link=link)
    _, log_odds, n, _ = model["y"].owner.inputs
    values = pm.draw([model["eta"], model["walk"], pm.math.sigmoid(log_odds), n], random_seed=3, mode="FAST_COMPILE")
    eta, walk, chance, at_risk = values
    assert walk[0] == 0
    assert np.ptp(walk) > 0.01
    hazard = {"cloglog": lambda x: 1 - np.exp(-np.exp(x)), "logit": expit}[link]
    for i in range(len(rows.stay)):
        cell = [
            j for j, (d, t) in enumerate(zip(rows.cells.district, rows.cells.period, strict=True))
            if (d, t) == (rows.district[i], rows.period[i])
        ]  # fmt: skip
        assert chance[i] == pytest.approx(hazard(eta[cell[0]] + walk[rows.stay[i]]), rel=1e-6)
    assert at_risk.tolist() == rows.at_risk.tolist()


def logp(rows, **how):
    model = build_durations(rows, **how)
    point = {name: np.full_like(value, 0.4) for name, value in model.initial_point().items()}
    return float(model.compile_logp(mode="FAST_COMPILE")(point))


def test_order_of_rows_does_not_matter_and_hidden_exits_are_summed_over():
    rows = stays()
    order = np.random.default_rng(1).permutation(len(rows.stay))
    columns = ("district", "period", "stay", "dose", "low", "high", "at_risk")
    found = logp(rows)
    assert logp(replace(rows, **{name: getattr(rows, name)[order] for name in columns})) == pytest.approx(found)
    hidden = np.where((rows.low > 0) & (rows.at_risk >= 4), 1.0, 0.0)
    veiled = replace(rows, low=np.where(hidden, 1.0, rows.low), high=np.where(hidden, 4.0, rows.low))
    assert veiled.hidden.any()
    assert logp(veiled) > found  # a sum over what it can be holds what it was


def test_links_agree_where_leaving_is_rare():
    eta = np.log(np.array([1e-5, 1e-4]))
    assert LINKS["cloglog"].hazard(eta) == pytest.approx(LINKS["logit"].hazard(eta), rel=1e-3)


def test_known_answer_of_an_even_chance_of_leaving():
    # One in two leaves each period, against one in four: the areas under 1, 1/2, 1/4 and 1, 3/4, 9/16.
    told = average_duration_effect(np.array([[[[[0.5, 0.5]]], [[[0.25, 0.25]]]]]), np.ones(1))
    assert told.with_it == pytest.approx([0.75 + 0.375])
    assert told.without == pytest.approx([0.875 + 0.65625])
    assert told.mean == pytest.approx(told.with_it - told.without)
    assert told.left[:, 0] == pytest.approx([0.75 - 7 / 16])


def test_kinds_of_exit_share_out_all_who_left():
    rng = np.random.default_rng(2)
    hazards = rng.uniform(0.05, 0.3, (2, 2, 5, 3, 4))
    weights = np.array([0.2, 0.3, 0.5])
    told = average_duration_effect(hazards, weights)
    staying = (1 - hazards).prod(axis=0).prod(axis=-1) @ weights
    assert told.left.sum(axis=1) == pytest.approx(staying[1] - staying[0])
    # The slow way for one draw and cell: who leaves in each period, by the first kind and then by the second.
    still, by_kind = 1.0, [0.0, 0.0]
    for k in range(4):
        first, second = hazards[0, 0, 0, 0, k], hazards[1, 0, 0, 0, k]
        by_kind[0] += still * first
        by_kind[1] += still * (1 - first) * second
        still *= (1 - first) * (1 - second)
    nothing = np.concatenate([hazards[:, :1, :1, :1], np.zeros((2, 1, 1, 1, 4))], axis=1)
    assert average_duration_effect(nothing, np.ones(1)).left[0] == pytest.approx(by_kind)


class Draws:
    """Draws as a fit holds them, made by hand."""

    def __init__(self, **parts):
        self.parts = parts

    def values(self, name):
        return self.parts[name]


def by_hand(rows, tau, chance=0.2, n=6):
    cells = rows.cells
    eta = np.log(-np.log1p(-chance)) + tau * cells.dose
    return Draws(
        eta=np.tile(eta, (n, 1)), tau=np.full(n, tau), tau_district=np.full((n, int(cells.treated.sum())), tau),
        walk=np.zeros((n, rows.n_lengths)),
    )  # fmt: skip


def test_effect_on_duration_from_draws_by_hand():
    rows = stays()
    told = effect_on_durations([(by_hand(rows, np.log(2.0)), rows)], 3, np.random.default_rng(4))
    # Twice the hazard squares the chance of staying: .8 without the programme, .64 with it.
    without, with_it = (sum((s**k + s ** (k + 1)) / 2 for k in range(3)) for s in (0.8, 0.64))
    assert told.without == pytest.approx(np.full(6, without))
    assert told.mean == pytest.approx(np.full(6, with_it - without))
    assert told.left[:, 0] == pytest.approx(np.full(6, 0.8**3 - 0.64**3))
    both = effect_on_durations([(by_hand(rows, 0.0), rows)] * 2, 3, np.random.default_rng(4))
    assert both.mean == pytest.approx(np.zeros(6))
    assert both.with_it == pytest.approx(np.full(6, with_it))


@pytest.mark.parametrize("horizon", [0, 5])
def test_refuses_a_horizon_that_nobody_was_followed_to(horizon):
    rows = stays()
    with pytest.raises(RefusedError) as refused:
        effect_on_durations([(by_hand(rows, 0.0), rows)], horizon, np.random.default_rng(4))
    assert refused.value.problems[0].key == "stays_horizon"


def test_refuses_kinds_of_exit_from_different_districts():
    rows, other = stays(), stays(n_districts=7)
    with pytest.raises(RefusedError) as refused:
        effect_on_durations([(by_hand(r, 0.0), r) for r in (rows, other)], 2, np.random.default_rng(4))
    assert refused.value.problems[0].key == "stays_cells_differ"


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("cells_lengths", lambda s: {"stay": s.stay[1:]}),
        ("cells_counts", lambda s: {"low": s.low + 1}),
        ("cells_counts", lambda s: {"low": s.low + 0.5, "high": s.high + 0.5}),
        ("cells_counts", lambda s: {"low": s.low * np.nan, "high": s.high * np.nan}),
        ("cells_no_exposure", lambda s: {"at_risk": s.at_risk * (s.district != 3)}),
        ("cells_no_exposure", lambda s: {"treated": np.append(s.treated, False)}),
        ("cells_all_zero", lambda s: {"low": 0 * s.low, "high": 0 * s.high}),
        ("totals_count_above_trials", lambda s: {"low": s.at_risk + 1, "high": s.at_risk + 1}),
        ("stays_one_length", lambda s: {"stay": 0 * s.stay}),
        ("cells_one_period", lambda s: {"period": 0 * s.period}),
        ("cells_no_control", lambda s: {"treated": np.ones_like(s.treated)}),
        ("cells_no_treated_after", lambda s: {"dose": 0 * s.dose}),
        ("cells_twice", lambda s: {"stay": np.minimum(s.stay, 1)}),
        ("stays_dose", lambda s: {"dose": s.dose * np.where(s.stay == 1, 0.5, 1.0)}),
    ],
)
def test_refuses_stays_that_cannot_carry_an_effect(key, change):
    rows = stays()
    with pytest.raises(RefusedError) as refused:
        replace(rows, **change(rows))
    assert refused.value.problems[0].key == key


def test_one_period_before_and_three_hundred_districts_can_be_built():
    rows = stays(n_districts=300, n_periods=2, children=20)
    assert np.isfinite(logp(rows))


@pytest.mark.slow
def test_recovers_shorter_stays():
    tau = 0.7
    rows = stays(n_districts=12, n_periods=6, seed=5, tau=tau, children=120)
    fit = sample(build_durations(rows), seed=6, settings=SLOWLY)
    told = effect_on_durations([(fit, rows)], 4, np.random.default_rng(7))
    hazard = -np.expm1(-0.15 * np.exp(-0.2 * np.arange(4) + np.array([tau, 0.0])[:, None]))
    true = average_duration_effect(hazard[None, :, None, None, :], np.ones(1)).mean
    assert np.quantile(told.mean, 0.005) < true < np.quantile(told.mean, 0.995)
    assert np.mean(told.mean < 0) > 0.99
    assert np.quantile(fit.values("tau"), 0.005) < tau < np.quantile(fit.values("tau"), 0.995)
