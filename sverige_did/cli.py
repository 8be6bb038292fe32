"""The front door: one subcommand for each rule of the workflow, and a few for people. No logic.

Each command imports its task when it is called: the Bayesian stack alone takes seconds to import, and most commands
do without it. That is why imports stand inside the functions of this file and of no other.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sverige_did import __version__, words
from sverige_did.errors import SverigeDidError
from sverige_did.words import LANGUAGES, Language, default_language


class _Refusing(typer.core.TyperGroup):
    """A command group that tells a refusal in words and ends with status 1."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer names its own kind of context
        try:
            return super().invoke(ctx)
        except SverigeDidError as error:
            Console(stderr=True, highlight=False).print(error.say(default_language()), style="red", markup=False)
            raise SystemExit(1) from None


app = typer.Typer(
    cls=_Refusing, no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False, help=__doc__
)

In = Annotated[Path, typer.Option(dir_okay=False, show_default=False)]
Out = Annotated[Path, typer.Option(dir_okay=False, show_default=False)]


def _done(key: str, **values: object) -> None:
    """The one line of progress that a command prints when it is finished."""
    Console(highlight=False, soft_wrap=True).print("✓ " + words.text(f"cli.{key}", **values), markup=False)


@app.callback()
def main(
    language: Annotated[str, typer.Option("--language", "-l", help="da or en", envvar="SVERIGE_DID_LANG")] = "en",
) -> None:
    """Effect estimates with honest uncertainty for social programmes with few treated districts."""
    if language not in LANGUAGES:
        raise typer.BadParameter(", ".join(LANGUAGES))
    os.environ["SVERIGE_DID_LANG"] = language


@app.command()
def version() -> None:
    """The version of this package."""
    typer.echo(__version__)


@app.command()
def plan(study: str, source: In, out: Out) -> None:
    """Check study.yaml and write the plan with its hash."""
    from sverige_did.tasks.plan import run

    _done("plan", study=study, sha=run(study, source, out)[:12])


@app.command()
def figures(plan: In, source: In, reported: Out, panel: Out) -> None:
    """Read the published figures into the panel."""
    from sverige_did.tasks.figures import run

    facts, cells = run(plan, source, reported, panel)
    _done("figures", facts=facts, cells=cells)


@app.command()
def design(plan: In, panel: In, out: Out) -> None:
    """Derive what the data can identify, outcome by outcome."""
    from sverige_did.tasks.design import run

    _done("design", classes=run(plan, panel, out))


@app.command()
def tables(plan: In, reported: In, feasible: Out, out: Out) -> None:
    """Find every table that fits the published figures, in each reading."""
    from sverige_did.tasks.tables import run

    found, conflicts = run(plan, reported, feasible, out)
    _done("tables", tables=found, conflicts=conflicts)


@app.command()
def estimate(plan: In, reported: In, designs: In, tables: In, out: Out) -> None:
    """Estimate every outcome without a prior."""
    from sverige_did.tasks.estimate import run

    _done("estimate", findings=run(plan, reported, designs, tables, out))


