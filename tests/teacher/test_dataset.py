"""Teacher audio on disk, with the real SoundFont where this machine has one."""

from pathlib import Path

import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.instruments import FAMILIES
from genaudio.score import Melody, Note
from genaudio.teacher import SAMPLE_RATE, TeacherRecipe, make_teacher_set, open_teacher_set
from genaudio.teacher.soundfont import USUAL_PLACES, find_soundfont

TUNE = Melody([Note(i * 0.5, 0.5, 60 + i % 12) for i in range(60)])


def has_teacher() -> bool:
    try:
        import fluidsynth  # noqa: F401
    except ImportError:
        return False
    return any(place.is_file() for place in USUAL_PLACES)


@pytest.mark.skipif(not has_teacher(), reason="training audio needs FluidSynth and the Fluid R3 SoundFont")
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


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "audio.npy", np.zeros((1, 10), np.int16))
    with pytest.raises(GenaudioError, match="no finished"):
        open_teacher_set(tmp_path)


def test_a_missing_soundfont_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="fluid-soundfont-gm"):
        find_soundfont(str(tmp_path / "no.sf2"))
