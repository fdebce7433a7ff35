"""Ways to call the command line from a test."""

import subprocess
import sys

from typer.testing import CliRunner

from genaudio.cli import app


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def shell(*words, **extra):
    return subprocess.run(
        [sys.executable, "-m", "genaudio", *map(str, words)], capture_output=True, text=True, timeout=120, **extra
    )
