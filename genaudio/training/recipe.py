"""Training recipes: YAML files that become a frozen dataclass, with every mistake reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from genaudio.errors import GenaudioError

R = TypeVar("R")


def load_recipe(path: Path | str, kind: type[R]) -> R:
    """Read a recipe file into a dataclass, nested dataclasses included.

    Raises:
        GenaudioError: the file is missing or no mapping; or keys are unknown, missing or of the wrong type (all named).
    """
    try:
        content = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise GenaudioError(f"the recipe {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise GenaudioError(f"the recipe {path} is no YAML: {error}") from error
    mistakes: list[str] = []
    recipe = _build(kind, content, "", mistakes)
    if mistakes:
        raise GenaudioError(f"the recipe {path} has mistakes: " + "; ".join(mistakes))
    return recipe


def _build(kind: type[R], content: Any, where: str, mistakes: list[str]) -> Any:
    """Build one dataclass from a mapping, noting mistakes instead of stopping at the first."""
    if not isinstance(content, dict):
        mistakes.append(f"{where or 'the file'} must be a mapping")
        return None
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    types = get_type_hints(kind)
    mistakes += [f"unknown key {where}{name}; known are {', '.join(known)}" for name in content if name not in known]
    values = {}
    for name, field in known.items():
        if name in content:
            values[name] = _convert(types[name], content[name], f"{where}{name}", mistakes)
        elif field.default is MISSING and field.default_factory is MISSING:
            mistakes.append(f"missing key {where}{name}")
    return None if mistakes else kind(**values)


def _convert(kind: Any, value: Any, where: str, mistakes: list[str]) -> Any:
    """Check one value against its annotation; lists become tuples."""
    if is_dataclass(kind):
        return _build(kind, value, f"{where}.", mistakes)  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            mistakes.append(f"{where} must be a list, not {value!r}")
            return value
        held = get_args(kind)[0]
        return tuple(_convert(held, each, f"{where}.{place}", mistakes) for place, each in enumerate(value))
    if get_origin(kind) is Mapping:
        if not isinstance(value, dict):
            mistakes.append(f"{where} must be a mapping, not {value!r}")
            return value
        held = get_args(kind)[1]
        return {name: _convert(held, each, f"{where}.{name}", mistakes) for name, each in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind in (int, float, str, bool) and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        mistakes.append(f"{where} must be {kind.__name__}, not {value!r}")
    return value
