"""``genaudio evaluate``: the benchmarks' measures on files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genaudio.cli import options
from genaudio.cli.failures import UNUSABLE
from genaudio.cli.state import state_of

commands = typer.Typer(help="Measure the models on your own files.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="evaluate", epilog="Example: genaudio evaluate originality --count 50")


@commands.command(epilog="Example: genaudio evaluate melody tunes.abc more-tunes/")
def melody(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Files or folders of melodies.", show_default=False)],
    model: Annotated[Path | None, typer.Option(help="Weights to measure; the shipped ones if missing.")] = None,
) -> None:
    """Measure how well the melody model predicts melodies, in bits per note (less is better)."""
    from dataclasses import asdict

    from genaudio.melody import Composer, evaluate_melodies
    from genaudio.production.sources import read_works

    state = state_of(ctx)
    rejects: list[dict[str, str]] = []
    with state.output.progress("Reading") as tell:
        works = list(read_works(files, lambda place, why: rejects.append({"file": place, "reason": why}), tell))
        tell(None, "Predicting")
        loaded = Composer.load(model, state.device)
        measured = asdict(evaluate_melodies(loaded.model, [work.melody for work in works], grammar=loaded.grammar))
    for reject in rejects:
        state.output.complain(f"genaudio: left out: {reject['file']}: {reject['reason']}")
    text = f"{measured['bits_per_note']:.3f} bits per note in {measured['pieces']} pieces, {measured['notes']} notes"
    state.output.result({**measured, "rejects": rejects}, text, bare=f"{measured['bits_per_note']:.4f}")
    if rejects or not measured["pieces"]:
        raise typer.Exit(UNUSABLE)


@commands.command(epilog="Example: genaudio evaluate originality --style reel --count 200 --seed 1")
def originality(
    ctx: typer.Context,
    style: options.Style = None,
    count: Annotated[int, typer.Option(help="How many tunes to compose.")] = 200,
    catalogue: options.Catalogues = None,
) -> None:
    """Measure how many new tunes a screening flags, beside held-out tunes by people."""
    from genaudio.corpus import load_works
    from genaudio.melody.wish import Wish
    from genaudio.production.catalogue import open_screener
    from genaudio.production.compose import composer
    from genaudio.production.originality import evaluate_originality

    state = state_of(ctx)
    wish = Wish(style=style)
    people = [work.melody for work in load_works("test") if style in (None, work.style)]
    with state.output.progress("Composing") as tell:
        screener, model = open_screener(catalogue or ()), composer(state.device)
        found = evaluate_originality(model, screener, wish, people, state.seed or 0, count, tell)
    lines = [
        f"{name.replace('_', ' '):<20} {share['flagged'] or 0:.1%} of {share['tunes']} flagged "
        f"({share['review']} review, {share['match']} match, {share['not-screened']} not screened)"
        for name, share in found.items()
    ]
    state.output.result(found, "\n".join(lines), bare=str(found["generated"]["flagged"]))
