"""Screening files as they come: a folder of ten thousand, of which some are broken; a million notes; several lines.

Run: ``python benchmarks/screening_files.py [--parts folder million lines] [--files 10000]``. Takes some minutes on an
idle core and needs no torch; the parts that are named are measured again, the others keep their results.

- folder: parts of held-out tunes as MIDI and JSONL files, among them broken ones of ten kinds, screened by the command
  line. Every broken file must be listed with its reason, and the exit code must be 2.
- million: held-out tunes one after the other, transposed, as one MIDI file of a million notes, with a copied passage
  near its end.
- lines: chorales in four parts and as their sopranos alone, without the chorales that are in the catalogue. How much
  closer does the closest of a file's lines come to unrelated works than its soprano?
"""

from __future__ import annotations

import argparse
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import RESULTS, save

from checks import Catalogue, Screener
from checks.background import shipped as shipped_background
from checks.line import Line
from checks.relatives import read_works
from checks.search import Search
from genaudio.assets import FOLDER
from genaudio.corpus import WORKS_FILE
from genaudio.corpus.chorales import is_benchmark
from genaudio.production.screening import notes_beside
from genaudio.score import Entry, Melody, Note, ScoreError, melodic_lines, read_score, write_entries, write_midi

PARTS = ("folder", "million", "lines")
EXCERPT = (40, 100)
COPIED = 60
TICKS = 96


def tunes() -> list[Melody]:
    """Return the melodies that are in no catalogue."""
    return [relative.work.melody for relative in read_works(WORKS_FILE, ("test",))]


