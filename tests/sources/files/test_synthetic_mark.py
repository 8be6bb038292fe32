"""Made-up data can never pass for evidence: a plan that hides the mark is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sverige_did.errors import InputError
from sverige_did.sources.panel.delivery import panel_of, refuse_unmarked
from sverige_did.study.read import read_study

ROOT = Path(__file__).parents[3]


def test_the_example_is_refused_under_a_plan_that_says_it_is_real():
    study = read_study(ROOT / "analyses" / "example" / "study.yaml")
    assert study.synthetic
    hidden = study.model_copy(update={"synthetic": False})
    with pytest.raises(InputError) as caught:
        panel_of(ROOT / "data" / "example", hidden)
    assert [problem.key for problem in caught.value.problems] == ["plan_hides_synthetic"]
    refuse_unmarked(ROOT / "data" / "example", study)


def test_real_figures_need_no_mark():
    refuse_unmarked(ROOT / "data" / "herning", read_study(ROOT / "analyses" / "herning" / "study.yaml"))
