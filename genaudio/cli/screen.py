"""``genaudio screen``: is a piece too much like a protected work?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from genaudio.cli.options import Catalogues
from genaudio.cli.state import state_of
from genaudio.cli.verdicts import NOT_LEGAL, exit_code, match_line


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: genaudio screen song.mid --catalogue catalogues/ours --report report.html")(screen)


def screen(
    ctx: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="MIDI, MusicXML, ABC, JSONL or audio files, or folders of them.", show_default=False),
    ],
    catalogue: Catalogues = None,
    report: Annotated[
        list[Path] | None, typer.Option(help="Also write a report: one HTML file, or name.json; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Most works to report of a piece.")] = 20,
) -> None:
    """Screen files against the training works and your own catalogues.

    Each line of a file that could be its melody is screened by itself; of chords the highest and the lowest notes are
    taken, recordings are transcribed. Exit code: 0 all clear, 1 something is for review or a match, 2 something could
    not be screened.
    """
    from genaudio.production.catalogue import open_screener
    from genaudio.production.files import check_writable, write_text
    from genaudio.production.screening import screen_files, screening_report, verdicts
    from genaudio.production.screening_page import screening_page, screening_record

    output = state_of(ctx).output
    for path in report or ():
        check_writable(path)
    with output.progress("Screening") as tell:
        screener = open_screener(catalogue or ())
        pieces = screen_files(files, screener, limit, tell)
        for path in report or ():
            if path.suffix.lower() == ".json":
                write_text(path, json.dumps(screening_record(pieces, screener), indent=1, ensure_ascii=False) + "\n")
            else:
                write_text(path, screening_page(pieces, screener))
    results = screening_report(pieces, screener)
    lines = []
    for piece, result in zip(pieces, results["results"], strict=True):
        name = piece.file + (f" [{piece.name}]" if piece.name else "")
        aside = " (set aside)" if piece.set_aside else ""
        lines.append(f"{result['verdict']:<12}  {name}{aside}" + (f": {result['reason']}" if result["reason"] else ""))
        lines += [f"{'':<14}{match_line(match)}" for match in result["matches"]]
        lines += [f"{'':<14}{piece.remark}"] if piece.remark else []
    for piece in pieces:
        if not piece.readable:
            output.complain(f"genaudio: not screened: {piece.screening.reason}")
    for path in report or ():
        output.talk(f"The report is {path}")
    output.talk(NOT_LEGAL)
    every = "\n".join(result["verdict"] for result in results["results"])
    output.result(results, "\n".join(lines), bare=every)
    raise typer.Exit(exit_code(verdicts(pieces)))
