"""Composes and screens the tracks of a batch, in their order and many at a time.

Whether a melody is taken depends on the tracks before it alone, so it is decided here, in one process; how many workers
render, and in which order they end, changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from time import perf_counter
from typing import Protocol

from checks import Verdict, Work
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.instruments import family_named
from genaudio.melody.wish import Wish
from genaudio.production.batch.earlier import Earlier
from genaudio.production.batch.ledger import Ledger
from genaudio.production.batch.orders import Order
from genaudio.production.batch.plan import Plan
from genaudio.production.exhibits import catalogue_list, nearest_of
from genaudio.production.release import Production
from genaudio.production.studio import Session, attempt_seed, audition, fitted
from genaudio.production.threads import single_thread
from genaudio.production.track import arrange, track_title
from genaudio.renderer.chunks import Batching
from genaudio.score import Melody, ScoreError

TOGETHER = 64
"""Melodies that are composed at once."""


class ComposesMany(Protocol):
    """Writes many melodies at once."""

    def compose_each(self, wishes: Sequence[Wish], seeds: Sequence[int]) -> list[Melody]:
        """Return a melody for each wish and seed; the same for the same two, whatever stands beside them."""
        ...


@dataclass
class Desk:
    """Turns orders into productions.

    Attributes:
        plan: what the orders belong to.
        composer: writes melodies.
        earlier: what they are compared with.
        ledger: what was composed in earlier runs.
        device: what the tracks are made on.
        batching: how stems are rendered together, which the manifests tell; None where they are not.
        seconds: time spent here so far, by stage.
    """

    plan: Plan
    composer: ComposesMany
    earlier: Earlier
    ledger: Ledger
    device: str
    batching: Batching | None = None
    seconds: dict[str, float] = field(default_factory=lambda: {"compose": 0.0, "screen": 0.0})
    _titles: Counter[str] = field(default_factory=Counter)

    def productions(self, orders: Sequence[Order], whole: frozenset[int]) -> Iterator[tuple[Order, Production | str]]:
        """Yield each order that is not whole yet with what is to be rendered, or the reason why it cannot be composed.

        Args:
            orders: all tracks of the plan, in order.
            whole: numbers of those that are there already; the others are compared with them all the same.
        """
        source = iter(orders)
        while chunk := list(islice(source, TOGETHER)):
            started = datetime.now(UTC)
            found = self._compose([order for order in chunk if order.number not in self.ledger.composed])
            for order in chunk:
                known = self.ledger.composed.get(order.number)
                if known is not None and order.number in whole:
                    self._pass(order, known.melody)
                    continue
                try:
                    session = self._session(order, found.get(order.number))
                except IncompatibleError:
                    raise
                except (GenaudioError, ScoreError) as error:
                    yield order, " ".join(str(error).split())
                    continue
                verdict = session.screening.verdict
                if not order.keeps and verdict is not Verdict.CLEAR:
                    yield order, f"none of {len(session.attempts)} melodies was clear ({verdict}); left out"
                    continue
                if order.number not in whole:
                    yield order, self._production(order, session, started)
                self._pass(order, session.melody)

    def _pass(self, order: Order, melody: Melody) -> None:
        """Go on to the next track, which is compared with this one."""
        self.earlier.add(Work(order.name, self._title(order, melody), melody))
        self._titles[track_title(order.wish.style, melody, order.seed)] += 1

    def _compose(self, orders: Sequence[Order]) -> dict[int, Melody | GenaudioError | ScoreError]:
        """Write the first melody of each order; where one cannot be written, the others still are."""
        if not orders:
            return {}
        try:
            melodies: Sequence[Melody | GenaudioError | ScoreError] = self._write(
                [(order, order.seed) for order in orders]
            )
        except IncompatibleError:
            raise  # no wish is to blame
        except (GenaudioError, ScoreError) as error:
            if len(orders) == 1:
                return {orders[0].number: error}
            return {number: one for order in orders for number, one in self._compose([order]).items()}
        return {order.number: melody for order, melody in zip(orders, melodies, strict=True)}

    def _write(self, wanted: Sequence[tuple[Order, int]]) -> list[Melody]:
        start = perf_counter()
        with single_thread():
            melodies = self.composer.compose_each([order.wish for order, _ in wanted], [seed for _, seed in wanted])
        self.seconds["compose"] += perf_counter() - start
        families = [family_named(order.instrument) for order, _ in wanted]
        return [
            fitted(melody, family, moves=not order.wish.ranged)
            for melody, family, (order, _) in zip(melodies, families, wanted, strict=True)
        ]

    def _session(self, order: Order, first: Melody | GenaudioError | ScoreError | None) -> Session:
        """Decide which melody an order gets, or look up what an earlier run decided."""
        if known := self.ledger.composed.get(order.number):
            start = perf_counter()
            screening = self.earlier.screen(known.melody)
            seconds = {"compose": 0.0, "screen": perf_counter() - start}
            self.seconds["screen"] += seconds["screen"]
            return Session(known.melody, screening, known.attempts, order.attempts, seconds)
        if not isinstance(first, Melody):
            raise first or GenaudioError(f"nothing was composed for {order.name}")

        def candidates() -> Iterator[tuple[int, Melody]]:
            yield order.seed, first
            for start in range(1, order.attempts, TOGETHER):
                numbers = range(start, min(start + TOGETHER, order.attempts))
                seeds = [attempt_seed(order.seed, number) for number in numbers]
                yield from zip(seeds, self._write([(order, seed) for seed in seeds]), strict=True)

        session = audition(candidates(), self.earlier.screen, order.attempts)
        self.seconds["screen"] += session.seconds["screen"]
        self.ledger.add(order, session)
        return session

    def _title(self, order: Order, melody: Melody) -> str:
        """Return the track's title, with a number where an earlier track of the batch has the same."""
        title = track_title(order.wish.style, melody, order.seed)
        earlier = self._titles[title]
        return title if not earlier else f"{title}, no. {earlier + 1}"

    def _production(self, order: Order, session: Session, started: datetime) -> Production:
        family, title = family_named(order.instrument), self._title(order, session.melody)
        production = arrange(session, order.wish, family, order.seed, order.formats, self.device, started, title)
        screener = self.earlier.screener
        return replace(
            production,
            credits=replace(self.plan.credits, isrc=order.isrc),
            loudness=order.loudness,
            signing=self.plan.signing,
            nearest=nearest_of(session.screening, screener),
            catalogues=tuple(catalogue_list(screener)[: len(self.earlier.catalogues)]),
            batch={
                "name": self.plan.name,
                "group": order.group,
                "index": order.index,
                "number": order.number + 1,
                "track": order.name,
                "compared": self.earlier.compared(),
                **({"rendering": asdict(self.batching)} if self.batching and order.formats else {}),
            },
        )
