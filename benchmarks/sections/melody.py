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


MEASURES = {
    "bits": "bits of the nearest alignment",
    "run": "longest shared run, notes",
    "pitch_run": "the same by intervals alone",
    "share": "share of six-note runs in the nearest work",
    "cardinality": "cardinality score (Yin et al. 2022)",
}


def originality(result: dict[str, Any]) -> str:
    """The originality section."""
    people, guards = result["held_out_by_people"], result["guards"]
    usual = f"guard_{result['usual_strength']:g}"
    named = {"tunes by people": people, "no guard": guards["guard_0"], "guard as usual": guards[usual]}
    flagged = [
        [name, row["tunes"], f"{row['notes']:.0f}", row["review"], row["match"], f"{row['flagged']:.1%}"]
        for name, row in named.items()
    ]
    nearness = [
        [text, name, *(_with_interval(row["closeness"][key][quantile]) for quantile in ("median", "p90", "p95", "p99"))]
        for key, text in MEASURES.items()
        for name, row in named.items()
    ]
    trade = [
        [
            f"{row['strength']:g}",
            *(f"{row['closeness'][key]['p95'][0]:.3g}" for key in ("bits", "run", "share")),
            f"{row['loss']:.1%}",
            f"{row['people_loss']:.1%}",
            f"{row['guard_share']:.1%}",
        ]
        for row in sorted(guards.values(), key=lambda row: row["strength"])
    ]
    return "\n".join(
        [
            "## Copying: how near tunes come to the training works\n",
            where(result),
            f"For each of {people['tunes']} held-out tunes by people, tunes of the same style, key, metre and length "
            f"are composed, without recomposing, and compared with the {result['training_works']} works of the "
            "training split; tunes by people are the yardstick.\n",
            table(["tunes", "number", "notes a tune", "review", "match", "flagged"], flagged),
            "\nNearest similarity of each tune; quantiles over the tunes with 95 % bootstrap intervals.\n",
            table(["measure", "tunes", "median", "90 %", "95 %", "99 %"], nearness),
            "\nWhat the guard gains and costs by its strength: 95 % quantiles of nearness; loss of likelihood of "
            "composed tunes under the unguarded model (bits a note; their standard error is "
            f"{guards['guard_0']['standard_error'] / guards['guard_0']['bits_per_note']:.1%}, less between tunes of "
            "one seed), and of people's tunes under the guarded model (bits a pitch); the guard's share of the time.\n",
            table(["strength", "bits", "shared run", "share", "loss, composed", "loss, people's", "time"], trade),
        ]
    )


def melody_speed(result: dict[str, Any]) -> str:
    """The section on how fast melodies are written."""
    rates, batches = result["rates"], list(result["ratio_to_peer"])

    def cells(name: str) -> list[str]:
        return [f"{rates[name]['tunes_per_second']:.2f}", f"{rates[name]['events_per_second']:.0f}"]

    rows = [["plain loop without a cache", "1", *cells("plain_loop"), "", ""]]
    for batch in batches:
        rows.append(["transformers `generate`", batch, *cells(result["peer_best"][batch]), "", ""])
        ratios = (result["ratio_to_peer"][batch], result["ratio_to_plain_loop"][batch])
        rows.append(["genaudio", batch, *cells(f"ours_{batch}"), *(f"**{ratio:.1f}x**" for ratio in ratios)])
    best = "; ".join(name.removeprefix("peer_").replace(",", ":", 1) for name in result["peer_best"].values())
    return "\n".join(
        [
            "## Speed of writing melodies\n",
            where(result),
            f"Reels of {result['bars']} bars, {result['events_per_tune']:.0f} events each on average, "
            f"{result['threads']} thread{'s' if result['threads'] > 1 else ''}; rates are by the seconds that the "
            f"process spent on the processor, all in turns in the same process, with a load of "
            f"{result['load_before']:.0f} to {result['load_after']:.0f} on the machine. The peer is a Llama of the "
            f"same width, layers, heads and feed-forward width in Hugging Face transformers, which writes two tokens "
            f"an event ({result['tokens_per_tune']}), with sampling and nothing else to do; its fastest setting at "
            f"each batch size ({best}).\n",
            table(["", "batch", "tunes a second", "events a second", "to the peer", "to the plain loop"], rows),
        ]
    )


