"""Draws docs/codec-bitrate.png from results/codec.json: ``python benchmarks/codec_plot.py``, or after codec.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common import RESULTS

PICTURE = Path(__file__).parents[1] / "docs" / "codec-bitrate.png"
MEASURES = {"log_mel": "log-mel distance, nats", "stft": "multi-resolution STFT distance"}
"""What is drawn, and the title of its axis."""


def plot(result: dict[str, Any], path: Path) -> None:
    """Draw the distances of the codec with one level to all, and of Opus at its lowest rates, against the bitrate."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, (measure, title) in zip(axes, MEASURES.items(), strict=True):
        for way, name in (("alone", "the codec alone"), ("informed", "with the score")):
            values = list(result[way][f"{measure}_by_levels"].values())
            step = result["bitrate"] / len(values) / 1000
            axis.plot([step * (level + 1) for level in range(len(values))], values, "o-", label=name)
        points = sorted([result["opus"], *result["opus_at"]], key=lambda point: point["bitrate"])
        axis.plot(
            [point["bitrate"] / 1000 for point in points], [point[measure] for point in points], "s:", label="Opus"
        )
        axis.set_ylabel(title)
        axis.set_xlabel("kbit/s of one channel")
        axis.set_ylim(0)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.savefig(path, dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    plot(json.loads((RESULTS / "codec.json").read_text()), PICTURE)
