"""What a caller gives beside his columns is refused where he calls: by its name, with what was found and expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frames import small, study

import sverige_did as sd
from sverige_did.words import LANGUAGES

ONE: Any = study()
DATES = sd.datasets.simulate(units=12, treated=4, periods=9, starts=7)


def began(start: object, column: str = "start", **said: Any) -> sd.Study:
    frame = small()
    starts = frame[column].astype(object).where(frame["district"] != "district 02", start)
    return study(frame.assign(**{column: starts}), treated_from=column, **said)


CASES: dict[str, tuple[Callable[[], object], str, tuple[str, ...]]] = {
    "a study that is none": (lambda: ONE.triple("x"), "frame_argument", ("untouched", "'x'", "Study")),
    "a window of one end": (lambda: study(before=1), "frame_argument", ("before", "1", "(first, last)")),
    "a window of three": (lambda: study(after=(4, 5, 6)), "frame_argument", ("after",)),
    "a level in words": (lambda: study(level="0.95"), "frame_between", ("level", "'0.95'", "< 1")),
    "a level of nan": (lambda: study(level=np.nan), "frame_between", ("level", "nan")),
    "a denominator in words": (lambda: study(per="100"), "frame_between", ("per", "'100'")),
    "a seed below 0": (lambda: study(seed=-1), "frame_between", ("seed", "-1")),
    "no simulations": (lambda: ONE.size(simulations=0), "frame_between", ("simulations", "0")),
    "half a simulation": (lambda: ONE.power(simulations=0.5), "frame_between", ("simulations", "0.5")),
    "a prior of one number": (lambda: ONE.posterior(effect_prior=0.5), "frame_argument", ("(mean, sd)", "0.5")),
    "a prior without width": (lambda: ONE.posterior(effect_prior=(0, 0)), "frame_between", ("effect_prior[1]", "0")),
    "no draws": (lambda: ONE.posterior(draws=0), "frame_between", ("draws", "0")),
    "no tuning": (lambda: ONE.posterior(tune="many"), "frame_between", ("tune", "'many'")),
    "acceptance above 1": (lambda: ONE.posterior(target_accept=2), "frame_between", ("target_accept", "2")),
    "a size in words": (lambda: ONE.posterior(rope="x"), "frame_between", ("rope", "'x'")),
    "another language": (lambda: ONE.twfe().say("sv"), "unknown_option", ("language", "'sv'", "da, en")),
    "a table in it": (lambda: ONE.twfe().to_markdown(language="sv"), "unknown_option", ("language", "'sv'")),
    "a summary in it": (lambda: ONE.twfe().summary("sv"), "unknown_option", ("language", "'sv'")),
    "a line in it": (lambda: ONE.context.said("sv"), "unknown_option", ("language", "'sv'")),
    "an error in it": (lambda: sd.InputError().say("sv"), "unknown_option", ("language", "'sv'")),  # type: ignore[arg-type]
    "a method that is not there": (lambda: ONE.methods().by("nope"), "unknown_option", ("method", "'nope'", "cr1")),
    "a check that is not there": (
        lambda: ONE.sensitivity(["tipping_shock"]).by("nope"), "unknown_option", ("check", "'nope'", "tipping_shock"),
    ),
    "axes that are none": (lambda: ONE.twfe().plot(ax="x"), "frame_argument", ("ax", "'x'", "Axes")),
    "an average that is none": (lambda: ONE.imputation("nope"), "unknown_option", ("average", "'nope'", "event_time")),
    "a page nowhere": (lambda: ONE.report(""), "frame_no_folder", ()),
    "a page in a number": (lambda: ONE.report(3), "frame_argument", ("folder", "3")),
    "a start in a word": (lambda: began("never"), "frame_start_unread", ("start", "district 02 (never)")),
    "a start as a Dane writes it": (lambda: began("01-07-2005"), "frame_start_unread", ("district 02 (01-07-2005)",)),
    "a start in a school year": (lambda: began("2007/08"), "frame_start_unread", ("district 02 (2007/08)",)),
    "starts of two kinds": (
        lambda: began("2012", "begins", time="half"),
        "frame_start_unread",
        ("begins", "district 01 (2012H2)", "district 02 (2012)"),
    ),
    "a period in a word": (
        lambda: study(small().astype({"period": str}).replace({"period": {"3": "spring"}})),
        "did_period_unknown",
        ("period", "district 01 spring", "district 06 spring", "+6"),
    ),
    "a window of a word": (lambda: study(before=("x", 2)), "frame_window", ("x", "1, 2, 3")),
    "names that blanks tell apart": (
        lambda: study(pd.concat([small(), small().assign(district=" " + small()["district"])])),
        "frame_blanks",
        ("district 01 1",),
    ),
    "units that lack periods": (
        lambda: study(DATES.drop([3, 4, 70])).synthetic(),
        "did_unbalanced",
        ("district 01 (4, 5)", "district 08 (8)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_by_its_name(case: str) -> None:
    ask, key, named = CASES[case]
    with pytest.raises(sd.SverigeDidError) as refused:
        ask()
    assert refused.value.problems[0].key == key
    for language in LANGUAGES:
        told = refused.value.say(language)
        assert all(name in told for name in named), told


def test_a_window_may_be_an_array_and_only_its_periods_have_to_be_whole() -> None:
    assert study(before=np.array([1, 3])).verdict() == study(before=(1, 3)).verdict()
    frame = sd.datasets.simulate(units=12, treated=4, periods=9, starts=8)
    whole, lacking = (study(one, before=(3, 7)).synthetic() for one in (frame, frame.drop([1, 19])))
    assert lacking.estimate == pytest.approx(whole.estimate)


def test_blanks_around_names_do_not_part_the_affected_from_the_others() -> None:
    both = pd.concat([small().assign(a=1), small(seed=2).assign(a=0)])
    blank = both.assign(district=both["district"].where(both["a"] == 1, both["district"] + " "))
    assert study(blank, affected="a").triple().estimate == study(both, affected="a").triple().estimate
