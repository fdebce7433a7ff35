"""A segment of a catalogue: some of its works with their fingerprints and indexes, in arrays that never change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks import storage
from checks.bands import BandTable
from checks.batch import Batch
from checks.errors import IncompatibleCatalogue
from checks.fingerprint import Fingerprint, Hashes, band_keys
from checks.line import Ints, Line
from checks.ngrams import Shingling, tune_shingles, window_shingles, windows
from checks.postings import Postings
from checks.records import Record, Records, hash_id, hash_ids, pack_records, unpack_records

_STRETCH = 1 << 18  # notes whose shingles are in memory at once
_COARSE = 6  # every 64th note knows its work

Arrays = dict[str, npt.NDArray[Any]]
_LENGTHS = {"n": "pitches.npy", "m": "signatures.npy", "w": "windows.npy", "t": "ngram_keys.npy"}
"""Arrays whose lengths are those of others: notes, works, windows, n-grams."""
_KINDS = {
    "onsets.npy": ("int32", "n"),
    "durations.npy": ("uint16 int32", "n"),
    "pitches.npy": ("int8", "n"),
    "starts.npy": ("int64", "m+"),
    "signatures.npy": ("uint32", "m any"),
    "tune_keys.npy": ("uint32", "any m"),
    "tune_names.npy": ("uint32", "any m"),
    "windows.npy": ("int32", "w"),
    "window_keys.npy": ("uint32", "any w"),
    "window_names.npy": ("uint32", "any w"),
    "window_bands.npy": ("uint32", "any w"),
    "ngram_keys.npy": ("uint32 uint64", "t"),
    "ngram_begins.npy": ("uint32 int64", "t+"),
    "ngram_places.npy": ("int32", "any"),
    "ngram_works.npy": ("uint32", "t"),
    "ngram_samples.npy": ("uint64", "any"),
    "works.npy": ("uint8", "any"),
    "works_blocks.npy": ("int64", "any"),
    "ids.npy": ("uint64", "m"),
}
"""dtypes and lengths of a segment's arrays; "m+": one more than works."""


class Segment:
    """Works, opened through memory maps.

    Attributes:
        line: the notes of its works, end to end.
        signatures: MinHash signatures of the works, [works, permutations] uint32.
        windows: first notes of the passage windows, [W] int32.
        postings: the exact n-gram index.
    """

    def __init__(self, folder: Path, entry: Mapping[str, Any], fingerprint: Fingerprint, shingling: Shingling) -> None:
        """Open what `files` gave.

        Args:
            folder: the catalogue's.
            entry: what the manifest says of the segment.
            fingerprint, shingling: the catalogue's.

        Raises:
            IncompatibleCatalogue: a file is no array, or missing.
        """
        data = folder / entry["data"]
        arrays = {name: storage.load_array(data / name) for name in entry["files"] if name.endswith(".npy")}
        self._fingerprint, self._shingling = fingerprint, shingling
        self._records_path = data / "works.jsonl.gz"  # format 1
        self._arrays = arrays
        try:
            self.line = Line(*(arrays[name] for name in ("onsets.npy", "durations.npy", "pitches.npy", "starts.npy")))
            self.signatures: Hashes = arrays["signatures.npy"]
            self.windows: Ints = arrays["windows.npy"]
            self.postings = Postings.load(arrays, shingling.index_length)
        except KeyError as error:
            raise IncompatibleCatalogue(f"{data} has no {error.args[0]}: build the catalogue again") from error
        wrong = wrong_shapes(arrays)
        if entry["counts"]["works"] != self.line.melodies or entry["counts"]["notes"] != len(self.line):
            wrong.append("the counts of the manifest")
        if wrong:
            raise IncompatibleCatalogue(f"in {data} {', '.join(wrong)} are of another kind: build the catalogue again")

    @cached_property
    def records(self) -> Sequence[Record]:
        """What is known of each work besides its notes."""
        if "works.npy" in self._arrays:
            return Records(self._arrays["works.npy"], self._arrays["works_blocks.npy"], self.line.melodies)
        try:
            return unpack_records(self._records_path.read_bytes())
        except (OSError, ValueError, TypeError, EOFError) as error:
            raise IncompatibleCatalogue(f"cannot read {self._records_path}: {error}; build it again") from error

    @cached_property
    def tune_bands(self) -> BandTable:
        """MinHash bands of the works."""
        if "tune_keys.npy" in self._arrays:
            return BandTable(self._arrays["tune_keys.npy"], self._arrays["tune_names.npy"])
        return BandTable.of(band_keys(self.signatures, self._fingerprint.bands))

    @cached_property
    def window_bands(self) -> BandTable:
        """MinHash bands of the passage windows."""
        if "window_keys.npy" in self._arrays:
            return BandTable(self._arrays["window_keys.npy"], self._arrays["window_names.npy"])
        return BandTable.of(self._arrays["window_bands.npy"])

    @cached_property
    def _ids(self) -> npt.NDArray[np.uint64]:
        known = self._arrays.get("ids.npy")
        return hash_ids(self.records) if known is None else known

    def number(self, name: str) -> int | None:
        """Return the number of the work with an id, or None."""
        for place in np.flatnonzero(self._ids == np.uint64(hash_id(name))).tolist():
            if self.records[place].id == name:
                return int(place)
        return None

    @cached_property
    def _guesses(self) -> Ints:
        """Owner of every 64th note, [notes / 64] int32."""
        notes = np.arange(0, max(1, len(self.line)), 1 << _COARSE)
        return (np.searchsorted(self.line.starts, notes, side="right") - 1).astype(np.int32)

    def owners(self, places: Ints) -> Ints:
        """Return the works that some notes belong to."""
        found = self._guesses[places >> _COARSE]
        ends = self.line.starts[1:]
        late = np.flatnonzero(ends[found] <= places)
        while len(late):
            found[late] += 1
            late = late[ends[found[late]] <= places[late]]
        return found

    def batch(self) -> Batch:
        """Return the works as they were written."""
        return Batch(self.records, self.line)

    def verify(self) -> None:
        """Make signatures and indexes again.

        Raises:
            IncompatibleCatalogue: they are not those of the works.
        """
        starts = self.line.starts
        if (np.diff(starts) < 0).any():
            raise IncompatibleCatalogue(f"in {self._records_path.parent} starts.npy does not rise: build it again")
        fresh = _derived(self.line, self._fingerprint, self._shingling)
        fresh["ids.npy"] = self._fresh_ids()
        if "window_bands.npy" in self._arrays:  # format 1, whose places have another order
            table = BandTable(fresh["window_keys.npy"], fresh["window_names.npy"])
            fresh = {**fresh, "window_bands.npy": table.in_order()}
            fresh["ngram_places.npy"] = self._arrays["ngram_places.npy"]
        wrong = [name for name, values in fresh.items()
                 if name in self._arrays and not np.array_equal(values, self._arrays[name])]  # fmt: skip
        if wrong:
            raise IncompatibleCatalogue(
                f"in {self._records_path.parent} {', '.join(wrong)} are not those of its works: build it again"
            )

    def _fresh_ids(self) -> npt.NDArray[np.uint64]:
        """Return the hashes of the ids again.

        Raises:
            IncompatibleCatalogue: the records cannot be read, or are not as many as the works.
        """
        try:
            fresh = hash_ids(list(self.records))
        except (TypeError, AttributeError, IndexError) as error:
            raise IncompatibleCatalogue(f"in {self._records_path.parent} works cannot be read: {error}") from error
        if len(fresh) != self.line.melodies:
            raise IncompatibleCatalogue(
                f"{self._records_path.parent} has {len(fresh)} records of {self.line.melodies} works: build it again"
            )
        return fresh


