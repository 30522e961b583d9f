"""Nearest centroids of rows of few features: all values of a tile of rows, or of some rows.

See :mod:`further.cluster.exact.layout` for values, tiles and gaps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.centroids import exact_nearest, move
from further.cluster.exact.layout import DOWN, FAR, ROWS, TINY, UP, Centroids, Sums, Table
from further.cluster.exact.products import multiply_by_two
from further.cluster.exact.simd import (
    address,
    broadcast,
    broadcast_at,
    first_bit,
    load,
    maximum,
    minimum,
    multiply_add,
    number_at,
    other_bits,
    square_root,
    store,
    where_less,
    where_less_bits,
)

#: What rounding may have added to a gap, of the second distance.
_LESS = np.float32(2**-21)
_ALL, _ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1)


@njit(nogil=True, cache=True, inline="always")
def _make_buffers():  # type: ignore[no-untyped-def]
    """Return room for what is found of 64 rows.

    The address of the lowest values, behind which the second ones are; nearest centroids, gaps and
    lower bounds, which keep that memory; the rows' numbers; and of those that moved number, old
    label and place among the 64.
    """
    found = np.empty(5 * ROWS, np.float32)
    return (
        address(found),
        found[2 * ROWS : 3 * ROWS],
        found[3 * ROWS : 4 * ROWS],
        found[4 * ROWS :],
        np.zeros(ROWS, np.int64),
        np.empty(ROWS, np.int64),
        np.empty(ROWS, np.int32),
        np.empty(ROWS, np.int64),
    )


@njit(nogil=True, cache=True, inline="always")
def _take(value, index, lowest, second, label):  # type: ignore[no-untyped-def]
    return (
        minimum(lowest, value),
        minimum(second, maximum(lowest, value)),
        where_less(value, lowest, index, label),
    )


@njit(nogil=True, cache=True, inline="always")
def _store_four(array, a, b, c, d):  # type: ignore[no-untyped-def]
    store(array, 0, a)
    store(array, 16, b)
    store(array, 32, c)
    store(array, 48, d)


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
    tile, d, k, lines, half, slack, reach, lowest, second, nearest
):
    """Write the lowest value of 64 rows, the next one, and the centroid of the lowest.

    Returns by bits which are not told apart, see ``_told_apart``.
    """
    far, zero = broadcast(FAR), broadcast(np.float32(0))
    m0, m1, m2, m3 = far, far, far, far
    s0, s1, s2, s3 = far, far, far, far
    l0, l1, l2, l3 = zero, zero, zero, zero
    for j in range(0, k, 2):
        a0, a1, a2, a3, b0, b1, b2, b3 = multiply_by_two(
            tile, d, lines, j * d, d, broadcast_at(half, j), broadcast_at(half, j + 1)
        )
        index = broadcast(np.float32(j))
        m0, s0, l0 = _take(a0, index, m0, s0, l0)
        m1, s1, l1 = _take(a1, index, m1, s1, l1)
        m2, s2, l2 = _take(a2, index, m2, s2, l2)
        m3, s3, l3 = _take(a3, index, m3, s3, l3)
        index = broadcast(np.float32(j + 1))
        m0, s0, l0 = _take(b0, index, m0, s0, l0)
        m1, s1, l1 = _take(b1, index, m1, s1, l1)
        m2, s2, l2 = _take(b2, index, m2, s2, l2)
        m3, s3, l3 = _take(b3, index, m3, s3, l3)
    _store_four(lowest, m0, m1, m2, m3)
    _store_four(second, s0, s1, s2, s3)
    _store_four(nearest, l0, l1, l2, l3)
    norms = tile + 4 * d * ROWS
    return _ALL ^ _four_sixteens(
        _told_apart(m0, s0, load(norms, 0), slack, reach),
        _told_apart(m1, s1, load(norms, 16), slack, reach),
        _told_apart(m2, s2, load(norms, 32), slack, reach),
        _told_apart(m3, s3, load(norms, 48), slack, reach),
    )


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
def _move_in_tile(  # type: ignore[no-untyped-def]
    tile, d, weights, labels, rows, old, places, size, sums, mass, sizes
):
    """Do as :func:`move`, of rows that a tile holds: the table is not in the cache."""
    for m in range(size):
        left, new = old[m], labels[rows[m]]
        w = weights[rows[m]] if weights.size else 1.0
        full = 1 if w != 0.0 else 0
        mass[new] += w
        sizes[new] += full
        if left >= 0:
            mass[left] -= w
            sizes[left] -= full
        for f in range(d):
            weighted = w * np.float64(number_at(tile, f * ROWS + places[m]))
            sums[new, f] += weighted
            if left >= 0:
                sums[left, f] -= weighted


@njit(nogil=True, cache=True)
def _settle(  # type: ignore[no-untyped-def]
    todo,
    unclear,
    tile,
    rows,
    nearest,
    gone,
    left,
    places,
    exact,
    X,
    offset,
    weights,
    centers,
    labels,
    gaps,
    sums,
    mass,
    sizes,
):
    """Give their labels to the rows whose bits are set in ``todo``, exactly where ``unclear``.

    Returns how many moved and how many were unclear.
    """
    leaving = close = 0
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
            gone[leaving], left[leaving], places[leaving] = i, labels[i], q
            leaving += 1
            labels[i] = new
    if leaving and sums.size and exact:
        _move_in_tile(
            tile, X.shape[1], weights, labels, gone, left, places, leaving, sums, mass, sizes
        )
    elif leaving and sums.size:
        move(X, offset, weights, labels, gone, left, leaving, sums, mass, sizes)
    return leaving, close


@njit(nogil=True, cache=True)
def scan_tiles(
    table: Table,
    centroids: Centroids,
    labels: np.ndarray,
    gaps: np.ndarray,
    of: Sums,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of tiles first to last; return how many moved and how many were too close.

    ``gaps``, unless it is empty, gets those of the rows.
    """
    X, offset, weights, centers = table.X, table.offset, table.weights, centroids.centers
    exact, sums, mass, sizes = table.exact, of.sums, of.mass, of.sizes
    n, d = X.shape
    k, slack = centroids.half.size, centroids.slack
    # (|x| + |c|)^2 <= 2 |x|^2 + 2 |c|^2
    reach = np.float32(2) * centroids.largest * centroids.largest
    lowest_at, nearest, gap, below, rows, gone, left, places = _make_buffers()
    lines_at, half_at, labels_at = (
        address(centroids.lines),
        address(centroids.half),
        address(labels),
    )
    second_at = lowest_at + 4 * ROWS
    nearest_at, gap_at, below_at = address(nearest), address(gap), address(below)
    tiles_at, tile_bytes = address(table.rows), (d + 1) * ROWS * 4
    moved = close = 0
    for t in range(first, last):
        base = t * ROWS
        size = min(ROWS, n - base)
        tile_at = tiles_at + t * tile_bytes
        unclear = _two_nearest(
            tile_at, d, k, lines_at, half_at, slack, reach, lowest_at, second_at, nearest_at
        )
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
            leaving, unsure = _settle(
                todo, unclear, tile_at, rows, nearest, gone, left, places, exact, X, offset,
                weights, centers, labels, gaps, sums, mass, sizes,
            )  # fmt: skip
            moved += leaving
            close += unsure
    return moved, close


