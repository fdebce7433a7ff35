"""Fuzzing of everything that reads files, guided by what the readers do with them. Run by hand, not by pytest.

    pip install atheris==3.0.0     # Apache-2.0, Linux and macOS; no dependency of the package
    python -m tests.fuzz.readers abc /somewhere/findings -max_total_time=300

What comes after the folder goes to libFuzzer. A reader must give a result or its own error in one sentence; any other
exception, more than `-timeout` seconds or `-rss_limit_mb` is a finding, which libFuzzer leaves in the folder. What was
found so far stands in `tests/score/test_fuzz.py`, `tests/codec/test_codes.py` and `tests/checks/test_custody.py`.

Targets: midi, musicxml, abc, jsonl, codes (behind a right checksum), manifest (behind a right hash), arrays (one file
of a catalogue, behind a right hash: a catalogue from a stranger must not crash a search).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

SUFFIXES = {"midi": ".mid", "musicxml": ".musicxml", "abc": ".abc", "jsonl": ".jsonl"}
SCORES = ("midi", "musicxml", "abc", "jsonl")
LIMITS = ("-timeout=20", "-rss_limit_mb=2000", "-max_len=4096")
LONGEST_SENTENCE = 2000

Target = tuple[Callable[[bytes], None], list[bytes]]
"""What is tried with some bytes, and sound bytes to begin with."""


def check_sentence(error: Exception) -> None:
    """Fail if an error's message is not one sentence that somebody can read."""
    said = str(error)
    if not said.strip() or len(said.splitlines()) != 1 or len(said) > LONGEST_SENTENCE:
        raise AssertionError(f"no sentence: {said[:200]!r}") from error


def score_target(kind: str, folder: Path) -> Target:
    """Return a target that reads a score file with all its lines."""
    from genaudio.score import ScoreError, iter_scores, melodic_lines
    from tests.score.test_fuzz import SOUND

    path = folder / f"fuzzed{SUFFIXES[kind]}"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        try:
            for _, score in iter_scores(path, on_reject=lambda *_: None):
                melodic_lines(score)
        except ScoreError as error:
            check_sentence(error)

    return read, [SOUND[SUFFIXES[kind]]]


def codes_target(folder: Path) -> Target:
    """Return a target that reads a code file whose checksum is right."""
    from genaudio.codec.codes import MAGIC, Codes, read_codes, write_codes
    from genaudio.errors import GenaudioError

    path = folder / "fuzzed.codes"
    write_codes(path, Codes(np.arange(24).reshape(1, 4, 6) % 16, 16, 3000, 44100, "genaudio", "ab", (6,), (1.0,)))
    sound = path.read_bytes()[len(MAGIC) : -4]

    def read(data: bytes) -> None:
        content = MAGIC + data
        path.write_bytes(content + struct.pack("<I", zlib.crc32(content)))
        try:
            read_codes(path)
        except GenaudioError as error:
            check_sentence(error)

    return read, [sound]


def catalogue_target(kind: str, folder: Path) -> Target:
    """Return a target that opens, searches and verifies a catalogue of which one file is replaced, hashes and all."""
    from checks import Catalogue, CatalogueError, Screener, Work, storage
    from tests.checks.melodies import random_melody

    generator = np.random.default_rng(3)
    works = [Work(f"w{number}", f"Tune {number}", random_melody(generator, 40)) for number in range(4)]
    sound = Catalogue.build(works, folder / "sound", name="sound")
    fuzzed = folder / "fuzzed"
    shutil.copytree(sound.path, fuzzed)
    entry = sound.manifest["segments"][0]
    names = sorted(entry["files"])

    def publish(manifest: dict[str, object]) -> None:
        whole = {**manifest, "sha256": storage.digest_manifest(manifest)}
        (fuzzed / storage.MANIFEST).write_text(json.dumps(whole), encoding="utf-8")

    def use() -> None:
        try:
            catalogue = Catalogue.open(fuzzed)
            catalogue.info()
            catalogue.verify()  # what a catalogue from a stranger needs before it is searched
            Screener(catalogue).screen(works[0].melody)
        except CatalogueError as error:
            check_sentence(error)

    def read_manifest(data: bytes) -> None:
        try:
            manifest = json.loads(data)
        except (ValueError, RecursionError):
            manifest = None
        if not isinstance(manifest, dict):
            (fuzzed / storage.MANIFEST).write_bytes(data)
        else:
            publish(manifest)
        use()

    def read_array(data: bytes) -> None:
        if not data:
            return
        name, content = names[data[0] % len(names)], data[1:]
        path = fuzzed / entry["data"] / name
        before = path.read_bytes()
        path.write_bytes(content)
        listing = {**entry["files"], name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}}
        publish({**sound.manifest, "segments": [{**entry, "files": listing}]})
        try:
            use()
        finally:
            path.write_bytes(before)

    if kind == "manifest":
        return read_manifest, [(sound.path / storage.MANIFEST).read_bytes()]
    arrays = [(sound.path / entry["data"] / name).read_bytes() for name in names]
    return read_array, [bytes([number]) + content for number, content in enumerate(arrays)]


def target(kind: str, folder: Path) -> Target:
    """Return a target by its name; it may write in a folder of its own."""
    if kind in SCORES:
        return score_target(kind, folder)
    return codes_target(folder) if kind == "codes" else catalogue_target(kind, folder)


def main() -> None:
    """Fuzz one reader until libFuzzer is told to stop."""
    import atheris

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=[*SCORES, "codes", "manifest", "arrays"])
    parser.add_argument("findings", type=Path, help="folder for the corpus and for what is found")
    arguments, options = parser.parse_known_args()
    corpus = arguments.findings / "corpus" / arguments.target
    corpus.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["genaudio", "checks"]):
        import checks.screener  # noqa: F401
        import genaudio.codec.codes
        import genaudio.score.abc_reader
        import genaudio.score.midi_reader
        import genaudio.score.musicxml_reader  # noqa: F401
    with tempfile.TemporaryDirectory() as folder:
        tried, seeds = target(arguments.target, Path(folder))
        for number, seed in enumerate(seeds):
            (corpus / f"sound-{number}").write_bytes(seed)
        prefix = f"-artifact_prefix={arguments.findings}/{arguments.target}-"
        atheris.Setup([sys.argv[0], str(corpus), prefix, *LIMITS, *options], tried)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
