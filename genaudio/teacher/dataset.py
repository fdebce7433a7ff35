"""Hours of teacher audio on disk with the notes that made them, read through a memory map.

A folder holds `audio.npy` (int16 [clips, samples]), `clips.json` (what each clip plays) and `done` (written last).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.instruments import BY_NAME, DRUM_KIT, FAMILIES, MELODIC, Family, family_of
from genaudio.score import Melody
from genaudio.sounding import Sounding, without_collisions
from genaudio.teacher.performance import Performance, draw_performance, play_held
from genaudio.teacher.playing import Loudness, Playing, play_all
from genaudio.teacher.soundfont import SoundFontPlayer, find_soundfont

SAMPLE_RATE = 44_100
"""Samples a second of all audio that the models see."""
LEVEL = 0.05
"""Median root mean square to which each family's clips are brought, so that no family is louder than the others."""


@dataclass(frozen=True)
class TeacherRecipe:
    """What teacher audio to make.

    Attributes:
        clips: clips for each family.
        drum_clips: further clips of drums, each of whose keys is a sound of its own.
        seconds: length of a clip.
        seed: everything follows from it.
        split: which split of the training works the tunes come from.
        soundfont: path of the SoundFont, or the name of a known one (`soundfont.KNOWN`); empty for Fluid R3 GM.
        program_clips: clips for each of the other 110 General MIDI programs, played as the family plays that stands for
            them (`family_of`): sounds for a codec, which a renderer cannot tell from the family's.
        held_clips: further clips of each pitched family, of notes that are held for seconds: tunes have hardly any, and
            what a long note comes to has to be heard.
    """

    clips: int
    seconds: float = 12.0
    seed: int = 1
    split: str = "train"
    soundfont: str = ""
    drum_clips: int = 0
    program_clips: int = 0
    held_clips: int = 0


OTHER_PROGRAMS = tuple(sorted(set(range(128)) - {family.program for family in MELODIC}))
"""The General MIDI programs that no family is named after."""


@dataclass(frozen=True)
class TeacherSet:
    """Teacher audio and the performances that it plays.

    Attributes:
        audio: int16 [clips, samples] (a memory map); divide by 32767.
        performances: one for each clip.
        gains: by which the teacher's sound was multiplied, for each voice (`Performance.voice`).
    """

    audio: np.ndarray
    performances: tuple[Performance, ...]
    gains: Mapping[str, float] = field(default_factory=dict)

    def clip(self, index: int) -> np.ndarray:
        """Return the audio of a clip, float32 [samples] in -1..1."""
        return self.stretch(index, 0, self.samples)

    @property
    def samples(self) -> int:
        """Samples of a clip."""
        return int(self.audio.shape[1])

    def stretch(self, index: int, start: int, samples: int) -> np.ndarray:
        """Return a part of a clip, float32 [samples] in -1..1."""
        return np.asarray(self.audio[index, start : start + samples], dtype=np.float32) / 32767

    def played(self, index: int) -> tuple[Family, tuple[Sounding, ...]]:
        """Return who plays what in a clip."""
        performance = self.performances[index]
        return BY_NAME[performance.family], performance.notes

    def __len__(self) -> int:
        return len(self.performances)


def _played() -> list[list[object]]:
    """What teacher audio follows from the families, as it is stored with it."""
    return [[family.name, family.program, family.low, family.high, family.chords, family.drums] for family in FAMILIES]


def level_gain(loudness: float, peak: float) -> float:
    """Return the gain that brings a root mean square to `LEVEL`, with no peak above 0.98."""
    return min(LEVEL / max(loudness, 1e-6), 0.98 / max(peak, 1e-6))


def _gains(loudness: list[Loudness], performances: list[Performance]) -> dict[str, float]:
    """Return the gain of each voice: its median loudness comes to `LEVEL` with no peak above 0.98."""
    clips: dict[str, list[Loudness]] = {}
    for clip, performance in zip(loudness, performances, strict=True):
        clips.setdefault(performance.voice, []).append(clip)
    return {
        voice: level_gain(float(np.median([clip.level for clip in heard])), max(clip.peak for clip in heard))
        for voice, heard in clips.items()
    }


