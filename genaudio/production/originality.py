"""Does the model copy? The share of new tunes that a screening flags, beside the same share for tunes by people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from checks import Screener
from genaudio.errors import GenaudioError
from genaudio.melody.wish import Wish
from genaudio.production.studio import Composes
from genaudio.score import Melody


def flagged_shares(verdicts: Iterable[str]) -> dict[str, Any]:
    """Count verdicts; `flagged` is the share of review and match among all that could be judged."""
    counts = Counter(str(verdict) for verdict in verdicts)
    judged = counts["clear"] + counts["review"] + counts["match"]
    return {
        "tunes": counts.total(),
        **{verdict: counts[verdict] for verdict in ("clear", "review", "match", "not-screened")},
        "flagged": round((counts["review"] + counts["match"]) / judged, 4) if judged else None,
    }


def evaluate_originality(
    composer: Composes,
    screener: Screener,
    wish: Wish,
    people: Iterable[Melody],
    seed: int = 0,
    count: int = 200,
    tell: Callable[[float | None, str], None] | None = None,
) -> dict[str, Any]:
    """Compose tunes without any recomposing and screen them, then as many held-out tunes by people.

    Args:
        composer: the model.
        screener: searches what the model was trained on.
        wish: what is wished of the tunes.
        people: held-out tunes, of which the first `count` are taken.
        seed: of the composer.
        count: how many tunes.
        tell: is told how far the work is.

    Returns:
        the verdicts' counts and the share that is flagged, for both.

    Raises:
        GenaudioError: the count is less than 1.
    """
    if count < 1:
        raise GenaudioError(f"the number of tunes must be 1 or more, not {count}")
    tell = tell or (lambda share, what: None)
    tell(None, "Composing")
    tunes = composer.compose(wish, seed, count)
    held_out = list(people)[:count]
    groups = {"generated": tunes, "held_out_by_people": held_out}
    done, found = 0, {}
    for name, melodies in groups.items():
        verdicts = []
        for melody in melodies:
            tell(done / (len(tunes) + len(held_out)), "Screening")
            verdicts.append(str(screener.screen(melody).verdict))
            done += 1
        found[name] = flagged_shares(verdicts)
    return found
