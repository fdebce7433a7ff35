"""Thresholds: the tail's formula, the recipe, and the command."""

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from checks import Catalogue, IncompatibleCatalogue, Work, background, thresholds
from checks.background import SHIPPED, Background
from checks.calibration import PARTS, Recipe, bits_a_doubling, fit_tail, left_out_scores, main
from checks.relatives import read_works
from checks.search import Search
from checks.thresholds import Tail, Thresholds
from tests.checks.melodies import spliced

CONFIG = Path(__file__).parents[2] / "configs" / "screening.yaml"


def test_the_tail_by_hand():
    tail = Tail(start=10.0, rate=0.1, slope=np.log(10) / 5)  # ten times rarer every five bits
    assert tail.false_positive_rate(10.0) == pytest.approx(0.1)
    assert tail.false_positive_rate(15.0) == pytest.approx(0.01)
    assert tail.false_positive_rate(-100.0) == 1.0
    assert tail.evidence(0.001) == pytest.approx(20.0)


def test_evidence_pays_for_the_size_of_the_search():
    limits = Thresholds(Tail(10.0, 0.1, 0.2), size_bits=2.5)
    assert limits.evidence(50.0, 64, 1 << 19) == 50.0  # the usual size
    assert limits.evidence(50.0, 64, 1 << 21) == 50.0 - 2 * 2.5
    assert limits.enough(16, 1 << 19) == pytest.approx(limits.tail.evidence(0.01) - 2 * 2.5)


def test_an_exponential_tail_is_recovered_in_spite_of_outliers():
    scores = np.random.default_rng(0).exponential(1 / 0.3, 20_000)
    scores[:200] += 500  # one in a hundred is an unknown variant
    tail = fit_tail(scores, 0.2, 0.02)
    # the outliers take up half of what is censored, so the estimate errs on the careful side
    assert 0.24 < tail.slope < 0.31
    assert np.log(1000) / 0.3 * 0.97 < tail.evidence(0.001) < np.log(1000) / 0.3 * 1.25


@pytest.mark.parametrize("wrong", [{"review": 0.0}, {"match": 0.5}, {"tail": Tail(1.0, 0.1, 0.0)}, {"size_bits": -1.0}])
def test_impossible_thresholds_are_refused(wrong):
    with pytest.raises(ValueError, match=r"rates|slope|doubles"):
        Thresholds(**{"tail": Tail(1.0, 0.1, 0.2), **wrong})


def test_the_shipped_files_belong_together():
    shipped = Thresholds.load()
    assert shipped.record["background_sha256"] == hashlib.sha256(background.FILE.read_bytes()).hexdigest()
    assert (shipped.review, shipped.match) == (0.01, 0.001)
    assert shipped.record["seed"] == Recipe.load(CONFIG).seed


def test_the_shipped_recipe_is_the_default_one():
    assert Recipe.load(CONFIG) == Recipe()


@pytest.mark.parametrize("content", ["", "{", '{"version": 1}', '{"version": 2}'])
def test_damaged_thresholds_are_refused(content, tmp_path):
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(IncompatibleCatalogue, match="calibrate again"):
        Thresholds.load(tmp_path / "t.json")
    assert thresholds.shipped() is thresholds.shipped()


def test_thresholds_are_refused_beside_other_tables(monkeypatch, tmp_path):
    Background(np.zeros((26, 25), np.uint8), np.zeros((14, 13), np.uint8)).save(tmp_path / "background.npz")
    monkeypatch.setattr(background, "FILE", tmp_path / "background.npz")
    with pytest.raises(IncompatibleCatalogue, match="do not belong"):
        thresholds.shipped.__wrapped__()


def test_chance_gains_what_larger_searches_find():
    # the largest of exponentials with scale 4 gains 4 ln 2 bits whenever their number doubles
    scores = np.random.default_rng(1).exponential(4.0, (4000, PARTS, 500)).max(2)
    assert bits_a_doubling(scores) == pytest.approx(4 * np.log(2), rel=0.06)


def test_a_query_is_weighed_as_if_nobody_knew_it(works, tmp_path):
    host, source = works[1].melody, works[2].melody
    relatives = [*works[:20], Work("borrower", melody=spliced(host, source, 5, 30, 2, 20))]
    catalogue = Catalogue.build(relatives, tmp_path / "catalogue")
    line, family = catalogue.line, np.arange(21)
    family[20] = 1  # a variant of its host
    query = (20, line.melody(20))
    found = left_out_scores(catalogue, family, np.ones(21, bool), [query], fold=np.arange(20))
    kept = np.flatnonzero(family != 1)  # neither the query nor its variant
    tables = Background.count(line.take(kept), family[kept], SHIPPED)
    search = Search(catalogue, Thresholds(Tail(0.0, 0.1, 0.5)), tables)
    assert found[0, 2] == next(hit.score for hit in search.hits(query[1]) if hit.work == 2)
    assert found[0].argmax() == 2
    assert found[0, 2] > 60


def test_the_command_makes_files_that_load(works, tmp_path):
    lines = []
    for number, work in enumerate(works * 2):
        shift = number // len(works)
        notes = [[n.onset_ticks, n.duration_ticks, n.pitch + shift] for n in work.melody.notes]
        lines.append(json.dumps({"id": f"{number}", "family": work.id, "split": "train", "notes": notes}))
    lines.append(json.dumps({"id": "held out", "family": "f", "split": "test", "notes": []}))
    source = tmp_path / "works.jsonl.gz"
    source.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert len(read_works(source, ["test"])) == 1
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "calibration: {seed: 3, queries: 60, excerpts: 20, tail: 0.5, excerpt: [20, 40], splits: [train], folds: 3}"
    )
    for name in ("one", "two"):
        assert main(["--works", str(source), "--out", str(tmp_path / name), "--config", str(recipe)]) == 0
    first, second = ((tmp_path / name / "thresholds.json").read_bytes() for name in ("one", "two"))
    assert first == second
    made = Thresholds.load(tmp_path / "one" / "thresholds.json")
    assert made.record["works"] == 120
    assert made.record["families"] == 60
    assert 0.0 <= made.record["measured"]["whole_works"]["review"] <= 0.1
    assert Background.load(tmp_path / "one" / "background.npz").pitch.shape == (26, 26, 26, 25)


@pytest.mark.parametrize("content", ['{"id": "a"}', "nonsense", '{"id": "a", "family": "f", "notes": [[0, 0, 60]]}'])
def test_a_broken_line_is_named(content, tmp_path, capsys):
    (tmp_path / "works.jsonl").write_text(content + "\n")
    assert main(["--works", str(tmp_path / "works.jsonl"), "--out", str(tmp_path / "out")]) == 2
    assert "line 1 of" in capsys.readouterr().err


def test_a_missing_file_is_one_sentence(tmp_path, capsys):
    assert main(["--works", str(tmp_path / "none.jsonl"), "--out", str(tmp_path)]) == 2
    assert "cannot read" in capsys.readouterr().err
