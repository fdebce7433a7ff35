"""Whole tunes of the collections, against notes read by hand from the ABC text."""

import re
from fractions import Fraction

import pytest

from genaudio.corpus.abc_music import MusicReader, parse_unit
from genaudio.corpus.abc_text import AbcTune, parse_tune, read_tunes
from genaudio.corpus.errors import TuneError
from genaudio.corpus.extract import clean_title, extract_tune
from genaudio.corpus.sources import music21_corpus
from genaudio.corpus.styles import named_style, tune_style
from genaudio.corpus.tonality import SoundedNote, sounding_key
from genaudio.score import Key, Melody, Metre, Note


def collection_tune(file: str, number: str) -> AbcTune:
    return next(tune for tune in read_tunes(music21_corpus() / file) if tune.number == number)


def ticks(melody: Melody) -> list[tuple[int, int, int]]:
    return [(note.onset_ticks, note.duration_ticks, note.pitch) for note in melody.notes]


def test_oneill_fare_you_well():
    # M:2/4, L:1/16, K:D; "f-g | a3-b g3-a | f4 e3-d |": hyphens between two pitches are slurs
    tune = extract_tune(collection_tune("oneills1850/0001-0050.abc", "2"), "oneill", "oneill-0002")
    assert (tune.title, tune.style, str(tune.melody.metre), str(tune.melody.key)) == (
        "Fare You Well", "air", "2/4", "D major",
    )  # fmt: skip
    assert tune.melody.pickup == 0.5
    assert ticks(tune.melody)[:9] == [
        (0, 120, 78), (120, 120, 79),
        (240, 360, 81), (600, 120, 83), (720, 360, 79), (1080, 120, 81),
        (1200, 480, 78), (1680, 360, 76), (2040, 120, 74),
    ]  # fmt: skip
    # bar 6 is "G4F2-G2", bar 5 "d3-c (3(A2G2F2)": its triplet lasts 160 ticks a note
    bar_5 = range(240 + 4 * 960, 240 + 5 * 960)
    assert [entry[1:] for entry in ticks(tune.melody) if entry[0] in bar_5] == [
        (360, 74), (120, 73), (160, 69), (160, 67), (160, 66),
    ]  # fmt: skip
    # "d6 ||" and "A2 |" are one bar, and the final "d6" leaves room for the pickup: 24 bars of 960 ticks
    assert tune.melody.end * 480 == 24 * 960


def test_aird_lads_of_the_village_has_no_pickup():
    # M:2/4, L:1/8, K:G; "G2g>d|ecBG|a>cBG|FA`FD|G2 gd|...|(D/G/``F/A/) G2:|"
    tune = extract_tune(collection_tune("airdsAirs/book1.abc", "0003"), "aird", "aird-0003")
    assert tune.melody.pickup == 0
    assert ticks(tune.melody)[:8] == [
        (0, 480, 67), (480, 360, 79), (840, 120, 74),
        (960, 240, 76), (1200, 240, 72), (1440, 240, 71), (1680, 240, 67),
        (1920, 360, 81),
    ]  # fmt: skip
    assert tune.melody.bars == 16


def test_ryan_seventh_regiment_keeps_its_rests_and_octaves():
    # M:2/4, L:1/16, K:A; the first part ends "A2z2 :|", the second begins "|:vA2(Ac) BAFA"
    tune = extract_tune(collection_tune("ryansMammoth/7thRegimentReel.abc", "1"), "ryan", "x")
    assert (tune.title, tune.style, str(tune.melody.key)) == ("7th Regiment", "reel", "A major")
    assert ticks(tune.melody)[:4] == [(0, 240, 69), (240, 120, 69), (360, 120, 73), (480, 120, 76)]
    last_of_first_part = max(entry for entry in ticks(tune.melody) if entry[0] < 8 * 960)
    assert last_of_first_part == (7 * 960 + 480, 240, 69)
    assert min(tune.melody.pitches) == 57  # the low A of ",A"


@pytest.mark.parametrize(
    ("file", "number"),
    [("airdsAirs/book1.abc", "0005"), ("oneills1850/0900-0950.abc", "910"), ("ryansMammoth/AcaciaReel.abc", "1")],
)
def test_another_reader_reads_the_same_notes(file, number):
    """music21's reader, on tunes without the signs that it mishandles (see genaudio.corpus.abc_music)."""
    from music21 import converter

    source = (music21_corpus() / file).read_text()
    own = collection_tune(file, number)
    metre = Metre.parse(own.first("M"))
    reader = MusicReader(parse_unit(own.first("L")), own.first("K"), metre.is_compound)
    events = [event for segment in reader.read(own.lines) for event in segment.events if event.pitch is not None]
    text = next(part for part in re.split(r"(?m)^(?=X:)", source) if re.match(rf"X:\s*{number}\s", part))
    others = [note for note in converter.parse(text, format="abc").flatten().notes if not note.duration.isGrace]
    assert [event.pitch for event in events] == [note.pitches[-1].midi for note in others]
    assert [event.duration for event in events] == [Fraction(note.quarterLength) for note in others]


def test_damaged_tune_says_which_bar():
    # bar 16 of The Enchanted Valley is "d2g2 (g3ga)": nine sixteenths in 2/4
    with pytest.raises(TuneError, match="bars do not sum: bar 16 has 9/4 of 2 quarter notes"):
        extract_tune(collection_tune("oneills1850/0001-0050.abc", "1"), "oneill", "x")


def test_mail_coding_is_undone():
    tune = parse_tune("X:1\nT:A\nM:2/4\nL:1/8\nK:C\nd=3DB c=\nd|=20\n")
    assert tune.lines == ["d=B cd|"]


