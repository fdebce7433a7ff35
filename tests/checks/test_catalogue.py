"""Catalogues on disk: round trips, refusals, crashes."""

import json
import os
import shutil

import numpy as np
import pytest

from checks import Catalogue, CatalogueError, IncompatibleCatalogue, Work, storage
from checks.fingerprint import Fingerprint
from checks.ngrams import Shingling
from genaudio.score import Key, Melody, Metre, Note
from tests.checks.melodies import melody_of


def manifest_of(catalogue):
    return catalogue.path / "manifest.json"


def change_manifest(catalogue, change):
    """Change the manifest and sign it again, as another version of the software would have written it."""
    values = json.loads(manifest_of(catalogue).read_text())
    change(values)
    values["sha256"] = storage.digest_manifest(values)
    manifest_of(catalogue).write_text(json.dumps(values))


def test_works_come_back_as_they_went(tmp_path):
    melody = Melody(
        [Note(0.0, 1 / 3, 60), Note(1 / 3, 2 / 3, 64), Note(2.0, 1.5, 67)],
        metre=Metre(6, 8), key=Key(2, "dorian"), tempo=96.0, title="Inner", pickup=0.5,
    )  # fmt: skip
    work = Work("ü/1", "A <b>title</b>", melody, "Somebody", None)
    (back,) = Catalogue.build(iter([work]), tmp_path / "c").works
    assert (back.id, back.title, back.creator, back.rights) == ("ü/1", "A <b>title</b>", "Somebody", None)
    assert (back.melody.metre, back.melody.key, back.melody.tempo) == (Metre(6, 8), Key(2, "dorian"), 96.0)
    assert back.melody.pickup == 0.5
    assert [(n.onset_ticks, n.duration_ticks, n.pitch) for n in back.melody.notes] == [
        (0, 160, 60), (160, 320, 64), (960, 720, 67),
    ]  # fmt: skip


def test_equal_works_make_equal_catalogues(works, tmp_path):
    one = Catalogue.build(works[:5], tmp_path / "a", name="same")
    other = Catalogue.build(works[:5], tmp_path / "b", name="same")
    assert one.sha256 == other.sha256
    assert Catalogue.build(works[:4], tmp_path / "c", name="same").sha256 != one.sha256


def test_info_counts_what_cannot_be_searched(works, tmp_path):
    short = [Work("short", "", melody_of([60, 62])), Work("empty", "", Melody([]))]
    catalogue = Catalogue.build([*works[:3], *short], tmp_path / "c", name="three")
    info = catalogue.info()
    assert info["counts"]["works"] == 5
    assert info["counts"]["unsearchable"] == 2
    assert info["name"] == "three"
    assert info["sha256"] == catalogue.sha256
    assert info["software"]["datasketch"].startswith("2.")
    assert catalogue.works[3].title == "short"
    catalogue.verify()


def test_nothing_on_disk_is_pickled(own_catalogue):
    files = [path for path in own_catalogue.path.rglob("*") if path.suffix == ".npy"]
    assert len(files) >= 10
    for path in files:
        assert np.load(path, allow_pickle=False).dtype != object


def test_double_ids_are_named(works, tmp_path):
    with pytest.raises(CatalogueError, match="'w1'"):
        Catalogue.build([works[0], works[1], works[1]], tmp_path / "c")


@pytest.mark.parametrize("content", [[], ["no work"]])
def test_nothing_to_build_from_is_refused(content, tmp_path):
    with pytest.raises(CatalogueError):
        Catalogue.build(content, tmp_path / "c")


def test_a_work_needs_an_id_and_a_melody():
    with pytest.raises(CatalogueError, match="id"):
        Work(" ", "x", Melody([]))
    with pytest.raises(CatalogueError, match="Melody"):
        Work("x", "x", [60, 62])


def test_no_catalogue_is_no_crash(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "file"):
        with pytest.raises(CatalogueError, match="no catalogue"):
            Catalogue.open(path)


def test_a_folder_with_other_things_is_left_alone(works, tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(CatalogueError, match=r"thesis\.doc"):
        Catalogue.build(works[:2], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]
    with pytest.raises(CatalogueError, match="is a file"):
        Catalogue.build(works[:2], tmp_path / "thesis.doc")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"fingerprint": Fingerprint(seed=5)}, "seed"),
        ({"fingerprint": Fingerprint(permutations=64)}, "permutations"),
        ({"fingerprint": Fingerprint(bands=16)}, "bands"),
        ({"shingling": Shingling(index_length=5)}, "index_length"),
        ({"shingling": Shingling(version=2)}, "version"),
    ],
)
def test_other_parameters_are_refused_unless_asked_for(settings, word, works, tmp_path):
    Catalogue.build(works[:3], tmp_path / "c", **settings)
    with pytest.raises(IncompatibleCatalogue, match=word):
        Catalogue.open(tmp_path / "c")
    assert len(Catalogue.open(tmp_path / "c", **settings)) == 3


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m.update(format=99), "format 99"),
        (lambda m: m["fingerprint"].update(scheme="legacy"), "scheme is 'legacy'"),
        (lambda m: m["fingerprint"].update(probe=[0] * 8), "probe"),
        (lambda m: m["software"].update(datasketch="1.6.5"), "datasketch 1"),
        (lambda m: m.pop("shingling"), "window_notes is None"),
    ],
)
def test_another_version_is_refused(change, word, own_catalogue):
    change_manifest(own_catalogue, change)
    with pytest.raises(IncompatibleCatalogue, match=word) as caught:
        Catalogue.open(own_catalogue.path)
    assert caught.value.exit_code == 3
    assert "build it again" in str(caught.value)


