"""What the clusterers of scikit-learn's code promise together, here: rows to come and scores."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.utils._test_common.instance_generator import PER_ESTIMATOR_XFAIL_CHECKS
from sklearn.utils.estimator_checks import parametrize_with_checks

from further.cluster.agglomerative import AgglomerativeClustering
from further.cluster.dbscan import DBSCAN
from further.cluster.dissimilarity.distances import pairwise
from further.cluster.hdbscan import HDBSCAN
from further.cluster.isolation_forest import IsolationForest
from further.cluster.local_outlier_factor import LocalOutlierFactor
from further.cluster.mean_shift import MeanShift
from further.cluster.mixture import GaussianMixture
from further.cluster.optics import OPTICS
from further.errors import InputError
from further.registry import MODELS, ModelEntry
from further.train.load import load

OURS = (
    DBSCAN(),
    HDBSCAN(),
    OPTICS(),
    AgglomerativeClustering(),
    AgglomerativeClustering(linkage="average"),
    GaussianMixture(),
    MeanShift(bin_seeding=True),
    IsolationForest(n_estimators=10),
    LocalOutlierFactor(),
)
DISTANCES = (
    DBSCAN(eps=400.0, min_samples=4),
    HDBSCAN(min_cluster_size=5),
    OPTICS(min_samples=5),
    OPTICS(min_samples=4, cluster_method="dbscan", max_eps=400.0),
    AgglomerativeClustering(n_clusters=4, linkage="average"),
    AgglomerativeClustering(n_clusters=4, linkage="complete"),
    AgglomerativeClustering(n_clusters=4, linkage="single"),
    LocalOutlierFactor(n_neighbors=10, contamination=0.1),
)


def name(estimator):
    return f"{type(estimator).__name__}-{getattr(estimator, 'linkage', '')}"


def theirs(estimator):
    """Return scikit-learn's class of the same name."""
    return next(
        cls
        for cls in type(estimator).__mro__
        if cls.__module__.startswith("sklearn.") and cls.__name__ == type(estimator).__name__
    )


def granted(estimator):
    """Return the failures that scikit-learn grants its own class of that name."""
    return PER_ESTIMATOR_XFAIL_CHECKS.get(theirs(estimator), {})


@parametrize_with_checks(list(OURS), expected_failed_checks=granted)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rows():
    X, _ = make_blobs(150, centers=3, n_features=3, cluster_std=1.2, random_state=4)
    return X


@pytest.fixture(scope="module")
def places():
    rng = np.random.default_rng(0)
    cities = np.array([[48.9, 2.4], [35.7, 139.7], [-33.9, 151.2], [40.7, -170.5]])
    return (cities[rng.integers(0, 4, 80)] + rng.normal(0, 0.8, (80, 2))).round(3)


@pytest.mark.parametrize("estimator", OURS, ids=name)
def test_saved_estimator_answers_the_same(estimator, rows, tmp_path, monkeypatch):
    lines = tuple(
        ModelEntry(
            cls.__name__.lower(),
            cls.__module__,
            cls.__name__,
            "clustering",
            "classical",
            "model",
            "",
        )
        for cls in (IsolationForest, LocalOutlierFactor)
    )
    monkeypatch.setattr("further.registry.MODELS", (*MODELS, *lines))
    model = clone(estimator).fit(rows[:100])
    back = load(model.save(tmp_path))
    np.testing.assert_array_equal(back.predict(rows), model.predict(rows))
    np.testing.assert_array_equal(back.score_samples(rows), model.score_samples(rows))
    np.testing.assert_array_equal(back.labels_, model.labels_)
    assert back.get_params() == model.get_params()


@pytest.mark.parametrize("estimator", OURS, ids=name)
def test_score_is_higher_for_typical_rows(estimator, rows):
    model = clone(estimator)
    if hasattr(model, "n_clusters"):
        model.set_params(n_clusters=3)
    with_stray = np.vstack([rows, rows.max(axis=0) + 40.0])
    scores = model.fit(rows).score_samples(with_stray)
    assert scores.shape == (151,)
    assert scores[-1] < np.quantile(scores[:-1], 0.05)


