"""Reports as a reader has them: in a real browser, at a phone's width, on a desk, and on paper."""

import base64
import re

import numpy as np
import pytest

from checks import Screener
from genaudio.audio import write_audio
from genaudio.production.exhibits import exhibit_of
from genaudio.production.report import Exhibit, render_page
from genaudio.score import Melody, Note
from tests.browser import Browser, chromium
from tests.production.doubles import SinePlayer, random_tune

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
CATALOGUES = [{"name": "ours-" + "x" * 60, "works": 1234567, "sha256": "ab" * 32}]
OVERFLOW = """[...document.querySelectorAll("body *")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map(e => e.tagName + "." + (e.className.baseVal ?? e.className)).slice(0, 5)"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def copy(melody):
    """A tune with one note changed and another left out, a third higher."""
    notes = [
        Note(note.onset, note.duration, note.pitch + (at == 20)) for at, note in enumerate(melody.notes) if at != 30
    ]
    return Melody(notes, metre=melody.metre, key=melody.key, tempo=96, pickup=melody.pickup).transposed(4)


def recording(folder, melody):
    from genaudio.score import Score

    rendering = SinePlayer().render(Score.from_melody(melody))
    write_audio(folder / "sound.mp3", rendering.audio, rendering.sample_rate)
    return (folder / "sound.mp3").read_bytes()


@pytest.fixture
def batch(tmp_path, protected):
    screener = Screener(protected)
    titles = ["Copy <img src=x onerror=alert(1)>", "A" * 90, "Ärger & 夜曲"]
    tunes = [copy(random_tune(7)), random_tune(500), random_tune(501)]
    exhibits = [
        exhibit_of(title, tune, screener.screen(tune), screener) for title, tune in zip(titles, tunes, strict=True)
    ]
    exhibits.append(Exhibit("broken.mid", "not-screened", reason="/a/very/long/path/" + "y" * 120 + " breaks off"))
    path = tmp_path / "batch.html"
    path.write_text(render_page(exhibits, CATALOGUES), encoding="utf-8")
    return path


@pytest.fixture
def single(tmp_path, protected):
    screener, tune = Screener(protected), copy(random_tune(7))
    screening = screener.screen(tune)
    shown = exhibit_of("Copy", tune, screening, screener, audio=recording(tmp_path, tune))
    path = tmp_path / "single.html"
    path.write_text(render_page([shown], CATALOGUES), encoding="utf-8")
    return path


@pytest.fixture
def heard(tmp_path, protected):
    screener, tune = Screener(protected), copy(random_tune(7))
    screening = screener.screen(tune)
    sound = recording(tmp_path, tune)
    cuts = {(round(p.query.start_s, 3), round(p.query.end_s, 3)): sound for p in screening.matches[0].passages}
    path = tmp_path / "heard.html"
    shown = exhibit_of("Copy", tune, screening, screener, cuts=cuts, heard=True)
    path.write_text(render_page([shown], CATALOGUES), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("name", ["batch", "single", "heard"])
def test_a_report_fits_and_is_quiet(browser, request, name, width):
    browser.complaints.clear()
    browser.requests.clear()
    browser.open(request.getfixturevalue(name), width, mobile=width < 500)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.run("innerWidth") == width
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(OVERFLOW) == []
    assert (browser.complaints, browser.requests) == ([], [])
    assert browser.run("document.querySelector('img')") is None
    assert browser.run("document.querySelectorAll('.over svg').length") > 0


def test_the_verdict_is_what_one_sees_first(browser, batch, single):
    for path in (batch, single):
        browser.open(path, 375, mobile=True)
        assert browser.run("document.querySelector('.verdict').getBoundingClientRect().bottom") < 800
        assert "Match" in browser.run("document.querySelector('.verdict').innerText")
    browser.open(batch, 1280)
    browser.click(".overview a")
    assert browser.run("location.hash") == "#piece-1"


@pytest.mark.parametrize("side", ["q", "w"])
def test_notes_are_played_as_tones_and_light_up(browser, batch, side):
    browser.open(batch, 1280)
    button = f"button[data-play={side}]"
    browser.click(button)
    browser.wait(f"document.querySelector('rect.{side}.sounding')")
    assert browser.run(f"document.querySelector('{button}').getAttribute('aria-pressed')") == "true"
    browser.click(button)
    assert browser.run("document.querySelectorAll('.playing, .sounding').length") == 0
    # one passage ends when another begins
    browser.click("button[data-play=q]")
    browser.click("button[data-play=w]")
    assert browser.run("[...document.querySelectorAll('.playing')].map(each => each.dataset.play)") == ["w"]


def test_the_recording_is_played_from_where_the_passage_is(browser, single):
    browser.open(single, 1280)
    first, last = (
        browser.run(f"Number(document.querySelector('button[data-from]').dataset.{end})") for end in ("from", "to")
    )
    browser.click("button[data-from]")
    browser.wait("document.querySelector('rect.q.sounding')")
    assert first <= browser.run("document.querySelector('article > audio').currentTime") <= last
    browser.click("button[data-from]")
    browser.wait("document.querySelector('article > audio').paused")


def test_a_cut_of_a_recording_is_played(browser, heard):
    browser.open(heard, 1280)
    browser.click("button[data-cut]")
    browser.wait("document.querySelector('figure audio').currentTime > 0.1")
    browser.click("button[data-cut]")
    browser.wait("document.querySelector('figure audio').paused")


@pytest.mark.parametrize("name", ["batch", "single", "heard"])
def test_a_report_can_be_printed(browser, request, name):
    browser.open(request.getfixturevalue(name), 688)  # A4 less its margins
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.run(OVERFLOW) == []
    assert browser.run("getComputedStyle(document.querySelector('.play')).display") == "none"
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
    browser.call("Emulation.setEmulatedMedia", media="")
    assert pdf.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 8


def test_it_can_be_read_in_the_dark(browser, batch):
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.open(batch, 1280)
    paper, ink = (
        np.mean([int(part) for part in re.findall(r"\d+", browser.run(f"getComputedStyle(document.body).{name}"))[:3]])
        for name in ("backgroundColor", "color")
    )
    browser.call("Emulation.setEmulatedMedia", features=[])
    assert ink - paper > 150
