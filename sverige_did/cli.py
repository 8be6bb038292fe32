"""The front door: one subcommand for each rule of the workflow, and a few for people.

Each command imports its task when it is called: the Bayesian stack alone takes seconds to import, and most commands
do without it. Of the rules only names and help stand here; options and all else are their task's own.
"""

from __future__ import annotations

import gc
import os
import sys
from concurrent.futures import BrokenExecutor
from datetime import date
from functools import wraps
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console

from sverige_did import __version__, words
from sverige_did.errors import InputError, Problem, RefusedError, SverigeDidError, is_short_of_memory, of_machine
from sverige_did.files import altered, hashes, record, refusal_of
from sverige_did.outcomes import PLANNED
from sverige_did.words import Language, default_language
from sverige_did.workflow.running import step_at_work

STEPS: dict[str, tuple[str, str]] = {
    "plan": ("plan.run", "Check study.yaml and write the plan with its hash."),
    "figures": ("figures.run", "Read the published figures into the panel."),
    "statements": ("statements.run", "Read the coded statements of interviews, where a study has any."),
    "registers": ("check.registers", "Check the registers of one study before anything is computed from them."),
    "panel": ("panel.run", "Turn the registers of a study into its panel."),
    "design": ("design.run", "Derive what the data can identify, outcome by outcome."),
    "tables": ("tables.run", "Find every table that fits the published figures, in each reading."),
    "estimate": ("estimate.run", "Estimate every outcome without a prior."),
    "panel-size": ("panel_size.run", "Simulate how often the verdict of every outcome is wrong in its own design."),
    "panel-estimate": ("panel_estimate.run", "Estimate every outcome of a panel in the class that its design allows."),
    "posterior": ("posterior.run", "Sample the posterior of every outcome that two group totals can carry."),
    "panel-posterior": ("panel_posterior.run", "Sample the posteriors of a panel's outcomes that share a likelihood."),
    "sensitivity": ("sensitivity.run", "Look for what would overturn each finding."),
    "panel-sensitivity": (
        "panel_sensitivity.run",
        "Look for what would overturn each finding of a study of registers.",
    ),
    "economy": ("economy.published", "Work out the net benefit a year from printed figures."),
    "panel-economy": ("economy.panel", "Work out the net benefit a year from a panel."),
    "targets": ("targets.published", "Hold the plan's targets against printed figures."),
    "panel-targets": ("targets.panel", "Hold the plan's targets against registers."),
    "ladder": ("ladder.run", "Say what printed figures allow of leaving each rung of the ladder."),
    "panel-ladder": ("panel_ladder.run", "Follow the children of the registers on the ladder, rung by rung."),
    "release": ("release.run", "Release what disclosure control allows: the release and the table of estimates."),
    "panel-release": ("release.run", "Release what disclosure control allows of a study of registers."),
    "report": (
        "report.run",
        "Tell the release as HTML pages with all behind them, and what the next office takes over.",
    ),
    "case-registers": ("case_registers.run", "Check the registers of a study of cases."),
    "case-estimate": ("case_estimate.run", "Estimate the difference between cases before and during."),
    "case-posterior": (
        "case_posterior.run",
        "Sample the posterior of the waits, or of the answers, of a study of cases.",
    ),
    "case-release": ("case_release.run", "Release what disclosure control allows of a study of cases."),
    "case-report": ("case_report.run", "Tell the release of a study of cases as one HTML page a language."),
    "collect": ("collect.run", "Collect what may be sent out of a study in a folder that stands apart."),
    "index": ("index.run", "Tell all studies of a folder on one page."),
}
"""The rules of the workflow: each command with the function below ``tasks/`` that it calls, and its help."""


POINTS_ONLY = frozenset({"child_sd", "response", "retest"})
PLANNED_ONLY = POINTS_ONLY | {
    "kind", "level", "districts", "treated", "before", "after", "children", "shock", "memory", "between", "rise",
}  # fmt: skip
"""Options of ``power`` that describe a design which nobody has begun."""