def _draw(recipe: TeacherRecipe, melodies: list[Melody]) -> list[Performance]:
    """Draw the performances of a set; what a later field of the recipe adds comes last."""
    rng = np.random.default_rng(recipe.seed)
    families = [family for _ in range(recipe.clips) for family in FAMILIES] + [DRUM_KIT] * recipe.drum_clips
    drawn = [draw_performance(melodies, family, recipe.seconds, rng) for family in families]
    for program in [program for _ in range(recipe.program_clips) for program in OTHER_PROGRAMS]:
        played = draw_performance(melodies, family_of(program), recipe.seconds, rng)
        drawn.append(replace(played, program=program))
    for family in [family for _ in range(recipe.held_clips) for family in MELODIC]:
        notes = without_collisions(play_held(family, recipe.seconds, rng))
        drawn.append(Performance(family.name, "held", notes))
    return drawn


def make_teacher_set(
    recipe: TeacherRecipe,
    melodies: list[Melody],
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    gains: Mapping[str, float] | None = None,
) -> TeacherSet:
    """Play and store teacher audio, or open it where the same recipe has been played before.

    All cores play, each in a process of its own: a script that calls this needs ``if __name__ == "__main__":``.

    Args:
        recipe: what to make.
        melodies: the tunes to draw from.
        folder: where it goes; about 5 MB a minute, three times as much while it is made.
        progress: called with (clips done, clips in all).
        gains: of voices, those of another set: a few clips have no loudness of their own to go by.

    Raises:
        GenaudioError: no FluidSynth, no SoundFont, or another recipe's audio lies in the folder.
    """
    wanted = {
        "recipe": asdict(recipe),
        "families": _played(),
        "programs": [family_of(program).name for program in OTHER_PROGRAMS] if recipe.program_clips else "",
        "tunes": len(melodies),
        "as_loud_as": gains and dict(gains),
    }
    if (folder / "done").is_file():
        done = json.loads((folder / "done").read_text())
        done["recipe"] = asdict(TeacherRecipe(0)) | done["recipe"]  # an older version's lacks what has its default
        if {name: done.get(name, "") for name in wanted} != wanted:
            raise GenaudioError(f"{folder} holds teacher audio of another recipe; remove it or choose another folder")
        return open_teacher_set(folder)
    folder.mkdir(parents=True, exist_ok=True)
    performances = _draw(recipe, melodies)
    soundfont = find_soundfont(recipe.soundfont)
    SoundFontPlayer(soundfont, SAMPLE_RATE).close()  # says here and now what is missing
    playing = Playing(soundfont, SAMPLE_RATE, recipe.seconds, folder / "played.npy")
    chosen: dict[str, float] = {}

    def choose(loudness: list[Loudness]) -> list[float]:
        chosen.update(_gains(loudness, performances) | dict(gains or {}))
        return [chosen[performance.voice] for performance in performances]

    play_all(playing, performances, choose, folder / "audio.npy", progress)
    (folder / "clips.json").write_text(json.dumps([asdict(played) for played in performances]))
    (folder / "done").write_text(json.dumps({**wanted, "gains": chosen}))
    return open_teacher_set(folder)


def open_teacher_set(folder: Path) -> TeacherSet:
    """Open teacher audio that was made before.

    Raises:
        GenaudioError: the folder holds none, or an unfinished one.
    """
    if not (folder / "done").is_file():
        raise GenaudioError(f"{folder} holds no finished teacher audio")
    clips = json.loads((folder / "clips.json").read_text())
    performances = tuple(
        Performance(clip["family"], clip["kind"], tuple(Sounding(*note) for note in clip["notes"]), clip.get("program"))
        for clip in clips
    )
    stored = json.loads((folder / "done").read_text())
    return TeacherSet(np.load(folder / "audio.npy", mmap_mode="r"), performances, stored.get("gains", {}))
