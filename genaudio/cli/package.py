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


@commands.command(epilog="Example: genaudio package verify outputs/reel-7 --catalogue catalogues/ours")
def verify(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="What genaudio make wrote.", show_default=False)],
    catalogue: Catalogues = None,
) -> None:
    """Recheck a package: hashes, verdict, AI statement.

    Exit code: 0 intact and clear, 1 intact and for review or a match, 2 not screened, 3 changed since it was made.
    """
    from genaudio.production import verify_package

    output = state_of(ctx).output
    with output.progress("Verifying"):
        found = verify_package(folder, catalogue or ())
    lines = [f"{_SIGNS[check.status]}  {check.name:<12} {check.detail}" for check in found.checks]
    state = "intact" if found.intact else "NOT intact"
    output.result(
        {
            "folder": str(folder),
            "intact": found.intact,
            "verdict": found.verdict,
            "checks": [check.as_json() for check in found.checks],
        },
        "\n".join([*lines, "", f"{folder}: {state}, {found.verdict}"]),
        bare=state,
    )
    raise typer.Exit(exit_code([found.verdict]) if found.intact else INCOMPATIBLE)
