"""Compiled products of a tile of rows and all centroids, of which the values of the rows are made.

See :mod:`further.cluster.exact.layout` for values and tiles.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.layout import ROWS
from further.cluster.exact.microkernel import multiply_four, multiply_six, multiply_two
from further.cluster.exact.simd import maximum, minimum, prefetch, transpose, where_less


@njit(nogil=True, cache=True)
def fill_tiles(
    X: np.ndarray, offset: np.ndarray, scale: float, tiles: np.ndarray, first: int, last: int
) -> None:
    """Write tiles first to last of rows of few features, with their squared norms."""
    n, d = X.shape
    for t in range(first, last):
        for r in range(ROWS):
            fill_column(X, offset, scale, min(t * ROWS + r, n - 1), d, tiles[t], r)


@njit(nogil=True, cache=True, inline="always")
def fill_column(X, offset, scale, i, d, tile, r):  # type: ignore[no-untyped-def]
    """Write row i, and its squared norm, as row r of a tile."""
    norm = np.float32(0)
    for f in range(d):
        x = np.float32((np.float64(X[i, f]) - offset[f]) * scale)
        tile[f * ROWS + r] = x
        norm += x * x
    tile[d * ROWS + r] = norm


@njit(nogil=True, cache=True)
def fill_tile(rows, base, n, d, begin, width, places, tile):  # type: ignore[no-untyped-def]
    """Write features ``begin`` to ``begin + width`` of 64 rows; past the last row, that again."""
    # Sixteen at a time, what follows them in memory too, but for the last row.
    whole = (width + 15 if base + ROWS < n else width) // 16 * 16
    # What is filled next: sixteen rows at a time are too many for the processor to foresee it.
    ahead = width if begin + width < d else ROWS * d - begin
    for r in range(0, ROWS, 16):
        for q in range(16):
            places[q] = min(base + r + q, n - 1) * d + begin
        for f in range(0, whole, 16):
            for q in range(16):
                prefetch(rows, places[q] + ahead)
            transpose(rows, places, tile, f * ROWS + r, ROWS)
            places += 16
        for f in range(whole, width):
            for q in range(16):
                tile[f * ROWS + r + q] = rows[places[q] + f - whole]


@njit(nogil=True, cache=True)
def add_products(tile, width, lines, places, half, k, values, first):  # type: ignore[no-untyped-def]
    """Add the products of a tile and k lines, an even number, to their values.

    All but the numbers are addresses: of a tile, of ``width`` features of the lines from which
    ``places`` count, and of half the squared norms with which values begin, if these are the first
    products.
    """
    j = 0
    while j < k:
        n = k - j
        at, more, to = places + 8 * j, half + 4 * j, values + 4 * ROWS * j
        if n >= 6:
            multiply_six(tile, width, lines, at, more, to, first)
            j += 6
        elif n == 4:
            multiply_four(tile, width, lines, at, more, to, first)
            j += 4
        else:
            multiply_two(tile, width, lines, at, more, to, first)
            j += 2


@njit(nogil=True, cache=True, inline="always")
def take(value, index, lowest, second, label):  # type: ignore[no-untyped-def]
    """Return the lowest values, the second lowest and where the lowest are, with one value more."""
    return (
        minimum(lowest, value),
        minimum(second, maximum(lowest, value)),
        where_less(value, lowest, index, label),
    )
