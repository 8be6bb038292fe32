"""The documentation against the code: what it names exists, what it lists is complete, what it computes is so."""

from __future__ import annotations

import csv
import doctest
import math
import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from herning import evidence, plan

from sverige_did import words
from sverige_did.bayes.models.closed_form import NormalPrior, Sampling, posterior, shock_constant
from sverige_did.bayes.sampling.store import ASIDE, write_draws
from sverige_did.checks.overdispersion import overdispersion
from sverige_did.checks.overlap import overlap
from sverige_did.cli import app
from sverige_did.results.estimates import ROW_FIELDS, DesignClass, Estimate, Finding, Verdict
from sverige_did.studies.published.estimate import findings
from sverige_did.studies.published.posterior import fit_all

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sverige_did"
DOCS = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").glob("*.md")])
HAND_WRITTEN = [ROOT / "README.md"] + [
    ROOT / "docs" / f"{name}.md" for name in ("methods", "notebook", "researcher", "reviewer")
]

every_page = pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)


def text(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def code_of(page: Path) -> list[str]:
    """Whatever stands in backticks or in a fenced block."""
    source = page.read_text("utf-8")
    fenced = re.findall(r"^```\w*\n(.*?)^```", source, re.M | re.S)
    return fenced + re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", source, flags=re.M | re.S))


def section(name: str, heading: str) -> str:
    """What stands below a heading, up to the next one of the same level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text(name), re.M | re.S)
    assert found, heading
    return found.group(1)


def rows(table: str) -> list[list[str]]:
    """The cells of the rows of the tables in a text, without heads and rules."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = [at for at, row in enumerate(cells) if set("".join(row)) <= set("-:")]
    return [row for at, row in enumerate(cells) if at not in rules and at + 1 not in rules]


def names(table: str) -> list[str]:
    """The first column in backticks, one name a row, in order."""
    return [row[0].strip("`") for row in rows(table)]


def run(page: Path) -> dict[str, Any]:
    """Run the page's examples from top to bottom; what they leave behind."""
    left: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
        test = doctest.DocTestParser().get_doctest(block, left, page.name, str(page), 0)
        runner = doctest.DocTestRunner(verbose=False)
        runner.run(test, clear_globs=False)
        assert runner.summarize(verbose=False).failed == 0
        left = test.globs
    return left


@pytest.mark.parametrize(("language", "heading"), [("en", "| what you see |"), ("da", "| hvad I ser |")])
def test_what_is_seen_when_something_goes_wrong_is_what_is_said_then(language: words.Language, heading: str) -> None:
    table = text("your-own-data.md").split(heading)[1].split("\n\n")[0]
    seen = [row.split("”")[0].removeprefix("| “") for row in table.splitlines() if row.startswith("| “")]
    files = [(PACKAGE / "words" / language / f"{name}.yaml").read_text("utf-8") for name in ("errors", "cli")]
    said = [re.sub(r"“?\{\w+\}”?", "…", line) for file in files for line in file.splitlines()]
    assert len(seen) > 10
    assert [one for one in seen if not any(one in line for line in said)] == []


@every_page
def test_every_link_within_the_repository_resolves(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


@every_page
def test_every_file_named_by_its_path_exists(page: Path) -> None:
    paths = [
        path
        for code in code_of(page)
        for path in re.findall(r"(?<![\w./<-])(?:sverige_did|tests|benchmarks|docs|data|analyses)/[\w./-]*\w", code)
    ]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_way_to_a_new_design_passes_every_room_that_the_last_one_needed() -> None:
    package = ROOT / "sverige_did"
    inside = [path.relative_to(package) for path in package.rglob("*") if path.suffix in {".py", ".smk", ".j2"}]
    ours = [path for path in inside if "case" in path.as_posix()]
    rooms = {path.parts[0] for path in ours}
    assert {"study", "sources", "studies", "results", "disclosure", "report", "tasks", "workflow"} <= rooms
    assert rooms <= set(re.findall(r"`sverige_did/(\w+)", text("new-design.md")))


@every_page
def test_every_command_exists(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    commands = set(typer.main.get_command(app).commands)
    named = "\n".join(code_of(page))
    assert set(re.findall(r"(?<![\w-])make (\w+)", named)) <= targets
    assert set(re.findall(r"(?<![\w-])sverige-did (\w[\w-]*)", named)) <= commands


@every_page
def test_no_page_holds_a_path_of_somebodys_machine(page: Path) -> None:
    found = re.findall(
        r"(?<![\w.:/>~])/(?:home|root|tmp|work|mnt|opt|var|Users)/\S*|\b[A-Z]:\\\S*", page.read_text("utf-8")
    )
    assert found == []


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.name)
def test_the_examples_come_out_as_written(page: Path) -> None:
    assert run(page)


def test_draws_open_as_the_dictionary_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = {}
    for job, fit in fit_all(evidence(), 2):
        fits[job.name] = fit
        if job.name == "institution_share.H2.effect":
            break
    write_draws(tmp_path / "results" / "herning" / "posterior.nc", fits, plan().sha256)
    monkeypatch.chdir(tmp_path)
    assert set(run(ROOT / "docs" / "data-dictionary.md")["fits"]) == set(fits)


def test_every_section_that_the_code_names_is_there() -> None:
    named = {
        number
        for file in PACKAGE.rglob("*.py")
        for number in re.findall(r"method, section (\d\.\d)", file.read_text("utf-8"))
    }
    assert named
    assert named <= set(re.findall(r"^### (\d\.\d) ", text("methods.md"), re.M))


@pytest.mark.parametrize("row", rows(section("methods.md", "## 8 Sources")), ids=lambda row: row[0][:30])
def test_a_source_is_cited_as_its_code_cites_it(row: list[str]) -> None:
    code = "\n".join((PACKAGE / file).read_text("utf-8") for file in re.findall(r"`([^`]+)`", row[1]))
    for citation in row[0].split("; "):
        first_author, year = re.split(r",| et al| & | and | \(", citation)[0], re.search(r"\((\d{4})\)", citation)
        assert year
        assert re.search(rf"{first_author}\b[^;]{{0,80}}?{year.group(1)}", code, re.S), citation


def test_the_coverage_in_the_table_is_the_recorded_one() -> None:
    record = (ROOT / "tests" / "validation" / "recorded" / "staggered_coverage.csv").read_text("utf-8").splitlines()
    found = defaultdict(list)
    for row in csv.DictReader(line for line in record if not line.startswith("#")):
        found[row["districts_a_cohort"]].append(100 * float(row["coverage"]))
    written = dict(rows(section("methods.md", "### 3.5 Different starting dates (D5)")))
    ranges = {k: sorted({f"{min(covers):.0f}", f"{max(covers):.0f}"}) for k, covers in found.items()}
    assert written == {k: "–".join(ends) for k, ends in ranges.items()}


def test_every_name_of_the_glossary_is_used_in_the_code() -> None:
    files = [file for suffix in ("py", "yaml", "smk") for file in PACKAGE.rglob(f"*.{suffix}")]
    used = "\n".join(file.read_text("utf-8") for file in files)
    listed = {name for row in rows(text("glossary.md")) for name in re.findall(r"`([^`]+)`", row[2])}
    assert len(listed) > 50
    assert {name for name in listed if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", used)} == set()


def _declared(group: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    entries = {
        **project["dependency-groups"],
        "Runtime": project["project"]["dependencies"],
        "extras": [one for entry in extras.values() for one in entry],
    }[group]
    return {re.split(r"[\[<>=~! ]", entry)[0] for entry in entries}


@pytest.mark.parametrize(
    ("heading", "group"),
    [
        ("Runtime", "Runtime"),
        ("Extras `slurm`, `cluster` and `kubernetes`", "extras"),
        ("Group `dev`", "dev"),
        ("Group `bench`", "bench"),
        ("Group `docs`", "docs"),
    ],
)
def test_every_dependency_has_its_reason_and_no_other_has(heading: str, group: str) -> None:
    listed = rows(section("dependencies.md", f"## {heading}"))
    found = [row[0].strip("`") for row in listed]
    assert sorted(found) == sorted(_declared(group))
    assert all(row[1] for row in listed)


def test_every_column_of_the_estimates_is_described_in_order() -> None:
    table = section("data-dictionary.md", "## `estimates.csv`").partition("###")[0]
    assert tuple(names(table)) == ROW_FIELDS


@pytest.mark.parametrize(("column", "allowed"), [("design_class", DesignClass), ("verdict", Verdict)])
def test_every_allowed_value_is_described(column: str, allowed: object) -> None:
    assert sorted(names(section("data-dictionary.md", f"### Values of `{column}`"))) == sorted(get_args(allowed))


@pytest.mark.parametrize(
    ("column", "subject"),
    [
        ("scale", "scale"),
        ("estimand", "estimand"),
        ("estimator", "estimator"),
        ("inference", "inference"),
        ("assumptions", "assumption"),
    ],
)
def test_every_value_that_has_words_is_described(column: str, subject: str) -> None:
    prefix = f"labels.{subject}."
    # `prior` and `planned` are the forms in which the plan's own keys are told, not values.
    worded = {key.removeprefix(prefix) for key in words.catalogue("en") if key.startswith(prefix)} - {
        "prior",
        "planned",
    }
    assert set(names(section("data-dictionary.md", f"### Values of `{column}`"))) == worded


@pytest.mark.parametrize("column", ["estimator", "inference"])
def test_a_value_is_made_where_the_dictionary_says(column: str) -> None:
    for row in rows(section("data-dictionary.md", f"### Values of `{column}`")):
        value, file = row[0].strip("`"), PACKAGE / row[2].strip("`")
        # Some names are put together: did_log is f"did_{scale}".
        put_together = rf'f"{value.partition("_")[0]}_{{\w+}}"'
        assert re.search(rf'"{value}"|{put_together}', file.read_text("utf-8")), (value, file)


def test_every_file_that_the_workflow_writes_is_described() -> None:
    rules = "\n".join(file.read_text("utf-8") for file in (PACKAGE / "workflow").glob("*.smk"))
    written = set(re.findall(r'"results/\{+study\}+/([^"/]+\.\w+)"', rules))
    described = set(names(section("data-dictionary.md", "## The other files"))) | {"estimates.csv"}
    assert "posterior.nc" in written
    assert f"*{ASIDE}" in described  # no rule names it: it is there only where draws did not converge
    assert written == {file for file in described if not file.endswith(("/", ASIDE))}


@pytest.fixture(scope="module")
def by_hand() -> dict[str, Any]:
    return run(ROOT / "docs" / "reviewer.md")


@cache
def estimated() -> tuple[Finding, ...]:
    return findings(evidence())


def computed(outcome: str, estimator: str, scale: str, reading: str = "all") -> Estimate:
    """The first of our own estimates of that kind: where there are two, the second leaves some out."""
    return next(
        finding.result
        for finding in estimated()
        if (finding.outcome, finding.reading) == (outcome, reading)
        and (finding.result.estimator, finding.result.scale) == (estimator, scale)
    )


def test_the_hour_by_hand_starts_from_our_table(by_hand: dict[str, Any]) -> None:
    (table,) = evidence().tables_of("institution_share")["H2"]
    assert (by_hand["y"], by_hand["n"]) == (table.events, table.totals)


def test_the_hour_by_hand_ends_at_our_estimates(by_hand: dict[str, Any]) -> None:
    points = computed("institution_share", "did_identity", "pp", "H2")
    away = by_hand["away"]
    assert by_hand["points"] == pytest.approx(points.estimate)
    assert (points.lower, points.upper) == pytest.approx((points.estimate - away(0), points.estimate + away(1)))
    assert by_hand["ratio"] == pytest.approx(computed("institution_share", "did_log", "ratio", "H2").estimate)
    assert by_hand["p_share"] == pytest.approx(computed("institution_share", "zelen", "log_odds", "H2").p_value)
    assert by_hand["p_rate"] == pytest.approx(computed("institution_per_1000", "poisson_exact", "ratio", "H2").p_value)
    assert by_hand["scaled"] == pytest.approx(computed("placement_spending", "did_scaled", "mio_dkk").estimate)
    assert by_hand["net"] == pytest.approx(computed("placement_spending", "net_cost", "mio_dkk").estimate)
    assert by_hand["years"] == pytest.approx(computed("placement_spending", "break_even", "institution_years").estimate)
    assert by_hand["sign_test"](21, 6) == pytest.approx(computed("ladder_moves", "sign_test", "share").p_value)


def test_the_hour_by_hand_ends_at_our_sensitivity_analyses(by_hand: dict[str, Any]) -> None:
    y, n, study = by_hand["y"], by_hand["n"], plan()
    assert by_hand["rho"] == pytest.approx(overlap(y, n, "institution_share").numbers["rho_needed"])
    assert by_hand["phi"] == pytest.approx(overdispersion(y, n, "institution_share").numbers["phi_limit"])
    c = shock_constant([1.0] * study.treated.districts, [1.0] * study.control.districts)
    prior, spread = study.prior("effect"), study.prior("shock_sd").sd
    assert prior.sd is not None
    assert spread is not None
    found = posterior(Sampling(by_hand["theta"], by_hand["V"], c), NormalPrior(prior.mean, prior.sd), spread)
    assert by_hand["P_benefit"] == pytest.approx(found.prob_negative, abs=1e-4)
    assert math.isclose(c, 0.625)
