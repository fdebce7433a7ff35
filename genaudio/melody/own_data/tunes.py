"""Tunes from one's own files: the melody of each work, in one metre and on the grid.

ABC is read as the training works are, every part once; what that reader refuses is read as it sounds. Of MIDI and
MusicXML the main voice is taken as it sounds, of JSONL every line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from pathlib import Path

from genaudio.corpus.abc_text import parse_tune
from genaudio.corpus.extract import LEAST_BARS, LEAST_NOTES, extract_tune
from genaudio.errors import GenaudioError
from genaudio.melody.own_data.account import Account, Reject
from genaudio.melody.own_data.rhythm import quantised
from genaudio.melody.own_data.styles import folder_style, style_name, tune_type
from genaudio.score import Melody, Metre, Score, ScoreError, iter_entries, main_voice, read_score, voices
from genaudio.score.abc_reader import AbcTune, read_tune_score, split_tunes
from genaudio.score.folders import find_files, other_files
from genaudio.score.read import SUFFIXES
from genaudio.score.read_files import decode_text, read_bytes

ASSUMED = Metre(4, 4)
"""The metre of a file that says none, as the standard of MIDI files has it."""
Tell = Callable[[float | None, str], None]


class TooPoorError(ValueError):
    """A tune that cannot be learnt from; `reason` is short and the same for all such tunes."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class OwnTune:
    """A tune as it was read.

    Attributes:
        id: its file below the folder that was given and, where the file holds several, its place.
        file, place: as in `Reject`.
        style: its tune type.
        melody: with a metre; with a key as far as the file says one.
    """

    id: str
    file: str
    place: str
    style: str
    melody: Melody


def read_tunes(
    sources: Sequence[Path], style: str | None, known: Sequence[str], account: Account, tell: Tell
) -> Iterator[OwnTune]:
    """Yield the tunes of files and folders, and put into the account what was read, left out and assumed.

    Args:
        sources: files and folders, searched in depth.
        style: of all tunes; None for what each says, or the name of its folder.
        known: styles whose names are preferred.
        account: is added to.
        tell: is told how far the work is.

    Raises:
        GenaudioError: a source is missing, or there is no file of a readable kind.
    """
    files, taken = find_files(sources), Counter[str]()
    account.other_files.update(other_files(sources))
    for number, (folder, path) in enumerate(files):
        tell(number / len(files), f"Reading {path.name}")
        account.files += 1
        name = path.relative_to(folder).as_posix()
        own = style_name(style, known) if style else folder_style(path if path in sources else folder, path, known)
        reader = _abc if path.suffix.lower() in SUFFIXES["ABC"] else _others
        try:
            for place, kind, read in reader(path, account):
                account.works += 1
                try:
                    melody = _ready(read(), account)
                except (TooPoorError, ScoreError) as error:
                    account.rejects.append(_reject(path, place, error))
                    continue
                chosen = tune_type(kind, known) if kind and not style else own
                yield OwnTune(_unique(name, place, taken), str(path), place, chosen, melody)
        except ScoreError as error:
            account.rejects.append(_reject(path, "", error))


def _unique(name: str, place: str, taken: Counter[str]) -> str:
    """Return an id that no other tune has; `taken` counts those that were given."""
    identity = f"{name}:{place}" if place else name
    taken[identity] += 1
    return identity if taken[identity] == 1 else f"{identity} ({taken[identity]})"


Works = Iterator[tuple[str, str, Callable[[], Melody]]]
"""(place in the file, tune type, function that reads the melody) of each work of a file."""


def _reject(path: Path, place: str, error: ValueError) -> Reject:
    if isinstance(error, TooPoorError):
        return Reject(str(path), place, error.reason, error.detail)
    detail = str(error).removeprefix(f"{path}: ").removeprefix(f"{path} ")
    return Reject(str(path), place, "cannot be read", detail)


def _abc(path: Path, account: Account) -> Works:
    """Return the tunes of an ABC file."""
    tunes = split_tunes(decode_text(read_bytes(path)))
    for tune in tunes:
        place = f"tune {tune.number}" if len(tunes) > 1 else ""
        yield place, tune.field("R") or "", lambda tune=tune: _abc_melody(tune, account)  # type: ignore[misc]


def _abc_melody(tune: AbcTune, account: Account) -> Melody:
    """Read one ABC tune, every part once; where its bars cannot be put right, as it sounds."""
    try:
        return extract_tune(parse_tune(tune.text), "own", tune.number).melody
    except (ValueError, LookupError, GenaudioError):  # a damaged tune fails in many ways, and gets a second chance
        melody = _score_melody(read_tune_score(tune), account)
    account.readings["ABC read as it sounds, repeats played out"] += 1
    return melody


def _others(path: Path, account: Account) -> Works:
    """Return the works of a file that is no ABC."""
    if path.suffix.lower() not in SUFFIXES["JSONL"]:
        yield "", "", lambda: _score_melody(read_score(path), account)
        return

    def leave_out(place: str, why: str) -> None:
        account.works += 1
        account.rejects.append(Reject(str(path), place, "cannot be read", why))

    for entry in iter_entries(path, on_reject=leave_out):
        yield entry.id, "", lambda entry=entry: entry.melody  # type: ignore[misc]


def _score_melody(score: Score, account: Account) -> Melody:
    """Return the main voice of a score, of several metres the longest part in one.

    Raises:
        TooPoorError: there are no notes of a pitched instrument.
    """
    voice = main_voice(score)
    if voice is None:
        raise TooPoorError("no notes of a pitched instrument")
    account.readings["of several voices the melody taken"] += len(voices(score)) > 1
    account.readings["of chords the highest notes taken"] += voice.dropped > 0
    account.left_out_notes += voice.dropped
    melody = steady_part(voice.melody, score.metres)
    account.readings["of several metres the longest part in one taken"] += melody is not voice.melody
    return melody


def steady_part(melody: Melody, metres: Sequence[tuple[float, Metre]]) -> Melody:
    """Return the part of a melody with the most notes in which the metre stays, from its own bar line on."""
    changes = [metres[0], *(after for before, after in pairwise(metres) if after[1] != before[1])] if metres else []
    if len(changes) < 2:
        return melody
    ends = [*(onset for onset, _ in changes[1:]), inf]
    parts: list[Melody] = []
    for (start, metre), end in zip(changes, ends, strict=True):
        first = start if parts else 0.0
        notes = [replace(note, onset=note.onset - first) for note in melody.notes
                 if note.onset >= first and note.offset <= end + 1e-6]  # fmt: skip
        parts.append(replace(melody, notes=tuple(notes), metre=metre, pickup=0.0 if parts else melody.pickup))
    return max(parts, key=len)


def _ready(melody: Melody, account: Account) -> Melody:
    """Return a melody with a metre, on the grid.

    Raises:
        TooPoorError: it is too short, or played too freely.
    """
    if melody.metre is None:
        melody = replace(melody, metre=ASSUMED)
        account.readings["without a time signature, read in 4/4"] += 1
    if len(melody) < LEAST_NOTES or melody.bars < LEAST_BARS:
        bars = melody.bars if melody.notes else 0
        raise TooPoorError(
            f"shorter than {LEAST_NOTES} notes and {LEAST_BARS} bars", f"{len(melody)} notes, {bars} bars"
        )
    found = quantised(melody)
    if found is None:
        raise TooPoorError("played too freely for note values; quantise it")
    melody, moved = found
    account.readings["notes a little off put on the grid"] += moved > 0
    return melody
