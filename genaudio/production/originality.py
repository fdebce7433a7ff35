"""Does the model copy? How near new tunes come to the training works, beside tunes by people that it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle, islice
from typing import Any, Protocol

import numpy as np

from checks import Screener
from checks.line import Line
from genaudio.corpus import TrainingWork
from genaudio.errors import GenaudioError
from genaudio.melody.wish import MOST_BARS, USUAL_GUARD, Wish
from genaudio.production.closeness import MEASURES, Measured, by_length, difference, distribution, measure
from genaudio.production.studio import attempt_seed
from genaudio.score import Melody

PEOPLE = "held_out_by_people"
"""Name of the tunes that the others are compared with."""
Tell = Callable[[float | None, str], None]


class ComposesEach(Protocol):
    """Writes a melody for each of several wishes."""

    def compose_each(self, wishes: Sequence[Wish], seeds: Sequence[int]) -> list[Melody]:
        """Return a melody for each wish and seed."""
        ...


def flagged_shares(verdicts: Iterable[str]) -> dict[str, Any]:
    """Count verdicts; `flagged` is the share of review and match among all that could be judged."""
    counts = Counter(str(verdict) for verdict in verdicts)
    judged = counts["clear"] + counts["review"] + counts["match"]
    return {
        "tunes": counts.total(),
        **{verdict: counts[verdict] for verdict in ("clear", "review", "match", "not-screened")},
        "flagged": round((counts["review"] + counts["match"]) / judged, 4) if judged else None,
    }


def compose_like(
    composer: ComposesEach, works: Sequence[TrainingWork], seed: int = 0, count: int = 200, guard: float = USUAL_GUARD
) -> list[Melody]:
    """Compose tunes with the style, key, metre and length of works by people, so that chance favours neither.

    Args:
        composer: the model.
        works: taken in turns.
        seed: of the first tune.
        count: how many.
        guard: strength of the copy guard.

    Raises:
        GenaudioError: the count is less than 1, or there is no work to take the wishes from.
    """
    if count < 1:
        raise GenaudioError(f"the number of tunes must be 1 or more, not {count}")
    fitting = [work for work in works if work.melody.bars <= MOST_BARS]
    if not fitting:
        raise GenaudioError("there are no held-out tunes of this kind to compare with")
    wishes = [
        Wish(work.style, str(work.melody.key), metre=str(work.melody.metre), bars=work.melody.bars, guard=guard)
        for work in islice(cycle(fitting), count)
    ]
    return composer.compose_each(wishes, [attempt_seed(seed, number) for number in range(count)])


def evaluate_originality(
    groups: Mapping[str, Sequence[Melody]],
    people: Sequence[Melody],
    screener: Screener,
    seed: int = 0,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Measure how near groups of tunes come to the works of a screener, beside tunes by people.

    Args:
        groups: tunes by the name of their group.
        people: held-out tunes by people.
        screener: searches what the model was trained on.
        seed: of the bootstrap.
        tell: is told how far the work is.

    Returns:
        for each group, and last for the people's: the verdicts' counts, the share that is flagged, the mean number of
        notes, the distribution of each measure as `closeness` (value and 95 % interval of each quantile), and the same
        by length; for each group but the people's also by how much its quantiles exceed theirs, as `beyond_people`.
    """
    tell = tell or (lambda share, what: None)
    everyone = {**groups, PEOPLE: people}
    total, done = sum(map(len, everyone.values())), 0
    found: dict[str, Any] = {}
    measured: dict[str, Measured] = {}
    for name, melodies in everyone.items():

        def screened(number: int, before: int = done) -> None:
            tell((before + number) / total, "Screening")

        found[name], measured[name] = account(melodies, screener, seed, screened)
        done += len(melodies)
    for name in groups:
        found[name]["beyond_people"] = beyond(measured[name], measured[PEOPLE], seed)
    return found


def account(
    melodies: Sequence[Melody], screener: Screener, seed: int = 0, tell: Callable[[int], None] | None = None
) -> tuple[dict[str, Any], Measured]:
    """Return the account of one group of tunes, as `evaluate_originality` gives it, and what was measured of each."""
    measured, verdicts = measure(melodies, screener, tell)
    generator, line = np.random.default_rng(seed), Line.of(melodies)
    found = {
        **flagged_shares(verdicts),
        "notes": round(len(line) / max(line.melodies, 1), 1),
        "closeness": {key: distribution(measured[key], generator) for key in MEASURES},
        "by_length": by_length(line, measured),
    }
    return found, measured


def beyond(measured: Measured, people: Measured, seed: int = 0) -> dict[str, dict[str, list[float]]]:
    """Return by how much the quantiles of each measure exceed those of tunes by people, with 95 % intervals."""
    generator = np.random.default_rng(seed)
    return {key: difference(measured[key], people[key], generator) for key in MEASURES}
