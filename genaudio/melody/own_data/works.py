"""From tunes to training works: keys, octaves, what the alphabet can write, duplicates, families, splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from genaudio.corpus import CorpusRecipe, TrainingWork
from genaudio.corpus.duplicates import find_families
from genaudio.corpus.variants import find_variants, join_families
from genaudio.errors import GenaudioError
from genaudio.melody.build import LEAST_TUNES, build_vocabulary
from genaudio.melody.dataset import make_example
from genaudio.melody.events import UnsuitableError
from genaudio.melody.grammar import Grammar
from genaudio.melody.growth import grow_vocabulary
from genaudio.melody.key_finder import find_key
from genaudio.melody.own_data.account import Account, Reject
from genaudio.melody.own_data.tunes import OwnTune
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key, Melody

OCTAVES = (0, 12, -12, 24, -24)
"""Semitones by which a melody may move into the model's range, in the order in which they are tried."""
FEW = 100
"""Of fewer tunes every duration and metre enters the alphabet, of more those that several tunes have."""
HELD_OUT = 0.1
"""Share of the works to measure by."""
FOREIGN, CLEARLY = 0.15, 0.1
"""A key is not believed of which more sounds foreign, if another fits so much better (shares of the sounding time)."""
LICENCE = "given for training by the user"
Tell = Callable[[float | None, str], None]


@dataclass(frozen=True)
class OwnData:
    """Works to train on, the alphabet that writes them, and the account of their reading."""

    works: list[TrainingWork]
    vocabulary: Vocabulary
    account: Account


def prepare(tunes: Sequence[OwnTune], base: Vocabulary | None, seed: int, account: Account, tell: Tell) -> OwnData:
    """Turn tunes into training works, near-duplicates left out and whole families held out.

    Args:
        tunes: as they were read.
        base: the alphabet of the model to begin with, which grows; None where there is none.
        seed: of the choice of what is held out.
        account: is added to.
        tell: is told how far the work is.

    Raises:
        GenaudioError: no tune can be learnt from, or all are variants of one.
    """
    works = [_work(tune, account) for tune in tunes]
    own = build_vocabulary(works, 1 if len(works) < FEW else LEAST_TUNES) if works else None
    if own is None:
        raise GenaudioError("there is nothing to learn from")
    vocabulary = own if base is None else grow_vocabulary(base, own)
    grammar, kept = Grammar(vocabulary), []
    for tune, work in zip(tunes, works, strict=True):
        try:
            kept.append(replace(work, melody=_in_range(work, vocabulary, grammar, account)))
        except UnsuitableError as error:
            account.rejects.append(Reject(tune.file, tune.place, "beyond the model's alphabet", str(error)))
    works = _without_duplicates(kept, account, tell)
    account.kept, account.families = len(works), len({work.family for work in works})
    works = hold_out(works, seed)
    account.styles.update(work.style for work in works)
    account.metres.update(str(work.melody.metre) for work in works)
    account.modes.update(work.melody.key.mode for work in works if work.melody.key is not None)
    account.training = sum(work.split == "train" for work in works)
    account.validation = len(works) - account.training
    return OwnData(works, vocabulary, account)


def _work(tune: OwnTune, account: Account) -> TrainingWork:
    melody = replace(tune.melody, key=_key(tune.melody, account))
    title = melody.title or tune.id
    return TrainingWork(tune.id, title, tune.style, tune.file, LICENCE, tune.id, "train", (), melody)


def _key(melody: Melody, account: Account) -> Key:
    """Return the written key where the notes bear it out, else the one that they show."""
    found = find_key(melody)
    if melody.key is None:
        account.readings["without a key, found from the notes"] += 1
        return found
    own, better = _inside(melody, melody.key), _inside(melody, found)
    if 1 - own > FOREIGN and better - own > CLEARLY:
        account.readings["key signature contradicted by the notes, key found from them"] += 1
        return found
    return melody.key


def _inside(melody: Melody, key: Key) -> float:
    """Return the share of the sounding time that is in a key's scale."""
    scale = key.pitch_classes
    inside = sum(note.duration for note in melody.notes if note.pitch % 12 in scale)
    return inside / sum(note.duration for note in melody.notes)


def _in_range(work: TrainingWork, vocabulary: Vocabulary, grammar: Grammar, account: Account) -> Melody:
    """Return a work's melody in the first octave in which the model can write it.

    Raises:
        UnsuitableError: there is none, or the alphabet lacks a rhythm.
    """
    pitches = work.melody.pitches
    for semitones in OCTAVES:
        low, high = min(pitches) + semitones, max(pitches) + semitones
        if vocabulary.lowest <= low and high <= vocabulary.highest:
            melody = work.melody.transposed(semitones)
            make_example(melody, vocabulary, grammar, work.style)
            account.readings["moved by octaves into the model's range"] += semitones != 0
            return melody
    raise UnsuitableError("it leaves the model's range in every octave")


def _without_duplicates(works: Sequence[TrainingWork], account: Account, tell: Tell) -> list[TrainingWork]:
    """Return the works without near-duplicates, variants in one family, as the training works are."""
    recipe = CorpusRecipe()
    total = max(1, len(works))
    families = find_families(
        [work.melody.pitches for work in works], recipe, lambda done: tell(done / total, "Comparing")
    )
    account.duplicates = len(works) - len(families.representatives)
    kept = [
        replace(
            works[number],
            family=works[families.family[number]].id,
            aliases=tuple(works[other].id for other in families.aliases.get(number, ())),
        )
        for number in families.representatives
    ]
    return join_families(kept, find_variants(kept, recipe, lambda done: tell(done / total, "Aligning")))


def hold_out(works: Sequence[TrainingWork], seed: int) -> list[TrainingWork]:
    """Return works split into training and validation: whole families, a tenth of the works, chosen by the seed.

    Raises:
        GenaudioError: there are no works, or all are of one family.
    """
    sizes = Counter(work.family for work in works)
    if not sizes:
        raise GenaudioError("there is nothing to learn from")
    if len(sizes) < 2:
        raise GenaudioError(
            f"a training needs two different tunes or more, one of them to measure by; these {len(works)} are "
            "variants of one another"
        )
    order = sorted(sizes, key=lambda family: sha256(f"{seed}:{family}".encode()).digest())
    most = max(1, round(HELD_OUT * len(works)))
    chosen: set[str] = set()
    for family in order:
        if sizes[family] + sum(sizes[one] for one in chosen) <= most:
            chosen.add(family)
    chosen = chosen or {min(order, key=lambda family: sizes[family])}
    return [replace(work, split="validation" if work.family in chosen else "train") for work in works]
