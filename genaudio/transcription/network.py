"""The network that hears notes: basic-pitch's, run by onnxruntime from the file that the basic-pitch wheel carries.

Frames are 256 samples at 22,050 Hz apart, 86 a second; pitches are the 88 of a piano, from 21. The network takes two
seconds at a time. Windows overlap by 31 frames, of which half at each border are thrown away, so that every frame that
counts has heard both sides.

basic-pitch asks for a TensorFlow that no current Python has, so that its package cannot be a dependency. It is
installed without its own dependencies, nothing of its code is run, and its model file is known by its hash.
Bittner et al. (2022), A lightweight instrument-agnostic model for polyphonic note transcription and multipitch
estimation (Apache-2.0).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from genaudio.errors import GenaudioError
from genaudio.streams import Sound

RATE = 22_050
HOP = 256
FRAME = HOP / RATE
"""Seconds."""
LOWEST = 21
PITCHES = 88
INSTALL = 'pip install "genaudio[audio-screening]" && pip install --no-deps basic-pitch==0.4.0'
"""What makes a machine ready."""

_SAMPLES = 2 * RATE - HOP
_MARGIN = 15
_KEPT = 141
_SILENCE = 1e-4
"""Peak below which nothing is heard: -80 dB. The network hears relations only, so noise alone would be notes."""
_SHA256 = "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec"
_INPUT, _NOTE, _ONSET = "serving_default_input_2:0", "StatefulPartitionedCall:1", "StatefulPartitionedCall:2"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Activations:
    """What the network says of some frames, 0 to 1.

    Attributes:
        note: whether a pitch sounds, [frames, 88].
        onset: whether it begins, [frames, 88].
    """

    note: Floats
    onset: Floats


class Network:
    """The network, loaded. Make one with `network`."""

    def __init__(self, session: Any) -> None:
        """Take an onnxruntime session."""
        self._session = session

    def hear(self, sound: Sound) -> Iterator[Activations]:
        """Yield the frames of a sound of 22,050 Hz in order, 141 at a time; channels are mixed.

        Memory does not grow with the sound's length.
        """
        for first in range(0, -(-sound.samples // HOP), _KEPT):
            samples = _stretch(sound, (first - _MARGIN) * HOP)
            if np.abs(samples).max() < _SILENCE:
                silence = np.zeros((_KEPT, PITCHES), np.float32)
                yield Activations(silence, silence)
                continue
            note, onset = self._session.run([_NOTE, _ONSET], {_INPUT: samples[None, :, None]})
            kept = slice(_MARGIN, _MARGIN + _KEPT)
            yield Activations(note[0, kept], onset[0, kept])


def _stretch(sound: Sound, start: int) -> Floats:
    """Read one window, silence before the beginning."""
    lead = max(0, -start)
    read = sound.read(start + lead, _SAMPLES - lead).mean(axis=0)
    return np.concatenate([np.zeros(lead, np.float32), read.astype(np.float32)])


@lru_cache(maxsize=1)
def network() -> Network:
    """Load the network, once a process.

    Raises:
        GenaudioError: onnxruntime or the model is missing, or the model is another one; the message says what to do.
    """
    try:
        import onnxruntime
    except ImportError:
        raise GenaudioError(f"to screen audio, the package onnxruntime is needed: {INSTALL}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    content = _model_file().read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise GenaudioError(f"the model {_model_file()} is not that of basic-pitch 0.4.0: {INSTALL}")
    return Network(onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]))


def _model_file() -> Path:
    """Find the model in the installed package, of which nothing is imported."""
    package = find_spec("basic_pitch")
    path = Path(package.origin or "").parent / "saved_models" / "icassp_2022" / "nmp.onnx" if package else None
    if path is None or not path.is_file():
        raise GenaudioError(f"to screen audio, the model of basic-pitch is needed: {INSTALL}")
    return path
