"""Works as JSON lines: one work a line, the form in which catalogues of melodies are exchanged.

Each line is an object with `id` and `notes`, a list of [onset, duration, pitch] in quarter notes and MIDI numbers, and
where known `title`, `creator`, `rights`, `time_signature` ("6/8"), `tempo` (quarter notes a minute), `key` ("D dorian")
and `pickup` (quarter notes before the first full bar). Unknown names are passed over.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from genaudio.score.errors import ScoreError
from genaudio.score.key import Key
from genaudio.score.melody import Melody
from genaudio.score.metre import Metre
from genaudio.score.note import Note
from genaudio.score.read_files import decode_text, write_bytes


@dataclass(frozen=True)
class Entry:
    """A work in a file: a melody and whose it is.

    Attributes:
        id: names the work in its collection.
        melody: the notes, with metre, key, tempo and pickup as far as known.
        title, creator, rights: as far as known.
    """

    id: str
    melody: Melody
    title: str | None = None
    creator: str | None = None
    rights: str | None = None


def parse_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line) of the lines that are not blank."""
    for number, line in enumerate(decode_text(data).split("\n"), start=1):
        if line.strip():
            yield number, line


def parse_entry(line: str) -> Entry:
    """Read one work from its line; where notes overlap, each ends at the onset of the next, and of notes that begin
    together the highest stays.

    Raises:
        ScoreError: the line is no work; the message says what is wrong with it.
    """
    try:
        work = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ScoreError(f"it is no JSON ({error})") from None
    if not isinstance(work, dict):
        raise ScoreError('it is no work; a work is an object such as {"id": "1", "notes": [[0, 1, 60]]}')
    name = work.get("id")
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        raise ScoreError("the work has no id")
    texts = {field: _text(work, field) for field in ("title", "creator", "rights", "time_signature", "key")}
    melody = Melody(
        one_at_a_time(_notes(work.get("notes"))),
        metre=Metre.parse(texts["time_signature"]) if texts["time_signature"] else None,
        key=Key.parse(texts["key"]) if texts["key"] else None,
        tempo=_number(work["tempo"], "tempo") if work.get("tempo") is not None else None,
        title=texts["title"],
        pickup=_number(work.get("pickup") or 0, "pickup"),
    )
    return Entry(_whole(str(name)), melody, texts["title"], texts["creator"], texts["rights"])


def _text(work: dict[str, Any], field: str) -> str | None:
    value = work.get(field)
    if value is not None and not isinstance(value, str):
        raise ScoreError(f"its {field} must be a text, not {json.dumps(value)[:40]}")
    return None if value is None else _whole(value)


def _whole(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can escape and no file can hold, by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ScoreError(f"its {name} must be a number, not {json.dumps(value)[:40]}")
    return float(value)


def _notes(items: Any) -> Iterator[Note]:
    if not isinstance(items, list):
        raise ScoreError("the work has no list of notes")
    for index, item in enumerate(items):
        if not isinstance(item, list) or len(item) != 3:
            raise ScoreError(f"note {index} must be [onset, duration, pitch], not {json.dumps(item)[:60]}")
        onset, duration, pitch = (_number(value, f"note {index}") for value in item)
        if not pitch.is_integer():
            raise ScoreError(f"the pitch of note {index} must be a whole MIDI number, not {pitch:g}")
        try:
            yield Note(onset, duration, int(pitch))
        except ScoreError as error:
            raise ScoreError(f"note {index}: {error}") from None


def one_at_a_time(notes: Iterable[Note]) -> list[Note]:
    """Cut each note at the onset of the next; of notes that begin together the highest stays."""
    line: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.onset_ticks, note.pitch)):
        if line and line[-1].onset_ticks == note.onset_ticks:
            line.pop()
        elif line and line[-1].offset_ticks > note.onset_ticks:
            line[-1] = replace(line[-1], duration=note.onset - line[-1].onset)
        line.append(note)
    return line


def write_entries(entries: Iterable[Entry], path: str | os.PathLike[str]) -> None:
    """Write works as JSON lines, the whole file or nothing.

    Raises:
        ScoreError: the file cannot be written.
    """
    write_bytes(path, "".join(entry_line(entry) + "\n" for entry in entries).encode())


def entry_line(entry: Entry) -> str:
    """Return a work as one line of JSON, without the line's end."""
    melody = entry.melody
    work: dict[str, Any] = {
        "id": entry.id,
        "title": entry.title if entry.title is not None else melody.title,
        "creator": entry.creator,
        "rights": entry.rights,
        "time_signature": None if melody.metre is None else str(melody.metre),
        "key": None if melody.key is None else str(melody.key),
        "tempo": None if melody.tempo is None else _short(melody.tempo),
        "pickup": _short(melody.pickup) or None,
        "notes": [[_short(note.onset), _short(note.duration), int(note.pitch)] for note in melody.notes],
    }
    return json.dumps({name: value for name, value in work.items() if value is not None}, ensure_ascii=False)


def _short(number: float) -> float | int:
    """Return whole numbers without a decimal point."""
    return int(number) if float(number).is_integer() else float(number)
