"""``genaudio compose``: a melody alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genaudio.cli import options
from genaudio.cli.seeds import seed_of
from genaudio.cli.state import state_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: genaudio compose --style waltz --key A --bars 16 -o waltz.mid -o waltz.abc")(compose)


def compose(
    ctx: typer.Context,
    style: options.Style = None,
    key: options.KeyName = None,
    mode: options.Mode = None,
    meter: options.Meter = None,
    bars: options.Bars = None,
    tempo: options.Tempo = None,
    temperature: options.Temperature = 0.95,
    count: Annotated[int, typer.Option(help="How many melodies.")] = 1,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", "-o", help="A .mid, .musicxml, .abc or .jsonl file; may be repeated. Else ABC on stdout."
        ),
    ] = None,
) -> None:
    """Compose melodies, without screening or rendering them."""
    import json

    from genaudio.melody.wish import Wish
    from genaudio.production.compose import compose_many, melody_entries, melody_files, write_melodies
    from genaudio.score.abc_writer import write_abc
    from genaudio.score.jsonl import entry_line

    state, seed = state_of(ctx), seed_of(state_of(ctx))
    wish = Wish(style=style, key=key, mode=mode, metre=meter, bars=bars, tempo=tempo, temperature=temperature)
    files = melody_files(out or [], count)
    with state.output.progress("Composing"):
        melodies = compose_many(wish, seed, count, state.device)
        write_melodies(melodies, files, seed)
    written = [str(path) for group in files for path in group]
    works = [json.loads(entry_line(entry)) for entry in melody_entries(melodies, seed)]
    state.output.talk(f"Composed with seed {seed}; not screened (genaudio screen does that).")
    text = "\n".join(written) if written else "\n".join(write_abc(melody) for melody in melodies)
    state.output.result({"seed": seed, "files": written, "works": works}, text, bare=text)
