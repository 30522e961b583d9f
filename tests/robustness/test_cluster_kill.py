"""Real SIGKILLs of a clustering: what is resumed ends where a quiet run does."""

from __future__ import annotations

import functools
import json

import pytest
from sklearn.datasets import make_blobs

from further.train.run import Run
from robustness.killing import delays, finish, kill_when, start, without_times

CLUSTER = """
import sys
from pathlib import Path
from further.compare.clustering.clustering import cluster_table
run = Path(sys.argv[1])
cluster_table(run.parent / "table.csv", k_max=4, seed=1, out=run)
"""
RESUME = (
    "import sys; from further.compare.clustering import clustering; clustering.resume(sys.argv[1])"
)
KILLS = 3


def written_at(record):
    """Return when a record was last written: work begins, and goes on, with writing it."""
    return record.stat().st_mtime_ns if record.is_file() else None


def has_changed(record, before):
    return written_at(record) != before


@pytest.fixture
def table(tmp_path):
    import pandas as pd

    X, _ = make_blobs(90, 3, centers=3, random_state=0)
    path = tmp_path / "table.csv"
    pd.DataFrame(X, columns=["a", "b", "c"]).to_csv(path, index=False)
    return path


def test_a_clustering_killed_up_to_three_times(table):
    quiet, run = table.parent / "quiet", table.parent / "killed"
    finish(start(CLUSTER, quiet))
    # How long the work takes without the imports.
    longest = json.loads((quiet / "evaluation.json").read_text())["seconds"]
    killed, waits, script = 0, delays(0, 0.6 * longest), CLUSTER
    record = run / "run.json"
    while killed < KILLS:
        begun = functools.partial(has_changed, record, written_at(record))
        killed += kill_when(start(script, run), begun, next(waits))
        script = RESUME
        if Run(run).status == "finished":
            break
        assert Run(run).status == "interrupted"
    assert killed  # a resumed one may end before its turn to be killed comes
    finish(start(RESUME, run))
    found, expected = (
        without_times(json.loads((path / "evaluation.json").read_text())) for path in (run, quiet)
    )
    assert found == expected
    assert Run(run).status == "finished"
    for name in ("assignments.csv", "history.csv", "model.safetensors", "preparation.json"):
        assert (run / name).read_bytes() == (quiet / name).read_bytes(), name
