"""What all benchmarks share: the machine's description and the file of results."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """Describe what the numbers were measured on; without torch where the benchmark did without."""
    import os

    torch = sys.modules.get("torch")
    model = platform.processor() or "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    described: dict[str, Any] = {"processor": model, "cores": os.cpu_count(), "python": platform.python_version()}
    if torch is not None:
        described["threads"] = torch.get_num_threads()
        described["gpu"] = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
        described["torch"] = torch.__version__
    return described


def save(name: str, result: dict[str, Any]) -> None:
    """Write a benchmark's result as JSON beside the others, and print it."""
    RESULTS.mkdir(exist_ok=True)
    script = Path(sys.argv[0]).name
    result = {
        "benchmark": name,
        "command": " ".join(["python", f"benchmarks/{script}", *sys.argv[1:]]),
        "machine": machine(),
        **result,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
