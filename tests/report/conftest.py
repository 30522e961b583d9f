"""Copies of real runs, which tests of the report may render and change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from real_runs import RealRuns

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def run(real_runs: RealRuns, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a copy of a run by name, one for all tests of a module."""
    copies: dict[str, Path] = {}

    def copy(name: str) -> Path:
        if name not in copies:
            copies[name] = real_runs.copy(name, tmp_path_factory.mktemp("copies") / "run")
        return copies[name]

    return copy


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright import sync_api

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def damaged(real_runs: RealRuns, tmp_path: Path) -> Callable[[str, Change], Path]:
    """Return a copy of a run whose ``evaluation.json`` a function has changed."""

    def damage(name: str, change: Change) -> Path:
        folder = real_runs.copy(name, tmp_path / f"damaged {len(list(tmp_path.iterdir()))}")
        file = folder / "evaluation.json"
        evaluation = json.loads(file.read_text(encoding="utf-8"))
        change(evaluation)
        file.write_text(json.dumps(evaluation))
        return folder

    return damage
