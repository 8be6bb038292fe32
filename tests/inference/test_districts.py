import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import districts, heaviest_share

CHANGE = np.array([1.0, 2.0, 4.0, 3.0, 0.0, 5.0])
TREATED = np.array([1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize(
    ("key", "change", "options"),
    [
        ("inference_not_finite", [1.0, np.nan, 4.0, 3.0, 0.0, 5.0], {}),
        ("inference_not_finite", [1.0, np.inf, 4.0, 3.0, 0.0, 5.0], {}),
        ("inference_not_finite", CHANGE, {"weights": [1, 1, np.nan, 1, 1, 1]}),
        ("inference_weights", CHANGE, {"weights": [1, 1, 0, 1, 1, 1]}),
        ("inference_lengths", CHANGE[:5], {}),
        ("inference_lengths", CHANGE, {"strata": [0, 1]}),
        ("constant_outcome", np.full(6, 2.0), {}),
        ("inference_collinear", CHANGE, {"covariates": TREATED * 2.0}),
        ("too_few_treated", CHANGE, {"smallest_arm": 4}),
    ],
)
def test_what_cannot_be_tested_is_refused(key: str, change: np.ndarray, options: dict) -> None:
    with pytest.raises(RefusedError) as refusal:
        districts(change, TREATED, **options)
    assert refusal.value.problems[0].key == key
    assert refusal.value.say("da") != refusal.value.say("en")


def test_too_few_controls_are_refused() -> None:
    with pytest.raises(RefusedError) as refusal:
        districts(CHANGE, [1, 1, 1, 1, 1, 0])
    assert refusal.value.problems[0].key == "too_few_control"


def test_labels_of_strata_may_be_text() -> None:
    found = districts(CHANGE, TREATED, strata=["town", "land", "town", "land", "town", "town"])
    assert found.strata.tolist() == [1, 0, 1, 0, 1, 1]


def test_the_heaviest_share_is_of_its_own_arm() -> None:
    assert heaviest_share(np.array([1.0, 1, 2, 9, 1, 1]), TREATED.astype(bool)) == pytest.approx(9 / 11)
