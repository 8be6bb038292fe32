"""How results are shown: names are other people's, and none of them commands a notebook, a page or a language."""

from __future__ import annotations

from pathlib import Path

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