def broken(whole: bytes) -> list[tuple[str, bytes]]:
    """Return files that cannot be read, of ten kinds; `whole` is a MIDI file that can."""
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b"<score-partwise>" + b" " * (65 << 20))
    return [
        ("cut.mid", whole[: len(whole) // 2]),
        ("empty.mid", b""),
        ("type2.mid", whole[:9] + b"\2" + whole[10:]),
        ("damaged.mid", whole[:22] + b"\xf4" * 20 + whole[42:]),
        ("text.mid", b"This is no music."),
        ("bomb.musicxml", bomb),
        ("packed.mxl", packed.getvalue()),
        ("page.xml", b"<html><body>no score</body></html>"),
        ("keyless.abc", b"X:1\nT:No key\nABcd|\n"),
        ("broken.jsonl", b'{"id": "1", "notes": [[0, -1, 60]]}\n'),
    ]


def fill(folder: Path, files: int, broken_files: int, generator: np.random.Generator) -> None:
    """Write the folder: excerpts of tunes, transposed, and broken files among them."""
    lines, written = tunes(), 0
    while written < files - broken_files:
        line = lines[int(generator.integers(len(lines)))]
        size = int(generator.integers(*EXCERPT))
        begin = int(generator.integers(0, max(1, len(line) - size + 1)))
        notes = [replace(n, onset=n.onset - line.notes[begin].onset) for n in line.notes[begin : begin + size]]
        excerpt = replace(line, notes=notes, pickup=0.0).transposed(int(generator.integers(-5, 6)))
        path = folder / f"{written:05}"
        if written % 2:
            write_entries([Entry(path.name, excerpt)], path.with_suffix(".jsonl"))
        else:
            write_midi(excerpt, path.with_suffix(".mid"))
        written += 1
    kinds = broken((folder / "00000.mid").read_bytes())
    for number in range(broken_files):
        name, content = kinds[number % len(kinds)]
        (folder / f"{number * files // broken_files:05}-{name}").write_bytes(content)


def measured(command: list[str]) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run a command to its end; return it, and its time on the clock and on the processor and its memory."""
    script = (
        "import json, resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:]).returncode\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print('\\n' + json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))\n"
        "sys.exit(done)\n"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=False)
    cpu, kilobytes = json.loads(done.stdout.splitlines()[-1])
    spent = {"s": round(time.perf_counter() - began, 1), "cpu_s": round(cpu, 1), "memory_mb": round(kilobytes / 1024)}
    return done, {**spent, "load_average": round(os.getloadavg()[0], 1), "exit_code": done.returncode}


def folder_part(files: int, broken_files: int = 50) -> dict[str, Any]:
    """Screen a folder by the command line."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "music"
        folder.mkdir()
        fill(folder, files, broken_files, np.random.default_rng(4))
        report = Path(place) / "report.json"
        command = [sys.executable, "-m", "genaudio", "screen", str(folder), "--report", str(report)]
        done, spent = measured(command)
        results = json.loads(report.read_text(encoding="utf-8"))["results"]
        listed = [row for row in results if "-" in Path(row["file"]).name]
        size = report.stat().st_size
    reasons = {Path(row["file"]).name.partition("-")[2]: row["reason"].replace(f"{folder}/", "") for row in listed}
    complaints = done.stderr.count("genaudio: not screened: ")
    if len(listed) != broken_files or not all(reasons.values()) or complaints != broken_files:
        raise SystemExit(f"{len(listed)} of {broken_files} broken files are listed, {complaints} complained of")
    verdicts = [row["verdict"] for row in results]
    return {
        "files": files, "broken": broken_files, "broken_listed": len(listed), "complaints": complaints, **spent,
        "report_mb": round(size / 1e6, 1), "verdicts": {name: verdicts.count(name) for name in sorted(set(verdicts))},
        "reasons": reasons,
    }  # fmt: skip


def chained(notes: int, generator: np.random.Generator) -> Iterator[Note]:
    """Yield the notes of tunes one after the other, transposed, and at last a passage of a work in the catalogue."""
    lines, onset, written = tunes(), 0.0, 0
    while written < notes:
        line = lines[int(generator.integers(len(lines)))].transposed(int(generator.integers(-5, 6)))
        taken = line.notes[: notes - written]
        yield from (replace(note, onset=note.onset + onset) for note in taken)
        onset += line.end
        written += len(taken)
    source = Catalogue.open(FOLDER / "catalogue").works[100].melody
    yield from (replace(note, onset=note.onset + onset) for note in source.notes[:COPIED])


def midi_of(notes: Iterator[Note]) -> bytes:
    """Return a MIDI file of one track; the writer that ships stops at ten million ticks."""
    track, now = bytearray(), 0
    for note in notes:
        onset, end = round(note.onset * TICKS), round((note.onset + note.duration) * TICKS)
        for tick, event in ((onset, (0x90, note.pitch, 80)), (max(end, onset + 1), (0x80, note.pitch, 0))):
            track += variable_length(max(0, tick - now)) + bytes(event)
            now = max(now, tick)
    track += b"\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS) + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def variable_length(number: int) -> bytes:
    """Return a number with seven bits a byte."""
    found = bytes([number & 0x7F])
    while number := number >> 7:
        found = bytes([number & 0x7F | 0x80]) + found
    return found


def million_part(notes: int) -> dict[str, Any]:
    """Screen one file of very many notes by the command line."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "long.mid"
        file.write_bytes(midi_of(chained(notes - COPIED, np.random.default_rng(5))))
        size = file.stat().st_size
        done, spent = measured([sys.executable, "-m", "genaudio", "screen", str(file), "--json"])
    results = json.loads("\n".join(done.stdout.splitlines()[:-1]))["results"]
    source = Catalogue.open(FOLDER / "catalogue").records[100].id
    match = next((match for match in results[0]["matches"] if match["work"]["id"] == source), None)
    return {
        "notes": notes, "file_mb": round(size / 1e6, 1), **spent, "verdict": results[0]["verdict"],
        "copied_passage": None if match is None else match["verdict"], "matches": len(results[0]["matches"]),
    }  # fmt: skip


def lines_part(chorales: int) -> dict[str, Any]:
    """Screen chorales in all their lines and as their sopranos alone."""
    from music21 import corpus

    files = [Path(path) for path in corpus.getComposer("bach") if is_benchmark(Path(path))]
    screener = Screener(Catalogue.open(FOLDER / "catalogue"))
    catalogue = screener.catalogues[0]
    search = Search(catalogue, screener.thresholds, shipped_background())
    chorales_there = {number for number, record in enumerate(catalogue.records) if record.id.startswith("bach-")}
    tail, rows = screener.thresholds.tail, []
    for file in files:
        if len(rows) == chorales:
            break
        try:
            lines = [voice.melody for voice in melodic_lines(read_score(file))]
        except ScoreError:
            continue
        hits = [[hit for hit in search.hits(Line.of([line])) if hit.work not in chorales_there] for line in lines]
        best = [max((hit.score for hit in some), default=0.0) for some in hits]
        rows.append((lines, best, notes_beside(lines)))
    alone, each, together = [], [], []
    for lines, best, beside in rows:
        searched = screener.searched
        by_line = [screener.thresholds.evidence(b, len(line), searched) for b, line in zip(best, lines, strict=True)]
        whole = [
            screener.thresholds.evidence(b, len(line) + more, searched)
            for b, line, more in zip(best, lines, beside, strict=True)
        ]
        alone.append(by_line[0])
        each.append(max(by_line))
        together.append(max(whole))
    shares = {}
    for name, evidence in (("soprano alone", alone), ("all lines, each by itself", each), ("all lines", together)):
        row = {f"{rate:.0%}": round(float(np.mean(np.array(evidence) >= tail.evidence(rate))), 4) for rate in RATES}
        shares[name] = {"median_bits": round(float(np.median(evidence)), 1), "reach": row}
    count = [len(lines) for lines, _, _ in rows]
    return {"chorales": len(rows), "lines": round(float(np.mean(count)), 2), "evidence": shares}


RATES = (0.01, 0.05, 0.1, 0.25)
"""False-positive rates that the tail states, at which the shares are counted."""


def main() -> None:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--files", type=int, default=10_000, help="in the folder")
    parser.add_argument("--notes", type=int, default=1_000_000, help="in the long file")
    parser.add_argument("--chorales", type=int, default=120, help="at the most")
    arguments = parser.parse_args()
    measure = {
        "folder": partial(folder_part, arguments.files),
        "million": partial(million_part, arguments.notes),
        "lines": partial(lines_part, arguments.chorales),
    }
    found = {part: measure[part]() for part in arguments.parts}
    path = RESULTS / "screening_files.json"
    before = json.loads(path.read_text()) if path.is_file() else {}
    result = {part: (before | found)[part] for part in PARTS if part in before | found}
    kinds = (("folder", "files"), ("million", "notes"), ("lines", "chorales"))
    sizes = {f"--{size}": result.get(part, {}).get(size) for part, size in kinds}
    sys.argv[1:] = [word for name, size in sizes.items() if size for word in (name, str(size))]  # what measures it all
    save("screening_files", result)


if __name__ == "__main__":
    main()
