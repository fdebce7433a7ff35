"""Compose music, render it with a neural codec, and screen it against protected works."""

__version__ = "0.1.0"
