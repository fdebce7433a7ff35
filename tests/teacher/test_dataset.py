"""Teacher audio on disk, with the real SoundFont where this machine has one."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.instruments import BY_NAME, FAMILIES, MELODIC, family_of
from genaudio.score import Melody, Note
from genaudio.teacher import SAMPLE_RATE, TeacherRecipe, make_teacher_set, open_teacher_set, playing
from genaudio.teacher.dataset import LEVEL, OTHER_PROGRAMS
from genaudio.teacher.performance import draw_performance, play_held
from genaudio.teacher.soundfont import KNOWN, USUAL, KnownSoundFont, SoundFontPlayer, find_soundfont

TUNE = Melody([Note(i * 0.5, 0.5, 60 + i % 12) for i in range(60)])


def has_teacher() -> bool:
    try:
        import fluidsynth  # noqa: F401
    except ImportError:
        return False
    return any(place.is_file() for place in KNOWN[USUAL].places)


needs_teacher = pytest.mark.skipif(
    not has_teacher(), reason="training audio needs FluidSynth and the Fluid R3 SoundFont"
)


@needs_teacher
def test_audio_follows_the_notes(tmp_path: Path) -> None:
    recipe = TeacherRecipe(clips=1, seconds=2.0)
    teacher = make_teacher_set(recipe, [TUNE], tmp_path)
    assert teacher.audio.shape == (len(FAMILIES), 2 * SAMPLE_RATE)
    for index, played in enumerate(teacher.performances):
        clip = teacher.clip(index)
        first = round(min(note.start for note in played.notes) * SAMPLE_RATE)
        assert np.abs(clip[: first - 400]).max() < 1e-3
        assert np.abs(clip[first:]).max() > 0.01
    again = make_teacher_set(recipe, [TUNE], tmp_path)
    assert again.performances == teacher.performances
    with pytest.raises(GenaudioError, match="another recipe"):
        make_teacher_set(TeacherRecipe(clips=2, seconds=2.0), [TUNE], tmp_path)


@needs_teacher
def test_a_set_may_be_as_loud_as_another(tmp_path: Path) -> None:
    recipe = TeacherRecipe(clips=1, seconds=2.0)
    alone = make_teacher_set(recipe, [TUNE], tmp_path / "alone")
    louder = {name: gain * 3 for name, gain in alone.gains.items()}
    beside = make_teacher_set(recipe, [TUNE], tmp_path / "beside", gains=louder)
    expected = np.clip(3 * alone.audio.astype(np.float64), -32767, 32767)
    assert np.abs(beside.audio - expected).max() <= 3  # clipped, not wrapped around
    assert beside.gains == louder == open_teacher_set(tmp_path / "beside").gains
    with pytest.raises(GenaudioError, match="another recipe"):
        make_teacher_set(recipe, [TUNE], tmp_path / "beside")


@needs_teacher
def test_drums_may_have_clips_of_their_own(tmp_path: Path) -> None:
    plain = make_teacher_set(TeacherRecipe(clips=1, seconds=1.0), [TUNE], tmp_path / "plain")
    more = make_teacher_set(TeacherRecipe(clips=1, seconds=1.0, drum_clips=2), [TUNE], tmp_path / "more")
    assert more.performances[: len(FAMILIES)] == plain.performances
    assert [played.family for played in more.performances[len(FAMILIES) :]] == ["drums", "drums"]


@needs_teacher
def test_all_programs_may_be_heard(tmp_path: Path) -> None:
    """Each with a sound of its own, played as its family plays, beside what the families play anyhow."""
    plain = make_teacher_set(TeacherRecipe(clips=1, seconds=1.0), [TUNE], tmp_path / "plain")
    wide = make_teacher_set(TeacherRecipe(clips=1, seconds=1.0, program_clips=1), [TUNE], tmp_path / "wide")
    assert wide.performances[: len(FAMILIES)] == plain.performances
    assert np.array_equal(wide.audio[: len(FAMILIES)], plain.audio)
    others = wide.performances[len(FAMILIES) :]
    assert [played.program for played in others] == list(OTHER_PROGRAMS)
    assert [played.family for played in others] == [family_of(program).name for program in OTHER_PROGRAMS]
    assert len(wide.gains) == len(FAMILIES) + len(OTHER_PROGRAMS)
    assert open_teacher_set(tmp_path / "wide").performances == wide.performances
    with SoundFontPlayer(find_soundfont(""), SAMPLE_RATE) as player:
        for row, played in enumerate(others[:3], len(FAMILIES)):
            gain = wide.gains[played.voice]
            clip = np.clip(player.play(played.notes, played.program, 1.0) * gain, -1, 1)
            dither = (2 * gain + 1) / 32767  # of 16 bits, by numbers that each process draws anew
            np.testing.assert_allclose(wide.clip(row), clip, atol=dither, rtol=0)


@needs_teacher
def test_audio_of_an_older_version_is_still_known(tmp_path: Path) -> None:
    recipe = TeacherRecipe(clips=1, seconds=1.0)
    made = make_teacher_set(recipe, [TUNE], tmp_path)
    done = json.loads((tmp_path / "done").read_text())
    del done["recipe"]["program_clips"], done["programs"]
    (tmp_path / "done").write_text(json.dumps(done))
    assert make_teacher_set(recipe, [TUNE], tmp_path).performances == made.performances
    with pytest.raises(GenaudioError, match="another recipe"):
        make_teacher_set(replace(recipe, program_clips=1), [TUNE], tmp_path)


@needs_teacher
def test_any_number_of_processes_gives_the_same_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, sets, done = TeacherRecipe(clips=2, seconds=1.53), [], []
    for cores in (1, 2):
        monkeypatch.setattr(playing, "usable_cores", lambda cores=cores: cores)
        folder = tmp_path / str(cores)
        make_teacher_set(recipe, [TUNE], folder, progress=lambda clip, clips: done.append((clip, clips)))
        sets.append((folder / "audio.npy").read_bytes())
        assert sorted(path.name for path in folder.iterdir()) == ["audio.npy", "clips.json", "done"]
    assert sets[0] == sets[1]
    assert done == [(clip + 1, 2 * len(FAMILIES)) for clip in range(2 * len(FAMILIES))] * 2


@needs_teacher
def test_a_clip_does_not_depend_on_the_clips_before() -> None:
    rng, seconds = np.random.default_rng(6), 1.53
    clips = [(family, draw_performance([TUNE], family, seconds, rng).notes) for family in FAMILIES]
    with SoundFontPlayer(find_soundfont(""), SAMPLE_RATE) as player:
        row = [player.play(notes, family.program, seconds, family.drums) for family, notes in clips]
        back = [player.play(notes, family.program, seconds, family.drums) for family, notes in reversed(clips)]
    for (family, _), one, other in zip(clips, row, reversed(back), strict=True):
        assert np.array_equal(one, other), family.name


@needs_teacher
def test_each_familys_median_loudness_is_the_same(tmp_path: Path) -> None:
    teacher = make_teacher_set(TeacherRecipe(clips=3, seconds=2.0), [TUNE], tmp_path)
    for first, family in enumerate(FAMILIES):
        clips = [teacher.clip(index) for index in range(first, len(teacher), len(FAMILIES))]
        median = float(np.median([np.sqrt(np.mean(clip**2)) for clip in clips]))
        peak = max(float(np.abs(clip).max()) for clip in clips)
        assert median == pytest.approx(LEVEL, rel=1e-3) or (peak == pytest.approx(0.98, abs=1e-3) and median < LEVEL)
        assert {teacher.performances[first + n * len(FAMILIES)].family for n in range(3)} == {family.name}


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "audio.npy", np.zeros((1, 10), np.int16))
    with pytest.raises(GenaudioError, match="no finished"):
        open_teacher_set(tmp_path)


def test_a_missing_soundfont_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="fluid-soundfont-gm"):
        find_soundfont(str(tmp_path / "no.sf2"))


@needs_teacher
def test_notes_may_be_held_for_seconds(tmp_path: Path) -> None:
    """Of every pitched family, beside what is played anyhow; a piano's fall away, an organ's do not."""
    plain = make_teacher_set(TeacherRecipe(clips=1, seconds=4.0), [TUNE], tmp_path / "plain")
    more = make_teacher_set(TeacherRecipe(clips=1, seconds=4.0, held_clips=2), [TUNE], tmp_path / "more")
    assert more.performances[: len(FAMILIES)] == plain.performances
    held = more.performances[len(FAMILIES) :]
    assert [played.family for played in held] == [family.name for family in MELODIC] * 2
    for played in held:
        family = BY_NAME[played.family]
        assert all(family.low <= note.pitch <= family.high for note in played.notes)
        assert family.chords or len({note.start for note in played.notes}) == len(played.notes)
        assert max(note.end for note in played.notes) <= 4.0


@pytest.mark.parametrize("name", ["piano", "flute", "bass"])
def test_held_notes_are_long(name: str) -> None:
    family, rng = BY_NAME[name], np.random.default_rng(2)
    drawn = [note for _ in range(40) for note in play_held(family, 12.0, rng)]
    lengths = np.array([note.end - note.start for note in drawn])
    assert np.median(lengths) > 2.5
    assert lengths.max() > 9
    pitches = [note.pitch for note in drawn]
    assert min(pitches) < family.low + 8
    assert max(pitches) > family.high - 8


def test_soundfonts_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    font = tmp_path / "general.sf3"
    here = KnownSoundFont((tmp_path / "nowhere.sf3", font), "a-package", "MIT licence")
    monkeypatch.setitem(KNOWN, "musescore-general", here)
    with pytest.raises(GenaudioError, match=r"general\.sf3; install the package a-package \(MIT licence\)"):
        find_soundfont("musescore-general")
    font.touch()
    assert find_soundfont("musescore-general") == find_soundfont(str(font)) == font
