"""Projections against scikit-learn, what their axes say, and small or odd tables."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from further.errors import InputError
from further.evaluate.clustering import projection
from further.evaluate.clustering.projection import project


def test_principal_components_are_those_of_scikit_learn():
    X = load_digits().data
    theirs = PCA(2, svd_solver="full").fit(X)
    found = project(X)
    scores = theirs.transform(X)
    assert np.allclose(np.abs([found.x, found.y]), np.abs(scores.T), atol=1e-8)
    assert np.allclose(found.explained, theirs.explained_variance_ratio_)
    assert np.allclose((X - found.mean) @ found.components.T, np.column_stack([found.x, found.y]))
    assert not found.sampled
    assert found.to_frame().shape == (1797, 3)


def test_axes_name_share_and_strongest_columns():
    iris = load_iris(as_frame=True).data
    found = project(iris)
    assert found.axes == (
        "PC1 (92 % of the variance): petal length (cm)",
        "PC2 (5 % of the variance): sepal width (cm), sepal length (cm)",
    )
    assert "at most the distance between the rows" in found.note
    opposed = project(np.outer(np.arange(5.0), [1, -1]), feature_names=["up", "down"]).axes[0]
    assert opposed in (
        "PC1 (100 % of the variance): up, −down",
        "PC1 (100 % of the variance): −up, down",
    )


def test_no_distance_grows_in_the_picture():
    X = load_iris().data[::5]
    found = project(X)
    shown = np.hypot(np.subtract.outer(found.x, found.x), np.subtract.outer(found.y, found.y))
    true = np.linalg.norm(X[:, None] - X[None], axis=2)
    assert (shown <= true + 1e-9).all()


def test_tsne_keeps_neighbours_and_its_seed():
    X = load_digits().data[:150]
    found = project(X, method="t-SNE", random_state=0)
    again = project(X, method="tsne", random_state=0)
    assert np.array_equal(found.x, again.x)
    assert trustworthiness(X, np.column_stack([found.x, found.y])) > 0.9
    assert found.explained == ()
    assert found.axes == ("t-SNE 1 (no unit)", "t-SNE 2 (no unit)")
    assert "mean nothing" in found.note


def test_many_rows_are_sampled_and_that_is_said(monkeypatch):
    monkeypatch.setitem(projection.MOST_ROWS, "tsne", 60)
    X = load_iris().data
    found = project(X, method="tsne", random_state=0)
    assert found.sampled
    assert len(found.x) == len(found.rows) == 60
    assert "A seeded sample of 60 of 150 rows is shown." in found.note


@pytest.mark.slow
def test_umap_keeps_neighbours():
    X = load_digits().data[:300]
    found = project(X, method="umap", random_state=0)
    assert trustworthiness(X, np.column_stack([found.x, found.y])) > 0.9
    assert np.array_equal(found.x, project(X, method="umap", random_state=0).x)


def test_umap_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(InputError, match=r'install it with "pip install further-ml\[umap\]"'):
        project([[0.0, 1.0], [1.0, 0.0]], method="umap")


@pytest.mark.parametrize(
    ("X", "explained"),
    [
        ([[1.0], [2.0], [4.0]], (1.0, 0.0)),
        ([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], (0.0, 0.0)),
        ([[0.0, 1.0], [2.0, 1.0]], (1.0, 0.0)),
    ],
)
def test_small_and_flat_tables(X, explained):
    found = project(X)
    assert found.explained == pytest.approx(explained)
    assert np.isfinite(found.x).all()
    assert np.isfinite(found.y).all()


def test_few_rows_and_one_column_have_a_tsne():
    found = project(np.arange(4.0)[:, None], method="tsne", random_state=0)
    assert np.isfinite(found.x).all()


def test_categories_take_part_as_ones():
    table = pd.DataFrame({"size": [0.0, 0.1, 0.0], "colour": pd.Categorical(["red", "blue", None])})
    found = project(table)
    assert "colour_red" in found.axes[0]
    assert found.components.shape == (2, 3)


@pytest.mark.parametrize(
    ("X", "settings", "message"),
    [
        ([[0.0], [1.0]], {"method": "tnse"}, 'no projection "tnse".*did you mean "tsne"'),
        ([[0.0]], {}, "X has 1 row; a picture needs at least 2"),
        ([[0.0], [1.0]], {"feature_names": ["a", "b"]}, "has 2 names but X has 1 columns"),
    ],
)
def test_wrong_use_is_refused_in_a_sentence(X, settings, message):
    with pytest.raises(InputError, match=message):
        project(X, **settings)
