"""The catalogue says all that an outcome is: a new one is one value and its names, and no other module names any."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import sverige_did
from sverige_did import words
from sverige_did.design import designs
from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import Release
from sverige_did.errors import InputError
from sverige_did.outcomes import CATALOGUE, CatalogueOutcome, catalogue_of, parts_of, require_known
from sverige_did.panel import Panel
from sverige_did.report import render
from sverige_did.results.estimates import CheckResult
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.sources.panel.coverage import coverage
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.posterior import composition, costs, durations, sdq, transitions
from sverige_did.studies.panel.posterior.cells import panel_cells
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.study.read import read_study
from sverige_did.study.study import Study

PACKAGE = Path(sverige_did.__file__).parent
EXAMPLE = PACKAGE.parent / "data" / "example"

NEW = CatalogueOutcome(
    "outside_families_share", "share", counted="home_based + institution / placed", about="placed_total",
    sum_of=("home_based_share", "institution_share"),
)  # fmt: skip
NAMES = {"da": "Andel uden for familier", "en": "Share outside families"}


@pytest.fixture(scope="module")
def added() -> Iterator[None]:
    """One value in the catalogue and its names in two languages; nothing else is touched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CATALOGUE, NEW.key, NEW)
        for language in words.LANGUAGES:
            for form in ("short", "phrase"):
                patch.setitem(words.catalogue(language), f"outcomes.{NEW.key}.{form}", NAMES[language])
        yield


@pytest.fixture(scope="module")
def study(added: None) -> Study:
    """The plan of the example with the new outcome alone, and no posteriors."""
    plan = read_study(PACKAGE.parent / "analyses" / "example" / "study.yaml")
    share = next(wanted for wanted in plan.outcomes if wanted.outcome == "institution_share")
    wanted = share.model_copy(update={"outcome": NEW.key, "role": "primary"})
    return plan.model_copy(update={"outcomes": (wanted,), "posterior": None, "targets": ()})


@pytest.fixture(scope="module")
def panel(study: Study) -> Panel:
    return panel_of(EXAMPLE, study).panel


@pytest.fixture(scope="module")
def released(panel: Panel, study: Study) -> Callable[[int], Release]:
    """What is released of the new outcome under a threshold for small numbers."""
    found, rules = designs(panel, study), study.registers
    estimated, checks = estimate_panel(panel, study, found), sensitivity_analyses(panel, study, found)
    assert rules is not None

    def under(threshold: int) -> Release:
        changed = study.model_copy(update={"registers": rules.model_copy(update={"hidden_below": threshold})})
        mine = {"plan_sha256": changed.sha256}
        return release_registers(
            study=changed,
            panel=panel,
            designs=found,
            findings=tuple(finding.model_copy(update=mine) for finding in estimated.findings),
            methods_tables=estimated.methods_tables,
            coverage=coverage(panel),
            checks=checks,
        )

    return under


@pytest.fixture(scope="module")
def release(released: Callable[[int], Release]) -> Release:
    return released(5)


def test_a_new_outcome_is_counted_from_the_registers(panel: Panel) -> None:
    mine, parts = panel.outcome(NEW.key), [panel.outcome(key) for key in NEW.sum_of]
    np.testing.assert_allclose(mine["value"], parts[0]["value"] + parts[1]["value"])
    np.testing.assert_array_equal(mine["denominator"], parts[0]["denominator"])
    assert set(mine["kind"]) == {"person_years"}
    assert mine["value"].sum() > 100


def test_a_new_outcome_is_estimated_with_a_verdict_on_its_own_scale(release: Release) -> None:
    (record,) = release.methods_tables
    assert record == MethodsRecord.model_validate(record.model_dump() | {"outcome": NEW.key, "scale": "pp"})
    scales = {finding.result.scale for finding in release.findings if finding.outcome == NEW.key}
    assert scales >= {"pp", "log_odds"}
    assert record.verdict != "refused"


def test_a_new_outcome_is_doubted(release: Release) -> None:
    made: dict[str, CheckResult] = {check.check: check for check in release.checks if check.outcome == NEW.key}
    assert {"pretrends", "leave_one_out", "other_weights", "scale_discrepancy"} <= made.keys()
    assert made["leave_one_out"].status != "could_not_run"
    assert made["leave_one_out"].scale == "pp"


def test_a_new_outcome_has_a_model_for_its_posterior(panel: Panel, study: Study) -> None:
    cells = panel_cells(panel, study, NEW.key)
    assert cells.likelihood == "binomial"
    assert (cells.cells.high <= cells.cells.size).all()


