r"""Where k-means starts: k-means++, rows drawn far from those already drawn.

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

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from further.cluster.exact.full_pass import add_products, fill_tile
from further.cluster.exact.lanes import (
    broadcast,
    load,
    multiply_add,
    where_less_bits,
)
from further.cluster.exact.yinyang import BLOCK, CHAIN

if TYPE_CHECKING:
    from further.cluster.exact.rows import Rows

_ROWS = 64
_TINY = np.float32(1e-30)


def plus_plus(
    table: Rows,
    n_clusters: int,
    random_state: np.random.RandomState,
    *,
    n_candidates: int | None = None,
) -> np.ndarray:
    """Return the rows that k-means++ draws, those that scikit-learn draws from float64 data.

    Parameters
    ----------
    table : Rows
        The rows and their weights.
    n_clusters : int
        How many to draw.
    random_state : RandomState
        Draws as scikit-learn's ``kmeans_plusplus`` does.
    n_candidates : int, optional
        Candidates for each centroid; 2 + ln k when None.

    Returns
    -------
    ndarray of shape (n_clusters,), int
        Their indices.
    """
    X, n, weights = table.X, table.n, table.weights
    trials = n_candidates or 2 + int(np.log(n_clusters))
    p = weights / weights.sum() if weights.size else np.full(n, 1 / n)
    chosen = np.empty(n_clusters, np.int64)
    chosen[0] = random_state.choice(n, p=p)
    closest = table.squared_distances(X[chosen[:1]] - table.offset, np.zeros(n, np.int32))
    rough = np.zeros(table.padded_rows, np.float32)
    rough[:n] = np.nextafter((closest * table.scale**2).astype(np.float32), np.float32(np.inf))
    nearer = np.zeros((trials, table.padded_rows // 16), np.int32)
    for c in range(1, n_clusters):
        cumulative = np.cumsum(weights * closest if weights.size else closest)
        draws = random_state.uniform(size=trials) * cumulative[-1]
        rows = np.minimum(np.searchsorted(cumulative, draws), n - 1)
        candidates = np.ascontiguousarray(X[rows] - table.offset, np.float64)
        gains = _gains(table, candidates, closest, rough, nearer)
        best = int(np.argmax(gains))
        chosen[c] = rows[best]
        _take(X, table.offset, table.scale, candidates[best], nearer[best], closest, rough)
    return chosen


def _gains(
    table: Rows,
    candidates: np.ndarray,
    closest: np.ndarray,
    rough: np.ndarray,
    nearer: np.ndarray,
) -> np.ndarray:
    """Return by how much each candidate would lower the sum of squared distances."""
    lines, half, slack, largest = table.rounded(candidates)
    gains = np.zeros((table.n_spans, len(candidates)))

    def work(span: int, first: int, last: int) -> None:
        tile, values = table.buffers(len(lines))
        _scan_candidates(
            table.tiled, table.rows, table.norms, table.X, table.offset, table.weights, candidates,
            lines.reshape(-1), half, slack, largest, tile, values, closest, rough, nearer,
            gains[span], first, last,
        )  # fmt: skip

    table.each(work)
    total: np.ndarray = gains.sum(axis=0)
    return total


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def _scan_candidates(
    tiled: bool,
    rows: np.ndarray,
    norms: np.ndarray,
    X: np.ndarray,
    offset: np.ndarray,
    weights: np.ndarray,
    candidates: np.ndarray,
    lines: np.ndarray,
    half: np.ndarray,
    slack: np.float32,
    largest: np.float32,
    tile: np.ndarray,
    values: np.ndarray,
    closest: np.ndarray,
    rough: np.ndarray,
    nearer: np.ndarray,
    gains: np.ndarray,
    first: int,
    last: int,
) -> None:
    """Add the candidates' gains in blocks first to last.

    ``rough`` is ``closest`` in the units of the float32 rows, rounded up. The bits of ``nearer``
    tell which of sixteen rows a candidate may be nearer to.
    """
    n, d = X.shape
    starts = np.zeros(16, np.int64)
    one, two, minus = broadcast(np.float32(1)), broadcast(np.float32(2)), broadcast(np.float32(-1))
    zero, eps = broadcast(np.float32(0)), broadcast(np.float32(2) * slack)
    reach, tiny = broadcast(largest * largest), broadcast(_TINY)
    per_block = 1 if tiled else BLOCK // _ROWS
    for t in range(first * per_block, last * per_block):
        base = t * _ROWS
        if base >= n:
            break
        if tiled:
            tile = rows[t * (d + 1) * _ROWS : (t + 1) * (d + 1) * _ROWS]
            add_products(tile, d, lines, 0, d, half, values)
        else:
            for begin in range(0, d, CHAIN):
                width = min(CHAIN, d - begin)
                fill_tile(rows, base, n, d, begin, width, starts, tile)
                add_products(tile, width, lines, begin, d, half, values)
        for r in range(0, min(_ROWS, n - base), 16):
            if tiled:
                squared = load(tile, d * _ROWS + r)
            else:
                norm = load(norms, base + r)
                squared = multiply_add(norm, norm, zero)
            # (|x| + |c|)^2 <= 2 |x|^2 + 2 |c|^2
            error = multiply_add(multiply_add(squared, one, reach), eps, tiny)
            rest = multiply_add(error, minus, squared)
            near = load(rough, base + r)
            for c in range(len(candidates)):
                least = multiply_add(load(values, c * _ROWS + r), two, rest)
                bits = where_less_bits(least, near)
                nearer[c, (base + r) // 16] = bits
                i = base + r
                while bits:
                    if bits & 1 and i < n:
                        distance = 0.0
                        for f in range(d):
                            difference = np.float64(X[i, f]) - offset[f] - candidates[c, f]
                            distance += difference * difference
                        if distance < closest[i]:
                            w = weights[i] if weights.size else 1.0
                            gains[c] += w * (closest[i] - distance)
                    bits >>= 1
                    i += 1


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def _take(
    X: np.ndarray,
    offset: np.ndarray,
    scale: float,
    candidate: np.ndarray,
    nearer: np.ndarray,
    closest: np.ndarray,
    rough: np.ndarray,
) -> None:
    """Lower ``closest`` to the distances from the candidate."""
    n, d = X.shape
    for g in range(nearer.size):
        bits, i = nearer[g], g * 16
        while bits:
            if bits & 1 and i < n:
                distance = 0.0
                for f in range(d):
                    difference = np.float64(X[i, f]) - offset[f] - candidate[f]
                    distance += difference * difference
                if distance < closest[i]:
                    closest[i] = distance
                    rough[i] = np.float32(distance * scale * scale) * np.float32(1 + 2**-22)
            bits >>= 1
            i += 1
