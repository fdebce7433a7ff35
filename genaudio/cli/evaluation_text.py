"""What ``genaudio evaluate melody`` says to people."""

from __future__ import annotations

from typing import Any


def melody_text(measured: dict[str, Any]) -> str:
    """Return the bits, what was rejected and why, and the comparison where there is one."""
    lines = []
    if measured["pieces"]:
        lines.append(
            f"{measured['bits_per_note']:.3f} bits per note in {measured['pieces']} pieces, {measured['notes']} notes"
        )
    if measured["rejected_pieces"]:
        lines.append(f"{measured['rejected_pieces']} pieces rejected, {measured['rejected_notes']} notes:")
        lines += [f"  {count} x {reason}" for reason, count in measured["reasons"].items()]
    if "comparison" in measured:
        lines += _comparison_lines(measured["comparison"])
    return "\n".join(lines)


def _comparison_lines(comparison: dict[str, Any]) -> list[str]:
    """Return a table of features and one of qualities."""
    lines = [
        f"Compared with {comparison['reference_tunes']} tunes of {', '.join(comparison['reference'])} "
        "(overlaps: 1 is the same):",
        f"  {'':<18}{'overlap':>9}{'J-S bits':>10}{'tune by tune':>14}",
    ]
    for name, row in comparison["features"].items():
        cells = (row["overlap"], row["jensen_shannon"], row["overlapping_area"])
        lines.append(f"  {_words(name):<18}{_cell(cells[0]):>9}{_cell(cells[1]):>10}{_cell(cells[2]):>14}")
    lines.append(f"  {'':<18}{'mean':>9}{'reference':>10}{'overlap':>14}")
    for name, row in comparison["qualities"].items():
        lines.append(
            f"  {_words(name):<18}{_cell(row['mean']):>9}{_cell(row['reference_mean']):>10}{_cell(row['overlap']):>14}"
        )
    return lines


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"
