"""Tracks on a GPU: a batch whose stems are rendered together, one track from the command line, and what is the same.

``python benchmarks/batch_device.py --device cuda``:

- a batch of tracks of 16 bars with one worker and with several, which share the GPU: tracks an hour;
- `genaudio make` of a reel of 32 bars in a process of its own, start-up included;
- the melodies of the plan's orders on the GPU and on the processor: how many are the same, note by note.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from batch import batch, plan_of
from common import save
from track_time import TRACK

from genaudio.production.batch import orders_of
from genaudio.production.batch.plan import Plan
from genaudio.production.compose import composer


def made_alone(device: str, folder: Path) -> dict[str, Any]:
    """Make one track from the command line."""
    begun = perf_counter()
    words = ["--seed", "0", "--device", device, "make", *TRACK, "--out", str(folder)]
    ended = subprocess.run([sys.executable, "-m", "genaudio", *words], check=False, capture_output=True, text=True)
    if not (folder / "manifest.json").is_file():
        raise SystemExit(f"genaudio make ended with {ended.returncode}: {ended.stderr[-2000:]}")
    spent, manifest = perf_counter() - begun, json.loads((folder / "manifest.json").read_text())
    return {
        "seconds": round(spent, 2),
        "track_seconds": round(manifest["audio"]["seconds"], 2),
        "stages": manifest["time"]["seconds"],
        "verdict": manifest["verdict"],
    }


def same_melodies(plan: Plan, devices: tuple[str, str]) -> dict[str, int]:
    """How many melodies of a plan's orders are the same on two devices."""
    orders = orders_of(plan)
    wishes, seeds = [order.wish for order in orders], [order.seed for order in orders]
    made = [composer(device).compose_each(wishes, seeds) for device in devices]
    return {"melodies": len(orders), "same": sum(one.notes == other.notes for one, other in zip(*made, strict=True))}


def main() -> None:
    """Measure and save, after every part anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tracks", type=int, default=64)
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--workers", type=int, nargs="+", default=[4, 1])
    parser.add_argument("--rendering", default="{chunks: 32, precision: bfloat16}", help="as in a plan")
    parser.add_argument("--name", default="batch_gpu", help="of the result file")
    arguments = parser.parse_args()
    result: dict[str, Any] = {
        "device": arguments.device,
        "rendering": arguments.rendering,
        "bars": arguments.bars,
        "load_before": round(os.getloadavg()[0], 2),
        "batches": [],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = plan_of(folder, arguments.tracks, arguments.bars, f"rendering: {arguments.rendering}\n")
        for workers in arguments.workers:
            result["batches"].append(batch(plan, folder / f"{workers}", workers, arguments.device))
            save(arguments.name, result)
            if "alone" not in result:
                result["melodies"] = same_melodies(plan, (arguments.device, "cpu"))
                result["alone"] = made_alone(arguments.device, folder / "alone")
                save(arguments.name, result)


if __name__ == "__main__":
    main()
