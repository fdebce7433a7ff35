"""Batches on a real Ray cluster of two nodes on this machine."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody.wish import Wish
from genaudio.production.batch import read_plan, run_batch, try_batch
from genaudio.production.batch.carried import CarriedComposer
from genaudio.production.batch.engine import Patience
from tests.production.batch.doubles import ManyTunes, Trouble, Unloadable, crew_of, tree

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
STORE = 96 << 20
NODE = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": STORE}
REAL = "attempts: 1\ngroups: [{name: jigs, count: 1, style: jig, bars: 8, tempo: 300, instrument: flute}]\n"


@pytest.fixture(scope="module")
def network():
    """Two nodes of one core each, of which one may be killed; what workers import is found from the root."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        patch.setenv("PYTHONPATH", path)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        head = {**NODE, "include_dashboard": False}
        network = Cluster(initialize_head=True, head_node_args=head)
        network.add_node(**NODE)
        yield network
        network.shutdown()


@pytest.fixture(scope="module")
def cluster(network):
    """A connection to it, for this process."""
    from genaudio.production.batch.cluster import Cluster

    with Cluster.connected(network.address) as cluster:
        yield cluster


@pytest.fixture
def crew(cluster, works):
    """Doubles for the two neural models, composing and rendering on the cluster."""
    from genaudio.production.batch.ray_engine import RayEngine

    def hired(renderer=None, **more):
        crew = crew_of(works, renderer=renderer)
        composer = partial(cluster.composer, ManyTunes)
        return replace(
            crew, composer=composer, engine=partial(RayEngine, cluster.share, "cpu"), cores=cluster.cores, **more
        )

    return hired


def test_a_cluster_makes_the_same_files(crew, plan, works, tmp_path):
    result = run_batch(plan, tmp_path / "ray", crew=crew())
    assert (result.made, result.workers, result.retried, result.failed) == (6, 2, 0, {})
    assert set(result.stages) == {"compose", "screen", "render", "package"}
    run_batch(plan, tmp_path / "local", workers=1, crew=crew_of(works))
    assert tree(tmp_path / "ray") == tree(tmp_path / "local")
    again = run_batch(plan, tmp_path / "local", crew=crew())  # here or there: it is the same batch
    assert (again.made, again.present) == (0, 6)


def test_a_composer_that_is_lost_is_replaced(crew):
    composer = crew().composer()
    first = composer.compose_each([Wish(style="reel")], [1])
    ray.kill(composer.actor)
    assert composer.compose_each([Wish(style="reel")], [1]) == first
    with pytest.raises(GenaudioError, match="nobody can play at 66"):
        composer.compose_each([Wish(tempo=66)], [1])


def test_other_training_works_are_refused(crew, cluster, plan, tmp_path):
    """The copy guard of the composer would know other tunes."""
    load = CarriedComposer("cpu", {}, {"corpus/works.jsonl.gz": "0" * 64})
    with pytest.raises(IncompatibleError, match="a machine of the cluster has other training works"):
        run_batch(plan, tmp_path / "out", crew=replace(crew(), composer=partial(cluster.composer, load)))


def test_trying_measures_on_the_cluster(crew, plan, tmp_path):
    root, present, found = try_batch(plan, tmp_path / "out", crew=crew())
    assert (root.exists(), present, found.tracks, found.workers, found.cores) == (False, 0, 6, 2, 2)
    assert found.bytes > 10_000


@pytest.mark.parametrize(
    ("trouble", "retried"), [(Trouble("die"), 1), (Trouble("hang"), 1), (Trouble("raise"), 1), (Trouble("refuse"), 0)]
)
def test_a_worker_in_trouble_costs_no_track(crew, plan, tmp_path, trouble, retried):
    renderer = replace(trouble, flag=tmp_path / "flag")
    result = run_batch(plan, tmp_path / "out", crew=crew(renderer, patience=Patience(track=6, factor=0.05)))
    assert (result.made, result.retried) == (6 - (retried == 0), retried)
    assert list(result.failed.values()) == ["there are no notes to render"] * (retried == 0)


def test_a_renderer_that_cannot_be_loaded_ends_the_run(crew, plan, tmp_path):
    with pytest.raises(GenaudioError, match="the renderer cannot be loaded: this machine has no device"):
        run_batch(plan, tmp_path / "out", crew=crew(Unloadable()))