@pytest.mark.parametrize("threshold", [5, 20])
def test_the_levels_of_a_new_outcome_are_released_without_small_numbers(
    panel: Panel, study: Study, released: Callable[[int], Release], threshold: int
) -> None:
    """A number of fewer children than the threshold is hidden, and so is one that leaves fewer outside the numerator,
    in whatever periods it is shown; and one that is shown is the ratio of two rounded numbers of children."""
    cells, release = panel.outcome(NEW.key), released(threshold)
    days = cells.drop_duplicates("period").set_index("period")
    length = ((days["end"] - days["start"]).dt.days + 1) / 365.25
    assert study.registers is not None
    compared = 0
    for one in (*release.levels, *release.windows):
        first, _, last = one.period.partition("–")
        label = cells["period"]
        inside = (label >= first) & (label <= (last or f"{first}H9"))
        here = cells[(cells["group"] == one.group) & (inside | (label == one.period))]
        years, placed, span = here["value"].sum(), here["denominator"].sum(), length[here["period"].unique()]
        few = min(years, placed - years) / span.sum() < threshold - 1
        assert one.status == "hidden" or not few
        if one.level is not None:
            step = study.registers.base * (length.min() if last else span.sum())
            rounded = [step * np.rint(number / step) for number in (years, placed)]
            assert one.level == pytest.approx(100 * rounded[0] / rounded[1], rel=1e-5)
            assert one.level == pytest.approx(100 * years / placed, abs=100 * step / placed)
            compared += 1
    assert (compared > 10) == (threshold == 5)
    assert bool(release.levels) == (threshold == 5), "at 20 half-years and years would be hidden: two windows remain"


def test_a_new_outcome_stays_inside_where_only_few_children_are_behind_it(released: Callable[[int], Release]) -> None:
    few = released(10_000)
    assert few.withheld == (NEW.key,)
    assert not few.findings
    assert not few.checks
    assert {one.status for one in few.levels} == {"hidden"}


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_new_outcome_is_on_the_page(release: Release, language: words.Language) -> None:
    page = render(release, language)
    assert f'id="outcome-{NEW.key}"' in page
    assert page.count(NAMES[language]) > 3


def test_a_value_that_does_not_fit_together_is_refused_when_it_is_made() -> None:
    for wrong in (
        {"family": "share", "unit": "cases"},
        {"family": "count"},
        {"family": "rate", "unit": "furlongs"},
        {"family": "share", "of_the_group": True},
        {"family": "moves"},
        {"family": "share", "counted": "foster / "},
        {"family": "share", "counted": "foster + / placed"},
    ):
        with pytest.raises(ValueError, match=r"^made_up: "):
            CatalogueOutcome("made_up", **wrong)  # type: ignore[arg-type]  # what a type checker would find first


def test_an_outcome_may_only_name_others_of_the_catalogue() -> None:
    share, rate = CatalogueOutcome("a_share", "share", twin="a_per_1000"), CatalogueOutcome("a_per_1000", "rate")
    assert list(catalogue_of((share, rate))) == ["a_share", "a_per_1000"]
    for wrong in (
        (share,),
        (share, rate, CatalogueOutcome("a_share", "share")),
        (share, CatalogueOutcome("b", "rate")),
    ):
        with pytest.raises(ValueError, match=r"^a_share: "):
            catalogue_of(wrong)
    count = CatalogueOutcome("a_per_1000", "count", "cases")
    with pytest.raises(ValueError, match="no rate per resident child"):
        catalogue_of((share, count))


def test_a_plan_may_only_name_outcomes_of_the_catalogue() -> None:
    require_known(["placed_total", "caseload"], "study.yaml")
    with pytest.raises(InputError) as refusal:
        require_known(["placed_total", "happiness"], "study.yaml")
    assert [problem.found for problem in refusal.value.problems] == ["happiness"]


def test_the_parts_of_the_placed_are_each_a_kind_of_place_of_their_own() -> None:
    counts = [part.counts for part in parts_of("placed_total")]
    assert counts == [("home_based",), ("network",), ("foster",), ("institution",)]


MAY_NAME = {
    "outcomes.py": "the catalogue itself",
    "synthetic": "it makes up the registers, and so knows the truth of each outcome",
    "studies/published": "what the sources of published figures print, and what can be said of it",
    "studies/panel/posterior": "models made for an outcome, and the catalogue names them: the next test",
}
"""Where an outcome may be named, and why."""

OTHERS = {name for register in REGISTERS for name in (register.name, *(column.name for column in register.columns))}
"""Names of registers and columns: some outcomes are called the same."""


def test_no_other_module_names_an_outcome_or_takes_its_name_apart() -> None:
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        where = file.relative_to(PACKAGE).as_posix()
        if not where.startswith(tuple(MAY_NAME)):
            nodes = ast.walk(ast.parse(file.read_text("utf-8")))
            texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
            found[where] = texts & ({*CATALOGUE, "_share", "_per_1000", "price_"} - OTHERS)
    assert {where: names for where, names in found.items() if names} == {}


def test_the_models_made_for_outcomes_are_those_that_the_catalogue_names() -> None:
    made = {
        "sdq": {sdq.OUTCOME},
        "costs": {costs.OUTCOME},
        "composition": set(composition.REPORTED),
        "transitions": set(transitions.BETTER),
        "durations": {durations.OUTCOME},
    }
    named = {model: {one.key for one in CATALOGUE.values() if one.posterior == model} for model in made}
    assert named == made
    assert {one.posterior for one in CATALOGUE.values()} == {None, *made}
