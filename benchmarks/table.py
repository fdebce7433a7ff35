"""Writes docs/benchmarks.md from the results in benchmarks/results: ``python benchmarks/table.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common import RESULTS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Every number here was measured by the command above it, on the machine that its result file names
(`benchmarks/results/*.json`). What the benchmarks need beside the package is in `benchmarks/requirements.txt`.
`python benchmarks/table.py` writes this page from the result files.
"""


def table(header: list[str], rows: list[list[Any]]) -> str:
    """Format a Markdown table."""
    lines = [header, ["---"] * len(header), *[[str(cell) for cell in row] for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def where(result: dict[str, Any]) -> str:
    """Say how and on what a result was measured."""
    machine = result["machine"]
    threads = f", {machine['threads']} torch threads" if "threads" in machine else ""
    device = machine.get("gpu") or f"{machine['cores']} cores of {machine['processor']}{threads}"
    return f"    {result['command']}\n\nMeasured on {device}, Python {machine['python']}.\n"


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


def rendering(result: dict[str, Any]) -> str:
    """The renderer's section."""
    rows = [
        [
            name,
            row["f1_teacher"],
            row["f1_ours"],
            row["f1_ratio"],
            row["log_mel_ours"],
            row["log_mel_codec"],
            row["level_after_end_db"],
        ]
        for name, row in [*result["families"].items(), ("**all**", result["all"])]
    ]
    return "\n".join(
        [
            "## Rendering against the teacher, held-out tunes\n",
            where(result),
            f"{result['tunes']} performances a row. Onset F1 by {result['transcriber']['name']} with fixed settings; "
            "the ratio is rendering over teacher. Log-mel is the distance to the teacher: of the rendering from the "
            "score alone, and of the score-informed codec that was given the teacher's sound (the floor). The level "
            "is that of the last stretch after the last note, against the whole.\n",
            table(
                ["family", "F1 teacher", "F1 ours", "ratio", "log-mel ours", "log-mel codec", "level after end, dB"],
                rows,
            ),
            f"\nReal-time factor of one stem, models loaded: **{result['real_time_factor']}**.",
        ]
    )


def originality(result: dict[str, Any]) -> str:
    """The originality section."""
    rows = [
        [
            name.replace("_", " "),
            row["tunes"],
            row["review"],
            row["match"],
            row["not-screened"],
            f"{row['flagged']:.1%}",
        ]
        for name, row in ((name, result[name]) for name in ("generated", "held_out_by_people"))
    ]
    return "\n".join(
        [
            "## Copying: tunes flagged against the training works\n",
            where(result),
            "Generated without recomposing; held-out tunes by people are the yardstick: variants of one another by "
            "nature.\n",
            table(["tunes", "screened", "review", "match", "not screened", "flagged"], rows),
        ]
    )


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


def melody(result: dict[str, Any]) -> str:
    """The melody model's section."""
    names = {
        "all_known": "style, key, metre, number of bars",
        "style_mode_bars_hidden": "tonic and metre",
        "tonic_hidden_too": "metre only",
    }
    rows = [
        [names[name], f"{row['bits_per_pitch']:.3f}", f"{row['bits_per_rhythm']:.3f}", f"{row['bits_per_note']:.3f}"]
        for name, row in result["prediction"].items()
    ]
    used = result["prediction"]["all_known"]
    kinds = {"ends_on_tonic": "ends on the tonic", "ends_stable": "ends on tonic, third or fifth"}
    kinds |= {"in_key": "notes in the key", "repeated_bars": "repeated bars", "repeated_ngrams": "repeated 4-grams"}
    qualities = [
        [text, *(f"{result['qualities'][who][name]:.1%}" for who in ("written", "held_out_human"))]
        for name, text in kinds.items()
    ]
    speed = result["tunes_per_second"]
    return "\n".join(
        [
            "## Melody model on held-out tunes\n",
            where(result),
            f"Test split: {used['pieces']} tunes, {used['notes']} notes, none rejected; standard error of the joint "
            f"rate {used['standard_error']:.3f}. Bits a note, less is better.\n",
            table(["known to the model", "pitch", "rhythm", "jointly"], rows),
            f"\nOf {result['validity']['tunes']} tunes through all styles, metres, keys and modes, "
            f"{result['validity']['valid']} keep length, metre, key and voice. Speed on one thread: "
            f"{speed['together_1']:.1f} tunes a second one by one, {speed['together_16']:.1f} sixteen together.\n",
            table(["quality", "written", "held-out human"], qualities),
        ]
    )


def bars(result: dict[str, Any]) -> str:
    """The section on bars."""
    share = result["bars_that_sum"] / result["bars"]
    return "\n".join(
        [
            "## Bars that sum\n",
            where(result),
            f"music21 measured {result['bars']} bars of {result['tunes']} tunes in all styles, metres, keys and modes: "
            f"**{share:.1%}** sum to their metre, pickups included.",
        ]
    )


def screening(result: dict[str, Any]) -> str:
    """The screening section."""

    def cell(share: dict[str, Any]) -> str:
        low, high = share["interval"]
        return f"{share['share']:.3f} ({low:.2f}-{high:.2f})"

    rows = [
        [name, row["queries"], cell(row["review"]), cell(row["match"])]
        for name, row in [
            *((f"clean: {kind.replace('_', ' ')}", row) for kind, row in result["false_positives"].items()),
            *((f"spliced: {kind}", row) for kind, row in result["recall"].items()),
        ]
    ]
    held_out = result["held_out"]
    found = [
        [row["title"], row["its_title"], row["verdict"], row["notes_alike"], row["judged"]] for row in held_out["list"]
    ]
    return "\n".join(
        [
            "## Screening: false alarms and copied passages\n",
            where(result),
            f"Catalogue: the {result['catalogue']['works']} training works. Shares of queries at or above each verdict,"
            " with 95 % intervals; passages are spliced, transposed, into tunes that are in no catalogue.\n",
            table(["queries", "count", "review or match", "match"], rows),
            f"\n{held_out['flagged']} of {held_out['works']} held-out tunes by people are flagged:\n",
            table(["held-out tune", "resembles", "verdict", "notes", "what a reader of both finds"], found),
        ]
    )


def screening_time(result: dict[str, Any]) -> str:
    """The section on the speed of screening."""
    command, query = result["command_on_one_file"], result["query"]
    return "\n".join(
        [
            "## Screening one file\n",
            where(result),
            f"`genaudio screen` on one MIDI file, the process's start included: **{command['p50_ms']:.0f} ms** (median "
            f"of {command['starts']}, p95 {command['p95_ms']:.0f}). Of that, opening the catalogue of "
            f"{result['works']} works takes {result['open']['p50_ms']:.0f} ms and a query {query['p50_ms']:.0f} ms.",
        ]
    )


def melody_prediction(result: dict[str, Any]) -> str:
    """The section on the eight sets."""
    sets = list(next(iter(result["rows"].values()))["bits_per_pitch"])
    rows = []
    for row in result["rows"].values():
        bits, folds = row["bits_per_pitch"], row["folds"]
        cells = [
            f"{bits[name]:.3f}" + ("" if folds[name] == 10 else f" ({folds[name]} folds)") if name in bits else "-"
            for name in sets
        ]
        mean = row.get("mean_of_eight_sets")
        rows.append([row["row"], *cells, "-" if mean is None else f"**{mean:.3f}**"])
    published = result["published"]
    return "\n".join(
        [
            "## Melody prediction on eight sets of folk songs and chorales\n",
            where(result),
            "Bits per pitch, mean over ten folds (Pearce 2005); (a) pitch history only, learned beforehand; "
            "(b) the same, learning on through the test; (c) rhythm and metre known. Published best: "
            f"(a) {published['a']}, (b) {published['b']}, (c) on the chorales {published['c, set 2']}. "
            "A dash: not run.\n",
            table(["model", *(name.split("-", 1)[1] for name in sets), "mean"], rows),
        ]
    )


def screening_retrieval(result: dict[str, Any]) -> str:
    """The section on families of tunes."""
    return "\n".join(
        [
            "## Finding variants: families of tunes\n",
            where(result),
            f"{result['tunes']} songs of {result['families']} families (MTC-ANN), each a query to all others: mean "
            f"average precision **{result['mean_average_precision']:.3f}**, precision at 1 "
            f"**{result['precision_at_1']:.3f}**. Published, with annotated phrases: .872 and .986.",
        ]
    )


def batch(result: dict[str, Any]) -> str:
    """The section on batches."""
    shares = ", ".join(f"{stage} {share:.0%}" for stage, share in result["bare_shares"].items())
    rows = [
        [name, way["tracks_per_hour_without_loading"], way["tracks_per_hour"], way["audio_seconds_per_second"]]
        for name, way in (("one worker", result["one_worker"]), ("two workers", result["two_workers"]))
    ]
    return "\n".join(
        [
            "## Batches\n",
            where(result),
            f"{result['tracks']} tracks of {result['bars']} bars. Bare stages: {shares}. On one core a batch takes "
            f"{result['overhead']:.0%} longer than its bare stages one after the other; two workers are "
            f"{result['speed_up']:.2f} times as fast as one. Load of the machine before: {result['load_before']}.\n",
            table(
                ["", "tracks an hour", "with loading of the models", "seconds of audio a second"],
                rows,
            ),
        ]
    )


SECTIONS = {
    "track_time": track_time,
    "melody_heldout": melody,
    "melody_prediction": melody_prediction,
    "bars": bars,
    "codec": codec,
    "codec_other_sound": codec,
    "rendering": rendering,
    "originality": originality,
    "screening": screening,
    "screening_retrieval": screening_retrieval,
    "screening_time": screening_time,
    "batch": batch,
}
"""Result files in the order of the page."""


def page() -> str:
    """Put the page together from the result files that exist."""
    parts = [HEAD]
    for name, section in SECTIONS.items():
        path = RESULTS / f"{name}.json"
        if path.is_file():
            parts.append(section(json.loads(path.read_text())))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
