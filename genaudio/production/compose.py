"""Melodies alone: composed, and written in any of the formats of written music."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from genaudio.errors import GenaudioError
from genaudio.melody.given import Given
from genaudio.melody.usual import words
from genaudio.melody.wish import Wish
from genaudio.production.files import check_writable
from genaudio.production.threads import single_thread
from genaudio.score import Entry, Melody, write_entries, write_midi

if TYPE_CHECKING:
    from genaudio.melody import Composer
    from genaudio.melody.settings import Settings

WRITERS = (".mid", ".musicxml", ".abc", ".jsonl")
"""Extensions of the files that a melody is written to."""


@lru_cache(maxsize=2)
def composer(device: str = "auto", model: Path | None = None, precision: str = "float32") -> Composer:
    """Return the shipped composer or that of other weights, with the copy guard, loaded once a process and device."""
    from genaudio.melody import Composer
    from genaudio.production.guard import TrainingGuard

    return Composer.load(model, device, TrainingGuard(), precision)


def compose(
    wish: Wish | None = None,
    seed: int = 0,
    device: str = "auto",
    *,
    primer: Melody | str | os.PathLike[str] | None = None,
    infill: Melody | str | os.PathLike[str] | None = None,
    rewrite: tuple[int, int] | None = None,
    model: str | os.PathLike[str] | None = None,
    **wishes: str | float | None,
) -> Melody:
    """Compose one melody: ``compose(style="reel", key="D", bars=16, seed=3)``.

    Args:
        wish: what is wished of it; or give the wish's fields by name.
        seed: same wish, seed and device, same melody.
        device: ``auto``, ``cpu``, ``cuda``...
        primer: a melody, or a file of one, to go on from; its notes are kept, and the wish's bars count them.
        infill: a melody, or a file of one, of which the bars `rewrite` are written anew and all else is kept.
        rewrite: first and last bar to write anew, counted from 1 after the pickup: ``rewrite=(5, 8)``.
        model: weights of one's own; the shipped ones unless given.

    Raises:
        GenaudioError: the wish cannot be fulfilled, or contradicts what is given.
        ScoreError: a file cannot be read.
    """
    given = given_melody(primer, infill, rewrite)
    weights = None if model is None else Path(model)
    wish = wish or Wish(**wishes, **words(weights))  # type: ignore[arg-type]
    return compose_with_settings(wish, seed, 1, device, given, weights)[0][1]


def given_melody(
    primer: Melody | str | os.PathLike[str] | None,
    infill: Melody | str | os.PathLike[str] | None,
    rewrite: tuple[int, int] | None,
) -> Given | None:
    """Return what is given to go on from or to rewrite, or None where nothing is.

    Raises:
        GenaudioError: both are given, bars to rewrite are missing or make no sense, or there is no melody in a file.
        ScoreError: a file cannot be read.
    """
    if primer is not None and infill is not None:
        raise GenaudioError("a primer is gone on from and an infill is rewritten; give one of them")
    if infill is not None and rewrite is None:
        raise GenaudioError("an infill needs the bars that are to be written anew, such as 5-8")
    if infill is None and rewrite is not None:
        raise GenaudioError(f"the bars {rewrite[0]}-{rewrite[1]} can be rewritten only of an infill, which is missing")
    source = primer if infill is None else infill
    if source is None or isinstance(source, Melody):
        return None if source is None else Given(source, rewrite)
    return Given.read(source, rewrite)


def compose_many(wish: Wish, seed: int, count: int, device: str = "auto", given: Given | None = None) -> list[Melody]:
    """Compose several melodies of one seed.

    Raises:
        GenaudioError: the wish cannot be fulfilled, or the number is out of range.
    """
    return [melody for _, melody in compose_with_settings(wish, seed, count, device, given)]


def compose_with_settings(
    wish: Wish,
    seed: int,
    count: int,
    device: str = "auto",
    given: Given | None = None,
    model: Path | None = None,
    precision: str = "float32",
) -> list[tuple[Settings, Melody]]:
    """Compose several melodies of one seed, each with what was decided where the wish left it open.

    Raises:
        GenaudioError: the wish cannot be fulfilled, contradicts what is given, the number is out of range, or there is
            no such precision on this device.
    """
    writer = composer(device, model, precision)
    with single_thread():
        return writer.compose_with_settings(wish, seed, count, given)


def melody_files(out: Sequence[Path], count: int) -> list[list[Path]]:
    """Return for each path the files of so many melodies: one JSONL for all, else ``name-1.mid``, ``name-2.mid``.

    Raises:
        GenaudioError: an extension is unknown, a place cannot be written to, or the number is less than 1.
    """
    if count < 1:
        raise GenaudioError(f"the number of melodies must be 1 or more, not {count}")
    files = []
    for path in out:
        suffix = path.suffix.lower()
        if suffix not in WRITERS:
            raise GenaudioError(f"{path}: melodies are written as {', '.join(WRITERS)}, not {suffix or 'a folder'!r}")
        check_writable(path)
        several = count > 1 and suffix != ".jsonl"
        files.append([path.with_stem(f"{path.stem}-{n}") for n in range(1, count + 1)] if several else [path])
    return files


def write_melodies(melodies: Sequence[Melody], files: Sequence[Sequence[Path]], seed: int, program: int = 0) -> None:
    """Write melodies to the files that `melody_files` chose.

    Raises:
        ScoreError: a file cannot be written.
    """
    for group in files:
        if group[0].suffix.lower() == ".jsonl":
            write_entries(melody_entries(melodies, seed), group[0])
            continue
        for melody, path in zip(melodies, group, strict=True):
            _write(melody, path, program)


def melody_entries(melodies: Sequence[Melody], seed: int) -> list[Entry]:
    """Return melodies as works, named by their seed and number."""
    return [Entry(f"genaudio-{seed}-{n}", melody, title=melody.title) for n, melody in enumerate(melodies)]


def _write(melody: Melody, path: Path, program: int) -> None:
    suffix = path.suffix.lower()
    if suffix == ".mid":
        write_midi(melody, path, program=program)
    elif suffix == ".musicxml":
        from genaudio.score.musicxml_writer import write_musicxml

        write_musicxml(melody, path)
    else:
        from genaudio.score.abc_writer import write_abc

        write_abc(melody, path)
