"""The page of doubt: how checks are read, the rule of the dots, what tips an answer, and what is left to a person."""

from __future__ import annotations

import json
import re
from html import unescape
from itertools import combinations, pairwise
from string import Formatter
from typing import Any, get_args

import pytest
from page_outline import outline
from scipy import stats
from small_pages import ODD, of_districts
from small_release import make_release, make_study

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import annex_name, file_name
from sverige_did.report.answers import study_answers
from sverige_did.report.doubt import security as rule
from sverige_did.report.doubt.change import would_change
from sverige_did.report.doubt.dots import steps_said
from sverige_did.report.doubt.judged import READ, judged, largest_swing, status_of
from sverige_did.report.doubt.page import doubts, render_doubt
from sverige_did.report.doubt.robins import DOMAINS, robins, shared_and_own
from sverige_did.report.doubt.security import ratings, security
from sverige_did.report.doubt.tipping import tipping_figure, tippings
from sverige_did.report.front import cards, render_front
from sverige_did.report.index import render_index
from sverige_did.report.machines import SECURITY, for_machines
from sverige_did.report.pages import doubt_name
from sverige_did.results.designs import Coverage
from sverige_did.results.estimates import CheckResult, Estimate
from sverige_did.results.methods_tables import DesignSize, SmallestFound
from sverige_did.results.posteriors import NonResponse, PosteriorRecord
from sverige_did.results.security import MOST, Security, SecurityStep, What
from sverige_did.study.lottery import Lottery

RATE = "institution_per_1000"
CANNOT = {
    "two_totals", "short", "empty_cell", "made_up", "kinds_missing", "no_placebo", "no_placebo_series",
    "not_registered", "placebo_refused", "none_to_compare", "other_groups",
}  # fmt: skip
"""Sentences of checks that could not run, and a part of one."""


LOTTERY = Lottery(
    made_by="a test", seed=1, looked_at=28, every=True, balanced_on=("children",), limit=1.0,
    districts=tuple("abcdefgh"), sets=tuple(combinations(range(1, 9), 2)), drawn=1,
)  # fmt: skip


def check(name: str, key: str, **numbers: float | None) -> CheckResult:
    return CheckResult(check=name, outcome=RATE, scale="rate_per_1000", key=key, numbers=numbers)


SOUND = (
    check("pretrends", "result", effect=-2.0, effect_slope=-0.1, effect_erases=-1.0, p=0.6, power=95.0),
    check("pretest_power", "without", power=92.0, ratio=9.0),
    check("placebo_dates", "nothing", tried=5.0, effect=-2.0, effect_largest=-0.5, p=0.8),
    check("placebo_units", "result", effect=-2.0, p=0.01),
    check("relative_magnitudes", "result", effect_last=-2.0, size_step=0.4, times=1.6, times_normal=2.0),
    check("regression_to_mean", "districts", effect=-2.0, effect_gap=1.0, effect_by_itself=-0.25),
    check("tipping_shock", "districts", size_needed=4.0, size_seen=1.0, times=4.0),
    check("leave_one_out", "steady", effect=-2.0, districts=48.0),
    check("other_weights", "equal", effect=-2.0, effect_other=-1.9, effect_low=-3.0, effect_high=-0.8),
)
"""Checks that all let the answer stand."""


@pytest.fixture(scope="module")
def base() -> Release:
    return of_districts(4, 12)


def made(base: Release, *, treated: int = 24, control: int = 24, chosen: str = "random", change: float | None = -0.2,
         seen: int | None = None, checks: tuple[CheckResult, ...] = SOUND, barred: bool = False, clear: bool = True,
         shape: float | None = None,
         ) -> Release:  # fmt: skip
    """A study of one outcome about which everything is as good as it can be, less what is said otherwise."""
    (design,) = base.designs
    support = design.support.model_copy(update={"treated_units": treated, "control_units": control})
    size = DesignSize(outcome=RATE, size=0.05, power=0.8, simulations=2000, barred=barred, shape=shape,
                      smallest=(SmallestFound(more="own", change=change, times=1),))  # fmt: skip
    record = base.methods_tables[0].model_copy(update={"size": size})
    coverage = tuple(
        Coverage(outcome=RATE, group=group, source="a", unit_kind="district", units=units, periods=("2013", "2014"),
                 units_seen=(units, units if seen is None else seen))
        for group, units in (("treated", treated), ("control", control))
    )  # fmt: skip
    limits = {"lower": 0.5, "estimate": 0.7, "upper": 0.9} if clear else {"lower": 0.5, "estimate": 0.7, "upper": 1.2}
    findings = tuple(
        one.model_copy(update={"result": one.result.model_copy(update=limits)})
        if one.result.scale == "ratio" and one.result.lower is not None
        else one
        for one in base.findings
    )
    drawn = LOTTERY if chosen == "random" else None
    study = base.study.model_copy(update={"chosen": "random" if chosen == "said" else chosen, "lottery": drawn})
    return base.model_copy(
        update={
            "study": study, "designs": (design.model_copy(update={"support": support}),), "methods_tables": (record,),
            "coverage": coverage, "checks": checks, "findings": findings,
        }
    )  # fmt: skip


