import re
from html.parser import HTMLParser

import pytest

from genaudio.production.provenance import ai_statement
from genaudio.production.report import Exhibit, Nearest, render_page
from genaudio.production.report.overlay import overlay
from genaudio.production.report.passages import percent, transposition
from genaudio.production.report.roll import Span, bar_lines, draw, pieces, pitch_name, rows
from genaudio.score import Melody, Metre, Note

WALTZ = Melody([Note(onset, 1, 60 + onset) for onset in range(13)], metre=Metre(3, 4), pickup=1.0, tempo=90)
CATALOGUES = [{"name": "ours & theirs", "works": 1234, "sha256": "ab" * 32}]
SIDE = {"first_note": 2, "last_note": 5, "start_beat": 2.0, "end_beat": 6.0, "start_s": 1.3, "end_s": 4.0}
MATCH = {
    "work": {"id": "w", "title": "A <script>alert(1)</script>", "creator": "B & C", "catalogue": "ours"},
    "verdict": "match", "score": 31.4, "false_positive_rate": 0.00001, "kind": "whole-tune", "transposition": -1,
    "passages": [{"query": SIDE, "work": SIDE, "notes": 4, "identity": 0.8}],
}  # fmt: skip


class Outside(HTMLParser):
    """Collects what a page would fetch, and whether its elements are closed."""

    def __init__(self):
        super().__init__()
        self.fetched, self.open = [], []

    def handle_starttag(self, tag, attributes):
        self.fetched += [value for name, value in attributes if name in ("src", "href", "srcset", "data") and value]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(**changes):
    exhibit = Exhibit(
        **{"title": "T <b>", "verdict": "match", "melody": WALTZ, "nearest": (Nearest(MATCH, WALTZ),), **changes}
    )
    return render_page([exhibit], CATALOGUES, ai_statement())


def test_a_page_fetches_nothing():
    reader = Outside()
    text = page(audio=b"sound")
    reader.feed(text)
    assert reader.open == []
    assert reader.fetched == ["data:audio/mpeg;base64,c291bmQ="]
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert not re.search(r"url\(", text)


def test_texts_are_escaped():
    text = page()
    assert "<script>alert" not in text
    assert "A &lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "T &lt;b&gt;" in text
    assert "ours &amp; theirs" in text


def test_the_statement_cannot_end_its_element():
    text = render_page([Exhibit("t", "clear")], [], {"note": "</script><p>"})
    assert "</script><p>" not in text


@pytest.mark.parametrize(
    ("verdict", "heading"),
    [("clear", "Clear"), ("review", "Review"), ("match", "Match"), ("not-screened", "Not screened")],
)
def test_the_verdict_comes_first(verdict, heading):
    text = page(verdict=verdict)
    assert text.index(f"<h3>{heading}</h3>") < text.index("<h3>The melody</h3>")
    assert "not a legal finding" in text


def test_a_reason_takes_the_place_of_the_usual_sentence():
    assert "too short to judge: 3 notes" in page(verdict="not-screened", reason="too short to judge: 3 notes")


def test_matches_are_told_in_words():
    text = page()
    assert "under 0.01 % of unrelated tunes" in text
    assert "transposed by 1 semitone down" in text
    assert "whole tune" in text
    assert "4 notes agree, 80 % of those aligned" in text
    # the waltz begins with a pickup of one quarter: quarters 2 to 6 lie in bars 1 (1-4) and 2 (4-7)
    assert "This piece, bars 1 to 2" in text
    assert text.count('class="note copied"') == 4  # in the melody
    assert text.count('class="note q copied"') == text.count('class="note w copied"') == 4  # and on both sides


def test_only_notes_that_agree_are_marked():
    nearest = Nearest({**MATCH, "transposition": 0}, WALTZ, (((2, 2), (3, 4), (5, 5)),))  # 3 and 4 differ in pitch
    assert nearest.copied(0, WALTZ) == ({2, 5}, {2, 5})


def test_several_pieces_have_a_table_of_contents():
    unread = Exhibit("Two <2>", "not-screened", reason="it is & empty")
    aside = Exhibit("Drone", "not-screened", WALTZ, reason="too generic", set_aside=True)
    copy = Exhibit("Three", "match", WALTZ, nearest=(Nearest(MATCH, WALTZ),))
    text = render_page([Exhibit("One", "clear", WALTZ), unread, aside, copy], CATALOGUES)
    assert "Screening of 4 pieces" in text
    assert text.index("<h2>Match</h2>") < text.index('<ol class="overview">') < text.index("<article")
    assert "1 piece repeats a passage of a protected work, 1 piece was not screened, 1 piece is clear." in text
    # what somebody should look at comes first
    assert text.index('href="#piece-1">Three') < text.index("Two &lt;2&gt;") < text.index('href="#piece-2">One')
    assert "4 notes of “A &lt;script&gt;" in text
    about = text[text.index("What was not screened") :]
    assert "Two &lt;2&gt;: it is &amp; empty" in about
    assert "Drone: too generic (another voice of the piece was screened)" in about


