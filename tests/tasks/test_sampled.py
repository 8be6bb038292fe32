"""What the models said is released with the plan that they said it of, or the release stops and says what to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sverige_did.errors import InputError
from sverige_did.files import write_model, write_models
from sverige_did.results.posteriors import PosteriorRecord, SampledPosteriors
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.tasks.sampled import load
from sverige_did.words import LANGUAGES

MINE, OTHER = "a" * 64, "b" * 64


def write(folder: Path, model: str, plan: str = MINE) -> None:
    record = PosteriorRecord(outcome=f"of_{model}", likelihood=model)
    write_model(folder / f"{model}.posterior.json", SampledPosteriors(plan_sha256=plan, records=(record,)))
    write_models(folder / f"{model}.diagnostics.json", [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for model in MODELS:
        write(tmp_path, model)
    return tmp_path


def test_those_of_every_model_there_is_are_read_and_no_others(folder: Path) -> None:
    write(folder, "gone", OTHER)
    assert {one.likelihood for one in load(folder, MINE).records} == set(MODELS)


def _without_brackets(path: Path) -> None:
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")


BROKEN: dict[str, tuple[str, Callable[[Path, str], object]]] = {
    "missing": ("posterior_missing", lambda at, model: (at / f"{model}.posterior.json").unlink()),
    "without its criteria": ("posterior_missing", lambda at, model: (at / f"{model}.diagnostics.json").unlink()),
    "broken off": ("posterior_unreadable", lambda at, model: _without_brackets(at / f"{model}.posterior.json")),
    "a list, as it once was": (
        "posterior_unreadable", lambda at, model: (at / f"{model}.posterior.json").write_text("[]", "utf-8"),
    ),
    "of another plan": ("posterior_other_plan", lambda at, model: write(at, model, OTHER)),
}  # fmt: skip


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("case", BROKEN)
def test_one_that_cannot_be_told_of_the_plan_is_named_with_what_to_run(folder: Path, model: str, case: str) -> None:
    key, spoil = BROKEN[case]
    spoil(folder, model)
    with pytest.raises(InputError) as caught:
        load(folder, MINE)
    (problem,) = caught.value.problems
    assert (problem.key, str(problem.file).partition(".")[0]) == (key, model)
    for language in LANGUAGES:
        assert f"sverige-did panel-posterior --likelihood {model}" in problem.say(language)


def test_every_faulty_one_is_named_at_once(folder: Path) -> None:
    for model in MODELS:
        write(folder, model, OTHER)
    with pytest.raises(InputError) as caught:
        load(folder, MINE)
    assert len(caught.value.problems) == len(MODELS)
