from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from move_effects import effect_on_moves
from scipy import stats
from scipy.special import softmax

from sverige_did.bayes.models.composition import MULTINOMIAL
from sverige_did.bayes.models.transitions import (
    BASELINE_DIFFERENCE,
    DISTRICT,
    EFFECT_SD,
    LEVEL,
    PERIOD_WALK,
    Ladder,
    Moves,
    average_shares,
    build_transitions,
    shares_of_moves,
)
from sverige_did.bayes.sampling.sample import Settings, sample
from sverige_did.errors import RefusedError

SLOWLY = Settings(draws=1500, target_accept=0.98)

HOME, FOSTER, HOME_FOR_CHILDREN, SECURE, ADULT = 0.0, 1.0, 2.0, 3.0, np.nan
# Three rungs with children on them; from a foster family nobody goes straight to secure care.
LADDER = Ladder(
    origin=np.array([FOSTER, HOME_FOR_CHILDREN, SECURE]),
    destination=np.array([HOME, FOSTER, HOME_FOR_CHILDREN, SECURE, ADULT]),
    possible=np.array([[1, 1, 1, 0, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 1]], dtype=bool),
)


def moves(n_districts=8, n_periods=4, seed=0, down=0.0, size=25):
    """Three of the districts are treated, from the middle on."""
    rng = np.random.default_rng(seed)
    district, rest = np.divmod(np.arange(n_districts * n_periods * 3), n_periods * 3)
    period, origin = np.divmod(rest, 3)
    treated = np.arange(n_districts) < 3
    dose = np.where(treated[district] & (period >= n_periods // 2), 1.0, 0.0)
    eta = 2.5 * LADDER.stay[origin] + rng.normal(0, 0.3, (n_districts, 5))[district]
    eta = eta + down * dose[:, None] * LADDER.down[origin] + np.where(LADDER.possible, 0, -np.inf)[origin]
    counts = np.array([rng.multinomial(size, share) for share in softmax(eta, axis=1)]).astype(float)
    return Moves(LADDER, district, period, origin, treated, dose, counts)


def test_the_map_knows_up_from_down():
    assert LADDER.down.tolist() == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 1, 1, 0, 0]]
    assert LADDER.up.tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0]]
    assert LADDER.stay.sum(axis=1).tolist() == [1, 1, 1]


def shares_by_loops(rows, found):
    """The probabilities written out row by row from the model's formula, over the possible destinations only."""
    stay, down, up = found["normal"]
    sds = (prior.sd for prior in (LEVEL, BASELINE_DIFFERENCE, DISTRICT, PERIOD_WALK, EFFECT_SD))
    sd_level, sd_gap, sd_district, sd_drift, sd_tau = found["scale_z"] * np.array(list(sds))
    shares = np.zeros_like(rows.counts)
    for i, (d, t, o) in enumerate(zip(rows.district, rows.period, rows.origin, strict=True)):
        odds = {}
        for k in np.flatnonzero(rows.ladder.possible[o]):
            eta = sd_level * found["level_z"][o, k] + stay * rows.ladder.stay[o, k]
            eta += rows.treated[d] * sd_gap * found["gap_z"][o, k]
            eta += sd_district * found["alpha_move_z"][d, k] + sd_drift * found["lambda_move_z"][t, k]
            effect = down * rows.ladder.down[o, k] + up * rows.ladder.up[o, k] + sd_tau * found["tau_z"][o, k]
            odds[k] = np.exp(eta + rows.dose[i] * effect)
        for k, odd in odds.items():
            shares[i, k] = odd / sum(odds.values())
    return shares


@pytest.mark.parametrize("plain", [False, True])
def test_shares_are_the_formula_written_out_over_the_possible_destinations(plain):
    rows = moves()
    model = build_transitions(rows, concentration=None) if plain else build_transitions(rows)
    names = ("normal", "scale_z", "level_z", "gap_z", "tau_z", "alpha_move_z", "lambda_move_z")
    eta = model["y"].owner.inputs[1]
    *values, found_eta = pm.draw([*(model[name] for name in names), eta], random_seed=3, mode="FAST_COMPILE")
    found = dict(zip(names, values, strict=True))
    found["normal"] = found["normal"][:3]
    expected = shares_by_loops(rows, found)
    assert softmax(found_eta, axis=1) == pytest.approx(expected, abs=1e-9)
    assert np.ptp(expected) > 0.1


