"""Training works: public-domain tunes with metre, key, style, source and licence, de-duplicated and split by family.

`load_works` reads the compact file that ships and needs neither music21 nor torch; `build_corpus` makes that file from
the collections that the music21 wheel carries.
"""

from genaudio.corpus.build import build_corpus
from genaudio.corpus.errors import CorpusError
from genaudio.corpus.recipe import CorpusRecipe
from genaudio.corpus.report import CorpusReport
from genaudio.corpus.splits import SPLITS
from genaudio.corpus.styles import STYLES
from genaudio.corpus.works import WORKS_FILE, TrainingWork, load_works, save_works, work_families

__all__ = [
    "SPLITS", "STYLES", "WORKS_FILE",
    "CorpusError", "CorpusRecipe", "CorpusReport", "TrainingWork",
    "build_corpus", "load_works", "save_works", "work_families",
]  # fmt: skip
