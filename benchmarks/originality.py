"""Copying: the share of generated tunes that the screener flags, beside the same share for held-out human tunes.

``python benchmarks/originality.py --tunes 200``: tunes of the training works' own mixture of styles, composed without
any recomposing, and the held-out test works, both screened against the built-in catalogue of training works.
"""

from __future__ import annotations

import argparse

from common import save

from genaudio.corpus import load_works
from genaudio.melody import Composer
from genaudio.melody.wish import Wish
from genaudio.production.catalogue import open_screener
from genaudio.production.originality import evaluate_originality


def main() -> None:
    """Compose, screen, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    people = [work.melody for work in load_works("test")]
    composer, screener = Composer.load(device="cpu"), open_screener(())
    save("originality", evaluate_originality(composer, screener, Wish(), people, arguments.seed, arguments.tunes))


if __name__ == "__main__":
    main()
