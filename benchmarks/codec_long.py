"""An hour of music through ``genaudio codec``: the most memory that encoding and decoding hold, and what they cost.

``python benchmarks/codec_long.py [--minutes 5 60]``. The sound is held-out teacher audio of all families, over and
over, in one channel and without a score.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import cycle
from pathlib import Path
from typing import Any

from common import save
from rendering_speed import begun, held

from genaudio.audio import AudioSink
from genaudio.corpus import load_works
from genaudio.teacher import SAMPLE_RATE, TeacherRecipe, TeacherSet, make_teacher_set

LENGTHS = (5, 60)
"""Minutes of the files."""


def write(teacher: TeacherSet, minutes: int, file: Path) -> None:
    """Write clips one after the other until so many minutes are over."""
    left = minutes * 60 * SAMPLE_RATE
    with AudioSink(file, SAMPLE_RATE, 1) as writer:
        for index in cycle(range(len(teacher))):
            clip = teacher.clip(index)[None, :left]
            writer.write(clip)
            left -= clip.shape[1]
            if not left:
                return


def coded(what: str, file: str, out: str) -> dict[str, float]:
    """Encode or decode a file; what the process held and took."""
    return held(begun(sys.executable, "-m", "genaudio", "codec", what, file, "-o", out))


def main() -> None:
    """Code files of each length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, nargs="+", default=list(LENGTHS), help="of the files")
    parser.add_argument("--data", type=Path, default=Path("outputs/benchmarks/codec_long"), help="teacher audio")
    arguments = parser.parse_args()
    recipe = TeacherRecipe(2, 12.0, seed=3, split="test")
    teacher = make_teacher_set(recipe, [work.melody for work in load_works("test")], arguments.data)
    files: list[dict[str, Any]] = []
    for minutes in arguments.minutes:
        with tempfile.TemporaryDirectory() as folder:
            sound, codes, again = (str(Path(folder) / name) for name in ("long.flac", "long.codes", "again.flac"))
            write(teacher, minutes, Path(sound))
            row = {"encode": coded("encode", sound, codes)}
            files.append({"minutes": minutes, **row, "decode": coded("decode", codes, again)})
    save("codec_long", {"files": files})


if __name__ == "__main__":
    main()
