"""MIDI in and out; the files to read are put together with mido, event by event."""

import mido
import pytest

from genaudio.score import Key, Melody, Metre, Note, Score, ScoreError, Track, read_score, write_midi
from genaudio.score.midi_reader import tempo_from_microseconds
from genaudio.score.midi_writer import without_overlaps


def saved(path, *tracks, ticks=480, kind=1):
    """Save tracks of (delta ticks, message) pairs."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for events in tracks:
        file.tracks.append(mido.MidiTrack([message.copy(time=delta) for delta, message in events]))
    file.save(path)
    return path


def on(pitch, velocity=64, channel=0):
    return mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)


def off(pitch, channel=0):
    return mido.Message("note_off", note=pitch, channel=channel)


def control(number, value, channel=0):
    return mido.Message("control_change", control=number, value=value, channel=channel)


def meta(kind, **values):
    return mido.MetaMessage(kind, **values)


def spans(track):
    return [(note.onset, note.duration, note.pitch) for note in track.notes]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.mid"


def test_ticks_are_exact_at_any_resolution(path):
    # 96 ticks a quarter: a triplet eighth is 32 ticks
    saved(path, [(0, on(60)), (32, on(60, 0)), (0, on(62)), (32, off(62)), (5, on(64)), (1, off(64))], ticks=96)
    notes = read_score(path).tracks[0].notes
    assert [(note.onset_ticks, note.offset_ticks) for note in notes] == [(0, 160), (160, 320), (345, 350)]
    assert spans(read_score(path).tracks[0])[2] == (69 / 96, 1 / 96, 64)


def test_overlapping_notes_of_one_pitch_end_in_the_order_of_their_onsets(path):
    saved(path, [(0, on(60)), (240, on(60)), (240, off(60)), (480, off(60))])
    assert spans(read_score(path).tracks[0]) == [(0, 1, 60), (0.5, 1.5, 60)]


def test_a_note_that_is_never_ended_lasts_to_the_end_of_its_track(path):
    saved(path, [(0, on(60)), (960, meta("end_of_track"))])
    assert spans(read_score(path).tracks[0]) == [(0, 2, 60)]


def test_tracks_by_channel_and_program(path):
    saved(
        path,
        [
            (0, meta("track_name", name="Band")),
            (0, mido.Message("program_change", program=40)),
            (0, on(60)),
            (0, on(36, channel=9)),
            (480, off(60)),
            (0, off(36, channel=9)),
            (0, mido.Message("program_change", program=73)),
            (0, on(72)),
            (480, off(72)),
        ],
        kind=0,
    )
    score = read_score(path)
    assert [(t.program, t.drums, spans(t)) for t in score.tracks] == [
        (40, False, [(0, 1, 60)]),
        (73, False, [(1, 1, 72)]),
        (0, True, [(0, 1, 36)]),
    ]
    assert score.title == "Band"


def test_a_track_without_notes_sets_up_its_channel(path):
    setup = [(0, mido.Message("program_change", program=24, channel=3)), (0, control(10, 0, 3))]
    saved(path, setup, [(0, on(60, channel=3)), (480, off(60, channel=3))])
    (track,) = read_score(path).tracks
    assert (track.program, track.pan) == (24, -1)


def test_controllers(path):
    saved(
        path,
        [
            (0, control(7, 64)),
            (0, control(10, 127)),
            (0, on(60)),
            (240, control(64, 127)),
            (240, off(60)),
            (240, control(64, 0)),
            (240, control(64, 100)),
            (240, meta("end_of_track")),
        ],
        [(0, on(60, channel=1)), (480, off(60, channel=1))],
    )
    first, second = read_score(path).tracks
    assert first.volume == pytest.approx((64 / 127) ** 2)
    assert first.pan == 1
    assert first.pedal == ((0.5, 1.5), (2.0, 2.5))
    # where some tracks set a volume, the others have MIDI's default of 100
    assert second.volume == pytest.approx((100 / 127) ** 2)


def test_without_any_volume_all_tracks_are_at_full_gain(path):
    saved(path, [(0, on(60)), (480, off(60))])
    assert read_score(path).tracks[0].volume == 1


def test_pitch_bends_reach_two_semitones_unless_the_file_says_otherwise(path):
    wheel = [mido.Message("pitchwheel", pitch=pitch) for pitch in (4096, -8192)]
    notes = [(0, on(60)), (480, wheel[0]), (480, wheel[1]), (480, off(60))]
    saved(path, notes)
    assert read_score(path).tracks[0].bends == ((1.0, 1.0), (2.0, -2.0))
    saved(path, [(0, control(101, 0)), (0, control(100, 0)), (0, control(6, 12)), *notes])
    assert read_score(path).tracks[0].bends == ((1.0, 6.0), (2.0, -12.0))


def test_tempi_metres_and_keys(path):
    conductor = [
        (0, meta("set_tempo", tempo=500_000)),
        (0, meta("time_signature", numerator=6, denominator=8)),
        (0, meta("key_signature", key="Gm")),
        (1440, meta("set_tempo", tempo=1_000_000)),
        (0, meta("time_signature", numerator=2, denominator=4)),
        (0, meta("key_signature", key="Eb")),
    ]
    score = read_score(saved(path, conductor, [(0, on(60)), (480, off(60))]))
    assert score.tempi == ((0.0, 120.0), (3.0, 60.0))
    assert score.metres == ((0.0, Metre(6, 8)), (3.0, Metre(2, 4)))
    assert score.keys == ((0.0, Key(7, "minor")), (3.0, Key(3)))
    assert score.pickup == 0


def test_a_short_first_bar_is_a_pickup(path):
    conductor = [
        (0, meta("time_signature", numerator=1, denominator=4)),
        (480, meta("time_signature", numerator=3, denominator=4)),
    ]
    score = read_score(saved(path, conductor))
    assert (score.pickup, score.metres) == (1.0, ((0.0, Metre(3, 4)),))


def test_events_without_sense_are_passed_over(path):
    saved(path, [(0, meta("set_tempo", tempo=0)), (0, on(60)), (480, off(60)), (0, off(99))])
    data = path.read_bytes()
    # a metre of 0/4 and a key of 9 sharps, which mido refuses to write
    odd = b"\x00\xff\x58\x04\x00\x02\x18\x08\x00\xff\x59\x02\x09\x00"
    length = int.from_bytes(data[18:22], "big")
    path.write_bytes(data[:18] + (length + len(odd)).to_bytes(4, "big") + odd + data[22:])
    score = read_score(path)
    assert (score.tempi, score.metres, score.keys) == (((0.0, 120.0),), (), ())
    assert spans(score.tracks[0]) == [(0, 1, 60)]


def test_film_time_is_read_as_quarters_at_120(path):
    # 25 frames a second of 40 ticks: a second has 1000 ticks, a quarter at 120 has 500
    saved(path, [(0, on(60)), (500, off(60))])
    data = bytearray(path.read_bytes())
    data[12:14] = bytes([256 - 25, 40])
    path.write_bytes(data)
    score = read_score(path)
    assert spans(score.tracks[0]) == [(0, 1, 60)]
    assert score.duration == pytest.approx(0.5)


@pytest.mark.parametrize(("microseconds", "tempo"), [(500_000, 120), (618_557, 97), (600_000, 100), (615_385, 97.5)])
def test_tempi_come_back_as_round_numbers(microseconds, tempo):
    assert tempo_from_microseconds(microseconds) == tempo


def test_everything_that_midi_can_say_comes_back(path):
    score = Score(
        tracks=(
            Track(
                (Note(0, 1.5, 60, 100), Note(0, 1, 64, 1), Note(1, 1 / 3, 64, 127)),
                program=40,
                name="Geige ♪",
                volume=(90 / 127) ** 2,
                pan=-1.0,
                pedal=((0.0, 1.0), (1.5, 2.0)),
                bends=((0.5, 7.0), (1.0, 0.0)),
            ),
            Track((Note(0, 0.25, 36), Note(0.5, 0.25, 36)), drums=True, name="Drums", volume=1.0),
        ),
        tempi=((0.0, 97.0), (1.0, 60.5)),
        metres=((0.0, Metre(2, 4)), (2.0, Metre(3, 4))),  # not to be taken for a pickup
        keys=((0.0, Key(2, "dorian")), (2.0, Key(10))),
        title="Ünïcode",
        creator="Trad.",
    )
    write_midi(score, path)
    again = read_score(path)
    assert again.tracks[0].bends[0][1] == pytest.approx(7, abs=0.002)  # the wheel has 8192 steps a side
    assert again.tracks[0].bends[1] == (1.0, 0.0)
    for name in ("program", "drums", "name", "volume", "pan", "pedal"):
        assert [getattr(t, name) for t in again.tracks] == [getattr(t, name) for t in score.tracks], name
    assert [[(n.onset_ticks, n.offset_ticks, n.pitch, n.velocity) for n in t.notes] for t in again.tracks] == [
        [(n.onset_ticks, n.offset_ticks, n.pitch, n.velocity) for n in t.notes] for t in score.tracks
    ]
    for name in ("tempi", "metres", "keys", "pickup", "title", "creator"):
        assert getattr(again, name) == getattr(score, name), name


def test_another_program_sees_the_pickup_as_a_short_bar(path):
    write_midi(Melody([Note(0, 0.5, 62), Note(0.5, 3, 67)], Metre(6, 8), Key(7), 90, pickup=0.5), path, program=73)
    file = mido.MidiFile(path)
    assert (file.type, file.ticks_per_beat) == (1, 480)
    metres = [(m.time, m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"]
    assert metres == [(0, 1, 8), (240, 6, 8)]
    assert [m.program for m in file.tracks[1] if m.type == "program_change"] == [73]
    assert [m.time for m in file.tracks[1] if m.type == "note_on"] == [0, 240, 0, 1440]


def test_an_unknown_metre_stays_unknown(path):
    write_midi(Melody([Note(0, 1, 60)]), path)
    assert read_score(path).metres == ()


def test_the_range_of_wide_bends_is_set_before_the_first(path):
    write_midi(Score((Track((Note(0, 1, 60),), bends=((0.0, 5.0),)),)), path)
    events = [(m.control, m.value) for m in mido.MidiFile(path).tracks[1] if m.type == "control_change"]
    assert events[:3] == [(101, 0), (100, 0), (6, 5)]
    assert read_score(path).tracks[0].bends == ((0.0, pytest.approx(5, abs=0.002)),)


def test_overlaps_of_one_pitch_are_cut_at_the_next_onset():
    notes = [Note(0, 2, 60), Note(1, 2, 60), Note(1, 1, 60), Note(1, 1, 64)]
    assert without_overlaps(notes) == [Note(0, 1, 60), Note(1, 2, 60), Note(1, 1, 64)]


def test_a_tempo_too_slow_for_midi_is_refused(path):
    with pytest.raises(ScoreError, match=r"under 3\.58"):
        write_midi(Melody([Note(0, 1, 60)], tempo=2), path)
    assert not path.exists()


def test_a_score_without_notes_is_written_and_read(path):
    write_midi(Score(()), path)
    assert read_score(path).notes == ()


def test_music_that_is_too_long_for_the_writer_is_refused_in_a_sentence(tmp_path):
    write_midi(Melody([Note(0, 1, 60), Note(20_800, 1, 62)]), tmp_path / "long.mid")
    assert read_score(tmp_path / "long.mid").end == 20_801
    with pytest.raises(ScoreError, match="lasts 20834 quarter notes, and a MIDI file is written of 20832"):
        write_midi(Melody([Note(0, 1, 60), Note(20_833, 1, 62)]), tmp_path / "longer.mid")
    assert not (tmp_path / "longer.mid").exists()
