"""The seed of a run."""

from __future__ import annotations

from secrets import randbelow

from genaudio.cli.state import State


def seed_of(state: State) -> int:
    """Return ``--seed``, or a fresh one where none was given; it is part of every result."""
    return randbelow(1_000_000) if state.seed is None else state.seed
