"""A choice that does not exist is refused by name, wherever a public function takes one of a few words.

The functions are found by their signatures, so one that is added without the refusal fails here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from sverige_did.bayes.models.closed_form import Sampling
from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.exact import zelen_family
from sverige_did.did.imputation import imputation
from sverige_did.did.missing_periods import filled
from sverige_did.did.staggered import group_time_effects
from sverige_did.did.window import Window, around
from sverige_did.errors import RefusedError, option
from sverige_did.inference.cluster_robust import cr2_test, of_districts
from sverige_did.inference.districts import districts
from sverige_did.inference.event_effects import of_districts_by_period
from sverige_did.inference.level_choice import Elsewhere
from sverige_did.inference.permutation import permutation_p, reassigned
from sverige_did.inference.specifications import Estimates, Pooled

METHODS = ("did", "inference", "checks", "bayes")

ANSWERS = {
    "Aggregated", "Collapsed", "Discrepancy", "GroupTime", "Imputed", "MethodsTable", "Note", "WildBootstrap",
}  # fmt: skip
"""Classes that a function fills: their words were checked on the way in."""


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def panel(*, share: bool = True) -> DistrictPanel:
    """Three of nine districts treated from the fourth of six periods; shares, or counts with an exposure."""
    unit, time = np.repeat(np.arange(9), 6), np.tile(np.arange(6.0), 9)
    share_of = rng().uniform(0.2, 0.8, unit.size)
    exposure = np.full(unit.size, 50.0)
    y = share_of if share else np.rint(share_of * exposure)
    return panel_from_rows(unit, time, y, (unit < 3) & (time >= 3), exposure=None if share else exposure)


PANEL = panel()
SAMPLE = districts(rng().normal(size=12), np.arange(12) < 4)
STEP = cr2_test(of_districts(SAMPLE), 1)
DRIFTING = of_districts_by_period(
    rng().normal(size=(12, 5)), np.arange(5.0), np.arange(5) < 4, np.arange(5) > 3, SAMPLE
)  # fmt: skip

GIVEN: dict[str, Any] = {
    "whole": filled(PANEL, around(PANEL)), "change": SAMPLE.change[:9],
    "panel": PANEL, "self": PANEL, "window": Window((0, 1, 2), (3, 4, 5)), "scale": "pp", "level": 0.95,
    "aggregated": aggregate(group_time_effects(PANEL), "simple"), "effects": group_time_effects(PANEL),
    "imputed": imputation(PANEL), "value": 1.0, "estimand": "att", "estimator": "did",
    "inference": "influence_function", "family": "binomial", "means": [[0.2, 0.3], [0.4, 0.4]],
    "events": [[12, 6], [48, 48]], "totals": [[48, 45], [192, 192]], "exposure": [[48, 45], [192, 192]],
    "std_error": 0.4, "estimate": 1.0, "sample": SAMPLE, "rng": rng(), "fit": of_districts(SAMPLE), "column": 1,
    "groups": 12, "draws": 99, "treated": 4, "sizes": np.full(9, 30.0), "outcome": "institution_share", "did": 1.0,
    "dates": np.array([2.0]), "contrasts": [STEP], "tests": [permutation_p(SAMPLE, rng=rng())], "effect": 1.0,
    "gap": 1.0, "reliability": 0.5, "steps": [STEP], "steps_after": 1.0, "data": Sampling(-0.7, 0.26, 0.625),
    "threshold": 0.0, "rope": 0.0, "stays": None, "fits": None, "horizon": 2,
}  # fmt: skip
"""An argument for each required parameter, by its name; the few whose name means two things stand in ``OWN``."""

OWN: dict[str, dict[str, Any]] = {
    "chosen_alike": {"levels": rng().normal(size=(12, 5)), "treated": 4},
    "placebo_choice": {"found": Elsewhere(3, 1), "treated": 4},
    "adjusted_effects": {"covariates": rng().normal(size=(9, 1))},
    "elsewhere": {"sample": SAMPLE, "levels": rng().normal(size=(12, 5))},
    "studentised": {"self": reassigned(SAMPLE, rng=rng())},
    "poisson": {"panel": panel(share=False)},
    "p_value": {"family": zelen_family([[12, 6], [48, 48]], [[48, 45], [192, 192]])},
    "interval": {"family": zelen_family([[12, 6], [48, 48]], [[48, 45], [192, 192]])},
    "rate_ratio": {"events": [12, 48], "exposure": [48, 192]},
    "wald": {"scale": "logit"},
    "std_error": {"scale": "logit"},
    **{key: {"found": DRIFTING} for key in ("relative_magnitudes", "smoothness", "placebo_dates_before_each")},
    "one_step_before": {"effect": STEP, "step": STEP},
    "absolute_violation_of_districts": {"test": STEP},
    "unreported_changes": {
        "planned": STEP, "shares": (0.5,), "others": {name: [[STEP]] for name in ("alike", "treated", "control")},
    },
    "multiverse": {
        "choices": [{"before": "all"}] * 4, "found": Estimates(*(np.full(4, 1.0) for _ in range(5))),
        "same": np.ones(4, dtype=bool), "together": Pooled(1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 9, every=True),
    },
    "staggered_permutation_test": {"estimator": lambda p: float(imputation(p).estimate[0])},
    "summarise": {"draws": rng().normal(size=99)},
    "estimate": {"draws": rng().normal(size=99)},
    "planned_design": {
        "districts": 12, "treated": 4, "before": 2, "after": 2, "level": 0.25, "children": 30, "shock": 0.1,
    },
    "OwnData": {
        "y": np.ones((12, 2)), "children": np.full((12, 2), 30.0), "before": np.array([True, False]),
    },
}  # fmt: skip


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function, class and method of the methods, by its full name."""
    for room in METHODS:
        package = importlib.import_module(f"sverige_did.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, member in vars(module).items():
                if name.startswith("_") or getattr(member, "__module__", None) != module.__name__:
                    continue
                if name in ANSWERS:
                    continue
                if inspect.isfunction(member) or inspect.isclass(member):
                    yield f"{found.name}.{name}", member
                if inspect.isclass(member):
                    for method, function in inspect.getmembers(member, inspect.isfunction):
                        if not method.startswith("_"):
                            yield f"{found.name}.{name}.{method}", function


def choices(annotation: Any, module: str) -> tuple[str, ...]:
    """The words of the Literal in an annotation, None beside it or not; empty where there is none."""
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, vars(importlib.import_module(module)))
        except NameError:  # a type that is imported for type checkers only
            return ()
    if get_origin(annotation) is Literal:
        return tuple(word for word in get_args(annotation) if isinstance(word, str))
    if isinstance(annotation, typing.TypeAliasType):
        return choices(annotation.__value__, module)
    return tuple(word for part in get_args(annotation) for word in choices(part, module))


