"""Fixed prices: hand-checked conversions and the years that are refused."""

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.panel.prices import PriceIndex, fixed_prices

INDEX = PriceIndex(name="test", source="hand", years=(2013, 2014, 2015), levels=(100.0, 102.0, 104.04))


def test_a_rise_of_two_per_cent_a_year():
    found = fixed_prices([100.0, 102.0, 104.04], [2013, 2014, 2015], INDEX, base_year=2015)
    assert found == pytest.approx([104.04, 104.04, 104.04])


def test_the_base_year_keeps_its_amounts_and_scale_does_not_matter():
    amount, year = np.array([[7.0, 3.0], [np.nan, 0.0]]), np.array([[2014, 2013], [2014, 2015]])
    found = fixed_prices(amount, year, INDEX, base_year=2014)
    assert found[0, 0] == 7.0
    assert np.isnan(found[1, 0])
    larger = INDEX.model_copy(update={"levels": tuple(17 * level for level in INDEX.levels)})
    assert fixed_prices(amount, year, larger, base_year=2014) == pytest.approx(found, nan_ok=True)


def test_there_and_back_again():
    amount = np.array([5.0, 6.0])
    there = fixed_prices(amount, 2013, INDEX, base_year=2015)
    assert fixed_prices(there, 2015, INDEX, base_year=2013) == pytest.approx(amount)


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: fixed_prices([1.0], [2012], INDEX, base_year=2014), "price_year_missing"),
        (lambda: fixed_prices([1.0], [2013], INDEX, base_year=2020), "price_year_missing"),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))


@pytest.mark.parametrize(
    ("years", "levels"), [((2013, 2013), (1.0, 2.0)), ((2013,), (0.0,)), ((2013, 2014), (1.0,)), ((2013,), (np.inf,))]
)
def test_a_table_that_is_no_index(years, levels):
    with pytest.raises(ValueError, match="test"):
        PriceIndex(name="test", source="hand", years=years, levels=levels)