def test_of_many_pieces_only_those_that_alarm_are_drawn():
    clear = [Exhibit(f"Tune {number}", "clear", WALTZ) for number in range(60)]
    text = render_page([*clear, Exhibit("Copy", "match", WALTZ, nearest=(Nearest(MATCH, WALTZ),))], CATALOGUES)
    assert text.count("<article") == 1
    assert all(f"Tune {number}<" in text for number in range(60))


def test_the_work_is_moved_onto_the_piece():
    query = Melody([Note(onset, 1, 60 + onset) for onset in range(8)], tempo=60)
    # the work: a fifth higher, twice as slow, entering four quarters late, with its third note changed
    work = Melody([Note(4 + 2 * at, 2, 67 + at + (at == 2)) for at in range(8)], tempo=120)
    place = {"first_note": 0, "last_note": 7, "start_beat": 0.0, "end_beat": 8.0, "start_s": 0.0, "end_s": 8.0}
    pairs = [(at, at) for at in range(8)]
    same = set(range(8)) - {2}
    text = overlay(query, work, {"query": place, "work": place}, pairs, -7, (same, same))
    ours = re.findall(r'class="note q[^"]*"[^>]* x="([\d.]+)" y="([\d.]+)"', text)
    theirs = re.findall(r'class="note w[^"]*"[^>]* x="([\d.-]+)" y="([\d.]+)"', text)
    assert [float(x) for x, _ in ours] == [24.0 * at for at in range(8)]
    # outlines are 0.7 units larger to each side, so they begin 0.7 earlier
    assert [float(x) for x, _ in theirs] == pytest.approx([24.0 * at - 0.7 for at in range(8)])
    assert [at for at in range(8) if abs(float(ours[at][1]) - float(theirs[at][1]) - 0.7) < 0.01] == sorted(same)
    # what is played: the piece at 60 quarters a minute, the work at 120 at its own pitch
    assert re.findall(r'note q copied" data-t="([^"]+)"', text)[1] == "1.000,2.000,61"
    assert re.findall(r'note w copied" data-t="([^"]+)"', text)[0] == "2.000,3.000,67"


def test_passages_can_be_heard():
    plain, recorded = page(), page(audio=b"sound")
    assert plain.count("<button") == 2
    assert 'data-play="q"' in plain
    assert 'data-play="w"' in plain
    assert 'data-from="1.300" data-to="4.000"' in recorded
    cut = page(cuts={(1.3, 4.0): b"cut"}, heard=True)
    assert "base64,Y3V0" in cut
    assert "This piece, 0:01 to 0:04" in cut
    assert page(nearest=(Nearest(MATCH, None),)).count("<button") == 1


@pytest.mark.parametrize(
    ("rate", "text"), [(0.5, "50 %"), (0.0123, "1.2 %"), (0.00009, "under 0.01 %"), (0, "under 0.01 %")]
)
def test_percentages(rate, text):
    assert percent(rate) == text


@pytest.mark.parametrize(
    ("semitones", "text"),
    [(0, "at the same pitch"), (1, "transposed by 1 semitone up"), (-5, "transposed by 5 semitones down")],
)
def test_transpositions(semitones, text):
    assert transposition(semitones) == text


def test_pitch_names():
    assert [pitch_name(pitch) for pitch in (60, 61, 69, 127)] == ["C4", "C♯4", "A4", "G9"]


def test_bars_are_counted_after_the_pickup():
    assert bar_lines(WALTZ, Span(0, 7)) == [(0, 0.0), (1, 1.0), (2, 4.0)]
    assert bar_lines(WALTZ, Span(5, 11)) == [(3, 7.0), (4, 10.0)]
    assert bar_lines(Melody([Note(0, 1, 60)]), Span(0, 4)) == []


def test_rows_begin_at_bar_lines():
    # four bars of 3/4 are 12 quarters; the melody ends with its first row, which the pickup makes longer
    assert rows(WALTZ) == [Span(0.0, 13.0)]
    longer = Melody([Note(0, 30, 60)], metre=Metre(3, 4), pickup=1.0)
    assert rows(longer) == [Span(0.0, 13.0), Span(13.0, 25.0), Span(25.0, 31.0)]
    assert rows(Melody([Note(0, 17, 60)])) == [Span(0.0, 16.0), Span(16.0, 17.0)]


def test_pieces_cover_a_stretch():
    assert pieces(2, 9, 4) == [Span(2, 6), Span(6, 9)]


def test_a_note_across_the_border_is_cut():
    svg = draw(Melody([Note(0, 4, 60)]), Span(2, 3))
    # one quarter is 24 units wide, less a gap of 1
    assert 'width="23"' in svg.split('class="note"')[1]
