import json
import os
from dataclasses import replace

import pytest

from checks import Screener
from genaudio.audio import read_audio, read_tags
from genaudio.errors import GenaudioError
from genaudio.instruments import family_named
from genaudio.production import make, verify_package
from genaudio.production.provenance import states_ai
from genaudio.production.studio import attempt_seed, fitted
from genaudio.production.track import track_title
from genaudio.score import Melody, Note, read_score
from tests.production.doubles import SinePlayer, random_tune

FILES = {"manifest.json", "report.html", "screening.json", "track.flac", "track.mid", "track.musicxml"}


def test_a_package_has_all_its_files(studio, wish, out):
    (made,) = make(wish, seed=11, out=out, studio=studio)
    assert set(os.listdir(out)) == FILES
    assert made.verdict == "clear"
    assert made.folder == out
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest == made.manifest
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    assert manifest["seed"] == 11
    assert manifest["attempts"] == [{"seed": 11, "verdict": "clear"}]
    assert manifest["ai_statement"]["ai_generated"] is True
    assert manifest["settings"]["style"] == "reel"
    assert manifest["settings"]["guard"] == wish.guard == 1.0
    assert manifest["catalogues"][0]["works"] == 40


def test_the_audio_lasts_as_long_as_the_melody(studio, wish, out):
    (made,) = make(wish, seed=11, out=out, studio=studio)
    audio, rate = read_audio(out / "track.flac")
    assert rate == 8000
    assert audio.shape[1] / rate == pytest.approx(random_tune(1011).end * 60 / 120, abs=0.01)
    assert made.duration == pytest.approx(audio.shape[1] / rate, abs=0.001)


def test_every_audio_file_says_that_it_is_generated(studio, wish, out):
    make(wish, seed=11, out=out, studio=studio, formats=["wav", "mp3", "ogg"])
    for name in ("flac", "wav", "mp3", "ogg"):
        assert states_ai(read_tags(out / f"track.{name}")["comment"]), name


def test_the_same_seed_gives_the_same_bytes(studio, wish, tmp_path):
    make(wish, seed=4, out=tmp_path / "one", studio=studio, formats=["mp3", "wav"])
    make(wish, seed=4, out=tmp_path / "two", studio=studio, formats=["mp3", "wav"])
    for name in ("track.flac", "track.mid", "track.musicxml", "screening.json", "track.mp3", "track.wav"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_a_loudness_is_asked_of_the_renderer_and_written_down(studio, wish, out):
    (made,) = make(wish, seed=4, out=out, studio=studio, loudness=-20)
    assert made.manifest["settings"]["loudness"] == -20
    assert made.manifest["audio"]["loudness_lufs"] == -20
    with pytest.raises(GenaudioError, match="must be from -40 to -5 LUFS, not 0"):
        make(wish, seed=4, out=out, studio=studio, loudness=0)


def test_a_copy_is_composed_anew(studio, composer, wish, out):
    composer.tunes[5] = random_tune(3).transposed(2)  # work-3 of the catalogue, two semitones up
    (made,) = make(wish, seed=5, out=out, studio=studio)
    assert [attempt["verdict"] for attempt in made.manifest["attempts"]] == ["match", "clear"]
    assert composer.seeds == [5, attempt_seed(5, 1)]
    assert made.verdict == "clear"


def test_the_evidence_is_about_the_notes_in_the_files(studio, composer, wish, out):
    composer.tunes[5] = random_tune(3)  # D4 to F#5, which a cello plays an octave lower
    make(wish, instrument="cello", seed=5, out=out, studio=studio, attempts=1)
    match = json.loads((out / "screening.json").read_text())["results"][0]["matches"][0]
    assert match["transposition"] == -12
    assert max(note.pitch for note in read_score(out / "track.mid").notes) == max(random_tune(3).pitches) - 12
    assert 'class="note copied"' in (out / "report.html").read_text()


def test_attempts_are_bounded_and_the_verdict_stays(studio, composer, wish, out):
    for number in range(3):
        composer.tunes[attempt_seed(5, number)] = random_tune(3)
    (made,) = make(wish, seed=5, out=out, studio=studio, attempts=3)
    assert len(made.manifest["attempts"]) == 3
    assert made.verdict == "match"
    result = json.loads((out / "screening.json").read_text())["results"][0]
    assert result["verdict"] == "match"
    assert result["matches"][0]["work"]["id"] == "work-3"
    page = (out / "report.html").read_text()
    assert "Tune &lt;3&gt;" in page  # titles are escaped
    assert "Tune <3>" not in page


def test_a_melody_too_short_to_judge_is_not_cleared(studio, composer, wish, out):
    short = Melody([Note(0, 1, 62), Note(1, 1, 64)], tempo=120)
    for number in range(2):
        composer.tunes[attempt_seed(1, number)] = short
    (made,) = make(wish, seed=1, out=out, studio=studio, attempts=2)
    assert made.verdict == "not-screened"


def test_several_tracks_take_the_next_seeds(studio, composer, wish, tmp_path):
    made = make(wish, seed=7, count=3, out=tmp_path, studio=studio)
    assert [track.folder.name for track in made] == ["reel-7", "reel-8", "reel-9"]
    assert composer.seeds == [7, 8, 9]
    again = make(wish, seed=8, count=2, out=tmp_path, studio=studio)
    assert [track.folder.name for track in again] == ["reel-8-2", "reel-9-2"]


def test_no_attempt_repeats_a_neighbouring_track():
    seeds = {attempt_seed(seed, number) for seed in range(50) for number in range(8)}
    assert len(seeds) == 400


def test_a_failing_renderer_leaves_nothing(studio, wish, out):
    with pytest.raises(RuntimeError, match="fell over"):
        make(wish, seed=1, out=out, studio=replace(studio, renderer=SinePlayer(fails=True)))
    assert os.listdir(out.parent) == []


def test_an_unwritable_place_is_refused_before_composing(studio, composer, wish, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GenaudioError, match="cannot write to"):
        make(wish, out=tmp_path / "file" / "track", studio=studio)
    assert composer.seeds == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"instrument": "kazoo"}, "unknown instrument 'kazoo'; the instruments are piano"),
        ({"formats": ["flac", "aiff"]}, "unknown audio format aiff; the formats are flac"),
        ({"count": 0}, "number of tracks must be 1 or more, not 0"),
        ({"seed": -1}, "seed must be 0 or more, not -1"),
        ({"attempts": 0}, "1 attempt or more, not 0"),
    ],
)
def test_impossible_settings_are_refused(studio, wish, out, changes, message):
    with pytest.raises(GenaudioError, match=message):
        make(wish, out=out, studio=studio, **changes)
    assert not out.exists()


