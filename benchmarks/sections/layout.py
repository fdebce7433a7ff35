"""What all sections share."""

from __future__ import annotations

from typing import Any


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
