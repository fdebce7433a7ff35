"""The section on the codec, and which functions write those on codec and renderer."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where
from sections.rendering import rendering
from sections.rendering_speed import rendering_memory, rendering_speed


def codec(result: dict[str, Any]) -> str:
    """The codec's section."""
    ways = [("alone", result["alone"]), ("score-informed", result["informed"])]
    rows = [
        [
            name,
            f"{result['bitrate'] / 1000:.2f}",
            way["log_mel"],
            way["si_sdr_db"],
            way["onset_f1_ratio"],
            f"{min(way['codes_used'])}-{max(way['codes_used'])}",
            way["real_time_factor"]["encode"],
            way["real_time_factor"]["decode"],
        ]
        for name, way in ways
    ]
    peer = result["opus"]
    rows.append(
        [
            "Opus (libsndfile)",
            f"{peer['bitrate'] / 1000:.2f}",
            peer["log_mel"],
            peer["si_sdr_db"],
            peer["onset_f1_ratio"],
            *["-"] * 3,
        ]
    )
    levels = [[name, *way["log_mel_by_levels"].values()] for name, way in ways]
    other = result["soundfont"] != "the teacher's"
    header = ["codec", "kbit/s", "log-mel", "SI-SDR dB", "onset F1 ratio", "codes used of 1,024"]
    header += ["RTF encode", "RTF decode"]
    heading = "## Codec on a SoundFont that it never heard\n" if other else "## Codec on held-out sound\n"
    player = f"{result['soundfont']}, another SoundFont than the teacher's," if other else "the teacher"
    return "\n".join(
        [
            heading,
            where(result),
            f"{result['clips']} clips, {result['seconds']:.0f} s in all, of {player} playing held-out tunes, at "
            "44.1 kHz.",
            "Log-mel: mean absolute difference of natural logarithms over windows of 256 to 2,048 samples. "
            "SI-SDR is low by design: the codes carry no phase. "
            f"Onset F1 by basic-pitch is a share of the original's own ({result['onset_f1_original']}).\n",
            table(header, rows),
            "\nLog-mel by the number of levels:\n",
            table(["codec", *map(str, result["alone"]["log_mel_by_levels"])], levels),
        ]
    )


SECTIONS = {
    "codec": codec,
    "codec_other_sound": codec,
    "rendering": rendering,
    "rendering_speed": rendering_speed,
    "rendering_memory": rendering_memory,
}
