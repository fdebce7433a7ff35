"""``genaudio compose``: a melody alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genaudio.cli import options
from genaudio.cli.seeds import seed_of
from genaudio.cli.state import state_of

if TYPE_CHECKING:
    from genaudio.melody import Given

EXAMPLES = """Example: genaudio compose --style waltz --key A --bars 16 -o waltz.mid -o waltz.abc

Example: genaudio compose --style reel:0.6,air:0.4 --form AABA --bars 32 --range D4-B5

Example: genaudio compose --primer start.mid --bars 16 -o whole.mid

Example: genaudio compose --infill tune.abc --bars 5-8 -o changed.abc"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(compose)


def compose(
    ctx: typer.Context,
    style: options.Style = None,
    key: options.KeyName = None,
    mode: options.Mode = None,
    meter: options.Meter = None,
    bars: Annotated[
        str | None,
        typer.Option(
            metavar="N or FROM-TO",
            help="Number of bars in all, the pickup not counted. With --infill the bars to rewrite, such as 5-8.",
        ),
    ] = None,
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
    primer: Annotated[
        Path | None,
        typer.Option(help="A MIDI, MusicXML, ABC or JSONL file to go on from. Its notes are kept and its bars count."),
    ] = None,
    infill: Annotated[
        Path | None,
        typer.Option(help="A file of which the bars that --bars names are written anew. All other notes are kept."),
    ] = None,
    model: options.Model = None,
    count: Annotated[int, typer.Option(help="How many melodies.")] = 1,
    precision: Annotated[
        str,
        typer.Option(
            help="float32, or bfloat16 on a CPU: many melodies in less than half the time. Needs genaudio[fast], "
            "and a seed gives another melody now and then."
        ),
    ] = "float32",
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", "-o", help="A .mid, .musicxml, .abc or .jsonl file; may be repeated. Else ABC on stdout."
        ),
    ] = None,
) -> None:
    """Compose melodies, go on from the beginning of one, or rewrite some bars, without screening or rendering."""
    from genaudio.melody.given import agree, parse_bars
    from genaudio.melody.reach import chosen_range
    from genaudio.melody.usual import words
    from genaudio.melody.wish import Wish
    from genaudio.production.compose import compose_with_settings, given_melody, melody_files, write_melodies

    state, seed = state_of(ctx), seed_of(state_of(ctx))
    rewrite = parse_bars(bars) if infill is not None and bars is not None else None
    number = None if rewrite is not None else _whole_number(bars)
    low, high = chosen_range(pitch_range, lowest, highest)
    wish = Wish(
        style, key, mode, meter, number, tempo, temperature, top_p, min_p, guidance,
        form=form, lowest=low, highest=high, density=density, guard=guard, **words(model),
    )  # fmt: skip
    given = given_melody(primer, infill, rewrite)
    given = None if given is None else agree(given, wish)
    files = melody_files(out or [], count)
    with state.output.progress("Composing"):
        composed = compose_with_settings(wish, seed, count, state.device, given, model, precision)
        melodies = [melody for _, melody in composed]
        write_melodies(melodies, files, seed)
    written = [str(path) for group in files for path in group]
    state.output.talk(f"Composed with seed {seed}; not screened (genaudio screen does that).")
    remarks = [] if given is None else [*given.remarks, *composed[0][0].remarks]
    for remark in remarks:
        state.output.talk(remark)
    payload = {"given": None if given is None else {**_as_json(given), "remarks": remarks}}
    _tell(state.output, seed, written, composed, payload)


def _whole_number(bars: str | None) -> int | None:
    """Read a number of bars.

    Raises:
        GenaudioError: it is none.
    """
    from genaudio.errors import GenaudioError

    if bars is None:
        return None
    try:
        return int(bars)
    except ValueError:
        hint = "; a range such as 5-8 is for --infill" if "-" in bars else ""
        raise GenaudioError(f"the number of bars must be a whole number, not {bars!r}{hint}") from None


def _tell(output: Any, seed: int, written: list[str], composed: list[Any], more: dict[str, Any]) -> None:
    """Write the result to stdout: the names of the files or the melodies in ABC, or all of it as JSON."""
    import json

    from genaudio.production.compose import melody_entries
    from genaudio.score.abc_writer import write_abc
    from genaudio.score.jsonl import entry_line

    melodies = [melody for _, melody in composed]
    text = "\n".join(written) if written else "\n".join(write_abc(melody) for melody in melodies)
    payload = {
        "seed": seed,
        "files": written,
        "settings": [settings.as_json() for settings, _ in composed],
        **more,
        "works": [json.loads(entry_line(entry)) for entry in melody_entries(melodies, seed)],
    }
    output.result(payload, text, bare=text)


def _as_json(given: Given) -> dict[str, Any]:
    return {
        "file": given.name,
        "kept_notes": given.kept,
        "rewritten_bars": None if given.rewrite is None else list(given.rewrite),
    }
