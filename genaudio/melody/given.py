"""A melody that is given: one to go on from, or one of which some bars are written anew. Needs no torch.

Bars are counted from 1 after the pickup, as musicians do. What is given is kept to the tick; `agree` settles in which
metre and key it is read, and refuses wishes that contradict it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from itertools import pairwise

from genaudio.errors import GenaudioError
from genaudio.melody.key_finder import find_key
from genaudio.melody.wish import MOST_BARS, Wish
from genaudio.score import DEFAULT_TEMPO, Key, Melody, Metre, Score, main_voice, read_score, to_ticks, voices

MOST_NOTES = 2048
"""Notes of a given melody; the model's context is built for pieces of this size."""
ASSUMED_METRE = "4/4"


@dataclass(frozen=True)
class Given:
    """Notes that are kept as they are.

    Attributes:
        melody: what is given.
        rewrite: first and last bar to write anew, counted from 1 after the pickup; None to go on from the end.
        remarks: what was assumed or left out in reading it, in whole sentences.
        name: for messages, such as a file's name.
    """

    melody: Melody
    rewrite: tuple[int, int] | None = None
    remarks: tuple[str, ...] = ()
    name: str = "the given melody"

    @property
    def kept(self) -> int:
        """How many of the notes are kept; the melody must have a metre where bars are written anew."""
        if self.rewrite is None:
            return len(self.melody)
        assert self.melody.metre is not None
        bar, pickup = self.melody.metre.bar_ticks, to_ticks(self.melody.pickup)
        rewritten = range(pickup + (self.rewrite[0] - 1) * bar, pickup + self.rewrite[1] * bar)
        return sum(note.onset_ticks not in rewritten for note in self.melody.notes)

    @classmethod
    def read(cls, path: str | os.PathLike[str], rewrite: tuple[int, int] | None = None) -> Given:
        """Read the melody of a MIDI, MusicXML, ABC or JSONL file; of several voices the one that sings is taken.

        Raises:
            ScoreError: the file cannot be read.
            GenaudioError: it has no notes of a pitched instrument, or changes its metre.
        """
        score = read_score(path)
        voice = main_voice(score)
        if voice is None:
            raise GenaudioError(f"{path} has no notes of a pitched instrument; give a melody of one note or more")
        remarks = _changes(score, str(path))
        count, left_out = len(voices(score)), voice.dropped
        if count > 1:
            remarks.append(
                f"{path} has {count} voices; {voice.name!r} is taken for the melody, the others are left out."
            )
        if left_out:
            remarks.append(
                f"{path} has chords in {voice.name!r}; their highest notes are taken, {left_out} notes are left out."
            )
        return cls(voice.melody, rewrite, tuple(remarks), str(path))


def _changes(score: Score, name: str) -> list[str]:
    """Return remarks on what a score changes on its way; a change of metre is refused.

    Raises:
        GenaudioError: the metre changes.
    """
    for (_, before), (onset, metre) in pairwise(score.metres):
        if metre != before:
            raise GenaudioError(
                f"{name} changes its metre from {before} to {metre} at quarter note {onset:g}; a melody is written in "
                "one metre, so give the part that is in one"
            )
    remarks = []
    for changes, word in ((score.keys, "key"), (score.tempi, "tempo")):
        values = [value for _, value in changes]
        if len(set(values)) > 1:
            first = f"{values[0]:g}" if isinstance(values[0], float) else values[0]
            remarks.append(f"{name} changes its {word}; the first, {first}, is taken for the whole.")
    return remarks


