"""SDQ outcomes that the plan asks for: counted by hand, in any order of rows, refused where norms do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_registers as small
from pydantic import ValidationError

from sverige_did.errors import InputError, RefusedError
from sverige_did.panel import Panel
from sverige_did.sources.panel.build import Built, build
from sverige_did.sources.registers.codes import standard_codes

NORM_COLUMNS = ["country", "informant", "age", "sex", "scale", "borderline_from", "abnormal_from", "source"]
NORMS = pd.DataFrame(
    [
        ("DK", "parent", "4-17", "boy", "total", 14, 17, "made up"),
        ("DK", "parent", "4-17", "girl", "total", 12, 15, "made up"),
    ],
    columns=NORM_COLUMNS,
)
# The total is four times the number: every difficulty scale is the same. c0, c2, c4 are boys, c1, c3, c5 girls.
FORMS = [
    ("c0", "2013-05-01", "parent", 9, 5), ("c0", "2013-11-01", "parent", 9, 4), ("c0", "2014-11-01", "parent", 10, 2),
    ("c1", "2013-05-01", "parent", 9, 3), ("c1", "2014-05-01", "parent", 10, 4),
    ("c2", "2013-05-01", "parent", 9, 3), ("c2", "2014-05-01", "foster_parent", 10, 1),
    ("c3", "2013-05-01", "parent", 9, 1), ("c3", "2014-05-01", "parent", 10, 6),
]  # fmt: skip
CHANGE = {"sd": 5.0, "reliability": 0.62, "source": "sdqinfo.com/e10.html; Goodman (2001)"}
"""A reliable change is 1.96 x 5 x sqrt(2 x 0.38) = 8.5 points."""
FORMULA = {
    "intercept": 2.0,
    "total": 0.5,
    "impact": 1.0,
    "emotion": -1.0,
    "sd": 5.0,
    "source": "made up",
    "high_risk": True,
}


def forms(rows: list[tuple[Any, ...]] = FORMS, impact: float | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(*row[:4], *([float(row[4])] * 4), 7.0) for row in rows],
        columns=["child", "date", "informant", "age", "emotion", "conduct", "hyper", "peer", "prosocial"],
    )
    return frame if impact is None else frame.assign(impact=impact)


def built(folder: Path, sdq: dict[str, Any], waves: pd.DataFrame, norms: pd.DataFrame | None = None) -> Built:
    needed = ("districts", "children", "placements")
    frames = {name: small.delivery()[name] for name in needed} | {"sdq_waves": waves}
    if norms is not None:
        frames["sdq_norms"] = norms
    return build(small.tables(folder, frames), small.study(registers={"sdq": sdq}), standard_codes())


def cell(panel: Panel, outcome: str, unit: str, period: str) -> tuple[float, float]:
    (row,) = panel.outcome(outcome).query("unit == @unit and period == @period").itertuples()
    return row.value, row.denominator


def test_nothing_is_judged_that_the_plan_does_not_ask_for(tmp_path: Path) -> None:
    found = set(built(tmp_path, {}, forms(), NORMS).panel.cells["outcome"])
    assert "wellbeing_sdq" in found
    assert not [name for name in found if name.startswith("sdq_")]


def test_bands_by_the_norms_of_the_childs_sex(tmp_path: Path) -> None:
    panel = built(tmp_path, {"norms": "delivered"}, forms(), NORMS).panel
    # The first form of c0 has 20 points (over), the second 16 (borderline for boys; over for girls), the third 8.
    assert cell(panel, "sdq_abnormal_share", "A", "2013H1") == (1, 1)
    assert cell(panel, "sdq_borderline_share", "A", "2013H2") == (1, 1)
    assert cell(panel, "sdq_abnormal_share", "A", "2013H2") == (0, 1)
    assert cell(panel, "sdq_borderline_share", "B", "2013H1") == (1, 1)
    assert cell(panel, "sdq_borderline_share", "C", "2013H1") == (0, 1)


INFORMANTS = ("parent", "foster_parent", "teacher", "staff", "self")


@pytest.mark.parametrize("first", range(5))
def test_of_several_informants_on_one_day_the_same_counts_in_any_order_of_rows(tmp_path: Path, first: int) -> None:
    """From the ``first`` informant on all answered on the first day; the others of them answer a year later too."""
    there = INFORMANTS[first:]
    rows = [(child, day, who, 12, points)
            for child in ("c0", "c1", "c2")
            for day, worse in (("2013-05-01", 0), ("2014-05-01", 1))
            for points, who in enumerate(there, start=1 + worse)]  # fmt: skip
    for order in (rows, rows[::-1], [rows[at] for at in np.random.default_rng(first).permutation(len(rows))]):
        panel = built(tmp_path, {}, forms(order)).panel
        assert cell(panel, "wellbeing_sdq", "A", "2013H1")[0] == 4
        assert cell(panel, "wellbeing_sdq", "A", "2014H1")[0] == 8


def test_an_earlier_day_goes_before_a_nearer_informant(tmp_path: Path) -> None:
    rows = [
        ("c0", "2013-05-02", "parent", 12, 5),
        ("c0", "2013-05-01", "self", 12, 1),
        ("c0", "2014-05-01", "self", 13, 2),
    ]
    assert cell(built(tmp_path, {}, forms(rows)).panel, "wellbeing_sdq", "A", "2013H1") == (4, 1)


def test_a_child_too_old_for_the_norms_is_left_out_and_counted(tmp_path: Path) -> None:
    narrow = NORMS.assign(age="4–9")
    found = built(tmp_path, {"norms": "delivered"}, forms(), narrow)
    assert "2014H1" not in set(found.panel.outcome("sdq_abnormal_share")["period"])
    (said,) = [one.say("en") for one in found.remarks if one.key == "panel_no_norm"]
    assert "3 SDQ forms" in said


def test_a_teachers_form_is_never_held_against_norms_for_parents(tmp_path: Path) -> None:
    waves = forms([*FORMS, ("c4", "2013-05-01", "teacher", 9, 3)])
    for norms in ({"norms": "delivered"}, {"norms": "danish_parents_5_7"}):
        with pytest.raises(RefusedError) as caught:
            built(tmp_path, norms, waves, NORMS)
        (problem,) = caught.value.problems
        assert (problem.key, problem.found, problem.expected) == ("sdq_no_norm", "teacher", "parent")


def test_a_form_is_held_against_the_norms_of_its_own_informant_first(tmp_path: Path) -> None:
    waves = forms([("c0", "2013-05-01", "foster_parent", 9, 4), ("c2", "2013-05-01", "parent", 9, 4)])
    stricter = NORMS.query("sex == 'boy'").assign(informant="foster_parent", abnormal_from=16)
    panel = built(tmp_path, {"norms": "delivered"}, waves, pd.concat([NORMS, stricter])).panel
    assert cell(panel, "sdq_abnormal_share", "A", "2013H1") == (1, 1)
    assert cell(panel, "sdq_abnormal_share", "C", "2013H1") == (0, 1)
    as_parents = built(tmp_path, {"norms": "delivered"}, waves, NORMS).panel
    assert cell(as_parents, "sdq_abnormal_share", "A", "2013H1") == (0, 1)


def test_norms_of_another_country_are_refused_unless_they_are_meant(tmp_path: Path) -> None:
    foreign = NORMS.assign(country="UK")
    with pytest.raises(RefusedError) as caught:
        built(tmp_path, {"norms": "delivered"}, forms(), foreign)
    assert caught.value.problems[0].key == "sdq_foreign_norms"
    meant = built(tmp_path, {"norms": "delivered", "accept_foreign_norms": True}, forms(), foreign).panel
    assert cell(meant, "sdq_abnormal_share", "A", "2013H1") == (1, 1)


def test_delivered_norms_must_be_delivered_and_be_norms(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        built(tmp_path, {"norms": "delivered"}, forms())
    assert caught.value.problems[0].key == "panel_register_missing"
    with pytest.raises(InputError) as caught:
        built(tmp_path, {"norms": "delivered"}, forms(), NORMS.assign(age=["4-17", "young"]))
    assert [(one.key, one.file, one.row) for one in caught.value.problems] == [("sdq_norm_invalid", "sdq_norms.csv", 3)]


def test_reliable_change_since_the_childs_first_form_by_the_same_informant(tmp_path: Path) -> None:
    found = built(tmp_path, {"reliable_change": CHANGE}, forms())
    # c0 20 -> 16 (within error) -> 8 (better by 12); c1 12 -> 16 (within); c3 4 -> 24 (worse); c2: another informant.
    assert cell(found.panel, "sdq_better_share", "A", "2013H2") == (0, 1)
    assert cell(found.panel, "sdq_better_share", "A", "2014H2") == (1, 1)
    assert cell(found.panel, "sdq_worse_share", "D", "2014H1") == (1, 1)
    assert cell(found.panel, "sdq_worse_share", "B", "2014H1") == (0, 1)
    assert "C" not in set(found.panel.outcome("sdq_worse_share")["unit"])
    assert "2013H1" not in set(found.panel.outcome("sdq_better_share")["period"])


def test_added_value_only_for_parents_half_a_year_later_with_impact(tmp_path: Path) -> None:
    found = built(tmp_path, {"added_value": FORMULA}, forms(impact=3.0))
    # c0 after six months: 2 + 0.5 x 20 + 3 - 5 = 10 predicted, 16 came. Everybody else came after a year.
    assert cell(found.panel, "sdq_added_value", "A", "2013H2") == (10 - 16, 1)
    assert len(found.panel.outcome("sdq_added_value")) == 1
    (said,) = [one.say("en") for one in found.remarks if one.key == "panel_no_added_value"]
    assert "3 later SDQ forms" in said
    without = built(tmp_path, {"added_value": FORMULA}, forms())
    assert without.panel.outcome("sdq_added_value").empty


@pytest.mark.parametrize("rules", [{"reliable_change": CHANGE}, {"norms": "delivered"}])
def test_the_order_of_the_rows_changes_nothing(tmp_path: Path, rules: dict[str, Any]) -> None:
    mixed = forms().sample(frac=1, random_state=np.random.default_rng(2))
    one, other = (built(tmp_path, rules, waves, NORMS).panel for waves in (forms(), mixed))
    assert one.sha256 == other.sha256


def test_a_plan_must_say_that_the_children_are_at_high_risk() -> None:
    with pytest.raises(ValidationError, match="high_risk"):
        small.study(registers={"sdq": {"added_value": FORMULA | {"high_risk": False}}})