def dots(release: Release, outcome: str = RATE) -> int:
    found = security(release, outcome)
    assert found is not None
    return found.dots


def without(name: str) -> tuple[CheckResult, ...]:
    return tuple(one for one in SOUND if one.check != name)


def instead(other: CheckResult) -> tuple[CheckResult, ...]:
    return (*without(other.check), other)


def test_every_sentence_of_every_check_is_read() -> None:
    """A check that nobody has said how to read would pass unread."""
    sentences = [key.split(".") for key in words.catalogue("en") if key.startswith("checks.") and key.count(".") == 2]
    checks = {name for _, name, _ in sentences if words.has(f"labels.check.{name}", "en")}
    assert checks == READ.keys()
    for _, name, key in sentences:
        if name in checks and key not in CANNOT:
            assert key in READ[name].says, (name, key)


def test_an_unread_sentence_is_a_fault(base: Release) -> None:
    with pytest.raises(KeyError):
        status_of(base, check("pretrends", "no_such"))


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (check("pretrends", "result", p=0.6, power=95.0), "pass"),
        (check("pretrends", "result", p=0.6, power=30.0), "unknown"),
        (check("pretrends", "result", p=0.04, power=30.0), "fail"),
        (check("pretrends", "result", p=None), "unknown"),
        (check("pretest_power", "without", power=30.0), "unknown"),
        (check("pretest_power", "with_drift", power=95.0, ratio=1.4), "unknown"),
        (check("pretest_power", "with_drift", power=95.0, ratio=3.5), "fail"),
        (check("placebo_areas", "share", p_fresh=0.03, p_staying=0.001), "pass"),
        (check("placebo_areas", "share", p_fresh=0.07, p_staying=0.002), "unknown"),
        (check("placebo_areas", "rate_events", p_fresh=0.02), "pass"),
        (check("relative_magnitudes", "result", times=0.9), "fail"),
        (check("relative_magnitudes", "none", times=0.0), "open"),
        (check("absolute_violation", "districts", size_limit=1.0), "unknown"),
        (check("regression_to_mean", "districts", effect=-2.0, effect_by_itself=-1.0), "fail"),
        (check("placebo_choice", "level", tried=8.0, called=0.0), "pass"),
        (check("placebo_choice", "level", tried=8.0, called=1.0), "fail"),
        (check("tipping_shock", "districts", size_needed=0.4, size_seen=0.0), "unknown"),
        (check("regression_to_mean", "districts", effect=0.0, effect_by_itself=0.0), "unknown"),
        (check("shared_shock", "treated", percent_treated=24.0, percent_control=None), "fail"),
        (check("placebo_dates", "nothing", p=0.8), "pass"),
        (check("placebo_dates", "dates_cannot_tell", p=0.8), "unknown"),
        (check("placebo_outcome", "moved", p=0.01), "fail"),
        (check("placebo_outcome", "cannot_tell", p=0.4), "unknown"),
        (check("just_before", "result_turns", effect_low=-1.0, effect_high=1.0), "fail"),
        (check("changed_denominator", "moved", percent_denominator=-20.0), "pass"),
        (check("kinds_in_parallel", "possible", kinds=4.0), "told"),
        (check("kinds_in_parallel", "unclear", kinds=4.0, outside=1.0), "unknown"),
        (check("multiverse", "same_sign", p_median=0.3), "fail"),
        (check("multiverse", "agree", p_median=0.01), "pass"),
        (check("single_districts", "turned", districts=4.0, turned=1.0), "pass"),
        (check("single_districts", "turned", districts=4.0, turned=2.0), "fail"),
        (check("other_weights", "equal_turns", effect_low=-1.0, effect_high=1.0), "fail"),
        (check("leave_one_out", "turned", districts=4.0, turned=1.0), "fail"),
        (CheckResult(check="pretrends", outcome=RATE, status="could_not_run", key="short"), "unknown"),
    ],
)
def test_a_check_is_read_as_it_says(base: Release, one: CheckResult, status: str) -> None:
    assert status_of(made(base), one) == status


