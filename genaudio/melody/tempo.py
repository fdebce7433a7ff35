"""Usual tempi of styles, in felt beats a minute (a dotted crotchet in 6/8), after the practice of dance musicians."""

from __future__ import annotations

from genaudio.score import Metre

BEATS_A_MINUTE: dict[str, tuple[int, int]] = {
    "air": (66, 92), "barndance": (84, 100), "chorale": (60, 80), "clog": (76, 92), "gavotte": (66, 80),
    "hornpipe": (76, 96), "jig": (108, 124), "long dance": (76, 100), "march": (84, 112), "minuet": (100, 126),
    "polka": (112, 132), "quickstep": (108, 120), "reel": (100, 116), "schottische": (76, 92), "slide": (116, 132),
    "slip jig": (108, 126), "strathspey": (60, 76), "waltz": (120, 156),
}  # fmt: skip
"""Lowest and highest usual tempo of each style. For tunes in 4/4 and 2/2 the beat meant is the minim."""
ANY = (84, 112)
_THREE_STEPS = ("waltz", "minuet")
_HALVES = ("4/4", "2/2", "3/2")


def usual_tempo(style: str | None, metre: Metre, place: float) -> float:
    """Return a usual tempo in quarter notes a minute.

    Args:
        style: the tune type; None or an unknown one gets a moderate tempo.
        metre: says how long the felt beat is: 6/8 and 3/8 a dotted crotchet, 4/4 and 2/2 a minim; in 3/8 a dance of
            three steps has three quavers to step on.
        place: 0 for the lowest usual tempo to 1 for the highest.
    """
    low, high = BEATS_A_MINUTE.get(style or "", ANY)
    beats = round(low + place * (high - low))
    quarters = 2.0 if str(metre) in _HALVES else 1.5 if metre.denominator == 8 else float(metre.beat)
    if style in _THREE_STEPS and str(metre) == "3/8":
        quarters = 0.5
    slow = str(metre) in _HALVES and (
        style is None or style in ("air", "chorale", "other") or style not in BEATS_A_MINUTE
    )
    return float(beats * (1.0 if slow else quarters))