class _Commands(typer.core.TyperGroup):
    """Loads a step when it is called, tells a refusal in words and ends with status 1."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        loaded = _load(name) if name in STEPS else command
        if not gc.isenabled():  # ``python -m sverige_did``: what was imported stays, and need not be gone through again
            gc.freeze()
            gc.enable()
        return name, loaded, rest

    def invoke(self, ctx: Any) -> object:
        try:
            return super().invoke(ctx)
        except SverigeDidError as error:
            _refused(error)
        except (OSError, MemoryError) as error:
            if isinstance(error, BrokenPipeError):
                raise  # whoever read the output has gone: nobody is left to be told
            _refused(InputError(of_machine(error)))
        except BrokenExecutor:
            _refused(InputError(Problem("worker_killed")))
        except Exception as error:
            if not is_short_of_memory(error):
                raise
            _refused(InputError(Problem("out_of_memory")))

    def main(self, *args: Any, **options: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a screen that lacks a letter shows "?", and stops nothing
        return super().main(*args, **options)


def _refused(error: SverigeDidError, status: int = 1) -> NoReturn:
    """Say in words why the command ends here."""
    said = _masked(error.say(default_language()))
    Console(stderr=True, highlight=False).print(said, style="red", markup=False)
    raise SystemExit(status) from None


def _load(name: str) -> Any:
    """The command of one step: its options are the arguments of its function."""
    place, description = STEPS[name]
    module, function = place.split(".")
    run = getattr(import_module(f"sverige_did.tasks.{module}"), function)

    @wraps(run)
    def command(**options: object) -> None:
        with step_at_work():
            before = hashes(options.values())
            if changed := altered(before):
                raise refusal_of(changed)
            filled = run(**options)
            record({path: hash_ for path, hash_ in hashes(options.values()).items() if before.get(path) != hash_})
        _done(name.replace("-", "_"), **options | filled)

    alone = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
    alone.command(name, help=description)(command)
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False, help=__doc__
)


def _masked(text: str) -> str:
    """The text without any civil registration number: the last look before the screen."""
    from sverige_did.sources.files.cpr import masked

    return masked(text)


def _done(key: str, **values: object) -> None:
    """The one line of progress that a command prints when it is finished."""
    if isinstance(number := values.get("warnings"), int):
        values["warnings"] = words.counted("problems.warnings", number)
    Console(highlight=False, soft_wrap=True).print(_masked("✓ " + words.text(f"cli.{key}", **values)), markup=False)


def _warn(*problems: Problem) -> None:
    """What a command saw and went on without."""
    for problem in problems:
        Console(highlight=False, soft_wrap=True).print("  " + _masked(problem.say(default_language())), markup=False)


@app.callback()
def main(
    language: Annotated[Language, typer.Option("--language", "-l", help="da or en", envvar="SVERIGE_DID_LANG")] = "en",
) -> None:
    """Effect estimates with honest uncertainty for social programmes with few treated districts."""
    os.environ["SVERIGE_DID_LANG"] = language


@app.command()
def version() -> None:
    """The version of this package."""
    typer.echo(__version__)


@app.command()
def run(
    folder: Annotated[Path, typer.Argument(file_okay=False, exists=True)],
    cores: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
    unlock: Annotated[
        bool, typer.Option("--unlock", help="Take off the lock of a run that is no longer there")
    ] = False,
) -> None:
    """Run the whole workflow on a folder that holds a study (study.yaml and data/), and say what may be sent out."""
    from sverige_did.workflow.discover import find_studies
    from sverige_did.workflow.running import STOPPED, run_workflow

    if status := run_workflow(folder, cores, unlock=unlock):
        _refused(RefusedError(Problem("run_stopped" if status == STOPPED else "run_unfinished")), status)
    _done("run", folders=", ".join(str(folder / "release" / study) for study in find_studies(folder)))


@app.command()
def synthesize(
    folder: Annotated[Path, typer.Argument(file_okay=False)],
    seed: Annotated[int, typer.Option(min=0)],
    calibrated: Annotated[bool, typer.Option(help="Reproduce the figures printed about Herning")] = False,
    municipalities: Annotated[int, typer.Option(min=1)] = 1,
    districts: Annotated[int, typer.Option(min=5, help="Districts of each municipality")] = 20,
    spells: Annotated[int | None, typer.Option(min=1, help="Placement spells in all; writes Parquet")] = None,
    with_faults: Annotated[bool, typer.Option(help="Put the faults of real deliveries in")] = False,
    unreported_changes: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the changes of placement that nobody reported")
    ] = 0.0,
    cases: Annotated[bool, typer.Option(help="Cases before and during, and a survey, in three municipalities")] = False,
    tables: Annotated[bool, typer.Option(help="Public tables of all municipalities instead, by year")] = False,
    size: Annotated[
        Literal["usual", "large"], typer.Option(help="large: so many children that nothing need be withheld")
    ] = "usual",
) -> None:
    """Make up a municipality, cases of three, or public tables of all: files and the truth, marked as synthetic."""
    from sverige_did.tasks.synthesize import run, run_cases, run_many, run_tables

    if tables or cases:
        one_only = calibrated or with_faults or unreported_changes or size != "usual"
        if spells is not None or municipalities > 1 or one_only or (tables and cases):
            raise typer.BadParameter("--tables and --cases go with --seed alone")
        written = (run_tables if tables else run_cases)(folder, seed)
    elif spells is None and municipalities == 1:
        if calibrated and size != "usual":
            raise typer.BadParameter("--calibrated has the size of the printed figures")
        options = {"calibrated": calibrated, "with_faults": with_faults}
        written = run(folder, seed, districts, **options, unreported_changes=unreported_changes, how_large=size)
    elif spells is None or calibrated or with_faults or unreported_changes or size != "usual":
        raise typer.BadParameter("--municipalities goes with --spells, and with no option of a single municipality")
    else:
        written = run_many(folder, seed, municipalities, districts, spells)
    _done("synthesize", files=written, folder=folder)


statbank = typer.Typer(no_args_is_help=True, help="Public tables of Statistics Denmark.")
app.add_typer(statbank, name="statbank")


@statbank.command("fetch")
def statbank_fetch(
    study: Annotated[str, typer.Argument(help="A study whose folder has a statbank.yaml")],
    folder: Annotated[Path, typer.Option(file_okay=False, exists=True, help="Where analyses/ and data/ lie")] = Path(),
    address: Annotated[str, typer.Option(envvar="SVERIGE_DID_STATBANK")] = "https://api.statbank.dk/v1",
    cache: Annotated[Path, typer.Option(file_okay=False, help="Where answers are kept")] = Path(".statbank"),
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Ask for everything anew, and keep nothing")] = False,
) -> None:
    """Fetch a study's tables into its data folder, whole or not at all. No other command uses the network."""
    from sverige_did.tasks.statbank import run

    _done("statbank_fetch", study=study, files=run(study, folder, address, None if no_cache else cache))


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(file_okay=False)],
    kind: Annotated[
        Literal["panel", "cases", "tables"],
        typer.Option(help="Districts over time, cases begun before and during a trial, or public tables by area"),
    ] = "panel",
    aggregates: Annotated[bool, typer.Option("--aggregates", help="The same as --kind tables")] = False,
) -> None:
    """Lay out a folder for a study of your own: a plan to fill in, empty registers, a guide."""
    from sverige_did.tasks.new import run

    if aggregates and kind == "cases":
        raise typer.BadParameter("--aggregates is a panel of public tables; leave --kind out")
    laid = run(folder, date.today(), "tables" if aggregates else kind)
    _done("new" if laid else "new_beside_data", folder=folder, registers=laid)


