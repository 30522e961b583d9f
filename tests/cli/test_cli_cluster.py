from __future__ import annotations

import inspect
import json

import pandas as pd
import pytest
from sklearn.datasets import make_blobs

import further as further_package
from further.cli.cluster import command
from further.cli.options import method_options
from further.registry import models_for


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


@pytest.mark.slow
@pytest.mark.parametrize("method", ["kmeans", "mixture"])
def test_a_clustering_cannot_be_sampled_in_one_sentence_and_2(further, flowers, tmp_path, method):
    run = tmp_path / "run"
    further("cluster", flowers, "--k", 2, "--method", method, "--out", run, "--quiet")
    status, out, err = further("sample", run)
    assert (status, out) == (2, "")
    assert "which generates nothing" in err


@pytest.mark.slow
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


def test_hyperparameters_of_the_method_are_options_and_stay_in_the_run(further, flowers, tmp_path):
    run = tmp_path / "run"
    given = ("--method", "hdbscan", "--min-cluster-size", 60, "allow_single_cluster=true")
    status, out, err = further("cluster", flowers, *given, "--json", "--out", run)
    assert (status, err) == (0, "")
    found = json.loads(out)
    asked = {"min_cluster_size": 60, "allow_single_cluster": True}
    assert found["hyperparameters"] == asked
    assert any("min_cluster_size=60" in note for note in found["notes"])
    assert found["k"] == 1  # three clusters of 50 rows are too small to be one each
    record = json.loads((run / "run.json").read_text())
    assert record["parameters"]["hyperparameters"] == asked
    assert record["command"] == (
        f"further cluster {flowers} --method hdbscan --min-cluster-size 60 --allow-single-cluster"
    )
    status, _, err = further("cluster", flowers, "--method", "hdbscan", "--out", run)
    assert (status, "another parameters" in err) == (2, True)


def test_resume_repeats_the_hyperparameters(further, flowers, tmp_path):
    run = tmp_path / "run"
    further("cluster", flowers, "--method", "dbscan", "--min-samples", 9, "--eps", 2.5,
            "--out", run, "--quiet")  # fmt: skip
    before = (run / "assignments.csv").read_bytes()
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "status": "interrupted"}))
    for file in ("model.json", "model.safetensors", "assignments.csv", "evaluation.json"):
        (run / file).unlink()
    assert further("resume", run, "--quiet").status == 0
    assert (run / "assignments.csv").read_bytes() == before
    parameters = further_package.load(run).get_params()
    assert (parameters["min_samples"], parameters["eps"]) == (9, 2.5)


def test_the_help_shows_the_hyperparameters_of_the_method_that_is_named(further):
    assert "--min-cluster-size" not in further("cluster", "--help").out
    out = further("cluster", "method=hdbscan", "--help").out
    assert "--min-cluster-size INTEGER" in out
    assert "Rows that a cluster needs.  [default: 5]" in out
    assert "--k " in out


@pytest.mark.parametrize("line", models_for("clustering"), ids=lambda line: line.name)
def test_the_options_of_a_method_have_help_and_clash_with_nothing(line):
    cls, own = line.load(), [str(option.name) for option in command.params]
    options = method_options(cls, line.name, own)
    names = [name for option in [*options, *command.params] for name in option.opts]
    assert len(names) == len(set(names))
    assert all(option.help and not option.help.startswith(" ") for option in options)
    keys = {str(option.name).removeprefix("hyperparameter_") for option in options}
    assert keys < set(inspect.signature(cls).parameters)
    assert keys
    assert not keys & {"n_clusters", "n_components", "metric", "random_state", "verbose"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--k", "0"], "k"),
        (["--min-cluster-size", "5"], "a hyperparameter of hdbscan, optics; name the method"),
        (["--method", "hdbscan", "--min-clster-size", "5"], 'did you mean "--min-cluster-size"?'),
        (["--method", "hdbscan", "--min-cluster-size", "1"], "[2, inf)"),
        (["--method", "hdbscan", "--eps", "1"], "of dbscan, optics, not of hdbscan; that has"),
        (["--method", "agglomerative", "--linkage", "wrad"], 'did you mean "ward"?'),
        (
            ["--method", "optics", "--cluster-method", "dbscan", "--eps", "9", "--max-eps", "1"],
            "eps",
        ),
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
