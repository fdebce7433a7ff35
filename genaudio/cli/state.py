"""What the global options say, for every command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import typer
import yaml
from typer.core import TyperGroup

from genaudio.cli.output import Output
from genaudio.errors import GenaudioError


@dataclass(frozen=True)
class State:
    """The global options of one run.

    Attributes:
        output: where results go.
        seed: ``--seed``, None where it was not given.
        device: ``--device``.
        config: ``--config``, None where it was not given.
        verbose: ``--verbose``.
    """

    output: Output
    seed: int | None
    device: str
    config: Path | None
    verbose: bool


def state_of(ctx: typer.Context) -> State:
    """Return the global options of the running command, and from here on keep stdout for its result."""
    root = ctx.find_root()
    state = cast(State, root.obj)
    root.with_resource(state.output.keep_stdout())
    return state


def use_config(ctx: typer.Context, path: Path, command: str) -> None:
    """Take a YAML file's keys as defaults of the command's options; options on the command line win.

    Raises:
        GenaudioError: the file is missing, is no mapping, or has keys that are no options of the command.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise GenaudioError(f"the settings {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GenaudioError(f"the settings {path} are no YAML: {error}") from error
    if not isinstance(content, dict):
        raise GenaudioError(f"the settings {path} must be a mapping of options to values, such as 'style: reel'")
    root = cast(TyperGroup, ctx.command)
    chosen = root.get_command(ctx, command)
    leaves = dict(chosen.commands) if isinstance(chosen, TyperGroup) else {command: chosen}
    known = {spelling: name for leaf in leaves.values() if leaf is not None for spelling, name in _options(leaf)}
    values = {str(key).replace("_", "-"): value for key, value in content.items()}
    if unknown := sorted(set(values) - set(known)):
        message = f"the settings {path} have unknown keys {', '.join(unknown)}"
        raise GenaudioError(f"{message}; genaudio {command} knows {', '.join(sorted(known))}")
    defaults = {known[spelling]: value for spelling, value in values.items()}
    nested: dict[str, Any] = dict.fromkeys(leaves, defaults)
    ctx.default_map = {command: nested} if isinstance(chosen, TyperGroup) else nested


def _options(command: Any) -> Iterator[tuple[str, str]]:
    """Yield (long name, parameter) of a command's options: ``("format", "audio_format")`` for ``--format``."""
    for param in command.params:
        if param.param_type_name == "option" and param.name != "help":
            for option in param.opts:
                if option.startswith("--"):
                    yield option[2:], param.name
