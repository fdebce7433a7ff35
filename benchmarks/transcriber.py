"""An independent ear: basic-pitch (Bittner et al. 2022, Apache-2.0) with fixed settings, and onset F1 by mir_eval.

Needs ``pip install -r benchmarks/requirements.txt`` (and basic-pitch itself with ``--no-deps``, as said there).
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genaudio.audio import write_audio
from genaudio.sounding import Sounding

SETTINGS = {"onset_threshold": 0.5, "frame_threshold": 0.3, "minimum_note_length": 58.0}
"""basic-pitch's defaults, but for the shortest note (ms), since fast tunes have shorter ones than its 128 ms."""
TOLERANCE = 0.05
"""Seconds that a heard onset may be away from the written one."""

logging.disable(logging.WARNING)
warnings.filterwarnings("ignore")
_model = None


def transcribe(audio: np.ndarray, sample_rate: int) -> list[tuple[float, float, int]]:
    """Hear notes in mono audio [T]: (start, end, pitch) each, in seconds and MIDI numbers."""
    global _model
    from basic_pitch import ICASSP_2022_MODEL_PATH
    from basic_pitch.inference import Model, predict

    if _model is None:
        _model = Model(ICASSP_2022_MODEL_PATH)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        peak = float(np.abs(audio).max())
        write_audio(path, audio * (0.5 / peak if peak > 0 else 1.0), sample_rate)
        _, _, heard = predict(path, _model, **SETTINGS)
    return [(float(start), float(end), int(pitch)) for start, end, pitch, *_ in heard]


def onset_f1(heard: Sequence[tuple[float, float, int]], played: Sequence[Sounding]) -> float:
    """F1 of notes matched one to one by onset (50 ms) and pitch (half a semitone), ends ignored."""
    from mir_eval.transcription import precision_recall_f1_overlap

    if not heard or not played:
        return 0.0

    def arrays(notes: Sequence[tuple[float, float, int]]) -> tuple[np.ndarray, np.ndarray]:
        times = np.array([[start, max(end, start + 0.01)] for start, end, _ in notes])
        return times, 440.0 * 2.0 ** ((np.array([pitch for *_, pitch in notes]) - 69) / 12)

    reference = arrays([(note.start, note.end, note.pitch) for note in played])
    _, _, f1, _ = precision_recall_f1_overlap(*reference, *arrays(heard), onset_tolerance=TOLERANCE, offset_ratio=None)
    return float(f1)
