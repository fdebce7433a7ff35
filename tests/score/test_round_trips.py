"""What is written comes back note for note: hypothesis makes the melodies."""

import tempfile
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genaudio.score import (
    MODES,
    TICKS_PER_QUARTER,
    Entry,
    Key,
    Melody,
    Metre,
    Note,
    Score,
    Track,
    read_entries,
    read_score,
    write_abc,
    write_entries,
    write_midi,
    write_musicxml,
)
from genaudio.score.midi_writer import without_overlaps

METRES = [Metre(2, 4), Metre(3, 4), Metre(4, 4), Metre(2, 2), Metre(6, 8), Metre(9, 8), Metre(12, 8), Metre(5, 8)]
RHYTHMS = st.one_of(
    st.sampled_from([[60], [120], [240], [360], [480], [720], [960], [1200], [1440], [1920], [2400]]),
    st.sampled_from([[160, 160, 160], [320, 160], [320, 320, 320], [96] * 5, [640, 160, 160], [1120, 320]]),
)
KEYS = st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(MODES)))


@st.composite
def melodies(draw, rhythms=RHYTHMS):
    """Melodies on the tick grid, with rests, triplets, quintuplets, notes over bar lines and pickups."""
    tick, notes = 0, []
    for ticks in chain.from_iterable(draw(st.lists(rhythms, max_size=8))):
        if draw(st.integers(0, 4)):
            notes.append(Note(tick / TICKS_PER_QUARTER, ticks / TICKS_PER_QUARTER, draw(st.integers(24, 108))))
        tick += ticks
    metre = draw(st.sampled_from(METRES))
    pickup = draw(st.sampled_from([ticks for ticks in (0, 0, 60, 240, 480, 720) if ticks < metre.bar_ticks]))
    tempo = draw(st.sampled_from([60.0, 97.0, 97.5, 200.0]))
    return Melody(notes, metre, draw(KEYS), tempo, "A tune", pickup / TICKS_PER_QUARTER)


def ticks(music: Melody | Score | Track) -> list[tuple[int, int, int]]:
    return sorted((note.onset_ticks, note.offset_ticks, note.pitch) for note in music.notes)


def come_back(melody: Melody, write, suffix: str) -> Score:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"tune{suffix}"
        write(melody, path)
        return read_score(path)


def assert_same(score: Score, melody: Melody) -> None:
    assert ticks(score) == ticks(melody)
    assert score.pickup == melody.pickup
    assert score.metres == ((0.0, melody.metre),)
    assert score.tempi == ((0.0, melody.tempo),)
    assert score.title == melody.title
    if melody.key is not None:
        assert score.keys == ((0.0, melody.key),)


few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(melodies())
def test_midi(melody):
    assert_same(come_back(melody, write_midi, ".mid"), melody)


@few
@given(melodies())
def test_musicxml(melody):
    assert_same(come_back(melody, write_musicxml, ".musicxml"), melody)


@few
@given(melodies())
def test_abc(melody):
    assert_same(come_back(melody, write_abc, ".abc"), melody)


@few
@given(melodies(st.lists(st.integers(1, 3000), min_size=1, max_size=3)))
@pytest.mark.parametrize(
    ("write", "suffix"), [(write_midi, ".mid"), (write_musicxml, ".musicxml"), (write_abc, ".abc")]
)
def test_lengths_that_no_notation_has(write, suffix, melody):
    assert ticks(come_back(melody, write, suffix)) == ticks(melody)


@few
@given(st.lists(melodies(), max_size=3))
def test_jsonl(tunes):
    entries = [Entry(str(number), melody, melody.title) for number, melody in enumerate(tunes)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "works.jsonl"
        write_entries(entries, path)
        if entries:
            assert read_entries(path) == entries


@st.composite
def scores(draw):
    """Two tracks of notes that overlap as they like, except on one pitch, and one of drums."""
    tracks = []
    for drums in (False, False, True):
        places = draw(st.sets(st.tuples(st.integers(0, 16), st.integers(30, 90)), min_size=1, max_size=8))
        lengths = st.sampled_from([240, 480] if drums else [80, 240, 720, 2000])
        notes = [Note(place / 2, draw(lengths) / TICKS_PER_QUARTER, pitch) for place, pitch in sorted(places)]
        tracks.append(Track(without_overlaps(notes), draw(st.integers(0, 127)), drums, f"Track {len(tracks)}"))
    metres = ((0.0, Metre(4, 4)), (4.0, Metre(3, 4)))
    return Score(tuple(tracks), ((0.0, 90.0), (2.5, 60.0)), metres, ((0.0, Key(0)), (4.0, Key(9, "minor"))), title="S")


@settings(few, max_examples=15)
@given(scores())
@pytest.mark.parametrize(("write", "suffix"), [(write_midi, ".mid"), (write_musicxml, ".musicxml")])
def test_scores(write, suffix, score):
    again = come_back(score, write, suffix)
    assert [ticks(track) for track in again.tracks] == [ticks(track) for track in score.tracks]
    assert [(t.program, t.drums, t.name) for t in again.tracks] == [(t.program, t.drums, t.name) for t in score.tracks]
    assert again.tempi == score.tempi
    assert again.title == score.title
    if score.end > 4:
        assert (again.metres, again.keys) == (score.metres, score.keys)
