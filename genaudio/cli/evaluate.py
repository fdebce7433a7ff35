"""``genaudio evaluate``: the benchmarks' measures on files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from genaudio.cli import options
from genaudio.cli.evaluation_text import melody_text
from genaudio.cli.failures import UNUSABLE
from genaudio.cli.state import state_of

commands = typer.Typer(help="Measure the models on your own files.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="evaluate", epilog="Example: genaudio evaluate originality --count 50")


@commands.command(epilog="Example: genaudio evaluate melody tunes.abc more-tunes/ --reference test")
def melody(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Files or folders of melodies.", show_default=False)],
    model: Annotated[Path | None, typer.Option(help="Weights to measure; the shipped ones if missing.")] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(help="Melodies to compare with: a file or folder (may be repeated), or test, the held-out tunes."),
    ] = None,
) -> None:
    """Measure how well the melody model predicts melodies, in bits per note (less is better).

    With --reference also how near the melodies come to others: pitches, intervals, durations, rhythms, phrases,
    cadences, repetition.
    """
    from genaudio.melody import Composer, evaluate_melodies
    from genaudio.melody.comparison import compare
    from genaudio.production.sources import read_reference, read_works

    state = state_of(ctx)
    rejects: list[dict[str, str]] = []

    def leave_out(place: str, why: str) -> None:
        rejects.append({"file": place, "reason": why})

    with state.output.progress("Reading") as tell:
        melodies = [work.melody for work in read_works(files, leave_out, tell)]
        others = read_reference(reference, leave_out, tell) if reference else None
        tell(None, "Predicting")
        loaded = Composer.load(model, state.device)
        measured = evaluate_melodies(loaded.model, melodies, grammar=loaded.grammar).as_dict()
        if others is not None:
            measured["comparison"] = {"reference": reference, **compare(melodies, others)}
    for reject in rejects:
        state.output.complain(f"genaudio: left out: {reject['file']}: {reject['reason']}")
    text = melody_text(measured)
    bits = measured["bits_per_note"]
    state.output.result({**measured, "rejects": rejects}, text, bare="" if bits is None else f"{bits:.4f}")
    if rejects or not measured["pieces"]:
        raise typer.Exit(UNUSABLE)


@commands.command(epilog="Example: genaudio evaluate codec take.wav other.flac --kbps 4")
def codec(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Audio files.", show_default=False)],
    codec: Annotated[str, typer.Option(help="genaudio (bundled), encodec_24khz or encodec_48khz.")] = "genaudio",
    kbps: Annotated[float | None, typer.Option(help="Most kbit/s a channel; all levels if missing.")] = None,
) -> None:
    """Measure what coding and decoding does to audio files: log-mel distance and SI-SDR."""
    from genaudio.codec.backends import backend
    from genaudio.production.quality import evaluate_codec

    state = state_of(ctx)
    with state.output.progress("Loading the codec") as tell:
        loaded = backend(codec, state.device)
        found = []
        for number, file in enumerate(files):
            tell(number / len(files), f"Coding {file.name}")
            found.append(evaluate_codec(file, loaded, kbps))
    lines = [
        f"{entry['file']}: {entry['kbps']:.1f} kbit/s, "
        f"log-mel {entry['log_mel']:.3f}, SI-SDR {entry['si_sdr_db']:.1f} dB"
        for entry in found
    ]
    mean = sum(entry["log_mel"] for entry in found) / len(found)
    state.output.result({"codec": codec, "results": found, "log_mel": round(mean, 4)}, "\n".join(lines), f"{mean:.4f}")


@commands.command(epilog="Example: genaudio evaluate renderer tune.mid --reference recording.wav")
def renderer(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A MIDI, MusicXML or ABC file.", show_default=False)],
    reference: Annotated[Path | None, typer.Option(help="A recording of it at the same tempo to compare with.")] = None,
    weights: options.Renderer = None,
    codec: options.Codec = None,
) -> None:
    """Measure how fast a score is rendered and how near it comes to a recording (log-mel distance)."""
    from genaudio.production.quality import evaluate_renderer
    from genaudio.renderer.entry import renderer as load_renderer

    state = state_of(ctx)
    with state.output.progress("Rendering"):
        found = evaluate_renderer(file, load_renderer(state.device, weights, codec), reference, state.seed or 0)
    distance = f", log-mel distance {found['log_mel']:.3f}" if "log_mel" in found else ""
    text = f"{file}: {found['real_time_factor']:.3f} s a second of audio{distance}"
    state.output.result(found, text, bare=str(found.get("log_mel", found["real_time_factor"])))


@commands.command(
    epilog="Example: genaudio evaluate originality --style reel --count 200 --seed 1\n\n"
    "Example: genaudio evaluate originality my-tunes/ other.mid"
)
def originality(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders of melodies to measure; without any, tunes are composed."),
    ] = None,
    style: options.Style = None,
    count: Annotated[int, typer.Option(help="How many tunes to compose.")] = 200,
    guard: options.CopyGuard = 1.0,
    catalogue: options.Catalogues = None,
) -> None:
    """Measure how near melodies come to the training works, beside held-out tunes by people.

    Tunes are composed with the held-out tunes' styles, keys, metres and lengths, with the copy guard and without it.
    """
    from genaudio.corpus import load_works
    from genaudio.production.catalogue import open_screener
    from genaudio.production.originality import compose_like, evaluate_originality
    from genaudio.production.sources import read_works

    state = state_of(ctx)
    rejects: list[dict[str, str]] = []
    held_out = [work for work in load_works("test") if style in (None, work.style)]
    with state.output.progress("Composing") as tell:
        screener = open_screener(catalogue or ())
        if files:
            works = read_works(files, lambda place, why: rejects.append({"file": place, "reason": why}), tell)
            groups = {"files": [work.melody for work in works]}
        else:
            from genaudio.production.compose import composer

            model, seed = composer(state.device), state.seed or 0
            strengths = {"generated": guard, **({"generated_without_guard": 0.0} if guard else {})}
            groups = {
                name: compose_like(model, held_out, seed, count, strength) for name, strength in strengths.items()
            }
        people = [work.melody for work in held_out]
        found = evaluate_originality(groups, people, screener, state.seed or 0, tell)
    for reject in rejects:
        state.output.complain(f"genaudio: left out: {reject['file']}: {reject['reason']}")
    result = {"guard": None if files else guard, **found, "rejects": rejects}
    first = next(iter(groups))
    state.output.result(result, "\n".join(_originality_lines(found)), bare=str(found[first]["flagged"]))
    if rejects or not groups[first]:
        raise typer.Exit(UNUSABLE)


def _originality_lines(found: dict[str, Any]) -> list[str]:
    """Say in words how near each group of tunes comes to the works."""
    lines = []
    for name, group in found.items():
        lines.append(
            f"{name.replace('_', ' ')}: {group['tunes']} tunes of {group['notes']:.0f} notes, "
            f"{group['flagged'] or 0:.1%} flagged ({group['review']} review, {group['match']} match, "
            f"{group['not-screened']} not screened)"
        )
        for measure, quantiles in group["closeness"].items():
            if quantiles["melodies"]:
                values = ", ".join(f"{key} {quantiles[key][0]:.4g}" for key in ("median", "p95", "p99", "max"))
                lines.append(f"  {measure.replace('_', ' '):<12} {values}")
    return lines
