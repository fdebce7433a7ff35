import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from checks import Screener, Work
from genaudio.errors import GenaudioError
from genaudio.production import verify_package
from genaudio.production.batch import orders_of, read_plan, run_batch
from genaudio.production.batch.earlier import BATCH
from genaudio.production.batch.engine import Patience
from genaudio.production.batch.worker import Task
from genaudio.production.studio import attempt_seed
from genaudio.score import Melody, Note, Score, read_score
from tests.production.batch.doubles import ManyTunes, Stillborn, Trouble, Unloadable, crew_of, tree, wild_tune

FILES = {"manifest.json", "report.html", "screening.json", "track.flac", "track.mid", "track.musicxml"}


def test_every_track_of_a_plan_is_made(plan, works, tmp_path):
    told = []
    result = run_batch(
        plan, tmp_path / "out", workers=1, crew=crew_of(works), tell=lambda share, what: told.append(what)
    )
    assert (result.made, result.present, result.missing, result.retried) == (6, 0, 0, 0)
    assert result.failed == {}
    assert result.verdicts == {"clear": 6}
    assert set(result.stages) == {"compose", "screen", "render", "package"}
    assert told[-1].startswith("6/6 tracks")
    names = [f"reels-000{number}" for number in range(1, 6)] + ["waltzes-0001"]
    assert sorted(os.listdir(tmp_path / "out" / "tracks")) == names
    assert result.audio_seconds == pytest.approx(
        sum(json.loads((tmp_path / "out/tracks" / name / "manifest.json").read_text())["audio"]["seconds"]
            for name in names), abs=0.01)  # fmt: skip
    for order in orders_of(plan):
        folder = tmp_path / "out" / "tracks" / order.name
        assert set(os.listdir(folder)) == FILES
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["seed"] == order.seed
        assert manifest["batch"]["number"] == order.number + 1
        compared = manifest["batch"]["compared"]
        assert [entry["works"] for entry in compared] == ([order.number] if order.number else [])


def test_a_track_of_a_batch_verifies(plan, works, tmp_path, monkeypatch):
    run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works))
    screener = crew_of(works).screener([])
    monkeypatch.setattr("genaudio.production.package.open_screener", lambda catalogues: screener)
    found = verify_package(tmp_path / "out" / "tracks" / "reels-0005")
    assert [check.status for check in found.checks] == ["ok"] * 5


def test_the_number_of_workers_changes_nothing(plan, works, tmp_path):
    for workers in (1, 3):
        run_batch(plan, tmp_path / str(workers), workers=workers, crew=crew_of(works))
    one = tree(tmp_path / "1")
    assert len(one) >= 37
    assert one == tree(tmp_path / "3")


def test_going_on_makes_only_what_is_missing(plan, works, tmp_path):
    out = tmp_path / "out"
    run_batch(plan, out, workers=1, crew=crew_of(works))
    before = tree(out)
    times = {path: path.stat().st_mtime_ns for path in out.glob("tracks/*/*")}
    shutil.rmtree(out / "tracks" / "reels-0002")
    (out / "tracks" / "reels-0004" / "track.flac").write_bytes(b"cut short")
    (out / "tracks" / ".reels-0002.x7_ab.partial").mkdir()  # what a kill leaves
    (out / "tracks" / ".reels-0002.x7_ab").mkdir()
    (out / ".library.csv.x7_ab").write_text("half")
    (out / ".git").mkdir()  # what is not ours stays
    composer = ManyTunes()
    result = run_batch(plan, out, workers=2, crew=crew_of(works, composer))
    assert (result.made, result.present, result.repaired) == (2, 4, 1)
    assert composer.seeds == []  # the ledger knows the melodies
    assert tree(out) == before
    assert sorted(path.name for path in (*out.glob(".*"), *out.glob("tracks/.*"))) == [".batch", ".git"]
    assert (out / ".batch" / "damaged" / "reels-0004" / "track.flac").read_bytes() == b"cut short"
    for path, time in times.items():
        if path.parent.name not in ("reels-0002", "reels-0004"):
            assert path.stat().st_mtime_ns == time


