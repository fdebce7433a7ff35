import json

import pytest

from genaudio.score import Entry, Key, Melody, Metre, Note, ScoreError, iter_entries, read_entries, write_entries
from genaudio.score.jsonl import one_at_a_time, parse_entry


def test_a_work_with_everything():
    entry = parse_entry(
        '{"id": "x1", "title": "Air", "creator": "Trad.", "rights": "none", "time_signature": "6/8", "tempo": 90,'
        ' "key": "D dorian", "pickup": 0.5, "notes": [[2, 0.5, 60], [2.5, 1, 62]], "shelf": 4}'
    )
    assert (entry.id, entry.title, entry.creator, entry.rights) == ("x1", "Air", "Trad.", "none")
    melody = entry.melody
    assert (melody.metre, melody.tempo, melody.key, melody.pickup) == (Metre(6, 8), 90, Key(2, "dorian"), 0.5)
    # the first onset stays where it is
    assert melody.notes == (Note(2, 0.5, 60), Note(2.5, 1, 62))


def test_a_work_with_the_least():
    entry = parse_entry('{"id": 7, "notes": []}')
    assert (entry.id, entry.title, len(entry.melody), entry.melody.tempo) == ("7", None, 0, None)


def test_overlaps_end_at_the_next_onset_and_chords_keep_the_highest():
    notes = [Note(0, 4, 72), Note(1, 1, 60), Note(1, 2, 64), Note(2.5, 1, 65)]
    assert one_at_a_time(notes) == [Note(0, 1, 72), Note(1, 1.5, 64), Note(2.5, 1, 65)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "no JSON"),
        ("[1]", "no work"),
        ('{"notes": []}', "no id"),
        ('{"id": "", "notes": []}', "no id"),
        ('{"id": "a"}', "no list of notes"),
        ('{"id": "a", "notes": [[0, 1]]}', r"note 0 must be \[onset"),
        ('{"id": "a", "notes": [[0, 1, 60], [1, "1", 60]]}', "note 1 must be a number"),
        ('{"id": "a", "notes": [[0, 1, 60.5]]}', "whole MIDI number"),
        ('{"id": "a", "notes": [[0, 0, 60]]}', "duration"),
        ('{"id": "a", "notes": [[-1, 1, 60]]}', "onset"),
        ('{"id": "a", "notes": [[0, NaN, 60]]}', "number"),
        ('{"id": "a", "notes": [], "time_signature": "5"}', "no metre"),
        ('{"id": "a", "notes": [], "key": "H"}', "no key"),
        ('{"id": "a", "notes": [], "tempo": 0}', "tempo"),
        ('{"id": "a", "notes": [], "title": 3}', "title"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_work_is_said_to_be_none(line, message):
    with pytest.raises(ScoreError, match=message):
        parse_entry(line)


def test_a_damaged_line_is_reported_and_the_rest_is_read(tmp_path):
    path = tmp_path / "works.jsonl"
    path.write_text('{"id": "a", "notes": [[0, 1, 60]]}\n\n{"id": "b"\n{"id": "c", "notes": []}\n')
    rejects = []
    entries = list(iter_entries(path, lambda place, reason: rejects.append((place, reason))))
    assert [entry.id for entry in entries] == ["a", "c"]
    assert [place for place, _ in rejects] == ["line 3"]
    with pytest.raises(ScoreError, match=r"works\.jsonl, line 3: it is no JSON"):
        read_entries(path)


def test_writing_keeps_the_contract_and_what_is_known(tmp_path):
    path = tmp_path / "works.jsonl"
    melody = Melody([Note(0, 0.5, 60), Note(0.5, 1 / 3, 62)], Metre(3, 4), Key(9, "minor"), 97.5, "Air", 0.5)
    write_entries(iter([Entry("1", melody, "Air", "Trad.", "CC0"), Entry("2", Melody([]))]), path)
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first == {
        "id": "1",
        "title": "Air",
        "creator": "Trad.",
        "rights": "CC0",
        "time_signature": "3/4",
        "key": "A minor",
        "tempo": 97.5,
        "pickup": 0.5,
        "notes": [[0, 0.5, 60], [0.5, 1 / 3, 62]],
    }
    assert second == {"id": "2", "notes": []}
    assert read_entries(path) == [Entry("1", melody, "Air", "Trad.", "CC0"), Entry("2", Melody([]))]


def test_only_a_newline_ends_a_line(tmp_path):
    path = tmp_path / "works.jsonl"
    # U+2028 and U+0085 end a line for Python's splitlines, not in JSON
    entry = Entry("1", Melody([], title="A\u2028B\x85C"), "A\u2028B\x85C")
    write_entries([entry], path)
    assert read_entries(path) == [entry]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "works.jsonl"
    write_entries([Entry("1", Melody([]))], path)
    before = path.read_bytes()

    def broken():
        yield Entry("2", Melody([]))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_entries(broken(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ScoreError, match="cannot be written"):
        write_entries([], tmp_path / "nowhere" / "works.jsonl")
