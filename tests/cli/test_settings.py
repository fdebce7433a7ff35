"""Settings from a file."""

import pytest

from tests.cli.shell import run


def test_settings_come_from_a_file(tmp_path, tune):
    (tmp_path / "settings.yaml").write_text("limit: 0\n")
    result = run("screen", tune, "--config", tmp_path / "settings.yaml")
    assert result.exit_code == 2
    assert "limit of reported works must be 1 or more, not 0" in result.stderr
    assert run("screen", tune, "--config", tmp_path / "settings.yaml", "--limit", 3).exit_code == 0


def test_settings_are_spelled_like_the_options(tmp_path):
    (tmp_path / "settings.yaml").write_text("style: nonsense\nmeter: 6/8\nformat: [mp3, aiff]\nbars: 8\n")
    result = run("make", "--config", tmp_path / "settings.yaml", "--style", "reel", "--out", tmp_path / "track")
    assert result.exit_code == 2
    assert "unknown audio format aiff" in result.stderr
    assert not (tmp_path / "track").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("bananas: 3", "unknown keys bananas"),
        ("- a", "must be a mapping"),
        ("a: [", "no YAML"),
        (None, "cannot be read"),
    ],
)
def test_bad_settings_are_refused(tmp_path, tune, content, message):
    path = tmp_path / "settings.yaml"
    if content is not None:
        path.write_text(content)
    result = run("screen", tune, "--config", path)
    assert result.exit_code == 2
    assert message in result.stderr
