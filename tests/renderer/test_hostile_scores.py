"""MIDI files that make little sense: what each is read as, and that what comes out is sound."""

from collections.abc import Iterable
from pathlib import Path

import mido
import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.renderer.performing import parts_of
from genaudio.renderer.renderer import Renderer
from genaudio.renderer.rendering import Rendering
from genaudio.score import Score, read_score
from genaudio.score.errors import ScoreError

Events = Iterable[tuple[float, mido.Message | mido.MetaMessage]]
"""(seconds at 120, message) in any order."""


def midi(path: Path, *tracks: Events) -> Score:
    """Write tracks of timed messages, 480 ticks a quarter, and read them."""
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    for events in tracks:
        track, now = mido.MidiTrack(), 0
        for at, message in sorted(events, key=lambda event: event[0]):
            tick = round(at * 960)
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    file.save(path)
    return read_score(path)


def note(start: float, end: float, pitch: int, channel: int = 0, velocity: int = 90) -> Events:
    yield start, mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)
    yield end, mido.Message("note_off", note=pitch, channel=channel)


def control(at: float, number: int, value: int) -> Events:
    yield at, mido.Message("control_change", control=number, value=value)


def check(rendering: Rendering) -> None:
    """Sound that can be published: finite, within bounds, not clipped."""
    assert np.isfinite(rendering.audio).all()
    assert 0 < np.abs(rendering.audio).max() < 1
    assert rendering.true_peak is None or rendering.true_peak <= -0.9


def test_notes_without_length_are_left_out(renderer: Renderer, tmp_path: Path) -> None:
    score = midi(tmp_path / "a.mid", [*note(0, 0, 60), *note(0.5, 1, 62), *note(1, 1, 64)])
    (part,) = parts_of(score)[0]
    assert [sounding.pitch for sounding in part.notes] == [62]
    check(renderer.render(score))
    with pytest.raises(GenaudioError, match="no notes to render"):
        renderer.render(midi(tmp_path / "b.mid", note(0, 0, 60)))


@pytest.mark.parametrize("program", [0, 32, 73])
def test_the_whole_keyboard_is_played_on_any_instrument(renderer: Renderer, tmp_path: Path, program: int) -> None:
    keys = [event for pitch in range(0, 128, 3) for event in note(pitch / 40, pitch / 40 + 0.2, pitch)]
    score = midi(tmp_path / "a.mid", [(0, mido.Message("program_change", program=program)), *keys])
    (part,) = parts_of(score)[0]
    assert [sounding.pitch for sounding in part.notes] == list(range(0, 128, 3)), "at their pitch"
    assert all(part.family.low <= sounding.pitch <= part.family.high for sounding in part.modelled)
    check(renderer.render(score))


@pytest.mark.slow
def test_ten_thousand_notes_in_a_second(renderer: Renderer, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    notes = zip(rng.random(10_000), rng.uniform(0.002, 0.1, 10_000), rng.integers(0, 128, 10_000), strict=True)
    events = [event for start, length, pitch in notes for event in note(start, start + length, int(pitch), 0, 127)]
    score = midi(tmp_path / "a.mid", events)
    (part,) = parts_of(score)[0]
    assert 2000 < len(part.notes) < 10_000, "of one pitch at most one in 20 ms"
    check(renderer.render(score))


def test_tempi_of_0_are_passed_over_and_hundreds_are_followed(renderer: Renderer, tmp_path: Path) -> None:
    plain = midi(tmp_path / "a.mid", [(0, mido.MetaMessage("set_tempo", tempo=0)), *note(0, 1, 60)])
    assert plain.seconds(2.0) == 1.0
    tempi = [(index / 40, mido.MetaMessage("set_tempo", tempo=300_000 + 1000 * (index % 7))) for index in range(400)]
    score = midi(tmp_path / "b.mid", [*tempi, *note(0, 9.9, 60), *note(9.9, 10, 62)])
    beats = 1 / 20  # 1/40 of a second at 120
    expected = sum(beats * (0.3 + 0.001 * (index % 7)) for index in range(400))
    assert score.seconds(20.0) == pytest.approx(expected, abs=1e-3)
    check(renderer.render(score))


def test_type_2_is_refused(tmp_path: Path) -> None:
    file = mido.MidiFile(type=2)
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=9)]))
    file.save(tmp_path / "a.mid")
    with pytest.raises(ScoreError, match="type 2"):
        read_score(tmp_path / "a.mid")


