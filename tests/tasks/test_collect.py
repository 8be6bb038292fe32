"""What may be sent out stands apart: only what was released, each file with its hash, and no sign of anything else."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from small_release import make_release
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.disclosure.release import estimates_csv
from sverige_did.files import altered, hashes, record, write_folder, write_model, write_models, write_text
from sverige_did.report import render
from sverige_did.tasks import collect, plan, report
from sverige_did.workflow.discover import handed_over, pages_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    release, results = make_release(), folder / "results" / "small"
    write_model(results / "release.json", release)
    write_text(results / "estimates.csv", estimates_csv(release))
    write_models(results / "estimates.json", release.findings)
    write_text(results / "findings.json", "a number of one child")
    named = (results / name for name in ("release.json", "estimates.csv", "estimates.json"))
    pages, annexes, doubts, answers, sheets, drafts = (
        [folder / name.format(language) for language in ("da", "en")]
        for name in (
            "reports/small.{}.html", "reports/small.annex.{}.html", "reports/small.doubt.{}.html",
            "results/small/answers.{}.json",
            "results/small/investment.{}.csv", "results/small/declaration.{}.md",
        )
    )  # fmt: skip
    report.run(results / "release.json", pages, annexes, doubts, answers, sheets, drafts)
    for page, language in zip(pages, ("da", "en"), strict=True):
        write_text(page, render(release, language))
    collect.run(*named, pages, folder / "release" / "small", [*sheets, *drafts])
    return folder / "release" / "small"


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_pages_numbers_figures_an_audit_and_nothing_else(collected: Path) -> None:
    found = files(collected)
    figures = {name for name in found if name.startswith("figures/")}
    assert set(found) - figures == {
        "small.da.html", "small.en.html", "release.json", "estimates.csv", "estimates.json", "audit.json", "SHA256SUMS",
        "investment.da.csv", "investment.en.csv", "declaration.da.md", "declaration.en.md",
        "estimates.parquet", "citation.bib", "ro-crate-metadata.json", "security.json",
    }  # fmt: skip
    assert {name.split("/")[1] for name in figures} == {"da", "en"}
    for name in figures:
        text = found[name].decode()
        assert text.count("<svg ") == 1
        assert "<title" in text
        assert found[f"small.{name.split('/')[1]}.html"].decode().count(text.split("\n", 1)[1].strip()) == 1


def test_every_file_has_its_hash_in_the_audit_and_in_the_list(collected: Path) -> None:
    found = files(collected)
    audit = json.loads(found["audit.json"])
    assert audit["files"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in found.items()
        if name not in {"audit.json", "SHA256SUMS"}
    }  # fmt: skip
    listed = dict(reversed(line.split("  ")) for line in found["SHA256SUMS"].decode().splitlines())
    assert listed == audit["files"] | {"audit.json": hashlib.sha256(found["audit.json"]).hexdigest()}
    assert audit["versions"]


def test_a_second_collection_leaves_nothing_of_the_first_and_modes_follow_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    before = os.umask(0o027)
    try:
        write_folder(folder, {"old.svg": b"1", "deep/old.svg": b"1"})
        write_folder(folder, {"figures/da/new.svg": b"2"})
    finally:
        os.umask(before)
    assert files(folder) == {"figures/da/new.svg": b"2"}
    assert [path.name for path in tmp_path.iterdir()] == ["small"]
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, folder / "figures", *folder.rglob("*.svg"))}
    assert modes == {"small": 0o750, "figures": 0o750, "new.svg": 0o640}


def test_a_folder_that_could_not_be_written_is_as_it_was(tmp_path: Path) -> None:
    write_folder(tmp_path / "small", {"old.svg": b"1"})
    with pytest.raises(TypeError):
        write_folder(tmp_path / "small", {"new.svg": "no bytes"})  # type: ignore[dict-item]
    assert files(tmp_path) == {"small/old.svg": b"1"}


def test_a_page_that_somebody_changed_is_recognised(tmp_path: Path) -> None:
    page = tmp_path / "small.da.html"
    write_text(page, "<p>5 children</p>")
    record(hashes([page]))
    page.write_text("<p>4 children</p>", "utf-8")
    assert altered(hashes([page])) == [page]


@pytest.mark.parametrize(("study", "says"), [("example", True), ("frikommuner", True), ("rollout", False)])
def test_the_folder_of_results_says_that_it_never_leaves_before_anything_lies_in_it(
    tmp_path: Path, study: str, says: bool
) -> None:
    plan.run(study, ROOT / "analyses" / study / "study.yaml", tmp_path / study / "plan.json")
    file = tmp_path / study / plan.NEVER
    assert file.exists() == says
    if says:
        danish, english = file.read_text("utf-8").splitlines()
        assert danish.startswith("Denne mappe forlader aldrig kommunen")
        assert english.startswith("This folder never leaves the municipality")
        assert f"release/{study}" in danish


def test_no_rule_puts_anything_into_the_folder_that_was_not_released() -> None:
    """By the rule itself: what it reads is what a page or a table of released numbers is."""
    snakefile = (ROOT / "sverige_did" / "workflow" / "Snakefile").read_text("utf-8")
    rule = snakefile.partition("rule collect:")[2].partition("\nrule ")[0]
    read = set(re.findall(r'"((?:results|reports)/[^"]+)"', rule.partition("output:")[0]))
    assert {path.rpartition("/")[2].replace("{{study}}", "{study}") for path in read} == {
        "release.json", "estimates.csv", "estimates.json",
    }  # fmt: skip
    assert set(re.findall(r"(\w+)=lambda wildcards: (\w+)\(", rule)) == {
        ("pages", "pages_of"),
        ("sheets", "handed_over"),
    }
    assert pages_of("a", ["da"], annex=True) == [
        "reports/a.da.html",
        "reports/a.annex.da.html",
        "reports/a.doubt.da.html",
    ]
    assert handed_over("a", ["da"], cases=False) == ["results/a/investment.da.csv", "results/a/declaration.da.md"]
    assert handed_over("a", ["da"], cases=True) == []
    rules = (ROOT / "sverige_did" / "workflow" / "published.smk").read_text("utf-8")
    sheets = rules.partition("rule report:")[2].partition("output:")[0].partition("input:")[2]
    assert sheets.split() == ["release=rules.release.output.release,"]


def test_the_last_line_of_a_run_says_what_may_be_sent_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "study.yaml").write_text("study: our-town\n", "utf-8")
    status = iter([0, 1])
    monkeypatch.setattr("sverige_did.workflow.running._snakemake", lambda *_: next(status))
    said = CliRunner().invoke(app, ["run", str(tmp_path)], env={"COLUMNS": "300"})
    assert said.exit_code == 0
    last = said.output.strip().splitlines()[-1]
    assert str(tmp_path / "release" / "our-town") in last
    assert "Nothing in results/ may." in last
    refused = CliRunner().invoke(app, ["run", str(tmp_path)])
    assert refused.exit_code == 1
    assert "release" not in refused.output
