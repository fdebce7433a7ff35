"""How recordings are screened: tunes rendered with the bundled codec, packed as MP3, heard, and screened.

Run: ``python benchmarks/screening_audio.py [--tunes 36] [--seed 5]``. Some ten seconds a tune on one core. Needs
``genaudio[audio-screening]`` and the model of basic-pitch.

- Found: renderings of works of the catalogue, alone and over chords, in all instruments and at tempi from 70 to 150.
- Clean: renderings of held-out works; and every rendering again without the works of its own family.
- Passages: heard notes of a catalogue work put into the middle of a held-out tune that was heard, beside the same
  notes as they were written, at the thresholds that ship and with cheaper gaps.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from common import save
from screening import Bench, wilson

from checks import Screener
from checks.alignment import Costs
from checks.line import Line
from checks.relatives import Relative, read_works
from genaudio.audio import write_audio
from genaudio.corpus import WORKS_FILE
from genaudio.instruments import FAMILIES, Family
from genaudio.renderer.entry import renderer
from genaudio.score import DEFAULT_TEMPO, Melody, Note, Score, Track
from genaudio.score.jsonl import one_at_a_time
from genaudio.transcription import hear_file

LENGTHS = (16, 24, 32)
COSTS = {"as shipped": Costs(), "gap 4": Costs(gap=4.0), "gap 3": Costs(gap=3.0)}
INSTRUMENTS = tuple(family for family in FAMILIES if family.name != "bass")
_BEAT = DEFAULT_TEMPO / 60


@dataclass(frozen=True)
class Recording:
    """A rendering that was heard.

    Attributes:
        relative: the work that was played.
        written: its melody as played, in quarter notes.
        tempo: quarter notes a minute. instrument: of the melody. chords: True where chords accompanied it.
        lines: the melodies that were heard.
        seconds: of sound. hearing: seconds that it took to hear.
    """

    relative: Relative
    written: Melody
    tempo: float
    instrument: str
    chords: bool
    lines: tuple[tuple[str, Melody], ...]
    seconds: float
    hearing: float


def within(melody: Melody, family: Family) -> Melody:
    """Move a melody by octaves into an instrument's range, as far as it goes."""
    low, high = min(melody.pitches), max(melody.pitches)
    shift = 0
    while low + shift < family.low:
        shift += 12
    while high + shift > family.high and low + shift - 12 >= family.low:
        shift -= 12
    return melody.transposed(shift)


def chords_for(melody: Melody) -> Track:
    """Accompany with a third below the melody's every second beat, two octaves down, and its fifth, on the piano."""
    notes = []
    for onset in range(0, int(melody.end), 2):
        sounding = [note.pitch for note in melody.notes if note.onset <= onset] or [melody.notes[0].pitch]
        notes += [Note(onset, 1.9, max(28, sounding[-1] - 24 + step), 60) for step in (0, 7, -5)]
    return Track(tuple(notes), program=0)


def record(relative: Relative, family: Family, tempo: float, chords: bool, folder: Path) -> Recording:
    """Render a work, pack it as MP3, and hear it."""
    melody = within(relative.work.melody, family)
    score = Score.from_melody(melody, program=family.program, tempo=tempo)
    if chords:
        score = Score((*score.tracks, chords_for(melody)), score.tempi)
    rendering = renderer("cpu").render(score)
    path = folder / "recording.mp3"
    write_audio(path, rendering.audio, rendering.sample_rate)
    begun = perf_counter()
    heard = hear_file(path)
    spent = perf_counter() - begun
    return Recording(relative, melody, tempo, family.name, chords, heard.lines, heard.seconds, spent)


def record_all(works: Sequence[Relative], count: int, chords: bool, generator: np.random.Generator) -> list[Recording]:
    """Record some works, the instruments in turn."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for place, number in enumerate(generator.choice(len(works), count, replace=False)):
            tempo = float(generator.integers(70, 151))
            family = INSTRUMENTS[place % len(INSTRUMENTS)]
            found.append(record(works[int(number)], family, tempo, chords, Path(folder)))
    return found


def accuracy(recordings: Iterable[Recording]) -> dict[str, float]:
    """Share of the written notes that the better line has in order, and of its notes that are written."""
    written = heard = agreeing = 0
    for recording in recordings:
        pairs = [
            (sum(block.size for block in _matcher(recording.written, melody).get_matching_blocks()), len(melody))
            for _, melody in recording.lines
        ]
        best, size = max(pairs, default=(0, 0))
        written, heard, agreeing = written + len(recording.written), heard + size, agreeing + best
    return {"recall": round(agreeing / written, 4), "precision": round(agreeing / max(1, heard), 4)}


def _matcher(one: Melody, other: Melody) -> SequenceMatcher:
    return SequenceMatcher(None, one.pitches, other.pitches, autojunk=False)


def screened(recordings: Sequence[Recording], bench: Bench, screener: Screener) -> dict[str, Any]:
    """Screen recordings as a user would: verdicts, and whether a work of the tune's own family is named."""
    verdicts, own, by_instrument = Counter(), 0, Counter()
    for recording in recordings:
        screenings = [screener.screen(melody) for _, melody in recording.lines]
        found = {str(screening.verdict) for screening in screenings} or {"not-screened"}
        worst = next(word for word in ("match", "review", "clear", "not-screened") if word in found)
        verdicts[worst] += 1
        named = {bench.family[match.work_id] for screening in screenings for match in screening.matches}
        own += recording.relative.family in named
        by_instrument[recording.instrument] += worst in ("match", "review")
    count = len(recordings)
    flagged = verdicts["match"] + verdicts["review"]
    return {
        "recordings": count, "verdicts": dict(verdicts), "flagged": flagged, "interval": wilson(flagged, count),
        "own_family_named": own, "flagged_by_instrument": dict(by_instrument), "notes": accuracy(recordings),
    }  # fmt: skip


