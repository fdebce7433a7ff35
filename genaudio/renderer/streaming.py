"""Scores of any length to sound with memory that does not grow: mixed and measured on the way to disk, then mastered.

dry mix -> reverberation -> meter and tape -> (the gain is known) -> master. Stems wait on tapes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np

from genaudio.renderer.loudness import Meter
from genaudio.renderer.mix import Reverb, factor_of, mastering_gain, place
from genaudio.renderer.performing import Part
from genaudio.renderer.tape import Tape


@dataclass(frozen=True)
class Taped:
    """Sound that is read from a tape.

    Attributes:
        tape: where it lies, at another gain; that of a part is dry and mono.
        gain: in dB, that it is brought to.
        part: which part it is; None for the mix of all.
    """

    tape: Tape
    gain: float
    part: Part | None = None

    @property
    def samples(self) -> int:
        """T."""
        return self.tape.samples

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the sound block by block from its beginning: float32 [2, t] each, in -1..1."""
        factor = factor_of(self.gain)
        for sound in self.tape.read():
            if self.part is None:
                yield sound * factor
            else:
                yield np.clip(place(sound[0], self.part.pan, self.part.volume) * factor, -1, 1)


@dataclass(frozen=True)
class StreamedRendering:
    """A rendered score of any length, whose sound is on disk.

    Attributes:
        master: the master.
        sample_rate: samples a second.
        stems: each part in its place, dry, at the master's gain, by name.
        left_out, gain, loudness, true_peak: as in `Rendering`.
    """

    master: Taped
    sample_rate: int
    stems: Mapping[str, Taped] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    gain: float = 0.0
    loudness: float = float("-inf")
    true_peak: float = float("-inf")

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.master.samples / self.sample_rate


class Desk:
    """Mixes the stretches of parts onto a tape. Use it as a context, at whose end the sound is gone.

    Args:
        parts: who plays.
        sample_rate: samples a second.
        reverb: gain of the room, 0 for none.
        stems: also keep each part by itself.
        folder: on whose disk the sound waits; the system's folder for temporary files unless given.

    Raises:
        GenaudioError: there is no room on disk.
    """

    def __init__(
        self, parts: Sequence[Part], sample_rate: int, reverb: float, stems: bool, folder: Path | None = None
    ) -> None:
        self.parts, self.sample_rate = parts, sample_rate
        self._reverb, self._meter = Reverb(sample_rate, reverb), Meter(sample_rate)
        with ExitStack() as opened:
            self._mix = opened.enter_context(Tape(folder, 2))
            self._stems = [(part, opened.enter_context(Tape(folder, 1))) for part in parts] if stems else []
            self._tapes = opened.pop_all()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._tapes.close()

    def add(self, stretches: Sequence[np.ndarray]) -> None:
        """Mix the next stretch of every part, float32 [t] each, dry, mono."""
        mix = np.zeros((2, len(stretches[0])), np.float32)
        for part, mono in zip(self.parts, stretches, strict=True):
            mix += place(mono, part.pan, part.volume)
        for sound in self._reverb.add(mix):
            self._keep(sound)
        for (_, tape), mono in zip(self._stems, stretches, strict=False):
            tape.write(mono[None])

    def _keep(self, sound: np.ndarray) -> None:
        """Measure the next sound of the mix, and let it wait."""
        self._meter.add(sound)
        self._mix.write(sound)

    def mastered(self, loudness: float, left_out: tuple[str, ...] = ()) -> StreamedRendering:
        """Let the room ring out, and bring all that was mixed to a loudness in LUFS, as near as the peak allows."""
        self._keep(self._reverb.finish())
        gain = mastering_gain(self._meter, loudness)
        stems = {part.name: Taped(tape, gain, part) for part, tape in self._stems}
        measured = self._meter.loudness() + gain, self._meter.true_peak() + gain
        return StreamedRendering(Taped(self._mix, gain), self.sample_rate, stems, left_out, gain, *measured)
