"""genaudio compose: what is given is kept, what cannot be is told in a sentence."""

import json

import pytest

from genaudio.score import Key, Melody, Metre, Note, Score, Track, read_score, write_midi
from tests.cli.shell import run

START = "X:1\nT:A start\nM:6/8\nL:1/8\nQ:1/4=150\nK:Ador\nE|A2A ABc|B2G GBd|e\n"


@pytest.fixture
def start(tmp_path):
    path = tmp_path / "start.abc"
    path.write_text(START)
    return path


@pytest.fixture
def whole(tmp_path):
    """Eight bars of 2/4 in quavers."""
    notes = [Note(place / 2, 0.5, (62, 66, 69, 66)[place % 4]) for place in range(32)]
    path = tmp_path / "whole.mid"
    write_midi(Melody(notes, Metre(2, 4), Key(2), 100.0), path)
    return path


def triples(path):
    return [(note.onset, note.duration, note.pitch) for note in read_score(path).notes]


@pytest.mark.parametrize("suffix", ["mid", "musicxml", "abc", "jsonl"])
def test_a_primer_is_gone_on_from(start, tmp_path, suffix):
    out = tmp_path / f"out.{suffix}"
    result = run("compose", "--primer", start, "--bars", "4", "--seed", "3", "--json", "-o", out)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    (work,) = found["works"]
    assert [tuple(note) for note in work["notes"][:12]] == triples(start)
    assert (work["key"], work["time_signature"], work["pickup"], work["title"]) == ("A dorian", "6/8", 0.5, "A start")
    assert work["notes"][-1][0] + work["notes"][-1][1] == 12.0
    assert found["settings"] == [
        {"style": None, "key": "A dorian", "metre": "6/8", "bars": 4, "tempo": 150.0, "pickup": 0.5,
         "form": None, "lowest": None, "highest": None, "density": None}
    ]  # fmt: skip
    assert found["given"] == {"file": str(start), "kept_notes": 12, "rewritten_bars": None, "remarks": []}
    again = run("compose", "--primer", out, "--bars", "6", "--seed", "3", "--json")
    assert json.loads(again.stdout)["works"][0]["notes"][: len(work["notes"])] == work["notes"]


def test_bars_are_rewritten(whole, tmp_path):
    out = tmp_path / "out.mid"
    words = ("compose", "--infill", whole, "--bars", "3-4", "--seed", "5", "--json")
    found = json.loads(run(*words, "-o", out).stdout)
    assert found["given"]["rewritten_bars"] == [3, 4]
    assert found["given"]["kept_notes"] == 24
    before, after = triples(whole), triples(out)
    assert [note for note in after if not 4 <= note[0] < 8] == [note for note in before if not 4 <= note[0] < 8]
    assert after != before
    assert json.loads(run(*words).stdout)["works"] == found["works"]


def test_what_is_assumed_is_said(tmp_path):
    path = tmp_path / "bare.jsonl"
    path.write_text(json.dumps({"id": "1", "notes": [[0, 1, 62], [1, 1, 66], [2, 1, 69], [3, 1, 62]]}))
    result = run("compose", "--primer", path, "--bars", "2", "--seed", "1", "--json")
    remarks = json.loads(result.stdout)["given"]["remarks"]
    assert remarks == [
        f"{path} has no time signature; it is read in 4/4, as nothing else is wished.",
        f"{path} says no key; its notes are read in D major.",
    ]
    assert all(remark in result.stderr for remark in remarks)


def test_chords_are_read_by_their_highest_notes_and_said(tmp_path):
    path = tmp_path / "chords.mid"
    notes = tuple(Note(place, 1, pitch) for place in range(4) for pitch in (62, 66, 69 + place))
    write_midi(Score((Track(notes),), metres=((0.0, Metre(4, 4)),), keys=((0.0, Key(2)),)), path)
    result = run("compose", "--primer", path, "--bars", "2", "--seed", "1", "--json")
    assert [note[2] for note in json.loads(result.stdout)["works"][0]["notes"][:4]] == [69, 70, 71, 72]
    assert "8 notes are left out" in result.stderr


def files(tmp_path):
    def save(name, notes, **more):
        write_midi(Melody([Note(*note) for note in notes], **more), tmp_path / name)

    save("odd.mid", [(0, 1, 62), (1, 0.2, 66), (1.2, 0.2, 67)], metre=Metre(2, 4), key=Key(2))
    save("five.mid", [(0, 2.5, 62), (2.5, 2.5, 66)], metre=Metre(5, 8), key=Key(2))
    save("long.mid", [(0.5 * place, 0.5, 62) for place in range(600)], metre=Metre(2, 4), key=Key(2))
    write_midi(Score((Track(()),)), tmp_path / "silent.mid")
    (tmp_path / "broken.mid").write_bytes(b"MThd")
    (tmp_path / "two.abc").write_text(START + "\n" + START.replace("X:1", "X:2"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--primer", "missing.mid"], "missing.mid"),
        (["--primer", "broken.mid"], "broken.mid"),
        (["--primer", "silent.mid"], "silent.mid has no notes of a pitched instrument"),
        (["--primer", "two.abc"], "two.abc holds 2 works where one is wanted"),
        (["--primer", "odd.mid", "--bars", "4"], "the note F#4 of 0.2 quarter notes at quarter note 1 (bar 1)"),
        (["--primer", "five.mid", "--bars", "4"], "the model writes no metre 5/8; it knows"),
        (["--primer", "long.mid"], "has 150 bars, and a melody has 128 at most"),
        (["--primer", "start.abc", "--bars", "2"], "fills 3 bars, and 2 are wished in all"),
        (["--primer", "start.abc", "--bars", "8", "--meter", "4/4"], "is in 6/8, the wish in 4/4"),
        (["--primer", "start.abc", "--bars", "8", "--key", "G"], "is in A dorian, the wish in G dorian"),
        (
            ["--primer", "start.abc", "--bars", "8", "--tempo", "90"],
            "goes at 150 quarter notes a minute, the wish at 90",
        ),
        (["--primer", "start.abc", "--bars", "5-8"], "'5-8'; a range such as 5-8 is for --infill"),
        (["--primer", "start.abc", "--infill", "whole.mid", "--bars", "3"], "give one of them"),
        (["--infill", "whole.mid"], "an infill needs the bars that are to be written anew, such as 5-8"),
        (["--infill", "whole.mid", "--bars", "8-5"], "the bars 8-5 run backwards; write the range as 5-8"),
        (["--infill", "whole.mid", "--bars", "0-2"], "bar 0 is the pickup"),
        (["--infill", "whole.mid", "--bars", "7-9"], "the bars 7-9 are not all there"),
        (["--infill", "whole.mid", "--bars", "some"], "'some' is no range of bars"),
        (["--bars", "many"], "the number of bars must be a whole number, not 'many'"),
    ],
)
def test_what_cannot_be_given_is_2(tmp_path, monkeypatch, start, whole, words, message):
    files(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = run("compose", *words, "-o", "out.mid")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.mid").exists()
