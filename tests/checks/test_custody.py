"""Writers that are killed, writers that meet, and readers in between: the catalogue stays whole."""

import copy
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checks import Catalogue, CatalogueError, Screener, storage
from checks import catalogue as catalogue_module
from checks.errors import IncompatibleCatalogue
from checks.segment import Segment
from genaudio.score import Melody

WRITER = """
import sys, time
from checks import Catalogue, Work, storage
from tests.checks.melodies import random_melody
import numpy as np
moment, folder = sys.argv[1:]
catalogue = Catalogue.open(folder)
real = getattr(storage, moment)
calls = 0
def stop(*arguments):
    global calls
    calls += 1
    if calls == {"_sync": 4, "digest_file": 22, "_replace_manifest": 1}[moment]:  # 18 files are hashed when it opens
        print("there", flush=True)
        time.sleep(60)
    return real(*arguments)
setattr(storage, moment, stop)
generator = np.random.default_rng(1)
catalogue.add([Work(f"new{n}", melody=random_melody(generator, 70)) for n in range(20)])
"""

ADDER = """
import sys
from checks import Catalogue, CatalogueError, Work
from tests.checks.melodies import random_melody
import numpy as np
folder, name = sys.argv[1:]
generator = np.random.default_rng(len(name))
catalogue = Catalogue.open(folder)
added = 0
for n in range(8):
    try:
        catalogue.add([Work(f"{name}{n}", melody=random_melody(generator, 70))])
        added += 1
    except CatalogueError as error:
        assert "somebody else" in str(error), error
print(added)
"""

ROOT = Path(__file__).parents[2]


def start(script, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)


@pytest.mark.parametrize("moment", ["_sync", "digest_file", "_replace_manifest"])
def test_a_writer_that_is_killed_leaves_the_old_catalogue(moment, own_catalogue, works):
    before = own_catalogue.sha256
    writer = start(WRITER, moment, own_catalogue.path)
    assert writer.stdout.readline() == "there\n"
    with pytest.raises(CatalogueError, match="somebody else"):
        own_catalogue.add(works[10:11])
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    writer.stdout.close()
    survivor = Catalogue.open(own_catalogue.path)
    survivor.verify()
    assert survivor.sha256 == before
    survivor.add(works[10:12])  # the lock died with its holder
    assert len(Catalogue.open(own_catalogue.path)) == 12
    assert len(list(own_catalogue.path.glob("*data-*"))) == len(survivor.segments)  # what was left over is gone


