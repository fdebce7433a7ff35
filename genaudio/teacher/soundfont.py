"""Playing performances with a SoundFont through FluidSynth, dry: no reverb, no chorus."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.sounding import Sounding


@dataclass(frozen=True)
class KnownSoundFont:
    """A SoundFont that recipes know by name: where distributions put it, their package, and its licence."""

    places: tuple[Path, ...]
    package: str
    licence: str


_FOLDERS = tuple(map(Path, ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/opt/homebrew/share/soundfonts")))
KNOWN = {
    "fluid-r3": KnownSoundFont(
        tuple(folder / "FluidR3_GM.sf2" for folder in _FOLDERS), "fluid-soundfont-gm", "MIT licence"
    ),
    "musescore-general": KnownSoundFont(
        tuple(folder / "MuseScore_General_Full.sf3" for folder in (Path("/usr/share/sounds/sf3"), *_FOLDERS)),
        "musescore-general-soundfont",
        "MIT licence, parts of it in the public domain",
    ),
}
"""SoundFonts by name."""
USUAL = "fluid-r3"
"""The one that models learn to sound like."""

_DRUM_BANK = 128  # where SoundFonts keep General MIDI's kits


def find_soundfont(wanted: str | None) -> Path:
    """Return the SoundFont to play.

    Args:
        wanted: its path, or the name of one in `KNOWN`; Fluid R3 GM unless given.

    Raises:
        GenaudioError: there is none; the message says how to get one.
    """
    name = wanted or USUAL
    known = KNOWN.get(name)
    candidates = known.places if known else (Path(name),)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    package = known or KNOWN[USUAL]
    raise GenaudioError(
        f"no SoundFont at {', '.join(map(str, candidates))}; install the package {package.package} ({package.licence}) "
        "or name a file that you may use with teacher.soundfont in the recipe"
    )


class SoundFontPlayer:
    """Plays clips with FluidSynth, each as if it were the first; use it in a ``with`` block.

    Every clip has a synthesizer of its own: one that has played before starts notes up to 63 samples sooner or later,
    rounds otherwise, and begins the filters of some voices where earlier notes left them. The player itself holds one
    that plays nothing, so that FluidSynth keeps the SoundFont's samples in memory.

    Raises:
        GenaudioError: FluidSynth is not installed or cannot read the SoundFont.
    """

    def __init__(self, soundfont: Path, sample_rate: int) -> None:
        self.soundfont, self.sample_rate = soundfont, sample_rate
        self._holder, _ = self._synthesizer()

    def _synthesizer(self) -> tuple[Any, int]:
        """Return a new synthesizer and its number for the SoundFont."""
        try:
            import fluidsynth
        except ImportError as error:
            raise GenaudioError(
                "FluidSynth is needed to make training audio: install the system package libfluidsynth3 and "
                "`pip install genaudio[training]`"
            ) from error
        synth = fluidsynth.Synth(samplerate=float(self.sample_rate), gain=0.6)
        synth.setting("synth.reverb.active", 0)
        synth.setting("synth.chorus.active", 0)
        font = synth.sfload(str(self.soundfont))
        if font < 0:
            synth.delete()
            raise GenaudioError(f"FluidSynth cannot read the SoundFont {self.soundfont}")
        return synth, font

    def __enter__(self) -> SoundFontPlayer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the SoundFont."""
        self._holder.delete()

    def play(self, notes: tuple[Sounding, ...], program: int, seconds: float, drums: bool = False) -> np.ndarray:
        """Play notes with a General MIDI program; return the middle of both channels, float32 [T] in -1..1.

        Where `drums` is set, the program is a kit and pitches name its drums.

        FluidSynth starts notes in blocks of 64 samples. Notes that end later than `seconds` are cut there.
        """
        synth, font = self._synthesizer()
        synth.program_select(0, font, _DRUM_BANK if drums else 0, program)
        events = sorted(
            [(round(note.start * self.sample_rate), 1, note.pitch, note.velocity) for note in notes]
            + [(round(note.end * self.sample_rate), 0, note.pitch, 0) for note in notes]
        )
        total, now, parts = round(seconds * self.sample_rate), 0, []
        for sample, on, pitch, velocity in events:
            if sample > now:
                parts.append(synth.get_samples(min(sample, total) - now))
                now = min(sample, total)
            if on:
                synth.noteon(0, pitch, velocity)
            else:
                synth.noteoff(0, pitch)
        if total > now:
            parts.append(synth.get_samples(total - now))
        synth.delete()
        stereo = np.concatenate(parts).astype(np.float32).reshape(-1, 2) / 32768
        middle: np.ndarray = stereo.mean(axis=1)
        return middle
