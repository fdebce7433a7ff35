"""Loudness and true peak (ITU-R BS.1770-4) of audio that goes by block by block.

Audio is float32 [2, T]. The numbers are those of the whole, however it is cut: the blocks are cut anew, and each is
looked at with what was before it. The filters of the loudness forget what was a second ago.
"""

from __future__ import annotations

from array import array

import numpy as np

from genaudio.audio import resample

_TENTHS = 50
"""Tenths of a second that are measured at once."""
_AROUND = 256
"""Samples to either side of a block that are oversampled with it: more than decide what is between two samples."""
_OVER = 4
"""Times that the true peak is oversampled."""
_DOWN = 2.0**-10
"""Factor at which sound goes through torchaudio's filters, which cut off what leaves -1..1."""


class Meter:
    """Measures sound that goes by.

    Args:
        sample_rate: samples a second.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._step = round(0.1 * sample_rate)
        self.block = _TENTHS * self._step
        self._before = np.zeros((2, 0), np.float32)  # the last second of what was measured
        self._after = np.zeros((2, 0), np.float32)  # what is still to be measured
        self._energies = array("d")
        self._peak = 0.0

    def add(self, sound: np.ndarray) -> None:
        """Let sound go by, float32 [2, t]."""
        self._after = np.concatenate([self._after, sound], axis=1)
        while self._after.shape[1] >= self.block + _AROUND:
            self._measured()

    def loudness(self) -> float:
        """Integrated loudness of all that went by in LUFS; minus infinity for silence or less than 0.4 s."""
        self._finish()
        return _gated(np.array(self._energies))

    def true_peak(self) -> float:
        """True peak of all that went by in dBTP, four times oversampled; minus infinity for silence."""
        self._finish()
        return 20 * float(np.log10(self._peak)) if self._peak > 0 else float("-inf")

    def _finish(self) -> None:
        """Measure what is left; nothing may be added any more."""
        while self._after.shape[1]:
            self._measured()

    def _measured(self) -> None:
        """Measure the next block."""
        block, self._after = self._after[:, : self.block], self._after[:, self.block :]
        self._energies.extend(_energies(self._before, block, self.sample_rate, self._step))
        before, after = self._before[:, -_AROUND:], self._after[:, :_AROUND]
        fine = resample(np.concatenate([before, block, after], axis=1), self.sample_rate, _OVER * self.sample_rate)
        fine = fine[:, _OVER * before.shape[1] :][:, : _OVER * block.shape[1]]  # a cut rings where it is
        self._peak = max(self._peak, float(fine.max()), -float(fine.min()))
        self._before = np.concatenate([self._before, block], axis=1)[:, -self.sample_rate :]


def loudness(stereo: np.ndarray, sample_rate: int) -> float:
    """Measure integrated loudness in LUFS; minus infinity for silence or less than 0.4 s."""
    return metered(stereo, sample_rate).loudness()


def true_peak(stereo: np.ndarray, sample_rate: int) -> float:
    """Measure the true peak in dBTP by four times oversampling; minus infinity for silence."""
    return metered(stereo, sample_rate).true_peak()


def metered(stereo: np.ndarray, sample_rate: int) -> Meter:
    """Let a whole sound go by a meter."""
    meter = Meter(sample_rate)
    for start in range(0, stereo.shape[1], meter.block):
        meter.add(stereo[:, start : start + meter.block])
    return meter


def _energies(before: np.ndarray, block: np.ndarray, sample_rate: int, step: int) -> np.ndarray:
    """Mean squares of tenths of a second after K-weighting, channels summed: float64 [n]; what is left over is not.

    Args:
        before: what the filters heard before the block.
        block: what is measured.
        step: samples of a tenth of a second.
    """
    import torch
    from torchaudio.functional import highpass_biquad, treble_biquad

    sound = torch.from_numpy(np.concatenate([before, block], axis=1)).double() * _DOWN
    weighted = highpass_biquad(treble_biquad(sound, sample_rate, 4.0, 1500.0, 0.5**0.5), sample_rate, 38.0, 0.5)
    first, count = before.shape[1], block.shape[1] // step
    tenths = weighted[:, first : first + count * step].view(len(block), count, step)
    energies: np.ndarray = (tenths / _DOWN).square().mean(2).sum(0).numpy()
    return energies


def _gated(energies: np.ndarray) -> float:
    """Integrated loudness from the energies of tenths of a second: blocks of 0.4 s, gated twice (ITU-R BS.1770-4)."""
    if len(energies) < 4:
        return float("-inf")
    blocks = np.convolve(energies, np.full(4, 0.25), "valid")
    levels = -0.691 + 10 * np.log10(np.maximum(blocks, 1e-30))
    loud = levels > -70
    if not loud.any():
        return float("-inf")
    loud &= levels > -0.691 + 10 * np.log10(blocks[loud].mean()) - 10
    return float(-0.691 + 10 * np.log10(blocks[loud].mean()))
