"""Where those of a rung are later: numbers by hand, another library, what must not matter, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from sverige_did.did.occupation import LOST, Episodes, Followed, days_in, follow, occupation
from sverige_did.errors import RefusedError

FOREVER = 10**9


def episodes(*rows: tuple[int, int, int, int, int], states: int = 3) -> Episodes:
    return Episodes(*(np.array(column) for column in zip(*rows, strict=True)), states=states)


def followed(made: Episodes, *, landmarks: tuple[int, ...] = (0,), origin: int = 0, horizon: int = 4) -> Followed:
    return follow(made, landmarks, origin, lambda who, _: np.zeros_like(who), 1, horizon)


def shares(found: Followed, origin: int = 0) -> np.ndarray:
    return occupation(found.at_risk.sum(axis=0), found.moves.sum(axis=0), origin)


FOUR = (
    (0, 0, -5, 2, 1), (0, 1, 2, FOREVER, LOST),  # leaves for state 1 on day 2
    (1, 0, -1, 3, LOST),  # lost from sight on day 3
    (2, 0, 0, 4, 2), (2, 2, 4, FOREVER, LOST),  # leaves for state 2 on day 4
    (3, 0, -9, FOREVER, LOST),  # stays
    (4, 1, -9, 1, 0), (4, 0, 1, FOREVER, LOST),  # comes on day 1: not there on the landmark
)  # fmt: skip


def test_four_by_hand() -> None:
    """Of four, one leaves on day 2; one is lost; of the two that are left, one leaves on day 4: 3/4 x 1/2 stay."""
    found = shares(followed(episodes(*FOUR)))
    expected = [[1, 0, 0], [0.75, 0.25, 0], [0.75, 0.25, 0], [0.375, 0.25, 0.375]]
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(days_in(found), [2.875, 0.75, 0.375])


def test_there_and_back_and_a_day_in_between() -> None:
    made = episodes((0, 0, -3, 1, 1), (0, 1, 1, 2, 0), (0, 0, 2, FOREVER, LOST))
    np.testing.assert_allclose(shares(followed(made)), [[0, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]])


def many(rng: np.random.Generator, *, lost: bool = True, people: int = 60) -> Episodes:
    """Paths through three states, some of which end because nobody sees what comes."""
    rows = []
    for who in range(people):
        day, state = int(rng.integers(-40, 5)), int(rng.integers(0, 3))
        while day < 80:
            stop = day + int(rng.geometric(0.04))
            after = (state + int(rng.integers(1, 3))) % 3
            gone = lost and rng.random() < 0.15
            rows.append((who, state, day, stop, LOST if gone else after))
            day, state = stop, after
            if gone:
                day += int(rng.integers(0, 10))  # comes back into sight, on a rung of its own
    return episodes(*rows)


def test_it_is_the_cumulative_incidence_of_another_library() -> None:
    """Competing exits of those of one landmark, with some lost: statsmodels' estimate at every time of an exit."""
    rng = np.random.default_rng(4)
    n, horizon = 80, 30
    stay, cause = rng.geometric(0.05, n), rng.choice([LOST, 1, 2], n, p=[0.3, 0.4, 0.3])
    stay[0], cause[0] = 500, LOST  # the last one leaves nobody: statsmodels would divide by those who are left
    rows = [(k, 0, 0, int(stay[k]), int(cause[k])) for k in range(n)]
    rows += [(k, int(cause[k]), int(stay[k]), FOREVER, LOST) for k in range(n) if cause[k] != LOST]
    found = shares(followed(episodes(*rows), horizon=horizon))
    status = np.where(cause == LOST, 0, cause)
    reference = CumIncidenceRight(stay.astype(float), status)
    for state in (1, 2):
        for time, expected in zip(reference.times, reference.cinc[state - 1], strict=True):
            if time <= horizon:
                assert found[int(time) - 1, state] == pytest.approx(expected)
    survival = SurvfuncRight(stay.astype(float), (status > 0).astype(int))
    for time, expected in zip(survival.surv_times, survival.surv_prob, strict=True):
        if time <= horizon:
            assert found[int(time) - 1, 0] == pytest.approx(expected)


