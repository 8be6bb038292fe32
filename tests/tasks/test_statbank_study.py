"""A study of public tables from its files to its page, in the tables' two states: made up, and fetched."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest
import yaml
from panel_steps import pages as steps
from statbank_server import statbank_server

from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, read_models
from sverige_did.results.estimates import CheckResult, Finding
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.tasks.statbank import run as fetch

ROOT = Path(__file__).parents[2]
ASKED = ("institution_share", "placement_spending")


def study(folder: Path) -> Path:
    """The roll-out with two of its outcomes and few draws."""
    shutil.copytree(ROOT / "analyses" / "rollout", folder / "analyses" / "rollout")
    shutil.copytree(ROOT / "data" / "rollout", folder / "data" / "rollout")
    path = folder / "analyses" / "rollout" / "study.yaml"
    tree = yaml.safe_load(path.read_text("utf-8"))
    tree["outcomes"] = [one for one in tree["outcomes"] if one["outcome"] in ASKED]
    tree["placebo_groups"]["draws"] = 500
    asked = {one["question"] for one in tree["outcomes"]}
    tree["questions"] = [one for one in tree["questions"] if one["key"] in asked]
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), "utf-8")
    return folder


def pages(folder: Path) -> Path:
    """Every step of the workflow in its order; the folder of the results."""
    written = folder / "analyses" / "rollout" / "study.yaml"
    return steps("rollout", written, folder / "data" / "rollout", folder / "results" / "rollout")


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages(study(tmp_path_factory.mktemp("made_up")))


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = study(tmp_path_factory.mktemp("fetched"))
    with statbank_server() as bank:
        assert fetch("rollout", folder, bank.address, None) == 7
    return pages(folder)


def text_of(page: Path) -> str:
    return re.sub(r"<[^>]+>", " ", page.read_text("utf-8"))


def test_made_up_tables_are_called_so_everywhere(made_up: Path) -> None:
    assert read_model(made_up / "release.json", Release).synthetic
    for language, banner in (("da", "Syntetiske data"), ("en", "Synthetic data")):
        page = text_of(made_up / f"annex.{language}.html")
        assert banner in page
        assert "Danmarks Statistik, statistikbanken.dk" not in page
        made = "Opdigtet; ingen udgivers tabel." if language == "da" else "Made up; no table of any publisher."
        assert page.count(made) == 6
    rows = list(csv.DictReader((made_up / "estimates.csv").read_text("utf-8").splitlines()))
    assert {row["synthetic"] for row in rows} == {"True"}
    assert {row["design_class"] for row in rows} == {"D5"}


def test_fetched_tables_are_credited_and_the_warning_is_gone(fetched: Path) -> None:
    found = read_model(fetched / "release.json", Release)
    assert not found.synthetic
    assert {one.table for one in found.sources} == {"ANBAAR12", "ANBAAR9", "FOLK1A", "REGK31", "PRIS8", None}
    for language in ("da", "en"):
        page = text_of(fetched / f"annex.{language}.html")
        assert not any(
            mark in page for mark in ("SYNTETISKE DATA", "SYNTHETIC DATA", "Syntetiske data", "Synthetic data")
        )
        for table in ("ANBAAR12", "ANBAAR9", "FOLK1A", "REGK31", "PRIS8"):
            assert f"Danmarks Statistik, statistikbanken.dk/{table}, CC BY 4.0" in page
        assert "2026-09-30T08:00:00" in page
    assert "synthetic" not in (fetched / "estimates.csv").read_text("utf-8").splitlines()[0]


def test_a_page_of_tables_says_so_and_asks_for_no_register(made_up: Path) -> None:
    danish, english = (text_of(made_up / f"annex.{language}.html") for language in ("da", "en"))
    assert "Alt er regnet ud af offentlige tabeller" in danish
    assert "What the tables cover" in english
    assert "What the registers" not in english
    assert "municipality’s registers" not in english
    assert "The groups share management" not in english
    assert "mangler 3 af 94 kommuner et tal" in danish
    doubts = {language: text_of(made_up / f"doubt.{language}.html") for language in ("da", "en")}
    for language, page, beside, below in (
        (
            "da",
            danish,
            "det tal er virkeligt, kommunerne er opdigtede",
            "Det tal er virkeligt, kommunerne, det holdes op mod",
        ),
        (
            "en",
            english,
            "that figure is real, the municipalities are made up",
            "That figure is real, the municipalities it is",
        ),
    ):
        assert beside in doubts[language], "beside the number"
        assert below in page, "below the figure"
        assert not re.search(
            r"\b(kontrol|indsats)?distrikt|\bdistricts? (?!:)", page.split("<pre")[0] + doubts[language]
        )


def test_the_known_effect_lies_in_the_interval_and_weights_agree(made_up: Path) -> None:
    first = next(
        one for one in read_models(made_up / "findings.json", Finding) if one.outcome == "institution_share"
    ).result
    assert first.inference == "permutation_studentised"
    assert first.n_treated == 27
    assert first.lower < -4.1 < first.upper
    (record, *_) = read_models(made_up / "methods_tables.json", MethodsRecord)
    assert record.event is not None


def test_herning_stands_beside_groups_as_small(made_up: Path) -> None:
    found = {(one.check, one.outcome): one for one in read_models(made_up / "checks.json", CheckResult)}
    placebo = found["placebo_groups", "institution_share"]
    assert placebo.status == "ran"
    assert placebo.numbers["effect_compared"] == -12
    assert 67 / 2 < placebo.numbers["children"] < 67 * 2
    assert placebo.numbers["shock_low"] < placebo.numbers["shock_high"]
    assert found["synthetic_did", "institution_share"].numbers["districts"] == 25  # the two of 2015 have four years
    assert ("placebo_groups", "placement_spending") not in found
    for language, said in (("da", "Prikket: Herning, midten af 2013"), ("en", "Dotted: Herning, mid-2013")):
        assert said in text_of(made_up / f"annex.{language}.html")


def test_too_few_controls_are_refused_in_words_and_stop_nothing(fetched: Path) -> None:
    share, spending = read_models(fetched / "methods_tables.json", MethodsRecord)
    assert share.verdict == "refused"  # two areas never began and have all their numbers
    assert "inference.note.few_control" in {remark.key for remark in share.remarks}
    assert spending.verdict == "inconclusive"  # three have accounts
    assert {one.outcome for one in read_models(fetched / "findings.json", Finding)} == set(ASKED)
