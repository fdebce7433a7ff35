"""Scores as MIDI files of type 1 with 480 ticks a quarter note, by pretty_midi with its exactness repaired.

pretty_midi thinks in seconds and truncates tempi; times are handed to it as the very seconds that it has for a tick,
and tempi with a margin, so that ticks and tempi come back exactly. What it cannot write (the title, the range of
pitch bends, a file whose metre is unknown) is put in afterwards with mido, which it is built on.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from genaudio.score.errors import ScoreError
from genaudio.score.key import Key
from genaudio.score.melody import Melody
from genaudio.score.metre import Metre
from genaudio.score.midi_reader import TEXT_MARK
from genaudio.score.note import TICKS_PER_QUARTER, Note, to_ticks
from genaudio.score.read_files import write_bytes
from genaudio.score.score import Score, Track

if TYPE_CHECKING:
    from mido import MidiFile
    from pretty_midi import Instrument, PrettyMIDI

_SLOWEST_TEMPO = 60e6 / 0xFFFFFF
_LONGEST = 10_000_000
"""Ticks to which pretty_midi counts: 20,833 quarter notes, nearly three hours at 120 a minute."""
_NARROWEST_BEND, _WIDEST_BEND = 2, 24
"""Semitones: what every synthesizer assumes, and what MIDI asks it to be able to do."""


def write_midi(music: Score | Melody, path: str | os.PathLike[str], program: int = 0) -> None:
    """Write a score, or a melody for one instrument, as a MIDI file; time 0 is the beginning of the pickup.

    Overlapping notes of one pitch are resolved: the later one cuts the earlier, and of two that begin together the
    longer stays.

    Args:
        music: what to write.
        path: the file, replaced where it exists.
        program: General MIDI program of a melody; a score's tracks have their own.

    Raises:
        ScoreError: the tempo is slower than MIDI knows (3.6 a minute), the music is longer than 20,832 quarter notes,
            or the file cannot be written.
    """
    score = Score.from_melody(music, program) if isinstance(music, Melody) else music
    write_bytes(path, midi_bytes(score))


def midi_bytes(score: Score) -> bytes:
    """Return the content of a MIDI file.

    Raises:
        ScoreError: the tempo is slower than MIDI knows, or the music is longer than 20,832 quarter notes.
    """
    import mido
    from pretty_midi import PrettyMIDI, Text

    midi = PrettyMIDI(resolution=TICKS_PER_QUARTER, charset="utf-8")
    midi._tick_scales = _tick_scales(score.tempi)
    last = max([score.end, *(t for track in score.tracks for t in _control_times(track)), *_signature_times(score)])
    if to_ticks(last) + 1 >= _LONGEST:
        most = _LONGEST // TICKS_PER_QUARTER - 1
        raise ScoreError(f"the music lasts {last:.0f} quarter notes, and a MIDI file is written of {most} at most")
    midi._update_tick_to_time(to_ticks(last) + 1)
    _add_signatures(midi, score)
    midi.text_events = [Text(TEXT_MARK + text, midi.tick_to_time(tick)) for tick, text in _texts(score)]
    loud = all(track.volume == 1 for track in score.tracks)
    midi.instruments = [_instrument(midi, track, loud) for track in score.tracks]
    draft = io.BytesIO()
    midi.write(draft)
    draft.seek(0)
    file = mido.MidiFile(file=draft, charset="utf-8")
    _complete(file, score)
    finished = io.BytesIO()
    file.save(file=finished)
    return finished.getvalue()


def _tick_scales(tempi: Iterable[tuple[float, float]]) -> list[tuple[int, float]]:
    """Return (tick, seconds a tick) as pretty_midi keeps a tempo map."""
    scales: dict[int, float] = {}
    for onset, tempo in tempi:
        if tempo < _SLOWEST_TEMPO:
            raise ScoreError(f"a MIDI file cannot have a tempo under {_SLOWEST_TEMPO:.2f}; this one is {tempo:g}")
        # the margin of a quarter of a microsecond outlives pretty_midi's truncation
        scales[to_ticks(onset)] = (round(60e6 / tempo) + 0.25) / 1e6 / TICKS_PER_QUARTER
    return sorted(scales.items())


def _control_times(track: Track) -> list[float]:
    return [*(up for _, up in track.pedal), *(onset for onset, _ in track.bends)]


def _signature_times(score: Score) -> list[float]:
    return [score.pickup, *(onset for onset, _ in score.metres), *(onset for onset, _ in score.keys)]


def _add_signatures(midi: PrettyMIDI, score: Score) -> None:
    """Add metres, with a pickup as a short first bar where a metre can say it, and keys by their signature."""
    from pretty_midi import KeySignature, TimeSignature

    for onset, metre in _metres_with_pickup(score):
        midi.time_signature_changes.append(
            TimeSignature(metre.numerator, metre.denominator, midi.tick_to_time(to_ticks(onset)))
        )
    for onset, key in score.keys:
        midi.key_signature_changes.append(KeySignature(_key_number(key), midi.tick_to_time(to_ticks(onset))))


def _metres_with_pickup(score: Score) -> list[tuple[float, Metre]]:
    """Return the metres as bars are counted in MIDI: from the first tick."""
    short = _short_bar(score.pickup)
    if not score.metres or short is None or short.bar >= score.metres[0][1].bar:
        return list(score.metres)
    (start, first), *others = score.metres
    if start > 0 or any(onset <= score.pickup for onset, _ in others):
        return list(score.metres)
    return [(0.0, short), (score.pickup, first), *others]


def _short_bar(pickup: float) -> Metre | None:
    """Return the metre of which a pickup is one bar (1/4, 3/8...), or None."""
    bar = Fraction(to_ticks(pickup), 4 * TICKS_PER_QUARTER)
    for denominator in (4, 8, 16, 32, 64):
        beats = bar * denominator
        if beats.denominator == 1 and 1 <= beats <= 64:
            return Metre(int(beats), denominator)
    return None


def _key_number(key: Key) -> int:
    """Return pretty_midi's number of the major key, or in minor and modes near it the minor key, of a signature."""
    if key.mode in ("major", "lydian", "mixolydian"):
        return 7 * key.fifths % 12
    return (7 * key.fifths + 9) % 12 + 12


