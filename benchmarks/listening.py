"""Pictures of what is heard: docs/listening.md, mel spectrograms of teacher, codec and rendering.

``python benchmarks/listening.py``: one picture for each family, the same seconds of a held-out tune (of a groove for
drums) side by side.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from rendering_bench import Bench
from rendering_drums import groove
from rendering_measures import at_level
from rendering_tunes import performances
from torchaudio.functional import melscale_fbanks

from genaudio.corpus import load_works
from genaudio.instruments import Family
from genaudio.score import Melody
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE

DOCS = Path(__file__).parents[1] / "docs"
SHOWN = 4.0
"""Seconds of each panel."""
BANDS, HOP = 160, 512
COLOURS = 16
"""Shades of 4.4 dB each: as many as four bits hold, so that twenty pictures stay small."""
DEPTH = 70.0
"""dB from the brightest to the darkest."""
GAP, HEADING, FOOT = 8, 16, 14
"""Pixels between panels, above and below them."""
HEAD = """# Listening with the eyes

Mel spectrograms (160 bands, 0 to 16 kHz, 70 dB of range in 16 shades) of the first four seconds of a held-out tune for
each family, of a groove that no training drew for drums. From the left: the teacher, which the models never heard
playing this; the codec given the teacher's sound and the score; our rendering, which is given nothing but the score.
All pictures come from `python benchmarks/listening.py`.

What to look for: horizontal lines are partials, and should be as thin and as many as the teacher's; vertical edges are
attacks; grey where the teacher is black is noise that should not be there. The same in numbers: docs/benchmarks.md.
"""


def mel(audio: np.ndarray, size: int = 4096) -> np.ndarray:
    """Mel spectrogram of audio [T] in dB: [bands, frames]."""
    window = torch.hann_window(size)
    spectrum = torch.stft(torch.from_numpy(audio), size, HOP, size, window, return_complex=True).abs()
    filters = melscale_fbanks(size // 2 + 1, 0.0, 16_000.0, BANDS, SAMPLE_RATE)
    return (20 * torch.log10(filters.T @ spectrum + 1e-5)).numpy()


def notes_of(melodies: list[Melody], family: Family, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Draw what a family plays."""
    return groove(rng, SHOWN + 2) if family.drums else performances(melodies, family, 1, rng, chords=False)[0]


def sounds(bench: Bench, notes: tuple[Sounding, ...], family: Family) -> dict[str, np.ndarray]:
    """The three sounds of one performance, float32 [T] each."""
    teacher = bench.teacher(notes, family, SHOWN + 1)
    codec = bench.round_trip(teacher, notes, family)
    return {"teacher": teacher, "codec": codec, "rendering": bench.rendering(notes, family, SHOWN + 1)}


def shades(audio: np.ndarray) -> np.ndarray:
    """A sound as numbers of shades, whatever its loudness, high bands on top: uint8 [bands, frames]."""
    image = mel(at_level(audio[: round(SHOWN * SAMPLE_RATE)], 0.05))[::-1]
    share = 1 + (image - np.percentile(image, 99.8)) / DEPTH
    return np.clip(np.floor(share * COLOURS), 0, COLOURS - 1).astype(np.uint8)


def palette() -> list[int]:
    """Red, green and blue of each shade, from black to white by way of red and yellow, even in lightness."""
    import matplotlib

    colours = matplotlib.colormaps["magma"](np.linspace(0, 1, COLOURS))[:, :3]
    return [round(255 * float(part)) for colour in colours for part in colour]


def picture(panels: dict[str, np.ndarray], path: Path) -> None:
    """Draw the panels side by side, one pixel for each frame and two for each band, and store the shades."""
    images = [np.repeat(shades(audio), 2, axis=0) for audio in panels.values()]
    height, width = images[0].shape
    page = Image.new("P", (len(images) * (width + GAP) - GAP, height + HEADING + FOOT), COLOURS - 1)
    page.putpalette(palette())
    pen = ImageDraw.Draw(page)
    for place, (name, image) in enumerate(zip(panels, images, strict=True)):
        left = place * (width + GAP)
        page.paste(Image.fromarray(image), (left, HEADING))
        pen.text((left + 2, 2), name, fill=0)
        for second in range(int(SHOWN) + 1):
            at = left + min(round(second * SAMPLE_RATE / HOP), width - 1)
            pen.line((at, HEADING + height, at, HEADING + height + 3), fill=0)
            if second < SHOWN:
                pen.text((at + 3, HEADING + height + 1), f"{second} s", fill=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path, optimize=True, bits=4)


def main() -> None:
    """Draw a picture for each family that the renderer has learnt and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--soundfont", default=None)
    parser.add_argument("--docs", type=Path, default=DOCS)
    parser.add_argument("--renderer", type=Path, default=None, help="other weights than the shipped ones")
    parser.add_argument("--codec", type=Path, default=None, help="the codec that they were trained for")
    arguments = parser.parse_args()
    melodies = [work.melody for work in load_works("test")]
    page, total = [HEAD], 0
    with Bench(arguments.soundfont, renderer=arguments.renderer, codec=arguments.codec) as bench:
        for number, family in enumerate(bench.families):
            notes = notes_of(melodies, family, np.random.default_rng([arguments.seed, number]))
            path = arguments.docs / "listening" / f"{family.name}.png"
            picture(sounds(bench, notes, family), path)
            total += path.stat().st_size
            page.append(f"## {family.name.capitalize()}\n\n![{family.name}](listening/{path.name})\n")
            print(f"{family.name}: {path.stat().st_size / 1000:.0f} kB", flush=True)
    (arguments.docs / "listening.md").write_text("\n".join(page))
    print(f"{total / 1000:.0f} kB in all")


if __name__ == "__main__":
    main()
