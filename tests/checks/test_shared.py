"""Bands in a real Redis, which the tests start on a free port."""

import json
import shutil
import socket
import subprocess
import time

import pytest

from checks import Catalogue, CatalogueError, IncompatibleCatalogue
from checks.fingerprint import Fingerprint
from genaudio.score import Melody
from tests.cli.shell import run

redis = pytest.importorskip("redis", reason="the Redis client is not installed: pip install 'genaudio[redis]'")
SERVER = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="no redis-server is installed: apt-get install redis-server")

if SERVER is not None:
    from checks.shared import SharedBands, seal


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A Redis of the tests' own, with a password, gone with them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(
        [SERVER, *settings, "--requirepass", "secret", "--dir", str(folder)], stdout=subprocess.DEVNULL
    )
    client = redis.Redis(port=port, password="secret")
    try:
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert server.poll() is None, "redis-server did not start"
                time.sleep(0.05)
        yield f"redis://:secret@127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def client(address):
    found = redis.Redis.from_url(address)
    found.flushdb()
    return found


@pytest.fixture
def shared(address, client, catalogue):
    bands = SharedBands(address)
    bands.publish(catalogue)
    return bands


def test_near_duplicates_are_those_of_the_catalogue_on_disk(shared, catalogue, works):
    assert shared.catalogues()["ours"]["sha256"] == catalogue.sha256
    from checks.candidates import Proposer
    from checks.line import Line

    for work in works[::11]:
        melody = work.melody.transposed(2)
        on_disk = {catalogue.records[n].id for n in Proposer(catalogue).near_duplicates(Line.of([melody])).tolist()}
        found = shared.near_duplicates(melody)
        assert ("ours", work.id) in found
        assert {name for _, name in found} == on_disk
    assert shared.near_duplicates(Melody([])) == []


def test_several_catalogues_are_asked_together_and_withdrawn(shared, address, works, tmp_path):
    other = Catalogue.build(works[:3], tmp_path / "theirs", name="theirs")
    SharedBands(address).publish(other)
    assert shared.near_duplicates(works[1].melody) == [("ours", "w1"), ("theirs", "w1")]
    shared.withdraw("ours")
    assert shared.near_duplicates(works[1].melody) == [("theirs", "w1")]
    with pytest.raises(CatalogueError, match="'ours'"):
        shared.withdraw("ours")


def test_publishing_again_replaces_and_leaves_nothing(shared, client, own_catalogue, works, address):
    client.flushdb()
    for _ in range(2):
        shared.publish(own_catalogue)
    before = len(client.keys())
    own_catalogue.add(works[10:12])
    shared.publish(own_catalogue)
    assert ("own", "w11") in shared.near_duplicates(works[11].melody)
    own_catalogue.remove(["w10", "w11"])
    shared.publish(own_catalogue)
    assert shared.near_duplicates(works[11].melody) == []
    assert len(client.keys()) == before


def test_nothing_in_redis_is_pickled(shared, client):
    keys = [key for key in client.scan_iter() if key.endswith(b"_keys")]
    names = client.hkeys(keys[0])
    assert sorted(names) == sorted(f"w{n}".encode() for n in range(60))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m["fingerprint"].update(seed=1), "seed is 1"),
        (lambda m: m["fingerprint"].update(scheme="legacy"), "scheme is 'legacy'"),
        (lambda m: m["fingerprint"].update(bands=16), "bands is 16"),
        (lambda m: m["shingling"].update(version=9), "version is 9"),
        (lambda m: m["software"].update(datasketch="1.6.5"), "datasketch 1"),
        (lambda m: m.update(format=99), "format 99"),
        (lambda m: m["counts"].update(works=61), "60 works, not 61"),
    ],
)
def test_a_mismatch_is_refused(change, word, shared, client, works):
    manifest = json.loads(client.hget(shared.index, "ours"))
    manifest.pop("seal")
    change(manifest)
    manifest["seal"] = seal(manifest)
    client.hset(shared.index, "ours", json.dumps(manifest))
    with pytest.raises(IncompatibleCatalogue, match=word) as caught:
        shared.near_duplicates(works[0].melody)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"seal": 1}'])
def test_a_damaged_manifest_is_refused(text, shared, client, works):
    client.hset(shared.index, "ours", text)
    with pytest.raises(IncompatibleCatalogue, match="publish it again"):
        shared.near_duplicates(works[0].melody)


def test_lost_works_are_noticed(shared, client, works):
    (key,) = [key for key in client.scan_iter() if key.endswith(b"_keys")]
    client.hdel(key, "w5")
    with pytest.raises(IncompatibleCatalogue, match="59 works, not 60"):
        shared.near_duplicates(works[0].melody)


def test_other_parameters_are_refused_on_both_ways(shared, address, catalogue, works):
    with pytest.raises(IncompatibleCatalogue, match="seed"):
        SharedBands(address, fingerprint=Fingerprint(seed=3)).publish(catalogue)
    with pytest.raises(IncompatibleCatalogue, match="seed"):
        SharedBands(address, fingerprint=Fingerprint(seed=3)).near_duplicates(works[0].melody)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "http://example.org", "nonsense"])
def test_no_redis_is_one_sentence(url):
    with pytest.raises(CatalogueError, match="Redis"):
        SharedBands(url)


def test_a_wrong_password_is_one_sentence(address):
    with pytest.raises(CatalogueError, match="cannot use the Redis"):
        SharedBands(address.replace("secret", "guess"))


def test_nothing_published_is_said(address, client):
    with pytest.raises(CatalogueError, match="no catalogue is published"):
        SharedBands(address, "empty").near_duplicates(Melody([]))


def test_the_command_publishes_and_refuses(address, client, own_catalogue):
    done = run("--json", "catalogue", "share", own_catalogue.path, "--redis", address)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["shared"] == ["own"]
    assert SharedBands(address).catalogues()["own"]["sha256"] == own_catalogue.sha256
    client.hset("genaudio:catalogues", "theirs", "{")
    refused = run("catalogue", "share", own_catalogue.path, "--redis", address)
    assert refused.exit_code == 3
