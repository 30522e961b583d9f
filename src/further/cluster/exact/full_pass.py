"""Nearest centroids of all rows of many features by all distances, with the bounds they give.

See :mod:`further.cluster.exact.layout` for values, tiles and bounds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.centroids import (
    error_of,
    exact_nearest,
    lower_bound,
    upper_bound,
)
from further.cluster.exact.layout import (
    BLOCK,
    CHAIN,
    DOWN,
    FAR,
    GROUP,
    ROWS,
    TINY,
    Bounds,
    Centroids,
    Groups,
    Moves,
    Table,
)
from further.cluster.exact.products import add_products, fill_tile, take
from further.cluster.exact.simd import (
    address,
    broadcast,
    load,
    maximum,
    minimum,
    multiply_add,
    square_root,
    store,
    where_less,
)


@njit(nogil=True, cache=True)
def scan_all(
    table: Table,
    centroids: Centroids,
    groups: Groups,
    labels: np.ndarray,
    bounds: Bounds,
    moves: Moves,
    tile: np.ndarray,
    values: np.ndarray,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of blocks first to last, and write their bounds where there is room for them.

    Returns how many moved and how many were too close.
    """
    rows, norms, member = table.rows, table.norms, groups.member
    lines, half = centroids.lines, centroids.half
    upper, lower = bounds.upper, bounds.lower
    slack, largest = centroids.slack, centroids.largest
    X, offset, centers = table.X, table.offset, centroids.centers
    n, d = X.shape
    k = half.size
    n_groups = (k + GROUP - 1) // GROUP
    bounded = lower.size > 0
    nearest, runner_up = np.empty(16, np.float32), np.empty(16, np.float32)
    best, second = np.empty(16, np.float32), np.empty(16, np.float32)
    one, two, zero = (
        broadcast(np.float32(1)),
        broadcast(np.float32(2)),
        broadcast(np.float32(0)),
    )
    down, far, minus = broadcast(DOWN), broadcast(FAR), broadcast(np.float32(-1))
    eps, reach, tiny = broadcast(slack), broadcast(largest), broadcast(TINY)
    origins = np.zeros(16, np.int64)
    # Addresses, for what is called for a tile counts the references to its arrays.
    tile_at, lines_at, places_at = address(tile), address(lines), address(centroids.places)
    half_at, values_at = address(half), address(values)
    start = end = first * BLOCK
    close = 0
    for t in range(first * BLOCK // ROWS, last * BLOCK // ROWS):
        base = t * ROWS
        if base >= n:
            break
        block = lower[base // BLOCK] if bounded else lower[:0].reshape(-1)
        for begin in range(0, d, CHAIN):
            width = min(CHAIN, d - begin)
            fill_tile(rows, base, n, d, begin, width, origins, tile)
            add_products(
                tile_at, width, lines_at + 4 * begin, places_at, half_at, k, values_at, begin == 0
            )
        for r in range(0, min(ROWS, n - base), 16):
            norm = load(norms, base + r)
            span = multiply_add(norm, one, reach)
            error = multiply_add(multiply_add(span, span, zero), eps, tiny)
            # The square of the distance, less 2 f and less the error.
            rest = multiply_add(error, minus, multiply_add(norm, norm, zero))
            m, s, index, own = far, far, zero, far
            for g in range(n_groups):
                low, next_low, lane = far, far, zero
                for j in range(g * GROUP, min(g * GROUP + GROUP, k)):
                    value = load(values_at, j * ROWS + r)
                    low, next_low, lane = take(value, broadcast(np.float32(j)), low, next_low, lane)
                if bounded:
                    squared = maximum(multiply_add(low, two, rest), zero)
                    bound = multiply_add(square_root(squared), down, zero)
                    at = (base % BLOCK) + r + g * BLOCK
                    store(block, at, bound)
                s = minimum(minimum(s, next_low), maximum(m, low))
                own = where_less(low, m, next_low, own)
                index = where_less(low, m, lane, index)
                m = minimum(m, low)
            store(nearest, 0, index)
            store(best, 0, m)
            store(second, 0, s)
            store(runner_up, 0, own)
            for q in range(min(16, n - base - r)):
                i = base + r + q
                place = np.int64(nearest[q])
                label = member[place]
                length = norms[i]
                margin = error_of(length, slack, largest)
                tight = not second[q] - best[q] > margin
                if tight:
                    close += 1
                    label = np.int32(exact_nearest(X, i, offset, centers))
                if bounded:
                    upper[i] = upper_bound(length, best[q], margin)
                    # The bound of its own group is that of the others in it, unless float64 chose
                    # another centroid: then the one that float32 chose is among the others.
                    if label == member[place]:
                        lower[i // BLOCK, place // GROUP * BLOCK + i % BLOCK] = lower_bound(
                            length, runner_up[q], margin
                        )
                if label != labels[i]:
                    moves.rows[end], moves.left[end] = i, labels[i]
                    end += 1
                    labels[i] = label
    return end - start, close
