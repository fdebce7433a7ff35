"""``genaudio render``: written music to sound."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from genaudio.cli import options
from genaudio.cli.state import state_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: genaudio render tune.mid -o tune.flac")(render)


def render(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A MIDI, MusicXML or ABC file.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="A .wav, .flac, .ogg or .mp3 file.", show_default=False)],
    instrument: Annotated[
        str | None, typer.Option(help="Play every part on this instrument; genaudio models lists them.")
    ] = None,
    loudness: options.Loudness = -16.0,
    stems: Annotated[bool, typer.Option("--stems", help="Also write each part to a file beside it.")] = False,
    renderer: options.Renderer = None,
    codec: options.Codec = None,
) -> None:
    """Render any MIDI, MusicXML or ABC file with the neural renderer."""
    from genaudio.production.render import check_output, render_file

    state = state_of(ctx)
    check_output(out)
    start = perf_counter()
    with state.output.progress("Rendering") as tell:
        done = render_file(
            file, out, instrument, state.seed or 0, state.device, stems, loudness, renderer, codec,
            on_progress=lambda share: tell(share, ""),
        )  # fmt: skip
    seconds = perf_counter() - start
    for sentence in done.left_out:
        state.output.talk(f"Note: {sentence}")
    text = "\n".join([f"{out} ({done.duration:.1f} s of audio in {seconds:.1f} s)", *map(str, done.stems)])
    payload = {
        "file": str(out),
        "stems": [str(path) for path in done.stems],
        "duration_s": round(done.duration, 3),
        "sample_rate": done.sample_rate,
        "seconds": round(seconds, 3),
        "left_out": list(done.left_out),
    }
    state.output.result(payload, text, bare=str(out))
