import math
from dataclasses import replace

import pytest
import torch

from genaudio.melody.evaluate import METRES, MOST_NOTES, _mixture, evaluate_melodies
from genaudio.melody.transformer import MelodyTransformer
from genaudio.score import Melody, Metre, Note

from .conftest import tune


@pytest.fixture
def even(model: MelodyTransformer) -> MelodyTransformer:
    """A network that finds everything allowed equally likely."""
    for name, parameter in model.named_parameters():
        if name.split(".")[0].endswith(("_out", "_copy")):
            torch.nn.init.zeros_(parameter)
    return model


def test_an_even_model_pays_the_logarithm_of_its_choices(even: MelodyTransformer) -> None:
    # two crotchets fill a bar of 2/4; pitches are 34 (55-88) at each note
    melody = Melody([Note(0, 1, 62), Note(1, 1, 66)], metre=Metre(2, 4), key=tune([62]).key)
    prediction = evaluate_melodies(even, [melody])
    assert prediction.bits_per_pitch == pytest.approx(math.log2(34), abs=1e-5)
    # first event: notes of 80, 120, 160, 240, 360, 480, 720, 960; 720 leaves 240, 360 leaves 600 = 360 + 240
    # second: 80, 120, 160, 240, 360, 480 and the rests 120, 240 (480 would end the tune)
    assert prediction.bits_per_rhythm == pytest.approx((math.log2(8) + math.log2(8)) / 2, abs=1e-5)
    assert prediction.bits_per_note == pytest.approx(prediction.bits_per_pitch + prediction.bits_per_rhythm)
    assert (prediction.pieces, prediction.notes) == (1, 2)


def test_a_mixture_is_the_mean_of_probabilities() -> None:
    # probabilities 1/2 and 1/4 and two impossible hypotheses: mean 3/16
    assert _mixture(-torch.tensor([0.5, 0.25]).log().numpy(), 4) == pytest.approx(-math.log(3 / 16))


def test_an_unknown_tonic_costs_no_guess(even: MelodyTransformer) -> None:
    melody = tune([62, 64, 66, 67])
    blind = Melody(melody.notes, melody.metre)
    # all twelve tonics predict the same here, so the mixture costs the same
    assert evaluate_melodies(even, [blind]).bits_per_pitch == pytest.approx(math.log2(34), abs=1e-5)


def test_an_unknown_metre_is_mixed_over(model: MelodyTransformer) -> None:
    melody = tune([62, 64, 66, 67, 69, 67, 66, 64])
    bits = {metre: evaluate_melodies(model, [replace(melody, metre=Metre.parse(metre))]).bits_per_note * len(melody)
            for metre in METRES}  # fmt: skip
    blind = evaluate_melodies(model, [replace(melody, metre=None)])
    mean = sum(2**-cost for cost in bits.values()) / len(bits)
    assert blind.bits_per_note * len(melody) == pytest.approx(-math.log2(mean), rel=1e-5)
    assert blind.pieces == 1


def test_a_melody_of_the_bass_is_moved_by_as_many_octaves_as_it_takes(model: MelodyTransformer) -> None:
    melody = tune([62, 64, 66, 67])
    low = evaluate_melodies(model, [melody.transposed(-48)])
    assert low.moved_pieces == 1
    assert low.bits_per_note == pytest.approx(evaluate_melodies(model, [melody.transposed(0)]).bits_per_note)


def test_a_piece_beyond_all_measure_is_rejected(model: MelodyTransformer) -> None:
    prediction = evaluate_melodies(model, [tune([62, 64] * (MOST_NOTES // 2 + 1))])
    assert prediction.reasons == {f"it has more than {MOST_NOTES} notes": 1}
    assert prediction.rejected_notes == MOST_NOTES + 2


def test_an_unknown_pickup_is_mixed_over(even: MelodyTransformer) -> None:
    melody = tune([62, 64, 66, 67, 69, 67, 66, 64])
    known, open_ = (evaluate_melodies(even, [melody], infer_pickup=flag) for flag in (False, True))
    assert open_.bits_per_pitch == pytest.approx(known.bits_per_pitch, abs=0.3)
    assert open_.bits_per_note != known.bits_per_note


def test_rejects_are_counted_with_their_reasons(model: MelodyTransformer) -> None:
    melodies = [
        tune([62, 64, 66, 67]),
        tune([38, 40, 42, 43]),  # two octaves low: moved
        tune([50, 100]),  # wider than the range in every octave
        Melody([]),
    ]
    prediction = evaluate_melodies(model, melodies)
    assert (prediction.pieces, prediction.moved_pieces, prediction.rejected_pieces) == (2, 1, 2)
    assert (prediction.notes, prediction.rejected_notes) == (8, 2)
    assert sorted(prediction.reasons) == [
        "its range is wider than the model's, or it leaves the model's in every octave",
        "the melody has no notes",
    ]


def test_nothing_to_evaluate(model: MelodyTransformer) -> None:
    empty = evaluate_melodies(model, []).as_dict()
    assert empty["bits_per_note"] is None
    assert empty["pieces"] == 0


def test_knowing_more_changes_the_answer(model: MelodyTransformer, jig: Melody) -> None:
    known, hidden = (evaluate_melodies(model, [jig], ["jig"], known=flag) for flag in (True, False))
    assert known.bits_per_note != hidden.bits_per_note
