"""A renderer for the next codec: ``python -m genaudio.renderer.carry RENDERER --codec OLD --to NEW --out FILE``.

A codec that went on learning says nearly the same with other latents. A linear map leads from the ones to the others,
by least squares over clips that both have coded, and goes into the score model's last layer: what is carried plays at
once, and a training for the new codec begins there (``listen_after: 0``) instead of far away.

Shapes: F frames, D latent channels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from genaudio.codec.codec import Codec
from genaudio.errors import GenaudioError, IncompatibleError, tells_errors
from genaudio.renderer.model import ScoreModelConfig
from genaudio.renderer.takes import Takes, TeacherTakes, coded
from genaudio.teacher import TeacherRecipe, teacher_set
from genaudio.weights import load_weights, save_weights


class Translation(NamedTuple):
    """What latents of one codec are in another's: ``matrix @ latents + offset``.

    Attributes:
        matrix: float32 [D new, D old]. offset: float32 [D new].
        mean: of the new latents [D new]. deviation: their standard deviation over all channels.
        explained: share of the new latents' variance.
    """

    matrix: Tensor
    offset: Tensor
    mean: Tensor
    deviation: float
    explained: float


def translate(pairs: Iterable[tuple[Tensor, Tensor]]) -> Translation:
    """Find the map from old latents to new ones by least squares.

    Args:
        pairs: latents of the same sound, each [F, D old] and [F, D new].

    Raises:
        GenaudioError: there are no frames.
    """
    coded_by = [torch.cat(each).double() for each in zip(*pairs, strict=True)]
    if not coded_by:
        raise GenaudioError("there is no sound that both codecs have coded")
    old, new = coded_by
    known = functional.pad(old, (0, 1), value=1.0)
    found = torch.linalg.lstsq(known, new).solution
    missed = (known @ found - new).pow(2).sum() / (new - new.mean(0)).pow(2).sum().clamp_min(1e-12)
    matrix, offset = found[:-1].T.float(), found[-1].float()
    return Translation(matrix, offset, new.mean(0).float(), float(new.std()), 1 - float(missed))


def translated(state: dict[str, Tensor], by: Translation) -> dict[str, Tensor]:
    """Return a score model's tensors with its last layer translated, in the scale of the new latents."""
    scale, offset = state["scale"], state["offset"]
    weight = by.matrix @ (scale[:, None] * state["leave.weight"])
    bias = by.matrix @ (scale * state["leave.bias"] + offset) + by.offset
    return {
        **state,
        "leave.weight": weight / by.deviation,
        "leave.bias": (bias - by.mean) / by.deviation,
        "scale": torch.full_like(by.mean, by.deviation),
        "offset": by.mean,
    }


def carry(renderer: Path, old: Codec, new: Codec, gather: Callable[[], Takes], out: Path) -> Translation:
    """Write the weights of a renderer for another codec.

    Args:
        renderer: its weights, trained for `old`.
        old, new: the codecs.
        gather: makes the sound, with its notes, that both code; called when all else fits.
        out: file for the weights.

    Raises:
        IncompatibleError: the file is no renderer, or one for another codec than `old`; the codecs' frames differ.
        GenaudioError: there is no sound.
    """
    state, stored = load_weights(renderer, "renderer")
    if stored.get("codec") != old.digest:
        raise IncompatibleError(f"the renderer {renderer} was trained for another codec than the one it is to leave")
    if (old.sample_rate, old.model.config.hop) != (new.sample_rate, new.model.config.hop):
        raise IncompatibleError("the codecs' frames are of different lengths, so that one's latents are not another's")
    takes = gather()
    by = translate((coded(takes, take, old), coded(takes, take, new)) for take in range(len(takes)))
    config = replace(ScoreModelConfig.from_json(stored), latent=new.model.config.latent)
    save_weights(out, translated(state, by), {**config.to_json(), "codec": new.digest})
    return by


@tells_errors
def main(arguments: list[str] | None = None) -> int:
    """Carry a renderer over from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m genaudio.renderer.carry", description="A renderer for the next codec."
    )
    parser.add_argument("renderer", type=Path, help="weights of the renderer")
    parser.add_argument("--codec", type=Path, default=None, help="the codec it was trained for (default: the shipped)")
    parser.add_argument("--to", type=Path, required=True, help="the codec that it is to play with")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    parser.add_argument("--data", type=Path, default=Path("outputs/training/data"), help="folder of teacher audio")
    parser.add_argument("--clips", type=int, default=8, help="clips of each family that both codecs code")
    parser.add_argument("--device", default="auto", help="where they code")
    given = parser.parse_args(arguments)
    old, new = (Codec.load(path, device=given.device) for path in (given.codec, given.to))
    recipe = TeacherRecipe(given.clips)
    by = carry(given.renderer, old, new, lambda: TeacherTakes(teacher_set(recipe, given.data)), given.out)
    print(f"{given.out}: {100 * by.explained:.1f} % of the new latents' variance follows from the old ones'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
