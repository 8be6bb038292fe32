"""Sample the posteriors of the outcomes of a panel that share a likelihood."""

from __future__ import annotations

from typing import Annotated

import typer

from sverige_did.bayes.sampling.store import keep_aside, write_draws
from sverige_did.disclosure.draws import kept_draws
from sverige_did.files import read_model, read_models, write_model, write_models
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.posteriors import SampledPosteriors
from sverige_did.studies.fitting import diagnosed
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.studies.panel.posterior.pipeline import posteriors
from sverige_did.studies.panel.posterior.protocol import StudyData
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import Cores, File, Filled, Folder, progress, refused_fits


def run(
    plan: File,
    panel: File,
    designs: File,
    data: Folder,
    likelihood: Annotated[str, typer.Option(help="A name in studies/panel/posterior/models.py")],
    out: File,
    diagnostics: File,
    draws: File,
    cores: Cores = 1,
) -> Filled:
    """Write records, diagnostics and draws; the number of fits and of outcomes that could not be modelled."""
    study = read_model(plan, PanelStudy)
    given = StudyData(study, read_models(designs, OutcomeDesign), panel, data)
    records, fits, failed = posteriors(given, likelihood, cores, progress=progress)
    kept, aside = ({name: kept_draws(fit, MODELS[likelihood].keeps) for name, fit in some.items()}
                   for some in (fits, failed))  # fmt: skip
    write_model(out, SampledPosteriors(plan_sha256=study.sha256, records=records))
    write_models(diagnostics, [diagnosed(name, fit) for name, fit in fits.items()])
    write_draws(draws, kept, study.sha256)
    refused_fits(aside, keep_aside(draws, aside, study.sha256))
    return {"fits": len(fits), "refused": sum(one.refused for one in records)}
