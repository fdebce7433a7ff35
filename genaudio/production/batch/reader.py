"""Reads a plan from YAML and checks it as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from genaudio.errors import GenaudioError
from genaudio.instruments import family_named
from genaudio.melody.wish import Wish
from genaudio.production.batch.choice import Cards, Choice, Range
from genaudio.production.batch.document import Document, shown
from genaudio.production.batch.manner import KEYS, Manner, read_codes, read_manner
from genaudio.production.batch.orders import check_codes, check_orders
from genaudio.production.batch.plan import NAMING, WISHES, Group, Plan
from genaudio.production.batch.together import read_rendering
from genaudio.production.folder import file_name
from genaudio.production.provenance import Credits
from genaudio.production.signing import Signing
from genaudio.score import ScoreError

MOST_TRACKS = 100_000
"""Tracks of the largest plan."""
LARGEST_SEED = 2**63 - 1
ALIASES = {"meter": "metre"}
_GROUP = ("name", "count", "instrument", *KEYS, *WISHES, *ALIASES)
_PLAN = ("name", "seed", "groups", *KEYS, "catalogues", "naming", "artist", "licence", "sign", "rendering")
_RANGE = ("from", "to", "step")


def read_plan(path: Path | str, seed: int | None = None) -> Plan:
    """Read a plan and check all of it that can be checked before anything is composed.

    Args:
        path: the YAML file.
        seed: instead of the plan's own.

    Raises:
        GenaudioError: the file cannot be read.
        PlanError: there are mistakes in it; all of them are told, each with its line.
    """
    document = Document(Path(path))
    plan = _Reader(document).plan(seed)
    document.finish()
    check_orders(plan, document)
    check_codes(plan, document)
    document.finish()
    return plan


class _Reader:
    """Turns nodes into a plan; mistakes are noted in the document, and something harmless takes their place."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def plan(self, seed: int | None) -> Plan:
        document = self.document
        if document.root is None:
            document.complain(None, "the plan is empty; it needs groups, each with a count")
            return Plan("", 0, ())
        nodes = document.mapping(document.root, _PLAN, "a plan")
        name = document.text(nodes["name"], "the name") if "name" in nodes else document.path.stem
        own = document.whole(nodes["seed"], "the seed", 0, LARGEST_SEED) if "seed" in nodes else 0
        manner, codes = read_manner(document, nodes, Manner()), read_codes(document, nodes.get("isrc"))
        if len(codes) > 1:
            document.complain(nodes["isrc"], "a plan has one ISRC, from which the others follow; lists are for groups")
        naming = document.text(nodes["naming"], "the naming template") if "naming" in nodes else NAMING
        return Plan(
            name=name or "",
            seed=seed if seed is not None else own or 0,
            groups=self._groups(nodes.get("groups"), manner),
            catalogues=self._catalogues(nodes.get("catalogues")),
            naming=naming or NAMING,
            credits=self._credits(nodes),
            path=document.path,
            naming_line=(nodes.get("naming") or document.root).start_mark.line + 1,
            isrc=codes[0] if codes else None,
            signing=self._signing(nodes.get("sign")),
            rendering=read_rendering(document, nodes.get("rendering")),
        )

    def _credits(self, nodes: Mapping[str, yaml.Node]) -> Credits:
        found = {key: self.document.text(nodes[key], f"the {key}") for key in ("artist", "licence") if nodes.get(key)}
        return Credits(found.get("artist") or Credits().artist, found.get("licence"))

    def _signing(self, node: yaml.Node | None) -> Signing | None:
        if node is None:
            return None
        nodes = self.document.mapping(node, ("certificate", "key"), "sign")
        texts = {name: self.document.text(item, f"the {name}") for name, item in nodes.items()}
        paths = {name: Path(text) for name, text in texts.items() if text}
        try:
            return Signing.checked(paths.get("certificate"), paths.get("key"))
        except GenaudioError as error:
            self.document.complain(node, str(error))
            return None

    def _catalogues(self, node: yaml.Node | None) -> tuple[Path, ...]:
        found = []
        for item in [] if node is None else self.document.items(node):
            text = self.document.text(item, "a catalogue")
            if text and not (Path(text) / "manifest.json").is_file():
                self.document.complain(item, f"no catalogue at {text}; build one there first, or correct the path")
            elif text:
                found.append(Path(text))
        return tuple(found)

    def _groups(self, node: yaml.Node | None, usual: Manner) -> tuple[Group, ...]:
        document = self.document
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            document.complain(node or document.root, "a plan needs groups: a list, each with a count")
            return ()
        groups: list[Group] = []
        for number, item in enumerate(node.value, start=1):
            group = self._group(item, number, usual)
            if any(file_name(group.name) == file_name(other.name) for other in groups):
                document.complain(item, f"two groups are called {group.name!r}; give them different names")
            groups.append(group)
        total = sum(group.count for group in groups)
        if total > MOST_TRACKS:
            document.complain(node, f"the plan has {total} tracks; at most {MOST_TRACKS} can be made: split it")
        return tuple(groups)

    def _group(self, node: yaml.Node, number: int, usual: Manner) -> Group:
        document = self.document
        nodes = document.mapping(node, _GROUP, "a group")
        name = document.text(nodes["name"], "the group's name") if "name" in nodes else None
        count = None
        if "count" in nodes:
            count = document.whole(nodes["count"], "the number of tracks", 1, MOST_TRACKS)
        elif nodes:
            document.complain(node, "the group has no count of tracks")
        wishes = {}
        for key, value in nodes.items():
            wish = ALIASES.get(key, key)
            if wish in WISHES:
                if wish in wishes:
                    document.complain(value, f"{wish} is wished twice")
                wishes[wish] = self._choice(value, wish)
        instrument = (
            self._choice(nodes["instrument"], "instrument") if "instrument" in nodes else Cards(("violin",), (1,))
        )
        manner = read_manner(document, nodes, usual)
        return Group(
            name=name or f"group-{number}",
            count=count or 1,
            wishes=wishes,
            instrument=instrument,
            formats=manner.written,
            attempts=manner.attempts,
            line=node.start_mark.line + 1,
            isrc=read_codes(document, nodes.get("isrc")),
            loudness=manner.loudness,
            keeps=manner.keeps,
        )

    def _choice(self, node: yaml.Node, wish: str) -> Choice:
        """Read one value, a list, a mapping of weights, or a range, and check every value."""
        if isinstance(node, yaml.MappingNode):
            keys = {str(key.value) for key, _ in node.value}
            return self._range(node, wish) if keys & {"from", "to"} else self._weighted(node, wish)
        items = self.document.items(node)
        if not items:
            self.document.complain(node, f"the list of {wish} is empty")
        values = [self.document.value(item) for item in items]
        for item, value in zip(items, values, strict=True):
            self._check(item, wish, value)
        return Cards.evenly(values or [None])

    def _weighted(self, node: yaml.MappingNode, wish: str) -> Choice:
        faces, weights = [], []
        for key, item in node.value:
            face, weight = self.document.value(key), self.document.value(item)
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not (isfinite(weight) and weight > 0):
                self.document.complain(
                    item, f"the weight of {wish} {face} must be a number above 0, not {shown(weight)}"
                )
                weight = 1
            self._check(key, wish, face)
            faces.append(face)
            weights.append(weight)
        if not faces:
            self.document.complain(node, f"there is no {wish} to choose from")
        return Cards(tuple(faces or [None]), tuple(weights or [1]))

    def _range(self, node: yaml.MappingNode, wish: str) -> Choice:
        nodes = self.document.mapping(node, _RANGE, "a range")
        values = {key: self.document.value(item) for key, item in nodes.items()}
        for key, value in values.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                self.document.complain(nodes[key], f"{key} of a range must be a number, not {shown(value)}")
                return Cards((None,), (1,))
        if "from" not in values or "to" not in values:
            self.document.complain(node, "a range needs both ends, such as {from: 90, to: 120}")
            return Cards((None,), (1,))
        if values["from"] > values["to"] or values.get("step", 1) <= 0:
            self.document.complain(node, f"a range must go upwards in steps above 0, not {values}")
            return Cards((None,), (1,))
        for key in ("from", "to"):
            self._check(nodes[key], wish, values[key])
        return Range(values["from"], values["to"], values.get("step"))

    def _check(self, node: yaml.Node, wish: str, value: Any) -> None:
        """Refuse a value that no melody or instrument can have."""
        try:
            if wish == "instrument":
                family_named(value)
            else:
                Wish(**{wish: value})
        except (GenaudioError, ScoreError) as error:
            self.document.complain(node, str(error).removeprefix("this melody cannot be written: "))
        except (TypeError, ValueError, AttributeError):
            self.document.complain(node, f"{wish} cannot be {shown(value)}")