@app.command()
def posterior(
    plan: In,
    reported: In,
    designs: In,
    tables: In,
    out: Out,
    diagnostics: Out,
    draws: Out,
    cores: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Sample the posterior of every outcome that two group totals can carry."""
    from sverige_did.tasks.posterior import run

    fits, findings = run(plan, reported, designs, tables, out, diagnostics, draws, cores)
    _done("posterior", fits=fits, findings=findings)


@app.command()
def doubt(plan: In, reported: In, designs: In, tables: In, out: Out) -> None:
    """Look for what would overturn each finding."""
    from sverige_did.tasks.doubt import run

    _done("doubt", checks=run(plan, reported, designs, tables, out))


@app.command()
def release(folder: Annotated[Path, typer.Option(file_okay=False)], out: Out, csv: Out, json: Out) -> None:
    """Let out what may leave: the release and the table of estimates."""
    from sverige_did.tasks.release import run

    _done("release", findings=run(folder, out, csv, json))


@app.command()
def report(release: In, out: Out, page_language: Annotated[str, typer.Option()]) -> None:
    """Tell the release as one HTML page."""
    from sverige_did.tasks.report import run

    run(release, out, _language(page_language))
    _done("report", page=out)


@app.command()
def run(
    folder: Annotated[Path, typer.Argument(file_okay=False, exists=True)],
    cores: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
) -> None:
    """Run the whole workflow on a folder that holds a study (study.yaml and data/)."""
    from sverige_did.workflow import PROFILE, SNAKEFILE

    command = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--directory", str(folder)]
    command += ["--workflow-profile", str(PROFILE), "--cores", str(cores), "all"]
    raise SystemExit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own arguments


@app.command()
def synthesize(
    folder: Annotated[Path, typer.Argument(file_okay=False)],
    seed: Annotated[int, typer.Option(min=0)],
    calibrated: Annotated[bool, typer.Option(help="Reproduce the figures printed about Herning")] = False,
    municipalities: Annotated[int, typer.Option(min=1)] = 1,
    districts: Annotated[int, typer.Option(min=5, help="Districts of each municipality")] = 20,
    spells: Annotated[int | None, typer.Option(min=1, help="Placement spells in all; writes Parquet")] = None,
    dirt: Annotated[bool, typer.Option(help="Put the faults of real deliveries in")] = False,
) -> None:
    """Make up a municipality: its registers and the truth about it, marked as synthetic."""
    from sverige_did.tasks.synthesize import run, run_many

    if spells is None and municipalities == 1:
        written = run(folder, seed, districts, calibrated=calibrated, dirt=dirt)
    elif spells is None or calibrated or dirt:
        raise typer.BadParameter("--municipalities goes with --spells, and neither with --calibrated or --dirt")
    else:
        written = run_many(folder, seed, municipalities, districts, spells)
    _done("synthesize", files=written, folder=folder)


@app.command()
def new(folder: Annotated[Path, typer.Argument(file_okay=False)]) -> None:
    """Lay out a folder for a study of your own: a plan to fill in, empty registers, a guide."""
    from sverige_did.tasks.new import run

    _done("new", folder=folder, registers=run(folder, date.today()))


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(file_okay=False, exists=True)],
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the problems as JSON too")] = None,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the problems as a page too")] = None,
) -> None:
    """Show everything that is wrong with a study's plan and registers; status 1 when there are errors."""
    from sverige_did.report.problems import problems_table, summary
    from sverige_did.tasks.check import run, write

    spoken = default_language()
    problems = run(folder, spoken)
    write(problems, json, html, spoken)
    if problems:
        Console().print(problems_table(problems, spoken))
    Console(highlight=False).print(summary(problems, spoken), markup=False)
    raise typer.Exit(int(any(problem.severity == "error" for problem in problems)))


@app.command()
def registers(plan: In, data: Annotated[Path, typer.Option(file_okay=False)], out: Out) -> None:
    """Check the registers of one study before anything is computed from them."""
    from sverige_did.tasks.check import registers as run

    _done("registers", warnings=run(plan, data, out))


@app.command()
def panel(
    plan: In, data: Annotated[Path, typer.Option(file_okay=False)], out: Out, coverage: Out, left_out: Out
) -> None:
    """Turn the registers of a study into its panel."""
    from sverige_did.tasks.panel import run

    cells, outcomes = run(plan, data, out, coverage, left_out)
    _done("panel", cells=cells, outcomes=outcomes)


@app.command()
def panel_estimate(plan: In, panel: In, designs: In, out: Out, lineups: Out) -> None:
    """Estimate every outcome of a panel in the class that its design allows."""
    from sverige_did.tasks.panel_estimate import run

    _done("panel_estimate", findings=run(plan, panel, designs, out, lineups))


@app.command()
def panel_posterior(
    plan: In,
    panel: In,
    designs: In,
    data: Annotated[Path, typer.Option(file_okay=False)],
    likelihood: Annotated[str, typer.Option(help="A name in studies/panel/posterior/models.py")],
    out: Out,
    diagnostics: Out,
    draws: Out,
    cores: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Sample the posteriors of the outcomes of a panel that share a likelihood."""
    from sverige_did.tasks.panel_posterior import run

    fits, refused = run(plan, panel, designs, data, likelihood, out, diagnostics, draws, cores)
    _done("panel_posterior", likelihood=likelihood, fits=fits, refused=refused)


@app.command()
def panel_doubt(
    plan: In, panel: In, designs: In, data: Annotated[Path, typer.Option(file_okay=False)], out: Out
) -> None:
    """Look for what would overturn each finding of a study of registers."""
    from sverige_did.tasks.panel_doubt import run

    _done("doubt", checks=run(plan, panel, designs, data, out))


@app.command()
def panel_release(folder: Annotated[Path, typer.Option(file_okay=False)], out: Out, csv: Out, json: Out) -> None:
    """Let out what may leave about a study of registers."""
    from sverige_did.tasks.panel_release import run

    findings, withheld = run(folder, out, csv, json)
    _done("panel_release", findings=findings, withheld=withheld)


@app.command()
def size(
    study: str,
    results: Annotated[Path, typer.Option(file_okay=False, help="Where the workflow wrote its numbers")] = Path(
        "results"
    ),
    outcome: Annotated[str | None, typer.Option(help="The plan's primary outcome unless another is named")] = None,
    simulations: Annotated[int, typer.Option(min=1000)] = 10_000,
) -> None:
    """Show how often every method rejects a true null in the study's own design, beside its p-value."""
    from rich.progress import Progress

    from sverige_did.report.size_table import size_table, told
    from sverige_did.tasks.size import run

    own, spoken = run(results / study, outcome), default_language()
    with Progress(transient=True) as progress:
        bar = progress.add_task(words.text("size.simulating", spoken, outcome=own.outcome), total=simulations)
        for found in own.simulate(simulations):
            progress.update(bar, completed=found.simulations)
    console = Console(highlight=False)
    counts = own.counts | {"simulations": found.simulations}
    above, below = told(own.outcome, counts, own.swings, own.alpha, spoken)
    console.print(above, size_table(found.rates, own.p, own.alpha, spoken), below, sep="\n", markup=False)


def _language(name: str) -> Language:
    if name not in LANGUAGES:
        raise typer.BadParameter(", ".join(LANGUAGES))
    return name
