"""Pairs on disk as takes to learn from: all recordings in one file of samples, what they play in another.

A folder holds `audio.s16` (int16, mono, one recording after the other), `takes.json` (what each plays) and `done` (the
account of the reading, written last).
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from genaudio.codec.players import perform
from genaudio.codec.resident import Played as Whole
from genaudio.codec.striking import FALLS
from genaudio.errors import GenaudioError
from genaudio.instruments import BY_NAME, Family
from genaudio.percussion import DRUMS
from genaudio.renderer.pairs import Found, Pair, Played, find_pairs, read_pair
from genaudio.sounding import Sounding
from genaudio.teacher.dataset import LEVEL, level_gain
from genaudio.training.gathered import digest_of, is_gathered

HELD_OUT = 10
"""Of so many pairs one is kept from the training to measure on."""
_CYMBALS = FALLS * max(drum.fall for drum in DRUMS.values())
_SPARE = 0.1


@dataclass(frozen=True)
class Account:
    """What became of a folder of pairs.

    Attributes:
        pairs: those that were read. held_out: names of those that are measured on.
        rejected: (recording, reason) of pairs that cannot be used.
        unpaired: (file, reason) of files without another half.
    """

    pairs: tuple[Pair, ...]
    held_out: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]
    unpaired: tuple[tuple[str, str], ...]

    @property
    def families(self) -> tuple[str, ...]:
        """The families that are learnt."""
        return tuple(sorted({pair.family for pair in self.pairs if pair.name not in self.held_out}))

    def lines(self) -> list[str]:
        """Tell the account in sentences."""
        seconds: dict[str, float] = {}
        for pair in self.pairs:
            seconds[pair.family] = seconds.get(pair.family, 0.0) + pair.seconds
        what = ", ".join(f"{family} {length / 60:.1f} min" for family, length in sorted(seconds.items()))
        told = [f"Read {len(self.pairs)} pairs ({what}); {len(self.held_out)} of them only for measuring"]
        told += [f"moved: the notes of {pair.name} by {1000 * pair.offset:+.0f} ms, to where the recording plays them"
                 for pair in self.pairs if pair.corrected]  # fmt: skip
        told += [f"resampled: {pair.name}, from {pair.rate} Hz" for pair in self.pairs if pair.rate != 44_100]
        return told + [f"left out: {name}: {reason}" for name, reason in (*self.rejected, *self.unpaired)]


@dataclass(frozen=True)
class _Take:
    """Where a recording lies among all samples, its gain, what it plays, and its longest note in seconds."""

    first: int
    samples: int
    gain: float
    played: Played
    longest: float

    def near(self, notes: tuple[Sounding, ...], start: float, end: float) -> tuple[Sounding, ...]:
        """The notes, sorted by onset, that can be heard or known between two times in seconds."""
        family = self.played.family
        before = start - (_CYMBALS if family.drums else family.rings) - _SPARE
        low, high = bisect_left(notes, (before - self.longest,)), bisect_left(notes, (end + _SPARE,))
        return tuple(note for note in notes[low:high] if note.end > before)


class PairSet:
    """Pairs as takes (`genaudio.renderer.takes.Takes`).

    Args:
        audio: int16 [all samples] (a memory map).
        takes: what lies where in it.
        sample_rate: samples a second.
    """

    def __init__(self, audio: np.ndarray, takes: list[_Take], sample_rate: int) -> None:
        self.audio, self.takes, self.sample_rate = audio, takes, sample_rate

    def samples(self, take: int) -> int:
        """See `Takes.samples`."""
        return self.takes[take].samples

    def family(self, take: int) -> Family:
        """See `Takes.family`."""
        return self.takes[take].played.family

    def notes(self, take: int, start: float, end: float) -> tuple[Sounding, ...]:
        """See `Takes.notes`."""
        return self.takes[take].near(self.takes[take].played.modelled, start, end)

    def stretch(self, take: int, start: int, samples: int) -> np.ndarray:
        """See `Takes.stretch`."""
        place = self.takes[take]
        end = min(place.samples, start + samples)
        sound = self.audio[place.first + start : place.first + end].astype(np.float32) * np.float32(place.gain / 32767)
        return np.pad(np.clip(sound, -1, 1), (0, samples - len(sound)))

    def excitation(self, take: int, start: int, samples: int) -> np.ndarray:
        """See `Takes.excitation`."""
        place, rate = self.takes[take], self.sample_rate
        notes = place.near(place.played.notes, start / rate, (start + samples) / rate)
        return perform(place.played.family, notes, samples, rate, start, place.played.bends)

    def played(self, take: int) -> Whole:
        """See `Takes.played`."""
        played = self.takes[take].played
        return played.family, played.notes, played.bends

    def __len__(self) -> int:
        return len(self.takes)


def gather_pairs(
    source: Path, folder: Path, sample_rate: int, progress: Callable[[int, int], None] | None = None
) -> tuple[PairSet, PairSet, Account]:
    """Read all pairs of a folder, or open what was read of the same files before.

    Args:
        source: where the pairs are; folders within are searched too.
        folder: where the samples go; about 5 MB a minute.
        sample_rate: samples a second there.
        progress: called with (pairs done, pairs in all).

    Returns:
        pairs for training, pairs for measuring (one in `HELD_OUT`, at least one), and the account.

    Raises:
        GenaudioError: there are no pairs, or fewer than two can be used; the message says why.
    """
    found = find_pairs(source)
    files = sorted([path for pair in found.pairs for path in pair] + [path for path, _ in found.unpaired])
    digest = digest_of(source, files, f"{sample_rate} {LEVEL}")
    if not is_gathered(folder, digest):
        (folder / "done").unlink(missing_ok=True)
        _gather(source, found, folder, sample_rate, digest, progress)
    return open_pairs(folder, sample_rate)


def open_pairs(folder: Path, sample_rate: int) -> tuple[PairSet, PairSet, Account]:
    """Open what `gather_pairs` made.

    Raises:
        GenaudioError: the folder holds nothing finished.
    """
    if not (folder / "done").is_file():
        raise GenaudioError(f"{folder} holds no pairs that were read; give --pairs")
    content = json.loads((folder / "done").read_text())
    rejected, unpaired = (tuple(map(tuple, content[name])) for name in ("rejected", "unpaired"))
    pairs = tuple(Pair(**pair) for pair in content["pairs"])
    account = Account(pairs, tuple(content["held_out"]), rejected, unpaired)
    audio = np.memmap(folder / "audio.s16", np.int16, "r")
    takes = [_take(place) for place in json.loads((folder / "takes.json").read_text())]
    kept, measured = (
        [take for pair, take in zip(pairs, takes, strict=True) if (pair.name in account.held_out) is held]
        for held in (False, True)
    )
    return PairSet(audio, kept, sample_rate), PairSet(audio, measured, sample_rate), account


def _take(content: dict[str, Any]) -> _Take:
    """A take as it was stored."""
    notes, modelled = (tuple(Sounding(*note) for note in content[name]) for name in ("notes", "modelled"))
    bends = tuple((at, semitones) for at, semitones in content["bends"])
    played = Played(BY_NAME[content["family"]], notes, modelled, bends)
    longest = max((note.end - note.start for note in (*notes, *modelled)), default=0.0)
    return _Take(content["first"], content["samples"], content["gain"], played, longest)


def _gather(
    source: Path,
    found: Found,
    folder: Path,
    sample_rate: int,
    digest: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Read all pairs and write what they hold, `done` last.

    Raises:
        GenaudioError: fewer than two can be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    takes: list[dict[str, Any]] = []
    pairs: list[Pair] = []
    rejected: list[tuple[str, str]] = []
    with (folder / "audio.s16").open("w+b") as out:
        for index, (recording, score) in enumerate(found.pairs):
            name, first = recording.relative_to(source).as_posix(), out.seek(0, 2) // 2
            try:
                pair, played = read_pair(recording, score, name, out, sample_rate)
            except GenaudioError as error:
                rejected.append((name, str(error)))
            else:
                pairs.append(pair)
                notes = {"notes": played.notes, "modelled": played.modelled, "bends": played.bends}
                takes.append({"family": pair.family, "first": first, "samples": out.seek(0, 2) // 2 - first, **notes})
            if progress:
                progress(index + 1, len(found.pairs))
    unpaired = [(path.relative_to(source).as_posix(), reason) for path, reason in found.unpaired]
    if len(pairs) < 2:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in (rejected + unpaired)[:5])
        raise GenaudioError(
            f"{source} holds {len(pairs)} pairs of a recording and its MIDI file that can be used; two are the least, "
            f"one to learn from and one to measure on{'. Left out: ' if reasons else ''}{reasons}"
        )
    _set_levels(np.memmap(folder / "audio.s16", np.int16, "r"), takes)
    (folder / "takes.json").write_text(json.dumps(takes))
    account = {"pairs": [asdict(pair) for pair in pairs], "held_out": _held_out(pairs), "rejected": rejected}
    (folder / "done").write_text(json.dumps({"digest": digest, **account, "unpaired": unpaired}))


def _set_levels(audio: np.ndarray, takes: list[dict[str, Any]]) -> None:
    """Give the takes of each family the gain that brings their median loudness to `LEVEL` with no peak above 0.98."""
    for family in {take["family"] for take in takes}:
        own = [take for take in takes if take["family"] == family]
        sounds = [audio[take["first"] : take["first"] + take["samples"]] for take in own]
        loudness = float(np.median([np.sqrt(np.mean(np.square(sound, dtype=np.float64))) for sound in sounds])) / 32767
        peak = max(int(np.abs(sound.astype(np.int32)).max()) for sound in sounds) / 32767
        for take in own:
            take["gain"] = level_gain(loudness, peak)


def _held_out(pairs: list[Pair]) -> list[str]:
    """Choose by a hash of the names what is measured on: of families that keep a pair to learn from, where any do."""
    left = Counter(pair.family for pair in pairs)
    chosen: list[str] = []
    ordered = sorted(pairs, key=lambda pair: sha256(pair.name.encode()).hexdigest())
    for pair in ordered:
        if len(chosen) < max(1, len(pairs) // HELD_OUT) and left[pair.family] > 1:
            chosen.append(pair.name)
            left[pair.family] -= 1
    return chosen or [ordered[0].name]
