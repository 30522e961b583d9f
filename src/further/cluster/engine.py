"""Exact labels and centroids of one table, iteration by iteration, on compiled code."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from further.cluster.centroids import squared_distances
from further.cluster.full_pass import scan_all
from further.cluster.grouping import group_centroids
from further.cluster.tiles import ROWS, fill_tiles, scan_tiles
from further.cluster.yinyang import BLOCK, CHAIN, GROUP, scan_rows

#: Up to so many features the rows lie across the vector lanes and no bounds are kept.
FEW_FEATURES = 16
#: A span is the work of one thread at a time; sums are added span by span, whatever the threads.
_SPAN_ROWS, _MOST_SPANS = 16384, 64
_UNIT = 2.0**-24
_ABOVE = 1 + 2.0**-20
#: Most groups of centroids for each feature: their bounds take memory as the rows do.
_MOST_GROUPS = 2
#: Above this share of distances to compute, all are computed.
_WORTHWHILE_SHARE, _WORTHWHILE_SHARE_OF_FEW = 0.5, 0.3
#: Below this share of rows that moved, few features get bounds too.
_SETTLING_SHARE = 0.1
_SAMPLE = 4096
#: Where more rows than this share are too close for float32, float32 does not pay.
_CLOSE_SHARE = 0.1


class Engine:
    """Rows prepared once for many passes.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float32 or float64, C-contiguous; never written to.
    weights : ndarray of shape (n,), float64, optional
        Weights of the rows.
    n_threads : int
        Most threads.
    """

    def __init__(
        self, X: np.ndarray, weights: np.ndarray | None = None, *, n_threads: int = 1
    ) -> None:
        self.X = X
        self.n, self.d = X.shape
        self.weights = np.empty(0) if weights is None else weights
        self.n_threads = n_threads
        self.offset, self.scale = self._frame()
        self._tiled = self.d <= FEW_FEATURES
        rows = ROWS if self._tiled else BLOCK
        self._blocks = -(-self.n // rows)
        spans = min(_MOST_SPANS, max(1, self.n // _SPAN_ROWS), self._blocks)
        self._edges = np.linspace(0, self._blocks, spans + 1).astype(int)
        self._pool: ThreadPoolExecutor | None = None
        if self.n_threads > 1 and spans > 1:
            self._pool = ThreadPoolExecutor(self.n_threads)
        if self._tiled:
            self._tiles = aligned(self._blocks, (self.d + 1) * ROWS)
            self._each(lambda s, a, b: fill_tiles(X, self.offset, self.scale, self._tiles, a, b))
        else:
            self._rows, self._norms = self._working_rows()

    def start(self, n_clusters: int) -> None:
        """Forget labels and sums, for a new start."""
        self.labels = np.full(self.n, -1, np.int32)
        self._sums = np.zeros((n_clusters, self.d))
        self._mass = np.zeros(n_clusters)
        self._count = np.zeros(n_clusters, np.int64)
        self._bounded = False
        self._moved_share = 1.0
        self.close = 0

    def close_share(self) -> float:
        return self.close / self.n

    def step(self, centers: np.ndarray) -> tuple[np.ndarray, int]:
        """Label all rows and return the new centroids and the number of rows that moved.

        Parameters
        ----------
        centers : ndarray of shape (k, d), float64
            Centroids, less ``offset``.
        """
        moved = self.label(centers)
        return self._means(centers), moved

    def label(self, centers: np.ndarray, *, update: bool = True) -> int:
        """Label all rows by their nearest centroids and return how many labels changed."""
        k = len(centers)
        results: list[Any] = [None] * (len(self._edges) - 1)
        sums = [
            (np.zeros((k, self.d)), np.zeros(k), np.zeros(k, np.int64))
            if update
            else (np.empty((0, 0)), np.empty(0), np.empty(0, np.int64))
            for _ in results
        ]
        scan = self._tile_scan(centers) if self._tiled else self._row_scan(centers)

        def work(span: int, first: int, last: int) -> None:
            results[span] = scan(*sums[span], first, last)

        self._each(work)
        if update:
            for total, mass, count in sums:
                self._sums += total
                self._mass += mass
                self._count += count
        self.close = sum(result[1] for result in results)
        moved = int(sum(result[0] for result in results))
        self._moved_share = moved / self.n
        return moved

    def squared_distances(self, centers: np.ndarray) -> np.ndarray:
        """Return each row's squared distance to the centroid of its label, in float64."""
        out = np.empty(self.n)
        rows = ROWS if self._tiled else BLOCK
        self._each(
            lambda s, a, b: squared_distances(
                self.X, self.offset, centers, self.labels, out, a * rows, min(b * rows, self.n)
            )
        )
        return out

    def inertia(self, centers: np.ndarray) -> float:
        """Return the weighted sum of squared distances to the centroids of the labels."""
        squared = self.squared_distances(centers)
        return float(squared.sum() if not self.weights.size else squared @ self.weights)

    def shut(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _each(self, work: Callable[[int, int, int], None]) -> None:
        spans = [
            (s, int(a), int(b))
            for s, (a, b) in enumerate(zip(self._edges, self._edges[1:], strict=False))
        ]
        if self._pool is None:
            for span in spans:
                work(*span)
        else:
            list(self._pool.map(lambda span: work(*span), spans))

    def _frame(self) -> tuple[np.ndarray, float]:
        """Return what is subtracted and by what is multiplied so that float32 loses little."""
        means, spread, largest = np.zeros(self.d), 0.0, 0.0
        for block in self._row_blocks():
            means += block.sum(axis=0, dtype=np.float64)
        means /= self.n
        for block in self._row_blocks():
            centered = block - means
            spread += float(np.einsum("ij,ij->", centered, centered))
            largest = max(largest, float(np.abs(centered).max()))
        self.variance = spread / (self.n * self.d)
        # A copy is made only for what would cost accuracy.
        offset = means if means @ means > spread / self.n else np.zeros(self.d)
        reach = largest + float(np.abs(means - offset).max())
        if reach == 0 or 1e-6 < reach < 1e6:
            return offset, 1.0
        return offset, 2.0 ** -round(np.log2(reach))

    def _row_blocks(self) -> Any:
        size = max(1, (1 << 18) // self.d)
        return (self.X[start : start + size] for start in range(0, self.n, size))

    def _working_rows(self) -> tuple[np.ndarray, np.ndarray]:
        if self.X.dtype == np.float32 and self.scale == 1 and not self.offset.any():
            rows = self.X
        else:
            rows = np.empty(self.X.shape, np.float32)
            size = max(1, (1 << 18) // self.d)
            for start in range(0, self.n, size):
                block = self.X[start : start + size] - self.offset
                rows[start : start + size] = block * self.scale
        norms = np.zeros(self._blocks * BLOCK, np.float32)
        labels = np.zeros(self.n, np.int32)
        squared = np.empty(self.n)
        zeros = np.zeros((1, self.d))
        self._each(
            lambda s, a, b: squared_distances(
                rows, zeros[0], zeros, labels, squared, a * BLOCK, min(b * BLOCK, self.n)
            )
        )
        norms[: self.n] = np.sqrt(squared)
        return rows.reshape(-1), norms

    def _halves(self, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return minus the centroids and half their squared norms, infinite for second copies."""
        with np.errstate(over="ignore"):
            half = (0.5 * np.einsum("ij,ij->i", centers, centers)).astype(np.float32)
            minus = (-centers).astype(np.float32)
        order = np.lexsort(centers.T)
        same = (centers[order[1:]] == centers[order[:-1]]).all(axis=1)
        # lexsort is stable, so the first of equals has the lowest index.
        half[order[1:][same]] = np.inf
        minus[~np.isfinite(half)] = 0
        return minus, half

    def _tile_scan(self, centers: np.ndarray) -> Callable[..., Any]:
        k, d = centers.shape
        scaled = centers * self.scale
        minus, half = np.zeros((k + k % 2, d), np.float32), np.full(k + k % 2, np.inf, "f4")
        minus[:k], half[:k] = self._halves(scaled)
        finite = np.isfinite(half[:k])
        # (|x| + |c|)^2 <= 2 |x|^2 + 2 |c|^2
        largest = np.float32(2 * (scaled[finite] ** 2).sum(axis=1).max(initial=0) * _ABOVE)
        slack = np.float32((d + 8) * _UNIT)
        spare = False
        if self._bounded and finite.all():
            moved = np.sqrt(((scaled - self._bounds_of) ** 2).sum(axis=1)) * _ABOVE
            # The largest movement among the others: the second largest for the one that moved most.
            others = np.full(k, moved.max())
            if k > 1:
                others[moved.argmax()] = np.partition(moved, -2)[-2]
            self._needed += moved + others
            rows = np.linspace(0, self.n - 1, _SAMPLE).astype(int)
            open_ = self._gaps[rows] <= self._needed[self.labels[rows]]
            spare = bool(open_.mean() < _WORTHWHILE_SHARE_OF_FEW)
        # Bounds cost a little; they pay once most rows stay where they are.
        bounded = bool(finite.all()) and (spare or self._moved_share < _SETTLING_SHARE)
        if bounded and not spare:
            self._gaps = np.empty(self._blocks * ROWS, np.float32)
            self._needed = np.zeros(k)
        self._bounded, self._bounds_of = bounded, scaled
        gaps = self._gaps if bounded else np.empty(0, np.float32)
        needed = round_up(self._needed) if bounded else np.zeros(k, np.float32)

        def scan(sums: Any, mass: Any, count: Any, first: int, last: int) -> Any:
            return scan_tiles(
                self._tiles.reshape(-1), self.X, self.offset, self.scale, self.weights, centers,
                minus.reshape(-1), half, slack, largest, spare, needed, self.labels, gaps, sums,
                mass, count, first, last,
            )  # fmt: skip

        return scan

    def _row_scan(self, centers: np.ndarray) -> Callable[..., Any]:
        k, d = centers.shape
        scaled = centers * self.scale
        minus, half = self._halves(scaled)
        if not self._bounded:
            self._slot = group_centroids(scaled)
        slot, groups = self._slot, -(-k // GROUP)
        lines, halves = np.zeros((k + k % 2, d), np.float32), np.full(groups * GROUP, np.inf, "f4")
        lines[slot], halves[slot] = minus, half
        member = np.zeros(groups * GROUP, np.int32)
        member[slot] = np.arange(k)
        finite = np.isfinite(half)
        largest = np.float32(np.sqrt((scaled[finite] ** 2).sum(axis=1).max(initial=0)) * _ABOVE)
        slack = np.float32((min(d, CHAIN) + d // CHAIN + 8) * _UNIT)
        # What is left out, as second copies are, has no bounds.
        wanted = bool(finite.all()) and groups <= _MOST_GROUPS * d
        common = (self._rows, self._norms, self.X, self.offset, self.weights, centers)
        if wanted and self._bounded:
            moved = np.sqrt(((scaled - self._bounds_of) ** 2).sum(axis=1)) * _ABOVE
            step = np.zeros(groups)
            np.maximum.at(step, slot // GROUP, moved)
            self._drift += step
            self._bounds_of = scaled
            if self._share_to_scan(scaled) <= _WORTHWHILE_SHARE:
                padded = np.zeros((groups * GROUP, d), np.float32)
                padded[:k] = lines[:k]
                panel = _aligned_copy(padded.reshape(groups, GROUP, d).transpose(0, 2, 1))
                shift, drift = round_up(moved), -round_up(self._drift)

                def scan(sums: Any, mass: Any, count: Any, first: int, last: int) -> Any:
                    return scan_rows(
                        *common, panel.reshape(-1), halves, lines.reshape(-1), slot, member, slack,
                        largest, shift, drift, self.labels, self._upper, self._lower, sums, mass,
                        count, first, last,
                    )  # fmt: skip

                return scan
        upper, lower = np.empty(0, np.float32), np.empty((0, 0), np.float32)
        if wanted:
            if not self._bounded:
                self._upper = np.zeros(self._blocks * BLOCK, np.float32)
                self._lower = np.zeros((self._blocks, groups * BLOCK), np.float32)
            upper, lower = self._upper, self._lower
            self._drift, self._bounds_of = np.zeros(groups), scaled
        self._bounded = wanted

        def scan_fully(sums: Any, mass: Any, count: Any, first: int, last: int) -> Any:
            tile, values = aligned(CHAIN * 64), aligned(len(lines) * 64)
            return scan_all(
                *common, halves[: len(lines)], lines.reshape(-1), slot, member, slack, largest,
                tile, values, self.labels, upper, lower, sums, mass, count, first, last,
            )  # fmt: skip

        return scan_fully

    def _share_to_scan(self, scaled: np.ndarray) -> float:
        """Estimate from some rows for what share of distances the bounds do not spare."""
        rows = np.linspace(0, self.n - 1, max(256, (1 << 17) // self.d)).astype(int)
        rows = np.unique(rows)
        labels = self.labels[rows]
        points = (self.X[rows] - self.offset) * self.scale
        own = np.sqrt(((points - scaled[labels]) ** 2).sum(axis=1))
        lower = self._lower.reshape(self._blocks, -1, BLOCK)[rows // BLOCK, :, rows % BLOCK]
        return float((lower - self._drift <= own[:, None]).mean())

    def _means(self, centers: np.ndarray) -> np.ndarray:
        sums, mass = self._sums, self._mass
        empty = np.flatnonzero(self._count == 0)
        if len(empty):
            sums, mass = sums.copy(), mass.copy()
            mass[empty] = 0
            self._relocate(centers, empty, sums, mass)
        filled = mass > 0
        new = np.empty_like(sums)
        np.divide(sums, mass[:, None], out=new, where=filled[:, None])
        # As scikit-learn: what stays empty goes to the place of the largest.
        new[~filled] = new[mass.argmax()]
        return new

    def _relocate(
        self, centers: np.ndarray, empty: np.ndarray, sums: np.ndarray, mass: np.ndarray
    ) -> None:
        """Give empty clusters the rows that are farthest from their centroids."""
        squared = self.squared_distances(centers)
        if squared.max() == 0:
            return
        far = np.argpartition(squared, -len(empty))[: -len(empty) - 1 : -1]
        for new, row in zip(empty, far, strict=True):
            old = self.labels[row]
            weight = self.weights[row] if self.weights.size else 1.0
            point = (self.X[row] - self.offset) * weight
            sums[old] -= point
            mass[old] -= weight
            sums[new] = point
            mass[new] = weight


def aligned(*shape: int) -> np.ndarray:
    """Return an array of float32 that begins where a cache line begins."""
    size = int(np.prod(shape)) * 4
    buffer = np.empty(size + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + size].view(np.float32).reshape(shape)


def _aligned_copy(values: np.ndarray) -> np.ndarray:
    copy = aligned(*values.shape)
    copy[...] = values
    return copy


def round_up(values: np.ndarray) -> np.ndarray:
    """Return float32 numbers that are not below the given float64, and no slow subnormal ones."""
    up = np.nextafter(values.astype(np.float32), np.float32(np.inf))
    return np.maximum(up, np.float32(1e-30))
