"""Writes a release package: the folder with the audio, the score, the screening, the report and the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks import Screener
from checks.report import report_json, screening_json
from genaudio.assets import sha256
from genaudio.audio import FORMATS, write_audio
from genaudio.errors import GenaudioError
from genaudio.melody.wish import Wish
from genaudio.production.exhibits import catalogue_list, exhibit_of, melody_facts
from genaudio.production.folder import MANIFEST
from genaudio.production.provenance import ai_statement, audio_tags, model_hashes, versions
from genaudio.production.report import render_page
from genaudio.production.studio import Session
from genaudio.score import Melody, Score, write_midi
from genaudio.score.musicxml_writer import write_musicxml

if TYPE_CHECKING:
    from genaudio.renderer import Rendering

SCHEMA_VERSION = 1
MASTER = "track.flac"
_EMBEDDED = "mp3"
"""The format that every browser plays and that stays small inside a page."""


@dataclass(frozen=True)
class Production:
    """Everything that a package is written from.

    Attributes:
        title: of the track.
        wish, instrument, seed: what was asked for.
        session: what composing gave.
        melody: the melody as it is played, with title and tempo, in the instrument's octave.
        score: the melody for the instrument.
        rendering: its audio.
        screener: what it was screened with.
        formats: audio formats beside the master.
        device: what it was made on.
        started: when.
        seconds: time spent, by stage.
    """

    title: str
    wish: Wish
    instrument: str
    seed: int
    session: Session
    melody: Melody
    score: Score
    rendering: Rendering
    screener: Screener
    formats: tuple[str, ...]
    device: str
    started: datetime
    seconds: Mapping[str, float]

    @property
    def verdict(self) -> str:
        """The verdict of the melody that was taken."""
        return str(self.session.taken.screening.verdict)


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Return audio formats in a fixed order, the master among them.

    Raises:
        GenaudioError: one is unknown.
    """
    wanted = {name.strip().lower().lstrip(".") for name in formats}
    if unknown := sorted(wanted - set(FORMATS)):
        raise GenaudioError(f"unknown audio format {', '.join(unknown)}; the formats are {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in wanted | {"flac"})


def write_package(folder: Path, production: Production) -> dict[str, Any]:
    """Write all files of a package into an empty folder, the manifest last; return the manifest.

    Raises:
        GenaudioError, ScoreError: a file cannot be written.
    """
    _write_audio(folder, production)
    write_midi(production.score, folder / "track.mid")
    write_musicxml(production.score, folder / "track.musicxml")
    result = screening_json(production.session.taken.screening, "track.mid", production.title)
    _write_json(folder / "screening.json", report_json(production.screener.catalogues, [result]))
    _write_report(folder, production)
    manifest = _manifest(folder, production)
    _write_json(folder / MANIFEST, manifest)
    return manifest


def _write_audio(folder: Path, production: Production) -> None:
    rendering, tags = production.rendering, audio_tags(production.title)
    for name in production.formats:
        write_audio(folder / f"track.{name}", rendering.audio, rendering.sample_rate, tags)


def _write_report(folder: Path, production: Production) -> None:
    """Write the report with a small copy of the audio inside, so that the one file is enough."""
    embedded = folder / f"track.{_EMBEDDED}"
    kept = embedded.exists()
    if not kept:
        rendering = production.rendering
        write_audio(embedded, rendering.audio, rendering.sample_rate, audio_tags(production.title))
    audio = embedded.read_bytes()
    if not kept:
        embedded.unlink()
    length = production.rendering.audio.shape[1] / production.rendering.sample_rate
    facts = (
        *((production.wish.style,) if production.wish.style else ()),
        *melody_facts(production.melody),
        production.instrument,
        f"{int(length // 60)}:{int(length % 60):02d}",
    )
    session = production.session
    details = {
        "Made by": f"{ai_statement()['generator']}; the music and its audio are AI-generated",
        "Seed": str(production.seed),
        "Attempts": f"{len(session.attempts)} of at most {session.limit}",
        "Made on": f"{production.started:%Y-%m-%d %H:%M} UTC, {production.device}",
    }
    taken = session.taken
    shown = exhibit_of(production.title, production.melody, taken.screening, production.screener, facts, audio, details)
    page = render_page([shown], catalogue_list(production.screener), ai_statement())
    (folder / "report.html").write_text(page, encoding="utf-8")


def _manifest(folder: Path, production: Production) -> dict[str, Any]:
    melody, session = production.melody, production.session
    wish = {name: value for name, value in asdict(production.wish).items() if name != "known"}
    seconds = {**session.seconds, **production.seconds}
    audio = production.rendering.audio
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "genaudio-track",
        "title": production.title,
        "verdict": production.verdict,
        "seed": production.seed,
        "settings": {
            **wish,
            "instrument": production.instrument,
            "formats": list(production.formats),
            "attempts": session.limit,
        },
        "music": {
            "key": None if melody.key is None else str(melody.key),
            "metre": None if melody.metre is None else str(melody.metre),
            "bars": None if melody.metre is None else melody.bars,
            "tempo": melody.tempo,
            "notes": len(melody),
        },
        "audio": {
            "sample_rate": production.rendering.sample_rate,
            "channels": int(audio.shape[0]),
            "seconds": round(audio.shape[1] / production.rendering.sample_rate, 3),
        },
        "attempts": [{"seed": attempt.seed, "verdict": str(attempt.screening.verdict)} for attempt in session.attempts],
        "models": model_hashes(),
        "catalogues": catalogue_list(production.screener),
        "versions": versions(production.device),
        "time": {
            "started": production.started.astimezone(UTC).isoformat(timespec="seconds"),
            "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
        },
        "ai_statement": ai_statement(),
        "files": {
            path.name: {"sha256": sha256(path), "bytes": path.stat().st_size} for path in sorted(folder.iterdir())
        },
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
