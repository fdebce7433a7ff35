"""The sections on what was measured on a GPU; those that there are results of stand at the end of the page."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where
from sections.melody import melody_speed
from sections.rendering_speed import rendering_speed


def codec_speed(result: dict[str, Any]) -> str:
    """The section on the codec."""
    rows = [
        [
            row["precision"],
            row["channels"],
            row["audio_seconds"],
            row["encode_seconds_per_second"],
            row["decode_seconds_per_second"],
            f"{row['same_codes']:.1%}",
            row["log_mel"],
        ]
        for row in result["rows"]
    ]
    header = ["networks", "channels", "audio, s", "encoding, s/s", "decoding, s/s", "same codes", "log-mel, nats"]
    beside = [
        ["on" if row["tf32"] else "off", f"{row['same_codes']:.1%}", row["log_mel"],
         row["largest_difference_of_the_same_codes"]]
        for row in result["beside_the_processor"]
    ]  # fmt: skip
    return "\n".join(
        [
            "## The codec on a GPU\n",
            where(result),
            "Seconds of audio a second, all channels together, score known; what bfloat16 changes, against float32.\n",
            table(header, rows),
            "\nThe same stretch on the processor, in float32, with the GPU's convolutions in TF32 or not:\n",
            table(["TF32", "same codes", "log-mel, nats", "largest difference where the codes are the same"], beside),
        ]
    )


def batch(result: dict[str, Any]) -> str:
    """The section on tracks."""
    rows = [
        [
            row["workers"],
            row["tracks"],
            row["tracks_per_hour_without_loading"],
            row["tracks_per_hour"],
            row["audio_seconds_per_second"],
            *(f"{share:.0%}" for share in row["shares"].values()),
        ]
        for row in result["batches"]
    ]
    header = ["workers", "tracks", "tracks an hour", "with loading of the models", "seconds of audio a second"]
    alone, melodies = result["alone"], result["melodies"]
    stages = ", ".join(f"{name} {seconds} s" for name, seconds in alone["stages"].items())
    return "\n".join(
        [
            "## Tracks on a GPU\n",
            where(result),
            f"Tracks of {result['bars']} bars, {result['batches'][0]['track_seconds']} s of audio on average, rendered "
            f"with `rendering: {result['rendering']}`; the workers share the GPU.\n",
            table([*header, *result["batches"][0]["shares"]], rows),
            f"\nOf {melodies['melodies']} melodies of the plan {melodies['same']} are note by note those that the "
            f"processor writes. One track of {alone['track_seconds']} s from the command line took {alone['seconds']} "
            f"s, start-up included: {stages}.",
        ]
    )


SECTIONS = {
    "rendering_speed_gpu": rendering_speed,
    "melody_speed_gpu": melody_speed,
    "codec_speed_gpu": codec_speed,
    "batch_gpu": batch,
}