def without_own_family(recordings: Sequence[Recording], bench: Bench) -> dict[str, Any]:
    """Screen every line against the works of other families: what was heard beside what is written."""
    heard, written = [], []
    for recording in recordings:
        family = recording.relative.family
        rates = [bench.rate(Line.of([melody]), family, own=False) for _, melody in recording.lines]
        heard.append(min(rates, default=1.0))
        written.append(bench.rate(Line.of([recording.written]), family, own=False))
    return {"heard": bench.shares(heard), "written": bench.shares(written)}


def spliced(host: Melody, passage: Sequence[Note], length: float) -> Line:
    """Put notes into the middle of a melody."""
    middle = len(host) // 2
    cut = host.notes[middle].onset
    inside = [Note(note.onset + cut, note.duration, note.pitch) for note in passage]
    after = [Note(note.onset + length, note.duration, note.pitch) for note in host.notes[middle:]]
    return Line.of([Melody(one_at_a_time([*host.notes[:middle], *inside, *after]))])


def passages(sources: Sequence[Recording], hosts: Sequence[Melody], generator: np.random.Generator) -> list[Any]:
    """Cut passages out of recordings: (notes, heard or written, family, query)."""
    found = []
    for recording in sources:
        beat = _BEAT * 60 / recording.tempo  # quarter notes of a heard melody in one of the written
        notes = recording.written.notes
        heard = recording.lines[0][1].notes
        for size in LENGTHS:
            for first in range(2, len(notes) - size - 1, size):
                begin, end = notes[first].onset * beat, notes[first + size].onset * beat
                early = 0.08 * _BEAT
                sides = {
                    "heard": [n for n in heard if begin - early <= n.onset < end - early],
                    "written": [Note(n.onset * beat, n.duration * beat, n.pitch) for n in notes[first : first + size]],
                }
                host = hosts[int(generator.integers(len(hosts)))]
                for side, inside in sides.items():
                    moved = [Note(max(0.0, n.onset - begin), n.duration, n.pitch) for n in inside]
                    found.append((size, side, recording.relative.family, spliced(host, moved, end - begin)))
    return found


def strongest(bench: Bench, query: Line, family: str, own: bool, costs: Costs) -> float:
    """Return the evidence of the strongest hit among the works of a family, or of all others."""
    hits = (hit for hit in bench.search.hits(query, costs) if (bench.family[bench.ids[hit.work]] == family) is own)
    best = next((hit.score for hit in hits), 0.0)
    return bench.thresholds.evidence(best, len(query), len(bench.catalogue.line))


def tolerances(bench: Bench, cuts: Sequence[Any], clean: Sequence[Relative]) -> dict[str, Any]:
    """Find the passages with several costs, each at the evidence that one in a hundred of some clean works reaches.

    What ships is measured at its own threshold as well, which is the higher one.
    """
    found = {}
    lines = [(relative.family, Line.of([relative.work.melody])) for relative in clean]
    for name, costs in COSTS.items():
        null = [strongest(bench, line, family, False, costs) for family, line in lines]
        evidence = [strongest(bench, query, family, True, costs) for _, _, family, query in cuts]
        limits = {f"{name}, equal alarms": float(np.quantile(null, 0.99))}
        if costs == Costs():
            limits = {name: bench.thresholds.tail.evidence(bench.thresholds.review), **limits}
        for label, limit in limits.items():
            hits: dict[str, list[bool]] = {}
            for (size, side, *_), bits in zip(cuts, evidence, strict=True):
                hits.setdefault(f"{size} notes, {side}", []).append(bits >= limit)
            found[label] = {
                "evidence_needed": round(limit, 1),
                **{key: {"passages": len(each), "found": round(float(np.mean(each)), 3)} for key, each in hits.items()},
            }
    return found


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tunes", type=int, default=36, help="recordings of each kind; a quarter as many with chords")
    parser.add_argument("--clean", type=int, default=400, help="clean works that the costs are compared at")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    bench = Bench(WORKS_FILE)
    screener = Screener(bench.catalogue)
    train, validation, test = (read_works(WORKS_FILE, (split,)) for split in ("train", "validation", "test"))
    generator = np.random.default_rng(arguments.seed)
    copies = record_all(train, arguments.tunes, False, generator)
    new = record_all(test, arguments.tunes, False, generator)
    few = max(1, arguments.tunes // 4)
    groups = {
        "catalogue works": copies,
        "held-out works": new,
        "catalogue works over chords": record_all(train, few, True, generator),
        "held-out works over chords": record_all(test, few, True, generator),
    }
    everything = [recording for group in groups.values() for recording in group]
    cuts = passages([one for one in copies if one.lines], [one.lines[0][1] for one in new if one.lines], generator)
    save("screening_audio", {
        "catalogue": {"works": len(bench.catalogue), "sha256": bench.catalogue.sha256},
        "groups": {name: screened(group, bench, screener) for name, group in groups.items()},
        "without_own_family": without_own_family(everything, bench),
        "passages": tolerances(bench, cuts, validation[: arguments.clean]),
        "seconds_heard_in_a_second": round(
            sum(one.seconds for one in everything) / sum(one.hearing for one in everything), 1
        ),
    })  # fmt: skip


if __name__ == "__main__":
    main()
