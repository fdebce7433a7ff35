"""The section on the codec, and which functions write those on codec and renderer."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where
from sections.rendering import rendering
from sections.rendering_speed import rendering_memory, rendering_speed, rendering_stem


def codec(result: dict[str, Any]) -> str:
    """The codec's section."""
    ways = [("alone", result["alone"]), ("score-informed", result["informed"])]
    rows = [
        [
            name,
            f"{result['bitrate'] / 1000:.2f}",
            way["log_mel"],
            way.get("stft", "-"),
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
            peer.get("stft", "-"),
            peer["si_sdr_db"],
            peer["onset_f1_ratio"],
            *["-"] * 3,
        ]
    )
    levels = [
        [f"{name}, {title}", *way[f"{measure}_by_levels"].values()]
        for measure, title in (("log_mel", "log-mel"), ("stft", "STFT distance"))
        for name, way in ways
        if f"{measure}_by_levels" in way
    ]
    families = sorted(result["alone"].get("log_mel_by_family", {}).items(), key=lambda found: -found[1])
    weakest = ", ".join(f"{name} {value}" for name, value in families[:5])
    other = result["soundfont"] != "the teacher's"
    header = ["codec", "kbit/s", "log-mel", "STFT distance", "SI-SDR dB", "onset F1 ratio", "codes used of 1,024"]
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
            "STFT distance: spectral convergence and log magnitudes over the same windows. "
            "SI-SDR is low by design: the codes carry no phase. "
            f"Onset F1 by basic-pitch, drums left out, is a share of the original's ({result['onset_f1_original']}).\n",
            table(header, rows),
            *(["\nFurthest from the original, log-mel alone: " + weakest + "."] if weakest else []),
            *(["\n" + hiss(result["buzz_db"])] if "buzz_db" in result else []),
            "\nBy the number of levels:\n",
            table(["codec", *map(str, result["alone"]["log_mel_by_levels"])], levels),
            *(["\n![Distances against the bitrate](codec-bitrate.png)"] if "opus_at" in result and not other else []),
        ]
    )


def hiss(found: dict[str, float]) -> str:
    """Whether noise comes out as noise."""
    levels = ", ".join(f"{value:+.1f} dB at {level} dBFS" for level, value in found.items())
    return (
        "Pink noise coded alone: what stands at multiples of the frame rate (86 Hz) exceeds what lies between them by "
        f"{levels}; noise itself by 0, and more is a buzz."
    )


def _ablation_table(rows: dict[str, Any], like: str) -> str:
    """The table of the rows that are compared with one of them."""
    lines = []
    for name, row in rows.items():
        if row["like"] != like:
            continue
        line = [row["row"], row["steps"], f"{row['cpu_seconds_a_step']:.2f}"]
        for way in ("alone", "informed"):
            if f"log_mel_{way}" not in row:
                line += ["-"] * 5
                continue
            change, used = row[f"log_mel_{way}"] - rows[like][f"log_mel_{way}"], row[f"codes_{way}"]
            line += [f"{row[f'log_mel_{way}']:.3f}", "-" if name == like else f"{change:+.3f}"]
            line += [f"{row[f'{kind}_{way}']:.3f}" for kind in ("attack", "recurrence")]
            line.append(f"{min(used)}-{max(used)}")
        lines.append(line)
    ways = (f"log-mel {way}|change|attacks|repeats|codes used" for way in ("alone", "informed"))
    return table(["recipe", "steps", "CPU s a step", *"|".join(ways).split("|")], lines)


def codec_ablation(result: dict[str, Any]) -> str:
    """The section on what each part of the codec's recipe is worth."""
    rows, crops, (clips, seconds) = result["rows"], result["crops"], result["held_out"]
    parts = [
        "## What each part of the codec's recipe is worth\n",
        where(result),
        f"Each row one change of `configs/codec.yaml`, trained for {result['budget_cpu_seconds']:.0f} s of one "
        f"thread's processor time with {crops['batch']} examples of {crops['frames']} frames a step, and measured "
        f"on {clips} held-out clips of {seconds:.0f} s. One seed each. Such short trainings show what is learnt "
        "early and no more. Attacks: the distance where sounds rise, in nats; repeats: of how frames repeat those "
        "before them, 0 to 2 (`SpectralDistance` has all three).\n",
        _ablation_table(rows, "base"),
    ]
    if "tuned" in rows:
        before = rows["tuned"]["before"]
        parts += [
            "\nThe same beginning with the weights that shipped at the time, which measured "
            f"{before['log_mel_alone']:.3f} alone and {before['log_mel_informed']:.3f} informed on these clips:\n",
            _ablation_table(rows, "tuned"),
        ]
    return "\n".join(parts)


def codec_long(result: dict[str, Any]) -> str:
    """The section on what an hour costs."""
    rows = [
        [
            file["minutes"],
            *(file[way][what] for way in ("encode", "decode") for what in ("megabytes", "processor_seconds")),
        ]
        for file in result["files"]
    ]
    header = ["minutes of sound", "encode, MB", "processor, s", "decode, MB", "processor, s"]
    about = "The most that `genaudio codec encode` and `decode` held for files of one channel, without a score.\n"
    return "\n".join(["## Memory of `genaudio codec`\n", where(result), about, table(header, rows)])


def codec_peer(result: dict[str, Any]) -> str:
    """The section on the EnCodec architecture trained alike."""
    names = {"alone": "the codec alone", "informed": "the codec with the score"}
    rows = [
        [
            names.get(name, "EnCodec 24 kHz"),
            f"{row['bitrate'] / 1000:.2f}",
            f"{row['parameters'] / 1e6:.1f}",
            row["rate"],
            f"{row['cpu_seconds']:.0f}",
            row["steps"],
            row["log_mel_own_rate"],
            row["log_mel_at_24_khz"],
            row["log_mel_below_12_khz"],
            row["onset_f1_ratio"],
            row["real_time_factor"]["encode"],
            row["real_time_factor"]["decode"],
        ]
        for name, row in result["rows"].items()
    ]
    header = ["codec", "kbit/s", "M parameters", "rate", "CPU s", "steps", "log-mel at its own rate", "both at 24 kHz"]
    header += ["both below 12 kHz", "onset F1 ratio", "RTF encode", "RTF decode"]
    clips, seconds = result["held_out"]
    return "\n".join(
        [
            "## The official EnCodec architecture trained alike\n",
            where(result),
            "encodec's own 24 kHz encoder and decoder at the official sizes, trained from nothing by the codec's loop, "
            "quantizer and losses on the same sound; the codec is the ablation's base row. "
            f"{clips} held-out clips of {seconds:.0f} s.\n",
            table(header, rows),
        ]
    )


SECTIONS = {
    "codec": codec,
    "codec_other_sound": codec,
    "codec_long": codec_long,
    "codec_ablation": codec_ablation,
    "codec_peer": codec_peer,
    "rendering": rendering,
    "rendering_stem": rendering_stem,
    "rendering_speed": rendering_speed,
    "rendering_memory": rendering_memory,
}
