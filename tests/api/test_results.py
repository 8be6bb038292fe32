"""Every result: frozen, tidy, readable as text and HTML, drawn on axes that are handed in, and back from JSON."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from html.parser import HTMLParser

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from frames import small, study
from pydantic import ValidationError

import sverige_did as sd
from sverige_did.api.rows import COLUMNS
from sverige_did.words import LANGUAGES

mpl.use("Agg")

EVENT = ["event_time", "period", "estimate", "lower", "upper", "lower_pointwise", "upper_pointwise"]


def _results() -> dict[str, sd.Result]:
    frame = sd.datasets.simulate(units=12, treated=4, periods=9, starts=7, effect=-3.0)
    one, dates = study(frame), study(sd.datasets.simulate(units=16, treated=6, starts=(6, 8), effect=-3.0))
    return {
        "verdict": one.verdict(),
        "refused": study(small(treated=1)).verdict(),
        "bounded": study(small(treated=2, effect=-9.0, units=20)).verdict(),
        "by level": study(chosen="unknown").verdict(),
        "methods": one.methods(),
        "twfe": one.twfe(),
        "events": one.event_study(),
        "att_gt": one.att_gt(),
        "average": dates.att_gt().aggregate("event"),
        "imputation": one.imputation("event_time"),
        "synthetic": one.synthetic(),
        "checks": one.sensitivity(),
        "placebos": one.placebos(),
        "multiverse": one.multiverse(),
        "size": one.size(200),
        "dates": dates.verdict(),
        "methods of dates": dates.methods(),
        "events of dates": dates.event_study(),
        "synthetic of dates": dates.synthetic(),
        "ratio": study(scale="ratio").verdict(),
        "log-odds": study(y=None, events="events", exposure="children", scale="log_odds").verdict(),
        "compared": sd.compare([one.verdict(), one.twfe(), dates.imputation()]),
    }


RESULTS: dict[str, sd.Result] = {}


@pytest.fixture(scope="module", autouse=True)
def _made() -> None:
    RESULTS.update(_results())


NAMES = ("verdict", "refused", "bounded", "by level", "methods", "twfe", "events", "att_gt", "average", "imputation",
         "synthetic", "checks", "placebos", "size", "dates", "methods of dates", "events of dates",
         "synthetic of dates", "ratio", "log-odds", "compared")  # fmt: skip
every = pytest.mark.parametrize("name", NAMES)


class Balanced(HTMLParser):
    """Counts what is opened and closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@every
def test_a_result_is_frozen_and_comes_back_from_json(name: str) -> None:
    result = RESULTS[name]
    with pytest.raises(ValidationError):
        result.context = result.context
    assert type(result).from_json(result.to_json()) == result


def test_a_text_of_another_kind_is_refused_by_name() -> None:
    for text in (RESULTS["verdict"].to_json(), "{", "{}"):
        with pytest.raises(sd.InputError, match="no Effect"):
            sd.Effect.from_json(text)


@every
def test_its_frame_is_tidy(name: str) -> None:
    frame = RESULTS[name].to_frame()
    assert isinstance(frame, pd.DataFrame)
    kind = RESULTS[name].kind
    if kind == "event_study":
        assert list(frame.columns) == EVENT
        assert (frame["lower"] <= frame["lower_pointwise"]).all()
        assert (frame["upper"] >= frame["upper_pointwise"]).all()
    elif kind not in {"checks", "size"}:
        assert tuple(frame.columns[: len(COLUMNS)]) == COLUMNS
        assert frame["estimate"].notna().all()


@every
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_read(name: str, language: str) -> None:
    result = RESULTS[name]
    told = result.summary(language)  # type: ignore[arg-type]
    assert result.context.outcome in told
    assert not re.search(r"\{\w+\}|None|nan\b", told)
    page = Balanced()
    page.feed(result.to_html(language))  # type: ignore[arg-type]
    assert page.open == []
    assert result.to_markdown(language).count("\n") == len(result.to_frame()) + 1  # type: ignore[arg-type]
    assert "tabular" in result.to_latex(language)  # type: ignore[arg-type]
    assert str(result) == result.summary()
    assert "\n" not in repr(result)
    assert result._repr_html_() == result.to_html()


@every
def test_it_is_drawn_on_axes_that_are_handed_in_or_made(name: str) -> None:
    ax = plt.subplots()[1]
    assert RESULTS[name].plot(ax) is ax
    assert RESULTS[name].plot().get_title(loc="left")
    plt.close("all")


def test_the_sentence_is_the_one_that_the_verdict_allows() -> None:
    said = {name: RESULTS[name].say("en") for name in NAMES}
    assert said["verdict"].startswith("The figures point to an effect on “y”: −")
    assert said["refused"].startswith("Whether there was an effect on “y” cannot be tested here. Too few treated")
    assert "swing at most" in said["bounded"]
    for name in ("twfe", "imputation", "synthetic", "average", "att_gt"):
        assert "for the verdict" in said[name]
    assert not any(
        "point to an effect" in told
        for name, told in said.items()
        if name not in {"verdict", "dates", "ratio", "log-odds", "by level"}
    )
    assert RESULTS["verdict"].say("da").startswith("Tallene tyder på en effekt")


def test_names_with_angle_brackets_cannot_break_the_page() -> None:
    found = study(small().rename(columns={"y": "<b>y"}), y="<b>y").twfe()
    assert "<b>y" not in found.to_html()


def test_results_of_methods_and_of_studies_stand_side_by_side() -> None:
    found = RESULTS["compared"].to_frame()
    assert list(found["method"]) == ["behrens_fisher", "twfe", "imputation"]
    assert set(found["outcome"]) == {"y"}


def test_power_grows_with_the_effect_and_names_one_that_is_found() -> None:
    found = study(sd.datasets.simulate(periods=8, starts=5, noise=0.5)).power(300)
    shares = found.to_frame()["share"].to_numpy()
    assert found.size == shares[0] < 0.1 < 0.8 < shares[-1]
    assert found.detectable is not None
    assert 0 < found.detectable < found.points[-1].effect


def test_the_public_names_are_few_and_each_has_a_page_of_its_own() -> None:
    public = [name for name in sd.__all__ if not name.startswith("__")]
    assert len(public) <= 25
    for name in public:
        found = getattr(sd, name)
        assert inspect.getdoc(found), name
    stub = importlib.resources.files("sverige_did").joinpath("__init__.pyi").read_text("utf-8")
    assert set(re.findall(r"as (\w+)$", stub, re.M)) == set(public)


def test_the_door_shows_its_columns_before_it_is_called() -> None:
    assert "treated_from" in inspect.signature(sd.did).parameters
    assert sd.did.collapse is importlib.import_module("sverige_did.did.collapse")  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", ["", ".api.door", ".api.study", ".api.compare", ".api.datasets"])
def test_the_examples_come_out_as_written(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"sverige_did{module}"))
    assert found.attempted > 0
    assert found.failed == 0