def at_the_start(model):
    return model.compile_logp(vars=[model["y"]], sum=False, mode="FAST_COMPILE")(model.initial_point())[0]


def test_likelihood_leaves_impossible_moves_out():
    rows = moves()
    found = {"clustered": at_the_start(build_transitions(rows))}
    found["plain"] = at_the_start(build_transitions(rows, concentration=None))
    ways = MULTINOMIAL.constant(rows.counts, rows.counts.sum(axis=1))
    for i, o in enumerate(rows.origin):
        # At the starting point all that counts is that staying is favoured by the prior mean of 2.5, and kappa is 60.
        possible = LADDER.possible[o]
        share, counts = softmax(2.5 * LADDER.stay[o][possible]), rows.counts[i, possible]
        clustered = stats.dirichlet_multinomial.logpmf(counts, 60 * share, counts.sum())
        assert found["clustered"][i] + ways[i] == pytest.approx(clustered)
        assert found["plain"][i] + ways[i] == pytest.approx(stats.multinomial.logpmf(counts, counts.sum(), share))


@pytest.mark.parametrize("plain", [False, True])
def test_simulated_children_make_possible_moves_only(plain):
    rows = moves()
    model = build_transitions(rows, concentration=None) if plain else build_transitions(rows)
    counts = pm.draw(model["y"], draws=20, random_seed=2, mode="FAST_COMPILE")
    assert not counts[:, ~LADDER.possible[rows.origin]].any()
    assert (counts.sum(axis=2) == rows.counts.sum(axis=1)).all()
    assert counts.std(axis=0).max() > 1


def logp(model):
    point = model.initial_point()
    point["scale_z"], point["tau_z"] = np.ones_like(point["scale_z"]), np.full_like(point["tau_z"], 0.3)
    return float(model.compile_logp(mode="FAST_COMPILE")(point))


def test_order_of_rows_does_not_matter():
    rows = moves()
    order = np.random.default_rng(1).permutation(len(rows.origin))
    columns = ("district", "period", "origin", "dose", "counts")
    shuffled = replace(rows, **{name: getattr(rows, name)[order] for name in columns})
    assert logp(build_transitions(shuffled)) == pytest.approx(logp(build_transitions(rows)))


class Draws:
    """Draws as a fit holds them, made by hand."""

    def __init__(self, **parts):
        self.parts = parts

    def values(self, name):
        return self.parts[name]


def by_hand(rows, tau, n=3):
    nothing = np.zeros((n, *LADDER.possible.shape))
    level = nothing + np.log(np.where(LADDER.stay, 8.0, 1.0))
    return Draws(
        mu_move=level,
        gamma_move=nothing,
        tau_move=nothing + tau,
        alpha_move=np.zeros((n, len(rows.treated), 5)),
        lambda_move=np.zeros((n, rows.n_periods, 5)),
    )


def test_known_answer_of_twice_the_odds_of_moving_down():
    rows = moves()
    told = effect_on_moves(by_hand(rows, np.log(2.0) * LADDER.down), rows)
    # A foster child: 8 chances of staying and one each of home, an institution and growing up, of 11; then 2 of 12.
    assert told.down[:, 0] == pytest.approx(np.full(3, 100 * (2 / 12 - 1 / 11)))
    assert told.up[:, 0] == pytest.approx(np.full(3, 100 * (1 / 12 - 1 / 11)))
    # In an institution two of the 12 chances lead down; from secure care two of the 11, and none leads up.
    assert told.down[:, 1] == pytest.approx(np.full(3, 100 * (4 / 14 - 2 / 12)))
    assert told.down[:, 2] == pytest.approx(np.full(3, 100 * (4 / 13 - 2 / 11)))
    assert told.up[:, 2] == pytest.approx(np.zeros(3))
    assert told.destinations.sum(axis=2) == pytest.approx(np.zeros((3, 3)), abs=1e-9)
    assert (told.destinations[:, ~LADDER.possible] == 0).all()


