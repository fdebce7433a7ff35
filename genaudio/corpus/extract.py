"""One tune of a collection -> a melody with what a musician knows about it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from genaudio.corpus.abc_music import Event, MusicReader, parse_unit
from genaudio.corpus.abc_text import AbcTune
from genaudio.corpus.bars import Bars, arrange, last_endings
from genaudio.corpus.errors import TuneError
from genaudio.corpus.key_field import parse_key
from genaudio.corpus.styles import tune_style
from genaudio.corpus.tonality import KEPT_MODES, SoundedNote, sounding_key
from genaudio.score import TICKS_PER_QUARTER, Key, Melody, Metre, Note, ScoreError

KEPT_METRES = ("2/4", "3/4", "4/4", "2/2", "6/8", "9/8", "12/8", "3/8")
"""Metres of the training works."""

LEAST_BARS, LEAST_NOTES = 4, 16
"""A shorter tune is rejected."""

PITCH_RANGE = (40, 100)
"""MIDI numbers that a fiddle, flute, pipe or voice of these collections reaches, with room to spare."""


@dataclass(frozen=True, slots=True)
class ExtractedTune:
    """A tune ready for de-duplication.

    Attributes:
        id: such as ``oneill-0001``.
        title, style, source: source is the source's short name.
        melody: the notes, with metre, key, title and pickup.
        repairs: how often each bar rule and each key rule was used.
        style_origin: what the style was read from.
        withheld: True where the tune stands in a benchmark, so that neither it nor a variant may be trained on.
    """

    id: str
    title: str
    style: str
    source: str
    melody: Melody
    repairs: Counter[str] = field(default_factory=Counter)
    style_origin: str = ""
    withheld: bool = False


def extract_tune(tune: AbcTune, source: str, identifier: str) -> ExtractedTune:
    """Turn one ABC tune into a melody on the tick grid.

    Raises:
        TuneError: the tune is damaged, has another metre or mode than those kept, or is too short.
    """
    metre = parse_metre(tune.first("M"))
    unit_field = tune.first("L")
    unit = parse_unit(unit_field) if unit_field else (Fraction(1, 4) if metre.bar < 3 else Fraction(1, 2))
    key_field = tune.first("K")
    written = parse_key(key_field)
    segments = MusicReader(unit, key_field, metre.is_compound).read(tune.lines)
    if not segments:
        raise TuneError("no music")
    ends = {id(_last_note(part.events)) for part in last_endings(segments) if part.closes_part}
    bars = arrange(segments, metre.bar)
    if not any(event.pitch is not None for event in bars.events):
        raise TuneError("no notes")
    key, rule = _key(written, bars, ends)
    repairs = bars.repairs + Counter([f"{written.mode} read as {key.mode} by {rule}"] if rule else [])
    title = clean_title(tune.first("T"))
    melody = make_melody(bars, metre, key, title)
    style, origin = tune_style(source, tune, metre, melody)
    return ExtractedTune(identifier, title, style, source, melody, repairs, origin)


def parse_metre(text: str) -> Metre:
    """Read a metre.

    Raises:
        TuneError: it is none, or not among those kept.
    """
    try:
        metre = Metre.parse(text)
    except ScoreError as error:
        raise TuneError("unreadable metre", f"M:{text}") from error
    if str(metre) not in KEPT_METRES:
        raise TuneError("metre not kept", str(metre))
    return metre


def _last_note(events: list[Event]) -> Event | None:
    return next((event for event in reversed(events) if event.pitch is not None), None)


def _key(written: Key, bars: Bars, ends: set[int]) -> tuple[Key, str]:
    notes = [event for event in bars.events if event.pitch is not None]
    last = notes[-1]
    sounded = [
        SoundedNote(event.pitch, event.duration, id(event) in ends or event is last)
        for event in notes
        if event.pitch is not None
    ]
    key, rule = sounding_key(written, sounded)
    if key.mode not in KEPT_MODES:
        raise TuneError("mode not kept", str(key))
    return key, rule


def make_melody(bars: Bars, metre: Metre, key: Key, title: str) -> Melody:
    """Put notes on the tick grid, tied ones joined.

    Raises:
        TuneError: the tune is too short, leaves the range, or has a note finer than a tick.
    """
    spans: list[tuple[Fraction, Fraction, int]] = []
    onset = Fraction(0)
    for event in bars.events:
        if event.pitch is not None:
            if event.tied and spans and spans[-1][1] == onset and spans[-1][2] == event.pitch:
                spans[-1] = (spans[-1][0], onset + event.duration, event.pitch)
            else:
                spans.append((onset, onset + event.duration, event.pitch))
        onset += event.duration
    if len(spans) < LEAST_NOTES or onset - bars.pickup < (LEAST_BARS - 1) * metre.bar:
        raise TuneError("too short", f"{len(spans)} notes in {float(onset):g} quarter notes")
    low, high = PITCH_RANGE
    outside = [pitch for _, _, pitch in spans if not low <= pitch <= high]
    if outside:
        raise TuneError("pitch out of range", f"MIDI number {outside[0]}")
    notes = [Note(_exact(start), _exact(end) - _exact(start), pitch) for start, end, pitch in spans]
    return Melody(notes, metre=metre, key=key, title=title, pickup=_exact(bars.pickup))


def _exact(time: Fraction) -> float:
    ticks = time * TICKS_PER_QUARTER
    if ticks.denominator != 1:
        raise TuneError("finer than a tick", f"a note at {time} quarter notes")
    return float(time)


def clean_title(text: str) -> str:
    """Return a title without the style after a dash, in mixed case, its article at the front.

    ``BASHFUL LOVER, THE -- REEL`` becomes ``The Bashful Lover``.
    """
    title = re.sub(r"\s+--?\s+.*$", "", text).strip(" .")
    title = re.sub(r"\s*\[?\(?\d+(st|nd|rd|th) setting\)?\]?\.?$", "", title, flags=re.IGNORECASE).strip(" .")
    if title.isupper():
        title = re.sub(r"(?<![\w'])\w[\w']*", lambda word: word[0].capitalize(), title)
    match = re.fullmatch(r"(.+?)\.?,\s*(the|a|an)", title, re.IGNORECASE)
    if match is not None:
        title = f"{match[2].capitalize()} {match[1]}"
    return title or "Untitled"
