"""``genaudio package``: release packages, rechecked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genaudio.cli.failures import INCOMPATIBLE
from genaudio.cli.options import Catalogues
from genaudio.cli.state import state_of
from genaudio.cli.verdicts import exit_code

_SIGNS = {"ok": "ok  ", "warning": "note", "failure": "FAIL"}
commands = typer.Typer(help="Recheck release packages.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="package", epilog="Example: genaudio package verify outputs/reel-7")


@commands.callback()
def package() -> None:
    """Recheck release packages."""


@commands.command(epilog="Example: genaudio package verify library --catalogue catalogues/ours")
def verify(
    ctx: typer.Context,
    folders: Annotated[
        list[Path],
        typer.Argument(help="Packages of genaudio make, or libraries of genaudio batch.", show_default=False),
    ],
    catalogue: Catalogues = None,
) -> None:
    """Recheck packages: hashes, verdict, AI statement.

    Exit code: 0 intact and clear, 1 intact and for review or a match, 2 not screened, 3 changed since it was made.
    """
    from genaudio.production import verify_package

    output, results, texts = state_of(ctx).output, [], []
    packages = [package for folder in folders for package in _packages(folder)]
    with output.progress("Verifying"):
        for package in packages:
            found = verify_package(package, catalogue or ())
            state = "intact" if found.intact else "NOT intact"
            shown = found.checks if len(packages) == 1 else [c for c in found.checks if c.status == "failure"]
            lines = [f"{_SIGNS[check.status]}  {check.name:<12} {check.detail}" for check in shown]
            texts.append(
                "\n".join([*lines, *([""] if len(packages) == 1 else []), f"{package}: {state}, {found.verdict}"])
            )
            results.append(
                {
                    "folder": str(package),
                    "intact": found.intact,
                    "verdict": found.verdict,
                    "checks": [check.as_json() for check in found.checks],
                }
            )
    intact = all(result["intact"] for result in results)
    if len(results) > 1:
        texts.append(f"{sum(bool(result['intact']) for result in results)} of {len(results)} packages are intact")
    payload = results[0] if len(results) == 1 else {"intact": intact, "packages": results}
    output.result(payload, "\n".join(texts), bare="intact" if intact else "NOT intact")
    raise typer.Exit(exit_code(str(result["verdict"]) for result in results) if intact else INCOMPATIBLE)


def _packages(folder: Path) -> list[Path]:
    """The packages that a folder means: those of a library, else itself."""
    tracks = folder / "tracks"
    if (folder / "manifest.json").exists() or not tracks.is_dir():
        return [folder]
    return sorted(path for path in tracks.iterdir() if path.is_dir()) or [folder]
