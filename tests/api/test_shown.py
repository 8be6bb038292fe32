"""How results are shown: names are other people's, and none of them commands a notebook, a page or a language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from frames import small, study

import sverige_did as sd

EVIL = "<img src=x onerror=alert(1)>"


def evil() -> sd.Study:
    frame = small().rename(columns={"y": EVIL, "district": f"{EVIL}|u"})
    return study(frame, y=EVIL, unit=f"{EVIL}|u")


def test_no_name_of_a_column_is_html_wherever_it_is_shown(tmp_path: Path) -> None:
    one = evil()
    verdict, side_by_side = one.verdict(), sd.compare([one.twfe(), one.verdict()])
    shown = [one._repr_html_(), verdict.to_html(), side_by_side.to_html(), side_by_side.to_markdown("en")]
    shown += [page.read_text("utf-8") for page in one.report(tmp_path)]
    for text in shown:
        assert "&lt;img" in text
        assert "<img" not in text


def test_a_cell_in_markdown_stays_one_cell_and_reads_as_it_is() -> None:
    frame = small().rename(columns={"y": "a\\|b [c](d) < 3\n&lt; p<q"})
    told = sd.compare([study(frame, y="a\\|b [c](d) < 3\n&lt; p<q").twfe()]).to_markdown("en").splitlines()
    assert len(told) == 3
    assert told[2].startswith("| a\\\\\\|b \\[c](d) < 3 &amp;lt; p&lt;q | ")
    assert "< 0.0001" in study(small(effect=-30.0)).methods().to_markdown("en")


def test_a_unit_is_called_what_its_column_is() -> None:
    told = {"person_id": "persons", "firm": "firms", "Country": "countries", "virksomhed_nr": "firms"}
    for column, word in told.items():
        frame = small(treated=1).rename(columns={"district": column})
        assert f"Too few treated {word} took part (1)" in study(frame, unit=column, chosen="unknown").verdict().say(
            "en"
        )


def test_danish_pages_have_danish_decimals_and_no_method_by_its_name(tmp_path: Path) -> None:
    danish, english = (page.read_text("utf-8") for page in study(small(effect=-0.3), scale="ratio").report(tmp_path))
    for page, decimal, why in ((danish, ",", "parallel på en anden"), (english, ".", "parallel on another")):
        ticks = re.findall(r">[−0-9]+([.,])[0-9]+</text>", page)
        assert set(ticks) == {decimal}
        assert why in page
        assert "event_study" not in page


def test_why_nothing_is_found_stands_beside_an_interval_without_no_effect() -> None:
    frame = sd.datasets.simulate(units=20, treated=8, periods=9, starts=(5, 7), effect=2.0, seed=3)
    told = study(frame, chosen="unknown").verdict().say("en")
    assert "the interval leaves out “no difference” only if the assumptions behind it hold." in told
    assert "were not drawn by lot" in told


def test_data_sets_are_all_that_their_module_shows() -> None:
    assert dir(sd.datasets) == ["herning", "registers", "simulate"]


def test_rows_of_one_method_are_told_apart_by_what_they_estimate() -> None:
    dates = study(sd.datasets.simulate(units=16, treated=6, starts=(6, 8), effect=-3.0)).methods()
    named = dates.table("en")["method"].tolist()
    assert len(set(named)) == len(named)
    assert any("by time since the start" in one for one in named)
    drawn = [tick.get_text() for tick in dates.plot().get_yticklabels()]
    assert len(set(drawn)) == len(drawn)


def test_side_by_side_stands_on_which_scale_each_is_and_what_each_study_compares() -> None:
    plain, weighed, ratio = study(), study(weight="children"), study(scale="ratio")
    told = sd.compare([plain.verdict(), weighed.verdict(), ratio.verdict()])
    assert told.table("en")["scale"].tolist() == ["unit of the outcome", "unit of the outcome", "ratio"]
    assert [("weights: children" in note) for note in told.notes("en")[:2]] == [False, True]
    assert "scale" not in sd.compare([plain.verdict(), plain.twfe()]).table("en")
    assert type(told).from_json(told.to_json()) == told


def test_what_covariates_and_scales_send_to_is_not_what_refused() -> None:
    dates = sd.datasets.simulate(units=16, treated=6, starts=(6, 8))
    for said in ({"covariates": "children"}, {"scale": "ratio"}):
        with pytest.raises(sd.RefusedError) as refused:
            study(dates, **said).verdict()  # type: ignore[arg-type]
        assert "Where all units start at once" in refused.value.say("en")
        assert "where starts differ" in refused.value.say("en")


def test_english_sentences_quote_as_english_does() -> None:
    bounded, refused = study(small(treated=2, effect=-9.0, units=20)).verdict(), study(small(treated=1)).verdict()
    for told in (bounded.summary("en"), refused.summary("en"), study().sensitivity().summary("en")):
        assert not {"»", "«"} & set(told)
    assert "if treated districts by themselves swing at most" in bounded.say("en")
