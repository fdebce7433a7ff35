import subprocess
import sys

import pytest

HEAVY = {"torch", "numpy", "music21", "pretty_midi", "datasketch", "soundfile", "typer"}


def modules_after(code):
    """Run code in a fresh interpreter and return the top-level modules that it leaves loaded."""
    script = f"{code}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_package_costs_nothing():
    assert not modules_after("import genaudio, checks, genaudio.production") & HEAVY


def test_the_entry_points_are_functions():
    loaded = modules_after(
        "from genaudio import compose, make, render\nassert all(map(callable, (compose, make, render)))"
    )
    assert "torch" not in loaded


@pytest.mark.parametrize(
    "module", ["checks", "genaudio.score", "genaudio.production.screening", "genaudio.melody.wish"]
)
def test_what_screens_and_asks_needs_no_torch(module):
    assert "torch" not in modules_after(f"import {module}")


def test_unknown_names_are_told():
    import genaudio

    with pytest.raises(AttributeError, match="no attribute 'banana'"):
        genaudio.banana  # noqa: B018
