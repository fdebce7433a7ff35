"""Tracks that are rendered together: the same files as one by one, and trouble with one harms no other."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from genaudio.errors import GenaudioError
from genaudio.production.batch import read_plan, run_batch, try_batch
from genaudio.production.batch.document import PlanError
from genaudio.production.batch.engine import Patience
from genaudio.production.batch.job import Job
from genaudio.production.batch.orders import orders_of
from genaudio.production.batch.together import ALONE, ahead
from genaudio.renderer.chunks import BFLOAT16, Batching
from tests.production.batch.doubles import Choir, ManyTunes, crew_of, tree, wild_tune

TOGETHER = Batching(chunks=4)


@pytest.fixture
def batched(plan):
    return replace(plan, rendering=TOGETHER)


def sizes(log: Path) -> list[int]:
    return [
        int(path.read_text().split()[0]) for path in sorted(log.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    ]


def test_tracks_rendered_together_have_the_files_of_tracks_rendered_alone(plan, batched, works, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    run_batch(plan, tmp_path / "alone", workers=1, crew=crew_of(works))
    result = run_batch(batched, tmp_path / "together", workers=1, crew=crew_of(works, renderer=Choir(log=log)))
    assert (result.made, result.retried, result.failed) == (6, 0, {})
    rows = sizes(log)
    assert sum(rows) == 6
    assert 1 < max(rows) <= 4
    run_batch(batched, tmp_path / "three", workers=3, crew=crew_of(works, renderer=Choir()))
    alone, together = tree(tmp_path / "alone"), tree(tmp_path / "together")
    assert together == tree(tmp_path / "three")
    assert together.keys() == alone.keys()
    told = {name for name in alone if together[name] != alone[name]}  # manifests and the plan say how it was rendered
    assert {Path(name).name for name in told} == {"manifest.json", "batch.json"}
    manifest = json.loads((tmp_path / "together/tracks/reels-0001/manifest.json").read_text())
    assert manifest["batch"]["rendering"] == {
        "chunks": 4, "frames": 1024, "precision": "float32", "compiled": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("trouble", "made", "reason"),
    [
        (Choir("die", at=41), 5, "its worker ended (exit code -9: killed, or out of memory); tried 2 times"),
        (Choir("raise", at=41), 5, "RuntimeError: the renderer fell over; tried 2 times"),
        (Choir("refuse", at=41), 5, "there are no notes to render"),
    ],
    ids=lambda value: getattr(value, "what", ""),
)
def test_a_track_in_trouble_harms_no_other(batched, works, tmp_path, trouble, made, reason):
    orders = orders_of(batched)
    composer = ManyTunes({orders[1].seed: wild_tune(900, 41)})
    result = run_batch(batched, tmp_path / "out", workers=1, crew=crew_of(works, composer, trouble))
    assert result.made == made
    assert result.failed == {orders[1].name: reason}
    if trouble.what == "refuse":
        assert result.retried == 0


def test_a_row_that_hangs_is_tried_again_alone(batched, works, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    renderer = Choir("hang", flag=tmp_path / "flag", log=log)
    patience = Patience(track=6, factor=0.05)
    result = run_batch(
        batched, tmp_path / "out", workers=1, crew=replace(crew_of(works, renderer=renderer), patience=patience)
    )
    assert (result.made, result.failed) == (6, {})
    first, *later = sizes(log)
    assert result.retried == first
    assert later[:first] == [1] * first


def test_going_on_makes_what_is_missing_and_another_way_of_rendering_is_another_batch(batched, works, tmp_path):
    out, crew = tmp_path / "out", crew_of(works, renderer=Choir())
    run_batch(batched, out, workers=1, crew=crew)
    before = tree(out)
    for name in ("reels-0002", "reels-0003"):
        (out / "tracks" / name / "track.flac").unlink()
    result = run_batch(batched, out, workers=2, crew=crew)
    assert (result.made, result.present) == (2, 4)
    assert tree(out) == before
    with pytest.raises(GenaudioError, match="holds another batch: plan"):
        run_batch(replace(batched, rendering=Batching(chunks=5)), out, workers=1, crew=crew)


def test_a_dry_run_measures_tracks_that_are_made_together(batched, works, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    _, _, found = try_batch(batched, tmp_path / "out", workers=1, crew=crew_of(works, renderer=Choir(log=log)))
    assert found is not None
    assert found.bytes > 10_000
    assert sum(sizes(log)) == 1 + TOGETHER.chunks


@pytest.mark.parametrize(
    ("text", "rendering"),
    [
        ("", None),
        ("rendering: alone\n", ALONE),
        ("rendering: {chunks: 8}\n", Batching(chunks=8)),
        ("rendering: {precision: bfloat16, compiled: true}\n", Batching(precision=BFLOAT16, compiled=True)),
    ],
)
def test_a_plan_says_how_its_tracks_are_rendered(tmp_path, works, text, rendering):
    (tmp_path / "plan.yaml").write_text(text + "groups: [{count: 1}]\n")
    plan = read_plan(tmp_path / "plan.yaml")
    assert plan.rendering == rendering
    assert ("rendering" in plan.as_json()) == bool(text)
    wanted = rendering if isinstance(rendering, Batching) else None
    crew = crew_of(works)
    assert Job.prepare(plan, tmp_path / "out", crew, 1, []).batching == wanted
    usual = Batching(precision=BFLOAT16) if rendering is None else wanted
    assert Job.prepare(plan, tmp_path / "out", replace(crew, device="cuda"), 1, []).batching == usual


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("together", "line 1: rendering must be alone or a mapping of chunks, precision, compiled, not 'together'"),
        ("{chunks: 0}", "line 1: the number of chunks must be a whole number from 1 to 256, not 0"),
        ("{precision: float16}", "line 1: the precision is float32 or bfloat16, not 'float16'"),
        ("{compiled: 1}", "line 1: compiled must be true or false, not 1"),
        ("{chunk: 1}", "line 1: unknown key 'chunk'; did you mean chunks?"),
    ],
)
def test_mistakes_in_the_way_of_rendering_are_told(tmp_path, text, message):
    (tmp_path / "plan.yaml").write_text(f"rendering: {text}\ngroups: [{{count: 1}}]\n")
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path / "plan.yaml")
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_items_are_fetched_ahead_but_not_far():
    fetched = []

    def source():
        for number in range(100):
            fetched.append(number)
            yield number
            if number == 5:
                raise ValueError("no more")

    row = ahead(source())
    assert fetched == []
    assert next(row) == 0
    deadline = time.monotonic() + 10
    while len(fetched) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(fetched) == 3  # one in use, one that waits, one on the way
    assert [next(row) for _ in range(5)] == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="no more"):
        next(row)
    left = ahead(iter(range(100)))
    next(left)
    left.close()
    assert "ahead" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.slow
def test_real_tracks_come_out_the_same_however_they_are_grouped(tmp_path):
    text = (
        "attempts: 1\nrendering: {chunks: 2}\ngroups: [{count: 3, style: jig, bars: 8, tempo: 300, formats: [flac]}]\n"
    )
    (tmp_path / "plan.yaml").write_text(text)
    plan = read_plan(tmp_path / "plan.yaml")
    for workers in (1, 2):
        result = run_batch(plan, tmp_path / str(workers), workers=workers, device="cpu")
        assert (result.made, result.failed) == (3, {})
    assert tree(tmp_path / "1") == tree(tmp_path / "2")
    run_batch(replace(plan, rendering=None), tmp_path / "alone", workers=1, device="cpu")
    together, alone = tree(tmp_path / "1"), tree(tmp_path / "alone")
    for name in alone:
        if Path(name).suffix in (".mid", ".musicxml") or Path(name).name == "screening.json":
            assert together[name] == alone[name]
