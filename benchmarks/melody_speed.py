"""How fast melodies are written: tunes and events a second for batches of 1, 16 and 64, beside two peers.

``python benchmarks/melody_speed.py --threads 1 --rounds 3``, or ``--device cuda`` on a GPU. The peers run in turns with
ours in the same process:

- a plain loop over the same weights: one tune at a time, no cache, a pass over all events so far for every new one;
- Hugging Face transformers' `generate` with a Llama of the same width, layers, heads and feed-forward width and random
  weights, sampling on. A decoder that writes tokens needs two for an event, its rhythm and its pitch; it writes as many
  as our tunes have on average, in every row of the batch the same number, with nothing else to do but to sample. Of
  several settings (attention, cache, precision) the fastest at each batch size is taken.

Ours also writes in bfloat16. Both are compared with the peer's fastest setting, whichever its
precision, and with the fastest of those in single precision.

Times are seconds of this process on the processor, which on a quiet machine with one thread are those of the clock;
both are saved, after every round.

On a GPU the clock counts, ours also writes with its steps recorded as CUDA graphs, and two more things are told: what a
step takes with nothing to do but the network (the floor), and how many of 64 tunes are the same in another run, with
graphs, and on the processor.
"""

from __future__ import annotations

import argparse
import copy
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch
from common import save

from genaudio.melody import Composer, Wish
from genaudio.melody.draft import Draft, choose
from genaudio.melody.events import Event
from genaudio.melody.features import COLUMNS, PLACE_COLUMNS, History
from genaudio.melody.grammar import Grammar
from genaudio.melody.sampling import Sampler
from genaudio.melody.transformer import MelodyTransformer
from genaudio.score import Melody

BATCHES = (1, 16, 64)
WISH = Wish("reel", "D", "major", "2/2", 16)
Setting = tuple[str, str, str | None]
SETTINGS: dict[int, tuple[Setting, ...]] = {
    1: (
        ("float32", "sdpa", None),
        ("float32", "sdpa", "static"),
        ("float32", "eager", None),
        ("bfloat16", "sdpa", None),
    ),
    16: (
        ("float32", "sdpa", None),
        ("float32", "sdpa", "static"),
        ("bfloat16", "sdpa", None),
        ("bfloat16", "sdpa", "static"),
    ),
    64: (
        ("float32", "sdpa", "static"),
        ("float32", "eager", "static"),
        ("bfloat16", "sdpa", None),
        ("bfloat16", "sdpa", "static"),
    ),
}
"""Precision, attention and cache of the peer; others were slower when all were tried once, on a processor with AMX."""
ON_GPU = (64,)
GPU_SETTINGS: tuple[Setting, ...] = tuple(
    (precision, "sdpa", cache) for precision in ("float32", "bfloat16") for cache in (None, "static")
)
COMPILED = "compiled"
"""Stands for the static cache with the network compiled, as `generate` does by itself on a GPU."""
STEPS = 100
"""Steps of the network alone that are timed."""


@dataclass
class Racer:
    """Something that writes tunes.

    Attributes:
        name: what it is called in the results.
        tunes: how many it writes in a run.
        run: writes them.
        cpu, wall: seconds of each run so far, of the processor and of the clock.
    """

    name: str
    tunes: int
    run: Callable[[], object]
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def go(self) -> None:
        """Run once more."""
        cpu, wall = time.process_time(), time.perf_counter()
        self.run()
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)

    def result(self, events: float, by_the_clock: bool) -> dict[str, Any]:
        """Return tunes and events a second, the median of all runs, and the runs."""
        cpu, wall = median(self.cpu), median(self.wall)
        counted = wall if by_the_clock else cpu
        return {
            "tunes_per_second": round(self.tunes / counted, 3),
            "events_per_second": round(self.tunes * events / counted, 1),
            "tunes_per_second_by_the_clock": round(self.tunes / wall, 3),
            "cpu_seconds": [round(spent, 3) for spent in self.cpu],
            "seconds": [round(spent, 3) for spent in self.wall],
        }


def new_draft(composer: Composer, number: int) -> Draft:
    """Lay out tune number n."""
    return composer._order(WISH, 0, number, None).drafts[0]


