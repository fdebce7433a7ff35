"""Written music: notes, melodies and scores, read from and written to files. Needs no torch.

Time is in quarter notes from the beginning of the piece (the pickup, where there is one); pitch is a MIDI number.
"""

from genaudio.score.abc_writer import write_abc
from genaudio.score.dynamics import phrased
from genaudio.score.errors import ScoreError
from genaudio.score.jsonl import Entry, write_entries
from genaudio.score.key import MODES, Key, parse_key, parse_mode
from genaudio.score.melody import Melody
from genaudio.score.metre import Metre
from genaudio.score.midi_writer import write_midi
from genaudio.score.musicxml_writer import write_musicxml
from genaudio.score.note import TICKS_PER_QUARTER, Note, to_ticks
from genaudio.score.read import iter_entries, iter_scores, read_entries, read_score
from genaudio.score.score import DEFAULT_TEMPO, Score, Track
from genaudio.score.voices import Voice, main_voice, melodic_lines, voices

__all__ = [
    "DEFAULT_TEMPO", "MODES", "TICKS_PER_QUARTER",
    "Entry", "Key", "Melody", "Metre", "Note", "Score", "ScoreError", "Track", "Voice",
    "iter_entries", "iter_scores", "main_voice", "melodic_lines", "parse_key", "parse_mode", "phrased", "read_entries",
    "read_score", "to_ticks", "voices", "write_abc", "write_entries", "write_midi", "write_musicxml",
]  # fmt: skip
