"""Audio files to the melodies that may be heard in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genaudio.audio import FORMATS
from genaudio.resampling import sinc_resample
from genaudio.score import Melody
from genaudio.streams import AudioFile, Sound
from genaudio.transcription.lines import lines
from genaudio.transcription.network import RATE, network
from genaudio.transcription.notes import heard_notes

SUFFIXES = (*(f".{name}" for name in FORMATS), ".oga", ".opus", ".aif", ".aiff")
"""Extensions of the audio files that are heard, if the machine's libsndfile reads them."""


@dataclass(frozen=True)
class Heard:
    """What was heard in a recording.

    Attributes:
        lines: melodies by their names, in seconds written as quarter notes at 120 a minute; none where nothing was
            heard.
        seconds: length of the recording.
        notes: how many notes were heard in all.
    """

    lines: tuple[tuple[str, Melody], ...]
    seconds: float
    notes: int


def is_audio(path: Path) -> bool:
    """Tell by its name whether a file is a recording."""
    return path.suffix.lower() in SUFFIXES


def hear_file(path: Path) -> Heard:
    """Hear an audio file of any length; memory does not grow with it but for the notes.

    Raises:
        GenaudioError: the file cannot be read, or what hears is not installed; the message says what to do.
    """
    ear = network()
    with AudioFile(path, RATE, resampler=sinc_resample) as sound:
        notes = heard_notes(ear.hear(sound))
        return Heard(tuple(lines(notes)), sound.samples / RATE, len(notes))


def hear(sound: Sound) -> Heard:
    """Hear a sound of 22,050 samples a second.

    Raises:
        GenaudioError: what hears is not installed; the message says what to do.
    """
    notes = heard_notes(network().hear(sound))
    return Heard(tuple(lines(notes)), sound.samples / RATE, len(notes))