def test_a_manifest_changed_by_hand_is_refused(own_catalogue):
    text = manifest_of(own_catalogue).read_text()
    for damaged in (text.replace('"works": 10', '"works": 11'), text[: len(text) // 2], "[]", ""):
        manifest_of(own_catalogue).write_text(damaged)
        with pytest.raises(IncompatibleCatalogue, match="damaged"):
            Catalogue.open(own_catalogue.path)


def test_every_file_is_checked(own_catalogue):
    data = own_catalogue.path / own_catalogue.manifest["segments"][0]["data"]
    for path in sorted(data.iterdir()):
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[-1] ^= 1
        for damaged in (bytes(flipped), content[:-1], b""):
            path.write_bytes(damaged)
            with pytest.raises(IncompatibleCatalogue, match=path.name):
                Catalogue.open(own_catalogue.path)
        path.unlink()
        with pytest.raises(IncompatibleCatalogue, match="missing"):
            Catalogue.open(own_catalogue.path)
        path.write_bytes(content)
    Catalogue.open(own_catalogue.path).verify()


def test_large_catalogues_are_hashed_by_verify(own_catalogue, monkeypatch):
    path = own_catalogue.path / own_catalogue.manifest["segments"][0]["data"] / "pitches.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    monkeypatch.setattr(storage, "HASHED_ON_OPENING", 0)
    opened = Catalogue.open(own_catalogue.path)
    with pytest.raises(IncompatibleCatalogue, match=r"pitches\.npy"):
        opened.verify()


@pytest.mark.parametrize("moment", ["_sync", "_replace_manifest", "digest_file"])
def test_a_crash_while_building_leaves_the_old_catalogue(moment, own_catalogue, works, monkeypatch):
    before = own_catalogue.sha256
    calls = []
    real = getattr(storage, moment)

    def crash(*arguments):
        calls.append(arguments)
        if len(calls) > (0 if moment == "_replace_manifest" else 3):
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(storage, moment, crash)
    with pytest.raises(KeyboardInterrupt):
        Catalogue.build(works, own_catalogue.path, name="new")
    monkeypatch.undo()
    survivor = Catalogue.open(own_catalogue.path)
    survivor.verify()
    assert survivor.sha256 == before
    assert len(survivor) == 10
    assert len(Catalogue.build(works, own_catalogue.path, name="new")) == 60
    assert len(list(own_catalogue.path.glob("data-*"))) == 1


def test_building_over_damaged_files_repairs_them(own_catalogue, works):
    data = own_catalogue.path / own_catalogue.manifest["segments"][0]["data"]
    (data / "onsets.npy").write_bytes(b"nonsense")
    Catalogue.build(works[:10], own_catalogue.path, name="own").verify()


def test_works_are_added_and_removed(own_catalogue, works):
    before = own_catalogue.sha256
    own_catalogue.add(works[10:12])
    assert [work.id for work in own_catalogue.works] == [f"w{n}" for n in range(12)]
    assert [work.id for work in Catalogue.open(own_catalogue.path).works[-2:]] == ["w10", "w11"]
    own_catalogue.remove(["w10", "w11"])
    assert own_catalogue.sha256 == before
    with pytest.raises(CatalogueError, match="'w3'"):
        own_catalogue.add([works[3]])
    with pytest.raises(CatalogueError, match="'nobody'"):
        own_catalogue.remove(["nobody"])
    assert Catalogue.open(own_catalogue.path).sha256 == before


def test_two_writers_do_not_meet(own_catalogue, works):
    with storage.lock(own_catalogue.path), pytest.raises(CatalogueError, match="somebody else"):
        own_catalogue.add(works[10:12])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_place_is_one_sentence(works, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(CatalogueError, match="cannot"):
        Catalogue.build(works[:2], tmp_path / "c")


def test_a_full_disk_is_one_sentence(own_catalogue, works, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_sync", full)
    with pytest.raises(CatalogueError, match="No space left"):
        Catalogue.build(works, own_catalogue.path)
    monkeypatch.undo()
    assert len(Catalogue.open(own_catalogue.path)) == 10


def test_a_catalogue_can_be_moved(own_catalogue, tmp_path):
    shutil.move(own_catalogue.path, tmp_path / "elsewhere")
    assert Catalogue.open(tmp_path / "elsewhere").sha256 == own_catalogue.sha256
