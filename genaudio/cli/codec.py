"""``genaudio codec``: audio to code files and back."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from genaudio.cli.state import state_of

commands = typer.Typer(help="Turn audio into codes and back.", no_args_is_help=True)
Weights = Annotated[Path | None, typer.Option(help="A file of weights instead of the shipped or official ones.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="codec", epilog="Example: genaudio codec encode take.wav -o take.codes")


@commands.command(epilog="Example: genaudio codec encode take.wav -o take.codes --kbps 4")
def encode(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A wav, flac, ogg or mp3 file.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The code file to write.", show_default=False)],
    codec: Annotated[str, typer.Option(help="genaudio (bundled), encodec_24khz or encodec_48khz.")] = "genaudio",
    kbps: Annotated[float | None, typer.Option(help="Most kbit/s a channel; all levels if missing.")] = None,
    weights: Weights = None,
) -> None:
    """Turn an audio file into a code file."""
    from genaudio.codec.backends import backend
    from genaudio.codec.codes import write_codes
    from genaudio.production.files import check_writable

    state = state_of(ctx)
    check_writable(out)
    start = perf_counter()
    with state.output.progress("Encoding"):
        codes = backend(codec, state.device, weights).compress_file(file, kbps)
    write_codes(out, codes)
    seconds, size = perf_counter() - start, out.stat().st_size
    tuned = f", tuned {codes.tuning:+.0f} cents from A = 440 Hz" if codes.tuning else ""
    text = (
        f"{out} ({codes.seconds:.1f} s, {codes.bitrate / 1000:.1f} kbit/s, {size:,} bytes, in {seconds:.1f} s{tuned})"
    )
    payload = {
        "file": str(out),
        "codec": codes.model,
        "shape": list(codes.codes.shape),
        "duration_s": round(codes.seconds, 3),
        "kbps": round(codes.bitrate / 1000, 3),
        "bytes": size,
        "tuning_cents": codes.tuning,
        "seconds": round(seconds, 3),
    }
    state.output.result(payload, text, bare=str(out))


@commands.command(epilog="Example: genaudio codec decode take.codes -o take.flac")
def decode(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A code file.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="A .wav, .flac, .ogg or .mp3 file.", show_default=False)],
    weights: Weights = None,
) -> None:
    """Turn a code file back into an audio file; the file says which codec made it."""
    from genaudio.audio import AudioSink
    from genaudio.codec.backends import backend
    from genaudio.codec.codes import read_codes
    from genaudio.production.render import check_output

    state = state_of(ctx)
    check_output(out)
    codes = read_codes(file)
    start = perf_counter()
    pieces = backend(codes.model, state.device, weights).stretches(codes)
    with state.output.progress("Decoding"):
        first = next(pieces)
        with AudioSink(out, codes.sample_rate, len(first)) as sink:
            for piece in chain([first], pieces):
                sink.write(piece)
    seconds = perf_counter() - start
    text = f"{out} ({codes.seconds:.1f} s of audio in {seconds:.1f} s)"
    payload = {
        "file": str(out),
        "codec": codes.model,
        "duration_s": round(codes.seconds, 3),
        "sample_rate": codes.sample_rate,
        "channels": len(first),
        "seconds": round(seconds, 3),
    }
    state.output.result(payload, text, bare=str(out))
