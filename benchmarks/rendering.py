"""Rendering measured against the teacher, family by family, in parts that can be run one by one.

``python benchmarks/rendering.py`` runs all, ``--only PART`` one of them; the results of each part are kept as it ends.

- tunes: held-out tunes, alone and in chords: onset F1 by an independent transcriber of our rendering and of the
  teacher's; log-mel distance to the teacher of the rendering, of the codec's round trip (the floor) and of another
  SoundFont; processor time of a stem with the decoder's alone.
- probes: single notes: level against velocity, attacks, silence where nothing is written, borders between stretches.
- instruments: whether a classifier that was trained on the teacher names the instrument.
- drums: hits by kind, heard by an onset detector and named by a classifier that was trained on the teacher.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rendering_drums
import rendering_instruments
import rendering_probes
import rendering_tunes
from common import RESULTS, machine
from rendering_bench import SECOND_FONT, Bench


def keep(path: Path, part: str, result: dict[str, Any], weights: str) -> None:
    """Put one part's result beside those of other parts; results of other weights are dropped."""
    known = json.loads(path.read_text()) if path.is_file() else {}
    parts = known.get("parts", {}) if known.get("weights") == weights else {}
    told = [word for word, before in zip(sys.argv[1:], sys.argv, strict=False) if "--result" not in (word, before)]
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *told])
    parts[part] = {"command": command, "machine": machine(), **result}
    path.write_text(json.dumps({"benchmark": "rendering", "weights": weights, "parts": parts}, indent=2) + "\n")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("tunes", "probes", "instruments", "drums"), default=None)
    parser.add_argument("--tunes", type=int, default=10, help="performances of each family, and of each kit")
    parser.add_argument("--jobs", type=int, default=2, help="families whose tunes are measured at once")
    parser.add_argument("--clips", type=int, default=40, help="the teacher's clips of each family for the classifier")
    parser.add_argument("--trials", type=int, default=20, help="sounds of each family that the classifier names")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--soundfont", default="", help="the teacher's SoundFont, if not in its usual place")
    parser.add_argument("--second-soundfont", type=Path, default=SECOND_FONT, help="another one to compare with")
    parser.add_argument("--renderer", type=Path, default=None, help="other weights than the shipped ones")
    parser.add_argument("--codec", type=Path, default=None, help="the codec that they were trained for")
    parser.add_argument("--data", type=Path, default=Path("outputs/benchmarks/instruments"))
    parser.add_argument("--result", type=Path, default=RESULTS / "rendering.json")
    return parser.parse_args()


def main() -> None:
    """Run the parts that are asked for."""
    chosen = options()
    with Bench(chosen.soundfont, chosen.second_soundfont, chosen.renderer, chosen.codec) as bench:
        parts: dict[str, Callable[[np.random.Generator], dict[str, Any]]] = {
            "tunes": lambda _: rendering_tunes.run(bench, chosen.tunes, chosen.seed, chosen.jobs),
            "probes": lambda rng: rendering_probes.run(bench, rng),
            "instruments": lambda rng: rendering_instruments.run(
                bench, chosen.clips, chosen.trials, chosen.data, chosen.soundfont, rng
            ),
        }
        if any(family.drums for family in bench.families):
            parts["drums"] = lambda rng: rendering_drums.run(bench, chosen.tunes, rng)
        for name, measure in parts.items():
            if chosen.only in (None, name):
                began = time.perf_counter()
                result = measure(np.random.default_rng(chosen.seed))
                result["second_soundfont"] = chosen.second_soundfont.name
                result["minutes"] = round((time.perf_counter() - began) / 60, 1)
                keep(chosen.result, name, result, bench.weights)
                print(f"{name}: {result['minutes']} min", flush=True)


if __name__ == "__main__":
    main()