def test_a_lost_ledger_is_composed_again(plan, works, tmp_path):
    out = tmp_path / "out"
    run_batch(plan, out, workers=1, crew=crew_of(works))
    before = tree(out)
    ledger = out / ".batch" / "composed.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    assert len(lines) == 6
    ledger.write_bytes(b"".join(lines[:2]) + lines[2][:40])  # killed while it wrote the third
    shutil.rmtree(out / "tracks" / "reels-0005")
    composer = ManyTunes()
    run_batch(plan, out, workers=1, crew=crew_of(works, composer))
    assert composer.seeds == [order.seed for order in orders_of(plan)[2:]]
    assert tree(out) == before
    assert ledger.read_bytes() == b"".join(lines)


def test_a_finished_batch_loads_nothing(plan, works, tmp_path):
    run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works))
    result = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, renderer=Unloadable()))
    assert (result.made, result.present) == (0, 6)
    assert result.verdicts == {"clear": 6}


def test_a_tune_that_repeats_an_earlier_one_is_composed_anew(plan, works, tmp_path):
    orders = orders_of(plan)
    composer = ManyTunes({orders[1].seed: wild_tune(700), orders[4].seed: wild_tune(700).transposed(3)})
    result = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, composer))
    assert result.verdicts == {"clear": 6}
    assert result.recomposed == 1
    manifest = json.loads((tmp_path / "out/tracks/reels-0005/manifest.json").read_text())
    assert [attempt["verdict"] for attempt in manifest["attempts"]] == ["match", "clear"]
    assert manifest["attempts"][1]["seed"] == attempt_seed(orders[4].seed, 1)


def test_a_repetition_that_cannot_be_avoided_is_flagged(works, tmp_path):
    (tmp_path / "plan.yaml").write_text("attempts: 1\ngroups: [{count: 3}]\n")
    plan = read_plan(tmp_path / "plan.yaml")
    orders = orders_of(plan)
    composer = ManyTunes({orders[0].seed: wild_tune(700), orders[2].seed: wild_tune(700)})
    told = []
    result = run_batch(
        plan, tmp_path / "out", workers=1, crew=crew_of(works, composer), tell=lambda share, what: told.append(what)
    )
    assert result.verdicts == {"clear": 2, "match": 1}
    assert told[-1].endswith(", 1 flagged")
    screening = json.loads((tmp_path / "out/tracks/group-1-0003/screening.json").read_text())
    work = screening["results"][0]["matches"][0]["work"]
    assert (work["id"], work["catalogue"]) == ("group-1-0001", BATCH)
    assert [entry["name"] for entry in screening["catalogues"]] == ["protected", BATCH]
    assert 'class="note copied"' in (tmp_path / "out/tracks/group-1-0003/report.html").read_text()


def test_a_track_without_a_clear_melody_may_be_left_out(works, tmp_path):
    (tmp_path / "plan.yaml").write_text("attempts: 1\nunclear: leave out\naudio: false\ngroups: [{count: 4}]\n")
    plan = read_plan(tmp_path / "plan.yaml")
    first, second, third, fourth = (order.seed for order in orders_of(plan))
    tunes = {first: wild_tune(700), second: wild_tune(700), third: wild_tune(5, notes=4), fourth: wild_tune(701)}
    for _ in range(2):  # the second time from the ledger
        result = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, ManyTunes(tunes)))
        assert result.failed == {
            "group-1-0002": "none of 1 melodies was clear (match); left out",
            "group-1-0003": "none of 1 melodies was clear (not-screened); left out",
        }
        assert result.verdicts == {"clear": 2}
    compared = json.loads((tmp_path / "out/tracks/group-1-0004/manifest.json").read_text())["batch"]["compared"]
    assert [entry["works"] for entry in compared] == [1]  # what was left out is nothing to be compared with


