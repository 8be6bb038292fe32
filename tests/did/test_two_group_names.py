"""Every name that an estimate of two group totals carries has its words, in both languages."""

import numpy as np
import pytest

from sverige_did import words
from sverige_did.did import exact, firth, mover, proportions, scales
from sverige_did.results.estimates import Estimate

Y, N = np.array([[17, 8], [75, 75]]), np.array([[67, 58], [300, 300]])
ESTIMATES: list[Estimate] = [
    *(scales.wald(Y, N, scale) for scale in scales.LINKS),
    scales.wald(Y, N, "identity", family="poisson"),
    *(exact.zelen(Y, N, rule=rule) for rule in ("minlike", "central", "mid_p")),
    exact.poisson_did(Y, N),
    exact.rate_ratio([2, 18], [91, 305]),
    mover.mover(Y, N),
    firth.firth(Y, N),
    proportions.sign_test(21, 6),
]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_names_have_words(language: words.Language) -> None:
    wanted = {
        f"labels.{kind}.{name}"
        for one in ESTIMATES
        for kind, names in (
            ("scale", [one.scale]),
            ("estimator", [one.estimator]),
            ("method", [one.estimator]),
            ("inference", [one.inference]),
            ("assumption", one.assumptions),
            ("note", one.notes),
        )
        for name in names
    }
    assert {key for key in wanted if not words.has(key, language)} == set()
