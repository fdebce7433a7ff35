"""docs/benchmarks.md says what the result files say."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def test_the_page_is_made_from_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("table", FOLDER / "table.py")
    assert spec is not None
    assert spec.loader is not None
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    sys.modules.pop("common", None)
    assert (FOLDER.parent / "docs" / "benchmarks.md").read_text() == table.page()
    for name in table.SECTIONS:
        assert (FOLDER / "results" / f"{name}.json").is_file(), f"no result of {name}"
