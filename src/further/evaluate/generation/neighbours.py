r"""Precision, recall, density and coverage from the k-th neighbours of real rows and of samples.

With :math:`B(x)` the ball around x that reaches its k-th neighbour within its own sample,

.. math::
   \text{precision} &= \tfrac1m \sum_j 1[y_j \in \bigcup_i B(x_i)], &
   \text{recall} &= \tfrac1n \sum_i 1[x_i \in \bigcup_j B(y_j)], \\
   \text{density} &= \tfrac1{km} \sum_j \sum_i 1[y_j \in B(x_i)], &
   \text{coverage} &= \tfrac1n \sum_i 1[\exists j: y_j \in B(x_i)].

References
----------
Kynkäänniemi, Karras, Laine, Lehtinen, Aila (2019), Improved precision and recall metric for
assessing generative models, NeurIPS. Naeem, Oh, Uh, Choi, Yoo (2020), Reliable fidelity and
diversity metrics for generative models, ICML.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.interval import Score, score_from_halves
from further.evaluate.resampling import HalfSamples

Floats = NDArray[np.floating[Any]]

NEIGHBOURS = 5
NAMES = ("precision", "recall", "density", "coverage")


def _shares(real_real: Floats, real_fake: Floats, fake_fake: Floats, k: int) -> Floats:
    """Return precision, recall, density and coverage, in this order."""
    real_radii, fake_radii = _radii(real_real, k), _radii(fake_fake, k)
    in_real_ball = real_fake < real_radii[:, None]
    in_fake_ball = real_fake < fake_radii
    return np.array(
        [
            in_real_ball.any(axis=0).mean(),
            in_fake_ball.any(axis=1).mean(),
            in_real_ball.sum() / (min(k, len(real_radii) - 1) * in_real_ball.shape[1]),
            in_real_ball.any(axis=1).mean(),
        ]
    )


def _radii(within: Floats, k: int) -> Floats:
    """Return the distance of each row to its k-th neighbour, itself not counted."""
    last = min(k, len(within) - 1)
    return np.partition(within, last, axis=1)[:, last]


class _SortedNeighbours:
    """The nearest columns of each row, in order, so that those of a subset are found by looking."""

    def __init__(self, between: Floats, largest: int, *, skip_first: bool = False) -> None:
        # A half misses all of 64 neighbours once in 10^19 times; whole groups, all of 64 groups.
        most = min(between.shape[1], 64 * largest + skip_first)
        if most < between.shape[1]:
            near = np.argpartition(between, most - 1, axis=1)[:, :most]
        else:
            near = np.broadcast_to(np.arange(most), (len(between), most))
        far = np.take_along_axis(between, near, axis=1)
        order = np.argsort(far, axis=1, kind="stable")[:, int(skip_first) :]
        self._columns = np.take_along_axis(near, order, axis=1)
        self._distances = np.take_along_axis(far, order, axis=1)

    def distance_to(self, k: int, chosen: NDArray[np.bool_]) -> Floats:
        """Return the distance of each row to its k-th nearest column among those chosen."""
        found = np.cumsum(chosen[self._columns], axis=1) >= k
        first = found.argmax(axis=1)
        return self._distances[np.arange(len(first)), first]


def _halved(
    real_real: Floats,
    real_fake: Floats,
    fake_fake: Floats,
    real_halves: HalfSamples,
    fake_halves: HalfSamples,
    k: int,
) -> Floats:
    """Return the shares on pairs of halves, without sorting their distances every time."""
    halves = real_halves.paired(fake_halves)
    near_real = _SortedNeighbours(_mark_self(real_real), real_halves.largest, skip_first=True)
    near_fake = _SortedNeighbours(_mark_self(fake_fake), fake_halves.largest, skip_first=True)
    nearest_fake = _SortedNeighbours(real_fake, fake_halves.largest)
    between = np.asarray(real_fake, dtype=np.float32)
    shares = np.empty((len(halves[0]), 4))
    for draw, (real, fake) in enumerate(zip(*halves, strict=True)):
        n, m = real.sum(), fake.sum()
        real_k, fake_k = min(k, n - 1), min(k, m - 1)
        real_radii = near_real.distance_to(real_k, real)[real]
        fake_radii = near_fake.distance_to(fake_k, fake)[fake]
        half = between[np.ix_(np.flatnonzero(real), np.flatnonzero(fake))]
        in_real_ball = half < real_radii.astype(np.float32)[:, None]
        in_fake_ball = half < fake_radii.astype(np.float32)
        covered = nearest_fake.distance_to(1, fake)[real] < real_radii
        shares[draw] = (
            in_real_ball.any(axis=0).mean(),
            in_fake_ball.any(axis=1).mean(),
            np.count_nonzero(in_real_ball) / (real_k * m),
            covered.mean(),
        )
    return shares


def _mark_self(within: Floats) -> Floats:
    """Put each row before its copies, so that it is itself that is skipped."""
    marked = np.array(within, dtype=np.float64)
    np.fill_diagonal(marked, -1.0)
    return marked


def neighbour_scores(
    real_real: Floats,
    real_fake: Floats,
    fake_fake: Floats,
    real_halves: HalfSamples,
    fake_halves: HalfSamples,
    k: int = NEIGHBOURS,
) -> dict[str, Score]:
    """Return precision, recall, density and coverage with their intervals.

    Use precision and density for how typical samples are, recall and coverage for how much of the
    data they reach: a generator that repeats one good sample has precision 1 and coverage near 0.
    Recall is fooled by samples scattered far from the data, whose balls hold everything (noise can
    score 0.9 in a table): where the two differ, trust coverage.
    They fail with few rows in many dimensions, where every ball is large; read them against what
    held-out rows score, which is below 1.

    Parameters
    ----------
    real_real, real_fake, fake_fake : ndarray of shapes (n, n), (n, m), (m, m)
        Distances, zero between a row and itself.
    real_halves, fake_halves : HalfSamples
        From :func:`further.evaluate.resampling.half_samples`.
    k : int
        Neighbours, fewer where there are fewer rows.

    Returns
    -------
    dict of str to Score
        By name; density alone may exceed 1.

    Examples
    --------
    >>> from further.evaluate.distance import distances
    >>> from further.evaluate.resampling import half_samples
    >>> x = np.random.default_rng(0).normal(size=(40, 2))
    >>> y = np.repeat(x[:1], 40, axis=0)   # collapsed: the same sample forty times
    >>> halves = half_samples(40, 20, seed=0)
    >>> scores = neighbour_scores(distances(x), distances(x, y), distances(y), halves, halves)
    >>> [round(score.value, 3) for score in scores.values()]
    [1.0, 0.0, 0.6, 0.075]
    """
    n = min(real_fake.shape)
    if n < 2:
        raise ValueError(f"neighbour_scores: {n} row is too few for a neighbour; give at least 2.")
    values = _shares(real_real, real_fake, fake_fake, k)
    halves = real_halves, fake_halves
    draws = _halved(real_real, real_fake, fake_fake, *halves, k)
    scores = {}
    for column, name in enumerate(NAMES):
        limits = (0.0, math.inf if name == "density" else 1.0)
        scores[name] = score_from_halves(
            float(values[column]), draws[:, column], n, *halves, limits=limits
        )
    return scores
