"""Fixed prices: hand-checked conversions and the years that are refused."""

import numpy as np
import pytest
from pydantic import ValidationError

from sverige_did.errors import RefusedError
from sverige_did.sources.panel.prices import fixed_prices
from sverige_did.study.blocks import Prices


def index(base_year: int, *levels: tuple[int, float]) -> Prices:
    given = [{"year": year, "level": level} for year, level in levels]
    return Prices.model_validate({"name": "test", "source": "hand", "base_year": base_year, "levels": given})


LEVELS = ((2013, 100.0), (2014, 102.0), (2015, 104.04))


def test_a_rise_of_two_per_cent_a_year():
    found = fixed_prices([100.0, 102.0, 104.04], [2013, 2014, 2015], index(2015, *LEVELS))
    assert found == pytest.approx([104.04, 104.04, 104.04])


def test_the_base_year_keeps_its_amounts_and_scale_does_not_matter():
    amount, year = np.array([[7.0, 3.0], [np.nan, 0.0]]), np.array([[2014, 2013], [2014, 2015]])
    found = fixed_prices(amount, year, index(2014, *LEVELS))
    assert found[0, 0] == 7.0
    assert np.isnan(found[1, 0])
    larger = index(2014, *((year, 17 * level) for year, level in LEVELS))
    assert fixed_prices(amount, year, larger) == pytest.approx(found, nan_ok=True)


def test_there_and_back_again():
    amount = np.array([5.0, 6.0])
    there = fixed_prices(amount, 2013, index(2015, *LEVELS))
    assert fixed_prices(there, 2015, index(2013, *LEVELS)) == pytest.approx(amount)


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: fixed_prices([1.0], [2012], index(2014, *LEVELS)), "price_year_missing"),
        (lambda: fixed_prices([1.0], [2013], index(2020, *LEVELS)), "price_year_missing"),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))


@pytest.mark.parametrize("levels", [((2013, 1.0), (2013, 2.0)), ((2013, 0.0),), ((2013, np.inf),), ()])
def test_a_table_that_is_no_index_is_refused_with_the_plan(levels):
    with pytest.raises(ValidationError):
        index(2013, *levels)
