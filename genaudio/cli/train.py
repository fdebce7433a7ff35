"""``genaudio train``: the models, from their recipes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from genaudio.cli.state import State, state_of
from genaudio.cli.training_recipes import recipe_for, teller, weights_named

commands = typer.Typer(help="Train the models from their recipes.", no_args_is_help=True)
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of checkpoint and weights.")]
TimeBudget = Annotated[str | None, typer.Option(help="Training time such as 90s, 25m or 2h; else the recipe's.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="train", epilog="Example: genaudio train melody --time-budget 25m")


MELODY_EXAMPLES = """Example: genaudio train melody --config configs/melody.yaml --time-budget 25m --seed 3

Example: genaudio train melody --data my-tunes/ --style mine --out outputs/training/mine

Example: torchrun --nproc-per-node 2 -m genaudio train melody --time-budget 1h"""


@commands.command(epilog=MELODY_EXAMPLES)
def melody(
    ctx: typer.Context,
    out: Out = None,
    time_budget: TimeBudget = None,
    resume: Resume = False,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="File or folder of your own MIDI, MusicXML, ABC or JSONL to learn from; may be repeated."),
    ] = None,
    style: Annotated[
        str | None, typer.Option(help="Style of all that --data holds; else a tune's own, or the name of its folder.")
    ] = None,
    begin_with: Annotated[
        str | None,
        typer.Option(help="Weights to begin with: a file, 'shipped' (as is usual with --data) or 'nothing'."),
    ] = None,
) -> None:
    """Train the melody model on the training works, or on music of your own."""
    from genaudio.cli.training_data import check_data, train_on_data
    from genaudio.melody.recipe import MelodyRecipe
    from genaudio.melody.train import train_melody

    state, folder = state_of(ctx), out or Path("outputs") / "training" / "melody"
    if check_data(data, style, resume, folder):
        train_on_data(state, data or [], folder, style, begin_with, time_budget, resume)
        return
    base = None if begin_with in (None, "nothing") else weights_named(str(begin_with), "melody")
    _run(state, "melody", MelodyRecipe, partial(train_melody, base=base), out, time_budget, resume)


@commands.command(epilog="Example: genaudio train codec --audio recordings/ --begin-with shipped --time-budget 50m")
def codec(
    ctx: typer.Context,
    out: Out = None,
    time_budget: TimeBudget = None,
    resume: Resume = False,
    audio: Annotated[
        Path | None, typer.Option(help="Folder of recordings (wav, flac, mp3, ogg) to learn from, without a teacher.")
    ] = None,
    begin_with: Annotated[
        str | None, typer.Option(help="Weights to begin with: a file, or 'shipped'; else from nothing.")
    ] = None,
) -> None:
    """Train the codec on a teacher's audio (needs the training extra, fluidsynth and a SoundFont) or on recordings."""
    from genaudio.codec.recipe import CodecRecipe
    from genaudio.codec.train import train_codec

    train = partial(train_codec, audio=audio, begin_with=weights_named(begin_with, "codec") if begin_with else None)
    _run(state_of(ctx), "codec", CodecRecipe, train, out, time_budget, resume)


RENDERER_EXAMPLES = """Example: genaudio train renderer --device cuda --time-budget 2h

Example: genaudio train renderer --pairs takes/ --out outputs/training/my-violin"""


@commands.command(epilog=RENDERER_EXAMPLES)
def renderer(
    ctx: typer.Context,
    out: Out = None,
    time_budget: TimeBudget = None,
    resume: Resume = False,
    pairs: Annotated[
        Path | None,
        typer.Option(help="Folder of recordings (wav, flac, mp3, ogg), each of one instrument, with MIDI files of the "
                     "same names that play the same notes at the same time."),
    ] = None,
    begin_with: Annotated[
        str | None,
        typer.Option(help="Weights to begin with: a file, 'shipped' (as is usual with --pairs) or 'nothing'."),
    ] = None,
    codec: Annotated[
        Path | None, typer.Option(help="Weights of a codec of your own; the shipped one if missing.")
    ] = None,
) -> None:  # fmt: skip
    """Train the renderer for the codec on audio of a teacher (needs what training the codec needs) or on recordings."""
    from genaudio.cli.training_pairs import check_pairs, train_on_given_pairs
    from genaudio.renderer.recipe import RendererRecipe
    from genaudio.renderer.train import train_renderer

    state, folder = state_of(ctx), out or Path("outputs") / "training" / "renderer"
    if check_pairs(pairs, resume, begin_with, folder):
        train_on_given_pairs(state, pairs, folder, begin_with, codec, time_budget)
        return
    base = None if begin_with in (None, "nothing") else weights_named(str(begin_with), "renderer")
    train = partial(train_renderer, begin_with=base, codec=codec)
    _run(state, "renderer", RendererRecipe, train, out, time_budget, resume)


def _run(
    state: State,
    name: str,
    kind: type,
    train: Callable[..., Path],
    out: Path | None,
    time_budget: str | None,
    resume: bool,
) -> None:
    """Load the recipe, train, and tell the measures as they come."""
    from genaudio.production.files import check_writable
    from genaudio.training import distributed, parse_seconds

    recipe = recipe_for(state, name, kind)
    folder = out or Path("outputs") / "training" / name
    check_writable(folder / "model.safetensors")
    seconds = None if time_budget is None else parse_seconds(time_budget)
    last: dict[str, Any] = {}
    tell = teller(state, last)
    weights = train(recipe, folder, resume=resume, time_budget=seconds, device=state.device, on_progress=tell)
    if distributed.leads():
        state.output.result({"model": name, "weights": str(weights), "measures": last}, str(weights), bare=str(weights))
