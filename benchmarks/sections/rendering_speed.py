"""The sections on how fast stems are rendered, alone and in batches, and on the memory of long files."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where

STEM_GOAL = 0.03
"""Real-time factor of a stem on two cores."""


def rendering_speed(result: dict[str, Any]) -> str:
    """The section on rendering in batches, on a processor or on a GPU."""
    alone = result["one_after_the_other"]
    gpu = result["machine"]["gpu"] if result["device"].startswith("cuda") else None
    place = f"On one {gpu}, in seconds of the clock" if gpu else "On one thread of a processor, in its seconds"
    header = ["chunks at once", "blocks", "audio, s", "stems, s/s", "and mastered, s/s", "decoder alone, s/s"]
    rows, shares = [], []
    for row in result["batches"]:
        speeds = (row[name] for name in ("stem_seconds_per_second", "with_mastering", "decoder_alone"))
        rows.append([row["chunks"], blocks(row, result), row["audio_seconds"], *speeds])
        total = sum(row["seconds"].values())
        spent = (f"{seconds / total:.0%}" for seconds in row["seconds"].values())
        shares.append([row["chunks"], blocks(row, result), *spent])
    rows.append(
        [one_after_the_other(alone), "float32", alone["audio_seconds"], alone["stem_seconds_per_second"], "-", "-"]
    )
    names = [name.replace("_", " ") for name in result["batches"][0]["seconds"]]
    lines = [
        f"## Rendering in batches{' on a GPU' if gpu else ''}\n",
        where(result),
        f"{place}. Chunks of {result['frames']:,} frames. Seconds of audio a second, by the size of the batch, and of "
        "the decoder with its transforms alone (the floor); mastering is that of one thread; the last row is the way "
        "without batches, one stem after the other.\n",
        table(header, rows),
        "\nWhere the time goes:\n",
        table(["chunks at once", "blocks", *names], shares),
    ]
    if result.get("tracks"):
        lines += ["\nPieces of a minute, rendered and mastered in a row as in a batch of tracks:\n", pieces(result)]
    if result.get("likeness"):
        lines += ["\nHow far a chunk is from what a processor makes of it in float32:\n", likeness(result)]
    return "\n".join(lines)


def one_after_the_other(alone: dict[str, Any]) -> str:
    """How stems were cut that were rendered without batches; older results do not say it."""
    frames = alone.get("frames", 4096)
    return f"one stretch of {frames:,} frames" if frames == 4096 else f"stretches of {frames:,} frames"


def blocks(row: dict[str, Any], result: dict[str, Any]) -> str:
    """In what the networks' blocks of a row were computed."""
    precision, compiled = (row.get(name, result.get(name)) for name in ("precision", "compiled"))
    return f"{precision}, compiled" if compiled else str(precision)


def pieces(result: dict[str, Any]) -> str:
    """The table of pieces rendered in a row."""
    rows = [
        [row["chunks"], blocks(row, result), row["pieces"], row["audio_seconds"], row["audio_seconds_per_second"]]
        for row in result["tracks"]
    ]
    return table(["chunks at once", "blocks", "pieces", "audio, s", "masters, s/s"], rows)


def likeness(result: dict[str, Any]) -> str:
    """The table of how far sounds are apart."""
    rows = [
        [row["chunks"], blocks(row, result), row["log_mel"], row["signal_to_difference_db"]]
        for row in result["likeness"]
    ]
    other = result["another_seed"]
    rows.append(["the processor, another seed of the noise", "float32", other["log_mel"],
                 other["signal_to_difference_db"]])  # fmt: skip
    return table(["chunks at once", "blocks", "log-mel distance, nats", "signal to difference, dB"], rows)


def rendering_stem(result: dict[str, Any]) -> str:
    """The section on how long one stem takes."""
    everything, load = result["all"], result["load"]
    named = {**result["families"], "**all**": everything}
    rows = [[name, *(row[what][clock] for what in ("stem", "decoder") for clock in ("clock", "processor"))]
            for name, row in named.items()]  # fmt: skip
    slow = [name for name, row in result["families"].items() if row["stem"]["clock"] > STEM_GOAL]
    reached = f"not by {', '.join(slow)}" if slow else "by every family"
    return "\n".join(
        [
            "## One stem on the clock\n",
            where(result),
            "Seconds for a second of audio, a minute of held-out tunes by each family, models loaded, all cores; "
            f"medians of {result['runs']} runs. Decoder: the codec's, given codes and excitation. Load of the machine: "
            f"{load['before']} before, {load['after']} after.\n",
            table(["family", "stem, clock", "stem, processor", "decoder, clock", "decoder, processor"], rows),
            f"\nGoal: a real-time factor of {STEM_GOAL} or less on two cores is reached {reached}.\n",
        ]
    )


def rendering_memory(result: dict[str, Any]) -> str:
    """The section on the memory that long files take."""
    rows = [[row["minutes"], row["megabytes"], row["processor_seconds"]] for row in result["files"]]
    alone = result["importing_torch"]
    rows.insert(0, ["nothing: `import torch` alone", alone["megabytes"], alone["processor_seconds"]])
    return "\n".join(
        [
            "## Memory of `genaudio render`\n",
            where(result),
            "The most that the process held for a file of one stem. The mix waits on disk until its loudness is known, "
            "so nothing grows with the length but the notes; most of what is held comes with torch.\n",
            table(["minutes of music", "MB", "processor, s"], rows),
        ]
    )
