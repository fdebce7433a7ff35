"""Notes as notation writes them: bars of note values with dots, ties, tuplets and accidentals.

Shared by the MusicXML and the ABC writer. Times are in ticks of 1/480 quarter note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from genaudio.score.key import Key
from genaudio.score.melody import Melody
from genaudio.score.metre import Metre
from genaudio.score.note import TICKS_PER_QUARTER, Note, to_ticks

TYPES: dict[int, str] = {
    3840: "breve", 1920: "whole", 960: "half", 480: "quarter", 240: "eighth", 120: "16th", 60: "32nd", 30: "64th",
    15: "128th",
}  # fmt: skip
"""Ticks of the note values without dots, by their names in MusicXML."""

SINGLE_VALUES: dict[int, tuple[str, int]] = {
    ticks * (2 ** (dots + 1) - 1) // 2**dots: (name, dots)
    for dots in (0, 1, 2)
    for ticks, name in TYPES.items()
    if ticks // 2**dots >= 15
}
"""Ticks of the values that one note head can stand for: (name, dots)."""

_GRID = 15
_TUPLETS = ((3, 2), (5, 4))


@dataclass(frozen=True)
class Value:
    """One note head or rest.

    Attributes:
        start: ticks from the beginning of the bar.
        ticks: sounding length.
        pitches: MIDI numbers, several for a chord, none for a rest.
        tied_from, tied_to: True where a tie comes in, or goes out.
        tuplet: (3, 2) for three in the time of two, (1, 1) outside tuplets.
        opens, closes: True for the first, or last, value of a tuplet.
    """

    start: int
    ticks: int
    pitches: tuple[int, ...]
    tied_from: bool = False
    tied_to: bool = False
    tuplet: tuple[int, int] = (1, 1)
    opens: bool = False
    closes: bool = False

    @property
    def written(self) -> int:
        """Length in ticks of the value as it is drawn, the tuplet's factor apart."""
        return self.ticks * self.tuplet[0] // self.tuplet[1]


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        ticks: length.
        values: what is in it, without gaps; empty for a bar of rest.
        is_pickup: True for an incomplete bar at the beginning.
    """

    ticks: int
    values: tuple[Value, ...]
    is_pickup: bool = False


@dataclass
class Accidentals:
    """Which accidentals are in force in a bar, under both customs: for one octave, and for all octaves."""

    key: Key
    octave: dict[tuple[str, int], int] = field(default_factory=dict)
    letter: dict[str, int] = field(default_factory=dict)

    def new_bar(self) -> None:
        """Forget the accidentals of the last bar."""
        self.octave.clear()
        self.letter.clear()

    def needs_sign(self, letter: str, alteration: int, octave: int) -> bool:
        """Take note of a note and return True where it must bear a sign so that nobody misreads it."""
        signature = signature_alteration(self.key, letter)
        in_force = {self.octave.get((letter, octave), signature), self.letter.get(letter, signature)}
        self.octave[letter, octave] = self.letter[letter] = alteration
        return in_force != {alteration}


def signature_alteration(key: Key, letter: str) -> int:
    """Return what the key signature does to a letter: 1 for a sharp, -1 for a flat, 0 for neither."""
    place = "FCGDAEB".index(letter)
    return int(key.fifths > place) - int(-key.fifths > 6 - place)


Chord = tuple[int, int, tuple[int, ...]]
"""(onset tick, offset tick, pitches) of notes that begin and end together."""


@dataclass(frozen=True)
class Grid:
    """Where the bar lines stand.

    Attributes:
        borders: ticks of the bar lines, the first at 0; one more than there are bars.
        metres: the metre of each bar, None where unknown.
        has_pickup: True where the first bar is an incomplete one.
    """

    borders: tuple[int, ...]
    metres: tuple[Metre | None, ...]
    has_pickup: bool


def grid_of(metres: Sequence[tuple[float, Metre]], pickup: float, end: int) -> Grid:
    """Set bar lines for music that ends at a tick; without a metre, a bar has four quarter notes.

    A change of metre inside a bar takes effect at the next bar. The last bar is complete, except where it makes up for
    the pickup.
    """
    changes = [(to_ticks(onset), metre) for onset, metre in metres]
    metre = changes[0][1] if changes else None
    lead = to_ticks(pickup) % _bar_ticks(metre)
    borders, bar_metres = ([0, lead], [metre]) if lead else ([0], [])
    while borders[-1] < end or not bar_metres:
        metre = next((later for onset, later in reversed(changes) if onset <= borders[-1]), metre)
        borders.append(borders[-1] + _bar_ticks(metre))
        bar_metres.append(metre)
    if lead and len(borders) > 2 and borders[-1] - end == lead:
        borders[-1] = end
    return Grid(tuple(borders), tuple(bar_metres), bool(lead))


def _bar_ticks(metre: Metre | None) -> int:
    return 4 * TICKS_PER_QUARTER if metre is None else metre.bar_ticks


def bars_of(melody: Melody) -> list[Bar]:
    """Split a melody into bars; gaps become rests."""
    metres = [] if melody.metre is None else [(0.0, melody.metre)]
    chords = chords_of(melody.notes)
    return fill_bars(chords, grid_of(metres, melody.pickup, chords[-1][1] if chords else 0))


def chords_of(notes: Iterable[Note]) -> list[Chord]:
    """Return notes in order, those that begin and end together as one."""
    together: dict[tuple[int, int], list[int]] = {}
    for note in notes:
        onset = note.onset_ticks
        together.setdefault((onset, max(note.offset_ticks, onset + 1)), []).append(note.pitch)
    return [(*span, tuple(sorted(set(pitches)))) for span, pitches in sorted(together.items())]


def fill_bars(chords: Iterable[Chord], grid: Grid) -> list[Bar]:
    """Put one line of chords into bars; each ends at the onset of the next at the latest."""
    borders = grid.borders
    contents: list[list[Value]] = [[] for _ in grid.metres]
    bar = 0
    for event in _with_rests(chords, borders[-1]):
        start, end = event.start, event.start + event.ticks
        while start < end:
            while borders[bar + 1] <= start:
                bar += 1
            stop = min(end, borders[bar + 1])
            tied_from, tied_to = bool(event.pitches) and start > event.start, bool(event.pitches) and stop < end
            contents[bar].append(Value(start - borders[bar], stop - start, event.pitches, tied_from, tied_to))
            start = stop
    return [
        Bar(stop - start, tuple(_notated(content, _beat_ticks(metre))), is_pickup=grid.has_pickup and start == 0)
        for (start, stop), content, metre in zip(pairwise(borders), contents, grid.metres, strict=True)
    ]


def _beat_ticks(metre: Metre | None) -> int:
    return TICKS_PER_QUARTER if metre is None else int(metre.beat * TICKS_PER_QUARTER)


def _with_rests(chords: Iterable[Chord], end: int) -> Iterator[Value]:
    """Yield chords and the rests between them, by ticks from the beginning of the music."""
    now = 0
    line = list(chords)
    for (onset, offset, pitches), (following, _, _) in zip(line, [*line[1:], (end, end, ())], strict=False):
        offset = min(offset, following)
        if offset <= onset:
            continue
        if onset > now:
            yield Value(now, onset - now, ())
        yield Value(onset, offset - onset, pitches)
        now = offset
    if end > now:
        yield Value(now, end - now, ())


def _notated(content: list[Value], beat: int) -> Iterator[Value]:
    """Turn the pieces of a bar into single values: what is on the grid by dots and ties, the rest in tuplets."""
    group: list[Value] = []
    for piece in content:
        for part in _leading_beats(piece):
            end = part.start + part.ticks
            if group or part.start % _GRID or end % _GRID:
                group.append(part)
                if end % _GRID == 0:
                    yield from _tuplet(group)
                    group = []
            else:
                yield from _tied(part, _plain_lengths(part.start, part.ticks, beat))
    yield from _tuplet(group)


def _leading_beats(piece: Value) -> list[Value]:
    """Cut off whole quarter notes before an end that needs a tuplet."""
    end = piece.start + piece.ticks
    cut = end - end % TICKS_PER_QUARTER
    simple = piece.ticks * 3 % 2 == 0 and piece.ticks * 3 // 2 in SINGLE_VALUES
    if piece.start % _GRID or end % _GRID == 0 or simple or cut <= piece.start:
        return [piece]
    return list(_tied(piece, [cut - piece.start, end - cut]))


def _tuplet(group: list[Value]) -> Iterator[Value]:
    """Write pieces that leave the grid together as a tuplet; where none fits, as they are."""
    for many, few in _TUPLETS:
        if all(piece.ticks * many % (few * _GRID) == 0 for piece in group):
            values = [
                replace(value, tuplet=(many, few))
                for piece in group
                for value in _tied(piece, [n * few // many for n in _greedy_lengths(piece.ticks * many // few)])
            ]
            for index, value in enumerate(values):
                yield replace(value, opens=index == 0, closes=index == len(values) - 1)
            return
    yield from group


def _plain_lengths(start: int, ticks: int, beat: int) -> list[int]:
    """Cut a length into single values, at a beat where that works."""
    if ticks in SINGLE_VALUES:
        return [ticks]
    end = start + ticks
    for border in range(end - end % beat, start, -beat):
        if border < end and border - start in SINGLE_VALUES:
            return [border - start, *_plain_lengths(border, end - border, beat)]
    return _greedy_lengths(ticks)


def _greedy_lengths(ticks: int) -> list[int]:
    """Cut a multiple of 15 ticks into single values, the longest first."""
    lengths = []
    while ticks:
        lengths.append(max(length for length in SINGLE_VALUES if length <= ticks))
        ticks -= lengths[-1]
    return lengths


def _tied(piece: Value, lengths: list[int]) -> Iterator[Value]:
    """Cut a note into tied ones, or a rest into rests, of these lengths."""
    start = piece.start
    sounds = bool(piece.pitches)
    for index, ticks in enumerate(lengths):
        tied_from = piece.tied_from if index == 0 else sounds
        tied_to = piece.tied_to if index == len(lengths) - 1 else sounds
        yield Value(start, ticks, piece.pitches, tied_from, tied_to)
        start += ticks
