"""How long a track takes from the command line, start-up included, and where the time goes.

``python benchmarks/track_time.py --runs 3``: `genaudio make` of a reel of 32 bars, as `make track` does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from common import save

TRACK = ("--style", "reel", "--instrument", "violin", "--bars", "32")


def main() -> None:
    """Run the command several times in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    seconds, stages, duration = [], {}, 0.0
    for run in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "track"
            began = time.perf_counter()
            command = [sys.executable, "-m", "genaudio", "--seed", str(run), "make", *TRACK, "--out", str(out)]
            subprocess.run(command, check=False, capture_output=True)
            seconds.append(time.perf_counter() - began)
            manifest = json.loads((out / "manifest.json").read_text())
            stages, duration = manifest["time"]["seconds"], manifest["audio"]["seconds"]
    save(
        "track_time",
        {
            "runs": arguments.runs,
            "track_seconds": round(duration, 2),
            "seconds_median": round(median(seconds), 2),
            "seconds": [round(value, 2) for value in seconds],
            "stages_of_the_last_run": stages,
        },
    )


if __name__ == "__main__":
    main()
