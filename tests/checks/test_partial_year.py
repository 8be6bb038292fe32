import pytest

from sverige_did.checks.partial_year import partial_year
from sverige_did.errors import RefusedError


def test_the_published_line_for_spending() -> None:
    found = partial_year(-4.0, "placement_spending")
    assert found.curves[0].x == (0.0, 0.33, 0.42, 0.5)
    assert found.curves[0].y == pytest.approx((-4.0, -5.97, -6.90, -8.0), abs=0.005)


def test_savings_already_made_give_their_own_point_on_the_line() -> None:
    found = partial_year(-4.0, "placement_spending", saved_before=0.7)
    assert found.numbers["whole_year_saved"] == pytest.approx(-4.7)
    at = partial_year(-4.0, "placement_spending", e=[found.numbers["e_saved"]], limits=(-6.0, -2.0))
    assert at.curves[0].y[0] == pytest.approx(-4.7)
    assert at.curves[0].lower[0] / at.curves[0].y[0] == pytest.approx(1.5)


def test_it_undoes_the_share_that_was_there_before() -> None:
    effect, e = -7.0, 0.42
    assert partial_year(effect - e * effect, "a", e=[e]).curves[0].y[0] == pytest.approx(effect)


def test_a_whole_year_before_is_refused() -> None:
    with pytest.raises(RefusedError):
        partial_year(-4.0, "a", e=(0, 1))
