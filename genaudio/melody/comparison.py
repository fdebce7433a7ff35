"""How near a set of tunes comes to a reference set, feature by feature. Needs no torch.

Two views of each feature of `genaudio.melody.distributions`:

- the two sets' pooled distributions, in which every tune weighs the same: their *overlap* (0 nothing in common, 1 the
  same), the Jensen-Shannon divergence in bits (0 the same, 1 nothing in common; J. Lin, 1991), and for values with an
  order the Wasserstein distance in their own unit;
- single tunes: distances between tunes of the reference (intra-set) and between tunes of both sets (inter-set), whose
  densities are compared by *overlapping area* and Kullback-Leibler divergence in bits (L.-C. Yang and A. Lerch, *On the
  evaluation of generative models in music*, Neural Computing and Applications 32, 2020). A set that has the right mean
  but is too uniform or too wild shows here.

Each quality of `genaudio.melody.qualities` is one number for a tune; means, overlap and Wasserstein distance of the two
sets are given.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genaudio.errors import GenaudioError
from genaudio.melody.distributions import FEATURES, ORDERED, Counts, count, pooled
from genaudio.melody.qualities import QUALITIES
from genaudio.score import Melody

Array = NDArray[np.float64]
MOST_TUNES = 400
"""Of larger sets so many tunes, evenly spaced, are compared one by one."""
MOST_VALUES = 100
"""Values of a feature that are told apart when single tunes are compared; the rarest are left out."""
GRID = 256
"""Points at which densities are compared."""


def compare(tunes: Sequence[Melody], reference: Sequence[Melody]) -> dict[str, Any]:
    """Return features and qualities of tunes beside those of a reference, as JSON can carry them.

    Raises:
        GenaudioError: fewer than two tunes with notes in one of the sets.
    """
    sets = [[melody for melody in some if melody.notes] for some in (tunes, reference)]
    if min(map(len, sets)) < 2:
        raise GenaudioError(
            f"a comparison needs two tunes or more on either side, not {len(sets[0])} and {len(sets[1])}"
        )
    return {
        "tunes": len(sets[0]),
        "reference_tunes": len(sets[1]),
        "features": {name: _compare_feature(name, *sets) for name in FEATURES},
        "qualities": {name: _compare_quality(name, *sets) for name in QUALITIES},
    }


def _compare_feature(name: str, tunes: Sequence[Melody], reference: Sequence[Melody]) -> dict[str, float | int | None]:
    """Compare one feature; what cannot be said, since too few tunes have it, is None."""
    some, others = ([c for c in (count(melody, name) for melody in part) if c] for part in (tunes, reference))
    found: dict[str, float | int | None] = {"tunes": len(some), "reference_tunes": len(others)}
    measures = ("overlap", "jensen_shannon", *(["wasserstein"] if name in ORDERED else []))
    measures += ("overlapping_area", "kl_divergence")
    if min(len(some), len(others)) < 2:
        return found | dict.fromkeys(measures)
    one, two = pooled(some), pooled(others)
    found |= {"overlap": overlap(one, two), "jensen_shannon": jensen_shannon(one, two)}
    if name in ORDERED:
        found["wasserstein"] = wasserstein(one, two)
    area, divergence = intra_and_inter(some, others)
    return found | {"overlapping_area": area, "kl_divergence": divergence}


def _compare_quality(name: str, tunes: Sequence[Melody], reference: Sequence[Melody]) -> dict[str, float | None]:
    """Compare one quality over the tunes that have a metre, without which bars cannot be counted."""
    some, others = (np.array([QUALITIES[name](m) for m in part if m.metre]) for part in (tunes, reference))
    if min(len(some), len(others)) < 2:
        return dict.fromkeys(("mean", "reference_mean", "overlap", "wasserstein"))
    one, two = ({float(v): float(n) / len(part) for v, n in zip(*np.unique(part, return_counts=True), strict=True)}
                for part in (some, others))  # fmt: skip
    return {
        "mean": float(some.mean()),
        "reference_mean": float(others.mean()),
        "overlap": density_overlap(some, others)[0] if len(one) > 2 or len(two) > 2 else overlap(one, two),
        "wasserstein": wasserstein(one, two),
    }


def overlap(one: dict[Any, float], two: dict[Any, float]) -> float:
    """Return the mass that two distributions share."""
    return sum(min(share, two.get(value, 0.0)) for value, share in one.items())


def jensen_shannon(one: dict[Any, float], two: dict[Any, float]) -> float:
    """Return the Jensen-Shannon divergence of two distributions in bits."""
    values = [*one, *(value for value in two if value not in one)]
    p, q = (np.array([part.get(value, 0.0) for value in values]) for part in (one, two))
    middle = (p + q) / 2
    return sum(_kl(part, middle) for part in (p, q)) / 2


def _kl(p: Array, q: Array) -> float:
    """Return the Kullback-Leibler divergence in bits; q is 0 nowhere where p is not."""
    some = p > 0
    return float((p[some] * np.log2(p[some] / q[some])).sum())


def wasserstein(one: dict[Any, float], two: dict[Any, float]) -> float:
    """Return how far mass must be moved to make one distribution on a line the other, in its unit."""
    values = sorted({*one, *two})
    gap = np.cumsum([one.get(value, 0.0) - two.get(value, 0.0) for value in values])
    return float((np.abs(gap[:-1]) * np.diff(values)).sum())


def intra_and_inter(some: Sequence[Counts], others: Sequence[Counts]) -> tuple[float, float]:
    """Return overlapping area and divergence of intra-set distances of others and inter-set distances to them."""
    some, others = _spaced(some), _spaced(others)
    usual = pooled([*some, *others])
    values = sorted(usual, key=lambda value: -usual[value])[:MOST_VALUES]
    a, b = _vectors(some, values), _vectors(others, values)
    intra = _distances(b, b)[np.triu_indices(len(b), 1)]
    return density_overlap(intra, _distances(a, b).ravel())


def _spaced(counts: Sequence[Counts]) -> list[Counts]:
    """Return at most `MOST_TUNES`, evenly spaced."""
    places = np.linspace(0, len(counts) - 1, min(len(counts), MOST_TUNES)).round().astype(int)
    return [counts[place] for place in places]


def _vectors(counts: Sequence[Counts], values: Sequence[Hashable]) -> Array:
    """Return tunes as vectors of shares, [tunes, values]."""
    rows = np.array([[one[value] for value in values] for one in counts], dtype=np.float64)
    return rows / np.array([[one.total()] for one in counts])


def _distances(a: Array, b: Array) -> Array:
    """Return Euclidean distances [A, B] between rows."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))


def density_overlap(one: Array, two: Array) -> tuple[float, float]:
    """Return the overlapping area of two samples' densities, and the divergence of the first from the second in bits.

    Densities are smoothed by a Gaussian kernel of Scott's width (D. Scott, *Multivariate Density Estimation*, 1992).
    """
    low, high = min(one.min(), two.min()), max(one.max(), two.max())
    if high == low:
        return 1.0, 0.0
    p, q = (_density(part, low, high) for part in (one, two))
    return float(np.minimum(p, q).sum()), _kl(p, np.maximum(q, 1e-12))


def _density(sample: Array, low: float, high: float) -> Array:
    """Return a smoothed histogram [GRID] that sums to 1; mass beyond the ends is reflected."""
    cell = (high - low) / GRID
    counts = np.histogram(sample, GRID, (low, high))[0] / len(sample)
    width = max(float(sample.std()) * len(sample) ** -0.2 / cell, 0.5)
    reach = min(int(np.ceil(4 * width)), GRID)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    padded = np.pad(counts, reach, mode="symmetric")
    smooth = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return np.asarray(smooth / smooth.sum())