def test_a_sign_that_turns_says_nothing_against_an_answer_that_is_open(base: Release) -> None:
    open_ = made(base, clear=False)
    both = check("other_weights", "equal_turns", effect_low=-1.0, effect_high=1.0)
    assert status_of(open_, both) == "open"
    assert status_of(open_, check("other_weights", "equal_turns", effect_low=0.1, effect_high=1.0)) == "fail"
    assert status_of(open_, check("leave_one_out", "turned", districts=4.0, turned=1.0)) == "open"
    assert status_of(open_, check("leave_one_out", "gained", districts=4.0, other=1.0)) == "fail"
    assert status_of(open_, check("synthetic_did", "turns", p=0.4)) == "open"
    assert status_of(open_, check("multiverse", "turns", p_median=0.4)) == "open"
    assert status_of(open_, check("synthetic_did", "turns", p=0.04)) == "fail"


def test_swings_are_held_against_where_the_true_ones_can_lie(base: Release) -> None:
    """Of 5 districts a standard deviation of 1 can be one of 2.37: by the chi-square of 4."""
    few = made(base, control=5)
    one = check("tipping_shock", "districts", size_needed=2.3, size_seen=1.0, times=2.3)
    assert largest_swing(few, one) == pytest.approx((4 / stats.chi2.ppf(0.05, 4)) ** 0.5)
    assert largest_swing(few, one) == pytest.approx(2.372, abs=1e-3)
    assert status_of(few, one) == "fail"
    assert status_of(made(base, control=48), one) == "pass"


def test_everything_sound_and_drawn_by_lot_has_all_dots(base: Release) -> None:
    assert dots(made(base)) == MOST
    assert dots(made(base, chosen="unknown")) == 4


def test_a_lot_that_nobody_wrote_down_is_a_word(base: Release) -> None:
    """It neither gives the fifth dot nor lets a drift before the start weigh less."""
    said = security(made(base, chosen="said"), RATE)
    assert said is not None
    assert (said.dots, said.steps[0].key) == (4, "said_by_lot")
    drift = instead(check("pretrends", "result", p=0.01, power=95.0))
    assert dots(made(base, chosen="said", checks=drift)) == 1 < dots(made(base, checks=drift))


@pytest.mark.parametrize(
    ("change", "most"),
    [
        ({"treated": 19}, 4), ({"treated": 9}, 3), ({"control": 9}, 3), ({"treated": 2}, 1), ({"control": 2}, 1),
        ({"change": -0.25}, 4), ({"change": -0.5}, 3), ({"change": -0.65}, 2), ({"change": 1.5}, 1),
        ({"shape": 0.26}, 5), ({"change": None}, 1), ({"barred": True}, 1), ({"seen": 20}, 3), ({"chosen": "will"}, 4),
        ({"checks": instead(check("pretrends", "result", p=0.01, power=95.0)), "chosen": "will"}, 1),
        ({"checks": instead(check("pretrends", "result", p=0.01, power=95.0))}, 2),
        ({"checks": without("placebo_dates"), "chosen": "level"}, 1),
        ({"checks": instead(check("pretest_power", "without", power=20.0, ratio=2.0)), "chosen": "level"}, 2),
        ({"checks": instead(check("relative_magnitudes", "result", times=0.4)), "chosen": "level"}, 3),
        ({"checks": without("regression_to_mean")}, 4),
        ({"checks": ()}, 1),
    ],
)  # fmt: skip
def test_each_link_of_the_chain_takes_its_dots(base: Release, change: dict[str, Any], most: int) -> None:
    assert dots(made(base, **change)) == most


