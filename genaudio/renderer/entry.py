"""``from genaudio import render``: a score or a file to sound, in one call."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from genaudio.score import Melody, Score, phrased, read_score

if TYPE_CHECKING:
    from genaudio.renderer import Renderer, Rendering


@lru_cache(maxsize=2)
def renderer(device: str = "auto", weights: Path | None = None, codec: Path | None = None) -> Renderer:
    """Return the shipped renderer, or one of one's own, loaded once a process and device.

    Args:
        device: auto, cpu, cuda, cuda:N or mps.
        weights: of a renderer of one's own.
        codec: weights of the codec that it was trained for, where that is not the shipped one.

    Raises:
        IncompatibleError: a file is missing or damaged, or the two were not trained for each other.
    """
    from genaudio.codec.codec import Codec
    from genaudio.renderer import Renderer

    return Renderer.load(weights, device, None if codec is None else Codec.load(codec, device))


def render(
    music: Score | Melody | Path | str, instrument: str = "piano", device: str = "auto", seed: int = 0,
    stems: bool = False,
) -> Rendering:  # fmt: skip
    """Render a score, a melody, or a MIDI, MusicXML or ABC file.

    Args:
        music: what to play. A melody in which every note is equally loud gets dynamics (`genaudio.score.phrased`).
        instrument: what plays a melody; a score says so itself.
        device: auto, cpu, cuda, cuda:N or mps.
        seed: of the noise in breath and hammers.
        stems: also keep each part by itself.

    Raises:
        GenaudioError: nothing to play, unknown instrument or device.
        ScoreError: the file cannot be read.
    """
    from genaudio.instruments import program_of

    if isinstance(music, Melody):
        if len({note.velocity for note in music.notes}) == 1:
            music = phrased(music)
        music = Score.from_melody(music, program=program_of(instrument))
    elif not isinstance(music, Score):
        music = read_score(Path(music))
    return renderer(device).render(music, seed=seed, stems=stems)
