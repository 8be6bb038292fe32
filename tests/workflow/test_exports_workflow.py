"""As a new user would: a folder of exports with civil registration numbers to both pages, by following the messages.

Every file is made up and says so; the numbers are nobody's. Each command but the first is the one that the message of
the command before it names.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from made_up_exports import municipality
from typer.testing import CliRunner
from workflow_run import snakemake

from sverige_did.cli import app

ASKED = {"institution_per_1000", "placement_spending"}
LEVELS = [{"year": year, "level": 100.0} for year in range(2009, 2016)]


def said(*arguments: str) -> str:
    run = CliRunner().invoke(app, ["--language", "da", *arguments], env={"COLUMNS": "240"})
    assert run.exit_code == 0, run.output
    assert "Traceback" not in run.output
    return run.output


def next_step(output: str) -> list[str]:
    """The arguments of the last command that a message names."""
    return re.findall(r"sverige-did (\w+(?: [^\s,;.<]+(?:/[^\s,;.<]+)*)*)", output)[-1].split()


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str], list[str]]:
    """The folder after the last check, every number that stood in the exports, and all that was said."""
    folder = tmp_path_factory.mktemp("kommune")
    numbers = municipality(folder / "udtræk", folder / "bagved")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        told = [said("pseudonymise", "udtræk", "leverance", "--key", "nøgle.txt", "--new-key")]
        assert "convert leverance <jeres studie>/data" in told[-1]
        told.append(said("convert", "leverance", "byen/data"))
        assert "sverige-did new byen" in told[-1]
        told.append(said("new", "byen"))
        assert next_step(told[-1]) == ["check", "byen"]
        refused = CliRunner().invoke(app, ["--language", "da", "check", "byen"], env={"COLUMNS": "240"})
        assert refused.exit_code == 1
        assert "Sæt synthetic til true" in refused.output
        path = folder / "byen" / "study.yaml"
        plan = yaml.safe_load(path.read_text("utf-8"))
        plan["synthetic"] = True
        prices = {"name": "opdigtet", "source": "opdigtet", "base_year": 2015, "levels": LEVELS}
        plan["registers"] |= {"prices": prices}
        plan["outcomes"] = [one for one in plan["outcomes"] if one["outcome"] in ASKED]
        path.write_text(yaml.safe_dump(plan, allow_unicode=True), "utf-8")
        told += [refused.output, said("check", "byen")]
        assert next_step(told[-1]) == ["run", "byen"]
    return folder, numbers, told


def test_the_messages_lead_from_exports_to_a_checked_study_in_danish(trial: tuple[Path, set[str], list[str]]) -> None:
    folder, _, told = trial
    made = {one.name for one in (folder / "byen" / "data").iterdir()}
    assert made == {"SYNTHETIC.txt", "distrikter.csv", "børn.csv", "anbringelser.csv", "posteringer.csv"}
    assert "0 fejl" in told[-1]
    assert not re.search(r"\b(?:rows|file|error|warning|column|placements|postings)\b", "".join(told))


def test_no_number_is_in_any_file_or_message(trial: tuple[Path, set[str], list[str]]) -> None:
    folder, numbers, told = trial
    assert len(numbers) > 1000
    left = {number for one in numbers for number in (one, one.replace("-", ""))}
    files = [one for name in ("leverance", "byen") for one in (folder / name).rglob("*") if one.is_file()]
    assert len(files) > 8
    for text in [*told, *(one.read_text("utf-8", "replace") for one in files)]:
        assert not left & set(re.findall(r"\d{6}-\d{4}|\d{10}", text))
        assert not re.search(r"Opdigtet Barn|Opdigtet Vej|6101702222", text)


@pytest.mark.slow
def test_the_study_runs_to_both_pages_and_spending_comes_from_the_postings(
    trial: tuple[Path, set[str], list[str]],
) -> None:
    folder, numbers, _ = trial
    study = folder / "byen"
    run = snakemake(study, "all", language="da")
    assert run.returncode == 0, run.stdout + run.stderr
    for language, mark in (("da", "SYNTETISKE DATA"), ("en", "SYNTHETIC DATA")):
        page = (study / "reports" / f"byen.annex.{language}.html").read_text("utf-8")
        assert mark in page
        assert 'id="outcome-placement_spending"' in page
    logs = [one for one in (study / "results").rglob("*") if one.suffix in {".log", ".json", ".csv", ".txt", ".md"}]
    found = {number for one in logs for number in re.findall(r"\d{6}-\d{4}|\d{10}", one.read_text("utf-8", "replace"))}
    assert not found & {written for one in numbers for written in (one, one.replace("-", ""))}
