"""Do bars sum? Tunes through all styles, metres, keys and modes, written as MusicXML and measured by music21.

``python benchmarks/bars.py --tunes 200``: music21 adds up the notes and rests of every measure; a measure sums if
they make its time signature, the pickup and the last measure together.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import music21
import numpy as np
from common import save

from genaudio.melody import Composer, Wish
from genaudio.melody.usual import known_metres, known_styles
from genaudio.score import Metre, write_musicxml

KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor", "dorian", "mixolydian")


def measures(path: Path) -> list[Fraction]:
    """Add up each measure of a MusicXML file's only part, in quarter notes."""
    part = music21.converter.parse(path, format="musicxml").parts[0]
    return [
        sum((Fraction(item.duration.quarterLength) for item in measure.notesAndRests), Fraction(0))
        for measure in part.getElementsByClass("Measure")
    ]


def main() -> None:
    """Compose, write, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    styles, metres = known_styles(), known_metres()
    wishes = [
        Wish(
            style=styles[number % len(styles)],
            metre=str(rng.choice(metres)),
            key=str(rng.choice(KEYS)),
            mode=str(rng.choice(MODES)),
            bars=int(rng.choice([4, 8, 12, 16])),
        )
        for number in range(arguments.tunes)
    ]
    tunes = Composer.load(device="cpu").compose_each(wishes, [int(rng.integers(1 << 30)) for _ in wishes])
    bars = summing = whole = 0
    with tempfile.TemporaryDirectory() as folder:
        for wish, melody in zip(wishes, tunes, strict=True):
            path = Path(folder) / "tune.musicxml"
            write_musicxml(melody, path)
            found, length = measures(path), Metre.parse(wish.metre or "").bar
            if melody.pickup:  # the pickup and the last measure make one bar
                found = [*found[1:-1], found[0] + found[-1]]
            bars += len(found)
            summing += sum(measure == length for measure in found)
            whole += len(found) == wish.bars and all(measure == length for measure in found)
    save("bars", {"tunes": len(tunes), "as_wished": whole, "bars": bars, "bars_that_sum": summing})


if __name__ == "__main__":
    main()
