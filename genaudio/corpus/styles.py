"""Tune styles: from the rhythm field, else the title's words, else the book's section and the metre."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genaudio.corpus.abc_text import AbcTune
from genaudio.score import Metre

STYLES = (
    "air", "clog", "gavotte", "hornpipe", "jig", "long dance", "march", "minuet", "other", "polka", "quickstep", "reel",
    "schottische", "slip jig", "strathspey", "waltz",
)  # fmt: skip
"""All styles, sorted; "other" only where nothing is known."""

_WORDS = (
    (r"slip\s?-?jig|hop\s?-?jig", "slip jig"),
    (r"highland fling|\bfling\b|schottisch\w*", "schottische"),
    (r"strathspey", "strathspey"),
    (r"hornpipe", "hornpipe"),
    (r"\bclog\b", "clog"),
    (r"\breel\b", "reel"),
    (r"\bjigg?\b|\bslide\b|\bgigue?\b", "jig"),
    (r"quick\s?-?(step|march)|quickstep|\bq\.? ?step", "quickstep"),
    (r"\bmarch\b|\bretreat\b|\btroop\b|\btattoo\b", "march"),
    (r"minuet|menuet", "minuet"),
    (r"\bwaltz|\bvalse\b|\bwalz\b|\bwalse\b", "waltz"),
    (r"gavott?e?|\bgavot", "gavotte"),
    (r"\bpolka\b", "polka"),
    (r"\bair\b|\blament\w*|\bsong\b|\bsung\b|lullaby", "air"),
)
_WALKAROUND = re.compile(r"walk\s?-?around|essence", re.IGNORECASE)
_REEL_METRES = ("4/4", "2/2", "2/4")

_ONEILL_SECTIONS = (
    (1, 700, "air"), (701, 1115, "jig"), (1116, 1175, "slip jig"), (1176, 1555, "reel"), (1556, 1780, "hornpipe"),
    (1781, 1800, "long dance"), (1801, 1850, "march"),
)  # fmt: skip
"""O'Neill's book by number; read from the rhythm fields and metres of its encoding (all 6/8 from 701 on, all 9/8 from
1116, cut time from 1176, hornpipes from 1556, then long dances, then marches and the rest). The airs end before 701: the
numbers from 636 to 700 are Carolan's airs and planxties."""


def named_style(texts: Sequence[str]) -> str | None:
    """Return the style that the first of these texts with a style's name gives, None where none does."""
    for text in texts:
        for words, style in _WORDS:
            if re.search(words, text, re.IGNORECASE):
                return style
    return None


def tune_style(source: str, tune: AbcTune, metre: Metre) -> tuple[str, str]:
    """Return a tune's style and what it was read from: "field", "title", "section" or "metre".

    A jig in 9/8 is a slip jig, whatever the field says.
    """
    style, origin = _tune_style(source, tune, metre)
    return ("slip jig" if style == "jig" and str(metre) == "9/8" else style), origin


def _tune_style(source: str, tune: AbcTune, metre: Metre) -> tuple[str, str]:
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
    return _by_metre(tune, metre), "metre"


def _oneill_section(number: str) -> str:
    value = int(number) if number.isdigit() else 0
    return next((style for first, last, style in _ONEILL_SECTIONS if first <= value <= last), "other")


def _by_metre(tune: AbcTune, metre: Metre) -> str:
    name = str(metre)
    if re.search(r"slow|grave|largo|adagio|tender|plaintive|andant", " ".join(tune.fields.get("Q", [])), re.IGNORECASE):
        return "air"
    if name == "9/8":
        return "slip jig"
    if name in ("6/8", "12/8"):
        return "jig"
    if name in ("3/4", "3/8", "3/2", "6/4"):
        return "air"
    return "other"