def test_a_library_is_not_repeated(works, tmp_path):
    text = "seed: {}\nattempts: 2\ngroups: [{{count: 2}}]\n"
    plans = []
    for seed in (1, 2):
        (tmp_path / f"week-{seed}.yaml").write_text(text.format(seed))
        plans.append(read_plan(tmp_path / f"week-{seed}.yaml"))
    first, second = (orders_of(plan)[1].seed for plan in plans)
    outs = [tmp_path / "outputs" / name for name in ("one", "two")]
    run_batch(plans[0], outs[0], workers=1, crew=crew_of(works, ManyTunes({first: wild_tune(700)})))
    crew = crew_of(works, ManyTunes({second: wild_tune(700)}))
    result = run_batch(plans[1], outs[1], workers=1, crew=crew, libraries=[tmp_path / "outputs"])
    assert result.recomposed == 1
    manifest = json.loads((outs[1] / "tracks/group-1-0002/manifest.json").read_text())
    assert [(entry["name"], entry["works"]) for entry in manifest["batch"]["compared"]] == [("library", 2), (BATCH, 1)]
    again = run_batch(plans[1], outs[1], workers=1, crew=crew, libraries=[tmp_path / "outputs"])
    assert again.present == 2  # its own tracks are no part of the library
    with pytest.raises(GenaudioError, match=r"holds another batch: library is 2 tracks, .* there and none here"):
        run_batch(plans[1], outs[1], workers=1, crew=crew)


def test_a_code_of_the_library_is_not_given_again(works, tmp_path):
    text = "isrc: GB-ABC-26-{:05}\nseed: {}\ngroups: [{{count: 2, audio: false}}]\n"
    (tmp_path / "one.yaml").write_text(text.format(1, 1))
    run_batch(read_plan(tmp_path / "one.yaml"), tmp_path / "one", workers=1, crew=crew_of(works))
    for first, clash in ((2, True), (3, False)):
        (tmp_path / "two.yaml").write_text(text.format(first, 2))
        plan, libraries = read_plan(tmp_path / "two.yaml"), [tmp_path / "one"]
        if clash:
            with pytest.raises(GenaudioError, match=r"would get the ISRC GB-ABC-26-00002, which .*one.* has already"):
                run_batch(plan, tmp_path / "two", workers=1, crew=crew_of(works), libraries=libraries)
            continue
        assert run_batch(plan, tmp_path / "two", workers=1, crew=crew_of(works), libraries=libraries).made == 2


def test_notes_alone_need_no_renderer(works, tmp_path, monkeypatch):
    (tmp_path / "plan.yaml").write_text("audio: false\ngroups: [{count: 2, style: reel}]\n")
    plan = read_plan(tmp_path / "plan.yaml")
    result = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, renderer=Unloadable()))
    assert (result.made, result.failed) == (2, {})
    folder = tmp_path / "out" / "tracks" / "group-1-0001"
    assert set(os.listdir(folder)) == FILES - {"track.flac"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["audio"] is None
    score = read_score(folder / "track.mid")
    assert manifest["music"]["seconds"] == pytest.approx(float(score.duration), abs=0.01)
    assert result.audio_seconds == 0
    assert "<audio" not in (tmp_path / "out" / "index.html").read_text() + (folder / "report.html").read_text()
    monkeypatch.setattr("genaudio.production.package.open_screener", lambda _: crew_of(works).screener([]))
    assert verify_package(folder).intact
    again = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works))
    assert (again.made, again.present) == (0, 2)


def test_equal_titles_are_told_apart(works, tmp_path):
    (tmp_path / "plan.yaml").write_text("groups: [{count: 3, style: jig}]\n")
    plan = read_plan(tmp_path / "plan.yaml")
    tunes = {order.seed: replace(wild_tune(800 + order.number), title="The Lane") for order in orders_of(plan)}
    run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, ManyTunes(tunes)))
    titles = [json.loads(path.read_text())["title"] for path in sorted(tmp_path.glob("out/tracks/*/manifest.json"))]
    assert titles == ["The Lane", "The Lane, no. 2", "The Lane, no. 3"]


