"""``genaudio train``: the models, from their recipes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from genaudio.cli.configs import config_path
from genaudio.cli.state import State, state_of

commands = typer.Typer(help="Train the models from their recipes.", no_args_is_help=True)
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder of checkpoint and weights.")]
TimeBudget = Annotated[str | None, typer.Option(help="Training time such as 90s, 25m or 2h; else the recipe's.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="train", epilog="Example: genaudio train melody --time-budget 25m")


@commands.command(epilog="Example: genaudio train melody --config configs/melody.yaml --time-budget 25m --seed 3")
def melody(ctx: typer.Context, out: Out = None, time_budget: TimeBudget = None, resume: Resume = False) -> None:
    """Train the melody model on the training works."""
    from genaudio.melody.recipe import MelodyRecipe
    from genaudio.melody.train import train_melody

    _run(state_of(ctx), "melody", MelodyRecipe, train_melody, out, time_budget, resume)


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
    from genaudio.assets import asset
    from genaudio.codec.train import CodecRecipe, train_codec

    weights = Path(begin_with) if begin_with else None
    if begin_with == "shipped":
        weights = asset("codec/model.safetensors")
    train = partial(train_codec, audio=audio, begin_with=weights)
    _run(state_of(ctx), "codec", CodecRecipe, train, out, time_budget, resume)


@commands.command(epilog="Example: genaudio train renderer --device cuda --time-budget 2h")
def renderer(ctx: typer.Context, out: Out = None, time_budget: TimeBudget = None, resume: Resume = False) -> None:
    """Train the renderer for the codec on audio of a teacher (needs what training the codec needs)."""
    from genaudio.renderer.train import RendererRecipe, train_renderer

    _run(state_of(ctx), "renderer", RendererRecipe, train_renderer, out, time_budget, resume)


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
    from dataclasses import replace

    from genaudio.production.files import check_writable
    from genaudio.training import load_recipe, parse_seconds

    recipe: Any = load_recipe(state.config or config_path(f"{name}.yaml"), kind)
    if state.seed is not None:
        recipe = replace(recipe, seed=state.seed)
    folder = out or Path("outputs") / "training" / name
    check_writable(folder / "model.safetensors")
    seconds = None if time_budget is None else parse_seconds(time_budget)
    last: dict[str, Any] = {}

    def tell(progress: Any) -> None:
        last.clear()
        last.update(asdict(progress) if is_dataclass(progress) and not isinstance(progress, type) else progress)
        state.output.talk("  ".join(f"{key} {_short(value)}" for key, value in last.items()))

    weights = train(recipe, folder, resume=resume, time_budget=seconds, device=state.device, on_progress=tell)
    state.output.result({"model": name, "weights": str(weights), "measures": last}, str(weights), bare=str(weights))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