def test_four_districts_with_a_drift_before_are_never_rated_high(base: Release) -> None:
    drift = (
        check("pretrends", "result", p=0.01, power=95.0),
        check("placebo_dates", "found", p=0.01),
        check("pretest_power", "with_drift", ratio=8.0, power=90.0),
    )
    for one in drift:
        for chosen in ("random", "unknown", "will"):
            assert dots(made(base, treated=4, chosen=chosen, checks=instead(one))) <= 2


WORSE = {
    "pretrends": check("pretrends", "result", p=0.01, power=95.0),
    "pretest_power": check("pretest_power", "with_drift", ratio=8.0, power=90.0),
    "placebo_dates": check("placebo_dates", "found", p=0.01),
    "placebo_units": check("placebo_units", "common", p=0.5),
    "relative_magnitudes": check("relative_magnitudes", "result", times=0.2),
    "regression_to_mean": check("regression_to_mean", "districts", effect=-2.0, effect_by_itself=-1.9),
    "tipping_shock": check("tipping_shock", "districts", size_needed=0.5, size_seen=1.0),
    "leave_one_out": check("leave_one_out", "lost", districts=48.0, other=2.0),
    "other_weights": check("other_weights", "equal_turns", effect_low=-3.0, effect_high=0.8),
}


@pytest.mark.parametrize("name", sorted(WORSE))
@pytest.mark.parametrize("chosen", ["random", "will"])
def test_what_nobody_knows_is_never_better_than_what_is_bad(base: Release, name: str, chosen: str) -> None:
    """A check that fails cannot be hidden by not running it, and none adds a dot by failing."""
    cannot = CheckResult(check=name, outcome=RATE, status="could_not_run", key="short")
    sound, failed, unknown = (
        dots(made(base, chosen=chosen, checks=one)) for one in (SOUND, instead(WORSE[name]), instead(cannot))
    )
    assert unknown <= failed <= sound
    assert unknown < sound


def test_an_unknown_number_is_never_better_than_a_bad_one(base: Release) -> None:
    """Of size, coverage and answers."""
    nobody = made(base)
    record = nobody.methods_tables[0].model_copy(update={"size": None})
    unsized = nobody.model_copy(update={"methods_tables": (record,), "windows": (), "levels": (), "findings": tuple(
        one.model_copy(update={"result": one.result.model_copy(update={"lower": None, "upper": None, "level": None})})
        for one in nobody.findings)})  # fmt: skip
    assert dots(unsized) == 1
    assert dots(nobody.model_copy(update={"coverage": ()})) == 2 < dots(made(base, seen=3))


def inverted(one: Estimate) -> Estimate:
    """A ratio the other way round."""
    assert one.lower is not None
    assert one.upper is not None
    return one.model_copy(update={"lower": 1 / one.upper, "upper": 1 / one.lower, "estimate": 1 / one.estimate})


def test_the_rating_says_nothing_about_the_sign(base: Release) -> None:
    """The same study with an increase instead of a fall, and with another side called better."""
    sound = made(base, treated=4, chosen="unknown")

    def turned(one: CheckResult) -> CheckResult:
        numbers = {
            name: -value if name.startswith("effect") and value else value for name, value in one.numbers.items()
        }
        return one.model_copy(update={"numbers": numbers})

    other = sound.model_copy(
        update={
            "checks": tuple(turned(one) for one in sound.checks),
            "findings": tuple(
                one.model_copy(update={"result": inverted(one.result)})
                if one.result.scale == "ratio" and one.result.lower and one.result.upper else one
                for one in sound.findings
            ),
            "study": sound.study.model_copy(update={"outcomes": tuple(
                one.model_copy(update={"benefit": "higher"}) for one in sound.study.outcomes)}),
        }
    )  # fmt: skip
    assert ratings(other) == ratings(sound)


def test_an_open_answer_never_has_more_dots_than_a_clear_one(base: Release) -> None:
    """Else "no effect was found, with many dots" would be read as proof of none."""
    nothing = (
        check("relative_magnitudes", "none", effect_last=-0.1, times=0.0),
        check("tipping_shock", "districts_none", size_needed=0.5, size_seen=1.0, times=0.5),
    )
    checks = (*(one for one in SOUND if one.check not in {"relative_magnitudes", "tipping_shock"}), *nothing)
    assert dots(made(base, checks=checks, clear=False)) == MOST - 1


