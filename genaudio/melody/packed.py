"""Training examples that lie on the device, one behind the other, from which batches are gathered there.

A batch costs one small transfer, and nothing waits for the device: a GPU that learns a small network is otherwise
kept waiting by the making of its batches. The batches are those that `genaudio.melody.dataset.collate` makes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from genaudio.melody.dataset import IGNORED, Batch, Changes, Example, condition_sizes
from genaudio.melody.features import LEFT_COLUMN, LEFT_UNKNOWN, PITCH_COLUMNS, PLACE_COLUMNS
from genaudio.melody.vocabulary import Vocabulary

LEFT_PLACE = PLACE_COLUMNS.index("left")


class PackedExamples:
    """Examples on a device.

    Args:
        examples: the tunes, at least one; batches name them by their numbers in this row.
        vocabulary: names the columns' "none" values.
        device: where they lie.
    """

    def __init__(self, examples: Sequence[Example], vocabulary: Vocabulary, device: torch.device) -> None:
        self.device = device
        self._none = vocabulary.pitch_count
        self._any_bars = condition_sizes(vocabulary)[-1] - 1
        self._lengths = np.array([len(example) for example in examples])
        self._offsets = np.cumsum(self._lengths) - self._lengths
        self._features, self._arrival, self._rhythm, self._pitch, self._row = (
            torch.from_numpy(np.concatenate([getattr(example, name) for example in examples])).to(device)
            for name in ("features", "arrival", "rhythm", "pitch", "row")
        )
        self._pitch_columns = torch.tensor(PITCH_COLUMNS, device=device)

    def batch(self, numbers: Sequence[int], changes: Changes) -> Batch:
        """Return the batch of the examples of these numbers, as `collate` makes it with the same changes."""
        counts = np.minimum(self._lengths[numbers], changes.size)
        begins = self._offsets[numbers] + changes.starts
        rows = torch.from_numpy(np.column_stack([begins, counts, changes.semitones, changes.conditions]))
        if self.device.type == "cuda":
            rows = rows.pin_memory()
        rows = rows.to(self.device, non_blocking=True)
        conditions = rows[:, 3:].contiguous()
        steps = torch.arange(changes.size, device=self.device)
        known = steps < rows[:, 1:2]
        places = torch.where(known, rows[:, :1] + steps, 0)
        features, arrival = (table[places].long() * known[..., None] for table in (self._features, self._arrival))
        rhythm, pitch = (torch.where(known, table[places], IGNORED) for table in (self._rhythm, self._pitch))
        self._move(features, pitch, rows[:, 2, None])
        endless = conditions[:, -1:] == self._any_bars
        for table, column in ((features, LEFT_COLUMN), (arrival, LEFT_PLACE)):
            table[..., column].masked_fill_(endless, LEFT_UNKNOWN)
        return Batch(features, arrival, rhythm, pitch, self._row[places] * known, conditions)

    def _move(self, features: torch.Tensor, pitch: torch.Tensor, semitones: torch.Tensor) -> None:
        """Move the relative pitches of [B, T] rows by [B, 1] semitones in place, "none" and ignored ones left alone."""
        columns = features.index_select(-1, self._pitch_columns)
        moved = (columns + semitones[..., None]).clamp(0, self._none - 1)
        features.index_copy_(-1, self._pitch_columns, torch.where(columns == self._none, columns, moved))
        pitch += semitones * (pitch != IGNORED)