def test_without_an_effect_nothing_is_found_and_labels_of_districts_do_not_matter():
    rows = moves()
    assert effect_on_moves(by_hand(rows, 0.0), rows).down == pytest.approx(np.zeros((3, 3)))
    rng = np.random.default_rng(4)
    draws = by_hand(rows, rng.normal(size=(3, *LADDER.possible.shape)))
    draws.parts["alpha_move"] = rng.normal(size=(3, 8, 5))
    first = effect_on_moves(draws, rows)
    order = rng.permutation(8)
    draws.parts["alpha_move"] = draws.parts["alpha_move"][:, order]
    again = replace(rows, district=np.argsort(order)[rows.district], treated=rows.treated[order])
    assert effect_on_moves(draws, again).destinations == pytest.approx(first.destinations)


def test_rows_weigh_by_the_children_who_stood_there_unless_told_otherwise():
    rows = moves()
    under = np.flatnonzero((rows.dose > 0) & (rows.origin == 0))
    rows.counts[under[0]] *= 10
    rng = np.random.default_rng(5)
    draws = by_hand(rows, np.log(2.0) * LADDER.down)
    draws.parts["alpha_move"] = rng.normal(size=(3, 8, 5))
    one = np.zeros(len(rows.origin))
    one[rows.dose > 0] = 1e-9
    one[under[0]] = 1.0
    heavy, only = effect_on_moves(draws, rows), effect_on_moves(draws, rows, one)
    even = effect_on_moves(draws, rows, np.ones(len(rows.origin)))
    assert (abs(heavy.down[:, 0] - only.down[:, 0]) < abs(even.down[:, 0] - only.down[:, 0])).all()


def test_a_rung_without_weight_is_an_error():
    rows = moves()
    with pytest.raises(ValueError, match="no weight"):
        effect_on_moves(by_hand(rows, 0.0), rows, np.where(rows.origin == 1, 0.0, 1.0))


def test_average_is_the_mean_over_rows_done_slowly():
    rng = np.random.default_rng(6)
    eta = rng.normal(size=(2, 4, 3))
    weights = np.array([[0.25], [0.25], [0.5], [0.0]])
    told = average_shares(eta, weights)
    for s in range(2):
        slow = sum(w * 100 * np.exp(e) / np.exp(e).sum() for w, e in zip(weights[:, 0], eta[s], strict=True))
        assert told[s, 0] == pytest.approx(slow)


