"""MinHash bands in a Redis that several machines share: which work, of which machine's catalogue, is nearly a melody?

Each machine publishes its catalogues; any machine asks for works that share a band with a melody, and the one that has
the catalogue aligns them. The bands are kept by datasketch's own storage.

    genaudio:<index>                      hash: the name of a catalogue -> its manifest, as JSON
    genaudio:<index>:<SHA-256>_bucket_..  datasketch's buckets of its works, one a band; keys are ids in UTF-8
    genaudio:<index>:<SHA-256>_keys       the bands of each work

The manifest is written last and at once. Whoever asks compares it with their own parameters, as for a catalogue on
disk, since other bands would find nothing and pass everything. Nothing in the Redis is ever unpickled. Still, who can
write to it can hide works: share it with nobody who must not, and set a password and TLS (rediss://).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from checks.catalogue import Catalogue, check_parameters
from checks.errors import CatalogueError, IncompatibleCatalogue
from checks.fingerprint import Fingerprint, Hashes
from checks.line import Line
from checks.ngrams import Shingling, tune_shingles
from checks.storage import digest_manifest
from genaudio.score import Melody

if TYPE_CHECKING:
    from datasketch import MinHashLSH

DEFAULT = "catalogues"
_KEPT = ("name", "sha256", "format", "counts", "fingerprint", "shingling", "software")


class SharedBands:
    """The bands of several catalogues in one Redis."""

    def __init__(
        self,
        url: str,
        index: str = DEFAULT,
        fingerprint: Fingerprint | None = None,
        shingling: Shingling | None = None,
    ) -> None:
        """Connect.

        Args:
            url: such as redis://:password@host:6379/0, or rediss:// for TLS.
            index: what the catalogues are published under; an index knows only its own.
            fingerprint, shingling: parameters other than the usual ones.

        Raises:
            CatalogueError: there is no Redis, or its client is not installed.
        """
        try:
            import redis
        except ImportError:
            raise CatalogueError("shared bands need the Redis client: pip install 'genaudio[redis]'") from None
        self.index = f"genaudio:{index}"
        self._fingerprint, self._shingling = fingerprint or Fingerprint(), shingling or Shingling()
        self._errors: type[Exception] = redis.RedisError
        try:
            self._settings: dict[str, Any] = dict(redis.connection.parse_url(url))  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise CatalogueError(f"this is no address of a Redis: {error}") from None
        if self._settings.pop("connection_class", None) is redis.SSLConnection:
            self._settings["ssl"] = True
        self._place = f"{self._settings.get('host', 'localhost')}:{self._settings.get('port', 6379)}"
        self._redis = redis.Redis(**self._settings)
        with self._reached():
            self._redis.ping()

    def publish(self, catalogue: Catalogue) -> None:
        """Put a catalogue's bands into the Redis, in place of those of the catalogue of that name.

        Raises:
            CatalogueError: the Redis cannot be reached.
            IncompatibleCatalogue: the catalogue has other parameters than this index.
        """
        check_parameters(catalogue.path, catalogue.manifest, self._fingerprint, self._shingling)
        with self._reached():
            before = self._redis.hget(self.index, catalogue.name)
            self._clear(catalogue.sha256)  # what an interrupted writer may have left
            bands = self._bands(catalogue.sha256)
            with bands.insertion_session(buffer_size=5000) as session:
                for record, signature in zip(catalogue.records, _signatures(catalogue), strict=True):
                    key = record.id.encode("utf-8", "surrogatepass")
                    session.insert(key, self._fingerprint.minhash(signature), check_duplication=False)
            entry = {key: catalogue.manifest[key] for key in _KEPT}
            entry["seal"] = seal(entry)
            self._redis.hset(self.index, catalogue.name, json.dumps(entry))
            if before is not None and (old := json.loads(before).get("sha256")) != catalogue.sha256:
                self._clear(str(old))

    def withdraw(self, name: str) -> None:
        """Take a catalogue out.

        Raises:
            CatalogueError: the Redis cannot be reached, or has none of that name.
        """
        with self._reached():
            before = self._redis.hget(self.index, name)
            if before is None:
                raise CatalogueError(f"no catalogue {name!r} is published under {self.index} at {self._place}")
            self._redis.hdel(self.index, name)
            self._clear(str(json.loads(before).get("sha256")))

    def catalogues(self) -> dict[str, dict[str, Any]]:
        """Return the manifests of the published catalogues, each checked, by their names.

        Raises:
            CatalogueError: the Redis cannot be reached.
            IncompatibleCatalogue: one was made with other parameters or versions, was changed, or has lost works.
        """
        with self._reached():
            published: dict[bytes, bytes] = self._redis.hgetall(self.index)  # type: ignore[assignment]
            return {name.decode(): self._checked(name.decode(), text) for name, text in sorted(published.items())}

    def near_duplicates(self, melody: Melody) -> list[tuple[str, str]]:
        """Return (name of a catalogue, id of a work) of the works that share a band with a melody, in order.

        Raises:
            CatalogueError: the Redis cannot be reached, or nothing is published.
            IncompatibleCatalogue: as for `catalogues`.
        """
        published = self.catalogues()
        if not published:
            raise CatalogueError(f"no catalogue is published under {self.index} at {self._place}")
        shingles, _ = tune_shingles(Line.of([melody]), self._shingling)
        if not len(shingles):
            return []
        signature = self._fingerprint.minhash(self._fingerprint.sign(shingles))
        found = []
        for name, manifest in sorted(published.items()):
            with self._reached():
                keys = self._bands(manifest["sha256"]).query(signature)
            found += sorted((name, key.decode("utf-8", "surrogatepass")) for key in keys)
        return found

    def _checked(self, name: str, text: bytes) -> dict[str, Any]:
        place = f"{name} in {self.index} at {self._place}"
        try:
            manifest = json.loads(text)
            intact = manifest.pop("seal") == seal(manifest)
            works = int(manifest["counts"]["works"])
        except (ValueError, KeyError, TypeError, AttributeError):
            intact, works = False, 0
        if not intact:
            raise IncompatibleCatalogue(f"the manifest of {place} is damaged or was changed: publish it again")
        check_parameters(place, manifest, self._fingerprint, self._shingling)
        there = self._bands(manifest["sha256"]).keys.size()
        if there != works:
            raise IncompatibleCatalogue(f"{place} has {there} works, not {works}: publish it again")
        return dict(manifest)

    def _bands(self, digest: str) -> MinHashLSH:
        storage = {"type": "redis", "basename": f"{self.index}:{digest}".encode(), "redis": self._settings}
        return self._fingerprint.lsh(storage_config=storage, prepickle=False)

    def _clear(self, digest: str) -> None:
        """Remove the bands of a catalogue."""
        keys = []
        for key in self._redis.scan_iter(match=_escaped(f"{self.index}:{digest}_") + b"*", count=1000):
            keys.append(key)
            if len(keys) >= 1000:
                self._redis.unlink(*keys)
                keys = []
        if keys:
            self._redis.unlink(*keys)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn what the client raises into one sentence."""
        try:
            yield
        except self._errors as error:
            raise CatalogueError(f"cannot use the Redis at {self._place}: {error}") from error


def seal(entry: dict[str, Any]) -> str:
    """Return the SHA-256 of all that is published of a catalogue's manifest."""
    return digest_manifest({"entry": entry})


def _signatures(catalogue: Catalogue) -> Iterator[Hashes]:
    for segment in catalogue.segments:
        yield from np.asarray(segment.signatures)


def _escaped(name: str) -> bytes:
    """Write a name so that Redis takes its signs for themselves in a pattern."""
    return b"".join(b"\\" + bytes([c]) if c in b"*?[]^\\" else bytes([c]) for c in name.encode("utf-8"))