def test_by_the_interval_where_nobody_simulated(base: Release) -> None:
    """By hand: 2.8 standard errors of the logarithm, from limits 0.5 and 0.9."""
    sound = made(base)
    record = sound.methods_tables[0].model_copy(update={"size": None})
    found = security(sound.model_copy(update={"methods_tables": (record,)}), RATE)
    assert found is not None
    (step,) = (one for one in found.steps if one.what == "found")
    (main,) = {one.result.scale for one in sound.findings if one.result.inference == "behrens_fisher"} & {"ratio"}
    by_hand = 1 - (0.5 / 0.9) ** (2.801585 / 1.959964 / 2)
    assert main == "ratio"
    assert step.numbers["percent"] == round(100 * by_hand)
    assert step.key == "about"


def test_what_has_no_change_to_hold_against_anybody_has_none() -> None:
    """D2, D3, D4 and nothing: 0; two totals keep one; what was done has no rating."""
    found = {one.outcome: one.dots for one in ratings(make_release())}
    assert found == {"institution_share": 1, "family_share": 1, "breakdowns": 0, "ladder_moves": 0,
                     "decision_time": 0, "wellbeing_sdq": 0}  # fmt: skip
    assert security(make_release(), "caseload") is None
    for change in ({"withheld": ("institution_share",)}, {"contradicted": ("institution_share",)}):
        assert dots(make_release(**change), "institution_share") == 0
    assert dots(ODD["refused"](), RATE) == 0


def test_a_rating_has_to_be_what_its_steps_make() -> None:
    start = SecurityStep(what="design", key="not_by_lot", ceiling=4)
    loses = SecurityStep(what="stands", key="open", loses=1)
    assert Security(outcome=RATE, dots=3, steps=(start, loses)).start == 4
    for wrong in (2, 4):
        with pytest.raises(ValueError, match="not what its steps make"):
            Security(outcome=RATE, dots=wrong, steps=(start, loses))
    with pytest.raises(ValueError, match="no step"):
        Security(outcome=RATE, dots=0, steps=(loses,))
    with pytest.raises(ValueError, match="either"):
        SecurityStep(what="stands", key="open")


def every_rating(base: Release) -> list[Security]:
    """Of studies that between them take every step of the rule."""
    likelier = instead(check("pretest_power", "with_drift", ratio=8.0, power=90.0))
    cannot = CheckResult(check="regression_to_mean", outcome=RATE, status="could_not_run", key="short")
    bad = check("unreported_changes", "turns", percent_turns=10.0)
    of_panels = [
        made(base), made(base, chosen="said"), made(base, shape=0.26), made(base, chosen="will", seen=3),
        made(base, change=None), made(base, change=1.5, barred=True),
        made(base, checks=likelier), made(base, checks=()), made(base, checks=instead(cannot)),
        made(base, checks=(*SOUND, bad)), made(base, checks=(*instead(cannot), bad)),
        made(base, checks=without("regression_to_mean")),
        made(base, checks=tuple(one for one in SOUND if not one.check.startswith("placebo"))),
        made(base, checks=instead(check("pretrends", "result", p=0.01, power=95.0))),
        made(base, checks=instead(check("pretrends", "result", p=0.6, power=15.0))),
        made(base, checks=instead(check("relative_magnitudes", "result", times=0.2))),
        made(base, checks=instead(check("relative_magnitudes", "none", times=0.0))),
        ODD["refused"](),
    ]  # fmt: skip
    unsized = of_panels[0].methods_tables[0].model_copy(update={"size": None})
    of_panels.append(of_panels[0].model_copy(update={"methods_tables": (unsized,)}))
    lost = tuple(
        one.model_copy(update={"support": one.support.model_copy(update={"numbers_lost": True})})
        for one in base.designs
    )
    of_panels.append(base.model_copy(update={"designs": lost}))
    needed = check("needed", "share", share=25.0, reached_high=5.0).model_copy(
        update={"outcome": "institution_share", "reading": "H2"}
    )
    others = [make_release(), make_release(withheld=("institution_share",)), make_release(checks=(needed,)),
              make_release(contradicted=("institution_share",)), make_release(findings=())]  # fmt: skip
    return [rating for one in (*of_panels, *others, *questionnaires(base)) for rating in ratings(one)]


