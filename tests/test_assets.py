"""Shipped files: all listed, all of the listed hash, none too large."""

import json
from pathlib import Path

import pytest

from genaudio import assets
from genaudio.errors import IncompatibleError


def test_every_shipped_file_has_its_hash() -> None:
    for name, digest in assets.entries().items():
        assert assets.sha256(assets.FOLDER / name) == digest, name


def test_every_weights_file_is_listed_with_a_card_and_below_the_limit() -> None:
    for path in assets.FOLDER.rglob("*.safetensors"):
        assert path.relative_to(assets.FOLDER).as_posix() in assets.entries()
        assert path.stat().st_size < 16 * 2**20
        assert (path.parent / "card.md").is_file()


def test_a_damaged_or_missing_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    monkeypatch.setattr(assets, "MANIFEST", tmp_path / "manifest.json")
    assets.asset.cache_clear()
    (tmp_path / "a.bin").write_bytes(b"right")
    assets.seal("a.bin")
    assert assets.asset("a.bin") == tmp_path / "a.bin"
    assert json.loads((tmp_path / "manifest.json").read_text())["schema_version"] == 1
    assets.asset.cache_clear()
    (tmp_path / "a.bin").write_bytes(b"wrong")
    with pytest.raises(IncompatibleError, match="SHA-256"):
        assets.asset("a.bin")
    with pytest.raises(IncompatibleError, match="missing"):
        assets.asset("b.bin")
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(IncompatibleError, match="cannot be read"):
        assets.entries()
    assets.asset.cache_clear()
