import numpy as np
import pytest

from sverige_did.inference.inversion import Family, Region, scan


def family(**changes: object) -> Family:
    """Resample 0 is the observed one: a = 0, b = 1 and the same variance."""
    values: dict = {
        "a": np.array([0.0]), "b": np.array([1.0]), "q0": np.array([0.25]), "q1": np.array([0.0]),
        "q2": np.array([0.0]), "v": 0.25, "estimate": 1.0, "unit": 2.0,
    }  # fmt: skip
    return Family(**(values | changes))


def random_family(rng: np.random.Generator, n: int) -> Family:
    """Statistics of any shape, with quadratics that are never negative."""
    root = rng.standard_normal((2, n))
    a, b = np.append(0.0, rng.standard_normal(n - 1)), np.append(1.0, rng.uniform(-0.9, 0.9, n - 1))
    q0, q2 = root[0] ** 2 + 0.05, root[1] ** 2 + 0.01
    q1 = rng.uniform(-1.9, 1.9, n) * np.sqrt(q0 * q2)
    q0[0], q1[0], q2[0] = 0.25, 0.0, 0.0
    return family(a=a, b=b, q0=q0, q1=q1, q2=q2)


@pytest.mark.parametrize("seed", range(12))
def test_the_set_is_where_p_exceeds_alpha(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = random_family(rng, 41)
    alpha = float(rng.uniform(0.03, 0.6))
    region = found.region(alpha)
    for tau0 in np.concatenate([rng.uniform(-30, 30, 200), found.estimate + rng.standard_normal(200)]):
        assert (tau0 in region) == (found.p_value(float(tau0)) > alpha)


def test_ends_are_where_the_decision_changes() -> None:
    found = random_family(np.random.default_rng(3), 200)
    for low, high in found.region(0.1).pieces:
        inside, outside = (low + 1e-9, high - 1e-9), (low - 1e-9, high + 1e-9)
        assert all(found.p_value(tau0) > 0.1 for tau0 in inside)
        assert all(found.p_value(tau0) <= 0.1 for tau0 in outside)


def test_a_narrow_second_piece_is_found() -> None:
    """A resample whose standard error all but vanishes at u = 5 is a hit only very near it."""
    close = 1e-12
    found = family(
        a=np.array([0.0, 0.0]), b=np.array([1.0, 1e-3]), q0=np.array([0.25, 25 + close]),
        q1=np.array([0.0, -10.0]), q2=np.array([0.0, 1.0]),
    )  # fmt: skip
    region = found.region(0.5)
    assert region.disconnected
    narrow = region.pieces[0]
    assert narrow[0] < found.estimate - 5 * found.unit < narrow[1]
    # Near u = 5 the condition is 0.25 (0.001 u)^2 >= 25 (u - 5)^2.
    assert narrow[1] - narrow[0] == pytest.approx(2 * found.unit * 0.5 * 0.005 / 5, rel=1e-3)


def test_a_level_below_the_smallest_p_leaves_the_whole_line() -> None:
    region = random_family(np.random.default_rng(1), 10).region(0.05)
    assert region == Region(((-np.inf, np.inf),))
    assert region.unbounded


def test_the_order_of_resamples_does_not_matter() -> None:
    found = random_family(np.random.default_rng(8), 60)
    order = np.random.default_rng(9).permutation(60)
    shuffled = family(**{name: getattr(found, name)[order] for name in ("a", "b", "q0", "q1", "q2")})
    assert shuffled.region(0.1) == found.region(0.1)


def test_a_scan_finds_the_same_set_when_pieces_are_wide() -> None:
    found = random_family(np.random.default_rng(11), 150)
    exact, scanned = found.region(0.2), scan(found.p_value, centre=1.0, unit=2.0, alpha=0.2)
    np.testing.assert_allclose(scanned.pieces, exact.pieces, atol=1e-5)


def test_a_scan_that_never_rejects_is_unbounded() -> None:
    assert scan(lambda _: 1.0, centre=0.0, unit=1.0, alpha=0.05).pieces == ((-np.inf, np.inf),)
