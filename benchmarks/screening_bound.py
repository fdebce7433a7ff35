"""How many copies could be found at so many false alarms, whatever the alignment: what tunes share by chance.

Run: ``python benchmarks/screening_bound.py``. Takes under a minute on one core, needs no torch.

A passage of n notes recurs where a work of another family has it note for note: the same intervals and the same rhythm
(ratio classes), in any key and at any tempo. Whoever copies it would have to be told from the tune that has it anyhow.

- Recurring: the share of the training works' passages that recur in a training or held-out work of another family, and
  the share of tunes that hold such a passage. A screening that finds every exact copy of n notes alarms on all of them.
- Ceiling: passages in the order of the information that the shipped tables give them. If the threshold lets a share of
  passages through as copies (recall), it alarms at least on the tunes with a recurring passage that says as much. Tunes
  that are alike but for a note or two come on top of these, so that no threshold on information can do better.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from common import save
from screening import wilson

from checks.background import shipped
from checks.line import Line
from checks.ngrams import intervals, ratio_classes
from checks.relatives import Relative, read_works
from genaudio.corpus import WORKS_FILE

SPLITS = ("train", "validation", "test")
LENGTHS = (12, 14, 16, 18, 20, 24, 32)
RECALLS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
CEILING = (16, 24)
_MIX, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


@dataclass(frozen=True, eq=False)
class Passages:
    """All passages of so many notes.

    Attributes:
        owners: [P] the work of each.
        recurring: [P] whether a work of another family has it too.
        bits: [P] its information, of what a copy in another key and at another tempo keeps.
    """

    owners: npt.NDArray[np.integer]
    recurring: npt.NDArray[np.bool_]
    bits: npt.NDArray[np.float64]


class Bench:
    """The works with their families, end to end."""

    def __init__(self, works: list[Relative]) -> None:
        """Weigh all notes by the shipped tables."""
        self.line = Line.of([relative.work.melody for relative in works])
        self.family = np.unique([relative.family for relative in works], return_inverse=True)[1]
        self.split = np.array([relative.split for relative in works])
        notes = shipped().notes(self.line)
        self._pitch, self._rhythm = (
            np.concatenate([[0.0], np.cumsum(bits)]) for bits in (notes.pitch_bits, notes.rhythm_bits)
        )

    def passages(self, notes: int) -> Passages:
        """Return all passages of so many notes that lie within a work."""
        owners = self.line.owners()
        firsts = np.flatnonzero(owners[notes - 1 :] == owners[: len(owners) - notes + 1])
        steps, classes = intervals(self.line), ratio_classes(self.line)
        hashes = np.zeros(len(firsts), np.uint64)
        for place in range(notes - 1):
            hashes = _mixed(hashes, steps[firsts + place])
            if place < notes - 2:  # the last note's own length is no ratio within the passage
                hashes = _mixed(hashes, classes[firsts + place])
        _, groups = np.unique(hashes, return_inverse=True)
        family = self.family[owners[firsts]]
        least, most = np.full(groups.max() + 1, np.iinfo(np.int64).max), np.full(groups.max() + 1, -1)
        np.minimum.at(least, groups, family)
        np.maximum.at(most, groups, family)
        bits = self._pitch[firsts + notes] - self._pitch[firsts + 1]
        bits += self._rhythm[firsts + notes] - self._rhythm[firsts + 2]
        return Passages(owners[firsts], (least != most)[groups], bits)

    def tunes(self, holding: npt.NDArray[np.integer]) -> dict[str, Any]:
        """Return of each split how many works are among some, as a share with its 95 % interval."""
        found = {}
        for split in SPLITS:
            mine = np.flatnonzero(self.split == split)
            hits = int(np.isin(mine, holding).sum())
            found[split] = {
                "tunes": len(mine),
                "share": round(hits / len(mine), 4),
                "interval": wilson(hits, len(mine)),
            }
        return found

    def recurring(self, notes: int) -> dict[str, Any]:
        """Return how many passages recur, and how many tunes hold one that does."""
        passages = self.passages(notes)
        mine = self.split[passages.owners] == "train"
        share = float(passages.recurring[mine].mean())
        return {"passages": round(share, 5), "tunes": self.tunes(np.unique(passages.owners[passages.recurring]))}

    def ceiling(self, notes: int) -> list[dict[str, Any]]:
        """Return the least share of tunes that alarm where so many exact copies are found."""
        passages = self.passages(notes)
        copied = passages.bits[self.split[passages.owners] == "train"]
        rows = []
        for recall in RECALLS:
            needed = float(np.quantile(copied, 1 - recall))
            alarming = np.unique(passages.owners[passages.recurring & (passages.bits >= needed)])
            rows.append({"recall": recall, "bits": round(needed, 1), "alarms": self.tunes(alarming)})
        return rows


def _mixed(hashes: npt.NDArray[np.uint64], symbols: npt.NDArray[np.integer]) -> npt.NDArray[np.uint64]:
    """Take one more symbol into hashes."""
    hashes = (hashes ^ (symbols + 64).astype(np.uint64)) * _MIX
    return hashes ^ hashes >> _SHIFT


def main() -> None:
    """Count what recurs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=Path, default=WORKS_FILE)
    arguments = parser.parse_args()
    bench = Bench(read_works(arguments.works, SPLITS))
    result = {
        "works": bench.line.melodies,
        "families": int(bench.family.max()) + 1,
        "recurring": {str(notes): bench.recurring(notes) for notes in LENGTHS},
        "ceiling": {str(notes): bench.ceiling(notes) for notes in CEILING},
    }
    save("screening_bound", result)


if __name__ == "__main__":
    main()