def test_where_nobody_is_lost_it_is_the_plain_proportion() -> None:
    made = many(np.random.default_rng(2), lost=False)
    days = (0, 10, 20)
    found = shares(followed(made, landmarks=days, horizon=25))
    for u in (1, 7, 25):
        ends = [
            int(made.state[(made.who == who) & (made.start <= day + u) & (day + u < made.stop)].item())
            for day in days
            for who in made.who[(made.state == 0) & (made.start <= day) & (day < made.stop)]
        ]
        np.testing.assert_allclose(found[u - 1], np.bincount(ends, minlength=3) / len(ends))


def test_days_add_up_to_the_horizon_and_shares_to_one() -> None:
    found = shares(followed(many(np.random.default_rng(3)), landmarks=(0, 15), horizon=30))
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert days_in(found).sum() == pytest.approx(30)
    assert (found >= -1e-12).all()


def test_what_must_not_matter() -> None:
    """The order of the rows, the numbers of people, everybody twice, the calendar; names of the states go along."""
    made, rng = many(np.random.default_rng(5)), np.random.default_rng(6)
    usual = shares(followed(made, landmarks=(0, 20), horizon=30))
    columns = np.stack([made.who, made.state, made.start, made.stop, made.after])
    shuffled = columns[:, rng.permutation(columns.shape[1])]
    renamed = np.stack([rng.permutation(60)[columns[0]], *columns[1:]])
    twice = np.concatenate([columns, columns + np.array([60, 0, 0, 0, 0])[:, None]], axis=1)
    for other in (shuffled, renamed, twice):
        np.testing.assert_allclose(shares(followed(Episodes(*other, states=3), landmarks=(0, 20), horizon=30)), usual)
    later = Episodes(made.who, made.state, made.start + 999, made.stop + 999, made.after, 3)
    np.testing.assert_allclose(shares(followed(later, landmarks=(999, 1019), horizon=30)), usual)
    names = np.array([2, 0, 1, LOST])  # the last place is that of LOST
    other = Episodes(made.who, names[made.state], made.start, made.stop, names[made.after], 3)
    again = shares(followed(other, landmarks=(0, 20), origin=2, horizon=30), origin=2)
    np.testing.assert_allclose(again[:, [2, 0, 1]], usual)


def test_clusters_add_up_and_a_person_of_none_is_left_out() -> None:
    made = episodes(*FOUR)
    found = follow(made, (0,), 0, lambda who, _: np.array([0, 1, 1, -1, 0])[who], 2, 4)
    assert found.at_risk[:, 0, 0].tolist() == [1, 2]
    assert found.who.tolist() == [0, 1, 2]
    assert found.cluster.tolist() == [0, 1, 1]
    assert found.left.tolist() == [True, False, True], "to be lost from sight is not to leave"


def test_nobody_there_has_no_share_and_one_child_has_all() -> None:
    assert np.isnan(shares(followed(episodes(*FOUR), origin=2), origin=2)).all()
    assert shares(followed(episodes((0, 0, -1, FOREVER, LOST))))[-1].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("episodes_states", ((0, 3, 0, 5, LOST),)),
        ("episodes_states", ((0, 0, 0, 5, 7),)),
        ("episodes_reversed", ((0, 0, 5, 5, 1),)),
        ("episodes_overlap", ((0, 0, 0, 5, 1), (0, 1, 4, 9, LOST))),
    ],
)
def test_bad_episodes_are_refused_in_words(key: str, rows: tuple[tuple[int, int, int, int, int], ...]) -> None:
    with pytest.raises(RefusedError) as caught:
        episodes(*rows)
    assert caught.value.problems[0].key == key
    assert caught.value.say("da")
    assert caught.value.say("en")


def test_columns_of_unlike_length_are_refused() -> None:
    with pytest.raises(RefusedError, match="differ in length"):
        Episodes(*(np.zeros(n, dtype=int) for n in (1, 1, 1, 1, 2)), states=2)
