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
    """The section on batches; on a machine that did other things as well, what the clock says is no more than that."""
    shares = ", ".join(f"{stage} {share:.0%}" for stage, share in result["bare_shares"].items())
    library, notes, cores = result["library"], result["memory"], result["cores_used"]
    busy = result["load_before"] > 0.5
    ways = (
        (f"{library['tracks']} tracks, {library['workers']} workers", library),
        (f"{result['tracks']} tracks, one worker", result["one_worker"]),
        (f"{result['tracks']} tracks, two workers", result["two_workers"]),
    )
    rows = [
        [name, way["tracks_per_hour_without_loading"], way["tracks_per_hour"], way["audio_seconds_per_second"]]
        for name, way in ways
    ]
    least = 3600 * cores * library["tracks"] / library["processor_seconds"]
    curve = ", ".join(f"{size:.0f} MB after {count}" for count, size in notes["megabytes"] if count % 250 == 0)
    overhead = f"{result['processor_overhead']:.0%} more processor seconds than its bare stages one after the other"
    return "\n".join(
        [
            "## Batches\n",
            where(result),
            f"Tracks of {result['bars']} bars, {library['track_seconds']} s of audio on average. "
            f"Bare stages: {shares}. On one core a batch of {result['tracks']} takes {overhead}"
            + ("" if busy else f", {result['overhead']:.0%} more by the clock")
            + f"; two workers were {result['speed_up']:.2f} times as fast as one by the clock. A track takes "
            f"{library['processor_seconds'] / library['tracks']:.1f} processor seconds, loading included: by that, "
            f"{cores} cores that do nothing else would make {least:.0f} an hour.\n",
            *([f"The machine's load before was {result['load_before']}: it did other things too.\n"] if busy else []),
            table(
                ["by the clock", "tracks an hour", "with loading of the models", "seconds of audio a second"],
                rows,
            ),
            f"\nMemory of all processes while {notes['tracks']} tracks of notes alone are made, "
            f"{notes['tracks_per_hour']:.0f} an hour: {curve}.",
        ]
    )


TRACK = {"track_time": track_time}
BATCH = {"batch": batch}
