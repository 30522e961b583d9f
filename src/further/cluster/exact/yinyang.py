r"""Nearest centroids with bounds that spare most distances (grouped Yinyang k-means).

Each row keeps an upper bound u of the distance to its own centroid and, for each group g of
sixteen centroids, a lower bound l of the distance to the others in it. Centroids that move by
:math:`\delta_j` widen them,

.. math:: u \leftarrow u + \delta_{a}, \qquad l_g \leftarrow l_g - \max_{j \in g} \delta_j,

and only where :math:`l_g \le u` are the sixteen distances computed anew, those of several rows at
a time. Bounds are widened by the rounding of float32 (see :mod:`further.cluster.exact.layout`), so
that the labels are those of float64 arithmetic.

References
----------
Ding et al., Yinyang K-Means: A Drop-In Replacement of the Classic K-Means with Consistent Speedup,
ICML 2015.
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
    UP,
    Bounds,
    Centroids,
    Groups,
    Moves,
    Table,
)
from further.cluster.exact.microkernel import TOGETHER, multiply_group
from further.cluster.exact.simd import (
    address,
    broadcast,
    broadcast_at,
    fold_minimum,
    load,
    lowest,
    minimum,
    multiply_add,
    number_at,
    store,
    total,
    where_less,
)


@njit(nogil=True, cache=True, inline="always")
def _without(line, numbers, place):  # type: ignore[no-untyped-def]
    """Put infinity in place of one number."""
    apart = multiply_add(broadcast(np.float32(1)), numbers, broadcast(np.float32(-place)))
    squared = multiply_add(apart, apart, broadcast(np.float32(0)))
    return where_less(squared, broadcast(np.float32(0.25)), broadcast(FAR), line)


@njit(nogil=True, cache=True)
def _own_value(flat, row, lines, line, half, d):  # type: ignore[no-untyped-def]
    a = broadcast(np.float32(0))
    b = a
    f = 0
    while f + 32 <= d:
        a = multiply_add(load(flat, row + f), load(lines, line + f), a)
        b = multiply_add(load(flat, row + f + 16), load(lines, line + f + 16), b)
        f += 32
    if f + 16 <= d:
        a = multiply_add(load(flat, row + f), load(lines, line + f), a)
        f += 16
    rest = half + total(a) + total(b)
    while f < d:
        rest += number_at(flat, row + f) * number_at(lines, line + f)
        f += 1
    return rest


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def share_to_scan(
    table: Table,
    centers: np.ndarray,
    labels: np.ndarray,
    lower: np.ndarray,
    drift: np.ndarray,
    step: int,
) -> float:
    """Return for what share of groups, of every ``step``-th row, the distances are to be computed.

    ``drift`` is how far groups have moved.
    """
    n, d = table.X.shape
    unclear = n_rows = 0
    for i in range(0, n, step):
        n_rows += 1
        squared = 0.0
        for f in range(d):
            difference = np.float64(table.X[i, f]) - table.offset[f] - centers[labels[i], f]
            squared += difference * difference
        own = np.sqrt(squared) * table.scale
        for g in range(len(drift)):
            known = lower[i // BLOCK, g * BLOCK + i % BLOCK]
            unclear += 1 if known - drift[g] <= own else 0
    return unclear / (n_rows * len(drift))


@njit(nogil=True, cache=True, inline="always")
def _write_lows(values, lows):  # type: ignore[no-untyped-def]
    """Write the lowest of each of eight vectors."""
    a = fold_minimum(load(values, 0), load(values, GROUP))
    b = fold_minimum(load(values, 2 * GROUP), load(values, 3 * GROUP))
    c = fold_minimum(load(values, 4 * GROUP), load(values, 5 * GROUP))
    d = fold_minimum(load(values, 6 * GROUP), load(values, 7 * GROUP))
    both = fold_minimum(fold_minimum(a, b), fold_minimum(c, d))
    store(lows, 0, fold_minimum(both, both))


@njit(nogil=True, cache=True)
def scan_rows(
    table: Table,
    centroids: Centroids,
    groups: Groups,
    labels: np.ndarray,
    bounds: Bounds,
    moves: Moves,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of blocks first to last; return how many moved and how many were too close."""
    norms, half, upper = table.norms, centroids.half, bounds.upper
    slot, member, shift, drift = groups.slot, groups.member, bounds.shift, bounds.drift
    eps, reach = centroids.slack, centroids.largest
    X, offset, centers = table.X, table.offset, centroids.centers
    n, d = X.shape
    n_groups = half.size // GROUP
    candidates = np.empty(BLOCK, np.int64)
    chosen = np.empty(BLOCK + TOGETHER, np.int64)
    best, second = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    above, error = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    now = np.empty(BLOCK, np.int32)
    nearest_group = np.empty(BLOCK, np.float32)
    values, lows = np.full(8 * GROUP, FAR), np.empty(GROUP, np.float32)
    one, far = broadcast(np.float32(1)), broadcast(FAR)
    order = np.arange(GROUP).astype(np.float32)
    numbers = load(order, 0)
    places = np.empty(TOGETHER, np.int64)
    # Addresses, for the functions below are called millions of times.
    flat_at, lines_at, panel_at, half_at = (
        address(table.rows),
        address(centroids.lines),
        address(groups.panel),
        address(half),
    )
    values_at, lows_at, places_at = address(values), address(lows), address(places)
    start = end = first * BLOCK
    close = 0
    for b in range(first, last):
        base = b * BLOCK
        size = min(BLOCK, n - base)
        lower = bounds.lower[b]
        m = 0
        for r in range(0, BLOCK, 16):
            low = broadcast(FAR)
            for g in range(n_groups):
                widened = multiply_add(broadcast_at(drift, g), one, load(lower, g * BLOCK + r))
                low = minimum(widened, low)
            store(nearest_group, r, low)
        for r in range(size):
            i = base + r
            label = labels[i]
            bound = (upper[i] + shift[label]) * UP
            upper[i] = bound
            if nearest_group[r] > bound:
                continue
            norm = norms[i]
            margin = error_of(norm, eps, reach)
            own = _own_value(flat_at, i * d, lines_at, slot[label] * d, half[slot[label]], d)
            bound = min(bound, upper_bound(norm, own, margin))
            upper[i] = bound
            if nearest_group[r] > bound:
                continue
            candidates[m] = r
            best[m], second[m], above[m], now[m] = own, FAR, bound, label
            m += 1
        for c in range(m):
            error[c] = error_of(norms[base + candidates[c]], eps, reach)
        for g in range(n_groups):
            part, back = 0, drift[g]
            for c in range(m):
                chosen[part] = c
                part += 1 if lower[g * BLOCK + candidates[c]] + back <= above[c] else 0
            if part == 0:
                continue
            for extra in range(part, part + TOGETHER):
                chosen[extra] = chosen[part - 1]
            for s in range(0, part, TOGETHER):
                for q in range(TOGETHER):
                    places[q] = (base + candidates[chosen[s + q]]) * d
                # Sums of short sums: rounding grows with the length of a chain of additions.
                for f in range(0, d, CHAIN):
                    multiply_group(
                        panel_at + 4 * GROUP * (g * d + f), min(CHAIN, d - f), flat_at + 4 * f,
                        places_at, half_at + 4 * GROUP * g, values_at, f == 0,
                    )  # fmt: skip
                _write_lows(values_at, lows_at)
                for q in range(min(TOGETHER, part - s)):
                    c = chosen[s + q]
                    r = candidates[c]
                    place = slot[now[c]]
                    norm, least = norms[base + r], lows[q]
                    own_here = place // GROUP == g
                    if own_here or least < best[c]:
                        # Of the array: its memory is given back after its last use.
                        line = load(values, q * GROUP)
                        if own_here:
                            line = _without(line, numbers, place % GROUP)
                            least = lowest(line)
                    if least < best[c]:
                        edge = broadcast(least)
                        lane = np.int64(lowest(where_less(edge, line, far, numbers)))
                        runner_up = lowest(_without(line, numbers, lane))
                        if own_here:
                            runner_up = min(runner_up, best[c])
                        else:
                            p = place // GROUP * BLOCK + r
                            value = lower_bound(norm, best[c], error[c])
                            value = (value - drift[place // GROUP]) * DOWN
                            lower[p] = min(lower[p], value)
                        second[c] = min(best[c], runner_up)
                        best[c] = least
                        now[c] = member[g * GROUP + lane]
                        above[c] = upper_bound(norm, least, error[c])
                        least = runner_up
                    else:
                        second[c] = min(second[c], least)
                    value = lower_bound(norm, least, error[c])
                    lower[g * BLOCK + r] = (value - back) * DOWN
        for c in range(m):
            r = candidates[c]
            i = base + r
            label = now[c]
            if not second[c] - best[c] > error[c]:
                close += 1
                label = np.int32(exact_nearest(X, i, offset, centers))
                if label != now[c]:
                    g = slot[now[c]] // GROUP
                    value = lower_bound(norms[i], best[c], error[c])
                    value = (value - drift[g]) * DOWN
                    lower[g * BLOCK + r] = min(lower[g * BLOCK + r], value)
            upper[i] = above[c]
            if label != labels[i]:
                moves.rows[end], moves.left[end] = i, labels[i]
                end += 1
                labels[i] = label
    return end - start, close
