"""Studies are found in a collection and in a folder of their own."""

from __future__ import annotations

from pathlib import Path

from sverige_did.workflow.discover import StudyFiles, find_studies, input_of, kind_of, plan_of


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_a_collection(tmp_path):
    write(tmp_path / "analyses" / "b" / "study.yaml", "study: b\nkind: panel\ninput: b.csv # its data\n")
    write(tmp_path / "analyses" / "a" / "study.yaml", 'study: "a"\ninput: "a.csv"\n')
    found = find_studies(tmp_path)
    assert list(found) == ["a", "b"]
    assert found["b"] == StudyFiles(Path("analyses/b/study.yaml"), Path("data/b"))
    assert [kind_of(tmp_path, files) for files in found.values()] == ["published", "panel"]
    assert [input_of(tmp_path, files) for files in found.values()] == [["data/a/a.csv"], ["data/b/b.csv"]]


def test_a_single_study(tmp_path):
    write(tmp_path / "study.yaml", "study: ours\ninput: figures.csv\n")
    (name,) = find_studies(tmp_path)
    assert name == "ours"
    assert input_of(tmp_path, find_studies(tmp_path)[name]) == ["data/figures.csv"]


def test_a_faulty_plan_is_still_found_so_that_its_check_can_refuse_it(tmp_path):
    write(tmp_path / "study.yaml", "study: ../../etc\ninput: ../secret.csv\n")
    found = find_studies(tmp_path)
    assert list(found) == ["study"]
    assert input_of(tmp_path, found["study"]) == []


def test_nothing_is_nothing(tmp_path):
    assert find_studies(tmp_path) == {}


def test_readings_are_a_part_of_the_plan_where_there_are_any(tmp_path):
    write(tmp_path / "study.yaml", "study: ours\n")
    (files,) = find_studies(tmp_path).values()
    assert plan_of(tmp_path, files) == ["study.yaml"]
    write(tmp_path / "readings.yaml", "readings: []\n")
    assert plan_of(tmp_path, files) == ["study.yaml", "readings.yaml"]
