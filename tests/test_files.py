"""What is written is whole or not there."""

from __future__ import annotations

import pytest

from sverige_did.files import read_model, read_models, write_model, write_models, write_text
from sverige_did.results.estimates import Curve

LINE = Curve(name="c", x_name="x", y_name="y", x=(0.0, float("inf")), y=(1.0, 2.0))


def test_values_come_back_as_they_went(tmp_path):
    write_model(tmp_path / "deep" / "one.json", LINE)
    write_models(tmp_path / "many.json", [LINE, LINE])
    assert read_model(tmp_path / "deep" / "one.json", Curve) == LINE
    assert read_models(tmp_path / "many.json", Curve) == (LINE, LINE)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "page.html"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
