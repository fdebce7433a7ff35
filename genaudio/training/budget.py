"""How long a training may take, in time or steps, across interruptions."""

from __future__ import annotations

import re
import time

from genaudio.errors import GenaudioError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_seconds(text: str) -> float:
    """Read ``90s``, ``25m``, ``2.5h`` or ``1h30m`` as seconds.

    Raises:
        GenaudioError: the text is no duration.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise GenaudioError(f"{text!r} is no duration; write it like 90s, 25m or 2.5h")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


class Budget:
    """A budget of seconds, of steps, or of both, whichever ends first.

    Args:
        seconds: training time, or None for no limit in time.
        steps: optimiser steps, or None for no limit in steps.
        spent_seconds: time that earlier runs of the same training took.

    Raises:
        GenaudioError: neither limit is given, or one is not positive.
    """

    def __init__(self, seconds: float | None, steps: int | None, spent_seconds: float = 0.0) -> None:
        if seconds is None and steps is None:
            raise GenaudioError("a training needs a budget: a time (25m) or a number of steps")
        if (seconds is not None and seconds <= 0) or (steps is not None and steps <= 0):
            raise GenaudioError(f"a training budget must be more than 0, not {seconds} s and {steps} steps")
        self.seconds, self.steps = seconds, steps
        self._start = time.monotonic() - spent_seconds

    @property
    def spent_seconds(self) -> float:
        """Training time so far, earlier runs included."""
        return time.monotonic() - self._start

    def fraction(self, step: int) -> float:
        """Return how much of the budget is used, 0 to 1."""
        by_time = 0.0 if self.seconds is None else self.spent_seconds / self.seconds
        by_steps = 0.0 if self.steps is None else step / self.steps
        return min(1.0, max(by_time, by_steps))
