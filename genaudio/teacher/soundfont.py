"""Playing performances with a SoundFont through FluidSynth, dry: no reverb, no chorus."""

from __future__ import annotations

import logging
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.sounding import Sounding

USUAL_PLACES = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/soundfonts/FluidR3_GM.sf2"),
    Path("/opt/homebrew/share/soundfonts/FluidR3_GM.sf2"),
)
"""Where distributions put the MIT-licensed Fluid R3 GM SoundFont."""

_DRUM_BANK = 128  # where SoundFonts keep General MIDI's kits

log = logging.getLogger(__name__)


def find_soundfont(path: str | None) -> Path:
    """Return the SoundFont to play: the given one, or Fluid R3 GM from a usual place.

    Raises:
        GenaudioError: there is none; the message says how to get one.
    """
    candidates = (Path(path),) if path else USUAL_PLACES
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise GenaudioError(
        f"no SoundFont at {', '.join(map(str, candidates))}; install the package fluid-soundfont-gm (MIT licence) "
        "or name a file that you may use with teacher.soundfont in the recipe"
    )


class SoundFontPlayer:
    """A FluidSynth that plays one clip after the other; use it in a ``with`` block.

    Raises:
        GenaudioError: FluidSynth is not installed or cannot read the SoundFont.
    """

    def __init__(self, soundfont: Path, sample_rate: int) -> None:
        try:
            import fluidsynth
        except ImportError as error:
            raise GenaudioError(
                "FluidSynth is needed to make training audio: install the system package libfluidsynth3 and "
                "`pip install genaudio[training]`"
            ) from error
        self.sample_rate = sample_rate
        self._synth: Any = fluidsynth.Synth(samplerate=float(sample_rate), gain=0.6)
        self._synth.setting("synth.reverb.active", 0)
        self._synth.setting("synth.chorus.active", 0)
        self._font = self._synth.sfload(str(soundfont))
        if self._font < 0:
            raise GenaudioError(f"FluidSynth cannot read the SoundFont {soundfont}")

    def __enter__(self) -> SoundFontPlayer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._synth.delete()

    def _silence(self) -> None:
        """Let what still rings from the clip before die away: neither a reset nor 'all sound off' ends it at once."""
        self._synth.system_reset()
        for _ in range(100):
            if np.abs(self._synth.get_samples(self.sample_rate // 8)).max() <= 1:
                return

    def play(self, notes: tuple[Sounding, ...], program: int, seconds: float, drums: bool = False) -> np.ndarray:
        """Play notes with a General MIDI program; return the middle of both channels, float32 [T] in -1..1.

        Where `drums` is set, the program is a kit and pitches name its drums.

        Events fall on whole samples. Notes that end later than `seconds` are cut there.
        """
        self._silence()
        self._synth.program_select(0, self._font, _DRUM_BANK if drums else 0, program)
        events = sorted(
            [(round(note.start * self.sample_rate), 1, note.pitch, note.velocity) for note in notes]
            + [(round(note.end * self.sample_rate), 0, note.pitch, 0) for note in notes]
        )
        total, now, parts = round(seconds * self.sample_rate), 0, []
        for sample, on, pitch, velocity in events:
            if sample > now:
                parts.append(self._synth.get_samples(min(sample, total) - now))
                now = min(sample, total)
            if on:
                self._synth.noteon(0, pitch, velocity)
            else:
                self._synth.noteoff(0, pitch)
        if total > now:
            parts.append(self._synth.get_samples(total - now))
        stereo = np.concatenate(parts).astype(np.float32).reshape(-1, 2) / 32768
        middle: np.ndarray = stereo.mean(axis=1)
        return middle
