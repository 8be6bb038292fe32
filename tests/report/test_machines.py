"""What a program reads of a release is what stands in it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pandas as pd
import pytest
from small_release import make_release

from sverige_did.disclosure.release import estimates_csv
from sverige_did.report.machines import BIBTEX, CRATE, PARQUET, bibtex, for_machines
from sverige_did.study.blocks import Bilingual


def test_parquet_holds_the_rows_of_the_csv_with_numbers_as_numbers() -> None:
    release = make_release()
    frame = pd.read_parquet(io.BytesIO(for_machines(release, {})[PARQUET]))
    rows = list(csv.DictReader(io.StringIO(estimates_csv(release))))
    assert list(frame.columns) == list(rows[0])
    assert frame["synthetic"].all()
    for name in ("estimate", "lower", "upper", "p_value"):
        wanted = [float(row[name]) if row[name] else float("nan") for row in rows]
        assert frame[name].astype(float).tolist() == pytest.approx(wanted, nan_ok=True)
    assert frame["outcome"].tolist() == [row["outcome"] for row in rows]


def test_the_crate_describes_every_file_with_its_hash_and_follows_the_profile() -> None:
    release = make_release()
    contents = {"release.json": b"{}", "small.da.html": b"<p>", "figures/en/overview.svg": b"<svg>"}
    found = for_machines(release, contents)
    graph = {one["@id"]: one for one in json.loads(found[CRATE])["@graph"]}
    assert graph[CRATE]["about"] == {"@id": "./"}
    assert graph[CRATE]["conformsTo"]["@id"].endswith("/ro/crate/1.1")
    root = graph["./"]
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert root["description"].startswith("Made-up data.")
    every = contents | {name: content for name, content in found.items() if name != CRATE}
    assert {one["@id"] for one in root["hasPart"]} == set(every)
    for name, content in every.items():
        assert graph[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert graph["figures/en/overview.svg"]["inLanguage"] == "en"
    references = {one["@id"] for node in graph.values() for value in node.values()
                  for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)}  # fmt: skip
    assert {name for name in references if not name.startswith("https:")} <= set(graph)


def test_bibtex_has_an_entry_a_language_and_nothing_that_tex_would_obey() -> None:
    release = make_release()
    title = Bilingual(da="50 % {af} A&B_\\input{x}", en="Plain")
    hostile = release.study.model_copy(update={"title": title})
    text = bibtex(release.model_copy(update={"study": hostile}))
    assert re.findall(r"^@(\w+)\{(\w+),$", text, re.M) == [
        ("misc", "small_da"), ("misc", "small_en"), ("software", "sverige_did"),
    ]  # fmt: skip
    assert r"title = {50 \% af A\&B\_inputx}" in text
    assert "Opdigtede data." in text
    assert text.count("{") == text.count("}")
    assert for_machines(release, {})[BIBTEX].decode() == bibtex(release)
