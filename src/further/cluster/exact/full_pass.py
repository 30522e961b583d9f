"""Nearest centroids of all rows by all distances, and the bounds that spare them later.

The values :math:`f_j` (see :mod:`further.cluster.exact.tiles`) of 64 rows, a row a vector lane, and
all centroids are a product of matrices, computed in pieces of 64 features that stay in the cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.centroids import exact_nearest, move
from further.cluster.exact.lanes import (
    broadcast,
    broadcast_at,
    load,
    maximum,
    minimum,
    multiply_add,
    square_root,
    store,
    transpose,
    where_less,
)
from further.cluster.exact.yinyang import BLOCK, CHAIN, GROUP

_ROWS = 64
_DOWN, _UP = np.float32(1 - 2**-21), np.float32(1 + 2**-21)
_TINY = np.float32(1e-30)
_FAR = np.float32(np.inf)


@njit(nogil=True, cache=True)
def fill_tile(flat, base, n, d, begin, width, starts, tile):  # type: ignore[no-untyped-def]
    """Write some features of 64 rows, a line a feature; past the last row, that again."""
    whole = width // 16 * 16
    for r in range(0, _ROWS, 16):
        for q in range(16):
            starts[q] = min(base + r + q, n - 1) * d + begin
        for f in range(0, whole, 16):
            transpose(flat, starts, tile, f * _ROWS + r, _ROWS)
            starts += 16
        for f in range(whole, width):
            for q in range(16):
                tile[f * _ROWS + r + q] = flat[starts[q] + f - whole]


@njit(nogil=True, cache=True)
def add_products(tile, width, lines, begin, d, half, values):  # type: ignore[no-untyped-def]
    """Add the products of a tile and all centroids, two at a time, to their values."""
    one = broadcast(np.float32(1))
    for j in range(0, half.size, 2):
        if begin:
            p = q = broadcast(np.float32(0))
        else:
            p, q = broadcast_at(half, j), broadcast_at(half, j + 1)
        a0, a1, a2, a3 = p, p, p, p
        b0, b1, b2, b3 = q, q, q, q
        line = j * d + begin
        for f in range(width):
            p, q = broadcast_at(lines, line + f), broadcast_at(lines, line + d + f)
            x0, x1 = load(tile, f * _ROWS), load(tile, f * _ROWS + 16)
            x2, x3 = load(tile, f * _ROWS + 32), load(tile, f * _ROWS + 48)
            a0, a1 = multiply_add(x0, p, a0), multiply_add(x1, p, a1)
            a2, a3 = multiply_add(x2, p, a2), multiply_add(x3, p, a3)
            b0, b1 = multiply_add(x0, q, b0), multiply_add(x1, q, b1)
            b2, b3 = multiply_add(x2, q, b2), multiply_add(x3, q, b3)
        v = j * _ROWS
        if begin:
            a0 = multiply_add(load(values, v), one, a0)
            a1 = multiply_add(load(values, v + 16), one, a1)
            a2 = multiply_add(load(values, v + 32), one, a2)
            a3 = multiply_add(load(values, v + 48), one, a3)
            b0 = multiply_add(load(values, v + 64), one, b0)
            b1 = multiply_add(load(values, v + 80), one, b1)
            b2 = multiply_add(load(values, v + 96), one, b2)
            b3 = multiply_add(load(values, v + 112), one, b3)
        store(values, v, a0)
        store(values, v + 16, a1)
        store(values, v + 32, a2)
        store(values, v + 48, a3)
        store(values, v + 64, b0)
        store(values, v + 80, b1)
        store(values, v + 96, b2)
        store(values, v + 112, b3)


@njit(nogil=True, cache=True)
def scan_all(
    flat: np.ndarray,
    norms: np.ndarray,
    X: np.ndarray,
    offset: np.ndarray,
    weights: np.ndarray,
    centers: np.ndarray,
    half: np.ndarray,
    lines: np.ndarray,
    slot: np.ndarray,
    member: np.ndarray,
    slack: np.float32,
    largest: np.float32,
    tile: np.ndarray,
    values: np.ndarray,
    labels: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    sums: np.ndarray,
    mass: np.ndarray,
    count: np.ndarray,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of blocks first to last, and write their bounds where ``lower`` has room."""
    n, d = X.shape
    k = half.size
    groups = (k + GROUP - 1) // GROUP
    bounded = lower.size > 0
    nearest, runner_up = np.empty(16, np.float32), np.empty(16, np.float32)
    best, second = np.empty(16, np.float32), np.empty(16, np.float32)
    one, two, zero = (
        broadcast(np.float32(1)),
        broadcast(np.float32(2)),
        broadcast(np.float32(0)),
    )
    down, far, minus = broadcast(_DOWN), broadcast(_FAR), broadcast(np.float32(-1))
    eps, reach, tiny = broadcast(slack), broadcast(largest), broadcast(_TINY)
    starts = np.zeros(16, np.int64)
    gone, left = np.empty(_ROWS, np.int64), np.empty(_ROWS, np.int32)
    moved = close = 0
    for t in range(first * BLOCK // _ROWS, last * BLOCK // _ROWS):
        base = t * _ROWS
        if base >= n:
            break
        block = lower[base // BLOCK] if bounded else lower[:0].reshape(-1)
        for begin in range(0, d, CHAIN):
            width = min(CHAIN, d - begin)
            fill_tile(flat, base, n, d, begin, width, starts, tile)
            add_products(tile, width, lines, begin, d, half, values)
        leaving = 0
        for r in range(0, min(_ROWS, n - base), 16):
            norm = load(norms, base + r)
            span = multiply_add(norm, one, reach)
            error = multiply_add(multiply_add(span, span, zero), eps, tiny)
            # The square of the distance, less 2 f and less the error.
            rest = multiply_add(error, minus, multiply_add(norm, norm, zero))
            m, s, index, own = far, far, zero, far
            for g in range(groups):
                low, next_low, lane = far, far, zero
                for j in range(g * GROUP, min(g * GROUP + GROUP, k)):
                    value = load(values, j * _ROWS + r)
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
                margin = slack * (length + largest) * (length + largest) + _TINY
                squared_best = length * length + np.float32(2) * best[q]
                tight = not second[q] - best[q] > margin
                if tight:
                    close += 1
                    label = np.int32(exact_nearest(X, i, offset, centers))
                if bounded:
                    upper[i] = np.sqrt(max(squared_best + margin, np.float32(0))) * _UP
                    # The bound of its own group is that of the others in it, unless float64 chose
                    # another centroid: then the one that float32 chose is among the others.
                    if label == member[place]:
                        value = length * length + np.float32(2) * runner_up[q] - margin
                        value = np.sqrt(max(value, np.float32(0))) * _DOWN
                        lower[i // BLOCK, place // GROUP * BLOCK + i % BLOCK] = value
                if label != labels[i]:
                    gone[leaving], left[leaving] = i, labels[i]
                    leaving += 1
                    labels[i] = label
        if leaving:
            moved += leaving
            if sums.size:
                move(X, offset, weights, labels, gone, left, leaving, sums, mass, count)
    return moved, close
