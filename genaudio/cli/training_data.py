"""``genaudio train melody --data``: music of one's own, with the account of what was read."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from genaudio.cli.state import State
from genaudio.cli.training_recipes import recipe_for, teller, weights_named


def check_data(data: list[Path] | None, style: str | None, resume: bool, folder: Path) -> bool:
    """Return whether a training is one on one's own data: it is given, or the folder to resume in has read some.

    Raises:
        GenaudioError: the options contradict one another.
    """
    from genaudio.errors import GenaudioError
    from genaudio.melody.own_data.training import WORKS

    if data and resume:
        raise GenaudioError("a training is resumed with the works that were read for it; leave --data or --resume out")
    going_on = resume and (folder / WORKS).is_file()
    if style is not None and not data:
        raise GenaudioError("--style names the style of what --data holds; give --data, or leave it out")
    return bool(data) or going_on


def train_on_data(
    state: State,
    data: list[Path],
    folder: Path,
    style: str | None,
    begin_with: str | None,
    time_budget: str | None,
    resume: bool,
) -> None:
    """Read the data, train, and tell what was read and what to do with the weights."""
    from genaudio.errors import GenaudioError
    from genaudio.melody.own_data import OwnTraining, train_own
    from genaudio.melody.recipe import MelodyRecipe
    from genaudio.production.files import check_writable
    from genaudio.training import distributed, parse_seconds

    if resume:
        if begin_with is not None:
            raise GenaudioError("a training goes on from its checkpoint; leave --begin-with or --resume out")
        begun = OwnTraining([], folder).load()["begun_with"]
        base = None if begun is None else Path(begun)
    else:
        base = None if begin_with == "nothing" else weights_named(begin_with or "shipped", "melody")
    recipe = recipe_for(state, "melody" if base is None else "melody-own", MelodyRecipe)
    check_writable(folder / "model.safetensors")
    seconds = None if time_budget is None else parse_seconds(time_budget)
    last: dict[str, Any] = {}
    account: dict[str, Any] = {}

    with ExitStack() as reading:
        tell = reading.enter_context(state.output.progress("Reading"))

        def show(content: dict[str, Any]) -> None:
            reading.close()  # the bar is done before the training speaks
            account.update(content)
            for line in content["text"]:
                state.output.talk(line)

        training = OwnTraining(data, folder, style, base)
        weights = train_own(recipe, training, resume, seconds, state.device, teller(state, last), tell, show)
    if not distributed.leads():
        return
    for line in hints(weights, folder, account):
        state.output.talk(line)
    payload = {"model": "melody", "weights": str(weights), "measures": last, "data": account["data"]}
    state.output.result(payload, str(weights), bare=str(weights))


def hints(weights: Path, folder: Path, account: dict[str, Any]) -> list[str]:
    """Return how to compose with new weights, and how to have the works that they learnt from screened."""
    style = shlex.quote(next(iter(account["data"]["styles"])))
    catalogue, model = shlex.quote(str(folder / "catalogue")), shlex.quote(str(weights))
    sources = shlex.join(account["sources"])
    return [
        f"Compose with it:          genaudio compose --model {model} --style {style}",
        "No screening knows the works it learnt from until they are a catalogue:",
        f"                          genaudio catalogue build {catalogue} {sources}",
        f"                          genaudio make --model {model} --style {style} --catalogue {catalogue}",
    ]
