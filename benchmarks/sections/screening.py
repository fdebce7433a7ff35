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
            f"\n{held_out['flagged']} of {held_out['works']} held-out tunes by people are flagged:\n",
            table(["held-out tune", "resembles", "verdict", "notes", "what a reader of both finds"], found),
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


SECTIONS = {
    "screening": screening,
    "screening_retrieval": screening_retrieval,
    "screening_time": screening_time,
}