def test_melodies_are_moved_to_the_instruments_octave():
    melody = Melody([Note(0, 1, 74), Note(1, 1, 86)])
    cello = fitted(melody, family_named("cello"))  # 36 to 76: one octave down
    assert cello.pitches == (62, 74)
    assert fitted(melody, family_named("violin")).pitches == (74, 86)
    assert cello.tempo == 120


def test_a_package_verifies(studio, wish, out, protected, monkeypatch):
    make(wish, seed=11, out=out, studio=studio)
    monkeypatch.setattr("genaudio.production.package.open_screener", lambda catalogues: Screener(protected))
    found = verify_package(out)
    assert found.intact
    assert found.verdict == "clear"
    assert [check.name for check in found.checks] == ["files", "other files", "verdict", "record", "AI statement"]


def test_a_changed_package_does_not_verify(studio, wish, out, protected, monkeypatch):
    make(wish, seed=11, out=out, studio=studio)
    monkeypatch.setattr("genaudio.production.package.open_screener", lambda catalogues: Screener(protected))
    (out / "track.mid").write_bytes((out / "track.mid").read_bytes()[:-20])
    (out / "bonus.flac").write_bytes(b"")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["ai_statement"] = {}
    manifest["verdict"] = "review"
    (out / "manifest.json").write_text(json.dumps(manifest))
    failed = {check.name: check.detail for check in verify_package(out).checks if check.status == "failure"}
    assert failed["files"] == "track.mid was changed"
    assert failed["other files"] == "not in the manifest: bonus.flac"
    assert failed["record"] == "screening.json says clear, the manifest review"
    assert failed["AI statement"] == "missing in manifest.json"


def test_a_verdict_that_has_become_worse_is_told(studio, composer, wish, out, protected, monkeypatch, tmp_path):
    from checks import Catalogue, Work

    make(wish, seed=11, out=out, studio=studio)
    copied = Catalogue.build([Work("new", melody=random_tune(1011))], tmp_path / "new")
    monkeypatch.setattr("genaudio.production.package.open_screener", lambda catalogues: Screener(protected, copied))
    found = verify_package(out)
    assert found.verdict == "match"
    assert not found.intact


@pytest.mark.parametrize("content", [None, "{", "[]", '{"schema_version": 9}', '{"schema_version": 1}'])
def test_what_is_no_package_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(GenaudioError, match=r"manifest\.json"):
        verify_package(tmp_path)


def test_the_score_files_hold_the_same_notes(studio, wish, out):
    make(wish, seed=11, out=out, studio=studio)
    midi, xml = read_score(out / "track.mid"), read_score(out / "track.musicxml")
    assert [note.pitch for note in midi.notes] == [note.pitch for note in xml.notes] == list(random_tune(1011).pitches)


@pytest.mark.parametrize(
    ("own", "title"),
    [
        (None, "Reel in D major, no. 7"),
        ("  The\nHazel \x00 Lane\tReel ", "The Hazel Lane Reel"),
        ("x" * 200, "x" * 80),
        ("\n", "Reel in D major, no. 7"),
    ],
)
def test_titles_fit_on_a_cover(own, title):
    assert track_title("reel", replace(random_tune(1), title=own), 7) == title


def test_the_manifest_names_weights_of_ones_own(studio, wish, out):
    own = {"melody/model.safetensors": "f" * 64}
    (made,) = make(replace(wish, metres=("2/4",)), seed=11, out=out, studio=replace(studio, models=own))
    assert made.manifest["models"]["melody/model.safetensors"] == "f" * 64
    assert len(made.manifest["models"]["codec/model.safetensors"]) == 64
    assert "metres" not in made.manifest["settings"]
