"""``genaudio make``: one command to a cleared track."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from genaudio.cli import options
from genaudio.cli.seeds import seed_of
from genaudio.cli.state import state_of
from genaudio.cli.verdicts import NOT_LEGAL, exit_code

if TYPE_CHECKING:
    from genaudio.production import Made


EXAMPLES = """Example: genaudio make --style jig --key G --instrument flute --bars 16 --format mp3

Example: genaudio make --style waltz --form AABA --bars 32 --range C4-C6 --instrument clarinet"""

UNKNOWN_WORKS = (
    "The works that a model of your own learnt from were not searched: make them a catalogue (genaudio catalogue "
    "build) and give it with --catalogue."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(make)


def make(
    ctx: typer.Context,
    style: options.Style = None,
    key: options.KeyName = None,
    mode: options.Mode = None,
    meter: options.Meter = None,
    bars: options.Bars = None,
    tempo: options.Tempo = None,
    form: options.Form = None,
    pitch_range: options.Range = None,
    lowest: options.Lowest = None,
    highest: options.Highest = None,
    density: options.Density = None,
    temperature: options.Temperature = 1.0,
    top_p: options.TopP = 0.99,
    min_p: options.MinP = 0.01,
    guidance: options.Guidance = 1.0,
    guard: options.CopyGuard = 1.0,
    instrument: options.Instrument = "violin",
    count: Annotated[int, typer.Option(help="How many tracks; each takes the next seed.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the track; of several, the folder above them.")
    ] = None,
    audio_format: Annotated[
        list[str] | None,
        typer.Option("--format", help="wav, mp3 or ogg beside track.flac; may be repeated, or separated by commas."),
    ] = None,
    model: options.Model = None,
    catalogue: options.Catalogues = None,
    attempts: Annotated[int, typer.Option(help="Most melodies to compose until one is clear.")] = 8,
    loudness: options.Loudness = -16.0,
    sign_certificate: options.SignCertificate = None,
    sign_key: options.SignKey = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Compose a melody, screen it, render it, and package it with its provenance.

    A melody that is not clear is composed anew. Exit code: 0 all clear, 1 something is for review or a match,
    2 something could not be screened.
    """
    from genaudio.melody.reach import chosen_range
    from genaudio.melody.usual import words
    from genaudio.melody.wish import Wish
    from genaudio.production import make as make_tracks
    from genaudio.production.signing import Signing

    state = state_of(ctx)
    low, high = chosen_range(pitch_range, lowest, highest)
    wish = Wish(
        style, key, mode, meter, bars, tempo, temperature, top_p, min_p, guidance,
        form=form, lowest=low, highest=high, density=density, guard=guard, **words(model),
    )  # fmt: skip
    signing = Signing.checked(sign_certificate, sign_key)
    formats = [name for entry in audio_format or () for name in entry.split(",")]
    start = perf_counter()
    with state.output.progress("Making a track") as tell:
        made = make_tracks(
            wish,
            instrument=instrument,
            seed=seed_of(state),
            count=count,
            out=out,
            formats=formats,
            catalogues=catalogue or (),
            attempts=attempts,
            loudness=loudness,
            signing=signing,
            overwrite=overwrite,
            device=state.device,
            model=model,
            tell=tell,
        )
    seconds = perf_counter() - start
    lines = [line for track in made for line in _lines(track)] + [f"Made in {seconds:.1f} s, loading included."]
    state.output.talk(NOT_LEGAL)
    if model is not None and not catalogue:
        state.output.talk(UNKNOWN_WORKS)
    payload = {"tracks": [track.as_json() for track in made], "seconds": round(seconds, 3)}
    state.output.result(payload, "\n".join(lines), bare="\n".join(str(track.folder) for track in made))
    raise typer.Exit(exit_code(track.verdict for track in made))


def _lines(track: Made) -> list[str]:
    """Say where a track is and how it came out."""
    tried = len(track.manifest["attempts"])
    again = f" (composed {tried} times)" if tried > 1 else ""
    return [
        f"{track.title}, {track.duration:.1f} s of audio",
        f"  track    {track.folder / 'track.flac'}",
        f"  report   {track.folder / 'report.html'}",
        f"  verdict  {track.verdict}{again}",
    ]
