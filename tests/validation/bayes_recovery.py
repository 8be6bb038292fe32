"""How often the district models' intervals hold the true effect: made-up municipalities, from registers to posterior.

    python tests/validation/bayes_recovery.py      # writes recorded/bayes_recovery.csv; some twenty minutes of one core
    python tests/validation/bayes_recovery.py 30   # the first 30 municipalities, and half as many of the other world

The municipalities are those of recovery.py: twenty districts, four treated, drawn from synthetic/model.py,
which knows children and moves and none of the models' parameters. What is fitted are the models that the workflow
fits, under the plan's priors. The true effect is counted in the worlds with and without the programme.

In the world ``believed`` each municipality has an effect and a gap between the groups of its own, drawn from what the
plan believes: over such municipalities a posterior interval promises its level. In the world ``strong`` the effect is
the same large one everywhere, more than the prior's sd away from none, and a prior that doubts it costs coverage.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pymc as pm
from recovery import covered, plan, write

from sverige_did.bayes.models.district_effects import BASELINE_DIFFERENCE
from sverige_did.bayes.priors import NEUTRAL
from sverige_did.bayes.sampling.sample import Compiled, Fit, Settings, compile_model, sample
from sverige_did.design import designs
from sverige_did.panel import Panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.studies.panel.posterior import composition, counts
from sverige_did.studies.panel.posterior.composition import PARTS, type_effects
from sverige_did.studies.panel.posterior.protocol import StudyData
from sverige_did.study.study import Study
from sverige_did.synthetic.generate import modelled_municipality
from sverige_did.synthetic.model import Model
from sverige_did.synthetic.truth import truth
from sverige_did.synthetic.writing import write_delivery

NAME = "composition"
RECORD = Path(__file__).parent / "recorded" / "bayes_recovery.csv"
FIRST_SEED = 43_000
WORLDS = {"believed": 200, "strong": 100}
"""How many municipalities of each world the whole study has; the record says how many it was made of."""
SETTINGS = Settings(draws=1000, tune=500, chains=1, cores=1, target_accept=0.95)
NEEDED = frozenset({"districts", "children", "residences", "placements"})
"""Registers that the outcomes are counted from; the others are not delivered."""
OUTCOMES = {"institution_share": "pp", "institution_per_1000": "rate_per_1000"}
"""The scale of each truth."""
MODELS = {"binomial": "institution_share", "poisson": "institution_per_1000", NAME: "institution_share"}
"""The likelihoods, and the outcome that each is held against."""
LEVELS = (0.5, 0.8, 0.95)
COLUMNS = ("world", "likelihood", "level", "fits", "coverage", "std_error", "mean_error", "mean_width", "diverged")


class Interval(NamedTuple):
    """One central interval and the effect that it should hold."""

    world: str
    likelihood: str
    level: float
    estimate: float
    lower: float
    upper: float
    true: float
    diverged: bool


class Given(NamedTuple):
    """One municipality as the workflow has it, and its true effects by outcome."""

    panel: Panel
    classes: tuple[OutcomeDesign, ...]
    true: dict[str, float]

    def data(self, study: Study) -> StudyData:
        """As a model prepares from it."""
        data = StudyData(study, self.classes, Path("none"), Path("none"))
        vars(data)["panel"] = self.panel  # as if it had been read
        return data


def world(name: str, seed: int) -> Model:
    """What the municipality is drawn from."""
    if name == "strong":
        return Model()
    rng = np.random.default_rng([seed, 2])
    return Model(
        effect=rng.normal(NEUTRAL.mean, NEUTRAL.sd),
        gap=rng.normal(BASELINE_DIFFERENCE.mean, BASELINE_DIFFERENCE.sd),
    )


def municipality(model: Model, seed: int, study: Study) -> Given:
    """The panel of one municipality, by way of its registers, and its true effects."""
    made = modelled_municipality(model, seed)
    found = {(one.outcome, one.scale): one.att for one in truth(made) if one.att is not None}
    with tempfile.TemporaryDirectory() as folder:
        for path in write_delivery(Path(folder), made.delivered.registers, "en"):
            if path.stem not in NEEDED:
                path.unlink()
        panel = panel_of(Path(folder), study).panel
    true = {outcome: float(found[outcome, scale]) for outcome, scale in OUTCOMES.items()}
    return Given(panel, designs(panel, study), true)


class Fitted(NamedTuple):
    """Draws of the effect on the treated (S,), and whether a step of the sampler diverged."""

    effect: np.ndarray
    diverged: bool


def one_by_one(given: Given, likelihood: str, study: Study, seed: int, compiled: dict[str, Compiled]) -> Fitted:
    """An outcome with a model of its own."""
    (job,) = counts.prepare(given.data(study), likelihood).jobs
    assert isinstance(job, counts.CountJob), job
    fit = _sampled(job.model(""), likelihood, seed, compiled)
    return Fitted(job.realised({"": fit}, np.random.default_rng([seed, 3])), fit.report.divergences > 0)


def max_t_adjustment(given: Given, _: str, study: Study, seed: int, compiled: dict[str, Compiled]) -> Fitted:
    """All kinds of placement in one model; the effect is that on institutions."""
    (ready,) = composition.prepare(given.data(study), NAME).jobs
    assert isinstance(ready, composition.Composition), ready
    fit = _sampled(ready.model(""), NAME, seed, compiled)
    return Fitted(type_effects(ready, fit)[:, PARTS.index("institution")], fit.report.divergences > 0)


def _sampled(model: pm.Model, name: str, seed: int, compiled: dict[str, Compiled]) -> Fit:
    """``compiled`` is kept from one municipality to the next."""
    if name not in compiled:
        compiled[name] = compile_model(model)
    return sample(model, seed=seed, settings=SETTINGS, criteria=None, compiled=compiled[name], progress=False)


FITS = {"binomial": one_by_one, "poisson": one_by_one, NAME: max_t_adjustment}


def intervals(name: str, seed: int, study: Study, compiled: dict[str, Compiled]) -> Iterator[Interval]:
    """Every interval for one municipality of one world."""
    given = municipality(world(name, seed), seed, study)
    for likelihood, outcome in MODELS.items():
        fitted = FITS[likelihood](given, likelihood, study, seed, compiled)
        for level in LEVELS:
            lower, median, upper = np.quantile(fitted.effect, [(1 - level) / 2, 0.5, (1 + level) / 2])
            yield Interval(name, likelihood, level, median, lower, upper, given.true[outcome], fitted.diverged)


def requested() -> Study:
    """The plan of recovery.py, with no more outcomes than are fitted."""
    study = plan()
    return study.model_copy(update={"outcomes": tuple(one for one in study.outcomes if one.outcome in OUTCOMES)})


def many(seeds: Mapping[str, range]) -> pd.DataFrame:
    """Every interval for every seed of each world."""
    study, compiled = requested(), dict[str, Compiled]()
    return pd.DataFrame(
        [one for name in seeds for seed in seeds[name] for one in intervals(name, seed, study, compiled)]
    )


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row a world, likelihood and level, and one for all likelihoods together; errors and widths in the outcome's
    unit."""
    by = ["world", "likelihood", "level"]
    table = covered(found, by).merge(found.groupby(by, sort=False)["diverged"].sum().reset_index(), on=by)
    every = covered(found.assign(likelihood="all"), by).assign(mean_error=np.nan, mean_width=np.nan)
    every["diverged"] = found.groupby(["world", "level"], sort=False)["diverged"].sum().to_numpy()
    return pd.concat([table, every], ignore_index=True)[list(COLUMNS)]


def main() -> None:
    """Write the record, of all municipalities or of as many as are asked for."""
    believed = int(sys.argv[1]) if len(sys.argv) > 1 else WORLDS["believed"]
    counts = {"believed": believed, "strong": believed // 2}
    settings = f"{SETTINGS.draws} draws after {SETTINGS.tune}, one chain, target {SETTINGS.target_accept}"
    table = summary(many({name: range(FIRST_SEED, FIRST_SEED + n) for name, n in counts.items()}))
    told = ", ".join(f"{n} {name}" for name, n in counts.items())
    made = f"python tests/validation/bayes_recovery.py {believed}: seeds from {FIRST_SEED}, {told}"
    write(table, RECORD, made, f"{settings}; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
