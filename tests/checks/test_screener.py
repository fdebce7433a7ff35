"""Verdicts: copies are found with their note ranges, and what cannot be judged is said to be so."""

import numpy as np
import pytest

from checks import Catalogue, CatalogueError, Screener, Verdict, Work
from checks.candidates import Limits, Proposer
from checks.line import Line
from checks.thresholds import Tail, Thresholds, shipped
from genaudio.score import Melody
from tests.checks.melodies import melody_of, random_melody, spliced


@pytest.fixture(scope="module")
def screener(catalogue):
    return Screener(catalogue)


def test_an_exact_copy_in_another_key_and_tempo_is_a_match(screener, works):
    source = works[7].melody
    copy = melody_of([p + 5 for p in source.pitches], [2 * note.duration for note in source.notes], tempo=60.0)
    screening = screener.screen(copy)
    assert screening.verdict is Verdict.MATCH
    match = screening.matches[0]
    assert (match.work_id, match.kind, match.transposition, match.catalogue) == ("w7", "whole-tune", 5, "ours")
    assert (match.creator, match.rights) == ("Anon", "PD")
    assert match.false_positive_rate < 0.001
    passage = match.passages[0]
    assert (passage.query.first_note, passage.query.last_note) == (0, len(source) - 1)
    assert passage.identity == 1.0
    assert passage.notes == len(source)
    # twice the note values at 60 instead of 120 a minute: four times the seconds
    assert passage.query.end_s == pytest.approx(4 * passage.work.end_s)
    assert passage.work.end_beat == pytest.approx(source.end)


@pytest.mark.parametrize("shift", [-7, 0, 4])
def test_a_spliced_passage_is_found_with_its_notes(shift, screener, works):
    host = random_melody(np.random.default_rng(100 + shift), 70)
    query = spliced(host, works[3].melody, 20, 32, shift, 25)
    screening = screener.screen(query)
    assert screening.verdict is Verdict.MATCH
    match = screening.matches[0]
    assert (match.work_id, match.kind, match.transposition) == ("w3", "passage", shift)
    span, theirs = match.passages[0].query, match.passages[0].work
    assert abs(span.first_note - 25) <= 2
    assert abs(span.last_note - 56) <= 2
    assert abs(theirs.first_note - 20) <= 2
    assert abs(theirs.last_note - 51) <= 2
    assert span.start_beat == query.notes[span.first_note].onset
    assert span.end_beat == query.notes[span.last_note].offset


def test_an_edited_passage_is_still_found(screener, works):
    host = random_melody(np.random.default_rng(5), 60)
    source = works[11].melody
    pitches = list(source.pitches)
    for place in (20, 31, 40):
        pitches[place] += 3
    edited = melody_of(pitches, [note.duration for note in source.notes])
    screening = screener.screen(spliced(host, edited, 10, 44, 2, 30))
    assert screening.matches[0].work_id == "w11"
    assert 0.85 < screening.matches[0].passages[0].identity < 1.0


def test_two_passages_of_one_work_are_both_shown(screener, works):
    generator = np.random.default_rng(8)
    once = spliced(random_melody(generator, 90), works[5].melody, 30, 24, 0, 60)
    twice = spliced(once, works[5].melody, 2, 24, 0, 0)
    passages = screener.screen(twice).matches[0].passages
    assert len(passages) == 2
    assert sorted(round(passage.work.first_note / 10) for passage in passages) == [0, 3]
    covered = [set(range(p.query.first_note, p.query.last_note + 1)) for p in passages]
    assert not covered[0] & covered[1]


def test_new_tunes_are_clear_and_name_their_nearest(screener):
    generator = np.random.default_rng(50)
    screenings = [screener.screen(random_melody(generator, 80)) for _ in range(30)]
    assert sum(screening.verdict is Verdict.CLEAR for screening in screenings) >= 28
    clear = next(screening for screening in screenings if screening.verdict is Verdict.CLEAR)
    assert clear.matches == ()
    assert clear.reason is None
    assert 1 <= len(clear.nearest) <= 3
    assert clear.nearest[0].passages
    assert clear.nearest[0].verdict is Verdict.CLEAR


@pytest.mark.parametrize(
    "pitches",
    [
        [],
        [60],
        [60, 62, 64, 65, 67, 69, 71],
        [60] * 60,
        [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60],
        [60, 64, 67, 72, 67, 64] * 6,
        [60, 62] * 20,
    ],
    ids=["nothing", "one note", "seven notes", "one pitch", "scale", "arpeggio", "trill"],
)
def test_short_and_generic_queries_are_not_screened_and_say_why(pitches, screener):
    screening = screener.screen(melody_of(pitches))
    assert screening.verdict is Verdict.NOT_SCREENED
    assert "too short" in screening.reason
    assert screening.notes == len(pitches)
    assert screening.matches == ()


