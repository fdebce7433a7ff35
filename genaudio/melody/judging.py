"""How likely the model finds what follows bars that were written anew, in one pass over each draft by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from genaudio.melody.draft import Draft
from genaudio.melody.events import Event
from genaudio.melody.features import History, trace
from genaudio.melody.mixing import mixed, prefixes
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary

Symbols = list[tuple[int, int | None]]


def symbols(vocabulary: Vocabulary, events: Sequence[Event], tonic: int) -> Symbols:
    """Return events as rhythm symbols and pitch numbers."""
    return [
        (vocabulary.rhythm_index[kind, duration], None if pitch is None else vocabulary.pitch_number(pitch, tonic))
        for kind, duration, pitch in events
    ]


def judge(model: MelodyTransformer, draft: Draft) -> None:
    """Add the given events that follow what was written to a draft, and how likely they are.

    Args:
        model: the network, in evaluation mode.
        draft: written up to where it is judged from.
    """
    tick = sum(event.duration for event in draft.events)
    while tick < draft.frame.end:
        draft.events.append(draft.plan.given[tick])
        tick += draft.events[-1].duration
    row = symbols(model.vocabulary, draft.events, draft.tonic)
    tick = 0
    scores = _scores(model, draft, row)
    for event, (rhythm, pitch), rhythm_scores, pitch_scores in zip(draft.events, row, *scores, strict=True):
        if draft.plan.is_judged(tick):
            draft.judge(rhythm_scores, rhythm)
            if pitch is not None:
                draft.judge(pitch_scores, pitch)
        tick += event.duration


def _scores(model: MelodyTransformer, draft: Draft, row: Symbols) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scores of all rhythms [T, S] and pitches [T, P] at every event of a draft."""
    device = model.norm.weight.device
    conditions = torch.from_numpy(prefixes(draft, model.vocabulary)).to(device)
    traced = trace(History(model.vocabulary, draft.frame, draft.tonic), row)
    features, arrival = (torch.tensor([rows] * len(conditions), device=device) for rows in traced)
    rhythms = torch.tensor([[rhythm for rhythm, _ in row]] * len(conditions), device=device)
    hidden = model(features, conditions)
    scores = (model.rhythm_logits(hidden, features), model.pitch_logits(hidden, features, rhythms, arrival))
    rhythm_scores, pitch_scores = (
        mixed(s.cpu().double().numpy().transpose(1, 0, 2), [draft] * len(row)) for s in scores
    )
    return rhythm_scores, pitch_scores
