"""The training works as a compact file: one JSON object a line, compressed, the same bytes on every build.

A line holds id, title, style, source, licence, family, split, aliases, metre ("6/8"), key ("D dorian"), pickup (ticks)
and notes ([[onset, duration, pitch], ...] in ticks of 1/480 quarter note and MIDI numbers).
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genaudio.corpus.errors import CorpusError
from genaudio.corpus.splits import SPLITS
from genaudio.score import TICKS_PER_QUARTER, Key, Melody, Metre, Note, to_ticks

WORKS_FILE = Path(__file__).parent.parent / "assets" / "corpus" / "works.jsonl.gz"
"""The training works that ship."""

_FAMILY = re.compile(r'\{"id":("[^"]*").*?,"family":("[^"]*")')
_REMEDY = "build it with: genaudio corpus build"


@dataclass(frozen=True, slots=True)
class TrainingWork:
    """One tune that weights may be trained on.

    Attributes:
        id: such as ``oneill-0001``.
        title, style, source: style is one of `genaudio.corpus.styles.STYLES`, source a source's short name.
        licence: why it may be used, in a line.
        family: id of the first tune of its family; variants of one tune share it.
        split: "train", "validation" or "test".
        aliases: near-identical tunes that it stands for, each as "source: title".
        melody: the notes, with metre, key, title and pickup.
    """

    id: str
    title: str
    style: str
    source: str
    licence: str
    family: str
    split: str
    aliases: tuple[str, ...]
    melody: Melody


def work_line(work: TrainingWork) -> str:
    """Return a work as its line of JSON, without the line's end."""
    melody = work.melody
    record = {
        "id": work.id, "title": work.title, "style": work.style, "source": work.source, "licence": work.licence,
        "family": work.family, "split": work.split, "aliases": list(work.aliases), "metre": str(melody.metre),
        "key": str(melody.key), "pickup": to_ticks(melody.pickup),
        "notes": [[note.onset_ticks, note.duration_ticks, note.pitch] for note in melody.notes],
    }  # fmt: skip
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def read_work(record: dict[str, Any]) -> TrainingWork:
    """Build a work from a line's JSON object."""
    notes = [
        Note(onset / TICKS_PER_QUARTER, duration / TICKS_PER_QUARTER, pitch)
        for onset, duration, pitch in record["notes"]
    ]
    melody = Melody(
        notes,
        metre=Metre.parse(record["metre"]),
        key=Key.parse(record["key"]),
        title=record["title"],
        pickup=record["pickup"] / TICKS_PER_QUARTER,
    )
    return TrainingWork(
        id=record["id"],
        title=record["title"],
        style=record["style"],
        source=record["source"],
        licence=record["licence"],
        family=record["family"],
        split=record["split"],
        aliases=tuple(record["aliases"]),
        melody=melody,
    )


def save_works(works: Iterable[TrainingWork], path: Path) -> None:
    """Write works sorted by id, in one step, without a time stamp.

    Raises:
        CorpusError: the file cannot be written.
    """
    text = "".join(work_line(work) + "\n" for work in sorted(works, key=lambda work: work.id))
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as packed:
        packed.write(text.encode())
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(buffer.getvalue())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise CorpusError(f"cannot write {path}: {error.strerror}; choose another place") from error


def load_works(split: str | None = None, path: Path | str | None = None) -> list[TrainingWork]:
    """Load the training works of one split, or of all for None, sorted by id.

    Raises:
        CorpusError: the split is unknown, or the file is missing or damaged.
    """
    if split is not None and split not in SPLITS:
        raise CorpusError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
    place = WORKS_FILE if path is None else Path(path)
    try:
        with gzip.open(place, "rt", encoding="utf-8") as lines:
            # a quotation mark inside a string is escaped, so the field cannot be found in a title
            chosen = [line for line in lines if split is None or f'"split":"{split}"' in line]
        return [read_work(json.loads(line)) for line in chosen]
    except FileNotFoundError as error:
        raise CorpusError(f"there is no file of training works at {place}; {_REMEDY}") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError(f"{place} is no file of training works ({error}); {_REMEDY}") from error


def work_families(path: Path | str | None = None) -> dict[str, str]:
    """Return the family of each training work by its id, without reading the notes.

    Raises:
        CorpusError: the file is missing or damaged.
    """
    place = WORKS_FILE if path is None else Path(path)
    try:
        with gzip.open(place, "rt", encoding="utf-8") as lines:
            found = [_FAMILY.match(line) for line in lines]
        return {json.loads(one[1]): json.loads(one[2]) for one in found if one is not None}
    except FileNotFoundError as error:
        raise CorpusError(f"there is no file of training works at {place}; {_REMEDY}") from error
    except (OSError, EOFError, ValueError) as error:
        raise CorpusError(f"{place} is no file of training works ({error}); {_REMEDY}") from error
