"""How fast MinHash signatures are made, beside datasketch's own `bulk` and rensa: 50 shingles, 128 permutations.

Run: ``python benchmarks/minhash.py [--sets 20000] [--rounds 5]``. Some seconds on one thread, needs no torch; rensa is
measured where it is installed. All three get shingles that are hashed already. The rounds take turns, and ratios are of
the medians. Ours and datasketch's values are compared and must be equal; rensa has permutations of its own.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from common import save
from datasketch import MinHash

from checks.fingerprint import SCHEME, Fingerprint

SHINGLES = 50
SHARE = 5  # datasketch, which takes longest, signs a fifth of the sets


def seconds(work: Callable[[], Any]) -> float:
    """Return the processor time that a call takes; other programs do not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def contestants(sets: np.ndarray, fingerprint: Fingerprint) -> dict[str, tuple[Callable[[], Any], int]]:
    """Return what each does, and with how many sets."""
    flat, groups = sets.ravel(), np.repeat(np.arange(len(sets)), SHINGLES)
    few = list(sets[: len(sets) // SHARE])
    settings = {"num_perm": fingerprint.permutations, "seed": fingerprint.seed, "scheme": SCHEME, "hashfunc": int}
    found: dict[str, tuple[Callable[[], Any], int]] = {
        "genaudio": (lambda: fingerprint.sign_groups(flat, groups, len(sets)), len(sets)),
        "datasketch bulk": (lambda: MinHash.bulk(few, **settings), len(few)),
    }
    try:
        import rensa
    except ImportError:
        return found
    hashes, offsets = flat.astype(np.uint64), np.arange(0, len(flat) + 1, SHINGLES, dtype=np.uint64)
    sign = rensa.RMinHash.digest_matrix_from_flat_token_hashes
    found["rensa RMinHash"] = (lambda: sign(hashes, offsets, fingerprint.permutations, 1), len(sets))
    return found


def main() -> None:
    """Let them take turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    fingerprint = Fingerprint()
    sets = np.random.default_rng(0).integers(0, 2**32, (arguments.sets, SHINGLES), dtype=np.uint32)
    ours = fingerprint.sign_groups(sets[:1000].ravel(), np.repeat(np.arange(1000), SHINGLES), 1000)
    theirs = [fingerprint.reference(one.tolist()).hashvalues for one in sets[:1000]]
    if not np.array_equal(ours, theirs):
        raise SystemExit("the signatures differ from datasketch's")
    times: dict[str, list[float]] = {}
    entrants = contestants(sets, fingerprint)
    for _ in range(arguments.rounds):
        for name, (work, count) in entrants.items():
            times.setdefault(name, []).append(seconds(work) / count)
    rates = {name: round(1 / float(np.median(values))) for name, values in times.items()}
    ratios = {name: round(rates["genaudio"] / rate, 2) for name, rate in rates.items()}
    save("minhash", {
        "shingles": SHINGLES, "permutations": fingerprint.permutations, "sets_a_cpu_second": rates,
        "genaudio_times_as_fast": ratios, "equal_to_datasketch": True, "load_average": round(os.getloadavg()[0], 1),
    })  # fmt: skip


if __name__ == "__main__":
    main()
