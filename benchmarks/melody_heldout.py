"""Held-out bits per note of the melody model, validity of what it writes, and its musical sense beside human tunes.

Run: ``python benchmarks/melody_heldout.py [--weights FILE] [--tunes 200] [--seed 0] [--device auto]``
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path
from typing import Any

from common import save

from genaudio.assets import asset
from genaudio.corpus import load_works
from genaudio.melody.composer import Composer
from genaudio.melody.evaluate import evaluate_melodies
from genaudio.melody.qualities import mean_qualities, overlaps
from genaudio.melody.wish import Wish
from genaudio.score import Melody, to_ticks

KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor", "dorian", "mixolydian")
BARS = (8, 16, 32, 12)


def prediction(composer: Composer, works: list[Any]) -> dict[str, Any]:
    """Bits on held-out works, with everything known and with metre, pickup and tonic alone, and with no tonic."""
    melodies, styles = [work.melody for work in works], [work.style for work in works]
    without_key = [Melody(m.notes, m.metre, None, m.tempo, m.title, m.pickup) for m in melodies]
    model, grammar = composer.model, composer.grammar
    return {
        "all_known": evaluate_melodies(model, melodies, styles, known=True, grammar=grammar).as_dict(),
        "style_mode_bars_hidden": evaluate_melodies(model, melodies, styles, grammar=grammar).as_dict(),
        "tonic_hidden_too": evaluate_melodies(model, without_key, styles, grammar=grammar).as_dict(),
    }


def mistakes(melody: Melody, wish: Wish) -> list[str]:
    """Name what a written tune does not keep of its wish: bars, metre, key, one voice, a note at the end."""
    found = []
    assert melody.metre is not None
    assert melody.key is not None
    if melody.notes[-1].offset_ticks != (wish.bars or 0) * melody.metre.bar_ticks or melody.bars != wish.bars:
        found.append("length")
    if str(melody.metre) != wish.metre or melody.key.tonic != wish.tonic or melody.key.mode != wish.mode:
        found.append("metre or key")
    if melody.notes[0].onset_ticks != 0 or to_ticks(melody.pickup) >= melody.metre.bar_ticks:
        found.append("beginning")
    if any(a.offset_ticks > b.onset_ticks for a, b in itertools.pairwise(melody.notes)):
        found.append("one voice")
    return found


def validity(composer: Composer, tunes: int, seed: int) -> dict[str, Any]:
    """Write tunes that go through all styles, metres, keys and modes, and check each against its wish."""
    vocabulary = composer.model.vocabulary
    wishes = [
        Wish(
            vocabulary.styles[number % len(vocabulary.styles)], KEYS[number % 12], MODES[number // 3 % 4],
            vocabulary.metres[number // 2 % len(vocabulary.metres)], BARS[number // 5 % 4],
        )
        for number in range(tunes)
    ]  # fmt: skip
    melodies = composer.compose_each(wishes, range(seed, seed + tunes))
    wrong = [f"{w}: {m}" for w, melody in zip(wishes, melodies, strict=True) for m in mistakes(melody, w)]
    return {"tunes": tunes, "valid": tunes - len(wrong), "mistakes": wrong}


def usual_tunes(composer: Composer, works: list[Any], seed: int) -> list[Melody]:
    """Write one tune for each held-out one, with its style, key, metre and bars."""
    wishes = [
        Wish(work.style, m.key.tonic_name, m.key.mode, str(m.metre), min(m.bars, 128))
        for work in works
        for m in (work.melody,)
    ]
    return composer.compose_each(wishes, range(seed, seed + len(wishes)))


def speed(composer: Composer, seed: int) -> dict[str, float]:
    """Tunes a second of sixteen-bar reels, one at a time and sixteen together."""
    wish, rates = Wish("reel", "D", "major", "2/2", 16), {}
    for count in (1, 16):
        start = time.perf_counter()
        composer.compose(wish, seed, count)
        rates[f"together_{count}"] = count / (time.perf_counter() - start)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--works", type=Path, help="training works to take the held-out ones from")
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--name", default="melody_heldout", help="of the file of results")
    options = parser.parse_args()
    composer = Composer.load(options.weights or asset("melody/model.safetensors"), options.device)
    works = load_works("test", options.works)
    result: dict[str, Any] = {"prediction": prediction(composer, works)}
    result["validity"] = validity(composer, options.tunes, options.seed)
    human = [work.melody for work in works]
    tunes = usual_tunes(composer, works, options.seed)
    training = [work.melody for work in load_works("train", options.works)]
    result["qualities"] = {"written": mean_qualities(tunes), "held_out_human": mean_qualities(human)}
    result["overlap"] = {
        "written_with_training": overlaps(tunes, training),
        "human_with_training": overlaps(human, training),
    }
    result["tunes_per_second"] = speed(composer, options.seed)
    save(options.name, result)


if __name__ == "__main__":
    main()
