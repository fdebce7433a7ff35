"""What music21 has parsed, as a score: repeats played out, ties merged, transposing instruments as they sound."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from genaudio.score.errors import ScoreError
from genaudio.score.key import MODES, Key
from genaudio.score.metre import Metre
from genaudio.score.note import Note
from genaudio.score.score import Score, Track

_DEFAULT_VELOCITY = 80


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
    pickup = _pickup(parts)
    sounding = [_played_out(part) for part in parts]
    flat = [part.flatten() for part in sounding]
    return Score(
        tracks=tuple(
            _track(notes, _instrument_of(part, instruments or {})) for part, notes in zip(parts, flat, strict=True)
        ),
        tempi=tuple(_changes(_tempi(flat))),
        metres=tuple(_changes(_metres(flat[0]))),
        keys=tuple(_changes(_keys(flat[0]))),
        pickup=pickup,
        title=about.title or about.movementName or None,
        creator=about.composer or None,
    )


def _instrument_of(part: Any, instruments: Mapping[str, tuple[int, bool]]) -> tuple[int, bool]:
    """Find a part's instrument: music21 keeps the part's id among its groups, and in the id of a staff of it."""
    names = [*part.groups, str(part.id).split("-Staff")[0]]
    return next((instruments[name] for name in names if name in instruments), (0, False))


def _played_out(part: Any) -> Any:
    """Return a part with its repeats written out, where they make sense, at sounding pitch."""
    from music21.exceptions21 import Music21Exception

    with contextlib.suppress(Music21Exception):
        part = part.expandRepeats()
    return part.toSoundingPitch()


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


def _track(part: Any, instrument: tuple[int, bool]) -> Track:
    """Make a track of a flat part."""
    program, drums = instrument
    notes = tuple(Note(*values) for values in _merged(_sounds(part)) if values[1] > 0)
    return Track(notes, program, drums, part.partName or "")


def _sounds(part: Any) -> Iterator[tuple[float, float, int, int, str | None]]:
    """Yield (onset, duration, pitch, velocity, kind of tie) of a flat part in order."""
    from music21 import harmony, note

    for element in part.notes:
        if element.duration.isGrace or isinstance(element, harmony.Harmony):
            continue
        for member in getattr(element, "notes", (element,)):
            pitch = member.displayPitch() if isinstance(member, note.Unpitched) else member.pitch
            velocity = member.volume.velocity or element.volume.velocity or _DEFAULT_VELOCITY
            tie = member.tie or element.tie
            yield (
                float(element.offset),
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


def _tempi(parts: list[Any]) -> Iterator[tuple[float, float]]:
    for part in parts:
        for mark in part.getElementsByClass("MetronomeMark"):
            tempo = mark.getQuarterBPM()
            if tempo and 0 < tempo < 10_000:
                yield float(mark.offset), float(tempo)


def _metres(part: Any) -> Iterator[tuple[float, Metre]]:
    for signature in part.getElementsByClass("TimeSignature"):
        with contextlib.suppress(ScoreError):
            yield float(signature.offset), Metre(signature.numerator, signature.denominator)


def _keys(part: Any) -> Iterator[tuple[float, Key]]:
    from music21 import key

    for signature in part.getElementsByClass("KeySignature"):
        if isinstance(signature, key.Key) and signature.mode in MODES:
            yield float(signature.offset), Key(signature.tonic.pitchClass, signature.mode)
        elif signature.sharps is not None:
            yield float(signature.offset), Key(7 * signature.sharps % 12)


def _changes(timed: Iterator[tuple[float, Any]]) -> list[tuple[float, Any]]:
    """Keep the first value of each onset, and only those that change something."""
    kept: list[tuple[float, Any]] = []
    for onset, value in sorted(timed, key=lambda change: change[0]):
        if not kept or (kept[-1][0] < onset and kept[-1][1] != value):
            kept.append((onset, value))
    return kept
