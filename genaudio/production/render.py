"""Files of written music to audio files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from genaudio.audio import AudioSink, format_of
from genaudio.instruments import program_of
from genaudio.production.files import check_writable
from genaudio.production.folder import file_name
from genaudio.production.provenance import audio_tags
from genaudio.renderer.mix import LOUDNESS, check_loudness
from genaudio.score import read_score

if TYPE_CHECKING:
    from genaudio.renderer.streaming import Taped


@dataclass(frozen=True)
class Rendered:
    """What was written.

    Attributes:
        duration: seconds of audio.
        sample_rate: samples a second.
        left_out: sentences on what was not rendered.
        stems: files of the parts.
    """

    duration: float
    sample_rate: int
    left_out: tuple[str, ...]
    stems: tuple[Path, ...]


def check_output(out: Path) -> None:
    """Make sure, before any work is done, that an audio file can be written.

    Raises:
        GenaudioError: the format is unknown, or the place cannot be written to.
    """
    format_of(out)
    check_writable(out)


def render_file(
    file: Path,
    out: Path,
    instrument: str | None = None,
    seed: int = 0,
    device: str = "auto",
    stems: bool = False,
    loudness: float = LOUDNESS,
    weights: Path | None = None,
    codec: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Rendered:
    """Render a MIDI, MusicXML or ABC file; the audio's tags say that it is AI-generated.

    Memory does not grow with the length of the music: until its loudness is known, the sound lies on the disk of `out`.

    Args:
        file: what to play.
        out: the audio file; its extension says the format.
        instrument: what plays every pitched part, instead of what the file says.
        seed: of the noise in breath and hammers.
        device: ``auto``, ``cpu``, ``cuda``...
        loudness: of the master in LUFS, as near as the true peak allows.
        stems: also write each part as ``name-part.flac`` beside `out`, in its format.
        weights: of a renderer of one's own.
        codec: weights of the codec that it was trained for, where that is not the shipped one.
        on_progress: called with the share that is rendered, up to 1.

    Raises:
        GenaudioError: unknown instrument, format or device, nothing to play, or no room on disk.
        IncompatibleError: weights are missing, damaged or do not belong together.
        ScoreError: the file cannot be read.
    """
    check_output(out)
    check_loudness(loudness)
    score = read_score(file)
    if instrument is not None:
        program = program_of(instrument)
        tracks = (track if track.drums else replace(track, program=program) for track in score.tracks)
        score = replace(score, tracks=tuple(tracks))
    from genaudio.renderer.entry import renderer

    tags, written = audio_tags(score.title or file.stem), []
    with renderer(device, weights, codec).stream(
        score, seed, stems=stems, on_progress=on_progress, loudness=loudness, folder=out.parent
    ) as rendering:
        _write(out, rendering.master, rendering.sample_rate, tags)
        for number, (name, stem) in enumerate(rendering.stems.items(), start=1):
            written.append(out.with_stem(f"{out.stem}-{number}-{file_name(name)}"))
            _write(written[-1], stem, rendering.sample_rate, tags)
        return Rendered(rendering.seconds, rendering.sample_rate, rendering.left_out, tuple(written))


def _write(path: Path, sound: Taped, sample_rate: int, tags: Mapping[str, str]) -> None:
    """Write sound to an audio file, block by block."""
    with AudioSink(path, sample_rate, 2, tags) as sink:
        for block in sound.blocks():
            sink.write(block)