def _texts(score: Score) -> list[tuple[int, str]]:
    """Return (tick, text) of what MIDI has no event for."""
    texts = []
    if score.pickup or len(score.metres) > 1:
        texts.append((0, f"pickup={to_ticks(score.pickup)}"))
    if score.creator:
        texts.append((0, f"creator={score.creator}"))
    modal = any(key.mode not in ("major", "minor") for _, key in score.keys)
    texts += [(to_ticks(onset), f"key={key}") for onset, key in score.keys if modal]
    return texts


def _instrument(midi: PrettyMIDI, track: Track, loud: bool) -> Instrument:
    """Turn a track into pretty_midi's form; `loud` leaves out volumes, as all tracks have the full one."""
    from pretty_midi import ControlChange, Instrument, PitchBend
    from pretty_midi import Note as PrettyNote

    instrument = Instrument(track.program, track.drums, track.name)
    second = midi.tick_to_time
    for note in without_overlaps(track.notes):
        start, end = note.onset_ticks, max(note.offset_ticks, note.onset_ticks + 1)
        instrument.notes.append(PrettyNote(int(note.velocity), int(note.pitch), second(start), second(end)))
    if not loud:
        instrument.control_changes.append(ControlChange(7, round(127 * min(1.0, max(0.0, track.volume)) ** 0.5), 0.0))
    if track.pan:
        instrument.control_changes.append(ControlChange(10, max(0, 64 + round(63 * min(1.0, track.pan))), 0.0))
    for down, up in track.pedal:
        instrument.control_changes.append(ControlChange(64, 127, second(to_ticks(down))))
        instrument.control_changes.append(ControlChange(64, 0, second(to_ticks(up))))
    for onset, semitones in track.bends:
        wheel = max(-8192, min(8191, round(semitones / _bend_range(track) * 8192)))
        instrument.pitch_bends.append(PitchBend(wheel, second(to_ticks(onset))))
    return instrument


def without_overlaps(notes: Iterable[Note]) -> list[Note]:
    """Cut each note where the next of its pitch begins; of those that begin together the longest stays."""
    kept: list[Note] = []
    last: dict[int, int] = {}  # pitch -> place in `kept`
    for note in sorted(notes, key=lambda note: (note.onset_ticks, -note.offset_ticks)):
        place = last.get(note.pitch)
        if place is not None and kept[place].offset_ticks > note.onset_ticks:
            if kept[place].onset_ticks == note.onset_ticks:
                continue
            kept[place] = replace(kept[place], duration=note.onset - kept[place].onset)
        last[note.pitch] = len(kept)
        kept.append(note)
    return kept


def _bend_range(track: Track) -> int:
    """Return the semitones that the pitch wheel must reach for a track."""
    widest = max((abs(semitones) for _, semitones in track.bends), default=0.0)
    return min(_WIDEST_BEND, next((n for n in range(_NARROWEST_BEND, _WIDEST_BEND) if n >= widest), _WIDEST_BEND))


def _complete(file: MidiFile, score: Score) -> None:
    """Put in what pretty_midi cannot write."""
    import mido

    timing, *tracks = file.tracks
    if not any(onset == 0 for onset, _ in score.metres):
        timing.remove(next(event for event in timing if event.type == "time_signature"))
    if score.title:
        timing.insert(0, mido.MetaMessage("track_name", name=score.title, time=0))
    for track, events in zip(score.tracks, tracks, strict=True):
        semitones = _bend_range(track)
        if semitones != _NARROWEST_BEND:
            channel = next(event.channel for event in events if event.type == "program_change")
            for number, value in ((101, 127), (100, 127), (38, 0), (6, semitones), (100, 0), (101, 0)):
                events.insert(0, mido.Message("control_change", channel=channel, control=number, value=value))
