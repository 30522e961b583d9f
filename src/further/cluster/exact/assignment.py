"""Exact labels and centroids of one table, iteration by iteration, on compiled code.

See :mod:`further.cluster.exact.layout` for the bounds that are kept between iterations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from further.cluster.exact.centroids import move
from further.cluster.exact.float64 import Float64Assignment
from further.cluster.exact.full_pass import scan_all
from further.cluster.exact.grouping import group_centroids
from further.cluster.exact.initialization import plus_plus
from further.cluster.exact.layout import BLOCK, CHAIN, GROUP, ROWS, Bounds, Groups, Moves, Sums
from further.cluster.exact.lloyd import AssignmentStep, means
from further.cluster.exact.matrix import ScaledMatrix, aligned, round_up
from further.cluster.exact.tiles import scan_tiles, scan_unclear_rows
from further.cluster.exact.yinyang import scan_rows, share_to_scan

#: Most groups of centroids for each feature: their bounds take memory as the rows do.
_MOST_GROUPS = 2
#: What it costs to choose and gather a row of few features, in products of two numbers.
_COST_OF_FEW = 400
#: Where more rows than this share are too close for float32, float32 does not pay.
_CLOSE_SHARE = 0.1
_SAMPLE = 4096
#: Fewer products of two numbers in a pass than this: bounds take as long as the distances.
_WORK_OF_BOUNDS = 1 << 23
#: Fewer numbers in rows that moved than this: one thread.
_MOVES_OF_A_THREAD = 1 << 18
_ABOVE = 1 + 2.0**-20

#: Labels the rows of a span, given its first block and its last.
Scan = Callable[[int, int], tuple[int, int]]


class CompiledAssignment(ScaledMatrix, AssignmentStep):
    """Labels and centroid sums of a table, kept from one iteration to the next.

    Centroids are float64 and less ``offset`` throughout.
    """

    def start(self, n_clusters: int) -> None:
        """Forget labels and sums, for new initial centroids."""
        self.labels = np.full(self.n, -1, np.int32)
        shape = (n_clusters, self.d)
        self._sums = Sums(np.zeros(shape), np.zeros(n_clusters), np.zeros(n_clusters, np.int64))
        self._moves = Moves(np.empty(self.n, np.int64), np.empty(self.n, np.int32))
        self._firsts = np.array(self.shares)[:, 0] * self.block
        self._some = np.linspace(0, self.n - 1, min(_SAMPLE, max(self.n // 32, 64))).astype(int)
        self.close = 0
        self._float64: Float64Assignment | None = None
        # The bounds, and what has happened to the centroids since they were found.
        self._bounded = False
        self._bounds_of = self._drift = self._needed = np.empty(0)
        self._gaps = np.empty(self.padded_rows if self.tiled else 0, np.float32)
        self._upper = np.empty(0, np.float32)
        self._lower = np.empty((0, 0), np.float32)

    def step(self, centers: np.ndarray) -> tuple[np.ndarray, int]:
        """Label all rows and return the new centroids and the number of rows that moved."""
        if self._float64 is not None:
            apart = self.offset - self._float64.offset
            new, moved = self._float64.step(centers + apart)
            return new - apart, moved
        moved = self.label(centers)
        if self.close > _CLOSE_SHARE * self.n:
            self._float64 = Float64Assignment(self.X, self.given_weights, n_threads=self.n_threads)
            self._float64.labels = self.labels
        return self._means(centers), moved

    def label(self, centers: np.ndarray, *, update: bool = True) -> int:
        """Label all rows by their nearest centroids."""
        if self._float64 is not None:
            return self._float64.label(centers + self.offset - self._float64.offset)
        counts = np.empty((len(self.shares), 2), np.int64)
        choose = self._few_features if self.tiled else self._many_features
        keep = update and self.X.size * len(centers) >= _WORK_OF_BOUNDS
        scan = choose(centers, keep=keep)

        def work(share: int) -> None:
            counts[share] = scan(*self.shares[share])

        self.share(work, len(self.shares))
        moved, self.close = counts.sum(axis=0).tolist()
        if update:
            k = len(centers)
            parts = self.n_threads if moved * self.d > _MOVES_OF_A_THREAD else 1
            self.share(
                lambda part: move(
                    self.table, self.labels, self._moves, self._firsts, counts[:, 0],
                    part * k // parts, (part + 1) * k // parts, self._sums,
                ),
                parts,
            )  # fmt: skip
        return moved

    def inertia(self, centers: np.ndarray) -> float:
        """Return the weighted sum of squared distances to the centroids of the labels."""
        squared = self.squared_distances(centers, self.labels)
        weights = self.table.weights
        return float(squared @ weights if weights.size else squared.sum())

    def plus_plus(
        self, n_clusters: int, random_state: np.random.RandomState, n_candidates: int | None = None
    ) -> np.ndarray:
        """Return the rows that k-means++ draws."""
        return plus_plus(self, n_clusters, random_state, n_candidates=n_candidates)

    def _few_features(self, centers: np.ndarray, *, keep: bool) -> Scan:
        k = len(centers)
        centroids = self.rounded(centers)
        # Second copies are left out, so they have no bounds.
        complete = bool(np.isfinite(centroids.half[:k]).all())
        spare = False
        if self._bounded and complete:
            moved = self._movement(centers)
            # The largest movement among the others: the second largest for the one that moved most.
            first = int(moved.argmax())
            others = np.full(k, moved[first])
            if k > 1:
                others[first] = max(moved[:first].max(initial=0), moved[first + 1 :].max(initial=0))
            self._needed += moved + others
            rows = self._some
            unclear = self._gaps[rows] <= self._needed[self.labels[rows]]
            spare = bool(unclear.mean() < k * self.d / (k * self.d + _COST_OF_FEW))
        bounded = complete and (spare or keep)
        if not spare:
            self._needed = np.zeros(k)
        self._bounded, self._bounds_of = bounded, centers
        gaps = self._gaps if bounded else np.empty(0, np.float32)
        if spare:
            needed = round_up(self._needed)
            return lambda *span: scan_unclear_rows(
                self.table, centroids, self.labels, gaps, needed, self._moves,
                aligned(centroids.half.size * ROWS), *span,
            )  # fmt: skip
        return lambda *span: scan_tiles(
            self.table, centroids, self.labels, gaps, self._moves,
            aligned(centroids.half.size * ROWS), *span,
        )  # fmt: skip

    def _many_features(self, centers: np.ndarray, *, keep: bool) -> Scan:
        k, d = centers.shape
        n_groups = -(-k // GROUP)
        centroids = self.rounded(centers)
        # Second copies are left out, so they have no bounds.
        bounded = bool(np.isfinite(centroids.half[:k]).all()) and n_groups <= _MOST_GROUPS * d
        if not self._bounded:
            self._slot = group_centroids(centers) if bounded and keep else np.arange(k)
        slot = self._slot
        given = centroids.lines.reshape(-1, d)
        lines, half = np.zeros_like(given), np.full(n_groups * GROUP, np.inf, "f4")
        lines[slot], half[slot] = given[:k], centroids.half[:k]
        member = np.zeros(n_groups * GROUP, np.int32)
        member[slot] = np.arange(k)
        panel = aligned(n_groups, d, GROUP)
        centroids = centroids._replace(lines=lines.reshape(-1), half=half)
        groups = Groups(slot, member, panel.reshape(-1))
        nothing = np.empty(0, np.float32)
        if bounded and self._bounded:
            moved = self._movement(centers)
            most = np.zeros(n_groups)
            np.maximum.at(most, slot // GROUP, moved)
            self._drift += most
            self._bounds_of = centers
            if self._share_to_scan(centers) <= _worthwhile(k, d, n_groups):
                panel[:] = 0
                panel[slot // GROUP, :, slot % GROUP] = given[:k]
                shift, drift = round_up(moved), -round_up(self._drift)
                bounds = Bounds(self._upper, self._lower, shift, drift)
                return lambda *span: scan_rows(
                    self.table, centroids, groups, self.labels, bounds, self._moves, *span
                )
        bounds = Bounds(nothing, np.empty((0, 0), np.float32), nothing, nothing)
        bounded = bounded and keep
        if bounded:
            if not self._bounded:
                self._upper = np.zeros(self.padded_rows, np.float32)
                self._lower = np.zeros((self.n_blocks, n_groups * BLOCK), np.float32)
            bounds = bounds._replace(upper=self._upper, lower=self._lower)
            self._drift, self._bounds_of = np.zeros(n_groups), centers
        self._bounded = bounded
        centroids = centroids._replace(half=half[: len(given)])
        return lambda *span: scan_all(
            self.table, centroids, groups, self.labels, bounds, self._moves,
            aligned(CHAIN * ROWS), aligned(centroids.half.size * ROWS), *span,
        )  # fmt: skip

    def _movement(self, centers: np.ndarray) -> np.ndarray:
        """Return how far the centroids are from those of the bounds, in float32 rows' units."""
        apart: np.ndarray = np.sqrt(((centers - self._bounds_of) ** 2).sum(axis=1))
        return apart * (self.scale * _ABOVE)

    def _share_to_scan(self, centers: np.ndarray) -> float:
        """Estimate from some rows for what share of distances the bounds do not spare."""
        step = max(min(self.n // 64, max(32, self.n * self.d >> 16)), 1)
        return share_to_scan(self.table, centers, self.labels, self._lower, self._drift, step)

    def _means(self, centers: np.ndarray) -> np.ndarray:
        sums, mass, count = self._sums
        return means(
            sums, mass, np.flatnonzero(count == 0), self.labels, self.table.weights,
            squared=lambda: self.squared_distances(centers, self.labels),
            row=lambda i: self.X[i] - self.offset, spread=self.variance * self.d,
        )  # fmt: skip


def _worthwhile(k: int, d: int, n_groups: int) -> float:
    """Return the share of groups up to which it takes less time to compute their distances alone.

    Both times are in products of two numbers, as they were measured: all distances take some more
    for each feature and centroid, and those of groups for each row, group and feature.
    """
    return min(0.95, (d * (k + 9) + 6 * k) / (n_groups * (19 * d + 340) + 450))
