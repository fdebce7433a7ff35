"""How many processor cores there are to work with. Needs no torch."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Processor cores that this process may run on, at least 1."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
