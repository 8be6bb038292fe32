"""Release what disclosure control allows: one release for the pages, and the estimates as tables for machines."""

from __future__ import annotations

from pathlib import Path

from sverige_did.disclosure.outside import earlier, inside, keep
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.disclosure.release import Release, estimates_csv, release_published
from sverige_did.errors import InputError, Problem
from sverige_did.files import hashes, read_model, read_models, write_model, write_models, write_text
from sverige_did.panel import read_panel
from sverige_did.results.designs import Coverage, OutcomeDesign
from sverige_did.results.doses import DoseResponse
from sverige_did.results.economy import EconomyRecord
from sverige_did.results.estimates import CheckResult, Diagnostics, Finding, Remark
from sverige_did.results.ladder import LadderRecord
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.results.published import Feasible, Reported
from sverige_did.results.sources import SourceFile
from sverige_did.results.statements import Statement
from sverige_did.results.targets import TargetRecords
from sverige_did.studies.published.printed_counts import contradicted
from sverige_did.study.study import PanelStudy, Study
from sverige_did.tasks import File, Filled, Folder
from sverige_did.tasks.sampled import Sampled, load

INSIDE = "audit.inside.json"
"""The audit with cells, beside the results that never leave."""


def run(folder: Folder, out: File, csv: File, json: File) -> Filled:
    """Write the release and the estimates; the number of findings, and of outcomes withheld."""
    study = read_model(folder / "plan.json", Study)
    before = hashes([folder])
    released, kept = (_published(folder, study), "") if study.kind == "published" else _registers(folder, study)
    changed = [path.name for path, hash_ in hashes([folder]).items() if before.get(path) != hash_]
    if changed:
        raise InputError(*(Problem("release_changed", found=name) for name in changed))
    write_model(out, released)
    write_text(csv, estimates_csv(released))
    write_models(json, released.findings)
    if released.policy == "registers":
        keep(folder, released)
        write_text(folder / INSIDE, kept)
    return {"findings": len(released.findings), "withheld": len(released.withheld)}


def _published(folder: Path, study: Study) -> Release:
    panel, feasible = read_panel(folder / "panel.parquet"), read_models(folder / "feasible.json", Feasible)
    return release_published(
        study=study,
        data_sha256=panel.sha256,
        synthetic=panel.synthetic,
        reported=read_models(folder / "reported.json", Reported),
        designs=read_models(folder / "designs.json", OutcomeDesign),
        feasible=feasible,
        contradicted=contradicted(study, feasible),
        findings=(*read_models(folder / "findings.json", Finding), *read_models(folder / "posterior.json", Finding)),
        checks=read_models(folder / "checks.json", CheckResult),
        diagnostics=read_models(folder / "diagnostics.json", Diagnostics),
        economy=_economy(folder),
        targets=read_model(folder / "targets.json", TargetRecords),
        ladder=_ladder(folder, study),
        statements=read_models(folder / "statements.json", Statement),
    )


def _registers(folder: Path, study: Study) -> tuple[Release, str]:
    """The release, and the audit that stays inside."""
    sampled = load(folder / "posteriors", study.sha256) if _asks_posteriors(study) else Sampled((), ())
    answers = Answers(
        designs=read_models(folder / "designs.json", OutcomeDesign),
        findings=read_models(folder / "findings.json", Finding),
        methods_tables=read_models(folder / "methods_tables.json", MethodsRecord),
        coverage=read_models(folder / "coverage.json", Coverage),
        checks=read_models(folder / "checks.json", CheckResult),
        left_out=read_models(folder / "left_out.json", Remark),
        sources=read_models(folder / "sources.json", SourceFile),
        posteriors=sampled.records,
        diagnostics=sampled.diagnostics,
        economy=_economy(folder),
        targets=read_model(folder / "targets.json", TargetRecords),
        ladder=_ladder(folder, study),
        doses=read_models(folder / "doses.json", DoseResponse),
        statements=read_models(folder / "statements.json", Statement),
    )
    found = attacked_release(study, read_panel(folder / "panel.parquet"), answers, earlier(folder))
    return found.release, inside(found.left, found.decisions)


def _asks_posteriors(study: Study) -> bool:
    return isinstance(study, PanelStudy) and study.posterior is not None


def _economy(folder: Path) -> EconomyRecord | None:
    """The net benefit; None for a plan that does not ask for one."""
    return next(iter(read_models(folder / "economy.json", EconomyRecord)), None)


def _ladder(folder: Path, study: Study) -> LadderRecord | None:
    """The ladder of this plan; None where nothing can be said of it. Raises InputError for that of another plan."""
    found = read_models(folder / "ladder.json", LadderRecord)
    if any(one.plan_sha256 != study.sha256 for one in found):
        raise InputError(Problem("other_plan"))
    return found[0] if found else None
