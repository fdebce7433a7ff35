"""What music21 has parsed, as a score: repeats played out, ties merged, transposing instruments as they sound."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import Any

from genaudio.score.errors import ScoreError
from genaudio.score.key import MODES, Key
from genaudio.score.metre import Metre
from genaudio.score.note import Note
from genaudio.score.score import Score, Track

_DEFAULT_VELOCITY = 80


def check_metres(metres: Iterable[tuple[str, str]]) -> None:
    """Refuse metres that no music has, with which music21 would be busy for hours; what is no number is left to it.

    Raises:
        ScoreError: a metre has more than 64 beats, or a beat value that is none.
    """
    for beats, unit in metres:
        for part in re.findall(r"\d+", beats):
            if unit.strip().isdecimal():
                Metre(int(part[:9]), int(unit.strip()[:9]))


def parse_quietly(parse: Callable[[], Any], what: str) -> Any:
    """Return what a function of music21 returns, its warnings held back and its failures in one sentence.

    Raises:
        ScoreError: music21 cannot read it.
    """
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return parse()
        except ScoreError:
            raise
        except Exception as error:  # a parser of free-form files fails in too many ways to list
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise ScoreError(f"{what} cannot be read: {reason}") from None


def to_score(stream: Any, instruments: Mapping[str, tuple[int, bool]] | None = None) -> Score:
    """Turn a music21 score into ours; call it within `parse_quietly`.

    Grace notes and chord symbols are left out.

    Args:
        stream: the music21 score.
        instruments: General MIDI program, and whether it is for drums, of each part by its id.
    """
    from music21 import metadata

    about = stream.metadata or metadata.Metadata()
    parts = list(stream.parts) or [stream]
    played = [_played_out(part) for part in parts]
    tracks = [
        Track(
            tuple(Note(*values) for values in _merged(_sounds(elements)) if values[1] > 0),
            *_instrument_of(part, instruments or {}),
            name=part.partName or "",
        )
        for part, elements in zip(parts, played, strict=True)
    ]
    return Score(
        tracks=tuple(tracks),
        tempi=tuple(_changes(_tempi(chain.from_iterable(played)))),
        metres=tuple(_changes(_metres(played[0]))),
        keys=tuple(_changes(_keys(played[0]))),
        pickup=_pickup(parts),
        title=about.title or about.movementName or None,
        creator=about.composer or None,
    )


def _instrument_of(part: Any, instruments: Mapping[str, tuple[int, bool]]) -> tuple[int, bool]:
    """Find a part's instrument: music21 keeps the part's id among its groups, and in the id of a staff of it."""
    names = [*part.groups, str(part.id).split("-Staff")[0]]
    return next((instruments[name] for name in names if name in instruments), (0, False))


def _played_out(part: Any) -> list[tuple[float, Any]]:
    """Return (onset, element) of all that is in a part, at sounding pitch and with repeats that make sense written out.

    The order of measures is found on a copy that holds nothing but their lengths and repeat signs: music21 copies
    what it repeats, and copying notes takes ten times as long as reading them.
    """
    from music21.exceptions21 import Music21Exception

    if any(instrument.transposition for instrument in part["Instrument"]):
        part.toSoundingPitch(inPlace=True)
    measures = list(part.getElementsByClass("Measure"))
    order: list[int] = list(range(len(measures)))
    if len(measures) > 1:
        with contextlib.suppress(Music21Exception):
            order = _order_of_measures(part, measures)
    if order == list(range(len(measures))):
        return [(float(element.offset), element) for element in part.flatten()]
    offsets = [float(measure.offset) for measure in measures]
    ends = [*offsets[1:], offsets[-1] + float(measures[-1].duration.quarterLength)]
    contents = [[(float(element.offset), element) for element in measure.flatten()] for measure in measures]
    played: list[tuple[float, Any]] = []
    now = 0.0
    for index in order:
        played += [(now + offset, element) for offset, element in contents[index]]
        now += ends[index] - offsets[index]
    return played


def _order_of_measures(part: Any, measures: list[Any]) -> list[int]:
    """Return the indices of a part's measures in the order in which they are played."""
    from music21 import note, repeat, spanner, stream

    outline: Any = stream.Part()  # type: ignore[no-untyped-call]
    outlines = []
    marked = False
    for index, measure in enumerate(measures):
        copy = stream.Measure(number=index)
        copy.insert(0, note.Rest(quarterLength=max(measure.duration.quarterLength, 1 / 64)))
        copy.leftBarline, copy.rightBarline = deepcopy(measure.leftBarline), deepcopy(measure.rightBarline)
        marks = [*measure.getElementsByClass("RepeatExpression"), *measure.getElementsByClass("TextExpression")]
        for mark in marks:
            copy.insert(mark.offset, deepcopy(mark))
        bars = (measure.leftBarline, measure.rightBarline)
        marked = marked or bool(marks) or any(isinstance(bar, repeat.RepeatMark) for bar in bars)
        outlines.append(copy)
        outline.append(copy)
    if not marked:
        return list(range(len(measures)))
    places = {id(measure): index for index, measure in enumerate(measures)}
    for bracket in part["RepeatBracket"]:
        spanned = [outlines[places[id(m)]] for m in bracket.getSpannedElements() if id(m) in places]
        outline.insert(0, spanner.RepeatBracket(spanned, number=bracket.number))
    return [measure.number for measure in outline.expandRepeats().getElementsByClass("Measure")]


