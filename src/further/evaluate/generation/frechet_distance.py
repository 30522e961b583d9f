r"""Fréchet distance between Gaussians fitted to two samples.

.. math:: d^2 = \lVert \mu_1 - \mu_2 \rVert^2
          + \operatorname{tr}\!\left(\Sigma_1 + \Sigma_2 - 2 (\Sigma_1 \Sigma_2)^{1/2}\right).

References
----------
Dowson, Landau (1982), The Fréchet distance between multivariate normal distributions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.generation.compared import Compared
from further.evaluate.interval import Score, score_from_halves
from further.evaluate.resampling import on_halves

Floats = NDArray[np.floating[Any]]


def frechet_distance(x: Floats, y: Floats) -> float:
    """Return the squared Fréchet distance between Gaussians fitted to x and y; 0 is best.

    Use it to compare models on one data set with equally many samples.
    It fails across data sets, feature spaces or sample sizes: it is biased upwards by some d²/n,
    so it is read against what held-out rows score; and it sees two moments only.

    Parameters
    ----------
    x, y : ndarray of shapes (n, d) and (m, d)
        Features, at least two rows each.

    Returns
    -------
    float
        At least 0.

    Examples
    --------
    >>> x = np.array([[0.0], [2.0]])
    >>> frechet_distance(x, x + 3.0)
    9.0
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    shift = x.mean(axis=0) - y.mean(axis=0)
    first = np.atleast_2d(np.cov(x, rowvar=False))
    second = np.atleast_2d(np.cov(y, rowvar=False))
    # tr (AB)^1/2 = tr (A^1/2 B A^1/2)^1/2, whose matrix is symmetric even when A is singular.
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.linalg.eigvalsh(root @ second @ root)
    trace = np.trace(first) + np.trace(second) - 2.0 * np.sqrt(np.maximum(cross, 0.0)).sum()
    return max(0.0, float(shift @ shift + trace))


def score(compared: Compared) -> Score:
    """Return the squared distance between the features of test rows and samples."""
    real, fake = compared.test_features, compared.features
    halves = compared.test_halves, compared.halves
    draws = on_halves(lambda a, b: frechet_distance(real[a], fake[b]), *halves)
    value, n = frechet_distance(real, fake), min(len(real), len(fake))
    return score_from_halves(value, draws, n, *halves, limits=(0.0, math.inf))