def test_another_plan_is_refused_with_what_differs(plan, works, tmp_path):
    out = tmp_path / "out"
    run_batch(plan, out, workers=1, crew=crew_of(works))
    before = tree(out)
    (tmp_path / "plan.yaml").write_text(plan.path.read_text().replace("count: 1", "count: 2").replace("3", "4"))
    other = read_plan(tmp_path / "plan.yaml")
    words = r"holds another batch: plan\.seed is 3 there and 4 here; plan\.groups\.waltzes\.count is 1 there and 2 here"
    with pytest.raises(GenaudioError, match=words):
        run_batch(other, out, workers=1, crew=crew_of(works))
    assert tree(out) == before


def test_a_worker_that_dies_is_replaced(plan, works, tmp_path):
    renderer = Trouble("die", flag=tmp_path / "died")
    result = run_batch(plan, tmp_path / "out", workers=2, crew=crew_of(works, renderer=renderer))
    assert (result.made, result.retried, result.failed) == (6, 1, {})
    run_batch(plan, tmp_path / "calm", workers=1, crew=crew_of(works))
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")


def test_a_track_that_kills_its_workers_is_given_up(plan, works, tmp_path):
    orders = orders_of(plan)
    composer = ManyTunes({orders[2].seed: wild_tune(900, notes=41)})
    crew = crew_of(works, composer, Trouble("die", at=41))
    result = run_batch(plan, tmp_path / "out", workers=1, crew=crew)
    assert result.failed == {"reels-0003": "its worker ended (exit code -9: killed, or out of memory); tried 2 times"}
    assert (result.made, result.missing, result.retried) == (5, 1, 1)
    names = os.listdir(tmp_path / "out" / "tracks")
    assert "reels-0003" not in names
    again = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, composer))
    assert (again.made, again.present, again.missing) == (1, 5, 0)  # tried again, with better luck


def test_a_worker_that_hangs_is_ended_and_replaced(plan, works, tmp_path):
    renderer = Trouble("hang", flag=tmp_path / "hung")
    patience = Patience(track=6, factor=0.05)
    crew = replace(crew_of(works, renderer=renderer), patience=patience)
    result = run_batch(plan, tmp_path / "out", workers=2, crew=crew)
    assert (result.made, result.retried, result.failed) == (6, 1, {})
    run_batch(plan, tmp_path / "calm", workers=1, crew=crew_of(works))
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")


def test_a_track_that_hangs_again_is_given_up(plan, works, tmp_path):
    orders = orders_of(plan)
    composer = ManyTunes({orders[2].seed: wild_tune(900, notes=41)})
    crew = replace(crew_of(works, composer, Trouble("hang", at=41)), patience=Patience(track=6, factor=0.05))
    result = run_batch(plan, tmp_path / "out", workers=2, crew=crew)
    assert list(result.failed) == ["reels-0003"]
    reason = r"its worker gave no answer for [67] s and was ended; tried 2 times"  # 6 s, and a twentieth of its music
    assert re.fullmatch(reason, result.failed["reels-0003"])
    assert (result.made, result.retried) == (5, 1)


def test_patience_grows_with_the_length_of_the_track(plan, works):
    score = Score.from_melody(Melody([Note(0, 8, 60)], tempo=120))  # 4 s
    task = Task(0, Path("x"), SimpleNamespace(score=score))
    assert Patience(track=10, factor=3).of(task) == 10 + 3 * 4


@pytest.mark.parametrize(
    ("what", "reason", "retried"),
    [
        ("raise", "RuntimeError: the renderer fell over; tried 2 times", 6),
        ("refuse", "there are no notes to render", 0),
    ],
)
def test_what_fails_is_listed(plan, works, tmp_path, what, reason, retried):
    result = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, renderer=Trouble(what)))
    assert set(result.failed.values()) == {reason}
    assert (result.made, result.missing, result.retried) == (0, 6, retried)
    assert os.listdir(tmp_path / "out" / "tracks") == []


def test_a_full_disk_ends_the_run_and_says_so(plan, works, tmp_path):
    renderer = Trouble("full", flag=tmp_path / "full")
    result = run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, renderer=renderer))
    assert result.stopped == f"the disk is full at {tmp_path / 'out' / 'tracks'}"
    assert result.missing > 0
    assert run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, renderer=renderer)).missing == 0


