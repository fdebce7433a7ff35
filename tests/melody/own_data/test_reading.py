"""Files of one's own as tunes: rhythms, styles, metres, and a reason for all that is left out."""

from pathlib import Path

import pytest

from genaudio.errors import GenaudioError
from genaudio.melody.own_data.account import Account
from genaudio.melody.own_data.rhythm import quantised
from genaudio.melody.own_data.styles import folder_style, style_name, tune_type
from genaudio.melody.own_data.tunes import OwnTune, read_tunes, steady_part
from genaudio.melody.places import placed
from genaudio.score import Entry, Key, Melody, Metre, Note, Score, Track, write_entries, write_midi

PITCHES = (62, 64, 66, 67, 69, 67, 66, 64)
KNOWN = ("jig", "reel", "slip jig")


def quavers(count: int = 32, **more: object) -> Melody:
    notes = [Note(place / 2, 0.5, PITCHES[place % 8]) for place in range(count)]
    return Melody(notes, **{"metre": Metre(4, 4), "key": Key(2), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tick", "place"),
    [
        (240, 240), (160, 160), (90, 90), (40, 40),  # on the grid
        (113, 120), (131, 120), (149, 160), (229, 240),  # near a semiquaver or a quaver triplet
        (55, 60), (85, 80), (100, 120),
        (192, None), (37, None),  # a quintuplet; between all
    ],
)  # fmt: skip
def test_places(tick: int, place: int | None) -> None:
    assert placed(tick) == place


def test_shortened_notes_are_held_to_the_next_and_real_rests_stay() -> None:
    notes = [Note(0, 0.475, 60), Note(0.5, 0.48, 62), Note(1, 0.5, 64), Note(2, 0.94, 65)]
    found = quantised(Melody(notes, Metre(4, 4)))
    assert found is not None
    melody, moved = found
    assert [(note.onset, note.duration) for note in melody.notes] == [(0, 0.5), (0.5, 0.5), (1, 0.5), (2, 1)]
    assert moved == 3
    again = quantised(melody)
    assert again is not None
    assert again[1] == 0


def test_free_playing_is_no_rhythm() -> None:
    notes = [Note(place * 0.4, 0.3, 60) for place in range(5)]  # quintuplets
    assert quantised(Melody(notes, Metre(4, 4))) is None


@pytest.mark.parametrize(
    ("text", "style"),
    [("Slip-Jigs", "slip jig"), ("reels", "reel"), ("My Songs!", "my songs"), ("a:b,c", "a b c"), ("07", "other"),
     ("", "other"), ("märsche", "märsche")],
)  # fmt: skip
def test_style_names(text: str, style: str) -> None:
    assert style_name(text, KNOWN) == style


def test_styles_of_tunes_and_folders(tmp_path: Path) -> None:
    assert tune_type("Double Jig", KNOWN) == "jig"
    assert tune_type("Mazurka", KNOWN) == "mazurka"
    assert folder_style(tmp_path, tmp_path / "Reels" / "1.mid", KNOWN) == "reel"
    assert folder_style(tmp_path / "book.abc", tmp_path / "book.abc", KNOWN) == "book"


def test_the_longest_part_in_one_metre_is_taken() -> None:
    melody = quavers(40, pickup=0.5)
    metres = [(0.0, Metre(4, 4)), (4.5, Metre(3, 4)), (16.5, Metre(4, 4))]
    part = steady_part(melody, metres)
    assert (len(part), str(part.metre), part.pickup, part.notes[0].onset) == (24, "3/4", 0.0, 0.0)
    assert steady_part(melody, metres[:1]) is melody


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Music of all kinds, and what goes wrong with it."""
    root = tmp_path / "mine"
    for name in ("Reels", "songs"):
        (root / name).mkdir(parents=True)
    write_midi(quavers(), root / "Reels" / "plain.mid")
    write_midi(quavers(metre=None, key=None), root / "songs" / "bare.mid")
    chords = tuple(Note(place / 2, 0.5, pitch) for place in range(32) for pitch in (50, PITCHES[place % 8]))
    bass = tuple(Note(place, 1, 40) for place in range(16))
    write_midi(Score((Track(chords), Track(bass)), metres=((0.0, Metre(4, 4)),)), root / "songs" / "chords.mid")
    write_midi(quavers(8), root / "songs" / "short.mid")
    write_midi(Melody([Note(0.4 * k, 0.3, 60 + k % 9) for k in range(40)], Metre(4, 4)), root / "songs" / "free.mid")
    write_midi(Score((Track(()),)), root / "songs" / "silent.mid")
    (root / "songs" / "broken.mid").write_bytes(b"MThd")
    (root / "songs" / "empty.musicxml").write_bytes(b"")
    write_entries([Entry("one", quavers(40)), Entry("two", quavers(36))], root / "list.jsonl")
    with (root / "list.jsonl").open("a") as file:
        file.write("nonsense\n")
    body = "|:" + "DEFG AGFE|" * 4 + ":|"
    tune = f"X:1\nT:Twice\nR:double jig\nM:6/8\nL:1/8\nK:D\n{body.replace('DEFG AGFE', 'DEF GFE')}\n\n"
    (root / "book.abc").write_text(tune + "X:2\nT:Bad\nM:4/4\nL:1/8\nnothing\n")
    (root / "cover.jpg").write_bytes(b"x")
    return root


def read(root: Path, style: str | None = None) -> tuple[list[OwnTune], Account]:
    account = Account()
    tunes = list(read_tunes([root], style, KNOWN, account, lambda share, what: None))
    return tunes, account


def test_all_kinds_are_read_and_every_reject_has_a_reason(folder: Path) -> None:
    tunes, account = read(folder)
    assert {tune.id: tune.style for tune in tunes} == {
        "Reels/plain.mid": "reel", "songs/bare.mid": "songs", "songs/chords.mid": "songs", "list.jsonl:one": "mine",
        "list.jsonl:two": "mine", "book.abc:tune 1": "jig",
    }  # fmt: skip
    rejects = {Path(reject.file).name: reject.reason for reject in account.rejects}
    assert rejects == {
        "short.mid": "shorter than 16 notes and 4 bars", "free.mid": "played too freely for note values; quantise it",
        "silent.mid": "no notes of a pitched instrument", "broken.mid": "cannot be read",
        "empty.musicxml": "cannot be read", "list.jsonl": "cannot be read", "book.abc": "cannot be read",
    }  # fmt: skip
    assert [reject.place for reject in account.rejects if reject.file.endswith((".jsonl", ".abc"))] == [
        "tune 2",
        "line 3",
    ]
    assert account.files == 10
    assert account.works == len(tunes) + len(account.rejects) == 13
    assert account.other_files == {".jpg": 1}
    assert account.readings["without a time signature, read in 4/4"] == 1
    assert account.readings["of several voices the melody taken"] == 1
    assert account.left_out_notes == 32


def test_abc_is_learnt_with_each_part_once(folder: Path) -> None:
    (tune,) = [tune for tune in read(folder)[0] if tune.style == "jig"]
    assert len(tune.melody) == 24
    assert tune.melody.title == "Twice"


def test_one_style_for_all_and_files_by_name(folder: Path) -> None:
    assert {tune.style for tune in read(folder, "My-Style")[0]} == {"my style"}
    account = Account()
    (tune, *_) = read_tunes([folder / "list.jsonl"], None, KNOWN, account, lambda share, what: None)
    assert tune.style == "list"


def test_missing_and_empty_places_are_told(tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="there is no file or folder"):
        read(tmp_path / "none")
    with pytest.raises(GenaudioError, match=r"no \.abc, \.jsonl, .* file in"):
        read(tmp_path)


def test_the_account_is_text_and_json(folder: Path) -> None:
    account = read(folder)[1]
    content = account.as_json()
    assert content["rejected"]["cannot be read"] == 4
    assert len(content["rejects"]) == 7
    assert "of several metres the longest part in one taken" not in content["readings"], "nothing is counted as 0"
    text = "\n".join(account.lines(most=2))
    assert "10 files" in text
    assert "and 5 more" in text
