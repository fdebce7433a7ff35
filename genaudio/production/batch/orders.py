"""From a plan to its tracks: each with its wish, seed and name, whatever the count of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter
from typing import Any
from zlib import crc32

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.melody.wish import Wish
from genaudio.production.batch.document import Document, Problem
from genaudio.production.batch.plan import WISHES, Group, Plan
from genaudio.production.folder import file_name
from genaudio.production.isrc import Isrc
from genaudio.score import ScoreError

FIELDS = ("plan", "group", "index", "number", "seed", "instrument", *WISHES)
"""What a naming template may name."""
SHOWN = 3
"""Mistakes of one kind that are told of a group."""


@dataclass(frozen=True)
class Order:
    """One track that is to be made.

    Attributes:
        number: its place in the plan, from 0.
        group: name of its group.
        index: its place in the group, from 1.
        name: of its folder.
        seed: of the melody's first attempt and of the rendering.
        wish: what is wished of the melody.
        instrument: what plays it.
        formats: audio formats, the master among them; none where only the notes are wanted.
        attempts: most melodies that are composed until one is clear.
        loudness: of the master in LUFS; None for what is usual.
        isrc: the recording's code; None where it has none.
        keeps: whether it is made where no melody is clear.
    """

    number: int
    group: str
    index: int
    name: str
    seed: int
    wish: Wish
    instrument: str
    formats: tuple[str, ...]
    attempts: int
    loudness: float | None = None
    isrc: str | None = None
    keeps: bool = True


def orders_of(plan: Plan) -> list[Order]:
    """Return the tracks of a plan that was read with `read_plan`, in their order."""
    return list(_orders(plan))


def _orders(plan: Plan) -> Iterator[Order]:
    number = 0
    for group in plan.groups:
        for index in range(group.count):
            values, instrument = drawn(plan, group, index)
            seed = track_seed(plan.seed, group.name, index)
            name = folder_name(plan, group, index, number, values, instrument)
            code = isrc_of(plan, group, index, number)
            yield Order(
                number, group.name, index + 1, name, seed, Wish(**values), instrument, group.formats, group.attempts,
                group.loudness, None if code is None else str(code), group.keeps,
            )  # fmt: skip
            number += 1


def drawn(plan: Plan, group: Group, index: int) -> tuple[dict[str, Any], str]:
    """Return the values of the wishes of a track, and its instrument."""

    def seed(what: str) -> tuple[int, ...]:
        return plan.seed, crc32(group.name.encode()), crc32(what.encode())

    values = {wish: choice.draw(seed(wish), index) for wish, choice in group.wishes.items()}
    return values, group.instrument.draw(seed("instrument"), index).strip().lower()


def isrc_of(plan: Plan, group: Group, index: int, number: int) -> Isrc | None:
    """Return the code of a track: from the group's list, or that many places after the group's or the plan's first.

    Raises:
        GenaudioError: there are not enough.
    """
    if len(group.isrc) > 1:
        return group.isrc[index]
    first, place = (group.isrc[0], index) if group.isrc else (plan.isrc, number)
    return None if first is None else first.after(place)


def track_seed(seed: int, group: str, index: int) -> int:
    """Return the seed of a track: a number of 53 bits, which every reader of JSON keeps."""
    state = np.random.SeedSequence([seed, crc32(group.encode()), index]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(11))


def folder_name(plan: Plan, group: Group, index: int, number: int, values: dict[str, Any], instrument: str) -> str:
    """Fill in the naming template and make a plain name for files of it; what is not wished for is ``any``.

    Raises:
        ValueError, LookupError: the template cannot be filled in.
    """
    wishes = {wish: values.get(wish) for wish in WISHES}
    filled = plan.naming.format(
        plan=plan.name,
        group=group.name,
        index=index + 1,
        number=number + 1,
        seed=track_seed(plan.seed, group.name, index),
        instrument=instrument,
        **{wish: "any" if value is None else value for wish, value in wishes.items()},
    )
    return file_name(filled)


def check_orders(plan: Plan, document: Document) -> None:
    """Note what is wrong with the tracks although every value by itself is right: wishes that contradict each other,
    and a template that calls two tracks the same."""
    if not _template_fits(plan, document):
        return
    names: dict[str, str] = {}
    double = 0
    number = 0
    for group in plan.groups:
        failed: set[str] = set()
        for index in range(group.count):
            values, instrument = drawn(plan, group, index)
            try:
                Wish(**values)
                name = folder_name(plan, group, index, number, values, instrument)
            except (GenaudioError, ScoreError, ValueError, LookupError, TypeError) as error:
                message = str(error).removeprefix("this melody cannot be written: ")
                if message not in failed and len(failed) < SHOWN:
                    document.problems.append(Problem(group.line, f"track {index + 1} of {group.name}: {message}"))
                failed.add(message)
                continue
            finally:
                number += 1
            track = f"track {index + 1} of {group.name}"
            if name in names and double < SHOWN:
                double += 1
                message = (
                    f"the naming template {plan.naming!r} calls {names[name]} and {track} both {name!r}; add {{number}}"
                )
                document.problems.append(Problem(plan.naming_line, message))
            names.setdefault(name, track)


def check_codes(plan: Plan, document: Document) -> None:
    """Note where there are not enough ISRCs, or two tracks have the same."""
    known: dict[str, str] = {}
    number = 0
    for group in plan.groups:
        if len(group.isrc) > 1 and len(group.isrc) != group.count:
            message = (
                f"{group.name} has {group.count} tracks and {len(group.isrc)} ISRCs; give one for each, or the first"
            )
            document.problems.append(Problem(group.line, message))
            number += group.count
            continue
        for index in range(group.count):
            track = f"track {index + 1} of {group.name}"
            try:
                code = isrc_of(plan, group, index, number + index)
            except GenaudioError as error:
                document.problems.append(Problem(group.line, f"{track}: {error}"))
                break
            if code is not None and (other := known.setdefault(code.plain, track)) != track:
                document.problems.append(Problem(group.line, f"{other} and {track} both get the ISRC {code}"))
                break
        number += group.count


def _template_fits(plan: Plan, document: Document) -> bool:
    """Look whether a template names only what there is."""
    try:
        wanted = [field for _, field, _, _ in Formatter().parse(plan.naming) if field is not None]
    except ValueError as error:
        document.problems.append(Problem(plan.naming_line, f"the naming template {plan.naming!r}: {error}"))
        return False
    unknown = sorted({field or "{}" for field in wanted} - set(FIELDS))
    for field in unknown:
        message = f"the naming template has {field!r}; it may name {', '.join(FIELDS)}"
        document.problems.append(Problem(plan.naming_line, message))
    return not unknown
