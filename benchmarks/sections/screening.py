"""The sections on screening."""

from __future__ import annotations

from typing import Any

from sections.layout import table, where


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
            *_operating_points(result),
            f"\n{held_out['flagged']} of {held_out['works']} held-out tunes by people are flagged:\n",
            table(["held-out tune", "resembles", "verdict", "notes", "what a reader of both finds"], found),
        ]
    )


def _operating_points(result: dict[str, Any]) -> list[str]:
    """Recall where exactly so many clean queries alarm; results from before that was measured have none."""
    parts = []
    for name, points in result.get("operating_points", {}).items():
        columns = [f"{point['alarms']} ({point['share']:.1%})" for point in points]
        recall = [[cell, *(f"{point['recall'][cell]:.3f}" for point in points)] for cell in points[0]["recall"]]
        parts.append(
            f"\nCopies found if the threshold were where so many of the {points[0]['clean_queries']} clean queries "
            f"({name.replace('_', ' ')}) alarm:\n\n" + table(["spliced", *columns], recall)
        )
    return parts


def screening_grid(result: dict[str, Any]) -> str:
    """The section on changes that screening sees through."""
    changes = [
        [name, f"{row['whole']:.2f}", f"{row['passage']:.2f}"]
        for kinds in ("changes", "other_kinds")
        for name, row in result[kinds].items()
    ]
    return "\n".join(
        [
            "## Screening: which changes of a copy it sees through\n",
            where(result),
            f"Shares flagged for review of {result['queries_a_cell']} works a cell, changed as a whole, or as a "
            f"passage of {result['passage_notes']} notes, transposed, in another tune. The last two, "
            f"{' and '.join(result['other_kinds'])}, are not looked for.\n",
            table(["change", "whole tune", f"{result['passage_notes']} notes"], changes),
            "\nPassages of other lengths, as they are but for the transposition:\n",
            table(
                ["notes", *result["splices"]], [["found", *(f"{found:.2f}" for found in result["splices"].values())]]
            ),
        ]
    )


def screening_bound(result: dict[str, Any]) -> str:
    """The section on what tunes share by chance."""

    def cells(tunes: dict[str, Any]) -> list[str]:
        return [
            f"{row['share']:.3f} ({row['interval'][0]:.3f}-{row['interval'][1]:.3f})"
            for row in (tunes[split] for split in ("train", "validation", "test"))
        ]

    recurring = [[notes, f"{row['passages']:.4f}", *cells(row["tunes"])] for notes, row in result["recurring"].items()]
    ceiling = [
        [notes, f"{row['recall']:.2f}", f"{row['bits']:.1f}", *cells(row["alarms"])]
        for notes, rows in result["ceiling"].items()
        for row in rows
    ]
    splits = ["training works", "validation", "test"]
    return "\n".join(
        [
            "## Screening: what tunes share anyhow\n",
            where(result),
            f"Of the passages of the {result['works']} works, how many stand note for note, rhythm included, in a work "
            "of another family as well; and how many tunes hold such a passage:\n",
            table(["notes", "passages", *(f"tunes: {split}" for split in splits)], recurring),
            "\nIf so many exact copies are to be found by their information, at least so many clean tunes alarm, those "
            "with an edited note in the shared passage not counted:\n",
            table(["notes", "copies found", "bits", *splits], ceiling),
        ]
    )


def screening_files(result: dict[str, Any]) -> str:
    """The section on files as they come."""
    parts = ["## Screening files as they come\n", where(result)]
    if "folder" in result:
        row = result["folder"]
        parts.append(
            f"A folder of {row['files']:,} files, MIDI and JSONL, {row['broken']} of them broken in "
            f"{len(row['reasons'])} ways: all {row['broken_listed']} are listed with their reasons, the "
            f"exit code is {row['exit_code']}. {row['cpu_s']:,.0f} s of the processor ({row['s']:,.0f} s on the clock "
            f"of a machine with a load of {row['load_average']:.0f}), {row['memory_mb']} MB of memory.\n"
        )
    if "million" in result:
        row = result["million"]
        parts.append(
            f"A MIDI file of {row['notes']:,} notes in one track: {row['cpu_s']:,.0f} s of the processor "
            f"({row['s']:,.0f} s on the clock, load {row['load_average']:.0f}), {row['memory_mb']} MB of memory. The "
            f"passage copied near its end: {row['copied_passage'] or 'clear'}.\n"
        )
    if "lines" in result:
        row = result["lines"]
        rates = list(next(iter(row["evidence"].values()))["reach"])
        rows = [
            [name, f"{one['median_bits']:.1f}", *(f"{share:.3f}" for share in one["reach"].values())]
            for name, one in row["evidence"].items()
        ]
        parts.append(
            f"{row['chorales']} chorales in four parts, {row['lines']:.1f} lines a file on average, beside all works "
            "of the catalogue but chorales; the share of files whose strongest line reaches the evidence that the tail "
            "of chance gives to so many clean queries:\n\n" + table(["what is screened", "median bits", *rates], rows)
        )
    return "\n".join(parts)


