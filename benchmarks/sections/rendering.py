"""The sections on the renderer, one for each part of its benchmark."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where


def percent(value: float) -> str:
    """A share as a percentage."""
    return f"{100 * value:.0f} %"


def reached(rows: dict[str, dict[str, Any]], name: str, low: float = -1e9, high: float = 1e9) -> str:
    """How many rows have a measure within limits, and which have not."""
    beyond = [row for row, values in rows.items() if not low <= values[name] <= high]
    return f"{len(rows) - len(beyond)} of {len(rows)}" + (f" (not {', '.join(beyond)})" if beyond else "")


def effort(part: dict[str, Any]) -> list[str]:
    """The line on processor time, where it was measured."""
    spent = part.get("processor_seconds")
    if spent is None:
        return []
    return [
        f"\nProcessor time for a second of audio, models loaded: {spent['stem']} s a stem, {spent['decoder_alone']} s "
        "of the codec's decoder alone, in the same run."
    ]


def tunes(part: dict[str, Any]) -> str:
    """Held-out tunes: right notes, distances, speed."""
    rows = [
        [
            name,
            row["f1_teacher"],
            row["f1_ours"],
            row["f1_ratio"],
            row["log_mel_ours"],
            row["log_mel_codec"],
            row["to_codec"],
            row["log_mel_second"],
            row["to_second"],
        ]
        for name, row in [*part["families"].items(), ("**all**", part["all"])]
    ]
    header = ["family", "F1 teacher", "F1 ours", "ratio", "log-mel ours", "codec", "ours / codec"]
    header += ["second teacher", "ours / second"]
    return "\n".join(
        [
            "## Rendering against the teacher, held-out tunes\n",
            where(part),
            f"{part['tunes']} performances a row. Onset F1 by {part['transcriber']['name']} with fixed settings; "
            "the ratio is rendering over teacher. Log-mel is the distance to the teacher while something sounds: of "
            "the rendering from the score alone; of the score-informed codec that was given the teacher's sound (the "
            "floor); and of another SoundFont that plays the same notes "
            f"({part['second_soundfont']}; where it is about as near as the codec, half its distance is out of reach)."
            "\n",
            table(header, rows),
            f"\nGoals: an F1 ratio of 0.98 or more is reached in {reached(part['families'], 'f1_ratio', low=0.98)}; at "
            f"most 1.10 of the codec's distance in {reached(part['families'], 'to_codec', high=1.1)}; at most half of "
            f"the second teacher's in {reached(part['families'], 'to_second', high=0.5)}.",
            *effort(part),
        ]
    )


def probes(part: dict[str, Any]) -> str:
    """Single notes: velocities, attacks, silences, borders."""
    rows = [
        [
            name,
            row["velocity_teacher"],
            row["velocity_ours"],
            row["note_levels"],
            *(f"{row[who]:.0f}" for who in ("attack_teacher_ms", "attack_ours_ms")),
            *(f"{row[who]:.1f}" if who in row else "-" for who in ("lively_teacher_db", "lively_ours_db")),
            *(f"{row[who]:.0f}" if who in row else "-" for who in ("fall_teacher_db", "fall_ours_db")),
            f"{row['partials_db']:.1f}, {row['partials_louder_db']:+.1f}" if "partials_db" in row else "-",
            *(f"{row[who]:.0f}" for who in ("silence_teacher_db", "silence_ours_db", "before_first_db")),
            f"{row['largest_difference_db']:.0f}",
            f"{row['click_db'] - row['click_uncut_db']:+.1f}",
        ]
        for name, row in part["families"].items()
    ]
    header = ["family", "velocity teacher", "ours", "note by note", "attack teacher, ms", "ours"]
    header += ["lively teacher, dB", "ours", "after 8 s teacher, dB", "ours", "partials, dB"]
    header += ["silence teacher, dB", "ours", "before the first note", "cut against whole, dB", "click, dB"]
    return "\n".join(
        [
            "## Single notes rendered\n",
            where(part),
            f"{part['notes']} notes of each family, every pitch at four velocities, with a rest half-way. Velocity: "
            "correlation with the level at the onset in dB, within a pitch; note by note: of our levels with the "
            "teacher's. Attack: median time from 10 % to 90 % of the onset's rise. Lively: how much the levels "
            "of the partials of notes of 3 s fluctuate, in dB of standard deviation. After 8 s: the level of a note "
            "that is kept down, against that of its first second. Partials: how far their levels, "
            "of the first twelve down to 40 dB below the strongest, are from the teacher's, and by how much they are "
            "louder on average. Silence: the loudest tenth of a "
            "second where nothing is written nor rings, in dBFS of a sound at -26 dBFS. The last columns compare a "
            f"rendering in stretches of {part['small_stretch']} frames with one in a single stretch: the largest "
            "difference, in dBFS, and how much the worst jump at a border grows.\n",
            table(header, rows),
            f"\nGoal: silence below -60 dBFS is reached in {reached(part['families'], 'silence_ours_db', high=-60.0)}.",
        ]
    )


def instruments(part: dict[str, Any]) -> str:
    """Instruments named."""
    rows = []
    for name, row in part["families"].items():
        wrong = ", ".join(f"{other} {count}" for other, count in row["ours_named"].items() if other != name)
        rows.append([name, row["teacher"], row["codec"], row["ours"], wrong or "-"])
    return "\n".join(
        [
            "## Instruments named by a classifier that knows the teacher\n",
            where(part),
            "A logistic regression on statistics of mel spectrograms, trained on "
            f"{part['clips']} clips of each family, the teacher playing training tunes; tried on {part['trials']} "
            f"performances of test tunes, {part['seconds']:g} s each; codec: its round trip of the teacher's sound.\n",
            table(["family", "teacher named", "codec named", "ours named", "ours taken for"], rows),
            f"\nAll: {percent(part['teacher'])} of the teacher's, {percent(part['codec'])} of the codec's, "
            f"{percent(part['ours'])} of ours: "
            f"**{percent(part['ratio'])}** of the classifier's own rate (goal: 95 %).",
        ]
    )


def drums(part: dict[str, Any]) -> str:
    """Drums: hits by kind."""
    lines = [
        "## Drums rendered\n",
        where(part),
        f"{part['grooves']} grooves that no training drew. Hits: onsets found by {part['detector']} against those "
        "written, F1 at 50 ms. By kind: what is struck at an onset, named by logistic regressions that know "
        "grooves of two kits. Single hits: every drum twice, its kind named by a regression that knows the teacher's "
        "kit alone.\n",
    ]
    for name, kit in part["kits"].items():
        rows = [[kind, row["teacher"], row["ours"], row["ratio"]] for kind, row in kit["f1"].items()]
        named, far = kit["named"], kit["distances"]
        lines += [
            table([name, "F1 teacher", "F1 ours", "ratio"], rows),
            f"\nSingle hits named: {percent(named['teacher'])} of the teacher's, {percent(named['ours'])} of ours "
            f"({', '.join(f'{kind} {percent(share)}' for kind, share in named['by_kind'].items())}), "
            f"{percent(named['second'])} of {part['second_soundfont']}'s. Log-mel distance to the teacher: "
            f"{far['log_mel_ours']}, of the codec {far['log_mel_codec']} (ratio {far['to_codec']}), of "
            f"{part['second_soundfont']} {far['log_mel_second']} (ratio {far['to_second']}).",
        ]
    return "\n".join(lines)


PARTS = {"tunes": tunes, "probes": probes, "instruments": instruments, "drums": drums}


def rendering(result: dict[str, Any]) -> str:
    """The sections of all parts that were run."""
    return "\n\n".join(write(result["parts"][name]) for name, write in PARTS.items() if name in result["parts"])
