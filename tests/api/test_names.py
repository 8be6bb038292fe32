"""Sentences and refusals tell of the caller's units by the name of his column, else of units."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from frames import small, study

import sverige_did as sd
from sverige_did import words
from sverige_did.words import LANGUAGES

DISTRICT = re.compile(r"distri(ct|kt)", re.I)


def renamed(name: str, **changes: float) -> pd.DataFrame:
    """The columns and the units go by another name."""
    frame = small(**changes)
    return frame.assign(district=frame["district"].str.replace("district", "u")).rename(columns={"district": name})


@pytest.mark.parametrize(
    ("column", "told"),
    [("school", "schools"), ("skole_id", "schools"), ("Municipality", "municipalities"),
     ("kommune_nr", "municipalities"), ("STATE", "states"), ("region", "regions"),
     ("stfips", "units"), ("unit", "units"), ("district", "districts")],
)  # fmt: skip
def test_units_go_by_the_name_of_their_column(column: str, told: str) -> None:
    reasons = " ".join(study(renamed(column), unit=column, chosen="unknown").verdict().notes("en"))
    assert f"Nobody drew the treated {told} by lot" in reasons


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_is_said_of_schools_tells_of_districts(language: words.Language) -> None:
    frame = sd.datasets.simulate(units=14, treated=4, periods=9, starts=7, effect=-3.0)
    frame = frame.assign(district=frame["district"].str.replace("district", "u")).rename(columns={"district": "school"})
    one = study(frame, unit="school", chosen="level")
    results: list[sd.Result] = [
        one.verdict(), one.methods(), one.twfe(), one.event_study(), one.att_gt(), one.imputation(), one.synthetic(),
        one.sensitivity(), one.placebos(), one.size(100), study(renamed("school", treated=1), unit="school").verdict(),
    ]  # fmt: skip
    for result in results:
        for said in (result.summary(language), result.to_html(language), result.to_markdown(language)):
            assert not DISTRICT.search(said), said


def test_danish_has_the_gender_of_the_word() -> None:
    told = " ".join(study(renamed("skole"), unit="skole", chosen="unknown").verdict().notes("da"))
    assert "indsatsskolerne" in told
    assert not re.search(r"\b(et|hvert|intet) skole", told)


def test_a_refusal_tells_of_them_after_the_call_is_left() -> None:
    frame = renamed("school").assign(y=lambda one: one["start"].notna() & (one["period"] > 3)).astype({"y": float})
    found = study(frame, unit="school").verdict()
    assert found.verdict == "refused"
    with pytest.raises(sd.RefusedError) as refused:
        study(renamed("school", treated=1), unit="school").sensitivity()
    told = refused.value.say("en") + str(refused.value)
    assert "treated schools" in told
    assert not DISTRICT.search(told + refused.value.say("da"))
    assert words.unit() == "district"


def test_a_result_from_json_tells_of_the_same_units() -> None:
    found = study(renamed("school"), unit="school", chosen="unknown").verdict()
    assert sd.Verdict.from_json(found.to_json()).notes("en") == found.notes("en")
