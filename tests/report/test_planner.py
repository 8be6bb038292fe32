"""The page on how much data it takes: what it says is what was simulated, in both languages."""

from __future__ import annotations

import re

import pytest

from sverige_did import words
from sverige_did.report.planner import render_planner
from sverige_did.studies import planner
from sverige_did.studies.planner import SCENES, SIZES, review, simulated, smallest


def test_the_smallest_effect_lies_where_the_curve_crosses_and_never_where_it_does_not() -> None:
    rising = tuple(min(1.0, size / 0.5) for size in SIZES)
    assert smallest(rising) == pytest.approx(0.4)
    assert smallest([0.7 for _ in SIZES]) is None
    assert smallest((*rising[:4], 0.1, *rising[5:])) == pytest.approx(0.45, abs=0.06)


def test_every_scene_is_a_design_that_can_be_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scene with its first figure alone; more districts find smaller effects in each of them."""
    short = tuple(
        planner.Scene(one.key, one.design, tuple(v for v in one.variations if v.key == "districts"), one.sign)
        for one in SCENES
    )
    monkeypatch.setattr(planner, "SCENES", short)
    told: list[tuple[int, int]] = []
    found = simulated(1_000, 1, lambda done, every: told.append((done, every)))
    assert told[-1] == (3 * len(SCENES), 3 * len(SCENES))
    for figure in found:
        sizes = [size or 1.0 for size in figure.smallest]
        assert sizes == sorted(sizes, reverse=True)
        assert all(powers[0] <= 0.08 for powers in figure.powers)
    for language in words.LANGUAGES:
        page = render_planner(found, review(), 1_000, language)
        assert page.count("<svg ") == len(SCENES) + 1
        assert not re.search(r"\{\w+\}|planner\.\w", page.replace("planner.da.html", "").replace("planner.en.html", ""))
        assert "<script" not in page
        for figure in found:
            least = figure.smallest[2]
            assert least is not None
            assert re.search(rf">{round(100 * least)}\s?%<", page.replace("\N{NO-BREAK SPACE}", " "))
