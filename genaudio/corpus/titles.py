"""Titles without what printers, singers and transcribers change: two works of one key may be one tune.

A key is a title in small letters, without accents, articles, punctuation, spaces, brackets, numbers of settings ("No.
2", "second setting") and plural or possessive s. A title that names two ("The Oak Stick, or Skiver the Quilt") has a
key for each. A title of nothing but general words ("A Scotch Air", "Quick Step") has none. Titles travel between
tunes, so a key alone says little: `genaudio.corpus.variants` asks the notes too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_SETTING = re.compile(
    r"\b(?:no|nr|number|set|setting|version|part)\b\.? ?\d+\b"
    r"|\b(?:first|second|third|\d+(?:st|nd|rd|th)) (?:set|setting|version)\b|\b\d+$"
)
_ALTERNATIVE = re.compile(r"[;/]|\bor\b|\balias\b|\bcalled\b")
_ARTICLES = frozenset(("the", "a", "an", "la", "le"))
_GENERAL = frozenset((
    "air", "allemand", "allemanda", "allemande", "american", "around", "clog", "cotillon", "country", "dance",
    "dutch", "english", "essence", "favourite", "favorite", "french", "german", "gig", "highland", "hornpipe",
    "irish", "jig", "lancashire", "march", "minuet", "new", "old", "quick", "quickstep", "reel", "regiment",
    "schottische", "scot", "scotch", "scottish", "slow", "song", "step", "strathspey", "tune", "untitled",
    "walk", "waltz", "welsh",
))  # fmt: skip
_SHORTEST = 3


def title_key(title: str) -> str:
    """Return the key of one title: ``The Miners of Wicklow, No. 2`` gives ``minerofwicklow``; "" if none is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower().replace("&", " and ")
    plain = re.sub(r"[(\[][^)\]]*[)\]]?|['`]", lambda found: "" if found[0] in "'`" else " ", plain)
    words = [word for word in re.findall(r"[a-z0-9]+", _SETTING.sub(" ", plain.strip())) if word not in _ARTICLES]
    bare = [word.removesuffix("s") if len(word) > _SHORTEST else word for word in words]
    key = "".join(bare)
    return "" if len(key) < _SHORTEST or _GENERAL.issuperset(bare) else key


def title_keys(titles: Iterable[str]) -> frozenset[str]:
    """Return the keys of a work's titles, each as a whole and in its alternatives."""
    texts = (text for title in titles for text in (title, *_ALTERNATIVE.split(title.lower())))
    return frozenset(filter(None, map(title_key, texts)))