@torch.inference_mode()
def plain_loop(model: MelodyTransformer, grammar: Grammar, draft: Draft) -> None:
    """Write a tune without a cache: all events so far pass through the network for each new one."""
    device = model.norm.weight.device
    history = History(model.vocabulary, draft.frame, draft.tonic)
    pitches, rows = grammar.pitches(draft.tonic, draft.plan.lowest, draft.plan.highest), []
    while not history.done:
        rows.append(history.features())
        features = torch.tensor([rows], device=device)
        hidden = model(features, torch.tensor([draft.conditions], device=device))[:, -1:]
        scores = model.rhythm_logits(hidden, features[:, -1:])[0, 0].double().cpu().numpy()
        mask = grammar.mask(grammar.row(draft.frame, history.tick, history.sounding))
        rhythm = choose(scores, mask, draft.taste, draft.generator.random())
        arrival = torch.tensor([[history.arrival(rhythm)]], device=device)
        pitch_scores = model.pitch_logits(hidden, features[:, -1:], torch.tensor([[rhythm]], device=device), arrival)
        number = choose(pitch_scores[0, 0].double().cpu().numpy(), pitches, draft.taste, draft.generator.random())
        kind, duration = model.vocabulary.rhythms[rhythm]
        draft.events.append(Event(kind, duration, model.vocabulary.midi_pitch(number, draft.tonic)))
        history.push(rhythm, number if grammar.is_note[rhythm] else None)


class Peer:
    """transformers' `generate` with a Llama of the same size.

    Args:
        model: whose size is taken.
        tokens: how many each row writes.
    """

    def __init__(self, model: MelodyTransformer, tokens: int) -> None:
        from transformers import LlamaConfig, LlamaForCausalLM
        from transformers.utils import logging

        logging.set_verbosity_error()
        shape, vocabulary = model.shape, model.vocabulary
        config = LlamaConfig(
            vocab_size=vocabulary.rhythm_count + vocabulary.pitch_count + 2,
            hidden_size=shape.width,
            intermediate_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            max_position_embeddings=2 * tokens,
            bos_token_id=0,
            eos_token_id=None,
            pad_token_id=0,
        )
        torch.manual_seed(0)
        self.device = model.norm.weight.device
        plain = LlamaForCausalLM(config).eval().to(self.device)
        self.models = {"float32": plain, "bfloat16": copy.deepcopy(plain).to(torch.bfloat16)}
        self.parameters, self.tokens = sum(p.numel() for p in plain.parameters()), tokens

    def generate(self, batch: int, setting: Setting, tokens: int | None = None) -> None:
        """Write `batch` rows of tokens."""
        precision, attention, cache = setting
        model, tokens = self.models[precision], tokens or self.tokens
        model.set_attn_implementation(attention)
        options: dict[str, Any] = {"max_new_tokens": tokens, "min_new_tokens": tokens, "do_sample": True, "top_k": 0}
        if cache is not None:
            options |= {"cache_implementation": "static", "disable_compile": cache != COMPILED}
        start = torch.zeros(batch, 1, dtype=torch.long, device=self.device)
        written = model.generate(start, attention_mask=torch.ones_like(start), **options).cpu()
        assert written.shape == (batch, tokens + 1)


def name_of(setting: Setting) -> str:
    """Return a setting in words."""
    precision, attention, cache = setting
    return f"{precision}, {attention}, {cache or 'growing'} cache"


def racers_of(
    composer: Composer, peer: Peer, entries: dict[int, tuple[Setting, ...]], rounding: Composer | None = None
) -> list[Racer]:
    """Return all that race, in turns, with a composer in bfloat16 where there is one."""
    racers = []
    for batch, settings in entries.items():
        racers.append(Racer(f"ours_{batch}", batch, partial(composer.compose, WISH, 0, batch)))
        if rounding is not None:
            racers.append(Racer(f"rounding_{batch}", batch, partial(rounding.compose, WISH, 0, batch)))
        for setting in settings:
            peer.generate(batch, setting, 4)
            racers.append(Racer(f"peer_{batch}, {name_of(setting)}", batch, partial(peer.generate, batch, setting)))
    loop = lambda: plain_loop(composer.model, composer.grammar, new_draft(composer, 0))  # noqa: E731
    return [*racers, Racer("plain_loop", 1, loop)]


def summary(racers: list[Racer], events: float, by_the_clock: bool = False) -> dict[str, Any]:
    """Return all rates, the peer's best settings at each batch size, and how many times as fast ours is."""
    rates = {racer.name: racer.result(events, by_the_clock) for racer in racers}
    speed = {name: rate["tunes_per_second"] for name, rate in rates.items()}
    sizes = [int(name.removeprefix("ours_")) for name in speed if name.startswith("ours_")]
    found: dict[str, Any] = {"rates": rates}
    for key, kind in (("peer_best", ""), ("peer_best_float32", "float32,")):
        names = {n: [name for name in speed if name.startswith(f"peer_{n}, {kind}")] for n in sizes}
        found[key] = {str(n): max(some, key=speed.__getitem__) for n, some in names.items()}
    for own, key in (("ours", "ratio_to_peer"), ("rounding", "rounding_ratio_to_peer")):
        if f"{own}_{sizes[0]}" in speed:
            for kind in ("", "_float32"):
                best = found[f"peer_best{kind}"]
                found[key + kind] = {str(n): round(speed[f"{own}_{n}"] / speed[best[str(n)]], 2) for n in sizes}
    return found | {
        "ratio_to_plain_loop": {str(n): round(speed[f"ours_{n}"] / speed["plain_loop"], 2) for n in sizes},
    }


