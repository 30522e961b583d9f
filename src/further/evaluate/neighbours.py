r"""Precision, recall, density and coverage from the k-th neighbours of real rows and of samples.

With :math:`B(x)` the ball around x that reaches its k-th neighbour within its own sample,

.. math::
   \text{precision} &= \tfrac1m \textstyle\sum_j 1[y_j \in \bigcup_i B(x_i)], &
   \text{recall} &= \tfrac1n \textstyle\sum_i 1[x_i \in \bigcup_j B(y_j)], \\
   \text{density} &= \tfrac1{km} \textstyle\sum_j \sum_i 1[y_j \in B(x_i)], &
   \text{coverage} &= \tfrac1n \textstyle\sum_i 1[\exists j: y_j \in B(x_i)].

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

from further.evaluate.interval import Score, halves_of, score_from_halves

Floats = NDArray[np.floating[Any]]

NEIGHBOURS = 5
NAMES = ("precision", "recall", "density", "coverage")


def neighbour_shares(
    real_real: Floats, real_fake: Floats, fake_fake: Floats, k: int = NEIGHBOURS
) -> Floats:
    """Return precision, recall, density and coverage.

    Use precision and density for how typical samples are, recall and coverage for how much of the
    data they reach: a generator that repeats one good sample has precision 1 and coverage near 0.
    They fail with few rows in many dimensions, where every ball is large; read them against what
    held-out rows score, which is below 1.

    Parameters
    ----------
    real_real, real_fake, fake_fake : ndarray of shapes (n, n), (n, m), (m, m)
        Distances, zero between a row and itself.
    k : int
        Neighbours, fewer where there are fewer rows.

    Returns
    -------
    ndarray of shape (4,)
        In that order; density alone may exceed 1.

    Examples
    --------
    >>> from further.evaluate.distance import distances
    >>> x = np.random.default_rng(0).normal(size=(40, 2))
    >>> y = np.repeat(x[:1], 40, axis=0)   # collapsed: the same sample forty times
    >>> neighbour_shares(distances(x), distances(x, y), distances(y)).round(2)
    array([1.  , 0.  , 0.6 , 0.08])
    """
    return _shares(real_fake, _radii(real_real, k), _radii(fake_fake, k), k)


def _radii(within: Floats, k: int) -> Floats:
    """Return the distance of each row to its k-th neighbour, itself not counted."""
    last = min(k, len(within) - 1)
    return np.partition(within, last, axis=1)[:, last]


def _shares(real_fake: Floats, real_radii: Floats, fake_radii: Floats, k: int) -> Floats:
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


def neighbour_scores(
    real_real: Floats,
    real_fake: Floats,
    fake_fake: Floats,
    real_halves: NDArray[np.bool_],
    fake_halves: NDArray[np.bool_],
    k: int = NEIGHBOURS,
) -> dict[str, Score]:
    """Return precision, recall, density and coverage with their intervals.

    Parameters
    ----------
    real_real, real_fake, fake_fake : ndarray of shapes (n, n), (n, m), (m, m)
        Distances, zero between a row and itself.
    real_halves, fake_halves : ndarray of bool, shapes (draws, n), (draws, m)
        From :func:`further.evaluate.interval.half_samples`.
    k : int
        Neighbours.

    Returns
    -------
    dict of str to Score
        By name.
    """
    n = min(real_fake.shape)
    if n < 2:
        raise ValueError(f"neighbour_scores: {n} row is too few for a neighbour; give at least 2.")
    values = neighbour_shares(real_real, real_fake, fake_fake, k)
    halves: Floats = np.empty((0, 4))
    if n >= 4:
        single = [np.asarray(d, dtype=np.float32) for d in (real_real, real_fake, fake_fake)]

        def shares(a: NDArray[np.intp], b: NDArray[np.intp]) -> Floats:
            within_real, within_fake = single[0][np.ix_(a, a)], single[2][np.ix_(b, b)]
            between = single[1][np.ix_(a, b)]
            return _shares(between, _radii(within_real, k), _radii(within_fake, k), k)

        halves = halves_of(shares, real_halves, fake_halves)
    scores = {}
    for column, name in enumerate(NAMES):
        limits = (0.0, math.inf if name == "density" else 1.0)
        scores[name] = score_from_halves(float(values[column]), halves[:, column], n, limits=limits)
    return scores
