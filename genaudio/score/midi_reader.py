"""MIDI files as scores: notes, controllers, tempo map, metres and keys at exact ticks.

Conventions, those of the General MIDI standard where it has any:
    gain        (CC 7 / 127) squared, as GM level 1 recommends (40 log10). The value in force at the first note counts.
                Where no track sets it, all gains are 1; where some do, the others have the default of 100.
    pan         CC 10: 0 is left, 64 the middle, 127 right.
    pedal       CC 64 of 64 or more is down.
    bends       plus or minus two semitones unless registered parameter 0 says otherwise.
    pickup      a first bar that is shorter than the metre which follows after exactly one bar of it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TypeVar

from genaudio.score.errors import ScoreError
from genaudio.score.key import Key
from genaudio.score.metre import Metre
from genaudio.score.midi_events import META, Event, MidiEvents, parse_midi
from genaudio.score.note import TICKS_PER_QUARTER, Note
from genaudio.score.read_files import decode_text
from genaudio.score.score import DEFAULT_TEMPO, Score, Track

TEXT_MARK = "genaudio "
"""Begins the text events in which our own files keep what MIDI has no event for (a mode, an odd pickup)."""

_VOLUME, _PAN, _PEDAL, _RESET = 7, 10, 64, 121
_DRUM_CHANNEL = 9
_Value = TypeVar("_Value")


@dataclass
class _Strand:
    """What one track sends to one channel."""

    notes: list[tuple[int, int, int, int, int | None]] = field(default_factory=list)
    """(onset tick, offset tick, pitch, velocity, program or None where none was set)."""
    sounding: dict[int, deque[tuple[int, int, int | None]]] = field(default_factory=lambda: defaultdict(deque))
    program: int | None = None
    controls: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    bends: list[tuple[int, float]] = field(default_factory=list)
    parameter: list[int] = field(default_factory=lambda: [127, 127])
    bend_range: list[int] = field(default_factory=lambda: [2, 0])

    def control(self, tick: int, number: int, value: int) -> None:
        """Take a controller change."""
        if number in (101, 100):
            self.parameter[number == 100] = value
        elif number in (99, 98):
            self.parameter = [127, 127]
        elif number in (6, 38):
            if self.parameter == [0, 0]:
                self.bend_range[number == 38] = value
        elif number == _RESET:
            self.controls[_PEDAL].append((tick, 0))
            self.bends.append((tick, 0.0))
        else:
            self.controls[number].append((tick, value))

    def bend(self, tick: int, value: int) -> None:
        """Take a pitch wheel position from 0 to 16383."""
        semitones = self.bend_range[0] + self.bend_range[1] / 100
        self.bends.append((tick, (value - 8192) / 8192 * semitones))

    def note_off(self, tick: int, pitch: int) -> None:
        """End the longest sounding note of a pitch; what has no length is left out."""
        waiting = self.sounding[pitch]
        if waiting:
            onset, velocity, program = waiting.popleft()
            if tick > onset:
                self.notes.append((onset, tick, pitch, velocity, program))

    def end(self, tick: int) -> None:
        """End all that still sounds, which a file should have done itself."""
        for pitch, waiting in self.sounding.items():
            while waiting:
                self.note_off(tick, pitch)


@dataclass
class _Conductor:
    """What holds for all tracks, by tick."""

    tempi: list[tuple[int, float]] = field(default_factory=list)
    metres: list[tuple[int, Metre]] = field(default_factory=list)
    keys: dict[int, Key] = field(default_factory=dict)
    modes: dict[int, Key] = field(default_factory=dict)
    pickup: int | None = None
    """In ticks of 1/480 quarter note, where one of our own files says it."""
    creator: str | None = None

    def take(self, tick: int, kind: int, content: bytes) -> None:
        """Take a meta event; one that makes no sense (a tempo of 0, a metre of 0/4) is passed over."""
        if kind == 0x51 and len(content) == 3:
            microseconds = int.from_bytes(content, "big")
            if microseconds and 60e6 / microseconds < 10_000:
                self.tempi.append((tick, tempo_from_microseconds(microseconds)))
        elif kind == 0x58 and len(content) >= 2 and 1 <= content[0] <= 64 and content[1] <= 6:
            self.metres.append((tick, Metre(content[0], 2 ** content[1])))
        elif kind == 0x59 and len(content) >= 2:
            fifths = content[0] - 256 if content[0] > 127 else content[0]
            if -7 <= fifths <= 7 and content[1] <= 1:
                minor = bool(content[1])
                self.keys[tick] = Key((7 * fifths + 9 * minor) % 12, "minor" if minor else "major")
        elif kind == 0x01 and content.startswith(TEXT_MARK.encode()):
            self._take_text(tick, decode_text(content)[len(TEXT_MARK) :])

    def _take_text(self, tick: int, text: str) -> None:
        name, _, value = text.partition("=")
        if name == "pickup" and value.isdecimal():
            self.pickup = int(value)
        elif name == "creator":
            self.creator = value
        elif name == "key":
            try:
                self.modes[tick] = Key.parse(value)
            except ScoreError:
                return


def tempo_from_microseconds(microseconds: int) -> float:
    """Return the roundest number of quarter notes a minute that a MIDI tempo can stand for (618557 is 97)."""
    tempo = 60e6 / microseconds
    for digits in range(4):
        rounded = round(tempo, digits)
        if rounded and round(60e6 / rounded) == microseconds:
            return rounded
    return tempo


def read_midi(data: bytes, name: str) -> Score:
    """Read the content of a MIDI file of type 0 or 1; `name` is the file's name for messages.

    Raises:
        ScoreError: the bytes are no MIDI file, break off, are damaged or are of type 2.
    """
    events = parse_midi(data, name)
    conductor = _Conductor()
    strands: dict[tuple[int, int], _Strand] = {}
    names: list[str] = []
    for index, track in enumerate(events.tracks):
        names.append(_play_track(index, track, strands, conductor))
    resolution = events.ticks_per_quarter
    metres, pickup = _metres_and_pickup(conductor, resolution)
    keys = {**conductor.keys, **conductor.modes}
    tempi = [] if events.smpte else [(tick / resolution, tempo) for tick, tempo in sorted(conductor.tempi, key=_tick)]
    return Score(
        tracks=_tracks(events, strands, names),
        tempi=tuple(_changes(tempi)) or ((0.0, DEFAULT_TEMPO),),
        metres=tuple(_changes(metres)),
        keys=tuple(_changes([(tick / resolution, keys[tick]) for tick in sorted(keys)])),
        pickup=pickup,
        title=_title(events, strands, names),
        creator=conductor.creator,
    )


_tick = itemgetter(0)


def _play_track(index: int, track: list[Event], strands: dict[tuple[int, int], _Strand], conductor: _Conductor) -> str:
    """Sort a track's events into strands and conductor; returns the track's name."""
    name = ""
    mine: dict[int, _Strand] = {}
    for tick, status, first, second in track:
        if status == META:
            assert isinstance(second, bytes)
            if first == 0x03 and not name:
                name = decode_text(second).strip("\0 \r\n\t")
            else:
                conductor.take(tick, first, second)
            continue
        assert isinstance(second, int)
        channel, kind = status & 0x0F, status & 0xF0
        strand = mine.get(channel)
        if strand is None:
            strand = mine[channel] = strands[index, channel] = _Strand()
        if kind == 0x90 and second:
            strand.sounding[first].append((tick, second, strand.program))
        elif kind in (0x80, 0x90):
            strand.note_off(tick, first)
        elif kind == 0xB0:
            strand.control(tick, first, second)
        elif kind == 0xC0:
            strand.program = first
        elif kind == 0xE0:
            strand.bend(tick, second << 7 | first)
    for strand in mine.values():
        strand.end(track[-1][0])
    return name


def _tracks(events: MidiEvents, strands: dict[tuple[int, int], _Strand], names: list[str]) -> tuple[Track, ...]:
    """Make a track of what each strand plays with each program; silent strands set up those of their channel."""
    setups = {channel: strand for (_, channel), strand in strands.items() if not strand.notes}
    playing = {where: strand for where, strand in strands.items() if strand.notes}
    default = 1.0
    if any(_VOLUME in strand.controls for strand in strands.values()):
        default = (100 / 127) ** 2
    tracks = []
    for (index, channel), strand in playing.items():
        setup = setups.get(channel, _Strand())
        by_program: dict[int, list[tuple[int, int, int, int, int | None]]] = defaultdict(list)
        for note in strand.notes:
            by_program[next((p for p in (note[4], setup.program) if p is not None), 0)].append(note)
        for program, notes in sorted(by_program.items(), key=lambda item: min(item[1])[:1]):
            name, drums = names[index], channel == _DRUM_CHANNEL
            tracks.append(_track(events, strand, setup, sorted(notes), default, program, drums, name))
    return tuple(tracks)


def _track(
    events: MidiEvents,
    strand: _Strand,
    setup: _Strand,
    notes: list[tuple[int, int, int, int, int | None]],
    default_volume: float,
    program: int,
    drums: bool,
    name: str,
) -> Track:
    """Make a track of notes and of the controllers of their strand or, where it has none, of the setup."""
    resolution = events.ticks_per_quarter
    controls = {**setup.controls, **strand.controls}
    bends = [(tick / resolution, bend) for tick, bend in strand.bends or setup.bends]
    volume, pan = (_value_at(controls.get(number, []), notes[0][0]) for number in (_VOLUME, _PAN))
    end = max(track[-1][0] for track in events.tracks if track)
    return Track(
        notes=tuple(
            Note(onset / resolution, (offset - onset) / resolution, pitch, velocity)
            for onset, offset, pitch, velocity, _ in notes
        ),
        program=program,
        drums=drums,
        name=name,
        volume=default_volume if volume is None else (volume / 127) ** 2,
        pan=0.0 if pan is None else max(-1.0, (pan - 64) / 63),
        pedal=tuple((down / resolution, up / resolution) for down, up in _pedal_spans(controls.get(_PEDAL, []), end)),
        bends=() if all(bend == 0 for _, bend in bends) else tuple(_changes(bends)),
    )


def _value_at(changes: list[tuple[int, int]], tick: int) -> int | None:
    """Return a controller's value at a tick: the last one set by then, else the first one set later."""
    before = [value for onset, value in changes if onset <= tick]
    return before[-1] if before else changes[0][1] if changes else None