@njit(nogil=True, cache=True)
def scan_unclear_rows(
    table: Table,
    centroids: Centroids,
    labels: np.ndarray,
    gaps: np.ndarray,
    needed: np.ndarray,
    of: Sums,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of tiles first to last that may have another centroid than their label.

    ``gaps`` holds those of the rows, plus ``needed`` of its own centroid when it was found;
    ``needed`` is how far the centroid and any other have moved since the start. Rows whose gap is
    larger than ``needed`` now are passed over.

    Returns how many moved and how many were too close.
    """
    X, offset, weights, centers = table.X, table.offset, table.weights, centroids.centers
    exact, sums, mass, sizes = table.exact, of.sums, of.mass, of.sizes
    n, d = X.shape
    tiles = table.rows
    k, slack = centroids.half.size, centroids.slack
    reach = np.float32(2) * centroids.largest * centroids.largest
    lowest_at, nearest, gap, below, rows, gone, left, places = _make_buffers()
    gathered, waiting = np.zeros((d + 1) * ROWS, np.float32), 0
    lines_at, half_at, gathered_at = (
        address(centroids.lines),
        address(centroids.half),
        address(gathered),
    )
    second_at = lowest_at + 4 * ROWS
    nearest_at, gap_at, below_at = address(nearest), address(gap), address(below)
    tile_size = (d + 1) * ROWS
    moved = close = 0
    for t in range(first, last):
        base = t * ROWS
        bits = np.uint64(0)
        for r in range(min(ROWS, n - base)):
            # Unsigned, so that no one asks whether it is negative.
            u = np.uint64(base + r)
            bits |= np.uint64(not gaps[u] > needed[np.uint32(labels[u])]) << np.uint64(r)
        while bits != 0 or (t == last - 1 and waiting > 0):
            if bits != 0:
                r = first_bit(bits)
                bits &= bits - _ONE
                line = np.uint64(t * tile_size + r)
                for f in range(d + 1):
                    gathered[np.uint64(f * ROWS + waiting)] = tiles[line + np.uint64(f * ROWS)]
                rows[waiting] = base + r
                waiting += 1
                if waiting < ROWS and (bits != 0 or t < last - 1):
                    continue
            unclear = _two_nearest(
                gathered_at, d, k, lines_at, half_at, slack, reach, lowest_at, second_at, nearest_at
            )
            todo = _ALL >> np.uint64(ROWS - waiting)
            _bounds(gathered_at, d, slack, reach, lowest_at, second_at, gap_at, below_at)
            for q in range(waiting):
                more = needed[np.uint32(nearest[q])]
                gaps[np.uint64(rows[q])] = (gap[q] + more) - _LESS * (below[q] + more)
            leaving, unsure = _settle(
                todo, unclear & todo, gathered_at, rows, nearest, gone, left, places, exact,
                X, offset, weights, centers, labels, gaps, sums, mass, sizes,
            )  # fmt: skip
            moved += leaving
            close += unsure
            waiting = 0
    return moved, close
