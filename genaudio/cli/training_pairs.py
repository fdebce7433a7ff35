"""``genaudio train renderer --pairs``: recordings of one's own, with the account of what was read."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genaudio.cli.state import State
from genaudio.cli.training_recipes import recipe_for, teller, weights_named

if TYPE_CHECKING:
    from genaudio.renderer.pair_set import Account


def check_pairs(pairs: Path | None, resume: bool, begin_with: str | None, folder: Path) -> bool:
    """Return whether a training is one on pairs: they are given, or the folder to resume in has read some.

    Raises:
        GenaudioError: the options contradict one another.
    """
    from genaudio.errors import GenaudioError
    from genaudio.renderer.own_training import PAIRS

    if pairs and resume:
        raise GenaudioError("a training is resumed with the pairs that were read for it; leave --pairs or --resume out")
    if resume and begin_with is not None:
        raise GenaudioError("a training goes on from its checkpoint; leave --begin-with or --resume out")
    return pairs is not None or (resume and (folder / PAIRS / "done").is_file())


def train_on_given_pairs(
    state: State,
    pairs: Path | None,
    folder: Path,
    begin_with: str | None,
    codec: Path | None,
    time_budget: str | None,
) -> None:
    """Read the pairs (or what was read before), train, and tell what was read and what to do with the weights."""
    from genaudio.production.files import check_writable
    from genaudio.renderer.own_training import OwnPairs, train_on_pairs
    from genaudio.renderer.recipe import RendererRecipe
    from genaudio.training import distributed, parse_seconds

    base = None if begin_with == "nothing" else weights_named(begin_with or "shipped", "renderer")
    recipe = recipe_for(state, "renderer" if base is None else "renderer-own", RendererRecipe)
    check_writable(folder / "model.safetensors")
    seconds = None if time_budget is None else parse_seconds(time_budget)
    last: dict[str, Any] = {}
    account: dict[str, Any] = {}
    with ExitStack() as reading:
        bar = reading.enter_context(state.output.progress("Reading"))

        def show(found: Account) -> None:
            reading.close()  # the bar is done before the training speaks
            account.update(asdict(found), families=found.families)
            for line in found.lines():
                state.output.talk(line)

        def tell(done: int, total: int) -> None:
            bar(done / total, f"Reading pair {done} of {total}")

        own = OwnPairs(pairs, folder, base, codec)
        weights = train_on_pairs(recipe, own, seconds, state.device, teller(state, last), show, tell)
    if not distributed.leads():
        return
    _judge(state, last)
    codec_option = f" --codec {shlex.quote(str(codec))}" if codec else ""
    hint = f"genaudio render --renderer {shlex.quote(str(weights))}{codec_option} tune.mid -o tune.flac"
    state.output.talk(f"Render with it:  {hint}")
    payload = {"model": "renderer", "weights": str(weights), "measures": last, "data": account}
    state.output.result(payload, str(weights), bare=str(weights))


def _judge(state: State, measures: dict[str, Any]) -> None:
    """Say whether the training has brought the held-out recordings nearer."""
    before, after = measures.get("log_mel_begun_with"), measures.get("log_mel_rendered")
    if before is None or after is None:
        return
    nearer = "nearer to" if after < before else "no nearer to"
    distances = f"log-mel distance {after:.3f}, before {before:.3f}"
    state.output.talk(f"The renderer is {nearer} the held-out recordings than before: {distances}")
