"""Recordings with their MIDI files as training material: what is read, what is put right, what is refused and why."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genaudio.audio import resample
from genaudio.errors import GenaudioError
from genaudio.renderer.alignment import align
from genaudio.renderer.pair_set import gather_pairs, open_pairs
from genaudio.renderer.pairs import find_pairs
from genaudio.score import Note, Score, Track
from tests.renderer.own.conftest import RATE, Pair, recorded, tune


def account_of(folder: Path, tmp_path: Path) -> dict[str, str]:
    """Why each file of a folder was left out."""
    account = gather_pairs(folder, tmp_path / "read", RATE)[2]
    return dict((*account.rejected, *account.unpaired))


@pytest.mark.parametrize(("name", "rate", "channels"), [
    ("a.wav", 44_100, 2), ("a.flac", 48_000, 1), ("a.ogg", 22_050, 2), ("a.mp3", 44_100, 1), ("a.wav", 96_000, 3),
])  # fmt: skip
def test_any_format_rate_and_number_of_channels_is_read(
    pair: Pair, tmp_path: Path, name: str, rate: int, channels: int
) -> None:
    score = tune(1)
    sound = np.repeat(resample(recorded(score)[None], RATE, rate), channels, 0)
    path = pair(name, score, sound, rate)
    pair("b.wav", tune(2))
    learnt, measured, account = gather_pairs(path.parent, tmp_path / "read", RATE)
    assert not account.rejected
    assert (account.pairs[0].rate, account.pairs[0].channels) == (rate, channels)
    assert (f"resampled: {name}, from {rate} Hz" in account.lines()) is (rate != RATE)
    assert abs(account.pairs[0].offset) < 0.03
    assert len(learnt) == len(measured) == 1
    for takes in (learnt, measured):
        assert takes.family(0).name == "piano"
        loud, known = takes.stretch(0, 0, takes.samples(0)), takes.excitation(0, 0, takes.samples(0)).sum(0)
        assert 0.02 < np.sqrt(np.mean(loud**2)) < 0.2
        assert np.corrcoef(np.abs(loud), np.abs(known))[0, 1] > 0.3


@pytest.mark.parametrize(("program", "drums"), [(0, False), (46, False), (0, True)])
def test_a_stretch_does_not_depend_on_the_cut(pair: Pair, tmp_path: Path, program: int, drums: bool) -> None:
    folder = pair("a.wav", tune(1, program, 20, drums)).parent
    pair("b.wav", tune(2, program, 20, drums))
    takes, _, _ = gather_pairs(folder, tmp_path / "read", RATE)
    whole = takes.excitation(0, 0, 8 * RATE)
    for start in (50_000, 150_000, 250_000):
        np.testing.assert_allclose(takes.excitation(0, start, 30_000), whole[:, start : start + 30_000], atol=1e-6)
    assert not takes.stretch(0, takes.samples(0) - 10, 30)[10:].any()
    notes = takes.notes(0, 2.0, 3.0)
    assert 0 < len(notes) < len(takes.notes(0, 0.0, 100.0))
    if program == 0 and not drums:
        assert all(note.start < 3.2 and note.end > 1.2 for note in notes)


@pytest.mark.parametrize("late", [0.31, -0.27])
def test_a_constant_offset_is_put_right_and_said(pair: Pair, tmp_path: Path, late: float) -> None:
    score, samples = tune(3), round(abs(late) * RATE)
    sound = recorded(score)
    moved = np.pad(sound, (samples, 0)) if late > 0 else sound[samples:]
    folder = pair("late.wav", score, moved).parent
    pair("other.wav", tune(4))
    learnt, measured, account = gather_pairs(folder, tmp_path / "read", RATE)
    (found,) = (each for each in account.pairs if each.name == "late.wav")
    assert found.corrected
    assert found.offset == pytest.approx(late, abs=0.01)
    assert any(f"{1000 * found.offset:+.0f} ms" in line for line in account.lines())
    takes = measured if "late.wav" in account.held_out else learnt
    again = align(
        lambda start, length: takes.stretch(0, start, length),
        lambda start, length: takes.excitation(0, start, length).sum(0), takes.samples(0), RATE,
    )  # fmt: skip
    assert abs(again.offset) < 0.01


def test_what_cannot_be_used_is_left_out_and_named(pair: Pair, tmp_path: Path) -> None:
    folder = pair("good.wav", tune(1)).parent
    pair("good too.wav", tune(2))
    pair("silent.wav", tune(3), np.zeros(9 * RATE))
    pair("short.wav", tune(3), recorded(tune(3))[: 5 * RATE // 2])
    pair("ends early.wav", tune(3, notes=40), recorded(tune(3, notes=40))[: 6 * RATE])
    pair("goes on.wav", tune(3), np.pad(recorded(tune(3)), (0, 60 * RATE)))
    pair("another tune.wav", tune(5, notes=30), recorded(tune(6, notes=30)))
    pair("duet.wav", Score(tune(7).tracks + tune(8, program=40).tracks), recorded(tune(7)))
    pair("nothing.wav", Score((Track(()),)), recorded(tune(7)))
    broken = pair("broken.flac", tune(9))
    broken.write_bytes(b"fLaC but not really")
    cut = pair("cut.flac", tune(9))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    spoilt = recorded(tune(9))
    spoilt[1000:1003] = np.nan, np.inf, np.nan
    soundfile.write(pair("spoilt.wav", tune(9)), spoilt, RATE, subtype="FLOAT")
    pair("patterns.wav", tune(9)).with_suffix(".mid").write_bytes(b"MThd\0\0\0\6\0\2\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0")
    pair("alone.wav", tune(10)).with_suffix(".mid").unlink()
    pair("unplayed.wav", tune(10)).unlink()
    account = gather_pairs(folder, tmp_path / "read", RATE)[2]
    assert {each.name for each in account.pairs} == {"good.wav", "good too.wav"}
    reasons = dict((*account.rejected, *account.unpaired))
    expected = {
        "silent.wav": "it is silent",
        "short.wav": "lasts 2.5 s; at least 4 s",
        "ends early.wav": "begins notes up to",
        "goes on.wav": "but its MIDI file ends after",
        "another tune.wav": "does not seem to play its MIDI file",
        "duet.wav": "plays 2 instruments (piano, violin); a pair is one instrument alone",
        "nothing.wav": "plays no notes",
        "broken.flac": "cannot be read as audio",
        "cut.flac": "",
        "spoilt.wav": "3 of its samples are no finite numbers",
        "patterns.wav": "type 2",
        "alone.wav": "no MIDI file is called alone.mid",
        "unplayed.mid": "no recording is called so",
    }
    assert reasons.keys() == expected.keys()
    for name, text in expected.items():
        assert text in reasons[name], name
        assert any(name in line for line in account.lines())
    kept = (tmp_path / "read" / "audio.s16").stat().st_size / 2
    assert kept == pytest.approx(RATE * sum(each.seconds for each in account.pairs), abs=RATE)


def test_a_recording_at_another_tempo_is_left_out(pair: Pair, tmp_path: Path) -> None:
    score = tune(11, notes=60)
    sound = recorded(score)
    slower = np.interp(np.arange(0, len(sound) - 1, 0.996), np.arange(len(sound)), sound)
    folder = pair("slow.wav", score, slower).parent
    pair("a.wav", tune(1))
    pair("b.wav", tune(2))
    reason = account_of(folder, tmp_path)["slow.wav"]
    assert "drifts away" in reason or "not at its tempo" in reason


def test_names_decide_who_belongs_together(pair: Pair, tmp_path: Path) -> None:
    folder = pair("one/x.wav", tune(1)).parents[1]
    pair("two/x.wav", tune(2))
    pair("audio/y.flac", tune(3)).with_suffix(".mid").rename(folder / "y.MID")
    pair("z.wav", tune(4))
    pair("z.flac", tune(4))
    found = find_pairs(folder)
    names = {(a.relative_to(folder).as_posix(), b.relative_to(folder).as_posix()) for a, b in found.pairs}
    assert names == {("one/x.wav", "one/x.mid"), ("two/x.wav", "two/x.mid"), ("audio/y.flac", "y.MID"),
                     ("z.flac", "z.mid")}  # fmt: skip
    assert [(path.name, why) for path, why in found.unpaired] == [("z.wav", "z.flac is paired with z.mid already")]


def test_drums_are_told_by_their_channel_and_two_hands_are_one_piano(pair: Pair, tmp_path: Path) -> None:
    folder = pair("kit.wav", tune(1, drums=True, notes=20)).parent
    pair("kit too.wav", tune(2, drums=True, notes=20))
    left, right = (tune(seed, program=program).tracks[0] for seed, program in ((3, 0), (4, 2)))
    sound = recorded(Score((left,)), 14.0) + recorded(Score((right,)), 14.0)
    pair("hands.wav", Score((left, right)), sound)
    account = gather_pairs(folder, tmp_path / "read", RATE)[2]
    assert {each.name: each.family for each in account.pairs} == {
        "hands.wav": "piano", "kit too.wav": "drums", "kit.wav": "drums"
    }  # fmt: skip
    assert next(each.notes for each in account.pairs if each.name == "hands.wav") == 28
    assert account.held_out[0].startswith("kit"), "no family is only measured on"


def test_what_was_read_before_is_opened_and_changes_are_seen(pair: Pair, tmp_path: Path) -> None:
    folder = pair("a.wav", tune(1)).parent
    pair("b.wav", tune(2))
    first = gather_pairs(folder, tmp_path / "read", RATE)[2]
    stamp = (tmp_path / "read" / "audio.s16").stat().st_mtime_ns
    assert gather_pairs(folder, tmp_path / "read", RATE)[2] == first == open_pairs(tmp_path / "read", RATE)[2]
    assert (tmp_path / "read" / "audio.s16").stat().st_mtime_ns == stamp
    pair("c.wav", tune(3))
    assert len(gather_pairs(folder, tmp_path / "read", RATE)[2].pairs) == 3
    json.loads((tmp_path / "read" / "done").read_text())


def test_too_little_to_learn_from_is_said(pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="there is no folder"):
        gather_pairs(tmp_path / "nowhere", tmp_path / "read", RATE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(GenaudioError, match="holds no recordings"):
        gather_pairs(tmp_path / "empty", tmp_path / "read", RATE)
    folder = pair("a.wav", tune(1)).parent
    pair("b.wav", Score((Track((Note(0, 1, 60),)),)), np.zeros(9 * RATE))
    with pytest.raises(GenaudioError, match=r"1 pairs .* two are the least.*b\.wav: it is silent"):
        gather_pairs(folder, tmp_path / "read", RATE)
    assert not (tmp_path / "read" / "done").exists()
