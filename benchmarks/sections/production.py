"""The sections on whole tracks and batches."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where


def track_time(result: dict[str, Any]) -> str:
    """The section on a whole track."""
    stages = ", ".join(f"{name} {seconds} s" for name, seconds in result["stages_of_the_last_run"].items())
    return "\n".join(
        [
            "## A track from the command line\n",
            where(result),
            f"A track of {result['track_seconds']} s took **{result['seconds_median']} s** (median of "
            f"{result['runs']} runs, start-up of Python and loading of models included). Of that: {stages}.",
        ]
    )


def batch(result: dict[str, Any]) -> str:
    """The section on batches."""
    shares = ", ".join(f"{stage} {share:.0%}" for stage, share in result["bare_shares"].items())
    library, notes = result["library"], result["memory"]
    ways = (
        (f"{library['tracks']} tracks, {library['workers']} workers", library),
        (f"{result['tracks']} tracks, one worker", result["one_worker"]),
        (f"{result['tracks']} tracks, two workers", result["two_workers"]),
    )
    rows = [
        [name, way["tracks_per_hour_without_loading"], way["tracks_per_hour"], way["audio_seconds_per_second"]]
        for name, way in ways
    ]
    curve = ", ".join(f"{size:.0f} MB after {count}" for count, size in notes["megabytes"] if count % 250 == 0)
    return "\n".join(
        [
            "## Batches\n",
            where(result),
            f"Tracks of {result['bars']} bars, {library['track_seconds']} s of audio on average. "
            f"Bare stages: {shares}. On one core a batch of {result['tracks']} takes "
            f"{result['processor_overhead']:.0%} more processor seconds "
            f"than its bare stages one after the other, {result['overhead']:.0%} more by the clock; two workers are "
            f"{result['speed_up']:.2f} times as fast as one. Load of the machine before: {result['load_before']}.\n",
            table(
                ["", "tracks an hour", "with loading of the models", "seconds of audio a second"],
                rows,
            ),
            f"\nMemory of all processes while {notes['tracks']} tracks of notes alone are made, "
            f"{notes['tracks_per_hour']:.0f} an hour: {curve}.",
        ]
    )


TRACK = {"track_time": track_time}
BATCH = {"batch": batch}
