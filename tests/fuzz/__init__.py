"""Fuzzing of the readers; run by hand, see `readers.py`."""
