r"""Initial centroids of k-means: k-means++, rows drawn far from those already drawn.

It draws the next centroid among the rows with probability

.. math:: p_i \propto w_i D_i^2, \qquad D_i = \min_{c} \lVert x_i - c \rVert .

The greedy version, scikit-learn's, draws :math:`2 + \ln k` candidates and keeps the one that lowers
:math:`\sum_i w_i D_i^2` most. Most candidates are farther from a row than what was drawn before;
float32 is enough to tell, and only the others' distances are computed in float64. So the rows that
are drawn are those of float64 arithmetic.

References
----------
Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from further.cluster.exact.layout import BLOCK, CHAIN, ROWS, TINY, Centroids, Table
from further.cluster.exact.matrix import ScaledMatrix, aligned
from further.cluster.exact.products import add_products, fill_tile
from further.cluster.exact.simd import address, broadcast, load, multiply_add, where_less_bits


class _Closest(NamedTuple):
    """What is known of the rows' nearest drawn row."""

    #: Squared distances, float64, and the same in the units of the float32 rows, rounded up.
    squared: np.ndarray
    rough: np.ndarray
    #: For each candidate, by bits, which of sixteen rows it may be nearer to.
    nearer: np.ndarray


def plus_plus(
    matrix: ScaledMatrix,
    n_clusters: int,
    random_state: np.random.RandomState,
    *,
    n_candidates: int | None = None,
) -> np.ndarray:
    """Return the rows that k-means++ draws, those that scikit-learn draws from float64 data.

    Parameters
    ----------
    matrix : ScaledMatrix
        The rows and their weights.
    n_clusters, random_state, n_candidates
        As :class:`~further.cluster.exact.lloyd.AssignmentStep` has them.

    Returns
    -------
    ndarray of shape (n_clusters,), int
        Their indices.
    """
    X, n, weights = matrix.X, matrix.n, matrix.table.weights
    trials = n_candidates or 2 + int(np.log(n_clusters))
    p = weights / weights.sum() if weights.size else np.full(n, 1 / n)
    chosen = np.empty(n_clusters, np.int64)
    chosen[0] = random_state.choice(n, p=p)
    squared = matrix.squared_distances(X[chosen[:1]] - matrix.offset, np.zeros(n, np.int32))
    rough = np.zeros(matrix.padded_rows, np.float32)
    rough[:n] = np.nextafter((squared * matrix.scale**2).astype(np.float32), np.float32(np.inf))
    closest = _Closest(squared, rough, np.zeros((trials, matrix.padded_rows // 16), np.int32))
    for c in range(1, n_clusters):
        cumulative = np.cumsum(weights * squared if weights.size else squared)
        draws = random_state.uniform(size=trials) * cumulative[-1]
        rows = np.minimum(np.searchsorted(cumulative, draws), n - 1)
        candidates = np.ascontiguousarray(X[rows] - matrix.offset, np.float64)
        best = int(np.argmax(_gains(matrix, candidates, closest)))
        chosen[c] = rows[best]
        _take(matrix.table, matrix.scale, candidates[best], closest.nearer[best], closest)
    return chosen


def _gains(matrix: ScaledMatrix, candidates: np.ndarray, closest: _Closest) -> np.ndarray:
    """Return by how much each candidate would lower the sum of squared distances."""
    centroids = matrix.rounded(candidates)
    gains = np.zeros((matrix.n_spans, len(candidates)))

    def work(span: int, first: int, last: int) -> None:
        tile, values = aligned(CHAIN * ROWS), aligned(centroids.half.size * ROWS)
        _scan_candidates(matrix.table, centroids, closest, gains[span], tile, values, first, last)

    matrix.each(work)
    total: np.ndarray = gains.sum(axis=0)
    return total


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def _scan_candidates(
    table: Table,
    centroids: Centroids,
    closest: _Closest,
    gains: np.ndarray,
    tile: np.ndarray,
    values: np.ndarray,
    first: int,
    last: int,
) -> None:
    """Add the candidates' gains in blocks first to last."""
    X, offset = table.X, table.offset
    n, d = X.shape
    rows, norms, weights = table.rows, table.norms, table.weights
    lines, half, candidates = centroids.lines, centroids.half, centroids.centers
    squared_distances, rough, nearer = closest.squared, closest.rough, closest.nearer
    tiled = norms.size == 0
    tile_at = address(tile)
    origins = np.zeros(16, np.int64)
    values_at, rows_at, lines_at = address(values), address(rows), address(lines)
    places_at, half_at, k = address(centroids.places), address(half), half.size
    one, two, minus = broadcast(np.float32(1)), broadcast(np.float32(2)), broadcast(np.float32(-1))
    zero, eps = broadcast(np.float32(0)), broadcast(np.float32(2) * centroids.slack)
    reach, tiny = broadcast(centroids.largest * centroids.largest), broadcast(TINY)
    per_block = 1 if tiled else BLOCK // ROWS
    for t in range(first * per_block, last * per_block):
        base = t * ROWS
        if base >= n:
            break
        if tiled:
            tile_at = rows_at + 4 * t * (d + 1) * ROWS
            add_products(tile_at, d, lines_at, places_at, half_at, k, values_at, True)
        else:
            for begin in range(0, d, CHAIN):
                width = min(CHAIN, d - begin)
                fill_tile(rows, base, n, d, begin, width, origins, tile)
                line_at = lines_at + 4 * begin
                add_products(tile_at, width, line_at, places_at, half_at, k, values_at, begin == 0)
        for r in range(0, min(ROWS, n - base), 16):
            if tiled:
                squared = load(tile_at, d * ROWS + r)
            else:
                norm = load(norms, base + r)
                squared = multiply_add(norm, norm, zero)
            # (|x| + |c|)^2 <= 2 |x|^2 + 2 |c|^2
            error = multiply_add(multiply_add(squared, one, reach), eps, tiny)
            rest = multiply_add(error, minus, squared)
            near = load(rough, base + r)
            for c in range(len(candidates)):
                least = multiply_add(load(values_at, c * ROWS + r), two, rest)
                bits = where_less_bits(least, near)
                nearer[c, (base + r) // 16] = bits
                i = base + r
                while bits:
                    if bits & 1 and i < n:
                        distance = 0.0
                        for f in range(d):
                            difference = np.float64(X[i, f]) - offset[f] - candidates[c, f]
                            distance += difference * difference
                        if distance < squared_distances[i]:
                            w = weights[i] if weights.size else 1.0
                            gains[c] += w * (squared_distances[i] - distance)
                    bits >>= 1
                    i += 1


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def _take(
    table: Table, scale: float, candidate: np.ndarray, nearer: np.ndarray, closest: _Closest
) -> None:
    """Lower the squared distances to those from the candidate."""
    X, offset = table.X, table.offset
    n, d = X.shape
    squared_distances, rough = closest.squared, closest.rough
    for g in range(nearer.size):
        bits, i = nearer[g], g * 16
        while bits:
            if bits & 1 and i < n:
                distance = 0.0
                for f in range(d):
                    difference = np.float64(X[i, f]) - offset[f] - candidate[f]
                    distance += difference * difference
                if distance < squared_distances[i]:
                    squared_distances[i] = distance
                    rough[i] = np.float32(distance * scale * scale) * np.float32(1 + 2**-22)
            bits >>= 1
            i += 1
