"""The teacher: a SoundFont player whose sound the codec and the renderer learn. Never used to render."""

from genaudio.teacher.dataset import SAMPLE_RATE, TeacherRecipe, TeacherSet, make_teacher_set, open_teacher_set
from genaudio.teacher.performance import Performance
from genaudio.teacher.sets import teacher_set, teacher_sets

__all__ = [
    "SAMPLE_RATE",
    "Performance",
    "TeacherRecipe",
    "TeacherSet",
    "make_teacher_set",
    "open_teacher_set",
    "teacher_set",
    "teacher_sets",
]
