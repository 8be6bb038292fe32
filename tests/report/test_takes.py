"""What it would take is told from the simulated design, in whole sentences, whatever helps and whatever does not."""

from __future__ import annotations

import pytest

from sverige_did.report.front.takes import what_it_takes
from sverige_did.results.methods_tables import DesignSize, More, SmallestFound


def size(own: float | None, **times: int | None) -> DesignSize:
    change = -0.5 if own is None or own < 0 else 0.5
    more: dict[More, int | None] = {name: times[name] for name in ("districts", "children", "periods") if name in times}
    found = (SmallestFound(more=name, change=change, times=value) for name, value in more.items())
    first = SmallestFound(more="own", change=own, times=1)
    return DesignSize(
        outcome="placed_total", size=0.03, power=0.5, simulations=1000, barred=False, smallest=(first, *found)
    )


def test_a_shape_that_bars_a_verdict_is_told_beside_what_the_tests_find() -> None:
    given = size(-0.1).model_copy(update={"shape": 0.26})
    assert what_it_takes(given, "en").endswith(
        "if it is one of 10% or more."
        " In 26 of 100 cases the shape of the data bars a verdict, however large the effect."
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (size(-0.65), "With these districts a fall is found in 80 of 100 cases if it is one of 65% or more."),
        (size(None), "With these districts no fall is found in 80 of 100 cases, not even if everything went away."),
        (
            size(-0.65, districts=3, children=4, periods=2),
            "With these districts a fall is found in 80 of 100 cases if it is one of 65% or more. A halving would take"
            " 3 times as many districts, 4 times as many children in each district or 2 times as long before and"
            " after.",
        ),
        (
            size(None, districts=6, children=None, periods=None),
            "With these districts no fall is found in 80 of 100 cases, not even if everything went away. A halving"
            " would take 6 times as many districts. Even 16 times as many children in each district or 16 times as long"
            " before and after would not be enough alone.",
        ),
        (
            size(0.6, districts=None),
            "With these districts a rise is found in 80 of 100 cases if it is one of 60% or more. Even 16 times as many"
            " districts would not be enough to find a rise by a half.",
        ),
        (
            size(-0.4, districts=1, children=1),
            "With these districts a fall is found in 80 of 100 cases if it is one of 40% or more.",
        ),
    ],
)
def test_sentences(given: DesignSize, said: str) -> None:
    assert what_it_takes(given, "en") == said
    assert what_it_takes(given, "da").endswith(".")
