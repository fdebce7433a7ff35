"""Tune styles: from the rhythm field, else the title's words or the book's section, else metre and rhythm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from genaudio.corpus.abc_text import AbcTune
from genaudio.score import Melody, Metre

STYLES = (
    "air", "chorale", "clog", "country dance", "gavotte", "hornpipe", "jig", "long dance", "march", "minuet", "other",
    "quickstep", "reel", "schottische", "slip jig", "strathspey", "waltz",
)  # fmt: skip
"""All styles, sorted; "other" only where nothing is known."""

_WORDS = (
    (r"slip\s?-?jig|hop\s?-?jig", "slip jig"),
    (r"highland fling|\bfling\b|schottisch\w*", "schottische"),
    (r"\bstrath?s[a-z]*y\b", "strathspey"),
    (r"hornpipe", "hornpipe"),
    (r"\bclog\b", "clog"),
    (r"\breel\b", "reel"),
    (r"\bjigg?\b|\bslide\b|\bgigue?\b", "jig"),
    (r"quick\s?-?(step|march)|quickstep|\bq\.? ?step", "quickstep"),
    (r"\bmarch\b|\bretreat\b|\btroop\b|\btattoo\b", "march"),
    (r"minuet|menuet", "minuet"),
    (r"\bwaltz|\bvalse\b|\bwalz\b|\bwalse\b", "waltz"),
    (r"gavott?e?|\bgavot", "gavotte"),
    (r"allemand|cott?ill?on|country dance", "country dance"),
    (r"\bair\b|\blament\w*|\bsong\b|\bsung\b|lullaby", "air"),
)
_WALKAROUND = re.compile(r"walk\s?-?around|essence", re.IGNORECASE)
_SLOW = re.compile(r"slow|grave|largo|adagio|tender|plaintive|andant|affettuoso|affect", re.IGNORECASE)
_STYLE_BY_METRE = {"9/8": "slip jig", "6/8": "jig", "12/8": "jig", "3/4": "air", "3/8": "air", "2/4": "country dance"}
_LEAST_DENSITY = 1.75
_BRISK = 96
_LEAST_DOTTED = 0.2

_ONEILL_SECTIONS = (
    (1, 700, "air"), (701, 1115, "jig"), (1116, 1175, "slip jig"), (1176, 1555, "reel"), (1556, 1780, "hornpipe"),
    (1781, 1800, "long dance"), (1801, 1850, "march"),
)  # fmt: skip
"""O'Neill's book by number: airs (from 626 Carolan's), double jigs, hop jigs, reels, hornpipes, long dances, marches
and the rest. The rhythm fields and metres of the encoding agree: all are in 6/8 from 701 on and in 9/8 from 1116, in
cut time from 1176, and the fields say hornpipe from 1556."""


def named_style(texts: Sequence[str]) -> str | None:
    """Return the style that the first of these texts with a style's name gives, None where none does."""
    for text in texts:
        for words, style in _WORDS:
            if re.search(words, text, re.IGNORECASE):
                return style
    return None


def tune_style(source: str, tune: AbcTune, metre: Metre, melody: Melody) -> tuple[str, str]:
    """Return a tune's style and what it was read from: "field", "title", "section" or "rhythm".

    A jig in 9/8 is a slip jig, whatever the field says.
    """
    style, origin = _tune_style(source, tune, metre, melody)
    return ("slip jig" if style == "jig" and str(metre) == "9/8" else style), origin


def _tune_style(source: str, tune: AbcTune, metre: Metre, melody: Melody) -> tuple[str, str]:
    fields = [*tune.fields.get("R", []), *tune.fields.get("G", [])]
    style = named_style(fields)
    if style is not None:
        return style, "field"
    if source == "oneill":
        return _oneill_section(tune.number), "section"
    style = named_style(tune.fields.get("T", []))
    if style is not None:
        return style, "title"
    if source == "ryan" and any(_WALKAROUND.search(text) for text in [*fields, *tune.fields.get("T", [])]):
        return "other", "title"
    return _by_rhythm(tune, metre, melody), "rhythm"


def _oneill_section(number: str) -> str:
    value = int(number) if number.isdigit() else 0
    return next((style for first, last, style in _ONEILL_SECTIONS if first <= value <= last), "other")


def _by_rhythm(tune: AbcTune, metre: Metre, melody: Melody) -> str:
    """Judge an unnamed tune of Aird's by its tempo marking, metre, density and dotted pairs.

    Thresholds separate the named tunes of the same books: reels and strathspeys have about two notes a quarter note,
    airs and marches 1.3 to 1.8; strathspeys have a quarter of their notes in dotted pairs, reels hardly any. What is
    no denser than an air, but marked at 96 half notes a minute or more, is danced to.
    """
    if _SLOW.search(" ".join(tune.fields.get("Q", []))):
        return "air"
    name = str(metre)
    if name not in ("4/4", "2/2"):
        return _STYLE_BY_METRE.get(name, "other")
    if len(melody) < _LEAST_DENSITY * melody.end:
        return "country dance" if _half_notes(tune.first("Q")) >= _BRISK else "air"
    return "strathspey" if dotted_share(melody) >= _LEAST_DOTTED else "reel"


def _half_notes(tempo: str) -> int:
    """Return the half notes a minute of a Q: field that counts in half notes, 0 for any other."""
    match = re.match(r"1/2\s*=\s*(\d+)", tempo)
    return 0 if match is None else int(match[1])


def dotted_share(melody: Melody) -> float:
    """Return the share of notes that begin a dotted pair: two notes of which one is three times as long."""
    lengths = [note.duration_ticks for note in melody.notes]
    pairs = sum(max(a, b) == 3 * min(a, b) for a, b in pairwise(lengths))
    return pairs / max(len(lengths), 1)
