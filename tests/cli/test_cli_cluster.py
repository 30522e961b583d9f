from __future__ import annotations

import json

import pandas as pd
import pytest
from sklearn.datasets import make_blobs


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    X, _ = make_blobs(150, 3, centers=3, random_state=0)
    path = tmp_path_factory.mktemp("tables") / "flowers.csv"
    pd.DataFrame(X, columns=["stem", "leaf", "petal"]).round(3).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(flowers, tmp_path_factory):
    from further.compare.clustering.clustering import cluster_table

    return cluster_table(flowers, out=tmp_path_factory.mktemp("runs") / "run").path


def test_json_has_what_is_promised_and_nothing_else_is_written(further, flowers, tmp_path):
    status, out, err = further(
        "cluster", flowers, "--json", "--k-max", 5, "--out", tmp_path / "run"
    )
    assert (status, err) == (0, "")
    found = json.loads(out)
    promised = {
        "run", "k", "method", "criteria", "sizes", "stability", "inertia", "profile", "columns",
    }  # fmt: skip
    assert promised <= set(found)
    assert found["k"] == 3
    assert found["run"] == str(tmp_path / "run")
    assert (tmp_path / "run" / "report.html").is_file()
    assert len(pd.read_csv(tmp_path / "run" / "assignments.csv")) == 150


def test_people_read_a_sentence_a_table_and_where_the_files_are(further, flowers, tmp_path):
    status, out, _ = further("cluster", flowers, "k=2", "k-max=4", "out=" + str(tmp_path / "run"))
    assert status == 0
    assert "2 clusters by k-means" in out
    assert "3 clusters" in out  # what the data speak for
    assert str(tmp_path / "run" / "assignments.csv") in out
    assert "report.html" in out


def test_the_recorded_command_repeats_the_run(further, flowers, tmp_path):
    further("cluster", flowers, "--k", 2, "--columns", "stem,leaf", "--out", tmp_path / "run",
            "--quiet")  # fmt: skip
    command = json.loads((tmp_path / "run" / "run.json").read_text())["command"]
    assert command == f"further cluster {flowers} --k 2 --columns stem,leaf"


def test_new_rows_are_given_to_clusters(further, flowers, run, tmp_path):
    status, out, err = further("predict", run, flowers, "--json", "--out", tmp_path / "new.csv")
    assert (status, err) == (0, "")
    assert json.loads(out)["sizes"] == {"0": 50, "1": 50, "2": 50}
    table = pd.read_csv(tmp_path / "new.csv")
    assert list(table) == ["stem", "leaf", "petal", "cluster", "distance", "anomaly_score"]
    assert further("predict", run, flowers, "--out", tmp_path / "new.csv").status == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--k", "0"], "k"),
        (["--method", "kmeens"], 'did you mean "kmeans"?'),
        (["--scale", "log"], "scale"),
        (["--columns", "stem,laef"], "leaf"),
        (["--distance", "haversine"], "great_circle"),
        (["--kk", "3"], "--kk"),
    ],
)
def test_wrong_options_are_one_sentence_and_2(further, flowers, tmp_path, arguments, named):
    status, out, err = further("cluster", flowers, *arguments, "--out", tmp_path / "run")
    assert (status, out) == (2, "")
    assert named in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_predict_of_what_is_no_clustering(further, flowers, tmp_path):
    status, _, err = further("predict", tmp_path, flowers)
    assert status == 2
    assert "is not a run" in err


def test_evaluate_and_resume_of_a_clustering(further, run):
    assert further("resume", run, "--quiet").status == 0
    status, _, err = further("evaluate", run)
    assert status == 2
    assert "clustering" in err