def screening_scale(result: dict[str, Any]) -> str:
    """The section on large catalogues."""
    rows = [
        [
            f"{row['works']:,}",
            f"{row['works_a_cpu_second']:,}",
            f"{row['bytes'] / 1e6:,.0f}",
            f"{row['memory']['all_mb']:,} ({row['memory']['own_mb']})",
            f"{row['open_s'] * 1000:.0f}",
            f"{row['p50_cpu_ms']:.0f} / {row['p95_cpu_ms']:.0f}",
            f"{row['p50_ms']:.0f} / {row['p95_ms']:.0f}",
            f"{row['adding'][0]['s']:.1f} ({row['adding'][0]['cpu_s']:.2f})",
            *(f"{share:.2f}" for name, share in row.items() if name.startswith("retrieved")),
        ]
        for row in result["sizes"]
    ]
    retrieved = [name for name in result["sizes"][0] if name.startswith("retrieved")]
    head = ["works", "built a CPU-s", "MB on disk", "MB resident (own)", "opens in ms", "query p50 / p95, CPU ms",
            "the same on the clock", "1,000 added in s (CPU)", *retrieved]  # fmt: skip
    loads = ", ".join(f"{row['load_average']:.0f}" for row in result["sizes"])
    return "\n".join(
        [
            "## Screening beside a million works\n",
            where(result),
            "Works are recombined from the training works (seeded); queries are held-out tunes with a copied passage, "
            f"on one thread. The machine's two cores had other work (load averages {loads}), which the times of the "
            "processor leave out and those on the clock do not. Retrieved: how often the best hit scores no less than "
            "the work that was copied from.\n",
            table(head, rows),
            "\n![Growth from ten thousand to a million works](screening-scale.png)",
        ]
    )


def minhash(result: dict[str, Any]) -> str:
    """The section on the speed of signatures."""
    rows = [
        [name, f"{rate:,}", f"{result['genaudio_times_as_fast'][name]:.2f}"]
        for name, rate in result["sets_a_cpu_second"].items()
    ]
    return "\n".join(
        [
            "## MinHash signatures\n",
            where(result),
            f"Sets of {result['shingles']} hashed shingles, {result['permutations']} permutations, one thread; the "
            "values equal datasketch's (rensa's permutations are others).\n",
            table(["", "sets a CPU-second", "genaudio is faster by"], rows),
        ]
    )


def alignment(result: dict[str, Any]) -> str:
    """The section on the speed of alignments."""
    rows = [
        [name, f"{spent:.1f}", f"{result['alignments_a_cpu_second'][name]:,}"]
        for name, spent in result["cpu_ms"].items()
    ]
    return "\n".join(
        [
            "## Local alignments\n",
            where(result),
            f"A query of {result['query_notes']} notes against {result['works']} works, scores alone, one thread. "
            "parasail aligns pitches as letters, with profiles of the query or, as gains that depend on the work's "
            "notes would need, of every work.\n",
            table(["", "CPU ms", "alignments a CPU-second"], rows),
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
            f"**{result['precision_at_1']:.3f}**. Published, with annotated phrases: .872 and .986. The costs of this "
            "ranking were chosen among nine by looking at these songs; on families of the training works, which were "
            "not looked at, they find more than those before as well (120 queries: .376 against .351, and .908 against "
            ".858).",
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


def screening_audio(result: dict[str, Any]) -> str:
    """The section on recordings."""
    groups = [
        [
            name, group["recordings"], group["flagged"], group["own_family_named"],
            f"{group['notes']['recall']:.3f}", f"{group['notes']['precision']:.3f}",
        ]
        for name, group in result["groups"].items()
    ]  # fmt: skip
    lengths = [name for name in next(iter(result["passages"].values())) if name != "evidence_needed"]
    costs = [
        [name, row["evidence_needed"], *(f"{row[length]['found']:.2f}" for length in lengths)]
        for name, row in result["passages"].items()
    ]
    clean = result["without_own_family"]
    return "\n".join(
        [
            "## Screening recordings\n",
            where(result),
            "Tunes rendered with the bundled codec in nine instruments at tempi from 70 to 150, packed as MP3, "
            "transcribed and screened; notes by the share of the written ones that the better line has in order.\n",
            table(
                ["recordings of", "count", "review or match", "own family named", "notes heard", "of those right"],
                groups,
            ),
            f"\nWithout the works of their own family, {clean['heard']['review']['share']:.3f} of these "
            f"{clean['heard']['queries']} recordings raise an alarm, and {clean['written']['review']['share']:.3f} of "
            "the same tunes as written. Passages of recordings inside recordings of other tunes, at the threshold "
            "that ships and, for equal alarms, at the bits that one in a hundred of some hundred clean works "
            "reaches:\n",
            table(["costs", "bits needed", *lengths], costs),
            f"\nHearing runs at {result['seconds_heard_in_a_second']:g} times real time on one busy core.",
        ]
    )


SECTIONS = {
    "screening": screening,
    "screening_bound": screening_bound,
    "screening_grid": screening_grid,
    "screening_retrieval": screening_retrieval,
    "screening_time": screening_time,
    "screening_files": screening_files,
    "screening_scale": screening_scale,
    "minhash": minhash,
    "alignment": alignment,
    "screening_audio": screening_audio,
}
