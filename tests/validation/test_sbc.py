"""What the recorded calibration of the Bayesian models promises, and that it can be made again."""

from __future__ import annotations

import numpy as np
import pytest
from sbc import REPLICATIONS, SEED, done, ranks, recorded
from sbc_models import MODELS
from sbc_page import FIGURE, FIRST, LAST, PAGE, limit, table, told
from sbc_ranks import uniformity

every_record = pytest.mark.parametrize("model", done())
AGAIN = 50


def test_every_model_has_a_record() -> None:
    assert done() == tuple(MODELS)


@every_record
def test_the_record_is_whole(model: str) -> None:
    found = recorded(model)
    case = MODELS[model][1]()
    assert found.names == (*case.names, *case.derived)
    assert found.drawn >= REPLICATIONS >= 500
    assert len(found.ranks) == found.drawn - found.refused
    assert found.ranks.min() >= 0
    assert found.ranks.max() <= found.size


@every_record
def test_ranks_of_every_quantity_are_uniform(model: str) -> None:
    low = {name: p for name, p in told(model).items() if p < limit()}
    assert not low


@every_record
def test_few_data_sets_are_refused_or_make_the_sampler_stumble(model: str) -> None:
    found = recorded(model)
    assert found.refused <= 0.1 * found.drawn
    assert found.diverged <= 0.15 * found.drawn


def test_the_page_shows_the_record() -> None:
    page = PAGE.read_text("utf-8")
    assert FIRST + page.split(FIRST)[1].split(LAST)[0] + LAST == table()
    assert FIGURE.name in page
    assert FIGURE.read_text("utf-8").count("<path") > len(done())


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_other_data_sets_are_calibrated_too(model: str) -> None:
    again = ranks(model, AGAIN, SEED + 1)
    assert len(again.ranks) >= 0.8 * AGAIN
    p = uniformity(again, np.random.default_rng(1))
    assert min(p.values()) > 0.01 / len(p) / len(MODELS)