@pytest.mark.parametrize("metric", ["great_circle", "manhattan", "gower"])
@pytest.mark.parametrize("estimator", DISTANCES, ids=name)
def test_distance_is_that_of_the_matrix(estimator, metric, places):
    """By name, the distance goes through trees; precomputed, it is what brute force gives."""
    to_all = pairwise(places, metric=metric)
    scale = np.median(to_all) / 8000  # so that 400 km suit other distances as well
    model, given = clone(estimator), clone(estimator)
    for key in ("eps", "max_eps"):
        if np.isfinite(getattr(model, key, None) or np.inf):
            model.set_params(**{key: 400.0 * scale})
            given.set_params(**{key: 400.0 * scale})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # OPTICS divides by distances of 0
        model.set_params(metric=metric).fit(places)
        given.set_params(metric="precomputed").fit(to_all)
    np.testing.assert_array_equal(model.labels_, given.labels_)
    assert len(np.unique(model.labels_)) > 1
    new = places[:20] + 0.01
    to_new = pairwise(np.concatenate([new, places]), metric=metric)[:20, 20:]
    if metric != "gower":  # which divides by the ranges of the training rows
        np.testing.assert_array_equal(model.predict(new), given.predict(to_new))
        np.testing.assert_allclose(model.score_samples(new), given.score_samples(to_new), 1e-6)
    np.testing.assert_allclose(
        model.score_samples(places), given.score_samples(to_all), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("estimator", [*DISTANCES[:3], *DISTANCES[4:]], ids=name)
def test_gower_reads_numbers_words_and_gaps(estimator, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=60),
            "colour": rng.choice(["red", "blue", "green"], 60),
            "old": rng.random(60) < 0.5,
            "grade": pd.Categorical(rng.integers(0, 3, 60)),
        }
    )
    frame.loc[3, "size"] = np.nan
    frame.loc[5, "colour"] = None
    model = clone(estimator).set_params(metric="gower")
    if isinstance(model, DBSCAN):
        model.set_params(eps=0.15)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        model.fit(frame)
    np.testing.assert_allclose(
        model.score_samples(frame.iloc[:4]), model.score_samples(frame)[:4], atol=1e-12
    )
    line = ModelEntry(
        "lof",
        LocalOutlierFactor.__module__,
        "LocalOutlierFactor",
        "clustering",
        "classical",
        "model",
        "",
    )
    monkeypatch.setattr("further.registry.MODELS", (*MODELS, line))
    back = load(model.save(tmp_path))
    np.testing.assert_array_equal(back.predict(frame), model.predict(frame))


@pytest.mark.parametrize("estimator", DISTANCES, ids=name)
def test_distance_that_does_not_fit_is_refused(estimator, monkeypatch):
    monkeypatch.setattr("further.cluster.dissimilarity.distances.total_memory", lambda: 32 * 10**5)
    model = clone(estimator).set_params(metric="gower")
    with pytest.raises(InputError, match=r"between all 400 rows.* at most 182 rows"):
        model.fit(np.random.default_rng(0).normal(size=(400, 2)))


def test_places_off_the_globe_are_refused():
    with pytest.raises(InputError, match=r"latitude in row 1 is 139\.7"):
        DBSCAN(metric="great_circle").fit([[48.9, 2.4], [139.7, 35.7]])
    with pytest.raises(InputError, match="3 columns"):
        HDBSCAN(metric="great_circle").fit(np.zeros((9, 3)))


def test_unknown_distance_is_refused():
    with pytest.raises(ValueError, match="great_circle"):
        DBSCAN(metric="great_circus").fit(np.zeros((9, 2)))


def test_sparse_rows_are_not_saved(tmp_path):
    from scipy.sparse import csr_array

    model = DBSCAN(eps=1.0).fit(csr_array(np.eye(12)))
    assert (model.predict(csr_array(np.eye(12))) == model.labels_).all()
    with pytest.raises(InputError, match="sparse"):
        model.save(tmp_path)
