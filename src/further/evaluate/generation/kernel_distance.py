r"""Kernel distance: the squared maximum mean discrepancy, estimated without bias.

.. math:: \widehat{\mathrm{MMD}}^2 = \frac{1}{m(m-1)} \sum_{i \ne j} k(x_i, x_j)
          + \frac{1}{n(n-1)} \sum_{i \ne j} k(y_i, y_j) - \frac{2}{mn} \sum_{i, j} k(x_i, y_j),
          \qquad k(x, y) = \exp\!\left(-\frac{\lVert x - y \rVert^2}{2 \sigma^2}\right).

References
----------
Gretton, Borgwardt, Rasch, Schölkopf, Smola (2012), A kernel two-sample test, JMLR 13.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.distance import distances
from further.evaluate.interval import Score, score_from_halves
from further.evaluate.resampling import HalfSamples

Floats = NDArray[np.floating[Any]]


def median_bandwidth(features: Floats) -> float:
    """Return the median distance between different rows, the σ of the kernel.

    Where more than half the rows coincide it is the mean distance, and 1 where all do.

    Examples
    --------
    >>> median_bandwidth(np.array([[0.0], [1.0], [3.0]]))
    2.0
    """
    if len(features) < 2:
        return 1.0
    between = distances(features)[np.triu_indices(len(features), 1)]
    return float(np.median(between)) or float(between.mean()) or 1.0


def kernel_distance(
    real_real: Floats,
    real_fake: Floats,
    fake_fake: Floats,
    bandwidth: float,
    real_halves: HalfSamples,
    fake_halves: HalfSamples,
) -> Score:
    """Return the squared maximum mean discrepancy between test rows and samples; 0 is best.

    Use it as the headline on small data: it has no bias, so few rows make it uncertain but not
    wrong, and it may come out slightly below 0.
    It fails to see what the features do not show, and what happens far below its bandwidth.

    Parameters
    ----------
    real_real, real_fake, fake_fake : ndarray of shapes (n, n), (n, m), (m, m)
        Distances between features.
    bandwidth : float
        σ of the kernel.
    real_halves, fake_halves : HalfSamples
        From :func:`further.evaluate.resampling.half_samples`.

    Returns
    -------
    Score
        *Squared* distance, between about 0 and 2.

    Examples
    --------
    >>> from further.evaluate.resampling import half_samples
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(0, 1, (50, 2)), rng.normal(2, 1, (50, 2))
    >>> halves = half_samples(50, 100, seed=0)
    >>> score = kernel_distance(
    ...     distances(x), distances(x, y), distances(y), 1.5, halves, halves)
    >>> 0.3 < score.value < 0.7
    True
    """
    gamma = -0.5 / bandwidth**2
    within_real = np.exp(gamma * np.square(real_real))
    within_fake = np.exp(gamma * np.square(fake_fake))
    between = np.exp(gamma * np.square(real_fake))
    n, m = between.shape
    everything = np.ones((1, n)), np.ones((1, m))
    value = float(_squared_mmd(within_real, between, within_fake, *everything)[0])
    chosen = (half.astype(float) for half in real_halves.paired(fake_halves))
    draws = _squared_mmd(within_real, between, within_fake, *chosen)
    return score_from_halves(value, draws, min(n, m), real_halves, fake_halves)


def _squared_mmd(
    within_real: Floats, between: Floats, within_fake: Floats, real: Floats, fake: Floats
) -> Floats:
    """Evaluate the estimator on subsets, given by rows of zeros and ones."""
    n, m = real.sum(axis=1), fake.sum(axis=1)
    # The kernel of a row with itself is 1, so n ones are taken from the sum over all pairs.
    first = (((real @ within_real) * real).sum(axis=1) - n) / (n * (n - 1))
    second = (((fake @ within_fake) * fake).sum(axis=1) - m) / (m * (m - 1))
    return first + second - 2 * ((real @ between) * fake).sum(axis=1) / (n * m)
