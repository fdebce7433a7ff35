"""``genaudio batch``: a library of cleared tracks from one plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genaudio.cli import options
from genaudio.cli.failures import UNUSABLE, Failure
from genaudio.cli.output import Mode, Output
from genaudio.cli.state import state_of
from genaudio.cli.verdicts import NOT_LEGAL, exit_code

if TYPE_CHECKING:
    from genaudio.production.batch import BatchResult, Order, Plan, PlanError
    from genaudio.production.batch.estimate import Estimate

EXAMPLES = 5
"""Tracks that a dry run shows."""


class EngineName(StrEnum):
    """Where tracks are rendered."""

    LOCAL = "local"
    RAY = "ray"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: genaudio batch configs/batch-example.yaml --out library --workers 4")(batch)


def batch(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help="YAML with groups of tracks; see docs/batch.md.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the library; outputs/NAME where missing.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that render; one a core (on a GPU one) where missing.")
    ] = None,
    library: Annotated[
        list[Path] | None, typer.Option("--library", help="Earlier tracks that none may repeat; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be made, how long it takes and how large it gets.")
    ] = False,
    engine: Annotated[
        EngineName, typer.Option(help="Where tracks are rendered: on this machine, or on a Ray cluster.")
    ] = EngineName.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(help="Head of the Ray cluster, such as 10.0.0.1:6379; the one that this machine belongs to."),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Append what happens, as it happens, a JSON object a line; - for stderr."),
    ] = None,
    sign_certificate: options.SignCertificate = None,
    sign_key: options.SignKey = None,
) -> None:
    """Make all tracks of a plan; the same command goes on after a stop.

    --seed takes the place of the plan's seed. Exit code: 0 all tracks made and clear, 1 something is for review or a
    match, 2 something failed or could not be screened, 130 interrupted.
    """
    from genaudio.production.batch import PlanError, read_plan, run_batch
    from genaudio.production.batch.events import event_lines
    from genaudio.production.signing import Signing

    state = state_of(ctx)
    output = state.output
    head = _head(engine, address)
    try:
        read = read_plan(plan, state.seed)
    except PlanError as error:
        _complain(output, error)
        raise typer.Exit(UNUSABLE) from None
    if signing := Signing.checked(sign_certificate, sign_key):
        read = replace(read, signing=signing)
    ways: dict[str, Any] = {
        "workers": workers, "libraries": list(library or ()), "device": state.device, "address": head,
    }  # fmt: skip
    if dry_run:
        _try(output, read, out, ways)
        return
    with event_lines(events) as hear, output.progress("Making tracks") as tell:
        result = run_batch(read, out, **ways, tell=tell, hear=hear)
    if result.stopped:
        again = "the same command goes on from there"
        whole = f"{result.present + result.made} of {result.tracks} tracks are whole in {result.root}"
        if result.stopped == "interrupted":
            output.talk(f"Stopped: {whole}; {again}.")
            raise KeyboardInterrupt
        output.complain(f"genaudio: {result.stopped}; {whole}; make room, and {again}")
    for name, reason in result.failed.items():
        output.complain(f"genaudio: {name} was not made: {reason}")
    output.talk(NOT_LEGAL)
    output.result(result.as_json(), "\n".join(_lines(result)), bare=str(result.root))
    raise typer.Exit(UNUSABLE if result.missing else exit_code(result.verdicts.elements()))


def _head(engine: EngineName, address: str | None) -> str | None:
    """Return the address of the cluster that does the work, None for this machine."""
    if engine is EngineName.RAY:
        return address or "auto"
    if address is not None:
        raise typer.BadParameter("an address is that of a cluster; add --engine ray", param_hint="--address")
    return None


def _complain(output: Output, error: PlanError) -> None:
    """Tell all mistakes of a plan, a line each."""
    head = str(error).partition(": ")[0]
    output.complain("\n".join([f"genaudio: {head}", *(f"  {problem}" for problem in error.problems)]))
    if output.mode is Mode.JSON:
        failure = Failure(UNUSABLE, "plan", str(error)).as_json()
        failure["error"]["problems"] = [
            {"line": problem.line, "message": problem.message} for problem in error.problems
        ]
        output.result(failure, "")


def _lines(result: BatchResult) -> list[str]:
    """Say in words what came of a batch."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(result.verdicts.items()))
    already = f" ({result.present} were there already)" if result.present else ""
    lines = [
        f"{result.plan}: {result.present + result.made} of {result.tracks} tracks{already}",
        f"  verdicts  {counts or 'none'}",
        f"  library   {result.root / 'index.html'}",
    ]
    if result.made:
        shares = ", ".join(f"{stage} {share:.0%}" for stage, share in result.shares.items())
        rate = 3600 * result.made / result.seconds
        heard = f", {result.audio_seconds / result.seconds:.1f} s of audio a second" if result.audio_seconds else ""
        lines += [
            f"  speed     {result.made} tracks in {_time(result.seconds)}: {rate:.0f} an hour{heard}",
            f"  work      {shares}",
        ]
    extras = {"composed more than once": result.recomposed, "retried": result.retried, "repaired": result.repaired}
    if any(extras.values()):
        lines.append("  also      " + ", ".join(f"{count} {what}" for what, count in extras.items() if count))
    return lines


def _try(output: Output, plan: Plan, out: Path | None, ways: Mapping[str, Any]) -> None:
    """Show what would be made."""
    from genaudio.production.batch import orders_of, try_batch

    with output.progress("Making one track to measure"):
        root, present, found = try_batch(plan, out, **ways)
    orders = orders_of(plan)
    payload = {
        "dry_run": True,
        "plan": plan.name,
        "folder": str(root),
        "tracks": plan.tracks,
        "present": present,
        "groups": [{"name": group.name, "count": group.count} for group in plan.groups],
        "examples": [_example(order) for order in orders[:EXAMPLES]],
        "estimate": None if found is None else found.as_json(),
    }
    lines = [f"{plan.name}: {plan.tracks} tracks in {root}, {present} of them there already"]
    lines += [f"  {group.name:<20} {group.count}" for group in plan.groups]
    lines += ["The first ones:", *(f"  {_words(order)}" for order in orders[:EXAMPLES])]
    lines += ["Nothing is left to be made."] if found is None else _reckoning(found)
    output.result(payload, "\n".join(lines), bare=str(root))


def _reckoning(found: Estimate) -> list[str]:
    stages = ", ".join(f"{stage} {spent:.2f} s" for stage, spent in found.stages.items())
    room = "" if found.all_bytes < found.free else ", MORE THAN THERE IS"
    return [
        f"Measured on {found.track} ({found.duration:.0f} s of audio): {stages}",
        f"  time   about {_time(found.seconds)} with --workers {found.workers}",
        f"  disk   about {found.all_bytes / 2**20:.0f} MiB of {found.free / 2**30:.0f} GiB that are free{room}",
    ]


def _example(order: Order) -> dict[str, Any]:
    from genaudio.production.batch.plan import WISHES

    wishes = {wish: getattr(order.wish, wish) for wish in WISHES}
    return {"track": order.name, "seed": order.seed, "instrument": order.instrument, **wishes}


def _words(order: Order) -> str:
    wish = order.wish
    parts = (wish.style, wish.key, wish.mode, wish.metre, f"{wish.bars} bars" if wish.bars else None)
    known = [part for part in parts if part]
    return f"{order.name}: {', '.join([*known, order.instrument])}"


def _time(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"