CASES = [
    pytest.param(function, name, words, id=f"{full.removeprefix('sverige_did.')}({name})")
    for full, function in public()
    for name, parameter in inspect.signature(function).parameters.items()
    if (words := choices(parameter.annotation, function.__module__))
]


def call(function: Callable[..., Any], name: str, value: object) -> object:
    """Call a function with ``value`` for one parameter and something valid for every other that has no default."""
    given = GIVEN | OWN.get(function.__name__, {})
    parameters = inspect.signature(function).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    return function(**{key: given[key] for key in needed if key != name}, **{name: value})


def refusals(function: Callable[..., Any], name: str, word: str) -> set[str]:
    """The keys of what a call is refused for; a choice that exists may still not suit these data."""
    try:
        call(function, name, word)
    except RefusedError as refusal:
        return {problem.key for problem in refusal.problems}
    return set()


def test_the_walk_finds_the_choices_of_every_layer() -> None:
    found = {case.id for case in CASES}
    assert {
        "did.staggered.group_time_effects(control)",
        "did.aggregate.aggregate(kind)",
        "did.arrays.DistrictPanel.unit_weights(weighting)",
        "inference.wild_bootstrap.wild_bootstrap(weights)",
        "inference.simulated.size.SimulatedDesign(outcome)",
        "checks.relative_magnitudes.relative_magnitudes(axis)",
        "bayes.draws.summaries.summarise(better)",
    } <= found
    assert len(found) > 40


@pytest.mark.parametrize("value", ["banana", "", "EQUAL", 1, ["equal"], np.array(["equal", "equal"])], ids=str)
@pytest.mark.parametrize(("function", "name", "words"), CASES)
def test_a_choice_that_does_not_exist_is_refused_by_name(
    function: Callable[..., Any], name: str, words: tuple[str, ...], value: object
) -> None:
    with pytest.raises(RefusedError) as caught:
        call(function, name, value)
    (problem,) = caught.value.problems
    assert (problem.key, problem.values["name"]) == ("unknown_option", name)
    assert problem.found == repr(value)
    assert problem.expected == ", ".join(words)
    for language in ("da", "en"):
        assert all(word in caught.value.say(language) for word in (name, *words))


@pytest.mark.parametrize(("function", "name", "words"), [case for case in CASES if "durations" not in case.id])
def test_every_choice_that_is_listed_is_taken(function: Callable[..., Any], name: str, words: tuple[str, ...]) -> None:
    for word in words:
        assert "unknown_option" not in refusals(function, name, word)


def test_a_word_of_numpy_is_a_word() -> None:
    option("weighting", np.str_("equal"), Literal["equal", "baseline"])
