"""The voices of a score: what a listener would sing of each track.

A track that plays one note at a time is its own voice. Of a track that plays chords the skyline is taken: at each
onset the highest note, cut where the next note of the voice begins; a note that begins under a higher one and is
covered by it for at least half its length belongs to the accompaniment. (The skyline is the best of the simple rules
for finding the melody in polyphonic MIDI: A. Uitdenbogerd and J. Zobel, Manipulation of music for melody matching,
ACM Multimedia 1998.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import itemgetter
from statistics import median

from genaudio.score.melody import Melody
from genaudio.score.note import TICKS_PER_QUARTER, Note, to_ticks
from genaudio.score.score import Score, Track

_STUB_TICKS = TICKS_PER_QUARTER // 16
"""A note cut to less than this was part of a chord played not quite together."""
_MELODY_NAMES = re.compile(r"melod|lead|vocal|voice|voix|sing|sopran|solo|tune", re.IGNORECASE)
_FEW_NOTES = 0.25


@dataclass(frozen=True)
class Voice:
    """One voice of a score.

    Attributes:
        name: the track's name, with "(skyline)" where notes were left out or cut short.
        track: index of the track in the score.
        melody: the notes, with the metre, key, tempo and pickup at the beginning of the score.
        dropped: how many notes were left out.
        monophonic: True where the track plays one note at a time (notes may be tied over a little).
    """

    name: str
    track: int
    melody: Melody
    dropped: int
    monophonic: bool


def voices(score: Score) -> tuple[Voice, ...]:
    """Return one voice for each track that has notes and is not for drums."""
    return tuple(
        _voice(score, index, track) for index, track in enumerate(score.tracks) if track.notes and not track.drums
    )


def melodic_lines(score: Score) -> tuple[Voice, ...]:
    """Return every line of a score that could be its melody.

    These are the voices; of each track that plays several notes at a time the lowest line as well; and where several
    tracks play, the skyline of them all, for a melody that wanders between them. Inner voices of chords are in none.
    """
    found = voices(score)
    lowest = (_lowest(score, voice) for voice in found if not voice.monophonic)
    everything: tuple[Voice, ...] = ()
    if len(found) > 1:
        notes = tuple(note for voice in found for note in score.tracks[voice.track].notes)
        everything = (replace(_voice(score, 0, Track(notes)), name="all parts (skyline)"),)
    lines = [*found, *(line for line in lowest if line is not None), *everything]
    distinct = {tuple((note.onset, note.pitch) for note in line.melody.notes): line for line in reversed(lines)}
    return tuple(reversed(distinct.values()))


def _lowest(score: Score, voice: Voice) -> Voice | None:
    """Return the lowest line of a track of chords, None where that is hardly more than what the skyline holds."""
    track = score.tracks[voice.track]
    upside_down = Track(tuple(replace(note, pitch=127 - note.pitch) for note in track.notes))
    line = _voice(score, voice.track, upside_down)
    melody = replace(line.melody, notes=tuple(replace(note, pitch=127 - note.pitch) for note in line.melody.notes))
    above = {(note.onset, note.pitch) for note in voice.melody.notes}
    own = sum((note.onset, note.pitch) not in above for note in melody.notes)
    if own < _FEW_NOTES * len(melody):
        return None
    name = track.name or f"track {voice.track + 1}"
    return replace(line, name=f"{name} (lowest line)", melody=melody)


def main_voice(score: Score) -> Voice | None:
    """Return the voice that most likely carries the melody, or None where no voice has notes.

    Voices with less than a quarter of the notes of the busiest one are passed over; of the others one that is named as
    a melody wins, then the highest.
    """
    found = voices(score)
    if not found:
        return None
    enough = _FEW_NOTES * max(len(voice.melody) for voice in found)
    candidates = [voice for voice in found if len(voice.melody) >= enough]
    return max(
        candidates,
        key=lambda voice: (bool(_MELODY_NAMES.search(voice.name)), median(voice.melody.pitches), -voice.track),
    )


def _voice(score: Score, index: int, track: Track) -> Voice:
    notes, dropped, monophonic = skyline(track.notes)
    name = track.name or f"track {index + 1}"
    return Voice(
        name=name if monophonic else f"{name} (skyline)",
        track=index,
        melody=Melody(
            notes,
            metre=score.metres[0][1] if score.metres else None,
            key=score.keys[0][1] if score.keys else None,
            tempo=score.tempi[0][1],
            title=score.title,
            pickup=score.pickup,
        ),
        dropped=dropped,
        monophonic=monophonic,
    )


def skyline(notes: Iterable[Note]) -> tuple[list[Note], int, bool]:
    """Return the highest line through notes, how many were left out, and whether there was only one line to begin with.

    Takes time in proportion to the number of notes, sorting apart.
    """
    timed = [(to_ticks(note.onset), -note.pitch, to_ticks(note.onset + note.duration), note) for note in notes]
    timed.sort(key=itemgetter(0, 1))
    kept: list[Note] = []
    dropped = 0
    monophonic = True
    begin = end = -1  # ticks of the last note of the line
    for onset, _, offset, note in timed:
        if onset < end:
            last = kept[-1]
            overlap, length = end - onset, offset - onset
            covered = note.pitch <= last.pitch and 2 * min(overlap, length) >= length
            if covered or onset == begin:
                dropped += 1
                monophonic = False
                continue
            kept.pop()
            half_gone = 2 * overlap > end - begin
            monophonic = monophonic and not half_gone
            if half_gone and onset - begin < _STUB_TICKS:
                dropped += 1
            else:
                kept.append(Note(last.onset, note.onset - last.onset, last.pitch, last.velocity))
        kept.append(note)
        begin, end = onset, offset
    return kept, dropped, monophonic
