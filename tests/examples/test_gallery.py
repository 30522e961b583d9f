"""The examples of the documentation run, and the page on runs names what is in theirs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
DOCS = Path(__file__).parents[2] / "docs"
NAMED = set(re.findall(r"`([^`]+)`", (DOCS / "run_folder.md").read_text()))
#: In folders that the page names: pictures and parts by what they show.
FOLDERS = {"pictures", "parts", "models", "repeats", "checkpoints"}


@pytest.mark.parametrize("script", sorted(DOCS.glob("examples/*.py")), ids=lambda path: path.stem)
def test_an_example_runs(script: Path, tmp_path: Path) -> None:
    environment = os.environ | {"MPLBACKEND": "agg", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for file in tmp_path.rglob("run.json"):
        assert set(json.loads(file.read_text())) - NAMED == set()
        files = {path.name for path in file.parent.iterdir() if path.name[0] != "."}
        assert files - NAMED - FOLDERS == set()
