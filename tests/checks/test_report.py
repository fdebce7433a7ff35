"""The JSON that programs read."""

import json
import subprocess
import sys

from checks import Screener
from checks.report import report_json, screening_json


def test_the_contract_is_kept(catalogue, works):
    screening = Screener(catalogue).screen(works[4].melody)
    report = report_json([catalogue], [screening_json(screening, "in.mid", "voice 1")])
    report = json.loads(json.dumps(report))
    assert report["schema_version"] == 1
    assert report["catalogues"] == [{"name": "ours", "works": 60, "sha256": catalogue.sha256}]
    (result,) = report["results"]
    assert (result["file"], result["piece"], result["verdict"]) == ("in.mid", "voice 1", "match")
    assert result["notes"] == len(works[4].melody)
    assert result["reason"] is None
    match = result["matches"][0]
    assert match["work"] == {
        "id": "w4", "title": "Tune 4", "creator": "Anon", "rights": "PD", "catalogue": "ours",
    }  # fmt: skip
    assert set(match) == {
        "work", "verdict", "score", "false_positive_rate", "kind", "transposition", "passages",
    }  # fmt: skip
    passage = match["passages"][0]
    span = {"first_note", "last_note", "start_beat", "end_beat", "start_s", "end_s"}
    assert set(passage["query"]) == set(passage["work"]) == span
    assert passage["notes"] == len(works[4].melody)
    assert passage["identity"] == 1.0


def test_screening_starts_without_heavy_imports():
    script = (
        "import sys, checks, checks.screener, checks.report, checks.catalogue\n"
        "print([m for m in ('torch', 'scipy', 'datasketch', 'music21', 'genaudio.corpus') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_shows_what_it_offers():
    import checks

    assert {"Catalogue", "Screener", "Work", "Verdict"} <= set(dir(checks))
    assert all(getattr(checks, name) for name in checks.__all__)
