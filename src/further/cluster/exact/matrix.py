"""Rows as compiled code takes them: in float32 beside the original, scaled, in spans of blocks.

See :mod:`further.cluster.exact.layout` for how they lie in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from further.cluster.exact.centroids import squared_distances
from further.cluster.exact.framing import fill_rows, measure, round_centroids
from further.cluster.exact.layout import BLOCK, CHAIN, ROWS, Centroids, Table
from further.cluster.exact.products import fill_tiles

#: Up to so many features the rows lie in tiles; up to CHAIN for so few clusters.
FEW_FEATURES, FEW_CLUSTERS = 32, 32
_SPAN_ROWS, _MOST_SPANS = 2048, 64
_SAMPLE = 1024
_UNIT = 2.0**-24
_ABOVE = 1 + 2.0**-20


class ScaledMatrix:
    """Rows prepared once for many passes.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float32 or float64, C-contiguous; never written to.
    weights : ndarray of shape (n,), float64, optional
        Weights of the rows.
    n_clusters : int, optional
        The most clusters that are to come, which decides how the rows are kept.
    n_threads : int
        Most threads.

    Attributes
    ----------
    offset : ndarray of shape (d,), float64
        What is subtracted from rows and centroids: the means, or nothing where they are small.
    scale : float
        A power of two by which the float32 rows are multiplied, 1 unless numbers are extreme.
    variance : float
        Mean variance of the columns.
    tiled : bool
        Whether the float32 rows lie in tiles.
    table : Table
        What compiled code is given.
    """

    def __init__(
        self,
        X: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        n_clusters: int | None = None,
        n_threads: int = 1,
    ) -> None:
        self.X = X
        self.n, self.d = X.shape
        self.given_weights = weights
        self.n_threads = n_threads
        few = self.d <= CHAIN and n_clusters is not None and n_clusters <= FEW_CLUSTERS
        self.tiled = self.d <= FEW_FEATURES or few
        self.block = ROWS if self.tiled else BLOCK
        self.n_blocks = -(-self.n // self.block)
        self.padded_rows = self.n_blocks * self.block
        self.n_spans = min(_MOST_SPANS, max(1, self.n // _SPAN_ROWS), self.n_blocks)
        # Whoever adds up floats by spans needs the same ones for any number of threads. Where
        # nothing is added up, one thread takes larger shares: each takes some time to begin.
        self.spans = self._cut(self.n_spans)
        self.shares = self._cut(max(1, self.n_spans // 8) if n_threads == 1 else self.n_spans)
        self._pool: ThreadPoolExecutor | None = None
        if self.n_threads > 1 and self.n_spans > 1:
            self._pool = ThreadPoolExecutor(self.n_threads - 1)
        self.offset, self.scale, self.variance = self._frame()
        if self.tiled:
            tiles, norms = aligned(self.n_blocks, (self.d + 1) * ROWS), np.empty(0, np.float32)
            self.each(lambda s, a, b: fill_tiles(X, self.offset, self.scale, tiles, a, b))
            rows = tiles.reshape(-1)
        else:
            rows, norms = self._float32_rows()
        w = np.empty(0) if weights is None else weights
        self.table = Table(X, self.offset, self.scale, w, rows, norms)

    def each(self, work: Callable[[int, int, int], None]) -> None:
        """Call ``work(span, first block, last block)`` for all spans, on all threads."""
        self.share(lambda span: work(span, *self.spans[span]), self.n_spans)

    def share(self, work: Callable[[int], None], n_parts: int) -> None:
        """Call ``work(part)`` for all parts, on all threads.

        Parameters
        ----------
        work : callable
            Is given the number of a part.
        n_parts : int
            How many there are.
        """
        if self._pool is None:
            for part in range(n_parts):
                work(part)
        else:
            # Threads take the next part themselves: to be handed each costs as much as its work.
            waiting = iter(range(n_parts))

            def some() -> None:
                for part in waiting:
                    work(part)

            others = [self._pool.submit(some) for _ in range(self.n_threads - 1)]
            some()
            for other in others:
                other.result()

    def squared_distances(self, centers: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return each row's squared distance to the centroid of its label, in float64.

        Parameters
        ----------
        centers, labels
            As :class:`~further.cluster.exact.lloyd.AssignmentStep` has them.

        Returns
        -------
        ndarray of shape (n,), float64
            Squared distances.
        """
        out = np.empty(self.n)

        def work(span: int, a: int, b: int) -> None:
            last = min(b * self.block, self.n)
            squared_distances(self.X, self.offset, centers, labels, out, a * self.block, last)

        self.each(work)
        return out

    def rounded(self, centers: np.ndarray) -> Centroids:
        """Return float64 centroids, less the offset, as compiled code takes them."""
        k, d = centers.shape
        lines, half = np.zeros((k + k % 2, d), np.float32), np.full(k + k % 2, np.inf, "f4")
        largest = round_centroids(centers, self.scale, lines, half)
        ordered = np.sort(half[:k])
        if (ordered[1:] == ordered[:-1]).any():
            order = np.lexsort(centers.T)
            same = (centers[order[1:]] == centers[order[:-1]]).all(axis=1)
            # lexsort is stable, so the first of equals has the lowest index.
            half[order[1:][same]] = np.inf
            lines[order[1:][same]] = 0
        # Chains of additions, their joining, and the rounding of rows, centroids and norms.
        slack = (min(d, CHAIN) + d // CHAIN + 8) * _UNIT
        return Centroids(
            centers, lines.reshape(-1), np.arange(len(lines)) * d, half,
            np.float32(slack), np.float32(largest * _ABOVE),
        )  # fmt: skip

    def shut(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _cut(self, n_parts: int) -> list[tuple[int, int]]:
        """Return so many ranges of blocks."""
        return list(pairwise(np.linspace(0, self.n_blocks, n_parts + 1).astype(int).tolist()))

    def _frame(self) -> tuple[np.ndarray, float, float]:
        """Return offset, scale and variance."""
        some = np.linspace(0, self.n - 1, min(self.n, _SAMPLE)).astype(int)
        near = self.X[some].mean(axis=0, dtype=np.float64)
        sums, found = np.zeros((self.n_spans, self.d)), np.empty((self.n_spans, 2))

        def work(span: int, a: int, b: int) -> None:
            last = min(b * self.block, self.n)
            found[span] = measure(self.X, near, sums[span], a * self.block, last)

        self.each(work)
        apart = sums.sum(axis=0) / self.n
        means = near + apart
        spread = max(float(found[:, 0].sum()) / self.n - float(apart @ apart), 0.0)
        # A copy is made only for what would cost accuracy.
        offset = means if means @ means > spread else np.zeros(self.d)
        reach = float(found[:, 1].max() + np.linalg.norm(near - offset))
        scale = 1.0
        if reach > 0 and not 1e-6 < reach < 1e6:
            scale = 2.0 ** -round(np.log2(reach))
        return offset, scale, spread / self.d

    def _float32_rows(self) -> tuple[np.ndarray, np.ndarray]:
        exact = self.X.dtype == np.float32 and self.scale == 1 and not self.offset.any()
        rows = np.empty((0 if exact else self.n, self.d), np.float32)
        norms = np.zeros(self.padded_rows, np.float32)

        def work(span: int, a: int, b: int) -> None:
            last = min(b * BLOCK, self.n)
            fill_rows(self.X, self.offset, self.scale, rows, norms, a * BLOCK, last)

        self.each(work)
        return (self.X if exact else rows).reshape(-1), norms


def aligned(*shape: int) -> np.ndarray:
    """Return an array of float32 that begins where a cache line begins."""
    size = math.prod(shape)
    buffer = np.empty(size + 16, np.float32)
    start = -buffer.__array_interface__["data"][0] % 64 // 4
    return buffer[start : start + size].reshape(shape)


def round_up(values: np.ndarray) -> np.ndarray:
    """Return float32 numbers that are not below the given float64, and no slow subnormal ones."""
    up = np.nextafter(values.astype(np.float32), np.float32(np.inf))
    return np.maximum(up, np.float32(1e-30))
