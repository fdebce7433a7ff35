import pytest

from genaudio.score import MODES, Key, ScoreError, parse_mode

NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


def spelt(key: Key, pitch: int) -> str:
    letter, alteration, octave = key.spell(pitch)
    return f"{letter}{SIGNS[alteration]}{octave}"


@pytest.mark.parametrize(
    ("text", "fifths", "name"),
    [
        ("C", 0, "C major"),
        ("D", 2, "D major"),
        ("Bb", -2, "Bb major"),
        ("F#", 6, "F# major"),
        ("Gb", 6, "F# major"),  # the same key on the keyboard, spelt with six sharps
        ("C#", -5, "Db major"),
        ("Em", 1, "E minor"),
        ("F# minor", 3, "F# minor"),
        ("Ab minor", 5, "G# minor"),
        ("Ador", 1, "A dorian"),
        ("D Mixolydian", 1, "D mixolydian"),
        ("F lydian", 0, "F lydian"),
        ("E phr", 0, "E phrygian"),
        ("bb", -2, "Bb major"),
        ("Ebmin", 6, "D# minor"),
        ("b flat", -2, "Bb major"),
        ("F-sharp minor", 3, "F# minor"),
        ("Eflat_dorian", -5, "Eb dorian"),
        ("d-minor", -1, "D minor"),
    ],
)
def test_signature_and_name(text, fifths, name):
    key = Key.parse(text)
    assert (key.fifths, str(key)) == (fifths, name)


@pytest.mark.parametrize(
    ("key", "pitch", "name"),
    [
        ("C", 60, "C4"),
        ("C", 59, "B3"),
        ("C", 66, "F#4"),
        ("C", 70, "Bb4"),
        ("D", 61, "C#4"),
        ("F", 70, "Bb4"),
        # leading notes of minor
        ("D minor", 61, "C#4"),
        ("G minor", 66, "F#4"),
        ("F minor", 64, "E4"),
        ("C# minor", 60, "B#3"),
        ("G# minor", 67, "F##4"),
        # chromatic notes that lower the scale
        ("Eb", 66, "Gb4"),
        ("C minor", 61, "Db4"),
        # no double sharp where a natural is as near
        ("B", 67, "G4"),
    ],
)
def test_notes_are_spelt_as_a_musician_would(key, pitch, name):
    assert spelt(Key.parse(key), pitch) == name


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_is_consistent(tonic, mode):
    key = Key(tonic, mode)
    assert Key.parse(str(key)) == key
    assert -6 <= key.fifths <= 6
    scale = [key.spell(60 + pitch_class) for pitch_class in sorted(key.pitch_classes)]
    assert {letter for letter, _, _ in scale} == set("ABCDEFG")
    assert sum(alteration for _, alteration, _ in scale) == key.fifths
    for pitch in range(128):
        letter, alteration, octave = key.spell(pitch)
        assert 12 * (octave + 1) + NATURALS[letter] + alteration == pitch


@pytest.mark.parametrize(("text", "mode"), [("dor", "dorian"), ("M", "minor"), ("Ionian", "major"), ("aeo", "minor")])
def test_modes_have_short_names(text, mode):
    assert parse_mode(text) == mode


def test_what_is_no_key_is_refused():
    with pytest.raises(ScoreError, match="is no key"):
        Key.parse("H")
    with pytest.raises(ScoreError, match="the modes are major"):
        Key.parse("C blues")
    with pytest.raises(ScoreError, match="0 to 11, not 12"):
        Key(12)
