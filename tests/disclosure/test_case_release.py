"""Few cases, few answers and single dates stay inside, whatever an outsider adds and subtracts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_cases as small

from sverige_did.disclosure.cases import coarse, release_cases, shut_out
from sverige_did.errors import InputError
from sverige_did.results.cases import ALL, CaseCurve, CasePosterior, PosteriorRatio
from sverige_did.sources.cases.delivery import read_cases
from sverige_did.studies.cases.estimate import estimate_cases
from sverige_did.studies.cases.survey import answers_of
from sverige_did.studies.cases.waits import PRIMARY

T = 5


def released(folder: Path, frames: dict[str, pd.DataFrame], **changes: object):
    study = small.plan(**changes)
    data = read_cases(small.write(folder, frames), study)
    return release_cases(study, estimate_cases(data, study), [], answers_of(data, study)), data


def few_in(frames: dict[str, pd.DataFrame], municipality: str, kept: int) -> dict[str, pd.DataFrame]:
    """All cases but ``kept`` of those before in one municipality are taken away."""
    cases = frames["cases"]
    before = (cases["municipality"] == municipality) & (cases["referred"] < "2017-05-15") & (cases["exempt"] == "yes")
    gone = before.index[before][kept:]
    return frames | {"cases": cases.drop(index=gone).reset_index(drop=True)}


def test_a_small_municipality_takes_a_second_one_with_it(tmp_path: Path) -> None:
    release, _ = released(tmp_path, few_in(small.delivery(), "Gladsaxe", 3))
    assert "gladsaxe" in release.withheld
    assert len(release.withheld) == 2
    told = {one.reading for one in release.findings} | {one.municipality for one in release.days}
    told |= {one.municipality for one in release.curves}
    assert told.isdisjoint(release.withheld)
    hidden = [one for one in release.groups if one.municipality == "gladsaxe" and one.arm == "before"]
    assert [one.cases for one in hidden] == [None]
    checks = {one.check: one for one in release.checks}
    assert checks["leave_one_municipality_out"].key == "few"


def test_the_posterior_of_few_answers_is_held_back_whole(tmp_path: Path) -> None:
    frames, study = small.delivery(), small.plan()
    answers = frames["survey"]
    first = answers.groupby(["municipality", "wave"])["respondent"].transform("first")
    few = frames | {"survey": answers[answers["respondent"] == first].reset_index(drop=True)}
    ratio = PosteriorRatio(subject="time.change", municipality=ALL, median=2.0, lower=1.0, upper=4.0, prob_above=0.9)
    told = [
        CasePosterior(model=model, plan_sha256=study.sha256, ratios=(ratio,), spread=0.3)
        for model in ("waits", "survey")
    ]
    for delivered, kept in ((frames, {"waits", "survey"}), (few, {"waits"})):
        data = read_cases(small.write(tmp_path / f"{len(kept)}", delivered), study)
        made = release_cases(study, estimate_cases(data, study), told, answers_of(data, study))
        assert {one.model for one in made.posteriors if one.ratios} == kept
        assert {one.model for one in made.posteriors if one.spread is not None} == kept


def test_nothing_is_withheld_of_enough_cases(tmp_path: Path) -> None:
    release, _ = released(tmp_path, small.delivery())
    assert release.withheld == ()
    readings = Counter(one.reading for one in release.findings if one.outcome == PRIMARY)
    assert readings["gladsaxe"] == 2
    assert {one.reading for one in release.findings if one.outcome != PRIMARY} == {ALL}


def test_hidden_numbers_cannot_be_had_by_subtraction(tmp_path: Path) -> None:
    for seed in range(4):
        release, _ = released(tmp_path, small.delivery(seed))
        for arm in ("before", "during"):
            here = [one for one in release.groups if one.arm == arm]
            for name in ("cases", "measures"):
                hidden = [one for one in here if one.municipality != ALL and getattr(one, name) is None]
                assert len(hidden) != 1
            total = next(one for one in here if one.municipality == ALL)
            ends = [getattr(total, name) for name in ("measures", "exits", "waiting")]
            assert ends.count(None) != 1
            assert all(end is None or end == 0 or end >= T for end in ends)
        for item, wave in {(one.item, one.wave) for one in release.survey}:
            parts = [one for one in release.survey if (one.item, one.wave) == (item, wave)]
            together = [one for one in parts if one.municipality == ALL]
            shut = [one for one in parts if one.municipality != ALL and one.agree is None]
            assert len(shut) != 1 or together[0].agree is None
            for one in parts:
                if one.agree is not None:
                    agree = one.agree * one.respondents
                    assert one.municipality == ALL or (agree > T - 0.5 and one.respondents - agree > T - 0.5)


def test_a_curve_never_steps_by_few_events_nor_comes_down_to_few_cases(tmp_path: Path) -> None:
    release, data = released(tmp_path, small.delivery(3))
    cases = data.cases[data.cases["exempt"] == "yes"]
    for curve in release.curves:
        mine = cases[(cases["municipality"] == curve.municipality) & (cases["during"] == (curve.arm == "during"))]
        days = (mine["measure"] - mine["referred"]).dt.days
        assert all(day % 7 == 0 or day == 180 for day in curve.days)
        assert curve.events == curve.left == ()
        for low, high in pairwise(curve.days):
            between = int(((days > low) & (days <= high)).sum()) if low else int((days <= high).sum())
            assert between == 0 or between >= T
        assert int((~(days <= curve.days[-1])).sum()) >= T


@pytest.mark.parametrize(
    ("events", "expected", "ends"),
    [
        ([5, 5], (0, 7, 14), False),
        ([4, 1, 5], (0, 14, 21), False),
        ([5, 4], (0, 7), True),  # four more would tell of four
        ([5, 0], (0, 7, 14), False),  # nobody is nobody
        ([16, 1], (0, 7), True),
        ([18], (0,), True),
    ],
)
def test_the_rule_of_curves_by_hand(events: list[int], expected: tuple[int, ...], ends: bool) -> None:
    done = np.cumsum(events)
    days = tuple(7 * (1 + at) for at in range(len(events)))
    found = coarse(
        CaseCurve(
            municipality="m", arm="before", days=days, share=tuple(done / 22), events=tuple(events),
            left=tuple(int(22 - one) for one in done),
        ),
        T,
    )  # fmt: skip
    assert (found.days, found.ends) == (expected, ends)


def test_one_respondent_silences_its_municipality_and_another(tmp_path: Path) -> None:
    frames = small.delivery()
    survey = frames["survey"]
    group = (survey["municipality"] == "Guldborgsund") & (survey["wave"] == "before")
    one = survey["respondent"] == survey["respondent"][group].iloc[0]
    frames["survey"] = survey[~group | one].reset_index(drop=True)
    release, _ = released(tmp_path, frames)
    assert "guldborgsund" in release.silent
    assert len(release.silent) == 2
    for told in release.survey:
        if told.municipality in release.silent:
            assert told.agree is None
            assert told.agreeing is None


def test_the_second_one_withheld_is_the_smallest_of_the_others() -> None:
    counts = {"a": 3, "b": 40, "c": 20}
    assert shut_out(counts, {"a"}) == {"a", "c"}
    assert shut_out(counts, set()) == set()
    assert shut_out(counts, {"a", "c"}) == {"a", "c"}
    assert shut_out({"a": 3}, {"a"}) == {"a"}


def test_results_of_another_plan_are_refused(tmp_path: Path) -> None:
    study = small.plan()
    data = read_cases(small.write(tmp_path, small.delivery()), study)
    made, answers = estimate_cases(data, study), answers_of(data, study)
    with pytest.raises(InputError):
        release_cases(small.plan(hidden_below=9), made, [], answers)
