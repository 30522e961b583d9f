"""The compiled passes against scikit-learn's float64, iteration by iteration, and brute force."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense
from sklearn.datasets import make_blobs

from further.cluster.exact.assignment import CompiledAssignment
from further.cluster.exact.float64 import Float64Assignment
from further.cluster.exact.grouping import group_centroids
from further.cluster.exact.layout import GROUP
from further.cluster.exact.lloyd import iterate
from further.cluster.exact.selection import COMPILED_WORK, assign, make_assignment


def brute(X: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    X, centers = X.astype(float), centers.astype(float)
    squared = np.stack([((X - c) ** 2).sum(axis=1) for c in centers], axis=1)
    return squared.argmin(axis=1), squared.min(axis=1)


def reference(X: np.ndarray, centers: np.ndarray, weights: np.ndarray | None, n_iter: int) -> list:
    """Return labels and centroids of each iteration of scikit-learn on centred float64."""
    X = X.astype(float)
    offset = X.mean(axis=0)
    X, centers = X - offset, centers.astype(float) - offset
    w = np.ones(len(X)) if weights is None else weights
    steps, k = [], len(centers)
    labels = np.full(len(X), -1, np.int32)
    for _ in range(n_iter):
        new = np.zeros_like(centers)
        lloyd_iter_chunked_dense(X, w, centers, new, np.zeros(k), labels, np.zeros(k), 1)
        centers = new
        steps.append((labels.copy(), centers + offset))
    return steps


def data(kind: str, n: int, d: int, k: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "noise":
        return rng.random((n, d))
    if kind == "far from 0":
        return rng.standard_normal((n, d)) + 1e4
    if kind == "tiny":
        return rng.standard_normal((n, d)) * 1e-25
    if kind == "huge":
        return rng.standard_normal((n, d)) * 1e25
    if kind == "skew":
        return rng.lognormal(0, 2, (n, d))
    return make_blobs(n, d, centers=k, cluster_std=3.0, random_state=0)[0]


SHAPES = [
    ("blobs", 6000, 8, 32), ("blobs", 5000, 64, 100), ("noise", 4000, 20, 37),
    ("noise", 3001, 3, 7),
    ("far from 0", 3000, 5, 9), ("far from 0", 3000, 30, 17), ("tiny", 2000, 4, 8),
    ("tiny", 2000, 40, 8), ("huge", 2000, 4, 8), ("huge", 2000, 18, 20), ("skew", 3000, 6, 33),
    ("skew", 3000, 33, 18), ("blobs", 1500, 200, 16), ("noise", 257, 17, 1), ("noise", 65, 1, 2),
    ("blobs", 2000, 16, 3), ("blobs", 2000, 17, 3), ("noise", 1000, 2, 300),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "n", "d", "k"), SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_iteration_has_the_labels_of_float64(kind, n, d, k, dtype):
    X = data(kind, n, d, k).astype(dtype)
    start = X[np.random.default_rng(1).choice(n, k, replace=False)].astype(float)
    assignment = CompiledAssignment(X)
    assignment.start(k)
    centers = start - assignment.offset
    for labels, expected in reference(X, start, None, 25):
        centers, _ = assignment.step(centers)
        np.testing.assert_array_equal(assignment.labels, labels)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(
            centers + assignment.offset, expected, rtol=0, atol=1e-10 * scale
        )


@pytest.mark.parametrize("d", [5, 24])
def test_weights_count_as_in_scikit_learn_zero_ones_too(d):
    X = data("blobs", 3000, d, 20)
    weights = np.random.default_rng(2).integers(0, 4, 3000) * 0.25
    assignment = CompiledAssignment(X, weights)
    assignment.start(20)
    centers = X[:20] - assignment.offset
    for labels, expected in reference(X, X[:20], weights, 20):
        centers, _ = assignment.step(centers)
        np.testing.assert_array_equal(assignment.labels, labels)
        np.testing.assert_allclose(centers + assignment.offset, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("d", [4, 20])
def test_empty_clusters_get_the_farthest_rows(d):
    X = data("blobs", 2000, d, 5)
    start = np.concatenate([X[:5], np.full((3, d), 1e3) + np.arange(3)[:, None]])
    assignment = CompiledAssignment(X)
    assignment.start(8)
    centers = start - assignment.offset
    for labels, expected in reference(X, start, None, 10):
        centers, _ = assignment.step(centers)
        np.testing.assert_array_equal(assignment.labels, labels)
        np.testing.assert_allclose(centers + assignment.offset, expected, rtol=0, atol=1e-9)
    assert len(np.unique(assignment.labels)) == 8


@pytest.mark.parametrize("d", [3, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ties_go_to_the_lowest_index(d, dtype):
    # Integers: equal distances are equal in float64 and in float32 alike.
    rng = np.random.default_rng(0)
    X = rng.integers(-2, 3, (4000, d)).astype(dtype)
    centers = rng.integers(-2, 3, (30, d)).astype(float)
    centers[7], centers[21] = centers[3], centers[3]
    assignment = CompiledAssignment(X)
    assignment.start(30)
    assignment.label(centers - assignment.offset)
    labels, _ = brute(X, centers)
    np.testing.assert_array_equal(assignment.labels, labels)


def test_bounds_survive_copies_of_a_centroid_that_part_again():
    X = data("blobs", 3000, 20, 30)
    assignment = CompiledAssignment(X)
    assignment.start(40)
    rng = np.random.default_rng(0)
    centers = X[:40] - assignment.offset
    for i in range(12):
        centers = centers + 0.3 * rng.standard_normal(centers.shape)
        if i in (4, 5):
            centers[10:20] = centers[:10]
        assignment.label(centers)
        np.testing.assert_array_equal(assignment.labels, brute(X - assignment.offset, centers)[0])


@pytest.mark.parametrize(("n", "d", "k"), [(40000, 6, 12), (40000, 20, 40)])
def test_threads_change_nothing(n, d, k):
    X = data("blobs", n, d, k).astype(np.float32)
    one, two = (CompiledAssignment(X, n_threads=t) for t in (1, 3))
    for assignment in (one, two):
        assignment.start(k)
    a = b = X[:k] - one.offset
    for _ in range(8):
        (a, moved_a), (b, moved_b) = one.step(a), two.step(b)
        assert moved_a == moved_b
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(one.labels, two.labels)
    two.shut()


@pytest.mark.parametrize("d", [2, 30])
def test_where_float32_sees_nothing_float64_takes_over(d):
    # Beside one far centroid all others are the same in float32.
    X = data("blobs", 5000, d, 5)
    X[0] = 1e7
    start = X[:5]
    assignment = CompiledAssignment(X)
    assignment.start(5)
    centers = start - assignment.offset
    steps = reference(X, start, None, 6)
    for labels, _ in steps:
        centers, _ = assignment.step(centers)
        np.testing.assert_array_equal(assignment.labels, labels)
    assert assignment._float64 is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d", "k"), [(500, 3, 4), (30000, 9, 40), (6000, 50, 40), (0, 3, 2)])
def test_assign_is_brute_force(dtype, n, d, k):
    rng = np.random.default_rng(0)
    X, centers = rng.standard_normal((n, d)).astype(dtype), rng.standard_normal((k, d))
    labels, squared = assign(X, centers)
    expected, distances = brute(X, centers)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_allclose(squared, distances, rtol=1e-10)


@pytest.mark.parametrize("make", [Float64Assignment, CompiledAssignment])
def test_iterations_go_down_and_are_kept(make):
    X = data("blobs", 3000, 4, 10)
    assignment = make(X)
    solution = iterate(assignment, X[:10] - assignment.offset, max_iter=100, tol=0, record=True)
    inertias = [step.inertia for step in solution.history]
    assert inertias == sorted(inertias, reverse=True)
    assert [step.moved for step in solution.history][:: len(inertias) - 1] == [3000, 0]
    assert len(solution.history) == solution.n_iter
    np.testing.assert_allclose(solution.history[0].centers, X[:10], rtol=1e-12)


def test_groups_hold_sixteen_neighbours():
    centers = np.repeat(np.arange(5.0)[:, None] * 100, 16, axis=0) + np.arange(80)[:, None] * 0.01
    slot = group_centroids(centers[np.random.default_rng(0).permutation(80)])
    assert sorted(slot) == list(range(80))
    shuffled = centers[np.random.default_rng(0).permutation(80)]
    groups = [shuffled[slot // GROUP == g] for g in range(5)]
    assert max(np.ptp(group) for group in groups) < 1


def test_small_work_needs_no_compiled_code():
    n = COMPILED_WORK // 16
    assert isinstance(make_assignment(np.zeros((n - 1, 4)), 4), Float64Assignment)
    assert isinstance(make_assignment(np.zeros((n, 4)), 4), CompiledAssignment)
    assert isinstance(make_assignment(np.zeros((n // 5 + 1, 4)), 4, passes=5), CompiledAssignment)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3000, 12000, 30000])
def test_what_the_process_did_before_changes_nothing(n):
    # On either side of the border, and where a fit takes both kinds of code.
    script = (
        "import numpy as np\n"
        "{}\n"
        "from further.cluster import KMeans\n"
        f"X = np.random.default_rng(0).standard_normal(({n}, 9)) + 0.3\n"
        "model = KMeans(8, random_state=0, n_init=2).fit(X)\n"
        "print(repr((model.inertia_, model.score(X[:2000]), model.cluster_centers_.tolist())))\n"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", script.format(b)],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for b in ("", "import further.cluster.exact.assignment")
    ]
    assert found[0] == found[1]
