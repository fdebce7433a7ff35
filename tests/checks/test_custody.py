"""Writers that are killed, writers that meet, and readers in between: the catalogue stays whole."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks import Catalogue, CatalogueError

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