def questionnaires(base: Release) -> list[Release]:
    """The same of a score, with and without knowing how many answered."""
    wanted = base.study.outcomes[0].model_copy(update={"outcome": "wellbeing_sdq"})
    study = base.study.model_copy(update={"outcomes": (wanted,)})
    moved: dict[str, Any] = {
        name: tuple(one.model_copy(update={"outcome": "wellbeing_sdq"}) for one in getattr(base, name))
        for name in ("designs", "findings", "methods_tables", "coverage")
    }
    score = base.model_copy(update={"study": study, **moved})
    asked = PosteriorRecord(outcome="wellbeing_sdq", likelihood="sdq",
                            non_response=NonResponse(answered=70, unanswered=30))  # fmt: skip
    return [score, score.model_copy(update={"posteriors": (asked,)})]


def test_every_step_of_the_rule_is_taken_and_told(base: Release) -> None:
    found = every_rating(base)
    taken = {(step.what, step.key) for rating in found for step in rating.steps}
    written = {tuple(key.split(".")[2:]) for key in words.catalogue("en") if key.count(".") == 3 and
               key.startswith("doubt.security.")}  # fmt: skip
    assert written - taken == set()
    assert taken - written == set()
    assert {what for what, _ in written} == set(get_args(What))
    for language in words.LANGUAGES:
        for rating in found:
            said = steps_said(rating, language)
            assert str(rating.start) in said[0]
            assert len(said) >= 1 + sum(one.loses > 0 for one in rating.steps)
            assert all(one.endswith(".") and "{" not in one for one in said)


def test_seventy_of_a_hundred_answers_bear_three(base: Release) -> None:
    unknown, known = (security(one, "wellbeing_sdq") for one in questionnaires(base))
    assert unknown is not None
    assert known is not None
    assert [step.ceiling for one in (unknown, known) for step in one.steps if step.what == "data"] == [2, 3]


def test_what_tips_is_so_many_times_what_was_seen(base: Release) -> None:
    release = made(base)
    found = {one.key: one for one in tippings(release, RATE, "en")}
    assert {key: one.times for key, one in found.items()} == pytest.approx(
        {"drift": 1.6, "swings": 4.0, "line": 10.0, "falling_back": 8.0, "false_start": 4.0}
    )
    assert {key for key, one in found.items() if one.then == "whole"} == {"line", "falling_back", "false_start"}
    assert found["swings"].realistic == pytest.approx((23 / stats.chi2.ppf(0.05, 23)) ** 0.5)
    away = check("regression_to_mean", "districts", effect=-2.0, effect_gap=1.0, effect_by_itself=0.25)
    against = made(base, checks=instead(away))
    assert "falling_back" not in {one.key for one in tippings(against, RATE, "en")}


def test_an_open_answer_has_nothing_to_lose(base: Release) -> None:
    """Its table says what would close it, and what the interval includes no difference without."""
    swings = check("tipping_shock", "districts_none", size_needed=1.0, size_seen=2.0, times=0.5)
    drift = check("relative_magnitudes", "none", times=0.0, size_step=1.0)
    apart = check("absolute_violation", "none", limit=0.0)
    others = {one.check: one for one in (*SOUND, swings, drift, apart)}
    release = made(base, checks=tuple(others.values()))
    assert {one.key: one.then for one in tippings(release, RATE, "en")} == {
        "drift": "already", "swings": "excludes", "apart": "already", "line": "whole", "falling_back": "whole",
        "false_start": "whole",
    }  # fmt: skip
    for language, with_less in (("en", "with less than that, the interval would leave out"),
                                ("da", "med mindre end det ville intervallet udelukke")):  # fmt: skip
        figure = tipping_figure(release, RATE, language)
        assert figure is not None
        assert with_less in str(figure.table.rows)
        assert words.text("doubt.tipping.less", language) in figure.read
        would_include = words.text("doubt.tipping.then.includes", language)
        assert would_include not in {row[-1] for row in figure.table.rows}
    closed = tipping_figure(made(base), RATE, "en")
    assert closed is not None
    assert words.text("doubt.tipping.less", "en") not in closed.read


