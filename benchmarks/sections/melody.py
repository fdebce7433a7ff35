"""The sections on the melody model itself."""

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


def melody_speed(result: dict[str, Any]) -> str:
    """The section on how fast melodies are written, on a processor or on a GPU."""
    rates, batches = result["rates"], list(result["ratio_to_peer"])
    gpu = result["machine"]["gpu"] if result.get("device", "cpu").startswith("cuda") else None

    def cells(name: str) -> list[str]:
        return [f"{rates[name]['tunes_per_second']:.2f}", f"{rates[name]['events_per_second']:.0f}"]

    to_float32 = "peer_best_float32" in result
    blank = [""] * (3 if to_float32 else 2)
    rows = [["plain loop without a cache", "1", *cells("plain_loop"), *blank]]
    for batch in batches:
        peers = {result[key][batch]: None for key in ("peer_best", "peer_best_float32") if key in result}
        for name in peers:
            precision = name.split(", ")[1] if len(peers) > 1 or to_float32 else ""
            rows.append([f"transformers `generate` {precision}".strip(), batch, *cells(name), *blank])
        if f"without_graphs_{batch}" in rates:
            rows.append(["genaudio without CUDA graphs", batch, *cells(f"without_graphs_{batch}"), *blank])
        own = "genaudio with CUDA graphs" if f"without_graphs_{batch}" in rates else "genaudio"
        keys = ("ratio_to_peer", "ratio_to_peer_float32", "ratio_to_plain_loop")
        ratios = [f"**{result[key][batch]:.1f}x**" for key in keys if key in result]
        rows.append([own, batch, *cells(f"ours_{batch}"), *ratios])
        if f"rounding_{batch}" in rates:
            ratios = [f"**{result[f'rounding_{key}'][batch]:.1f}x**" for key in keys[:2]]
            rows.append(["genaudio in bfloat16", batch, *cells(f"rounding_{batch}"), *ratios, ""])
    best = "; ".join(name.removeprefix("peer_").replace(",", ":", 1) for name in result["peer_best"].values())
    compared = ["to the peer's fastest", "in float32"] if to_float32 else ["to the peer"]
    counted = "by the clock" if gpu else "by the seconds that the process spent on the processor"
    lines = [
        f"## Speed of writing melodies{' on a GPU' if gpu else ''}\n",
        where(result),
        f"Reels of {result['bars']} bars, {result['events_per_tune']:.0f} events each on average, "
        f"{result['threads']} thread{'s' if result['threads'] > 1 else ''}; rates are {counted}, all in turns in the "
        f"same process, with a load of {result['load_before']:.0f} to {result['load_after']:.0f} on the machine. The "
        f"peer is a Llama of the same width, layers, heads and feed-forward width in Hugging Face transformers, which "
        f"writes two tokens an event ({result['tokens_per_tune']}), with sampling and nothing else to do; its fastest "
        f"setting at each batch size ({best}).\n",
        table(["", "batch", "tunes a second", "events a second", *compared, "to the plain loop"], rows),
    ]
    if "same_tunes" in result:
        same = ", ".join(f"{name} {count}" for name, count in result["same_tunes"].items())
        steps = ", ".join(f"{name} {1000 * seconds:.2f} ms" for name, seconds in result["network_step"].items())
        lines.append(f"\nOf 64 tunes written without graphs the same come out by: {same}. The network alone takes an "
                     f"event of 64 tunes: {steps}.")  # fmt: skip
    return "\n".join(lines)


def melody_precision(result: dict[str, Any]) -> str:
    """The section on what bfloat16 costs."""
    seen, wishes = result["prediction"], result["wishes"]
    rows = [
        [
            name,
            f"{seen['bits_per_note'][name]:.4f}",
            *(f"{of['kept']} of {of['tunes']}" for of in judged["kept"].values()),
        ]
        for name, judged in wishes.items()
    ]
    kept = [name.replace("_", " ") for name in wishes["float32"]["kept"]]
    return "\n".join(
        [
            "## Melodies in bfloat16: what it costs\n",
            where(result),
            f"Bits a note of {seen['tunes']} held-out tunes ({seen['notes']} notes), passed through the steps that "
            f"write; with bfloat16 a tune has {seen['tune_differs_by_mean']:+.5f} bits a note on average (standard "
            f"error {seen['tune_differs_by_standard_error']:.5f}), at most {seen['tune_differs_by_at_most']:.4f} more "
            f"or less. Beside them, in how many composed tunes each wish is kept; {result['same_tunes']} of the "
            f"{wishes['float32']['kept']['bars_sum']['tunes']} tunes are the same with both.\n",
            table(["precision", "bits a note", *kept], rows),
        ]
    )


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
        ]
    )


SECTIONS = {
    "melody_heldout": melody,
    "melody_prediction": melody_prediction,
    "melody_speed": melody_speed,
    "melody_precision": melody_precision,
    "melody_ablation": ablation,
}