@app.command()
def pseudonymise(
    source: Annotated[Path, typer.Argument(file_okay=False, exists=True, help="Registers with CPR numbers")],
    out: Annotated[Path, typer.Argument(file_okay=False, help="A new folder")],
    key: Annotated[Path, typer.Option(dir_okay=False, help="The file that holds the key; keep it apart and secret")],
    new_key: Annotated[bool, typer.Option("--new-key", help="Make the key first")] = False,
) -> None:
    """Replace CPR numbers by keyed pseudonyms in every register, and leave names, addresses and the rest behind."""
    from sverige_did.sources.exports.formats import left_behind
    from sverige_did.sources.files.synthetic_mark import MARK_FILE
    from sverige_did.sources.pseudonyms.delivery import exports_among
    from sverige_did.tasks.pseudonymise import run

    done = run(source, out, key, make_key=new_key)
    for one in done:
        if one.file == MARK_FILE:
            _done("marked", file=one.file)
            continue
        told = {name: ", ".join(getattr(one, name)) or "–" for name in ("replaced", "derived", "dropped")}
        _done("pseudonymised", file=one.file, rows=one.rows, **told)
    _warn(*left_behind(source))
    _done("pseudonymise_exports" if exports_among(done) else "pseudonymise", folder=out)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(file_okay=False, exists=True, help="Exports with pseudonyms")],
    out: Annotated[Path, typer.Argument(file_okay=False, help="The data folder of a study")],
    l201_codes: Annotated[
        Path | None, typer.Option(dir_okay=False, exists=True, help="A mapping of your own for codes of L201")
    ] = None,
) -> None:
    """Make registers of what systems write out: events of placements, L201 in XML, and the tables of OS2bos."""
    from sverige_did.sources.exports.formats import left_behind
    from sverige_did.sources.files.synthetic_mark import MARK_FILE
    from sverige_did.tasks.convert import run

    for one in run(source, out, l201_codes):
        if one.export:
            _done(
                "converted" if one.first else "converted_more",
                file=one.source,
                register=one.file,
                rows=one.rows,
                made=one.made,
            )
        else:
            _done("marked" if one.file == MARK_FILE else "converted_kept", file=one.source)
        for key, count in one.told:
            Console(highlight=False, soft_wrap=True).print(
                "  " + words.text(f"exports.{key}", count=count), markup=False
            )
        for warning in one.warnings:
            _warn(warning)
    _warn(*left_behind(source))
    _done("convert", folder=out, study=out.parent)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(file_okay=False, exists=True)],
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the problems as JSON too")] = None,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the problems as a page too")] = None,
) -> None:
    """Show everything that is wrong with a study's plan and registers; status 1 when there are errors."""
    from sverige_did.report.problems import assumptions, problems_table, summary
    from sverige_did.tasks.check import NOT_DUE, run, write

    spoken = default_language()
    problems, assumed = run(folder, spoken, date.today())
    write(problems, json, html, spoken)
    if problems:
        Console().print(problems_table(problems, spoken))
    console = Console(highlight=False, soft_wrap=True)
    for line in assumptions([(one.file, one.assumption.say(spoken)) for one in assumed], spoken):
        console.print(_masked(line), markup=False)
    console.print(summary(problems, spoken), markup=False)
    wrong = any(problem.severity == "error" for problem in problems)
    if not wrong and not any(problem.key == NOT_DUE for problem in problems):
        console.print(words.text("cli.check", spoken, folder=folder), markup=False)
    raise typer.Exit(int(wrong))


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

    from sverige_did.report.size_table import size_table, with_notes
    from sverige_did.tasks.size import run

    own, spoken = run(results / study, outcome), default_language()
    with Progress(transient=True) as progress:
        bar = progress.add_task(words.text("size.simulating", spoken, outcome=own.outcome), total=simulations)
        for found in own.simulate(simulations):
            progress.update(bar, completed=found.simulations)
    console = Console(highlight=False)
    counts = own.counts | {"simulations": found.simulations}
    above, below = with_notes(own.outcome, counts, own.shocks, own.alpha, spoken)
    console.print(above, size_table(found.rates, own.p, own.alpha, spoken), below, sep="\n", markup=False)