def _with_interval(found: list[float]) -> str:
    value, low, high = found
    digits = 0 if min(found) >= 100 else 1 if max(found) >= 2 else 3
    return f"{value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def ablation(result: dict[str, Any]) -> str:
    """The section on what each part of the model is worth."""
    whole = result["rows"]["whole"]["bits_per_note"]
    rows = [
        [
            row["row"],
            f"{row['bits_per_pitch']:.3f}",
            f"{row['bits_per_rhythm']:.3f}",
            f"{row['bits_per_note']:.3f}",
            "" if name == "whole" else f"{row['bits_per_note'] - whole:+.3f}",
        ]
        for name, row in result["rows"].items()
    ]
    return "\n".join(
        [
            "## Melody model: what each part is worth\n",
            where(result),
            f"{result['steps']} steps of {result['events_in_a_batch']} events from random weights each, by the recipe "
            "of the shipped model; bits on the validation works. One seed each: differences of .01 may be chance, and "
            "what prevents overfitting shows its worth only in longer trainings.\n",
            table(["model", "pitch", "rhythm", "jointly", "worse by"], rows),


def melody_wishes(result: dict[str, Any]) -> str:
    """The section on wishes kept."""
    names = {"bars_sum": "every bar sums", "length": "number of bars", "form": "form: sections repeat, others differ",
             "range": "range", "density": "density within a tenth"}  # fmt: skip
    kept = [
        [names[name], row["tunes"], row["kept"], f"{row['kept'] / row['tunes']:.1%}"]
        for name, row in result["kept"].items()
    ]
    columns = ("exact", "tonic", "signature")
    keys = [
        [title, *(f"{sets[name][column]:.1%}" for name in ("real", "wished") for column in columns)]
        for title, sets in result["keys"].items()
    ]
    trained = result["keys"]["trained"]
    modes = [
        [
            mode,
            *(f"{trained[name][f'exact_{mode}']:.1%}" for name in ("real", "a tenth of the training works", "wished")),
        ]
        for mode in ("major", "minor", "dorian", "mixolydian")
    ]
    styles, sets = result["styles"], ("real", "mates", "wished_usual_metre", "wished_foreign_metre")
    titles = ("real tunes", "tunes with their style, key, metre and length", "wished, in a metre of the style",
              "wished, in a metre that the style never has")  # fmt: skip
    recognised = [
        [title, styles[name]["tunes"], f"{styles[name]['recognised']:.1%}", f"{styles[name]['mean_of_styles']:.1%}"]
        for title, name in zip(titles, sets, strict=True)
        if name in styles
    ]
    confusions = [
        [style, *(f"{a} / {b}" for a, b in zip(real, mate, strict=True))]
        for style, real, mate in zip(
            styles["styles"], styles["real"]["confusion"], styles["mates"]["confusion"], strict=True
        )
    ]
    return "\n".join(
        [
            "## Wishes kept\n",
            where(result),
            f"{result['tunes']} tunes through all styles, keys, modes, metres, lengths, forms, ranges and densities, "
            "read from MusicXML by music21. A density is off by "
            f"{result['density_mean_error']:.1%} on average.\n",
            table(["wish", "tunes", "kept", "share"], kept),
            "\nKeys found, of real tunes that no finder has learned from (validation and test splits) and of the "
            "wished ones. Exact: tonic and mode; signature: the same seven notes, as a relative key has. music21's "
            "finders know major and minor only, so that of dorian and mixolydian they can find tonic or signature. "
            "Wishes take the four modes equally often, real tunes are in major four times of five.\n",
            table(["finder", *(f"{who}: {column}" for who in ("real", "wished") for column in columns)], keys),
            "\nThe trained finder, exact by mode; the validation and test splits have few tunes in the rarer modes, so "
            "a tenth of the training works, left out of its learning, stands beside them:\n",
            table(["mode", "real", "a tenth of the training works", "wished"], modes),
            "\nStyles named by a classifier trained on the training works (metre, rhythms, intervals; no key):\n",
            table(["tunes", "number", "recognised", "mean over styles"], recognised),
            "\nStyles (rows) taken for styles (columns), real / written with the same wishes:\n",
            table(["", *styles["styles"]], confusions),
        ]
    )


def melody_quality(result: dict[str, Any]) -> str:
    """The section on musical quality."""
    sets = {"people": "people", "model": "genaudio", "ngram": "n-gram"}

    def cells(kind: str, name: str, measure: str) -> list[str]:
        return [f"{result[one][kind][name][measure]:.3f}" for one in sets]

    features = [
        [name.replace("_", " "), *(cell for measure in ("overlap", "jensen_shannon", "overlapping_area")
                                   for cell in cells("features", name, measure))]
        for name in result["people"]["features"]
    ]  # fmt: skip
    qualities = [
        [
            name.replace("_", " "),
            f"{result['people']['qualities'][name]['reference_mean']:.3f}",
            *cells("qualities", name, "mean"),
            *cells("qualities", name, "overlap"),
        ]
        for name in result["people"]["qualities"]
    ]
    header = [f"{measure}: {who}" for measure in ("overlap", "J-S bits", "tune by tune") for who in sets.values()]
    return "\n".join(
        [
            "## Musical quality beside people and an n-gram\n",
            where(result),
            f"The {result['tunes']} held-out tunes are halved {result['splits']} times. One half is the reference; "
            "with it are compared the other half (people: the ceiling), and tunes by the model and by an interpolated "
            "n-gram with style, key, metre and length of that other half. Overlap of pooled distributions (1 the "
            "same), Jensen-Shannon divergence (0 the same), and the overlapping area of distances between single tunes "
            "after Yang and Lerch (1 the same).\n",
            table(["feature", *header], features),
            "\nMeans for a tune, and how far their distributions overlap with the reference's:\n",
            table(
                [
                    "quality",
                    "reference",
                    *sets.values(),
                    *(f"overlap: {who}" for who in sets.values()),
                ],
                qualities,
            ),
        ]
    )


SECTIONS = {
    "melody_heldout": melody,
    "melody_prediction": melody_prediction,
    "melody_speed": melody_speed,
    "melody_ablation": ablation,
    "bars": bars,
    "melody_wishes": melody_wishes,
    "melody_quality": melody_quality,
    "originality": originality,
}