def test_32_tracks_one_of_them_empty(renderer: Renderer, tmp_path: Path) -> None:
    channels = [channel for channel in range(16) if channel != 9]
    tracks = [note(0, 0.3, 40 + index, channels[index % 15], 127) for index in range(31)]
    score = midi(tmp_path / "a.mid", *tracks, [])
    rendering = renderer.render(score, stems=True)
    assert len(rendering.stems) == 31
    check(rendering)
    assert all(np.isfinite(stem).all() and np.abs(stem).max() <= 1 for stem in rendering.stems.values())


def test_six_hours_are_refused_before_any_work(renderer: Renderer, tmp_path: Path) -> None:
    score = midi(tmp_path / "a.mid", [*note(0, 1, 60), *note(6 * 3600, 6 * 3600 + 1, 60)])
    with pytest.raises(GenaudioError, match=r"lasts 6\.0 h; at most 4 h"):
        renderer.render(score)


def test_overlaps_of_one_pitch_are_cut_where_it_is_struck_again(renderer: Renderer, tmp_path: Path) -> None:
    score = midi(tmp_path / "a.mid", [*note(0, 1.5, 60), *note(0.5, 2, 60), *note(1, 1.2, 60)])
    (part,) = parts_of(score)[0]
    starts = [sounding.start for sounding in part.notes]
    assert starts == [0.0, 0.5, 1.0]
    for one, following in zip(part.notes, part.notes[1:], strict=False):
        assert one.end <= following.start
    check(renderer.render(score))


def test_a_pedal_that_is_never_lifted_holds_to_the_end(renderer: Renderer, tmp_path: Path) -> None:
    score = midi(tmp_path / "a.mid", [*control(0, 64, 127), *note(0.1, 0.2, 60), *note(0.5, 0.6, 64), *note(3, 4, 67)])
    (part,) = parts_of(score)[0]
    assert [sounding.end for sounding in part.notes] == pytest.approx([4.0, 4.0, 4.0], abs=0.01)
    check(renderer.render(score))


def test_bends_reach_as_far_as_the_file_says(renderer: Renderer, tmp_path: Path) -> None:
    wide = [*control(0, 101, 0), *control(0, 100, 0), *control(0, 6, 24)]
    turns = [(0.1 * index, mido.Message("pitchwheel", pitch=(8191, -8192)[index % 2])) for index in range(1, 20)]
    score = midi(tmp_path / "a.mid", [*wide, *turns, *note(0, 2, 60), *note(0, 2, 127), *note(0, 2, 0)])
    (part,) = parts_of(score)[0]
    assert min(semitones for _, semitones in part.bends) == -24
    assert max(semitones for _, semitones in part.bends) == pytest.approx(24, abs=0.01)
    check(renderer.render(score))


def test_a_change_of_program_makes_another_stem(renderer: Renderer, tmp_path: Path) -> None:
    changed = [(0, mido.Message("program_change", program=40)), *note(0, 1, 60),
               (1, mido.Message("program_change", program=73)), *note(1, 2, 72),
               (2, mido.Message("program_change", program=40)), *note(2, 3, 64)]  # fmt: skip
    score = midi(tmp_path / "a.mid", changed)
    parts = parts_of(score)[0]
    assert [(part.family.name, [sounding.pitch for sounding in part.notes]) for part in parts] == [
        ("violin", [60, 64]), ("flute", [72])
    ]  # fmt: skip
    rendering = renderer.render(score, stems=True)
    assert len(rendering.stems) == 2
    check(rendering)


def test_loud_unisons_are_not_clipped(renderer: Renderer, tmp_path: Path) -> None:
    tracks = [[(0, mido.Message("program_change", program=0, channel=channel)), *note(0, 1, 60, channel, 127)]
              for channel in range(8)]  # fmt: skip
    check(renderer.render(midi(tmp_path / "a.mid", *tracks), loudness=-8.0))
