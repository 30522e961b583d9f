"""Nearest centroids of rows of few features: all values of a tile of rows, or of some rows.

See :mod:`further.cluster.exact.layout` for values, tiles and gaps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.centroids import exact_nearest
from further.cluster.exact.layout import DOWN, FAR, ROWS, TINY, UP, Centroids, Moves, Table
from further.cluster.exact.products import add_products, fill_column, take
from further.cluster.exact.simd import (
    address,
    broadcast,
    first_bit,
    load,
    maximum,
    multiply_add,
    other_bits,
    prefetch,
    square_root,
    store,
    where_less_bits,
)

#: What rounding may have added to a gap, of the second distance.
_LESS = np.float32(2**-21)
_ALL, _ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1)


@njit(nogil=True, cache=True, inline="always")
def _make_buffers():  # type: ignore[no-untyped-def]
    """Return room for what is found of 64 rows, and for the rows' numbers.

    The address of the lowest values, behind which the second ones are; nearest centroids, gaps and
    lower bounds, which keep that memory.
    """
    found = np.empty(5 * ROWS, np.float32)
    return (
        address(found),
        found[2 * ROWS : 3 * ROWS],
        found[3 * ROWS : 4 * ROWS],
        found[4 * ROWS :],
        np.zeros(ROWS, np.int64),
    )


@njit(nogil=True, cache=True, inline="always")
def _told_apart(lowest, second, norm, slack, reach):  # type: ignore[no-untyped-def]
    """Tell by bits of which rows the second value exceeds the lowest by more than the error."""
    # (|x| + |c|)^2 <= 2 |x|^2 + 2 |c|^2
    error = multiply_add(norm, broadcast(np.float32(2)), broadcast(reach))
    error = multiply_add(error, broadcast(slack), broadcast(TINY))
    apart = multiply_add(lowest, broadcast(np.float32(-1)), second)
    return where_less_bits(error, apart)


@njit(nogil=True, cache=True, inline="always")
def _four_sixteens(a, b, c, d):  # type: ignore[no-untyped-def]
    low = np.uint64(a) | (np.uint64(b) << np.uint64(16))
    return low | (np.uint64(c) << np.uint64(32)) | (np.uint64(d) << np.uint64(48))


@njit(nogil=True, cache=True)
def _two_nearest(  # type: ignore[no-untyped-def]
    tile, d, k, lines, places, half, values, slack, reach, lowest, second, nearest
):
    """Write the lowest value of 64 rows, the next one, and the centroid of the lowest.

    Returns by bits which are not told apart, see ``_told_apart``.
    """
    add_products(tile, d, lines, places, half, k, values, True)
    apart = np.uint64(0)
    for r in range(0, ROWS, 16):
        m, s, label = broadcast(FAR), broadcast(FAR), broadcast(np.float32(0))
        for j in range(k):
            value = load(values, j * ROWS + r)
            m, s, label = take(value, broadcast(np.float32(j)), m, s, label)
        store(lowest, r, m)
        store(second, r, s)
        store(nearest, r, label)
        bits = _told_apart(m, s, load(tile, d * ROWS + r), slack, reach)
        apart |= np.uint64(bits) << np.uint64(r)
    return _ALL ^ apart


@njit(nogil=True, cache=True)
def _moved(labels, base, nearest):  # type: ignore[no-untyped-def]
    """Tell by bits which of 64 rows have another centroid than their label."""
    return _four_sixteens(
        other_bits(labels, base, load(nearest, 0)),
        other_bits(labels, base + 16, load(nearest, 16)),
        other_bits(labels, base + 32, load(nearest, 32)),
        other_bits(labels, base + 48, load(nearest, 48)),
    )


@njit(nogil=True, cache=True)
def _bounds(tile, d, slack, reach, lowest, second, gap, below):  # type: ignore[no-untyped-def]
    """Write lower bounds of the second lowest distances of 64 rows, and by how much they exceed
    upper bounds of the lowest, less what rounding adds to that."""
    one, two = broadcast(np.float32(1)), broadcast(np.float32(2))
    zero, minus = broadcast(np.float32(0)), broadcast(np.float32(-1))
    eps, largest, tiny = broadcast(slack), broadcast(reach), broadcast(TINY)
    up, down = broadcast(UP), broadcast(DOWN)
    for r in range(0, ROWS, 16):
        norm = load(tile, d * ROWS + r)
        error = multiply_add(multiply_add(norm, two, largest), eps, tiny)
        squared = multiply_add(load(lowest, r), two, norm)
        squared = maximum(multiply_add(error, one, squared), zero)
        above = multiply_add(square_root(squared), up, zero)
        squared = multiply_add(load(second, r), two, norm)
        squared = maximum(multiply_add(error, minus, squared), zero)
        under = multiply_add(square_root(squared), down, zero)
        under_less = multiply_add(under, down, zero)
        store(below, r, under)
        store(gap, r, multiply_add(multiply_add(above, up, zero), minus, under_less))


@njit(nogil=True, cache=True)
def _settle(  # type: ignore[no-untyped-def]
    todo, unclear, rows, nearest, X, offset, centers, labels, gaps, moved, left, end
):
    """Give their labels to the rows whose bits are set in ``todo``, exactly where ``unclear``.

    Notes from place ``end`` on which moved and what they left; returns where that ends, and how
    many were unclear.
    """
    close = 0
    while todo != 0:
        q = first_bit(todo)
        todo &= todo - _ONE
        i = rows[q]
        new = np.int32(nearest[q])
        if (unclear >> np.uint64(q)) & _ONE:
            new = np.int32(exact_nearest(X, i, offset, centers))
            close += 1
            if gaps.size:
                gaps[i] = -FAR
        if new != labels[i]:
            moved[end], left[end] = i, labels[i]
            end += 1
            labels[i] = new
    return end, close


@njit(nogil=True, cache=True)
def scan_tiles(
    table: Table,
    centroids: Centroids,
    labels: np.ndarray,
    gaps: np.ndarray,
    moves: Moves,
    values: np.ndarray,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of tiles first to last; return how many moved and how many were too close.

    ``gaps``, unless it is empty, gets those of the rows.
    """
    X, offset, centers = table.X, table.offset, centroids.centers
    n, d = X.shape
    k, slack = centroids.half.size, centroids.slack
    # (|x| + |c|)^2 <= 2 |x|^2 + 2 |c|^2
    reach = np.float32(2) * centroids.largest * centroids.largest
    lowest_at, nearest, gap, below, rows = _make_buffers()
    lines_at, places_at = address(centroids.lines), address(centroids.places)
    half_at, labels_at, values_at = address(centroids.half), address(labels), address(values)
    second_at = lowest_at + 4 * ROWS
    nearest_at, gap_at, below_at = address(nearest), address(gap), address(below)
    tiles_at, tile_bytes = address(table.rows), (d + 1) * ROWS * 4
    start = end = first * ROWS
    close = 0
    for t in range(first, last):
        base = t * ROWS
        size = min(ROWS, n - base)
        tile_at = tiles_at + t * tile_bytes
        unclear = _two_nearest(
            tile_at, d, k, lines_at, places_at, half_at, values_at, slack, reach,
            lowest_at, second_at, nearest_at,
        )  # fmt: skip
        todo = _ALL >> np.uint64(ROWS - size)
        unclear &= todo
        if gaps.size:
            _bounds(tile_at, d, slack, reach, lowest_at, second_at, gap_at, below_at)
            for q in range(size):
                gaps[np.uint64(base + q)] = gap[q] - _LESS * below[q]
        if size == ROWS:
            todo = unclear | _moved(labels_at, base, nearest_at)
        if todo != 0:
            for r in range(size):
                rows[r] = base + r
            end, unsure = _settle(
                todo, unclear, rows, nearest, X, offset, centers, labels, gaps,
                moves.rows, moves.left, end,
            )  # fmt: skip
            close += unsure
    return end - start, close


