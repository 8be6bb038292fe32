"""Let out what may leave: one release for the pages, and the estimates as tables for machines."""

from __future__ import annotations

from pathlib import Path

from sverige_did.disclosure.release import estimates_csv, release_published
from sverige_did.files import read_model, read_models, write_model, write_models, write_text
from sverige_did.panel import read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.estimates import CheckResult, Diagnostics, Finding
from sverige_did.results.published import Feasible, Reported
from sverige_did.study.study import Study


def run(folder: Path, out: Path, csv: Path, json: Path) -> int:
    """Write the release and the estimates; the number of findings."""
    panel = read_panel(folder / "panel.parquet")
    findings = [
        finding for name in ("findings", "posterior") for finding in read_models(folder / f"{name}.json", Finding)
    ]
    released = release_published(
        study=read_model(folder / "plan.json", Study),
        data_sha256=panel.sha256,
        synthetic=panel.synthetic,
        reported=read_models(folder / "reported.json", Reported),
        designs=read_models(folder / "designs.json", OutcomeDesign),
        feasible=read_models(folder / "feasible.json", Feasible),
        findings=tuple(findings),
        checks=read_models(folder / "checks.json", CheckResult),
        diagnostics=read_models(folder / "diagnostics.json", Diagnostics),
    )
    write_model(out, released)
    write_text(csv, estimates_csv(released))
    write_models(json, released.findings)
    return len(released.findings)