def test_fields_comments_and_music_that_looks_like_a_field():
    tune = parse_tune("X: 7 % seven\nT:One\nT:Two\nM:C|\nK:G\nABcd|\nG:|\n%%scale 1\nP:B\n")
    assert (tune.number, tune.fields["T"], tune.lines) == ("7", ["One", "Two"], ["ABcd|", "G:|", "P:B"])


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("M:5/4\nL:1/8\nK:C", "metre not kept: 5/4"),
        ("M:none\nL:1/8\nK:C", "unreadable metre: M:none"),
        ("M:2/4\nL:1/8\nK:Bphr", "mode not kept: B phrygian"),
        ("M:2/4\nL:1/8\nK:?", r"unreadable key: K:\?"),
    ],
)
def test_what_is_not_kept_says_why(header, reason):
    music = "BcBc|" * 8
    with pytest.raises(TuneError, match=reason):
        extract_tune(parse_tune(f"X:1\nT:A\n{header}\n{music}"), "aird", "x")


def test_a_short_tune_and_an_empty_one_are_refused():
    with pytest.raises(TuneError, match="too short: 8 notes in 4 quarter notes"):
        extract_tune(parse_tune("X:1\nT:A\nM:2/4\nL:1/8\nK:C\ncdef|gabc|"), "aird", "x")
    with pytest.raises(TuneError, match="no music"):
        extract_tune(parse_tune("X:1\nT:A\nM:2/4\nL:1/8\nK:C\n"), "aird", "x")


def test_tied_notes_become_one():
    text = "X:1\nT:A\nM:2/4\nL:1/8\nK:C\n" + "cdef|g2a2-|a2gf|" + "cdef|" * 4  # a2-|a2 from the second half of bar 2
    melody = extract_tune(parse_tune(text), "aird", "x").melody
    assert (960 + 480, 960, 81) in ticks(melody)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("BASHFUL LOVER, THE -- REEL", "The Bashful Lover"), ("A'WILLIE, WE HAVE MISS'D YOU -- STRATHSPEY",
        "A'willie, We Have Miss'd You"), ("Bashful Lover., The", "The Bashful Lover"), ("", "Untitled"),
        ("The Girl I Love (2nd setting)", "The Girl I Love"),
    ],
)  # fmt: skip
def test_titles(written, title):
    assert clean_title(written) == title


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("SLIP JIG", "slip jig"), ("double jig", "jig"), ("highland fling", "schottische"), ("Strathsy.", "strathspey"),
        ("Quick Step 25th Regt", "quickstep"), ("The Retreat", "march"), ("The Reelist", None),
        ("Allemande", "country dance"),
    ],
)  # fmt: skip
def test_words_for_styles(text, style):
    assert named_style([text]) == style


def style_of(source: str, header: str, metre: str, lengths: list[float]) -> tuple[str, str]:
    onset, notes = 0.0, []
    for length in lengths:
        notes.append(Note(onset, length, 60))
        onset += length
    return tune_style(source, parse_tune(f"X:9\n{header}\nK:C\n"), Metre.parse(metre), Melody(notes))


def test_styles_by_field_section_and_rhythm():
    assert style_of("ryan", "R:reel\nT:The Jig", "2/2", [0.5] * 8) == ("reel", "field")
    assert style_of("ryan", "R:jig", "9/8", [0.5] * 8) == ("slip jig", "field")
    assert style_of("oneill", "T:The Hornpipe", "3/4", [1.0] * 8) == ("air", "section")  # number 9 is among the airs
    assert style_of("aird", "T:The Hornpipe", "2/4", [0.5] * 8) == ("hornpipe", "title")
    assert style_of("aird", "T:Nameless", "4/4", [0.5] * 16) == ("reel", "rhythm")
    assert style_of("aird", "T:Nameless", "4/4", [0.75, 0.25] * 8) == ("strathspey", "rhythm")
    assert style_of("aird", "T:Nameless\nQ:1/4=60", "4/4", [1.0] * 8) == ("air", "rhythm")
    assert style_of("aird", "T:Nameless\nQ:1/2=104", "2/2", [1.0] * 8) == ("country dance", "rhythm")
    assert style_of("aird", 'T:Nameless\nQ:1/4=60 "Slow"', "6/8", [0.5] * 8) == ("air", "rhythm")


def sounded(*pitches: int, ends: tuple[int, ...] = ()) -> list[SoundedNote]:
    return [SoundedNote(pitch, Fraction(1), place in ends) for place, pitch in enumerate(pitches)]


def test_signature_of_g_may_mean_a_dorian():
    # ends on A in both parts, A sounds four times and G once
    notes = sounded(69, 72, 76, 69, 67, 69, 72, 69, ends=(3, 7))
    assert sounding_key(Key(7), notes) == (Key(9, "dorian"), "final")


def test_one_ending_on_another_step_moves_nothing():
    notes = sounded(67, 71, 74, 67, 69, 67, 71, 69, ends=(3, 7))  # the first part ends on G, the last on A
    assert sounding_key(Key(7), notes) == (Key(7), "")


def test_raised_sixths_make_minor_dorian_and_low_sevenths_major_mixolydian():
    assert sounding_key(Key(7, "minor"), sounded(67, 76, 76, 76, 76, 67)) == (Key(7, "dorian"), "steps")
    assert sounding_key(Key(7, "minor"), sounded(67, 76, 76, 76, 67)) == (Key(7, "minor"), "")  # three say too little
    assert sounding_key(Key(2), sounded(62, 72, 72, 72, 73, 62)) == (Key(2, "mixolydian"), "steps")  # 3 of 4
