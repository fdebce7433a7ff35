"""A plan in its folder, with who makes it and what its tracks are compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks import Screener, Work
from genaudio.errors import GenaudioError
from genaudio.production.batch.crew import Crew
from genaudio.production.batch.earlier import library_codes, library_works
from genaudio.production.batch.engine import Engine, check_workers
from genaudio.production.batch.ledger import melody_json
from genaudio.production.batch.orders import Order, orders_of
from genaudio.production.batch.plan import Plan
from genaudio.production.batch.site import Site
from genaudio.production.batch.together import Batched
from genaudio.production.batch.worker import Silent
from genaudio.production.exhibits import catalogue_list
from genaudio.production.folder import file_name
from genaudio.production.provenance import model_hashes, versions
from genaudio.production.studio import Renders
from genaudio.renderer.chunks import Batching, usual_batching


@dataclass(frozen=True)
class Job:
    """All that is known before anything is made.

    Attributes:
        plan: what is made.
        orders: its tracks.
        site: the folder.
        crew: who makes it.
        workers: how many render.
        screener, library: what the tracks are compared with, beside each other.
    """

    plan: Plan
    orders: Sequence[Order]
    site: Site
    crew: Crew
    workers: int
    screener: Screener
    library: Sequence[Work]

    @classmethod
    def prepare(cls, plan: Plan, out: Path | None, crew: Crew, workers: int | None, libraries: Sequence[Path]) -> Job:
        """Open what the tracks are compared with; nothing is written.

        Args:
            plan: what is made.
            out: the folder; ``outputs`` and the plan's name where missing.
            crew: who makes it.
            workers: how many render; as many as is usual where missing.
            libraries: folders of earlier tracks.

        Raises:
            GenaudioError: a number or a folder cannot be used, or a track of the library has an ISRC of the plan.
            CatalogueError: a catalogue cannot be used.
        """
        site = Site(out if out is not None else Path("outputs") / file_name(plan.name))
        if plan.signing is not None:
            plan.signing.keep_out_of(site.root)
        workers = check_workers(crew.usual_workers if workers is None else workers)
        screener, library = crew.screener(plan.catalogues), library_works(libraries, site.root)
        orders = orders_of(plan)
        taken = library_codes(libraries, site.root)
        for order in orders:
            if order.isrc in taken:
                raise GenaudioError(
                    f"{order.name} would get the ISRC {order.isrc}, which {taken[order.isrc]} has already"
                )
        return cls(plan, orders, site, crew, workers, screener, library)

    @property
    def batching(self) -> Batching | None:
        """How stems are rendered together; None where tracks are rendered one after the other, or not at all."""
        if not any(group.formats for group in self.plan.groups):
            return None
        wanted = self.plan.rendering
        return usual_batching(self.crew.device) if wanted is None else wanted if isinstance(wanted, Batching) else None

    @property
    def renderer(self) -> Callable[[], Renders]:
        """What gives the workers their renderer; none is loaded where no track has audio."""
        if not any(group.formats for group in self.plan.groups):
            return Silent()
        return self.crew.renderer if self.batching is None else Batched(self.crew.renderer, self.batching)

    def engine(self, workers: int, lock: Path) -> Engine:
        """Return what renders and packs the tracks; a worker is handed as many at once as fill a batch for certain."""
        together = self.batching.chunks if self.batching else 1
        return self.crew.engine(self.renderer, workers, lock, self.crew.patience, together)

    @property
    def fingerprint(self) -> dict[str, Any]:
        """All that decides the tracks of the batch, as JSON; whether it is made here or on a cluster does not."""
        digest = hashlib.sha256()
        for work in self.library:
            digest.update(json.dumps([work.id, work.title, melody_json(work.melody)]).encode())
        catalogues: dict[str, str] = {}
        for entry in catalogue_list(self.screener):
            name = str(entry["name"])
            catalogues[name if name not in catalogues else f"{name} ({len(catalogues) + 1})"] = entry["sha256"]
        known = f"{len(self.library)} tracks, SHA-256 {digest.hexdigest()}" if self.library else "none"
        return {
            "plan": self.plan.as_json(),
            "catalogues": catalogues,
            "library": known,
            "models": model_hashes(),
            "versions": versions(self.crew.device),
        }

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the folder within the block.

        Raises:
            GenaudioError: as `Site.open`.
        """
        with self.site.open(self.fingerprint, [order.name for order in self.orders]):
            yield