def test_of_two_totals_the_plan_stands_for_what_nobody_saw() -> None:
    """The small plan takes swings to be half-normal with .3: 95 of 100 lie below .588."""
    release = make_release()
    (one,) = tippings(release, "institution_share", "en")
    assert one.times == pytest.approx(0.38 / (0.3 * stats.norm.ppf(0.975)))
    assert "0.59" in one.seen
    bare = make_release(make_study(priors=[]))
    (other,) = tippings(bare, "institution_share", "da")
    assert other.times is None
    (doubt,) = (one for one in doubts(bare, "da") if one.outcome == "institution_share")
    assert doubt.tipping is not None
    assert doubt.tipping.shapes is None
    assert words.text("doubt.tipping.no_figure", "da") in render_doubt(bare, "da")


def test_what_would_change_an_answer_names_its_tipping_points(base: Release) -> None:
    release = made(base, checks=instead(check("leave_one_out", "lost", districts=48.0, other=2.0, effect=-2.0)))
    said = would_change(release, RATE, "en")
    assert said.startswith(
        "This answer would change if the groups drifted apart after the start by more than 1.6 times"
    )
    assert "districts swung 4 times as much as was seen" in said
    assert "(2 of the 48 do it)" in said
    assert said.count("; if ") + said.count("; or if ") == said.count(" if ") - 1
    nothing = check("tipping_shock", "districts_none", size_needed=0.5, size_seen=1.0, times=0.5)
    open_ = would_change(made(base, clear=False, checks=(nothing,), change=-0.65), RATE, "da")
    assert open_.startswith("Dette svar – at det ikke kan afgøres – ville ændre sig, hvis ")
    assert "højst svingede 0,5 gange" in open_
    assert "65 procent" in open_
    assert would_change(made(base, checks=()), RATE, "en") == words.text("doubt.change.closed_nothing", "en")
    assert "no proof" in would_change(made(base, checks=()), RATE, "en")
    delivered = made(base, checks=(), clear=False, change=None)
    assert would_change(delivered, RATE, "en") == words.text("doubt.change.open_nothing", "en")
    assert "district by district" in would_change(make_release(), "family_share", "en")
    (record,) = made(base).methods_tables
    two = made(base, treated=2, checks=()).model_copy(
        update={"methods_tables": (record.model_copy(update={"relative_spread": 2.44}),)}
    )
    assert "more than 2.4 times as much as the others" in would_change(two, RATE, "en")


def test_no_condition_is_written_for_a_sentence_that_no_check_has() -> None:
    written = [key.split(".")[3:] for key in words.catalogue("en") if key.startswith("doubt.change.if.")]
    for name, *keys in written:
        for key in keys if name != "found" else ():
            assert key in READ[name].says, (name, key)
            assert READ[name].says[key] not in {"pass", "told"}, (name, key)


def test_the_judgement_is_left_to_a_person() -> None:
    release = make_release()
    for language in words.LANGUAGES:
        for wanted in release.study.outcomes:
            domains = robins(release, wanted.outcome, language)
            assert [one.key for one in domains] == list(DOMAINS)
            assert all(one.facts for one in domains)
        page = render_doubt(release, language)
        blank = words.text("doubt.robins.judge", language)
        judged_cells = re.findall(r'class="judge">([^<]*)</td>', page)
        assert set(judged_cells) == {blank}
        # Of what has no effect to be wrong about there is nothing to judge.
        able = [one for one in doubts(release, language) if one.rating.dots]
        assert len(judged_cells) == len(DOMAINS) * len(able)
    facts = " ".join(text for key, text in words.catalogue("en").items() if key.startswith("doubt.robins.fact."))
    assert not re.search(r"\b(low|moderate|serious|critical) risk\b", facts)


def told_whole(one: CheckResult) -> CheckResult:
    """With a 1 for each number of its sentence that the check was made without."""
    sentence = words.catalogue("en")[f"checks.{one.check}.{one.key}"]
    blank = {name: 1.0 for _, name, _, _ in Formatter().parse(sentence) if name and name not in one.numbers}
    return one.model_copy(update={"numbers": {**one.numbers, **blank}})


def test_a_fact_that_all_outcomes_share_is_said_once_and_none_is_lost() -> None:
    release = make_release()
    outcomes = ("institution_share", "family_share")
    shared, own = shared_and_own(release, outcomes, "en")
    common = {one.key: set(one.facts) for one in shared}
    rest = words.text("doubt.robins.fact.shared", "en")
    for outcome in outcomes:
        for whole, part in zip(robins(release, outcome, "en"), own[outcome], strict=True):
            said = set(part.facts) - {rest}
            assert said | common.get(whole.key, set()) == set(whole.facts)
            assert not said & common.get(whole.key, set())
    assert "classification" in common
    alone, lone = shared_and_own(release, outcomes[:1], "en")
    assert alone == ()
    assert lone[outcomes[0]] == robins(release, outcomes[0], "en")


