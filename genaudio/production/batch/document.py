"""YAML with the line that each thing stands on, and all mistakes in one report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from genaudio.errors import GenaudioError

LARGEST = 4 << 20
"""Bytes of the largest plan that is read."""


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake: the line that it stands on, from 1, and what is wrong there."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class PlanError(GenaudioError):
    """A plan that cannot be carried out.

    Attributes:
        path: the plan's file.
        problems: all that is wrong with it, in the order of the lines.
    """

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path, self.problems = path, tuple(sorted(set(problems)))
        number = len(self.problems)
        mistakes = "1 mistake" if number == 1 else f"{number} mistakes"
        super().__init__(f"the plan {path} has {mistakes}: " + "; ".join(map(str, self.problems)))


def shown(value: Any) -> str:
    """Return a value as it is quoted in a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Document:
    """A YAML file as nodes; what is wrong with them is collected.

    Args:
        path: the file.

    Raises:
        GenaudioError: it cannot be read.
        PlanError: it is no YAML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.loader = yaml.SafeLoader("")
        self.root = self._compose()

    def _compose(self) -> yaml.Node | None:
        try:
            if self.path.stat().st_size > LARGEST:
                raise GenaudioError(f"the plan {self.path} is larger than {LARGEST >> 20} MiB; split it")
            text = self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise GenaudioError(f"the plan {self.path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise GenaudioError(f"the plan {self.path} is no text in UTF-8") from error
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise PlanError(self.path, [Problem(line, f"this is no YAML: {error.problem}")]) from error
        except yaml.YAMLError as error:
            raise PlanError(self.path, [Problem(1, f"this is no YAML: {' '.join(str(error).split())}")]) from error
        except RecursionError as error:
            raise PlanError(self.path, [Problem(1, "this is nested too deeply")]) from error

    def complain(self, node: yaml.Node | None, message: str) -> None:
        """Note a mistake at a node; None for the file as a whole."""
        self.problems.append(Problem(1 if node is None else node.start_mark.line + 1, message))

    def finish(self) -> None:
        """Raise all mistakes so far.

        Raises:
            PlanError: there are some.
        """
        if self.problems:
            raise PlanError(self.path, self.problems)

    def mapping(self, node: yaml.Node | None, known: Collection[str], what: str) -> dict[str, yaml.Node]:
        """Return a mapping's nodes by key; unknown and double keys, and what is no mapping, are mistakes."""
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, f"{what} must be a mapping of keys to values")
            return {}
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = str(self.value(key_node))
            if key not in known:
                near = get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; {what} has {', '.join(known)}"
                self.complain(key_node, f"unknown key {key!r}{hint}")
            elif key in found:
                self.complain(key_node, f"the key {key!r} stands here twice")
            else:
                found[key] = value
        return found

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        """Return the nodes of a list, or the node itself as the only one."""
        return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]

    def value(self, node: yaml.Node) -> Any:
        """Return what a node says; None, and a mistake, where it says nothing that can be understood."""
        try:
            return self.loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, TypeError) as error:
            self.complain(node, f"this cannot be understood: {getattr(error, 'problem', None) or error}")
            return None

    def text(self, node: yaml.Node, what: str) -> str | None:
        """Return a text that is not empty; None, and a mistake, for anything else."""
        value = self.value(node)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value.strip()
        self.complain(node, f"{what} must be a text on one line, not {shown(value)}")
        return None

    def whole(self, node: yaml.Node, what: str, least: int, most: int) -> int | None:
        """Return a whole number within limits; None, and a mistake, for anything else."""
        value = self.value(node)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.complain(node, f"{what} must be a whole number from {least} to {most}, not {shown(value)}")
        return None
