"""How many threads a stage takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_thread() -> Iterator[None]:
    """Let torch, where it is loaded, use one thread within the block.

    Composing takes many steps of little work: a second thread saves nothing on an idle machine, waits most of the
    time on a busy one, and could change the last bits of the probabilities.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
