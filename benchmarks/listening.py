"""Pictures of what is heard: docs/listening.md, mel spectrograms of teacher, codec and rendering.

``python benchmarks/listening.py``: one picture for each family, five seconds of a held-out tune.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from rendering import SECONDS, Bench, performances
from torchaudio.functional import melscale_fbanks

from genaudio.codec.sources import excite_as
from genaudio.corpus import load_works
from genaudio.instruments import FAMILIES, Family
from genaudio.renderer.performing import Part
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE
from genaudio.teacher.soundfont import SoundFontPlayer, find_soundfont

DOCS = Path(__file__).parents[1] / "docs"
SHOWN = 5.0
COLOURS = 40
HEAD = """# Listening with the eyes

Mel spectrograms (160 bands, 0 to 16 kHz, 70 dB of range) of the first five seconds of a held-out tune for each family.
From above: the teacher, which the models never heard playing this tune; the codec given the teacher's sound and the
score; the codec given the sound alone; our rendering, which is given nothing but the score. All pictures come from
`python benchmarks/listening.py`.

What to look for: horizontal lines are partials, and should be as thin and as many as the teacher's; vertical edges are
attacks; grey where the teacher is black is noise that should not be there.
"""


def mel(audio: np.ndarray, size: int = 4096, hop: int = 512, bands: int = 160) -> np.ndarray:
    """Mel spectrogram of audio [T] in dB: [bands, frames]."""
    window = torch.hann_window(size)
    spectrum = torch.stft(torch.from_numpy(audio), size, hop, size, window, return_complex=True).abs()
    filters = melscale_fbanks(size // 2 + 1, 0.0, 16_000.0, bands, SAMPLE_RATE)
    return (20 * torch.log10(filters.T @ spectrum + 1e-5)).numpy()


def sounds(bench: Bench, notes: tuple[Sounding, ...], family: Family) -> dict[str, np.ndarray]:
    """The four sounds of one performance, float32 [T] each."""
    teacher, codec = bench.teacher(notes, family), bench.renderer.codec
    known = excite_as(family, notes, len(teacher), SAMPLE_RATE)[None]
    informed = codec.decode(codec.encode(teacher[None], excitation=known), len(teacher), known)[0]
    alone = codec.decode(codec.encode(teacher[None]), len(teacher))[0]
    rendering = bench.renderer.stem(Part("solo", family, notes, (), 1.0, 0.0), len(teacher) / SAMPLE_RATE)
    return {"teacher": teacher, "codec with the score": informed, "codec alone": alone, "rendering": rendering}


def picture(panels: dict[str, np.ndarray], path: Path) -> None:
    """Draw the panels one above the other, each at the same loudness, and store them with few colours."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from PIL import Image

    figure, axes = plt.subplots(len(panels), 1, figsize=(9, 2.1 * len(panels)), sharex=True, layout="constrained")
    for axis, (name, audio) in zip(axes, panels.items(), strict=True):
        stretch = audio[: round(SHOWN * SAMPLE_RATE)]
        image = mel(stretch / max(float(np.sqrt(np.mean(stretch**2))), 1e-6) * 0.05)
        top = float(np.percentile(image, 99.8))
        axis.imshow(image, "magma", origin="lower", aspect="auto", vmin=top - 70, vmax=top, extent=(0, SHOWN, 0, 160))
        axis.set_ylabel(name, fontsize=8)
        axis.set_yticks([])
    axes[-1].set_xlabel("seconds")
    buffer = BytesIO()
    figure.savefig(buffer, dpi=90)
    plt.close(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(buffer).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main() -> None:
    """Draw a picture for each family and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--soundfont", default=None)
    parser.add_argument("--docs", type=Path, default=DOCS)
    arguments = parser.parse_args()
    melodies = [work.melody for work in load_works("test")]
    rng, page = np.random.default_rng(arguments.seed), [HEAD]
    with SoundFontPlayer(find_soundfont(arguments.soundfont), SAMPLE_RATE) as player:
        bench = Bench(player)
        for family in FAMILIES:
            notes = performances(melodies, family, 1, rng, chords=False)[0]
            path = arguments.docs / "listening" / f"{family.name.replace(' ', '-')}.png"
            picture(sounds(bench, notes, family), path)
            page.append(f"## {family.name.capitalize()}\n\n![{family.name}](listening/{path.name})\n")
            print(f"{family.name}: {path.stat().st_size / 1000:.0f} kB of {SECONDS:.0f} s", flush=True)
    (arguments.docs / "listening.md").write_text("\n".join(page))


if __name__ == "__main__":
    main()