def test_two_writers_and_a_reader(own_catalogue):
    writers = [start(ADDER, own_catalogue.path, name) for name in ("a", "bb")]
    opened = 0
    while any(writer.poll() is None for writer in writers):
        Catalogue.open(own_catalogue.path)  # whatever is written meanwhile
        opened += 1
        time.sleep(0.005)
    added = [int(writer.communicate()[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert opened >= 1
    final = Catalogue.open(own_catalogue.path)
    final.verify()
    assert len(final) == 10 + sum(added)
    assert sum(added) >= 8


def test_files_that_vanish_while_it_is_opened(own_catalogue, monkeypatch):
    """As a writer takes them away whose manifest is there already; or nobody, and then it is damaged."""
    real, missing = catalogue_module.Segment, [True, False, True]

    def segment(*given: Any) -> Segment:
        if missing.pop(0):
            if len(missing) == 2:
                hashed(own_catalogue, {"name": "written anew"})
            raise FileNotFoundError(2, "No such file", "notes.npy")
        return real(*given)

    monkeypatch.setattr(catalogue_module, "Segment", segment)
    assert Catalogue.open(own_catalogue.path).name == "written anew"
    with pytest.raises(IncompatibleCatalogue, match=r"notes\.npy"):
        Catalogue.open(own_catalogue.path)


def hashed(catalogue: Catalogue, change: dict[str, Any]) -> None:
    """Write a manifest that was changed by somebody who knows how to hash it."""
    manifest = {**catalogue.manifest, **change}
    whole = {**manifest, "sha256": storage.digest_manifest(manifest)}
    (catalogue.path / storage.MANIFEST).write_text(json.dumps(whole), encoding="utf-8")


def replaced(catalogue: Catalogue, name: str, content: bytes) -> None:
    """Put other content into a file of a catalogue, and its hash into the manifest."""
    (entry,) = catalogue.manifest["segments"]
    (catalogue.path / entry["data"] / name).write_bytes(content)
    listing = {**entry["files"], name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}}
    hashed(catalogue, {"segments": [{**entry, "files": listing}]})


def stored(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"name": 3},
        {"counts": {}},
        {"counts": {"works": "10", "notes": 1}},
        {"segments": [3]},
        {"segments": [{"data": "../elsewhere", "files": {}, "counts": {"works": 1, "notes": 1}}]},
        {"segments": [{"data": "data-000000000000", "files": {"../x": {}}, "counts": {"works": 1, "notes": 1}}]},
        {"segments": [{"data": "data-000000000000", "files": {"x.npy": {"bytes": 1}}, "counts": {}}]},
        {"fingerprint": 3},
        {"software": []},
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused_though_its_hash_is_right(own_catalogue, change):
    """Found by fuzzing."""
    hashed(own_catalogue, change)
    with pytest.raises(IncompatibleCatalogue):
        Catalogue.open(own_catalogue.path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("pitches.npy", np.zeros(5, np.int8)),
        ("starts.npy", np.zeros(11, np.int64)),
        ("starts.npy", np.zeros(11, np.float64)),
        ("ids.npy", np.zeros((10, 1), np.uint64)),
        ("signatures.npy", np.zeros((), np.uint32)),
    ],
)
def test_arrays_of_another_kind_are_refused_though_their_hashes_are_right(own_catalogue, name, values):
    replaced(own_catalogue, name, stored(values))
    with pytest.raises(IncompatibleCatalogue, match="of another kind"):
        Catalogue.open(own_catalogue.path)


def test_an_array_whose_header_is_no_header_is_refused(own_catalogue):
    """Found by fuzzing: numpy takes the header for Python code, and its tokenizer has errors of its own."""
    header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (11,"
    replaced(own_catalogue, "starts.npy", b"\x93NUMPY\x01\x00" + bytes([len(header), 0]) + header)
    with pytest.raises(IncompatibleCatalogue, match=r"cannot read .*starts\.npy"):
        Catalogue.open(own_catalogue.path)


@pytest.mark.parametrize("name", ["starts.npy", "ids.npy", "works.npy", "works_blocks.npy", "ngram_places.npy"])
def test_verify_finds_other_values_though_their_hashes_are_right(own_catalogue, name):
    values = np.array(np.load(own_catalogue.path / own_catalogue.manifest["segments"][0]["data"] / name))
    middle = values.shape[-1] // 2
    values[..., middle] = values[..., middle - 1] // 2 + 1
    replaced(own_catalogue, name, stored(values))
    catalogue = Catalogue.open(own_catalogue.path)
    with pytest.raises(IncompatibleCatalogue):
        catalogue.verify()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths to all that is in a manifest, of several files the first alone."""
    yield path
    if isinstance(value, dict):
        several = "onsets.npy" in value
        for name in ["onsets.npy"] if several else value:
            yield from leaves(value[name], (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))


def refusal(catalogue: Catalogue, melody: Melody, verify: bool) -> str:
    """Return why a catalogue is refused; empty where it opens and can be searched."""
    try:
        opened = Catalogue.open(catalogue.path)
        opened.info()
        if verify:
            opened.verify()
        Screener(opened).screen(melody)
    except CatalogueError as error:
        return str(error)
    return ""


def test_whatever_stands_in_a_manifest_the_catalogue_opens_or_is_refused(own_catalogue, works):
    """Each part of the manifest in turn gives way to what it should not be, and the manifest is hashed again."""
    refused = 0
    for path in list(leaves(own_catalogue.manifest))[1:]:
        for odd in (None, -1, 0.5, "../x", [], {}):
            manifest = copy.deepcopy(own_catalogue.manifest)
            inner: Any = manifest
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = odd
            hashed(own_catalogue, manifest)
            reason = refusal(own_catalogue, works[3].melody, verify=False)
            assert len(reason.splitlines()) <= 1
            refused += bool(reason)
    assert refused > 100


ODD_VALUES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nothing": lambda values: values[:0],
    "zeros": np.zeros_like,
    "backwards": lambda values: np.ascontiguousarray(values[..., ::-1]),
    "greatest": lambda values: np.full_like(values, np.iinfo(values.dtype).max),
    "least": lambda values: np.full_like(values, np.iinfo(values.dtype).min),
    "longer": lambda values: np.concatenate([values, values]),
    "text": lambda values: np.full(values.shape, "x"),
}


def test_whatever_stands_in_an_array_the_catalogue_can_be_searched_or_is_refused(own_catalogue, works):
    """Each array in turn is replaced and hashed again; what verify passes can be searched."""
    (entry,) = own_catalogue.manifest["segments"]
    passed = []
    for name in entry["files"]:
        path = own_catalogue.path / entry["data"] / name
        sound = path.read_bytes()
        for kind, change in ODD_VALUES.items():
            replaced(own_catalogue, name, stored(change(np.load(path))))
            reason = refusal(own_catalogue, works[3].melody, verify=True)
            assert len(reason.splitlines()) <= 1
            if not reason:
                passed.append((name, kind))
            path.write_bytes(sound)
    assert passed == [("works.npy", "longer")]  # bytes after the last record, which nobody reads
