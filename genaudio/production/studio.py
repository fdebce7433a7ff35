"""The models of a production, loaded once: composes until a melody is clear, and renders it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import numpy as np

from checks import Screener, Screening, Verdict
from genaudio.assets import sha256
from genaudio.errors import GenaudioError
from genaudio.instruments import Family
from genaudio.melody.usual import WEIGHTS
from genaudio.melody.wish import Wish
from genaudio.production.threads import single_thread
from genaudio.score import DEFAULT_TEMPO, Melody, Score

if TYPE_CHECKING:
    from genaudio.renderer import Rendering

ATTEMPTS = 8
"""How often a melody that is not clear is composed anew, as a rule."""
_GRAVITY = (Verdict.CLEAR, Verdict.REVIEW, Verdict.NOT_SCREENED, Verdict.MATCH)


class Composes(Protocol):
    """Writes melodies."""

    def compose(self, wish: Wish, seed: int = 0, count: int = 1) -> list[Melody]:
        """Return `count` melodies; the same for the same wish and seed."""
        ...


class Renders(Protocol):
    """Plays scores."""

    def render(self, score: Score, seed: int = 0, *, loudness: float = ...) -> Rendering:
        """Return the audio of a score; the same for the same score, seed and loudness on one device."""
        ...


@dataclass(frozen=True)
class Attempt:
    """One melody that was composed: its seed, and the verdict on it."""

    seed: int
    verdict: str


@dataclass(frozen=True)
class Session:
    """What came of composing.

    Attributes:
        melody: the first that is clear, or the mildest one where none is.
        screening: of that melody.
        attempts: all in order.
        limit: how many there might have been.
        seconds: time spent, by stage.
    """

    melody: Melody
    screening: Screening
    attempts: tuple[Attempt, ...]
    limit: int
    seconds: dict[str, float]


@dataclass(frozen=True)
class Studio:
    """Composer, renderer and screener, the device that they run on, and the hashes of models of one's own."""

    composer: Composes
    renderer: Renders
    screener: Screener
    device: str = "cpu"
    models: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, device: str = "auto", catalogues: Iterable[Path | str] = (), model: Path | None = None) -> Studio:
        """Load the models and open the catalogues, the training works always among them.

        Args:
            device: ``auto``, ``cpu``, ``cuda``...
            catalogues: what to screen against beside the training works.
            model: weights of a melody model of one's own; the shipped ones unless given.

        Raises:
            GenaudioError: the device is unknown.
            IncompatibleError: a model's file is missing or damaged.
            CatalogueError: a catalogue is missing or does not fit.
        """
        from genaudio.production.catalogue import open_screener

        screener = open_screener(catalogues)
        from genaudio.devices import choose_device
        from genaudio.melody import Composer
        from genaudio.production.guard import TrainingGuard
        from genaudio.renderer import Renderer

        chosen = str(choose_device(device))
        models = {} if model is None else {WEIGHTS: sha256(model)}
        composer = Composer.load(model, chosen, TrainingGuard())
        return cls(composer, Renderer.load(device=chosen), screener, chosen, models)

    def compose(self, wish: Wish, seed: int, family: Family, attempts: int = ATTEMPTS) -> Session:
        """Compose until a melody is clear, each attempt with the next seed of a row that `seed` begins.

        Args:
            wish: what is wished of the melody.
            seed: seed of the first attempt.
            family: the instrument, in whose octave the melodies are put before they are screened.
            attempts: most attempts; of those that are not clear the mildest is taken.

        Raises:
            GenaudioError: `attempts` is less than 1, or the wish cannot be fulfilled.
        """
        check_attempts(attempts)

        def candidates() -> Iterator[tuple[int, Melody]]:
            for number in range(attempts):
                again = attempt_seed(seed, number)
                with single_thread():
                    melody = self.composer.compose(wish, again, 1)[0]
                yield again, fitted(melody, family, moves=not wish.ranged)

        return audition(candidates(), self.screener.screen, attempts)


def audition(
    candidates: Iterable[tuple[int, Melody]], screen: Callable[[Melody], Screening], limit: int = ATTEMPTS
) -> Session:
    """Screen melodies one after the other until one is clear.

    Args:
        candidates: (seed, melody), at least one; the next is asked for only while none is clear.
        screen: judges a melody.
        limit: most candidates that are looked at; of those that are not clear the mildest is taken.
    """
    attempts: list[Attempt] = []
    found: list[tuple[Melody, Screening]] = []
    seconds = {"compose": 0.0, "screen": 0.0}
    source = iter(candidates)
    while len(attempts) < limit:
        start = perf_counter()
        candidate = next(source, None)
        if candidate is None:
            break
        composed = perf_counter()
        seed, melody = candidate
        screening = screen(melody)
        seconds["compose"] += composed - start
        seconds["screen"] += perf_counter() - composed
        attempts.append(Attempt(seed, str(screening.verdict)))
        found.append((melody, screening))
        if screening.verdict == Verdict.CLEAR:
            break
    melody, screening = min(found, key=lambda entry: _GRAVITY.index(entry[1].verdict))
    return Session(melody, screening, tuple(attempts), limit, seconds)


def check_attempts(attempts: int) -> None:
    """Refuse a number of attempts that is less than 1.

    Raises:
        GenaudioError: it is.
    """
    if attempts < 1:
        raise GenaudioError(f"a melody needs 1 attempt or more, not {attempts}")


def attempt_seed(seed: int, number: int) -> int:
    """Return the seed of an attempt: `seed` itself for the first, then seeds that no neighbouring track uses."""
    if number == 0:
        return seed
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(11))


def fitted(melody: Melody, family: Family, tempo: float | None = None, moves: bool = True) -> Melody:
    """Return a melody in the octave that suits an instrument best, with a tempo.

    Args:
        melody: the notes.
        family: the instrument.
        tempo: quarter notes a minute where the melody says nothing.
        moves: False where the octave is wished and stays.
    """
    tempo = melody.tempo or tempo or DEFAULT_TEMPO
    if not melody.notes or not moves:
        return replace(melody, tempo=tempo)
    low, high = min(melody.pitches), max(melody.pitches)

    def outside(octaves: int) -> tuple[int, int]:
        """How far the range leaves the instrument's, then how far the melody is moved."""
        shift = 12 * octaves
        return max(0, family.low - low - shift) + max(0, high + shift - family.high), abs(octaves)

    choices = [octaves for octaves in range(-5, 6) if low + 12 * octaves >= 0 and high + 12 * octaves <= 127]
    return replace(melody.transposed(12 * min(choices, key=outside)), tempo=tempo)
