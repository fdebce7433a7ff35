"""The sections on how fast stems are rendered in batches, and on the memory of long files."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where


def rendering_speed(result: dict[str, Any]) -> str:
    """The section on rendering in batches."""
    header = ["chunks at once", "audio, s", "stems, s/s", "and mastered, s/s", "decoder alone, s/s"]
    rows = [
        [
            row["chunks"],
            row["audio_seconds"],
            row["stem_seconds_per_second"],
            row["with_mastering"],
            row["decoder_alone"],
        ]
        for row in result["batches"]
    ]
    alone = result["one_after_the_other"]
    rows.append(["one stretch of 4,096 frames", alone["audio_seconds"], alone["stem_seconds_per_second"], "-", "-"])
    names = list(result["batches"][0]["seconds"])
    shares = []
    for row in result["batches"]:
        total = sum(row["seconds"].values())
        shares.append([row["chunks"], *(f"{row['seconds'][name] / total:.0%}" for name in names)])
    gpu = result["machine"]["gpu"] if result["device"].startswith("cuda") else None
    place = f"On {gpu}" if gpu else "On one thread of a processor, in seconds of that thread; not run on a GPU yet"
    blocks = "compiled" if result["compiled"] else "not compiled"
    return "\n".join(
        [
            "## Rendering in batches\n",
            where(result),
            f"{place}. Chunks of {result['frames']:,} frames, blocks in {result['precision']}, {blocks}. Seconds of "
            "audio a second, by the size of the batch, and of the decoder with its transforms alone (the floor); the "
            "last row is the way without batches, one stem after the other.\n",
            table(header, rows),
            "\nWhere the time goes:\n",
            table(["chunks at once", *(name.replace("_", " ") for name in names)], shares),
        ]
    )


def rendering_memory(result: dict[str, Any]) -> str:
    """The section on the memory that long files take."""
    rows = [[row["minutes"], row["megabytes"], row["processor_seconds"]] for row in result["files"]]
    return "\n".join(
        [
            "## Memory of `genaudio render`\n",
            where(result),
            "The most that the process held for a file of one stem. What grows is the mix, which is kept whole until "
            "its loudness is known: 21 MB a minute.\n",
            table(["minutes of music", "MB", "processor, s"], rows),
        ]
    )
