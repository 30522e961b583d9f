"""Compiled products of a tile of rows and all centroids, of which the values of the rows are made.

See :mod:`further.cluster.exact.layout` for values and tiles.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.layout import ROWS
from further.cluster.exact.simd import (
    address,
    broadcast,
    broadcast_at,
    load,
    multiply_add,
    store,
    transpose,
)


@njit(nogil=True, cache=True)
def fill_tiles(
    X: np.ndarray, offset: np.ndarray, scale: float, tiles: np.ndarray, first: int, last: int
) -> None:
    """Write tiles first to last of rows of few features, with their squared norms."""
    n, d = X.shape
    for t in range(first, last):
        tile = tiles[t]
        for r in range(ROWS):
            i = min(t * ROWS + r, n - 1)
            norm = np.float32(0)
            for f in range(d):
                x = np.float32((np.float64(X[i, f]) - offset[f]) * scale)
                tile[f * ROWS + r] = x
                norm += x * x
            tile[d * ROWS + r] = norm


@njit(nogil=True, cache=True)
def fill_tile(rows, base, n, d, begin, width, places, tile):  # type: ignore[no-untyped-def]
    """Write features ``begin`` to ``begin + width`` of 64 rows; past the last row, that again."""
    whole = width // 16 * 16
    for r in range(0, ROWS, 16):
        for q in range(16):
            places[q] = min(base + r + q, n - 1) * d + begin
        for f in range(0, whole, 16):
            transpose(rows, places, tile, f * ROWS + r, ROWS)
            places += 16
        for f in range(whole, width):
            for q in range(16):
                tile[f * ROWS + r + q] = rows[places[q] + f - whole]


@njit(nogil=True, cache=True, inline="always")
def multiply_by_two(tile, width, lines, line, d, p, q):  # type: ignore[no-untyped-def]
    """Return p plus the products of 64 rows and a line, and q plus those of the line after it."""
    a0, a1, a2, a3 = p, p, p, p
    b0, b1, b2, b3 = q, q, q, q
    for f in range(width):
        p, q = broadcast_at(lines, line + f), broadcast_at(lines, line + d + f)
        x0, x1 = load(tile, f * ROWS), load(tile, f * ROWS + 16)
        x2, x3 = load(tile, f * ROWS + 32), load(tile, f * ROWS + 48)
        a0, a1 = multiply_add(x0, p, a0), multiply_add(x1, p, a1)
        a2, a3 = multiply_add(x2, p, a2), multiply_add(x3, p, a3)
        b0, b1 = multiply_add(x0, q, b0), multiply_add(x1, q, b1)
        b2, b3 = multiply_add(x2, q, b2), multiply_add(x3, q, b3)
    return a0, a1, a2, a3, b0, b1, b2, b3


@njit(nogil=True, cache=True, inline="always")
def add_eight(array, at, a0, a1, a2, a3, a4, a5, a6, a7):  # type: ignore[no-untyped-def]
    """Return eight vectors plus those that are written one after the other."""
    one = broadcast(np.float32(1))
    return (
        multiply_add(load(array, at), one, a0),
        multiply_add(load(array, at + 16), one, a1),
        multiply_add(load(array, at + 32), one, a2),
        multiply_add(load(array, at + 48), one, a3),
        multiply_add(load(array, at + 64), one, a4),
        multiply_add(load(array, at + 80), one, a5),
        multiply_add(load(array, at + 96), one, a6),
        multiply_add(load(array, at + 112), one, a7),
    )


@njit(nogil=True, cache=True, inline="always")
def store_eight(array, at, a0, a1, a2, a3, a4, a5, a6, a7):  # type: ignore[no-untyped-def]
    """Write eight vectors one after the other."""
    store(array, at, a0)
    store(array, at + 16, a1)
    store(array, at + 32, a2)
    store(array, at + 48, a3)
    store(array, at + 64, a4)
    store(array, at + 80, a5)
    store(array, at + 96, a6)
    store(array, at + 112, a7)


@njit(nogil=True, cache=True)
def add_products(tile, width, lines, begin, d, half, values):  # type: ignore[no-untyped-def]
    """Add the products of a tile and all centroids, two at a time, to their values."""
    zero = broadcast(np.float32(0))
    # Addresses, for what is inlined counts the references to its arrays.
    tile_at, lines_at, values_at = address(tile), address(lines), address(values)
    for j in range(0, half.size, 2):
        p, q = zero, zero
        if not begin:
            p, q = broadcast_at(half, j), broadcast_at(half, j + 1)
        a0, a1, a2, a3, b0, b1, b2, b3 = multiply_by_two(
            tile_at, width, lines_at, j * d + begin, d, p, q
        )
        if begin:
            a0, a1, a2, a3, b0, b1, b2, b3 = add_eight(
                values_at, j * ROWS, a0, a1, a2, a3, b0, b1, b2, b3
            )
        store_eight(values_at, j * ROWS, a0, a1, a2, a3, b0, b1, b2, b3)
