"""The sections on the melody model."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where


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


SECTIONS = {
    "melody_heldout": melody,
    "melody_prediction": melody_prediction,
    "bars": bars,
    "originality": originality,
}
