"""How often the district models' intervals hold the realised effect where districts are small and children stay.

    python tests/validation/small_districts.py     # writes recorded/small_districts.csv; some forty minutes on one core

The municipalities are those of children_generator.py, 150 of each world, which knows children and none of the
models' parameters; the effect of each is drawn from what the plan believes possible. Fitted is what the workflow fits:
sums worth as many children as they tell of, and the effect on the children who were there (``as_children``). Beside
it stands what sums taken at their face value and the difference of chances would say (``as_counted``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from children_generator import PERIODS, WORLDS, Municipality, municipality
from recovery import covered, plan, write

from sverige_did.bayes.models.effects import effect_on_treated
from sverige_did.bayes.sampling.sample import Compiled, Fit, Settings, compile_model, sample, structure
from sverige_did.design import designs
from sverige_did.studies.panel.posterior import counts
from sverige_did.studies.panel.posterior.protocol import StudyData
from sverige_did.study.study import PanelStudy

RECORD = Path(__file__).parent / "recorded" / "small_districts.csv"
MUNICIPALITIES, FIRST_SEED = 150, 47_000
SETTINGS = Settings(draws=600, tune=400, chains=1, cores=1, target_accept=0.95)
MODELS = {"binomial": "institution_share", "poisson": "institution_per_1000"}
"""The likelihoods, and the outcome that each is held against."""
WAYS = {
    "small": ("as_counted", "as_children"),
    "mixed": ("as_counted", "as_children"),
    "hardly anybody stays": ("as_children",),
}
"""What is fitted to each world: where hardly anybody stays, sums are at their face value either way."""
LEVELS = (0.5, 0.8, 0.95)
COLUMNS = ("world", "way", "likelihood", "level", "fits", "coverage", "std_error", "mean_error", "mean_width")


class Interval(NamedTuple):
    """One central interval and the realised effect that it should hold."""

    world: str
    way: str
    likelihood: str
    level: float
    estimate: float
    lower: float
    upper: float
    true: float


def requested() -> PanelStudy:
    """The plan of the example on the generator's dates, with no more outcomes than are fitted."""
    study = plan()
    kept = tuple(one for one in study.outcomes if one.outcome in MODELS.values())
    return study.model_copy(update={"periods": PERIODS, "outcomes": kept})


def intervals(
    name: str, seed: int, study: PanelStudy, compiled: dict[str, Compiled], ways: tuple[str, ...]
) -> Iterator[Interval]:
    """Every interval for one municipality of one world."""
    made = municipality(WORLDS[name], np.random.default_rng([seed, list(WORLDS).index(name)]))
    true = made.realised()
    data = _data(made, study)
    for likelihood, outcome in MODELS.items():
        for job in counts.prepare(data, likelihood).jobs:  # none where a district never had a child in care
            assert isinstance(job, counts.CountJob), job
            for way in ways:
                effect = FITS[way](job, seed, compiled)
                for level in LEVELS:
                    lower, median, upper = np.quantile(effect, [(1 - level) / 2, 0.5, (1 + level) / 2])
                    yield Interval(name, way, likelihood, level, median, lower, upper, true[outcome])


def _data(made: Municipality, study: PanelStudy) -> StudyData:
    panel = made.panel()
    data = StudyData(study, designs(panel, study), Path("none"), Path("none"))
    vars(data)["panel"] = panel  # as if it had been read
    return data


def as_children(job: counts.CountJob, seed: int, compiled: dict[str, Compiled]) -> np.ndarray:
    """What the workflow says."""
    return job.realised({"": _sampled(job, seed, compiled)}, np.random.default_rng([seed, 2]))


def as_counted(job: counts.CountJob, seed: int, compiled: dict[str, Compiled]) -> np.ndarray:
    """Every child of every half-year taken for a new one, and the effect on chances."""
    plain = replace(job, panel=replace(job.panel, cells=replace(job.panel.cells, again=None)))
    fit = _sampled(plain, seed, compiled)
    return effect_on_treated(fit, plain.panel.cells, plain.family.outcome, plain.panel.weights).difference


FITS = {"as_counted": as_counted, "as_children": as_children}


def _sampled(job: counts.CountJob, seed: int, compiled: dict[str, Compiled]) -> Fit:
    """``compiled`` is kept from one municipality to the next; districts without a child make another structure."""
    model = job.model("")
    key = structure(model)
    if key not in compiled:
        compiled[key] = compile_model(model)
    return sample(model, seed=seed, settings=SETTINGS, criteria=None, compiled=compiled[key], progress=False)


def many(seeds: range, ways: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Every interval for every seed of each of the worlds."""
    study, compiled = requested(), dict[str, Compiled]()
    return pd.DataFrame(
        [one for name in ways for seed in seeds for one in intervals(name, seed, study, compiled, ways[name])]
    )


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row a world, way, likelihood and level; errors and widths in the outcome's unit."""
    return covered(found, ["world", "way", "likelihood", "level"])[list(COLUMNS)]


def main() -> None:
    """Write the record."""
    last = FIRST_SEED + MUNICIPALITIES - 1
    table = summary(many(range(FIRST_SEED, last + 1), WAYS))
    settings = f"{SETTINGS.draws} draws after {SETTINGS.tune}, one chain, target {SETTINGS.target_accept}"
    made = f"python tests/validation/small_districts.py: seeds {FIRST_SEED} to {last}"
    write(table, RECORD, made, f"{settings}; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