def _pickup(parts: list[Any]) -> float:
    """Return the length of a first measure that is shorter than its metre, in quarter notes."""
    lengths = []
    for part in parts:
        measure = next(iter(part.getElementsByClass("Measure")), None)
        if measure is not None and measure.timeSignature is not None:
            length = float(measure.highestTime)
            full = float(measure.timeSignature.barDuration.quarterLength)
            lengths.append(length if 0 < length < full else 0.0)
    return max(lengths) if lengths and all(lengths) else 0.0


def _sounds(elements: list[tuple[float, Any]]) -> Iterator[tuple[float, float, int, int, str | None]]:
    """Yield (onset, duration, pitch, velocity, kind of tie) of the notes of a part in order."""
    from music21 import harmony, note

    for onset, element in elements:
        if not isinstance(element, note.NotRest) or element.duration.isGrace or isinstance(element, harmony.Harmony):
            continue
        members: Iterable[Any] = getattr(element, "notes", (element,))
        for member in members:
            pitch = member.displayPitch() if isinstance(member, note.Unpitched) else member.pitch
            velocity = member.volume.velocity or element.volume.velocity or _DEFAULT_VELOCITY
            tie = member.tie or element.tie
            yield (
                onset,
                float(element.duration.quarterLength),
                pitch.midi,
                min(127, max(1, round(velocity))),
                tie.type if tie else None,
            )


def _merged(
    sounds: Iterator[tuple[float, float, int, int, str | None]],
) -> list[tuple[float, float, int, int]]:
    """Merge tied notes; a tie from nowhere begins a note."""
    merged: list[tuple[float, float, int, int]] = []
    tied: dict[int, int] = {}  # pitch -> place in `merged` of a note that a tie leads on from
    for onset, duration, pitch, velocity, tie in sounds:
        place = tied.pop(pitch, None)
        if place is not None and abs(sum(merged[place][:2]) - onset) < 1e-3:
            begun = merged[place][0]
            merged[place] = (begun, onset + duration - begun, pitch, merged[place][3])
        else:
            place = len(merged)
            merged.append((onset, duration, pitch, velocity))
        if tie in ("start", "continue"):
            tied[pitch] = place
    return merged


def _tempi(elements: Iterable[tuple[float, Any]]) -> Iterator[tuple[float, float]]:
    from music21 import tempo

    for onset, mark in elements:
        quarters = mark.getQuarterBPM() if isinstance(mark, tempo.MetronomeMark) else None
        if quarters and 0 < quarters < 10_000:
            yield onset, float(quarters)


def _metres(elements: Iterable[tuple[float, Any]]) -> Iterator[tuple[float, Metre]]:
    from music21 import meter

    for onset, signature in elements:
        if isinstance(signature, meter.TimeSignature):
            with contextlib.suppress(ScoreError):
                yield onset, Metre(signature.numerator, signature.denominator)


def _keys(elements: Iterable[tuple[float, Any]]) -> Iterator[tuple[float, Key]]:
    from music21 import key

    for onset, signature in elements:
        if isinstance(signature, key.Key) and signature.mode in MODES:
            yield onset, Key(signature.tonic.pitchClass, signature.mode)
        elif isinstance(signature, key.KeySignature) and signature.sharps is not None:
            yield onset, Key(7 * signature.sharps % 12)


def _changes(timed: Iterator[tuple[float, Any]]) -> list[tuple[float, Any]]:
    """Keep the first value of each onset, and only those that change something."""
    kept: list[tuple[float, Any]] = []
    for onset, value in sorted(timed, key=lambda change: change[0]):
        if not kept or (kept[-1][0] < onset and kept[-1][1] != value):
            kept.append((onset, value))
    return kept