@njit(nogil=True, cache=True)
def scan_unclear_rows(
    table: Table,
    centroids: Centroids,
    labels: np.ndarray,
    gaps: np.ndarray,
    needed: np.ndarray,
    moves: Moves,
    values: np.ndarray,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of tiles first to last that may have another centroid than their label.

    ``gaps`` holds those of the rows, plus ``needed`` of its own centroid when it was found;
    ``needed`` is how far the centroid and any other have moved since the start. Rows whose gap is
    larger than ``needed`` now are passed over.

    Returns how many moved and how many were too close.
    """
    X, offset, centers = table.X, table.offset, centroids.centers
    n, d = X.shape
    k, slack = centroids.half.size, centroids.slack
    reach = np.float32(2) * centroids.largest * centroids.largest
    lowest_at, nearest, gap, below, rows = _make_buffers()
    gathered, waiting = np.zeros((d + 1) * ROWS, np.float32), 0
    lines_at, places_at = address(centroids.lines), address(centroids.places)
    half_at, gathered_at, values_at = address(centroids.half), address(gathered), address(values)
    second_at = lowest_at + 4 * ROWS
    nearest_at, gap_at, below_at = address(nearest), address(gap), address(below)
    flat, scale = X.reshape(-1), table.scale
    start = end = first * ROWS
    close = 0
    for t in range(first, last):
        base = t * ROWS
        bits = np.uint64(0)
        for r in range(min(ROWS, n - base)):
            # Unsigned, so that no one asks whether it is negative.
            u = np.uint64(base + r)
            bits |= np.uint64(not gaps[u] > needed[np.uint32(labels[u])]) << np.uint64(r)
        while bits != 0 or (t == last - 1 and waiting > 0):
            if bits != 0:
                rows[waiting] = base + first_bit(bits)
                bits &= bits - _ONE
                # Most are far from each other; they are read when there are 64.
                prefetch(flat, rows[waiting] * d)
                waiting += 1
                if waiting < ROWS and (bits != 0 or t < last - 1):
                    continue
            for q in range(waiting):
                fill_column(X, offset, scale, rows[q], d, gathered, q)
            unclear = _two_nearest(
                gathered_at, d, k, lines_at, places_at, half_at, values_at, slack, reach,
                lowest_at, second_at, nearest_at,
            )  # fmt: skip
            todo = _ALL >> np.uint64(ROWS - waiting)
            _bounds(gathered_at, d, slack, reach, lowest_at, second_at, gap_at, below_at)
            for q in range(waiting):
                more = needed[np.uint32(nearest[q])]
                gaps[np.uint64(rows[q])] = (gap[q] + more) - _LESS * (below[q] + more)
            end, unsure = _settle(
                todo, unclear & todo, rows, nearest, X, offset, centers, labels, gaps,
                moves.rows, moves.left, end,
            )  # fmt: skip
            close += unsure
            waiting = 0
    return end - start, close
