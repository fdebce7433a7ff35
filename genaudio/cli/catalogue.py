"""``genaudio catalogue``: the works to protect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genaudio.cli.failures import DONE, UNUSABLE
from genaudio.cli.output import Output
from genaudio.cli.state import state_of

if TYPE_CHECKING:
    from checks import Work

commands = typer.Typer(help="Build and keep catalogues of works to protect.", no_args_is_help=True)
Place = Annotated[Path, typer.Argument(help="The catalogue's folder.", show_default=False)]
OptionalPlace = Annotated[Path | None, typer.Argument(help="The catalogue's folder; the training works if missing.")]
Sources = Annotated[
    list[Path], typer.Argument(help="Files or folders of MIDI, MusicXML, ABC, JSONL or audio.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="catalogue", epilog="Example: genaudio catalogue build catalogues/ours songs/")


@commands.command(epilog="Example: genaudio catalogue build catalogues/ours songs/ works.jsonl --name 'Our songs'")
def build(
    ctx: typer.Context,
    catalogue: Place,
    sources: Sources,
    name: Annotated[str | None, typer.Option(help="What reports call it; the folder's name if missing.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a catalogue that is there.")] = False,
) -> None:
    """Build a catalogue; of a polyphonic file the main voice is taken."""
    from checks import Catalogue
    from genaudio.errors import GenaudioError

    if (catalogue / "manifest.json").exists() and not overwrite:
        raise GenaudioError(f"the catalogue {catalogue} is there already; add to it, or replace it with --overwrite")
    _change(state_of(ctx).output, sources, lambda works: Catalogue.build(works, catalogue, name=name))


@commands.command(epilog="Example: genaudio catalogue add catalogues/ours new-songs/")
def add(ctx: typer.Context, catalogue: Place, sources: Sources) -> None:
    """Add works to a catalogue."""
    from checks import Catalogue

    opened = Catalogue.open(catalogue)

    def change(works: list[Work]) -> Catalogue:
        opened.add(works)
        return opened

    _change(state_of(ctx).output, sources, change)


@commands.command(epilog="Example: genaudio catalogue remove catalogues/ours song-17")
def remove(
    ctx: typer.Context,
    catalogue: Place,
    ids: Annotated[list[str], typer.Argument(help="Ids of the works.", show_default=False)],
) -> None:
    """Take works out of a catalogue."""
    from checks import Catalogue

    opened = Catalogue.open(catalogue)
    opened.remove(ids)
    state_of(ctx).output.result({"catalogue": opened.info()}, f"{opened.path}: {len(opened)} works", str(len(opened)))


@commands.command(epilog="Example: genaudio catalogue info --json")
def info(ctx: typer.Context, catalogue: OptionalPlace = None) -> None:
    """Show what a catalogue holds, and how it was fingerprinted."""
    shown = _open(catalogue).info()
    lines = [f"{name:<14} {_plain(value)}" for name, value in shown.items()]
    state_of(ctx).output.result({"catalogue": shown}, "\n".join(lines), bare=str(shown["sha256"]))


@commands.command(epilog="Example: genaudio catalogue verify catalogues/ours")
def verify(ctx: typer.Context, catalogue: OptionalPlace = None) -> None:
    """Recompute the hashes and fingerprints of a catalogue. Exit code 3: it is damaged or does not fit."""
    output = state_of(ctx).output
    with output.progress("Verifying"):
        opened = _open(catalogue)
        opened.verify()
    text = f"{opened.path}: {len(opened)} works, hashes and fingerprints right"
    output.result({"catalogue": opened.info(), "intact": True}, text, bare="intact")


@commands.command(epilog="Example: genaudio catalogue share catalogues/ours --redis redis://:password@host:6379/0")
def share(
    ctx: typer.Context,
    catalogue: Place,
    redis: Annotated[str, typer.Option(help="Address of the Redis; rediss:// for TLS.", envvar="GENAUDIO_REDIS")],
    index: Annotated[str, typer.Option(help="What the catalogues are published under.")] = "catalogues",
) -> None:
    """Publish a catalogue's MinHash bands to a Redis. Exit code 3: what is there does not fit."""
    from checks import Catalogue
    from checks.shared import SharedBands

    opened, shared = Catalogue.open(catalogue), SharedBands(redis, index)
    output = state_of(ctx).output
    shared.catalogues()
    with output.progress("Publishing"):
        shared.publish(opened)
    names = sorted(shared.catalogues())
    text = f"{opened.path}: {len(opened)} works published; there are now {', '.join(names)}"
    output.result({"catalogue": opened.info(), "shared": names}, text, bare=str(len(opened)))


def _open(path: Path | None) -> Any:
    """Open a catalogue, the training works where no path is given."""
    from checks import Catalogue
    from genaudio.production.catalogue import training_catalogue

    return training_catalogue() if path is None else Catalogue.open(path)


def _plain(value: Any) -> str:
    """Write a value of a manifest for people."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return " ".join(_plain(inner) for inner in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _change(output: Output, sources: list[Path], change: Callable[[list[Work]], Any]) -> None:
    """Read works, put them into a catalogue, and tell what was left out (exit code 2 then)."""
    from genaudio.errors import GenaudioError
    from genaudio.production.sources import read_works

    rejects: list[dict[str, str]] = []

    def reject(place: str, reason: str) -> None:
        rejects.append({"file": place, "reason": reason})
        output.complain(
            f"genaudio: left out: {reason}" if place in reason else f"genaudio: left out: {place}: {reason}"
        )

    with output.progress("Reading works") as tell:
        works = list(read_works(sources, reject, tell))
        if not works:
            raise GenaudioError("none of the files could be read, so there is no work to take")
        tell(None, "Fingerprinting")
        catalogue = change(works)
    text = f"{catalogue.path}: {len(catalogue)} works" + (f", {len(rejects)} left out" if rejects else "")
    payload = {"catalogue": catalogue.info(), "read": len(works), "rejects": rejects}
    output.result(payload, text, bare=str(len(catalogue)))
    raise typer.Exit(UNUSABLE if rejects else DONE)
