"""The command line: each command is a file of a few lines over the Python interface."""

from genaudio.cli.app import app, main

__all__ = ["app", "main"]
