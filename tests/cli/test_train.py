"""genaudio train melody on one's own data: from files to weights that compose."""

import json
import subprocess
import sys

import numpy as np
import pytest

from genaudio.melody.usual import known_styles
from genaudio.score import Key, Melody, Metre, Note, read_score, write_midi
from genaudio.weights import load_weights
from tests.cli.shell import run

RECIPE = """
time_budget: ""
steps: {steps}
seed: 1
batch_tokens: 256
length: 128
learning_rate: 1.0e-3
warmup: 2
weight_decay: 0.1
label_smoothing: 0.0
average: 0.5
condition_drop: 0.1
transpose: 0.5
evaluate_every: 2
patience: 8
precision: float32
shape: {{width: 16, layers: 1, heads: 2, hidden: 32, dropout: 0.1}}
"""


@pytest.fixture
def data(tmp_path):
    """Twelve tunes of eight bars in 5/4, a metre that the shipped model lacks, and a file that is none."""
    folder = tmp_path / "Beguines"
    folder.mkdir()
    for seed in range(12):
        chance = np.random.default_rng(seed)
        pitches = [62 + int(chance.choice([0, 2, 4, 5, 7, 9, 11, 12])) for _ in range(80)]
        notes = [Note(place / 2, 0.5, pitch) for place, pitch in enumerate(pitches)]
        write_midi(Melody(notes, Metre(5, 4), Key(2)), folder / f"{seed}.mid")
    (folder / "broken.mid").write_bytes(b"MThd")
    return folder


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE.format(steps=4))
    return path


def test_data_becomes_a_model_that_composes_and_goes_on(data, recipe, tmp_path):
    out = tmp_path / "out"
    words = ("train", "melody", "--config", recipe, "--out", out, "--json")
    result = run(*words, "--data", data, "--begin-with", "nothing")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["measures"]["step"] == 4
    assert found["data"]["styles"] == {"beguines": 12}
    assert (found["data"]["training"], found["data"]["validation"]) == (11, 1)
    (reject,) = found["data"]["rejects"]
    assert reject["file"].endswith("broken.mid")
    assert json.loads((out / "data.json").read_text())["data"] == found["data"]
    assert f"left out: {data / 'broken.mid'}: cannot be read (breaks off in the header" in result.stderr
    assert f"genaudio catalogue build {out / 'catalogue'} {data}" in result.stderr
    tune = tmp_path / "tune.mid"
    composed = run("compose", "--model", out / "model.safetensors", "--style", "beguines", "--bars", "2", "--seed", "3",
                   "-o", tune)  # fmt: skip
    assert composed.exit_code == 0, composed.stderr
    assert str(read_score(tune).metres[0][1]) == "5/4"
    recipe.write_text(RECIPE.format(steps=6))
    again = run(*words, "--resume")
    assert again.exit_code == 0, again.stderr
    assert json.loads(again.stdout)["measures"]["step"] == 6
    for more, message in (
        (["--data", data], "leave --data or --resume out"),
        (["--begin-with", "shipped"], "leave --begin-with"),
    ):
        refused = run(*words, "--resume", *more)
        assert refused.exit_code == 2
        assert message in refused.stderr


@pytest.mark.slow
def test_the_shipped_model_learns_a_style_and_a_metre(data, recipe, tmp_path):
    out = tmp_path / "out"
    recipe.write_text(RECIPE.format(steps=2))
    result = run(
        "train", "melody", "--config", recipe, "--out", out, "--data", data, "--style", "My-Beguines", "--json"
    )
    assert result.exit_code == 0, result.stderr
    _, config = load_weights(out / "model.safetensors", "melody")
    assert set(config["vocabulary"]["styles"]) == {*known_styles(), "my beguines"}
    assert "5/4" in config["vocabulary"]["metres"]
    assert config["shape"]["width"] > 16, "the sizes are those of the weights"
    assert config["training"]["own_data"]["kept"] == 12
    first, last = (json.loads(line) for line in (out / "log.jsonl").read_text().splitlines())
    assert (first["step"], first["train_bits"], last["step"]) == (0, None, 2)
    weights = out / "model.safetensors"
    for words, metre in (
        (["--style", "my beguines"], "5/4"),
        (["--style", "reel", "--meter", "2/2"], "2/2"),
        ([], "5/4"),
    ):
        found = json.loads(run("compose", "--model", weights, *words, "--bars", "4", "--seed", "1", "--json").stdout)
        assert found["works"][0]["time_signature"] == metre
    assert "unknown style 'my beguines'" in run("compose", "--style", "my beguines").stderr


def test_nothing_that_parses_is_2_and_says_why(tmp_path, recipe):
    folder, out = tmp_path / "bad", tmp_path / "out"
    folder.mkdir()
    (folder / "a.mid").write_bytes(b"junk")
    (folder / "b.abc").write_text("junk")
    result = run("train", "melody", "--data", folder, "--config", recipe, "--out", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "there is nothing to learn from. Of 2 files and 2 works 2 were left out: cannot be read: 2" in result.stderr
    rejects = json.loads((out / "data.json").read_text())["data"]["rejects"]
    assert [reject["file"] for reject in rejects] == [str(folder / "a.mid"), str(folder / "b.abc")]
    assert not (out / "model.safetensors").exists()
    assert "there is no checkpoint" in run("train", "melody", "--resume", "--out", out, "--config", recipe).stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--data", "missing"], 2, "there is no file or folder missing"),
        (["--data", "empty"], 2, "no .abc, .jsonl,"),
        (["--style", "mine"], 2, "--style names the style of what --data holds"),
        (["--data", "Beguines", "--begin-with", "missing.safetensors"], 3, "missing.safetensors cannot be read"),
        (["--data", "Beguines", "--time-budget", "soon"], 2, "'soon' is no duration"),
        (["--data", "Beguines/0.mid"], 2, "two different tunes or more"),
        (["--resume", "--out", "empty"], 2, "no checkpoint"),
    ],
)
def test_what_cannot_be_trained_is_told(data, recipe, tmp_path, monkeypatch, words, code, message):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    result = run("train", "melody", "--config", recipe, *words)
    assert result.exit_code == code
    assert message in result.stderr
    assert not list(tmp_path.glob("**/model.safetensors"))


@pytest.mark.slow
def test_processes_of_torchrun_read_once_and_speak_once(data, recipe, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "genaudio",
         "train", "melody", "--data", str(data), "--begin-with", "nothing", "--config", str(recipe), "--out",
         str(tmp_path / "out"), "--json", "--device", "cpu"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    assert json.loads(result.stdout)["measures"]["step"] == 4
    assert result.stderr.count("13 files, 13 works") == 1
