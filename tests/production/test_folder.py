import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genaudio.errors import GenaudioError
from genaudio.production.folder import claim, file_name, free_name, whole_folder


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Reel in B♭ major, no. 7", "reel-in-bb-major-no-7"),
        ("../../etc/passwd", "etc-passwd"),
        ("F# minor", "f-sharp-minor"),
        ("Ægir's Été", "gir-s-ete"),
        ("", "track"),
        ("雨", "track"),
    ],
)
def test_names_are_plain(text, name):
    assert file_name(text) == name


@given(st.text())
def test_names_never_leave_the_folder(text):
    name = file_name(text)
    assert 0 < len(name) <= 80
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_first_free_name_is_taken(tmp_path):
    (tmp_path / "reel").mkdir()
    (tmp_path / "reel-2").mkdir()
    assert free_name(tmp_path / "jig") == tmp_path / "jig"
    assert free_name(tmp_path / "reel") == tmp_path / "reel-3"


def test_a_folder_appears_whole(tmp_path):
    target = tmp_path / "a" / "b"
    with whole_folder(target) as temporary:
        (temporary / "manifest.json").write_text("{}")
        assert not target.exists()
    assert (target / "manifest.json").read_text() == "{}"
    assert os.listdir(tmp_path / "a") == ["b"]


def test_after_an_error_nothing_is_left(tmp_path):
    def fail_halfway():
        with whole_folder(tmp_path / "b") as temporary:
            (temporary / "half").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert os.listdir(tmp_path) == []


def test_an_error_keeps_the_old_package(tmp_path):
    target = tmp_path / "b"
    target.mkdir()
    (target / "manifest.json").write_text("old")
    with pytest.raises(RuntimeError), whole_folder(target, overwrite=True):
        raise RuntimeError
    assert (target / "manifest.json").read_text() == "old"
    with whole_folder(target, overwrite=True) as temporary:
        (temporary / "manifest.json").write_text("new")
    assert (target / "manifest.json").read_text() == "new"
    assert os.listdir(tmp_path) == ["b"]


def test_what_may_not_be_replaced_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GenaudioError, match="is a file"):
        claim(tmp_path / "file", overwrite=True)
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("dear")
    with pytest.raises(GenaudioError, match="--overwrite"):
        claim(home, overwrite=False)
    with pytest.raises(GenaudioError, match="no release package"):
        claim(home, overwrite=True)
    assert (home / "letter.txt").read_text() == "dear"


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GenaudioError, match="cannot write to"):
        claim(tmp_path / "file" / "below", overwrite=False)
