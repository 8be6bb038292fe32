"""Load what the models of posteriors said: of this plan, from each model that there is now, or nothing is released."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sverige_did.errors import InputError, Problem
from sverige_did.files import read_model, read_models
from sverige_did.results.estimates import Diagnostics
from sverige_did.results.posteriors import PosteriorRecord, SampledPosteriors
from sverige_did.studies.panel.posterior.models import MODELS


class Sampled(NamedTuple):
    """The records and the convergence criteria of all models."""

    records: tuple[PosteriorRecord, ...]
    diagnostics: tuple[Diagnostics, ...]


def load(folder: Path, plan_sha256: str) -> Sampled:
    """All of them from the files in ``folder``; what a model of another name may have left there is not read.

    Raises InputError that names every model whose file is missing, cannot be read, or was made from another plan.
    """
    found: list[Sampled] = []
    faults: list[Problem] = []
    for model in sorted(MODELS):
        try:
            found.append(_of(folder / model, plan_sha256))
        except InputError as error:
            faults += error.problems
    if faults:
        raise InputError(*faults)
    records, diagnostics = (tuple(chain.from_iterable(each)) for each in zip(*found, strict=True))
    return Sampled(records, diagnostics)


def _of(path: Path, plan_sha256: str) -> Sampled:
    made, checked = path.with_suffix(".posterior.json"), path.with_suffix(".diagnostics.json")
    try:
        sampled = read_model(made, SampledPosteriors)
        diagnostics = read_models(checked, Diagnostics)
    except FileNotFoundError as error:
        raise InputError(_problem("posterior_missing", path, Path(error.filename))) from error
    except InputError as error:
        raise InputError(_problem("posterior_unreadable", path, made)) from error
    if sampled.plan_sha256 != plan_sha256:
        raise InputError(_problem("posterior_other_plan", path, made))
    return Sampled(sampled.records, diagnostics)


def _problem(key: str, path: Path, file: Path) -> Problem:
    return Problem(key, file=file.name, values={"model": path.name})
