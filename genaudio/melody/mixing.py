"""The prefixes under which a draft is written at the same time, and how their scores make one.

A draft has a copy for each of its styles and, with guidance, one more that is free of style and mode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.dataset import CONDITIONS, condition_sizes
from genaudio.melody.draft import Draft
from genaudio.melody.vocabulary import Vocabulary


def is_guided(draft: Draft) -> bool:
    """Return whether a draft has a copy that is free of style and mode."""
    return draft.taste.guidance != 1


def prefixes(draft: Draft, vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Return the conditions of a draft's copies, [copies, C], the free one last."""
    wished = [list(conditions) for conditions, _ in draft.parts]
    if is_guided(draft):
        free = list(wished[0])
        for name in ("style", "mode"):
            column = CONDITIONS.index(name)
            free[column] = condition_sizes(vocabulary)[column] - 1
        wished.append(free)
    return np.array(wished)


def mixed(scores: NDArray[np.float64], drafts: Sequence[Draft]) -> NDArray[np.float64]:
    """Return the scores [drafts, N] that count, from those of the copies [drafts, copies, N].

    Blended styles are the weighted mean of their scores (a log-linear mixture); where there is guidance, the wished
    scores are pushed away from the free ones. All drafts have as many styles, and all are guided or none is.
    """
    styles = len(drafts[0].parts)
    wished = scores[:, 0]
    if styles > 1:
        weights = np.array([[weight for _, weight in draft.parts] for draft in drafts])
        wished = (scores[:, :styles] * weights[:, :, None]).sum(axis=1)
    if scores.shape[1] == styles:
        return np.asarray(wished)
    free, guidance = scores[:, -1], np.array([[draft.taste.guidance] for draft in drafts])
    return np.asarray(free + guidance * (wished - free))
