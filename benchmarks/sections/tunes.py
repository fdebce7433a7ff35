"""The sections on the tunes that the melody model writes."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where

MEASURES = {
    "bits": "bits of the nearest alignment",
    "run": "longest shared run, notes",
    "pitch_run": "the same by intervals alone",
    "share": "share of six-note runs in the nearest work",
    "cardinality": "cardinality score (Yin et al. 2022)",
}


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


def _with_interval(found: list[float]) -> str:
    value, low, high = found
    digits = 0 if min(found) >= 100 else 1 if max(found) >= 2 else 3
    return f"{value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


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
    styles = result["styles"]
    titles = {
        "real": "real tunes",
        "mates": "tunes with their style, key, metre and length",
        "wished_plain": "wished style, key and length, metres as usual, nothing else",
        "wished_usual_metre": "wished, in a metre of the style",
        "wished_foreign_metre": "wished, in a metre that the style never has",
    }
    recognised = [
        [title, styles[name]["tunes"], f"{styles[name]['recognised']:.1%}", f"{styles[name]['mean_of_styles']:.1%}"]
        for name, title in titles.items()
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
            "\nWishes take the metres of a style equally often, rare ones like usual ones, and two in five a density "
            "that is drawn for all styles alike; styles are then harder to tell.\n",
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
    "bars": bars,
    "melody_wishes": melody_wishes,
    "melody_quality": melody_quality,
    "originality": originality,
}