def parse_bars(text: str) -> tuple[int, int]:
    """Read a range of bars such as ``5-8``, or one bar such as ``5``.

    Raises:
        GenaudioError: it is no range, or runs backwards.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:[-–:]\s*(\d{1,6})\s*)?", text)
    if match is None:
        raise GenaudioError(f"{text!r} is no range of bars; write it like 5-8, or 5 for one bar")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise GenaudioError(f"the bars {first}-{last} run backwards; write the range as {last}-{first}")
    return first, last


def agree(given: Given, wish: Wish) -> Given:
    """Return what is given with metre, key and tempo filled in, as far as the melody or the wish says them.

    Raises:
        GenaudioError: there are no notes or too many, a range lies outside, or the wish contradicts what is given; all
            that is wrong is named.
    """
    melody, name = given.melody, given.name
    if not melody.notes:
        raise GenaudioError(f"{name} has no notes; give a melody of one note or more")
    if len(melody) > MOST_NOTES:
        raise GenaudioError(
            f"{name} has {len(melody)} notes, and the model's context holds {MOST_NOTES}; give a part of it"
        )
    remarks = list(given.remarks)
    melody, mistakes = _with_metre(melody, wish, name, remarks)
    melody, wrong_key = _with_key(melody, wish, name, remarks)
    melody, wrong_tempo = _with_tempo(melody, wish, name)
    mistakes += wrong_key + wrong_tempo + _check_length(melody, wish, given.rewrite, name)
    if mistakes:
        raise GenaudioError("this melody cannot be written: " + "; ".join(mistakes))
    return replace(given, melody=melody, remarks=tuple(dict.fromkeys(remarks)))


def _with_metre(melody: Melody, wish: Wish, name: str, remarks: list[str]) -> tuple[Melody, list[str]]:
    wished = None if wish.metre is None else Metre.parse(wish.metre)
    if melody.metre is None:
        metre = wished or Metre.parse(ASSUMED_METRE)
        why = "as wished" if wished else "as nothing else is wished"
        remarks.append(f"{name} has no time signature; it is read in {metre}, {why}.")
        return replace(melody, metre=metre), []
    if wished is not None and wished != melody.metre:
        return melody, [f"{name} is in {melody.metre}, the wish in {wished}; leave the metre out of the wish"]
    return melody, []


def _with_key(melody: Melody, wish: Wish, name: str, remarks: list[str]) -> tuple[Melody, list[str]]:
    """Take the key that is written, wished or found; a wish must agree with the written tonic or signature."""
    written, mode = melody.key, wish.wished_mode
    if written is None:
        if wish.tonic is not None:
            found = find_key(melody).mode if mode is None else mode
            return replace(melody, key=Key(wish.tonic, found)), []
        key = find_key(melody, mode)
        key = Key(key.tonic, mode or key.mode)
        remarks.append(f"{name} says no key; its notes are read in {key}.")
        return replace(melody, key=key), []
    wished = Key(written.tonic if wish.tonic is None else wish.tonic, mode or written.mode)
    if wished == written or (wish.tonic is not None and mode is not None and wished.fifths == written.fifths):
        return replace(melody, key=wished), []
    return melody, [f"{name} is in {written}, the wish in {wished}; leave key and mode out of the wish"]


def _with_tempo(melody: Melody, wish: Wish, name: str) -> tuple[Melody, list[str]]:
    """Take the tempo that is written or wished; the default of a file that says none contradicts nothing."""
    if wish.tempo is None or wish.tempo == melody.tempo:
        return melody, []
    if melody.tempo in (None, DEFAULT_TEMPO):
        return replace(melody, tempo=float(wish.tempo)), []
    return melody, [
        f"{name} goes at {melody.tempo:g} quarter notes a minute, the wish at {wish.tempo:g}; leave the tempo out of it"
    ]


def _check_length(melody: Melody, wish: Wish, rewrite: tuple[int, int] | None, name: str) -> list[str]:
    assert melody.metre is not None
    if to_ticks(melody.pickup) >= melody.metre.bar_ticks:
        return [f"{name} has a pickup of {melody.pickup:g} quarter notes, which fills a bar of {melody.metre}"]
    bars = melody.bars
    if rewrite is not None:
        return _check_range(bars, wish, rewrite, name)
    if melody.notes[-1].offset_ticks >= MOST_BARS * melody.metre.bar_ticks:
        return [f"{name} has {bars} bars, and a melody has {MOST_BARS} at most with what is added; give a part of it"]
    if wish.wished_bars is not None and melody.notes[-1].offset_ticks >= wish.wished_bars * melody.metre.bar_ticks:
        return [
            f"{name} fills {bars} bars, and {wish.wished_bars} are wished in all, which leaves nothing to write; wish "
            f"{bars + 1} to {MOST_BARS} bars"
        ]
    return [] if wish.form is None else _check_form(melody, wish.form, wish.wished_bars or 0, name)


def _check_form(melody: Melody, form: str, bars: int, name: str) -> list[str]:
    """Return what keeps a primer from being the beginning of a form."""
    assert melody.metre is not None
    section = bars // len(form)
    if melody.notes[0].onset_ticks:
        return [f"{name} begins with a rest, which a form cannot repeat; leave the rest or the form out"]
    if melody.notes[-1].offset_ticks > section * melody.metre.bar_ticks:
        return [
            f"{name} has {melody.bars} bars, and a section of {form} has {section}; wish "
            f"{melody.bars * len(form)} bars or more"
        ]
    return []


def _check_range(bars: int, wish: Wish, rewrite: tuple[int, int], name: str) -> list[str]:
    first, last = rewrite
    mistakes = []
    if first < 1:
        mistakes.append("bar 0 is the pickup, which is kept; bars are counted from 1 after it")
    if last < first:
        mistakes.append(f"the bars {first}-{last} run backwards; write the range as {last}-{first}")
    if max(first, last) > bars:
        mistakes.append(f"the bars {first}-{last} are not all there; {name} has {bars} bars")
    if bars > MOST_BARS:
        mistakes.append(f"{name} has {bars} bars, and the model's context holds {MOST_BARS}; give a part of it")
    if wish.form is not None:
        mistakes.append(f"{name} keeps the form that it has; leave {wish.form} out of the wish")
    if wish.bars not in (None, bars):
        mistakes.append(f"{name} keeps its {bars} bars, and {wish.bars} are wished; leave the number out of the wish")
    return mistakes
