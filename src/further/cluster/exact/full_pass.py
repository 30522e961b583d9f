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
    move,
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
    Sums,
    Table,
)
from further.cluster.exact.products import add_products, fill_tile
from further.cluster.exact.simd import (
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
    of: Sums,
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
    X, offset, weights, centers = table.X, table.offset, table.weights, centroids.centers
    sums, mass, sizes = of.sums, of.mass, of.sizes
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
    places = np.zeros(16, np.int64)
    gone, left = np.empty(ROWS, np.int64), np.empty(ROWS, np.int32)
    moved = close = 0
    for t in range(first * BLOCK // ROWS, last * BLOCK // ROWS):
        base = t * ROWS
        if base >= n:
            break
        block = lower[base // BLOCK] if bounded else lower[:0].reshape(-1)
        for begin in range(0, d, CHAIN):
            width = min(CHAIN, d - begin)
            fill_tile(rows, base, n, d, begin, width, places, tile)
            add_products(tile, width, lines, begin, d, half, values)
        leaving = 0
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
                    value = load(values, j * ROWS + r)
                    lane = where_less(value, low, broadcast(np.float32(j)), lane)
                    next_low = minimum(next_low, maximum(low, value))
                    low = minimum(value, low)
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
                    gone[leaving], left[leaving] = i, labels[i]
                    leaving += 1
                    labels[i] = label
        if leaving:
            moved += leaving
            if sums.size:
                move(X, offset, weights, labels, gone, left, leaving, sums, mass, sizes)
    return moved, close
