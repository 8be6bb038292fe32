"""The estimates by method and reading: every finding once, under its scale and its reading."""

from __future__ import annotations

import re

import pytest
from small_release import make_release

from sverige_did import words
from sverige_did.report import render
from sverige_did.report.headlines import ALL_READINGS, findings_of
from sverige_did.report.labels import reading
from sverige_did.report.tables import estimate_cell, estimates


@pytest.fixture(scope="module")
def release():
    return make_release()


@pytest.mark.parametrize("outcome", ["institution_share", "placed_total"])
def test_every_finding_stands_once_under_its_scale_and_its_reading(release, outcome):
    table = estimates(release, outcome, "en")
    columns = (*table.alone, *table.below)
    told = [
        (scale, column, lines)
        for scale, rows in table.groups
        for _, *cells in rows
        for column, lines in zip(columns, cells, strict=True)
        if lines
    ]
    wanted = [
        (
            words.text(f"labels.scale.{item.result.scale}", "en"),
            reading(release, item.reading, "en"),
            estimate_cell(item.result, "en"),
        )
        for item in findings_of(release, outcome)
    ]
    assert sorted(told) == sorted(wanted)


def test_several_readings_stand_below_one_head_and_what_belongs_to_all_beside_it(release):
    table = estimates(release, "institution_share", "en")
    used = {item.reading for item in findings_of(release, "institution_share")}
    assert len(table.below) == len(used - {ALL_READINGS}) > 1
    assert len(table.alone) == len(used & {ALL_READINGS})


def test_on_the_page_every_row_of_a_body_is_as_wide_as_its_heading(release):
    (table, *_) = re.findall(r'<table class="lines">.*?</table>', render(release, "en"), flags=re.DOTALL)
    groups = re.findall(r"<tbody>(.*?)</tbody>", table, flags=re.DOTALL)
    assert groups
    for group in groups:
        heading, *rows = re.findall(r"<tr.*?</tr>", group, flags=re.DOTALL)
        (width,) = map(int, re.findall(r'colspan="(\d+)"', heading))
        assert rows
        assert {len(re.findall(r"<t[hd]\b", row)) for row in rows} == {width}
