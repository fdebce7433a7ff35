"""Written music: notes, melodies and scores, read from and written to files. Needs no torch.

Time is in quarter notes from the beginning of the piece (the pickup, where there is one); pitch is a MIDI number.
"""

from genaudio.score.errors import ScoreError
from genaudio.score.key import MODES, Key, parse_mode
from genaudio.score.melody import Melody
from genaudio.score.metre import Metre
from genaudio.score.note import TICKS_PER_QUARTER, Note, to_ticks
from genaudio.score.score import DEFAULT_TEMPO, Score, Track

__all__ = [
    "DEFAULT_TEMPO", "MODES", "TICKS_PER_QUARTER",
    "Key", "Melody", "Metre", "Note", "Score", "ScoreError", "Track",
    "parse_mode", "to_ticks",
]  # fmt: skip