def wrong_shapes(arrays: Mapping[str, npt.NDArray[Any]]) -> list[str]:
    """Return the arrays of a segment whose dtype or shape is none that `files` gives, without reading them all.

    The values may still be wrong: `verify` tells.
    """
    lengths = {letter: len(arrays[name]) if arrays[name].ndim else -1 for letter, name in _LENGTHS.items()}
    wrong = []
    for name, (kinds, axes) in _KINDS.items():
        array = arrays.get(name)
        if array is not None:
            wanted = [lengths.get(axis.rstrip("+")) for axis in axes.split()]
            wanted = [n if n is None else n + axis.count("+") for n, axis in zip(wanted, axes.split(), strict=True)]
            fits = array.ndim == len(wanted) and all(
                n is None or n == size for n, size in zip(wanted, array.shape, strict=True)
            )
            if str(array.dtype) not in kinds.split() or not fits:
                wrong.append(name)
    starts = arrays["starts.npy"]
    if not wrong and not (len(starts) and starts[0] == 0 and starts[-1] == lengths["n"]):
        wrong.append("starts.npy")
    return wrong


def files(batch: Batch, fingerprint: Fingerprint, shingling: Shingling) -> tuple[Arrays, dict[str, int]]:
    """Return the arrays of a segment of some works, and how many works, notes and windows it has."""
    line = batch.line
    content, blocks = pack_records(batch.records)
    arrays = {
        "works.npy": content,
        "works_blocks.npy": blocks,
        "ids.npy": hash_ids(batch.records),
        "onsets.npy": line.onsets,
        "durations.npy": line.durations,
        "pitches.npy": line.pitches,
        "starts.npy": line.starts,
        **_derived(line, fingerprint, shingling),
    }
    counts = {
        "works": line.melodies,
        "notes": len(line),
        "windows": len(arrays["windows.npy"]),
        "unsearchable": int(np.count_nonzero(np.diff(line.starts) < shingling.shortest)),
    }
    return arrays, counts


def _derived(line: Line, fingerprint: Fingerprint, shingling: Shingling) -> Arrays:
    """Return what follows from the notes."""
    firsts = windows(line, shingling, shingling.window_hop)
    signatures = np.empty((line.melodies, fingerprint.permutations), np.uint32)
    window_signatures = np.empty((len(firsts), fingerprint.window_permutations), np.uint32)
    for begin, end in _stretches(line):
        part = line.stretch(begin, end)
        signatures[begin:end] = fingerprint.sign_groups(*tune_shingles(part, shingling), part.melodies)
        low, high = np.searchsorted(firsts, [line.starts[begin], line.starts[end]])
        shingles = window_shingles(part, firsts[low:high] - line.starts[begin], shingling)
        window_signatures[low:high] = fingerprint.sign_windows(shingles)
    tunes = BandTable.of(band_keys(signatures, fingerprint.bands))
    passages = BandTable.of(band_keys(window_signatures, fingerprint.window_bands))
    return {
        "signatures.npy": signatures,
        "tune_keys.npy": tunes.keys,
        "tune_names.npy": tunes.names,
        "windows.npy": firsts.astype(np.int32),
        "window_keys.npy": passages.keys,
        "window_names.npy": passages.names,
        **Postings.build(line, shingling.index_length).arrays(),
    }


def _stretches(line: Line) -> Iterator[tuple[int, int]]:
    """Cut the works into pieces of about equally many notes: first work, and the one after the last."""
    begin = 0
    while begin < line.melodies:
        end = int(np.searchsorted(line.starts, line.starts[begin] + _STRETCH, side="right")) - 1
        end = min(max(end, begin + 1), line.melodies)
        yield begin, end
        begin = end