def test_a_wish_that_cannot_be_written_fails_alone(works, tmp_path):
    (tmp_path / "plan.yaml").write_text("groups: [{name: a, count: 2}, {name: b, count: 1, tempo: 66}]\n")
    result = run_batch(read_plan(tmp_path / "plan.yaml"), tmp_path / "out", workers=1, crew=crew_of(works))
    assert result.failed == {"b-0001": "nobody can play at 66"}
    assert result.made == 2


@pytest.mark.parametrize(
    ("renderer", "message"),
    [
        (Stillborn(), r"3 workers in a row ended while they loaded \(exit code 7\)"),
        (Unloadable(), "the renderer cannot be loaded: this machine has no device 'cuda:7'"),
    ],
)
def test_a_renderer_that_cannot_be_loaded_ends_the_run(plan, works, tmp_path, renderer, message):
    with pytest.raises(GenaudioError, match=message):
        run_batch(plan, tmp_path / "out", workers=1, crew=crew_of(works, renderer=renderer))
    assert os.listdir(tmp_path / "out" / "tracks") == []


def test_folders_that_cannot_be_used_are_refused(plan, works, tmp_path):
    crew = crew_of(works)
    (tmp_path / "file").write_text("")
    with pytest.raises(GenaudioError, match="file is a file; give a folder"):
        run_batch(plan, tmp_path / "file", workers=1, crew=crew)
    with pytest.raises(GenaudioError, match="cannot write to"):
        run_batch(plan, tmp_path / "file" / "out", workers=1, crew=crew)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(GenaudioError, match=r"holds other files \(letter.txt, ...\) and no batch"):
        run_batch(plan, tmp_path / "home", workers=1, crew=crew)
    assert os.listdir(tmp_path / "home") == ["letter.txt"]
    with pytest.raises(GenaudioError, match="workers must be 1 or more, not 0"):
        run_batch(plan, tmp_path / "out", workers=0, crew=crew)
    with pytest.raises(GenaudioError, match="there is no folder"):
        run_batch(plan, tmp_path / "out", workers=1, crew=crew, libraries=[tmp_path / "nowhere"])
    assert not (tmp_path / "out").exists()


def test_two_runs_do_not_share_a_folder(plan, works, tmp_path):
    from genaudio.production.batch.job import Job

    crew = crew_of(works)
    with (
        Job.prepare(plan, tmp_path / "out", crew, 1, []).claimed(),
        pytest.raises(GenaudioError, match="another run is making tracks"),
    ):
        run_batch(plan, tmp_path / "out", workers=1, crew=crew)


def test_what_killed_runs_left_in_memory_is_removed(works, tmp_path, monkeypatch):
    from genaudio.production.batch import earlier

    memory = tmp_path / "memory"
    monkeypatch.setattr(earlier, "MEMORY", memory)
    for name in (f"genaudio-{os.getpid()}-busy", "genaudio-999999999-left", "genaudio-other", "else"):
        (memory / name).mkdir(parents=True)
    found = earlier.Earlier(tmp_path / "earlier", crew_of(works).screener([]))
    assert sorted(os.listdir(memory)) == ["else", f"genaudio-{os.getpid()}-busy", "genaudio-other"]
    found.add(Work("one", melody=wild_tune(1)))
    assert found.screen(wild_tune(1).transposed(2)).matches[0].work_id == "one"
    assert sorted(os.listdir(memory)) == ["else", f"genaudio-{os.getpid()}-busy", "genaudio-other"]
    monkeypatch.setattr(earlier, "MEMORY", tmp_path / "none")  # then the disk serves
    found.add(Work("two", melody=wild_tune(2)))
    assert found.screen(wild_tune(2)).matches[0].work_id == "two"
    assert [entry["works"] for entry in found.compared()] == [2]


def test_earlier_tracks_are_cut_at_fixed_places(works):
    from genaudio.production.batch.earlier import spans

    assert spans(0) == []
    assert spans(3) == [(0, 3)]
    assert spans(300) == [(0, 256), (256, 288), (288, 300)]
    assert spans(4096) == [(0, 4096)]
    assert spans(4400) == [(0, 4096), (4096, 4352), (4352, 4400)]
    assert isinstance(crew_of(works).screener([]), Screener)
