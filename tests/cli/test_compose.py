"""genaudio compose: what is given is kept, what cannot be is told in a sentence."""

import inspect
import json

import pytest

from genaudio.cli import compose, make
from genaudio.melody import Wish
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


@pytest.mark.parametrize("command", ["compose", "make"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--form", "AABA", "--bars", "30"], "into which 30 bars cannot be divided; wish 28 or 32"),
        (["--form", "rondo!"], "'rondo!' is no form; write 1 to 16 letters"),
        (["--range", "D4"], "'D4' is no range of pitches; write it like D4-B5"),
        (["--range", "B5-D4"], "runs downwards; write it as D4-B5"),
        (["--range", "D4-E4"], "spans 2 semitones; a melody needs 7"),
        (["--range", "D4-B5", "--lowest", "C4"], "leave the others out"),
        (["--lowest", "H4"], "'H4' is no pitch; write it like D4, F#5 or Bb3"),
        (["--style", "reel:0.6,techno:0.4"], "unknown style 'techno'; the styles are air,"),
        (["--style", "reel:0.6,air"], "weighs some of its styles"),
        (["--style", "reel:0,air:1"], "'reel:0' has no weight more than 0"),
        (["--density", "0"], "density must be from 0.5 to 32, not 0"),
        (["--top-p", "0"], "top_p must be from more than 0 to 1, not 0"),
        (["--guidance", "11"], "guidance must be from 0 to 10, not 11"),
        (["--guard", "-1"], "guard must be from 0 to 10, not -1"),
    ],
)
def test_wishes_that_contradict_themselves_are_2(tmp_path, command, words, message):
    result = run(command, *words, "--out", tmp_path / ("out.mid" if command == "compose" else "track"))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_more_notes_than_a_bar_holds_are_2():
    result = run("compose", "--density", "30", "--meter", "2/4", "--seed", "1")
    assert result.exit_code == 2
    assert "30 notes do not go into a bar of 2/4; wish a density of" in result.stderr