def test_a_machine_with_other_versions_is_refused(crew, plan, tmp_path, monkeypatch):
    monkeypatch.setattr("genaudio.production.batch.ray_engine.versions", lambda device: {"torch": "0.1"})
    with pytest.raises(IncompatibleError, match=r"the machine .* of the cluster differs: .*torch is .* there"):
        run_batch(plan, tmp_path / "out", crew=crew())


def test_a_cluster_without_room_is_told(crew, plan, tmp_path):
    from genaudio.production.batch.cluster import Cluster
    from genaudio.production.batch.ray_engine import RayEngine

    greedy = replace(crew(patience=Patience(loading=2)), engine=partial(RayEngine, Cluster(2, 1).share, "cuda"))
    with pytest.raises(GenaudioError, match="the cluster began no worker in 2 s"):
        run_batch(plan, tmp_path / "out", workers=1, crew=greedy)


def test_devices_are_lent_in_parts():
    from genaudio.production.batch.cluster import Cluster

    plain, fast = Cluster(8, 0), Cluster(8, 2)
    assert [plain.device(name) for name in ("auto", "cpu")] == ["cpu", "cpu"]
    assert [fast.device(name) for name in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]
    assert plain.share("cpu", 3) == {"num_cpus": 1}
    assert fast.share("cuda", 2) == {"num_cpus": 1, "num_gpus": 0.9}
    assert fast.share("cuda", 5) == {"num_cpus": 1, "num_gpus": 0.3}
    with pytest.raises(GenaudioError, match="no machine of the cluster has a GPU"):
        plain.device("cuda")
    with pytest.raises(GenaudioError, match="auto, cpu or cuda, not 'cuda:1'"):
        fast.device("cuda:1")


def test_a_real_track_is_the_same_on_the_cluster(network, tmp_path):
    """The shipped models, from the command line; they travel to the node."""
    (tmp_path / "plan.yaml").write_text(REAL)
    for name, more in (("local", ["--engine", "local"]), ("ray", ["--engine", "ray", "--address", network.address])):
        words = ["batch", tmp_path / "plan.yaml", "--out", tmp_path / name, "--workers", 1, "--device", "cpu", *more]
        command = [sys.executable, "-m", "genaudio", *map(str, words), "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode in (0, 1, 2), done.stderr
        assert json.loads(done.stdout)["made"] == 1, done.stderr
    assert tree(tmp_path / "ray") == tree(tmp_path / "local")
    assert len(tree(tmp_path / "ray")) == 6 + 4


def test_a_plan_is_finished_after_a_node_is_killed(crew, network, works, tmp_path):
    (tmp_path / "plan.yaml").write_text("groups: [{name: reels, count: 9, style: reel}]\n")
    plan, out = read_plan(tmp_path / "plan.yaml"), tmp_path / "out"
    second = next(node for node in network.list_all_nodes() if not node.head)
    killed = []

    def kill_one():
        while not list(out.glob("tracks/[!.]*/manifest.json")):
            time.sleep(0.05)
        network.remove_node(second, allow_graceful=False)
        killed.append(len(list(out.glob("tracks/[!.]*/manifest.json"))))

    thread = threading.Thread(target=kill_one)
    thread.start()
    result = run_batch(plan, out, workers=2, crew=crew(Trouble(pause=0.8)))
    thread.join(60)
    assert 1 <= killed[0] < 9
    deadline = time.monotonic() + 120
    while sum(node["Alive"] for node in ray.nodes()) == 2:  # Ray notices late
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (result.made, result.missing, result.failed) == (9, 0, {})
    run_batch(plan, tmp_path / "calm", workers=2, crew=crew_of(works))
    assert tree(out) == tree(tmp_path / "calm")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1 (Connection refused)"),
        ("nowhere.invalid:6379", "no Ray cluster answers at nowhere.invalid:6379"),
        ("ray://127.0.0.1:10001", "is no address of a cluster's head"),
        ("somewhere", "is no address of a cluster's head"),
        ("127.0.0.1:99999", "no Ray cluster answers"),
    ],
)
def test_an_address_that_nobody_answers_is_told_in_seconds(tmp_path, address, message):
    from genaudio.production.batch.cluster import Cluster

    start = time.monotonic()
    with pytest.raises(GenaudioError) as caught, Cluster.connected(address):
        pass
    assert message in str(caught.value)
    assert time.monotonic() - start < 10


def test_a_port_of_something_else_is_told(monkeypatch):
    from genaudio.production.batch import cluster

    monkeypatch.setattr(cluster, "GREETING", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        cluster._knock(address)
        with pytest.raises(GenaudioError, match="is no Ray cluster: it said nothing for 3 s"):
            cluster._greet(address)