def test_shares_with_and_without_are_the_formula_written_out():
    rows = moves()
    rng = np.random.default_rng(9)
    shapes = {"mu_move": (3, 5), "gamma_move": (3, 5), "tau_move": (3, 5), "alpha_move": (8, 5), "lambda_move": (4, 5)}
    draws = Draws(**{name: rng.normal(size=(2, *shape)) for name, shape in shapes.items()})
    told = shares_of_moves(draws, rows)
    for s, (r, o) in ((s, ro) for s in range(2) for ro in enumerate(told.rungs)):
        mine = [i for i in np.flatnonzero(rows.dose > 0) if rows.origin[i] == o]
        possible = LADDER.possible[o]
        slow = {True: np.zeros(5), False: np.zeros(5)}
        for i, with_it in ((i, with_it) for i in mine for with_it in slow):
            one = {name: part[s] for name, part in draws.parts.items()}
            eta = one["mu_move"][o] + one["gamma_move"][o] + one["alpha_move"][rows.district[i]]
            eta = eta + one["lambda_move"][rows.period[i]] + with_it * one["tau_move"][o]
            slow[with_it][possible] += 100 * softmax(eta[possible]) / len(mine)
        assert told.with_it[s, r] == pytest.approx(slow[True])
        assert told.without[s, r] == pytest.approx(slow[False])


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("cells_lengths", lambda m: {"counts": m.counts[1:]}),
        ("cells_lengths", lambda m: {"counts": m.counts[:, 1:]}),
        ("cells_lengths", lambda m: {"origin": m.origin + 1}),
        ("moves_counts", lambda m: {"counts": m.counts + 0.5}),
        ("moves_counts", lambda m: {"counts": m.counts * np.nan}),
        ("moves_impossible", lambda m: {"counts": m.counts + 1}),
        ("cells_no_exposure", lambda m: {"counts": m.counts * (m.district != 2)[:, None]}),
        ("cells_no_exposure", lambda m: {"treated": np.append(m.treated, False)}),
        ("moves_nobody_moved", lambda m: {"counts": 10.0 * LADDER.stay[m.origin]}),
        ("cells_one_period", lambda m: {"period": 0 * m.period}),
        ("cells_no_control", lambda m: {"treated": np.ones_like(m.treated)}),
        ("cells_no_treated_after", lambda m: {"dose": 0 * m.dose}),
        ("cells_no_treated_after", lambda m: {"dose": np.ones_like(m.dose)}),
        ("cells_twice", lambda m: {"period": np.minimum(m.period, 1)}),
    ],
)
def test_refuses_moves_that_cannot_carry_an_effect(key, change):
    rows = moves()
    with pytest.raises(RefusedError) as refused:
        replace(rows, **change(rows))
    assert refused.value.problems[0].key == key


def test_refuses_a_rung_that_only_the_programme_has_seen():
    rows = moves()
    kept = (rows.origin != 2) | (rows.dose > 0)
    columns = ("district", "period", "origin", "dose", "counts")
    with pytest.raises(RefusedError) as refused:
        replace(rows, **{name: getattr(rows, name)[kept] for name in columns})
    assert refused.value.problems[0].key == "moves_rung_unseen"


@pytest.mark.parametrize(
    "change",
    [
        {"possible": LADDER.possible[:2]},
        {"possible": LADDER.possible & ~LADDER.stay},
        {"possible": LADDER.possible & LADDER.stay},
        {"origin": np.array([FOSTER, 1.5, SECURE])},
        {"origin": np.array([FOSTER, np.nan, SECURE])},
    ],
)
def test_refuses_a_map_that_does_not_fit(change):
    with pytest.raises(RefusedError) as refused:
        replace(LADDER, **change)
    assert refused.value.problems[0].key == "ladder_map"


def test_one_period_before_and_three_hundred_districts_can_be_built():
    rows = moves(n_districts=300, n_periods=2)
    assert np.isfinite(logp(build_transitions(rows)))
    told = effect_on_moves(by_hand(rows, np.log(2.0) * LADDER.down, n=450), rows)
    assert told.down == pytest.approx(np.broadcast_to(told.down[0], (450, 3)))


@pytest.mark.slow
def test_recovers_more_moves_down_and_no_more_up():
    rows = moves(n_districts=12, n_periods=4, seed=7, down=0.8, size=40)
    fit = sample(build_transitions(rows), seed=8, settings=SLOWLY)
    told = effect_on_moves(fit, rows)
    assert told.destinations.sum(axis=2) == pytest.approx(np.zeros_like(told.down), abs=1e-9)
    low, high = np.quantile(fit.values("tau_down"), [0.005, 0.995])
    assert low < 0.8 < high
    # The true effect by rung: e^0.8 times the odds of each destination below, with staying at e^2.5.
    for r, o in enumerate(told.rungs):
        eta = 2.5 * LADDER.stay[o] + np.where(LADDER.possible[o], 0, -np.inf)
        true = 100 * ((softmax(eta + 0.8 * LADDER.down[o]) - softmax(eta)) * LADDER.down[o]).sum()
        assert np.quantile(told.down[:, r], 0.005) < true < np.quantile(told.down[:, r], 0.995)
    assert (np.mean(told.down > 0, axis=0) > 0.95).all()
