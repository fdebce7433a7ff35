"""What was composed so far, a line a track, so that a batch that goes on need not compose it again.

A line that a stop cut short is dropped: the track is composed again, and comes out the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from genaudio.errors import GenaudioError
from genaudio.production.batch.orders import Order
from genaudio.production.studio import Attempt, Session
from genaudio.score import Key, Melody, Metre, Note, ScoreError


@dataclass(frozen=True)
class Composed:
    """A melody that was taken for a track, and the attempts that led to it."""

    melody: Melody
    attempts: tuple[Attempt, ...]


class Ledger:
    """The file of what was composed; used in a ``with`` block.

    Args:
        path: the file; it is made where missing.
        orders: the tracks; lines that do not belong to them are dropped.
    """

    def __init__(self, path: Path, orders: Sequence[Order]) -> None:
        self.path = path
        self.composed: dict[int, Composed] = {}
        length = self._read(orders)
        try:
            self._file = path.open("ab")
            self._file.truncate(length)
        except OSError as error:
            raise GenaudioError(f"{path} cannot be written: {error.strerror}") from error

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, order: Order, session: Session) -> None:
        """Write down what was composed for a track.

        Raises:
            OSError: the disk is full.
        """
        line = json.dumps(
            {
                "number": order.number,
                "attempts": [[attempt.seed, attempt.verdict] for attempt in session.attempts],
                "melody": melody_json(session.melody),
            }
        )
        if _parse(line)[1].melody != session.melody:  # what a line cannot hold exactly is composed again instead
            return
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self, orders: Sequence[Order]) -> int:
        """Take the lines up to the first that is damaged; return the bytes that they fill."""
        length = 0
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise GenaudioError(f"{self.path} cannot be read: {error.strerror}") from error
        for line in content.splitlines(keepends=True):
            try:
                number, composed = _parse(line.decode())
                fits = line.endswith(b"\n") and composed.attempts[0].seed == orders[number].seed
            except (ValueError, LookupError, TypeError, ScoreError):
                fits = False
            if not fits:
                break
            self.composed[number] = composed
            length += len(line)
        return length


def melody_json(melody: Melody) -> dict[str, Any]:
    """Return a melody as plain JSON that `melody_from` reads back without any loss."""
    return {
        "notes": [
            [float(note.onset), float(note.duration), int(note.pitch), int(note.velocity)] for note in melody.notes
        ],
        "metre": None if melody.metre is None else str(melody.metre),
        "key": None if melody.key is None else [melody.key.tonic, melody.key.mode],
        "tempo": melody.tempo,
        "title": melody.title,
        "pickup": melody.pickup,
    }


def melody_from(values: Mapping[str, Any]) -> Melody:
    """Read what `melody_json` gave.

    Raises:
        ScoreError, ValueError, LookupError, TypeError: it is something else.
    """
    return Melody(
        (Note(*note) for note in values["notes"]),
        metre=None if values["metre"] is None else Metre.parse(values["metre"]),
        key=None if values["key"] is None else Key(*values["key"]),
        tempo=values["tempo"],
        title=values["title"],
        pickup=values["pickup"],
    )


def _parse(line: str) -> tuple[int, Composed]:
    values = json.loads(line)
    attempts = tuple(Attempt(int(seed), str(verdict)) for seed, verdict in values["attempts"])
    return int(values["number"]), Composed(melody_from(values["melody"]), attempts)
