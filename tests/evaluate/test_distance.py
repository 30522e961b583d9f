from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from further.evaluate.distance import distances, nearest


def test_distances_agree_with_scipy_far_from_the_origin():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1e4, 1, (30, 7)), rng.normal(1e4, 1, (20, 7))
    np.testing.assert_allclose(distances(a, b), cdist(a, b), atol=1e-6)
    assert (np.diag(distances(a)) == 0).all()


def test_nearest_agrees_with_brute_force():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(1500, 5)), rng.normal(size=(300, 5))
    rows, far = nearest(a, b, k=3)
    expected_far, expected = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(b).kneighbors(a)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(far, expected_far, atol=1e-5)


def test_a_copy_is_at_distance_zero_even_far_from_the_origin():
    b = np.random.default_rng(0).normal(1e4, 1, (200, 50)).astype(np.float32)
    rows, far = nearest(b[::-1], b)
    assert (far == 0).all()
    np.testing.assert_array_equal(rows[:, 0], np.arange(200)[::-1])


def test_more_neighbours_than_rows():
    rows, far = nearest(np.zeros((2, 1)), np.array([[3.0], [1.0]]), k=5)
    assert rows.tolist() == [[1, 0], [1, 0]]
    assert far.tolist() == [[1, 3], [1, 3]]
