"""Measures from the command line, of collections of every kind."""

import json
import random

import pytest

from tests.cli.shell import run


def line(name, notes, **more):
    return json.dumps({"id": name, "notes": notes, **more})


def row(count, quarters=0.5, lowest=62, highest=79):
    chance = random.Random(count)
    return [[place * quarters, quarters, chance.randint(lowest, highest)] for place in range(count)]


BARRED = {"time_signature": "4/4", "key": "G"}
USED = {
    "plain": (row(32), BARRED),
    "five": (row(30), {"time_signature": "5/4", "key": "D minor"}),
    "seven": (row(28), {"time_signature": "7/8", "key": "A dorian"}),
    "thirteen": (row(26), {"time_signature": "13/16"}),
    "no key": (row(32), {"time_signature": "3/4"}),
    "no metre": (row(32), {"key": "Bb"}),
    "neither": (row(16), {}),
    "lydian": (row(32), {"time_signature": "6/8", "key": "F lydian"}),
    "chords": ([[place // 2 * 0.5, 0.5, 60 + place % 7] for place in range(32)], BARRED),
    "long": (row(3000), BARRED),
    "bass": (row(32, lowest=24, highest=40), BARRED),
    "one note": ([[0, 1, 67]], BARRED),
    "silence": ([[0, 1, 67], [900, 1, 69]], BARRED),
    "drone": ([[0, 1000, 67], [1000, 1, 69]], BARRED),
}
REJECTED = {
    "empty": ([], BARRED),
    "wide": ([[0, 1, 20], [1, 1, 110]], BARRED),
    "quintuplets": (row(20, 0.2), BARRED),
    "off the grid": (row(20, 0.4871), BARRED),
    "grains": (row(20, 0.0125), BARRED),
    "pickup": (row(20), {**BARRED, "pickup": 7}),
}
UNREADABLE = [
    "{nonsense", "[]", '{"id": 1}', line("zero", [[0, 0, 60]]), line("before", [[-1, 1, 60]]),
    line("half", [[0, 1, 60.5]]), line("high", [[0, 1, 300]]), line("key", row(4), key="H"),
    line("metre", row(4), time_signature="4-4"), line("metre of none", row(4), time_signature="0/4"),
]  # fmt: skip


@pytest.fixture
def collection(tmp_path):
    """A file of works such as strangers send."""
    path = tmp_path / "works.jsonl"
    known = [line(name, notes, **more) for name, (notes, more) in (USED | REJECTED).items()]
    path.write_text("\n".join([*known, *UNREADABLE]) + "\n")
    return path


def test_every_piece_is_used_or_rejected_with_a_reason(collection):
    result = run("--json", "--device", "cpu", "evaluate", "melody", collection)
    assert result.exit_code == 2  # some lines are no works
    found = json.loads(result.stdout)
    assert found["pieces"] == len(USED)
    assert found["rejected_pieces"] == len(REJECTED) == sum(found["reasons"].values())
    assert found["notes"] == sum(len(notes) for notes, _ in USED.values()) - 16  # of chords the highest notes
    assert found["rejected_notes"] == sum(len(notes) for notes, _ in REJECTED.values())
    assert 0 < found["bits_per_pitch"] < found["bits_per_note"] < 20
    assert found["moved_pieces"] == 1
    assert len(found["rejects"]) == len(UNREADABLE)
    assert all(reject["reason"] and "line" in reject["file"] for reject in found["rejects"])


def test_a_collection_of_which_nothing_can_be_used(tmp_path):
    path = tmp_path / "works.jsonl"
    path.write_text("\n".join(line(name, notes, **more) for name, (notes, more) in REJECTED.items()))
    result = run("--json", "--device", "cpu", "evaluate", "melody", path)
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert (found["pieces"], found["notes"], found["rejected_pieces"]) == (0, 0, len(REJECTED))
    assert found["bits_per_note"] is None
    people = run("--device", "cpu", "evaluate", "melody", path)
    assert "6 pieces rejected" in people.stdout
    assert "nan" not in people.stdout


def test_a_set_beside_a_reference(collection, tmp_path):
    tunes = tmp_path / "tunes.jsonl"
    tunes.write_text("\n".join(line(str(place), row(40 + place), **BARRED) for place in range(4)))
    result = run("--json", "--device", "cpu", "evaluate", "melody", tunes, "--reference", tunes)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["pieces"] == 4
    assert found["comparison"]["reference"] == [str(tunes)]
    assert found["comparison"]["features"]["interval"]["overlap"] == pytest.approx(1.0)
    people = run("--device", "cpu", "evaluate", "melody", tunes, "--reference", "test", "--reference", tunes)
    assert people.exit_code == 0
    assert "bits per note in 4 pieces" in people.stdout
    assert "bar rhythm" in people.stdout
    assert "repeated bars" in people.stdout
    strange = run("--json", "--device", "cpu", "evaluate", "melody", tunes, "--reference", collection)
    assert strange.exit_code == 2
    assert json.loads(strange.stdout)["comparison"]["reference_tunes"] == len(USED) + len(REJECTED) - 1  # the empty one


def test_a_missing_reference_is_told(tmp_path):
    tunes = tmp_path / "tunes.jsonl"
    tunes.write_text(line("1", row(8), **BARRED))
    result = run("evaluate", "melody", tunes, "--reference", tmp_path / "nothing")
    assert result.exit_code == 2
    assert "there is no file or folder" in result.stderr