def _refuse_unused(context: typer.Context, study: str | None, kind: str) -> None:
    """An option that would change nothing is refused: it must not look as if it had."""
    given = {name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")}
    if study is not None and (unused := given & PLANNED_ONLY):
        raise typer.BadParameter(f"{', '.join(map(_flag, sorted(unused)))}: a study has its own; leave the study out")
    if study is None and "outcome" in given:
        raise typer.BadParameter("--outcome: goes with a study")
    if kind != "points" and (unused := given & POINTS_ONLY):
        raise typer.BadParameter(f"{', '.join(map(_flag, sorted(unused)))}: goes with --kind points")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


@app.command()
def power(
    context: typer.Context,
    study: Annotated[str | None, typer.Argument(help="A study that was run; leave out to plan a new one")] = None,
    results: Annotated[Path, typer.Option(file_okay=False, help="Where the workflow wrote its numbers")] = Path(
        "results"
    ),
    outcome: Annotated[str | None, typer.Option(help="The plan's primary outcome unless another is named")] = None,
    simulations: Annotated[int, typer.Option(min=1000, help="Made-up studies for each effect")] = 10_000,
    cores: Annotated[int, typer.Option(min=1)] = 1,
    keep: Annotated[Path | None, typer.Option(dir_okay=False, help="Keep blocks here, and go on from there")] = None,
    kind: Annotated[Literal["share", "rate", "points"], typer.Option(help="Of a planned outcome")] = "share",
    level: Annotated[float, typer.Option(help="Share, events a child and period, or mean")] = 0.25,
    districts: Annotated[int, typer.Option(help="In both groups together")] = 20,
    treated: Annotated[int, typer.Option(help="Of them with the programme")] = 4,
    before: Annotated[int, typer.Option(help="Periods before")] = 4,
    after: Annotated[int, typer.Option(help="Periods after")] = 4,
    children: Annotated[float, typer.Option(help="In a district and period: placed ones for a share of them")] = 18,
    shock: Annotated[float, typer.Option(help="How districts swing by themselves, as a share of the level")] = 0.15,
    memory: Annotated[float, typer.Option(help="Of the swings, from period to period")] = 0.3,
    between: Annotated[float, typer.Option(help="How unlike districts are, as a share of the level")] = 0.3,
    child_sd: Annotated[float, typer.Option(help="Standard deviation of one child, for points")] = 6.0,
    rise: Annotated[bool, typer.Option("--rise", help="A planned effect is a rise and not a fall")] = False,
    response: Annotated[float, typer.Option(help="Share of the children rated each time, for points")] = 1.0,
    retest: Annotated[float | None, typer.Option(help="Correlation of a child with itself, for points")] = None,
    posterior: Annotated[bool, typer.Option("--posterior", help="Show what the posterior would find too")] = False,
) -> None:
    """Show what a design can find: power, exaggeration and wrong signs by the size of the effect."""
    from rich.progress import Progress

    from sverige_did.report import numbers
    from sverige_did.report.power_table import posterior_table, power_table, said_of
    from sverige_did.studies.posterior_power import posterior_powers
    from sverige_did.tasks.power import of_plan, of_study, simulate, told

    spoken = default_language()
    _refuse_unused(context, study, kind)
    if study is not None:
        name, asked = of_study(results / study, outcome)
        name = words.text(f"outcomes.{name}.short", spoken)
    else:
        name, asked = words.text("power.planned", spoken), of_plan(
            kind, rise=rise, districts=districts, treated=treated, before=before, after=after, level=level,
            children=children, shock=shock, memory=memory, between=between, child_sd=child_sd, response=response,
            retest=retest,
        )  # fmt: skip
    with Progress(transient=True) as progress:
        bar = progress.add_task(words.text("power.simulating", spoken, outcome=name), total=simulations)
        for last in simulate(asked, simulations, cores, keep):
            progress.update(bar, completed=last[0])
    done, tallies = last
    console = Console(highlight=False)
    counted = {"simulations": numbers.decimal(done, spoken, 0), "alpha": numbers.significant(asked.alpha, spoken)}
    below = words.text("power.caption", spoken, **counted)
    above = said_of(asked.counts, asked.shocks, name, spoken)
    console.print(above, power_table(told(tallies), spoken), below, sep="\n", markup=False)
    if posterior:
        found = posterior_powers(asked.design, asked.changes, seed=asked.seed)
        simulated = numbers.decimal(found[0].simulations, spoken, 0)
        said = words.text("power.posterior", spoken, simulations=simulated)
        console.print(posterior_table(found, spoken), said, sep="\n", markup=False)


@app.command("plan-design")
def plan_design(
    table: Annotated[
        Path, typer.Argument(dir_okay=False, help="A row a district: name, children, level_1, level_2, ...")
    ],
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A new folder for the study")],
    start: Annotated[str, typer.Option(help="First day with the programme, 2027-01-01")],
    until: Annotated[str, typer.Option(help="Last day that counts, 2028-12-31")],
    change: Annotated[
        float, typer.Option(help="The effect to be found, as a share of the level: -0.4 is a fall by 40 %")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Of the lot: agreed on beforehand, and drawn once")],
    outcome: Annotated[str, typer.Option(help="A share, a rate or a score of the catalogue")] = PLANNED,
    begin: Annotated[int | None, typer.Option(help="How many are to begin; as few as find the change if none")] = None,
    before: Annotated[int, typer.Option(help="Half-years before the start that are registered")] = 8,
    shock: Annotated[
        float | None, typer.Option(help="Swings of districts, a share of the level; else read off")
    ] = None,
    memory: Annotated[float, typer.Option(help="Of the swings, where they are not read off")] = 0.3,
    child_sd: Annotated[float, typer.Option(help="Standard deviation of one child, for a score")] = 6.0,
    keep: Annotated[float, typer.Option(help="The share of all sets that counts as balanced")] = 0.1,
    simulations: Annotated[int, typer.Option(min=1000, help="Made-up evaluations for each effect")] = 2_000,
) -> None:
    """Plan a new evaluation: draw the districts that begin among balanced sets, and write its plan and a page."""
    from sverige_did.report import numbers
    from sverige_did.studies.new_evaluation import Wish
    from sverige_did.tasks.plan_design import When, as_written, day, run

    wish = Wish(outcome, change, before, 1, begin, shock, memory, child_sd, keep, seed)
    when = When(day(start, "--start"), day(until, "--until"))
    made = run(table, folder, wish, when, simulations=simulations, today=date.today(),
               command=as_written(table, folder, wish, when, simulations))  # fmt: skip
    spoken = default_language()
    _done("plan_design", folder=folder, number=len(made.drawn), districts=len(made.districts),
          sets=numbers.decimal(made.sets, spoken, 0),
          power=numbers.decimal(100 * made.powers[0].power, spoken, 0))  # fmt: skip


@app.command()
def calibrate(
    study: str,
    areas: Annotated[Path, typer.Option(dir_okay=False, help="The panel.parquet of a study of many areas")],
    source: Annotated[str, typer.Option(help="Whose numbers the areas' are, and under which licence")],
    results: Annotated[Path, typer.Option(file_okay=False, help="Where the workflow wrote its numbers")] = Path(
        "results"
    ),
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="analyses/<study>/areas.yaml if none")] = None,
    instead: Annotated[list[str] | None, typer.Option("--as", help="OUTCOME=OUTCOME_OF_THE_AREAS")] = None,
    main: Annotated[bool, typer.Option("--main", help="The areas' prior is the main one, not one beside")] = False,
    draws: Annotated[int, typer.Option(min=1000, help="Pairs of random groups")] = 20_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Write how many areas change where nothing is done: a prior of shocks, and groups as small as the study's."""
    from sverige_did.tasks.calibrate import exchanges, run

    place = out or Path("analyses") / study / "areas.yaml"
    found, left_out = run(
        results / study,
        areas,
        place,
        source=source,
        instead=exchanges(instead or ()),
        main=main,
        draws=draws,
        seed=seed,
    )
    _warn(*left_out)
    values = {"outcomes": len(found.outcomes), "areas": found.outcomes[0].areas, "sd": found.outcomes[0].prior_sd}
    _done("calibrate", file=place, **values)


@app.command()
def planner(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the pages are written")],
    simulations: Annotated[int, typer.Option(min=1000, help="Made-up evaluations for each effect")] = 4_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Write a page, in both languages, on how much data a new evaluation takes."""
    from rich.progress import Progress

    from sverige_did.tasks.planner import run

    with Progress(transient=True) as progress:
        bar = progress.add_task(words.text("power.simulating", outcome=words.text("power.planned")), total=None)
        pages = run(folder, simulations, seed, lambda done, every: progress.update(bar, completed=done, total=every))
    for page in pages:
        _done("report", page=page)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(exists=True, help="release/<study>, or a release.json")],
    second: Annotated[Path, typer.Argument(exists=True, help="Another: of a later evaluation, or a municipality")],
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="Write what differs as JSON too")] = None,
) -> None:
    """Show what differs between two releases: run, plan, data and answers."""
    from sverige_did.report.compare import as_tables
    from sverige_did.tasks.compare import run

    spoken = default_language()
    console = Console(highlight=False)
    for shown in as_tables(run(first, second, spoken, json), (str(first), str(second)), spoken):
        console.print(shown, markup=False) if isinstance(shown, str) else console.print(shown)


for _name, (_, _help) in STEPS.items():
    app.command(_name, help=_help)(version)  # a name for --help and no more: the step itself is loaded when called
