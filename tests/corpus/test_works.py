"""The shipped training works: bars, families, splits, licences; and the file they are in."""

import gzip
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from genaudio.corpus import SPLITS, STYLES, WORKS_FILE, CorpusError, TrainingWork, load_works, save_works
from genaudio.corpus.duplicates import find_pairs
from genaudio.corpus.extract import KEPT_METRES
from genaudio.corpus.sources import SOURCES
from genaudio.corpus.tonality import KEPT_MODES
from genaudio.score import Melody, Note, to_ticks


def test_ids_are_unique_and_sorted(works):
    ids = [work.id for work in works]
    assert ids == sorted(set(ids))
    assert len(ids) > 3000


def test_every_work_is_described(works):
    licences = {source.name: source.licence for source in SOURCES}
    for work in works:
        melody = work.melody
        assert work.title
        assert work.title == melody.title
        assert work.licence == licences[work.source]
        assert work.split in SPLITS
        assert str(melody.metre) in KEPT_METRES
        assert melody.key is not None
        assert melody.key.mode in KEPT_MODES
    assert {work.style for work in works} == set(STYLES)


def test_time_is_exact_and_begins_with_the_first_note(works):
    for work in works:
        pickup = to_ticks(work.melody.pickup)
        assert 0 <= pickup < work.melody.metre.bar_ticks
        assert pickup == work.melody.pickup * 480
        assert work.melody.notes[0].onset_ticks == 0
        for earlier, later in pairwise(work.melody.notes):
            assert earlier.offset_ticks <= later.onset_ticks
            assert abs(earlier.onset_ticks - earlier.onset * 480) < 1e-6


def test_beats_fall_where_the_bars_say(works):
    """A melody whose bars were put together wrongly would have its notes off the beats."""
    for metre in KEPT_METRES:
        group = [work.melody for work in works if str(work.melody.metre) == metre]
        starts = 0
        for melody in group:
            onsets = {note.onset_ticks - to_ticks(melody.pickup) for note in melody.notes}
            starts += sum(onset >= 0 and onset % melody.metre.bar_ticks == 0 for onset in onsets)
        assert starts > 0.95 * sum(melody.bars for melody in group)


def test_a_familys_works_are_in_one_split(works):
    splits: dict[str, set[str]] = {}
    for work in works:
        splits.setdefault(work.family, set()).add(work.split)
    assert all(len(where) == 1 for where in splits.values())


def test_split_sizes(works):
    counts = Counter(work.split for work in works)
    assert 0.88 < counts["train"] / len(works) < 0.94  # hash: 0.9; joined families go to training
    assert min(counts["validation"], counts["test"]) > 0.03 * len(works)


def longest_shared(held_out: Melody, index: dict[tuple[int, ...], str], length: int) -> str | None:
    steps = [b - a for a, b in pairwise(held_out.pitches)]
    return next((index[g] for i in range(len(steps)) if (g := tuple(steps[i : i + length])) in index), None)


def test_no_held_out_tune_shares_a_long_run_with_a_training_tune(works):
    """Independent of the families' own measure: 33 notes in a row, in any transposition, are half a part."""
    length = 32
    index = {}
    for work in works:
        if work.split == "train":
            pitches = work.melody.pitches
            steps = [b - a for a, b in pairwise(pitches)]
            for start in range(len(steps) - length + 1):
                index[tuple(steps[start : start + length])] = work.id
    held_out = [work for work in works if work.split != "train"]
    assert [work.id for work in held_out if longest_shared(work.melody, index, length)] == []


def test_no_variants_across_validation_and_test(works):
    sample = [work for work in works if work.split != "train"]
    pairs = list(find_pairs([work.melody.pitches for work in sample]))
    assert pairs
    crossing = [pair for pair in pairs if sample[pair.first].split != sample[pair.second].split]
    assert max(pair.identity for pair in crossing) < 0.6


def test_one_split_is_what_the_whole_says(works):
    assert [work.id for work in load_works("test")] == [work.id for work in works if work.split == "test"]


def test_saving_again_gives_the_same_bytes(works, tmp_path):
    save_works(reversed(works), tmp_path / "again.jsonl.gz")
    assert (tmp_path / "again.jsonl.gz").read_bytes() == WORKS_FILE.read_bytes()
    assert WORKS_FILE.stat().st_size < 300 * len(works)  # bytes a work
    assert [file.name for file in tmp_path.iterdir()] == ["again.jsonl.gz"]


def test_a_title_cannot_pretend_to_be_a_split(works, tmp_path):
    work = works[0]
    trick = TrainingWork(
        "a-1", '"split":"test"', work.style, work.source, work.licence, "a-1", "train", (),
        Melody([Note(0, 1, 60)], metre=work.melody.metre, key=work.melody.key, title='"split":"test"'),
    )  # fmt: skip
    save_works([trick], tmp_path / "works.jsonl.gz")
    assert load_works("test", tmp_path / "works.jsonl.gz") == []
    assert load_works("train", tmp_path / "works.jsonl.gz") == [trick]


def test_bad_files_give_one_sentence(tmp_path):
    with pytest.raises(CorpusError, match=r"no file of training works at .*; build it with: genaudio corpus build"):
        load_works(path=tmp_path / "missing.gz")
    truncated = tmp_path / "truncated.gz"
    truncated.write_bytes(WORKS_FILE.read_bytes()[:5000])
    other = tmp_path / "other.gz"
    other.write_bytes(gzip.compress(b'{"id": 1}\n'))
    text = tmp_path / "text.gz"
    text.write_text("no gzip")
    for damaged in (truncated, other, text, tmp_path):
        with pytest.raises(CorpusError, match="is no file of training works"):
            load_works(path=damaged)
    with pytest.raises(CorpusError, match="unknown split 'dev'; the splits are train, validation, test"):
        load_works("dev")
    with pytest.raises(CorpusError, match="cannot write"):
        save_works([], text / "works.jsonl.gz")


def test_loading_needs_neither_music21_nor_torch():
    code = (
        "import sys; from genaudio.corpus import load_works; load_works('test');"
        "sys.exit(bool({'music21', 'torch', 'rich', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
