"""genaudio package verify: one package, several, a whole library."""

import json
import shutil

from tests.cli.shell import run


def make_two(folder):
    """A library of two packages of one tune, as genaudio batch lays it out."""
    made = run("make", "--style", "jig", "--bars", "2", "--seed", "3", "--out", folder / "one")
    assert made.exit_code in (0, 1, 2), made.stderr
    package = next(path.parent for path in (folder / "one").rglob("manifest.json"))
    library = folder / "library"
    for name in ("a", "b"):
        shutil.copytree(package, library / "tracks" / name)
    return package, library


def test_a_library_is_all_its_packages(tmp_path):
    package, library = make_two(tmp_path)
    alone = run("--json", "package", "verify", package)
    assert json.loads(alone.stdout)["intact"] is True
    both = run("--json", "package", "verify", library)
    answer = json.loads(both.stdout)
    assert answer["intact"] is True
    assert [part["folder"] for part in answer["packages"]] == [str(library / "tracks" / name) for name in "ab"]
    assert both.exit_code == alone.exit_code
    (library / "tracks" / "b" / "track.mid").write_bytes(b"other")
    changed = run("package", "verify", library)
    assert changed.exit_code == 3
    assert "1 of 2 packages are intact" in changed.stdout + changed.stderr
    assert "track.mid was changed" in changed.stdout + changed.stderr
