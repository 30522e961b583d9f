"""Real SIGKILLs of a clustering: what is resumed ends where a quiet run does."""

from __future__ import annotations

import functools
import json

import pytest
from sklearn.datasets import make_blobs

from further.cluster.exact.selection import COMPILED_WORK
from further.train.run import Run
from robustness.killing import delays, finish, kill_when, start, without_times

CLUSTER = """
import sys
from pathlib import Path
from further.compare.clustering.clustering import cluster_table
run = Path(sys.argv[1])
cluster_table(run.parent / "table.csv", k_max=4, seed=1, out=run)
"""
RESUME = "import sys; from further.compare import resume; resume(sys.argv[1])"
KILLS = 3


def written_at(record):
    """Return when a record was last written: work begins, and goes on, with writing it."""
    return record.stat().st_mtime_ns if record.is_file() else None


def has_changed(record, before):
    return written_at(record) != before


def write_table(folder, n, d, spread):
    import pandas as pd

    X, _ = make_blobs(n, d, centers=3, cluster_std=spread, random_state=0)
    pd.DataFrame(X, columns=[f"c{i}" for i in range(d)]).to_csv(folder / "table.csv", index=False)


def assert_same(run, quiet):
    found, expected = (
        without_times(json.loads((path / "evaluation.json").read_text())) for path in (run, quiet)
    )
    assert found == expected
    assert Run(run).status == "finished"
    for name in ("assignments.csv", "history.csv", "model.safetensors", "preparation.json"):
        assert (run / name).read_bytes() == (quiet / name).read_bytes(), name


@pytest.mark.slow
def test_a_clustering_killed_up_to_three_times(tmp_path):
    write_table(tmp_path, 90, 3, 1.0)
    quiet, run = tmp_path / "quiet", tmp_path / "killed"
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
    assert_same(run, quiet)


@pytest.mark.slow
@pytest.mark.parametrize("more", [0, 1])
def test_a_clustering_killed_beside_the_border_of_compiled_code(tmp_path, more):
    # With one row more, the largest fit before the kill takes compiled code: ten initialisations of
    # four clusters. None after the kill does.
    n, d, largest = 252, 26, 4 * 10
    assert n * d * largest < COMPILED_WORK < (n + 1) * d * largest
    write_table(tmp_path, n + more, d, 4.0)
    quiet, run = tmp_path / "quiet", tmp_path / "killed"
    finish(start(CLUSTER, quiet))
    assert kill_when(start(CLUSTER, run), (run / "parts" / "criteria.json").is_file, 0.0)
    finish(start(RESUME, run))
    assert_same(run, quiet)
