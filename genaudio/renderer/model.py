"""The score model: notes -> the codec's latents, all frames at once.

The codes carry no phase, so a score determines them nearly; one pass of convolutions over frames predicts the latents,
and the codec's quantizer turns them into codes, level by level.

Shapes: B items, F frames, D latent channels, K levels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from genaudio.codec.blocks import ConvNeXtBlock, reach
from genaudio.instruments import BY_NAME, FAMILIES, Family
from genaudio.renderer.features import WIDTH
from genaudio.renderer.memory import KeyMemory

RECALL = 10.0
"""By how much what is known by heart is multiplied: a row that is seldom seen moves so much further in a step."""


@dataclass(frozen=True)
class ScoreModelConfig:
    """Sizes of a score model.

    Attributes:
        width: channels.
        dilations: frames between the taps of each block's convolution; as many blocks as numbers.
        kernel: taps of each convolution.
        latent: D, channels of the codec's latents.
        memory: channels of what it knows by heart of each key (see `KeyMemory`); 0 for none.
        families: names of the families that the model knows, in the order of their numbers.
    """

    width: int = 256
    dilations: tuple[int, ...] = (1, 1, 2, 2, 4, 4, 8, 1)
    kernel: int = 9
    latent: int = 32
    memory: int = 0
    families: tuple[str, ...] = tuple(family.name for family in FAMILIES)

    def to_json(self) -> dict[str, Any]:
        """Return the sizes as they are stored with the weights."""
        lists = {"dilations": list(self.dilations), "families": list(self.families)}
        return {"kind": "renderer", **asdict(self), **lists}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ScoreModelConfig:
        """Read sizes as `to_json` writes them; what else is stored there is left alone."""
        sizes = {name: stored[name] for name in ("width", "kernel", "latent")}
        sizes["memory"] = stored.get("memory", 0)  # older weights have none
        return cls(dilations=tuple(stored["dilations"]), families=tuple(stored["families"]), **sizes)

    def number_of(self, family: Family) -> int | None:
        """Return the number of a family, or of what stands in for it; None where the model knows neither."""
        for name in (family.name, family.like):
            if name in self.families:
                return self.families.index(name)
        return None

    def knows(self, family: Family) -> bool:
        """Whether a family, or what stands in for it, can be played."""
        return self.number_of(family) is not None


class ScoreModel(nn.Module):
    """Features of the notes and the family's number -> latents."""

    def __init__(self, config: ScoreModelConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = nn.Linear(WIDTH, config.width)
        self.family = nn.Embedding(len(config.families), config.width)
        if config.memory:
            self.memory = KeyMemory(config.families, config.memory)
            self.recall = nn.Linear(config.memory, config.width, bias=False)
        self.blocks = nn.Sequential(
            *[ConvNeXtBlock(config.width, config.kernel, dilation, 0.15) for dilation in config.dilations]
        )
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, config.latent)
        self.register_buffer("scale", torch.ones(config.latent))
        self.register_buffer("offset", torch.zeros(config.latent))

    scale: Tensor
    offset: Tensor

    @property
    def reach(self) -> int:
        """Frames to either side that one frame of the latents depends on."""
        return reach(self.blocks)

    def forward(self, features: Tensor, family: Tensor) -> Tensor:
        """Map features [B, F, 512] and family numbers [B] to latents [B, D, F]."""
        return self.finish(self.blocks(self.begin(features, family)))

    def begin(self, features: Tensor, family: Tensor) -> Tensor:
        """Map features [B, F, 512] and family numbers [B] to what the blocks take [B, width, F]."""
        begun = self.enter(features) + self.family(family)[:, None]
        if self.config.memory:
            begun = begun + self.recall(RECALL * self.memory(features, family))
        return begun.transpose(1, 2)

    def finish(self, hidden: Tensor) -> Tensor:
        """Map what the blocks give [B, width, F] to latents [B, D, F]."""
        hidden = self.leave(self.norm(hidden.transpose(1, 2)))
        return (hidden * self.scale + self.offset).transpose(1, 2)

    def begin_with(self, state: dict[str, Tensor], families: tuple[str, ...]) -> None:
        """Take over the weights of a model that knows other families: new ones begin as what they are like.

        What is known by heart of a family goes with its name; where the other model has no memory this one begins with
        an empty one.

        Args:
            state: the other model's weights, of the same sizes otherwise.
            families: names of the families that it knows.

        Raises:
            RuntimeError: other sizes.
        """
        rows, known = state["family.weight"], dict(zip(families, state["family.weight"], strict=True))
        begun = [known.get(name, known.get(BY_NAME[name].like, rows.mean(0))) for name in self.config.families]
        state = {**state, "family.weight": torch.stack(begun)}
        if self.config.memory:
            state = {"recall.weight": self.recall.weight, **state, "memory.table": self._table_of(state, families)}
        self.load_state_dict(state)

    def _table_of(self, state: dict[str, Tensor], families: tuple[str, ...]) -> Tensor:
        """The memory's table with what another model has there of families that both know."""
        table, other = torch.zeros_like(self.memory.table), state.get("memory.table")
        if other is not None:
            held = KeyMemory(families, other.shape[1])
            for name in set(families) & set(self.config.families):
                theirs = held.rows_of(families.index(name))
                table[self.memory.rows_of(self.config.families.index(name))] = other[theirs]
        return table
