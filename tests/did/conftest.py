"""Made-up districts for the estimators: columns with a known effect, in no particular order."""

from collections.abc import Callable

import numpy as np
import pytest

from sverige_did.did.arrays import DistrictPanel, panel_from_rows

Columns = dict[str, np.ndarray]


def draw(
    rng: np.random.Generator,
    *,
    starts: tuple[float, ...] = (2013.0,) * 4 + (np.nan,) * 9,
    periods: int = 7,
    effect: float = 2.0,
    noise: float = 1.0,
    missing: int = 0,
) -> Columns:
    """One row a district and year from 2010, ``missing`` outcomes lost; ``starts`` are go-lives, nan for never."""
    start = np.asarray(starts)
    year = 2010.0 + np.arange(periods)
    under = year >= start[:, None]
    y: np.ndarray = 20 + 3 * rng.normal(size=(start.size, 1)) + rng.normal(size=periods).cumsum() + effect * under
    shuffle = rng.permutation(under.size)
    y += noise * rng.normal(size=y.shape)
    y.flat[shuffle[:missing]] = np.nan
    columns = {
        "unit": np.repeat([f"d{i:02d}" for i in range(start.size)], periods),
        "period": np.tile(year, start.size),
        "y": y.ravel(),
        "treated": under.ravel(),
        "weights": np.repeat(rng.uniform(50, 400, start.size).round(), periods),
    }
    return {name: values[shuffle] for name, values in columns.items()}


@pytest.fixture
def columns() -> Callable[..., Columns]:
    return draw


@pytest.fixture
def panel(rng: np.random.Generator) -> DistrictPanel:
    """Four of thirteen districts treated from 2013, seven years, complete."""
    return panel_from_rows(**draw(rng))


@pytest.fixture
def staggered_panel(rng: np.random.Generator) -> DistrictPanel:
    """Cohorts of 3, 4 and 2 districts in 2012, 2013 and 2015 beside six that never start."""
    starts = (2012.0,) * 3 + (2013.0,) * 4 + (2015.0,) * 2 + (np.nan,) * 6
    return panel_from_rows(**draw(rng, starts=starts))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20130801)


@pytest.fixture
def unbalanced_panel(rng: np.random.Generator) -> DistrictPanel:
    """The districts of ``panel`` with nine outcomes missing."""
    return panel_from_rows(**draw(rng, missing=9))