def test_form_range_density_and_blend_are_wished_and_reported(tmp_path):
    out = tmp_path / "out.mid"
    result = run(
        "compose", "--style", "reel:3,air:1", "--form", "abac", "--bars", "8", "--range", "D4-B5", "--density", "6",
        "--guidance", "1.5", "--seed", "4", "--json", "-o", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    (settings,) = json.loads(result.stdout)["settings"]
    assert settings["style"] == "reel:0.75,air:0.25"
    wished = {"bars": 8, "form": "ABAC", "lowest": "D4", "highest": "B5", "density": 6.0}
    assert {name: settings[name] for name in wished} == wished
    melody = json.loads(result.stdout)["works"][0]
    section = 2 * float(Metre.parse(melody["time_signature"]).bar)

    def part(number):
        rows = [(onset - number * section, length, pitch) for onset, length, pitch in melody["notes"]]
        return [(round(onset, 6), length, pitch) for onset, length, pitch in rows if 0 <= round(onset, 6) < section]

    assert part(0) == part(2) != part(1)
    assert all(62 <= note.pitch <= 83 for note in read_score(out).notes)


def test_settings_of_a_file_reach_the_new_wishes(tmp_path):
    settings = tmp_path / "wishes.yaml"
    settings.write_text("form: AB\nbars: 4\nrange: A4-A5\nmin-p: 0.1\n")
    result = run("compose", "--config", settings, "--seed", "2", "--json")
    assert result.exit_code == 0, result.stderr
    (found,) = json.loads(result.stdout)["settings"]
    assert (found["form"], found["bars"], found["lowest"], found["highest"]) == ("AB", 4, "A4", "A5")


def test_a_wished_range_is_not_moved_to_the_instruments_octave():
    from genaudio.instruments import family_named
    from genaudio.melody import Wish
    from genaudio.production.studio import fitted

    low = Melody([Note(place, 1, 40 + place) for place in range(4)], Metre(4, 4), Key(0), 90.0)
    violin = family_named("violin")
    assert fitted(low, violin).pitches != low.pitches
    assert fitted(low, violin, moves=not Wish(lowest="C2").ranged).pitches == low.pitches
    assert not Wish().ranged


def test_triplets_are_kept_and_so_are_notes_a_little_off(tmp_path):
    """To the tick: the model hears them on its grid."""
    triplets = [Note(place / 3, 1 / 3, 62 + place % 5) for place in range(12)]
    played = [Note(place / 2 + (0, 0.0125, 0.025)[place % 3], 0.45, 62 + place % 5) for place in range(10)]
    for name, notes in (("triplets", triplets), ("played", played)):
        path = tmp_path / f"{name}.mid"
        write_midi(Melody(notes, Metre(4, 4), Key(2)), path)
        result = run("compose", "--primer", path, "--bars", "3", "--seed", "1", "-o", tmp_path / "out.mid", "--json")
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["given"]["kept_notes"] == len(notes)
        assert triples(tmp_path / "out.mid")[: len(notes)] == triples(path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--primer", "many.mid"], "many.mid has 2100 notes, and the model's context holds 2048; give a part of it"),
        (["--infill", "many.mid", "--bars", "3"], "holds 2048"),
        (["--primer", "change.mid"], "change.mid changes its metre from 4/4 to 3/4 at quarter note 4"),
        (["--primer", "drums.mid"], "drums.mid has no notes of a pitched instrument"),
        (["--primer", "none.jsonl"], "none.jsonl has no notes of a pitched instrument"),
        (["--primer", "zero.mid"], "zero.mid is empty"),
        (["--infill", "change.mid", "--bars", "1"], "changes its metre"),
        (["--infill", "held.mid", "--bars", "3"], "are filled by the note D4 that begins before them and is kept"),
        (["--infill", "held.mid", "--bars", "3", "--form", "AABA"], "keeps the form that it has; leave AABA out"),
        (["--primer", "seven.mid"], "the model writes no metre 7/8; it knows 2/2"),
    ],
)
def test_what_no_model_can_go_on_from_is_2(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    quavers = tuple(Note(place / 2, 0.5, 62 + place % 5) for place in range(16))
    both = ((0.0, Metre(4, 4)), (4.0, Metre(3, 4)))
    write_midi(Melody([Note(0.25 * place, 0.25, 62) for place in range(2100)], Metre(4, 4)), "many.mid")
    write_midi(Score((Track(quavers),), metres=both), "change.mid")
    write_midi(Score((Track(quavers, drums=True),)), "drums.mid")
    write_midi(Melody([Note(0, 16, 62)], Metre(4, 4)), "held.mid")
    write_midi(Melody(quavers[:14], Metre(7, 8)), "seven.mid")
    (tmp_path / "none.jsonl").write_text('{"id": "1", "notes": []}\n')
    (tmp_path / "zero.mid").write_bytes(b"")
    result = run("compose", *words, "-o", "out.mid")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.mid").exists()


def test_without_a_time_signature_the_wished_metre_is_taken(tmp_path):
    path = tmp_path / "bare.mid"
    write_midi(Melody([Note(place / 2, 0.5, 62 + place % 5) for place in range(12)]), path)
    result = run("compose", "--primer", path, "--meter", "6/8", "--bars", "6", "--seed", "1", "--json")
    assert json.loads(result.stdout)["works"][0]["time_signature"] == "6/8"
    assert f"{path} has no time signature; it is read in 6/8, as wished." in result.stderr


@pytest.mark.parametrize("name", ["temperature", "top_p", "min_p", "guidance", "guard"])
def test_what_is_not_said_is_as_in_a_wish(name):
    for command in (compose.compose, make.make):
        assert inspect.signature(command).parameters[name].default == getattr(Wish(), name)


def test_melodies_in_bfloat16_are_as_wished():
    pytest.importorskip("numba")
    result = run("compose", "--bars", "4", "--count", "2", "--seed", "3", "--precision", "bfloat16", "--json")
    assert result.exit_code == 0, result.stderr
    works = json.loads(result.stdout)["works"]
    assert len(works) == 2
    assert all(work["notes"] for work in works)


def test_another_precision_is_2():
    result = run("compose", "--bars", "4", "--precision", "int4")
    assert result.exit_code == 2
    assert "precision must be float32 or bfloat16" in result.stderr