def _pedal_spans(changes: list[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """Return (down, up) ticks of the sustain pedal."""
    spans, down = [], None
    for tick, value in [*changes, (end, 0)]:
        if value >= 64 and down is None:
            down = tick
        elif value < 64 and down is not None:
            if tick > down:
                spans.append((down, tick))
            down = None
    return spans


def _metres_and_pickup(conductor: _Conductor, resolution: float) -> tuple[list[tuple[float, Metre]], float]:
    """Return the metres and the length of the pickup in quarter notes."""
    metres = [(tick / resolution, metre) for tick, metre in sorted(conductor.metres, key=_tick)]
    said = None if conductor.pickup is None else conductor.pickup / TICKS_PER_QUARTER
    if len(metres) > 1:
        (start, first), (second_start, second) = metres[:2]
        short = start == 0 and first.bar == second_start and first.bar < second.bar
        if short and said in (None, second_start):
            return [(0.0, second), *metres[2:]], second_start
    return metres, said or 0.0


def _changes(timed: list[tuple[float, _Value]]) -> list[tuple[float, _Value]]:
    """Keep the last value of each onset, and only those that change something."""
    kept: list[tuple[float, _Value]] = []
    for onset, value in dict(timed).items():
        if not kept or kept[-1][1] != value:
            kept.append((onset, value))
    return kept


def _title(events: MidiEvents, strands: dict[tuple[int, int], _Strand], names: list[str]) -> str | None:
    """Return the name of a first track that plays nothing, or of the only one."""
    plays = any(strand.notes for (index, _), strand in strands.items() if index == 0)
    named = names[0] if names and (not plays or len(events.tracks) == 1) else ""
    return named or None
