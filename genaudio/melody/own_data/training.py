"""The melody model trained on files of one's own, from trained weights or from nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genaudio.corpus import load_works, save_works
from genaudio.errors import GenaudioError
from genaudio.melody.own_data.account import Account
from genaudio.melody.own_data.tunes import Tell, read_tunes
from genaudio.melody.own_data.works import prepare
from genaudio.melody.recipe import MelodyRecipe
from genaudio.melody.train import Progress, train_melody
from genaudio.melody.usual import known_styles, read_config
from genaudio.melody.vocabulary import Vocabulary
from genaudio.training import distributed

WORKS, ACCOUNT = "works.jsonl.gz", "data.json"
"""Files beside the weights: the works as they were learnt, and the account of their reading with the alphabet."""


@dataclass(frozen=True)
class OwnTraining:
    """Where the data of a training lies and what it begins with.

    Attributes:
        data: files and folders; none where the training in `out` goes on with what it has read.
        out: folder of works, account, checkpoint and weights.
        style: of all works, or None for what each says.
        base: weights to begin with, None for random ones; of a training that goes on those that it began with.
    """

    data: Sequence[Path]
    out: Path
    style: str | None = None
    base: Path | None = None

    def read(self, seed: int, tell: Tell) -> dict[str, Any]:
        """Read the data and write works and account to `out`.

        Returns:
            The account as it was written.

        Raises:
            GenaudioError: nothing can be learnt from; the account is written all the same, and says why.
            IncompatibleError: the weights to begin with are no melody model.
        """
        base = None
        if self.base is not None:
            config = read_config(self.base)
            base = Vocabulary.from_config(config["vocabulary"], config["vocabulary_sha256"])
        account = Account()
        try:
            known = known_styles() if base is None else base.styles
            tunes = list(read_tunes(self.data, self.style, known, account, tell))
            found = prepare(tunes, base, seed, account, tell)
        except GenaudioError as error:
            if account.files:
                self._write({"data": account.as_json()})
                raise GenaudioError(f"{error}. {_why(account)}; {self.out / ACCOUNT} lists them all") from None
            raise
        save_works(found.works, self.out / WORKS)
        self._write({
            "data": account.as_json(),
            "text": account.lines(),
            "sources": [str(path) for path in self.data],
            "begun_with": None if self.base is None else str(self.base),
            "vocabulary": found.vocabulary.config,
            "vocabulary_sha256": found.vocabulary.digest,
        })  # fmt: skip
        return self.load()

    def _write(self, content: dict[str, Any]) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        temporary = self.out / f".{ACCOUNT}"
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        temporary.replace(self.out / ACCOUNT)

    def load(self) -> dict[str, Any]:
        """Return what `read` wrote.

        Raises:
            GenaudioError: there is nothing, or it is damaged.
        """
        path = self.out / ACCOUNT
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GenaudioError(f"{path} cannot be read, so there is no training to resume; give --data") from error
        if not {"data", "text", "sources", "begun_with", "vocabulary", "vocabulary_sha256"} <= set(content):
            raise GenaudioError(f"{path} is of a training that found nothing to learn from; give other --data")
        return content


def _why(account: Account) -> str:
    """Say in a sentence what became of the works."""
    reasons = "; ".join(f"{reason}: {number}" for reason, number in account.reasons.most_common())
    first = f" (such as {account.rejects[0].text})" if account.rejects else ""
    return f"Of {account.files} files and {account.works} works {len(account.rejects)} were left out: {reasons}{first}"


def train_own(
    recipe: MelodyRecipe,
    training: OwnTraining,
    resume: bool = False,
    time_budget: float | None = None,
    device: str = "auto",
    on_progress: Callable[[Progress], None] | None = None,
    tell: Tell | None = None,
    on_data: Callable[[dict[str, Any]], None] | None = None,
) -> Path:
    """Train the melody model on files of one's own.

    Args:
        recipe: how to train; the sizes are those of the weights to begin with, if there are any.
        training: the data, and where it goes.
        resume: go on from the checkpoint, with the works that were read for it.
        time_budget: seconds, overriding the recipe's.
        device: ``auto``, ``cpu``, ``cuda``...
        on_progress: called at each evaluation.
        tell: is told how far the reading is.
        on_data: is given the account once the data is read, in the first process.

    Returns:
        The path of the best weights.

    Raises:
        GenaudioError: there is nothing to learn from, or something cannot be used.
    """
    with distributed.joined(device) as chosen:
        with distributed.first_alone() as first:
            read = first and not resume
            content = training.read(recipe.seed, tell or _silent) if read else training.load()
        if first and on_data is not None:
            on_data(content)
        vocabulary = Vocabulary.from_config(content["vocabulary"], content["vocabulary_sha256"])
        counts = {name: content["data"][name] for name in ("files", "works", "kept", "styles")}
        works = load_works(path=training.out / WORKS)
        return train_melody(
            recipe, training.out, resume, time_budget, str(chosen), on_progress, works, training.base, vocabulary,
            {"own_data": counts},
        )  # fmt: skip


def _silent(share: float | None, what: str) -> None:
    """Tell nobody."""
