"""The root command and its global options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genaudio import __version__
from genaudio.cli import (
    batch,
    catalogue,
    codec,
    compose,
    corpus,
    doctor,
    evaluate,
    make,
    models,
    package,
    render,
    screen,
    train,
)
from genaudio.cli.group import RootGroup
from genaudio.cli.output import Mode, Output
from genaudio.cli.state import State, use_config

app = typer.Typer(
    cls=RootGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Example: genaudio make --style reel --key D --instrument violin --bars 16",
)


RECIPES = ("train", "corpus")
"""Commands whose ``--config`` is a recipe that they read themselves."""


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result to stdout as one JSON object.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same settings, same device: same bytes.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    config: Annotated[
        Path | None, typer.Option(help="YAML with the command's options (train, corpus: the recipe).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the bare result.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show where an error came from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Compose music, render it with a neural codec, and screen it against protected works.

    These options may stand before or after the command. Results go to stdout, everything else to stderr.
    """
    mode = Mode.JSON if as_json else Mode.QUIET if quiet else Mode.HUMAN
    ctx.obj = State(Output(mode), seed, device, config, verbose)
    if config is not None and ctx.invoked_subcommand not in (None, *RECIPES):
        use_config(ctx, config, str(ctx.invoked_subcommand))


COMMANDS = (make, batch, compose, render, screen, catalogue, package, train, evaluate, corpus, codec, models, doctor)
for command in COMMANDS:
    command.register(app)


def main() -> None:
    """Run the command line."""
    app(prog_name="genaudio")
