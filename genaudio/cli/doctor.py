"""``genaudio doctor``: is this machine able to run genaudio, and what to do if not."""

from __future__ import annotations

import typer

from genaudio.cli.failures import DONE, INCOMPATIBLE, UNUSABLE
from genaudio.cli.state import state_of

_SIGNS = {"ok": "ok  ", "warning": "note", "failure": "FAIL"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: genaudio doctor --json")(doctor)


def doctor(ctx: typer.Context) -> None:
    """Tell whether this machine can run genaudio, and what to do if not."""
    from genaudio.production.machine import examine

    output = state_of(ctx).output
    with output.progress("Looking at this machine"):
        findings = examine()
    lines = []
    for finding in findings:
        lines.append(f"{_SIGNS[finding.status]}  {finding.name:<16} {finding.detail}")
        if finding.remedy:
            lines.append(f"      {'':<16} -> {finding.remedy}")
    failures = [finding for finding in findings if finding.status == "failure"]
    output.result(
        {"able": not failures, "findings": [finding.as_json() for finding in findings]},
        "\n".join(
            [*lines, "", "This machine can run genaudio." if not failures else "This machine cannot run genaudio yet."]
        ),
        bare="ok" if not failures else "not able",
    )
    if any(finding.name == "shipped files" for finding in failures):
        raise typer.Exit(INCOMPATIBLE)
    raise typer.Exit(UNUSABLE if failures else DONE)
