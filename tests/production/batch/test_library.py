import csv
import json
from html.parser import HTMLParser

import pytest

from genaudio.production.batch import BatchResult, read_plan, run_batch, try_batch
from genaudio.production.batch.library import COLUMNS, write_library
from tests.production.batch.doubles import ManyTunes, crew_of

ROW = {
    **dict.fromkeys(COLUMNS),
    "number": 1,
    "track": "reels-0001",
    "title": "The <b>Lane</b>",
    "verdict": "review",
    "seconds": 61.4,
    "folder": "tracks/reels-0001",
    "files": {"track.flac": "0" * 64, "track.mp3": "1" * 64},
}


class Page(HTMLParser):
    """Collects what a page refers to, and its rows."""

    def __init__(self, text):
        super().__init__()
        self.links, self.rows, self.text = [], 0, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        self.rows += tag == "tr"

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def made(works, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    (folder / "plan.yaml").write_text(
        "name: Two & more\nformats: [mp3, wav]\nartist: Änn\nlicence: CC0\nisrc: GB-ABC-26-00031\nloudness: -20\n"
        "groups: [{count: 2, style: [reel, jig]}, {name: b, count: 1, tempo: 66}]\n"
    )
    result = run_batch(read_plan(folder / "plan.yaml"), folder / "out", workers=1, crew=crew_of(works))
    return folder / "out", result


def test_the_page_lists_every_track_and_fetches_only_its_files(made):
    out, _ = made
    text = (out / "index.html").read_text()
    page = Page(text)
    assert page.links == [
        f"tracks/group-1-000{number}/{name}" for number in (1, 2) for name in ("report.html", "track.mp3")
    ]
    assert all((out / link).is_file() for link in page.links)
    assert page.rows == 3  # the head and two tracks
    assert "default-src 'none'" in text
    assert "Two &amp; more" in text
    assert "b-0001" in text
    assert "nobody can play at 66" in text
    assert "2 of 3 tracks" in text


def test_texts_are_escaped(tmp_path):
    write_library(tmp_path, BatchResult("<i>", tmp_path, 1, 1, failed={"<u>": "<s>"}), [ROW])
    text = (tmp_path / "index.html").read_text()
    for tag in ("<i>", "<b>Lane", "<u>", "<s>"):
        assert tag not in text
    assert "The &lt;b&gt;Lane&lt;/b&gt;" in text
    assert 'data-verdict="review"' in text
    assert "1:01" in text


def test_programs_read_the_same(made):
    out, _ = made
    lines = [json.loads(line) for line in (out / "library.jsonl").read_text().splitlines()]
    with (out / "library.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [line["track"] for line in lines] == [row["track"] for row in rows] == ["group-1-0001", "group-1-0002"]
    assert tuple(rows[0]) == COLUMNS
    for line, row in zip(lines, rows, strict=True):
        manifest = json.loads((out / line["folder"] / "manifest.json").read_text())
        assert line["verdict"] == row["verdict"] == manifest["verdict"] == "clear"
        assert (line["artist"], row["licence"]) == ("Änn", "CC0")
        assert line["isrc"] == row["isrc"] == f"GB-ABC-26-{30 + line['number']:05}"
        assert float(row["loudness"]) == -20
        assert line["files"]["track.flac"] == manifest["files"]["track.flac"]["sha256"]
        assert "report.html" not in line["files"]  # it names the time
        assert float(row["seconds"]) == manifest["audio"]["seconds"]


def test_the_summary_counts(made):
    out, result = made
    summary = json.loads((out / "summary.json").read_text())
    assert summary == {"schema_version": 1, **result.as_json()}
    assert (summary["made"], summary["missing"], summary["retried"]) == (2, 1, 0)
    assert summary["verdicts"] == {"clear": 2, "review": 0, "match": 0, "not-screened": 0}
    assert summary["failed"] == [{"track": "b-0001", "reason": "nobody can play at 66"}]
    assert sum(stage["share"] for stage in summary["stages"].values()) == pytest.approx(1, abs=0.001)
    assert summary["tracks_per_hour"] > 0


def test_tags_name_artist_and_licence(made):
    from genaudio.audio import read_tags

    for name in ("flac", "mp3", "wav"):
        tags = read_tags(made[0] / "tracks" / "group-1-0002" / f"track.{name}")
        assert (tags["artist"], tags["license"], tags["isrc"]) == ("Änn", "CC0", "GBABC2600032"), name


def test_trying_makes_one_track_elsewhere(plan, works, tmp_path):
    root, present, found = try_batch(plan, tmp_path / "out", workers=2, crew=crew_of(works))
    assert (root, present) == (tmp_path / "out", 0)
    assert not root.exists()
    assert found.track == "reels-0001"
    assert found.tracks == 6
    assert set(found.stages) == {"compose", "screen", "render", "package"}
    desk = found.stages["compose"] + found.stages["screen"]
    worker = found.stages["render"] + found.stages["package"]
    assert found.seconds >= found.loading + 6 * max(desk, worker / 2)
    assert found.all_bytes == 6 * found.bytes > 10_000
    assert found.free > 0


def test_trying_a_finished_batch_measures_nothing(plan, works, tmp_path):
    run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works))
    composer = ManyTunes()
    assert try_batch(plan, tmp_path / "out", crew=crew_of(works, composer))[1:] == (6, None)
    assert composer.seeds == []
