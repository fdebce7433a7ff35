"""Writes a release package: the folder with the audio, the score, the screening, the report and the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.report import SCHEMA_VERSION as SCREENING_VERSION
from checks.report import screening_json
from genaudio.assets import sha256
from genaudio.audio import FORMATS, write_audio
from genaudio.errors import GenaudioError
from genaudio.melody.wish import Wish
from genaudio.production.exhibits import melody_facts
from genaudio.production.folder import MANIFEST
from genaudio.production.provenance import Credits, ai_statement, audio_tags, model_hashes, versions
from genaudio.production.report import Exhibit, Nearest, render_page
from genaudio.production.signing import TYPES, Signing, read_signature
from genaudio.production.studio import Session
from genaudio.score import Melody, Score, write_midi
from genaudio.score.musicxml_writer import write_musicxml

if TYPE_CHECKING:
    from genaudio.renderer import Rendering

SCHEMA_VERSION = 1
KIND = "genaudio-track"
MASTER = "track.flac"
_EMBEDDED = "mp3"
"""The format that every browser plays and that stays small inside a page."""


@dataclass(frozen=True)
class Production:
    """A track that is composed and screened, with all that rendering and packing need; may go to another process.

    Attributes:
        title: of the track.
        wish, instrument, seed: what was asked for.
        session: what composing gave.
        melody: the melody as it is played, with title and tempo, in the instrument's octave.
        score: the melody for the instrument.
        nearest: works that it was found near to, with their notes.
        catalogues: `name`, `works` and `sha256` of the catalogues that it was screened against.
        formats: audio formats, the master among them; none where only the notes are wanted.
        device: what it is made on.
        started: when.
        credits: whose name is on it.
        models: SHA-256 of models other than the shipped ones, under the names of those that they stand in for.
        loudness: of the master in LUFS, other than usual.
        signing: who signs the audio.
        batch: of a track of a batch: its place there, and the earlier tracks that it was compared with as `compared`,
            in the same form as `catalogues`.
    """

    title: str
    wish: Wish
    instrument: str
    seed: int
    session: Session
    melody: Melody
    score: Score
    nearest: tuple[Nearest, ...]
    catalogues: tuple[dict[str, Any], ...]
    formats: tuple[str, ...]
    device: str
    started: datetime
    credits: Credits = field(default_factory=Credits)
    models: Mapping[str, str] = field(default_factory=dict)
    loudness: float | None = None
    signing: Signing | None = None
    batch: Mapping[str, Any] | None = None

    @property
    def verdict(self) -> str:
        """The verdict of the melody that was taken."""
        return str(self.session.screening.verdict)

    @property
    def searched(self) -> list[dict[str, Any]]:
        """All that the melody was compared with: the catalogues and, in a batch, the earlier tracks."""
        return [*self.catalogues, *(self.batch or {}).get("compared", ())]


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Return audio formats in a fixed order, the master among them.

    Raises:
        GenaudioError: one is unknown.
    """
    wanted = {name.strip().lower().lstrip(".") for name in formats}
    if unknown := sorted(wanted - set(FORMATS)):
        raise GenaudioError(f"unknown audio format {', '.join(unknown)}; the formats are {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in wanted | {"flac"})


def write_package(
    folder: Path, production: Production, rendering: Rendering | None, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Write all files of a package into an empty folder, the manifest last; return the manifest.

    Args:
        folder: where to.
        production: the track.
        rendering: its audio, None where none is wanted.
        seconds: time spent, by stage, beside the session's.

    Raises:
        GenaudioError, ScoreError: a file cannot be written.
    """
    tags = audio_tags(production.title, production.credits)
    if rendering is not None:
        for name in production.formats:
            write_audio(folder / f"track.{name}", rendering.audio, rendering.sample_rate, tags)
    for path in _signed(folder, production):
        production.signing.sign(path, production.title)  # type: ignore[union-attr]
    write_midi(production.score, folder / "track.mid")
    write_musicxml(production.score, folder / "track.musicxml")
    result = screening_json(production.session.screening, "track.mid", production.title)
    report = {"schema_version": SCREENING_VERSION, "catalogues": production.searched, "results": [result]}
    _write_json(folder / "screening.json", report)
    _write_report(folder, production, rendering, tags)
    manifest = _manifest(folder, production, rendering, seconds)
    _write_json(folder / MANIFEST, manifest)
    return manifest


def _write_report(folder: Path, production: Production, rendering: Rendering | None, tags: Mapping[str, str]) -> None:
    """Write the report with a small copy of the audio inside, so that the one file is enough."""
    audio, length = b"", production.score.duration
    if rendering is not None:
        audio, length = _embedded(folder, rendering, tags), rendering.audio.shape[1] / rendering.sample_rate
    session = production.session
    shown = Exhibit(
        title=production.title,
        verdict=production.verdict,
        melody=production.melody,
        reason=session.screening.reason or "",
        facts=(
            *((production.wish.style,) if production.wish.style else ()),
            *melody_facts(production.melody),
            production.instrument,
            f"{int(length // 60)}:{int(length % 60):02d}",
        ),
        nearest=production.nearest,
        audio=audio,
        details={
            "Made by": f"{ai_statement()['generator']}; the music and its audio are AI-generated",
            "Seed": str(production.seed),
            "Attempts": f"{len(session.attempts)} of at most {session.limit}",
            "Made on": f"{production.started:%Y-%m-%d %H:%M} UTC, {production.device}",
        },
    )
    page = render_page([shown], production.searched, ai_statement())
    (folder / "report.html").write_text(page, encoding="utf-8")


def _signed(folder: Path, production: Production) -> list[Path]:
    """Return the files that are to be signed."""
    names = [name for name in production.formats if name in TYPES] if production.signing else []
    return [folder / f"track.{name}" for name in names]


def _signature(folder: Path, production: Production) -> dict[str, Any]:
    """Return what the manifest says of signatures, as they were read back."""
    paths = _signed(folder, production)
    if production.signing is None or not paths:
        return {}
    found = read_signature(paths[0])
    if found is None or found.fault:
        raise GenaudioError(f"the signature of {paths[0].name} is not valid: {found.fault if found else 'missing'}")
    return {
        "signature": {
            "standard": "C2PA",
            "signer": found.signer,
            "issuer": found.issuer,
            "serial": found.serial,
            "certificate_sha256": production.signing.digest,
            "files": [path.name for path in paths],
        }
    }


def _embedded(folder: Path, rendering: Rendering, tags: Mapping[str, str]) -> bytes:
    """Return the audio as the report carries it: the file that is there, or one that is made for it."""
    path = folder / f"track.{_EMBEDDED}"
    kept = path.exists()
    if not kept:
        write_audio(path, rendering.audio, rendering.sample_rate, tags)
    audio = path.read_bytes()
    if not kept:
        path.unlink()
    return audio


def _manifest(
    folder: Path, production: Production, rendering: Rendering | None, seconds: Mapping[str, float]
) -> dict[str, Any]:
    session = production.session
    wish = {name: value for name, value in asdict(production.wish).items() if name not in ("known", "metres")}
    spent = {**session.seconds, **seconds}
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "title": production.title,
        "verdict": production.verdict,
        "seed": production.seed,
        **({"batch": dict(production.batch)} if production.batch else {}),
        "credits": asdict(production.credits),
        "settings": {
            **wish,
            "instrument": production.instrument,
            "formats": list(production.formats),
            "attempts": session.limit,
            **({"loudness": production.loudness} if production.loudness is not None else {}),
        },
        "music": _music(production),
        "audio": None if rendering is None else _audio(rendering),
        "attempts": [asdict(attempt) for attempt in session.attempts],
        "models": {**model_hashes(), **production.models},
        "catalogues": list(production.catalogues),
        "versions": versions(production.device),
        "time": {
            "started": production.started.astimezone(UTC).isoformat(timespec="seconds"),
            "seconds": {stage: round(value, 3) for stage, value in spent.items()},
        },
        "ai_statement": ai_statement(),
        **_signature(folder, production),
        "files": {
            path.name: {"sha256": sha256(path), "bytes": path.stat().st_size} for path in sorted(folder.iterdir())
        },
    }


def _audio(rendering: Rendering) -> dict[str, Any]:
    measured = {"loudness_lufs": rendering.loudness, "true_peak_dbtp": rendering.true_peak}
    return {
        "sample_rate": rendering.sample_rate,
        "channels": int(rendering.audio.shape[0]),
        "seconds": round(rendering.audio.shape[1] / rendering.sample_rate, 3),
        **{name: round(value, 2) for name, value in measured.items() if value is not None and isfinite(value)},
    }


def seconds_of(manifest: Mapping[str, Any]) -> float:
    """Return the length of a packaged track in seconds: of its audio or, where there is none, of its notes."""
    return float((manifest["audio"] or manifest["music"])["seconds"])


def _music(production: Production) -> dict[str, Any]:
    melody, score = production.melody, production.score
    return {
        "key": None if melody.key is None else str(melody.key),
        "metre": None if melody.metre is None else str(melody.metre),
        "bars": None if melody.metre is None else melody.bars,
        "tempo": melody.tempo,
        "notes": len(melody),
        "seconds": round(float(score.duration), 3),
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
