"""``genaudio models``: what is bundled."""

from __future__ import annotations

import typer

from genaudio.cli.state import state_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: genaudio models --json")(models)


def models(ctx: typer.Context) -> None:
    """Show what is bundled: files with hashes and licences, styles, metres, instruments and what each plays."""
    from genaudio.general_midi import drum_kinds, program_ranges
    from genaudio.production.bundle import bundled

    found = bundled()
    lines = [
        f"{part['name']:<10} {part['bytes'] / 2**20:6.1f} MiB  {part['licence']}\n"
        + "\n".join(f"           {digest[:16]}  {name}" for name, digest in part["files"].items())
        for part in found["parts"]
    ]
    lines += ["", "styles       " + ", ".join(found["styles"])]
    lines += ["             or the manner of a collection: " + ", ".join(found["collections"])]
    lines += ["metres       " + ", ".join(found["metres"])]
    lines += ["instruments  " + ", ".join(found["instruments"])]
    lines += ["", "General MIDI programs (from 0), and who plays them"]
    lines += [f"{each.numbers:>9}    {each.family:<13}{each.names}" for each in program_ranges()]
    lines += ["", "drums on channel 10, by key"]
    lines += [f"             {kind:<13}{', '.join(map(str, keys))}" for kind, keys in drum_kinds().items()]
    state_of(ctx).output.result(found, "\n".join(lines), bare="\n".join(part["name"] for part in found["parts"]))