def text_of(page: str) -> str:
    bare = re.sub(r"<(style|svg)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


@pytest.mark.parametrize("name", [*sorted(ODD), "made"])
def test_the_page_is_whole(name: str, base: Release) -> None:
    whole = tuple(told_whole(one) for one in SOUND)
    release = made(base, checks=whole) if name == "made" else ODD[name]()
    numbers: dict[words.Language, list[str]] = {}
    for language in words.LANGUAGES:
        page = render_doubt(release, language)
        found = outline(page)
        assert found.open == []
        assert len(found.ids) == len(set(found.ids))
        assert found.headings.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(found.headings))
        other: words.Language = "en" if language == "da" else "da"
        beside = {annex_name(release, language), file_name(release, language), doubt_name(release, other)}
        for target in found.targets:
            assert target.partition("#")[0] in beside or target.removeprefix("#") in found.ids
        told = text_of(page)
        assert not re.search(r"\b(nan|inf)\b", told)
        assert not re.findall(r"\b[a-z]+_[a-z_]+\b", told)
        assert "<script" not in page
        marked = re.findall(r"<svg.*?</svg>|<caption>.*?</caption>", page, flags=re.DOTALL)
        assert all(words.text("report.synthetic.mark", language) in one for one in marked)
        decimal, thousands = (",", ".") if language == "da" else (".", ",")
        digits = re.findall(r"\d[\d.,]*", re.sub(r"(\d+)\. (?=[a-z])", r"\1 ", told))
        numbers[language] = sorted(
            one.rstrip(".,").replace(thousands, "").replace(decimal, ".") for one in digits
        )  # fmt: skip
    assert numbers["da"] == numbers["en"]


def test_every_check_stands_on_the_page_with_how_it_came_out() -> None:
    """No check of the release is left out, in any reading."""
    release = make_release()
    shown = next(one for one in doubts(release, "en") if one.outcome == "institution_share")
    rows = [row for _, rows in shown.checks for row in rows] + list(shown.further)
    mine = [one for one in release.checks if one.outcome == "institution_share"]
    assert len(rows) == len(mine)
    page = text_of(render_doubt(release, "en"))
    assert words.text("doubt.status.unknown", "en") in page
    assert len(judged(release, "institution_share")) == sum(one.reading in {"H2", "all"} for one in mine)


def test_the_answer_has_one_line_more_a_card_and_the_index_has_the_dots() -> None:
    release = make_release()
    for language in words.LANGUAGES:
        page = render_front(release, language)
        for card in cards.cards(release, language):
            assert card.dots is not None
            assert len(card.dots.link.split()) <= 14
            link = f'<a href="{doubt_name(release, language)}#outcome-{card.outcome}">{card.dots.link}</a>'
            assert page.count(link) == 1
        answers = study_answers(release, language)
        assert answers.security == dots(release, "institution_share")
        index = render_index((answers,), None, language)
        assert words.text("doubt.index", language, dots=answers.security) in index
        assert answers.doubt in index


def test_machines_read_the_same_dots_and_steps() -> None:
    release = make_release()
    read = json.loads(for_machines(release, {})[SECURITY])
    assert read["synthetic"] is True
    assert read["most"] == MOST
    assert tuple(Security.model_validate(one) for one in read["outcomes"]) == ratings(release)


def test_the_rule_stands_on_the_page_with_its_own_numbers() -> None:
    """What the page says of the rule is what the rule does."""
    for language in words.LANGUAGES:
        told = {key: words.text(f"doubt.rule.{key}", language) for key in ("units", "found", "data")}
        assert re.findall(r"\d+", told["units"]) == [str(n) for pair in rule.UNITS for n in pair] + ["1"]
        assert [int(n) for n in re.findall(r"\d+", told["found"])][2:-2] == [
            n for most, many in rule.FOUND for n in (round(100 * most), many) if n != 100
        ]
        answered = [n for least, many in rule.ANSWERED for n in (round(100 * least), many)]
        assert [int(n) for n in re.findall(r"\d+", told["data"])][3:-1] == answered