def test_verdicts_follow_the_false_positive_rate(catalogue, works):
    query = spliced(random_melody(np.random.default_rng(9), 60), works[20].melody, 10, 30, 0, 20)
    found = Screener(catalogue).screen(query).matches[0]
    steep = Tail(start=found.score, rate=0.005, slope=0.2)  # puts the match at exactly 0.005
    verdicts = {
        (review, match): Screener(catalogue, calibrated=Thresholds(steep, review, match, shipped().size_bits))
        .screen(query)
        .verdict
        for review, match in ((0.01, 0.001), (0.01, 0.006), (0.004, 0.001))
    }
    assert list(verdicts.values()) == [Verdict.REVIEW, Verdict.MATCH, Verdict.CLEAR]


def test_a_line_among_others_counts_as_a_part_of_a_longer_search(screener, works):
    query = spliced(random_melody(np.random.default_rng(9), 60), works[20].melody, 10, 30, 0, 20)
    alone, among = screener.screen(query).matches[0], screener.screen(query, beside=3 * len(query)).matches[0]
    assert alone.score - among.score == pytest.approx(2 * screener.thresholds.size_bits)  # four times the notes
    assert among.false_positive_rate > alone.false_positive_rate
    short = melody_of(works[20].melody.pitches[:16])
    assert screener.screen(short).verdict is not Verdict.NOT_SCREENED
    crowded = screener.screen(short, beside=10**9)
    assert crowded.verdict is Verdict.NOT_SCREENED
    assert "too short to judge" in crowded.reason


def test_several_catalogues_are_searched_together(catalogue, works, tmp_path):
    extra = Catalogue.build([Work("x", "Extra", random_melody(np.random.default_rng(77), 80))], tmp_path / "extra")
    both = Screener([catalogue, extra])
    assert both.screen(extra.works[0].melody).matches[0].catalogue == "extra"
    assert Screener(extra, catalogue).screen(works[2].melody).matches[0].work_id == "w2"
    assert both.searched == len(catalogue.line) + 80
    alone = Screener(catalogue).screen(works[2].melody).matches[0].score
    assert both.screen(works[2].melody).matches[0].score < alone  # more places to match by chance


def test_limit_bounds_the_list_and_not_the_verdict(works, tmp_path):
    melody = works[0].melody
    twins = [Work(f"twin {n}", "", melody.transposed(n - 3)) for n in range(8)]
    screener = Screener(Catalogue.build([*twins, *works[1:9]], tmp_path / "c"))
    screening = screener.screen(melody, limit=5)
    assert len(screening.matches) == 5
    assert screening.verdict is Verdict.MATCH
    assert {match.transposition for match in screener.screen(melody, limit=20).matches[:8]} == set(range(-4, 4))


def test_rank_puts_the_source_first_without_a_threshold(screener, works):
    for number in (0, 30, 59):
        ranked = screener.rank(works[number].melody, limit=5)
        assert ranked[0][0] == f"w{number}"
        assert len(ranked) <= 5
        assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
    assert screener.rank(Melody([])) == []


def test_a_query_longer_than_a_segment_is_searched_to_its_end(screener, works):
    host = random_melody(np.random.default_rng(31), 3500)
    screening = screener.screen(spliced(host, works[40].melody, 5, 40, 3, 3400))
    assert screening.verdict is Verdict.MATCH
    assert screening.matches[0].work_id == "w40"
    assert abs(screening.matches[0].passages[0].query.first_note - 3400) <= 2


@pytest.mark.parametrize("given", [(), ([],), ("catalogues/ours",)])
def test_a_screener_needs_catalogues(given):
    with pytest.raises(CatalogueError, match="Catalogue"):
        Screener(*given)


def test_minhash_proposes_near_duplicates_and_windows(catalogue, works):
    proposer = Proposer(catalogue)
    copy = Line.of([works[9].melody.transposed(2)])
    assert proposer.near_duplicates(copy)[0] == 9
    host = random_melody(np.random.default_rng(3), 40)
    codes = proposer.similar_windows(Line.of([spliced(host, works[9].melody, 8, 24, 2, 20)]))
    assert 9 * 256 + 2 + 128 in codes[:16].tolist()


def test_each_way_to_propose_works_alone(catalogue, works):
    copy = Line.of([works[9].melody.transposed(2)])
    for limits in (Limits(passages=0, tunes=0), Limits(tunes=0, hashed=0), Limits(passages=0, hashed=0)):
        lanes = Proposer(catalogue, limits).propose(copy)
        assert (9, 2) in set(zip(lanes.works.tolist(), lanes.transpositions.tolist(), strict=True))
