"""One track end to end: composed, screened, rendered, packaged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from genaudio.errors import GenaudioError
from genaudio.instruments import Family, family_named
from genaudio.melody.wish import Wish
from genaudio.production.exhibits import catalogue_list, nearest_of
from genaudio.production.folder import claim, file_name, free_name, whole_folder
from genaudio.production.release import Production, check_formats, seconds_of, write_package
from genaudio.production.signing import Signing
from genaudio.production.studio import ATTEMPTS, Renders, Session, Studio, check_attempts
from genaudio.renderer.mix import check_loudness
from genaudio.score import Melody, Score, phrased

if TYPE_CHECKING:
    from genaudio.renderer import Rendering

Tell = Callable[[float | None, str], None]
"""Is told how far the work is, from 0 to 1, and what is being done."""
LONGEST_TITLE = 80
"""Characters of a title, so that it fits a cover and every kind of tag."""


@dataclass(frozen=True)
class Made:
    """A finished track.

    Attributes:
        folder: the package.
        title: of the track.
        verdict: ``clear``, ``review``, ``match`` or ``not-screened``.
        duration: in seconds.
        stages: seconds that making it took by stage, loading the models not counted.
        manifest: the content of manifest.json.
    """

    folder: Path
    title: str
    verdict: str
    duration: float
    stages: Mapping[str, float]
    manifest: dict[str, Any]

    @property
    def seconds(self) -> float:
        """Seconds that making it took."""
        return sum(self.stages.values())

    def as_json(self) -> dict[str, Any]:
        """Return what the command line reports."""
        return {
            "folder": str(self.folder),
            "title": self.title,
            "verdict": self.verdict,
            "duration_s": round(self.duration, 3),
            "seconds": round(self.seconds, 3),
            "seed": self.manifest["seed"],
            "attempts": len(self.manifest["attempts"]),
            "files": sorted([*self.manifest["files"], "manifest.json"]),
        }


def make(
    wish: Wish | None = None,
    *,
    instrument: str = "violin",
    seed: int = 0,
    count: int = 1,
    out: Path | str | None = None,
    formats: Sequence[str] = ("flac",),
    catalogues: Iterable[Path | str] = (),
    attempts: int = ATTEMPTS,
    loudness: float | None = None,
    signing: Signing | None = None,
    overwrite: bool = False,
    device: str = "auto",
    model: Path | None = None,
    studio: Studio | None = None,
    tell: Tell | None = None,
) -> list[Made]:
    """Make tracks: compose until clear of the catalogues, render, and write a release package for each.

    Args:
        wish: what is wished of the melodies; anything goes for None.
        instrument: one of `genaudio.instruments.FAMILIES`.
        seed: of the first track; the next ones take the following numbers.
        count: how many tracks.
        out: the folder of the track or, for several, the folder in which each gets its own; new names under
            ``outputs`` where missing.
        formats: audio formats; the FLAC master is always written.
        catalogues: what to screen against beside the training works.
        attempts: how often at most a melody is composed until it is clear.
        loudness: of the masters in LUFS, as near as the true peak allows; -16 where missing.
        signing: who signs the audio.
        overwrite: replace release packages that are there.
        device: ``auto``, ``cpu``, ``cuda``...
        model: weights of a melody model of one's own; the wish then needs `genaudio.melody.usual.words` of it.
        studio: loaded models, to make several batches with.
        tell: is told how far the work is.

    Raises:
        GenaudioError: a wish, name or folder cannot be used.
        IncompatibleError: a shipped file is damaged.
        CatalogueError: a catalogue cannot be used.
    """
    wish = wish or Wish()
    check_attempts(attempts)
    family = family_named(instrument)
    loudness = None if loudness is None else check_loudness(loudness)
    way = _Way(check_formats(formats), attempts, loudness, signing, overwrite)
    folders = _folders(wish, seed, count, None if out is None else Path(out), overwrite)
    tell = tell or _silent
    for folder in folders if signing else ():
        signing.keep_out_of(folder)  # type: ignore[union-attr]
    tell(None, "Loading the models")
    studio = studio or Studio.load(device, catalogues, model)
    made = []
    for number, folder in enumerate(folders):
        name = f"track {number + 1} of {count}" if count > 1 else "the track"

        def stage(share: float, what: str, number: int = number, name: str = name) -> None:
            tell((number + share) / count, f"{what} {name}")

        made.append(_make_one(studio, wish, family, seed + number, folder, way, stage))
    return made


@dataclass(frozen=True)
class _Way:
    """How tracks are made, whatever is in them; the fields are arguments of `make`."""

    formats: tuple[str, ...]
    attempts: int
    loudness: float | None
    signing: Signing | None
    overwrite: bool


def _silent(share: float | None, what: str) -> None:
    """Tell nobody."""


def _folders(wish: Wish, seed: int, count: int, out: Path | None, overwrite: bool) -> list[Path]:
    """Choose the folder of each track and make sure, before any work, that it can be written."""
    if count < 1:
        raise GenaudioError(f"the number of tracks must be 1 or more, not {count}")
    if seed < 0:
        raise GenaudioError(f"a seed must be 0 or more, not {seed}")
    if out is not None and count == 1:
        folders = [out]
    else:
        parent = out or Path("outputs")
        names = (file_name(f"{wish.style or 'tune'}-{seed + number}") for number in range(count))
        folders = [parent / name if overwrite else free_name(parent / name) for name in names]
    for folder in folders:
        claim(folder, overwrite)
    return folders


def _make_one(
    studio: Studio, wish: Wish, family: Family, seed: int, folder: Path, way: _Way, stage: Callable[[float, str], None]
) -> Made:
    started = datetime.now(UTC)
    claim(folder, way.overwrite)
    stage(0.0, "Composing")
    session = studio.compose(wish, seed, family, way.attempts)
    production = arrange(session, wish, family, seed, way.formats, studio.device, started)
    production = replace(
        production,
        nearest=nearest_of(session.screening, studio.screener),
        catalogues=tuple(catalogue_list(studio.screener)),
        models=studio.models,
        loudness=way.loudness,
        signing=way.signing,
    )
    return produce(folder, production, studio.renderer, way.overwrite, stage)


def arrange(
    session: Session,
    wish: Wish,
    family: Family,
    seed: int,
    formats: tuple[str, ...],
    device: str,
    started: datetime,
    title: str | None = None,
) -> Production:
    """Make a composed melody ready for rendering: a title where none is given, dynamics, the instrument.

    What it was compared with is still to be added.
    """
    title = title or track_title(wish.style, session.melody, seed)
    melody = replace(phrased(session.melody), title=title)
    return Production(
        title=title,
        wish=wish,
        instrument=family.name,
        seed=seed,
        session=session,
        melody=melody,
        score=Score.from_melody(melody, program=family.program),
        nearest=(),
        catalogues=(),
        formats=formats,
        device=device,
        started=started,
    )


def produce(
    folder: Path,
    production: Production,
    renderer: Renders,
    overwrite: bool = False,
    stage: Callable[[float, str], None] | None = None,
) -> Made:
    """Render a track and write its package, whole or not at all.

    Args:
        folder: the package.
        production: the track.
        renderer: what plays it.
        overwrite: replace a release package that is there.
        stage: is told how far the track is.

    Raises:
        GenaudioError: the folder may not be written to, or there is nothing to play.
    """
    stage = stage or _silent
    with whole_folder(folder, overwrite) as temporary:
        stage(0.2, "Rendering")
        begun = perf_counter()
        rendering = _rendered(production, renderer)
        rendered = perf_counter()
        stage(0.8, "Packing")
        manifest = write_package(temporary, production, rendering, {"render": rendered - begun})
        packed = perf_counter()
    seconds = {**production.session.seconds, "render": rendered - begun, "package": packed - rendered}
    return Made(folder, manifest["title"], manifest["verdict"], seconds_of(manifest), seconds, manifest)


def _rendered(production: Production, renderer: Renders) -> Rendering | None:
    """Play a track; None where only its notes are wanted."""
    if not production.formats:
        return None
    wanted = {} if production.loudness is None else {"loudness": production.loudness}
    return renderer.render(production.score, production.seed, **wanted)


def track_title(style: str | None, melody: Melody, seed: int) -> str:
    """Return the melody's own title on one clean line or, without one, such as ``Reel in D major, no. 12345``."""
    own = " ".join("".join(sign if sign.isprintable() else " " for sign in melody.title or "").split())
    if own:
        return own[:LONGEST_TITLE]
    kind = (style or "tune").replace("_", " ").capitalize()
    key = f" in {melody.key}" if melody.key is not None else ""
    return f"{kind}{key}, no. {seed}"