@torch.inference_mode()
def network_alone(composer: Composer, lines: int) -> float:
    """Seconds that the network takes for one event of so many tunes, with nothing chosen: the median of `STEPS`."""
    decoder, chance, spent = composer.sampler.decoder, np.random.default_rng(0), []
    features = chance.integers(0, 2, (lines, len(COLUMNS)))
    memory = decoder.start(chance.integers(0, 2, (lines, decoder.wishes)), lines)
    for _ in range(STEPS):
        begun = time.perf_counter()
        hidden = decoder.advance(memory, features[:, None])
        decoder.rhythm_scores(hidden, features).cpu()
        decoder.pitch_scores(hidden, features, features[:, 0], features[:, : len(PLACE_COLUMNS)]).cpu()
        spent.append(time.perf_counter() - begun)
    return round(median(spent), 6)


def on_gpu(composer: Composer, peer: Peer, events: float, rounds: int, tell: Callable[[dict[str, Any]], None]) -> None:
    """Race on a GPU, ours with and without graphs; the peer's compiled setting, which takes long to begin, at last."""
    plain, graphs = composer.sampler, Sampler(composer.model, composer.grammar, graphs=True)

    def written(sampler: Sampler, count: int) -> list[Melody]:
        composer.sampler = sampler
        return composer.compose(WISH, 0, count)

    most = max(ON_GPU)
    first = written(plain, most)
    others = {
        "another run": written(plain, most),
        "graphs": written(graphs, most),
        "graphs, another run": written(graphs, most),
        "processor": Composer.load(device="cpu").compose(WISH, 0, most),
    }
    account: dict[str, Any] = {
        "same_tunes": {name: sum(a == b for a, b in zip(first, tunes, strict=True)) for name, tunes in others.items()},
        "network_step": {},
    }
    for name, sampler in (("plain", plain), ("graphs", graphs)):
        composer.sampler = sampler
        account["network_step"][name] = network_alone(composer, most)
    composer.sampler = plain
    racers = racers_of(composer, peer, dict.fromkeys(ON_GPU, GPU_SETTINGS))
    for batch in ON_GPU:
        own = next(racer for racer in racers if racer.name == f"ours_{batch}")
        own.run = partial(written, graphs, batch)
        racers.append(Racer(f"without_graphs_{batch}", batch, partial(written, plain, batch)))
    for _ in range(rounds):
        for racer in racers:
            racer.go()
        tell(account | summary(racers, events, True))
    setting: Setting = ("float32", "sdpa", COMPILED)
    compiled = Racer(f"peer_{most}, {name_of(setting)}", most, partial(peer.generate, most, setting))
    compiled.run()
    for _ in range(rounds):
        compiled.go()
    tell(account | summary([*racers, compiled], events, True))


def main() -> None:
    """Race and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--as-on-gpu", action="store_true", help="run what is run on a GPU, to try it without one")
    parser.add_argument("--name", help="of the file of results; melody_speed, on a GPU melody_speed_gpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    load = os.getloadavg()[0]
    composer = Composer.load(device=arguments.device)
    gpu = composer.model.norm.weight.device.type != "cpu" or arguments.as_on_gpu
    drafts = [new_draft(composer, number) for number in range(max(BATCHES))]
    composer.sampler.write(drafts)  # also finds how lines are batched, once in a process
    events = float(np.mean([len(draft.events) for draft in drafts]))
    peer = Peer(composer.model, 2 * round(events))

    def tell(found: dict[str, Any]) -> None:
        account = {
            "device": arguments.device,
            "threads": arguments.threads,
            "load_before": round(load, 2),
            "load_after": round(os.getloadavg()[0], 2),
            "bars": WISH.bars,
            "events_per_tune": round(events, 1),
            "tokens_per_tune": peer.tokens,
            "parameters": {"ours": sum(p.numel() for p in composer.model.parameters()), "peer": peer.parameters},
        }
        save(arguments.name or ("melody_speed_gpu" if gpu else "melody_speed"), account | found)

    if gpu:
        on_gpu(composer, peer, events, arguments.rounds, tell)
        return
    rounding = Composer.load(device="cpu", precision="bfloat16")
    rounding.compose(WISH, 0, max(BATCHES))
    racers = racers_of(composer, peer, SETTINGS, rounding)
    for _ in range(arguments.rounds):
        for racer in racers:
            racer.go()
        tell(summary(racers, events))


if __name__ == "__main__":
    main()
