"""Let out what may leave about a study of registers: for the pages, and as tables for machines."""

from __future__ import annotations

from pathlib import Path

from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import estimates_csv
from sverige_did.files import read_model, read_models, write_model, write_models, write_text
from sverige_did.panel import read_panel
from sverige_did.results.designs import Coverage, OutcomeDesign
from sverige_did.results.estimates import CheckResult, Diagnostics, Finding, Remark
from sverige_did.results.lineups import LineupRecord
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.study.study import Study


def run(folder: Path, out: Path, csv: Path, json: Path) -> tuple[int, int]:
    """Write the release and the estimates; the number of findings, and of outcomes withheld."""
    posteriors = sorted((folder / "posteriors").glob("*.posterior.json"))
    diagnosed = sorted((folder / "posteriors").glob("*.diagnostics.json"))
    released = release_registers(
        study=read_model(folder / "plan.json", Study),
        panel=read_panel(folder / "panel.parquet"),
        designs=read_models(folder / "designs.json", OutcomeDesign),
        findings=read_models(folder / "findings.json", Finding),
        lineups=read_models(folder / "lineups.json", LineupRecord),
        coverage=read_models(folder / "coverage.json", Coverage),
        checks=read_models(folder / "checks.json", CheckResult),
        left_out=read_models(folder / "left_out.json", Remark),
        posteriors=tuple(one for path in posteriors for one in read_models(path, PosteriorRecord)),
        diagnostics=tuple(one for path in diagnosed for one in read_models(path, Diagnostics)),
    )
    write_model(out, released)
    write_text(csv, estimates_csv(released))
    write_models(json, released.findings)
    return len(released.findings), len(released.withheld)
