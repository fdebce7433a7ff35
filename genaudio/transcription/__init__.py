"""Recordings to melodies, so that they can be screened: an optional extra, `genaudio[audio-screening]`. Needs no torch.

heard = hear_file(Path("track.flac"))
for name, melody in heard.lines:
    screener.screen(melody)
"""

from genaudio.transcription.hear import SUFFIXES, Heard, hear, hear_file, is_audio

__all__ = ["SUFFIXES", "Heard", "hear", "hear_file", "is_audio"]
