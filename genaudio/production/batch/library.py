"""What a batch leaves for people and programs: index.html, library.csv, library.jsonl and summary.json.

All but the last depend on the tracks alone, so a batch that was stopped and gone on with has the same ones.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from genaudio.production.batch.result import BatchResult
from genaudio.production.files import write_text
from genaudio.production.release import seconds_of
from genaudio.production.report.page import NOT_LEGAL, VERDICTS

COLUMNS = (
    "number", "track", "title", "verdict", "group", "style", "key", "metre", "bars", "tempo", "instrument", "seconds",
    "notes", "loudness", "isrc", "seed", "attempts", "artist", "licence", "folder",
)  # fmt: skip
"""Columns of library.csv; library.jsonl has the SHA-256 of the files as well."""
PLAYED = ("track.mp3", "track.ogg", "track.flac")
"""What the page plays, the smallest first."""
_HEADS = {
    "number": "No.", "title": "Title", "verdict": "Verdict", "group": "Group", "style": "Style", "key": "Key",
    "metre": "Metre", "bars": "Bars", "tempo": "Tempo", "instrument": "Instrument", "seconds": "Length",
}  # fmt: skip


def row_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the library says of a track."""
    batch, music, settings = manifest["batch"], manifest["music"], manifest["settings"]
    timeless = {name: entry for name, entry in manifest["files"].items() if name != "report.html"}
    return {
        "number": batch["number"],
        "track": batch["track"],
        "title": manifest["title"],
        "verdict": manifest["verdict"],
        "group": batch["group"],
        "style": settings["style"],
        "key": music["key"],
        "metre": music["metre"],
        "bars": music["bars"],
        "tempo": music["tempo"],
        "instrument": settings["instrument"],
        "seconds": seconds_of(manifest),
        "notes": music["notes"],
        "loudness": (manifest["audio"] or {}).get("loudness_lufs"),
        "isrc": manifest["credits"].get("isrc"),
        "seed": manifest["seed"],
        "attempts": len(manifest["attempts"]),
        "artist": manifest["credits"]["artist"],
        "licence": manifest["credits"]["licence"],
        "folder": f"tracks/{batch['track']}",
        "files": {name: entry["sha256"] for name, entry in sorted(timeless.items())},
    }


def write_library(root: Path, result: BatchResult, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the four files, each whole or not at all.

    Raises:
        GenaudioError: the folder cannot be written.
    """
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    write_text(root / "library.jsonl", "".join(lines))
    write_text(root / "library.csv", _csv(rows))
    write_text(root / "index.html", _page(result, rows))
    summary = {"schema_version": 1, **result.as_json()}
    write_text(root / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False) + "\n")


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _page(result: BatchResult, rows: Sequence[Mapping[str, Any]]) -> str:
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    seconds = sum(row["seconds"] for row in rows)
    length = f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min" if seconds >= 3600 else _length(seconds)
    failed = "".join(
        f"<li><b>{escape(name)}</b>: {escape(reason)}</li>" for name, reason in sorted(result.failed.items())
    )
    missing = result.tracks - len(rows)
    return Template(_part("genaudio.production.batch", "index.html")).substitute(
        title=escape(result.plan),
        style=_part("genaudio.production.report", "style.css"),
        script=_part("genaudio.production.batch", "index.js"),
        facts=f"{len(rows)} of {result.tracks} tracks, {length}" if missing else f"{len(rows)} tracks, {length}",
        counts="".join(
            f'<li class="{verdict}"><button type="button" data-verdict="{verdict}" aria-pressed="false" class="badge">'
            f"{VERDICTS[verdict][1]} {count}</button></li>"
            for verdict, count in counts.items()
            if count
        ),
        heads="".join(f'<th aria-sort="none"><button type="button">{name}</button></th>' for name in _HEADS.values()),
        rows="\n".join(_row(row) for row in rows),
        failed=f"<section><h3>Not made</h3><ul>{failed}</ul></section>" if failed else "",
        not_legal=escape(NOT_LEGAL),
    )


def _row(row: Mapping[str, Any]) -> str:
    folder = escape(str(row["folder"]), quote=True)
    played = next((name for name in PLAYED if name in row["files"]), None)
    cells = []
    for name in _HEADS:
        value = row[name]
        text = _length(value) if name == "seconds" else f"{value:g}" if isinstance(value, float) else f"{value}"
        text = "" if value is None else escape(text)
        if name == "title":
            player = f'<audio controls preload="none" src="{folder}/{played}"></audio>' if played else ""
            text = f'<a href="{folder}/report.html">{text}</a>{player}'
        if name == "verdict":
            text = f'<span class="badge">{VERDICTS[row["verdict"]][1]}</span>'
        number = isinstance(value, int | float)
        key = f' data-key="{value}"' if number else f' data-key="{escape(str(value or ""), quote=True)}"'
        cells.append(f"<td{key}>{text}</td>")
    return f'<tr class="{row["verdict"]}" data-verdict="{row["verdict"]}">{"".join(cells)}</tr>'


def _length(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def _part(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")
