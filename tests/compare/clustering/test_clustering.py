"""``further cluster`` from end to end: the right answer or one clear sentence."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import vega_datasets
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

import further
from further.compare.clustering import clustering as clusterings
from further.compare.clustering.assignments import predict_clusters
from further.compare.clustering.clustering import cluster_table
from further.compare.clustering.method import DISTANCES, choose_method
from further.errors import InputError, RunError


def blobs(n=240, centers=3, features=4, seed=0, **how):
    X, y = make_blobs(n, features, centers=centers, random_state=seed, **how)
    return pd.DataFrame(X, columns=[f"size_{i}" for i in range(features)]), y


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    frame, y = blobs()
    run = tmp_path_factory.mktemp("runs") / "three"
    return cluster_table(frame, k_max=6, out=run), frame, y


def test_three_blobs_are_three_clusters(three):
    clustering, frame, y = three
    evaluation = clustering.evaluation
    assert evaluation["k"] == 3
    assert sorted(evaluation["sizes"]) == [80, 80, 80]
    assert evaluation["method"] == "kmeans"
    assert evaluation["stability"]["value"] > 0.95
    assert evaluation["criteria"]["agree"]
    assert "3 clusters" in clustering.sentence
    table = clustering.to_frame()
    pd.testing.assert_frame_equal(table[list(frame)], frame)
    assert adjusted_rand_score(y, table["cluster"]) == 1.0


def test_stability_has_one_protocol_and_each_cluster_has_hennigs(three):
    evaluation = three[0].evaluation
    chosen = next(entry for entry in evaluation["alternatives"] if entry["chosen"])
    by_k = evaluation["criteria"]["stability"][str(evaluation["k"])]
    assert chosen["stability"] == by_k == evaluation["stability"]
    ways = {
        (entry["stability"]["n"], entry["stability"]["method"])
        for entry in evaluation["alternatives"]
    }
    assert ways == {(by_k["n"], by_k["method"])}
    found = evaluation["cluster_stability"]
    assert (found["stable_from"], found["pattern_from"]) == (0.75, 0.6)
    assert [one["cluster"] for one in found["clusters"]] == [0, 1, 2]
    assert all(one["jaccard"]["value"] > 0.95 for one in found["clusters"])
    assert "all 3 are stable in bootstrap samples" in three[0].sentence


def test_assignments_carry_distance_silhouette_and_anomaly(three):
    from sklearn.metrics import silhouette_samples

    clustering, frame, _ = three
    table, estimator = clustering.to_frame(), clustering.load()
    X = (frame - frame.mean()) / frame.std(ddof=0)
    centres = estimator.cluster_centers_[table["cluster"]]
    expected = np.linalg.norm(X.to_numpy() - centres, axis=1)
    np.testing.assert_allclose(table["distance"], expected, rtol=1e-4, atol=1e-5)
    silhouettes = silhouette_samples(X, table["cluster"])
    np.testing.assert_allclose(table["silhouette"], silhouettes, atol=1e-5)
    furthest = clustering.evaluation["anomalies"]["rows"][0]["row"]
    assert furthest == table["anomaly_score"].idxmax()


def test_the_curve_of_the_best_start_falls_to_the_inertia(three):
    clustering = three[0]
    history = pd.read_csv(clustering.path / "history.csv")
    assert history["inertia"].is_monotonic_decreasing
    assert history["inertia"].iloc[-1] == pytest.approx(clustering.evaluation["inertia"])
    assert history["moved"].iloc[-1] == 0


def test_the_rows_of_the_run_are_given_to_their_own_clusters(three, tmp_path):
    clustering, frame, _ = three
    path = tmp_path / "new.csv"
    frame.assign(note="x").to_csv(path, index=False)
    again = predict_clusters(clustering.path, path)
    assert list(again["cluster"]) == list(clustering.to_frame()["cluster"])
    assert list(again)[:5] == [*frame, "note"]


def test_new_rows_without_a_column_are_refused(three, tmp_path):
    clustering, frame, _ = three
    path = tmp_path / "new.csv"
    frame.drop(columns="size_2").to_csv(path, index=False)
    with pytest.raises(InputError, match="size_2"):
        predict_clusters(clustering.path, path)


def test_every_entry_of_the_evaluation_is_json_and_has_its_evidence(three):
    evaluation = three[0].evaluation
    json.dumps(evaluation, allow_nan=False)
    assert [entry["chosen"] for entry in evaluation["alternatives"]].count(True) == 1
    assert len(evaluation["alternatives"]) >= 3
    for entry in evaluation["alternatives"]:
        assert entry["agreement"] > 0.9
        assert entry["stability"]["low"] <= entry["stability"]["value"]
    assert {line["name"] for line in evaluation["columns"]} == {f"size_{i}" for i in range(4)}
    assert all(line["why"] for line in evaluation["columns"])
    assert [profile["size"] for profile in evaluation["profile"]] == evaluation["sizes"]
    assert all(profile["features"] for profile in evaluation["profile"])
    assert evaluation["rules"]["fidelity"]["value"] > 0.9
    assert evaluation["initialisations"]["n_init"] >= 20
    assert len(evaluation["projection"]["x"]) == 240
    assert len(evaluation["steps"]["scores"]) <= 400
    assert evaluation["energy"]["watt_hours"] > 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_result(three, tmp_path):
    clustering, frame, _ = three
    again = cluster_table(frame, k_max=6, out=tmp_path / "again").evaluation
    varying = {"run", "seconds", "energy", "alternatives", "machine"}
    for key in set(again) - varying:
        assert again[key] == clustering.evaluation[key], key


@pytest.mark.slow
def test_uniform_noise_has_no_clusters(tmp_path):
    X = np.random.default_rng(3).uniform(size=(400, 3))
    clustering = cluster_table(X, k_max=6, out=tmp_path / "run")
    assert clustering.evaluation["k"] == 1
    assert clustering.evaluation["sizes"] == [400]
    assert "No cluster structure" in clustering.sentence
    assert clustering.to_frame()["cluster"].eq(0).all()
    assert (tmp_path / "run" / "model.json").is_file()


def test_a_number_that_was_asked_for_is_taken_and_the_doubt_is_said(tmp_path):
    X = np.random.default_rng(4).uniform(size=(300, 3))
    clustering = cluster_table(X, k=3, k_max=4, out=tmp_path / "run")
    assert clustering.evaluation["k"] == 3
    assert clustering.evaluation["criteria"]["k"] == 1
    assert "the data suggest no cluster structure" in clustering.sentence


def test_the_label_of_iris_takes_no_part_but_is_compared(tmp_path):
    evaluation = cluster_table("iris", out=tmp_path / "run").evaluation
    assert evaluation["k"] in (2, 3)
    assert evaluation["agreement"]["adjusted_rand"] > 0.5
    assert not any(line["name"] == "class" for line in evaluation["columns"] if line["used"])


@pytest.mark.slow
def test_penguins_by_default_and_with_every_column(real_data, tmp_path):
    path = real_data / "tables" / "penguins.csv"
    plain = cluster_table(path, k_max=4, out=tmp_path / "plain").evaluation
    assert plain["method"] == "kprototypes"
    assert plain["agreement"]["column"].lower() == "species"
    assert any("issing" in note for note in plain["notes"])
    numbers = [line["name"] for line in plain["columns"] if line["role"] == "numeric"]
    chosen = cluster_table(
        path,
        columns=[n for n in numbers if "year" not in n],
        k=3,
        k_max=4,
        out=tmp_path / "numbers",
    ).evaluation
    assert chosen["method"] == "kmeans"
    # Two penguins were not measured at all.
    assert (sum(chosen["sizes"]), chosen["noise"]) == (342, 2)


@pytest.mark.parametrize("n", [400, pytest.param(8124, marks=pytest.mark.slow)])
def test_mushrooms_are_categories(n, real_data, tmp_path):
    mushrooms = pd.read_csv(real_data / "tables" / "mushrooms.csv").sample(n, random_state=0)
    evaluation = cluster_table(mushrooms, k=4, k_max=4, out=tmp_path / "run").evaluation
    assert evaluation["method"] == "kmodes"
    assert sum(evaluation["sizes"]) == n


@pytest.mark.slow
def test_airports_are_clustered_on_the_sphere(tmp_path):
    airports = vega_datasets.data.airports().sample(600, random_state=0)
    run = tmp_path / "run"
    clustering = cluster_table(airports, columns=["latitude", "longitude"], k=4, k_max=4, out=run)
    evaluation = clustering.evaluation
    assert (evaluation["method"], evaluation["distance"]) == ("great_circle_kmeans", "great_circle")
    assert len(evaluation["map"]["latitude"]) == 600
    assert {"iata", "name"} <= set(clustering.to_frame())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "distance"),
    [
        ("hdbscan", None),
        ("dbscan", None),
        ("mean_shift", None),
        ("optics", None),
        ("agglomerative", None),
        ("mixture", None),
        ("minibatch_kmeans", None),
        ("kmeans", "cosine"),
        ("kmeans", "manhattan"),
        ("kmedoids", "chebyshev"),
        (None, "manhattan"),
    ],
)
def test_every_method_gives_a_whole_run(method, distance, tmp_path):
    frame, y = blobs(n=120, features=3, seed=2, cluster_std=0.4)
    clustering = cluster_table(
        frame, method=method, distance=distance, k_max=4, out=tmp_path / "run"
    )
    for profile in clustering.evaluation["profile"]:
        assert all(row["distance"] >= 0 for row in profile["typical"] + profile["borderline"])
    table = clustering.to_frame()
    if distance != "cosine":  # lengths do not count there
        assert adjusted_rand_score(y, table["cluster"]) > (0.5 if method == "optics" else 0.8)
    again = predict_clusters(tmp_path / "run", frame)
    clustered = table["cluster"] >= 0
    assert (again["cluster"] == table["cluster"])[clustered].mean() > 0.95
    loaded = clustering.load()
    assert len(loaded.predict(np.zeros((2, 3)))) == 2


def test_an_interrupted_run_resumes_to_the_same_result(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    blobs(n=90)[0].to_csv(path, index=False)
    quiet = cluster_table(path, k_max=4, out=tmp_path / "quiet").evaluation

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(clusterings, "Evidence", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cluster_table(path, k_max=4, out=tmp_path / "run")
        with pytest.raises(RunError, match="has not finished"):
            predict_clusters(tmp_path / "run", path)
    run = further.train.run.Run(tmp_path / "run")
    assert run.status == "interrupted"
    before = run.record["seconds"], run.record["energy_wh"]
    assert (tmp_path / "run" / "parts" / "criteria.json").is_file()
    monkeypatch.setattr(clusterings, "choose_k", interrupt)  # it is not chosen again
    resumed = further.compare.resume(tmp_path / "run").evaluation
    for key in ("k", "sizes", "criteria", "profile", "inertia", "sentence", "initialisations"):
        assert resumed[key] == quiet[key], key
    spent = resumed["seconds"], resumed["energy"]["watt_hours"]
    assert spent > before > (0, 0)
    assert spent[1] > before[1]


def test_a_lost_evaluation_is_written_anew(three, tmp_path):
    path = shutil.copytree(three[0].path, tmp_path / "run")
    (path / "evaluation.json").unlink()
    found = further.compare.resume(path).evaluation
    for key in ("k", "sizes", "criteria", "profile", "sentence"):
        assert found[key] == three[0].evaluation[key], key


def test_a_run_whose_data_changed_is_not_resumed(tmp_path, monkeypatch):
    frame, _ = blobs(n=60)
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(clusterings, "Evidence", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cluster_table(path, k_max=3, out=tmp_path / "run")
    (frame + 1).to_csv(path, index=False)
    with pytest.raises(RunError, match="changed"):
        further.compare.resume(tmp_path / "run")


@pytest.mark.parametrize(("marked", "is_anomaly_label"), [(6, True), (50, False)])
def test_a_label_marks_anomalies_only_where_one_class_is_rare(marked, is_anomaly_label, tmp_path):
    frame, _ = blobs(n=100, features=2)
    frame["class"] = np.where(np.arange(100) < marked, "rare", "usual")
    labelled = cluster_table(frame, k=3, k_max=3, out=tmp_path / "run").evaluation["anomalies"][
        "labelled"
    ]
    assert (labelled is not None) == is_anomaly_label
    if labelled is not None:
        assert (labelled["positive"], labelled["base_rate"]) == ("rare", 0.06)


def test_a_method_says_of_itself_what_it_is_for():
    for kind in DISTANCES:
        chosen = choose_method(kind, None, None)
        assert chosen.line.load().customary_for == kind
    for distance in ("euclidean", "cosine", "manhattan", "chebyshev"):
        chosen = choose_method("numeric", None, distance)
        assert chosen.line.load().own_metric in (distance, "any")


def test_the_score_of_a_mixture_is_no_distance(tmp_path):
    frame, _ = blobs(n=90, features=2)
    chosen = cluster_table(frame, method="mixture", k=3, k_max=3, out=tmp_path / "run").evaluation
    assert chosen["anomalies"]["note"] == "The score is minus the log-density of the mixture."
    # Distances to the centres of the clusters, not densities, which are below 0 here.
    X = (frame - frame.mean()) / frame.std(ddof=0)
    typical = chosen["profile"][0]["typical"][0]
    centre = X[np.asarray(pd.read_csv(tmp_path / "run" / "assignments.csv")["cluster"]) == 0].mean()
    expected = np.linalg.norm(X.iloc[typical["row"]] - centre)
    assert typical["distance"] == pytest.approx(expected, rel=1e-6)


def awkward(name):
    rng = np.random.default_rng(0)
    n = 200
    frame, _ = blobs(n=n, features=2)
    match name:
        case "constant column":
            return frame.assign(same=7)
        case "all missing":
            return frame.assign(nothing=np.nan)
        case "dates":
            return frame.assign(day=pd.date_range("2020-01-01", periods=n))
        case "free text":
            words = np.array(["a", "long", "walk", "by", "night", "river", "stone"])
            return frame.assign(text=[" ".join(rng.choice(words, 9)) + str(i) for i in range(n)])
        case "missing numbers":
            return frame.mask(rng.uniform(size=frame.shape) < 0.05)
    raise ValueError(name)


@pytest.mark.parametrize(
    "name", ["constant column", "all missing", "dates", "free text", "missing numbers"]
)
def test_awkward_columns_are_decided_and_said(name, tmp_path):
    evaluation = cluster_table(awkward(name), k_max=5, out=tmp_path / "run").evaluation
    decided = {line["name"]: line for line in evaluation["columns"]}
    extra = set(decided) - {"size_0", "size_1"}
    for column in extra - {"day"}:
        assert not decided[column]["used"]
        assert decided[column]["why"]
    if name == "missing numbers":
        assert decided["size_0"]["missing"] > 0
        assert any("issing" in note for note in evaluation["notes"])
    if name != "dates":  # they spread evenly over all clusters
        assert evaluation["k"] == 3


@pytest.mark.slow
def test_ten_thousand_categories(tmp_path, monkeypatch):
    monkeypatch.setattr("further.compare.clustering.alternatives.ROWS_COMPARED", 500)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "shop": [f"shop {i % 10_000}" for i in range(12_000)],
            "kind": rng.choice(["a", "b"], 12_000),
            "price": rng.normal(size=12_000) + 10 * rng.integers(0, 2, 12_000),
        }
    )
    evaluation = cluster_table(frame, k=2, k_max=2, out=tmp_path / "run").evaluation
    assert sum(evaluation["sizes"]) == 12_000
    assert any(line["name"] == "shop" and line["why"] for line in evaluation["columns"])


def test_duplicates_only(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0] * 50, "b": [3.0, 4.0] * 50})
    evaluation = cluster_table(frame, out=tmp_path / "run").evaluation
    assert sorted(evaluation["sizes"]) in ([100], [50, 50])


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (pd.DataFrame({"a": [1.0] * 30}), {}, "a"),
        (blobs(30)[0], {"k": 31}, "k=31 .* 30"),
        (blobs(30)[0], {"method": "kmeens"}, 'did you mean "kmeans"'),
        (blobs(30)[0], {"distance": "euclidian"}, "euclidean"),
        (blobs(30)[0], {"columns": ["size_0", "siez_1"]}, "size_1"),
        (blobs(30)[0], {"method": "hdbscan", "k": 3}, "finds the number itself"),
        (blobs(30)[0], {"distance": "great_circle"}, "latitudes"),
        (blobs(30)[0], {"distance": "jaccard"}, 'columns of 0 and 1, but "size_0"'),
        (blobs(30)[0], {"method": "mixture", "distance": "cosine"}, "knows only"),
        (blobs(30)[0], {"target": "speceis"}, "speceis"),
        (blobs(30)[0], {"method": "kmodes"}, "rows of numbers"),
        (blobs(30)[0], {"distance": "great-circle"}, "latitudes"),
        (blobs(30)[0], {"method": "great_circle_kmeans"}, "latitudes"),
        (blobs(30)[0], {"distance": "precomputed"}, "these are rows"),
        (blobs(30)[0], {"target": "size_0", "columns": ["size_0"]}, '"size_0" is the label'),
        (blobs(30)[0] * 1e200, {}, "larger unit"),
        (blobs(30)[0] * 1e-200, {}, "smaller unit"),
        (blobs(3)[0], {"method": "hdbscan"}, "n_samples=3 should be >= min_samples=5"),
        (blobs(3)[0], {"method": "optics"}, "n_samples=3 should be >= min_samples=10"),
        (blobs(3)[0], {"method": "dbscan"}, "needs more rows than X has"),
        (pd.DataFrame({"a": list("xyz") * 9}), {"distance": "jaccard"}, "rows of categories"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, dict) else "",
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_no_run(frame, options, message, tmp_path):
    with pytest.raises(InputError, match=message) as refused:
        cluster_table(frame, out=tmp_path / "run", **options)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_larger_than_memory_is_clustered_in_batches(kind, tmp_path, monkeypatch):
    frame, y = blobs(n=6000, features=3, seed=4, cluster_std=0.5)
    path = tmp_path / f"big.{kind}"
    frame = frame.assign(name="x")
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path, index=False)
    monkeypatch.setattr("further.data.memory.total_memory", lambda: 4 * path.stat().st_size)
    monkeypatch.setattr("further.compare.clustering.batches.SAMPLE", 500)
    clustering = cluster_table(path, k_max=4, out=tmp_path / "run")
    assert clustering.evaluation["sizes"] == [2000] * 3
    assert clustering.evaluation["data"]["rows"] == 6000
    assert any("sample of 500 rows" in note for note in clustering.evaluation["data"]["notes"])
    assert adjusted_rand_score(y, clustering.to_frame()["cluster"]) == 1.0
    kmeans = clustering.load()
    scaled = frame[["size_0", "size_1", "size_2"]].to_numpy()
    decided = {line["name"]: line for line in clustering.evaluation["columns"]}
    scaled = (scaled - [decided[f"size_{i}"]["center"] for i in range(3)]) / [
        decided[f"size_{i}"]["spread"] for i in range(3)
    ]
    means = [scaled[clustering.to_frame()["cluster"] == j].mean(axis=0) for j in range(3)]
    np.testing.assert_allclose(kmeans.cluster_centers_, means, rtol=1e-4, atol=1e-5)
    with pytest.raises(InputError, match="needs all 6,000 rows in memory"):
        cluster_table(path, method="mixture", out=tmp_path / "other")


@pytest.mark.slow
def test_a_million_rows(tmp_path):
    centers = 12 * np.vstack([np.zeros(4), np.eye(4)])
    X, y = make_blobs(1_000_000, centers=centers, random_state=1)
    clustering = cluster_table(X.astype(np.float32), k_max=7, out=tmp_path / "run")
    assert clustering.evaluation["k"] == 5
    assert clustering.evaluation["silhouette"]["sampled"]
    assert adjusted_rand_score(y, clustering.load().labels_) > 0.95
