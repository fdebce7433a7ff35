"""Models that travel: their files as bytes, so that a machine of a cluster needs no copy of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from genaudio.assets import asset, entries
from genaudio.errors import IncompatibleError
from genaudio.production.batch.desk import ComposesMany
from genaudio.production.studio import Renders

COMPOSER = ("melody/model.safetensors",)
RENDERER = ("codec/model.safetensors", "renderer/model.safetensors")
"""Shipped files that each needs."""
WORKS = ("catalogue", "corpus")
"""Folders of assets that hold the training works."""


def packed(*names: str) -> dict[str, bytes]:
    """Read shipped files, their hashes checked.

    Raises:
        IncompatibleError: one is missing or damaged.
    """
    return {name: asset(name).read_bytes() for name in names}


def known_works() -> dict[str, str]:
    """Return the SHA-256 of the shipped files of training works by their names."""
    return {name: digest for name, digest in entries().items() if name.split("/")[0] in WORKS}


@contextmanager
def unpacked(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Give a temporary folder with the files within the block."""
    with tempfile.TemporaryDirectory(prefix="genaudio-") as name:
        for file, content in files.items():
            path = Path(name) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield Path(name)


@dataclass(frozen=True)
class CarriedRenderer:
    """Loads a renderer that was sent along.

    Attributes:
        device: where it runs.
        files: codec and renderer.
    """

    device: str
    files: Mapping[str, bytes] = field(repr=False)

    def __call__(self) -> Renders:
        """Load it."""
        from genaudio.codec.codec import Codec
        from genaudio.renderer import Renderer

        with unpacked(self.files) as folder:
            codec, model = (folder / name for name in RENDERER)
            return Renderer.load(model, self.device, Codec.load(codec, self.device))


@dataclass(frozen=True)
class CarriedComposer:
    """Loads a composer that was sent along; what its copy guard knows comes with the package there.

    Attributes:
        device: where it runs.
        files: the melody model.
        works: SHA-256 of the files of training works, which must be the same there.
    """

    device: str
    files: Mapping[str, bytes] = field(repr=False)
    works: Mapping[str, str] = field(repr=False)

    def __call__(self) -> ComposesMany:
        """Load it.

        Raises:
            IncompatibleError: this machine has other training works.
        """
        from genaudio.melody import Composer
        from genaudio.production.guard import TrainingGuard

        if known_works() != self.works:
            raise IncompatibleError(
                "a machine of the cluster has other training works; install the same genaudio there"
            )
        with unpacked(self.files) as folder:
            return Composer.load(folder / COMPOSER[0], self.device, TrainingGuard())
