"""Tunes in twice or half their note values."""

from dataclasses import replace

import torch

from genaudio.corpus import TrainingWork
from genaudio.melody.stretch import stretch
from genaudio.melody.trainer import Trainer
from genaudio.score import Melody

from .conftest import tune
from .test_train import RECIPE


def test_a_tune_keeps_its_bars_in_other_note_values(jig: Melody) -> None:
    short = tune([62, 64, 66, 67, 69, 71, 73, 74], "2/4", quarters=0.5, pickup=0.5)
    long = stretch(short)
    assert long is not None
    assert (str(long.metre), long.pickup, long.bars, long.key) == ("4/4", 1.0, short.bars, short.key)
    assert [(n.onset, n.duration, n.pitch) for n in long.notes[:2]] == [(0.0, 1.0, 62), (1.0, 1.0, 64)]
    assert stretch(long) == short
    assert stretch(jig) is None, "6/8 is written no other way"


def test_an_epoch_shows_each_tune_and_some_of_them_once_more(works: list[TrainingWork]) -> None:
    device = torch.device("cpu")
    plain = Trainer(RECIPE, works, device)
    assert plain.material.twins == 0
    trainer = Trainer(replace(RECIPE, stretch=1.0), works, device)
    able = sum(work.split == "train" and stretch(work.melody) is not None for work in works)
    assert 0 < trainer.material.twins <= able
    assert len(trainer.material.train) == len(plain.material.train) + trainer.material.twins
    assert len(trainer.material.validation) == len(plain.material.validation)
    rows = sum(len(batch.rhythm) for batch in trainer.epoch_batches() if batch is not None)
    assert rows == len(trainer.material.train)
    for batch in trainer.epoch_batches():
        assert batch is not None
        assert bool(trainer.update(batch, 1e-3).isfinite()), "the grammar allows what is shown"
