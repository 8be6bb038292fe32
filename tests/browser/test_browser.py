"""The page in a real browser: nothing is fetched, nothing runs off the screen, and the figure is seen at once."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import file_name, render

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1280, 1920)
HEIGHT = 800
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-default-apps", "--disable-extensions",
)  # fmt: skip
PROBE = """
<script>
addEventListener("load", () => {
  const figure = document.querySelector(innerWidth < 768 ? ".overview .narrow svg" : ".overview .wide svg");
  const box = figure.getBoundingClientRect();
  const scale = box.width / figure.viewBox.baseVal.width;
  const sizes = [...figure.querySelectorAll("text")].map(text => parseFloat(getComputedStyle(text).fontSize) * scale);
  parent.postMessage({width: innerWidth, scroll: document.documentElement.scrollWidth,
    figureEnds: box.bottom, smallest: Math.min(...sizes), text: document.body.innerText}, "*");
});
</script>
"""
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body>
<script>
const found = [];
addEventListener("message", event => {{ found.push(event.data);
  if (found.length === {count}) {{ const out = document.createElement("output");
    out.textContent = JSON.stringify(found); document.body.append(out); }} }});
</script>
{frames}
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on PATH: install chromium to test the page in a browser")
    return found


@pytest.fixture(scope="module")
def folder(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both pages as they are written, beside each other."""
    place = tmp_path_factory.mktemp("pages")
    for language in words.LANGUAGES:
        (place / file_name(release, language)).write_text(render(release, language), "utf-8")
    return place


def run(browser: str, profile: Path, page: Path, *flags: str) -> str:
    command = [browser, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def measure(browser: str, tmp_path: Path, page: str) -> dict[int, dict[str, Any]]:
    """What the page measures at every width, each in a frame of that width in one browser."""
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    assert len(policy.findall(page)) == 1
    probed = policy.sub("", page).replace("</body>", PROBE + "</body>")
    (tmp_path / "probed.html").write_text(probed, "utf-8")
    frames = "\n".join(
        f'<iframe src="probed.html" style="width:{width}px;height:{HEIGHT}px;border:0"></iframe>' for width in WIDTHS
    )
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(count=len(WIDTHS), frames=frames), "utf-8")
    dom = run(browser, tmp_path / "profile", frame, "--virtual-time-budget=20000", "--dump-dom")
    told = re.search(r"<output>(.*?)</output>", dom, flags=re.DOTALL)
    assert told is not None, "the page did not load at every width"
    return {found["width"]: found for found in json.loads(unescape(told[1]))}


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_page_fits_every_screen(
    browser: str, folder: Path, release: Release, tmp_path: Path, language: words.Language
) -> None:
    found = measure(browser, tmp_path, (folder / file_name(release, language)).read_text("utf-8"))
    assert sorted(found) == sorted(WIDTHS)
    for width in WIDTHS:
        assert found[width]["scroll"] <= width, width
        assert found[width]["smallest"] >= 10, width
    assert found[1280]["figureEnds"] <= HEIGHT
    banner = words.text("report.synthetic.banner", language)
    assert all(banner in found[width]["text"] for width in WIDTHS)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_page_asks_the_network_for_nothing(
    browser: str, folder: Path, release: Release, tmp_path: Path, language: words.Language
) -> None:
    log = tmp_path / "net.json"
    page = folder / file_name(release, language)
    run(browser, tmp_path / "profile", page, f"--log-net-log={log}", "--virtual-time-budget=5000", "--dump-dom")
    events = json.loads(log.read_text("utf-8"))["events"]
    requested = [event["params"] for event in events if "url" in event.get("params", {})]
    from_page = [
        params["url"] for params in requested if str(params.get("initiator", "")).startswith(("file:", "null"))
    ]
    assert [url for url in from_page if not url.startswith(("file:", "data:"))] == []


def test_the_network_log_would_show_a_request(browser: str, tmp_path: Path) -> None:
    """The test above can fail: a page that fetches an image is seen to do so."""
    page, log = tmp_path / "asking.html", tmp_path / "net.json"
    page.write_text('<!DOCTYPE html><img src="http://127.0.0.1:9/picture.png" alt="">', "utf-8")
    run(browser, tmp_path / "profile", page, f"--log-net-log={log}", "--virtual-time-budget=5000", "--dump-dom")
    events = json.loads(log.read_text("utf-8"))["events"]
    requested = [event["params"] for event in events if "url" in event.get("params", {})]
    from_page = [
        params["url"] for params in requested if str(params.get("initiator", "")).startswith(("file:", "null"))
    ]
    assert "http://127.0.0.1:9/picture.png" in from_page
