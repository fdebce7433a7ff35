"""Mean of trained weights: ``python -m genaudio.renderer.average A.safetensors B.safetensors --out FILE``.

Of trainings that go on from one another, or branch off the same weights, the mean is often better than each (Wortsman
et al. 2022, *Model soups*); ``benchmarks/rendering.py --renderer FILE`` tells.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from genaudio.errors import IncompatibleError, tells_errors
from genaudio.weights import load_weights, mean_of_states, save_weights, shares_of_mean


def average_renderers(paths: Sequence[Path], shares: Sequence[float] | None, out: Path) -> None:
    """Write the weighted mean of renderers.

    Args:
        paths: weights of the same sizes and families, for the same codec.
        shares: of each in the mean, in any unit; equal ones for None.
        out: file for the mean.

    Raises:
        GenaudioError: there are no weights, not one share for each, or a share is not more than 0.
        IncompatibleError: a file is no renderer, or differs from the first in size, families or codec.
    """
    shares = shares_of_mean(len(paths), shares)
    loaded = [load_weights(path, "renderer") for path in paths]
    for path, (_, config) in zip(paths, loaded, strict=True):
        if config != loaded[0][1]:
            raise IncompatibleError(f"the weights {path} are of other sizes, families or codec than {paths[0]}")
    save_weights(out, mean_of_states([state for state, _ in loaded], shares), loaded[0][1])


@tells_errors
def main(arguments: list[str] | None = None) -> int:
    """Average weights from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m genaudio.renderer.average", description="Mean of trained weights.")
    parser.add_argument("weights", nargs="+", type=Path, help="weights files that branched off the same training")
    parser.add_argument("--shares", nargs="+", type=float, help="share of each in the mean (default: equal)")
    parser.add_argument("--out", type=Path, required=True, help="file for the mean")
    options = parser.parse_args(arguments)
    average_renderers(options.weights, options.shares, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
